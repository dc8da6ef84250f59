/* The status index: order of news, refresh from another process, restart. */
#include <string.h>

#include "authority/authority_db.h"
#include "base/random.h"
#include "unit/authority/local_ca.h"
#include "unit/support/test_store.h"

static StatusEntry
entry_of (guint8 n, CertStatus status)
{
	StatusEntry entry = { .status = status, .reason = REASON_SUPERSEDED };

	memset (entry.serial.b, n, sizeof entry.serial.b);
	memset (entry.fingerprint.b, n + 1, sizeof entry.fingerprint.b);
	return entry;
}

/* A hook that comes late must not bring a revoked certificate back. */
static void
test_older_news_is_ignored (void)
{
	g_autoptr (StatusIndex) index = status_index_new ();
	StatusEntry good = entry_of (1, CERT_STATUS_GOOD), revoked = entry_of (1, CERT_STATUS_REVOKED), out;

	status_index_apply (index, &revoked, 7);
	status_index_apply (index, &good, 6);
	g_assert_true (status_index_find (index, &good.serial, &out));
	g_assert_cmpint (out.status, ==, CERT_STATUS_REVOKED);
	g_assert_true (status_index_find_fingerprint (index, &good.fingerprint, &out));
	g_assert_cmpint (out.status, ==, CERT_STATUS_REVOKED);
	g_assert_cmpuint (status_index_size (index), ==, 1);
}

/* I-01: a row changed by hand, however new, brings nothing back; what the signer lists is revoked without any row. */
static void
test_once_revoked (void)
{
	g_autoptr (StatusIndex) index = status_index_new ();
	StatusEntry good = entry_of (1, CERT_STATUS_GOOD), revoked = entry_of (1, CERT_STATUS_REVOKED), out;
	StatusEntry other = entry_of (3, CERT_STATUS_GOOD);
	const RevokedEntry listed = { other.serial, 5 * MICROS_PER_S, REASON_KEY_COMPROMISE }, never = { .reason = REASON_SUPERSEDED };
	guint64 before;

	status_index_apply (index, &revoked, 7);
	status_index_apply (index, &good, 8);
	g_assert_true (status_index_find (index, &good.serial, &out));
	g_assert_cmpint (out.status, ==, CERT_STATUS_REVOKED);
	status_index_apply (index, &other, 9);
	before = status_index_generation (index);
	g_assert_true (status_index_keep_revoked (index, &listed));
	g_assert_cmpuint (status_index_generation (index), ==, before + 1);
	g_assert_false (status_index_keep_revoked (index, &listed));
	g_assert_false (status_index_keep_revoked (index, &never));
	status_index_apply (index, &other, 10);
	g_assert_true (status_index_find_fingerprint (index, &other.fingerprint, &out));
	g_assert_cmpint (out.status, ==, CERT_STATUS_REVOKED);
	g_assert_cmpint (out.reason, ==, REASON_KEY_COMPROMISE);
	g_assert_cmpint (out.revoked_at, ==, 5 * MICROS_PER_S);
}

/* RFC 5280 5.3.1: a hold alone is lifted, by a later change only; a revocation for good takes its place for ever. */
static void
test_hold (void)
{
	g_autoptr (StatusIndex) index = status_index_new ();
	StatusEntry good = entry_of (1, CERT_STATUS_GOOD), held = entry_of (1, CERT_STATUS_REVOKED), revoked = held, out;
	const RevokedEntry listed_hold = { good.serial, 5 * MICROS_PER_S, REASON_HOLD };
	guint64 before;

	held.reason = REASON_HOLD;
	status_index_apply (index, &good, 1);
	before = status_index_generation (index);
	g_assert_true (status_index_apply (index, &held, 3));
	g_assert_false (status_index_apply (index, &good, 2));            /* a late hook */
	g_assert_true (status_index_find (index, &good.serial, &out));
	g_assert_cmpint (out.reason, ==, REASON_HOLD);
	g_assert_true (status_index_apply (index, &good, 4));
	g_assert_true (status_index_find_fingerprint (index, &good.fingerprint, &out));
	g_assert_cmpint (out.status, ==, CERT_STATUS_GOOD);
	/* Ended by another hand: the caller has found out. */
	g_assert_true (status_index_keep_revoked (index, &listed_hold));
	g_assert_false (status_index_keep_revoked (index, &listed_hold));
	g_assert_true (status_index_apply (index, &good, 5));
	g_assert_true (status_index_apply (index, &held, 6));
	g_assert_true (status_index_apply (index, &revoked, 7));
	g_assert_cmpuint (status_index_generation (index), ==, before + 6);
	g_assert_false (status_index_apply (index, &held, 8));
	g_assert_false (status_index_apply (index, &good, 9));
	g_assert_true (status_index_find (index, &good.serial, &out));
	g_assert_cmpint (out.status, ==, CERT_STATUS_REVOKED);
	g_assert_cmpint (out.reason, ==, REASON_SUPERSEDED);
}

/* What the signer lists as revoked for good is not merely held, whatever the row says. */
static void
test_hold_of_a_listed_one (void)
{
	g_autoptr (StatusIndex) index = status_index_new ();
	StatusEntry held = entry_of (1, CERT_STATUS_REVOKED), good = entry_of (1, CERT_STATUS_GOOD), out;
	const RevokedEntry listed = { held.serial, 5 * MICROS_PER_S, REASON_KEY_COMPROMISE };

	held.reason = REASON_HOLD;
	status_index_apply (index, &held, 1);
	g_assert_true (status_index_keep_revoked (index, &listed));
	status_index_apply (index, &good, 2);
	g_assert_true (status_index_find (index, &held.serial, &out));
	g_assert_cmpint (out.reason, ==, REASON_KEY_COMPROMISE);
}

static void
test_generation_counts_revocations (void)
{
	g_autoptr (StatusIndex) index = status_index_new ();
	StatusEntry good = entry_of (1, CERT_STATUS_GOOD), revoked = entry_of (1, CERT_STATUS_REVOKED);
	guint64 before;

	status_index_apply (index, &good, 1);
	before = status_index_generation (index);
	status_index_apply (index, &revoked, 2);
	g_assert_cmpuint (status_index_generation (index), ==, before + 1);
	status_index_apply (index, &revoked, 2);
	g_assert_cmpuint (status_index_generation (index), ==, before + 1);
}

static void
test_unknown (void)
{
	g_autoptr (StatusIndex) index = status_index_new ();
	StatusEntry one = entry_of (1, CERT_STATUS_GOOD), out;
	const Fingerprint none = { { 0 } };

	g_assert_false (status_index_find (index, &one.serial, &out));
	one.fingerprint = none;
	status_index_apply (index, &one, 1);
	g_assert_false (status_index_find_fingerprint (index, &none, &out));
}

/* Two processes on one database: what one revokes the other learns by a refresh. */
static void
test_other_process (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (StatusIndex) other = status_index_new ();
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = uuid7_new (CA_NOW);
	g_autoptr (GError) error = NULL;
	g_autoptr (Certificate) certificate = NULL;
	g_autofree char *serial = NULL;
	StatusEntry entry;

	g_assert_true (status_index_refresh (other, t->store, &error));
	g_assert_cmpuint (status_index_size (other), ==, 2);         /* the officers */
	certificate = world_issue (world, id, key);
	serial = serial_hex (certificate_serial (certificate));
	g_assert_false (status_index_find (other, certificate_serial (certificate), &entry));
	g_assert_true (status_index_refresh (other, t->store, &error));
	g_assert_true (status_index_find (other, certificate_serial (certificate), &entry));
	g_assert_cmpint (entry.status, ==, CERT_STATUS_GOOD);
	g_assert_cmpint (entry.not_after, ==, certificate_not_after (certificate));
	clock_set (world->clock, CA_NOW + MICROS_PER_HOUR);
	g_assert_true (world_revoke (world, serial, REASON_AFFILIATION_CHANGED, &error));
	g_assert_true (status_index_refresh (other, t->store, &error));
	g_assert_true (status_index_find_fingerprint (other, certificate_fingerprint (certificate), &entry));
	g_assert_cmpint (entry.status, ==, CERT_STATUS_REVOKED);
	g_assert_cmpint (entry.reason, ==, REASON_AFFILIATION_CHANGED);
	g_assert_cmpint (entry.revoked_at, ==, CA_NOW + MICROS_PER_HOUR);
}

/* --- many ---------------------------------------------------------------------- */

#define MANY 20003            /* more than two parts, and not a whole number of them */

static gboolean
insert_many (Tx *tx, gpointer arg, GError **error)
{
	for (guint i = 1; i <= MANY; i++) {
		g_autofree char *serial = g_strdup_printf ("%040x", i), *fingerprint = g_strdup_printf ("%064x", i);
		g_autoptr (GBytes) der = g_bytes_new_static ("x", 1);
		const CertificateRow row = { .serial = serial, .issuer = (char *) "ca", .profile = (char *) "p", .profile_version = 1, .spki = fingerprint,
		                             .status = (char *) "valid", .fingerprint = fingerprint, .der = der };
		gboolean inserted;

		if (!db_certificate_insert (tx, &row, 0, i, &inserted, error))
			return FALSE;
	}
	(void) arg;
	return TRUE;
}

/* They are read a part at a time: none is missed between two. */
static void
test_many (TestStore *t)
{
	g_autoptr (StatusIndex) index = status_index_new ();
	g_autoptr (GError) error = NULL;

	g_assert_true (store_run (t->store, "test.many", insert_many, NULL, &error));
	g_assert_true (status_index_refresh (index, t->store, &error));
	g_assert_cmpuint (status_index_size (index), ==, MANY);
}

/* A hold and its lifting reach the other process in the order of their commits. */
static void
test_hold_in_another_process (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (StatusIndex) other = status_index_new ();
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = uuid7_new (CA_NOW);
	g_autoptr (Certificate) certificate = world_issue (world, id, key);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;
	StatusEntry entry;

	for (int i = 0; i < 2; i++) {
		g_assert_true (world_hold (world, serial, &error));
		g_assert_true (status_index_refresh (other, t->store, &error));
		g_assert_true (status_index_find (other, certificate_serial (certificate), &entry));
		g_assert_cmpint (entry.status, ==, CERT_STATUS_REVOKED);
		g_assert_cmpint (entry.reason, ==, REASON_HOLD);
		g_assert_true (world_unhold (world, serial, &error));
		g_assert_true (status_index_refresh (other, t->store, &error));
		g_assert_true (status_index_find (other, certificate_serial (certificate), &entry));
		g_assert_cmpint (entry.status, ==, CERT_STATUS_GOOD);
	}
}

/* An officer taken off the list is revoked, here and after a restart; one new on it becomes known. */
static void
test_officers (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	LocalOfficer *late;
	g_autoptr (json_t) list = NULL;
	g_autoptr (GError) error = NULL;
	g_autofree char *serial = serial_hex (certificate_serial (world->reviewer->certificate));
	StatusEntry entry;

	/* A hold does not shield him from being revoked. */
	g_assert_true (world_hold (world, serial, &error));
	world->reviewer->removed = TRUE;
	late = local_ca_add_officer (world->ca, "审核丙", 1);
	list = local_ca_officers (world->ca);
	g_assert_true (authority_set_officers (world->authority, list, &error));
	for (int restarted = 0; restarted < 2; restarted++) {
		g_assert_true (status_index_find (authority_status (world->authority), certificate_serial (world->reviewer->certificate), &entry));
		g_assert_cmpint (entry.status, ==, CERT_STATUS_REVOKED);
		g_assert_cmpint (entry.reason, ==, REASON_PRIVILEGE_WITHDRAWN);
		g_assert_true (entry.officer);
		g_assert_true (status_index_find (authority_status (world->authority), certificate_serial (late->certificate), &entry));
		g_assert_cmpint (entry.status, ==, CERT_STATUS_GOOD);
		world_restart (world);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/authority/status/older-news-is-ignored", test_older_news_is_ignored);
	g_test_add_func ("/authority/status/I-01-once-revoked", test_once_revoked);
	g_test_add_func ("/authority/status/hold", test_hold);
	g_test_add_func ("/authority/status/hold-of-a-listed-one", test_hold_of_a_listed_one);
	g_test_add_func ("/authority/status/generation-counts-revocations", test_generation_counts_revocations);
	g_test_add_func ("/authority/status/unknown", test_unknown);
	test_store_add ("/authority/status/many", test_many);
	test_store_add ("/authority/status/other-process", test_other_process);
	test_store_add ("/authority/status/hold-in-another-process", test_hold_in_another_process);
	test_store_add ("/authority/status/officers", test_officers);
	return g_test_run ();
}
