#!/bin/sh
# Suite "browser": every program of tests/browser, each printing TAP.
cd "$(dirname "$0")/.." || exit 1
for t in tests/browser/*.sh tests/browser/*.test.mjs; do
	[ -f "$t" ] || continue
	case $t in
	*.mjs) timeout 900 node "$t" ;;
	*) timeout 900 sh "$t" ;;
	esac || echo "not ok - $(basename "$t") ended with $?"
done
