/* Statements: one byte form, one identity, every other form refused. */
#include "base/error.h"
#include "pki/statement.h"

#include <string.h>

#define NONCE "AAECAwQFBgcICQoLDA0ODw"
#define TIME "2026-04-03T02:00:00.000000Z"
#define SIGNER43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HEADER "{\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}"
#define PAYLOAD "{\"nonce\":\"" NONCE "\",\"price_fen\":\"747000000\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}"

static json_t *
payload_new (void)
{
	return json_pack ("{s:s, s:s, s:s, s:s, s:s}", "type", "quote", "site", "s1", "time", TIME, "nonce", NONCE,
	                  "note", "\u62a5\u4ef7 \"7,470,000.00\"\n");
}

static Certificate *
self_signed (const PrivateKey *key)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) public = private_key_public (key);
	NamePart name[] = { { NAME_COUNTRY, "CN" }, { NAME_COMMON_NAME, "\u6d4b\u8bd5" } };
	CertificateTemplate t = { .subject = name, .subject_n = G_N_ELEMENTS (name), .key = public, .ca = TRUE, .path_length = -1,
	                          .not_before = 1775000000 * MICROS_PER_S, .not_after = 1800000000 * MICROS_PER_S,
	                          .key_usage = KU_KEY_CERT_SIGN };
	serial_new (t.not_before, &t.serial);
	g_autoptr (GBytes) der = root_sign_certificate (key, &t, &error);
	g_assert_no_error (error);
	Certificate *c = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	return c;
}

static PrivateKey *
new_key (KeyAlgorithm algorithm)
{
	g_autoptr (GError) error = NULL;
	PrivateKey *key = private_key_generate (algorithm, &error);
	g_assert_no_error (error);
	return key;
}

static char *
sign (const json_t *payload, const PrivateKey *key, const Certificate *certificate)
{
	g_autoptr (GError) error = NULL;
	char *compact = statement_sign (payload, key, certificate, &error);
	g_assert_no_error (error);
	return compact;
}

static Statement *
parse (const char *compact)
{
	g_autoptr (GError) error = NULL;
	Statement *s = statement_parse (compact, -1, &error);
	g_assert_no_error (error);
	return s;
}

static void
assert_refused (const char *compact)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Statement) s = statement_parse (compact, -1, &error);
	if (s != NULL)
		g_test_message ("accepted: %s", compact);
	g_assert_null (s);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT);
	g_assert_cmpstr (diqi_error_field (error), ==, "/statement");
}

/* A statement of these two texts with a signature of so many zero bytes. */
static char *
assemble (const char *header, const char *payload, gsize signature_n)
{
	g_autofree guint8 *zeros = g_malloc0 (signature_n + 1);
	g_autofree char *h = base64url_encode (header, strlen (header));
	g_autofree char *p = base64url_encode (payload, strlen (payload));
	g_autofree char *s = base64url_encode (zeros, signature_n);
	return g_strjoin (".", h, p, s, NULL);
}

static void
test_round_trip (gconstpointer which)
{
	g_autoptr (PrivateKey) key = new_key ((KeyAlgorithm) GPOINTER_TO_INT (which));
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (Certificate) certificate = self_signed (key);
	g_autoptr (json_t) payload = payload_new ();
	g_autoptr (GError) error = NULL;
	g_autofree char *with_certificate = sign (payload, key, certificate);
	g_autofree char *with_spki = sign (payload, key, NULL);
	g_autoptr (Statement) a = parse (with_certificate);
	g_autoptr (Statement) b = parse (with_spki);

	g_assert_cmpstr (statement_compact (a), ==, with_certificate);
	g_assert_cmpstr (statement_type (a), ==, "quote");
	g_assert_cmpstr (statement_site (a), ==, "s1");
	g_assert_cmpstr (statement_nonce (a), ==, NONCE);
	g_assert_cmpint (statement_time (a), ==, G_GINT64_CONSTANT (1775181600000000));
	g_assert_true (json_equal (statement_payload (a), payload));
	g_assert_true (statement_by_certificate (a));
	g_assert_false (statement_by_certificate (b));
	g_assert_true (fingerprint_equal (statement_signer (a), certificate_fingerprint (certificate)));
	g_assert_true (fingerprint_equal (statement_signer (b), public_key_fingerprint (public)));
	g_assert_true (statement_looks_like_one (with_certificate) && statement_looks_like_one (with_spki));

	g_assert_true (statement_verify (a, certificate, &error));
	g_assert_true (statement_verify_spki (b, public, &error));
	g_assert_true (statement_verify_signature (a, public, &error));
	g_assert_no_error (error);
	/* The signer is named one way and checked the same way. */
	g_assert_false (statement_verify (b, certificate, NULL));
	g_assert_false (statement_verify_spki (a, public, NULL));
}

static void
test_other_signers (void)
{
	g_autoptr (PrivateKey) key = new_key (KEY_P256);
	g_autoptr (PrivateKey) other = new_key (KEY_P256);
	g_autoptr (PrivateKey) ed25519 = new_key (KEY_ED25519);
	g_autoptr (PublicKey) other_public = private_key_public (other);
	g_autoptr (PublicKey) ed25519_public = private_key_public (ed25519);
	g_autoptr (Certificate) certificate = self_signed (key);
	g_autoptr (Certificate) again = self_signed (key);
	g_autoptr (json_t) payload = payload_new ();
	g_autofree char *compact = sign (payload, key, certificate);
	g_autoptr (Statement) s = parse (compact);
	g_autoptr (GError) error = NULL;

	/* The same key in another certificate is another signer. */
	g_assert_false (statement_verify (s, again, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_SIGNATURE);
	g_assert_false (statement_verify_signature (s, other_public, NULL));
	g_assert_false (statement_verify_signature (s, ed25519_public, NULL));
	g_clear_error (&error);
	g_autofree char *mismatch = statement_sign (payload, other, certificate, &error);
	g_assert_null (mismatch);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_SIGNATURE);
}

/* ECDSA lets anybody turn (r, s) into (r, n - s): another signature, the same statement. */
static void
test_identity_is_not_the_signature (void)
{
	g_autoptr (PrivateKey) key = new_key (KEY_P256);
	g_autoptr (json_t) payload = payload_new ();
	g_autofree char *one = sign (payload, key, NULL);
	g_autofree char *two = sign (payload, key, NULL);
	g_autoptr (Statement) a = parse (one);
	g_autoptr (Statement) b = parse (two);
	g_assert_cmpstr (one, !=, two);
	g_assert_true (fingerprint_equal (statement_identity (a), statement_identity (b)));
	g_assert_true (fingerprint_equal (statement_payload_hash (a), statement_payload_hash (b)));

	g_autoptr (PrivateKey) other = new_key (KEY_P256);
	g_autofree char *three = sign (payload, other, NULL);
	g_autoptr (Statement) c = parse (three);
	g_assert_false (fingerprint_equal (statement_identity (a), statement_identity (c)));
	g_assert_true (fingerprint_equal (statement_payload_hash (a), statement_payload_hash (c)));

	json_object_set_new (payload, "nonce", json_string ("AAECAwQFBgcICQoLDA0ODA"));
	g_autofree char *four = sign (payload, key, NULL);
	g_autoptr (Statement) d = parse (four);
	g_assert_false (fingerprint_equal (statement_identity (a), statement_identity (d)));
}

static void
test_identity_is_signer_then_payload (void)
{
	g_autofree char *compact = assemble (HEADER, PAYLOAD, 64);
	g_autoptr (Statement) s = parse (compact);
	guint8 input[32 + sizeof PAYLOAD - 1] = { 0 };
	memcpy (input + 32, PAYLOAD, sizeof PAYLOAD - 1);
	Fingerprint f;
	fingerprint_of (input, sizeof input, &f);
	g_assert_true (fingerprint_equal (&f, statement_identity (s)));
	fingerprint_of (input + 32, sizeof input - 32, &f);
	g_assert_true (fingerprint_equal (&f, statement_payload_hash (s)));
}

static void
test_headers_refused (void)
{
	static const char *const bad[] = {
		"", "null", "[]", "{}", "{\"alg\":\"ES256\"}",
		"{\"alg\":\"none\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"None\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"HS256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"es256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"PS256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":null,\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"JWT\"}",
		"{\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":1}",
		"{\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\"}",
		"{\"alg\":\"ES256\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"crit\":[],\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"kid\":\"1\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\",\"x5t#S256\":\"" SIGNER43 "\"}",
		"{\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "A\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"spki#S256\":\"AAAA\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"spki#S256\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"spki#S256\":7,\"typ\":\"diqi-statement+json\"}",
		"{\"typ\":\"diqi-statement+json\",\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\"}",
		" {\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement+json\"}",
		"{\"alg\":\"ES256\",\"spki#S256\":\"" SIGNER43 "\",\"typ\":\"diqi-statement\\u002bjson\"}",
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autofree char *compact = assemble (bad[i], PAYLOAD, 64);
		assert_refused (compact);
	}
}

static void
test_payloads_refused (void)
{
	static const char *const bad[] = {
		"", "{}", "[]", "\"x\"", "{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":\"" TIME "\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		"{\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":7}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":{},\"time\":\"" TIME "\",\"type\":\"quote\"}",
		/* one moment, one text */
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":\"2026-04-03T02:00:00Z\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":\"2026-04-03T10:00:00.000000+08:00\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":\"2026-02-30T02:00:00.000000Z\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":1775181600,\"type\":\"quote\"}",
		/* 15 and 17 bytes, padding, stray bits */
		"{\"nonce\":\"AAECAwQFBgcICQoLDA0O\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		"{\"nonce\":\"AAECAwQFBgcICQoLDA0ODxA\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "==\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		"{\"nonce\":\"AAECAwQFBgcICQoLDA0ODx\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		/* not canonical */
		"{\"site\":\"s1\",\"nonce\":\"" NONCE "\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "\", \"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}\n",
		"{\"nonce\":\"" NONCE "\",\"price\":1.0,\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"\\u0071uote\"}",
		"{\"nonce\":\"" NONCE "\",\"site\":\"s1\",\"site\":\"s1\",\"time\":\"" TIME "\",\"type\":\"quote\"}",
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autofree char *compact = assemble (HEADER, bad[i], 64);
		assert_refused (compact);
	}
	g_autofree char *good = assemble (HEADER, PAYLOAD, 64);
	g_autoptr (Statement) s = parse (good);
	g_assert_cmpstr (statement_alg (s), ==, "ES256");
}

static void
test_forms_refused (void)
{
	static const gsize wrong_sizes[] = { 0, 1, 63, 65, 72 };
	g_autofree char *good = assemble (HEADER, PAYLOAD, 64);
	const char *const bad[] = { "", ".", "..", "...", "a.b.c", "e30.e30.", "eyJhbGciOi" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		assert_refused (bad[i]);
	for (gsize i = 0; i < G_N_ELEMENTS (wrong_sizes); i++) {
		g_autofree char *compact = assemble (HEADER, PAYLOAD, wrong_sizes[i]);
		assert_refused (compact);
	}
	static const char *const tails[] = { "=", "==", ".", " ", "\n", "A", ".A" };
	for (gsize i = 0; i < G_N_ELEMENTS (tails); i++) {
		g_autofree char *longer = g_strconcat (good, tails[i], NULL);
		assert_refused (longer);
	}
	/* 64 bytes leave two spare bits in the last letter: only zeros will do. */
	g_autofree char *stray = g_strdup (good);
	stray[strlen (stray) - 1] = 'B';
	assert_refused (stray);
	g_autofree char *leading = g_strconcat (" ", good, NULL);
	assert_refused (leading);
	/* A NUL inside counts as a byte, not as the end. */
	g_autoptr (GError) error = NULL;
	g_autoptr (Statement) s = statement_parse (good, (gssize) strlen (good) + 1, &error);
	g_assert_null (s);
}

static void
test_size_limit (void)
{
	g_autoptr (PrivateKey) key = new_key (KEY_P256);
	g_autoptr (json_t) payload = payload_new ();
	g_autofree char *long_text = g_strnfill (STATEMENT_MAX_BYTES, 'x');
	g_autoptr (GError) error = NULL;
	json_object_set_new (payload, "note", json_string (long_text));
	g_autofree char *compact = statement_sign (payload, key, NULL, &error);
	g_assert_null (compact);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT);

	/* Refused by its length, before anything is decoded: these bytes are no base64url at all. */
	g_autofree char *noise = g_strnfill (100 * 1024 * 1024, '!');
	gint64 begin = g_get_monotonic_time ();
	assert_refused (noise);
	g_assert_cmpint (g_get_monotonic_time () - begin, <, G_USEC_PER_SEC / 2);
}

static void
test_signing_needs_the_common_members (void)
{
	static const char *const members[] = { "type", "site", "time", "nonce" };
	g_autoptr (PrivateKey) key = new_key (KEY_P256);
	for (gsize i = 0; i < G_N_ELEMENTS (members); i++) {
		g_autoptr (json_t) payload = payload_new ();
		g_autoptr (GError) error = NULL;
		json_object_del (payload, members[i]);
		g_autofree char *compact = statement_sign (payload, key, NULL, &error);
		g_assert_null (compact);
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT);
	}
}

/* No change of a letter passes: it is refused as a form or fails to verify. */
static void
test_every_letter_counts (void)
{
	g_autoptr (PrivateKey) key = new_key (KEY_P256);
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (json_t) payload = payload_new ();
	g_autofree char *compact = sign (payload, key, NULL);
	for (gsize i = 0; i < strlen (compact); i++) {
		g_autofree char *changed = g_strdup (compact);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		g_autoptr (Statement) s = statement_parse (changed, -1, NULL);
		g_assert_true (s == NULL || !statement_verify_spki (s, public, NULL));
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_data_func ("/statement/round-trip/p256", GINT_TO_POINTER (KEY_P256), test_round_trip);
	g_test_add_data_func ("/statement/round-trip/p384", GINT_TO_POINTER (KEY_P384), test_round_trip);
	g_test_add_data_func ("/statement/round-trip/rsa4096", GINT_TO_POINTER (KEY_RSA4096), test_round_trip);
	g_test_add_data_func ("/statement/round-trip/rsa3072", GINT_TO_POINTER (KEY_RSA3072), test_round_trip);
	g_test_add_data_func ("/statement/round-trip/sm2", GINT_TO_POINTER (KEY_SM2), test_round_trip);
	g_test_add_data_func ("/statement/round-trip/ed25519", GINT_TO_POINTER (KEY_ED25519), test_round_trip);
	g_test_add_func ("/statement/other-signers", test_other_signers);
	g_test_add_func ("/statement/identity/signature", test_identity_is_not_the_signature);
	g_test_add_func ("/statement/identity/bytes", test_identity_is_signer_then_payload);
	g_test_add_func ("/statement/refused/header", test_headers_refused);
	g_test_add_func ("/statement/refused/payload", test_payloads_refused);
	g_test_add_func ("/statement/refused/form", test_forms_refused);
	g_test_add_func ("/statement/refused/size", test_size_limit);
	g_test_add_func ("/statement/signing/members", test_signing_needs_the_common_members);
	g_test_add_func ("/statement/every-letter", test_every_letter_counts);
	return g_test_run ();
}
