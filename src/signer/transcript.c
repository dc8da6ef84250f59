/* signer/transcript.c — see transcript.h. */
#include "signer/transcript.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"

#define STEPS_MAX 50
#define PARTS_MAX 1000
/* As the site's officers are judged: a signature is not from after the end of the ceremony by more than clocks may differ. */
#define SIGNING_TIME (5 * MICROS_PER_MIN)

/* --- writing ---------------------------------------------------------------------------------- */

static char *
sign_hash (const Fingerprint *hash, const char *site, const TranscriptHand *hand, Micros now, GError **error)
{
	guint8 random[16];
	random_bytes (random, sizeof random);
	g_autofree char *nonce = base64url_encode (random, sizeof random);
	g_autoptr (json_t) payload = json_pack ("{s:s, s:s, s:o, s:s, s:o}", "type", "ceremony", "site", site, "time", json_time (now), "nonce", nonce,
	                                        "transcript", json_hex (hash->b, sizeof hash->b));
	return statement_sign (payload, hand->key, hand->certificate, error);
}

GBytes *
transcript_sign (const json_t *transcript, const char *site, const TranscriptHand *hands, gsize n, const GPtrArray *authorities,
                 Micros now, GError **error)
{
	g_autoptr (GBytes) inner = jcs_bytes (transcript);
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (inner, NULL), g_bytes_get_size (inner), &hash);
	json_t *certificates = json_array (), *signatures = json_array (), *above = json_array ();
	g_autoptr (json_t) out = json_pack ("{s:O, s:o, s:o, s:o}", "transcript", transcript, "certificates", certificates, "signatures", signatures,
	                                    "authorities", above);
	for (gsize i = 0; i < n; i++) {
		g_autofree char *compact = sign_hash (&hash, site, &hands[i], now, error);
		if (compact == NULL)
			return NULL;
		json_array_append_new (certificates, certificate_json (hands[i].certificate));
		json_array_append_new (signatures, json_string (compact));
	}
	for (guint i = 0; i < authorities->len; i++)
		json_array_append_new (above, certificate_json (g_ptr_array_index (authorities, i)));
	g_autoptr (GBytes) bytes = jcs_bytes (out);
	g_autoptr (Transcript) check = transcript_open (bytes, error);
	return check != NULL ? g_steal_pointer (&bytes) : NULL;
}

/* --- reading ------------------------------------------------------------------------------------ */

static void
signer_free (TranscriptSigner *signer)
{
	g_free (signer->person);
	g_free (signer->name);
	g_clear_pointer (&signer->certificate, certificate_unref);
	g_clear_pointer (&signer->statement, statement_unref);
	g_free (signer);
}

void
transcript_free (Transcript *transcript)
{
	if (transcript == NULL)
		return;
	g_clear_pointer (&transcript->signers, g_ptr_array_unref);
	g_clear_pointer (&transcript->authorities, g_ptr_array_unref);
	json_decref (transcript->json);
	g_free (transcript);
}

static gboolean G_GNUC_PRINTF (3, 4)
refuse (GError **error, const char *field, const char *format, ...)
{
	va_list args;
	va_start (args, format);
	g_autofree char *text = g_strdup_vprintf (format, args);
	va_end (args);
	return diqi_fail (error, DIQI_ERROR_BUNDLE, field, "%s", text);
}

static Certificate *
read_certificate (const json_t *item, const char *field, GError **error)
{
	const char *text = json_string_value (item);
	g_autoptr (GError) failure = NULL;
	g_autoptr (GBytes) der = text != NULL ? base64_decode_strict (text, strlen (text), &failure) : NULL;
	Certificate *certificate = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &failure) : NULL;
	if (certificate == NULL)
		refuse (error, field, "%s", failure != NULL ? failure->message : "not a text");
	return certificate;
}

/* What is told of a part that was cut off: when at least. */
static gboolean
read_parts (const json_t *parts, const char *field, GError **error)
{
	for (size_t i = 0; i < json_array_size (parts); i++) {
		const char *begun = json_string_value (json_object_get (json_array_get (parts, i), "begun"));
		const char *last = json_string_value (json_object_get (json_array_get (parts, i), "last"));
		Micros from, to;
		if (begun == NULL || last == NULL || !time_parse (begun, &from, NULL) || !time_parse (last, &to, NULL))
			return refuse (error, field, "part %zu has no times", i + 1);
	}
	return TRUE;
}

static gboolean
read_inner (Transcript *t, const json_t *inner, GError **error)
{
	gint64 v;
	const char *type, *script;
	json_t *steps, *interruptions = NULL, *abandoned = NULL;
	Micros resumed = 0;
	const Field fields[] = {
		{ "v", FIELD_INT, TRUE, 0, &v }, { "type", FIELD_STRING, TRUE, 32, &type }, { "site", FIELD_STRING, TRUE, 64, &t->site },
		{ "program", FIELD_STRING, TRUE, 64, &t->program }, { "begun", FIELD_TIME, TRUE, 0, &t->begun }, { "ended", FIELD_TIME, TRUE, 0, &t->ended },
		{ "script", FIELD_HEX32, TRUE, 0, &script }, { "steps", FIELD_ARRAY, TRUE, STEPS_MAX, &steps }, { "failure", FIELD_STRING, FALSE, 8192, &t->failure },
		{ "resumed", FIELD_TIME, FALSE, 0, &resumed }, { "interruptions", FIELD_ARRAY, FALSE, PARTS_MAX, &interruptions },
		{ "abandoned", FIELD_ARRAY, FALSE, PARTS_MAX, &abandoned },
	};
	g_autoptr (GError) failure = NULL;
	if (!JSON_READ (inner, "/transcript", fields, &failure))
		return refuse (error, diqi_error_field (failure), "%s", failure->message);
	if (v != 1 || strcmp (type, "diqi.ceremony") != 0 || !hex_decode (script, t->script.b, sizeof t->script.b))
		return refuse (error, "/transcript", "not a transcript of version 1");
	if (t->ended < t->begun)
		return refuse (error, "/transcript/ended", "it ended before it began");
	if ((resumed != 0) != (json_array_size (interruptions) > 0) || (resumed != 0 && (resumed < t->begun || resumed > t->ended)))
		return refuse (error, "/transcript/resumed", "when it went on does not fit its interruptions");
	t->met = resumed != 0 ? resumed : t->begun;
	t->interruptions = interruptions;
	t->abandoned = abandoned;
	if (!read_parts (interruptions, "/transcript/interruptions", error) || !read_parts (abandoned, "/transcript/abandoned", error))
		return FALSE;
	t->steps = steps;
	for (size_t i = 0; i < json_array_size (steps); i++)
		if (!json_is_string (json_object_get (json_array_get (steps, i), "step")))
			return refuse (error, "/transcript/steps", "step %zu has no name", i + 1);
	return TRUE;
}

static gboolean
check_statement (const Transcript *t, const TranscriptSigner *signer, const char *hash, const char *field, GError **error)
{
	const char *type, *site, *nonce, *said;
	Micros time;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 32, &type }, { "site", FIELD_STRING, TRUE, 64, &site }, { "time", FIELD_TIME, TRUE, 0, &time },
		{ "nonce", FIELD_STRING, TRUE, 22, &nonce }, { "transcript", FIELD_HEX32, TRUE, 0, &said },
	};
	g_autoptr (GError) failure = NULL;
	if (!JSON_READ (statement_payload (signer->statement), field, fields, &failure) || !statement_verify (signer->statement, signer->certificate, &failure))
		return refuse (error, field, "%s", failure->message);
	if (strcmp (type, "ceremony") != 0 || strcmp (site, t->site) != 0)
		return refuse (error, field, "a statement of another kind or of another site");
	if (strcmp (said, hash) != 0)
		return refuse (error, field, "%s signed another transcript than this one", signer->name);
	return (time >= t->ended - SIGNING_TIME && time <= t->ended + SIGNING_TIME)
		|| refuse (error, field, "it was not signed at the end of the ceremony");
}

static gboolean
check_person (const Transcript *t, const TranscriptSigner *signer, const char *field, GError **error)
{
	if (signer->person == NULL || signer->name == NULL || !certificate_has_policy (signer->certificate, POLICY_OFFICER))
		return refuse (error, field, "not an officer's certificate");
	for (guint i = 0; i < t->signers->len; i++) {
		const TranscriptSigner *other = g_ptr_array_index (t->signers, i);
		if (other != signer && strcmp (other->person, signer->person) == 0)
			return refuse (error, field, "%s signed twice", signer->name);
	}
	return TRUE;
}

static gboolean
read_signer (Transcript *t, const json_t *certificate, const json_t *compact, const char *hash, guint i, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/certificates/%u", i), *by = g_strdup_printf ("/signatures/%u", i);
	TranscriptSigner *signer = g_new0 (TranscriptSigner, 1);
	g_ptr_array_add (t->signers, signer);
	signer->certificate = read_certificate (certificate, at, error);
	if (signer->certificate == NULL)
		return FALSE;
	signer->person = certificate_subject_attribute (signer->certificate, NAME_SERIAL_NUMBER);
	signer->name = certificate_subject_attribute (signer->certificate, NAME_COMMON_NAME);
	g_autoptr (GError) failure = NULL;
	signer->statement = json_is_string (compact) ? statement_parse (json_string_value (compact), -1, &failure) : NULL;
	if (signer->statement == NULL)
		return refuse (error, by, "%s", failure != NULL ? failure->message : "not a text");
	return check_person (t, signer, at, error) && check_statement (t, signer, hash, by, error);
}

static gboolean
read_signers (Transcript *t, const json_t *inner, const json_t *certificates, const json_t *signatures, GError **error)
{
	g_autoptr (GBytes) bytes = jcs_bytes (inner);
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &hash);
	g_autofree char *text = fingerprint_hex (&hash);
	gsize n = json_array_size (certificates);
	if (n != json_array_size (signatures) || n < TRANSCRIPT_LEAST_SIGNERS)
		return refuse (error, "/signatures", "two persons or more sign, each with a certificate");
	for (guint i = 0; i < n; i++)
		if (!read_signer (t, json_array_get (certificates, i), json_array_get (signatures, i), text, i, error))
			return FALSE;
	return TRUE;
}

static gboolean
read_authorities (Transcript *t, const json_t *list, GError **error)
{
	for (guint i = 0; i < json_array_size (list); i++) {
		g_autofree char *at = g_strdup_printf ("/authorities/%u", i);
		Certificate *certificate = read_certificate (json_array_get (list, i), at, error);
		if (certificate == NULL)
			return FALSE;
		g_ptr_array_add (t->authorities, certificate);
	}
	return TRUE;
}

Transcript *
transcript_open (GBytes *bytes, GError **error)
{
	gsize n;
	const char *p = g_bytes_get_data (bytes, &n);
	g_autoptr (Transcript) t = g_new0 (Transcript, 1);
	g_autoptr (GError) failure = NULL;
	json_t *certificates, *signatures, *inner, *authorities = NULL;
	const Field fields[] = {
		{ "certificates", FIELD_ARRAY, TRUE, TRANSCRIPT_SIGNERS_MAX, &certificates }, { "signatures", FIELD_ARRAY, TRUE, TRANSCRIPT_SIGNERS_MAX, &signatures },
		{ "transcript", FIELD_OBJECT, TRUE, 0, &inner }, { "authorities", FIELD_ARRAY, FALSE, 64, &authorities },
	};
	fingerprint_of (p, n, &t->hash);
	t->signers = g_ptr_array_new_with_free_func ((GDestroyNotify) signer_free);
	t->authorities = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	t->json = json_read_strict (p, n, TRANSCRIPT_MAX, &failure);
	if (t->json == NULL || !JSON_READ (t->json, "", fields, &failure)) {
		refuse (error, diqi_error_field (failure), "%s", failure->message);
		return NULL;
	}
	if (!jcs_is_canonical (p, n, t->json)) {
		refuse (error, NULL, "the file is not canonical JSON: it is not as it was signed");
		return NULL;
	}
	if (!read_inner (t, inner, error) || !read_signers (t, inner, certificates, signatures, error) || !read_authorities (t, authorities, error))
		return NULL;
	return g_steal_pointer (&t);
}

/* --- chains ----------------------------------------------------------------------------------------- */

static Certificate *
find_issuer (const GPtrArray *among, const Certificate *of, const Certificate *root)
{
	for (guint i = 0; among != NULL && i < among->len; i++) {
		Certificate *certificate = g_ptr_array_index (among, i);
		if (certificate_is_ca (certificate) && certificate_names_issuer (of, certificate)
		    && certificate_names_issuer (certificate, root) && !fingerprint_equal (certificate_fingerprint (certificate), certificate_fingerprint (root)))
			return certificate;
	}
	return NULL;
}

Certificate *
transcript_issuer (const Transcript *transcript, const TranscriptSigner *signer, const Certificate *root, const GPtrArray *more)
{
	Certificate *issuer = find_issuer (transcript->authorities, signer->certificate, root);
	return issuer != NULL ? issuer : find_issuer (more, signer->certificate, root);
}

/* No part of the file is idle: what it brings is the root or signed by it.  A CA may have ended since. */
static gboolean
check_authorities (const Transcript *transcript, const Certificate *root, GError **error)
{
	for (guint i = 0; i < transcript->authorities->len; i++) {
		const Certificate *one = g_ptr_array_index (transcript->authorities, i);
		Certificate *const chain[] = { (Certificate *) root };
		g_autofree char *at = g_strdup_printf ("/authorities/%u", i);
		g_autoptr (GError) failure = NULL;
		if (!fingerprint_equal (certificate_fingerprint (one), certificate_fingerprint (root))
		    && !certificate_verify_chain (one, chain, G_N_ELEMENTS (chain), certificate_not_before (one), &failure))
			return refuse (error, at, "not of this root: %s", failure->message);
	}
	return TRUE;
}

gboolean
transcript_check_chains (const Transcript *transcript, const Certificate *root, const GPtrArray *more, GError **error)
{
	for (guint i = 0; i < transcript->signers->len; i++) {
		const TranscriptSigner *signer = g_ptr_array_index (transcript->signers, i);
		g_autofree char *at = g_strdup_printf ("/certificates/%u", i);
		Certificate *issuer = transcript_issuer (transcript, signer, root, more);
		g_autoptr (GError) failure = NULL;
		if (issuer == NULL)
			return refuse (error, at, "the certificate of %s does not lead to this root", signer->name);
		Certificate *const chain[] = { issuer, (Certificate *) root };
		if (!certificate_verify_chain (signer->certificate, chain, G_N_ELEMENTS (chain), statement_time (signer->statement), &failure))
			return refuse (error, at, "the certificate of %s: %s", signer->name, failure->message);
	}
	return check_authorities (transcript, root, error);
}

/* --- for the log ---------------------------------------------------------------------------------- */

json_t *
transcript_effect (const Transcript *transcript)
{
	json_t *present = json_array (), *steps = json_array (), *signatures = json_array ();
	for (guint i = 0; i < transcript->signers->len; i++) {
		const TranscriptSigner *signer = g_ptr_array_index (transcript->signers, i);
		const Fingerprint *fingerprint = certificate_fingerprint (signer->certificate);
		json_array_append_new (present, json_pack ("{s:s, s:o}", "person", signer->person, "certificate", json_hex (fingerprint->b, sizeof fingerprint->b)));
		json_array_append_new (signatures, json_string (statement_compact (signer->statement)));
	}
	for (size_t i = 0; i < json_array_size (transcript->steps); i++)
		json_array_append (steps, json_object_get (json_array_get (transcript->steps, i), "step"));
	json_t *effect = json_pack ("{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "begun", json_time (transcript->begun), "ended", json_time (transcript->ended),
		"script", json_hex (transcript->script.b, sizeof transcript->script.b), "present", present, "signatures", signatures, "steps", steps, "failed", transcript->failure != NULL);
	if (json_array_size (transcript->interruptions) > 0)
		json_object_set_new (effect, "interrupted", json_integer ((json_int_t) json_array_size (transcript->interruptions)));
	if (json_array_size (transcript->abandoned) > 0)
		json_object_set_new (effect, "abandoned", json_integer ((json_int_t) json_array_size (transcript->abandoned)));
	return effect;
}
