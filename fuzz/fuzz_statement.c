/* fuzz/fuzz_statement.c — a statement has one byte form and one identity.
 *
 * Input is a compact serialisation as it is, or, when it begins with "{", a line of header, a line
 * of payload and the bytes of the signature, which are encoded first: so the fuzzer can work on the
 * JSON itself.  Whatever parses is written out again from its parts and must give the same bytes,
 * parse to the same statement, and sign and verify the same under a key of ours. */
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "pki/statement.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static char *
encode_line (const char **p, const char *end)
{
	const char *newline = memchr (*p, '\n', (gsize) (end - *p));
	const char *stop = newline != NULL ? newline : end;
	char *encoded = base64url_encode (*p, (gsize) (stop - *p));
	*p = newline != NULL ? newline + 1 : end;
	return encoded;
}

static char *
compact_of (const char *data, gsize size, gsize *n)
{
	const char *p = data, *end = data + size;
	if (size == 0 || data[0] != '{') {
		*n = size;
		return g_memdup2 (data, size);
	}
	g_autofree char *header = encode_line (&p, end);
	g_autofree char *payload = encode_line (&p, end);
	g_autofree char *signature = base64url_encode (p, (gsize) (end - p));
	char *compact = g_strjoin (".", header, payload, signature, NULL);
	*n = strlen (compact);
	return compact;
}

/* The statement again, from what its readers can ask. */
static char *
write_out (const Statement *s)
{
	g_autoptr (GError) error = NULL;
	gsize header_n, payload_n;
	const Fingerprint *signer = statement_signer (s);
	g_autofree char *hash = base64url_encode (signer->b, sizeof signer->b);
	g_autoptr (json_t) fields = json_pack ("{s:s, s:s, s:s}", "typ", "diqi-statement+json", "alg", statement_alg (s),
		statement_by_certificate (s) ? "x5t#S256" : "spki#S256", hash);
	g_autofree char *header = jcs_dump (fields, &header_n, &error);
	g_autofree char *payload = jcs_dump (statement_payload (s), &payload_n, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) signature = statement_signature (s);
	g_autofree char *header64 = base64url_encode (header, header_n);
	g_autofree char *payload64 = base64url_encode (payload, payload_n);
	g_autofree char *signature64 = base64url_encode (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
	return g_strjoin (".", header64, payload64, signature64, NULL);
}

static void
check_identity (const Statement *s)
{
	gsize n;
	Fingerprint f;
	g_autofree char *payload = jcs_dump (statement_payload (s), &n, NULL);
	g_autoptr (GByteArray) input = g_byte_array_new ();
	g_byte_array_append (input, statement_signer (s)->b, sizeof statement_signer (s)->b);
	g_byte_array_append (input, (const guint8 *) payload, (guint) n);
	fingerprint_of (input->data, input->len, &f);
	g_assert_true (fingerprint_equal (&f, statement_identity (s)));
	fingerprint_of (payload, n, &f);
	g_assert_true (fingerprint_equal (&f, statement_payload_hash (s)));
}

static void
check_same (const Statement *a, const Statement *b)
{
	g_assert_cmpstr (statement_compact (a), ==, statement_compact (b));
	g_assert_cmpstr (statement_type (a), ==, statement_type (b));
	g_assert_cmpstr (statement_site (a), ==, statement_site (b));
	g_assert_cmpstr (statement_nonce (a), ==, statement_nonce (b));
	g_assert_true (statement_time (a) == statement_time (b));
	g_assert_true (json_equal (statement_payload (a), statement_payload (b)));
	g_assert_true (fingerprint_equal (statement_identity (a), statement_identity (b)));
}

/* Signed by us it says the same, verifies each time, and with another signature never. */
static void
check_signing (const Statement *s, const PrivateKey *key, const PublicKey *public)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *compact = statement_sign (statement_payload (s), key, NULL, &error);
	g_assert_no_error (error);
	g_autoptr (Statement) ours = statement_parse (compact, -1, &error);
	g_assert_no_error (error);
	g_assert_true (fingerprint_equal (statement_payload_hash (s), statement_payload_hash (ours)));
	g_assert_true (statement_verify_spki (ours, public, &error) && statement_verify_spki (ours, public, &error));
	gsize first_of_signature = (gsize) (strrchr (compact, '.') + 1 - compact);
	compact[first_of_signature] = compact[first_of_signature] == 'A' ? 'B' : 'A';
	g_autoptr (Statement) forged = statement_parse (compact, -1, &error);
	g_assert_no_error (error);
	g_assert_false (statement_verify_spki (forged, public, NULL));
	/* A stranger's statement does not verify under our key, whoever it says signed it. */
	g_assert_false (statement_verify_signature (s, public, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static PrivateKey *key;
	static PublicKey *public;
	if (key == NULL) {
		pki_init ();
		key = private_key_generate (KEY_ED25519, NULL);
		public = private_key_public (key);
	}
	gsize n;
	g_autoptr (GError) error = NULL;
	g_autofree char *compact = compact_of ((const char *) data, size, &n);
	g_autoptr (Statement) s = statement_parse (n > 0 ? compact : "", (gssize) n, &error);
	if (s == NULL) {
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT);
		g_assert_true (g_utf8_validate (error->message, -1, NULL));
		return 0;
	}
	g_autofree char *again_text = write_out (s);
	g_assert_true (strlen (again_text) == n && memcmp (again_text, compact, n) == 0);
	g_autoptr (Statement) again = statement_parse (again_text, -1, &error);
	g_assert_no_error (error);
	check_same (s, again);
	check_identity (s);
	check_signing (s, key, public);
	return 0;
}
