#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # $id is JSON's
# `quadrille contract diff` as a program: revisions, kept versions, formats, exit codes, and what it leaves behind. Prints TAP.
#   usage: diff-command.sh QUADRILLE SHOP DOCUMENT
set -euo pipefail

# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"

quadrille=$(realpath "$1")
shop=$(realpath "$2")
document=$(realpath "$3")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export TMPDIR=$folder/tmp GIT_CEILING_DIRECTORIES=$folder GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
mkdir tmp
# run CODE ARGUMENT...: the command ends with that code.
run()
{
    local expected=$1 code=0
    shift
    "$quadrille" contract diff "$@" >"$folder/stdout" 2>"$folder/stderr" </dev/null || code=$?
    [[ $code -eq $expected ]]
}

says() { grep -qF -- "$1" stdout; }
complains() { grep -qF -- "$1" stderr; }
is_silent() { [[ ! -s stdout ]]; }
is_untouched() { [[ -z $(git -C repo status --porcelain) ]]; }
is_documented() { [[ $(grep '^| [PMCOSVX][0-9]' "$document") == "$(grep '^| [PMCOSVX][0-9]' stdout)" ]]; }
is_clean() { [[ -z $(ls tmp) ]]; }

git_here() { git -c user.name=t -c user.email=t@example.com -C repo "$@" >/dev/null 2>&1; }
commit() { git_here add -A && git_here commit -m "$1" && git_here tag "$1"; }

git init -q repo
mkdir -p repo/company/events repo/company/shared
cp "$shop"/*.yaml repo/company/events/
# A part that lies beside the compared folder.
echo '{"Id": {"type": "string"}}' >repo/company/shared/types.json
sed -i "s|orderId: {type: string}|orderId: {\$ref: '../shared/types.json#/Id'}|" repo/company/events/orders.yaml
ln -s /etc/hostname repo/company/events/link.yaml
commit v1.0.0
sed -i 's/maximum: 100}/maximum: 200}/; s/version: 1.2.0/version: 1.3.0/' repo/company/events/orders.yaml
commit v1.1.0
rm repo/company/events/link.yaml
sed -i 's/maximum: 200}/maximum: 150}/; s/version: 1.3.0/version: 1.4.0/' repo/company/events/orders.yaml
commit v1.2.0
events=repo/company/events

check 'a revision that is the same has no differences' run 0 git:HEAD $events
check 'and says so' says 'no difference that matters'
check 'a bound that was tightened fails' run 1 git:HEAD~1 $events
check 'naming both places' says 'company/events/orders.yaml:46:46: wire-breaking: orders OrderPlaced /total: a bound was tightened or added [P16]'
check 'the old one in its revision' says 'old:    git:HEAD~1:company/events/orders.yaml:46:46'
check 'and who breaks' says 'new consumers of old events break'
check 'a tag names a revision' run 1 git:v1.0.0 $events
check 'there the bound was loosened' says '[P15]'
check 'one file may be compared' run 1 git:v1.1.0 $events/orders.yaml
check 'from within the repository as well' bash -c "cd $events && '$quadrille' contract diff git:v1.2.0 . >/dev/null"
check 'a reference to a file beside is followed in the old version' run 1 git:v1.0.0 $events --json
check 'so that nothing is unknown' bash -c '! grep -q "\"level\": \"unknown\"" stdout'
check 'temporary files are gone' is_clean
check 'the repository is as it was' is_untouched

check 'all kept versions are asked' run 1 git:HEAD $events --history git
check 'and named' says 'since git:v1.1.0'
check 'but only whether their events can be read' bash -c '! grep -q "since git:v1.0.0" stdout'
check 'the number of tags can be limited' run 0 git:HEAD $events --history git:1
mkdir -p kept/1.0 kept/1.1
git -C repo archive v1.0.0 company | tar x -C kept/1.0
git -C repo archive v1.1.0 company | tar x -C kept/1.1
check 'kept versions may be folders' run 1 $events --history kept
check 'named by their folder' says 'orders OrderPlaced since 1.1 /total'
mkdir empty
check 'a history without versions is no history' run 2 $events --history empty
check 'and said to be none' complains 'has no folders'

check 'an unknown revision is refused' run 2 git:nowhere $events
check 'with what to do' complains 'a shallow clone'
check 'an option is no revision' run 2 git:--help $events
check 'outside of a repository there is no revision' run 2 git:HEAD kept
check 'and that is said' complains 'repository'
mkdir repo/later
sed 's/title: Jobs/title: Chores/' "$shop"/jobs.yaml >repo/later/chores.yaml
check 'what the revision does not have is not compared' run 2 git:v1.0.0 repo/later
check 'and that is said' complains 'nothing to compare: git:v1.0.0 has no contracts at repo/later'
check 'with what to do' complains '--allow-new'
check 'and nothing is said to be compatible' is_silent
check 'what is new may be allowed' run 0 git:v1.0.0 repo/later --allow-new
check 'which is said' says 'nothing was compared'
check 'to programs as well' run 0 git:v1.0.0 repo/later --allow-new --json
check 'in a member' says '"compared": false'
check 'what is new may have a history without it' run 0 repo/later --history git
check 'in which each version is told' complains 'nothing to compare: git:v1.0.0 has no contracts at repo/later'
echo '{"type": "string"}' >repo/company/shared/only.json
check 'a folder that had no contracts is not compared either' run 2 git:v1.0.0 repo/later/chores.yaml

# move FROM TO: the folder in a repository of its own, moved after its first commit.
move()
{
    rm -rf moved
    mkdir -p "moved/$1"
    git init -q moved
    cp "$shop"/*.yaml "moved/$1"
    cp "$shop"/jobs.yaml moved/
    git -C moved add -A
    git -C moved -c user.name=t -c user.email=t@example.com commit -qm first
    mkdir -p "moved/$2"
    mv "moved/$1"/* "moved/$2/"
}
move contracts events/asyncapi
check 'contracts that were moved are the same' run 0 git:HEAD moved/events/asyncapi
check 'which is said' complains 'git:HEAD has no contracts at moved/events/asyncapi; compared with where they were: contracts/archive.yaml, contracts/jobs.yaml'
sed -i 's/maximum: 100}/maximum: 50}/' moved/events/asyncapi/orders.yaml
check 'a change that came along with the move is seen' run 1 git:HEAD moved/events/asyncapi
check 'with both places' says 'old:    git:HEAD:contracts/orders.yaml'
check 'in one file, too' run 1 git:HEAD moved/events/asyncapi/orders.yaml
mv moved/events/asyncapi/orders.yaml moved/events/asyncapi/sales.yaml
check 'and where the file has another name' run 1 git:HEAD moved/events/asyncapi/sales.yaml
rm moved/events/asyncapi/sales.yaml moved/events/asyncapi/mailer.yaml
check 'what was left behind was removed' run 1 git:HEAD moved/events/asyncapi
check 'and is told' says 'orders OrderPlaced: a message was removed'
move contracts events
echo '{"type": "string"}' >moved/contracts/rest.json
git -C moved add -A
git -C moved -c user.name=t -c user.email=t@example.com commit -qm second
mv moved/events/* moved/contracts/
sed -i 's/maximum: 100}/maximum: 50}/' moved/contracts/orders.yaml
check 'a folder that held other files only' run 1 git:HEAD moved/contracts
check 'is said to have had no contracts' complains 'git:HEAD has no contracts at moved/contracts; compared with where they were: events/'
check 'temporary files are gone after errors, too' is_clean

check 'GitHub gets annotations' run 1 git:v1.1.0 $events --format github
check 'with file, line and rule' says '::error file=repo/company/events/orders.yaml,line=46,col=46,title=wire-breaking P16::'
sed 's/version: 1.0.0/version: 2.0.0/; s/id: {type: string}/id: {type: string, enum: [a]}/' "$shop/jobs.yaml" >announced.yaml
check 'what a new major version announces passes' run 0 "$shop/jobs.yaml" announced.yaml
check 'and fails where it is asked to' run 1 "$shop/jobs.yaml" announced.yaml --fail-on risky
echo '{"type": "string", "pattern": "^a"}' >one.json
echo '{"type": "string", "pattern": "^b"}' >two.json
check 'what cannot be decided fails' run 1 --schema one.json two.json
check 'unless it is allowed' run 0 --schema one.json two.json --allow-unknown
echo '{"type": "string", "pattern": "^a", "maxLength": 3}' >three.json
check 'backward: new consumers read old data' run 1 --schema one.json three.json --direction backward
check 'forward: old consumers read new data' run 0 --schema one.json three.json --direction forward
check 'full: both' run 1 --schema one.json three.json
echo '{"properties": {"a": {}}}' >small.json
echo '{"properties": {"a": {}, "b": {"type": "string"}}}' >more.json
check 'an added property breaks where old data may hold it' run 1 --schema small.json more.json
check 'and not where data has declared members only' run 0 --schema --closed small.json more.json
echo '{"type": "strin"}' >bad.json
check 'what is no schema is refused' run 2 --schema bad.json one.json
check 'with its place' complains 'bad.json:1:'
echo '[1]' >list.json
check 'a list is no schema' run 2 --schema list.json one.json
check 'a missing file is refused' run 2 --schema nowhere.json one.json
check 'two are needed' run 2 --schema one.json
check 'an unknown level is refused' run 2 --schema one.json two.json --fail-on bad
check 'an unknown direction is refused' run 2 --schema one.json two.json --direction up
check 'an unknown format is refused' run 2 --schema one.json two.json --format xml
check 'the rules can be printed' run 0 --rules
check 'as they are documented' is_documented
check 'as a table' says '| P16 | a bound was tightened or added | ok | breaks |'
printf 'asyncapi: 3.0.0\ninfo: {title: "\\e[31mred", version: 1.0.0}\nchannels:\n  "a\\eb": {address: "x\\ny", messages: {"m\\e": {payload: {type: string}}}}\n' >hostile.yaml
sed 's/string/integer/' hostile.yaml >hostile2.yaml
check 'foreign names are compared' run 1 hostile.yaml hostile2.yaml
check 'and reach no terminal with their control characters' bash -c "! grep -q \$'\\e' stdout"
printf 'asyncapi: 3.0.0\ninfo: [\n' >broken.yaml
check 'a document that cannot be read is not taken for one that was removed' run 2 "$shop" broken.yaml
# ---- What was once called compatible, and was not; and what is harmless.

# talk FOLDER VERSION SAID HEARD PAYLOAD: a service that says Placed and Changed, and one that hears them from a copy.
talk()
{
    local messages="Placed: {name: Placed, payload: $5}, Changed: {name: Changed}, Answer: {name: Answer}"
    local binding='bindings: {amqp: {is: routingKey, exchange: {name: shop, type: topic}}}'
    mkdir -p "$1"
    printf '%s\n' "asyncapi: 3.0.0" "info: {title: shop, version: $2}" 'channels:' \
        "  placed: {address: shop.placed, messages: {$messages}, $binding}" 'operations:' \
        "  say: {action: send, channel: {\$ref: '#/channels/placed'}, messages: [$3]}" >"$1/shop.yaml"
    printf '%s\n' "asyncapi: 3.0.0" "info: {title: ship, version: 1.0.0}" 'channels:' \
        "  placed: {address: shop.placed, messages: {Placed: {name: Placed, payload: $4}, Changed: {name: Changed}}, $binding}" 'operations:' \
        "  hear: {action: receive, channel: {\$ref: '#/channels/placed'}}" >"$1/ship.yaml"
}
both="{\$ref: '#/channels/placed/messages/Placed'}, {\$ref: '#/channels/placed/messages/Changed'}"
id='{type: object, required: [id], properties: {id: {type: string}}}'
any='{type: object, properties: {id: {type: string}}}'
talk said/old 1.0.0 "$both" "$id" "$id"
talk said/new 1.0.0 "${both%%, *}" "$id" "$id"
check 'a message that an operation no longer names breaks those who hear it' run 1 said/old said/new
check 'and is told' says 'no operation publishes it any more; heard by ship (hear)'
check 'one service alone, too' run 1 said/old/shop.yaml said/new/shop.yaml
talk wide 1.0.0 "$both" "$any" "$id"
sed -i 's/version: 1.0.0/version: 1.1.0/' wide/ship.yaml
check 'a copy that expects less breaks nobody' run 0 said/old wide
mkdir alone
cp said/old/shop.yaml alone/
check 'a listener that is gone breaks nobody' run 0 said/old alone
sed "s|^  say: .*|  answer: {action: receive, channel: {\$ref: '#/channels/placed'}, reply: {channel: {\$ref: '#/channels/placed'}, messages: [{\$ref: '#/channels/placed/messages/Answer'}]}}|" \
    said/old/shop.yaml >reply.yaml
sed 's|, reply: .*|}|' reply.yaml >silent.yaml
check 'a reply that is no longer given breaks' run 1 reply.yaml silent.yaml
check 'and is told as well' says 'reply Answer: a message was removed'
mkdir -p twins/old/v1 twins/old/v2
cp alone/shop.yaml twins/old/v1/
cp alone/shop.yaml twins/old/v2/
cp -r twins/old twins/new
sed -i 's/{id: {type: string}}/{id: {type: integer}}/' twins/new/v2/shop.yaml
check 'of two files with one name each is compared with its own' run 1 twins/old twins/new

avro="{schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: {\$ref: './user.avsc'}}"
talk repo/avro 1.0.0 "$both" "$id" "$avro"
rm repo/avro/ship.yaml
echo '{"type": "record", "name": "User", "fields": [{"name": "id", "type": "string"}]}' >repo/avro/user.avsc
commit avro
check 'a foreign schema in a file of its own is the same as itself' run 0 git:avro repo/avro
sed -i 's/"type": "string"/"type": "int"/' repo/avro/user.avsc
check 'and unknown when that file changes' run 1 git:avro repo/avro
newer="{schemaFormat: 'application/schema+json;version=draft-2020-12', schema: {type: object, properties: {id: {\$ref: '#/channels/placed/messages/Placed/x-id', maxLength: 5}}}}, x-id: {type: string}"
talk newer/old 1.0.0 "$both" "$id" "$newer"
talk newer/new 1.0.0 "$both" "$id" "${newer/5/3}"
check 'a newer schema is the same as itself' run 0 newer/old/shop.yaml newer/old/shop.yaml
check 'what stands beside its reference is not overlooked' run 1 newer/old/shop.yaml newer/new/shop.yaml
check 'but unknown' says 'ref are not compared'
talk default 1.0.0 "$both" "$id" "{schemaFormat: 'application/vnd.aai.asyncapi+json;version=3.0.0', schema: $id}"
check 'the default schema format, written out, is no change' run 0 said/old/shop.yaml default/shop.yaml
check 'and none is told' says 'no difference that matters'
check 'a history without tags is told' bash -c "git init -q untagged && cp '$shop'/jobs.yaml untagged/ && git -C untagged add -A &&
    git -C untagged -c user.name=t -c user.email=t@example.com commit -qm x && '$quadrille' contract diff git:HEAD untagged --history git 2>&1 | grep -q 'has no tags'"
# A payload with an address of its own, and references to the components of its document.
printf '%s\n' 'asyncapi: 3.0.0' 'info: {title: c, version: 1.0.0}' 'channels:' \
    "  c: {address: c, messages: {M: {payload: {\$id: 'https://x/order.json', properties: {a: {\$ref: '#/components/schemas/A'}, b: {\$ref: 'more.json'}}}}}}" \
    'components: {schemas: {A: {type: string}}}' >own-id.yaml
check 'a payload with an $id is the same as itself' run 0 own-id.yaml own-id.yaml --fail-on risky
sed 's/A: {type: string}/A: {type: integer}/' own-id.yaml >own-id2.yaml
check 'and what its references lead to is compared' run 1 own-id.yaml own-id2.yaml
check 'with its rule' says '/a: the type was replaced by another [P11]'
# Thousands of words before one break.
for version in old new; do
    awk -v word=$version 'BEGIN {
        print "asyncapi: 3.0.0\ninfo: {title: t, version: 1.0.0}\nchannels:"
        for (c = 0; c < 8; c++) {
            printf "  c%d:\n    address: c%d\n    messages:\n      M%d:\n        payload:\n          type: object\n          properties:\n", c, c, c
            for (i = 0; i < 1500; i++) printf "            p%d: {description: %s}\n", i, word
        }
        printf "  last: {address: last, messages: {Last: {payload: {type: %s}}}}\n", word == "old" ? "string" : "integer"
    }' >"$version.yaml"
done
check 'a break is not lost among thousands of words' run 1 old.yaml new.yaml
check 'but told' says '[P11]'
# Thousands of words, or of changed defaults, and what stands behind them: a changed content, a version that was not.
sed 's/type: integer/type: string/' new.yaml >words.yaml
sed 's/description:/default:/' old.yaml >old-defaults.yaml
sed 's/description:/default:/' words.yaml >new-defaults.yaml
check 'thousands of words alone fail nowhere' run 0 old.yaml words.yaml
sed -i '$s/{type: string}/{type: string, minLength: 0}/' words.yaml new-defaults.yaml
check 'a version that was not raised fails behind thousands of words' run 1 old.yaml words.yaml
check 'and is told' says '[V2]'
check 'with what did not fit in the list' says 'more did not fit in the list'
check 'behind thousands of risks as well' run 1 old-defaults.yaml new-defaults.yaml
check 'where it is told, too' says '[V2]'
check 'what fails by its level fails though it is not in the list' run 1 old-defaults.yaml new-defaults.yaml --fail-on risky --json
check 'and is counted' says '"left_out": '
sed 's/type: integer/type: string/' new.yaml >words.yaml
sed -i '$s/{type: string}/{type: string, properties: {more: {}}}/' words.yaml
check 'as does a version behind them though nothing of its reason is in the list' run 1 old.yaml words.yaml
check 'with its rule' says '[V2]'
# Thousands of breaks that a new major version announces, and one behind them whose address has a version of its own.
sed 's/{description: old}/{type: string}/; s/address: last/address: last.v1/' old.yaml >old-breaks.yaml
sed 's/{description: new}/{type: integer}/; s/address: last/address: last.v1/; s/version: 1.0.0/version: 2.0.0/' new.yaml >new-breaks.yaml
check 'what is not announced fails behind thousands of announced breaks' run 1 old-breaks.yaml new-breaks.yaml
check 'and is counted' says '[V1]'
sed -i '$d' old-breaks.yaml
sed -i '$d' new-breaks.yaml
check 'announced ones alone pass' run 0 old-breaks.yaml new-breaks.yaml
check 'a folder is no schema, and has its name in the message' run 2 --schema . one.json
check 'as it was given' complains '.: is a folder'
echo "1..$number"
