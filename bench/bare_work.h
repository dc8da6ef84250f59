/* bench/bare_work.h — the signer's work as a plain loop over OpenSSL, one thread: the bound of bench/signer.c.
 *
 * Two loops a kind of work.  `whole` does everything that the work needs, by OpenSSL's own API, the way a careful program
 * would: keys, names and constant extensions made once, contexts prepared.  `arithmetic` computes only the signatures.
 * Both count units per second of this thread's processor time, so that other load on the machine disturbs them least.
 *
 * whole, issue:       read the holder's SubjectPublicKeyInfo; verify both officers' signatures over their statements; build an X509
 *                     with serial, names, validity, key, the eight extensions of a holder's certificate; sign; encode.
 * arithmetic, issue:  two verifications, one signature.
 * whole, pair:        the same for two certificates; make the second one's key pair, encode it, seal it to the holder and 54 octets each to three
 *                     agents (CMS_encrypt; SM2: EVP_PKEY_encrypt).  Splitting a secret and wrapping under it are left out.
 * arithmetic, pair:   two verifications, two signatures, a key pair, and four times a key pair and an agreement (SM2: an encryption).
 * whole, list:        build an X509_CRL of so many entries, each with a reason; sort, sign, encode.  (No arithmetic: one signature.)
 * whole, ocsp:        read the request; build a basic response with its status and nonce; sign; encode.
 * arithmetic, ocsp:   one signature.
 * whole, stamp:       read the query; build a response with its token, signed attributes and TSTInfo; sign; encode.
 * arithmetic, stamp:  one signature.
 */
#pragma once
#include "base/clock.h"
#include "pki/certificate.h"

typedef struct {
	guint64 whole, arithmetic;       /* per second of processor time */
} BareWork;

typedef void (*BareUnitFn) (gpointer work);
/* Units per second of this thread's processor time. */
guint64 bare_rate (BareUnitFn unit, gpointer work, Micros limit);
/* statement_n: octets each officer's signature covers. */
BareWork bare_issue (KeyAlgorithm algorithm, const Certificate *issuing, gsize statement_n, Micros limit);
BareWork bare_pair (KeyAlgorithm algorithm, const Certificate *issuing, gsize statement_n, Micros limit);
BareWork bare_ocsp (KeyAlgorithm algorithm, const Certificate *responder, GBytes *request, Micros limit);
/* P-256 only: OpenSSL's TS gives SM2 no identity.  bare_stamp.c */
BareWork bare_stamp (GBytes *query, Micros limit);
guint64 bare_list_micros (KeyAlgorithm algorithm, const Certificate *issuing, guint entries);      /* for one */
