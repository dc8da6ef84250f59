#!/bin/sh
# Suite "interop": every program of tests/interop, each printing TAP.
cd "$(dirname "$0")/.." || exit 1
for t in tests/interop/*.sh tests/interop/*.test.mjs; do
	[ -f "$t" ] || continue
	case $t in
	*.mjs) timeout 900 node "$t" ;;
	*) timeout 900 sh "$t" ;;
	esac || echo "not ok - $(basename "$t") ended with $?"
done
