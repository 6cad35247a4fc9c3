# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2153
#
# relay.sh: a whole relay (Dovecot, Postfix, chatmail-milter) in one directory.
# To be sourced by a POSIX shell that is root. It is how quickstart, the
# integration tests, tests/deltachat and the benchmarks get their servers.
#
#   RELAY_STAGE=/path/of/make-install-DESTDIR
#   . tests/lib/relay.sh
#   relay_init DIR [KEY=VALUE...]   makes DIR: settings, certificate, ports
#   relay_start DIR                 starts the servers, waits until they answer
#   relay_doveadm DIR ARG...        doveadm, looking at this Dovecot
#   relay_postconf DIR ARG...       postconf, for this Postfix
#   relay_reload_postfix DIR        Postfix reads its settings anew
#   relay_start_milter DIR          chatmail-milter alone, and
#   relay_stop_milter DIR             its end, to test what happens without it
#   relay_stop DIR                  ends every process; DIR stays
#   relay_free_port [OWNER]         one more port, until relay_stop OWNER, or
#   relay_release_ports OWNER         this
#
# KEY=VALUE are lines of chatmail.ini; mail_domain defaults to chat.test.
# Every function returns 0, or 1 after a line on stderr that says what went
# wrong and which log to read.
#
# relay_init writes DIR/relay.env, to be sourced or parsed by others:
#   RELAY_DIR RELAY_DOMAIN RELAY_HOST RELAY_IMAPS_PORT RELAY_IMAP_PORT
#   RELAY_SMTPS_PORT RELAY_SUBMISSION_PORT RELAY_SMTP_PORT RELAY_MAILBOXES
#   RELAY_CONFIG RELAY_CERT RELAY_MILTER_SOCKET RELAY_POSTFIX_CONFIG
#   RELAY_DOVECOT_CONFIG RELAY_LOG RELAY_DOVECOT_PID RELAY_POSTFIX_PID
#   RELAY_MILTER_PID RELAY_STAGE RELAY_DOVECOT_SERIES
# The pid entries are names of files. Logs are in DIR/log.
#
# What is tested is what is shipped: the fragments of conf.d from the stage,
# with only their paths changed. What a test needs otherwise (ports, log
# files, no penalty for the wrong passwords of one address) is in
# DIR/dovecot/etc/local.conf and at the end of DIR/postfix/etc/main.cf.
#
# Nothing outside DIR changes, but that the system user vmail is made if it is
# missing, and that /dev/shm/cm-port.N is there while port N is the relay's.
# Dovecot runs in a mount namespace of its own in which DIR/modules stands in
# place of its module folder, because that folder's name is compiled into it.
#
# Environment: RELAY_MILTER_PROGRAM, RELAY_POLICY_PROGRAM, RELAY_PUSH_PROGRAM,
# others than the stage's (sanitized ones); RELAY_MILTER_ENV, NAME=VALUE words
# for the milter.
# RELAY_DKIM for relay_init: the relay has OpenDKIM, see relay-dkim.sh, which
# must be sourced then. Without it there is none, and require_dkim = no.

# Longest DIR: a unix socket's path has 107 bytes, and Dovecot's own names
# below it need up to 47.
RELAY_MAX_DIR=60

# Seconds until a server must answer or have ended. Sanitizers and a busy
# machine included.
RELAY_TIMEOUT=30

# How long a port may be reserved before it is used.
RELAY_PORT_MINUTES=120

relay_error() {
	echo "relay: $*" >&2
	return 1
}

# relay_need PROGRAM PACKAGE
relay_need() {
	command -v "$1" >/dev/null 2>&1 && return 0
	relay_error "$1 is missing: apt-get install $2"
}

# Debian keeps servers where an ordinary user's PATH does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# relay_port_used PORT: does anything listen there, or is it talked from?
relay_port_used() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		awk -v port="$(printf '%04X' "$1")" '
			{ split($2, local, ":") }
			local[2] == port { found = 1 }
			END { exit !found }'
}

# Prints a free port below the range that the kernel gives to clients. Nobody
# else gets it until OWNER, a folder, gives it back, or for RELAY_PORT_MINUTES.
relay_free_port() { # [OWNER]
	find /dev/shm -maxdepth 1 -name 'cm-port.*' \
		-mmin "+$RELAY_PORT_MINUTES" -delete 2>/dev/null
	relay_tries=0
	while [ "$relay_tries" -lt 50 ]; do
		relay_tries=$((relay_tries + 1))
		relay_n=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
		relay_n=$((12000 + relay_n % 20000))
		relay_port_used "$relay_n" && continue
		# A chroot that shares our ports has this folder, too. Where
		# one cannot write, the port is as free as it looks.
		ln -sn "${1:-nobody}" "/dev/shm/cm-port.$relay_n" 2>/dev/null ||
			[ ! -L "/dev/shm/cm-port.$relay_n" ] || continue
		echo "$relay_n"
		return 0
	done
	relay_error "found no free port on 127.0.0.1 in 50 tries"
}

relay_release_ports() { # OWNER
	find /dev/shm -maxdepth 1 -name 'cm-port.*' -lname "$1" -delete \
		2>/dev/null
}

# The user that owns mailboxes, as conf.d/sysusers.d/chatmail.conf makes it.
relay_user() {
	getent passwd vmail >/dev/null && return 0
	mkdir -p /run/lock
	( # other relays may start in this moment
		flock 9 && getent passwd vmail >/dev/null && exit 0
		groupadd -r vmail 2>/dev/null
		useradd -r -g vmail -d /var/lib/chatmail -s /usr/sbin/nologin \
			-c "chatmail mailboxes" vmail
	) 9>/run/lock/chatmail-tests-vmail ||
		relay_error "cannot make the system user vmail"
}

# relay_certificate DIR DOMAIN: self-signed, EC P-256, as relays without an
# ACME client have it.
relay_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1/tls/privkey.pem" -out "$1/tls/fullchain.pem" \
		-days 30 -subj "/CN=$2" \
		-addext "subjectAltName=DNS:$2,DNS:localhost,IP:127.0.0.1" \
		2>"$1/log/openssl.log" ||
		relay_error "openssl made no certificate: $1/log/openssl.log"
}

# relay_paths DIR: a sed script from the paths of conf.d to those under DIR.
relay_paths() {
	cat <<-EOF
		s|/etc/chatmail/tls|$1/tls|g
		s|/etc/chatmail/chatmail.ini|$1/chatmail.ini|g
		s|/var/spool/postfix|$1/postfix/queue|g
		s|/run/chatmail|$1/run|g
		s|/etc/dkimkeys|$1/dkim|g
		s|/var/lib/chatmail|$1/state|g
	EOF
}

relay_init_dovecot() {
	mkdir -p "$1/dovecot/etc/conf.d" "$1/dovecot/run" "$1/dovecot/state"
	for relay_file in "$relay_conf_d/dovecot-$relay_series"/*.conf; do
		relay_name=${relay_file##*/}
		[ "$relay_name" = dovecot.conf ] || relay_name=conf.d/$relay_name
		# Our programs are in the stage, where Dovecot's are not.
		relay_paths "$1" | sed -f /dev/stdin \
			-e "s|executable = chatmail-push|executable = $relay_push|" \
			"$relay_file" >"$1/dovecot/etc/$relay_name"
	done
	cat >"$1/dovecot/etc/local.conf" <<-EOF
		# What a relay in a directory needs. Written by tests/lib/relay.sh.
		base_dir = $1/dovecot/run
		state_dir = $1/dovecot/state
		log_path = $1/log/dovecot.log
		info_log_path = $1/log/dovecot.log
		debug_log_path = $1/log/dovecot.log
		listen = 127.0.0.1
		# Tests send wrong passwords from one address on purpose.
		auth_failure_delay = 0
		service anvil {
		  unix_listener anvil-auth-penalty {
		    mode = 0
		  }
		}
		service imap-login {
		  inet_listener imap {
		    port = $relay_imap
		  }
		  inet_listener imaps {
		    port = $relay_imaps
		    ssl = yes
		  }
		}
	EOF

	# Dovecot's modules and ours, in one folder.
	cp -a "$relay_moduledir" "$1/modules" || return 1
	cp -a "$RELAY_STAGE$relay_moduledir/." "$1/modules/" ||
		relay_error "no modules in $RELAY_STAGE$relay_moduledir"
}

relay_init_postfix() {
	mkdir "$1/postfix" "$1/postfix/etc" "$1/postfix/queue" \
		"$1/postfix/queue/pid" || return 1
	for relay_name in active bounce corrupt defer deferred flush hold \
		incoming private saved trace; do
		install -d -m 0700 -o postfix "$1/postfix/queue/$relay_name"
	done
	install -d -o postfix "$1/postfix/data"
	install -d -m 1730 -o postfix -g postdrop "$1/postfix/queue/maildrop"
	install -d -m 2710 -o postfix -g postdrop "$1/postfix/queue/public"

	cat >"$1/postfix/etc/main.cf" <<-EOF
		# Written by tests/lib/relay.sh.
		compatibility_level = 3.6
		queue_directory = $1/postfix/queue
		data_directory = $1/postfix/data
		myhostname = localhost
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		mynetworks = 127.0.0.1/32
		maillog_file = $1/log/postfix.log
		maillog_file_prefixes = $1/log
		import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ
		# A test never writes to the world: what leaves is taken and
		# dropped. A refusal at RCPT would come before the gate.
		default_transport = discard:this relay knows its own domain only
		relay_transport = \$default_transport
	EOF
	# The distribution's services, in their chroots, which get what
	# Debian's postfix@.service puts there.
	cp "$(postconf -d -h meta_directory)/master.cf.proto" \
		"$1/postfix/etc/master.cf" &&
		postconf -c "$1/postfix/etc" -MX smtp/inet || return 1
	mkdir "$1/postfix/queue/etc"
	for relay_name in localtime services resolv.conf hosts host.conf \
		nsswitch.conf; do
		[ ! -e "/etc/$relay_name" ] || cp "/etc/$relay_name" \
			"$1/postfix/queue/etc/"
	done

	# The shipped files, through the shipped program.
	mkdir "$1/postfix/shipped"
	cp "$relay_conf_d/postfix/chatmail-postconf" \
		"$relay_conf_d/postfix/chatmail-openssl.cnf" \
		"$1/postfix/shipped/"
	relay_paths "$1" | sed -f /dev/stdin \
		"$relay_conf_d/postfix/main.cf.chatmail" \
		>"$1/postfix/shipped/main.cf.chatmail"
	sed -e "s|^smtp  |127.0.0.1:$relay_smtp  |" \
		-e "s|^submission  *inet|127.0.0.1:$relay_submission inet|" \
		-e "s|^submissions  *inet|127.0.0.1:$relay_smtps inet|" \
		-e "s|argv=[^ ]*|argv=$relay_policy|" \
		"$relay_conf_d/postfix/master.cf.chatmail" \
		>"$1/postfix/shipped/master.cf.chatmail"
	cp "$relay_conf_d/ini.sh" "$1/postfix/"
	sh "$1/postfix/shipped/chatmail-postconf" -c "$1/postfix/etc" \
		"$1/chatmail.ini" >"$1/log/postconf.log" 2>&1 ||
		relay_error "chatmail-postconf failed: $1/log/postconf.log" ||
		return 1
	[ -n "${RELAY_DKIM-}" ] || postconf -c "$1/postfix/etc" -e \
		chatmail_dkim_sign= chatmail_dkim_verify=
}

relay_init() {
	[ $# -ge 1 ] || relay_error "usage: relay_init DIR [KEY=VALUE...]" ||
		return 1
	mkdir -p "$1" && RELAY_DIR=$(cd "$1" && pwd) || return 1
	shift
	[ "$(id -u)" = 0 ] || relay_error "starting mail servers needs root" ||
		return 1
	[ ${#RELAY_DIR} -le $RELAY_MAX_DIR ] ||
		relay_error "$RELAY_DIR is too long for the sockets below it:" \
			"at most $RELAY_MAX_DIR characters" || return 1
	[ ! -e "$RELAY_DIR/relay.env" ] || relay_error \
		"$RELAY_DIR has a relay already: take another folder" || return 1
	relay_need dovecot "dovecot-imapd dovecot-lmtpd" &&
		relay_need postconf postfix && relay_need openssl openssl &&
		relay_need unshare util-linux && relay_user || return 1

	relay_series=$(dovecot --version | cut -d. -f1,2)
	# Of the Dovecot that $PATH finds: /usr/sbin/dovecot, or PREFIX/sbin/.
	relay_n=$(command -v dovecot)
	relay_moduledir=$(sed -n 's/^dovecot_moduledir=//p' \
		"${relay_n%/sbin/dovecot}"/lib*/dovecot/dovecot-config \
		2>/dev/null | head -n 1)
	: "${relay_moduledir:=/usr/lib/dovecot/modules}"
	relay_conf_d=$(find "${RELAY_STAGE:?}" -type d \
		-path '*/chatmail-plugins/conf.d' | head -n 1)
	relay_milter=${RELAY_MILTER_PROGRAM:-$(find "$RELAY_STAGE" \
		-path '*bin/chatmail-milter' | head -n 1)}
	relay_policy=${RELAY_POLICY_PROGRAM:-$(find "$RELAY_STAGE" \
		-path '*bin/chatmail-policy' | head -n 1)}
	relay_push=${RELAY_PUSH_PROGRAM:-$(find "$RELAY_STAGE" \
		-path '*/dovecot/chatmail-push' | head -n 1)}
	# conf.d's programs are copied to where they would not find it
	CHATMAIL_CONFIG=$(find "$RELAY_STAGE" -path '*bin/chatmail-config' |
		head -n 1)
	export CHATMAIL_CONFIG
	[ -n "$relay_conf_d" ] && [ -x "$relay_milter" ] ||
		relay_error "$RELAY_STAGE lacks conf.d or chatmail-milter:" \
			"make install DESTDIR=$RELAY_STAGE" || return 1

	# Servers of different users walk through here.
	chmod 0755 "$RELAY_DIR"
	mkdir "$RELAY_DIR/log" "$RELAY_DIR/tls" "$RELAY_DIR/run" \
		"$RELAY_DIR/state" "$RELAY_DIR/mail"
	chmod 0700 "$RELAY_DIR/tls"
	chown vmail:postfix "$RELAY_DIR/run"
	chmod 0750 "$RELAY_DIR/run"
	chown vmail:vmail "$RELAY_DIR/state" "$RELAY_DIR/mail"

	RELAY_DOMAIN=chat.test
	for relay_arg; do
		case $relay_arg in
		mail_domain=*) RELAY_DOMAIN=${relay_arg#*=} ;;
		esac
	done
	RELAY_MAILBOXES=$RELAY_DIR/mail/$RELAY_DOMAIN
	mkdir -m 0700 "$RELAY_MAILBOXES"
	chown vmail:vmail "$RELAY_MAILBOXES"
	{
		cat <<-EOF
			# Written by tests/lib/relay.sh.
			[params]
		EOF
		# A machine that runs tests is busy; that is no reason to
		# refuse accounts here. And nobody's phone is told of tests.
		relay_ini_default "$@" <<-EOF
			mail_domain=$RELAY_DOMAIN
			mailboxes_dir=$RELAY_MAILBOXES
			mail_user=vmail
			run_dir=$RELAY_DIR/run
			state_dir=$RELAY_DIR/state
			nocreate_file=$RELAY_DIR/nocreate
			turn_secret_file=$RELAY_DIR/turn-secret
			authserv_secret_file=$RELAY_DIR/authserv-secret
			appversions_file=$RELAY_DIR/appversions.json
			milter_socket_group=postfix
			max_load_1m=1000000
			min_available_memory=1M
			min_free_disk_space=1M
			notify_url=
			require_dkim=$([ -n "${RELAY_DKIM-}" ] && echo yes || echo no)
		EOF
		for relay_arg; do
			echo "${relay_arg%%=*} = ${relay_arg#*=}"
		done
	} >"$RELAY_DIR/chatmail.ini"
	chgrp vmail "$RELAY_DIR/chatmail.ini"
	chmod 0640 "$RELAY_DIR/chatmail.ini"

	relay_imap=$(relay_free_port "$RELAY_DIR") &&
		relay_imaps=$(relay_free_port "$RELAY_DIR") &&
		relay_smtp=$(relay_free_port "$RELAY_DIR") &&
		relay_smtps=$(relay_free_port "$RELAY_DIR") &&
		relay_submission=$(relay_free_port "$RELAY_DIR") &&
		relay_certificate "$RELAY_DIR" "$RELAY_DOMAIN" &&
		relay_init_dovecot "$RELAY_DIR" &&
		relay_init_postfix "$RELAY_DIR" || return 1
	[ -z "${RELAY_DKIM-}" ] || relay_init_dkim "$RELAY_DIR" || return 1

	cat >"$RELAY_DIR/relay.env" <<-EOF
		RELAY_DIR='$RELAY_DIR'
		RELAY_DOMAIN='$RELAY_DOMAIN'
		RELAY_HOST='127.0.0.1'
		RELAY_IMAPS_PORT='$relay_imaps'
		RELAY_IMAP_PORT='$relay_imap'
		RELAY_SMTPS_PORT='$relay_smtps'
		RELAY_SUBMISSION_PORT='$relay_submission'
		RELAY_SMTP_PORT='$relay_smtp'
		RELAY_MAILBOXES='$RELAY_MAILBOXES'
		RELAY_CONFIG='$RELAY_DIR/chatmail.ini'
		RELAY_CERT='$RELAY_DIR/tls/fullchain.pem'
		RELAY_MILTER_SOCKET='$RELAY_DIR/run/milter.sock'
		RELAY_MILTER_PROGRAM='$relay_milter'
		RELAY_POLICY_PROGRAM='$relay_policy'
		RELAY_PUSH_PROGRAM='$relay_push'
		CHATMAIL_CONFIG='$CHATMAIL_CONFIG'
		RELAY_POSTFIX_CONFIG='$RELAY_DIR/postfix/etc'
		RELAY_DOVECOT_CONFIG='$RELAY_DIR/dovecot/etc/dovecot.conf'
		RELAY_LOG='$RELAY_DIR/log'
		RELAY_DOVECOT_PID='$RELAY_DIR/dovecot/run/master.pid'
		RELAY_POSTFIX_PID='$RELAY_DIR/postfix/queue/pid/master.pid'
		RELAY_MILTER_PID='$RELAY_DIR/run/milter.pid'
		RELAY_DOVECOT_SERIES='$relay_series'
		RELAY_MODULEDIR='$relay_moduledir'
		RELAY_STAGE='$RELAY_STAGE'
	EOF
}

# relay_ini_default KEY=VALUE...: prints the lines of stdin as ini lines, but
# for those keys that the arguments set.
relay_ini_default() {
	while IFS= read -r relay_line; do
		relay_key=${relay_line%%=*}
		for relay_arg; do
			[ "${relay_arg%%=*}" = "$relay_key" ] && continue 2
		done
		echo "$relay_key = ${relay_line#*=}"
	done
}

# relay_env DIR: reads DIR/relay.env into this shell.
relay_env() {
	[ -r "$1/relay.env" ] ||
		relay_error "no relay in $1: relay_init it first" || return 1
	# shellcheck disable=SC1091
	. "$1/relay.env"
}

# relay_pid FILE: prints the live process that FILE names.
relay_pid() {
	[ -r "$1" ] || return 1
	# Postfix pads its own with spaces, on either side.
	relay_n=$(tr -dc 0-9 <"$1")
	[ -n "$relay_n" ] && ! relay_gone "$relay_n" && echo "$relay_n"
}

# relay_wait SECONDS COMMAND...: until the command is true.
relay_wait() {
	relay_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$relay_end" ] || return 1
		sleep 0.1
	done
}

# A zombie is gone too: its parent may be this shell, busy here.
relay_gone() {
	relay_state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null)
	[ -z "$relay_state" ] || [ "$relay_state" = Z ]
}

# relay_end PID...: asks them to end, then makes them. Only processes by id.
relay_end() {
	for relay_n; do
		kill "$relay_n" 2>/dev/null
	done
	for relay_n; do
		relay_wait 10 relay_gone "$relay_n" || {
			kill -9 "$relay_n" 2>/dev/null
			relay_wait 5 relay_gone "$relay_n"
		}
	done
}

# Where a mount could come back out to the whole machine (a chroot whose file
# system is shared), --propagation private is refused; relay_start_dovecot
# then looks whether it did.
relay_unshare() {
	relay_name=private
	unshare -m --propagation private true 2>/dev/null || relay_name=unchanged
	unshare -m --propagation $relay_name "$@"
}

relay_start_dovecot() {
	# As far as allowed: Dovecot warns below its client limits.
	# shellcheck disable=SC3045
	(
		ulimit -n "$(ulimit -H -n)"
		# shellcheck disable=SC2016
		relay_unshare sh -c 'mount --bind "$1" "$2" &&
			exec dovecot -F -c "$3"' sh "$RELAY_DIR/modules" \
			"$RELAY_MODULEDIR" "$RELAY_DOVECOT_CONFIG"
	) >"$RELAY_LOG/dovecot.out" 2>&1 </dev/null &
	relay_started=$!
	relay_wait $RELAY_TIMEOUT relay_dovecot_up "$relay_started" &&
		relay_pid "$RELAY_DOVECOT_PID" >/dev/null && return 0
	relay_error "Dovecot did not start, or ended at once:"
	cat "$RELAY_LOG/dovecot.out" >&2
	tail -n 20 "$RELAY_LOG/dovecot.log" >&2
	return 1
}

# True once it listens, or once it has ended.
relay_dovecot_up() {
	relay_gone "$1" && return 0
	relay_pid "$RELAY_DOVECOT_PID" >/dev/null &&
		relay_port_used "$RELAY_IMAPS_PORT"
}

relay_start_postfix() {
	relay_daemons=$(postconf -c "$RELAY_POSTFIX_CONFIG" -h daemon_directory)
	# -w: comes back once master has read its settings and listens.
	"$relay_daemons/master" -w -c "$RELAY_POSTFIX_CONFIG" \
		>"$RELAY_LOG/postfix.out" 2>&1 </dev/null &&
		relay_wait $RELAY_TIMEOUT relay_port_used "$RELAY_SMTPS_PORT" &&
		return 0
	relay_error "Postfix did not start:"
	cat "$RELAY_LOG/postfix.out" >&2
	tail -n 20 "$RELAY_LOG/postfix.log" >&2
	return 1
}

# relay_more LOG TEXT: has the log more lines with it than relay_count?
relay_more() {
	[ "$(grep -c "$2" "$RELAY_LOG/$1")" -gt "$relay_count" ]
}

# Its socket is there a little before Postfix may connect to it.
relay_milter_up() {
	relay_more milter.log 'listening on' || relay_gone "$1"
}

relay_start_milter() {
	relay_env "$1" || return 1
	rm -f "$RELAY_MILTER_SOCKET"
	: >>"$RELAY_LOG/milter.log"
	relay_count=$(grep -c 'listening on' "$RELAY_LOG/milter.log") || :
	# As the unit has it: mail_user, with Postfix's group for the socket.
	# shellcheck disable=SC2086
	(
		cd / && exec setpriv --reuid=vmail --regid=vmail \
			--groups="$(id -g vmail),$(id -g postfix)" \
			env ${RELAY_MILTER_ENV-} "$RELAY_MILTER_PROGRAM" \
			-c "$RELAY_CONFIG"
	) >>"$RELAY_LOG/milter.log" 2>&1 </dev/null &
	relay_started=$!
	echo "$relay_started" >"$RELAY_MILTER_PID"
	relay_wait $RELAY_TIMEOUT relay_milter_up "$relay_started" &&
		! relay_gone "$relay_started" && return 0
	relay_error "chatmail-milter did not start:"
	tail -n 20 "$RELAY_LOG/milter.log" >&2
	return 1
}

relay_stop_milter() {
	relay_env "$1" || return 1
	relay_n=$(relay_pid "$RELAY_MILTER_PID") && relay_end "$relay_n"
	rm -f "$RELAY_MILTER_PID"
}

relay_start() {
	relay_env "$1" || return 1
	for relay_port in $RELAY_IMAP_PORT $RELAY_IMAPS_PORT \
		$RELAY_SMTP_PORT $RELAY_SMTPS_PORT $RELAY_SUBMISSION_PORT; do
		! relay_port_used "$relay_port" || relay_error \
			"port $relay_port is taken meanwhile: relay_init" \
			"a new folder" || return 1
	done
	[ ! -d "$RELAY_DIR/dkim" ] || relay_start_dkim "$1" || return 1
	relay_start_milter "$1" && relay_start_dovecot &&
		relay_start_postfix && return 0
	relay_stop "$1"
	return 1
}

# Processes that work in the relay's folders: master processes take their
# children along, but one that was killed may have left some.
relay_stragglers() {
	for relay_file in /proc/[0-9]*/cwd; do
		case $(readlink "$relay_file" 2>/dev/null) in
		"$RELAY_DIR"/dovecot/* | "$RELAY_DIR"/postfix/*)
			echo "$relay_file" | tr -dc 0-9; echo ;;
		esac
	done
}

relay_stop() {
	relay_env "$1" || return 1
	relay_list=
	for relay_file in "$RELAY_POSTFIX_PID" "$RELAY_DOVECOT_PID" \
		"$RELAY_MILTER_PID"; do
		relay_n=$(relay_pid "$relay_file") &&
			relay_list="$relay_list $relay_n"
	done
	# shellcheck disable=SC2086
	relay_end $relay_list
	relay_list=$(relay_stragglers)
	# shellcheck disable=SC2086
	[ -z "$relay_list" ] || relay_end $relay_list
	rm -f "$RELAY_MILTER_PID"
	[ ! -d "$RELAY_DIR/dkim" ] || relay_stop_dkim "$1"
	# See relay_unshare.
	! grep -q " $RELAY_MODULEDIR " /proc/self/mountinfo ||
		umount "$RELAY_MODULEDIR"
	relay_release_ports "$RELAY_DIR"
	return 0
}

relay_doveadm() {
	relay_env "$1" || return 1
	shift
	relay_n=$(relay_pid "$RELAY_DOVECOT_PID") ||
		relay_error "Dovecot does not run in $RELAY_DIR" || return 1
	nsenter -t "$relay_n" -m -r -w doveadm -c "$RELAY_DOVECOT_CONFIG" "$@"
}

relay_postconf() {
	relay_env "$1" || return 1
	shift
	postconf -c "$RELAY_POSTFIX_CONFIG" "$@"
}

relay_reload_postfix() {
	relay_env "$1" || return 1
	relay_n=$(relay_pid "$RELAY_POSTFIX_PID") ||
		relay_error "Postfix does not run in $RELAY_DIR" || return 1
	relay_count=$(grep -c 'reload --' "$RELAY_LOG/postfix.log") || :
	kill -HUP "$relay_n"
	relay_wait $RELAY_TIMEOUT relay_more postfix.log 'reload --' ||
		relay_error "Postfix does not reload: $RELAY_LOG/postfix.log"
}
