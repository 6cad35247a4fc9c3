# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
#
# ini.sh: chatmail.ini for the scripts beside it, read by chatmail-config, so
# that what a value means, its default, and what is refused are the same
# everywhere. To be sourced by a POSIX shell with these variables set:
#
#	here  folder of the script: ini.sh lies in the one above
#	ini   path of chatmail.ini
#
#   ini_check NAME   ends the script NAME, with status 1 and the reason, if the
#                    file cannot be used
#   ini KEY          prints the value of KEY that is in force
#
# Environment: CHATMAIL_CONFIG, the program to ask (default: the one of this
# installation, or else in PATH).

: "${CHATMAIL_CONFIG:=$here/../../../../sbin/chatmail-config}"
[ -x "$CHATMAIL_CONFIG" ] || CHATMAIL_CONFIG=$(
	PATH=$PATH:/usr/local/sbin:/usr/sbin command -v chatmail-config
) || :

ini_check() {
	[ -n "$CHATMAIL_CONFIG" ] || {
		echo "$1: chatmail-config is missing: install chatmail-plugins," \
			"or name it in CHATMAIL_CONFIG" >&2
		exit 1
	}
	[ -r "$ini" ] || {
		echo "$1: cannot read $ini: name your chatmail.ini" >&2
		exit 1
	}
	"$CHATMAIL_CONFIG" -c "$ini" >/dev/null || exit 1
}

ini() {
	"$CHATMAIL_CONFIG" -c "$ini" "$1" 2>/dev/null
}
