# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by what compares us with packages of npm.

# npm_packages SOURCE FOLDER: what SOURCE's lock file names, installed in FOLDER and nowhere else. Where npm or its registry is
# out of reach it prints why.
npm_packages()
{
    local source=$1 folder=$2
    if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
        echo 'npm is not installed'
        return 1
    fi
    mkdir -p "$folder"
    ! cmp -s "$source/package-lock.json" "$folder/installed.json" || return 0
    cp "$source/package.json" "$source/package-lock.json" "$folder/"
    # With npm's own patience each of them would wait for more than a minute where there is no network.
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 >npm.log 2>&1); then
        rm -rf "$folder/node_modules"
        printf 'npm ci failed: %s\n' "$(grep -m1 -E '^npm (error|ERR!)' "$folder/npm.log" || tail -n1 "$folder/npm.log")"
        return 1
    fi
    cp "$source/package-lock.json" "$folder/installed.json"
}

# npm_packages_or_skip TEST SOURCE FOLDER: the same for a test, which is skipped without them, but never in CI: there it fails.
npm_packages_or_skip()
{
    local reason
    reason=$(npm_packages "$2" "$3") || skip_or_fail "$1" "$reason"
}

skip_or_fail()
{
    if [[ ${CI:-} == true ]]; then
        printf '1..1\nnot ok 1 - %s\n# %s\n' "$1" "$2"
        exit 1
    fi
    printf '1..0 # SKIP %s\n' "$2"
    exit 0
}
