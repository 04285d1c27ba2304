# shellcheck shell=bash
# ./run lint: what a reader would otherwise have to look for.

# Files of the project, NUL-separated; those of build folders and .run are ignored by git.
project_files() { git ls-files -z --cached --others --exclude-standard --deduplicate -- "$@"; }
c_sources() { project_files 'src/*.[ch]' 'tests/*.[ch]'; }

lint_format() {
    local found
    found=$(c_sources | xargs -0 -r clang-format --dry-run 2>&1 | sed -n 's/:[0-9]*:[0-9]*: warning: .*//p' | sort -u)
    [ -z "$found" ] || { say "./run fmt would change:"; say "$found"; return 1; }
}

# clang-tidy reads the flags of the clang build, because it does not know all of GCC's. Its analyzer may look at so many
# states of one function: a few long ones would take half of the whole time.
lint_tidy() {
    local folder=${BUILD_FOLDER[clang]}
    local states=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=60000)
    # It counts what it suppresses, a line a file: only what it has found is of use.
    jq -r '.[].file' "$folder/compile_commands.json" | sed -n 's|^\.\./||p' | grep -E '^(src|tests)/.*\.c$' | sort -u |
        xargs -r -d '\n' -n 1 -P "$(nproc)" clang-tidy --quiet -p "$folder" "${states[@]}" 2>&1 | sed '/^[0-9]* warnings\? generated\.$/d'
}

lint_shell() { project_files run .ci/run '*.sh' | xargs -0 -r shellcheck -x; }

lint_words() {
    local found
    # The words are put together, so that this line does not find itself.
    found=$(project_files src tests scripts docs events run meson.build | xargs -0 -r grep -nIE '\b(TO''DO|FIX''ME|XX''X)\b' |
        grep -vE '\b(TO''DO|FIX''ME|XX''X)\(#[0-9]+\)' || true)
    [ -z "$found" ] || { say "without an issue number, as in (#12):"; say "$found"; return 1; }
}

# What a build makes is not the source.
lint_generated() {
    local found
    found=$(
        git ls-files --cached --ignored --exclude-standard
        git ls-files -z | xargs -0 -r grep -lIE '^/\* Generated from events/asyncapi' || true
    )
    [ -z "$found" ] || { say "generated, but committed:"; say "$found"; return 1; }
}

lint_contracts() {
    "${BUILD_FOLDER[clang]}/src/tools/quadrille" contract lint --profile quadrille --fail-on warning events/asyncapi
}

# Against the last release, else the commit before this one. A shallow clone and the first commit have neither.
lint_changes() {
    local base
    base=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || git rev-parse --quiet --verify 'HEAD^') ||
        { say "no earlier version of the contracts here: nothing to compare with"; return 0; }
    "${BUILD_FOLDER[clang]}/src/tools/quadrille" contract diff "git:$base" events/asyncapi
}

lint_run() {
    local failed=0
    step "format" lint_format || failed=1
    step "layers: the check itself" scripts/check-layers.sh --self-test || failed=1
    step "layers" scripts/check-layers.sh || failed=1
    step "shell scripts" lint_shell || failed=1
    step "words" lint_words || failed=1
    step "generated files" lint_generated || failed=1
    if build_one clang; then
        step "clang-tidy" lint_tidy || failed=1
        step "contracts" lint_contracts || failed=1
        step "changes of contracts" lint_changes || failed=1
    else
        failed=1
    fi
    return "$failed"
}
