/* signer/request.c — see request.h. */
#include "signer/request.h"

#include <string.h>

#include "base/error.h"

#define SPKI_MAX 1024

void
certificate_request_free (CertificateRequest *request)
{
	if (request == NULL)
		return;
	for (gsize i = 0; i < request->keys_n; i++)
		public_key_unref (request->keys[i]);
	json_decref (request->json);
	g_free (request);
}

/* {"C":"CN"}: one attribute, one text. */
static gboolean
read_part (const json_t *object, gsize i, NamePart *part, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/request/subject/%" G_GSIZE_FORMAT, i);
	void *member = json_is_object (object) && json_object_size (object) == 1 ? json_object_iter ((json_t *) object) : NULL;
	if (member == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "an object with one attribute");
	part->value = json_string_value (json_object_iter_value (member));
	if (part->value == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "not a text");
	return name_attribute_from_key (json_object_iter_key (member), &part->attribute)
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "unknown attribute");
}

static gboolean
read_subject (CertificateRequest *request, const json_t *array, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach (array, i, item)
		if (!read_part (item, i, &request->subject[request->subject_n++], error))
			return FALSE;
	return TRUE;
}

static gboolean
add_key (CertificateRequest *request, GBytes *spki, const char *field, GError **error)
{
	g_autoptr (PublicKey) key = public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), error);
	if (key == NULL)
		return FALSE;
	for (gsize i = 0; i < request->keys_n; i++)
		if (fingerprint_equal (public_key_fingerprint (request->keys[i]), public_key_fingerprint (key)))
			return diqi_fail (error, DIQI_ERROR_KEY_REUSED, field, "two copies with one key");
	request->keys[request->keys_n++] = g_steal_pointer (&key);
	return TRUE;
}

static gboolean
read_more (CertificateRequest *request, const json_t *more, GError **error)
{
	size_t i;
	json_t *item;
	/* No further copies are said in one way: by silence. */
	if (more != NULL && json_array_size (more) == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/request/more", "empty");
	json_array_foreach (more, i, item) {
		g_autofree char *at = g_strdup_printf ("/request/more/%" G_GSIZE_FORMAT, i);
		const char *text = json_string_value (item);
		g_autoptr (GBytes) spki = text != NULL ? base64_decode_strict (text, strlen (text), NULL) : NULL;
		if (spki == NULL || g_bytes_get_size (spki) > SPKI_MAX)
			return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "no key");
		if (!add_key (request, spki, at, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_encryption (CertificateRequest *request, const json_t *encryption, GError **error)
{
	const Field fields[] = {
		{ "profile", FIELD_STRING, TRUE, 32, &request->encryption_profile },
		{ "profile_version", FIELD_INT, TRUE, 0, &request->encryption_version },
	};
	return encryption == NULL || JSON_READ (encryption, "/request/encryption", fields, error);
}

static gboolean
read_members (CertificateRequest *request, GError **error)
{
	const char *type;
	json_t *subject, *more = NULL, *encryption = NULL;
	g_autoptr (GBytes) spki = NULL;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 32, &type }, { "site", FIELD_STRING, TRUE, 64, &request->site },
		{ "application", FIELD_UUID, TRUE, 0, &request->application }, { "profile", FIELD_STRING, TRUE, 32, &request->profile },
		{ "profile_version", FIELD_INT, TRUE, 0, &request->profile_version }, { "subject", FIELD_ARRAY, TRUE, NAME_N_ATTRIBUTES, &subject },
		{ "uscc", FIELD_STRING, FALSE, 18, &request->uscc }, { "spki", FIELD_BASE64, TRUE, SPKI_MAX, &spki },
		{ "more", FIELD_ARRAY, FALSE, REQUEST_MAX_COPIES - 1, &more }, { "encryption", FIELD_OBJECT, FALSE, 0, &encryption },
		{ "validity_days", FIELD_INT, TRUE, 0, &request->validity_days }, { "submission", FIELD_HEX32, TRUE, 0, &request->submission },
	};
	if (!JSON_READ (request->json, "/request", fields, error) || !read_subject (request, subject, error) || !read_encryption (request, encryption, error))
		return FALSE;
	if (strcmp (type, "certificate.request") != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/request/type", "not a certificate request");
	return add_key (request, spki, "/request/spki", error) && read_more (request, more, error);
}

CertificateRequest *
certificate_request_parse (const char *text, gsize n, GError **error)
{
	g_autoptr (CertificateRequest) request = g_new0 (CertificateRequest, 1);
	request->json = json_read_strict (text, n, REQUEST_MAX_BYTES, error);
	if (request->json == NULL)
		return NULL;
	if (!jcs_is_canonical (text, n, request->json)) {
		diqi_error_set (error, DIQI_ERROR_REQUEST, "/request", "not in canonical form (RFC 8785)");
		return NULL;
	}
	fingerprint_of (text, n, &request->hash);
	return read_members (request, error) ? g_steal_pointer (&request) : NULL;
}
