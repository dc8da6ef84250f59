#!/bin/sh
# tests/interop/carrier.sh — a holder's token, from the key pair to both certificates, interrupted at every step: SoftHSM2 as the token, OpenSC's
# pkcs11-tool as the program that uses it.  TAP.  DIQI_PROGRAM names the program.
set -u
for tool in softhsm2-util pkcs11-tool node; do
	command -v "$tool" >/dev/null || { echo "1..0 # SKIP no $tool"; exit 0; }
done
for module in ${SOFTHSM2_MODULE:-} /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so; do
	[ -f "$module" ] && exec env SOFTHSM2_MODULE="$module" node tests/interop/carrier.mjs
done
echo "1..0 # SKIP no module of SoftHSM2"
