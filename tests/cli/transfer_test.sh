#!/bin/sh
# cardstock import and export on a store of their own: what goes in comes out, with its time.
set -eu
cardstock=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "FAILED: $1" >&2; exit 1; }

printf 'the secret\n' > secret
chmod 600 secret
cat > site.toml <<'END'
[threatconnect]
api_id = "one"
api_secret_file = "secret"
[store]
path = "rows.db"
END
sed 's/"one"/"two"/; s/rows.db/other.db/' site.toml > other.toml
unset CARDSTOCK_CONFIG THREATCONNECT_BASE_URL THREATCONNECT_API_ID THREATCONNECT_API_SECRET THREATCONNECT_TOKEN

"$cardstock" export --config site.toml > none 2> err && fail "there was no store to export"
grep -q 'store.path' err || fail "the setting was not named: $(cat err)"
[ ! -e rows.db ] || fail "export made a store"

line='{"tenant":"01010101010101010101010101010101","type":"InternetDomainName","name":"NAME","fetched_at_ms":1234567890123,"asked":["NAME"],"record":{"v":1,"copies":[]}}'
for name in a.test b.test; do echo "$line" | sed "s/NAME/$name/g"; done > rows.ndjson
"$cardstock" import --config site.toml rows.ndjson 2> err || fail "import: $(cat err)"
grep -q '^2 stored' err || fail "import counted: $(cat err)"
grep -q '"action":"import","who":"[^"]*(uid [0-9]*)","what":"1 files: 2 stored, 0 skipped, 0 refused, 0 failed","outcome":"done"' rows.db.audit ||
  fail "audited: $(cat rows.db.audit)"
grep -q -e secret -e a.test rows.db.audit && fail "the audit says too much: $(cat rows.db.audit)"
"$cardstock" export --config site.toml 2> err | sort > out
[ "$(wc -l < out)" = 2 ] || fail "exported: $(cat out err)"
grep -q '"name":"b.test","fetched_at_ms":1234567890123,' out || fail "the time was not kept: $(cat out)"
grep -q '"tenant":"01' out && fail "the rows did not become the configured credential's"

# Another credential: nothing of its own, all with --all-tenants.
sed 's/other.db/rows.db/' other.toml > stranger.toml
[ -z "$("$cardstock" export --config stranger.toml 2> /dev/null)" ] || fail "a stranger's rows were exported"
[ "$("$cardstock" export --config stranger.toml --all-tenants 2> /dev/null | wc -l)" = 2 ] || fail "--all-tenants"

# From one store into another, through a pipe; a bad line is told, and ends with 6.
{ cat out; echo nonsense; } | "$cardstock" import --config other.toml 2> err && fail "a bad line was not told"
grep -q -- '-:3: not a JSON object' err || fail "the line was not named: $(cat err)"
grep -q '^2 stored, 0 skipped .*, 1 refused' err || fail "counts: $(cat err)"
status=0
"$cardstock" import --config other.toml out /dev/null 2> err || status=$?
[ "$status" = 0 ] || fail "status $status"
grep -q '^0 stored, 2 skipped' err || fail "rows as young were stored again: $(cat err)"
status=0
echo nonsense | "$cardstock" import --config other.toml - 2> /dev/null || status=$?
[ "$status" = 6 ] || fail "status $status for a refused line"
[ "$(stat -c %a rows.db)" = 600 ] || fail "mode of the store"
