#!/bin/sh
# Makes ./configure from a git checkout (needs autoconf, automake, libtool,
# pkg-config). A release tarball has it already.
set -e
cd "$(dirname "$0")"
exec autoreconf -fi
