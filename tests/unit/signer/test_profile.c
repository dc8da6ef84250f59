/* Profiles: the shipped ones load; one that asks for more than a holder may have does not. */
#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "signer/profile.h"

static json_t *
shipped (const char *name)
{
	g_autofree char *path = g_strdup_printf ("/cn/diqi/profiles/%s-1.json", name);
	g_autoptr (GBytes) text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	g_assert_nonnull (text);
	return json_loadb (g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0, NULL);
}

static Profile *
parse (const json_t *json, GError **error)
{
	char *text = json_dumps (json, 0);
	Profile *profile = profile_parse (text, strlen (text), error);
	free (text);
	return profile;
}

static void
test_shipped (void)
{
	g_auto (GStrv) files = g_resources_enumerate_children ("/cn/diqi/profiles", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	for (gsize i = 0; files[i] != NULL; i++) {
		g_autoptr (GError) error = NULL;
		g_autofree char *path = g_strconcat ("/cn/diqi/profiles/", files[i], NULL);
		g_autoptr (GBytes) text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
		g_autoptr (Profile) profile = profile_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &error);
		g_assert_no_error (error);
		g_autofree char *file = g_strdup_printf ("%s-%d.json", profile->name, (int) profile->version);
		g_assert_cmpstr (file, ==, files[i]);
		if (profile->kind->use != USE_SERVICE)
			g_assert_true (invariant_kind_for (profile->kind->holder, profile->kind->carrier, profile->kind->use) == profile->kind);
	}
	g_assert_cmpuint (g_strv_length (files), >=, 18);
}

/* P-09 */
static void
test_doctored (void)
{
	static const struct {
		const char *member, *json;
		DiqiErrorCode code;
	} bad[] = {
		{ "ca", "true", DIQI_ERROR_FIELD_UNKNOWN },
		{ "basic_constraints", "{\"ca\":true}", DIQI_ERROR_FIELD_UNKNOWN },
		{ "key_usage", "[\"digitalSignature\",\"keyCertSign\"]", DIQI_ERROR_SIGNER },
		{ "key_usage", "[\"digitalSignature\",\"cRLSign\"]", DIQI_ERROR_SIGNER },
		{ "key_usage", "[\"nonRepudiation\"]", DIQI_ERROR_SIGNER },
		{ "key_usage", "[]", DIQI_ERROR_SIGNER },
		{ "key_usage", "[\"digitalSignature\",\"digitalSignature\"]", DIQI_ERROR_FIELD_VALUE },
		{ "key_usage", "[\"everything\"]", DIQI_ERROR_FIELD_VALUE },
		{ "key_usage", "[1]", DIQI_ERROR_FIELD_VALUE },
		{ "extended_key_usage", "[\"OCSPSigning\"]", DIQI_ERROR_SIGNER },
		{ "extended_key_usage", "[\"clientAuth\",\"serverAuth\"]", DIQI_ERROR_SIGNER },
		{ "extended_key_usage", "[\"timeStamping\"]", DIQI_ERROR_SIGNER },
		{ "extended_key_usage", "[\"log\"]", DIQI_ERROR_SIGNER },
		{ "extended_key_usage", "[\"receipt\"]", DIQI_ERROR_SIGNER },
		{ "extended_key_usage", "[]", DIQI_ERROR_SIGNER },
		{ "validity_days", "7300", DIQI_ERROR_SIGNER },
		{ "validity_days", "1828", DIQI_ERROR_SIGNER },
		{ "validity_days", "0", DIQI_ERROR_SIGNER },
		{ "validity_days", "9007199254740991", DIQI_ERROR_SIGNER },
		{ "key_usage", "[\"digitalSignature\",\"keyAgreement\"]", DIQI_ERROR_SIGNER },
		{ "key_usage", "[\"keyAgreement\"]", DIQI_ERROR_SIGNER },
		{ "carrier", "\"soft\"", DIQI_ERROR_SIGNER },
		{ "use", "\"encrypt\"", DIQI_ERROR_SIGNER },
		{ "use", "\"anything\"", DIQI_ERROR_FIELD_VALUE },
		{ "holder", "\"officer\"", DIQI_ERROR_SIGNER },
		{ "name", "\"officer\"", DIQI_ERROR_SIGNER },
		{ "algorithms", "[\"rsa1024\"]", DIQI_ERROR_FIELD_VALUE },
		{ "algorithms", "[]", DIQI_ERROR_SIGNER },
		{ "subject", "[]", DIQI_ERROR_SIGNER },
		{ "subject", "[{\"attribute\":\"CN\",\"required\":true,\"format\":\"text\"}]", DIQI_ERROR_SIGNER },
		{ "policy", "\"anyPolicy\"", DIQI_ERROR_SIGNER },
		{ "policy", "\"" POLICY_OFFICER "\"", DIQI_ERROR_SIGNER },
		{ "name", "\"../site\"", DIQI_ERROR_FIELD_VALUE },
		{ "version", "0", DIQI_ERROR_FIELD_VALUE },
		{ "uscc", "\"maybe\"", DIQI_ERROR_FIELD_VALUE },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (json_t) json = shipped ("organization");
		json_object_set_new (json, bad[i].member, json_loads (bad[i].json, JSON_DECODE_ANY, NULL));
		g_autoptr (Profile) profile = parse (json, &error);
		if (profile != NULL || !g_error_matches (error, DIQI_ERROR, (int) bad[i].code))
			g_error ("%s = %s: %s", bad[i].member, bad[i].json, error != NULL ? error->message : "accepted");
	}
}

static void
test_person_subject (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) json = shipped ("person");
	g_autoptr (Profile) profile = parse (json, &error);
	NamePart good[] = { { NAME_COUNTRY, "CN" }, { NAME_COMMON_NAME, "虚构张一" }, { NAME_SERIAL_NUMBER, "C-0123456789abcdef0123456789abcdef" } };
	g_assert_true (profile_check_subject (profile, good, 3, "/subject", &error));
	/* A certificate is shown to others: never the identity number itself. */
	good[2].value = "320599190001010010";
	g_assert_false (profile_check_subject (profile, good, 3, "/subject", &error));
	g_assert_cmpstr (diqi_error_field (error), ==, "/subject/2");
	g_clear_error (&error);
	g_assert_false (profile_check_subject (profile, good, 2, "/subject", &error));
	g_assert_true (g_error_matches (error, DIQI_ERROR, DIQI_ERROR_FIELD_MISSING));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/signer/profile/shipped", test_shipped);
	g_test_add_func ("/signer/profile/P-09-doctored", test_doctored);
	g_test_add_func ("/signer/profile/person-subject", test_person_subject);
	return g_test_run ();
}
