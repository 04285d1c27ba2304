#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What every `quadrille contract` command does with paths: one that is not there is wrong usage, what is neither file nor folder
# is refused instead of waited for, and a file that is named twice counts once. Prints TAP.
#   usage: paths.sh QUADRILLE FIXTURES
set -uo pipefail

quadrille=$(realpath -- "$1")
clean=$(realpath -- "$2")/unused-channel.good.yaml
error=$(realpath -- "$2")/address-query.bad.yaml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
count=0

# expect NAME CODE TEXT COMMAND…: the exit code, and a text in what is printed. Who waits for input that never comes is stopped.
expect() {
    local name=$1 code=$2 text=$3 said got
    shift 3
    said=$(timeout 10 "$quadrille" contract "$@" 2>&1 </dev/null)
    got=$?
    count=$((count + 1))
    if [ "$got" -eq "$code" ] && [[ $said == *"$text"* ]]; then
        echo "ok $count - $name"
    else
        echo "not ok $count - $name"
        echo "# exit code $got, wanted $code; wanted to read: $text"
        printf '%s\n' "$said" | head -5 | sed 's/^/# /'
    fi
}

mkfifo pipe.yaml
mkdir empty services
cp "$clean" services/orders.yaml
ln -s orders.yaml services/again.yaml
cp "$error" bad.yaml
echo '{"type": "object"}' >schema.json
echo '{}' >instance.json

# each WHAT CODE TEXT PATH: every command that reads contracts, given that path.
each() {
    expect "lint: $1" "$2" "$3" lint "$4"
    expect "graph: $1" "$2" "$3" graph "$4"
    expect "doc: $1" "$2" "$3" doc site "$4"
    expect "diff, old: $1" "$2" "$3" diff "$4" "$clean"
    expect "diff, new: $1" "$2" "$3" diff "$clean" "$4"
    expect "check: $1" "$2" "$3" check --contracts "$4" --message OrderPlaced instance.json
}
each 'a path that is not there' 2 'nowhere.yaml: No such file' nowhere.yaml
each 'a folder without contracts' 2 'no AsyncAPI document' empty
each 'a pipe is not waited for' 2 'pipe.yaml: neither a file nor a folder' pipe.yaml
each 'a device is not read' 2 '/dev/zero: neither a file nor a folder' /dev/zero

expect 'schema: a schema that is not there' 2 'nowhere.json' schema --schema nowhere.json instance.json
expect 'schema: a schema that is a pipe' 2 'pipe.yaml: neither' schema --schema pipe.yaml instance.json
expect 'schema: an instance that is not there' 2 'nowhere.json' schema --schema schema.json nowhere.json
expect 'schema: the others are judged' 2 '1 of 1 valid' schema --schema schema.json nowhere.json instance.json
expect 'schema: an instance that is a pipe' 2 'pipe.yaml' schema --schema schema.json pipe.yaml
expect 'schema: an instance that is a device' 2 '/dev/zero' schema --schema schema.json /dev/zero
expect 'check: a payload that is not there' 2 'nowhere.json: No such file' check --contracts "$clean" --message OrderPlaced nowhere.json
expect 'check: a payload that is a pipe' 2 'pipe.yaml: neither' check --contracts "$clean" --message OrderPlaced pipe.yaml
expect 'check: a payload that is a device' 2 '/dev/zero: neither' check --contracts "$clean" --message OrderPlaced /dev/zero
expect 'lint: a file of entries that is a pipe' 2 'pipe.yaml: neither' lint --ignore pipe.yaml "$clean"

# One file has many names.
expect 'a file by two names is one' 0 '1 document:' lint services/orders.yaml "$PWD/services/orders.yaml" ./services/../services/orders.yaml
expect 'a link beside it is the same' 0 '1 document:' lint services
expect 'its findings are told once' 1 '1 document: 1 error' lint bad.yaml "$PWD/bad.yaml"
cat >far.yaml <<'EOF'
asyncapi: 3.0.0
info: {title: Far, version: 1.0.0}
channels: {placed: {$ref: 'services/orders.yaml#/channels/orderPlaced'}}
operations: {hear: {action: receive, channel: {$ref: '#/channels/placed'}}}
EOF
expect 'a reference leads to the file that was named otherwise' 0 '2 documents:' lint "$PWD/services/orders.yaml" far.yaml
echo "1..$count"
