/* signer/officers.c — the list itself: reading, finding, quorum.  See officers.h. */
#include "signer/officers.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "signer/invariant.h"
#include "signer/pinned_list.h"
#include "signer/protocol.h"

static const char *const role_names[] = {
	"reviewer", "issuer", "clerk", "cashier", "administrator", "market_editor", "market_approver", "auditor", "recovery_agent",
};

gboolean
roster_role_from_name (const char *name, guint *bit)
{
	for (guint i = 0; i < G_N_ELEMENTS (role_names); i++) {
		if (strcmp (role_names[i], name) == 0) {
			*bit = 1u << i;
			return TRUE;
		}
	}
	return FALSE;
}

static void
officer_free (Officer *officer)
{
	g_free (officer->person);
	g_free (officer->name);
	g_clear_pointer (&officer->certificate, certificate_unref);
	g_clear_pointer (&officer->key, public_key_unref);
	g_free (officer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Officer, officer_free)

void
roster_free (Roster *list)
{
	if (list == NULL)
		return;
	g_ptr_array_unref (list->officers);
	json_decref (list->json);
	g_free (list);
}

static gboolean
read_roles (const json_t *array, const char *at, guint *roles, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach (array, i, item) {
		const char *name = json_string_value (item);
		guint bit;
		if (name == NULL || !roster_role_from_name (name, &bit) || (*roles & bit) != 0)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "an unknown role, or one twice");
		*roles |= bit;
	}
	return *roles != 0 || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "an officer without a role");
}

static Officer *
read_officer (const json_t *object, gboolean proposal, const char *at, GError **error)
{
	const char *person, *name;
	json_t *roles;
	g_autoptr (GBytes) certificate = NULL;
	g_autoptr (GBytes) csr = NULL;
	g_autoptr (Officer) officer = g_new0 (Officer, 1);
	const Field fields[] = {
		{ "person", FIELD_UUID, TRUE, 0, &person }, { "name", FIELD_STRING, TRUE, 64, &name },
		{ "roles", FIELD_ARRAY, TRUE, G_N_ELEMENTS (role_names), &roles }, { "removed", FIELD_BOOL, TRUE, 0, &officer->removed },
		{ "certificate", FIELD_BASE64, FALSE, CERTIFICATE_MAX_DER, &certificate },
		{ "csr", FIELD_BASE64, FALSE, CSR_MAX_DER, &csr },     /* last: left out below unless a proposal */
	};
	if (!json_read_fields (object, at, fields, G_N_ELEMENTS (fields) - (proposal ? 0 : 1), error))
		return NULL;
	if (!invariant_name_value (NAME_COMMON_NAME, name, at, error) || !read_roles (roles, at, &officer->roles, error)
	    || !pinned_entry_read_key (certificate, csr, at, &officer->certificate, &officer->key, error))
		return NULL;
	if (officer->removed && officer->certificate == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, at, "a CSR for a removed officer");
		return NULL;
	}
	officer->person = g_strdup (person);
	officer->name = g_strdup (name);
	return g_steal_pointer (&officer);
}

static const Fingerprint *
officer_spki (const Officer *officer)
{
	return pinned_entry_spki (officer->certificate, officer->key);
}

static gboolean
add_officer (Roster *list, const json_t *object, gboolean proposal, const char *at, GError **error)
{
	g_autoptr (Officer) officer = read_officer (object, proposal, at, error);
	if (officer == NULL)
		return FALSE;
	for (guint i = 0; i < list->officers->len; i++)
		if (fingerprint_equal (officer_spki (g_ptr_array_index (list->officers, i)), officer_spki (officer)))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "two entries with one key");
	g_ptr_array_add (list->officers, g_steal_pointer (&officer));
	return TRUE;
}

Roster *
roster_parse (const json_t *json, gboolean proposal, const char *at, GError **error)
{
	g_autoptr (Roster) list = g_new0 (Roster, 1);
	list->officers = g_ptr_array_new_with_free_func ((GDestroyNotify) officer_free);
	json_t *officers;
	const Field fields[] = {
		{ "version", FIELD_INT, TRUE, 0, &list->version }, { "officers", FIELD_ARRAY, TRUE, OFFICERS_MAX, &officers },
	};
	if (!JSON_READ (json, at, fields, error))
		return NULL;
	size_t i;
	json_t *object;
	json_array_foreach (officers, i, object) {
		g_autofree char *where = g_strdup_printf ("%s/officers/%zu", at, i);
		if (!add_officer (list, object, proposal, where, error))
			return NULL;
	}
	gsize n;
	g_autofree char *text = jcs_dump (json, &n, error);
	if (text == NULL)
		return NULL;
	fingerprint_of (text, n, &list->hash);
	list->json = json_deep_copy (json);
	return g_steal_pointer (&list);
}

const Officer *
roster_find (const Roster *list, const Fingerprint *certificate)
{
	for (guint i = 0; i < list->officers->len; i++) {
		const Officer *officer = g_ptr_array_index (list->officers, i);
		if (officer->certificate != NULL && fingerprint_equal (certificate_fingerprint (officer->certificate), certificate))
			return officer;
	}
	return NULL;
}

/* Is there an active holder of `role` who is not `but` (NULL: anybody)? */
static gboolean
has_role (const Roster *list, guint role, const char *but)
{
	for (guint i = 0; i < list->officers->len; i++) {
		const Officer *officer = g_ptr_array_index (list->officers, i);
		if (!officer->removed && (officer->roles & role) != 0 && g_strcmp0 (officer->person, but) != 0)
			return TRUE;
	}
	return FALSE;
}

/* Expired, a certificate carries no statement: its owner must not be waited for. */
static gboolean
is_active_administrator (const Officer *officer, Micros at)
{
	const Certificate *certificate = officer->certificate;
	return !officer->removed && (officer->roles & ROLE_ADMINISTRATOR) != 0
		&& (certificate == NULL || (at >= certificate_not_before (certificate) && at <= certificate_not_after (certificate)));
}

guint
roster_administrators (const Roster *list, Micros at)
{
	g_autoptr (GHashTable) persons = g_hash_table_new (g_str_hash, g_str_equal);
	for (guint i = 0; i < list->officers->len; i++) {
		const Officer *officer = g_ptr_array_index (list->officers, i);
		if (is_active_administrator (officer, at))
			g_hash_table_add (persons, officer->person);
	}
	return g_hash_table_size (persons);
}

gboolean
roster_check_quorum (const Roster *list, GError **error)
{
	gboolean two = FALSE;
	for (guint i = 0; i < list->officers->len && !two; i++) {
		const Officer *officer = g_ptr_array_index (list->officers, i);
		two = !officer->removed && (officer->roles & ROLE_REVIEWER) != 0 && has_role (list, ROLE_ISSUER, officer->person);
	}
	if (!two)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/officers", "a reviewer and another person as issuer must stay");
	return has_role (list, ROLE_ADMINISTRATOR, NULL) || diqi_fail (error, DIQI_ERROR_SIGNER, "/officers", "an administrator must stay");
}
