#!/bin/sh
# Suite "api": black-box stories over HTTP against the real server, on SQLite and on PostgreSQL.
# With DIQI_QUICK on SQLite only, and without the slow cases.
cd "$(dirname "$0")/.." || exit 1
engines="sqlite postgresql"
[ -n "${DIQI_QUICK:-}" ] && engines=sqlite
for engine in $engines; do
	for story in tests/api/*.test.mjs; do
		DIQI_ENGINE=$engine timeout 600 node "$story" || echo "not ok - $engine: $(basename "$story") ended with $?"
	done
done
# The story as the program plays it itself.
for engine in $engines; do
	tests/api/story.sh "$engine"
done
