# shellcheck shell=bash disable=SC2034 # used by those who source this
# ./run bench: what there is to measure, and what of it needs servers.

BENCHES=(hop saga contract ops)
BENCHES_ALONE=' contract ' # need no servers

# benches_wanted ARGUMENT…: fills WANTED with those that are named, or all.
benches_wanted() {
    local argument
    WANTED=()
    for argument in "$@"; do
        if [[ " ${BENCHES[*]} " == *" $argument "* ]]; then WANTED+=("$argument"); fi
    done
    [ ${#WANTED[@]} -gt 0 ] || WANTED=("${BENCHES[@]}")
}

benches_need_servers() {
    local bench
    benches_wanted "$@"
    for bench in "${WANTED[@]}"; do
        [[ $BENCHES_ALONE == *" $bench "* ]] || return 0
    done
    return 1
}
