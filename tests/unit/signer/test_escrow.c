/* Double certificates at the signer's own socket: what is issued and escrowed together, what a crash leaves of it, and what the whole folder
 * with all but one of the agents' keys is worth (I-09: nothing). */
#include "escrow_case.h"

#include <string.h>
#include <unistd.h>

#include "pki/envelope.h"
#include "pki/enveloped_key.h"
#include "pki/seal.h"

static void
test_pair (void)
{
	g_auto (Case) c;
	g_autoptr (GError) error = NULL;
	case_init (&c, "organization-encryption");
	case_issue (&c);
	g_assert_cmpmem (certificate_serial (c.signing), 20, &c.serial, 20);
	g_assert_cmpmem (certificate_serial (c.encryption), 20, &c.second, 20);
	g_assert_cmpuint (certificate_key_usage (c.signing), ==, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
	g_assert_cmpuint (certificate_key_usage (c.encryption) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION), ==, 0);
	g_assert_cmpuint (certificate_key_usage (c.encryption) & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT), !=, 0);
	g_assert_cmpint (certificate_not_before (c.signing), ==, certificate_not_before (c.encryption));
	g_assert_cmpint (certificate_not_after (c.signing), ==, certificate_not_after (c.encryption));
	g_autofree char *a = certificate_subject_text (c.signing), *b = certificate_subject_text (c.encryption);
	g_assert_cmpstr (a, ==, b);
	g_assert_cmpint (public_key_algorithm (certificate_public_key (c.encryption)), ==, private_key_algorithm (c.key));
	g_assert_false (fingerprint_equal (public_key_fingerprint (certificate_public_key (c.signing)), public_key_fingerprint (certificate_public_key (c.encryption))));
	g_autoptr (PrivateKey) opened = enveloped_key_open (c.key, c.pair.envelope, c.encryption, &error);
	g_assert_no_error (error);
}

/* The same two certificates and the same envelope, whatever happens in between and whatever serials are named. */
static void
test_pair_again (void)
{
	g_auto (Case) c;
	g_autoptr (GError) error = NULL;
	case_init (&c, "organization-encryption");
	case_issue (&c);
	g_auto (IssuedPair) again = { NULL };
	Serial other;
	serial_new (T0, &other);
	issue_pair (&c, &other, &again, &error);
	g_assert_no_error (error);
	g_assert_true (g_bytes_equal (again.certificate, c.pair.certificate));
	g_assert_true (g_bytes_equal (again.encryption, c.pair.encryption));
	g_assert_true (g_bytes_equal (again.envelope, c.pair.envelope));
	g_autofree char *escrow = read_log (&c, "escrow.log"), *serial = serial_hex (&c.second);
	g_assert_cmpuint (count_lines (escrow, "\"type\":\"escrow\"", serial), ==, 1);
}

typedef struct {
	Case *c;
	gboolean done;                  /* atomic */
} Wanted;

static gpointer
want_pair (gpointer data)
{
	Wanted *wanted = data;
	case_issue (wanted->c);
	g_atomic_int_set (&wanted->done, TRUE);
	return NULL;
}

/* About an officer's certificate; made by the openssl command. */
static OcspRequest *
status_request (const Case *c)
{
	g_autofree char *pem = certificate_pem (fixture.created.issuing), *issuer = g_build_filename (c->dir, "i.pem", NULL);
	g_autofree char *out = g_build_filename (c->dir, "r.der", NULL), *hex = serial_hex (certificate_serial (fixture.created.officers[ADMIN].certificate));
	g_autofree char *number = g_strconcat ("0x", hex, NULL), *der = NULL;
	const char *const argv[] = { "openssl", "ocsp", "-issuer", issuer, "-serial", number, "-no_nonce", "-reqout", out, NULL };
	gsize n;
	g_autoptr (GError) error = NULL;
	g_assert_true (g_file_set_contents (issuer, pem, -1, NULL));
	g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
	g_assert_true (g_file_get_contents (out, &der, &n, NULL));
	OcspRequest *request = ocsp_request_parse (der, n, fixture.created.issuing, &error);
	g_assert_no_error (error);
	g_array_index (request->singles, OcspSingle, 0).status = CERT_STATUS_GOOD;
	return request;
}

static void
ask_status (const Case *c, const OcspRequest *request)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) answer = signer_sign_ocsp (c->client, NULL, request, T0, T0 + MICROS_PER_HOUR, &error);
	g_assert_no_error (error);
	g_assert_nonnull (answer);
}

/* An RSA pair takes a second; nobody else waits for it.  The first of a size is asked for when none is ready, and so takes several messages:
 * between two of them, and while the pair is made, statuses are told. */
static void
test_rsa_beside_the_loop (void)
{
	g_auto (Case) c;
	g_autoptr (GError) error = NULL;
	guint answered = 0;
	case_init_of (&c, KEY_RSA3072, "organization-encryption");
	g_autoptr (OcspRequest) request = status_request (&c);
	Wanted wanted = { &c, FALSE };
	GThread *thread = g_thread_new ("pair", want_pair, &wanted);
	for (; !g_atomic_int_get (&wanted.done); answered++) {
		ask_status (&c, request);
		g_usleep (1000);
	}
	g_thread_join (thread);
	g_test_message ("%u statuses were told meanwhile", answered);
	g_assert_cmpuint (answered, >=, 10);
	g_assert_cmpint (public_key_algorithm (certificate_public_key (c.encryption)), ==, KEY_RSA3072);
	g_autoptr (PrivateKey) opened = enveloped_key_open (c.key, c.pair.envelope, c.encryption, &error);
	g_assert_no_error (error);
}

/* No pair is handed out twice: many at once, of which most find none ready. */
static void
test_rsa_pairs_differ (void)
{
	Case cases[4];
	Wanted wanted[G_N_ELEMENTS (cases)];
	GThread *threads[G_N_ELEMENTS (cases)];
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		case_init_of (&cases[i], KEY_RSA3072, "organization-encryption");
		wanted[i] = (Wanted) { &cases[i], FALSE };
	}
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
		threads[i] = g_thread_new ("pair", want_pair, &wanted[i]);
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
		g_thread_join (threads[i]);
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
		for (gsize j = 0; j < i; j++)
			g_assert_false (fingerprint_equal (public_key_fingerprint (certificate_public_key (cases[i].encryption)),
			                                   public_key_fingerprint (certificate_public_key (cases[j].encryption))));
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
		case_clear (&cases[i]);
}

static void
refused_pair (Case *c, const Serial *second, int code, const char *field)
{
	g_auto (IssuedPair) pair = { NULL };
	g_autoptr (GError) error = NULL;
	g_assert_false (issue_pair (c, second, &pair, &error));
	g_assert_error (error, DIQI_ERROR, code);
	g_assert_cmpstr (diqi_error_field (error), ==, field);
}

static void
test_pair_refused (void)
{
	static const struct {
		const char *profile;
		int code;
	} cases[] = {
		{ "person-encryption", DIQI_ERROR_SIGNER }, { "organization-soft-encryption", DIQI_ERROR_SIGNER }, { "organization", DIQI_ERROR_SIGNER },
		{ "recovery-agent", DIQI_ERROR_SIGNER }, { "officer", DIQI_ERROR_SIGNER }, { "none", DIQI_ERROR_SIGNER },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_auto (Case) c;
		case_init (&c, cases[i].profile);
		refused_pair (&c, &c.second, cases[i].code, "/request/encryption/profile");
	}
	g_auto (Case) c;
	case_init (&c, "organization-encryption");
	refused_pair (&c, &c.serial, DIQI_ERROR_SIGNER, "/encryption_serial");
	Serial old;
	serial_new (T0 - MICROS_PER_DAY, &old);
	refused_pair (&c, &old, DIQI_ERROR_SIGNER, "/serial");
	g_autoptr (GError) error = NULL;
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, c.request);
	g_autofree char *issue = fixture_approve (&fixture, ISSUER, "application.issue", T0, c.request);
	/* A caller that leaves the second serial out does not get a single certificate from a request for two. */
	assert_refused (signer_issue (c.client, c.request, strlen (c.request), 0, &c.serial, review, issue, &error), error, FIELD_MISSING);
	g_autofree char *escrow = read_log (&c, "escrow.log"), *serial = serial_hex (&c.second);
	g_assert_null (strstr (escrow, serial));
	g_auto (Case) single;
	case_init (&single, NULL);
	refused_pair (&single, &single.second, DIQI_ERROR_FIELD_UNKNOWN, "/encryption_serial");
}

/* The holder's own key is not in the key centre: of what is escrowed, each key is that of a certificate that signs nothing. */
static void
test_signing_keys_are_not_escrowed (void)
{
	g_auto (Case) c, single;
	g_autoptr (GError) error = NULL;
	case_init (&c, "organization-encryption");
	case_issue (&c);
	g_autofree char *escrow = read_log (&c, "escrow.log");
	g_autofree char *signing = fingerprint_hex (public_key_fingerprint (certificate_public_key (c.signing)));
	g_autofree char *encryption = fingerprint_hex (public_key_fingerprint (certificate_public_key (c.encryption)));
	g_assert_null (strstr (escrow, signing));
	g_assert_nonnull (strstr (escrow, encryption));
	case_init (&single, NULL);
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, single.request);
	g_autofree char *issue = fixture_approve (&fixture, ISSUER, "application.issue", T0, single.request);
	g_autoptr (GBytes) der = fixture_issue (single.client, single.request, T0, review, issue, &error);
	g_assert_no_error (error);
	g_autofree char *after = read_log (&single, "escrow.log");
	g_assert_cmpstr (after, ==, escrow);
}

/* A statement by an encryption certificate opens nothing: its key is known to the key centre (Electronic Signature Law 13). */
static void
test_encryption_certificate_approves_nothing (void)
{
	g_auto (Case) c;
	g_autoptr (GError) error = NULL;
	case_init (&c, "organization-encryption");
	g_autofree char *good = fixture_approve (&fixture, REVIEWER, "application.review", T0, c.request);
	g_autofree char *issue = fixture_approve (&fixture, ISSUER, "application.issue", T0, c.request);
	g_autoptr (Statement) statement = statement_parse (good, -1, &error);
	g_assert_no_error (error);
	g_autofree char *forged = statement_sign (statement_payload (statement), fixture.encryption[AGENT_A], fixture.created.officers[AGENT_A].encryption, &error);
	g_assert_no_error (error);
	g_assert_false (signer_issue_pair (c.client, c.request, strlen (c.request), 0, &c.serial, &c.second, forged, issue, &c.pair, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_APPROVAL);
}

/* --- a crash between the two files --------------------------------------------------------------------- */

/* Stops the signer, cuts the last line of its journal short, starts it. */
static void
tear_journal (Case *c)
{
	g_clear_pointer (&c->client, signer_client_free);
	g_autofree char *journal = read_log (c, "journal.log"), *path = g_build_filename (c->dir, "journal.log", NULL);
	char *last = g_strrstr (journal, "\"type\":\"issue\"");
	while (last[-1] != '\n')
		last--;
	g_assert_null (strstr (last, "\"use\":\"encrypt\""));
	g_assert_cmpint (truncate (path, last - journal + 50), ==, 0);
	c->client = fixture_run (c->dir);
}

/* Killed with the key written and not its certificates: neither is there.  Asked again with the same serials everything comes about.  And of a
 * torn write of the journal the first of the two lines may stay: then the second follows. */
static void
test_crash (void)
{
	g_auto (Case) c;
	g_autoptr (GError) error = NULL;
	case_init_own (&c, "organization-encryption");
	signer_client_free (c.client);
	g_setenv ("DIQI_FAILPOINT", "escrow.written:1:kill", TRUE);
	c.client = fixture_run (c.dir);
	g_unsetenv ("DIQI_FAILPOINT");
	g_assert_false (issue_pair (&c, &c.second, &c.pair, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_clear_error (&error);
	restart (&c);
	g_autofree char *journal = read_log (&c, "journal.log");
	g_assert_cmpuint (count_lines (journal, "\"use\":\"encrypt\"", ""), ==, 0);
	case_issue (&c);
	g_autoptr (PrivateKey) opened = enveloped_key_open (c.key, c.pair.envelope, c.encryption, &error);
	g_assert_no_error (error);
	g_autofree char *escrow = read_log (&c, "escrow.log"), *serial = serial_hex (&c.second);
	g_assert_cmpuint (count_lines (escrow, "\"type\":\"escrow\"", serial), ==, 2);
	tear_journal (&c);
	g_auto (IssuedPair) again = { NULL };
	issue_pair (&c, &c.second, &again, &error);
	g_assert_no_error (error);
	g_assert_true (g_bytes_equal (again.encryption, c.pair.encryption));
	g_assert_true (g_bytes_equal (again.envelope, c.pair.envelope));
	g_autoptr (Certificate) signing = parse (again.certificate);
	g_assert_true (fingerprint_equal (public_key_fingerprint (certificate_public_key (signing)), public_key_fingerprint (certificate_public_key (c.signing))));
}

/* --- I-09: the whole folder, the passphrase and one agent's key ------------------------------------------ */

static json_t *
escrow_record (const Case *c)
{
	g_autofree char *text = read_log (c, "escrow.log"), *serial = serial_hex (&c->second);
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	for (gsize i = 0; lines[i] != NULL; i++)
		if (strstr (lines[i], "\"type\":\"escrow\"") != NULL && strstr (lines[i], serial) != NULL)
			return json_loads (strchr (lines[i], ' ') + 1, 0, NULL);
	g_assert_not_reached ();
}

static void
test_k_minus_one (void)
{
	g_auto (Case) c;
	g_autoptr (GError) error = NULL;
	case_init (&c, "organization-encryption");
	case_issue (&c);
	g_autoptr (json_t) record = escrow_record (&c);
	json_t *shares = json_object_get (record, "shares"), *share;
	size_t i;
	guint opened = 0;
	guint8 clear[N_STAFF][SHARE_BYTES];
	json_array_foreach (shares, i, share) {
		g_autoptr (GBytes) sealed = bytes_of (share, "sealed");
		for (guint agent = AGENT_A; agent < N_STAFF; agent++) {
			g_autoptr (GBytes) mine = envelope_open (fixture.encryption[agent], sealed, NULL);
			if (mine == NULL)
				continue;
			g_assert_cmpuint (agent, ==, AGENT_A + i);      /* nobody opens another's */
			memcpy (clear[i], g_bytes_get_data (mine, NULL), SHARE_BYTES);
			opened++;
		}
	}
	g_assert_cmpuint (opened, ==, N_STAFF - AGENT_A);
	/* One share, with itself, or with a guess at another: no key. */
	g_autofree char *serial = serial_hex (&c.second);
	g_autofree char *context = g_strdup_printf ("diqi escrowed key %s at %s", serial, SITE);
	g_autoptr (GBytes) wrapped = bytes_of (record, "wrapped");
	guint8 guess[SHARE_BYTES] = { 1, 2 }, secret[SHARE_SECRET_BYTES];
	const guint8 *const with_guess[] = { clear[0], guess };
	shares_combine (with_guess, 2, secret);
	g_assert_null (seal_decrypt (secret, context, wrapped, NULL));
	g_assert_null (seal_decrypt (clear[0] + SHARE_BYTES - SHARE_SECRET_BYTES, context, wrapped, NULL));
	/* Any two: the key.  So the test above fails for the right reason. */
	const guint8 *const pairs[][2] = { { clear[0], clear[1] }, { clear[2], clear[0] }, { clear[3], clear[1] } };
	for (i = 0; i < G_N_ELEMENTS (pairs); i++) {
		shares_combine (pairs[i], 2, secret);
		g_autoptr (GBytes) plain = seal_decrypt (secret, context, wrapped, &error);
		g_assert_no_error (error);
		g_autoptr (PrivateKey) key = private_key_from_pkcs8 (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), &error);
		g_assert_no_error (error);
	}
}

/* --- too few agents left ---------------------------------------------------------------------------------- */

static char *
officers_change (guint officer, const json_t *current, const json_t *next)
{
	g_autofree char *a = fixture_text (current), *b = fixture_text (next);
	Fingerprint previous, list;
	fingerprint_of (a, strlen (a), &previous);
	fingerprint_of (b, strlen (b), &list);
	json_t *more = json_pack ("{s:O, s:o, s:o}", "version", json_object_get (current, "version"),
		"previous", json_hex (previous.b, sizeof previous.b), "list", json_hex (list.b, sizeof list.b));
	return fixture_sign (&fixture, officer, "officers.change", T0, more);
}

/* Nothing is escrowed that nobody could give back: of four agents three were removed as officers, and two are needed. */
static void
test_too_few_agents (void)
{
	g_auto (Case) c;
	g_autoptr (GError) error = NULL;
	case_init_own (&c, "organization-encryption");
	g_autoptr (json_t) current = signer_get_officers (c.client, &error);
	g_autoptr (json_t) next = json_deep_copy (current);
	json_object_set_new (next, "version", json_integer (2));
	for (guint i = AGENT_A; i <= AGENT_C; i++)
		json_object_set_new (json_array_get (json_object_get (next, "officers"), i), "removed", json_true ());
	g_autofree char *a = officers_change (ADMIN, current, next), *b = officers_change (SECOND_ADMIN, current, next);
	const char *const statements[] = { a, b };
	g_autoptr (json_t) done = signer_change_officers (c.client, next, statements, 2, &error);
	g_assert_no_error (error);
	g_auto (IssuedPair) pair = { NULL };
	g_assert_false (issue_pair (&c, &c.second, &pair, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_CENTRE);
	g_autofree char *escrow = read_log (&c, "escrow.log");
	g_assert_cmpstr (escrow, ==, "");
}

/* --- a site without a key centre -------------------------------------------------------------------------- */

static void
test_no_key_centre (void)
{
	g_autoptr (GError) error = NULL;
	Fixture plain;
	fixture_init (&plain, KEY_P256, TRUE, T0);
	g_autofree char *dir = fixture_copy (&plain);
	SignerClient *client = fixture_run (dir);
	g_autoptr (json_t) agents = signer_get_agents (client, &error);
	g_assert_no_error (error);
	g_assert_cmpint (json_integer_value (json_object_get (agents, "version")), ==, 0);
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, &error);
	g_autoptr (json_t) json = fixture_request (key);
	json_object_set_new (json, "profile_version", json_integer (3));
	json_object_set_new (json, "encryption", json_pack ("{s:s, s:i}", "profile", "organization-encryption", "profile_version", 1));
	g_autofree char *request = fixture_text (json);
	g_autofree char *review = fixture_approve (&plain, REVIEWER, "application.review", T0, request);
	g_autofree char *issue = fixture_approve (&plain, ISSUER, "application.issue", T0, request);
	Serial serial, second;
	g_auto (IssuedPair) pair = { NULL };
	serial_new (T0, &serial);
	serial_new (T0, &second);
	g_assert_false (signer_issue_pair (client, request, strlen (request), 0, &serial, &second, review, issue, &pair, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_CENTRE);
	g_clear_error (&error);
	signer_client_free (client);
	/* A folder of an older version has neither log, and starts. */
	g_autofree char *agents_log = g_build_filename (dir, "agents.log", NULL), *escrow_log = g_build_filename (dir, "escrow.log", NULL);
	g_assert_cmpint (remove (agents_log), ==, 0);
	g_assert_cmpint (remove (escrow_log), ==, 0);
	client = fixture_run (dir);
	g_assert_true (g_file_test (agents_log, G_FILE_TEST_EXISTS));
	signer_client_free (client);
	fixture_clear (&plain);
}

int
main (int argc, char **argv)
{
	KeyAlgorithm algorithm = KEY_P256;
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_assert_true (argc < 2 || key_algorithm_from_name (argv[1], &algorithm));
	g_test_add_func ("/pair/good", test_pair);
	g_test_add_func ("/I-09/k-minus-one", test_k_minus_one);
	/* The rest does not depend on the kind of key. */
	if (algorithm == KEY_P256) {
		g_test_add_func ("/pair/again", test_pair_again);
		g_test_add_func ("/pair/too-few-agents", test_too_few_agents);
		g_test_add_func ("/pair/refused", test_pair_refused);
		g_test_add_func ("/pair/rsa-beside-the-loop", test_rsa_beside_the_loop);
		g_test_add_func ("/pair/rsa-pairs-differ", test_rsa_pairs_differ);
		g_test_add_func ("/pair/signing-keys-are-not-escrowed", test_signing_keys_are_not_escrowed);
		g_test_add_func ("/pair/encryption-certificate-approves-nothing", test_encryption_certificate_approves_nothing);
		g_test_add_func ("/pair/crash", test_crash);
		g_test_add_func ("/no-key-centre", test_no_key_centre);
	}
	key_centre_start (algorithm);
	int result = g_test_run ();
	key_centre_stop ();
	return result;
}
