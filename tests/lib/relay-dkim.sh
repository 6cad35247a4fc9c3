# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2153,SC2154
#
# relay-dkim.sh: OpenDKIM for a relay of relay.sh; to be sourced behind it.
#
#   RELAY_DKIM="remote.test evil.test"   domains, for relay_init
#   relay_init DIR ...                   as ever; relay_start and relay_stop too
#   relay_start_dkim DIR                 OpenDKIM alone, and
#   relay_stop_dkim DIR                  its end
#
# To this OpenDKIM the relay's domain and those of RELAY_DKIM are the whole
# DNS: they have keys, no other name exists, and nobody is asked. Names below
# tempfail.test have a server that does not answer. The private keys are
# DIR/dkim/DOMAIN.private.

# relay_dkim_name DIR DOMAIN: a key for DOMAIN, unless there is one, and its
# DNS record in the resolver's settings.
relay_dkim_name() {
	[ -e "$1/dkim/$2.private" ] ||
		openssl genrsa -out "$1/dkim/$2.private" 2048 2>/dev/null
	printf "  local-data: 'opendkim._domainkey.%s. TXT %s'\n" "$2" "$(
		openssl rsa -in "$1/dkim/$2.private" -pubout -outform DER \
			2>/dev/null | openssl base64 -A |
			sed 's/^/v=DKIM1;k=rsa;p=/' | fold -w 200 |
			sed 's/.*/"&"/' | tr '\n' ' ')" >>"$1/dkim/dns.conf"
}

# OpenDKIM by the shipped program, its DNS a file.
relay_init_dkim() {
	relay_need opendkim opendkim || return 1
	mkdir "$1/dkim" "$1/dkim/shipped" "$1/run-dkim-sign" \
		"$1/run-dkim-verify"
	chown opendkim:postfix "$1/dkim" "$1/run-dkim-sign" \
		"$1/run-dkim-verify"
	for relay_name in chatmail-dkim opendkim-sign.conf \
		opendkim-verify.conf; do
		relay_paths "$1" | sed -f /dev/stdin \
			"$relay_conf_d/opendkim/$relay_name" \
			>"$1/dkim/shipped/$relay_name"
	done
	cp "$relay_conf_d/ini.sh" "$1/dkim/"
	sh "$1/dkim/shipped/chatmail-dkim" -d "$1/dkim" "$1/chatmail.ini" \
		>"$1/dkim/record" 2>"$1/log/dkim.log" || {
		relay_error "chatmail-dkim failed: $1/log/dkim.log"
		return 1
	}
	cat >"$1/dkim/dns.conf" <<-EOF
		server:
		  do-not-query-localhost: no
		  local-zone: "." static
		  local-zone: "tempfail.test." transparent
	EOF
	ln -s opendkim.private "$1/dkim/$RELAY_DOMAIN.private"
	for relay_arg in $RELAY_DOMAIN $RELAY_DKIM; do
		relay_dkim_name "$1" "$relay_arg"
	done
	cat >>"$1/dkim/dns.conf" <<-EOF
		forward-zone:
		  name: "tempfail.test."
		  forward-addr: 127.0.0.1@9
	EOF
	# As little time as a test wants to wait for that, and enough for the
	# names that are here.
	sed -i '/^DNSTimeout/s/10/3/' "$1/dkim/opendkim-verify.conf"
	echo "ResolverConfiguration $1/dkim/dns.conf" \
		>>"$1/dkim/opendkim-verify.conf"
	# It objects to /tmp, where everybody can write, above the key.
	echo "RequireSafeKeys no" >>"$1/dkim/opendkim-sign.conf"
}

relay_dkim_up() {
	[ -S "$RELAY_DIR/run-dkim-$1/milter.sock" ] || relay_gone "$2"
}

# As the units have it.
relay_start_dkim() {
	relay_env "$1" || return 1
	for relay_name in verify sign; do
		rm -f "$RELAY_DIR/run-dkim-$relay_name/milter.sock"
		(
			cd / && exec setpriv --reuid=opendkim --regid=postfix \
				--clear-groups opendkim -f \
				-x "$RELAY_DIR/dkim/opendkim-$relay_name.conf" \
				>>"$RELAY_LOG/dkim.log" 2>&1 </dev/null
		) &
		relay_started=$!
		echo "$relay_started" >"$RELAY_DIR/dkim/$relay_name.pid"
		relay_wait "$RELAY_TIMEOUT" relay_dkim_up $relay_name \
			"$relay_started"
		[ -S "$RELAY_DIR/run-dkim-$relay_name/milter.sock" ] &&
			continue
		relay_error "OpenDKIM did not start:"
		tail -n 20 "$RELAY_LOG/dkim.log" >&2
		return 1
	done
}

relay_stop_dkim() {
	relay_env "$1" || return 1
	for relay_name in verify sign; do
		relay_n=$(relay_pid "$RELAY_DIR/dkim/$relay_name.pid") &&
			relay_end "$relay_n"
		rm -f "$RELAY_DIR/dkim/$relay_name.pid"
	done
}
