#!/bin/sh
# SPDX-License-Identifier: MIT
# Steps are called by name; numbers need no quotes.
# shellcheck disable=SC2317,SC2086
#
# check.sh: every test, one count. `./quickstart check` is this.
#
#	tests/lib/check.sh            all of it, Debian 13 included
#	tests/lib/check.sh --here     only what is to be proved on each Debian:
#	                              build, make check, integration,
#	                              deltachat, quickstart
#	tests/lib/check.sh STEP...    only these steps, in this order (a build is
#	                              made if it is missing): see $all_steps
#	tests/lib/check.sh bench      `make bench`, and
#	tests/lib/check.sh bench13    the same on Debian 13; no part of the others
#
# Needs root, Debian 12 or 13 and a network (packages; npm for Delta Chat).
# Writes below _build/check/: build folders, log.txt of what was called, one
# file per suite. What failed by name ("failed: SUITE: FILE: what") and results
# per Debian at the end; last line "N passed, N failed", however it ends (only
# kill -9 keeps it from that); exit status 1 if any failed. What a suite skips
# it says, and it counts as neither.
#
# Debian 13 is tested beside everything else, because these tests mostly wait
# for servers: debian13 below begins it, debian13_end waits for it. Fuzzing, which
# does not wait, comes last.
set -u

here_steps="gcc unit integration deltachat quickstart"
all_steps="debian13 $here_steps sanitize options dist debian13_end fuzz"
other_steps="bench bench13"

lib=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$lib/../.." && pwd)
out=$top/_build/check
build_log=$out/log.txt
RELAY_STAGE=$out/stage
export RELAY_STAGE
# Nothing may ask: there is nobody.
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
# Integration tests wait most of their time.
RELAY_JOBS=$(nproc)
export RELAY_JOBS

# Seconds after which a suite is ended and counts as failed.
CHECK_SECONDS=2400
DELTACHAT_SECONDS=600
BENCH_SECONDS_MAX=3600
QUICKSTART_SECONDS=600
DIST_SECONDS=900
# Per fuzz target. Longer: make fuzz FUZZ_SECONDS=...
FUZZ_SECONDS=${FUZZ_SECONDS:-60}
FUZZ_TARGETS="message inspect armor openpgp header origin value policy stored"
DEBIAN13_SECONDS=2700

TEST_PACKAGES="libcmocka-dev gpg gpg-agent mandoc nghttp2-proxy faketime
 opendkim coturn iproute2 strace systemd"
# What ours is measured beside, and by.
BENCH_PACKAGES="policyd-rate-limit time"
SANITIZE_PACKAGES="clang libclang-rt-dev llvm"
# Those in which these programs decide. What a plugin does is not sanitized, and
# LeakSanitizer does not work below strace (46-sandbox.t).
SANITIZE_TESTS="[235]*.t 4[0-5]*.t 60-dkim.t"
SANITIZE="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined
 -fno-sanitize-recover=all"

# shellcheck source=tests/lib/build.sh
. "$lib/build.sh"

passed=0
failed=0
skipped=0
# of these, on Debian 13
passed_there=0
failed_there=0
skipped_there=0
started=$(date +%s)

# note_failures NAME < LINES: what the end of the run says failed.
note_failures() {
	sed "s|^|failed: $1: |" >>"$out/failures"
}

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

# However it ends: what was started ends, too, and the last line is there.
# shellcheck disable=SC2154
ended() {
	trap '' INT TERM HUP
	trap - EXIT
	for child in ${limited_pid-} ${step_pid-} ${burst_pid-} \
		${debian13_pid-}; do
		kill "$child" 2>/dev/null
	done
	wait
	echo "ended before its end" | note_failures "check"
	failed=$((failed + 1))
	finish
}
trap ended EXIT
trap 'exit 130' INT TERM HUP

# One thing that either works or does not.
count_one() {
	if [ "$2" = 0 ]; then
		count "$1" 1 0 0
	else
		echo "ended with status $2" | note_failures "$1"
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
	awk -f "$lib/tap-count.awk" "$suite_file" >"$suite_file.count"
	# shellcheck disable=SC2046
	set -- $(head -n 1 "$suite_file.count")
	suite_failed=$2
	sed 1d "$suite_file.count" | note_failures "$suite"
	if [ $suite_status != 0 ] && [ "$suite_failed" = 0 ]; then
		suite_failed=1
		echo "ended with status $suite_status" | note_failures "$suite"
		tail -n 30 "$suite_file" >&2
	elif [ $(($1 + $2 + $3)) = 0 ]; then
		suite_failed=1
		echo "ran no test: $suite_file" | note_failures "$suite"
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
		make -k -j"$(nproc)" -C "$suite_dir" check "$@"
	suite_status=$?
	find "$suite_dir" -name '*.trs' -exec grep -h '^:test-result:' {} + \
		>"$suite_dir.results"
	suite_passed=$(grep -cE ' (PASS|XFAIL)' "$suite_dir.results")
	suite_failed=$(grep -cE ' (FAIL|XPASS|ERROR)' "$suite_dir.results")
	suite_skipped=$(grep -cE ' SKIP' "$suite_dir.results")
	grep -hE '^(FAIL|ERROR|XPASS)' "$suite_dir.check.log" |
		note_failures "$suite"
	# A program that dies says ERROR; a build that fails says nothing.
	if [ $suite_status != 0 ] && [ "$suite_failed" = 0 ]; then
		suite_failed=1
		echo "ended with status $suite_status" | note_failures "$suite"
		tail -n 40 "$suite_dir.check.log" >&2
	elif [ "$suite_failed" != 0 ]; then
		find "$suite_dir" -name '*.trs' \
			-exec grep -lE ' (FAIL|ERROR|XPASS)' {} + |
			while IFS= read -r suite_file; do
			echo "-- ${suite_file%.trs}.log" >&2
			grep -vE '^ok ' "${suite_file%.trs}.log" |
				tail -n 40 >&2
		done
	elif [ "$suite_passed" = 0 ]; then
		suite_failed=1
		echo "ran no test: $suite_dir.check.log" | note_failures "$suite"
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

# Core and library from npm; who has them needs no npm.
deltachat_packages() {
	command -v node >/dev/null || need_packages nodejs || return 1
	"$top/tests/deltachat/run" --fetch >>"$build_log" 2>&1 && return 0
	command -v npm >/dev/null || need_packages npm || return 1
	mirrored "$top/tests/deltachat/run" --fetch >>"$build_log" 2>&1 ||
		complain "npm cannot fetch the Delta Chat core: $build_log"
}

step_deltachat() {
	need_gcc || return 0
	begin "Delta Chat: real cores chat through the relay"
	deltachat_packages || {
		count_one "packages" 1
		return 0
	}
	# The burst waits for minutes: the core tries again after one.
	timeout -k 30 $DELTACHAT_SECONDS env DELTACHAT_TEST=burst \
		"$top/tests/deltachat/run" >"$out/burst.log" 2>&1 </dev/null &
	burst_pid=$!
	tap_suite "deltachat" $DELTACHAT_SECONDS "$top/tests/deltachat/run"
	step_started=$(date +%s)
	tap_suite "deltachat, push" $DELTACHAT_SECONDS \
		env DELTACHAT_TEST=push "$top/tests/deltachat/run"
	step_started=$(date +%s)
	tap_suite "deltachat, small quota" $DELTACHAT_SECONDS \
		env DELTACHAT_TEST=quota "$top/tests/deltachat/run"
	step_started=$(date +%s)
	wait "$burst_pid"
	burst_status=$?
	burst_pid=
	# shellcheck disable=SC2016
	tap_suite "deltachat burst" $DELTACHAT_SECONDS \
		sh -c 'cat "$0"; exit "$1"' "$out/burst.log" $burst_status
}

# What a newcomer does first.
step_quickstart() {
	begin "./quickstart --once"
	limited $QUICKSTART_SECONDS "$out/quickstart.log" \
		"$top/quickstart" --once
	quickstart_status=$?
	[ $quickstart_status = 0 ] || tail -n 40 "$out/quickstart.log" >&2
	count_one "quickstart" $quickstart_status
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
	sanitize_files=$(cd "$top/tests/integration" && ls $SANITIZE_TESTS)
	begin "Integration with the sanitized milter and policy"
	tap_suite "integration, sanitized" $CHECK_SECONDS env \
		RELAY_MILTER_PROGRAM="$out/clang/milter/chatmail-milter" \
		RELAY_POLICY_PROGRAM="$out/clang/postfix-policy/chatmail-policy" \
		"$top/tests/integration/run" $sanitize_files
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
		make -j"$(nproc)" -C "$out/gcc" distcheck
	dist_status=$?
	[ $dist_status = 0 ] || tail -n 40 "$out/distcheck.log" >&2
	count_one "distcheck" $dist_status
}

# The same program in a Debian 13 root, beside what follows.
step_debian13() {
	begin "Debian 13: begins, beside what follows"
	debian13_line=
	# so that no two make or fetch the same at one time
	if [ ! -x "$top/configure" ]; then
		step "Making ./configure" "$top/autogen.sh" || {
			count_one "autogen.sh" 1
			return 0
		}
	fi
	deltachat_packages || say "  no Delta Chat core, trying again there"
	timeout -k 30 $DEBIAN13_SECONDS sh "$lib/debian13.sh" "$top" \
		>"$out/debian13.log" 2>&1 </dev/null &
	debian13_pid=$!
	# Asked for alone, there is nothing beside it.
	case " $steps " in
	*" debian13_end "*) ;;
	*) step_debian13_end ;;
	esac
}

# number TEXT: the one before TEXT in the last lines of the other run.
debian13_number() {
	tail -n 4 "$out/debian13.log" |
		sed -n "s/^\\([0-9]*\\) $1.*/\\1/p; s/.*, \\([0-9]*\\) $1\$/\\1/p" |
		tail -n 1
}

step_debian13_end() {
	[ -n "${debian13_pid-}" ] || return 0
	begin "Debian 13: Dovecot 2.4"
	wait "$debian13_pid"
	debian13_status=$?
	debian13_pid=
	# what it took, not how long ago it began
	debian13_took=$(sed -n 's/^\([0-9]*\) s in all.*/\1/p' \
		"$out/debian13.log" | tail -n 1)
	step_started=$(($(date +%s) - ${debian13_took:-0}))
	sed 's/^/  | /' "$out/debian13.log"
	debian13_passed=$(debian13_number passed)
	debian13_failed=$(debian13_number failed)
	debian13_skipped=$(debian13_number skipped)
	if [ -z "$debian13_passed" ] || [ -z "$debian13_failed" ]; then
		echo "ended with status $debian13_status before it could count" |
			note_failures "Debian 13"
		debian13_passed=0 debian13_failed=1
	fi
	sed -n 's/^failed: //p' "$out/debian13.log" | note_failures "Debian 13"
	debian13_line=$(grep '^Debian ' "$out/debian13.log" | tail -n 1)
	: "${debian13_line:=Debian 13: $debian13_passed passed, $debian13_failed failed}"
	passed_there=$debian13_passed
	failed_there=$debian13_failed
	skipped_there=${debian13_skipped:-0}
	count "Debian 13" "$passed_there" "$failed_there" "$skipped_there"
}

# Tables, not tests: they take as long as they take.
step_bench() {
	need_gcc || return 0
	begin "Bench, Dovecot $(dovecot --version | cut -d' ' -f1)"
	need_packages $BENCH_PACKAGES || say "  rows will be missing"
	make -s -C "$out/gcc" bench
	count_one "bench" $?
}

step_bench13() {
	begin "Bench, Debian 13"
	timeout -k 30 $BENCH_SECONDS_MAX sh "$lib/debian13.sh" "$top" bench
	count_one "bench" $?
}

# Which Debian this is, and with which servers; what it brought.
version_line() {
	say "Debian $(cat /etc/debian_version 2>/dev/null)," \
		"Dovecot $(dovecot --version 2>/dev/null | cut -d' ' -f1)," \
		"Postfix $(postconf -dh mail_version 2>/dev/null):" \
		"$((passed - passed_there)) passed," \
		"$((failed - failed_there)) failed," \
		"$((skipped - skipped_there)) skipped"
}

finish() {
	trap - EXIT
	say ""
	[ ! -s "$out/failures" ] || cat "$out/failures"
	say "$(($(date +%s) - started)) s in all; logs: $out"
	version_line
	[ -z "${debian13_line-}" ] || say "$debian13_line"
	[ $skipped = 0 ] || say "$skipped skipped (reasons above)"
	say "$passed passed, $failed failed"
	[ $failed = 0 ]
	exit $?
}

case ${1-} in
-h | --help)
	trap - EXIT
	sed -n '6,29s/^# \{0,1\}//p' "$0"
	exit 0
	;;
--here) set -- $here_steps ;;
'')
	set -- $all_steps
	;;
esac
steps=$*
for wanted; do
	case " $all_steps $other_steps " in
	*" $wanted "*) ;;
	*)
		trap - EXIT
		echo "check: there is no step \"$wanted\"; there are:" \
			"$all_steps $other_steps" >&2
		exit 2
		;;
	esac
done
[ "$(id -u)" = 0 ] || {
	complain "check has to be root: mail servers change users, and it" \
		"installs packages." "Try: sudo $0"
	exit 1
}

mkdir -p "$out" && : >"$build_log" && : >"$out/failures" || exit 1
begin "Packages"
# Here, because two at one time cannot install.
case " $steps " in
*" debian13 "* | *" bench13 "*) TEST_PACKAGES="$TEST_PACKAGES debootstrap" ;;
esac
need_packages $RELAY_PACKAGES $BUILD_PACKAGES $TEST_PACKAGES || {
	count_one "packages" 1
	finish
}
for wanted; do
	"step_$wanted"
done
finish
