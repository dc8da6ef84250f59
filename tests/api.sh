#!/bin/sh
# Suite "api": black-box stories over HTTP against the real server, on SQLite and on PostgreSQL.
# With DIQI_QUICK on SQLite only, the stories that walk the whole job, without their slow cases.
cd "$(dirname "$0")/.." || exit 1
engines="sqlite postgresql"
stories=$(echo tests/api/*.test.mjs)
if [ -n "${DIQI_QUICK:-}" ]; then
	engines=sqlite
	stories="tests/api/login.test.mjs tests/api/application.test.mjs tests/api/market.test.mjs"
fi
for engine in $engines; do
	for story in $stories; do
		DIQI_ENGINE=$engine timeout 600 node "$story" || echo "not ok - $engine: $(basename "$story") ended with $?"
	done
done
# The story as the program plays it itself.
for engine in $engines; do
	tests/api/story.sh "$engine"
done
