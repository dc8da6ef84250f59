#!/bin/bash
# Suite "interop": other people's programs judge what we make, and we judge theirs.  Two scripts at a time: each has a
# folder and ports of its own.
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
one() {
	local name
	name=$(basename "$1")
	# pki.sh works on files that a small program of ours makes.
	timeout 900 bash "$1" build/test/tests/unit/pki/pki-files >"$2/$name.tap" 2>"$2/$name.err" || echo "not ok - $name ended with $?" >>"$2/$name.tap"
}
export -f one
printf '%s\0' tests/interop/*.sh | xargs -0 -n 1 -P 2 bash -c 'one "$2" "$1"' _ "$work"
cat "$work"/*.tap
cat "$work"/*.err >&2
