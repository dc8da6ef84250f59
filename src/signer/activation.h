/* signer/activation.h — the signer's passphrase in the hands of several: m of n shares start it (libgfshare, share.h).
 *
 * A random key seals the passphrase into activation.json of the signer's folder and is split.  A share is a file of its own, under its
 * holder's passphrase:
 *   {"holder":text,"index":i,"of":n,"sealed":base64,"set":hex,"site":id,"threshold":m,"type":"diqi.share","v":1}
 * Fewer than m tell nothing of the passphrase.  Splitting again makes a new set; shares of an older one open nothing.
 */
#pragma once
#include "base/json.h"

#define ACTIVATION_MAX 15

typedef struct {
	const char *holder;            /* who: for people */
	const char *file;              /* made, 0600; refused if it is there */
	const char *passphrase;        /* of the share, 8 bytes or more */
} ActivationHolder;

/* DIQI_ERROR_FIELD_VALUE (threshold), _FIELD_LENGTH (passphrase), _EXISTS. */
gboolean activation_split (const char *dir, const char *site, const char *passphrase, gsize passphrase_n, guint threshold,
                           const ActivationHolder *holders, gsize n, GError **error);

/* For a ceremony: what is there before, and after it was cut off whether the passphrase was split so (threshold, holders' files); if it was
 * not, what is left of shares that open nothing is removed, so that it can be split again.  DIQI_ERROR_EXISTS: a file there is none of these. */
json_t *activation_before (const ActivationHolder *holders, gsize n);
gboolean activation_found (const char *dir, const char *site, guint threshold, const ActivationHolder *holders, gsize n, const json_t *before,
                           gboolean *found, GError **error);

typedef struct {
	const char *file, *passphrase;
} ActivationShare;

/* The passphrase, from pki_secret_alloc with a NUL after its *n octets; pki_secret_free (…, *n + 1).  DIQI_ERROR_CONFIG: too few, one twice, of another site or set,
 * a wrong passphrase, changed. */
char *activation_join (const char *dir, const ActivationShare *shares, gsize shares_n, gsize *n, GError **error);
