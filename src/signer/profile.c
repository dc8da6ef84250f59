/* signer/profile.c — see profile.h. */
#include "signer/profile.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "signer/invariant.h"

#define PROFILE_MAX_NAME 32

typedef struct {
	const char *name;
	guint value;
} Word;

static const Word holders[] = { { "organization", HOLDER_ORGANIZATION }, { "person", HOLDER_PERSON }, { "officer", HOLDER_OFFICER },
	{ "site", HOLDER_SITE } };
static const Word carriers[] = { { "hard", CARRIER_HARD }, { "soft", CARRIER_SOFT }, { "none", CARRIER_NONE } };
static const Word uses[] = { { "sign", USE_SIGN }, { "encrypt", USE_ENCRYPT }, { "service", USE_SERVICE } };
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

static json_t *
words_of (const Word *words, gsize n, guint bits)
{
	json_t *names = json_array ();
	for (gsize i = 0; i < n; i++)
		if ((bits & words[i].value) != 0)
			json_array_append_new (names, json_string (words[i].name));
	return names;
}

json_t *
key_usage_words (guint usage)
{
	return words_of (key_usages, G_N_ELEMENTS (key_usages), usage);
}

json_t *
extended_key_usage_words (guint usage)
{
	return words_of (extended_key_usages, G_N_ELEMENTS (extended_key_usages), usage);
}

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

/* What the file says of itself must be what its kind is.  The shipped files of older versions say neither carrier nor use. */
static gboolean
read_kind (Profile *profile, const char *holder, const char *carrier, const char *use, GError **error)
{
	profile->kind = invariant_kind (profile->name);
	if (profile->kind == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/name", "there is no kind of certificate of this name");
	const struct {
		const char *field, *said;
		const Word *words;
		gsize n;
		guint is;
	} facts[] = {
		{ "/holder", holder, holders, G_N_ELEMENTS (holders), profile->kind->holder },
		{ "/carrier", carrier, carriers, G_N_ELEMENTS (carriers), profile->kind->carrier },
		{ "/use", use, uses, G_N_ELEMENTS (uses), profile->kind->use },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (facts); i++) {
		guint said = facts[i].is;
		if (facts[i].said != NULL && !read_word (facts[i].words, facts[i].n, facts[i].said, facts[i].field, &said, error))
			return FALSE;
		if (said != facts[i].is)
			return diqi_fail (error, DIQI_ERROR_SIGNER, facts[i].field, "not that of %s certificates", profile->name);
	}
	return TRUE;
}

static gboolean
read_profile (Profile *profile, const json_t *object, GError **error)
{
	const char *name, *holder, *carrier = NULL, *use = NULL, *uscc, *uscc_oid = NULL, *policy;
	json_t *title, *algorithms, *subject, *key_usage, *extended_key_usage;
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, PROFILE_MAX_NAME, &name }, { "version", FIELD_INT, TRUE, 0, &profile->version },
		{ "title", FIELD_OBJECT, TRUE, 0, &title }, { "holder", FIELD_STRING, TRUE, 16, &holder },
		{ "carrier", FIELD_STRING, FALSE, 8, &carrier }, { "use", FIELD_STRING, FALSE, 8, &use },
		{ "algorithms", FIELD_ARRAY, TRUE, KEY_N_ALGORITHMS, &algorithms }, { "subject", FIELD_ARRAY, TRUE, NAME_N_ATTRIBUTES, &subject },
		{ "uscc", FIELD_STRING, TRUE, 16, &uscc }, { "uscc_oid", FIELD_STRING, FALSE, 128, &uscc_oid }, { "validity_days", FIELD_INT, TRUE, 0, &profile->validity_days },
		{ "key_usage", FIELD_ARRAY, TRUE, 16, &key_usage }, { "extended_key_usage", FIELD_ARRAY, TRUE, 16, &extended_key_usage },
		{ "policy", FIELD_STRING, TRUE, 128, &policy },
	};
	if (!JSON_READ (object, "", fields, error))
		return FALSE;
	profile->name = g_strdup (name);
	profile->policy = g_strdup (policy);
	if (!read_title (profile, title, error) || !read_kind (profile, holder, carrier, use, error) || !read_algorithms (algorithms, &profile->algorithms, error) || !read_subject (profile, subject, error)
	    || !read_bits (key_usage, key_usages, G_N_ELEMENTS (key_usages), "/key_usage", &profile->key_usage, error)
	    || !read_bits (extended_key_usage, extended_key_usages, G_N_ELEMENTS (extended_key_usages), "/extended_key_usage", &profile->extended_key_usage, error))
		return FALSE;
	profile->uscc = strcmp (uscc, "required") == 0;
	profile->uscc_oid = g_strdup (uscc_oid);
	if (!profile->uscc && strcmp (uscc, "none") != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/uscc", "\"required\" or \"none\"");
	return TRUE;
}

static gboolean
check_profile (const Profile *profile, GError **error)
{
	if (profile->version < 1 || profile->version > G_MAXINT32)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/version", "1 or more");
	/* By the policy an outsider, and this program, tell an officer from a bidder. */
	if (strcmp (profile->policy, profile->kind->policy) != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/policy", "the policy of %s certificates is %s", profile->name, profile->kind->policy);
	if (profile->uscc_oid != NULL && (!profile->uscc || !g_regex_match_simple ("^1\\.2\\.(156\\.10260\\.4|86\\.11\\.7)(\\.[1-9][0-9]{0,5}){1,4}$", profile->uscc_oid, 0, 0)))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/uscc_oid", "an object identifier below 1.2.156.10260.4 or 1.2.86.11.7, where the profile has a credit code");
	if (profile->uscc && profile->kind->holder != HOLDER_ORGANIZATION)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/uscc", "only an organisation has a credit code");
	if (profile->subject_n == 0 || profile->subject[0].attribute != NAME_COUNTRY || profile->subject[0].format != FORMAT_COUNTRY || !profile->subject[0].required)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/subject", "subject must begin with C=CN");
	return invariant_usage (profile->kind, profile->key_usage, profile->extended_key_usage, profile->algorithms, profile->validity_days, error);
}

Profile *
profile_parse (const char *text, gsize n, GError **error)
{
	g_autoptr (json_t) object = json_read_strict (text, n, PROFILE_MAX_BYTES, error);
	g_autoptr (Profile) profile = g_new0 (Profile, 1);
	if (object == NULL || !read_profile (profile, object, error) || !check_profile (profile, error))
		return NULL;
	profile->open = TRUE;
	profile->text = g_bytes_new (text, n);
	fingerprint_of (text, n, &profile->hash);
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
	g_free (profile->uscc_oid);
	g_clear_pointer (&profile->text, g_bytes_unref);
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

guint
profile_key_usage (const Profile *profile, KeyAlgorithm algorithm)
{
	return invariant_key_usage (profile->key_usage, algorithm);
}

static json_t *
algorithm_names (guint bits)
{
	json_t *names = json_array ();
	for (guint i = 0; i < KEY_N_ALGORITHMS; i++)
		if ((bits & 1u << i) != 0)
			json_array_append_new (names, json_string (key_algorithm_name ((KeyAlgorithm) i)));
	return names;
}

json_t *
profile_summary (const Profile *profile)
{
	json_t *summary = json_object ();
	json_object_set_new (summary, "name", json_string (profile->name));
	json_object_set_new (summary, "version", json_integer (profile->version));
	json_object_set_new (summary, "open", json_boolean (profile->open));
	json_object_set_new (summary, "hash", json_hex (profile->hash.b, sizeof profile->hash.b));
	json_object_set_new (summary, "title_zh", json_string (profile->title_zh));
	json_object_set_new (summary, "title_en", json_string (profile->title_en));
	json_object_set_new (summary, "holder", json_string (holders[profile->kind->holder].name));
	json_object_set_new (summary, "carrier", json_string (carriers[profile->kind->carrier].name));
	json_object_set_new (summary, "use", json_string (uses[profile->kind->use].name));
	json_object_set_new (summary, "algorithms", algorithm_names (profile->algorithms));
	json_object_set_new (summary, "key_usage", words_of (key_usages, G_N_ELEMENTS (key_usages), profile->key_usage));
	json_object_set_new (summary, "extended_key_usage", words_of (extended_key_usages, G_N_ELEMENTS (extended_key_usages), profile->extended_key_usage));
	json_object_set_new (summary, "validity_days", json_integer (profile->validity_days));
	json_object_set_new (summary, "policy", json_string (profile->policy));
	return summary;
}
