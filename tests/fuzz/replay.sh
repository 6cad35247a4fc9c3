#!/bin/sh
# SPDX-License-Identifier: MIT
#
# replay.sh PROGRAM: runs one fuzz target once over its seeds. TAP. Built with
# libFuzzer, a target does not speak it, and is one test.
set -u
target=$(basename "$1" | sed 's/^fuzz-//')
folders=
for folder in "$srcdir/seeds/$target" \
  $(sed -n "s|^$target: *|$top_srcdir/|p" "$srcdir/seeds/folders"); do
  [ -d "$folder" ] && folders="$folders $folder"
done
if [ -z "$folders" ]; then
  echo "1..0 # SKIP $target has no seeds"
  exit 0
fi
if [ "$CM_FUZZ" = no ]; then
  # shellcheck disable=SC2086
  exec "${SHELL:-sh}" "$top_builddir/m4/run-test.sh" "$1" $folders
fi
echo 1..1
mkdir -p crashes
# shellcheck disable=SC2086
if output=$("$1" -runs=0 -artifact_prefix=crashes/ $folders 2>&1); then
  echo "ok 1 - $target"
else
  echo "$output" | sed 's/^/# /'
  echo "not ok 1 - $target"
fi
