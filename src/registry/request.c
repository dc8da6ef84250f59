/* registry/request.c — what both approvals sign: the to-be-signed request of docs/statements.md, or the service request.
 *
 * The reviewer and the issuer sign its hash, and the signer issues exactly it: the same application
 * at the same profile version must give the same bytes, today and after a restart.
 */
#include <string.h>

#include "base/error.h"
#include "registry/application_private.h"

void
certificate_request_clear (CertificateRequest *request)
{
	g_clear_pointer (&request->text, g_free);
	g_clear_pointer (&request->hash, g_free);
}

static void
add_name (json_t *subject, NameAttribute attribute, const char *value)
{
	json_t *part = json_object ();

	json_object_set_new (part, name_attribute_key (attribute), json_string (value));
	json_array_append_new (subject, part);
}

static json_t *
subject_of (const Application *application, GError **error)
{
	const json_t *form = application->form;
	const char *province = form_province (application->kind, form);
	const char *name = form_holder_name (application->kind, form);
	json_t *subject = json_array ();

	add_name (subject, NAME_COUNTRY, "CN");
	if (province)
		add_name (subject, NAME_PROVINCE, province);
	if (application->kind == SUBJECT_ORGANIZATION)
		add_name (subject, NAME_ORGANIZATION, name);
	add_name (subject, NAME_COMMON_NAME, name);
	if (application->kind == SUBJECT_PERSON) {
		g_autoptr (json_t) document = json_read_strict (application->document, strlen (application->document),
		                                                strlen (application->document), error);
		g_autofree char *commitment = NULL;

		if (!document) {
			json_decref (subject);
			return NULL;
		}
		commitment = form_commitment (form_text (document, "salt"), form_text (form, "id_number"));
		add_name (subject, NAME_SERIAL_NUMBER, commitment);
	}
	return subject;
}

/* A year; of a renewal also what the old certificate has left, so that renewing early loses nothing; of a change only
 * that (a day that has begun counts, and a certificate lasts at least one): it does not pay for more service. */
static gboolean
days_of (Tx *tx, const Registry *registry, const Application *application, gint64 *days, GError **error)
{
	g_auto (CertificateRow) old = { 0 };
	gint64 left;

	*days = CERTIFICATE_DAYS;
	if (application->service != SERVICE_RENEW && application->service != SERVICE_CHANGE)
		return TRUE;
	if (!certificate_load (tx, application->certificate, FALSE, &old, error))
		return FALSE;
	left = MAX (old.not_after - clock_now (registry->clock), 0);
	if (application->service == SERVICE_RENEW)
		*days += left / MICROS_PER_DAY;
	else
		*days = MAX ((left + MICROS_PER_DAY - 1) / MICROS_PER_DAY, 1);
	return TRUE;
}

static gboolean
profile_of (Tx *tx, const Registry *registry, const Application *application, gint64 *version, gint64 *days, GError **error)
{
	gint64 most;

	if (!authority_profile_version (registry->authority, application->profile, version, error) ||
	    !authority_profile_validity (registry->authority, application->profile, &most, error) ||
	    !days_of (tx, registry, application, days, error))
		return FALSE;
	*days = MIN (*days, most);
	/* Reviewed under an older version: it is issued under that one. */
	if (application->profile_version)
		*version = application->profile_version;
	if (application->validity_days)
		*days = application->validity_days;
	return TRUE;
}

/* The encryption certificate goes with the signing certificate: its profile is named after the other's. */
char *
encryption_profile_of (const Application *application)
{
	return g_strconcat (application->profile, "-encryption", NULL);
}

/* The encryption key is of the algorithm of the holder's own, which must be one that can be encrypted to. */
static gboolean
can_encrypt (const Registry *registry, const Application *application, const char *profile)
{
	for (guint i = 0; i < application->copies->len; i++) {
		GBytes *spki = ((const ApplicationCopy *) g_ptr_array_index (application->copies, i))->spki;
		g_autoptr (PublicKey) key = public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), NULL);

		if (!key || !authority_profile_allows (registry->authority, profile, public_key_algorithm (key), NULL, NULL))
			return FALSE;
	}
	return TRUE;
}

/* Double certificates where the site has a key centre; once reviewed, what the review said. */
static gboolean
encryption_of (const Registry *registry, const Application *application, const char *profile, gint64 *version, GError **error)
{
	*version = application->encryption_version;
	if (application->profile_version || !authority_has_key_centre (registry->authority) || !can_encrypt (registry, application, profile))
		return TRUE;
	return authority_profile_version (registry->authority, profile, version, error);
}

/* Keys of the copies after the first. */
static json_t *
further_keys (const Application *application)
{
	json_t *keys = json_array ();

	for (guint i = 1; i < application->copies->len; i++) {
		const ApplicationCopy *copy = g_ptr_array_index (application->copies, i);

		json_array_append_new (keys, json_base64 (g_bytes_get_data (copy->spki, NULL), g_bytes_get_size (copy->spki)));
	}
	return keys;
}

gboolean
certificate_request_build (Tx *tx, const Registry *registry, const Application *application,
                           CertificateRequest *out, GError **error)
{
	g_autoptr (json_t) request = json_object ();
	g_autofree char *encryption_profile = encryption_profile_of (application);
	gint64 version, days, encryption;
	json_t *subject;

	if (!application->spki || !application->submission_hash)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "application %s is not submitted yet", application->id);
	if (!profile_of (tx, registry, application, &version, &days, error) ||
	    !encryption_of (registry, application, encryption_profile, &encryption, error))
		return FALSE;
	subject = subject_of (application, error);
	if (!subject)
		return FALSE;
	json_object_set_new (request, "type", json_string ("certificate.request"));
	json_object_set_new (request, "site", json_string (registry->site));
	json_object_set_new (request, "application", json_string (application->id));
	json_object_set_new (request, "profile", json_string (application->profile));
	json_object_set_new (request, "profile_version", json_integer (version));
	json_object_set_new (request, "subject", subject);
	if (application->kind == SUBJECT_ORGANIZATION)
		json_object_set_new (request, "uscc", json_string (form_text (application->form, "uscc")));
	json_object_set_new (request, "spki", json_base64 (g_bytes_get_data (application->spki, NULL), g_bytes_get_size (application->spki)));
	if (application->copies->len > 1)
		json_object_set_new (request, "more", further_keys (application));
	if (encryption)
		json_object_set_new (request, "encryption", json_pack ("{s:s, s:I}", "profile", encryption_profile, "profile_version", (json_int_t) encryption));
	json_object_set_new (request, "validity_days", json_integer (days));
	json_object_set_new (request, "submission", json_string (application->submission_hash));
	out->text = jcs_dump (request, &out->n, error);
	if (!out->text)
		return FALSE;
	out->hash = hash_hex (out->text, out->n);
	out->profile_version = version;
	out->validity_days = days;
	out->encryption_version = encryption;
	return TRUE;
}

gboolean
service_request_build (const Registry *registry, const Application *application, CertificateRequest *out, GError **error)
{
	const ServiceRule *rule = service_rule (application->service);
	g_autoptr (json_t) request = json_object ();
	json_t *certificates = json_array ();

	if (application->certificate)
		json_array_append_new (certificates, json_string (application->certificate));
	json_object_set_new (request, "type", json_string ("service.request"));
	json_object_set_new (request, "site", json_string (registry->site));
	json_object_set_new (request, "application", json_string (application->id));
	json_object_set_new (request, "service", json_string (rule->name));
	json_object_set_new (request, "certificates", certificates);
	json_object_set_new (request, "act", json_string (service_effect_name (rule->effect)));
	if (rule->effect == EFFECT_REVOKE)
		json_object_set_new (request, "reason", json_string (reason_name (rule->reason)));
	/* The signer sees the form only as a hash: what the ticket opens, and to whom a recovered key goes, stand in the request itself. */
	if (rule->effect == EFFECT_TICKET)
		json_object_set_new (request, "token", json_string (form_text (application->form, "token")));
	if (rule->effect == EFFECT_RECOVER)
		json_object_set_new (request, "spki", json_base64 (g_bytes_get_data (application->spki, NULL), g_bytes_get_size (application->spki)));
	json_object_set_new (request, "form", json_string (application->form_hash));
	out->text = jcs_dump (request, &out->n, error);
	if (!out->text)
		return FALSE;
	out->hash = hash_hex (out->text, out->n);
	return TRUE;
}

static gboolean
build_request (Tx *tx, const Registry *registry, const Application *application, CertificateRequest *out, GError **error)
{
	return service_rule (application->service)->effect == EFFECT_CERTIFICATE ? certificate_request_build (tx, registry, application, out, error)
	                                                                         : service_request_build (registry, application, out, error);
}

gboolean
application_request (Tx *tx, Registry *registry, const char *id, json_t **out, GError **error)
{
	g_auto (Application) application = { 0 };
	g_auto (CertificateRequest) request = { 0 };
	json_t *view;

	if (!application_load (tx, id, FALSE, &application, error) ||
	    !submission_check (tx, &application, error) ||
	    !build_request (tx, registry, &application, &request, error))
		return FALSE;
	view = json_object ();
	json_object_set_new (view, "request", json_string (request.text));
	json_object_set_new (view, "hash", json_string (request.hash));
	if (request.profile_version) {
		json_object_set_new (view, "profile", json_string (application.profile));
		json_object_set_new (view, "profile_version", json_integer (request.profile_version));
	}
	*out = view;
	return TRUE;
}
