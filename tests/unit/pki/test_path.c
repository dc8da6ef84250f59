/* Paths with the lists of our own making: full, delta, of one distribution point; nothing good without a current one. */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/path.h"

#define DAY MICROS_PER_DAY

typedef struct {
	Hierarchy *h;
	Issuer *root;
	GPtrArray *lists;
} World;

static World world;

static void
add_list (const Issuer *issuer, guint64 number, const CrlTemplate *with, const RevokedEntry *entry)
{
	g_autoptr (CrlPart) part = crl_part_new ();
	g_autoptr (GError) error = NULL;
	CrlTemplate t = *with;

	if (entry != NULL)
		crl_part_set (part, entry);
	t.number = number;
	t.this_update = world.h->now;
	t.next_update = world.h->now + 2 * DAY;
	t.parts = &part;
	t.parts_n = 1;
	GBytes *list = issuer_sign_list (issuer, &t, &error);
	g_assert_no_error (error);
	g_ptr_array_add (world.lists, list);
}

static gboolean
judge (const Certificate *leaf, Micros at, GError **error)
{
	Certificate *const chain[] = { world.h->issuing, world.h->root };
	const Path path = { chain, 2, (GBytes *const *) world.lists->pdata, world.lists->len, at };

	return path_validate (leaf, &path, error);
}

static void
assert_refused_as (Micros at, DiqiErrorCode code)
{
	g_autoptr (GError) error = NULL;

	g_assert_false (judge (world.h->holder, at, &error));
	g_assert_error (error, DIQI_ERROR, (gint) code);
}

static const CrlTemplate whole = { 0 };

static void
start (void)
{
	g_ptr_array_set_size (world.lists, 0);
	add_list (world.root, 1, &whole, NULL);
}

static RevokedEntry
entry_of (const Certificate *c, RevocationReason reason)
{
	return (RevokedEntry) { *certificate_serial (c), world.h->now, reason };
}

static void
test_status_is_needed (void)
{
	Micros now = world.h->now;

	start ();
	assert_refused_as (now, DIQI_ERROR_CERTIFICATE_CHAIN);
	add_list (world.h->issuer, 1, &whole, NULL);
	g_assert_true (judge (world.h->holder, now, NULL));
	g_assert_true (judge (world.h->holder, now + 2 * DAY, NULL));
	/* Neither before the list was made nor after its end. */
	assert_refused_as (now + 2 * DAY + MICROS_PER_S, DIQI_ERROR_CERTIFICATE_CHAIN);
	/* The authority's own status counts too. */
	g_ptr_array_remove_index (world.lists, 0);
	assert_refused_as (now, DIQI_ERROR_CERTIFICATE_CHAIN);
}

static void
test_revoked (void)
{
	RevokedEntry holder = entry_of (world.h->holder, REASON_KEY_COMPROMISE), issuing = entry_of (world.h->issuing, REASON_CA_COMPROMISE);

	start ();
	add_list (world.h->issuer, 1, &whole, &holder);
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_REVOKED);
	/* A newer list says otherwise: the newest counts. */
	add_list (world.h->issuer, 2, &whole, NULL);
	g_assert_true (judge (world.h->holder, world.h->now, NULL));
	add_list (world.root, 2, &whole, &issuing);
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_REVOKED);
}

static void
test_delta (void)
{
	RevokedEntry held = entry_of (world.h->holder, REASON_HOLD), freed = entry_of (world.h->holder, REASON_REMOVE_FROM_CRL);
	const CrlTemplate delta = { .delta = TRUE, .base = 5 }, later = { .delta = TRUE, .base = 6 };

	start ();
	add_list (world.h->issuer, 5, &whole, NULL);
	add_list (world.h->issuer, 6, &delta, &held);
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_REVOKED);
	add_list (world.h->issuer, 7, &delta, &freed);
	g_assert_true (judge (world.h->holder, world.h->now, NULL));
	/* One that continues a list we have not says nothing. */
	add_list (world.h->issuer, 8, &later, &held);
	g_assert_true (judge (world.h->holder, world.h->now, NULL));
	/* A delta alone is no status. */
	start ();
	add_list (world.h->issuer, 6, &delta, NULL);
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_CHAIN);
}

static void
test_point (void)
{
	const CrlTemplate ours = { .point = "http://ca.test/pki/issuing/full.crl" }, other = { .point = "http://ca.test/pki/issuing/shard/7.crl" };
	RevokedEntry held = entry_of (world.h->holder, REASON_HOLD);

	start ();
	add_list (world.h->issuer, 1, &other, NULL);
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_CHAIN);
	add_list (world.h->issuer, 2, &ours, NULL);
	g_assert_true (judge (world.h->holder, world.h->now, NULL));
	add_list (world.h->issuer, 3, &other, &held);
	g_assert_true (judge (world.h->holder, world.h->now, NULL));
	add_list (world.h->issuer, 4, &ours, &held);
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_REVOKED);
}

/* A list of the right name and another key is none. */
static void
test_foreign_list (void)
{
	g_autoptr (Hierarchy) other = hierarchy_new (KEY_P256);

	start ();
	add_list (other->issuer, 1, &whole, NULL);
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_CHAIN);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	world.h = hierarchy_new (KEY_P256);
	world.root = issuer_new (world.h->root, world.h->root_key, NULL);
	world.lists = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	g_test_add_func ("/path/status-is-needed", test_status_is_needed);
	g_test_add_func ("/path/revoked", test_revoked);
	g_test_add_func ("/path/delta", test_delta);
	g_test_add_func ("/path/point", test_point);
	g_test_add_func ("/path/foreign-list", test_foreign_list);
	int status = g_test_run ();
	g_ptr_array_unref (world.lists);
	issuer_free (world.root);
	hierarchy_free (world.h);
	return status;
}
