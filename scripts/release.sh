# What is released holds no path of the machine that built it and no time: the same commit makes the same files. Sourced by
# what builds releases, in the repository's folder.

# The sources of crates have their folder only when they are there.
cargo fetch --locked --quiet
_home=${CARGO_HOME:-$HOME/.cargo}
_maps=("$PWD=/configcid" "$_home=/cargo")
for _sources in "$_home"/registry/src/*; do
    _maps+=("$_sources=/crates")
done
_maps+=(/usr/lib/rustlib/src/rust=/rust)
_flags=("${_maps[@]/#/--remap-path-prefix=}")
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && echo "${_flags[*]}")
# Crates that compile C tell their compiler to keep the paths in a static library.
CFLAGS="${CFLAGS:-} ${_maps[*]/#/-ffile-prefix-map=}"
export CARGO_ENCODED_RUSTFLAGS CFLAGS
source scripts/moment.sh

# no_paths FILE...: fails where a file holds a path of this machine.
no_paths() {
    local file path
    for file; do
        for path in "$PWD" "$_home" "$HOME/"; do
            if grep -aqF -- "$path" "$file"; then
                echo "$file holds the path $path" >&2
                return 1
            fi
        done
    done
}
