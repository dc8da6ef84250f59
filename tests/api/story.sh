#!/bin/sh
# `diqi demo` serving, and `diqi demo --story` on one engine, and its algorithms on SQLite.
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
# What ./run.sh does: a demo site is made, played to where bidding is near, and served.
serve_demo () {
	name=$1; shift
	dir=$(mktemp -d)
	timeout 300 "$DIQI_PROGRAM" demo --dir "$dir" --listen 127.0.0.1:0 "$@" >"$dir/out" 2>&1 &
	demo=$!
	for _ in $(seq 600); do
		grep -q "Ctrl-C stops it" "$dir/out" && break
		kill -0 "$demo" 2>/dev/null || break
		sleep 0.2
	done
	if curl -sf -o "$dir/page" "http://$(sed 's#^http://##' "$dir/site/address" 2>/dev/null)/" &&
		[ "$(grep -o 'SYN-2026-WG-0[12347]' "$dir/page" | sort -u | wc -l)" = 5 ]; then
		echo "ok - $engine: $name"
	else
		sed 's/^/# /' "$dir/out" | tail -n 40
		echo "not ok - $engine: $name"
	fi
	# A fresh site that runs has nothing wrong with it.
	if "$DIQI_PROGRAM" doctor --dir "$dir/site" --passphrase-file "$dir/site/passphrase" >"$dir/doctor" 2>&1 &&
		grep -q " 0 to look at, 0 failed" "$dir/doctor"; then
		echo "ok - $engine: the doctor finds nothing in it"
	else
		sed 's/^/# /' "$dir/doctor" | grep -v "# ok"
		echo "not ok - $engine: the doctor finds nothing in it"
	fi
	kill "$demo" 2>/dev/null
	wait "$demo" 2>/dev/null
	rm -rf "$dir"
}
case $engine in
sqlite)
	serve_demo "the demo site shows its five parcels"
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
