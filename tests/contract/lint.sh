#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command line of the linter: exit codes, what is said without documents, options, the ignore file.
#   lint.sh QUADRILLE FIXTURES
set -uo pipefail

quadrille=$1 fixtures=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
count=0

# expect NAME CODE TEXT COMMAND…: the exit code, and a text in what it prints.
expect() {
    local name=$1 code=$2 text=$3 said got
    shift 3
    said=$("$quadrille" "$@" 2>&1)
    got=$?
    count=$((count + 1))
    if [ "$got" -eq "$code" ] && [[ $said == *"$text"* ]]; then
        echo "ok $count - $name"
    else
        echo "not ok $count - $name"
        echo "# exit code $got, wanted $code; wanted to read: $text"
        printf '%s\n' "$said" | sed 's/^/# /'
    fi
}

clean=$fixtures/unused-channel.good.yaml
error=$fixtures/address-query.bad.yaml
warning=$fixtures/unused-channel.bad.yaml
mkdir "$folder/empty" "$folder/other"
echo 'openapi: 3.1.0' >"$folder/other/other.yaml"
echo '- {rule: address-query, path: nowhere.yaml}' >"$folder/no-reason.yaml"
echo '- {rule: address-query, path: address-query.bad.yaml, reason: The gateway wants it so.}' >"$folder/reason.yaml"
echo 'rule: address-query' >"$folder/map.yaml"
cp "$error" "$folder/-- odd.yaml"

# shellcheck disable=SC2016 # $ref is a word of the contracts
{
mkdir "$folder/whole" "$folder/marked"
contract='asyncapi: 3.0.0\ninfo: {title: Users, version: 1.0.0}\nchannels:\n  users: '
printf '%b{"%s": users.yaml}\n' "$contract" '$ref' >"$folder/whole/whole.yaml"
printf '%b{"%s": "#"}\n' "$contract" '$ref' >"$folder/whole/itself.yaml"
echo '{address: users, messages: {A: {$ref: user.yaml}, B: {$ref: user.yaml}}}' >"$folder/whole/users.yaml"
echo 'payload: {type: object}' >"$folder/whole/user.yaml"
}
printf '\xef\xbb\xbfasyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0}\n' >"$folder/marked/marked.yaml"
echo '- {rule: address-query, path: address-query.bad.yaml, reason: "  "}' >"$folder/blank.yaml"

expect "a clean document is done" 0 "1 document: 0 errors, 0 warnings" contract lint "$clean"
expect "an error fails" 1 "[address-query]" contract lint "$error"
expect "a warning does not fail" 0 "[unused-channel]" contract lint "$warning"
expect "a warning fails where it shall" 1 "[unused-channel]" contract lint --fail-on warning "$warning"
expect "a folder is what is in it" 1 "2 documents" contract lint "$fixtures/unknown-outcome.bad"
expect "a missing path is wrong usage" 2 "nothing was judged: $folder/missing" contract lint "$folder/missing"
expect "an empty folder is wrong usage" 2 "nothing was judged" contract lint "$folder/empty"
expect "a folder without contracts is wrong usage" 2 "nothing was judged" contract lint "$folder/other"
expect "no path is wrong usage" 2 "name a file or folder" contract lint
expect "an unknown format is wrong usage" 2 "--format is text, json" contract lint --format xml "$clean"
expect "an unknown severity is wrong usage" 2 "--fail-on is error or warning" contract lint --fail-on never "$clean"
expect "an unknown profile is wrong usage" 2 "--profile is asyncapi or quadrille" contract lint --profile ours "$clean"
expect "an ignored finding does not fail" 0 "0 errors, 0 warnings, 1 ignored" contract lint --ignore "$folder/reason.yaml" "$error"
expect "an entry without a reason is an error" 1 "the entry has no reason" contract lint --ignore "$folder/no-reason.yaml" "$error"
expect "blanks are no reason" 1 "reason must be a text" contract lint --ignore "$folder/blank.yaml" "$error"
expect "a file that is a channel has findings" 0 "users.yaml:1:1: warning: no operation uses the channel users" contract lint "$folder/whole/whole.yaml"
expect "a file that is a message has findings" 0 "user.yaml:1:1: warning: a value can be valid as B and as A" contract lint "$folder/whole/whole.yaml"
expect "a document is no channel of itself" 1 "is a whole AsyncAPI document" contract lint "$folder/whole/itself.yaml"
expect "a byte order mark is no fault" 0 "1 document: 0 errors, 0 warnings" contract lint "$folder/marked"
expect "an ignore file that is no list is wrong usage" 2 "must be a list" contract lint --ignore "$folder/map.yaml" "$error"
expect "a missing ignore file is wrong usage" 2 "cannot be opened" contract lint --ignore "$folder/none.yaml" "$error"
expect "--json is --format json" 1 '"rule": "address-query"' contract lint --json "$error"
expect "a name may begin with dashes" 1 "[address-query]" contract lint -- "$folder/-- odd.yaml"
avro=$fixtures/../foreign/telemetry-avro.yaml
expect "what is no JSON Schema is said not to be judged" 0 \
    "not judged: schemaFormat application/vnd.apache.avro+yaml;version=1.9.0 (1 schema)" contract lint "$avro"
expect "in JSON as well" 0 '"schemaFormat": "application/vnd.apache.avro+yaml;version=1.9.0"' contract lint --json "$avro"
expect "and for GitHub" 0 "::notice title=not judged::schemaFormat application/vnd.apache.avro" contract lint --format github "$avro"
expect "and for JUnit" 0 'avro+yaml;version=1.9.0"><skipped/>' contract lint --format junit "$avro"
expect "and for SARIF" 0 '"text": "not judged: schemaFormat application/vnd.apache.avro' contract lint --format sarif "$avro"
expect "the rules are listed" 0 "misspelt-keyword" contract rules
expect "a rule is explained" 0 "Bad:" contract rules misspelt-keyword
expect "a misspelt rule is guessed" 2 "did you mean misspelt-keyword?" contract rules mispelt-keyword
expect "the rules are data as well" 0 '"profile": "quadrille"' contract rules --json
expect "help tells of the ignore file" 0 "until: 2027-03-31" contract lint --help
echo "1..$count"
