#!/bin/sh
# SPDX-License-Identifier: MIT
#
# table-doc.sh check TOP    TAP: the example and the manual pages say what the
#                           tables of lib say
# table-doc.sh update TOP   makes them say so
# TOP is the source tree. Runs ./table-doc of the working directory.
set -eu
mode=${1:-check} top=${2:-${top_srcdir:-..}}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# What stands between these two lines of a page is the program's.
page() { # FILE LIST
  ./table-doc "$2" >"$tmp/list"
  awk -v list="$tmp/list" '
    /^\.\\" table-doc: end/ { inside = 0 }
    !inside { print }
    /^\.\\" table-doc: begin/ {
      inside = 1
      while ((getline line < list) > 0)
        print line
    }' "$top/$1"
}
./table-doc ini >"$tmp/1"
page conf.d/chatmail.ini.5 settings >"$tmp/2"
page milter/chatmail-milter.8 rules >"$tmp/3"

number=0
[ "$mode" = update ] || echo 1..3
for file in conf.d/chatmail.ini conf.d/chatmail.ini.5 \
  milter/chatmail-milter.8; do
  number=$((number + 1))
  if [ "$mode" = update ]; then
    cat "$tmp/$number" >"$top/$file"
  elif cmp -s "$top/$file" "$tmp/$number"; then
    echo "ok $number - $file says what the table says"
  else
    diff -u "$top/$file" "$tmp/$number" | sed 's/^/# /'
    echo "# run: make -C conf.d update-doc"
    echo "not ok $number - $file says what the table says"
  fi
done
