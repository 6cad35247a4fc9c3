#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mandoc -Tlint on every manual page of the tree. TAP.
set -u
src=${top_srcdir:-..}

if ! command -v mandoc >/dev/null 2>&1; then
  echo "1..0 # SKIP no mandoc (Debian: mandoc)"
  exit 0
fi
pages=$(cd "$src" && find . -path ./.git -prune -o -path ./_build -prune \
  -o -name '*.[1-8]' -type f -print | grep -E '^\./(conf\.d|milter|postfix-policy|dovecot-plugin)/' | sort)
number=0
for page in $pages; do
  number=$((number + 1))
  # Pages refer to each other and to Dovecot's; what is installed here does
  # not matter.
  complaints=$(mandoc -Tlint "$src/$page" 2>/dev/null |
    grep -v 'referenced manual not found')
  if [ -z "$complaints" ]; then
    echo "ok $number - $page"
  else
    echo "$complaints" | sed 's/^/# /'
    echo "not ok $number - $page"
  fi
done
echo "1..$number"
