#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `quadrille contract check` as a program: files, lines of standard input, exit codes, JSON. Prints TAP.
#   usage: check-command.sh QUADRILLE FIXTURES
set -euo pipefail

# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"

quadrille=$(realpath -- "$1")
CONTRACTS=$(realpath -- "$2")/shop.yaml
export CONTRACTS
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# run CODE ARGUMENT...: the command ends with that code; ./stdin is its input.
run()
{
    local expected=$1 code=0
    shift
    "$quadrille" contract check "$@" >stdout 2>stderr <stdin || code=$?
    [[ $code -eq $expected ]]
}

prints() { [[ $(cat stdout) == "$1" ]]; }
says() { [[ $(cat stdout) == *"$1"* ]]; }
complains() { [[ $(cat stderr) == *"$1"* ]]; }
lines() { [[ $(wc -l <stdout) -eq $1 ]]; }

: >stdin
echo '{"kind": "shipped", "parcels": ["abc"]}' >good.json
echo '{"kind": "shipped", "parcels": ["abcde"]}' >bad.json

check 'a payload that is allowed' run 0 --message OrderShipped good.json
check 'is said to be ok' prints 'ok   good.json  shop.OrderShipped'
check 'one of two payloads is not allowed' run 1 --message OrderShipped good.json bad.json
check 'its error has a place in it' says '     payload /parcels/0: '
check 'and a place in the contract' says "  #/channels/changed/messages/OrderShipped/payload/properties/parcels/items/maxLength"
check 'all are counted' says '2 judged: 1 allowed, 1 not'
check 'no file is wrong usage' run 2 --message OrderShipped
check 'what to judge must be told' run 2 good.json
check 'two ways of judging are one too many' run 2 --message OrderShipped --wire good.json
check 'a role has two values' run 2 --message OrderShipped --as both good.json
check 'a profile is known' run 2 --message OrderShipped --profile ours good.json
check 'a limit is a number' run 2 --message OrderShipped --max-errors 0 good.json
check 'a file that is not there' run 2 --message OrderShipped nowhere.json
check 'is named' complains 'nowhere.json: No such file'
check 'and the others are judged' run 2 --message OrderShipped nowhere.json good.json
check 'as they are' prints 'ok   good.json  shop.OrderShipped'
check 'a folder is no payload' run 2 --message OrderShipped .
check 'an unknown name' run 1 --message OrderShiped good.json
check 'has a likely one' complains 'did you mean "OrderShipped"?'
check 'contracts that are not there' run 2 --contracts nowhere --message OrderShipped good.json
check 'are named' complains 'nowhere'
echo 'asyncapi: [' >broken.yaml
check 'contracts that are broken' run 1 --contracts broken.yaml --message OrderShipped good.json
check 'are told with their place' complains 'broken.yaml:'
check 'several contracts make one set' run 0 --contracts "$CONTRACTS" --contracts "${CONTRACTS%/*}/depot.yaml" \
    --message StockCounted good.json

# Lines, broken ones in between.
{
    cat good.json
    echo '{"kind": "ship'
    echo
    cat bad.json
    printf '{"kind": "\xff"}\n'
    printf '\0\n'
    cat good.json
    printf '{"kind": "shipped"}'
} >stdin
check 'lines are judged one by one' run 1 --message OrderShipped -
sed -n 's/^\(ok\|bad\) .*:\([0-9]*\)  .*/\1 \2/p' stdout | tr '\n' ' ' >order
check 'each of them, but empty ones' [ "$(cat order)" = 'ok 1 bad 2 bad 4 bad 5 bad 6 ok 7 ok 8 ' ]
check 'and as JSON' run 1 --json --message OrderShipped -
check 'one object per line' lines 7
check 'with its number' says '{"verdict":"bad","input":"-","number":4,"message":"shop.OrderShipped","errors":[{"part":"payload","instance":"/parcels/0","schema":"/channels/changed/messages/OrderShipped/payload/properties/parcels/items/maxLength","file":'
cp stdin lines.jsonl
: >stdin
check 'a file may have lines as well' run 1 --json --message OrderShipped lines.jsonl
check 'all of them' lines 7
check 'nothing to judge is a failure' run 1 --message OrderShipped -
check 'which is told' complains 'nothing was judged'

# A line beyond every limit is skipped to its end.
{
    cat good.json
    head -c 17000000 /dev/zero | tr '\0' ' '
    echo '{"kind": "shipped"}'
    cat good.json
} >stdin
check 'a huge line is refused' run 1 --message OrderShipped -
check 'by its limit' says 'bad  -:2
     input: has more than 16777216 bytes'
check 'and the next one is judged' says 'ok   -:3  shop.OrderShipped'
head -c 17000000 /dev/zero >huge.json
check 'a huge file is refused' run 1 --message OrderShipped huge.json
check 'by its limit, too' says 'has more than 16777216 bytes'
: >stdin

# In a pipe that stays open each verdict comes when its line has come.
mkfifo questions answers
"$quadrille" contract check --message OrderShipped - <questions >answers &
exec 7>questions 8<answers
answer=
cat good.json >&7
read -r -t 20 answer <&8 || true
check 'a verdict does not wait for more lines' [ "$answer" = 'ok   -:1  shop.OrderShipped' ]
exec 7>&- 8<&-
wait

# Whole messages.
cat >wire.json <<'EOF'
[
  {"exchange": "shop", "routing_key": "shop.orders.order-1", "payload_bytes": 18, "redelivered": false,
   "properties": {"delivery_mode": 2, "headers": {}}, "payload": "{\"kind\":\"shipped\"}", "payload_encoding": "string"},
  {"exchange": "shop", "routing_key": "shop.orders.order-1", "properties": [], "body": {"kind": "lost"}},
  {"exchange": "shopp", "routing_key": "shop.orders.order-1", "body": {}}
]
EOF
check 'a list of whole messages' run 1 --wire wire.json
check 'what a message is' says 'ok   wire.json:1  shop.OrderShipped'
check 'why it is none of several' says '     not shop.OrderShipped
       payload /kind: '
check 'which is the nearest' says '     not shop.OrderShipped
       message /exchange: belongs to exchange shop'
check 'the same as JSON' run 1 --json --wire wire.json
check 'with candidates' says '"candidates":[{"message":"shop.OrderPaid","errors":[{"part":'
printf '{"kind": "shipped", "\\u001b[31m": 1}' >escape.json
check 'what a message holds' run 1 --as sender --message OrderShipped escape.json
check 'is told' says 'payload /?[31m: '
check 'moves no terminal' [ "$(tr -cd '\033' <stdout | wc -c)" -eq 0 ]

# A contract of which not all can be read.
cat >gaps.yaml <<'EOF'
asyncapi: 3.0.0
info: {title: Gaps, version: 1.0.0}
channels:
  placed:
    address: gaps.placed
    messages:
      Placed: {payload: {type: object}}
      Outside: {$ref: 'https://example.org/messages.yaml#/Outside'}
      Record: {payload: {schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: {type: string}}}
EOF
echo '{"routing_key": "gaps.placed", "properties": {"type": "Outside"}, "body": {}}' >outside.json
echo '{"routing_key": "gaps.placed", "properties": {"type": "Placed"}, "body": {}}' >placed.json
check 'what can be read is judged' run 0 --contracts gaps.yaml --message Placed good.json
check 'as it is' prints 'ok   good.json  gaps.Placed'
check 'what cannot be read is not allowed' run 1 --contracts gaps.yaml --message Outside good.json
check 'nor refused: it cannot be judged' says 'n/a  good.json  gaps.Outside
     payload: cannot be judged, the reference '
check 'which is told once' [ "$(grep -c '^not judged: gaps.Outside: ' stderr)" = 1 ]
check 'likewise a whole message' run 1 --contracts gaps.yaml --wire outside.json placed.json
check 'and the others are judged' says 'ok   placed.json  gaps.Placed'
check 'all are counted' says '2 judged: 1 allowed, 1 not, 1 of these because their contract cannot be read'
check 'schemas of another kind are told as well' complains 'not judged: gaps.Record: payload of schemaFormat application/vnd.apache.avro;version=1.9.0'
check 'and in JSON' run 1 --json --contracts gaps.yaml --wire outside.json
check 'before the verdicts' [ "$(head -1 stdout | cut -c 1-43)" = '{"unjudged":[{"message":"gaps.Record","reas' ]
check 'with a verdict of its own' says '{"verdict":"unjudged","input":"outside.json"'
check 'help tells the format' run 0 --help
check 'with its members' says '"body_base64"'

echo "1..$number"
