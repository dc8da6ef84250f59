#!/bin/sh
# Builds with AddressSanitizer and UndefinedBehaviorSanitizer and runs the tests.
#   ./test.sh                 every suite
#   ./test.sh quick           a subset in under three minutes
#   ./test.sh SUITE…          of: check unit api interop fault fuzz browser
# Every suite prints TAP ("ok", "not ok"); the last line is "N passed, N failed".
# DIQI_FUZZ_SECONDS sets the time of each fuzz harness (default 60).
set -u
cd "$(dirname "$0")" || exit 1

case "${1:-all}" in
all) suites="check unit api interop fault fuzz browser" ;;
quick) suites="check unit api"; DIQI_QUICK=1; export DIQI_QUICK ;;
-h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
*) suites="$*" ;;
esac

tools/setup.sh test || exit 1
out=build/test-output
mkdir -p "$out"
rm -f "$out"/*.tap
if [ ! -f build/test/build.ninja ]; then
	meson setup build/test -Dbuildtype=debugoptimized -Db_sanitize=address,undefined >"$out/setup.log" 2>&1 ||
		{ cat "$out/setup.log" >&2; echo "0 passed, 1 failed"; exit 1; }
fi
if ! ninja -C build/test --quiet >"$out/build.log" 2>&1; then
	tail -n 60 "$out/build.log" >&2
	echo "0 passed, 1 failed"
	exit 1
fi
DIQI_PROGRAM=$PWD/build/test/src/main/diqi
export DIQI_PROGRAM
# What libraries of others keep or lose is no leak of ours, whichever suite starts the program.
LSAN_OPTIONS=print_suppressions=0:suppressions=$PWD/tests/lsan.supp
export LSAN_OPTIONS

# One private PostgreSQL for all suites that need one.
case " $suites " in
*\ unit\ *|*\ api\ *|*\ fault\ *)
	pg=$(mktemp -d)
	DIQI_TEST_PG=$(tools/pg-test.sh start "$pg") || { echo "0 passed, 1 failed"; exit 1; }
	export DIQI_TEST_PG
	trap 'tools/pg-test.sh stop "$pg" >/dev/null 2>&1; rm -rf "$pg"' EXIT
	trap 'exit 130' INT TERM
	;;
esac

for suite in $suites; do
	echo "# suite $suite"
	if [ ! -x "tests/$suite.sh" ]; then
		echo "not ok - no such suite: $suite" | tee "$out/$suite.tap"
		continue
	fi
	"tests/$suite.sh" "$out" 2>"$out/$suite.err" | tee "$out/$suite.tap" | grep --line-buffered -E '^(not ok|#)'
	# A suite that printed no result at all has not run.
	grep -qE '^(not )?ok' "$out/$suite.tap" || { echo "not ok - suite $suite ran no test" | tee -a "$out/$suite.tap"; tail -n 20 "$out/$suite.err"; }
done

passed=$(cat "$out"/*.tap | grep -E '^ok' | grep -cvi '# *skip')
failed=$(cat "$out"/*.tap | grep -cE '^not ok')
if [ "$failed" -gt 0 ]; then
	echo "# what failed:"
	grep -hE '^not ok' "$out"/*.tap
	echo "# logs: build/test-output"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
