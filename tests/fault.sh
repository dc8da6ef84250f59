#!/bin/sh
# Suite "fault": every program of tests/fault, each printing TAP, on SQLite and on PostgreSQL.
cd "$(dirname "$0")/.." || exit 1
run () {   # run ENGINE FILE
	DIQI_ENGINE=$1 timeout 300 node "$2" || echo "not ok - $1: $(basename "$2") ended with $?"
}
for t in tests/fault/*.test.mjs; do
	run sqlite "$t"
	# What these prove lies above the database.
	case $t in
	*/outage.*|*/signer.*) ;;
	*) run postgresql "$t" ;;
	esac
done
