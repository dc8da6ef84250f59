/* signer/share.h — splitting a key k of n (libgfshare), and what one share is.
 *
 * In the clear a share is 1 octet version ‖ 1 octet index ‖ 20 serial of the encryption certificate ‖ 32 octets, and is only ever seen
 * under pki/envelope.h: sealed to its agent's certificate at rest, and sealed by the agent to the key centre's
 * transport key on its way back.
 */
#pragma once
#include "pki/certificate.h"

#define SHARE_SECRET_BYTES 32
#define SHARE_BYTES (2 + 20 + SHARE_SECRET_BYTES)
#define SHARES_MIN_THRESHOLD 2      /* one agent alone opens nothing */
#define SHARES_MAX 15

/* n × SHARE_BYTES at `shares`. */
void shares_split (const guint8 secret[SHARE_SECRET_BYTES], const Serial *serial, guint threshold, guint n, guint8 *shares);
/* `threshold` shares in the clear, of different indices.  Wrong shares give a wrong secret, silently. */
void shares_combine (const guint8 *const *shares, guint threshold, guint8 secret[SHARE_SECRET_BYTES]);
/* Its index, 1 to SHARES_MAX; FALSE: not a share of this certificate's key. */
gboolean share_read (GBytes *share, const Serial *serial, guint *index);

/* What an agent does with his share: opens it with the key of his encryption certificate, looks whether it is of the certificate he
 * was asked about, and seals it to the key centre's transport key (SPKI).  DIQI_ERROR_RECOVERY_SHARE, _ENVELOPE. */
GBytes *share_reseal (const PrivateKey *agent, GBytes *sealed, const Serial *serial, GBytes *transport, GError **error);
