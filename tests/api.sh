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
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Both engines at a time, as they wait more than they work: each has sites and databases of its own.
for engine in $engines; do
	(
		for story in $stories; do
			DIQI_ENGINE=$engine timeout 600 node "$story" || echo "not ok - $engine: $(basename "$story") ended with $?"
		done
		# The story as the program plays it itself.
		tests/api/story.sh "$engine"
	) >"$work/$engine.tap" 2>"$work/$engine.err" &
done
wait
for engine in $engines; do
	cat "$work/$engine.tap"
	cat "$work/$engine.err" >&2
done
