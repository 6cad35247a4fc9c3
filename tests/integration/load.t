#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Loads libauthdb_chatmail.so into a real Dovecot and logs in. Dovecot looks
# for auth modules in a directory fixed when it was compiled, so it runs in a
# mount namespace of its own where that directory is ours. Nothing of the
# machine's is touched. Needs root (for the namespace, and because Dovecot's
# auth-worker runs as another user); skipped without.
#
# From the Makefile: CM_BUILDDIR CM_SRCDIR (top level), CM_MODULEDIR (where
# Dovecot looks), CM_DOVECOT_SERIES (2.3 or 2.4). CM_KEEP=1 keeps the folder,
# CM_VALGRIND=1 puts the auth-workers under valgrind.
set -u
LC_ALL=C
export LC_ALL

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

PATH=$PATH:/usr/sbin:/sbin
[ -n "${CM_DOVECOT_SERIES:-}" ] || skip_all "built without Dovecot"
[ "$(id -u)" = 0 ] || skip_all "needs root (mount namespace, other users)"
for cmd in dovecot doveadm unshare nsenter python3; do
	command -v "$cmd" >/dev/null || skip_all "$cmd is not installed"
done
# In a chroot "/" is no mount, and its propagation cannot be set: see
# relay_unshare in tests/lib/relay.sh.
propagation=private
unshare -m --propagation $propagation true 2>/dev/null || propagation=unchanged
unshare -m --propagation $propagation true 2>/dev/null ||
	skip_all "no mount namespaces here"

# For its waiting and its ports.
# shellcheck source=tests/lib/relay.sh
. "$CM_SRCDIR/tests/lib/relay.sh"

# Seconds until what must happen has happened, on a busy machine.
LONG=60

dir=$(mktemp -d "${TMPDIR:-/tmp}/cm-load.XXXXXX")
client=$CM_SRCDIR/tests/integration/auth-client.py
mail=$dir/mail
domain=example.org
pid=
count=0

cleanup() {
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	fi
	relay_release_ports "$dir"
	if [ "${CM_KEEP:-0}" = 1 ]; then
		echo "# kept: $dir"
	else
		rm -rf "$dir"
	fi
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

bail() {
	echo "Bail out! $1"
	[ -f "$dir/log" ] && sed 's/^/# /' "$dir/log"
	exit 1
}

# is GOT WANTED NAME
is() {
	count=$((count + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $count - $3"
	else
		echo "not ok $count - $3"
		printf '#   got: %s\n#   wanted: %s\n' "$1" "$2"
	fi
}

# ok NAME COMMAND...
ok() {
	name=$1
	shift
	if "$@"; then is yes yes "$name"; else is no yes "$name"; fi
}

# logged NAME PATTERN: so it is in the log, or will be soon: who writes it is
# another process than who has answered
logged() {
	ok "$1" relay_wait $LONG grep -q "$2" "$dir/log"
}
# settled COMMAND...: prints what it prints, once that is twice the same
settled() {
	settled_was=none
	settled_tries=0
	while [ $settled_tries -lt 100 ]; do
		settled_tries=$((settled_tries + 1))
		settled_is=$("$@")
		[ "$settled_is" = "$settled_was" ] && break
		settled_was=$settled_is
		sleep 0.3
	done
	echo "$settled_is"
}
# reached COUNT COMMAND...: the same, but first waits for COUNT or more
reached() {
	relay_wait $LONG at_least "$@"
	shift
	settled "$@"
}
at_least() {
	at_least_count=$1
	shift
	[ "$("$@")" -ge "$at_least_count" ]
}
# What ends a process. Dovecot 2.4.3 and 2.4.4 end so on their own if auth is
# told to within seconds of an internal failure (compat/README).
crashes() {
	grep -E '(Panic|Fatal): ' "$dir/log" |
		grep -cvF 'assertion failed: (sinst->requests == 0)'
}
login() { "$client" "$dir/run/auth-client" plain "$1" "$2"; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }
# braked HOW MANY USER: so many wrong passwords are free, the next one waits
braked() {
	: >"$dir/answers"
	i=1
	while [ $i -le "$1" ]; do
		# the delay counts from the last one's answer, which is later
		start=$(now_ms)
		login "$2" "wrong pass $i" >>"$dir/answers"
		i=$((i + 1))
	done
	is "$(sort "$dir/answers" | uniq -c | tr -s ' ' | sed 's/^ //')" "$1 fail" \
		"$1 wrong passwords"
	is "$(login "$2" "wrong pass $i")" fail "and one more"
	ms=$(($(now_ms) - start))
	if [ $ms -ge 1000 ] && [ $ms -le 30000 ]; then ms="1000 to 30000"; fi
	is "$ms" "1000 to 30000" "after 1000 to 30000 ms"
}
raw() { "$client" "$dir/run/auth-client" raw "$1"; }
# -r: where the test itself runs in a chroot, stay in it
in_ns() { nsenter -t "$pid" -m -r -- "$@"; }
adm() { in_ns doveadm -c "$dir/dovecot.conf" "$@"; }
# all there is below the mailboxes' parent, without times
tree() { (cd "$mail" && find . | sort); }

write_ini() {
	cat >"$dir/chatmail.ini" <<EOF
[params]
mail_domain = $domain
mailboxes_dir = $mail/boxes
mail_user = nobody
run_dir = $dir/run
state_dir = $dir/state
nocreate_file = $dir/nocreate
username_min_length = 5
username_max_length = 12
password_min_length = 9
max_mailbox_size = 500M
EOF
	# no limit may count, except where it is the test
	[ "${1:-}" = unlimited ] || cat >>"$dir/chatmail.ini" <<EOF
login_brake_after = 1000
max_load_1m = 1000000
min_available_memory = 0
min_free_disk_space = 0
EOF
}

# --- a stage with our modules over a copy of Dovecot's

stage=$dir/stage
(
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make -C "$CM_BUILDDIR/dovecot-plugin" install DESTDIR="$stage"
) >"$dir/install.log" 2>&1 || bail "make install failed: $dir/install.log"
built=$(find "$stage" -name libauthdb_chatmail.so)
[ -n "$built" ] || bail "libauthdb_chatmail.so is not installed"
built=$(dirname "$(dirname "$built")")
cp -a "$CM_MODULEDIR" "$dir/modules" || bail "cannot copy $CM_MODULEDIR"
cp -a "$built/." "$dir/modules/" || bail "cannot copy our modules"
is "$(find "$stage" -name '*.la' | wc -l)" 0 "no .la files are installed"

# --- the configuration: ours as shipped, and as little as possible around it

mkdir "$mail" "$mail/boxes" "$dir/run" "$dir/state"
chmod 755 "$dir" "$mail"
chmod 700 "$mail/boxes"
chown nobody "$mail/boxes"
write_ini
sed -e "s|/etc/chatmail/chatmail.ini|$dir/chatmail.ini|" \
	-e 's|user = vmail|user = nobody|' \
	"$CM_SRCDIR/conf.d/dovecot-$CM_DOVECOT_SERIES/10-chatmail-auth.conf" \
	>"$dir/10-chatmail-auth.conf"
port=$(relay_free_port "$dir") || bail "no port"
{
	if [ "$CM_DOVECOT_SERIES" = 2.4 ]; then
		version=$(dovecot --version | sed 's/ .*//; s/-.*//')
		cat <<EOF
dovecot_config_version = $version
dovecot_storage_version = $version
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~
protocols {
  imap = yes
}
log_debug = category=auth
auth_verbose = yes
EOF
	else
		cat <<EOF
disable_plaintext_auth = no
mail_location = maildir:~
protocols = imap
auth_debug = yes
EOF
	fi
	cat <<EOF
base_dir = $dir/run
state_dir = $dir/state
log_path = $dir/log
debug_log_path = $dir/debug.log
ssl = no
listen = 127.0.0.1
first_valid_uid = 1
service imap-login {
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
service auth {
  unix_listener auth-client {
    mode = 0600
  }
}
!include $dir/10-chatmail-auth.conf
# quicker than what is shipped
auth_failure_delay = 0
EOF
	if [ "${CM_VALGRIND:-0}" = 1 ]; then
		mkdir -m 1777 "$dir/valgrind"
		cat <<EOF
service auth-worker {
  executable = $dir/worker
}
EOF
		cat >"$dir/worker" <<EOF
#!/bin/sh
exec $(command -v valgrind) -q --vgdb=no --log-file=$dir/valgrind/%p \
  --leak-check=full --show-leak-kinds=definite \
  $(dirname "$CM_MODULEDIR")/auth -w
EOF
		chmod +x "$dir/worker"
	fi
} >"$dir/dovecot.conf"

start() {
	# one that is there already is of the last time
	rm -f "$dir/run/auth-client"
	# shellcheck disable=SC2016
	unshare -m --propagation $propagation -- sh -c '
		mount --bind "$1/modules" "$2" &&
		exec dovecot -F -c "$1/dovecot.conf"' sh "$dir" \
		"$CM_MODULEDIR" >"$dir/out" 2>&1 &
	pid=$!
	relay_wait $LONG started && [ -S "$dir/run/auth-client" ] ||
		bail "Dovecot does not start: $(cat "$dir/out")"
}
started() { [ -S "$dir/run/auth-client" ] || relay_gone "$pid"; }
stop() {
	[ -z "$pid" ] || { kill "$pid" && wait "$pid" 2>/dev/null; }
	pid=
}

start

# --- the very first logins, more of them than workers and what waits for them

burst() { "$client" "$dir/run/auth-client" burst $domain 150; }
warned() { grep -cE "$1" "$dir/log"; }
short='process_limit|Aborted|Unable to connect'
got=$(burst)
# "was queued": for 3 seconds or more, which a machine without time to spare
# can do, too. Not three times.
tries=1
while [ "$(settled warned 'was queued')" -gt 0 ] && [ $tries -lt 3 ] &&
	[ "$got $(warned "$short")" = "ok=150 0" ]; do
	tries=$((tries + 1))
	echo "# logins were queued for seconds: try $tries"
	stop
	rm -rf "$mail/boxes/burst"*
	mv "$dir/log" "$dir/log.first"
	start
	got=$(burst)
done
is "$got" ok=150 "150 logins at the start: all are let in"
is "$(settled warned "$short|was queued")" 0 \
	"and auth was never short of workers"
rm -rf "$mail/boxes/burst"*

# --- the life of an account

# What follows is of one day.
left=$((86400 - $(date +%s) % 86400))
[ $left -ge 120 ] || sleep $left

is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
	"the first login makes the account"
box=$mail/boxes/hello@$domain
is "$(stat -c '%a %U' "$box")" "700 nobody" "its directory is private"
is "$(stat -c '%a %U' "$box/password")" "600 nobody" "and its password"
is "$(cut -c1-17 "$box/password")" '{SHA512-CRYPT}$6$' "hashed"
is "$(($(stat -c %Y "$box/password") % 86400))" 0 \
	"its time is a day, not a second"
ok "enforceE2EEincoming is there" [ -f "$box/enforceE2EEincoming" ]
today=$(($(date +%s) / 86400))
is "$(cat "$box/account.json")" \
	"{\"created\": $today, \"last_login\": $today}" \
	"account.json knows days only"
is "$(stat -c '%a %U' "$box/account.json")" "600 nobody" "and is private"
is "$(cd "$box" && echo .[!.]* *)" \
	".[!.]* account.json enforceE2EEincoming password" "and nothing else"
before=$(cksum "$box/password")
is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
	"the same password again"
is "$(login hello@$domain 'wrong pass')" fail "a wrong password"
is "$(login hello@$domain x)" fail "a wrong short password"
is "$(login Hello@EXAMPLE.org 'first pass')" "ok hello@$domain" \
	"case does not count for an account that exists"
is "$(cksum "$box/password")" "$before" "the account is as it was"

touch "$box/DISABLED"
is "$(login hello@$domain 'first pass')" disabled "a blocked account"
is "$(login hello@$domain 'wrong pass')" fail \
	"that it is blocked is not told to strangers"
rm "$box/DISABLED"

# --- logins that are known

knowns() { grep -c 'password is known' "$dir/debug.log"; }
known=$(settled knowns)
login hello@$domain 'first pass' >/dev/null
ok "a repeated login needs no hash" \
	[ "$(reached $((known + 1)) knowns)" -gt "$known" ]
login know1@$domain 'first pass' >/dev/null
known=$(settled knowns)
is "$(login know1@$domain 'first pass')" "ok know1@$domain" \
	"the login behind the first"
is "$(reached $((known + 1)) knowns)" $((known + 1)) "needs none, either"
login know2@$domain 'other pass' >/dev/null
cp "$mail/boxes/know1@$domain/password" "$dir/pw1"
cat "$mail/boxes/know2@$domain/password" >"$mail/boxes/know1@$domain/password"
is "$(login know1@$domain 'first pass')" fail \
	"a changed password counts at once"
is "$(login know1@$domain 'other pass')" "ok know1@$domain" "and the new one"
cat "$dir/pw1" >"$mail/boxes/know1@$domain/password"
is "$(login know1@$domain 'other pass')" fail "and back"
is "$(login know1@$domain 'first pass')" "ok know1@$domain" \
	"with the old password"
touch "$mail/boxes/know1@$domain/DISABLED"
is "$(login know1@$domain 'first pass')" disabled "a block counts at once"
known=$(settled knowns)
login know1@$domain 'first pasS' >/dev/null
login hello@$domain 'other pass' >/dev/null
is "$(settled knowns)" "$known" "what is known is known of one name and password"
rm -rf "$mail/boxes/know1@$domain"
touch "$dir/nocreate"
is "$(login know1@$domain 'first pass')" fail "a deletion counts at once"
rm "$dir/nocreate"
rm -rf "$mail/boxes/know2@$domain"

# --- the day of the last login

age() { # DAYS: as if the last login was so long ago
	touch -d "@$(((today - $1) * 86400))" "$box/password"
	printf '{"created": 1, "last_login": %d, "token": "t"}' \
		$((today - $1)) >"$box/account.json"
}
days() { # how long ago it was, by both
	echo "$(((today * 86400 - $(stat -c %Y "$box/password")) / 86400))" \
		"$((today - $(sed 's/.*last_login": \([0-9]*\).*/\1/' \
			"$box/account.json")))"
}
age 5
login hello@$domain 'wrong pass' >/dev/null
is "$(days)" "5 5" "a wrong password is no login"
touch "$box/DISABLED"
login hello@$domain 'first pass' >/dev/null
is "$(days)" "5 5" "nor is one of a blocked account"
rm "$box/DISABLED"
is "$(login hello@$domain 'first pass')" "ok hello@$domain" "a later login"
is "$(days)" "0 0" "is noted"
is "$(cat "$box/account.json")" \
	"{\"created\": 1, \"last_login\": $today, \"token\": \"t\"}" \
	"and the rest kept"
before=$(stat -c '%i %Y' "$box/account.json")
login hello@$domain 'first pass' >/dev/null
is "$(stat -c '%i %Y' "$box/account.json")" "$before" "once a day"
spoiled() { # NAME: account.json is not what it should be
	touch -d @86400 "$box/password"
	is "$(login hello@$domain 'first pass')" "ok hello@$domain" "$1"
	is "$(stat -c %Y "$box/password")" $((today * 86400)) \
		"the login is noted"
}
head -c 100000 /dev/zero >"$box/account.json"
spoiled "a huge binary account.json"
echo '{"last_login": "never"}' >"$box/account.json"
spoiled "a damaged account.json"
rm "$box/account.json"
ln -s password "$box/account.json"
spoiled "a link as account.json"
logged "the log says so" 'chatmail: account.json is .*left as'
rm "$box/account.json"
mkfifo "$box/account.json"
spoiled "a FIFO as account.json"
rm "$box/account.json"
: >"$box/account.json"
spoiled "an empty account.json"
ok "is filled" grep -q last_login "$box/account.json"

# --- what must not become an account

kept=$(tree)
refused() { # NAME USER PASSWORD
	got=$(login "$2" "$3")
	case $got in fail | closed) got=refused ;; esac
	is "$got" refused "refused: $1"
}
refused "upper case" "Abcdef@$domain" 'first pass'
refused "upper case domain" "abcdef@Example.org" 'first pass'
refused "too short name" "abcd@$domain" 'first pass'
refused "too long name" "abcdefghijklm@$domain" 'first pass'
refused "wrong domain" "abcdef@example.net" 'first pass'
refused "subdomain" "abcdef@sub.$domain" 'first pass'
refused "no domain" "abcdef" 'first pass'
refused "no local part" "@$domain" 'first pass'
refused "two @" "abc@def@$domain" 'first pass'
refused ".." ".." 'first pass'
refused "../ in the name" "../abc@$domain" 'first pass'
refused "/ in the name" "abc/def@$domain" 'first pass'
refused "absolute path" "$mail/abc@$domain" 'first pass'
refused "leading dot" ".abcdef@$domain" 'first pass'
refused "two dots" "abc..def@$domain" 'first pass'
refused "%" "abc%def@$domain" 'first pass'
refused "%u" "%u@$domain" 'first pass'
refused "%{user}" "%{user}@$domain" 'first pass'
refused "+" "abc+def@$domain" 'first pass'
refused "space" "abc def@$domain" 'first pass'
refused "newline" "abc\\ndef@$domain" 'first pass'
refused "tab" "abc\\tdef@$domain" 'first pass'
refused "NUL in the name" "abc\\x00def@$domain" 'first pass'
refused "NUL behind the name" "abcdef@$domain\\x00" 'first pass'
refused "NUL in the password" "abcdef@$domain" 'first pass\x00more'
refused "bytes above 127" "abcd\\xc3\\xa9f@$domain" 'first pass'
refused "bytes above 127, no UTF-8" "abcd\\xff\\xfe@$domain" 'first pass'
refused "empty password" "abcdef@$domain" ''
refused "too short password" "abcdef@$domain" '12345678'
refused "too few characters, enough bytes" "abcdef@$domain" '1234567\xc3\xa9'
refused "too long password" "abcdef@$domain" \
	"$(printf '%0512d' 0)"
is "$(raw '')" fail "refused: empty response"
is "$(raw 'no nul at all')" fail "refused: response without NUL"
big=$("$client" "$dir/run/auth-client" big "abcdef@$domain" 1048576)
case $big in fail | closed) big=refused ;; esac
is "$big" refused "refused: 1 MB password"
is "$(tree)" "$kept" "and nothing was created, anywhere"

is "$(login "edge5@$domain" '123456789')" "ok edge5@$domain" \
	"shortest name and password"
is "$(login "edge-of_12.x@$domain" "$(printf '%0511d' 0)")" \
	"ok edge-of_12.x@$domain" "longest name and password"
is "$(login "utf8x@$domain" '12345678\xc3\xa9')" "ok utf8x@$domain" \
	"nine characters in ten bytes"
is "$(login "percent@$domain" '%u%{user}%d!')" "ok percent@$domain" \
	"variables in a password are letters"
is "$(login "percent@$domain" '%u%{user}%d!')" "ok percent@$domain" \
	"and stay so"

touch "$dir/nocreate"
refused "a new account while registration is closed" \
	"closed@$domain" 'first pass'
is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
	"existing accounts go on"
rm "$dir/nocreate"

# --- userdb

is "$(adm user -f home hello@$domain)" "$box" "userdb: home"
is "$(adm user -f uid hello@$domain)" "$(id -u nobody)" "userdb: uid"
is "$(adm user -f gid hello@$domain)" "$(id -g nobody)" "userdb: gid"
if [ "$CM_DOVECOT_SERIES" = 2.4 ]; then
	is "$(adm user -f quota_storage_size hello@$domain)" 524288000B \
		"userdb: quota"
else
	is "$(adm user -f quota_rule hello@$domain)" '*:bytes=524288000' \
		"userdb: quota"
fi
is "$(adm user -f home HELLO@$domain)" "$box" "userdb: any case"
adm user -f home nobody@$domain >/dev/null 2>&1
is $? 67 "userdb: unknown user"
adm user -f home "hello+tag@$domain" >/dev/null 2>&1
is $? 67 "userdb: a name that Dovecot refuses is unknown, not trouble"
mkdir "$mail/boxes/half1@$domain" "$mail/boxes/other@example.net"
chown nobody "$mail/boxes/half1@$domain"
is "$(adm user '*' | sort | tr '\n' ' ')" \
	"edge-of_12.x@$domain edge5@$domain hello@$domain percent@$domain utf8x@$domain " \
	"all users, and only those"
is "$(adm auth test hello@$domain 'first pass' 2>&1 |
	grep -c 'auth succeeded')" 1 "doveadm auth test"
is "$(adm auth lookup hello@$domain 2>&1 | grep -c 'user')" 1 \
	"doveadm auth lookup"
adm auth lookup notyet@$domain >/dev/null 2>&1
ok "doveadm auth lookup makes no account" \
	[ ! -e "$mail/boxes/notyet@$domain" ]

# --- a whole login, and what it costs

imap() { # USER PASSWORD
	python3 - "$port" "$1" "$2" <<'EOF'
import imaplib, sys
c = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]), timeout=30)
try:
    c.login(sys.argv[2], sys.argv[3])
    print(c.select()[0])
except imaplib.IMAP4.error as e:
    print(e)
EOF
}
lines() { grep -c "Handling $1 request" "$dir/debug.log"; }
passv=$(settled lines PASSV) user=$(settled lines USER)
is "$(imap imaps1@$domain 'first pass')" OK "IMAP: first login and SELECT"
more_passv=$(($(reached $((passv + 1)) lines PASSV) - passv))
is "$more_passv $(($(settled lines USER) - user))" "1 0" \
	"by one request to one worker"
ok "the mailbox is in the account's directory" \
	[ -d "$mail/boxes/imaps1@$domain/cur" ]
case $(imap hello@$domain 'wrong pass') in
*AUTHENTICATIONFAILED*Authentication\ failed*) got=yes ;;
*) got=no ;;
esac
is "$got" yes "IMAP: what core reads as a wrong password"

# --- our trouble is a temporary failure

is "$(login half1@$domain 'first pass')" "ok half1@$domain" \
	"an aborted creation is taken over"
mkdir -p "$mail/boxes/full1@$domain/cur"
chown -R nobody "$mail/boxes/full1@$domain"
is "$(login full1@$domain 'first pass')" tempfail \
	"a directory with mail and without password is nobody's"
trouble() { # NAME: with the password file of bad01 as it is now
	is "$(login bad01@$domain 'first pass')" tempfail "$1"
	is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
		"others do not notice"
}
login bad01@$domain 'first pass' >/dev/null
bad=$mail/boxes/bad01@$domain/password
: >"$bad"
trouble "an empty password file"
printf 'no scheme' >"$bad"
trouble "a password without scheme"
printf '{NO-SUCH}x' >"$bad"
trouble "a password of an unknown scheme"
printf '{SHA512-CRYPT}nonsense' >"$bad"
trouble "a malformed hash"
head -c 100000 /dev/zero >"$bad"
trouble "a huge binary password file"
rm "$bad"
ln -s "$box/password" "$bad"
trouble "a link to another's password"
rm "$bad"
mkfifo "$bad"
trouble "a FIFO as password"
mkdir "$mail/elsewhere"
chown nobody "$mail/elsewhere"
ln -s "$mail/elsewhere" "$mail/boxes/link1@$domain"
is "$(login link1@$domain 'first pass')" tempfail \
	"a link instead of a directory"
is "$(ls -A "$mail/elsewhere")" "" "and nothing is written through it"
adm user -f home link1@$domain >/dev/null 2>&1
is $? 75 "userdb: temporary failure, too"

chmod 500 "$mail/boxes"
is "$(login ronly@$domain 'first pass')" tempfail \
	"a mailboxes directory that cannot be written"
is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
	"existing accounts go on"
chmod 700 "$mail/boxes"
ok "no half account" [ ! -e "$mail/boxes/ronly@$domain" ]
mv "$mail/boxes" "$mail/away"
is "$(login hello@$domain 'first pass')" tempfail \
	"a mailboxes directory that is not there"
adm user -f home hello@$domain >/dev/null 2>&1
is $? 75 "userdb: temporary failure, too"
mv "$mail/away" "$mail/boxes"
is "$(login ronly@$domain 'first pass')" "ok ronly@$domain" \
	"and all is well again"

in_ns mount -t tmpfs -o size=4k,nr_inodes=64,mode=0700,uid="$(id -u nobody)" \
	none "$mail/boxes"
in_ns dd if=/dev/zero of="$mail/boxes/filler" bs=4k count=1 2>/dev/null
is "$(login dfull@$domain 'first pass')" tempfail "a full disk"
is "$(in_ns ls "$mail/boxes")" filler "no half account"
in_ns rm "$mail/boxes/filler"
is "$(login dfull@$domain 'first pass')" "ok dfull@$domain" "with room again"
in_ns umount "$mail/boxes"

# --- a race

"$client" "$dir/run/auth-client" race "racer@$domain" 20 >"$dir/race"
is "$(sed -n 1p "$dir/race")" "fail=19 ok=1" \
	"of 20 first logins at once one makes it"
is "$(login racer@$domain "$(sed -n 2p "$dir/race")")" "ok racer@$domain" \
	"and its password is the account's"
is "$(ls -A "$mail/boxes/racer@$domain" | tr '\n' ' ')" \
	"account.json enforceE2EEincoming password " "no leftovers of the others"

# --- settings: wrong, missing, right again

spid() { "$client" "$dir/run/auth-client" spid 2>/dev/null; }
new_auth() {
	new=$(spid)
	[ -n "$new" ] && [ "$new" != "$old" ]
}
# Until another auth answers, and the one before is gone; that may take longer
# while it has clients, but then it listens no more.
reload() {
	old=$(spid)
	adm reload || bail "reload failed"
	relay_wait $LONG new_auth || bail "auth goes on after a reload"
	relay_wait 5 relay_gone "$old"
}
sed 's/^password_min_length.*/password_min_length = nine/' \
	"$dir/chatmail.ini" >"$dir/x"
cat "$dir/x" >"$dir/chatmail.ini"
reload
is "$(login hello@$domain 'first pass')" tempfail "a bad value in the ini"
logged "the log names file and line" "chatmail: $dir/chatmail.ini:10: "
put_right() { # LINE in the place of login_brake_after
	write_ini
	sed -i "s/^login_brake_after.*/$1/" "$dir/chatmail.ini"
	sleep 6
	is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
		"put right, it works without a restart"
}
put_right 'login_brake_after = 3'
braked 3 hello@$domain
ok "auth could read it" [ "$(grep -c 'may not read it again' "$dir/log")" = 0 ]

# workers read it as nobody, the auth process as dovecot: 10 is the default
cat "$dir/x" >"$dir/chatmail.ini"
reload
is "$(login hello@$domain 'first pass')" tempfail "a bad value again"
chmod 600 "$dir/chatmail.ini"
chown nobody "$dir/chatmail.ini"
put_right 'login_brake_after = 1'
braked 10 hello@$domain
logged "the log says that auth may not read it" 'may not read it again'
chown root "$dir/chatmail.ini"
chmod 644 "$dir/chatmail.ini"
sed -i 's/^mail_user.*/mail_user = nosuchuser/' "$dir/chatmail.ini"
reload
is "$(login hello@$domain 'first pass')" tempfail "an unknown mail_user"
logged "the log says so" 'chatmail: .*no user nosuchuser'
mv "$dir/chatmail.ini" "$dir/chatmail.away"
reload
is "$(login hello@$domain 'first pass')" tempfail "no ini"
logged "the log says so" "chatmail: $dir/chatmail.ini: No such file"
write_ini
reload
is "$(login hello@$domain 'first pass')" "ok hello@$domain" "and back"

# --- who may register

with() { # LINE...: the ini with these lines and its limits' defaults
	write_ini unlimited
	printf '%s\n' "$@" >>"$dir/chatmail.ini"
	reload
}
anyway='max_load_1m = 1000000'
with 'invite_token = qw er' "$anyway" 'min_free_disk_space = 0' \
	'min_available_memory = 0'
kept=$(tree)
refused "no token that is good" "invit0@$domain" 'U8s0opqRxU8s0opqRx'
refused "an invite token in the middle" "invit0@$domain" 'U8s0qw erpqRxU8s0'
refused "too little behind it" "invit0@$domain" 'qw12345678'
is "$(tree)" "$kept" "and nothing was created"
is "$(login invit1@$domain 'qw123456789')" "ok invit1@$domain" \
	"the first invite token"
is "$(login invit2@$domain 'er123456789')" "ok invit2@$domain" \
	"the second invite token"
is "$(login invit2@$domain '123456789')" fail "it stays part of the password"
is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
	"existing accounts need none"
touch "$dir/nocreate"
refused "an invite token while registration is closed" "invit3@$domain" \
	'qw123456789'
rm "$dir/nocreate"

with 'login_cache_size = 0' "$anyway" 'min_free_disk_space = 0' \
	'min_available_memory = 0'
known=$(settled knowns)
login hello@$domain 'first pass' >/dev/null
is "$(login hello@$domain 'first pass') $(settled knowns)" "ok hello@$domain $known" \
	"without a cache each login is verified"

with 'login_brake_after = 3' "$anyway" 'min_free_disk_space = 0' \
	'min_available_memory = 0'
login brake@$domain 'first pass' >/dev/null
login other@$domain 'first pass' >/dev/null
braked 3 brake@$domain
# took WANTED LEAST MOST USER PASSWORD: milliseconds; the best of three tries, for
# others keep the machine busy. Behind wrong passwords is each of them.
took() {
	for i in 1 2 3; do
		start=$(now_ms)
		got=$(login "$4" "$5")
		ms=$(($(now_ms) - start))
		[ "$got" = "$1" ] && [ $ms -gt "$3" ] || break
		echo "# took $ms ms, try $i"
		flood 3
		sleep 1
	done
	is "$got" "$1" "$4 is answered"
	if [ $ms -ge "$2" ] && [ $ms -le "$3" ]; then ms="$2 to $3"; fi
	is "$ms" "$2 to $3" "after $2 to $3 ms"
}
flood() { # HOW MANY: logins with wrong passwords at once, not waited for
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		"$client" "$dir/run/auth-client" plain brake@$domain \
			"wrong flood $i" >>"$dir/flood" &
		flooders="$flooders $!"
	done
}
flooders=
flood 3
sleep 1
took "ok brake@$domain" 0 3000 brake@$domain 'first pass'
took "ok other@$domain" 0 3000 other@$domain 'first pass'
flood 20
# a failure of ours is answered after 2 seconds
tries=0
until grep -q tempfail "$dir/flood" || [ $tries -ge 120 ]; do
	tries=$((tries + 1))
	sleep 0.5
done
ok "who would wait for too long is told to come later" \
	grep -q tempfail "$dir/flood"
took "ok brake@$domain" 0 3000 brake@$domain 'first pass'
logged "the log says so" 'too many wrong passwords'
# shellcheck disable=SC2086
kill $flooders 2>/dev/null
with 'login_brake_after = 3' "$anyway" 'min_free_disk_space = 0' \
	'min_available_memory = 0'
login brake@$domain 'first pass' >/dev/null
guesses=$("$client" "$dir/run/auth-client" guess brake@$domain 100 5)
# three at once, the next after 1, 2 and 3 seconds
is "$(echo "$guesses" | sed 's/fail=[3-8] /fail=FEW /')" \
	"fail=FEW tempfail=65" "a hundred wrong passwords at once"
took "ok brake@$domain" 0 3000 brake@$domain 'first pass'
write_ini
reload
ok "auth can end while logins wait" \
	[ "$(crashes)" = 0 ]
is "$(login brake@$domain 'first pass')" "ok brake@$domain" \
	"a restart forgets"

busy() { # NAME SETTING...
	name=$1
	shift
	with "$@"
	is "$(login busy1@$domain 'first pass')" tempfail "$name"
	is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
		"existing accounts go on"
	ok "no account is made" [ ! -e "$mail/boxes/busy1@$domain" ]
}
busy "not enough room on disk" 'min_free_disk_space = 1000000T' "$anyway"
logged "the log says so" 'registration rejected: free disk space'
busy "not enough memory" 'min_available_memory = 1000000T' "$anyway"
echo '7.01 5.00 4.00 1/467 12345' >"$dir/loadavg"
in_ns mount --bind "$dir/loadavg" /proc/loadavg
busy "too much load" 'max_load_1m = 7' 'min_available_memory = 0' \
	'min_free_disk_space = 0'
echo '7.00 5.00 4.00 1/467 12345' >"$dir/loadavg"
is "$(login busy1@$domain 'first pass')" "ok busy1@$domain" \
	"a load as high as allowed"
echo 'much' >"$dir/loadavg"
is "$(login busy2@$domain 'first pass')" "ok busy2@$domain" \
	"a load that cannot be read is ignored"
logged "the log says so" 'cannot read the load average'
in_ns umount /proc/loadavg
write_ini
reload

# --- what is logged

logged "creation is logged" 'chatmail: account created'
# Dovecot's own, because the test sets auth_verbose: Password mismatch
is "$(grep 'chatmail: ' "$dir/log" | grep -v 'Password mismatch' |
	grep -c "@$domain")" 0 "our lines name nobody"
is "$(grep -E '(Error|Warning|Fatal|Panic): ' "$dir/log" |
	grep -c "@$domain")" 0 "no error names anybody"
is "$(crashes)" 0 "nothing crashed"
if [ "${CM_VALGRIND:-0}" = 1 ]; then
	stop
	is "$(cat "$dir"/valgrind/* | head -50)" "" "valgrind has no complaint"
fi

# --- modules that were built for another Dovecot

# The same modules with another version in them; as long, so a file stays one.
other_abi() { # MODULE
	LC_ALL=C sed 's/\(2\.[34]\.ABIv\)[0-9]/\1X/g' "$built/$1" \
		>"$dir/modules/$1"
}
refuses='is for different ABI version 2\.[34]\.ABIvX'
stop
other_abi doveadm/lib60_doveadm_chatmail_plugin.so
: >"$dir/log"
start
ok "doveadm refuses a module for another ABI, and says so" \
	sh -c "nsenter -t $pid -m -r -- doveadm -c '$dir/dovecot.conf' \
		chatmail config 2>&1 | grep -q '$refuses'"
is "$(login hello@$domain 'first pass')" "ok hello@$domain" \
	"nothing else is concerned"
stop
cp "$built/doveadm/lib60_doveadm_chatmail_plugin.so" "$dir/modules/doveadm/"
other_abi auth/libauthdb_chatmail.so
start
is "$(login hello@$domain 'first pass' 2>/dev/null)" "" \
	"auth does not start with such a module"
logged "and says so" "libauthdb_chatmail.so: Module $refuses"
stop
cp "$built/auth/libauthdb_chatmail.so" "$dir/modules/auth/"
if [ "$CM_DOVECOT_SERIES" = 2.4 ]; then
	other_abi settings/libchatmail_settings.so
	# shellcheck disable=SC2016
	unshare -m --propagation $propagation -- sh -c '
		mount --bind "$1/modules" "$2" &&
		exec doveconf -c "$1/dovecot.conf"' sh "$dir" \
		"$CM_MODULEDIR" >"$dir/out" 2>&1
	ok "doveconf refuses settings for another ABI, and says so" \
		grep -q "$refuses" "$dir/out"
fi

echo "1..$count"
