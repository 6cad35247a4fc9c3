#!/bin/sh
# SPDX-License-Identifier: MIT
#
# settings-doc.sh check SRCDIR   TAP: chatmail.ini and chatmail.ini.5 say what
#                                the table of settings says
# settings-doc.sh update SRCDIR  makes them say so
# Runs ./settings-doc of the working directory.
set -eu
mode=${1:-check} dir=${2:-${srcdir:-.}}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

./settings-doc ini >"$tmp/ini"
./settings-doc mdoc >"$tmp/mdoc"
# What stands between these two lines of the page is the program's.
awk -v list="$tmp/mdoc" '
  /^\.\\" settings-doc: end/ { inside = 0 }
  !inside { print }
  /^\.\\" settings-doc: begin/ {
    inside = 1
    while ((getline line < list) > 0)
      print line
  }' "$dir/chatmail.ini.5" >"$tmp/page"

same() { # NUMBER NAME COMMITTED MADE
  if cmp -s "$3" "$4"; then
    echo "ok $1 - $2"
  else
    diff -u "$3" "$4" | sed 's/^/# /'
    echo "# run: make -C conf.d update-doc"
    echo "not ok $1 - $2"
  fi
}

case $mode in
update)
  cat "$tmp/ini" >"$dir/chatmail.ini"
  cat "$tmp/page" >"$dir/chatmail.ini.5"
  ;;
check)
  echo 1..2
  same 1 "chatmail.ini is what the table says" "$dir/chatmail.ini" "$tmp/ini"
  same 2 "chatmail.ini.5 is what the table says" "$dir/chatmail.ini.5" \
    "$tmp/page"
  ;;
esac
