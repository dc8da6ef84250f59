/* The officers' list: lookup by certificate, removed ones, swapping under readers. */
#include "base/error.h"
#include "base/random.h"
#include "identity/officers.h"

#define NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)

static Certificate *
self_signed (void)
{
	static const NamePart name[] = { { NAME_COMMON_NAME, "officer" } };
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, &error);
	g_autoptr (PublicKey) public_key = private_key_public (key);
	CertificateTemplate t = {
		.subject = name, .subject_n = 1, .key = public_key, .not_before = NOW, .not_after = NOW + MICROS_PER_DAY,
		.ca = TRUE, .path_length = -1, .key_usage = KU_KEY_CERT_SIGN,
	};
	g_autoptr (GBytes) der = NULL;
	Certificate *certificate;

	serial_new (NOW, &t.serial);
	der = root_sign_certificate (key, &t, &error);
	g_assert_no_error (error);
	certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	return certificate;
}

static json_t *
entry (const Certificate *certificate, const char *role, gboolean removed)
{
	g_autoptr (GBytes) der = certificate_der (certificate);
	g_autofree char *person = uuid7_new (NOW);
	json_t *item = json_pack ("{s:s, s:s, s:[s], s:b}", "person", person, "name", "甲", "roles", role, "removed", removed);

	json_object_set_new (item, "certificate", json_base64 (g_bytes_get_data (der, NULL), g_bytes_get_size (der)));
	return item;
}

static OfficerList *
list_of (gint64 version, const Certificate *certificate, gboolean removed)
{
	g_autoptr (json_t) document = json_pack ("{s:I, s:[o]}", "version", (json_int_t) version, "officers", entry (certificate, "clerk", removed));
	g_autoptr (GError) error = NULL;
	OfficerList *list = officer_list_parse (document, &error);

	g_assert_no_error (error);
	return list;
}

static void
test_lookup (void)
{
	g_autoptr (Certificate) certificate = self_signed ();
	g_autoptr (OfficerList) list = list_of (3, certificate, FALSE);
	g_autoptr (OfficerList) without = list_of (4, certificate, TRUE);
	g_autoptr (Officers) officers = officers_new (list);
	g_auto (Actor) actor = { 0 };
	const Fingerprint nobody = { { 7 } };

	g_assert_cmpint (officer_list_version (list), ==, 3);
	g_assert_true (officers_actor (officers, certificate_fingerprint (certificate), &actor));
	g_assert_cmpint (actor.kind, ==, ACTOR_OFFICER);
	g_assert_cmpuint (actor.roles, ==, ROLE_CLERK);
	g_assert_cmpstr (actor.name, ==, "甲");
	g_assert_false (officers_actor (officers, &nobody, &actor));
	officers_swap (officers, without);
	g_assert_false (officers_actor (officers, certificate_fingerprint (certificate), &actor));
	g_assert_cmpuint (officer_list_size (without), ==, 1);
	/* A slow refresh cannot bring the old list back. */
	officers_swap (officers, list);
	g_assert_false (officers_actor (officers, certificate_fingerprint (certificate), &actor));
}

static void
test_malformed (void)
{
	static const char *const wrong[] = {
		"{}",
		"{\"version\":1}",
		"{\"version\":\"1\",\"officers\":[]}",
		"{\"version\":1,\"officers\":[{}]}",
		"{\"version\":1,\"officers\":[{\"person\":\"x\",\"name\":\"a\",\"roles\":[],\"certificate\":\"\"}]}",
		"{\"version\":1,\"officers\":[{\"person\":\"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\",\"name\":\"a\",\"roles\":[\"king\"],\"certificate\":\"AA==\"}]}",
		"{\"version\":1,\"officers\":[{\"person\":\"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\",\"name\":\"a\",\"roles\":[],\"certificate\":\"AA==\"}]}",
	};

	for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
		g_autoptr (json_t) document = json_loads (wrong[i], 0, NULL);
		g_autoptr (GError) error = NULL;

		g_assert_null (officer_list_parse (document, &error));
		g_assert_nonnull (error);
	}
}

typedef struct {
	Officers *officers;
	const Fingerprint *fingerprint;
	gint stop;
} Readers;

static gpointer
read_on (gpointer data)
{
	Readers *readers = data;
	guint found = 0;

	while (!g_atomic_int_get (&readers->stop)) {
		g_auto (Actor) actor = { 0 };

		found += officers_actor (readers->officers, readers->fingerprint, &actor);
	}
	return GUINT_TO_POINTER (found);
}

static void
test_swap_under_readers (void)
{
	g_autoptr (Certificate) certificate = self_signed ();
	g_autoptr (OfficerList) first = list_of (1, certificate, FALSE);
	g_autoptr (Officers) officers = officers_new (first);
	Readers readers = { officers, certificate_fingerprint (certificate), 0 };
	GThread *threads[4];

	for (int i = 0; i < 4; i++)
		threads[i] = g_thread_new ("reader", read_on, &readers);
	for (int version = 2; version < 200; version++) {
		g_autoptr (OfficerList) next = list_of (version, certificate, FALSE);

		officers_swap (officers, next);
	}
	g_atomic_int_set (&readers.stop, 1);
	for (int i = 0; i < 4; i++)
		g_assert_cmpuint (GPOINTER_TO_UINT (g_thread_join (threads[i])), >, 0);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/identity/officers/lookup", test_lookup);
	g_test_add_func ("/identity/officers/malformed", test_malformed);
	g_test_add_func ("/identity/officers/swap-under-readers", test_swap_under_readers);
	return g_test_run ();
}
