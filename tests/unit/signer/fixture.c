/* See fixture.h. */
#include "fixture.h"

#include <string.h>

#include "base/random.h"
#include "signer/child.h"
#include "signer/frame.h"

static const struct {
	const char *person, *name;
	const char *roles[4];
} officers[N_STAFF] = {
	[ADMIN] = { "018f0000-0000-7000-8000-000000000001", "管理员甲", { "administrator" } },
	[REVIEWER] = { "018f0000-0000-7000-8000-000000000002", "审核员乙", { "reviewer" } },
	[ISSUER] = { "018f0000-0000-7000-8000-000000000003", "发证员丙", { "issuer" } },
	[CLERK] = { "018f0000-0000-7000-8000-000000000004", "受理员丁", { "clerk", "cashier" } },
	[AUDITOR] = { "018f0000-0000-7000-8000-000000000005", "审计员戊", { "auditor" } },
	[REVIEWER_AGAIN] = { "018f0000-0000-7000-8000-000000000002", "审核员乙", { "issuer" } },
	[BOTH] = { "018f0000-0000-7000-8000-000000000007", "双岗员己", { "reviewer", "issuer" } },
	[ADMIN_ISSUER] = { "018f0000-0000-7000-8000-000000000001", "管理员甲", { "issuer" } },
	[AGENT_A] = { "018f0000-0000-7000-8000-00000000000a", "恢复员甲", { "recovery_agent" } },
	[AGENT_B] = { "018f0000-0000-7000-8000-00000000000b", "恢复员乙", { "recovery_agent" } },
	[AGENT_C] = { "018f0000-0000-7000-8000-00000000000c", "恢复员丙", { "recovery_agent" } },
	[AGENT_REVIEWER] = { "018f0000-0000-7000-8000-00000000000d", "恢复审核员", { "recovery_agent", "reviewer" } },
	[SECOND_ADMIN] = { "018f0000-0000-7000-8000-000000000009", "管理员辛", { "administrator" } },
};

const char *
fixture_person (guint officer)
{
	return officers[officer].person;
}

static void
run_program (const char *const *argv)
{
	g_autoptr (GError) error = NULL;
	int status;
	gboolean ran = g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error);
	g_assert_no_error (error);
	g_assert_true (ran && g_spawn_check_wait_status (status, NULL));
}

void
fixture_init (Fixture *f, KeyAlgorithm algorithm, gboolean test_site, Micros now)
{
	fixture_init_officers (f, algorithm, test_site, now, N_OFFICERS);
}

void
fixture_init_staff (Fixture *f, KeyAlgorithm algorithm)
{
	g_autoptr (GError) error = NULL;
	fixture_init_officers (f, algorithm, TRUE, T0, N_STAFF);
	for (guint i = AGENT_A; i < N_STAFF; i++) {
		g_autoptr (Certificate) certificate = NULL;
		pkcs12_open (f->created.officers[i].encryption_p12, f->created.officers[i].pin, &f->encryption[i], &certificate, &error);
		g_assert_no_error (error);
	}
}

void
fixture_init_officers (Fixture *f, KeyAlgorithm algorithm, gboolean test_site, Micros now, guint n)
{
	g_autoptr (GError) error = NULL;
	SignerCreateOfficer list[N_STAFF];
	*f = (Fixture) { 0 };
	f->root = g_dir_make_tmp ("diqi-signer-XXXXXX", &error);
	g_assert_no_error (error);
	f->site = g_build_filename (f->root, "site", NULL);
	for (guint i = 0; i < n; i++)
		list[i] = (SignerCreateOfficer) { officers[i].person, officers[i].name, officers[i].roles };
	const SignerCreate in = {
		.dir = f->site, .site = SITE, .name = "测试国土交易", .base_uri = "http://localhost:8080", .test = test_site, .algorithm = algorithm, .now = now,
		.passphrase = PASSPHRASE, .passphrase_n = strlen (PASSPHRASE), .root_passphrase = "root passphrase", .root_passphrase_n = 15,
		.officers = list, .officers_n = n, .recovery_threshold = n == N_STAFF ? 2 : 0,
	};
	signer_create_site (&in, &f->created, &error);
	g_assert_no_error (error);
	for (guint i = 0; i < n; i++) {
		g_autoptr (Certificate) certificate = NULL;
		pkcs12_open (f->created.officers[i].p12, f->created.officers[i].pin, &f->keys[i], &certificate, &error);
		g_assert_no_error (error);
		g_assert_true (fingerprint_equal (certificate_fingerprint (certificate), certificate_fingerprint (f->created.officers[i].certificate)));
	}
}

void
fixture_clear (Fixture *f)
{
	const char *const argv[] = { "rm", "-rf", f->root, NULL };
	run_program (argv);
	for (guint i = 0; i < f->created.officers_n; i++)
		private_key_free (f->keys[i]), private_key_free (f->encryption[i]);
	signer_created_clear (&f->created);
	g_free (f->root);
	g_free (f->site);
}

char *
fixture_copy (Fixture *f)
{
	char *copy = g_strdup_printf ("%s/%u", f->root, f->copies++);
	g_autofree char *from = g_build_filename (f->site, "signer", NULL);
	const char *const argv[] = { "cp", "-a", from, copy, NULL };
	run_program (argv);
	return copy;
}

SignerClient *
fixture_start (const char *dir, GError **error)
{
	return signer_spawn (SIGNER_PROGRAM, dir, PASSPHRASE, strlen (PASSPHRASE), error);
}

SignerClient *
fixture_run (const char *dir)
{
	g_autoptr (GError) error = NULL;
	SignerClient *client = fixture_start (dir, &error);
	g_assert_no_error (error);
	signer_freeze_clock (client, T0, &error);
	g_assert_no_error (error);
	return client;
}

int
fixture_connect (const char *dir, pid_t *child)
{
	g_autoptr (GError) error = NULL;
	int fd;
	spawn_signer (SIGNER_PROGRAM, dir, PASSPHRASE, strlen (PASSPHRASE), child, &fd, &error);
	g_assert_no_error (error);
	FrameReader reader;
	Frame frame = { 0 };
	frame_reader_init (&reader, FRAME_MAX_REPLY);
	while (frame.text == NULL) {
		g_assert_cmpint (frame_reader_fill (&reader, fd), >, 0);
		g_assert_true (frame_reader_next (&reader, &frame, NULL));
	}
	g_assert_nonnull (g_strstr_len (frame.text, (gssize) frame.n, "\"ready\":true"));
	frame_reader_clear (&reader);
	return fd;
}

char *
fixture_sign (const Fixture *f, guint officer, const char *type, Micros time, json_t *more)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) payload = more;
	g_autofree char *nonce = random_token (16);
	json_object_set_new (payload, "type", json_string (type));
	if (json_object_get (payload, "site") == NULL)
		json_object_set_new (payload, "site", json_string (SITE));
	json_object_set_new (payload, "time", json_time (time));
	json_object_set_new (payload, "nonce", json_string (nonce));
	char *compact = statement_sign (payload, f->keys[officer], f->created.officers[officer].certificate, &error);
	g_assert_no_error (error);
	return compact;
}

static json_t *
part (const char *key, const char *value)
{
	json_t *object = json_object ();
	json_object_set_new (object, key, json_string (value));
	return object;
}

json_t *
fixture_request (const PrivateKey *key)
{
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (GBytes) spki = public_key_spki (public);
	json_t *subject = json_array (), *request = json_object ();
	json_array_append_new (subject, part ("C", "CN"));
	json_array_append_new (subject, part ("ST", "江苏省"));
	json_array_append_new (subject, part ("O", "虚构置业有限公司"));
	json_array_append_new (subject, part ("CN", "虚构置业有限公司"));
	json_object_set_new (request, "type", json_string ("certificate.request"));
	json_object_set_new (request, "site", json_string (SITE));
	json_object_set_new (request, "application", json_string ("018f0000-0000-7000-8000-0000000000aa"));
	json_object_set_new (request, "profile", json_string ("organization"));
	/* The first version knew fewer algorithms. */
	KeyAlgorithm algorithm = private_key_algorithm (key);
	json_object_set_new (request, "profile_version", json_integer (algorithm == KEY_P384 || algorithm == KEY_RSA4096 ? 3 : 1));
	json_object_set_new (request, "subject", subject);
	json_object_set_new (request, "uscc", json_string ("91350100M000100Y43"));
	json_object_set_new (request, "spki", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)));
	json_object_set_new (request, "validity_days", json_integer (365));
	json_object_set_new (request, "submission", json_string ("00000000000000000000000000000000000000000000000000000000000000ff"));
	return request;
}

char *
fixture_text (const json_t *json)
{
	g_autoptr (GError) error = NULL;
	char *text = jcs_dump (json, NULL, &error);
	g_assert_no_error (error);
	return text;
}

char *
fixture_approve (const Fixture *f, guint officer, const char *type, Micros time, const char *request)
{
	Fingerprint hash;
	fingerprint_of (request, strlen (request), &hash);
	g_autoptr (json_t) json = json_loads (request, 0, NULL);
	json_t *more = json_object ();
	json_object_set_new (more, "request", json_hex (hash.b, sizeof hash.b));
	json_object_set (more, "application", json_object_get (json, "application"));
	json_object_set (more, "profile", json_object_get (json, "profile"));
	json_object_set (more, "profile_version", json_object_get (json, "profile_version"));
	return fixture_sign (f, officer, type, time, more);
}

GBytes *
fixture_issue (SignerClient *client, const char *request, Micros now, const char *review, const char *issue, GError **error)
{
	return fixture_issue_copy (client, request, 0, now, review, issue, error);
}

GBytes *
fixture_issue_copy (SignerClient *client, const char *request, guint copy, Micros now, const char *review, const char *issue, GError **error)
{
	Serial serial;
	serial_new (now, &serial);
	return signer_issue (client, request, strlen (request), copy, &serial, review, issue, error);
}

Certificate *
fixture_certificate (const Fixture *f, SignerClient *client, const PrivateKey *key)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) json = fixture_request (key);
	g_autofree char *request = fixture_text (json);
	g_autofree char *review = fixture_approve (f, REVIEWER, "application.review", T0, request);
	g_autofree char *issue = fixture_approve (f, ISSUER, "application.issue", T0, request);
	g_autoptr (GBytes) der = fixture_issue (client, request, T0, review, issue, &error);
	g_assert_no_error (error);
	Certificate *certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	return certificate;
}
