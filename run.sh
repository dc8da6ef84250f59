#!/bin/sh
# Builds Diqi and serves a demo site.
#   ./run.sh          install what is missing, build, make a demo site under var/demo once, serve it
#   ./run.sh build    only build: build/release/diqi
# DIQI_LISTEN=ADDR:PORT chooses the address (default 127.0.0.1:8080).
set -eu
cd "$(dirname "$0")"

tools/setup.sh build
if [ ! -f build/release/build.ninja ]; then
	meson setup build/release --buildtype=release -Dtests=false >build-release.log 2>&1 ||
		{ cat build-release.log >&2; rm -f build-release.log; exit 1; }
	rm -f build-release.log
fi
ninja -C build/release --quiet src/main/diqi
ln -sfn src/main/diqi build/release/diqi
[ "${1:-}" = build ] && exit 0

mkdir -p var
exec build/release/diqi demo --dir var/demo --listen "${DIQI_LISTEN:-127.0.0.1:8080}"
