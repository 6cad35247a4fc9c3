#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What counts our tests counts right: lib/tap-count.awk on what
# integration/run prints, and on samples. TAP.
set -u
src=${top_srcdir:-..}
AWK=${AWK:-awk}

dir=$(mktemp -d "${TMPDIR:-/tmp}/cm-tap.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
number=0

# counts NAME EXPECTED < TAP
counts() {
  number=$((number + 1))
  got=$("$AWK" -f "$src/tests/lib/tap-count.awk")
  if [ "$got" = "$2" ]; then
    echo "ok $number - $1"
  else
    printf '%s\n' "got:" "$got" "expected:" "$2" | sed 's/^/# /'
    echo "not ok $number - $1"
  fi
}

# program NAME: a test that prints what is in standard input.
program() {
  {
    echo '#!/bin/sh'
    echo "cat <<'END'"
    cat
    echo 'END'
    [ "${2-}" = "" ] || echo "exit $2"
  } >"$dir/$1"
  chmod +x "$dir/$1"
}

# run_counts NAME EXPECTED FILE...
run_counts() {
  what=$1
  expected=$2
  shift 2
  for file; do
    "$src/tests/integration/run" --file "$dir/lock" "$dir/$file"
  done >"$dir/tap"
  counts "$what" "$expected" <"$dir/tap"
}

program 10-good.t <<'END'
ok 1 - one
ok 2 - two
# == /tmp/a/log
1..2
END
program 20-more.t <<'END'
ok 1 - three
ok 2 # SKIP not here
1..2
END
program 30-bad.t 1 <<'END'
ok 1
not ok 2 - this is wrong
1..2
END
program 40-dies.t 1 <<'END'
ok 1
END
program 50-bails.t 1 <<'END'
ok 1
Bail out! no server
END
program 60-short.t 1 <<'END'
1..3
ok 1
END
program 70-skips.t 77 <<'END'
1..0 # SKIP nothing to do
END

run_counts "files that pass, one behind the other" "3 0 1" 10-good.t 20-more.t
run_counts "a file that is skipped" "2 0 1" 10-good.t 70-skips.t
run_counts "a test that fails has its file's name" "3 1 0
30-bad.t: not ok 2 - this is wrong" 30-bad.t 10-good.t
run_counts "a file that does not end as planned is a failure" "5 3 0
40-dies.t: ended without a plan, after 1 tests
50-bails.t: Bail out! no server
60-short.t: 3 tests planned, 1 ran" 40-dies.t 50-bails.t 60-short.t 10-good.t
counts "one program without a name" "1 1 0
not ok 2 - x" <<'END'
ok 1
not ok 2 - x
1..2
END
counts "nothing" "0 0 0" </dev/null
echo "1..$number"
