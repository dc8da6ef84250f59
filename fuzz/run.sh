#!/bin/bash
# fuzz/run.sh [-t SECONDS] [-j JOBS] [NAME…] — builds the libFuzzer harnesses and runs each for SECONDS (60) from
# its seeds, JOBS (one a processor) at a time; one line "ok NAME …" or "not ok NAME …" a harness, exit 1 when one fails.  New inputs go to
# a corpus that is thrown away; what crashed is kept in build/fuzz/crashes.
set -euo pipefail

seconds=60
jobs=$(nproc)
while getopts t:j: option; do
	case $option in
	t) seconds=$OPTARG ;;
	j) jobs=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

cd "$(dirname "$0")/.."
build=build/fuzz
if [ ! -f $build/build.ninja ]; then
	CC=${CC:-clang-14} meson setup $build -Dfuzz=true -Dbuildtype=debugoptimized -Db_sanitize=address,undefined \
		-Dc_args="-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined" >$build.setup.log 2>&1 ||
		{ cat $build.setup.log; echo "not ok fuzz: meson setup failed"; exit 1; }
fi
ninja -C $build fuzzers >$build/build.log 2>&1 || { cat $build/build.log; echo "not ok fuzz: build failed"; exit 1; }

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
	for source in fuzz/fuzz_*.c; do
		name=${source#fuzz/fuzz_}
		names+=("${name%.c}")
	done
fi

export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=16:allocator_may_return_null=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p $build/crashes

run_one() {
	local name=$1 log=$work/$1.log
	mkdir -p "$work/$name"
	local seeds=()
	[ -d "fuzz/seeds/$name" ] && seeds=("fuzz/seeds/$name")
	# The outer limit is for a harness that does not come back at all.
	timeout -k 10 $((seconds + 60)) "$build/fuzz/fuzz-$name" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 \
		-max_len=16384 -print_final_stats=1 -artifact_prefix="$build/crashes/$name-" \
		"$work/$name" "${seeds[@]}" >"$log" 2>&1 || { cat "$log"; return 1; }
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
}

report() {
	local name=$1
	if [ ! -x "$build/fuzz/fuzz-$name" ]; then
		echo "not ok $name # no such harness was built"
	elif run_one "$name"; then
		echo "ok $name # $runs runs in $seconds s, coverage $coverage"
	else
		echo "not ok $name # see $build/crashes"
	fi
}

# Each writes to a file of its own; a line comes out whole, when its harness is done.
running=0
for name in "${names[@]}"; do
	if [ "$running" -ge "$jobs" ]; then
		wait -n || true
		running=$((running - 1))
	fi
	{ report "$name" >"$work/$name.tap" 2>&1; cat "$work/$name.tap"; } &
	running=$((running + 1))
done
wait
! cat "$work"/*.tap | grep -q "^not ok"
