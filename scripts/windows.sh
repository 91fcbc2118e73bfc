# What building and testing for Windows share; sourced, not run.
#
# The targets *-win7-windows-gnu run on Windows 7 and Server 2008 R2 and later. Nobody ships their standard library, so
# that it is built here from the sources of Debian's rustc; its caches are in target/.

# Wine's own messages, its offers to install what no console program needs, and its debugger.
export WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml,winedbg.exe="
# The C parts of dependencies: crates that compile them know no compiler for these targets.
for machine in x86_64 i686; do
    export "CC_${machine}_win7_windows_gnu=$machine-w64-mingw32-gcc" "AR_${machine}_win7_windows_gnu=$machine-w64-mingw32-ar"
done
unset machine
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")

# need PACKAGE...: installs what is missing, where that is possible.
need() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
    done
    [[ ${#missing[@]} == 0 ]] && return
    if [[ $EUID != 0 ]]; then
        echo "not installed: ${missing[*]}; as root: apt-get install ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${missing[*]}"
    apt-get update -qq || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "${missing[@]}" >/dev/null
}

# DLLs that few commands need, and that are loaded when one does. Loaded with the program, they take half of the time in which
# it starts under Wine, with what draws windows foremost; and no damage in one of them keeps the other commands from running.
# Of 64-bit programs alone: what is not run everywhere shall be as plain as it can be.
late="crypt32 gdi32 ole32 pdh shell32 user32 wtsapi32"

# cross COMMAND TRIPLE ARG...: cargo, for that target, in a folder of its own, so that it waits for no other cargo. The standard
# library comes with what tests need, always, so that it is built once, and without what finds names for a backtrace: what is
# shipped holds no names. Nobody debugs what is built for tests: without debug information it is linked in a fraction of the time.
# Wine maps the parts of a program that begin at a page of its file, and reads others: so laid out, programs start in two thirds
# of the time.
cross() {
    local named= joined flags=(-Clink-arg=-Wl,--file-alignment,4096 -Cdlltool=dlltool -Clink-arg=-ldelayimp)
    [[ $2 != x86_64-* ]] || named=$late
    joined=$(IFS=$'\x1f' && echo "${flags[*]}")
    # That dlltool is found by PATH: a path among the flags would make programs of each folder differ.
    PATH=$PWD/scripts/cross:$PATH LATE=$named DLLTOOL=${2%%-*}-w64-mingw32-dlltool \
        CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS:+$CARGO_ENCODED_RUSTFLAGS$'\x1f'}$joined \
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_STRIP=symbols \
        cargo "$1" -Zbuild-std=std,panic_unwind,test -Zbuild-std-features= --target-dir "$target/windows" --target "$2" --locked "${@:3}"
}

# Scripts that build, or take what was built, know --dev: the profile that tests have, in place of a release's.
dev='' profile=release folder=release
if [[ ${1:-} == --dev ]]; then
    dev=dev profile=dev folder=debug
    shift
fi

# wine_up MACHINE: a Wine of our own in target/ for x86_64 or i686, with a server that stays up, a share
# \\Server1\InterChk, and windows that nobody sees. $wine becomes what runs a program there. Fails, and says why, where
# this machine cannot run such programs.
wine_up() {
    wine=wine
    local server=(wineserver)
    if [[ $1 == i686 ]]; then
        wine=$PWD/scripts/wine32
        server=("$wine" --inside wineserver)
        "$wine" --is-there || return
    fi
    export WINEPREFIX=$target/wine-$1
    if [[ ! -e $WINEPREFIX/ready ]]; then
        rm -rf "$WINEPREFIX"
        mkdir -p "$WINEPREFIX"
        "$wine" wineboot --init >/dev/null 2>&1
        "$wine" reg add 'HKCU\Software\Wine\Drivers' /v Graphics /d null /f >/dev/null
        # In milliseconds: a service that takes longer to answer has failed. Wine has a third of what Windows has, and on a busy
        # machine a program takes that long to start.
        "$wine" reg add 'HKLM\System\CurrentControlSet\Control' /v ServicesPipeTimeout /d 300000 /f >/dev/null
        "${server[@]}" --wait
        touch "$WINEPREFIX/ready"
    fi
    mkdir -p "$WINEPREFIX/dosdevices/unc/server1/interchk"
    # Fails where one is up already. It outlives this script, and whoever reads its output.
    "${server[@]}" --persistent=60 >/dev/null 2>&1 || true
    # The first program starts Wine's services, which keep its output open for as long as they last.
    "$wine" cmd /c rem </dev/null >/dev/null 2>&1
}
