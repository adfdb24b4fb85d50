#!/usr/bin/env bash
# scripts/prewarm with stand-ins for cardstock and curl: what it hands to them, and how it ends.
set -euo pipefail
script=$1/scripts/prewarm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

check() {
  if [[ $2 != "$3" ]]; then
    printf 'FAILED %s\n  want: %s\n  have: %s\n' "$1" "$3" "$2" >&2
    failures=$((failures + 1))
  fi
}

# Prints its arguments before --, and the content of every file behind it.
cat >"$work/cardstock" <<'STUB'
#!/usr/bin/env bash
options=()
while [[ $1 != -- ]]; do
  options+=("$1")
  shift
done
shift
echo "ARGS ${options[*]}"
for file in "$@"; do gzip -dcf -- "$file" || exit 3; done
exit "${STUB_STATUS:-0}"
STUB
cat >"$work/curl" <<'STUB'
#!/usr/bin/env bash
printf '%s\n' "$*" >>"$STUB_LOG"
cat >>"$STUB_LOG"
[[ $* == *"/v2/url/"* ]] && exit 22
while [[ $1 != --output ]]; do shift; done
printf 'Name\nfetched.test\n' | gzip -c >"$2"
STUB
chmod +x "$work/cardstock" "$work/curl"
export CARDSTOCK=$work/cardstock STUB_LOG=$work/log PATH=$work:$PATH
unset RECORDED_FUTURE_TOKEN RECORDED_FUTURE_TOKEN_FILE RECORDED_FUTURE_URL
run() {
  status=0
  output=$("$script" "$@" 2>"$work/err") || status=$?
}

printf 'Name\nplain.test\n' >"$work/a.csv"
printf 'Name\npacked.test\n' | gzip -c >"$work/b b.csv"
run "$work/a.csv" "$work/b b.csv" -- --dry-run
check "files, plain and gzip" "$output" "$(printf 'ARGS prewarm --dry-run\nName\nplain.test\nName\npacked.test')"
check "status of files" "$status" 0

STUB_STATUS=6 run "$work/a.csv"
check "refused lines are told on" "$status" 6

run --fetch domain
check "a token is needed" "$status" 3
check "nothing is fetched without it" "$([[ -e $work/log ]] && echo yes || echo no)" no

printf 'hunter2\n' >"$work/token"
export RECORDED_FUTURE_TOKEN_FILE=$work/token
run --fetch domain --list large
check "fetched" "$output" "$(printf '== Recorded Future risk list: domain\nARGS prewarm --type InternetDomainName\nName\nfetched.test')"
check "the token goes through standard input" "$(tail -n 1 "$work/log")" 'header = "X-RFToken: hunter2"'
check "and not through arguments" "$(head -n 1 "$work/log" | grep -c hunter2 || true)" 0
check "the address" "$(grep -o 'https://.*' "$work/log")" \
  'https://api.recordedfuture.com/v2/domain/risklist?format=csv%2Fsplunk&gzip=true&list=large'

run --fetch url,ip
check "one list that fails does not stop the next" "$status $(grep -c fetched.test <<<"$output")" "1 1"

run --fetch ip,carrots
check "unknown kind" "$status" 2
run --fetch ip --list '../x'
check "hostile list name" "$status" 2
run
check "nothing to do" "$status" 2
run "$work/none.csv"
check "missing file" "$status" 3

# Told to stop, it tells the program, waits for its end and ends itself.
cat >"$work/waiting" <<'STUB'
#!/usr/bin/env bash
trap 'echo told >"$STUB_LOG.stopped"; exit 7' TERM
echo running >"$STUB_LOG.running"
while :; do read -r -t 0.05 <>"$STUB_LOG.fifo" || true; done
STUB
chmod +x "$work/waiting"
mkfifo "$work/log.fifo"
CARDSTOCK=$work/waiting "$script" "$work/a.csv" >/dev/null 2>&1 &
waiting=$!
until [[ -s $work/log.running ]]; do read -r -t 0.05 <>"$work/log.fifo" || true; done
kill -TERM "$waiting"
status=0
wait "$waiting" || status=$?
check "a stop is told on and awaited" "$status $(cat "$work/log.stopped")" "7 told"
run --nope
check "unknown option" "$status" 2

((failures == 0)) && echo "prewarm script: all checks passed"
exit $((failures > 0))
