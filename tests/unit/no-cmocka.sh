#!/bin/sh
# SPDX-License-Identifier: MIT
# Stands in for the unit tests where configure found no cmocka.
echo "1..0 # SKIP no cmocka 1.1.5 when configured (Debian: libcmocka-dev)"
exit 77
