/* What the signer issues, and everything it refuses to: it is asked directly, as a taken-over server would. */
#include "fixture.h"

#include <string.h>

typedef struct {
	char *dir;
	SignerClient *client;
	PrivateKey *key;
	json_t *json;
	char *request;
} Case;

static Fixture fixture;

static void
case_set (Case *c, json_t *json)
{
	g_free (c->request);
	c->request = fixture_text (json);
}

static void
case_init (Case *c)
{
	g_autoptr (GError) error = NULL;
	*c = (Case) { .dir = fixture_copy (&fixture) };
	c->client = fixture_run (c->dir);
	c->key = private_key_generate (KEY_P256, &error);
	g_assert_no_error (error);
	c->json = fixture_request (c->key);
	case_set (c, c->json);
}

static void
case_clear (Case *c)
{
	signer_client_free (c->client);
	private_key_free (c->key);
	json_decref (c->json);
	g_free (c->request);
	g_free (c->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)

/* With approvals of c->request by these officers at these times. */
static GBytes *
issue_by (Case *c, guint reviewer, Micros reviewed, guint issuer, Micros issued, GError **error)
{
	g_autofree char *review = fixture_approve (&fixture, reviewer, "application.review", reviewed, c->request);
	g_autofree char *issue = fixture_approve (&fixture, issuer, "application.issue", issued, c->request);
	return fixture_issue (c->client, c->request, T0, review, issue, error);
}

static GBytes *
issue (Case *c, GError **error)
{
	return issue_by (c, REVIEWER, T0, ISSUER, T0, error);
}

static void
test_good (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) der = issue (&c, &error);
	g_assert_no_error (error);
	g_autoptr (Certificate) made = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	Certificate *const chain[] = { fixture.created.issuing, fixture.created.root };
	g_assert_true (certificate_verify_chain (made, chain, 2, T0, &error));
	g_assert_false (certificate_is_ca (made));
	g_assert_cmpint (certificate_not_before (made), ==, T0);
	g_assert_cmpint (certificate_not_after (made), ==, T0 + 365 * MICROS_PER_DAY - MICROS_PER_S);
	g_assert_cmpuint (certificate_key_usage (made), ==, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
	g_assert_cmpuint (certificate_extended_key_usage (made), ==, EKU_CLIENT_AUTH | EKU_DOCUMENT_SIGNING);
	g_autofree char *cn = certificate_subject_attribute (made, NAME_COMMON_NAME);
	g_assert_cmpstr (cn, ==, "虚构置业有限公司");
}

/* Another serial and other approvals, but the same request: the same certificate, also after a restart. */
static void
test_again (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) first = issue (&c, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) second = issue_by (&c, BOTH, T0 - MICROS_PER_HOUR, ISSUER, T0, &error);
	g_assert_no_error (error);
	g_assert_true (g_bytes_equal (first, second));
	signer_client_free (c.client);
	c.client = fixture_run (c.dir);
	g_autoptr (GBytes) third = issue (&c, &error);
	g_assert_no_error (error);
	g_assert_true (g_bytes_equal (first, third));
}

typedef struct {
	Case *c;
	GBytes *der;
} Ask;

static gpointer
ask (gpointer data)
{
	Ask *a = data;
	g_autoptr (GError) error = NULL;
	a->der = issue (a->c, &error);
	g_assert_no_error (error);
	return NULL;
}

static void
test_parallel (void)
{
	g_auto (Case) c;
	case_init (&c);
	Ask asks[100];
	GThread *threads[G_N_ELEMENTS (asks)];
	for (gsize i = 0; i < G_N_ELEMENTS (asks); i++) {
		asks[i] = (Ask) { &c, NULL };
		threads[i] = g_thread_new ("ask", ask, &asks[i]);
	}
	for (gsize i = 0; i < G_N_ELEMENTS (asks); i++)
		g_thread_join (threads[i]);
	for (gsize i = 0; i < G_N_ELEMENTS (asks); i++) {
		g_assert_true (g_bytes_equal (asks[0].der, asks[i].der));
		if (i > 0)
			g_bytes_unref (asks[i].der);
	}
	g_bytes_unref (asks[0].der);
}

/* I-01: no approval, one approval, forged ones. */
static void
test_without_approvals (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, c.request);
	g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", T0, c.request);
	assert_refused (fixture_issue (c.client, c.request, T0, "", "", &error), error, APPROVAL);
	assert_refused (fixture_issue (c.client, c.request, T0, review, "", &error), error, APPROVAL);
	assert_refused (fixture_issue (c.client, c.request, T0, "", approve, &error), error, APPROVAL);
	assert_refused (fixture_issue (c.client, c.request, T0, review, review, &error), error, STATEMENT_TYPE);
	assert_refused (fixture_issue (c.client, c.request, T0, approve, review, &error), error, STATEMENT_TYPE);
	assert_refused (fixture_issue (c.client, c.request, T0, "a.b.c", approve, &error), error, STATEMENT);

	/* A signature made by another key than the certificate named: the last characters exchanged for another's. */
	g_autofree char *other = fixture_approve (&fixture, BOTH, "application.review", T0, c.request);
	g_autofree char *head = g_strndup (review, (gsize) (strrchr (review, '.') - review));
	g_autofree char *forged = g_strconcat (head, strrchr (other, '.'), NULL);
	assert_refused (fixture_issue (c.client, c.request, T0, forged, approve, &error), error, STATEMENT_SIGNATURE);
}

static void
test_not_an_officer (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (Certificate) holder = fixture_certificate (&fixture, c.client, c.key);
	PrivateKey *reviewer = fixture.keys[REVIEWER];
	Certificate *certificate = fixture.created.officers[REVIEWER].certificate;
	/* A holder's certificate of the same authority approves nothing. */
	json_object_set_new (c.json, "validity_days", json_integer (300));
	case_set (&c, c.json);
	fixture.keys[REVIEWER] = c.key;
	fixture.created.officers[REVIEWER].certificate = holder;
	GBytes *der = issue (&c, &error);
	fixture.keys[REVIEWER] = reviewer;
	fixture.created.officers[REVIEWER].certificate = certificate;
	assert_refused (der, error, APPROVAL);
}

/* I-03: one person, whatever his roles and certificates. */
static void
test_same_person (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	assert_refused (issue_by (&c, BOTH, T0, BOTH, T0, &error), error, SAME_PERSON);
	assert_refused (issue_by (&c, REVIEWER, T0, REVIEWER_AGAIN, T0, &error), error, SAME_PERSON);
}

static void
test_wrong_role (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	assert_refused (issue_by (&c, CLERK, T0, ISSUER, T0, &error), error, APPROVAL);
	assert_refused (issue_by (&c, REVIEWER, T0, ADMIN, T0, &error), error, APPROVAL);
	assert_refused (issue_by (&c, ISSUER, T0, REVIEWER, T0, &error), error, APPROVAL);
}

static void
test_times (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Micros month = 30 * MICROS_PER_DAY;
	assert_refused (issue_by (&c, REVIEWER, T0 - month - MICROS_PER_S, ISSUER, T0, &error), error, STATEMENT_TIME);
	assert_refused (issue_by (&c, REVIEWER, T0, ISSUER, T0 + 6 * MICROS_PER_MIN, &error), error, STATEMENT_TIME);
	g_autoptr (GBytes) just = issue_by (&c, REVIEWER, T0 - month, ISSUER, T0 + 5 * MICROS_PER_MIN, &error);
	g_assert_no_error (error);
}

static void
test_expired_officer (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	Micros later = certificate_not_after (fixture.created.officers[REVIEWER].certificate) + MICROS_PER_S;
	g_assert_true (signer_freeze_clock (c.client, later, &error));
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", later, c.request);
	g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", later, c.request);
	assert_refused (fixture_issue (c.client, c.request, later, review, approve, &error), error, CERTIFICATE_EXPIRED);
}

/* A stolen officer's key, ended, is of no use to who also has the web server. */
static void
test_revoked_officer (void)
{
	for (int who = 0; who < 2; who++) {
		g_auto (Case) c;
		case_init (&c);
		g_autoptr (GError) error = NULL;
		const RevokedEntry entry = { *certificate_serial (fixture.created.officers[who == 0 ? REVIEWER : ISSUER].certificate), T0, REASON_KEY_COMPROMISE };
		g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, c.request);
		g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", T0, c.request);
		g_assert_true (signer_revoke (c.client, NULL, &entry, 1, &error));
		g_assert_no_error (error);
		assert_refused (fixture_issue (c.client, c.request, T0, review, approve, &error), error, CERTIFICATE_REVOKED);
	}
}

static void
test_other_request (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, c.request);
	g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", T0, c.request);
	/* One byte: 364 days. */
	g_autofree char *changed = g_strdup (c.request);
	strstr (changed, ":365")[3] = '4';
	assert_refused (fixture_issue (c.client, changed, T0, review, approve, &error), error, STATEMENT_TARGET);
	/* The right hash, but the statement names another application or profile. */
	Fingerprint hash;
	fingerprint_of (c.request, strlen (c.request), &hash);
	const char *const applications[] = { "018f0000-0000-7000-8000-0000000000ab", "018f0000-0000-7000-8000-0000000000aa" };
	for (int i = 0; i < 2; i++) {
		json_t *more = json_object ();
		json_object_set_new (more, "request", json_hex (hash.b, sizeof hash.b));
		json_object_set_new (more, "application", json_string (applications[i]));
		json_object_set_new (more, "profile", json_string ("organization"));
		json_object_set_new (more, "profile_version", json_integer (1 + i));
		g_autofree char *wrong = fixture_sign (&fixture, REVIEWER, "application.review", T0, more);
		assert_refused (fixture_issue (c.client, c.request, T0, wrong, approve, &error), error, STATEMENT_TARGET);
	}
}

static void
test_other_site (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	Fingerprint hash;
	fingerprint_of (c.request, strlen (c.request), &hash);
	json_t *more = json_object ();
	json_object_set_new (more, "site", json_string ("other-site"));
	json_object_set_new (more, "request", json_hex (hash.b, sizeof hash.b));
	json_object_set_new (more, "application", json_string ("018f0000-0000-7000-8000-0000000000aa"));
	json_object_set_new (more, "profile", json_string ("organization"));
	json_object_set_new (more, "profile_version", json_integer (1));
	g_autofree char *review = fixture_sign (&fixture, REVIEWER, "application.review", T0, more);
	g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", T0, c.request);
	assert_refused (fixture_issue (c.client, c.request, T0, review, approve, &error), error, STATEMENT_TARGET);
	/* A request of another site, properly approved. */
	json_object_set_new (c.json, "site", json_string ("other-site"));
	case_set (&c, c.json);
	assert_refused (issue (&c, &error), error, SIGNER);
}

/* Each line: one change to a good, properly approved request. */
static void
test_bad_requests (void)
{
	static const struct {
		const char *member, *json;      /* json NULL: member removed */
		DiqiErrorCode code;
	} bad[] = {
		{ "profile", "\"unknown\"", DIQI_ERROR_SIGNER }, { "profile_version", "9", DIQI_ERROR_SIGNER },
		{ "profile", "\"officer\"", DIQI_ERROR_SIGNER }, { "validity_days", "366", DIQI_ERROR_FIELD_VALUE },
		{ "validity_days", "7300", DIQI_ERROR_FIELD_VALUE }, { "validity_days", "0", DIQI_ERROR_FIELD_VALUE },
		{ "validity_days", "-1", DIQI_ERROR_FIELD_VALUE }, { "ca", "true", DIQI_ERROR_FIELD_UNKNOWN },
		{ "key_usage", "[\"keyCertSign\"]", DIQI_ERROR_FIELD_UNKNOWN }, { "uscc", NULL, DIQI_ERROR_FIELD_MISSING },
		{ "uscc", "\"12\"", DIQI_ERROR_USCC }, { "submission", NULL, DIQI_ERROR_FIELD_MISSING },
		{ "type", "\"other\"", DIQI_ERROR_FIELD_VALUE }, { "subject", "[]", DIQI_ERROR_FIELD_MISSING },
		{ "subject", "[{\"C\":\"US\"},{\"O\":\"a\"},{\"CN\":\"a\"}]", DIQI_ERROR_FIELD_VALUE },
		{ "subject", "[{\"C\":\"CN\"},{\"CN\":\"a\"},{\"O\":\"a\"}]", DIQI_ERROR_FIELD_MISSING },
		{ "subject", "[{\"C\":\"CN\"},{\"O\":\"a\"},{\"CN\":\"a\"},{\"CN\":\"b\"}]", DIQI_ERROR_FIELD_UNKNOWN },
		{ "subject", "[{\"C\":\"CN\"},{\"O\":\"a\"},{\"CN\":\"a\"},{\"serialNumber\":\"x\"}]", DIQI_ERROR_FIELD_UNKNOWN },
		{ "subject", "[{\"C\":\"CN\"},{\"O\":\"a\\u202eb\"},{\"CN\":\"a\"}]", DIQI_ERROR_FIELD_VALUE },
		{ "subject", "[{\"C\":\"CN\"},{\"O\":\"虚构\\u3164\"},{\"CN\":\"虚构\"}]", DIQI_ERROR_FIELD_VALUE },
		{ "subject", "[{\"C\":\"CN\"},{\"O\":\"虚构\"},{\"CN\":\"虚\\ufe00构\"}]", DIQI_ERROR_FIELD_VALUE },
		{ "subject", "[{\"C\":\"CN\"},{\"O\":\" a\"},{\"CN\":\"a\"}]", DIQI_ERROR_FIELD_VALUE },
		{ "subject", "[{\"C\":\"CN\",\"O\":\"a\"},{\"CN\":\"a\"}]", DIQI_ERROR_FIELD_TYPE },
		{ "subject", "[{\"C\":\"CN\"},{\"O\":\"" "名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名"
		             "名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名" "\"},{\"CN\":\"a\"}]", DIQI_ERROR_FIELD_LENGTH },
	};
	g_auto (Case) c;
	case_init (&c);
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (json_t) json = json_deep_copy (c.json);
		if (bad[i].json == NULL)
			json_object_del (json, bad[i].member);
		else
			json_object_set_new (json, bad[i].member, json_loads (bad[i].json, JSON_DECODE_ANY, NULL));
		case_set (&c, json);
		g_autoptr (GBytes) der = issue (&c, &error);
		if (der != NULL || !g_error_matches (error, DIQI_ERROR, (int) bad[i].code))
			g_error ("%s = %s: %s", bad[i].member, bad[i].json, error != NULL ? error->message : "issued");
	}
	/* Canonical is part of the form: a blank more is another text. */
	g_autoptr (GError) error = NULL;
	g_autofree char *canonical = fixture_text (c.json);
	g_free (c.request);
	c.request = g_strconcat (canonical, " ", NULL);
	assert_refused (issue (&c, &error), error, REQUEST);
}

static void
set_spki (Case *c, const PrivateKey *key)
{
	g_autoptr (json_t) other = fixture_request (key);
	json_object_set (c->json, "spki", json_object_get (other, "spki"));
	case_set (c, c->json);
}

static void
test_service_key (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) service = private_key_generate (KEY_ED25519, &error);
	set_spki (&c, service);
	assert_refused (issue (&c, &error), error, KEY_ALGORITHM);
}

static void
test_key_reuse (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (Certificate) first = fixture_certificate (&fixture, c.client, c.key);
	json_object_set_new (c.json, "application", json_string ("018f0000-0000-7000-8000-0000000000bb"));
	case_set (&c, c.json);
	assert_refused (issue (&c, &error), error, KEY_REUSED);
	/* Nor an officer's or a service's own key. */
	set_spki (&c, fixture.keys[CLERK]);
	assert_refused (issue (&c, &error), error, KEY_REUSED);
	/* Nor an authority's, which is in no journal. */
	Certificate *const authorities[] = { fixture.created.issuing, fixture.created.root };
	for (gsize i = 0; i < G_N_ELEMENTS (authorities); i++) {
		g_autoptr (GBytes) spki = public_key_spki (certificate_public_key (authorities[i]));
		json_object_set_new (c.json, "spki", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)));
		case_set (&c, c.json);
		assert_refused (issue (&c, &error), error, KEY_REUSED);
	}
}

static void
test_serials (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (Certificate) first = fixture_certificate (&fixture, c.client, c.key);
	g_autoptr (PrivateKey) other = private_key_generate (KEY_P256, &error);
	set_spki (&c, other);
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, c.request);
	g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", T0, c.request);
	gsize n = strlen (c.request);
	assert_refused (signer_issue (c.client, c.request, n, 0, certificate_serial (first), review, approve, &error), error, SIGNER);
	const Micros off[] = { -6 * MICROS_PER_MIN, 6 * MICROS_PER_MIN };
	for (gsize i = 0; i < G_N_ELEMENTS (off); i++) {
		Serial serial;
		serial_new (T0 + off[i], &serial);
		assert_refused (signer_issue (c.client, c.request, n, 0, &serial, review, approve, &error), error, SIGNER);
	}
	Serial negative;
	serial_new (T0, &negative);
	negative.b[0] |= 0x80;
	assert_refused (signer_issue (c.client, c.request, n, 0, &negative, review, approve, &error), error, SIGNER);
	/* Positive and of this moment, but not of the form of ours: OCSP would not know it, and never say that it was revoked. */
	Serial foreign;
	serial_new (T0, &foreign);
	foreign.b[0] &= 0x3f;
	g_assert_cmpuint (foreign.b[0], !=, 0);
	assert_refused (signer_issue (c.client, c.request, n, 0, &foreign, review, approve, &error), error, SIGNER);
}

/* --- several copies ------------------------------------------------------------------ */

#define COPIES 3

static json_t *
json_spki (const PrivateKey *key)
{
	g_autoptr (json_t) other = fixture_request (key);
	return json_incref (json_object_get (other, "spki"));
}

/* The case's request with these as further keys. */
static void
set_more (Case *c, PrivateKey *const *keys, gsize n)
{
	json_t *more = json_array ();
	for (gsize i = 0; i < n; i++)
		json_array_append_new (more, json_spki (keys[i]));
	json_object_set_new (c->json, "more", more);
	case_set (c, c->json);
}

static GBytes *
issue_copy (Case *c, guint copy, Micros now, GError **error)
{
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, c->request);
	g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", T0, c->request);
	return fixture_issue_copy (c->client, c->request, copy, now, review, approve, error);
}

static void
assert_key (GBytes *der, const PrivateKey *key)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) public_key = private_key_public (key);
	g_autoptr (Certificate) made = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	g_assert_true (fingerprint_equal (public_key_fingerprint (certificate_public_key (made)), public_key_fingerprint (public_key)));
}

/* A certificate a key, in any order, the same again whoever asks when, also after a restart. */
static void
test_copies (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	PrivateKey *keys[COPIES] = { c.key, private_key_generate (KEY_P256, NULL), private_key_generate (KEY_RSA3072, NULL) };
	GBytes *ders[COPIES];
	set_more (&c, keys + 1, COPIES - 1);
	for (guint i = COPIES; i-- > 0; ) {
		ders[i] = issue_copy (&c, i, T0, &error);
		g_assert_no_error (error);
		assert_key (ders[i], keys[i]);
	}
	signer_client_free (c.client);
	c.client = fixture_run (c.dir);
	for (guint i = 0; i < COPIES; i++) {
		g_autoptr (GBytes) again = issue_copy (&c, i, T0, &error);
		g_assert_no_error (error);
		g_assert_true (g_bytes_equal (ders[i], again));
		g_bytes_unref (ders[i]);
	}
	assert_refused (issue_copy (&c, COPIES, T0, &error), error, FIELD_VALUE);
	assert_refused (issue_copy (&c, 20, T0, &error), error, FIELD_VALUE);
	private_key_free (keys[1]);
	private_key_free (keys[2]);
}

/* What is begun is finished: an hour and a restart later, with the serials made then, and a reviewer revoked since. */
static void
test_copies_later (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	PrivateKey *more[] = { private_key_generate (KEY_P256, NULL) };
	const RevokedEntry entry = { *certificate_serial (fixture.created.officers[REVIEWER].certificate), T0, REASON_KEY_COMPROMISE };
	set_more (&c, more, 1);
	assert_refused (issue_copy (&c, 1, T0 - MICROS_PER_HOUR, &error), error, SIGNER);
	g_autoptr (GBytes) first = issue_copy (&c, 0, T0, &error);
	g_assert_no_error (error);
	g_assert_true (signer_revoke (c.client, NULL, &entry, 1, &error));
	g_assert_no_error (error);
	signer_client_free (c.client);
	c.client = fixture_run (c.dir);
	g_assert_true (signer_freeze_clock (c.client, T0 + MICROS_PER_HOUR, &error));
	assert_refused (issue_copy (&c, 1, T0 + MICROS_PER_HOUR, &error), error, SIGNER);
	g_autoptr (GBytes) second = issue_copy (&c, 1, T0, &error);
	g_assert_no_error (error);
	assert_key (second, more[0]);
	private_key_free (more[0]);
}

/* I-01: the first copy does not carry the others for ever: once one of them was called revoked there are no more, and after 30 days
 * the two officers are asked again. */
static void
test_copies_ended (void)
{
	const struct {
		int reason;                      /* of the first copy's revocation; -1: none */
		Micros later;
		int code;
	} ends[] = { { REASON_KEY_COMPROMISE, MICROS_PER_HOUR, DIQI_ERROR_CERTIFICATE_STATE }, { REASON_HOLD, 0, DIQI_ERROR_CERTIFICATE_STATE },
	             { -1, 31 * MICROS_PER_DAY, DIQI_ERROR_STATEMENT_TIME } };
	for (gsize i = 0; i < G_N_ELEMENTS (ends); i++) {
		g_auto (Case) c;
		case_init (&c);
		g_autoptr (GError) error = NULL;
		PrivateKey *more[] = { private_key_generate (KEY_P256, NULL) };
		set_more (&c, more, 1);
		g_autoptr (GBytes) der = issue_copy (&c, 0, T0, &error);
		g_assert_no_error (error);
		g_autoptr (Certificate) first = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
		const RevokedEntry entry = { *certificate_serial (first), T0, (RevocationReason) ends[i].reason };
		g_assert_true (ends[i].reason < 0 || signer_revoke (c.client, NULL, &entry, 1, &error));
		g_assert_true (signer_freeze_clock (c.client, T0 + ends[i].later, &error));
		g_assert_null (issue_copy (&c, 1, T0, &error));
		g_assert_error (error, DIQI_ERROR, ends[i].code);
		private_key_free (more[0]);
	}
}

/* Each key is judged before the first certificate is signed. */
static void
test_copies_keys (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) fresh = private_key_generate (KEY_P256, &error);
	g_autoptr (PrivateKey) service = private_key_generate (KEY_ED25519, &error);
	PrivateKey *same[] = { fresh, fresh }, *first_again[] = { c.key }, *known[] = { fresh, fixture.keys[CLERK] }, *wrong[] = { service };
	PrivateKey *many[20];
	set_more (&c, same, 2);
	assert_refused (issue_copy (&c, 0, T0, &error), error, KEY_REUSED);
	set_more (&c, first_again, 1);
	assert_refused (issue_copy (&c, 0, T0, &error), error, KEY_REUSED);
	set_more (&c, known, 2);
	assert_refused (issue_copy (&c, 0, T0, &error), error, KEY_REUSED);
	set_more (&c, wrong, 1);
	assert_refused (issue_copy (&c, 0, T0, &error), error, KEY_ALGORITHM);
	set_more (&c, NULL, 0);
	assert_refused (issue_copy (&c, 0, T0, &error), error, FIELD_VALUE);
	for (gsize i = 0; i < G_N_ELEMENTS (many); i++)
		many[i] = private_key_generate (KEY_P256, NULL);
	set_more (&c, many, 20);
	assert_refused (issue_copy (&c, 0, T0, &error), error, FIELD_LENGTH);
	set_more (&c, many, 19);
	g_autoptr (GBytes) last = issue_copy (&c, 19, T0, &error);
	g_assert_no_error (error);
	for (gsize i = 0; i < G_N_ELEMENTS (many); i++)
		private_key_free (many[i]);
	json_object_set_new (c.json, "more", json_loads ("[\"AAAA\"]", 0, NULL));
	case_set (&c, c.json);
	g_autoptr (GBytes) garbage = issue_copy (&c, 0, T0, &error);
	g_assert_null (garbage);
	g_clear_error (&error);
	json_object_set_new (c.json, "more", json_loads ("[7]", 0, NULL));
	case_set (&c, c.json);
	assert_refused (issue_copy (&c, 0, T0, &error), error, FIELD_TYPE);
}

/* I-02: a clock put back behind what was signed already. */
static void
test_clock_put_back (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (Certificate) first = fixture_certificate (&fixture, c.client, c.key);
	g_autoptr (PrivateKey) other = private_key_generate (KEY_P256, &error);
	set_spki (&c, other);
	Micros before = T0 - MICROS_PER_HOUR;
	g_assert_true (signer_freeze_clock (c.client, before, &error));
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", before, c.request);
	g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", before, c.request);
	assert_refused (fixture_issue (c.client, c.request, before, review, approve, &error), error, SIGNER);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/issue/good", test_good);
	g_test_add_func ("/signer/issue/same-request-again", test_again);
	g_test_add_func ("/signer/issue/100-parallel", test_parallel);
	g_test_add_func ("/signer/issue/I-01-without-approvals", test_without_approvals);
	g_test_add_func ("/signer/issue/I-01-not-an-officer", test_not_an_officer);
	g_test_add_func ("/signer/issue/I-03-same-person", test_same_person);
	g_test_add_func ("/signer/issue/wrong-role", test_wrong_role);
	g_test_add_func ("/signer/issue/approval-times", test_times);
	g_test_add_func ("/signer/issue/expired-officer", test_expired_officer);
	g_test_add_func ("/signer/issue/revoked-officer", test_revoked_officer);
	g_test_add_func ("/signer/issue/other-request", test_other_request);
	g_test_add_func ("/signer/issue/other-site", test_other_site);
	g_test_add_func ("/signer/issue/P-08-bad-requests", test_bad_requests);
	g_test_add_func ("/signer/issue/service-key", test_service_key);
	g_test_add_func ("/signer/issue/key-reuse", test_key_reuse);
	g_test_add_func ("/signer/issue/P-11-serials", test_serials);
	g_test_add_func ("/signer/issue/I-02-clock-put-back", test_clock_put_back);
	g_test_add_func ("/signer/issue/copies", test_copies);
	g_test_add_func ("/signer/issue/copies-later", test_copies_later);
	g_test_add_func ("/signer/issue/copies-ended", test_copies_ended);
	g_test_add_func ("/signer/issue/copies-keys", test_copies_keys);
	int result = g_test_run ();
	fixture_clear (&fixture);
	return result;
}
