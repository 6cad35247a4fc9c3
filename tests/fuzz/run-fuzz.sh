#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `make fuzz FUZZ_SECONDS=60 [FUZZ_TARGETS="armor message"]`: runs each target
# that long on its seeds and what earlier runs found (corpus/), and prints a
# table. Exit status 1 if any crashed, leaked, hung or broke an assertion; the
# input that did it is in crashes/.
set -u
seconds=${FUZZ_SECONDS:-60}
srcdir=${srcdir:-.}
top_srcdir=${top_srcdir:-../..}
targets=${FUZZ_TARGETS:-$(ls fuzz-* 2>/dev/null |
  sed -n 's/^fuzz-\([a-z0-9]*\)$/\1/p')}
case $seconds in
'' | *[!0-9]*)
  echo "FUZZ_SECONDS is not a number: $seconds" >&2
  exit 2
  ;;
esac
mkdir -p corpus crashes logs
failed=0

printf '%-10s %8s %12s %9s %7s %9s %7s  %s\n' target seconds executions \
  per-sec edges features corpus result
for target in $targets; do
  [ -x "fuzz-$target" ] || {
    echo "no such target: $target" >&2
    failed=1
    continue
  }
  mkdir -p "corpus/$target"
  set -- "corpus/$target"
  for folder in "$srcdir/seeds/$target" \
    $(sed -n "s|^$target: *|$top_srcdir/|p" "$srcdir/seeds/folders"); do
    [ -d "$folder" ] && set -- "$@" "$folder"
  done
  [ -f "$srcdir/dict/$target.dict" ] &&
    set -- "-dict=$srcdir/dict/$target.dict" "$@"
  log=logs/$target.log
  # the time-out behind it is for a fuzzer that does not stop by itself
  timeout -k 10 $((seconds + 120)) "./fuzz-$target" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="crashes/$target-" "$@" >"$log" 2>&1
  status=$?
  result=ok
  # The clock that says so is the machine's, which may have had other things to
  # do: such an input has to be as slow once more, alone.
  slow=$(sed -n 's/.*Test unit written to \(.*-timeout-[0-9a-f]*\)$/\1/p' "$log")
  if [ $status -ne 0 ] && [ -f "$slow" ]; then
    timeout -k 10 120 "./fuzz-$target" -timeout=10 -rss_limit_mb=2048 "$slow" \
      >"$log.again" 2>&1
    status=$?
    result="ok, but for 10 s once, not again: $slow: $(grep -E -m 1 \
      '^Executed ' "$log.again")"
    cat "$log.again" >>"$log"
  fi
  if [ $status -ne 0 ]; then
    failed=1
    result="FAILED ($status): $(grep -E -m 1 \
      'does not hold|SUMMARY|ERROR: libFuzzer|runtime error' "$log")"
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  per_second=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  # the last "#N  NEW cov: 12 ft: 34 corp: 5/6b ..." line
  progress=$(grep -E '^#[0-9]+.*cov: ' "$log" | tail -n 1)
  edges=$(echo "$progress" | sed -n 's/.*cov: \([0-9]*\).*/\1/p')
  features=$(echo "$progress" | sed -n 's/.*ft: \([0-9]*\).*/\1/p')
  corpus=$(echo "$progress" | sed -n 's/.*corp: \([0-9]*\).*/\1/p')
  printf '%-10s %8s %12s %9s %7s %9s %7s  %s\n' "$target" "$seconds" \
    "${executions:--}" "${per_second:--}" "${edges:--}" "${features:--}" \
    "${corpus:--}" "$result"
done
[ $failed = 0 ] || echo "logs are in $PWD/logs, inputs in $PWD/crashes" >&2
exit $failed
