#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Brings what ./run bench contract compares with into FOLDER, and nothing elsewhere: npm packages by their lock file,
# Debian packages unpacked without being installed (libvalijson-dev as such would bring Qt).  What cannot be had is
# left out with a line that says so.
#   usage: install.sh FOLDER      makes node_modules, fastjsonschema and valijson in it
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/support/npm.sh
. "$here/../../support/npm.sh"
folder=${1:?usage: install.sh FOLDER}
mkdir -p "$folder"

left_out() { printf 'bench: left out: %s\n' "$1" >&2; }

# debian PACKAGE: its files below $folder/debian.
debian() {
    local package=$1
    [ ! -e "$folder/debian/$package.done" ] || return 0
    mkdir -p "$folder/debian"
    if ! (cd "$folder/debian" && apt-get download -qq "$package" >apt.log 2>&1); then
        left_out "$package: apt-get download failed (apt-get update may help): $(tail -n 1 "$folder/debian/apt.log")"
        return 1
    fi
    dpkg-deb -x "$folder/debian/${package}_"*.deb "$folder/debian"
    touch "$folder/debian/$package.done"
}

fastjsonschema() {
    [ -x /usr/bin/python3 ] || { left_out 'fastjsonschema needs python3'; return; }
    debian python3-fastjsonschema || return 0
    ln -sfn debian/usr/lib/python3/dist-packages "$folder/fastjsonschema"
}

valijson() {
    local source=$here/valijson_worker.cpp
    [ ! "$folder/valijson" -nt "$source" ] || return 0
    command -v g++ >/dev/null || { left_out 'valijson needs g++'; return; }
    debian libvalijson-dev && debian rapidjson-dev || return 0
    if ! g++ -O2 -std=c++17 -isystem "$folder/debian/usr/include" "$source" -o "$folder/valijson" 2>"$folder/g++.log"; then
        left_out "valijson does not compile: $folder/g++.log"
    fi
}

reason=$(npm_packages "$here" "$folder") || left_out "ajv and @asyncapi/parser: $reason"
fastjsonschema
valijson
