#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # $schema is JSON's
# `quadrille contract schema` as a program: what it prints, its exit codes, and which files it never reads. Prints TAP.
#   usage: schema-command.sh QUADRILLE
set -euo pipefail

# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"

quadrille=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# run CODE ARGUMENT...: the command ends with that code.
run()
{
    local expected=$1 code=0
    shift
    "$quadrille" contract schema "$@" >stdout 2>stderr </dev/null || code=$?
    [[ $code -eq $expected ]]
}

says() { [[ $(cat stdout) == "$1" ]]; }
complains() { grep -qF -- "$1" stderr; }

mkdir -p schemas/deep outside remote/folder/t
cat >schemas/order.json <<'EOF'
{
  "type": "object",
  "required": ["id"],
  "properties": {
    "id": {"type": "string", "minLength": 1},
    "mail": {"format": "email"},
    "price": {"$ref": "deep/money.json"}
  }
}
EOF
echo '{"properties": {"minor": {"type": "integer", "maximum": 10}}}' >schemas/deep/money.json
echo '{"type": "integer"}' >outside/secret.json
echo '{"type": "integer"}' | tee remote/folder/integer.json >remote/folder/t/integer.json
ln -s ../../outside/secret.json remote/folder/link.json
ln -s folder remote/inner
echo '{"id": "a", "price": {"minor": 5}}' >good.json
printf 'id: a\nprice:\n  minor: 11\n' >bad.yaml
echo '{"id": "", "mail": "nobody"}' >bad.json
echo '{"id": "a", "more": 1}' >more.json
echo '{"id": "a", "id": "b"}' >twice.json

valid() { run 0 --schema schemas/order.json good.json && says ''; }
check 'a valid instance: nothing is printed, exit 0' valid

invalid()
{
    run 1 --schema schemas/order.json good.json bad.json &&
        says 'bad.json: /id: must have at least 1 character (#/properties/id/minLength)
bad.json: /mail: must have the format email (#/properties/mail/format)' && complains '1 of 2 valid'
}
check 'an invalid one: a line for each error, exit 1' invalid

elsewhere()
{
    run 1 --schema schemas/order.json bad.yaml &&
        says 'bad.yaml: /price/minor: must be at most 10 (schemas/deep/money.json#/properties/minor/maximum)'
}
check 'YAML, and a keyword in another file' elsewhere

no_format() { run 1 --schema schemas/order.json --no-format bad.json && ! grep -q format stdout; }
check '--no-format' no_format

closed()
{
    run 0 --schema schemas/order.json more.json && run 1 --schema schemas/order.json --closed more.json &&
        grep -qF 'more.json: /more: is not declared' stdout
}
check '--closed' closed

twice() { run 1 --schema schemas/order.json twice.json && says 'twice.json: has a member that is already there (line 1, byte 13)'; }
check 'a member that is there twice makes an instance invalid' twice

lines()
{
    local code=0
    printf '{"id":"a"}\n\n{"id":1}\nnonsense\n' | "$quadrille" contract schema --schema schemas/order.json - >stdout 2>stderr || code=$?
    [[ $code -eq 1 ]] && says '-:3: /id: must be a string (#/properties/id/type)
-:4: is not valid JSON (line 1, byte 1)' && complains '1 of 3 valid'
}
check 'JSON Lines on standard input' lines

json()
{
    run 1 --schema schemas/order.json --json bad.json &&
        says '{"instance":"bad.json","valid":false,"errors":[{"instance":"/id","schema":"/properties/id/minLength","file":"schemas/order.json","line":5,"column":43,"text":"must have at least 1 character"},{"instance":"/mail","schema":"/properties/mail/format","file":"schemas/order.json","line":6,"column":24,"text":"must have the format email"}]}'
}
check '--json' json

control()
{
    printf '{"id": "a", "x\\u001b[31m": 1}' >control.json
    echo '{"additionalProperties": false, "properties": {"id": true}}' >strict.json
    run 1 --schema strict.json control.json && says 'control.json: /x\u001b[31m: is not allowed (#/additionalProperties)'
}
check 'no control character of an instance reaches the terminal' control

loose_reference()
{
    cat >loose.json <<'EOF'
{"definitions": {"List<Item>": {"type": "array"}}, "$ref": "#/definitions/List<Item>"}
EOF
    run 1 --schema loose.json good.json && says 'good.json: must be an array (#/definitions/List<Item>/type)'
}
check 'a reference with characters that no URI has is understood' loose_reference

wrong_schema()
{
    echo '{"type": "strin", "properties": {"a": {"minimum": "1"}}}' >wrong.json
    run 2 --schema wrong.json good.json && complains 'wrong.json: the schema at /type must be one of' &&
        complains 'wrong.json: the schema at /properties/a/minimum must be a number'
}
check 'a wrong schema is told in full, exit 2' wrong_schema

wrong_usage()
{
    run 2 good.json && complains '--schema FILE is needed' &&
        run 2 --schema absent.json good.json && complains 'absent.json' &&
        run 2 --schema schemas/order.json --resolve nonsense good.json && complains 'URI=DIR' &&
        run 2 --schema schemas/order.json --resolve http://x/=absent good.json && complains 'absent'
}
check 'wrong usage says what to do, exit 2' wrong_usage

absent()
{
    run 2 --schema schemas/order.json absent.json good.json && complains 'absent.json cannot be opened' &&
        run 2 --schema schemas/order.json --json absent.json good.json && [[ $(wc -l <stdout) -eq 2 ]] &&
        grep -qF '"instance":"absent.json","valid":false,"problem":"cannot be opened: ' stdout
}
check 'an instance that is not there: exit 2, with --json a line as well' absent

same_file() { run 1 --schema ./schemas/../schemas/order.json bad.json && grep -qF '(#/properties/id/minLength)' stdout; }
check 'the file of the schema is not named, however it was given' same_file

mark() { printf '\xef\xbb\xbf{"id": "a"}' >mark.json && run 0 --schema schemas/order.json mark.json; }
check 'a byte order mark in front says nothing' mark

cut()
{
    local code=0
    echo '{"id":' | "$quadrille" contract schema --schema schemas/order.json - >stdout 2>stderr || code=$?
    [[ $code -eq 1 ]] && says '-:1: is not valid JSON (line 1, byte 7)'
}
check 'a line that ends too early is line 1 of itself' cut

# JSON that is no YAML, under a name that does not say what it is.
unnamed()
{
    printf '{\n\t"enum": ["\\ud83d\\udc32", "\\u0000"]\n}\n' | tee unnamed >unnamed.json
    echo '"\ud83d\udc32"' >dragon.json
    run 0 --schema unnamed.json dragon.json && run 0 --schema unnamed dragon.json && run 1 --schema unnamed good.json &&
        "$quadrille" contract schema --schema /dev/stdin dragon.json >stdout 2>stderr <unnamed &&
        printf 'enum: [a]\n' >unnamed && run 1 --schema unnamed dragon.json
}
check 'a schema from a pipe is read as JSON, else as YAML' unnamed

other_draft()
{
    echo '{"$schema": "https://json-schema.org/draft/2020-12/schema"}' >newer.json
    echo '{"$schema": "http://json-schema.org/draft-07/schema#"}' >seven.json
    run 0 --schema newer.json good.json && complains 'draft/2020-12/schema, but is judged as draft-07' &&
        run 0 --schema seven.json good.json && ! grep -qF judged stderr
}
check 'a schema of another draft is judged as draft-07, which is said' other_draft

every_draft()
{
    local draft
    for draft in http://json-schema.org/draft-04/schema# http://json-schema.org/draft-06/schema# \
        https://json-schema.org/draft/2019-09/schema https://json-schema.org/draft/2020-12/schema; do
        echo "{\"\$schema\": \"$draft\", \"prefixItems\": [false], \"id\": 1}" >other.json
        run 0 --schema other.json good.json && complains "$draft, but is judged as draft-07" || return 1
    done
    echo '{"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 0, "exclusiveMinimum": true}' >four.json
    run 2 --schema four.json good.json && complains 'exclusiveMinimum' && run 0 --help && grep -qF '$schema' stdout
}
check 'keywords of other drafts say nothing, or are refused where draft-07 has another; the help says so' every_draft

# refers CODE REFERENCE [OPTION...]: a schema of that reference alone, applied to 1.
refers()
{
    local code=$1
    echo "{\"\$ref\": \"$2\"}" >schemas/reference.json
    shift 2
    echo 1 >one.json
    run "$code" --schema schemas/reference.json "$@" one.json
}

resolve=(--resolve http://example.com/s/=remote --resolve http://example.com/t=remote/folder)
remote()
{
    refers 0 http://example.com/s/folder/integer.json "${resolve[@]}" && refers 0 http://example.com/t/integer.json "${resolve[@]}" &&
        refers 0 http://example.com/s/inner/integer.json "${resolve[@]}"
}
check '--resolve, repeated, through a link that stays inside' remote

never()
{
    refers 2 http://example.com/s/folder/integer.json && complains 'nothing is fetched' &&
        refers 2 http://example.com/tt/integer.json "${resolve[@]}" && complains 'nothing is fetched'
}
check 'what no --resolve names is not fetched' never

inside()
{
    refers 2 http://example.com/s/folder/link.json "${resolve[@]}" && refers 2 http://example.com/s/../../outside/secret.json "${resolve[@]}" &&
        refers 2 http://example.com/s/%2e%2e/outside/secret.json "${resolve[@]}" &&
        refers 2 http://example.com/s/..%2foutside%2fsecret.json "${resolve[@]}" &&
        refers 2 http://example.com/s/folder "${resolve[@]}"
}
check 'nothing outside of the given folders is read, through links or dots' inside

root()
{
    refers 2 ../outside/secret.json && complains 'which is no file in schemas' &&
        refers 0 ../outside/secret.json --root . && refers 2 "$folder/outside/secret.json" --root schemas &&
        refers 2 "file://$folder/outside/secret.json" --root .
}
check '--root says how far relative references reach' root

echo "1..$number"
