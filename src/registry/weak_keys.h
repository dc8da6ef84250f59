/* registry/weak_keys.h — RSA keys that share a prime with an earlier one.
 *
 * Everything that shows in one key alone is refused by public_key_check_strength.  This is the rest:
 * all moduli are kept, and a new one is held against them.  The work is one division for each 64
 * earlier RSA keys; keys of other kinds cost nothing.
 */
#pragma once
#include "pki/key.h"
#include "store/store.h"

/* Of a key that is bound to an application for the first time; then it is an earlier key itself.
 * DIQI_ERROR_KEY_WEAK with field: both keys are broken, and the operator is told. */
gboolean weak_keys_take (Tx *tx, const PublicKey *key, const char *field, GError **error);

/* At the start: keys of certificates that did not come through an application (officers'), or came before this was kept. */
gboolean weak_keys_adopt (Store *store, GError **error);
