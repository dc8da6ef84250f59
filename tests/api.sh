#!/bin/sh
# Suite "api": black-box stories over HTTP against the real server, on SQLite and on PostgreSQL.
cd "$(dirname "$0")/.." || exit 1
for engine in sqlite postgresql; do
	for story in tests/api/*.test.mjs; do
		DIQI_ENGINE=$engine timeout 600 node "$story" || echo "not ok - $engine: $(basename "$story") ended with $?"
	done
done
# The story as the program plays it itself.
for engine in sqlite postgresql; do
	tests/api/story.sh "$engine"
done
