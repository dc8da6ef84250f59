#!/bin/sh
# tests/interop/hsm.sh — a whole site whose keys are on a token (SoftHSM2): what it signs is judged by OpenSSL; what is wrong with token, PIN
# and keys is named; a token that is pulled out while the site runs.  And `diqi doctor`.  TAP.  DIQI_PROGRAM names the program.
set -u
for tool in softhsm2-util pkcs11-tool openssl node; do
	command -v "$tool" >/dev/null || { echo "1..0 # SKIP no $tool"; exit 0; }
done
for module in ${SOFTHSM2_MODULE:-} /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so; do
	[ -f "$module" ] && exec env SOFTHSM2_MODULE="$module" node tests/interop/hsm.mjs
done
echo "1..0 # SKIP no module of SoftHSM2"
