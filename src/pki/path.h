/* pki/path.h — is a certificate good, with its whole path and the status of everything in it?
 *
 * RFC 5280 6.1 and 6.3 as far as our own hierarchies go: signatures, names (compared as bytes), validity, key usage,
 * basic constraints and path length; full and delta revocation lists, whole or of one distribution point.  What is not
 * processed ends the path instead of passing unseen: name constraints, policy mappings, policy constraints, unknown
 * critical extensions, indirect lists, lists of some reasons only.  tests/vectors/pkits/expected.json has the verdict on each test of
 * NIST's PKITS, and where and why ours differs.
 *
 * A build with DIQI_TEST_POLICY, which only the test programs make for themselves, admits SHA-1 with RSA and short RSA
 * keys, because NIST's certificates have them; no setting and no caller of the program can.
 */
#pragma once
#include "pki/certificate.h"

typedef struct {
	Certificate *const *chain;    /* leaf's issuer first, trust anchor last */
	gsize chain_n;
	GBytes *const *lists;         /* DER, in any order; what does not verify is not there */
	gsize lists_n;
	Micros at;
} Path;

/* The chain alone is certificate_verify_chain's.  Then each certificate below the anchor needs a current list of its issuer, and may
 * not be in it.  DIQI_ERROR_CERTIFICATE_CHAIN (also: no status), _EXPIRED, _REVOKED. */
gboolean path_validate (const Certificate *leaf, const Path *path, GError **error);
