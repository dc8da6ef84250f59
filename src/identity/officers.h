/* identity/officers.h — the officers the signer has pinned, looked up by certificate.
 *
 * The truth lies with the signer (signer_get_officers).  This is a read-only copy of one version:
 * an OfficerList never changes; a new version is parsed beside it and swapped in.  Thread-safe.
 */
#pragma once
#include "identity/actor.h"

typedef struct {
	char *person;             /* UUID */
	char *name;
	guint roles;
	gboolean removed;         /* kept in the list so that old statements can still be attributed */
	Certificate *certificate;
} Officer;

typedef struct OfficerList OfficerList;          /* immutable, reference counted */
/* {"version":n,"officers":[{person,name,roles,certificate,removed}]} as signer_get_officers gives it;
 * further members of the document and of an officer are the signer's and are ignored. */
OfficerList *officer_list_parse (const json_t *document, GError **error);
OfficerList *officer_list_ref (OfficerList *list);
void officer_list_unref (OfficerList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OfficerList, officer_list_unref)
gint64 officer_list_version (const OfficerList *list);
gsize officer_list_size (const OfficerList *list);
const Officer *officer_list_at (const OfficerList *list, gsize i);
/* Borrowed, as long as the list; NULL for unknown and for removed officers. */
const Officer *officer_list_find (const OfficerList *list, const Fingerprint *certificate);
/* The document as parsed, for GET /officers; borrowed. */
const json_t *officer_list_document (const OfficerList *list);

typedef struct Officers Officers;                /* the current list */
Officers *officers_new (OfficerList *first);     /* takes its own reference */
void officers_free (Officers *officers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Officers, officers_free)
OfficerList *officers_current (Officers *officers);              /* new reference */
/* Older than the current version is ignored (two refreshes may overtake each other). */
void officers_swap (Officers *officers, OfficerList *next);
/* FALSE (no error) when the certificate is no active officer's; else fills an ACTOR_OFFICER. */
gboolean officers_actor (Officers *officers, const Fingerprint *certificate, Actor *out);
