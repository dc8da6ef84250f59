#!/bin/sh
# Suite "fault": every program of tests/fault, each printing TAP, on SQLite and on PostgreSQL.
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run () {   # run ENGINE
	for t in tests/fault/*.test.mjs; do
		# What these prove lies above the database.
		case $1:$t in
		postgresql:*/outage.*|postgresql:*/signer.*) continue ;;
		esac
		DIQI_ENGINE=$1 timeout 400 node "$t" || echo "not ok - $1: $(basename "$t") ended with $?"
	done
}
# Both engines at a time, as they wait more than they work: each has sites and databases of its own.
for engine in sqlite postgresql; do
	run $engine >"$work/$engine.tap" 2>"$work/$engine.err" &
done
wait
for engine in sqlite postgresql; do
	cat "$work/$engine.tap"
	cat "$work/$engine.err" >&2
done
