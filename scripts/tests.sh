# shellcheck shell=bash
# ./run test: which suites run in which build, and how many tests that were.

SUITES_ALONE=' unit contract model fuzz ' # need no servers
SUITES_SANITIZED=(unit contract) # run under the sanitizers as well; `once` marks what need not
# Integration tests run once each: those marked `sanitized` in the sanitizers' build, the others in GCC's. `fuzz` is Clang's.

tests_run() {
    local status=0
    build_one gcc
    build_one asan
    if wants fuzz "$@"; then build_one clang; fi
    rm -rf "$RUN_DIR/results"
    mkdir -p "$RUN_DIR/results"
    if suites_need_servers "$@"; then
        on_exit own_servers_stop
        with_instance test tests_in_builds "$@" || status=$?
    else
        interruptible tests_in_builds "$@" || status=$?
    fi
    tests_report "$status"
}

# wants SUITE REQUESTED…: it is among them, or all are wanted.
wants() { [ $# -eq 1 ] || [[ " ${*:2} " == *" $1 "* ]]; }

suites_need_servers() {
    local suite
    [ $# -gt 0 ] || return 0
    for suite in "$@"; do
        [[ $SUITES_ALONE == *" $suite "* ]] || return 0
    done
    return 1
}

# What scripts/own-servers.sh has started, where it was killed.
own_servers_stop() {
    local dir
    for dir in "$RUN_DIR"/test-*/; do servers_stop "${dir%/}"; done
}

tests_in_builds() {
    local status=0 suite sanitized=()
    meson_test gcc 'sanitized fuzz' "$@" || status=1
    for suite in "${SUITES_SANITIZED[@]}"; do
        if wants "$suite" "$@"; then sanitized+=("$suite"); fi
    done
    if wants integration "$@"; then sanitized+=(sanitized); fi
    if [ ${#sanitized[@]} -gt 0 ]; then
        meson_test asan once "${sanitized[@]}" || status=1
    fi
    if wants fuzz "$@"; then
        meson_test clang '' fuzz || status=1
    fi
    return "$status"
}

# meson_test BUILD LEFT-OUT SUITE…
meson_test() {
    local build=$1 folder=${BUILD_FOLDER[$1]} status=0 suites=() suite processes
    for suite in $2; do suites+=(--no-suite "$suite"); done
    shift 2
    for suite in "$@"; do suites+=(--suite "$suite"); done
    rm -f "$folder/meson-logs/testlog.json"
    # Most of a test's time is waiting, so more run at once than there are processors. Those that measure run alone
    # (is_parallel: false), and so do all where they must share servers.
    if [ "$EXTERNAL" = yes ]; then processes=1; else processes=$((2 * $(nproc))); fi
    meson test -C "$folder" --no-rebuild --print-errorlogs --num-processes "$processes" "${suites[@]}" || status=$?
    if [ -e "$folder/meson-logs/testlog.json" ]; then
        cp "$folder/meson-logs/testlog.json" "$RUN_DIR/results/$build.json"
    fi
    return "$status"
}

# Meson writes one JSON object per test program, with its TAP in it.  A program that failed without a
# failing test (a crash, a time-out, a wrong plan) counts as one that failed.
# shellcheck disable=SC2016 # jq's variables
TAP_COUNTS='
    (.stdout // "" | split("\n")) as $lines
    | ($lines | map(select(test("^not ok\\b"))) | length) as $failed
    | ($lines | map(select(test("^ok\\b.*# *skip"; "i"))) | length) as $skipped
    | ($lines | map(select(test("^ok\\b"))) | length) as $ok
    | {build: $build, name, result, seconds: .duration}
      + if $ok + $failed == 0 then
            {passed: (if .result == "OK" then 1 else 0 end), skipped: (if .result == "SKIP" then 1 else 0 end),
             failed: (if .result == "OK" or .result == "SKIP" then 0 else 1 end)}
        else
            {passed: ($ok - $skipped), skipped: $skipped,
             failed: (if $failed == 0 and .result != "OK" and .result != "SKIP" then 1 else $failed end)}
        end'

# Prints the sums; fails when a test failed, when none ran, or when one was skipped where none may be (CI).
tests_report() {
    local status=$1 file all=$RUN_DIR/results/all.json passed failed skipped
    : >"$all"
    for file in "$RUN_DIR"/results/{gcc,asan,clang}.json; do
        [ -e "$file" ] || continue
        jq -c --arg build "$(basename "$file" .json)" "$TAP_COUNTS" "$file" >>"$all"
    done
    say
    say "${BOLD}suites${PLAIN}"
    jq -rs 'map(. + {suite: (.build + "  " + (.name | split(" / ")[0]))}) | group_by(.suite)[]
        | [.[0].suite, (map(.passed) | add), (map(.failed) | add), (map(.skipped) | add), (map(.seconds) | add)] | @tsv' "$all" |
        awk -F '\t' '{ printf "  %-40s %5d passed %4d failed %4d skipped %8.1f s\n", $1, $2, $3, $4, $5 }'
    say "${BOLD}slowest${PLAIN}"
    jq -rs 'sort_by(-.seconds)[:10][] | [.seconds, .build, .name] | @tsv' "$all" |
        awk -F '\t' '{ printf "  %8.1f s  %-5s %s\n", $1, $2, $3 }'
    read -r passed failed skipped < <(jq -rs 'map([.passed, .failed, .skipped]) | transpose | map(add) | "\(.[0] // 0) \(.[1] // 0) \(.[2] // 0)"' "$all")
    if [ $((passed + failed)) -eq 0 ]; then
        fail "No test ran"
        status=1
    elif [ "$failed" -gt 0 ]; then
        status=1
    elif [ "$skipped" -gt 0 ] && [ "${CI:-}" = true ]; then
        fail "Nothing may be skipped when CI=true"
        status=1
    fi
    say "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped")"
    return "$status"
}
