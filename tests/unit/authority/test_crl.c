/* The lists: number, contents, when they are made anew, and that the signer is told each change once. */
#include "authority/authority_private.h"
#include "base/error.h"
#include "base/random.h"
#include "signer/pins.h"
#include "unit/authority/local_ca.h"
#include "unit/support/test_store.h"

static guint64
current (World *world, Micros *next_update)
{
	guint64 number, said;
	Micros said_next;
	g_autoptr (GBytes) crl = authority_crl (world->authority, &number, next_update);
	g_autoptr (GError) error = NULL;

	crl_verify (crl, world->ca->issuing, &said, &said_next, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (said, ==, number);
	return number;
}

static gboolean
lists (World *world, const Certificate *certificate, RevocationReason reason)
{
	g_autoptr (GBytes) crl = authority_crl (world->authority, NULL, NULL);
	RevokedEntry entry;

	return crl_find (crl, certificate_serial (certificate), &entry) && entry.reason == reason;
}

static void
tick (World *world)
{
	g_autoptr (GError) error = NULL;

	world_tick (world, &error);
	g_assert_no_error (error);
}

static Certificate *
new_certificate (World *world)
{
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = uuid7_new (clock_now (world->clock));

	return world_issue (world, id, key);
}

static void
revoke_it (World *world, const Certificate *certificate, RevocationReason reason)
{
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;

	world_revoke (world, serial, reason, &error);
	g_assert_no_error (error);
}

static void
test_revocation_makes_a_new_one (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	Micros next;
	guint64 first = current (world, &next);

	tick (world);
	g_assert_cmpuint (current (world, &next), ==, first);        /* nothing to say: nothing said */
	g_assert_false (lists (world, certificate, REASON_KEY_COMPROMISE));
	revoke_it (world, certificate, REASON_KEY_COMPROMISE);
	tick (world);
	g_assert_cmpuint (current (world, &next), >, first);
	g_assert_true (lists (world, certificate, REASON_KEY_COMPROMISE));
	world_restart (world);
	g_assert_true (lists (world, certificate, REASON_KEY_COMPROMISE));
}

/* RFC 5280 5.3.1: a full list has the hold, and no trace of it once it is lifted; a revocation for good keeps its day. */
static void
test_hold (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GBytes) crl = NULL;
	g_autoptr (GError) error = NULL;
	RevokedEntry entry;

	g_assert_true (world_hold (world, serial, &error));
	tick (world);
	g_assert_true (lists (world, certificate, REASON_HOLD));
	g_assert_true (world_unhold (world, serial, &error));
	tick (world);
	g_assert_false (lists (world, certificate, REASON_HOLD));
	g_assert_true (world_hold (world, serial, &error));
	tick (world);
	clock_set (world->clock, CA_NOW + MICROS_PER_HOUR);
	revoke_it (world, certificate, REASON_KEY_COMPROMISE);
	tick (world);
	crl = authority_crl (world->authority, NULL, NULL);
	g_assert_true (crl_find (crl, certificate_serial (certificate), &entry));
	g_assert_cmpint (entry.reason, ==, REASON_KEY_COMPROMISE);
	g_assert_cmpint (entry.revoked_at, ==, CA_NOW);
	world_restart (world);
	g_assert_true (lists (world, certificate, REASON_KEY_COMPROMISE));
}

/* Published anew before half of its life is over, and not before there is need. */
static void
test_half_of_its_life (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	Micros next, later;
	guint64 first = current (world, &next);
	Micros life = next - CA_NOW;

	g_assert_cmpint (life, <=, MICROS_PER_DAY);
	clock_set (world->clock, CA_NOW + life / 2 - 11 * MICROS_PER_MIN);
	tick (world);
	g_assert_cmpuint (current (world, &later), ==, first);
	clock_set (world->clock, CA_NOW + life / 2 - MICROS_PER_S);
	tick (world);
	g_assert_cmpuint (current (world, &later), >, first);
	g_assert_cmpint (later, >, next);
}

/* After long work what changed waits; what grows old does not, and no list expires over it. */
static void
test_rest (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autoptr (GError) error = NULL;
	CaLists *resting = g_ptr_array_index (world->authority->lists, 0);
	Micros next, later;
	guint64 first = current (world, &next);

	revoke_it (world, certificate, REASON_SUPERSEDED);
	resting->rest_until = clock_monotonic () + MICROS_PER_HOUR;
	g_assert_true (authority_tick (world->authority, &error));
	g_assert_cmpuint (current (world, &later), ==, first);
	clock_set (world->clock, next + MICROS_PER_DAY);
	g_assert_true (authority_tick (world->authority, &error));
	g_assert_cmpuint (current (world, &later), >, first);
	g_assert_cmpint (later, >, next + MICROS_PER_DAY);
	g_assert_true (lists (world, certificate, REASON_SUPERSEDED));
}

/* A shard or a delta that nobody makes anew is as stale as a full list. */
static void
test_first_end (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	CaLists *all = g_ptr_array_index (world->authority->lists, 0);
	PublishedList *const some[] = { &all->full, &all->delta, &all->shards[0], &all->shards[PINS_SHARDS - 1] };
	Micros next;

	current (world, &next);
	g_assert_cmpint (authority_lists_end (world->authority), ==, next);
	for (guint i = 0; i < G_N_ELEMENTS (some); i++) {
		some[i]->next_update = CA_NOW - i;
		g_assert_cmpint (authority_lists_end (world->authority), ==, CA_NOW - i);
	}
}

/* A database brought back from an older copy asks for numbers that the signer has not seen. */
static void
test_number_rises_after_restore (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (TestStore) restored = test_store_new (t->engine, NULL);
	g_autoptr (GError) error = NULL;
	Micros next;
	guint64 before;

	for (int i = 0; i < 5; i++)
		g_assert_true (authority_crl_publish (world->authority, &error));
	before = current (world, &next);
	clock_set (world->clock, CA_NOW + MICROS_PER_HOUR);
	world->store = restored->store;
	world_restart (world);
	g_assert_cmpuint (current (world, &next), >, before);
	world->store = t->store;
	world_restart (world);
	g_assert_cmpuint (current (world, &next), >, before);
}

/* The signer away: the old list stays in use, and the tick says so. */
static void
test_signer_away (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autoptr (GError) error = NULL;
	Micros next;
	guint64 first = current (world, &next);

	revoke_it (world, certificate, REASON_SUPERSEDED);
	world->ca->mood = SIGN_AWAY;
	g_assert_false (world_tick (world, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_cmpuint (current (world, &next), ==, first);
	world->ca->mood = SIGN_NORMALLY;
	tick (world);
	g_assert_true (lists (world, certificate, REASON_SUPERSEDED));
}

/* A certificate that the signer's journal lost (an older copy of it was brought back) cannot be listed; that keeps nobody else off the lists, and
 * no service from starting. */
static void
test_signer_lost_one (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	g_autofree char *lost = NULL;

	for (guint i = 0; i < 5; i++)
		g_ptr_array_add (certificates, new_certificate (world));
	lost = serial_hex (certificate_serial (certificates->pdata[2]));
	g_assert_true (g_hash_table_remove (world->ca->serials, lost));
	for (guint i = 0; i < certificates->len; i++)
		revoke_it (world, certificates->pdata[i], REASON_SUPERSEDED);
	for (guint run = 0; run < 2; run++) {
		tick (world);
		for (guint i = 0; i < certificates->len; i++)
			g_assert_cmpint (lists (world, certificates->pdata[i], REASON_SUPERSEDED), ==, i != 2);
		world_restart (world);
	}
	/* The right journal is there again: it follows without a start. */
	g_hash_table_add (world->ca->serials, g_strdup (lost));
	((CaLists *) g_ptr_array_index (world->authority->lists, 0))->retry_at = clock_monotonic ();
	tick (world);
	g_assert_true (lists (world, certificates->pdata[2], REASON_SUPERSEDED));
}

static Micros
until_listed (World *world)
{
	g_autoptr (Certificate) certificate = new_certificate (world);
	Micros start;

	revoke_it (world, certificate, REASON_CESSATION);
	start = clock_monotonic ();
	while (!lists (world, certificate, REASON_CESSATION)) {
		g_assert_cmpint (clock_monotonic () - start, <, 30 * MICROS_PER_S);
		g_usleep (1000);
	}
	return clock_monotonic () - start;
}

/* Within a second of the revocation, by the worker alone; other programs may hold up two tries of three. */
static void
test_worker (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	Micros took;

	authority_worker_start (world->authority);
	took = until_listed (world);
	for (guint i = 0; i < 2 && took >= MICROS_PER_S; i++)
		took = until_listed (world);
	g_assert_cmpint (took, <, MICROS_PER_S);
	authority_worker_stop (world->authority);
}

/* Serials of certificates long expired leave the list; an intended one without dates stays. */
static void
test_expired_leave (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autoptr (GError) error = NULL;

	revoke_it (world, certificate, REASON_SUPERSEDED);
	clock_set (world->clock, certificate_not_after (certificate) + MICROS_PER_DAY);
	tick (world);
	g_assert_true (lists (world, certificate, REASON_SUPERSEDED));
	clock_set (world->clock, certificate_not_after (certificate) + 30 * MICROS_PER_DAY);
	tick (world);
	g_assert_false (lists (world, certificate, REASON_SUPERSEDED));
}

static GBytes *
list_of (World *world, ListKind kind, const Certificate *certificate, CrlFacts *facts)
{
	guint shard = kind == LIST_SHARD ? certificate_serial (certificate)->b[19] % PINS_SHARDS : 0;
	GBytes *der = authority_list (world->authority, "issuing", kind, shard, NULL, NULL);
	g_autoptr (GError) error = NULL;

	g_assert_nonnull (der);
	crl_verify_list (der, world->ca->issuing, facts, &error);
	g_assert_no_error (error);
	return der;
}

/* One revocation: delta, shard and full list of one number; the other shards stay as they are, and nothing is told twice. */
static void
test_only_what_changed (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world), other = new_certificate (world);
	guint signed_before = world->ca->signed_crls, told = world->ca->told;
	g_auto (CrlFacts) delta = { 0 }, shard = { 0 }, full = { 0 };
	RevokedEntry entry;

	revoke_it (world, certificate, REASON_SUPERSEDED);
	tick (world);
	g_assert_cmpuint (world->ca->signed_crls, ==, signed_before + 3);
	g_assert_cmpuint (world->ca->told, ==, told + 1);
	g_autoptr (GBytes) of_delta = list_of (world, LIST_DELTA, certificate, &delta);
	g_autoptr (GBytes) of_shard = list_of (world, LIST_SHARD, certificate, &shard);
	g_autoptr (GBytes) of_full = list_of (world, LIST_FULL, certificate, &full);
	g_assert_cmpuint (delta.number, ==, full.number);
	g_assert_cmpuint (shard.number, ==, full.number);
	g_assert_cmpuint (delta.base, <, full.number);
	g_assert_true (crl_find (of_delta, certificate_serial (certificate), &entry));
	g_assert_true (crl_find (of_shard, certificate_serial (certificate), &entry));
	revoke_it (world, other, REASON_SUPERSEDED);
	tick (world);
	g_assert_cmpuint (world->ca->told, ==, told + 2);
	g_assert_null (authority_list (world->authority, "gm", LIST_FULL, 0, NULL, NULL));
	g_assert_null (authority_list (world->authority, "issuing", LIST_SHARD, PINS_SHARDS, NULL, NULL));
	g_assert_null (authority_list (world->authority, "issuing", LIST_DELTA, 1, NULL, NULL));
}

static gboolean
is_held (World *world, const Certificate *certificate)
{
	StatusEntry entry;

	g_assert_true (status_index_find (authority_status (world->authority), certificate_serial (certificate), &entry));
	return entry.status == CERT_STATUS_REVOKED && entry.reason == REASON_HOLD;
}

/* A hold that somebody ended without the two officers is one still: the signer says so, and this process follows it. */
static void
test_hold_ended_by_a_stranger (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;

	g_assert_true (world_hold (world, serial, &error));
	tick (world);
	world->unapproved = TRUE;
	g_assert_true (world_unhold (world, serial, &error));
	tick (world);
	g_assert_true (is_held (world, certificate));
	world_restart (world);
	g_assert_true (is_held (world, certificate));
	g_assert_true (lists (world, certificate, REASON_HOLD));
}

/* Ended rightly while the signer was away, or just before the process ended. */
static void
test_hold_ended_unheard (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;

	g_assert_true (world_hold (world, serial, &error));
	tick (world);
	g_assert_true (world_unhold (world, serial, &error));
	world_restart (world);
	g_assert_false (is_held (world, certificate));
	g_assert_false (lists (world, certificate, REASON_HOLD));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/authority/crl/revocation-makes-a-new-one", test_revocation_makes_a_new_one);
	test_store_add ("/authority/crl/hold", test_hold);
	test_store_add ("/authority/crl/only-what-changed", test_only_what_changed);
	test_store_add ("/authority/crl/hold-ended-by-a-stranger", test_hold_ended_by_a_stranger);
	test_store_add ("/authority/crl/hold-ended-unheard", test_hold_ended_unheard);
	test_store_add ("/authority/crl/half-of-its-life", test_half_of_its_life);
	test_store_add ("/authority/crl/rest", test_rest);
	test_store_add ("/authority/crl/first-end", test_first_end);
	test_store_add ("/authority/crl/number-rises-after-restore", test_number_rises_after_restore);
	test_store_add ("/authority/crl/signer-away", test_signer_away);
	test_store_add ("/authority/crl/signer-lost-one", test_signer_lost_one);
	test_store_add ("/authority/crl/worker", test_worker);
	test_store_add ("/authority/crl/expired-leave", test_expired_leave);
	return g_test_run ();
}
