#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Delta Chat's own benchmarks on two relays, alike but for chatmail_idle.
#
#	RELAY_STAGE=DIR tests/bench/bench_chat.sh
#
# Needs root, what tests/deltachat needs, and DIR of make install DESTDIR=DIR;
# `make -C tests/bench bench-chat` makes one. See README for the variables.
set -eu

BENCH_SECONDS_MAX=600
KILL_SECONDS=10
here=$(cd "$(dirname "$0")" && pwd)
work=
node=

# shellcheck source=tests/lib/relay.sh
. "$here/../lib/relay.sh"
# shellcheck source=tests/deltachat/packages.sh
. "$here/../deltachat/packages.sh"

bail() {
	echo "bench_chat: $*" >&2
	exit 2
}

# shellcheck disable=SC2317
finish() {
	status=$?
	trap - EXIT
	set +e
	[ -z "$node" ] || {
		kill "$node" 2>/dev/null
		wait "$node"
	}
	for relay in "$work/stock" "$work/idle"; do
		[ ! -e "$relay/relay.env" ] || relay_stop "$relay"
	done
	rm -rf "$work"
	exit "$status"
}

[ "$(id -u)" = 0 ] || bail "mail servers of its own need root"
[ -n "${RELAY_STAGE-}" ] ||
	bail "set RELAY_STAGE: make install DESTDIR=\$RELAY_STAGE"
deltachat_packages "$here/../deltachat" || exit 2

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
work=$(mktemp -d "${BENCH_FOLDER:-/tmp}/cm-chat.XXXXXX")
chmod 755 "$work"
# People do not write this fast; their rate is not what is measured.
for relay in stock idle; do
	relay_init "$work/$relay" max_user_send_burst_size=1000 ||
		bail "see above"
done
"$here/../lib/drop-plugin.sh" "$work/stock" chatmail_idle
for relay in stock idle; do
	relay_start "$work/$relay" || bail "see above"
done

echo "Two Delta Chat cores on unpatched Dovecot $(dovecot --version |
	cut -d' ' -f1), without and with chatmail_idle."
echo "Mailboxes and queue on $(stat -f -c %T "$work") in $work;" \
	"$(nproc) CPUs for all; load $(cut -d' ' -f1 /proc/loadavg) before"
timeout -k $KILL_SECONDS $BENCH_SECONDS_MAX \
	node "$here/bench_chat.mjs" "$modules" "$work" \
	"without=$work/stock/relay.env" \
	"chatmail_idle=$work/idle/relay.env" </dev/null &
node=$!
status=0
wait "$node" || status=$?
node=
exit "$status"
