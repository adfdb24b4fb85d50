#!/usr/bin/env bash
# Whether the program is built as docs/threat-model.md has it: position-independent, relocations read-only and bound at the
# start, stack not executable, stack protector; in optimised builds also checked copies (FORTIFY).
#   hardening_test.sh PROGRAM BUILD_TYPE
set -euo pipefail
program="$1"
build_type="$2"
failed=0

# Here-strings: grep -q would end the pipe early, and pipefail would take that for a failure.
headers="$(readelf -hlW "$program")"
dynamic="$(readelf -dW "$program")"
symbols="$(readelf --dyn-syms -W "$program")"

expect() {  # WHAT PATTERN TEXT
  if ! grep -Eq "$2" <<< "$3"; then
    echo "FAILED: $1" >&2
    failed=1
  fi
}

expect "position-independent executable" 'Type: +DYN' "$headers"
expect "relocations made read-only" 'GNU_RELRO' "$headers"
expect "all symbols bound at the start" '\(FLAGS(_1)?\).*(BIND_)?NOW' "$dynamic"
expect "a stack that is not executable" 'GNU_STACK.* RW +0x' "$headers"
expect "stack protector" '__stack_chk_fail' "$symbols"
if [[ "$build_type" == Release || "$build_type" == RelWithDebInfo ]]; then
  expect "checked copies" '__[a-z]+_chk(@|$)' "$(grep -v stack_chk <<< "$symbols")"
fi
if grep -Eq '\((RPATH|RUNPATH)\)' <<< "$dynamic"; then
  echo "FAILED: libraries are looked for in a folder of the build machine's" >&2
  failed=1
fi
exit "$failed"
