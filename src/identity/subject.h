/* identity/subject.h — organisations and persons that hold certificates.
 *
 * A subject outlives its certificates: rights (bidding, sessions) hang on the subject, so that a
 * renewal with a new fingerprint locks nobody out.  Found again by `key`, SHA-256 (site ‖ 0 ‖ kind ‖ 0
 * ‖ number); an organisation's code is public and kept in clear, a person's number is not stored here.
 */
#pragma once
#include "base/json.h"
#include "pki/key.h"
#include "store/store.h"

typedef enum { SUBJECT_ORGANIZATION, SUBJECT_PERSON } SubjectKind;
const char *subject_kind_name (SubjectKind kind);                        /* "organization", "person" */
gboolean subject_kind_from_name (const char *name, SubjectKind *out);

typedef struct {
	char *id;                 /* UUIDv7 */
	SubjectKind kind;
	char *name;
	char *uscc;               /* NULL for persons */
	Micros created;
} Subject;
void subject_clear (Subject *subject);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, subject_clear)

typedef struct {
	const char *site;         /* site id */
	SubjectKind kind;
	const char *name;
	const char *number;       /* USCC; for persons "<id type>:<number>" */
} SubjectIdentity;

/* SHA-256 (site ‖ 0 ‖ kind ‖ 0 ‖ number); the name does not count. */
void subject_identity_key (const SubjectIdentity *identity, Fingerprint *out);
/* The same identity, by whichever of its numbers, always gives the same id; the newest name wins, the older ones are
 * history.  Caller frees *id. */
gboolean subject_find_or_create (Tx *tx, const SubjectIdentity *identity, Micros now, char **id, GError **error);
/* *id NULL: nobody here.  Caller frees. */
gboolean subject_find (Tx *tx, const SubjectIdentity *identity, char **id, GError **error);
/* The subject has this number and name from now on, and stays itself; the older numbers find it too.  DIQI_ERROR_EXISTS when
 * the number is another subject's. */
gboolean subject_add_identity (Tx *tx, const char *id, const SubjectIdentity *identity, Micros now, GError **error);
/* DIQI_ERROR_NOT_FOUND */
gboolean subject_load (Tx *tx, const char *id, Subject *out, GError **error);
/* Name contains `query`, or the credit code starts with it; by id, at most `limit`.
 * GPtrArray of Subject *, owned. */
GPtrArray *subject_search (Tx *tx, const char *query, guint limit, GError **error);
