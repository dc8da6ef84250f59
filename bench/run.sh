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
ninja -C build/bench --quiet src/main/diqi bench/load bench/registration >&2

work=$(mktemp -d build/bench/run.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
run() {
	program=$1
	shift
	folder=$(mktemp -d "$work/site.XXXXXX")
	"build/bench/bench/$program" build/bench/src/main/diqi "$folder" "$@" || {
		status=$?
		tail -n 5 "$folder/serve.log" >&2 2>/dev/null || true
		exit "$status"
	}
}

market= registration=
for name; do
	case $name in
	application|search|list) registration="$registration $name" ;;
	*) market="$market $name" ;;
	esac
done
[ -z "$market" ] && [ $# -gt 0 ] || run load $market
[ -z "$registration" ] && [ $# -gt 0 ] || run registration $registration
