#!/bin/sh
# Prints every figure of docs/performance.md beside the bare loop that bounds it, in one run:
#   NAME VALUE UNIT bound=VALUE ratio=R v=R …
#   bench/run.sh          all of them, in a few minutes
#   bench/run.sh NAME…    some
# Wants a quiet machine and the disk that the site would be on (the site is made below build/bench).
set -eu
cd "$(dirname "$0")/.."

[ "${DIQI_SETUP:-}" = done ] || tools/setup.sh build >&2
if [ ! -f build/bench/build.ninja ]; then
	meson setup build/bench --buildtype=release -Dtests=false -Dbench=true >build-bench.log 2>&1 ||
		{ cat build-bench.log >&2; rm -f build-bench.log; exit 1; }
	rm -f build-bench.log
fi
ninja -C build/bench --quiet src/main/diqi bench/load >&2

work=$(mktemp -d build/bench/run.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
build/bench/bench/load build/bench/src/main/diqi "$work" "$@" || {
	status=$?
	tail -n 5 "$work/serve.log" >&2 2>/dev/null || true
	exit "$status"
}
