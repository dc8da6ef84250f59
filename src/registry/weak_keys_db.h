/* registry/weak_keys_db.h — SQL of the earlier moduli. */
#pragma once
#include "store/store.h"

gboolean db_moduli_lock (Tx *tx, GError **error);
/* The last block. */
gboolean db_moduli_last (Tx *tx, gint64 *block, gint64 *keys, GBytes **product, GError **error);
/* NULL: there is no such block, or nothing in it; owned by the caller. */
gboolean db_moduli_product (Tx *tx, gint64 block, GBytes **product, GError **error);
gboolean db_moduli_set (Tx *tx, gint64 block, gint64 keys, GBytes *product, GError **error);
gboolean db_rsa_key_add (Tx *tx, const char *spki, gboolean *added, GError **error);
gboolean db_rsa_progress (Tx *tx, gint64 *change_seq, GError **error);
gboolean db_rsa_progress_set (Tx *tx, gint64 change_seq, GError **error);
