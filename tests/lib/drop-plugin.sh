#!/bin/sh
# SPDX-License-Identifier: MIT
#
# drop-plugin.sh DIR NAME: the relay in DIR (relay_init has made it, relay_start
# has not yet started it) runs without a mail plugin that conf.d loads. To
# compare with and without; both Dovecots' syntaxes.
exec sed -i -e "/^ *${2:?DIR NAME} = yes\$/d" \
	-e "/mail_plugins =/s/ $2\\( \\|\$\\)/\\1/" \
	"${1:?DIR}"/dovecot/etc/conf.d/*.conf
