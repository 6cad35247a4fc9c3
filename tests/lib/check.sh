#!/bin/sh
# SPDX-License-Identifier: MIT
# Steps are called by name; numbers need no quotes.
# shellcheck disable=SC2317,SC2086
#
# check.sh: every test, one count. `./quickstart check` is this.
#
#	tests/lib/check.sh            all of it, Debian 13 included
#	tests/lib/check.sh --here     only what is to be proved on each Debian:
#	                              build, make check, integration
#	tests/lib/check.sh STEP...    only these steps, in this order (a build is
#	                              made if it is missing): see $all_steps
#
# Needs root, Debian 12 or 13 and a network (packages; npm for Delta Chat).
# Writes below _build/check/: build folders, log.txt of what was called, one
# file per suite. Last line "N passed, N failed"; exit status 1 if any failed.
# What a suite skips it says, and it counts as neither.
set -u

all_steps="gcc unit integration deltachat sanitize fuzz options dist debian13"

lib=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$lib/../.." && pwd)
out=$top/_build/check
build_log=$out/log.txt
RELAY_STAGE=$out/stage
export RELAY_STAGE
# Nothing may ask: there is nobody.
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND

# Seconds after which a suite is ended and counts as failed.
CHECK_SECONDS=900
DELTACHAT_SECONDS=420
DIST_SECONDS=900
# Per fuzz target. Longer: make fuzz FUZZ_SECONDS=...
FUZZ_SECONDS=${FUZZ_SECONDS:-60}
FUZZ_TARGETS="message inspect armor openpgp header origin"
DEBIAN13_SECONDS=1800

TEST_PACKAGES="libcmocka-dev gpg gpg-agent mandoc nghttp2-proxy"
SANITIZE_PACKAGES="clang libclang-rt-dev llvm"
SANITIZE="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined
 -fno-sanitize-recover=all"

# shellcheck source=tests/lib/build.sh
. "$lib/build.sh"

passed=0
failed=0
skipped=0

# count NAME PASSED FAILED SKIPPED: adds, and says so.
count() {
	passed=$((passed + $2))
	failed=$((failed + $3))
	skipped=$((skipped + $4))
	count_text="$2 passed, $3 failed"
	[ "$4" = 0 ] || count_text="$count_text, $4 skipped"
	say "  $1: $count_text ($(($(date +%s) - step_started)) s)"
}

# limited SECONDS OUTPUT COMMAND...: ends it when it takes longer, or when we
# are interrupted; timeout(1) hands the signal on to all that it started.
limited() {
	limited_seconds=$1
	limited_output=$2
	shift 2
	timeout -k 30 "$limited_seconds" "$@" >"$limited_output" 2>&1 \
		</dev/null &
	limited_pid=$!
	wait "$limited_pid"
	limited_status=$?
	limited_pid=
	return $limited_status
}

interrupted() {
	trap '' INT TERM HUP
	for child in ${limited_pid-} ${step_pid-}; do
		kill "$child" 2>/dev/null
	done
	wait
	exit 130
}
trap interrupted INT TERM HUP

# One thing that either works or does not.
count_one() {
	if [ "$2" = 0 ]; then
		count "$1" 1 0 0
	else
		count "$1" 0 1 0
	fi
}

begin() {
	step_started=$(date +%s)
	say ""
	say "== $*"
}

# failing FILE: what a reader of the CI log wants to see.
failing() {
	grep -A 12 -E '^(not ok|Bail out!)' "$1" | head -n 150 >&2
}

# tap_suite NAME SECONDS COMMAND...: runs it, counts its TAP.
tap_suite() {
	suite=$1
	limit=$2
	shift 2
	suite_file=$out/$(echo "$suite" | tr -c 'a-z0-9\n' _).tap
	limited "$limit" "$suite_file" "$@"
	suite_status=$?
	# shellcheck disable=SC2046
	set -- $(awk -f "$lib/tap-count.awk" "$suite_file")
	suite_failed=$2
	if [ $suite_status != 0 ] && [ "$suite_failed" = 0 ]; then
		suite_failed=1
		echo "$suite ended with status $suite_status:" >&2
		tail -n 30 "$suite_file" >&2
	elif [ $(($1 + $2 + $3)) = 0 ]; then
		suite_failed=1
		echo "$suite ran no test: $suite_file" >&2
	fi
	grep '# SKIP' "$suite_file" | sed 's/^/    /'
	[ "$suite_failed" = 0 ] || failing "$suite_file"
	count "$suite" "$1" "$suite_failed" "$3"
}

# automake_suite NAME BUILD VARIABLE...: make check, counted by the files that
# automake's TAP driver leaves.
automake_suite() {
	suite=$1
	suite_dir=$2
	shift 2
	find "$suite_dir" -name '*.trs' -exec rm -f {} +
	limited $CHECK_SECONDS "$suite_dir.check.log" \
		make -k -C "$suite_dir" check "$@"
	suite_status=$?
	find "$suite_dir" -name '*.trs' -exec grep -h '^:test-result:' {} + \
		>"$suite_dir.results"
	suite_passed=$(grep -cE ' (PASS|XFAIL)' "$suite_dir.results")
	suite_failed=$(grep -cE ' (FAIL|XPASS|ERROR)' "$suite_dir.results")
	suite_skipped=$(grep -cE ' SKIP' "$suite_dir.results")
	# A program that dies says ERROR; a build that fails says nothing.
	if [ $suite_status != 0 ] && [ "$suite_failed" = 0 ]; then
		suite_failed=1
		tail -n 40 "$suite_dir.check.log" >&2
	elif [ "$suite_failed" != 0 ]; then
		grep -hE '^(FAIL|ERROR|XPASS)' "$suite_dir.check.log" |
			head -n 60 >&2
		find "$suite_dir" -name '*.trs' \
			-exec grep -lE ' (FAIL|ERROR|XPASS)' {} + |
			while IFS= read -r suite_file; do
			echo "-- ${suite_file%.trs}.log" >&2
			grep -vE '^ok ' "${suite_file%.trs}.log" |
				tail -n 40 >&2
		done
	elif [ "$suite_passed" = 0 ]; then
		suite_failed=1
		echo "make check ran no test: $suite_dir.check.log" >&2
	fi
	grep -hE '^SKIP' "$suite_dir.check.log" | sed 's/^/    /'
	count "$suite" "$suite_passed" "$suite_failed" "$suite_skipped"
}

# The build that the other steps take their programs from.
step_gcc() {
	begin "Build with gcc, warnings are errors, for Dovecot" \
		"$(dovecot --version | cut -d' ' -f1)"
	build "$top" "$out/gcc" --prefix=/usr --enable-werror &&
		stage "$out/gcc" "$RELAY_STAGE"
	count_one "build" $?
}

need_gcc() {
	[ -d "$RELAY_STAGE" ] || step_gcc
	[ -d "$RELAY_STAGE" ]
}

step_unit() {
	need_gcc || return 0
	begin "Unit, layering, manual pages, plugin load (make check)"
	automake_suite "make check" "$out/gcc"
}

step_integration() {
	need_gcc || return 0
	begin "Integration: real Dovecot, Postfix and milter"
	tap_suite "integration" $CHECK_SECONDS "$top/tests/integration/run"
}

step_deltachat() {
	need_gcc || return 0
	begin "Delta Chat: real cores chat through the relay"
	if ! command -v npm >/dev/null; then
		need_packages nodejs npm || {
			count_one "packages" 1
			return 0
		}
	fi
	tap_suite "deltachat" $DELTACHAT_SECONDS "$top/tests/deltachat/run"
	tap_suite "deltachat, push" $DELTACHAT_SECONDS \
		env DELTACHAT_TEST=push "$top/tests/deltachat/run"
}

# The milter and the unit tests with sanitizers. Dovecot is not built with
# them and could load no such plugin; what a plugin decides is in lib and runs
# here in the unit tests.
step_sanitize() {
	need_gcc || return 0
	begin "clang with AddressSanitizer and UndefinedBehaviorSanitizer"
	need_packages $SANITIZE_PACKAGES || {
		count_one "packages" 1
		return 0
	}
	sanitize=$(echo "$SANITIZE" | tr -d '\n')
	build "$top" "$out/clang" --prefix=/usr --enable-werror \
		--disable-dovecot CC=clang CFLAGS="$sanitize"
	sanitize_status=$?
	count_one "build" $sanitize_status
	[ $sanitize_status = 0 ] || return 0
	automake_suite "make check, sanitized" "$out/clang"
	begin "Integration with the sanitized milter"
	tap_suite "integration, sanitized" $CHECK_SECONDS env \
		RELAY_MILTER_PROGRAM="$out/clang/milter/chatmail-milter" \
		"$top/tests/integration/run"
}

# What strangers can send, against every parser that reads it; two at a time.
step_fuzz() {
	begin "Fuzzing the gate, $FUZZ_SECONDS s per target"
	need_packages $SANITIZE_PACKAGES || {
		count_one "packages" 1
		return 0
	}
	sanitize=$(echo "$SANITIZE" | tr -d '\n')
	build "$top" "$out/fuzz" --enable-fuzz --disable-dovecot \
		--disable-policy CC=clang CFLAGS="$sanitize" &&
		make -s -C "$out/fuzz/tests/fuzz" check TESTS= \
			>>"$build_log" 2>&1 </dev/null
	fuzz_status=$?
	count_one "build" $fuzz_status
	[ $fuzz_status = 0 ] || return 0
	# shellcheck disable=SC2016
	echo $FUZZ_TARGETS | tr ' ' '\n' |
		xargs -P 2 -n 1 sh -c '
			make -C "$0/tests/fuzz" fuzz-run FUZZ_SECONDS="$1" \
				FUZZ_TARGETS="$2" >"$0/$2.log" 2>&1
			echo $? >"$0/$2.status"' "$out/fuzz" $FUZZ_SECONDS
	for target in $FUZZ_TARGETS; do
		grep -E "^$target " "$out/fuzz/$target.log" | sed 's/^/    /'
		fuzz_status=$(cat "$out/fuzz/$target.status")
		[ "$fuzz_status" = 0 ] || tail -n 40 "$out/fuzz/$target.log" >&2
		count_one "fuzz $target" "$fuzz_status"
	done
}

# Each part can be left out. configure and make say it, tests were above.
step_options() {
	begin "Builds with one part left out"
	for option in dovecot milter policy push; do
		step_started=$(date +%s)
		rm -rf "$out/option"
		build "$top" "$out/option" --enable-werror "--disable-$option" &&
			rm -rf "$out/option-stage" &&
			make -s -C "$out/option" install \
				DESTDIR="$out/option-stage" \
				>>"$build_log" 2>&1 </dev/null
		count_one "--disable-$option" $?
	done
	rm -rf "$out/option" "$out/option-stage"
}

step_dist() {
	need_gcc || return 0
	begin "make distcheck"
	limited $DIST_SECONDS "$out/distcheck.log" \
		make -C "$out/gcc" distcheck
	dist_status=$?
	[ $dist_status = 0 ] || tail -n 40 "$out/distcheck.log" >&2
	count_one "distcheck" $dist_status
}

# The last line of the same program in a Debian 13 root.
step_debian13() {
	begin "Debian 13: Dovecot 2.4"
	limited $DEBIAN13_SECONDS "$out/debian13.log" \
		sh "$lib/debian13.sh" "$top"
	inner_status=$?
	# shellcheck disable=SC2046
	set -- $(sed -n \
		'$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' \
		"$out/debian13.log")
	sed 's/^/  | /' "$out/debian13.log"
	if [ $# != 2 ]; then
		echo "Debian 13 ended with status $inner_status before it could" \
			"count" >&2
		count "Debian 13" 0 1 0
	else
		count "Debian 13" "$1" "$2" 0
	fi
}

finish() {
	say ""
	say "$(($(date +%s) - started)) s in all; logs: $out"
	[ $skipped = 0 ] || say "$skipped skipped (reasons above)"
	say "$passed passed, $failed failed"
	[ $failed = 0 ]
	exit $?
}

[ "$(id -u)" = 0 ] || {
	complain "check has to be root: mail servers change users, and it" \
		"installs packages." "Try: sudo $0 $*"
	exit 1
}
case ${1-} in
-h | --help)
	sed -n '6,19s/^# \{0,1\}//p' "$0"
	exit 0
	;;
--here) set -- gcc unit integration ;;
'')
	set -- $all_steps
	;;
esac
for wanted; do
	case " $all_steps " in
	*" $wanted "*) ;;
	*)
		echo "check: there is no step \"$wanted\"; there are: $all_steps" >&2
		exit 2
		;;
	esac
done

started=$(date +%s)
mkdir -p "$out" && : >"$build_log" || exit 1
begin "Packages"
need_packages $RELAY_PACKAGES $BUILD_PACKAGES $TEST_PACKAGES || {
	count_one "packages" 1
	finish
}
for wanted; do
	"step_$wanted"
done
finish
