/* pki/statement.c — statements: JWS compact serialisation, reader and writer.
 *
 * A statement has exactly one byte form.  Everything a JWS reader may let pass (padding,
 * stray bits, white space, unordered or extra header members, a missing or foreign "alg")
 * is refused, because the bytes are what is hashed, logged and later replayed.  Sizes are
 * checked before anything is decoded.
 */
#include "pki/statement.h"

#include "base/error.h"

#include <string.h>

#define TYP "diqi-statement+json"
#define MAX_NAME 128          /* characters of "type" and "site" */
#define NONCE_TEXT 22
#define NONCE_BYTES 16
#define FINGERPRINT_TEXT 43

/* The one place that knows which "alg" goes with which key.  Anything else, "none" first
 * of all, is refused (RFC 8725 3.1). */
static const struct algorithm {
	const char *name;
	KeyAlgorithm key;
	gsize least, most;        /* bytes of a signature */
} algorithms[] = {
	{ "ES256", KEY_P256, 64, 64 },
	{ "ES384", KEY_P384, 96, 96 },
	{ "RS256", KEY_RSA3072, 256, 512 },       /* 2048 to 4096 bits: of KEY_RSA4096 too */
	{ "EdDSA", KEY_ED25519, 64, 64 },
	{ "SM2-SM3", KEY_SM2, 64, 64 },           /* private name; r‖s as ES256, ID 1234567812345678 */
};

struct Statement {
	gatomicrefcount refs;
	char *compact;
	gsize signed_n;           /* "header.payload", what the signature covers */
	const struct algorithm *algorithm;
	gboolean by_certificate;
	Fingerprint signer, identity, payload_hash;
	GBytes *signature;
	json_t *payload;
	const char *type, *site, *nonce;      /* inside payload */
	Micros time;
};

static gboolean G_GNUC_PRINTF (2, 3)
bad (GError **error, const char *format, ...)
{
	va_list args;
	va_start (args, format);
	g_autofree char *detail = g_strdup_vprintf (format, args);
	va_end (args);
	return diqi_fail (error, DIQI_ERROR_STATEMENT, "/statement", "%s", detail);
}

/* --- payload --------------------------------------------------------------------- */

static const char *
payload_text (const json_t *payload, const char *name, GError **error)
{
	const json_t *value = json_object_get (payload, name);
	const char *text = json_string_value (value);
	if (text == NULL || text[0] == '\0' || strlen (text) > MAX_NAME || strlen (text) != json_string_length (value)) {
		bad (error, "payload needs a text \"%s\" of at most %d bytes", name, MAX_NAME);
		return NULL;
	}
	return text;
}

/* Exactly the form time_format writes, so that one moment has one text. */
static gboolean
payload_time (const json_t *payload, Micros *out, GError **error)
{
	const char *text = payload_text (payload, "time", error);
	char again[TIME_TEXT_SIZE];
	if (text == NULL)
		return FALSE;
	if (!time_parse (text, out, NULL))
		return bad (error, "payload: \"time\" is not RFC 3339 UTC with six digits");
	time_format_to (*out, again);
	return strcmp (text, again) == 0 || bad (error, "payload: \"time\" is not RFC 3339 UTC with six digits");
}

static gboolean
payload_nonce (const json_t *payload, const char **out, GError **error)
{
	const char *text = payload_text (payload, "nonce", error);
	if (text == NULL)
		return FALSE;
	g_autoptr (GBytes) nonce = strlen (text) == NONCE_TEXT ? base64url_decode (text, NONCE_TEXT, NULL) : NULL;
	if (nonce == NULL || g_bytes_get_size (nonce) != NONCE_BYTES)
		return bad (error, "payload: \"nonce\" is not the base64url of %d bytes", NONCE_BYTES);
	*out = text;
	return TRUE;
}

/* The members every payload has; the rest belongs to its type. */
static gboolean
read_payload (Statement *s, const json_t *payload, GError **error)
{
	if (!json_is_object (payload))
		return bad (error, "payload is not an object");
	s->type = payload_text (payload, "type", error);
	if (s->type == NULL)
		return FALSE;
	s->site = payload_text (payload, "site", error);
	return s->site != NULL && payload_time (payload, &s->time, error) && payload_nonce (payload, &s->nonce, error);
}

/* --- parsing --------------------------------------------------------------------- */

/* base64url of canonical JSON; *bytes and *json are the caller's. */
static gboolean
decode_part (const char *text, gsize n, const char *what, GBytes **bytes, json_t **json, GError **error)
{
	g_autoptr (GError) why = NULL;
	g_autoptr (GBytes) decoded = base64url_decode (text, n, &why);
	if (decoded == NULL)
		return bad (error, "%s: %s", what, why->message);
	gsize size;
	const char *p = g_bytes_get_data (decoded, &size);
	g_autoptr (json_t) parsed = json_read_strict (p, size, STATEMENT_MAX_BYTES, &why);
	if (parsed == NULL)
		return bad (error, "%s: %s", what, why->message);
	if (!jcs_is_canonical (p, size, parsed))
		return bad (error, "%s is not canonical JSON (RFC 8785)", what);
	*bytes = g_steal_pointer (&decoded);
	*json = g_steal_pointer (&parsed);
	return TRUE;
}

static gboolean
header_signer (Statement *s, const json_t *header, GError **error)
{
	const json_t *certificate = json_object_get (header, "x5t#S256");
	const json_t *spki = json_object_get (header, "spki#S256");
	if ((certificate == NULL) == (spki == NULL))
		return bad (error, "header needs one of \"x5t#S256\" and \"spki#S256\"");
	const json_t *value = certificate != NULL ? certificate : spki;
	g_autoptr (GBytes) hash = NULL;
	if (json_is_string (value) && json_string_length (value) == FINGERPRINT_TEXT)
		hash = base64url_decode (json_string_value (value), FINGERPRINT_TEXT, NULL);
	if (hash == NULL || g_bytes_get_size (hash) != sizeof s->signer.b)
		return bad (error, "header: the signer is not the base64url of 32 bytes");
	s->by_certificate = certificate != NULL;
	memcpy (s->signer.b, g_bytes_get_data (hash, NULL), sizeof s->signer.b);
	return TRUE;
}

static const struct algorithm *
algorithm_by_name (const char *name)
{
	for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (algorithms); i++)
		if (strcmp (algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

static const struct algorithm *
algorithm_of_key (KeyAlgorithm key)
{
	KeyAlgorithm kind = key_algorithm_is_rsa (key) ? KEY_RSA3072 : key;
	for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
		if (algorithms[i].key == kind)
			return &algorithms[i];
	return NULL;
}

#define HEADER_TAIL "\"}"

/* Is text the canonical header of this algorithm?  There is one for each way to name the signer; *fingerprint is inside. */
static gboolean
is_header_of (const struct algorithm *a, gboolean by_certificate, const char *text, gsize n, const char **fingerprint)
{
	char head[128];
	int head_n = by_certificate ? g_snprintf (head, sizeof head, "{\"alg\":\"%s\",\"typ\":\"" TYP "\",\"x5t#S256\":\"", a->name)
	                            : g_snprintf (head, sizeof head, "{\"alg\":\"%s\",\"spki#S256\":\"", a->name);
	const char *tail = by_certificate ? HEADER_TAIL : "\",\"typ\":\"" TYP HEADER_TAIL;
	gsize tail_n = strlen (tail);
	*fingerprint = text + head_n;
	return n == (gsize) head_n + FINGERPRINT_TEXT + tail_n && memcmp (text, head, (gsize) head_n) == 0
	       && memcmp (text + n - tail_n, tail, tail_n) == 0;
}

/* The two acceptable byte strings are known beforehand; whatever else is parsed, to say what is wrong with it. */
static gboolean
recognise_header (Statement *s, GBytes *bytes)
{
	gsize n;
	const char *text = g_bytes_get_data (bytes, &n), *at;
	for (gsize i = 0; i < 2 * G_N_ELEMENTS (algorithms); i++) {
		if (!is_header_of (&algorithms[i / 2], i % 2 == 0, text, n, &at))
			continue;
		g_autoptr (GBytes) hash = base64url_decode (at, FINGERPRINT_TEXT, NULL);
		if (hash == NULL || g_bytes_get_size (hash) != sizeof s->signer.b)
			return FALSE;
		s->algorithm = &algorithms[i / 2];
		s->by_certificate = i % 2 == 0;
		memcpy (s->signer.b, g_bytes_get_data (hash, NULL), sizeof s->signer.b);
		return TRUE;
	}
	return FALSE;
}

static gboolean
parse_header (Statement *s, const char *text, gsize n, GError **error)
{
	g_autoptr (GBytes) known = base64url_decode (text, n, NULL);
	if (known != NULL && recognise_header (s, known))
		return TRUE;
	g_autoptr (GBytes) bytes = NULL;
	g_autoptr (json_t) header = NULL;
	if (!decode_part (text, n, "header", &bytes, &header, error))
		return FALSE;
	if (!json_is_object (header) || json_object_size (header) != 3)
		return bad (error, "header has exactly \"alg\", \"typ\" and the signer");
	s->algorithm = algorithm_by_name (json_string_value (json_object_get (header, "alg")));
	if (s->algorithm == NULL)
		return bad (error, "header: unknown \"alg\"");
	if (g_strcmp0 (json_string_value (json_object_get (header, "typ")), TYP) != 0)
		return bad (error, "header: \"typ\" is not %s", TYP);
	return header_signer (s, header, error);
}

static gboolean
parse_payload (Statement *s, const char *text, gsize n, GError **error)
{
	g_autoptr (GBytes) bytes = NULL;
	if (!decode_part (text, n, "payload", &bytes, &s->payload, error) || !read_payload (s, s->payload, error))
		return FALSE;
	gsize size;
	const guint8 *p = g_bytes_get_data (bytes, &size);
	g_autoptr (GByteArray) signed_by = g_byte_array_sized_new ((guint) (sizeof s->signer.b + size));
	g_byte_array_append (signed_by, s->signer.b, sizeof s->signer.b);
	g_byte_array_append (signed_by, p, (guint) size);
	fingerprint_of (signed_by->data, signed_by->len, &s->identity);
	fingerprint_of (p, size, &s->payload_hash);
	return TRUE;
}

static gboolean
parse_signature (Statement *s, const char *text, gsize n, GError **error)
{
	g_autoptr (GError) why = NULL;
	s->signature = base64url_decode (text, n, &why);
	if (s->signature == NULL)
		return bad (error, "signature: %s", why->message);
	gsize size = g_bytes_get_size (s->signature);
	if (size < s->algorithm->least || size > s->algorithm->most)
		return bad (error, "signature of %s is not %" G_GSIZE_FORMAT " bytes long", s->algorithm->name, size);
	return TRUE;
}

Statement *
statement_parse (const char *compact, gssize n, GError **error)
{
	gsize size = n < 0 ? strnlen (compact, STATEMENT_MAX_BYTES + 1) : (gsize) n;
	if (size > STATEMENT_MAX_BYTES) {
		bad (error, "longer than %d bytes", STATEMENT_MAX_BYTES);
		return NULL;
	}
	const char *end = compact + size;
	const char *dot1 = memchr (compact, '.', size);
	const char *dot2 = dot1 != NULL ? memchr (dot1 + 1, '.', (gsize) (end - dot1 - 1)) : NULL;
	if (dot2 == NULL) {
		bad (error, "not header.payload.signature");
		return NULL;
	}
	g_autoptr (Statement) s = g_new0 (Statement, 1);
	g_atomic_ref_count_init (&s->refs);
	s->signed_n = (gsize) (dot2 - compact);
	if (!parse_header (s, compact, (gsize) (dot1 - compact), error) ||
	    !parse_payload (s, dot1 + 1, (gsize) (dot2 - dot1 - 1), error) ||
	    !parse_signature (s, dot2 + 1, (gsize) (end - dot2 - 1), error))
		return NULL;
	s->compact = g_strndup (compact, size);
	return g_steal_pointer (&s);
}

Statement *
statement_ref (Statement *s)
{
	g_atomic_ref_count_inc (&s->refs);
	return s;
}

void
statement_unref (Statement *s)
{
	if (s == NULL || !g_atomic_ref_count_dec (&s->refs))
		return;
	g_free (s->compact);
	g_clear_pointer (&s->signature, g_bytes_unref);
	g_clear_pointer (&s->payload, json_decref_);
	g_free (s);
}

const char *statement_compact (const Statement *s) { return s->compact; }
const json_t *statement_payload (const Statement *s) { return s->payload; }
const char *statement_type (const Statement *s) { return s->type; }
const char *statement_site (const Statement *s) { return s->site; }
const char *statement_nonce (const Statement *s) { return s->nonce; }
const char *statement_alg (const Statement *s) { return s->algorithm->name; }
Micros statement_time (const Statement *s) { return s->time; }
gboolean statement_by_certificate (const Statement *s) { return s->by_certificate; }
const Fingerprint *statement_signer (const Statement *s) { return &s->signer; }
const Fingerprint *statement_identity (const Statement *s) { return &s->identity; }
const Fingerprint *statement_payload_hash (const Statement *s) { return &s->payload_hash; }
GBytes *statement_signature (const Statement *s) { return g_bytes_ref (s->signature); }

gboolean
statement_looks_like_one (const char *text)
{
	/* Canonical JSON puts "alg" first, so the base64url of every header opens with that of {"alg": */
	static const char opening[] = "eyJhbGciOi";
	return strncmp (text, opening, strlen (opening)) == 0 && strchr (text, '.') != NULL;
}

/* --- verifying ------------------------------------------------------------------- */

static gboolean
bad_signature (GError **error, const char *why)
{
	return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNATURE, "/statement", "%s", why);
}

gboolean
statement_verify_signature (const Statement *s, const PublicKey *key, GError **error)
{
	if (algorithm_of_key (public_key_algorithm (key)) != s->algorithm)
		return bad_signature (error, "\"alg\" does not fit the signer's key");
	gsize n;
	gconstpointer p = g_bytes_get_data (s->signature, &n);
	if (!public_key_verify (key, SIGNATURE_RAW, s->compact, s->signed_n, p, n))
		return bad_signature (error, "signature is not by the signer's key");
	return TRUE;
}

gboolean
statement_verify (const Statement *s, const Certificate *signer, GError **error)
{
	if (!s->by_certificate || !fingerprint_equal (&s->signer, certificate_fingerprint (signer)))
		return bad_signature (error, "statement names another signer's certificate");
	return statement_verify_signature (s, certificate_public_key (signer), error);
}

gboolean
statement_verify_spki (const Statement *s, const PublicKey *key, GError **error)
{
	if (s->by_certificate || !fingerprint_equal (&s->signer, public_key_fingerprint (key)))
		return bad_signature (error, "statement names another signer's key");
	return statement_verify_signature (s, key, error);
}

/* --- signing --------------------------------------------------------------------- */

/* "header" in base64url.  Base64url and the names of the table need no escaping, and the
 * members stand in canonical order: "spki#S256" < "typ" < "x5t#S256". */
static char *
encode_header (const struct algorithm *a, gboolean by_certificate, const Fingerprint *signer)
{
	g_autofree char *hash = base64url_encode (signer->b, sizeof signer->b);
	g_autofree char *text = by_certificate
		? g_strdup_printf ("{\"alg\":\"%s\",\"typ\":\"" TYP "\",\"x5t#S256\":\"%s\"}", a->name, hash)
		: g_strdup_printf ("{\"alg\":\"%s\",\"spki#S256\":\"%s\",\"typ\":\"" TYP "\"}", a->name, hash);
	return base64url_encode (text, strlen (text));
}

char *
statement_sign (const json_t *payload, const PrivateKey *key, const Certificate *certificate, GError **error)
{
	Statement form = { 0 };
	const struct algorithm *a = algorithm_of_key (private_key_algorithm (key));
	g_assert (a != NULL);
	g_autoptr (PublicKey) public = private_key_public (key);
	const Fingerprint *signer = public_key_fingerprint (public);
	if (certificate != NULL) {
		if (!fingerprint_equal (signer, public_key_fingerprint (certificate_public_key (certificate)))) {
			bad_signature (error, "the certificate is of another key");
			return NULL;
		}
		signer = certificate_fingerprint (certificate);
	}
	gsize n;
	if (!read_payload (&form, payload, error))
		return NULL;
	g_autofree char *canonical = jcs_dump (payload, &n, error);
	if (canonical == NULL)
		return NULL;
	g_autofree char *header64 = encode_header (a, certificate != NULL, signer);
	g_autofree char *payload64 = base64url_encode (canonical, n);
	g_autofree char *input = g_strconcat (header64, ".", payload64, NULL);
	g_autoptr (GBytes) signature = private_key_sign (key, SIGNATURE_RAW, input, strlen (input), error);
	if (signature == NULL)
		return NULL;
	g_autofree char *signature64 = base64url_encode (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
	g_autofree char *compact = g_strconcat (input, ".", signature64, NULL);
	if (strlen (compact) > STATEMENT_MAX_BYTES) {
		bad (error, "longer than %d bytes", STATEMENT_MAX_BYTES);
		return NULL;
	}
	return g_steal_pointer (&compact);
}
