#!/bin/sh
# Data races and lock orders, found by ThreadSanitizer while tests run.  Not part of test.sh: slow, and a developer reads what it finds.
#   tools/tsan.sh                 everybody at once (tests/tsan/busy.mjs), then a selection of stories, on SQLite
#   tools/tsan.sh NAME…           these: busy, a story of tests/api (application), or a unit test by its path (unit/net/abuse; unit/signer/sandbox
#                                 fails: a report is written out of the sandbox, which is open that far in this build)
# DIQI_TSAN_BUILD: where it builds (build/tsan).  Exit status 1: something was found, or a test failed.
set -eu
cd "$(dirname "$0")/.."
build=$(mkdir -p "${DIQI_TSAN_BUILD:-build/tsan}" && cd "${DIQI_TSAN_BUILD:-build/tsan}" && pwd)
[ -f "$build/build.ninja" ] || meson setup "$build" -Db_sanitize=thread -Dbuildtype=debugoptimized >"$build.log" || { cat "$build.log"; exit 1; }
[ $# -gt 0 ] || set -- busy application lists market holds revocations tsa watch tls feed outbox counter_queue service_recover_key ceremony

targets="src/main/diqi tests/tsan/known-race"
for name in "$@"; do
	case $name in unit/*) targets="$targets tests/${name%/*}/test-$(echo "${name#unit/}" | tr / -)" ;; esac
done
ninja -C "$build" $targets >"$build/tsan-build.log" || { tail -n 30 "$build/tsan-build.log"; exit 1; }

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
# GLib's own allocator would hide that memory is given from one thread to another.
export G_SLICE=always-malloc G_TEST_SRCDIR="$PWD" DIQI_PROGRAM="$build/src/main/diqi" DIQI_ENGINE="${DIQI_ENGINE:-sqlite}"
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan/third-party.supp:log_path=$reports/report:exitcode=0:history_size=5:second_deadlock_stack=1:die_after_fork=0"
bad=0
try () {   # try NAME COMMAND…: TAP line of one run, with what was found
	name=$1; shift
	# Its shadow memory has a fixed place, which random addresses may take.
	setarch -R timeout 600 "$@" >"$reports/output" 2>&1 && ! grep -q '^not ok' "$reports/output" || { grep -A3 -B12 '^not ok' "$reports/output" || tail -n 20 "$reports/output"; echo "not ok - $name"; bad=1; }
	if ls "$reports"/report.* >/dev/null 2>&1; then
		sed 's/^/# /' "$reports"/report.*
		rm -f "$reports"/report.*
		return 1
	fi
	echo "ok - $name: nothing found"
}
! try "a known race" "$build/tests/tsan/known-race" race >/dev/null || { echo "not ok - a known race is found"; exit 1; }
try "the same with a lock" "$build/tests/tsan/known-race" || exit 1
for name in "$@"; do
	case $name in
	unit/*) try "$name" "$build/tests/${name%/*}/test-$(echo "${name#unit/}" | tr / -)" ;;
	busy) try busy node tests/tsan/busy.mjs ;;
	*) try "$name" node "tests/api/$name.test.mjs" ;;
	esac || { echo "not ok - $name: see above"; bad=1; }
done
exit $bad
