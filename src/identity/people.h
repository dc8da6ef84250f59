/* identity/people.h — the people behind subjects and officers.
 *
 * A form names people: the legal representative and the operator (经办人) of an organisation, or the person who
 * applies.  They are kept apart from the organisation, found again by identity key, and with the time for which
 * they stood: a new form closes the old record and opens a new one.  An identity number is never stored.
 *
 * Numbers are given as "<id_type>:<number>", like form_holder_number gives a person's.
 */
#pragma once
#include "base/json.h"
#include "identity/officers.h"
#include "identity/subject.h"

/* --- subjects ------------------------------------------------------------------------ */
typedef enum { PERSON_LEGAL_REPRESENTATIVE, PERSON_OPERATOR, PERSON_HOLDER } PersonRole;
const char *person_role_name (PersonRole role);          /* "legal_representative", "operator", "holder" */

typedef struct {
	PersonRole role;
	const char *name;
	const char *number;       /* "<id_type>:<number>" */
	const char *mobile, *mail;         /* NULL unknown */
} PersonFacts;

/* What a form says about the people of `subject`, one at most for a role.  Says nothing new: nothing is written. */
gboolean people_record (Tx *tx, const char *site, const char *subject, const PersonFacts *facts, gsize n,
                        Micros now, GError **error);
/* {subject, kind, name, names:[{name, since}], people:[{person, role, name, from, until?}]}, oldest first; no numbers, no
 * ways to reach anybody.  DIQI_ERROR_NOT_FOUND.  New reference. */
json_t *people_view (Tx *tx, const char *subject, GError **error);

/* Retention is over: names of people who stand for nobody else, and the ways to reach them for this subject, go; keys and times stay. */
gboolean people_forget (Tx *tx, const char *subject, GError **error);

/* --- officers ------------------------------------------------------------------------ */
/* Takes down that the officer `person` is this human, by identity key.  The same again is no error; one human behind two
 * active officers is DIQI_ERROR_SAME_PERSON.  DIQI_ERROR_NOT_FOUND: no such active officer. */
gboolean officer_identify (Tx *tx, const OfficerList *officers, const char *person, const Fingerprint *identity,
                           Micros now, GError **error);
/* Does any of these numbers belong to the officer `person`?  FALSE match also while the officer is not identified. */
gboolean officer_identity_matches (Tx *tx, const char *person, const char *site, const char *const *id_numbers, gsize n,
                                   gboolean *match, GError **error);
