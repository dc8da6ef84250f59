/* signer/profile.c — see profile.h. */
#include "signer/profile.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "signer/invariant.h"

#define PROFILE_MAX_BYTES 65536
#define PROFILE_MAX_NAME 32

typedef struct {
	const char *name;
	guint value;
} Word;

static const Word holders[] = { { "organization", HOLDER_ORGANIZATION }, { "person", HOLDER_PERSON }, { "officer", HOLDER_OFFICER } };
static const Word formats[] = { { "country", FORMAT_COUNTRY }, { "text", FORMAT_TEXT }, { "commitment", FORMAT_COMMITMENT }, { "person", FORMAT_PERSON } };
/* All names are understood, so that a forbidden one is refused as forbidden and not as a misspelling. */
static const Word key_usages[] = {
	{ "digitalSignature", KU_DIGITAL_SIGNATURE }, { "nonRepudiation", KU_NON_REPUDIATION }, { "keyEncipherment", KU_KEY_ENCIPHERMENT },
	{ "dataEncipherment", KU_DATA_ENCIPHERMENT }, { "keyAgreement", KU_KEY_AGREEMENT }, { "keyCertSign", KU_KEY_CERT_SIGN }, { "cRLSign", KU_CRL_SIGN },
};
static const Word extended_key_usages[] = {
	{ "clientAuth", EKU_CLIENT_AUTH }, { "serverAuth", EKU_SERVER_AUTH }, { "OCSPSigning", EKU_OCSP_SIGNING }, { "timeStamping", EKU_TIME_STAMPING },
	{ "emailProtection", EKU_EMAIL }, { "documentSigning", EKU_DOCUMENT_SIGNING }, { "log", EKU_DIQI_LOG }, { "receipt", EKU_DIQI_RECEIPT },
};

static gboolean
find_word (const Word *words, gsize n, const char *name, guint *out)
{
	for (gsize i = 0; i < n; i++) {
		if (name != NULL && strcmp (words[i].name, name) == 0) {
			*out = words[i].value;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean
read_word (const Word *words, gsize n, const char *name, const char *field, guint *out, GError **error)
{
	return find_word (words, n, name, out) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "not one of the known names");
}

static gboolean
read_bits (const json_t *array, const Word *words, gsize n, const char *field, guint *bits, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach (array, i, item) {
		guint bit;
		if (!read_word (words, n, json_string_value (item), field, &bit, error))
			return FALSE;
		if ((*bits & bit) != 0)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "a name twice");
		*bits |= bit;
	}
	return TRUE;
}

static gboolean
read_algorithms (const json_t *array, guint *bits, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach (array, i, item) {
		KeyAlgorithm algorithm;
		const char *name = json_string_value (item);
		if (name == NULL || !key_algorithm_from_name (name, &algorithm))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/algorithms", "not a known algorithm");
		*bits |= 1u << algorithm;
	}
	return TRUE;
}

static gboolean
read_subject_rule (Profile *profile, const json_t *item, GError **error)
{
	const char *attribute, *format;
	gboolean required;
	const Field fields[] = {
		{ "attribute", FIELD_STRING, TRUE, 32, &attribute }, { "required", FIELD_BOOL, TRUE, 0, &required },
		{ "format", FIELD_STRING, TRUE, 16, &format },
	};
	guint kind;
	SubjectRule rule;
	if (!JSON_READ (item, "/subject", fields, error) || !read_word (formats, G_N_ELEMENTS (formats), format, "/subject", &kind, error))
		return FALSE;
	if (!name_attribute_from_key (attribute, &rule.attribute))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/subject", "unknown attribute");
	for (gsize i = 0; i < profile->subject_n; i++)
		if (profile->subject[i].attribute == rule.attribute)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/subject", "an attribute twice");
	rule.required = required;
	rule.format = (SubjectFormat) kind;
	profile->subject[profile->subject_n++] = rule;
	return TRUE;
}

static gboolean
read_subject (Profile *profile, const json_t *array, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach (array, i, item)
		if (!read_subject_rule (profile, item, error))
			return FALSE;
	return TRUE;
}

static gboolean
is_oid (const char *text)
{
	return g_regex_match_simple ("^[0-2](\\.(0|[1-9][0-9]{0,39})){2,12}$", text, 0, 0);
}

static gboolean
read_title (Profile *profile, const json_t *object, GError **error)
{
	const char *zh, *en;
	const Field fields[] = { { "zh", FIELD_STRING, TRUE, 100, &zh }, { "en", FIELD_STRING, TRUE, 200, &en } };
	if (!JSON_READ (object, "/title", fields, error))
		return FALSE;
	profile->title_zh = g_strdup (zh);
	profile->title_en = g_strdup (en);
	return TRUE;
}

static gboolean
read_profile (Profile *profile, const json_t *object, GError **error)
{
	const char *name, *holder, *uscc, *policy;
	json_t *title, *algorithms, *subject, *key_usage, *extended_key_usage;
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, PROFILE_MAX_NAME, &name }, { "version", FIELD_INT, TRUE, 0, &profile->version },
		{ "title", FIELD_OBJECT, TRUE, 0, &title }, { "holder", FIELD_STRING, TRUE, 16, &holder },
		{ "algorithms", FIELD_ARRAY, TRUE, KEY_N_ALGORITHMS, &algorithms }, { "subject", FIELD_ARRAY, TRUE, NAME_N_ATTRIBUTES, &subject },
		{ "uscc", FIELD_STRING, TRUE, 16, &uscc }, { "validity_days", FIELD_INT, TRUE, 0, &profile->validity_days },
		{ "key_usage", FIELD_ARRAY, TRUE, 16, &key_usage }, { "extended_key_usage", FIELD_ARRAY, TRUE, 16, &extended_key_usage },
		{ "policy", FIELD_STRING, TRUE, 128, &policy },
	};
	guint kind;
	if (!JSON_READ (object, "", fields, error) || !read_title (profile, title, error)
	    || !read_word (holders, G_N_ELEMENTS (holders), holder, "/holder", &kind, error)
	    || !read_algorithms (algorithms, &profile->algorithms, error) || !read_subject (profile, subject, error)
	    || !read_bits (key_usage, key_usages, G_N_ELEMENTS (key_usages), "/key_usage", &profile->key_usage, error)
	    || !read_bits (extended_key_usage, extended_key_usages, G_N_ELEMENTS (extended_key_usages), "/extended_key_usage", &profile->extended_key_usage, error))
		return FALSE;
	profile->name = g_strdup (name);
	profile->holder = (ProfileHolder) kind;
	profile->policy = g_strdup (policy);
	profile->uscc = strcmp (uscc, "required") == 0;
	if (!profile->uscc && strcmp (uscc, "none") != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/uscc", "\"required\" or \"none\"");
	return TRUE;
}

static gboolean
check_profile (const Profile *profile, GError **error)
{
	if (!g_regex_match_simple ("^[a-z][a-z0-9_]*$", profile->name, 0, 0))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/name", "lower-case letters, digits and _");
	if (profile->version < 1 || profile->version > G_MAXINT32)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/version", "1 or more");
	if (!is_oid (profile->policy))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/policy", "not an object identifier");
	if (profile->subject_n == 0 || profile->subject[0].attribute != NAME_COUNTRY || profile->subject[0].format != FORMAT_COUNTRY || !profile->subject[0].required)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/subject", "subject must begin with C=CN");
	return invariant_usage (profile->key_usage, profile->extended_key_usage, profile->algorithms, profile->validity_days, error);
}

Profile *
profile_parse (const char *text, gsize n, GError **error)
{
	g_autoptr (json_t) object = json_read_strict (text, n, PROFILE_MAX_BYTES, error);
	g_autoptr (Profile) profile = g_new0 (Profile, 1);
	if (object == NULL || !read_profile (profile, object, error) || !check_profile (profile, error))
		return NULL;
	return g_steal_pointer (&profile);
}

void
profile_free (Profile *profile)
{
	if (profile == NULL)
		return;
	g_free (profile->name);
	g_free (profile->title_zh);
	g_free (profile->title_en);
	g_free (profile->policy);
	g_free (profile);
}

static gboolean
is_commitment (const char *value)
{
	return strlen (value) == 34 && g_str_has_prefix (value, "C-") && strspn (value + 2, "0123456789abcdef") == 32;
}

static gboolean
check_format (SubjectFormat format, const char *value, const char *field, GError **error)
{
	gboolean well = TRUE;
	switch (format) {
	case FORMAT_COUNTRY:
		well = strcmp (value, "CN") == 0;
		break;
	case FORMAT_COMMITMENT:
		well = is_commitment (value);
		break;
	case FORMAT_PERSON:
		well = uuid_is_valid (value);
		break;
	case FORMAT_TEXT:
		break;
	}
	return well || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "not of the form the profile asks for");
}

gboolean
profile_check_subject (const Profile *profile, const NamePart *subject, gsize n, const char *field, GError **error)
{
	gsize at = 0;
	for (gsize i = 0; i < profile->subject_n; i++) {
		const SubjectRule *rule = &profile->subject[i];
		gboolean present = at < n && subject[at].attribute == rule->attribute;
		if (!present && rule->required)
			return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, field, "the profile asks for %s here", name_attribute_key (rule->attribute));
		if (!present)
			continue;
		g_autofree char *where = g_strdup_printf ("%s/%" G_GSIZE_FORMAT, field, at);
		const char *value = subject[at++].value;
		if (!invariant_name_value (rule->attribute, value, where, error) || !check_format (rule->format, value, where, error))
			return FALSE;
	}
	return at == n || diqi_fail (error, DIQI_ERROR_FIELD_UNKNOWN, field, "%s has no place here in the profile", name_attribute_key (subject[at].attribute));
}

static json_t *
algorithm_names (guint algorithms)
{
	json_t *names = json_array ();
	for (KeyAlgorithm a = 0; a < KEY_N_ALGORITHMS; a++)
		if ((algorithms & 1u << a) != 0)
			json_array_append_new (names, json_string (key_algorithm_name (a)));
	return names;
}

json_t *
profile_summary (const Profile *profile)
{
	json_t *summary = json_object ();
	json_object_set_new (summary, "name", json_string (profile->name));
	json_object_set_new (summary, "version", json_integer (profile->version));
	json_object_set_new (summary, "title_zh", json_string (profile->title_zh));
	json_object_set_new (summary, "title_en", json_string (profile->title_en));
	json_object_set_new (summary, "holder", json_string (holders[profile->holder].name));
	json_object_set_new (summary, "algorithms", algorithm_names (profile->algorithms));
	json_object_set_new (summary, "validity_days", json_integer (profile->validity_days));
	json_object_set_new (summary, "policy", json_string (profile->policy));
	return summary;
}
