/* registry/registry.c — the registry and its applications in memory. */
#include "registry/registry.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "registry/application_db.h"
#include "registry/profile_choice.h"

Registry *
registry_new (Authority *authority, const Clock *clock)
{
	Registry *registry = g_new0 (Registry, 1);
	g_autoptr (GError) error = NULL;

	registry->authority = authority;
	registry->clock = clock;
	registry->site = authority_site (authority)->site;
	registry->papers = paper_rules_builtin (&error);
	/* Part of the program, as its code is. */
	if (!registry->papers)
		g_error ("required papers: %s", error->message);
	return registry;
}

void
registry_free (Registry *registry)
{
	if (!registry)
		return;
	paper_rules_free (registry->papers);
	g_free (registry);
}

char *
hash_hex (gconstpointer p, gsize n)
{
	Fingerprint hash;

	fingerprint_of (p, n, &hash);
	return fingerprint_hex (&hash);
}

static const char *const authenticated_names[] = { "none", "access_code", "certificate", "counter" };

const char *
authenticated_name (Authenticated authenticated)
{
	return authenticated_names[authenticated];
}

gboolean
authenticated_from_name (const char *name, Authenticated *out)
{
	for (gsize i = 0; i < G_N_ELEMENTS (authenticated_names); i++) {
		if (g_strcmp0 (name, authenticated_names[i]) != 0)
			continue;
		*out = (Authenticated) i;
		return TRUE;
	}
	return FALSE;
}

void
application_copy_free (ApplicationCopy *copy)
{
	g_bytes_unref (copy->spki);
	g_free (copy->serial);
	g_free (copy->fingerprint);
	g_free (copy);
}

void
application_clear (Application *a)
{
	g_free (a->id);
	g_free (a->document);
	g_free (a->form_hash);
	g_free (a->profile);
	g_clear_pointer (&a->spki, g_bytes_unref);
	g_free (a->submission_hash);
	g_free (a->clerk);
	g_free (a->reviewer);
	g_free (a->issuer);
	g_free (a->request_hash);
	g_free (a->review_statement);
	g_free (a->issue_statement);
	g_free (a->subject);
	g_free (a->serial);
	g_free (a->fingerprint);
	g_free (a->returned_reason);
	g_free (a->returned_fields);
	g_free (a->number);
	g_free (a->certificate);
	g_free (a->cause);
	g_free (a->point);
	g_free (a->language);
	g_free (a->answer);
	g_clear_pointer (&a->copies, g_ptr_array_unref);
	json_decref (a->form);
	memset (a, 0, sizeof *a);
}

gboolean
application_parse_form (Application *application, GError **error)
{
	gsize n = strlen (application->document);
	g_autoptr (json_t) document = json_read_strict (application->document, n, n, error);

	if (!document)
		return FALSE;
	application->form = json_incref (json_object_get (document, "form"));
	return application->form || diqi_fail (error, DIQI_ERROR_STORE, NULL, "stored application %s has no form", application->id);
}

gboolean
application_load (Tx *tx, const char *id, gboolean lock, Application *out, GError **error)
{
	gboolean found = FALSE;

	if (uuid_is_valid (id) && !db_application_get (tx, id, lock, out, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no application %s", id);
	if (application_parse_form (out, error) && db_copies_load (tx, out->id, out->copies, error))
		return TRUE;
	application_clear (out);
	return FALSE;
}

void
application_set_form (const Registry *registry, Application *application, const json_t *form)
{
	g_autofree char *salt_hex = NULL;
	guint8 salt[32];

	random_bytes (salt, sizeof salt);
	salt_hex = hex_encode (salt, sizeof salt);
	g_free (application->document);
	g_free (application->form_hash);
	json_decref (application->form);
	application->form = json_deep_copy (form);
	g_free (application->profile);
	application->profile = g_strdup (registry_profile_name (application->kind, form_carrier (form), USE_SIGN));
	application->document = form_document (registry->site, application->id, service_name (application->service), application->kind,
	                                       application->certificate, application->cause, form, salt_hex);
	application->form_hash = hash_hex (application->document, strlen (application->document));
}

static gboolean
is_own (const Application *application, const Actor *actor)
{
	switch (actor->kind) {
	case ACTOR_APPLICANT:
		return g_strcmp0 (actor->application, application->id) == 0;
	case ACTOR_HOLDER:
		return application->subject && g_strcmp0 (actor->subject, application->subject) == 0;
	case ACTOR_OFFICER:
		return FALSE;
	}
	return FALSE;
}

gboolean
application_check_reader (const Application *application, const Actor *actor, guint roles, GError **error)
{
	if (is_own (application, actor) || actor_has_role (actor, roles))
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "the application is not yours to see");
}
