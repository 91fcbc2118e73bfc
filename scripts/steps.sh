# Steps of a long run; sourced, not run. Each says what runs it alone and how long it took; one that fails ends the run.
# A script that is itself a step adds its own to the table that stands at the end.

if [[ -z ${STEPS:-} ]]; then
    STEPS=$(mktemp)
    export STEPS
    trap 'steps_end' EXIT
fi

# step COMMAND ARG...
step() {
    local since=$SECONDS
    printf '\n== %s\n' "$*"
    if ! "$@"; then
        printf '\n== FAILED after %s s; this step alone: %s\n' $((SECONDS - since)) "$*" >&2
        exit 1
    fi
    printf '%5s s  %s\n' $((SECONDS - since)) "$*" | tee -a "$STEPS"
}

steps_end() {
    local status=$?
    printf '\n'
    cat "$STEPS"
    rm -f "$STEPS"
    [[ $status != 0 ]] || printf '%5s s  in all: everything passed\n' $SECONDS
}
