#!/usr/bin/env bash
# Includes point one way: core <- contracts; core <- publishers <- consumers <- saga <- services; tools may use
# all but services.  And each foreign library is known to one module only.
#   scripts/check-layers.sh [FOLDER]      checks FOLDER/src, by default the project's
#   scripts/check-layers.sh --self-test   shows that each rule can fail
set -euo pipefail

# layer: what it may include
LAYERS='
core: core
contracts: core contracts
publishers: core publishers
consumers: core publishers consumers
saga: core publishers consumers saga
services: core publishers consumers saga services
tools: core contracts publishers consumers saga tools
'

# header: the files that may include it
LIBRARIES='
libpq-fe.h: ^core/db\.c$
amqp.h: ^core/broker[a-z_]*\.[ch]$
ssl.h: ^core/tls\.c$
'

check() {
    local src=$1/src file
    [ -d "$src" ] || { echo "$src does not exist" >&2; return 1; }
    # Both forms, and a space after the #: "core/db.h" names its layer, "db.h" is a neighbour.
    find "$src" -name '*.[ch]' -print0 | sort -z | while IFS= read -r -d '' file; do
        awk -v file="${file#"$src"/}" -v layers="$LAYERS" -v libraries="$LIBRARIES" '
            BEGIN {
                count = split(layers, rows, "\n")
                for (i = 1; i <= count; i++) {
                    n = split(rows[i], words, /[: ]+/)
                    for (j = 2; j <= n; j++) { allowed[words[1], words[j]] = 1; known[words[1]] = 1 }
                }
                count = split(libraries, rows, "\n")
                for (i = 1; i <= count; i++) {
                    if (split(rows[i], words, /: /) == 2) { owner[words[1]] = words[2] }
                }
                layer = file; sub(/\/.*/, "", layer)
            }
            match($0, /^[ \t]*#[ \t]*include[ \t]*["<][^">]+/) {
                header = substr($0, RSTART, RLENGTH); sub(/.*["<]/, "", header)
                while (sub(/^\.\.\//, "", header)) { }
                base = header; sub(/.*\//, "", base)
                if (base ~ /^amqp_/) { base = "amqp.h" }
                if (base in owner && file !~ owner[base]) {
                    printf "src/%s:%d: includes <%s>, which belongs to %s\n", file, FNR, header, owner[base]
                }
                target = header; sub(/\/.*/, "", target)
                if (target != header && (target in known) && !((layer, target) in allowed)) {
                    printf "src/%s:%d: %s may not include \"%s\"\n", file, FNR, layer, header
                }
            }' "$file"
    done
}

# try NAME EXPECTED FILE LINE: a project of one file, with one include.
try() {
    local folder found
    folder=$(mktemp -d)
    mkdir -p "$folder/src/${3%/*}"
    printf '/* one */\n%s\n' "$4" >"$folder/src/$3"
    found=$(check "$folder" | wc -l)
    rm -rf "$folder"
    [ "$found" -eq "$2" ] || { echo "$1: $found findings instead of $2" >&2; return 1; }
}

self_test() {
    local layer
    for layer in contracts publishers consumers saga services tools; do
        try "core includes $layer" 1 core/a.c "#include \"$layer/x.h\"" || return 1
        try "$layer includes core" 0 "$layer/a.c" '#include "core/x.h"' || return 1
    done
    try "publishers include consumers" 1 publishers/a.h '#include "consumers/x.h"' || return 1
    try "consumers include saga" 1 consumers/a.c '#  include "saga/x.h"' || return 1
    try "saga includes services" 1 saga/a.c '#include <services/x.h>' || return 1
    try "services include contracts" 1 services/billing/a.c '#include "contracts/x.h"' || return 1
    try "services include saga" 0 services/billing/a.c '#include "saga/x.h"' || return 1
    try "contracts include publishers" 1 contracts/a.c '#include "publishers/x.h"' || return 1
    try "tools include services" 1 tools/a.c '#include "../services/x.h"' || return 1
    try "tools include contracts" 0 tools/a.c '#include "contracts/x.h"' || return 1
    try "saga includes libpq" 1 saga/a.c '#include <libpq-fe.h>' || return 1
    try "db includes libpq" 0 core/db.c '#include <libpq-fe.h>' || return 1
    try "db.h includes libpq" 1 core/db.h '#include <libpq-fe.h>' || return 1
    try "tools include amqp" 1 tools/a.c '#include <amqp.h>' || return 1
    try "relay includes amqp_framing" 1 publishers/relay.c '#include <amqp_framing.h>' || return 1
    try "broker includes amqp_tcp_socket" 0 core/broker_connect.c '#include <amqp_tcp_socket.h>' || return 1
    try "broker includes openssl" 1 core/broker.c '#include <openssl/ssl.h>' || return 1
    try "tls includes openssl" 0 core/tls.c '#include <openssl/ssl.h>' || return 1
    try "a neighbour" 0 core/a.c '#include "services.h"' || return 1
}

case ${1:-} in
--self-test) self_test ;;
*)
    found=$(check "${1:-$(dirname -- "$0")/..}")
    [ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
    ;;
esac
