#!/bin/sh
# Suite "unit": GTest programs through meson; each GTest case counts.
cd "$(dirname "$0")/.." || exit 1
meson test -C build/test --suite unit --num-processes "$(nproc)" --print-errorlogs >&2
# meson's own log repeats the programs' TAP; a program that crashed is one more failure.
node tests/tap-of-meson.mjs build/test/meson-logs/testlog.json
