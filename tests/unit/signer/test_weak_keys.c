/* P-10: keys judged again by the signer, over its socket, whatever the registration office thought of them. */
#include "fixture.h"

#include <string.h>

static Fixture fixture;

static json_t *
read_vectors (const char *folder, const char *file)
{
	g_autofree char *path = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "tests", "vectors", folder, file, NULL);
	json_t *vectors = json_load_file (path, 0, NULL);
	g_assert_nonnull (vectors);
	return vectors;
}

/* A request for these keys (base64 SPKI), approved by two officers. */
static GBytes *
issue (SignerClient *client, const char *application, const char *spki, const char *further, GError **error)
{
	g_autoptr (PrivateKey) any = private_key_generate (KEY_P256, NULL);
	g_autoptr (json_t) json = fixture_request (any);
	json_object_set_new (json, "application", json_string (application));
	json_object_set_new (json, "spki", json_string (spki));
	if (further != NULL)
		json_object_set_new (json, "more", json_pack ("[s]", further));
	g_autofree char *request = fixture_text (json);
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, request);
	g_autofree char *issue = fixture_approve (&fixture, ISSUER, "application.issue", T0, request);
	return fixture_issue (client, request, T0, review, issue, error);
}

#define A "018f0000-0000-7000-8000-0000000000a1"
#define B "018f0000-0000-7000-8000-0000000000b2"
#define C "018f0000-0000-7000-8000-0000000000c3"

static void
test_known (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (json_t) verdicts = read_vectors ("badkeys", "verdicts.json");
	size_t i;
	json_t *v;
	g_assert_cmpuint (json_array_size (verdicts), ==, 21);
	json_array_foreach (verdicts, i, v) {
		g_autoptr (GError) error = NULL;
		g_autoptr (GBytes) made = issue (client, A, json_string_value (json_object_get (v, "spki")), NULL, &error);
		g_assert_null (made);
		g_test_message ("%s: %s", json_string_value (json_object_get (v, "file")), error->message);
		g_assert_cmpstr (diqi_error_code_name (error), ==, json_string_value (json_object_get (v, "code")));
	}
}

static void
refused_for_prime (SignerClient *client, const char *application, const char *spki, const char *further)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) made = issue (client, application, spki, further, &error);
	g_assert_null (made);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_WEAK);
	g_assert_nonnull (strstr (error->message, "shares a prime"));
}

/* A new modulus is held against those of all certificates, from the signer's own journal, also after a restart, and
 * against the other keys of its request. */
static void
test_shared_primes (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	SignerClient *client = fixture_run (dir);
	g_autoptr (json_t) keys = read_vectors ("rsa", "shared_primes.json");
	const char *first, *sharing, *sound, *twin;
	g_autoptr (GError) error = NULL;
	g_assert_cmpint (json_unpack (keys, "{s:s, s:s, s:s, s:s}", "first", &first, "shares with first", &sharing, "sound", &sound,
	                              "shares with sound", &twin), ==, 0);
	g_autoptr (GBytes) made = issue (client, A, first, NULL, &error);
	g_assert_no_error (error);
	refused_for_prime (client, B, sharing, NULL);
	signer_client_free (client);
	client = fixture_run (dir);
	refused_for_prime (client, B, sharing, NULL);
	/* Of two that share one, neither is certified; alone the one is sound. */
	refused_for_prime (client, B, sound, twin);
	g_autoptr (GBytes) other = issue (client, C, sound, NULL, &error);
	g_assert_no_error (error);
	/* The first request again: its own modulus does not speak against it. */
	g_autoptr (GBytes) again = issue (client, A, first, NULL, &error);
	g_assert_no_error (error);
	g_assert_true (g_bytes_equal (made, again));
	signer_client_free (client);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/weak-keys/known", test_known);
	g_test_add_func ("/signer/weak-keys/shared-primes", test_shared_primes);
	int status = g_test_run ();
	fixture_clear (&fixture);
	return status;
}
