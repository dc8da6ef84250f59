/* signer/hsm.h — a token as the signer sees it: through a process of its own that holds the maker's module (hsm_keeper.h).
 *
 * Made before the signer's filter closes; afterwards only the open socket is used.  Errors of the token are DIQI_ERROR_TOKEN while
 * a site starts; a signature that the token does not make is DIQI_ERROR_UNAVAILABLE, since it may well make it later.
 */
#pragma once
#include "pki/pkcs11.h"

typedef struct Hsm Hsm;           /* reference counted, not thread-safe */

/* Starts the keeper, which loads the module and logs in. */
Hsm *hsm_open (const Pkcs11Place *place, const char *pin, gsize n, GError **error);
Hsm *hsm_ref (Hsm *hsm);
void hsm_unref (Hsm *hsm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Hsm, hsm_unref)

/* Nothing can come of it any more: the keeper ended, the PIN was refused, or the token has been away for five
 * minutes.  Then the signer ends too, and says at its next start what is wrong. */
gboolean hsm_is_lost (const Hsm *hsm);

/* For poll: hangs up when the keeper ends; then tell it.  -1: it has ended. */
int hsm_fd (const Hsm *hsm);
void hsm_keeper_ended (Hsm *hsm);

/* See pki/pkcs11.h for each. */
gboolean hsm_facts (Hsm *hsm, Pkcs11Facts *out, GError **error);
gboolean hsm_find_key (Hsm *hsm, const char *label, Pkcs11KeyFacts *out, GError **error);
gboolean hsm_make_sealing_key (Hsm *hsm, const char *label, GError **error);
GBytes *hsm_seal (Hsm *hsm, const char *label, const char *context, gconstpointer p, gsize n, GError **error);
GBytes *hsm_unseal (Hsm *hsm, const char *label, const char *context, GBytes *sealed, GError **error);
gboolean hsm_delete (Hsm *hsm, const char *label, GError **error);

/* Key pairs.  expected: as its certificate says; NULL: as the token says.  DIQI_ERROR_CONFIG when the two differ. */
PrivateKey *hsm_load_key (Hsm *hsm, const char *label, const PublicKey *expected, GError **error);
PrivateKey *hsm_make_key (Hsm *hsm, const char *label, KeyAlgorithm algorithm, GError **error);
