#!/bin/sh
# Prints every figure of docs/performance.md beside the bare loop that bounds it, in one run:
#   NAME VALUE UNIT bound=VALUE ratio=R v=R …
#   bench/run.sh          all of them, in a few minutes
#   bench/run.sh NAME…    some
#   bench/run.sh --scale [N] [NAME…]   signer and site once empty and once with N (1000000) certificates, a tenth of them revoked: some
#                         minutes more for making them; the second lines have names that end in _N, and end in grown/empty=R (their
#                         values), ratio/ratio=R (each by its own bound first) and cost/cost=R
# Wants a quiet machine and the disk that the site would be on (the site is made below build/bench).
set -eu
cd "$(dirname "$0")/.."

[ "${DIQI_SETUP:-}" = done ] || tools/setup.sh build >&2
if [ ! -f build/bench/build.ninja ]; then
	meson setup build/bench --buildtype=release -Dtests=false -Dbench=true >build-bench.log 2>&1 ||
		{ cat build-bench.log >&2; rm -f build-bench.log; exit 1; }
	rm -f build-bench.log
fi
ninja -C build/bench --quiet src/main/diqi bench/load bench/registration bench/signer >&2

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

scale=0
if [ "${1:-}" = --scale ]; then
	scale=1000000
	shift
	case ${1:-} in
	[0-9]*) scale=$1; shift ;;
	esac
fi

market= registration= signer=
for name; do
	case $name in
	application|search|list) registration="$registration $name" ;;
	signer_*) signer="$signer $name" ;;
	*) market="$market $name" ;;
	esac
done
# The lines of the grown site, each with its value through that of the empty one, and with their ratios through one another.
compare='
function number (name,   i) { for (i = 3; i <= NF; i++) if (index ($i, name "=") == 1) return substr ($i, length (name) + 2) + 0; return 0 }
NR == FNR { value[$1] = $2; ratio[$1] = number("ratio"); cost[$1] = number("cost"); next }
{
	line = $0; name = $1; sub (/^[a-z0-9_]*/, "&_" certificates, line)
	if (value[name] > 0) line = line sprintf (" grown/empty=%.3f", $2 / value[name])
	if (ratio[name] > 0) line = line sprintf (" ratio/ratio=%.3f", number("ratio") / ratio[name])
	if (cost[name] > 0) line = line sprintf (" cost/cost=%.3f", number("cost") / cost[name])
	print line
}'
if [ "$scale" != 0 ]; then
	[ $# -gt 0 ] || { signer="signer_issue signer_ocsp signer_list signer_revoke signer_stamp"; market="start memory_idle issue ocsp_signed ocsp_cached list_full revoke"; }
	for program in signer load; do
		names=$market
		[ $program = load ] || names=$signer
		[ -n "$names" ] || continue
		DIQI_BENCH_GROW=0 run $program $names | tee "$work/empty"
		DIQI_BENCH_GROW=$scale run $program $names >"$work/grown"
		awk -v certificates="$scale" "$compare" "$work/empty" "$work/grown"
		rm -rf "$work"/site.*
	done
	exit 0
fi
[ -z "$signer" ] && [ $# -gt 0 ] || run signer $signer
[ -z "$market" ] && [ $# -gt 0 ] || run load $market
[ -z "$registration" ] && [ $# -gt 0 ] || run registration $registration
