#!/bin/sh
# SPDX-License-Identifier: MIT
# Stands in for the unit tests where configure found no cmocka. TAP: a plan of
# none with the reason; status 77 besides would count as an error.
echo "1..0 # SKIP no cmocka 1.1.5 when configured (Debian: libcmocka-dev)"
