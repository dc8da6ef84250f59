/* Revocations, ended holds and lists of the signer: P-16, I-01. */
#include <string.h>

#include "fixture.h"
#include "signer/pins.h"

static Fixture fixture;

typedef struct {
	char *dir;
	SignerClient *client;
	PrivateKey *key;
	Certificate *certificate;
	guint64 number;
} Case;

static void
case_init (Case *c)
{
	*c = (Case) { .dir = fixture_copy (&fixture), .key = private_key_generate (KEY_P256, NULL), .number = 4 };
	c->client = fixture_run (c->dir);
	c->certificate = fixture_certificate (&fixture, c->client, c->key);
}

static void
case_clear (Case *c)
{
	signer_client_free (c->client);
	certificate_unref (c->certificate);
	private_key_free (c->key);
	g_free (c->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)

static void
restart (Case *c)
{
	signer_client_free (c->client);
	c->client = fixture_run (c->dir);
}

static SignerListOrder
order_of (guint64 number, ListKind kind)
{
	return (SignerListOrder) { .kind = kind, .number = number, .this_update = T0, .next_update = T0 + MICROS_PER_DAY };
}

/* Under the next number. */
static GBytes *
list (Case *c, ListKind kind, guint shard, gboolean base)
{
	g_autoptr (GError) error = NULL;
	g_auto (CrlFacts) facts = { 0 };
	SignerListOrder order = order_of (++c->number, kind);
	order.shard = shard;
	order.base = base;
	GBytes *der = signer_sign_list (c->client, &order, NULL, &error);
	g_assert_no_error (error);
	g_assert_true (crl_verify_list (der, fixture.created.issuing, &facts, &error));
	g_assert_cmpuint (facts.number, ==, c->number);
	g_assert_true (facts.delta == (kind == LIST_DELTA));
	g_assert_true ((facts.point != NULL) == (kind == LIST_SHARD));
	g_assert_true ((facts.freshest != NULL) == (kind == LIST_FULL));
	return der;
}

static guint64
base_of (GBytes *delta)
{
	g_auto (CrlFacts) facts = { 0 };
	g_assert_true (crl_verify_list (delta, fixture.created.issuing, &facts, NULL));
	return facts.base;
}

/* -1: not in it */
static int
reason_in (GBytes *der, const Serial *serial)
{
	RevokedEntry entry;
	return crl_find (der, serial, &entry) ? (int) entry.reason : -1;
}

static void
say_revoked (Case *c, const Serial *serial, RevocationReason reason)
{
	g_autoptr (GError) error = NULL;
	const RevokedEntry entry = { *serial, T0, reason };
	g_assert_true (signer_revoke (c->client, NULL, &entry, 1, &error));
	g_assert_no_error (error);
}

/* --- what is revoked ------------------------------------------------------------------- */

static gboolean
tell (Case *c, const Serial *serial, Micros at, int reason, gsize n, GError **error)
{
	const RevokedEntry entries[2] = { { *serial, at, (RevocationReason) reason }, { *serial, at, (RevocationReason) reason } };
	return signer_revoke (c->client, NULL, entries, n, error);
}

static void
assert_not_told (gboolean told, GError **error, int code)
{
	g_assert_false (told);
	g_assert_error (*error, DIQI_ERROR, code);
	g_clear_error (error);
}

static void
test_refused_revocations (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Serial *serial = certificate_serial (c.certificate);
	Serial never;
	serial_new (T0, &never);
	assert_not_told (tell (&c, &never, T0, REASON_SUPERSEDED, 1, &error), &error, DIQI_ERROR_SIGNER);
	assert_not_told (tell (&c, serial, T0, 7, 1, &error), &error, DIQI_ERROR_FIELD_VALUE);
	assert_not_told (tell (&c, serial, T0, REASON_REMOVE_FROM_CRL, 1, &error), &error, DIQI_ERROR_FIELD_VALUE);
	assert_not_told (tell (&c, serial, T0, REASON_SUPERSEDED, 0, &error), &error, DIQI_ERROR_FIELD_VALUE);
	g_autoptr (GBytes) full = list (&c, LIST_FULL, 0, FALSE);
	g_assert_cmpint (reason_in (full, serial), ==, -1);
	/* Told twice, it is listed once. */
	g_assert_true (tell (&c, serial, T0, REASON_SUPERSEDED, 2, &error));
	g_autoptr (GBytes) next = list (&c, LIST_FULL, 0, FALSE);
	g_autoptr (GArray) entries = crl_entries (next, &error);
	g_assert_cmpuint (entries->len, ==, 1);
}

/* I-01: neither a later claim nor a restart changes what was said. */
static void
test_once_revoked (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Serial *serial = certificate_serial (c.certificate);
	say_revoked (&c, serial, REASON_KEY_COMPROMISE);
	for (guint run = 0; run < 2; run++) {
		RevokedEntry found;
		g_assert_true (tell (&c, serial, T0 - MICROS_PER_HOUR, REASON_SUPERSEDED, 1, &error));
		g_assert_true (tell (&c, serial, T0, REASON_HOLD, 1, &error));
		g_autoptr (GBytes) full = list (&c, LIST_FULL, 0, FALSE);
		g_assert_true (crl_find (full, serial, &found));
		g_assert_cmpint (found.reason, ==, REASON_KEY_COMPROMISE);
		g_assert_cmpint (found.revoked_at, ==, T0);
		restart (&c);
	}
}

/* --- numbers and shards ------------------------------------------------------------------ */

static void
assert_no_list (Case *c, const SignerListOrder *order, int code)
{
	g_autoptr (GError) error = NULL;
	g_assert_null (signer_sign_list (c->client, order, NULL, &error));
	g_assert_error (error, DIQI_ERROR, code);
}

static void
test_numbers (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	SignerListOrder order = order_of (1, LIST_DELTA);
	assert_no_list (&c, &order, DIQI_ERROR_SIGNER);     /* a delta to nothing */
	g_autoptr (GBytes) full = list (&c, LIST_FULL, 0, TRUE);
	order = order_of (c.number, LIST_DELTA);
	g_autoptr (GBytes) delta = signer_sign_list (c.client, &order, NULL, &error);      /* of the same moment */
	g_assert_no_error (error);
	for (guint run = 0; run < 2; run++) {
		for (int kind = 0; kind < N_LISTS - 1; kind++) {
			order = order_of (c.number, (ListKind) kind);
			assert_no_list (&c, &order, DIQI_ERROR_SIGNER);
			order = order_of (c.number - 1, (ListKind) kind);
			assert_no_list (&c, &order, DIQI_ERROR_SIGNER);
		}
		restart (&c);
	}
	order = order_of (c.number + 1, LIST_SHARD);
	order.shard = PINS_SHARDS;
	assert_no_list (&c, &order, DIQI_ERROR_FIELD_VALUE);
	order = order_of (c.number + 1, LIST_DELTA);
	order.base = TRUE;
	assert_no_list (&c, &order, DIQI_ERROR_FIELD_VALUE);
	/* Nor one that leaves few or none above it: then nothing could be published again. */
	for (int bits = 34; bits <= 53; bits++) {
		order = order_of ((G_GUINT64_CONSTANT (1) << bits) - 1, LIST_FULL);
		assert_no_list (&c, &order, DIQI_ERROR_SIGNER);
	}
	order = order_of (c.number + 1, LIST_FULL);
	order.next_update = T0 + 3 * MICROS_PER_DAY;
	assert_no_list (&c, &order, DIQI_ERROR_SIGNER);
	order.next_update = T0 + MICROS_PER_DAY;
	order.ca = "gm";
	assert_no_list (&c, &order, DIQI_ERROR_FIELD_VALUE);
}

/* A certificate is in the list of its own shard, and in no other. */
static void
test_shards (void)
{
	g_auto (Case) c;
	case_init (&c);
	const Serial *serial = certificate_serial (c.certificate);
	say_revoked (&c, serial, REASON_SUPERSEDED);
	for (guint shard = 0; shard < PINS_SHARDS; shard++) {
		g_autoptr (GBytes) der = list (&c, LIST_SHARD, shard, FALSE);
		g_auto (CrlFacts) facts = { 0 };
		g_assert_true (crl_verify_list (der, fixture.created.issuing, &facts, NULL));
		g_autofree char *end = g_strdup_printf ("/pki/issuing/shard/%u.crl", shard);
		g_assert_true (g_str_has_suffix (facts.point, end));
		g_assert_cmpint (reason_in (der, serial), ==, shard == serial->b[19] % PINS_SHARDS ? REASON_SUPERSEDED : -1);
		if (reason_in (der, serial) < 0)
			continue;
		/* And the certificate says so. */
		g_autoptr (GBytes) leaf = certificate_der (c.certificate);
		g_assert_nonnull (memmem (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf), facts.point, strlen (facts.point)));
	}
}

/* --- holds and deltas --------------------------------------------------------------------- */

static char *
unhold_request (const Serial *serial, const char *act)
{
	g_autofree char *hex = serial_hex (serial);
	g_autoptr (json_t) request = json_pack ("{s:s, s:s, s:s, s:s, s:[s], s:s, s:s}", "type", "service.request", "site", SITE,
		"application", "0197b9a3-0000-7000-8000-0000000000ab", "service", "withdraw_loss", "certificates", hex, "act", act, "form",
		"00000000000000000000000000000000000000000000000000000000000000aa");
	return fixture_text (request);
}

static char *
approve_at (guint officer, const char *type, Micros time, const char *request)
{
	Fingerprint hash;
	fingerprint_of (request, strlen (request), &hash);
	g_autofree char *hex = fingerprint_hex (&hash);
	return fixture_sign (&fixture, officer, type, time, json_pack ("{s:s, s:s}", "application", "0197b9a3-0000-7000-8000-0000000000ab", "request", hex));
}

static char *
approve (guint officer, const char *type, const char *request)
{
	return approve_at (officer, type, T0, request);
}

static gboolean
lift (Case *c, const Serial *serial, const char *request, guint reviewer, guint issuer, GError **error)
{
	g_autofree char *review = approve (reviewer, "service.review", request), *complete = approve (issuer, "service.complete", request);
	return signer_unhold (c->client, serial, request, review, complete, error);
}

static void
test_refused_liftings (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Serial *serial = certificate_serial (c.certificate), *other = certificate_serial (fixture.created.officers[CLERK].certificate);
	g_autofree char *request = unhold_request (serial, "unhold"), *hold = unhold_request (serial, "hold"), *about = unhold_request (other, "unhold");
	say_revoked (&c, serial, REASON_HOLD);
	assert_not_told (lift (&c, serial, request, REVIEWER, REVIEWER, &error), &error, DIQI_ERROR_APPROVAL);
	assert_not_told (lift (&c, serial, request, CLERK, ISSUER, &error), &error, DIQI_ERROR_APPROVAL);
	assert_not_told (lift (&c, serial, hold, REVIEWER, ISSUER, &error), &error, DIQI_ERROR_SIGNER);
	assert_not_told (lift (&c, serial, about, REVIEWER, ISSUER, &error), &error, DIQI_ERROR_STATEMENT_TARGET);
	/* Approvals of another request. */
	g_autofree char *review = approve (REVIEWER, "service.review", hold), *complete = approve (ISSUER, "service.complete", hold);
	assert_not_told (signer_unhold (c.client, serial, request, review, complete, &error), &error, DIQI_ERROR_STATEMENT_TARGET);
	restart (&c);
	g_autoptr (GBytes) full = list (&c, LIST_FULL, 0, FALSE);
	g_assert_cmpint (reason_in (full, serial), ==, REASON_HOLD);
	/* A revocation in its place is not lifted by anybody. */
	say_revoked (&c, serial, REASON_CESSATION);
	assert_not_told (lift (&c, serial, request, REVIEWER, ISSUER, &error), &error, DIQI_ERROR_CERTIFICATE_STATE);
}

/* Approvals that were kept back lift no hold that began after them. */
static void
test_lifting_of_old (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Serial *serial = certificate_serial (c.certificate);
	g_autofree char *request = unhold_request (serial, "unhold");
	g_autofree char *review = approve_at (REVIEWER, "service.review", T0 - MICROS_PER_HOUR, request);
	g_autofree char *early = approve_at (ISSUER, "service.complete", T0 - MICROS_PER_HOUR, request), *complete = approve (ISSUER, "service.complete", request);
	say_revoked (&c, serial, REASON_HOLD);
	assert_not_told (signer_unhold (c.client, serial, request, review, early, &error), &error, DIQI_ERROR_STATEMENT_TIME);
	g_autoptr (GBytes) held = list (&c, LIST_FULL, 0, FALSE);
	g_assert_cmpint (reason_in (held, serial), ==, REASON_HOLD);
	/* The last word counts: the review may be from before. */
	g_assert_true (signer_unhold (c.client, serial, request, review, complete, &error));
	g_assert_no_error (error);
}

/* RFC 5280 5.2.4: a delta takes back what was lifted, as long as somebody may have a list that says otherwise; a request lifts one
 * hold, not the next. */
static void
test_hold_and_delta (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Serial *serial = certificate_serial (c.certificate);
	g_autofree char *request = unhold_request (serial, "unhold");
	g_autoptr (GBytes) first = list (&c, LIST_FULL, 0, TRUE);
	guint64 first_number = c.number;
	say_revoked (&c, serial, REASON_HOLD);
	g_autoptr (GBytes) held = list (&c, LIST_DELTA, 0, FALSE);
	g_assert_cmpint (reason_in (held, serial), ==, REASON_HOLD);
	g_assert_cmpuint (base_of (held), ==, first_number);
	g_autoptr (GBytes) second = list (&c, LIST_FULL, 0, TRUE);
	guint64 second_number = c.number;
	g_assert_true (lift (&c, serial, request, REVIEWER, ISSUER, &error));
	g_assert_true (lift (&c, serial, request, REVIEWER, ISSUER, &error));      /* the answer was lost */
	for (guint run = 0; run < 2; run++) {
		g_autoptr (GBytes) lifted = list (&c, LIST_DELTA, 0, FALSE), full = list (&c, LIST_FULL, 0, FALSE);
		g_assert_cmpint (reason_in (lifted, serial), ==, REASON_REMOVE_FROM_CRL);
		g_assert_cmpuint (base_of (lifted), ==, first_number);
		g_assert_cmpint (reason_in (full, serial), ==, -1);
		restart (&c);
	}
	/* The third base: who has the second, which still had the hold, is told; after the fourth nobody needs to be. */
	g_autoptr (GBytes) third = list (&c, LIST_FULL, 0, TRUE), still = list (&c, LIST_DELTA, 0, FALSE);
	g_assert_cmpuint (base_of (still), ==, second_number);
	g_assert_cmpint (reason_in (still, serial), ==, REASON_REMOVE_FROM_CRL);
	g_autoptr (GBytes) fourth = list (&c, LIST_FULL, 0, TRUE), forgotten = list (&c, LIST_DELTA, 0, FALSE);
	g_assert_cmpint (reason_in (forgotten, serial), ==, -1);
	say_revoked (&c, serial, REASON_HOLD);
	restart (&c);
	assert_not_told (lift (&c, serial, request, REVIEWER, ISSUER, &error), &error, DIQI_ERROR_SIGNER);
	g_autoptr (GBytes) again = list (&c, LIST_DELTA, 0, FALSE);
	g_assert_cmpint (reason_in (again, serial), ==, REASON_HOLD);
}

/* --- a clock that was ahead ------------------------------------------------------------------ */

/* The lists of this moment: the entry's date, or -1 where neither has it; they agree. */
static Micros
listed_at (Case *c, Micros now, const Serial *serial)
{
	g_autoptr (GError) error = NULL;
	Micros dates[] = { -1, -1 };
	signer_freeze_clock (c->client, now, &error);
	g_assert_no_error (error);
	c->number++;
	for (int kind = 0; kind < 2; kind++) {
		RevokedEntry found;
		SignerListOrder order = { .kind = kind == 0 ? LIST_FULL : LIST_SHARD, .shard = kind == 0 ? 0 : serial->b[19] % PINS_SHARDS,
		                          .number = c->number, .this_update = now, .next_update = now + MICROS_PER_DAY };
		g_autoptr (GBytes) der = signer_sign_list (c->client, &order, NULL, &error);
		g_assert_no_error (error);
		if (crl_find (der, serial, &found))
			dates[kind] = found.revoked_at;
	}
	g_assert_cmpint (dates[0], ==, dates[1]);
	return dates[0];
}

/* Revoked while the clock was a month ahead: when it is right again the lists are made as ever, and call nobody revoked from a day to come, which
 * some do not heed; telling it again at a start is no mistake either. */
static void
test_revoked_ahead (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Serial *serial = certificate_serial (c.certificate);
	const Micros ahead = T0 + 30 * MICROS_PER_DAY;
	const RevokedEntry entry = { *serial, ahead, REASON_SUPERSEDED };
	g_assert_cmpint (listed_at (&c, ahead, serial), ==, -1);
	g_assert_true (signer_revoke (c.client, NULL, &entry, 1, &error));
	g_assert_cmpint (listed_at (&c, ahead, serial), ==, ahead);
	for (guint run = 0; run < 2; run++) {
		g_assert_cmpint (listed_at (&c, T0, serial), ==, T0);
		g_autoptr (GBytes) delta = list (&c, LIST_DELTA, 0, FALSE);
		RevokedEntry found;
		g_assert_true (crl_find (delta, serial, &found));
		g_assert_cmpint (found.revoked_at, ==, T0);
		restart (&c);
		g_assert_true (signer_revoke (c.client, NULL, &entry, 1, &error));
		g_assert_no_error (error);
	}
	g_assert_cmpint (listed_at (&c, ahead + MICROS_PER_DAY, serial), ==, ahead);
}

/* Seen as expired by a clock that was years ahead, an entry comes back with the right time. */
static void
test_expired_ahead (void)
{
	g_auto (Case) c;
	case_init (&c);
	const Serial *serial = certificate_serial (c.certificate);
	const Micros ahead = certificate_not_after (c.certificate) + 30 * MICROS_PER_DAY;
	say_revoked (&c, serial, REASON_SUPERSEDED);
	g_assert_cmpint (listed_at (&c, T0, serial), ==, T0);
	g_assert_cmpint (listed_at (&c, ahead, serial), ==, T0);
	g_assert_cmpint (listed_at (&c, ahead + MICROS_PER_DAY, serial), ==, -1);
	g_assert_cmpint (listed_at (&c, T0 + MICROS_PER_DAY, serial), ==, T0);
	/* The delta does not end with it, and the next that really expires goes. */
	g_assert_cmpint (listed_at (&c, ahead, serial), ==, T0);
	g_assert_cmpint (listed_at (&c, ahead + MICROS_PER_DAY, serial), ==, -1);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/crl/refused-revocations", test_refused_revocations);
	g_test_add_func ("/signer/crl/I-01-once-revoked", test_once_revoked);
	g_test_add_func ("/signer/crl/numbers", test_numbers);
	g_test_add_func ("/signer/crl/shards", test_shards);
	g_test_add_func ("/signer/crl/refused-liftings", test_refused_liftings);
	g_test_add_func ("/signer/crl/lifting-of-old", test_lifting_of_old);
	g_test_add_func ("/signer/crl/hold-and-delta", test_hold_and_delta);
	g_test_add_func ("/signer/crl/revoked-ahead", test_revoked_ahead);
	g_test_add_func ("/signer/crl/expired-ahead", test_expired_ahead);
	int result = g_test_run ();
	fixture_clear (&fixture);
	return result;
}
