/* identity/subject.c — the same identity is the same subject. */
#include "identity/subject.h"

#include "base/error.h"
#include "base/random.h"
#include "identity/identity_db.h"
#include "identity/people_db.h"

const char *
subject_kind_name (SubjectKind kind)
{
	return kind == SUBJECT_ORGANIZATION ? "organization" : "person";
}

gboolean
subject_kind_from_name (const char *name, SubjectKind *out)
{
	if (g_strcmp0 (name, "organization") == 0)
		*out = SUBJECT_ORGANIZATION;
	else if (g_strcmp0 (name, "person") == 0)
		*out = SUBJECT_PERSON;
	else
		return FALSE;
	return TRUE;
}

void
subject_clear (Subject *subject)
{
	g_free (subject->id);
	g_free (subject->name);
	g_free (subject->uscc);
	memset (subject, 0, sizeof *subject);
}

void
subject_identity_key (const SubjectIdentity *identity, Fingerprint *out)
{
	g_autoptr (GByteArray) text = g_byte_array_new ();
	const char *kind = subject_kind_name (identity->kind);

	/* The zero octets keep the parts apart. */
	g_byte_array_append (text, (const guint8 *) identity->site, strlen (identity->site) + 1);
	g_byte_array_append (text, (const guint8 *) kind, strlen (kind) + 1);
	g_byte_array_append (text, (const guint8 *) identity->number, strlen (identity->number));
	fingerprint_of (text->data, text->len, out);
}

static gboolean
create (Tx *tx, const SubjectIdentity *identity, const Fingerprint *key, Micros now, char **id, GError **error)
{
	g_autofree char *fresh = uuid7_new (now);
	const Subject subject = {
		.id = fresh,
		.kind = identity->kind,
		.name = (char *) identity->name,
		.uscc = identity->kind == SUBJECT_ORGANIZATION ? (char *) identity->number : NULL,
		.created = now,
	};

	if (!db_subject_upsert (tx, &subject, key, id, error))
		return FALSE;
	/* Else somebody else made the same subject at the same moment. */
	return !g_str_equal (*id, fresh) || db_subject_name_insert (tx, fresh, *id, identity->name, now, error);
}

/* The newest name wins; the older ones stay in the history. */
static gboolean
rename_if_new (Tx *tx, const char *id, const char *name, Micros now, GError **error)
{
	g_auto (Subject) subject = { 0 };
	g_autofree char *row = uuid7_new (now);

	if (!subject_load (tx, id, &subject, error))
		return FALSE;
	return g_str_equal (subject.name, name) ||
	       (db_subject_rename (tx, id, name, error) && db_subject_name_insert (tx, row, id, name, now, error));
}

gboolean
subject_find_or_create (Tx *tx, const SubjectIdentity *identity, Micros now, char **id, GError **error)
{
	g_autofree char *known = NULL;
	Fingerprint key;

	subject_identity_key (identity, &key);
	if (!db_subject_by_key (tx, &key, &known, error))
		return FALSE;
	if (!known)
		return create (tx, identity, &key, now, id, error);
	if (!rename_if_new (tx, known, identity->name, now, error))
		return FALSE;
	*id = g_steal_pointer (&known);
	return TRUE;
}

gboolean
subject_find (Tx *tx, const SubjectIdentity *identity, char **id, GError **error)
{
	Fingerprint key;

	subject_identity_key (identity, &key);
	return db_subject_by_key (tx, &key, id, error);
}

gboolean
subject_add_identity (Tx *tx, const char *id, const SubjectIdentity *identity, Micros now, GError **error)
{
	g_autofree char *owner = NULL;
	Fingerprint key;

	subject_identity_key (identity, &key);
	if (!db_subject_by_key (tx, &key, &owner, error))
		return FALSE;
	if (owner && !g_str_equal (owner, id))
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/form", "this number belongs to another holder here");
	if (!owner && !db_subject_identity_insert (tx, &key, id, now, error))
		return FALSE;
	return (identity->kind != SUBJECT_ORGANIZATION || db_subject_set_uscc (tx, id, identity->number, error)) &&
	       rename_if_new (tx, id, identity->name, now, error);
}

gboolean
subject_load (Tx *tx, const char *id, Subject *out, GError **error)
{
	gboolean found;

	if (!db_subject_get (tx, id, out, &found, error))
		return FALSE;
	return found || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no subject %s", id);
}

/* LIKE's own signs in the query stand for themselves. */
static char *
like_escape (const char *query)
{
	g_autoptr (GString) text = g_string_new (NULL);

	for (const char *p = query; *p; p++) {
		if (*p == '%' || *p == '_' || *p == '!')
			g_string_append_c (text, '!');
		g_string_append_c (text, *p);
	}
	return g_strdup (text->str);
}

static void
subject_free (gpointer p)
{
	subject_clear (p);
	g_free (p);
}

GPtrArray *
subject_search (Tx *tx, const char *query, guint limit, GError **error)
{
	g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (subject_free);
	g_autofree char *escaped = like_escape (query);
	g_autofree char *name_pattern = g_strdup_printf ("%%%s%%", escaped);
	g_autofree char *uscc_pattern = g_strdup_printf ("%s%%", escaped);

	if (!db_subject_search (tx, name_pattern, uscc_pattern, limit, found, error))
		return NULL;
	return g_steal_pointer (&found);
}
