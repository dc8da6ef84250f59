/* Administrator PINs of tokens: for whom, how often, and always the same one for a token. */
#include <string.h>

#include "fixture.h"
#include "pki/oaep.h"

static Fixture fixture;
static PrivateKey *counter_key, *other_key;

#define APPLICATION "01900000-0000-7000-8000-00000000cccc"
#define TOKEN "53a7f0c2e1d4b698"

static GBytes *
spki_of (const PrivateKey *key)
{
	g_autoptr (PublicKey) public = private_key_public (key);
	return public_key_spki (public);
}

static char *
spki_hash (const PrivateKey *key)
{
	g_autoptr (PublicKey) public = private_key_public (key);
	return fingerprint_hex (public_key_fingerprint (public));
}

/* --- what is asked ---------------------------------------------------------------------- */

static char *
request_text (const char *application, const char *token, const char *act)
{
	g_autofree char *form = g_strnfill (64, 'a');
	g_autoptr (json_t) request = json_pack ("{s:s, s:s, s:s, s:s, s:[s], s:s, s:s, s:s}", "type", "service.request", "site", SITE,
	                                        "application", application, "service", "unlock_pin", "certificates", "01", "act", act,
	                                        "token", token, "form", form);
	return fixture_text (request);
}

static char *
approve (guint officer, const char *type, const char *request)
{
	Fingerprint hash;
	fingerprint_of (request, strlen (request), &hash);
	g_autofree char *hex = fingerprint_hex (&hash);
	return fixture_sign (&fixture, officer, type, T0, json_pack ("{s:s, s:s}", "application", APPLICATION, "request", hex));
}

static char *
unlock_by (guint officer, const char *token, const PrivateKey *key, Micros time)
{
	g_autofree char *hash = spki_hash (key);
	return fixture_sign (&fixture, officer, "token.unlock", time, json_pack ("{s:s, s:s, s:s}", "application", APPLICATION, "token", token, "spki", hash));
}

/* Who signs what in one unlocking; zero: the right ones. */
typedef struct {
	guint reviewer, issuer, clerk;
	const char *token;
	Micros time;
	const PrivateKey *named, *sent;
} Unlock;

static GBytes *
unlock (SignerClient *client, const char *request, Unlock u, GError **error)
{
	const PrivateKey *named = u.named != NULL ? u.named : counter_key, *sent = u.sent != NULL ? u.sent : counter_key;
	g_autofree char *review = approve (u.reviewer != 0 ? u.reviewer : REVIEWER, "service.review", request);
	g_autofree char *complete = approve (u.issuer != 0 ? u.issuer : ISSUER, "service.complete", request);
	g_autofree char *clerk = unlock_by (u.clerk != 0 ? u.clerk : CLERK, u.token != NULL ? u.token : TOKEN, named, u.time != 0 ? u.time : T0);
	g_autoptr (GBytes) spki = spki_of (sent);
	return signer_release_token_pin (client, request, review, complete, clerk, spki, error);
}

static char *
open_pin (GBytes *encrypted, const PrivateKey *key)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) pin = oaep_decrypt (key, encrypted, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (g_bytes_get_size (pin), ==, 16);
	char *text = g_strndup (g_bytes_get_data (pin, NULL), 16);
	g_assert_cmpuint (strspn (text, "0123456789"), ==, 16);
	return text;
}

static char *
assert_unlocks (SignerClient *client, const char *request, Unlock u)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) encrypted = unlock (client, request, u, &error);
	g_assert_no_error (error);
	return open_pin (encrypted, u.sent != NULL ? u.sent : counter_key);
}

/* --- unlocking ------------------------------------------------------------------------------ */

static void
test_ticket_once (void)
{
	g_autofree char *dir = fixture_copy (&fixture), *request = request_text (APPLICATION, TOKEN, "unlock");
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	g_autofree char *pin = assert_unlocks (client, request, (Unlock) { 0 });
	/* The answer was lost: the same key may ask again, no other, also after a restart. */
	g_autofree char *again = assert_unlocks (client, request, (Unlock) { .time = T0 + 1 });
	g_assert_cmpstr (pin, ==, again);
	assert_refused (unlock (client, request, (Unlock) { .named = other_key, .sent = other_key }, &error), error, TICKET_USED);
	g_clear_pointer (&client, signer_client_free);
	client = fixture_run (dir);
	assert_refused (unlock (client, request, (Unlock) { .named = other_key, .sent = other_key }, &error), error, TICKET_USED);
	g_autofree char *later = assert_unlocks (client, request, (Unlock) { .time = T0 + 2 });
	g_assert_cmpstr (pin, ==, later);
}

static void
test_each_token_its_own (void)
{
	g_autofree char *dir = fixture_copy (&fixture), *other_dir = fixture_copy (&fixture);
	g_autofree char *request = request_text (APPLICATION, TOKEN, "unlock"), *other = request_text (APPLICATION, "53a7f0c2e1d4b699", "unlock");
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (SignerClient) second = fixture_run (other_dir);
	g_autofree char *pin = assert_unlocks (client, request, (Unlock) { 0 });
	g_autofree char *another = assert_unlocks (second, other, (Unlock) { .token = "53a7f0c2e1d4b699" });
	g_assert_cmpstr (pin, !=, another);
}

static void
test_unlock_refuses (void)
{
	g_autofree char *dir = fixture_copy (&fixture), *request = request_text (APPLICATION, TOKEN, "unlock");
	g_autofree char *hold = request_text (APPLICATION, TOKEN, "hold"), *elsewhere = request_text ("01900000-0000-7000-8000-00000000dddd", TOKEN, "unlock");
	g_autofree char *odd = request_text (APPLICATION, "a b", "unlock"), *loose = g_strconcat (request, " ", NULL);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) p256 = private_key_generate (KEY_P256, &error);
	assert_refused (unlock (client, hold, (Unlock) { 0 }, &error), error, SIGNER);
	assert_refused (unlock (client, elsewhere, (Unlock) { 0 }, &error), error, STATEMENT_TARGET);
	assert_refused (unlock (client, odd, (Unlock) { .token = "a b" }, &error), error, FIELD_VALUE);
	assert_refused (unlock (client, loose, (Unlock) { 0 }, &error), error, REQUEST);
	assert_refused (unlock (client, request, (Unlock) { .token = "53a7f0c2e1d4b699" }, &error), error, STATEMENT_TARGET);
	assert_refused (unlock (client, request, (Unlock) { .named = other_key }, &error), error, STATEMENT_TARGET);
	assert_refused (unlock (client, request, (Unlock) { .named = p256, .sent = p256 }, &error), error, KEY_ALGORITHM);
	assert_refused (unlock (client, request, (Unlock) { .time = T0 - 6 * MICROS_PER_MIN }, &error), error, STATEMENT_TIME);
	assert_refused (unlock (client, request, (Unlock) { .clerk = AUDITOR }, &error), error, APPROVAL);
	assert_refused (unlock (client, request, (Unlock) { .reviewer = CLERK }, &error), error, APPROVAL);
	assert_refused (unlock (client, request, (Unlock) { .issuer = CLERK }, &error), error, APPROVAL);
	assert_refused (unlock (client, request, (Unlock) { .issuer = REVIEWER_AGAIN }, &error), error, SAME_PERSON);
	/* Nothing of this used the ticket up. */
	g_free (assert_unlocks (client, request, (Unlock) { .named = other_key, .sent = other_key }));
}

/* Approvals of another request, and statements of another kind, do not count. */
static void
test_unlock_wants_both_approvals (void)
{
	g_autofree char *dir = fixture_copy (&fixture), *request = request_text (APPLICATION, TOKEN, "unlock"), *other = request_text (APPLICATION, "other", "unlock");
	g_autofree char *review = approve (REVIEWER, "service.review", request), *complete = approve (ISSUER, "service.complete", request);
	g_autofree char *wrong = approve (ISSUER, "service.complete", other), *clerk = unlock_by (CLERK, TOKEN, counter_key, T0);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GBytes) spki = spki_of (counter_key);
	g_autoptr (GError) error = NULL;
	assert_refused (signer_release_token_pin (client, request, review, wrong, clerk, spki, &error), error, STATEMENT_TARGET);
	assert_refused (signer_release_token_pin (client, request, review, review, clerk, spki, &error), error, STATEMENT_TYPE);
	assert_refused (signer_release_token_pin (client, request, complete, complete, clerk, spki, &error), error, STATEMENT_TYPE);
	assert_refused (signer_release_token_pin (client, request, review, complete, complete, spki, &error), error, STATEMENT_TYPE);
	assert_refused (signer_release_token_pin (client, request, "", complete, clerk, spki, &error), error, APPROVAL);
}

/* --- blank tokens ----------------------------------------------------------------------------- */

static GBytes *
initialise (SignerClient *client, guint a, guint b, const PrivateKey *key, GError **error)
{
	g_autofree char *hash = spki_hash (key);
	g_autofree char *first = fixture_sign (&fixture, a, "token.initialise", T0, json_pack ("{s:s, s:s}", "token", TOKEN, "spki", hash));
	g_autofree char *second = fixture_sign (&fixture, b, "token.initialise", T0, json_pack ("{s:s, s:s}", "token", TOKEN, "spki", hash));
	const char *const statements[2] = { first, second };
	g_autoptr (GBytes) spki = spki_of (key);
	return signer_initialise_token (client, TOKEN, statements, spki, error);
}

static void
test_initialise (void)
{
	g_autofree char *dir = fixture_copy (&fixture), *request = request_text (APPLICATION, TOKEN, "unlock");
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	assert_refused (initialise (client, CLERK, REVIEWER, counter_key, &error), error, APPROVAL);
	assert_refused (initialise (client, CLERK, CLERK, counter_key, &error), error, SAME_PERSON);
	g_autoptr (GBytes) encrypted = initialise (client, CLERK, ADMIN, counter_key, &error);
	g_assert_no_error (error);
	g_autofree char *pin = open_pin (encrypted, counter_key);
	/* What an unlocking gives later is what was set then. */
	g_autofree char *later = assert_unlocks (client, request, (Unlock) { 0 });
	g_assert_cmpstr (pin, ==, later);
	/* The answer was lost. */
	g_autoptr (GBytes) repeated = initialise (client, ADMIN, CLERK, counter_key, &error);
	g_assert_no_error (error);
	/* A token that came back. */
	assert_refused (initialise (client, CLERK, ADMIN, other_key, &error), error, TICKET_USED);
	g_autoptr (GBytes) again = initialise (client, ADMIN, SECOND_ADMIN, other_key, &error);
	g_assert_no_error (error);
	assert_refused (initialise (client, CLERK, ADMIN, counter_key, &error), error, TICKET_USED);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	counter_key = private_key_generate (KEY_RSA3072, NULL);
	other_key = private_key_generate (KEY_RSA3072, NULL);
	g_test_add_func ("/signer/token/ticket-once", test_ticket_once);
	g_test_add_func ("/signer/token/each-token-its-own", test_each_token_its_own);
	g_test_add_func ("/signer/token/unlock-refuses", test_unlock_refuses);
	g_test_add_func ("/signer/token/unlock-wants-both-approvals", test_unlock_wants_both_approvals);
	g_test_add_func ("/signer/token/initialise", test_initialise);
	int failed = g_test_run ();
	private_key_free (counter_key);
	private_key_free (other_key);
	fixture_clear (&fixture);
	return failed;
}
