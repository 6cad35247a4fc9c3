#!/bin/sh
# SPDX-License-Identifier: MIT
#
# chatmail-config's command line. Part of `make check`: no root, no servers.
set -u
program=${CM_BUILDDIR:?is the build folder}/conf.d/chatmail-config
example=${CM_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/conf.d/chatmail.ini
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

# is NAME WANTED GOT
is() {
	count=$((count + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $count - $1"
		return
	fi
	failed=1
	echo "not ok $count - $1"
	printf '%s\n' "wanted: $2" "got: $3" | sed 's/^/# /'
}

# ask ARGUMENT...: its standard output, then its exit status
ask() {
	status=0
	out=$("$program" "$@" 2>"$tmp/err") || status=$?
	printf '%s\n' "${out:+$out
}$status"
}

long=$(printf '%08000d' 0 | tr 0 a)
cat >"$tmp/ini" <<END
[params]
mail_domain = Chat.Example.Org
max_message_size = 31457280
mailboxes_dir = /srv/mail/{mail_domain}
server_comment = $long
END
is "values of keys, as they are in force" "chat.example.org
30M
0660
yes
0" "$(ask -c "$tmp/ini" mail_domain max_message_size milter_socket_mode \
	strict_headers)"
is "a long value is whole" "$long
0" "$(ask -c "$tmp/ini" server_comment)"
is "-n: what the file has" "mail_domain
mailboxes_dir
max_message_size
server_comment" "$("$program" -n -c "$tmp/ini" | sed 's/ =.*//')"
{
	echo "[params]"
	"$program" -c "$tmp/ini"
} >"$tmp/again"
is "what it prints is a chatmail.ini that says the same" "" "$(
	"$program" -c "$tmp/again" >"$tmp/third"
	sed 1d "$tmp/again" | diff - "$tmp/third"
)"
is "the example that is installed is one" 0 "$(ask -n -c "$example" |
	tail -n 1)"
is "no such key: said, status 2" "2 1" "$(ask -c "$tmp/ini" mail_domian) $(
	"$program" -c "$tmp/ini" mail_domian 2>&1 | grep -c mail_domian)"
is "a key of chatmail/relay that means nothing here is none" 2 \
	"$(ask -c "$tmp/ini" filtermail_smtp_port)"
is "no such file: status 2, its name" "2 1" "$(ask -c "$tmp/none") $(
	grep -c "$tmp/none" "$tmp/err")"
echo "trim_to = many" >>"$tmp/ini"
is "a bad value: status 2, file and line" "2 1" "$(ask -c "$tmp/ini") $(
	"$program" -c "$tmp/ini" 2>&1 | grep -c "^chatmail-config: $tmp/ini:6: ")"
is "an option that is none: status 2, how it is called" "2 1" "$(ask -x) $(
	grep -c "^usage: chatmail-config" "$tmp/err")"
is "-V" 1 "$("$program" -V | grep -c '^chatmail-config [0-9]')"

echo "1..$count"
exit $failed
