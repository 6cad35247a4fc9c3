#!/bin/sh
# SPDX-License-Identifier: MIT
#
# debian13.sh: runs `check.sh --here` in a minimal Debian 13.
#
#	tests/lib/debian13.sh SRC [ARGUMENT of check.sh...]
#
# The root is made by debootstrap, once: it stays in $CHATMAIL_DEBIAN13
# (default /var/cache/chatmail-plugins/debian13) with the packages that tests
# have installed into it. SRC is copied in, without what was built there. A
# mirror that fails is a failure, when it has done so three times. The exit
# status is check.sh's. BENCH_* and DELTACHAT_VERSION of the environment go
# along; the npm packages of tests/deltachat are the machine's, if it has them.
#
# It runs in a mount and process namespace of its own: nothing stays mounted,
# and all processes end with it.
set -u

lib=$(cd "$(dirname "$0")" && pwd)
src=$(cd "${1:?usage: debian13.sh SRC}" && pwd)
shift
[ $# -gt 0 ] || set -- --here

root=${CHATMAIL_DEBIAN13:-/var/cache/chatmail-plugins/debian13}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
inside=/srv/chatmail-plugins
build_log=$root.log
# shellcheck source=tests/lib/build.sh
. "$lib/build.sh"
# shellcheck source=tests/lib/relay.sh
. "$lib/relay.sh"

bootstrap() {
	rm -rf --one-file-system "$root.new"
	step "Making a Debian 13 root in $root" debootstrap \
		--variant=minbase trixie "$root.new" "$mirror" || return 1
}

# Only what is whole gets the name.
make_root() {
	need_packages debootstrap || return 1
	mkdir -p "$(dirname "$root")"
	mirrored bootstrap && mv "$root.new" "$root"
}

copy_source() {
	rm -rf "${root:?}$inside"
	mkdir -p "$root$inside"
	# Everything but builds: also what is not committed yet.
	(cd "$src" && tar -cf - --exclude=./_build --exclude=./.git \
		--exclude=./autom4te.cache --exclude=node_modules .) |
		(cd "$root$inside" && tar -xf -)
	cp /etc/resolv.conf "$root/etc/resolv.conf"
}

[ "$(id -u)" = 0 ] || {
	complain "debian13.sh has to be root"
	exit 1
}
[ -x "$root/usr/bin/apt-get" ] || make_root || {
	complain "No Debian 13 root: look at $build_log, and whether" \
		"$mirror can be reached."
	exit 1
}
copy_source || exit 1

# shellcheck disable=SC2016
exec_inside='
	root=$1 inside=$2 cache=$3 bench=$4
	shift 4
	mount --bind "$root" "$root" &&
		mount -t proc proc "$root/proc" &&
		mount --rbind /dev "$root/dev" || exit 1
	if [ -d "$cache/modules" ]; then
		mkdir -p "$root/root/.cache/chatmail-plugins/deltachat" &&
			mount --bind "$cache" \
				"$root/root/.cache/chatmail-plugins/deltachat"
	fi
	exec chroot "$root" /usr/bin/env -i CI="$CI" HOME=/root TERM=dumb \
		DELTACHAT_VERSION="$DELTACHAT_VERSION" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		LC_ALL=C.UTF-8 sh -c "$bench exec sh \"\$0\" \"\$@\"" \
		"$inside/tests/lib/check.sh" "$@"'
# As tests/deltachat/run has it.
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}
cache=${DELTACHAT_CACHE:-$cache/chatmail-plugins/deltachat}
bench=$(env | sed -n \
	"s|^\(BENCH_[A-Z]*\)=\([A-Za-z0-9 ./_-]*\)\$|export \1='\2';|p")
CI=${CI-} DELTACHAT_VERSION=${DELTACHAT_VERSION-} relay_unshare --pid --fork --kill-child \
	sh -c "$exec_inside" sh "$root" "$inside" "$cache" "$bench" "$@"
