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

/* Which check failed, for which certificate. */
typedef struct PathFault {
	gsize place;                  /* 0: the leaf; i: chain[i - 1] */
	const char *field, *rule;     /* constants: of what, and who asks for it: "notAfter", "RFC 5280 6.1.3 (a)(2)" */
	enum { PATH_LACKS_NOTHING, PATH_LACKS_ISSUER, PATH_LACKS_LIST } lacks;     /* what would have to be fetched for certificate `place` */
} PathFault;

/* The chain alone is certificate_verify_chain's.  Then each certificate below the anchor needs a current list of its issuer, and may
 * not be in it.  fault (may be NULL) is filled when FALSE.  DIQI_ERROR_CERTIFICATE_CHAIN (also: no status), _EXPIRED, _REVOKED, _HELD. */
gboolean path_validate (const Certificate *leaf, const Path *path, PathFault *fault, GError **error);
/* The full list that decides about c, which is the leaf or in the chain; FALSE: none that is current. */
gboolean path_list (const Path *path, const Certificate *c, CrlFacts *out);

/* What a path can be made of: certificates in any order, and the roots that are trusted. */
typedef struct {
	Certificate *const *others;
	gsize others_n;
	Certificate *const *anchors;
	gsize anchors_n;
} PathPool;
#define PATH_MAX_LENGTH 8
#define PATH_MAX_SIGNATURES 256       /* looked at while one path is sought: what hostile certificates can cost */

/* Finds the chains from the leaf to an anchor (RFC 4158), also over cross certificates, and takes the first that path_validate
 * accepts; *chain (Certificate *, owned).  When none is accepted: the chain of the first that got to an anchor, or as far as issuers were found, with its fault.  path: lists and
 * moment; its chain is not looked at. */
gboolean path_find (const Certificate *leaf, const PathPool *pool, const Path *path, GPtrArray **chain, PathFault *fault, GError **error);
