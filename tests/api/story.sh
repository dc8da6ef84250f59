#!/bin/sh
# `diqi demo --story` on one engine, and its algorithms on SQLite.
set -u
engine=$1
play () {
	name=$1; shift
	out=$(mktemp)
	if timeout 300 "$DIQI_PROGRAM" demo --story "$@" >"$out" 2>&1; then
		echo "ok - $engine: $name"
	else
		sed 's/^/# /' "$out" | tail -n 40
		echo "not ok - $engine: $name"
	fi
	rm -f "$out"
}
case $engine in
sqlite)
	play "the story from the paper form to the verified result"
	[ -n "${DIQI_QUICK:-}" ] && exit 0
	play "the story with RSA-3072" --algorithm rsa3072
	play "the story with SM2" --algorithm sm2
	;;
postgresql)
	database=story_$$
	psql -q "$DIQI_TEST_PG" -c "CREATE DATABASE $database" >/dev/null || { echo "not ok - $engine: make a database"; exit 0; }
	play "the story from the paper form to the verified result" --store "$(echo "$DIQI_TEST_PG" | sed "s#/[^/?]*\(\?.*\)\{0,1\}\$#/$database\1#")"
	psql -q "$DIQI_TEST_PG" -c "DROP DATABASE $database WITH (FORCE)" >/dev/null
	;;
esac
