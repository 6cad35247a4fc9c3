# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
#
# build.sh: packages, build and progress for quickstart and check.sh. To be
# sourced by a POSIX shell.
#
#   step TEXT COMMAND...   runs COMMAND with its output in $build_log, shows
#                          TEXT and how long it takes; on failure the end of
#                          the log. Returns COMMAND's status.
#   need_packages NAME...  installs what is missing of these (Debian)
#   build SRC BUILD OPTION...  autogen, configure OPTION..., make; only what
#                          is not up to date
#   stage BUILD STAGE      make install DESTDIR=STAGE
#
# Environment: NO_COLOR (nothing but plain text).

: "${build_log:=/dev/null}"

# What runs a relay, and what builds one. A minimal Debian has none of it.
RELAY_PACKAGES="dovecot-imapd dovecot-lmtpd postfix openssl python3"
BUILD_PACKAGES="autoconf automake libtool pkg-config make gcc libc6-dev
 dovecot-dev libmilter-dev libgmime-3.0-dev libjansson-dev
 libcurl4-openssl-dev"
DEMO_PACKAGES="gpg gpg-agent qrencode"

# How often a mirror or registry is tried, and seconds between.
MIRROR_TRIES=3
MIRROR_PAUSE=15

# Seconds between signs of life where there is no terminal to draw on.
STEP_PROGRESS=20

say() {
	printf '%s\n' "$*"
}

# Says what is wrong and what to do, and returns 1.
complain() {
	printf '%s\n' "$*" >&2
	return 1
}

# step_show TEXT PID: until PID ends, shows that it goes on.
step_show() {
	step_seconds=0
	while kill -0 "$2" 2>/dev/null; do
		if [ -t 1 ]; then
			printf '\r  %s ... %s s ' "$1" "$step_seconds"
		elif [ $((step_seconds % STEP_PROGRESS)) = 0 ] &&
			[ "$step_seconds" != 0 ]; then
			printf '  ... %s s\n' "$step_seconds"
		fi
		sleep 1
		step_seconds=$((step_seconds + 1))
	done
}

step() {
	step_text=$1
	shift
	step_begin=$(date +%s)
	[ -t 1 ] || printf '  %s ...\n' "$step_text"
	mkdir -p "$(dirname "$build_log")"
	printf '\n== %s: %s\n' "$step_text" "$*" >>"$build_log"
	"$@" >>"$build_log" 2>&1 </dev/null &
	step_pid=$!
	# A short step should not wait for the display's next second.
	(
		sleep 1
		step_show "$step_text" "$step_pid"
	) &
	step_shower=$!
	wait "$step_pid"
	step_status=$?
	kill "$step_shower" 2>/dev/null
	wait "$step_shower" 2>/dev/null
	step_pid=
	step_took=$(($(date +%s) - step_begin))
	[ ! -t 1 ] || printf '\r'
	if [ $step_status = 0 ]; then
		printf '  %s: done (%s s)      \n' "$step_text" "$step_took"
		return 0
	fi
	printf '  %s: FAILED (%s s)      \n' "$step_text" "$step_took"
	tail -n 30 "$build_log" | sed 's/^/    /' >&2
	complain "  The whole log: $build_log"
	return $step_status
}

# Prints those of the packages that are not installed.
missing_packages() {
	for package; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
		"install ok installed") ;;
		*) echo "$package" ;;
		esac
	done
}

# A server that comes with its package would start at once, on the ports of
# the whole machine. Debian's way to say no is this file; one that is there
# already is left alone and not asked.
without_servers() {
	policy=/usr/sbin/policy-rc.d
	policy_ours=
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 0755 $policy
		policy_ours=1
	fi
	"$@"
	policy_status=$?
	[ -z "$policy_ours" ] || rm -f $policy
	return $policy_status
}

apt_install() {
	# Postfix would ask for a mail name: quickstart brings its own main.cf.
	if command -v debconf-set-selections >/dev/null; then
		echo "postfix postfix/main_mailer_type select No configuration" |
			debconf-set-selections
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends "$@"
}

# mirrored COMMAND...: something that fails if a mirror or registry does, until it
# works; 2 says that it never will. Returns COMMAND's last status.
mirrored() {
	mirror_try=1
	until "$@"; do
		mirror_status=$?
		[ $mirror_status != 2 ] && [ $mirror_try -lt $MIRROR_TRIES ] ||
			return $mirror_status
		mirror_try=$((mirror_try + 1))
		say "  Once more in $MIRROR_PAUSE s ($mirror_try of $MIRROR_TRIES)"
		sleep $MIRROR_PAUSE
	done
}

# Lists that are old name packages that no mirror has any more.
get_packages() {
	step "Reading Debian's package lists" apt-get update || return 1
	# Another mail server would have to go: not ours to decide.
	gone=$(apt-get -s install --no-install-recommends "$@" 2>/dev/null |
		sed -n 's/^Remv \([^ ]*\).*/\1/p' | tr '\n' ' ')
	[ -z "$gone" ] || {
		complain "Installing them would remove: $gone" \
			"Take a machine, container or chroot without these."
		return 2
	}
	step "Installing packages" without_servers apt_install "$@" || return 1
}

need_packages() {
	command -v apt-get >/dev/null || {
		complain "This needs Debian 12 or 13 (apt-get is not here)." \
			"On another system build by hand, see README."
		return 1
	}
	# shellcheck disable=SC2046
	set -- $(missing_packages "$@")
	[ $# -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || {
		complain "Missing packages: $*" \
			"Run this as root, or: apt-get install $*"
		return 1
	}
	say "  Packages to install: $*"
	mirrored get_packages "$@"
}

# What a build was made from and with. When it changes, the build is of no use.
build_identity() {
	cd "$1" && pwd
	dovecot --version 2>/dev/null
	cat /etc/debian_version 2>/dev/null
	shift
	echo "$*"
}

# A child of its own: configure and make begin in the build folder.
run_in() {
	cd "$1" || return 1
	shift
	"$@"
}

build() {
	build_src=$1 build_dir=$2
	shift 2
	build_id=$(build_identity "$build_src" "$@")
	[ "$(cat "$build_dir/.identity" 2>/dev/null)" = "$build_id" ] ||
		rm -rf "$build_dir"
	mkdir -p "$build_dir"
	if [ ! -x "$build_src/configure" ]; then
		step "Making ./configure" "$build_src/autogen.sh" || return 1
	fi
	if [ ! -e "$build_dir/.identity" ]; then
		step "Configuring" run_in "$build_dir" \
			"$build_src/configure" "$@" || return 1
		echo "$build_id" >"$build_dir/.identity"
	fi
	# With nothing to do, make needs no line of its own.
	make -s -q -C "$build_dir" all >/dev/null 2>&1 ||
		step "Compiling" make -C "$build_dir" -j"$(nproc)"
}

stage() {
	rm -rf "$2"
	make -C "$1" install DESTDIR="$2" >>"$build_log" 2>&1 ||
		complain "make install failed: $build_log"
}
