# Steps of a long run; sourced, not run. Each says what runs it alone, how long it took, and how much of that the
# processors worked for it, which other work on the machine changes little; one that fails ends the run. A script that is
# itself a step adds its own to the table that stands at the end.

if [[ -z ${STEPS:-} ]]; then
    STEPS=$(mktemp)
    export STEPS
    STEPS_OWNER=$$
fi
trap 'steps_end' EXIT

# worked: sets WORKED to the seconds that processors have worked for the commands of this shell. Another shell than this one,
# as $(...) has it, would not know them.
worked() {
    # A step beside this one has a file of its own.
    local file=$STEPS.$BASHPID
    times >"$file"
    WORKED=$(awk 'NR == 2 { gsub(/m/, " "); gsub(/s/, ""); printf "%d", $1 * 60 + $2 + $3 * 60 + $4 }' "$file")
    rm -f "$file"
}

# step COMMAND ARG...
step() {
    local since=$SECONDS before
    worked
    before=$WORKED
    printf '\n== %s\n' "$*"
    if ! "$@"; then
        printf '\n== FAILED after %s s; this step alone: %s\n' $((SECONDS - since)) "$*" >&2
        exit 1
    fi
    worked
    printf '%5s s, %5s s of a processor  %s\n' $((SECONDS - since)) $((WORKED - before)) "$*" | tee -a "$STEPS"
}

# beside COMMAND ARG...: a step that goes on beside those that follow, until `together`, which shows what it said. The command may
# be a function of steps.
declare -A BESIDE=() BESIDE_SAID=()
beside() {
    BESIDE_SAID[$*]=$(mktemp)
    (
        trap - EXIT
        # Those beside this one are not for it to end.
        BESIDE=()
        if [[ $(type -t "$1") == function ]]; then "$@"; else step "$@"; fi
    ) >"${BESIDE_SAID[$*]}" 2>&1 &
    BESIDE[$*]=$!
    printf '\n== beside the next steps: %s\n' "$*"
}

# together COMMAND ARG...: waits for what goes on beside this.
together() {
    local status=0
    wait "${BESIDE[$*]}" || status=$?
    cat "${BESIDE_SAID[$*]}"
    rm -f "${BESIDE_SAID[$*]}"
    unset "BESIDE[$*]" "BESIDE_SAID[$*]"
    return $status
}

steps_end() {
    local status=$?
    # A step that failed ends those beside it, too; what they said so far is perhaps the reason.
    local other
    for other in "${!BESIDE[@]}"; do
        pkill -P "${BESIDE[$other]}" || true
        # The words of the command are words again.
        # shellcheck disable=SC2086
        together $other || true
    done
    [[ ${STEPS_OWNER:-} == "$$" ]] || return
    printf '\n'
    cat "$STEPS"
    rm -f "$STEPS"
    [[ $status != 0 ]] || printf '%5s s  in all: everything passed\n' $SECONDS
}
