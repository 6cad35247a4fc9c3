#!/bin/sh
# SPDX-License-Identifier: MIT
#
# chatmail-postconf on the configurations that it meets: Debian's, none, and
# chatmail/relay's. Part of `make check`: postconf alone, no root, no servers.
set -u
PATH=$PATH:/usr/sbin:/sbin
program=${CM_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
program=$program/conf.d/postfix/chatmail-postconf
CHATMAIL_CONFIG=${CM_BUILDDIR:?is the build folder}/conf.d/chatmail-config
export CHATMAIL_CONFIG

command -v postconf >/dev/null || {
	echo "1..0 # SKIP postconf is not installed"
	exit 0
}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
proto=$(postconf -d -h meta_directory)/master.cf.proto
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

# configure DIR [MAIL_DOMAIN [OPTION]]
configure() {
	printf '[params]\nmail_domain = %s\n' "${2-chat.example.org}" \
		>"$tmp/chatmail.ini"
	configure_as_is "$1" "${3-}"
}

# The same with $tmp/chatmail.ini as it is.
configure_as_is() {
	status=0
	# shellcheck disable=SC2086
	sh "$program" ${2-} -c "$tmp/$1" "$tmp/chatmail.ini" \
		>"$tmp/out" 2>"$tmp/err" || status=$?
	[ $status = 0 ] || echo "# exit status $status"
}

get() { # DIR PARAMETER
	postconf -c "$tmp/$1" -xh "$2" 2>/dev/null
}

services() { # DIR NAME/TYPE...: as they are, blanks squeezed
	directory=$tmp/$1
	shift
	for service; do
		postconf -c "$directory" -M "$service" 2>/dev/null
	done | tr -s ' '
}

policy() { # DIR DOMAIN
	postmap -c "$tmp/$1" -q "$2" "$(get "$1" smtp_tls_policy_maps)"
}

mkdir "$tmp/none"
configure none chat.example.org -n
is "-n writes nothing" "" "$(ls "$tmp/none")"
# As quoted for a shell: run what was printed, and it is the same.
cp "$tmp/out" "$tmp/commands"
sh "$tmp/commands" 2>/dev/null
mkdir "$tmp/twice"
configure twice
sed "s|$tmp/none|$tmp/twice|g" "$tmp/none/main.cf" >"$tmp/expected"
is "what it prints can be run as it stands" "" \
	"$(diff "$tmp/expected" "$tmp/twice/main.cf")"
is "without main.cf it makes one" chat.example.org "$(get twice myhostname)"
is "cleanup is out of the chroot" "cleanup unix n - n - 0 cleanup" \
	"$(services twice cleanup/unix)"
cp "$tmp/twice/main.cf" "$tmp/once"
configure twice
is "a second time changes nothing" "" \
	"$(diff "$tmp/once" "$tmp/twice/main.cf")"

# What the ini says is what every program of ours reads in it.
cat >"$tmp/chatmail.ini" <<-END
	[params]
	mail_domain = chat.example.org
	max_message_size =
	    50M
	max_smtp_connections = 500
	[other]
	mail_domain = evil.example
END
mkdir "$tmp/odd"
configure_as_is odd >/dev/null
is "other sections are none of it; a value may stand on the next line" \
	"chat.example.org 52428800 500" \
	"$(get odd chatmail_domain) $(get odd message_size_limit) $(
		services odd submission/inet | awk 'NR == 1 { print $7 }')"
for line in "max_message_size = 30x" "max_smtp_connections = lots" \
	"mail_domain = [192.0.2.1]" "milter_socket = relative"; do
	mkdir "$tmp/refused"
	printf '[params]\n%s\nmail_domain = chat.example.org\n' "$line" \
		>"$tmp/chatmail.ini"
	configure_as_is refused >/dev/null
	is "$line: refused with file and line, and nothing is written" "1 1 " \
		"$status $(grep -c "chatmail.ini:2: " "$tmp/err") $(
			ls "$tmp/refused")"
	rm -rf "$tmp/refused"
done
rm "$tmp/chatmail.ini"
configure_as_is odd >/dev/null
is "no chatmail.ini is said" "1 1" \
	"$status $(grep -c 'cannot read .*: name your' "$tmp/err")"
printf '[params]\nmail_domain = chat.example.org\n' >"$tmp/chatmail.ini"
CHATMAIL_CONFIG=$tmp/nothing
PATH=/usr/bin:/bin configure_as_is odd >/dev/null
CHATMAIL_CONFIG=$CM_BUILDDIR/conf.d/chatmail-config
is "so is that nothing can read it" "1 1" \
	"$status $(grep -c 'chatmail-config is missing' "$tmp/err")"

# Debian's, with a name and without.
mkdir "$tmp/debian"
cp "$proto" "$tmp/debian/master.cf"
cat >"$tmp/debian/main.cf" <<-END
	myhostname = vm.localdomain
	inet_interfaces = loopback-only
	relayhost = [mail.example.net]:587
END
configure debian
is "a name that is none becomes the domain" chat.example.org \
	"$(get debian myhostname)"
is "local only ends" all "$(get debian inet_interfaces)"
is "a smart host stays" "[mail.example.net]:587" "$(get debian relayhost)"
is "and is spoken of" 1 "$(grep -c 'relayhost, \[mail' "$tmp/err")"
postconf -c "$tmp/debian" -e myhostname=mx.example.org \
	inet_interfaces=127.0.0.1 "smtp_tls_policy_maps=inline:{a=b}"
configure debian
is "a name with a dot stays" "mx.example.org mx.example.org" \
	"$(get debian myhostname) $(get debian smtp_helo_name)"
is "servers that do not answer leave room for the others" \
	"smtp unix - - y - 500 smtp" "$(services debian smtp/unix)"
is "addresses stay" 127.0.0.1 "$(get debian inet_interfaces)"
is "a policy map stays" "inline:{a=b}" "$(get debian smtp_tls_policy_maps)"

mkdir "$tmp/ip"
configure ip 192.0.2.7
is "an IPv4 relay has a name of its own" \
	"7.2.0.192.in-addr.arpa [192.0.2.7] [192.0.2.7]" \
	"$(get ip myhostname) $(get ip smtp_helo_name) $(get ip myorigin)"
is "certificates: of those who cannot have one, none" "encrypt encrypt" \
	"$(policy ip '[192.0.2.8]') $(policy ip _relay.example.org)"
is "but of a smart host and a domain" " " \
	"$(policy ip '[mail.example.net]') $(policy ip example.org)"
is "nauta.cu may come without, and nobody else of that name" "may  " \
	"$(policy ip nauta.cu) $(policy ip nautaxcu) $(policy ip a.nauta.cu)"

# What chatmail/relay 1.12 has in its own, as far as it concerns us.
mkdir "$tmp/upstream"
sed '/^smtp *inet/d' "$proto" >"$tmp/upstream/master.cf"
cat >>"$tmp/upstream/master.cf" <<-END
	smtp inet n - y - - smtpd -o smtpd_proxy_filter=127.0.0.1:10081
	submission inet n - y - 1000 smtpd -o smtpd_proxy_filter=127.0.0.1:10080
	smtps inet n - y - 1000 smtpd -o smtpd_proxy_filter=127.0.0.1:10080
	127.0.0.1:10025 inet n - n - 100 smtpd -o syslog_name=postfix/reinject
	127.0.0.1:10026 inet n - n - 100 smtpd -o syslog_name=postfix/reinject_incoming
	127.0.0.1:10027 inet n - n - 100 smtpd -o syslog_name=postfix/mine
	authclean unix n - - - 0 cleanup
	lmtp-filtermail unix - - y - 500 lmtp
END
cat >"$tmp/upstream/main.cf" <<-END
	myhostname = chat.example.org
	relayhost =
	default_transport = lmtp-filtermail:inet:[127.0.0.1]:10083
	lmtp-filtermail_initial_destination_concurrency=10000
	milter_macro_daemon_name = ORIGINATING
END
configure upstream
is "chatmail/relay: mail leaves by smtp" smtp \
	"$(get upstream default_transport)"
is "nothing of its filter stays" "" \
	"$(grep -i 'filter' "$tmp/upstream/main.cf" "$tmp/upstream/master.cf" |
		grep -v '^[^:]*:#\|internal_mail_filter')"
is "nor its ports, nor a second service on 465" "" "$(services upstream \
	smtps/inet 127.0.0.1:10025/inet 127.0.0.1:10026/inet authclean/unix)"
is "a port of somebody else's stays" \
	"127.0.0.1:10027 inet n - n - 100 smtpd -o syslog_name=postfix/mine" \
	"$(services upstream 127.0.0.1:10027/inet | tr '\n' ' ' |
		tr -s ' ' | sed 's/ $//')"
is "port 25 does not take its name for what comes in" 1 \
	"$(services upstream smtp/inet |
		grep -c 'milter_macro_daemon_name=incoming')"

echo "1..$count"
exit $failed
