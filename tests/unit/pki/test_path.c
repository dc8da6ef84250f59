/* Paths with the lists of our own making: full, delta, of one distribution point; nothing good without a current one. */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/path.h"

#include <string.h>

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

	return path_validate (leaf, &path, NULL, error);
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
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_HELD);
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
	assert_refused_as (world.h->now, DIQI_ERROR_CERTIFICATE_HELD);
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

/* --- which check, where -------------------------------------------------------------------- */

static void
test_fault (void)
{
	RevokedEntry held = entry_of (world.h->holder, REASON_HOLD);
	Certificate *const chain[] = { world.h->issuing, world.h->root };
	PathFault fault;
	Path path = { chain, 2, NULL, 0, world.h->now };

	start ();
	path.lists = (GBytes *const *) world.lists->pdata;
	path.lists_n = world.lists->len;
	g_assert_false (path_validate (world.h->holder, &path, &fault, NULL));
	g_assert_cmpuint (fault.place, ==, 0);
	g_assert_cmpint (fault.lacks, ==, PATH_LACKS_LIST);
	add_list (world.h->issuer, 1, &whole, &held);
	path.lists = (GBytes *const *) world.lists->pdata;
	path.lists_n = world.lists->len;
	g_autoptr (GError) error = NULL;
	g_assert_false (path_validate (world.h->holder, &path, &fault, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_HELD);
	g_assert_cmpstr (fault.field, ==, "revokedCertificates");
	g_assert_cmpint (fault.lacks, ==, PATH_LACKS_NOTHING);
	/* The issuer alone is over, then the leaf. */
	path.at = certificate_not_after (world.h->holder) + MICROS_PER_S;
	g_assert_false (path_validate (world.h->holder, &path, &fault, NULL));
	g_assert_cmpuint (fault.place, ==, 0);
	g_assert_cmpstr (fault.field, ==, "notAfter");
	path.at = certificate_not_before (world.h->issuing) - MICROS_PER_S;
	g_assert_false (path_validate (world.h->issuing, &(Path) { chain + 1, 1, NULL, 0, path.at }, &fault, NULL));
	g_assert_cmpstr (fault.field, ==, "notBefore");
	Certificate *const wrong[] = { world.h->root, world.h->root };
	g_assert_false (path_validate (world.h->holder, &(Path) { wrong, 2, NULL, 0, world.h->now }, &fault, NULL));
	g_assert_cmpuint (fault.place, ==, 0);
	g_assert_cmpstr (fault.field, ==, "issuer");
}

/* --- finding ------------------------------------------------------------------------------- */

static gboolean
find (Certificate *const *others, gsize n, Certificate *anchor, GPtrArray **chain, PathFault *fault)
{
	const PathPool pool = { others, n, &anchor, 1 };
	const Path path = { NULL, 0, (GBytes *const *) world.lists->pdata, world.lists->len, world.h->now };

	return path_find (world.h->holder, &pool, &path, chain, fault, NULL);
}

static void
test_find (void)
{
	g_autoptr (Hierarchy) other = hierarchy_new (KEY_P256);
	/* Of the same names: only the signature tells them apart. */
	Certificate *const others[] = { other->issuing, world.h->holder, other->root, world.h->issuing };
	PathFault fault;

	start ();
	add_list (world.h->issuer, 1, &whole, NULL);
	g_autoptr (GPtrArray) good = NULL;
	g_assert_true (find (others, 4, world.h->root, &good, &fault));
	g_assert_cmpuint (good->len, ==, 2);
	g_assert_true (good->pdata[0] == world.h->issuing && good->pdata[1] == world.h->root);
	/* The anchor itself needs nothing but its own time. */
	const PathPool alone = { NULL, 0, &world.h->root, 1 };
	g_autoptr (GPtrArray) anchor = NULL;
	g_assert_true (path_find (world.h->root, &alone, &(Path) { .at = world.h->now }, &anchor, &fault, NULL));
	g_autoptr (GPtrArray) late = NULL;
	g_assert_false (path_find (world.h->root, &alone, &(Path) { .at = certificate_not_after (world.h->root) + MICROS_PER_S }, &late, &fault, NULL));
	g_assert_cmpstr (fault.field, ==, "notAfter");
	g_autoptr (GPtrArray) none = NULL;
	g_assert_false (find (others, 3, world.h->root, &none, &fault));
	g_assert_cmpuint (none->len, ==, 0);
	g_assert_cmpstr (fault.field, ==, "signatureValue");
	g_assert_cmpint (fault.lacks, ==, PATH_LACKS_ISSUER);
	g_autoptr (GPtrArray) half = NULL;
	g_assert_false (find (others, 4, other->root, &half, &fault));
	g_assert_cmpuint (half->len, ==, 1);
	g_assert_cmpuint (fault.place, ==, 1);
}

/* An authority with one name and key in sixty-three certificates, each under all the others: the search stops by its own bound. */
static void
test_find_is_bounded (void)
{
	enum { MANY = 63 };
	Certificate *others[MANY];
	PathFault fault;
	CertificateTemplate t;

	holder_template (world.h, certificate_public_key (world.h->root), &t);
	t.subject = (NamePart[]) { { NAME_COMMON_NAME, "loop" } };
	t.subject_n = 1;
	t.ca = TRUE;
	t.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
	t.extended_key_usage = 0;
	for (guint i = 0; i < MANY; i++) {
		serial_new (world.h->now, &t.serial);
		g_autoptr (GBytes) der = root_sign_certificate (world.h->root_key, &t, NULL);
		others[i] = certificate_from (g_steal_pointer (&der));
	}
	const PathPool pool = { others + 1, MANY - 1, &world.h->issuing, 1 };
	const Path path = { .at = world.h->now };
	g_autoptr (GPtrArray) chain = NULL;
	Micros began = clock_monotonic ();
	g_assert_false (path_find (others[0], &pool, &path, &chain, &fault, NULL));
	g_assert_cmpint (clock_monotonic () - began, <, 10 * MICROS_PER_S);
	for (guint i = 0; i < MANY; i++)
		certificate_unref (others[i]);
}

static GBytes *
text_bytes (const char *text)
{
	return g_bytes_new (text, strlen (text));
}

static void
assert_blocks (const char *text, gsize most, guint n)
{
	g_autoptr (GBytes) file = text_bytes (text);
	g_autoptr (GError) error = NULL;
	g_autoptr (GPtrArray) read = certificates_read (file, most, &error);

	g_assert_cmpuint (read != NULL ? read->len : 0, ==, n);
	g_assert_true (read != NULL || error != NULL);
}

static void
test_blocks (void)
{
	g_autofree char *one = certificate_pem (world.h->holder), *two = certificate_pem (world.h->issuing);
	g_autofree char *both = g_strconcat ("subject=x\n", one, "\nissuer\n", two, NULL), *torn = g_strndup (both, strlen (both) - 30);

	assert_blocks (both, 2, 2);
	assert_blocks (both, 1, 0);
	assert_blocks (torn, 2, 0);
	assert_blocks ("", 2, 0);
	assert_blocks ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", 2, 0);
	g_autoptr (GBytes) der = certificate_der (world.h->holder);
	g_autoptr (GPtrArray) read = certificates_read (der, 1, NULL);
	g_assert_cmpuint (read->len, ==, 1);
}

static void
test_addresses (void)
{
	g_auto (GStrv) lists = certificate_addresses (world.h->holder, ADDRESS_LIST), issuers = certificate_addresses (world.h->holder, ADDRESS_ISSUER);
	g_auto (GStrv) none = certificate_addresses (world.h->root, ADDRESS_LIST);
	g_autofree char *policy = certificate_policy (world.h->holder);

	g_assert_cmpstr (lists[0], ==, "http://ca.test/pki/issuing/full.crl");
	g_assert_null (lists[1]);
	g_assert_nonnull (issuers[0]);
	g_assert_true (g_str_has_prefix (issuers[0], "http"));
	g_assert_null (none[0]);
	g_assert_cmpstr (policy, ==, "1.2.156.99999.1.1");
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
	g_test_add_func ("/path/fault", test_fault);
	g_test_add_func ("/path/find", test_find);
	g_test_add_func ("/path/find-is-bounded", test_find_is_bounded);
	g_test_add_func ("/path/blocks", test_blocks);
	g_test_add_func ("/path/addresses", test_addresses);
	int status = g_test_run ();
	g_ptr_array_unref (world.lists);
	issuer_free (world.root);
	hierarchy_free (world.h);
	return status;
}
