#!/bin/sh
# Suite "unit": GTest programs through meson; each GTest case counts.
# With DIQI_QUICK the slow programs (key generation in bulk, long simulations, every byte of a bundle) are left out.
cd "$(dirname "$0")/.." || exit 1
slow='^(signer-(process|issue|officers|status|invariant|witness)|evidence-bundle|market-sale-simulation|net-(stream|abuse)|pki-(pkcs12|key))$'
programs=$(meson test -C build/test --suite unit --list 2>/dev/null | sed -n 's/^diqi:unit \/ //p')
[ -n "${DIQI_QUICK:-}" ] && programs=$(echo "$programs" | grep -vE "$slow")
# shellcheck disable=SC2086
meson test -C build/test --no-rebuild --num-processes "$(nproc)" --timeout-multiplier 4 --print-errorlogs $programs >&2
# meson's own log repeats the programs' TAP; a program that crashed is one more failure.
node tests/tap-of-meson.mjs build/test/meson-logs/testlog.json
