/* Issuing: intent → signature → publication, and every place between them where a process can end. */
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "unit/authority/local_ca.h"
#include "unit/support/test_store.h"

static char *
application_id (void)
{
	return uuid7_new (CA_NOW);
}

static gboolean
tx_load (Tx *tx, gpointer arg, GError **error)
{
	CertificateRow *row = arg;
	g_autofree char *serial = g_steal_pointer (&row->serial);

	return certificate_load (tx, serial, FALSE, row, error);
}

static void
load (World *world, const char *serial, CertificateRow *row)
{
	g_autoptr (GError) error = NULL;

	*row = (CertificateRow) { .serial = g_strdup (serial) };
	store_read (world->store, "load", tx_load, row, &error);
	g_assert_no_error (error);
}

static gboolean
tx_unfinished (Tx *tx, gpointer arg, GError **error)
{
	GPtrArray **list = arg;

	*list = authority_unfinished (tx, error);
	return *list != NULL;
}

static GPtrArray *
unfinished (World *world)
{
	GPtrArray *list = NULL;
	g_autoptr (GError) error = NULL;

	store_read (world->store, "unfinished", tx_unfinished, &list, &error);
	g_assert_no_error (error);
	return list;
}

static void
test_whole (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autoptr (Certificate) certificate = world_issue (world, id, key);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_auto (CertificateRow) row = { 0 };
	g_autoptr (GPtrArray) open = unfinished (world);
	StatusEntry entry;

	load (world, serial, &row);
	g_assert_cmpstr (row.status, ==, "valid");
	g_assert_cmpstr (row.application, ==, id);
	g_assert_cmpuint (open->len, ==, 0);
	g_assert_true (status_index_find (authority_status (world->authority), certificate_serial (certificate), &entry));
	g_assert_cmpint (entry.status, ==, CERT_STATUS_GOOD);
	g_assert_false (entry.officer);
}

/* Not "good" a moment before it is stored, whatever the signer has signed. */
static void
test_not_good_before_stored (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autoptr (GBytes) der = NULL;
	g_autoptr (GError) error = NULL;
	StatusEntry entry;
	Serial serial;

	world_intend (world, id, key, &serial);
	g_assert_false (status_index_find (authority_status (world->authority), &serial, &entry));
	der = world_sign (world, id, &error);
	g_assert_no_error (error);
	g_assert_true (status_index_refresh (authority_status (world->authority), world->store, &error));
	g_assert_false (status_index_find (authority_status (world->authority), &serial, &entry));
	world_publish (world, id, der);
	g_assert_true (status_index_find (authority_status (world->authority), &serial, &entry));
}

/* A process that ends after any step leaves what the next one finishes, with one certificate. */
static void
test_crash_after_each_step (TestStore *t)
{
	for (int step = 0; step < 4; step++) {
		g_autoptr (World) world = world_new (t->store);
		g_autoptr (PrivateKey) key = local_key ();
		g_autofree char *id = application_id ();
		g_autoptr (GPtrArray) open = NULL;
		g_autoptr (GBytes) der = NULL, again = NULL;
		g_autoptr (GError) error = NULL;
		Serial serial, same;

		world_intend (world, id, key, &serial);
		if (step == 1)                              /* the answer is lost on the way */
			world->ca->mood = SIGN_LOSES_REPLY;
		if (step >= 1)
			der = world_sign (world, id, step == 1 ? NULL : &error);
		g_assert_no_error (error);
		if (step == 3)
			world_publish (world, id, der);
		world->ca->mood = SIGN_NORMALLY;
		world_restart (world);

		open = unfinished (world);
		g_assert_cmpuint (open->len, ==, step == 3 ? 0 : 1);
		world_intend (world, id, key, &same);
		g_assert_cmpmem (&serial, sizeof serial, &same, sizeof same);
		again = world_sign (world, id, &error);
		g_assert_no_error (error);
		world_publish (world, id, again);
		world_publish (world, id, again);
		g_assert_cmpuint (world->ca->signed_certificates, ==, 1);
		g_assert_true (!der || g_bytes_equal (der, again));
	}
}

typedef struct {
	World *world;
	const char *application;
	GBytes *der;
	const char *serial;
} Args;

static gboolean
tx_publish (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;
	g_autoptr (GPtrArray) pairs = g_ptr_array_new ();
	IssuedPair pair = { .certificate = args->der };

	g_ptr_array_add (pairs, &pair);
	return authority_publish (tx, args->world->authority, args->application, pairs, CA_NOW, NULL, error);
}

/* The signer, or whoever sits in its place, cannot put another certificate under an intent. */
static void
test_wrong_certificate_refused (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autoptr (Certificate) same_key = local_ca_leaf (world->ca, key, NULL);
	g_autoptr (GBytes) der = certificate_der (same_key);
	g_autoptr (GError) error = NULL;
	g_auto (CertificateRow) row = { 0 };
	g_autofree char *hex = NULL;
	Args args = { world, id, der, NULL };
	Serial serial;

	world_intend (world, id, key, &serial);
	g_assert_false (store_run (world->store, "publish", tx_publish, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	hex = serial_hex (&serial);
	load (world, hex, &row);
	g_assert_cmpstr (row.status, ==, "intended");
}

static gboolean
tx_intend_other (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;
	Fingerprint spki = { { 1 } };
	const IssueIntent intent = {
		.application = args->application, .subject = args->application, .profile = "organization", .profile_version = 1,
		.request = "{}", .request_n = 2, .spki = &spki, .reviewer_statement = "r", .issuer_statement = "i",
	};
	Serial serial;

	return authority_intend (tx, args->world->authority, &intent, CA_NOW, &serial, error);
}

static void
test_other_request_refused (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autoptr (GError) error = NULL;
	Args args = { world, id, NULL, NULL };
	Serial serial;

	world_intend (world, id, key, &serial);
	g_assert_false (store_run (world->store, "intend", tx_intend_other, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_APPLICATION_STATE);
}

static gboolean
tx_abandon (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;

	return authority_abandon (tx, args->world->authority, args->application, CA_NOW, error);
}

/* Refused for good: closed, its serial names nothing, and the application may be intended anew. */
static void
test_abandon (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autoptr (GError) error = NULL;
	Args args = { world, id, NULL, NULL };
	StatusEntry entry;
	Serial first, second;

	world_intend (world, id, key, &first);
	world->ca->mood = SIGN_REFUSES;
	g_assert_null (world_sign (world, id, &error));
	g_assert_true (authority_refusal_is_final (error));
	g_clear_error (&error);
	store_run (world->store, "abandon", tx_abandon, &args, &error);
	g_assert_no_error (error);
	g_assert_false (status_index_find (authority_status (world->authority), &first, &entry));
	world->ca->mood = SIGN_NORMALLY;
	/* The signer never signed it, and will not list it. */
	g_assert_true (authority_crl_publish (world->authority, &error));
	world_intend (world, id, key, &second);
	g_assert_cmpint (memcmp (&first, &second, sizeof first), !=, 0);
}

static void
test_away_is_not_final (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autoptr (GError) error = NULL;
	Serial serial;

	world_intend (world, id, key, &serial);
	world->ca->mood = SIGN_AWAY;
	g_assert_null (world_sign (world, id, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_false (authority_refusal_is_final (error));
}

static gboolean
crl_has (World *world, const Serial *serial)
{
	g_autoptr (GBytes) crl = authority_crl (world->authority, NULL, NULL);
	RevokedEntry entry;

	return crl_find (crl, serial, &entry);
}

/* The clerk's mistake of a second: revoked while the signer has not even been asked.  Lists go on being made. */
static void
test_revoke_before_signed (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autofree char *hex = NULL;
	g_autoptr (GError) error = NULL;
	Args args = { world, id, NULL, NULL };
	Serial serial;

	world_intend (world, id, key, &serial);
	hex = serial_hex (&serial);
	g_assert_true (world_revoke (world, hex, REASON_SUPERSEDED, &error));
	g_assert_true (authority_crl_publish (world->authority, &error));
	g_assert_no_error (error);
	store_run (world->store, "abandon", tx_abandon, &args, &error);
	g_assert_no_error (error);
	g_assert_true (authority_crl_publish (world->authority, &error));
	world_restart (world);
}

/* Signed but never stored: revocable, and publishing it later does not make it good. */
static void
test_revoke_before_stored (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autofree char *hex = NULL;
	g_autoptr (GBytes) der = NULL;
	g_autoptr (GError) error = NULL;
	StatusEntry entry;
	Serial serial;

	world_intend (world, id, key, &serial);
	der = world_sign (world, id, &error);
	hex = serial_hex (&serial);
	g_assert_true (world_revoke (world, hex, REASON_KEY_COMPROMISE, &error));
	g_assert_true (world_tick (world, &error));
	g_assert_false (crl_has (world, &serial));
	world_publish (world, id, der);
	g_assert_true (world_tick (world, &error));
	g_assert_true (crl_has (world, &serial));
	g_assert_true (status_index_find (authority_status (world->authority), &serial, &entry));
	g_assert_cmpint (entry.status, ==, CERT_STATUS_REVOKED);
	world_restart (world);
	g_assert_true (status_index_find (authority_status (world->authority), &serial, &entry));
	g_assert_cmpint (entry.status, ==, CERT_STATUS_REVOKED);
	g_assert_cmpint (entry.reason, ==, REASON_KEY_COMPROMISE);
}

static void
test_revoke_rules (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = application_id ();
	g_autoptr (Certificate) certificate = world_issue (world, id, key);
	g_autofree char *hex = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;

	g_assert_false (world_revoke (world, hex, REASON_HOLD, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	g_clear_error (&error);
	g_assert_false (world_revoke (world, "4000000000000000000000000000000000000000", REASON_SUPERSEDED, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_UNKNOWN);
	g_clear_error (&error);
	g_assert_true (world_revoke (world, hex, REASON_SUPERSEDED, &error));
	g_assert_false (world_revoke (world, hex, REASON_SUPERSEDED, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_STATE);
}

/* --- several copies ---------------------------------------------------------------------- */

#define COPIES 3

static void
keys_new (PrivateKey **keys)
{
	for (guint i = 0; i < COPIES; i++)
		keys[i] = local_key ();
}

static void
keys_free (PrivateKey **keys)
{
	for (guint i = 0; i < COPIES; i++)
		private_key_free (keys[i]);
}

typedef struct {
	const char *application;
	GPtrArray *rows;
} OfApplication;

static gboolean
tx_of_application (Tx *tx, gpointer arg, GError **error)
{
	OfApplication *args = arg;

	args->rows = certificates_of_application (tx, args->application, error);
	return args->rows != NULL;
}

/* Every copy `status`, in its order, with its own serial. */
static void
assert_copies (World *world, const char *application, const char *status, const Serial *serials)
{
	OfApplication args = { .application = application };
	g_autoptr (GError) error = NULL;

	store_read (world->store, "copies", tx_of_application, &args, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (args.rows->len, ==, COPIES);
	for (guint i = 0; i < COPIES; i++) {
		const CertificateRow *row = g_ptr_array_index (args.rows, i);
		g_autofree char *serial = serial_hex (&serials[i]);

		g_assert_cmpuint (row->copy, ==, i);
		g_assert_cmpstr (row->serial, ==, serial);
		g_assert_cmpstr (row->status, ==, status);
	}
	g_ptr_array_unref (args.rows);
}

static GBytes *
certificate_of (const GPtrArray *pairs, guint i)
{
	return ((const IssuedPair *) g_ptr_array_index (pairs, i))->certificate;
}

/* 申请 N 张: one request, one certificate a key; a process that ends between any two of them changes nothing. */
static void
test_copies (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autofree char *id = application_id ();
	g_autoptr (GPtrArray) pairs = NULL, again = NULL, open = NULL, none = NULL;
	g_autoptr (GError) error = NULL;
	PrivateKey *keys[COPIES];
	Serial serials[COPIES], same[COPIES];

	keys_new (keys);
	world_intend_copies (world, id, keys, COPIES, serials);
	world_restart (world);
	world_intend_copies (world, id, keys, COPIES, same);
	g_assert_cmpmem (serials, sizeof serials, same, sizeof same);
	assert_copies (world, id, "intended", serials);
	pairs = authority_sign (world->authority, id, &error);
	g_assert_no_error (error);
	world_restart (world);
	open = unfinished (world);
	g_assert_cmpuint (open->len, ==, 1);
	again = authority_sign (world->authority, id, &error);
	for (guint i = 0; i < COPIES; i++)
		g_assert_true (g_bytes_equal (certificate_of (pairs, i), certificate_of (again, i)));
	g_assert_cmpuint (world->ca->signed_certificates, ==, COPIES);
	world_publish_all (world, id, pairs);
	world_publish_all (world, id, again);
	assert_copies (world, id, "valid", serials);
	none = unfinished (world);
	g_assert_cmpuint (none->len, ==, 0);
	keys_free (keys);
}

/* All or none: fewer than intended are not published, and what is signed in part is not given up but finished later. */
static void
test_copies_in_part (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autofree char *id = application_id ();
	g_autoptr (GPtrArray) pairs = NULL;
	g_autoptr (GError) error = NULL;
	PrivateKey *keys[COPIES];
	Serial serials[COPIES];

	keys_new (keys);
	world_intend_copies (world, id, keys, COPIES, serials);
	world->ca->mood = SIGN_STOPS_AFTER_FIRST;
	g_assert_null (authority_sign (world->authority, id, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_false (authority_refusal_is_final (error));
	g_clear_error (&error);
	world->ca->mood = SIGN_NORMALLY;
	pairs = authority_sign (world->authority, id, &error);
	g_assert_no_error (error);
	Args args = { world, id, certificate_of (pairs, 0), NULL };
	g_assert_false (store_run (world->store, "publish", tx_publish, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	assert_copies (world, id, "intended", serials);
	world_publish_all (world, id, pairs);
	assert_copies (world, id, "valid", serials);
	g_assert_cmpuint (world->ca->signed_certificates, ==, COPIES);
	keys_free (keys);
}

static void
test_copies_abandoned (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autofree char *id = application_id ();
	g_autoptr (GPtrArray) open = NULL;
	g_autoptr (GError) error = NULL;
	PrivateKey *keys[COPIES];
	Serial serials[COPIES], second[COPIES];
	Args args = { world, id, NULL, NULL };

	keys_new (keys);
	world_intend_copies (world, id, keys, COPIES, serials);
	world->ca->mood = SIGN_REFUSES;
	g_assert_null (authority_sign (world->authority, id, &error));
	g_assert_true (authority_refusal_is_final (error));
	g_clear_error (&error);
	store_run (world->store, "abandon", tx_abandon, &args, &error);
	g_assert_no_error (error);
	open = unfinished (world);
	g_assert_cmpuint (open->len, ==, 0);
	world->ca->mood = SIGN_NORMALLY;
	world_intend_copies (world, id, keys, COPIES, second);
	assert_copies (world, id, "intended", second);
	keys_free (keys);
}

/* Two administrators' changes may be answered in the other order: the later one counts. */
static void
test_profiles_in_order (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (json_t) later = json_pack ("[{s:s, s:i, s:b}]", "name", "person", "version", 9, "open", 1);
	g_autoptr (json_t) before = json_array ();
	gint64 version = 0;

	g_assert_cmpint (authority_profile_changes (world->authority), ==, -1);
	authority_set_profiles (world->authority, later, 2);
	authority_set_profiles (world->authority, before, 1);
	g_assert_true (authority_profile_version (world->authority, "person", &version, NULL));
	g_assert_cmpint (version, ==, 9);
	authority_set_profiles (world->authority, before, 3);
	g_assert_false (authority_profile_version (world->authority, "person", &version, NULL));
	g_assert_cmpint (authority_profile_changes (world->authority), ==, 3);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/authority/issue/whole", test_whole);
	test_store_add ("/authority/issue/not-good-before-stored", test_not_good_before_stored);
	test_store_add ("/authority/issue/crash-after-each-step", test_crash_after_each_step);
	test_store_add ("/authority/issue/other-request-refused", test_other_request_refused);
	test_store_add ("/authority/issue/wrong-certificate-refused", test_wrong_certificate_refused);
	test_store_add ("/authority/issue/abandon", test_abandon);
	test_store_add ("/authority/issue/away-is-not-final", test_away_is_not_final);
	test_store_add ("/authority/issue/revoke-before-signed", test_revoke_before_signed);
	test_store_add ("/authority/issue/revoke-before-stored", test_revoke_before_stored);
	test_store_add ("/authority/issue/revoke-rules", test_revoke_rules);
	test_store_add ("/authority/profiles/in-order", test_profiles_in_order);
	test_store_add ("/authority/issue/copies", test_copies);
	test_store_add ("/authority/issue/copies-in-part", test_copies_in_part);
	test_store_add ("/authority/issue/copies-abandoned", test_copies_abandoned);
	return g_test_run ();
}
