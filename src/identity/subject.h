/* identity/subject.h — organisations and persons that hold certificates.
 *
 * A subject outlives its certificates: rights (bidding, sessions) hang on the subject, so that a
 * renewal with a new fingerprint locks nobody out.  Found again by `key`, SHA-256 (site ‖ 0 ‖ kind ‖ 0
 * ‖ number); an organisation's code is public and kept in clear, a person's number is not stored here.
 */
#pragma once
#include "base/json.h"
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

/* The same identity always gives the same id; the newest name wins.  Caller frees *id. */
gboolean subject_find_or_create (Tx *tx, const SubjectIdentity *identity, Micros now, char **id, GError **error);
/* DIQI_ERROR_NOT_FOUND */
gboolean subject_load (Tx *tx, const char *id, Subject *out, GError **error);
/* Name contains `query`, or the credit code starts with it; by id, at most `limit`.
 * GPtrArray of Subject *, owned. */
GPtrArray *subject_search (Tx *tx, const char *query, guint limit, GError **error);
