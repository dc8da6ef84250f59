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
	der = authority_sign (world->authority, id, &error);
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
			der = authority_sign (world->authority, id, step == 1 ? NULL : &error);
		g_assert_no_error (error);
		if (step == 3)
			world_publish (world, id, der);
		world->ca->mood = SIGN_NORMALLY;
		world_restart (world);

		open = unfinished (world);
		g_assert_cmpuint (open->len, ==, step == 3 ? 0 : 1);
		world_intend (world, id, key, &same);
		g_assert_cmpmem (&serial, sizeof serial, &same, sizeof same);
		again = authority_sign (world->authority, id, &error);
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

	return authority_publish (tx, args->world->authority, args->application, args->der, CA_NOW, NULL, error);
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
	g_assert_null (authority_sign (world->authority, id, &error));
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
	g_assert_null (authority_sign (world->authority, id, &error));
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
	der = authority_sign (world->authority, id, &error);
	hex = serial_hex (&serial);
	g_assert_true (world_revoke (world, hex, REASON_KEY_COMPROMISE, &error));
	g_assert_true (authority_tick (world->authority, &error));
	g_assert_false (crl_has (world, &serial));
	world_publish (world, id, der);
	g_assert_true (authority_tick (world->authority, &error));
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
	return g_test_run ();
}
