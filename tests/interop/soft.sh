#!/bin/sh
# tests/interop/soft.sh — soft double certificates as PKCS#12, made on the applicant's side: read by openssl, NSS's pk12util and the JDK's
# keytool.  TAP.  DIQI_PROGRAM names the program.
set -u
for tool in openssl pk12util keytool node; do
	command -v "$tool" >/dev/null || { echo "1..0 # SKIP no $tool"; exit 0; }
done
exec node tests/interop/soft.mjs
