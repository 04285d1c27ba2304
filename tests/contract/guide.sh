#!/usr/bin/env bash
# Runs what docs/contracts.md tells people to type, and the CI examples on changes that are harmless, breaking and wrong. TAP.
#   guide.sh SOURCE QUADRILLE
set -euo pipefail
SOURCE=$(realpath "$1") QUADRILLE=$(realpath "$2")
DOCUMENT=$SOURCE/docs/contracts.md
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
TEST=0 FAILED=0

# verdict NAME WANTED STATUS: what was printed is in the file `output`.
verdict() {
    TEST=$((TEST + 1))
    if [ "$2" -eq "$3" ]; then
        echo "ok $TEST - $1"
    else
        FAILED=$((FAILED + 1))
        echo "not ok $TEST - $1: exit $3 instead of $2"
        sed 's/^/# /' "$SCRATCH/output" | tail -n 20
    fi
}

# section HEADING LANGUAGE: the lines of the section's blocks in that language.
section() {
    awk -v heading="## $1" -v fence="\`\`\`$2" '
        /^## / { inside = $0 == heading }
        $0 == "```" { open = 0 }
        inside && open { print }
        inside && $0 == fence { open = 1 }' "$DOCUMENT"
}

# run_line LINE → its status.
run_line() {
    local status=0
    (cd "$SCRATCH/tree" && eval "$1") >"$SCRATCH/output" 2>&1 </dev/null || status=$?
    printf '%s' "$status"
}

quadrille() { "$QUADRILLE" "$@"; }

git_() { git -C "$SCRATCH/tree" -c user.name=test -c user.email=test@example.org -c init.defaultBranch=main "$@"; }

mkdir -p "$SCRATCH/tree/tests/contract"
cp -r "$SOURCE/events" "$SCRATCH/tree/"
cp -r "$SOURCE/tests/contract/guide" "$SCRATCH/tree/tests/contract/"
cp -r "$SOURCE/tests/contract/guide/contracts" "$SCRATCH/tree/contracts"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git_ init -q
git_ add -A
git_ commit -q -m first
git_ update-ref refs/remotes/origin/main HEAD
CI_MERGE_REQUEST_DIFF_BASE_SHA=$(git_ rev-parse HEAD)
export CI_MERGE_REQUEST_DIFF_BASE_SHA

# ---- the guide --------------------------------------------------------------------------------

mapfile -t lines < <(section 'The tool, for these contracts and for yours' sh | grep '^quadrille ')
for line in "${lines[@]}"; do
    verdict "$line" 0 "$(run_line "$line")"
done
[ ${#lines[@]} -ge 8 ] || { echo "Bail out! the guide's commands were not found"; exit 1; }

# ---- the tool's own help ----------------------------------------------------------------------

# Every command has an example, and every example works; that which listens to a broker is tested elsewhere.
(
    cd "$SCRATCH/tree"
    cp -r contracts old
    cp tests/contract/guide/order.schema.json tests/contract/guide/order.json .
    cp order.schema.json old.schema.json
    cp order.schema.json new.schema.json
    echo '{"orderId": "01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b", "total": 999}' | tee payload.json >payloads.jsonl
    echo '{"exchange": "shop", "routing_key": "shop.order-placed", "body": '"$(cat payload.json)"'}' >message.json
)
"$QUADRILLE" contract --help >"$SCRATCH/help"
while read -r command; do
    grep -q "^  quadrille $command .*[^ ]" <(sed '/^Commands:/,$d' "$SCRATCH/help") || echo "$command"
done < <(sed -nE '/^Commands:/,$ s/^  (contract [a-z]+) .*/\1/p' "$SCRATCH/help") >"$SCRATCH/output"
verdict "the help has an example of every command" 0 "$(wc -l <"$SCRATCH/output")"
mapfile -t lines < <(sed '/^Commands:/,$d' "$SCRATCH/help" | sed -n 's/^  \(quadrille .*\)/\1/p' | grep -v -- ' --queue ')
for line in "${lines[@]}"; do
    verdict "$line" 0 "$(run_line "$line")"
done
[ ${#lines[@]} -ge 12 ] || { echo "Bail out! the help's examples were not found"; exit 1; }

# ---- the gate ---------------------------------------------------------------------------------

# gate_lines LANGUAGE: each line that runs the tool, without its path.
gate_lines() {
    section 'In your CI' "$1" | sed -nE 's/^ *(- )?(run: )?(\/opt\/[^ ]*\/)?(quadrille contract .*)/\4/p'
}
mapfile -t gates < <(gate_lines sh && gate_lines yaml)
[ ${#gates[@]} -eq 6 ] || { echo "Bail out! ${#gates[@]} lines of CI examples instead of 6"; exit 1; }

# try CHANGE EXPRESSION LINT DIFF: the statuses of lint and diff after sed has changed the shop's contract.
try() {
    local gate wanted
    sed -i -E "$2" "$SCRATCH/tree/contracts/shop.yaml"
    [ -z "$2" ] || ! git_ diff --quiet || { echo "Bail out! '$1' changed nothing"; exit 1; }
    for gate in "${gates[@]}"; do
        case $gate in
        *' lint '*) wanted=$3 ;;
        *) wanted=$4 ;;
        esac
        [ "$wanted" = any ] || verdict "$1: $gate" "$wanted" "$(run_line "$gate")"
    done
    git_ checkout -q -- contracts
}

try 'nothing changed' '' 0 0
try 'a new optional property' 's/^( *)note: .*/&\n\1gift: {type: boolean}/; s/version: 1.0.0/version: 1.1.0/' 0 0
try 'an optional property became required' 's/required: \[orderId, total\]/required: [orderId, total, note]/; s/payload: \{orderId/payload: {note: x, orderId/' 0 1
try 'a misspelt keyword' 's/minimum: 1/minimun: 1/' 1 any

echo "1..$TEST"
[ "$FAILED" -eq 0 ]
