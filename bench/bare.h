/* bench/bare.h — what the machine can do at most: OpenSSL and SQLite in tight loops, nothing around them.
 *
 * Algorithms are fetched and contexts made once, messages are ready digests, SQLite prepares its statements
 * once.  No program that does the same work for people can be faster on this machine in these minutes.
 */
#pragma once
#include "base/clock.h"
#include "pki/certificate.h"

/* What one unit of work needs at least. */
typedef struct {
	guint verifies, signs;       /* P-256 */
	const guint *rows;           /* sizes in bytes of the rows written, ended by 0; NULL none */
} BareUnit;

/* Units a second of P-256 work on this many threads. */
guint64 bare_openssl (const BareUnit *unit, guint threads, Micros limit);
/* Units a second of rows, one thread, WAL and synchronous=FULL, `group` units in a commit, keys that grow. */
guint64 bare_sqlite (const BareUnit *unit, const char *work, guint group, Micros limit);

/* A DER OCSP request for leaf (RFC 6960), SHA-1 CertID as clients send it; nonce of 16 bytes or none. */
GBytes *bare_ocsp_request (const Certificate *leaf, const Certificate *issuing, gboolean nonce);
