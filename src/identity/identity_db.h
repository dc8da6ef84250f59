/* identity/identity_db.h — one SQL statement a function; used by identity only. */
#pragma once
#include "identity/session.h"
#include "identity/subject.h"

gboolean db_subject_upsert (Tx *tx, const Subject *subject, const Fingerprint *key, char **id, GError **error);
gboolean db_subject_rename (Tx *tx, const char *id, const char *name, GError **error);
gboolean db_subject_set_uscc (Tx *tx, const char *id, const char *uscc, GError **error);
gboolean db_subject_get (Tx *tx, const char *id, Subject *out, gboolean *found, GError **error);
gboolean db_subject_search (Tx *tx, const char *name_pattern, const char *uscc_pattern, guint limit,
                            GPtrArray *out, GError **error);

gboolean db_challenge_insert (Tx *tx, const char *challenge, const char *purpose, Micros expires, GError **error);
/* *used: it was open and is closed now. */
gboolean db_challenge_use (Tx *tx, const char *challenge, const char *purpose, Micros now, gboolean *used, GError **error);
gboolean db_challenge_purge (Tx *tx, Micros before, GError **error);

gboolean db_session_insert (Tx *tx, const Session *session, const Fingerprint *secret, GError **error);
/* Open ones only. */
gboolean db_session_get (Tx *tx, const char *id, Session *out, Fingerprint *secret, gboolean *found, GError **error);
gboolean db_session_touch (Tx *tx, const char *id, Micros now, GError **error);
gboolean db_session_end (Tx *tx, const char *id, const Fingerprint *secret, Micros now, GError **error);
gboolean db_session_end_certificate (Tx *tx, const char *fingerprint, Micros now, GError **error);
gboolean db_session_purge (Tx *tx, Micros seen_before, GError **error);
