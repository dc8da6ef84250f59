/* Judging presented certificates: one refusal a reason. */
#include "base/error.h"
#include "base/random.h"
#include "unit/authority/local_ca.h"
#include "unit/support/test_store.h"

static void
expect (World *world, const Certificate *certificate, Micros at, int code)
{
	g_autoptr (GBytes) der = certificate_der (certificate);
	g_autoptr (GError) error = NULL;
	g_auto (Judgement) judged = { 0 };
	gboolean fine = certificate_judge (world->authority, g_bytes_get_data (der, NULL), g_bytes_get_size (der), at, &judged, &error);

	if (code < 0)
		g_assert_no_error (error);
	else
		g_assert_error (error, DIQI_ERROR, code);
	g_assert_cmpint (fine, ==, code < 0);
}

static void
test_holder (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = uuid7_new (CA_NOW);
	g_autoptr (Certificate) certificate = world_issue (world, id, key);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;
	g_auto (Judgement) judged = { 0 };

	/* Once unknown to the cache, once from it. */
	for (int i = 0; i < 2; i++) {
		expect (world, certificate, CA_NOW, -1);
		expect (world, certificate, certificate_not_before (certificate) - 1, DIQI_ERROR_CERTIFICATE_EXPIRED);
		expect (world, certificate, certificate_not_after (certificate), -1);
		expect (world, certificate, certificate_not_after (certificate) + MICROS_PER_S, DIQI_ERROR_CERTIFICATE_EXPIRED);
	}
	g_assert_true (certificate_judge_known (world->authority, certificate_fingerprint (certificate), CA_NOW, &judged, &error));
	g_assert_cmpstr (judged.subject, ==, "0190a1b2-c3d4-7e5f-8a9b-000000000001");
	g_assert_false (judged.officer);
	g_assert_true (world_revoke (world, serial, REASON_KEY_COMPROMISE, &error));
	expect (world, certificate, CA_NOW, DIQI_ERROR_CERTIFICATE_REVOKED);
	world_restart (world);
	expect (world, certificate, CA_NOW, DIQI_ERROR_CERTIFICATE_REVOKED);
}

/* Held it cannot be used; lifted it can, also after a restart; revoked for good it cannot be freed. */
static void
test_held (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = uuid7_new (CA_NOW);
	g_autoptr (Certificate) certificate = world_issue (world, id, key);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;

	g_assert_false (world_unhold (world, serial, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_STATE);
	g_clear_error (&error);
	g_assert_true (world_hold (world, serial, &error));
	expect (world, certificate, CA_NOW, DIQI_ERROR_CERTIFICATE_HELD);
	world_restart (world);
	expect (world, certificate, CA_NOW, DIQI_ERROR_CERTIFICATE_HELD);
	g_assert_false (world_hold (world, serial, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_STATE);
	g_clear_error (&error);
	g_assert_true (world_unhold (world, serial, &error));
	expect (world, certificate, CA_NOW, -1);
	world_restart (world);
	expect (world, certificate, CA_NOW, -1);
	g_assert_true (world_hold (world, serial, &error));
	g_assert_true (world_revoke (world, serial, REASON_CESSATION, &error));
	expect (world, certificate, CA_NOW, DIQI_ERROR_CERTIFICATE_REVOKED);
	g_assert_false (world_unhold (world, serial, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_STATE);
	g_clear_error (&error);
	g_assert_false (world_hold (world, serial, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_STATE);
}

static void
test_officer (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (GError) error = NULL;
	g_auto (Judgement) judged = { 0 };

	g_assert_true (certificate_judge_known (world->authority, certificate_fingerprint (world->issuer->certificate), CA_NOW, &judged, &error));
	g_assert_true (judged.officer);
	g_assert_null (judged.subject);
}

static void
test_not_ours (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (LocalCa) foreign = local_ca_new ();
	g_autoptr (PrivateKey) key = local_key ();
	g_autoptr (Certificate) theirs = local_ca_leaf (foreign, key, NULL);
	g_autoptr (Certificate) never_stored = local_ca_leaf (world->ca, key, NULL);
	g_autoptr (GError) error = NULL;
	g_auto (Judgement) judged = { 0 };
	const Fingerprint nobody = { { 9 } };

	expect (world, theirs, CA_NOW, DIQI_ERROR_CERTIFICATE_CHAIN);
	expect (world, world->ca->issuing, CA_NOW, DIQI_ERROR_CERTIFICATE_CHAIN);
	/* DigiNotar: signed by our key, but nobody here issued it. */
	expect (world, never_stored, CA_NOW, DIQI_ERROR_CERTIFICATE_UNKNOWN);
	g_assert_false (certificate_judge (world->authority, "x", 1, CA_NOW, &judged, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE);
	g_clear_error (&error);
	g_assert_false (certificate_judge (world->authority, "", 0, CA_NOW, &judged, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE);
	g_clear_error (&error);
	g_assert_false (certificate_judge_known (world->authority, &nobody, CA_NOW, &judged, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_UNKNOWN);
}

/* Keys of encryption and server certificates may not log in, even when they are known here. */
static void
test_usage (TestStore *t)
{
	const LeafOptions wrong[] = {
		{ CA_NOW - MICROS_PER_DAY, CA_NOW + MICROS_PER_DAY, KU_KEY_AGREEMENT, EKU_CLIENT_AUTH },
		{ CA_NOW - MICROS_PER_DAY, CA_NOW + MICROS_PER_DAY, KU_DIGITAL_SIGNATURE, EKU_SERVER_AUTH },
		{ CA_NOW - MICROS_PER_DAY, CA_NOW + MICROS_PER_DAY, KU_DIGITAL_SIGNATURE, 0 },
	};
	g_autoptr (World) world = world_new (t->store);

	for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
		LocalOfficer *officer = local_ca_add_officer (world->ca, "x", 1);
		g_autoptr (json_t) list = NULL;
		g_autoptr (GError) error = NULL;

		certificate_unref (officer->certificate);
		officer->certificate = local_ca_leaf (world->ca, officer->key, &wrong[i]);
		list = local_ca_officers (world->ca);
		g_assert_true (authority_set_officers (world->authority, list, &error));
		expect (world, officer->certificate, CA_NOW, DIQI_ERROR_CERTIFICATE_USAGE);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/authority/judge/holder", test_holder);
	test_store_add ("/authority/judge/held", test_held);
	test_store_add ("/authority/judge/officer", test_officer);
	test_store_add ("/authority/judge/not-ours", test_not_ours);
	test_store_add ("/authority/judge/usage", test_usage);
	return g_test_run ();
}
