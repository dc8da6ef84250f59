/* identity/people_db.h — one SQL statement a function; used by identity only. */
#pragma once
#include "identity/people.h"

typedef struct {
	char *id;                 /* of the row */
	char *person, *role, *name, *mobile, *mail;
	Micros from, until;       /* until 0: still so */
} SubjectPerson;
void subject_person_clear (SubjectPerson *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SubjectPerson, subject_person_clear)

/* The same identity key gives the same id; the newest name wins. */
gboolean db_person_upsert (Tx *tx, const char *fresh, const Fingerprint *key, const char *name, Micros now, char **id, GError **error);
/* The one who stands now, locked. */
gboolean db_subject_person_current (Tx *tx, const char *subject, const char *role, SubjectPerson *out, gboolean *found, GError **error);
gboolean db_subject_person_insert (Tx *tx, const char *subject, const SubjectPerson *row, GError **error);
gboolean db_subject_person_close (Tx *tx, const char *id, Micros until, GError **error);
/* SubjectPerson items, oldest first. */
gboolean db_subject_people (Tx *tx, const char *subject, GArray *out, GError **error);

gboolean db_people_blank (Tx *tx, const char *subject, GError **error);
gboolean db_subject_people_blank (Tx *tx, const char *subject, GError **error);

gboolean db_subject_name_insert (Tx *tx, const char *id, const char *subject, const char *name, Micros since, GError **error);
/* [{name, since}], oldest first. */
gboolean db_subject_names (Tx *tx, const char *subject, json_t *out, GError **error);
gboolean db_subject_identity_insert (Tx *tx, const Fingerprint *key, const char *subject, Micros since, GError **error);
/* By its own key or by a further one; *id NULL: nobody. */
gboolean db_subject_by_key (Tx *tx, const Fingerprint *key, char **id, GError **error);

gboolean db_officer_identity_insert (Tx *tx, const char *person, const Fingerprint *key, Micros since, GError **error);
/* Persons who have this identity: char *, owned. */
gboolean db_officer_identity_persons (Tx *tx, const Fingerprint *key, GPtrArray *persons, GError **error);
