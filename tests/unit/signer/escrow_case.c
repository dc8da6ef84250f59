/* See escrow_case.h. */
#include "escrow_case.h"

#include <string.h>

#include "pki/enveloped_key.h"

Fixture fixture;
static char *shared_dir;
static SignerClient *shared;

void
key_centre_start (KeyAlgorithm algorithm)
{
	fixture_init_staff (&fixture, algorithm);
	shared_dir = fixture_copy (&fixture);
	shared = fixture_run (shared_dir);
}

void
key_centre_stop (void)
{
	g_clear_pointer (&shared, signer_client_free);
	g_clear_pointer (&shared_dir, g_free);
	fixture_clear (&fixture);
}

static void
prepare (Case *c, KeyAlgorithm algorithm, const char *encryption)
{
	g_autoptr (GError) error = NULL;
	c->key = private_key_generate (algorithm, &error);
	g_assert_no_error (error);
	c->json = fixture_request (c->key);
	json_object_set_new (c->json, "profile_version", json_integer (3));
	if (encryption != NULL)
		json_object_set_new (c->json, "encryption", json_pack ("{s:s, s:i}", "profile", encryption, "profile_version", 1));
	c->request = fixture_text (c->json);
	serial_new (T0, &c->serial);
	serial_new (T0, &c->second);
}

void
case_init (Case *c, const char *encryption)
{
	case_init_of (c, private_key_algorithm (fixture.keys[ADMIN]), encryption);
}

void
case_init_of (Case *c, KeyAlgorithm algorithm, const char *encryption)
{
	*c = (Case) { .dir = shared_dir, .client = shared };
	prepare (c, algorithm, encryption);
}

void
case_init_own (Case *c, const char *encryption)
{
	*c = (Case) { .dir = fixture_copy (&fixture), .own = TRUE };
	c->client = fixture_run (c->dir);
	prepare (c, private_key_algorithm (fixture.keys[ADMIN]), encryption);
}

void
case_clear (Case *c)
{
	if (c->own) {
		signer_client_free (c->client);
		g_free (c->dir);
	}
	private_key_free (c->key);
	json_decref (c->json);
	issued_pair_clear (&c->pair);
	g_clear_pointer (&c->signing, certificate_unref);
	g_clear_pointer (&c->encryption, certificate_unref);
	g_free (c->request);
}

void
restart (Case *c)
{
	signer_client_free (c->client);
	c->client = fixture_run (c->dir);
	if (!c->own)
		shared = c->client;
}

gboolean
issue_pair (Case *c, const Serial *second, IssuedPair *out, GError **error)
{
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, c->request);
	g_autofree char *issue = fixture_approve (&fixture, ISSUER, "application.issue", T0, c->request);
	return signer_issue_pair (c->client, c->request, strlen (c->request), 0, &c->serial, second, review, issue, out, error);
}

Certificate *
parse (GBytes *der)
{
	g_autoptr (GError) error = NULL;
	Certificate *certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	return certificate;
}

void
case_issue (Case *c)
{
	g_autoptr (GError) error = NULL;
	/* The client asks for 20 seconds; beside a dozen other programs a pair of RSA keys may take longer. */
	int patience = 5;
	while (!issue_pair (c, &c->second, &c->pair, &error) && g_error_matches (error, DIQI_ERROR, DIQI_ERROR_KEY_CENTRE_BUSY) && patience-- > 0)
		g_clear_error (&error);
	g_assert_no_error (error);
	c->signing = parse (c->pair.certificate);
	c->encryption = parse (c->pair.encryption);
}

char *
read_log (const Case *c, const char *name)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *path = g_build_filename (c->dir, name, NULL);
	char *text = NULL;
	g_file_get_contents (path, &text, NULL, &error);
	g_assert_no_error (error);
	return text;
}

guint
count_lines (const char *text, const char *what, const char *about)
{
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	guint n = 0;
	for (gsize i = 0; lines[i] != NULL; i++)
		n += strstr (lines[i], what) != NULL && strstr (lines[i], about) != NULL;
	return n;
}

GBytes *
bytes_of (const json_t *object, const char *key)
{
	const char *text = json_string_value (json_object_get (object, key));
	return base64_decode_strict (text, strlen (text), NULL);
}

/* --- recovery --------------------------------------------------------------------------------------------- */

char *
recovery_request (const Serial *serial, const PrivateKey *fresh)
{
	g_autoptr (PublicKey) public = private_key_public (fresh);
	g_autoptr (GBytes) spki = public_key_spki (public);
	g_autofree char *hex = serial_hex (serial);
	g_autoptr (json_t) json = json_pack ("{s:s, s:s, s:s, s:s, s:[s], s:s, s:s}", "type", "service.request", "site", SITE, "application",
		"018f0000-0000-7000-8000-0000000000bb", "service", "recover_key", "certificates", hex, "act", "recover",
		"form", "00000000000000000000000000000000000000000000000000000000000000ee");
	json_object_set_new (json, "spki", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)));
	return fixture_text (json);
}

char *
approve_service (guint officer, const char *type, const char *request)
{
	Fingerprint hash;
	fingerprint_of (request, strlen (request), &hash);
	json_t *more = json_object ();
	json_object_set_new (more, "request", json_hex (hash.b, sizeof hash.b));
	json_object_set_new (more, "application", json_string ("018f0000-0000-7000-8000-0000000000bb"));
	return fixture_sign (&fixture, officer, type, T0, more);
}

gboolean
begin_by (Case *c, const char *request, guint reviewer, guint issuer, KeyRecovery *out, GError **error)
{
	g_autofree char *review = approve_service (reviewer, "service.review", request);
	g_autofree char *complete = approve_service (issuer, "service.complete", request);
	return signer_begin_recovery (c->client, request, review, complete, out, error);
}

void
recovered_init (Recovered *r, gboolean own)
{
	g_autoptr (GError) error = NULL;
	*r = (Recovered) { .request = NULL };
	if (own)
		case_init_own (&r->c, "organization-encryption");
	else
		case_init (&r->c, "organization-encryption");
	case_issue (&r->c);
	r->fresh = private_key_generate (private_key_algorithm (r->c.key), &error);
	r->request = recovery_request (&r->c.second, r->fresh);
	begin_by (&r->c, r->request, REVIEWER, ISSUER, &r->state, &error);
	g_assert_no_error (error);
}

void
recovered_clear (Recovered *r)
{
	private_key_free (r->fresh);
	g_free (r->request);
	key_recovery_clear (&r->state);
	case_clear (&r->c);
}

GBytes *
sealed_for (const KeyRecovery *state, guint agent)
{
	size_t i;
	json_t *share;
	json_array_foreach (state->shares, i, share)
		if (strcmp (json_string_value (json_object_get (share, "person")), fixture_person (agent)) == 0)
			return bytes_of (share, "share");
	return NULL;
}

/* The statement by which `signer` hands in what was sealed to `agent`. */
char *
share_by (const Recovered *r, guint signer, guint agent, json_t *changes)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) changed = changes;
	g_autoptr (GBytes) sealed = sealed_for (&r->state, agent);
	g_assert_nonnull (sealed);
	g_autoptr (GBytes) given = share_reseal (fixture.encryption[agent], sealed, &r->c.second, r->state.transport, &error);
	g_assert_no_error (error);
	Fingerprint transport;
	fingerprint_of (g_bytes_get_data (r->state.transport, NULL), g_bytes_get_size (r->state.transport), &transport);
	json_t *more = json_object ();
	json_object_set_new (more, "recovery", json_string (r->state.recovery));
	json_object_set_new (more, "serial", json_string (r->state.serial));
	json_object_set_new (more, "transport", json_hex (transport.b, sizeof transport.b));
	json_object_set_new (more, "share", json_base64 (g_bytes_get_data (given, NULL), g_bytes_get_size (given)));
	if (changed != NULL)
		json_object_update (more, changed);
	return fixture_sign (&fixture, signer, "recovery.share", T0, more);
}

void
give (Recovered *r, guint agent, KeyRecovery *out)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *statement = share_by (r, agent, agent, NULL);
	signer_give_share (r->c.client, statement, out, &error);
	g_assert_no_error (error);
}

void
refused_share (Recovered *r, const char *statement, int code)
{
	g_auto (KeyRecovery) state = { NULL };
	g_autoptr (GError) error = NULL;
	g_assert_false (signer_give_share (r->c.client, statement, &state, &error));
	g_assert_error (error, DIQI_ERROR, code);
	g_assert_null (state.envelope);
}
