/* evidence/evidence_db.h — the statements of SQL that the log needs; private to this folder. */
#pragma once
#include "evidence/evidence.h"

/* *fresh is FALSE when this statement is there already. */
gboolean db_use_statement (Tx *tx, const Statement *statement, Micros now, gboolean *fresh, GError **error);
/* Takes the head's lock, and the next index. */
gboolean db_advance_head (Tx *tx, guint64 *index, GError **error);
gboolean db_add_leaf (Tx *tx, const LogPosition *position, GBytes *leaf, const char *type, const char *subject, GError **error);

gboolean db_log_size (Tx *tx, guint64 *size, GError **error);
/* Columns: idx, leaf, leaf_hash; from <= idx < to, in order. */
Rows *db_leaves (Tx *tx, guint64 from, guint64 to, GError **error);
/* Column: leaf. */
Rows *db_leaf (Tx *tx, guint64 index, GError **error);
/* Columns: idx. */
Rows *db_leaves_about (Tx *tx, const char *subject, GError **error);

/* *fresh is FALSE when there is a checkpoint of this size already. */
gboolean db_add_checkpoint (Tx *tx, guint64 size, const char *note, Micros now, gboolean *fresh, GError **error);
/* Columns: size, note; at most one row. */
Rows *db_newest_checkpoint (Tx *tx, GError **error);
