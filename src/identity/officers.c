/* identity/officers.c — one immutable list a version, swapped under a lock. */
#include "identity/officers.h"

#include "base/error.h"
#include "base/random.h"

struct OfficerList {
	gatomicrefcount refs;
	gint64 version;
	json_t *document;
	GArray *officers;                /* Officer */
	GHashTable *by_certificate;      /* Fingerprint * (inside the certificate) → Officer *, active ones */
};

static guint
fingerprint_hash_key (gconstpointer p)
{
	guint h;

	memcpy (&h, ((const Fingerprint *) p)->b, sizeof h);
	return h;
}

static gboolean
fingerprint_equal_key (gconstpointer a, gconstpointer b)
{
	return fingerprint_equal (a, b);
}

static void
officer_clear (gpointer p)
{
	Officer *officer = p;

	g_free (officer->person);
	g_free (officer->name);
	g_clear_pointer (&officer->certificate, certificate_unref);
}

static gboolean
parse_officer (const json_t *item, gsize i, Officer *out, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/officers/%zu", i);
	const char *person = json_string_value (json_object_get (item, "person"));
	const char *name = json_string_value (json_object_get (item, "name"));
	const char *text = json_string_value (json_object_get (item, "certificate"));
	g_autoptr (GBytes) der = NULL;

	if (!person || !uuid_is_valid (person) || !name || !*name || !text)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "an officer needs person (UUID), name and certificate");
	if (!roles_from_json (json_object_get (item, "roles"), at, &out->roles, error))
		return FALSE;
	der = base64_decode_strict (text, strlen (text), error);
	if (!der)
		return FALSE;
	out->certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
	if (!out->certificate)
		return FALSE;
	out->person = g_strdup (person);
	out->name = g_strdup (name);
	out->removed = json_is_true (json_object_get (item, "removed"));
	return TRUE;
}

static gboolean
parse_all (OfficerList *list, const json_t *officers, GError **error)
{
	for (gsize i = 0; i < json_array_size (officers); i++) {
		Officer officer = { 0 };

		if (!parse_officer (json_array_get (officers, i), i, &officer, error)) {
			officer_clear (&officer);
			return FALSE;
		}
		g_array_append_val (list->officers, officer);
	}
	/* The array has stopped growing: its items may be pointed to. */
	for (gsize i = 0; i < list->officers->len; i++) {
		Officer *officer = &g_array_index (list->officers, Officer, i);

		if (!officer->removed)
			g_hash_table_insert (list->by_certificate, (gpointer) certificate_fingerprint (officer->certificate), officer);
	}
	return TRUE;
}

OfficerList *
officer_list_parse (const json_t *document, GError **error)
{
	const json_t *officers = json_object_get (document, "officers");
	const json_t *version = json_object_get (document, "version");
	g_autoptr (OfficerList) list = NULL;

	if (!json_is_array (officers) || !json_is_integer (version)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_TYPE, "/officers", "the list of officers needs version and officers");
		return NULL;
	}
	list = g_new0 (OfficerList, 1);
	g_atomic_ref_count_init (&list->refs);
	list->version = json_integer_value (version);
	list->document = json_deep_copy (document);
	list->officers = g_array_new (FALSE, TRUE, sizeof (Officer));
	g_array_set_clear_func (list->officers, officer_clear);
	list->by_certificate = g_hash_table_new (fingerprint_hash_key, fingerprint_equal_key);
	if (!parse_all (list, officers, error))
		return NULL;
	return g_steal_pointer (&list);
}

OfficerList *
officer_list_ref (OfficerList *list)
{
	g_atomic_ref_count_inc (&list->refs);
	return list;
}

void
officer_list_unref (OfficerList *list)
{
	if (!list || !g_atomic_ref_count_dec (&list->refs))
		return;
	g_hash_table_destroy (list->by_certificate);
	g_array_unref (list->officers);
	json_decref (list->document);
	g_free (list);
}

gint64
officer_list_version (const OfficerList *list)
{
	return list->version;
}

gsize
officer_list_size (const OfficerList *list)
{
	return list->officers->len;
}

const Officer *
officer_list_at (const OfficerList *list, gsize i)
{
	g_assert (i < list->officers->len);
	return &g_array_index (list->officers, Officer, i);
}

const Officer *
officer_list_find (const OfficerList *list, const Fingerprint *certificate)
{
	return g_hash_table_lookup (list->by_certificate, certificate);
}

const json_t *
officer_list_document (const OfficerList *list)
{
	return list->document;
}

/* --- the current list -------------------------------------------------------- */

struct Officers {
	GMutex lock;
	OfficerList *current;
};

Officers *
officers_new (OfficerList *first)
{
	Officers *officers = g_new0 (Officers, 1);

	g_mutex_init (&officers->lock);
	officers->current = officer_list_ref (first);
	return officers;
}

void
officers_free (Officers *officers)
{
	if (!officers)
		return;
	officer_list_unref (officers->current);
	g_mutex_clear (&officers->lock);
	g_free (officers);
}

OfficerList *
officers_current (Officers *officers)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&officers->lock);

	return officer_list_ref (officers->current);
}

void
officers_swap (Officers *officers, OfficerList *next)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&officers->lock);
	OfficerList *old = officers->current;

	if (next->version < old->version)
		return;
	officers->current = officer_list_ref (next);
	officer_list_unref (old);
}

gboolean
officers_actor (Officers *officers, const Fingerprint *certificate, Actor *out)
{
	g_autoptr (OfficerList) list = officers_current (officers);
	const Officer *officer = officer_list_find (list, certificate);

	if (!officer)
		return FALSE;
	*out = (Actor) {
		.kind = ACTOR_OFFICER,
		.person = g_strdup (officer->person),
		.name = g_strdup (officer->name),
		.roles = officer->roles,
		.certificate = certificate_ref (officer->certificate),
		.fingerprint = *certificate,
	};
	return TRUE;
}
