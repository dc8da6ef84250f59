/* P-09: ten thousand random profiles, templates and messages against what is compiled into the signer.  Whatever passes is judged once
 * more by a second statement of the same rules, written here without looking at theirs. */
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "signer/child.h"
#include "signer/frame.h"
#include "signer/invariant.h"
#include "signer/profile.h"

#define ROUNDS 10000

static Fixture fixture;

/* --- the second statement of the rules ----------------------------------------------------- */

static void
assert_harmless (const CertificateKind *kind, guint key_usage, guint extended, guint algorithms, gint64 days)
{
	guint services = EKU_SERVER_AUTH | EKU_OCSP_SIGNING | EKU_TIME_STAMPING | EKU_DIQI_LOG | EKU_DIQI_RECEIPT;
	gboolean signs = (key_usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
	gboolean encrypts = (key_usage & (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT)) != 0;
	g_assert_cmpuint (key_usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN), ==, 0);
	g_assert_cmpuint (key_usage >> 7, ==, 0);
	g_assert_true (signs != encrypts);
	g_assert_cmpint (encrypts, ==, strstr (kind->name, "encryption") != NULL || strcmp (kind->name, "recovery-agent") == 0);
	g_assert_true (kind->holder == HOLDER_SITE || (extended & services) == 0);
	g_assert_false (encrypts && (extended & EKU_CLIENT_AUTH) != 0);
	g_assert_false (encrypts && (algorithms & 1u << KEY_ED25519) != 0);
	g_assert_cmpuint (algorithms, !=, 0);
	g_assert_true (days >= 1 && days <= 5 * 365 + 2);
}

/* --- profiles ---------------------------------------------------------------------------------- */

static const char *const usages[] = { "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "all" };
static const char *const extended_usages[] = { "clientAuth", "serverAuth", "OCSPSigning", "timeStamping", "emailProtection", "documentSigning", "log", "receipt", "any" };
static const char *const algorithm_names[] = { "p256", "p384", "rsa3072", "rsa4096", "sm2", "ed25519", "rsa1024" };
static const char *const names[] = { "organization", "person", "officer", "organization-soft", "organization-encryption", "recovery-agent", "ocsp", "server", "tsa", "root" };
static const char *const policies[] = { POLICY_ORGANIZATION, POLICY_PERSON, POLICY_OFFICER, POLICY_OCSP, POLICY_RECOVERY_AGENT, "2.5.29.32.0" };
static const char *const others[] = { "organization", "person", "officer", "site", "hard", "soft", "none", "sign", "encrypt", "service", "required" };

static json_t *
some_of (GRand *random, const char *const *words, gsize n)
{
	json_t *list = json_array ();
	for (gsize i = 0; i < n; i++)
		if (g_rand_int_range (random, 0, 3) == 0)
			json_array_append_new (list, json_string (words[i]));
	return list;
}
#define SOME_OF(random, words) some_of (random, words, G_N_ELEMENTS (words))
#define ONE_OF(random, words) json_string (words[g_rand_int_range (random, 0, G_N_ELEMENTS (words))])

static void
mutate (GRand *random, json_t *profile)
{
	switch (g_rand_int_range (random, 0, 9)) {
	case 0: json_object_set_new (profile, "key_usage", SOME_OF (random, usages)); break;
	case 1: json_object_set_new (profile, "extended_key_usage", SOME_OF (random, extended_usages)); break;
	case 2: json_object_set_new (profile, "algorithms", SOME_OF (random, algorithm_names)); break;
	case 3: json_object_set_new (profile, "validity_days", json_integer (g_rand_int_range (random, -10, 9000))); break;
	case 4: json_object_set_new (profile, "policy", ONE_OF (random, policies)); break;
	case 5: json_object_set_new (profile, "name", ONE_OF (random, names)); break;
	case 6: json_object_set_new (profile, "holder", ONE_OF (random, others)); break;
	case 7: json_object_set_new (profile, "use", ONE_OF (random, others)); break;
	default: json_object_set_new (profile, "ca", json_true ()); break;
	}
}

static json_t *
shipped (GRand *random, char *const *files)
{
	g_autofree char *path = g_strconcat ("/cn/diqi/profiles/", files[g_rand_int_range (random, 0, (gint32) g_strv_length ((char **) files))], NULL);
	g_autoptr (GBytes) text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	return json_loadb (g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0, NULL);
}

static void
test_profiles (void)
{
	g_auto (GStrv) files = g_resources_enumerate_children ("/cn/diqi/profiles", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	g_autoptr (GRand) random = g_rand_new_with_seed (9);
	guint passed = 0;
	for (guint i = 0; i < ROUNDS; i++) {
		g_autoptr (json_t) json = shipped (random, files);
		for (gint k = g_rand_int_range (random, 1, 4); k > 0; k--)
			mutate (random, json);
		char *text = json_dumps (json, 0);
		g_autoptr (Profile) profile = profile_parse (text, strlen (text), NULL);
		free (text);
		if (profile == NULL)
			continue;
		passed++;
		assert_harmless (profile->kind, profile->key_usage, profile->extended_key_usage, profile->algorithms, profile->validity_days);
		g_assert_cmpstr (profile->policy, ==, profile->kind->policy);
	}
	/* The rules are neither never met nor never broken. */
	g_assert_cmpuint (passed, >, ROUNDS / 100);
	g_assert_cmpuint (passed, <, ROUNDS / 2);
}

/* --- templates ------------------------------------------------------------------------------------ */

static void
test_templates (void)
{
	static const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, "虚构置业有限公司" }, { NAME_COMMON_NAME, "虚构置业有限公司" } };
	static const char *const hosts[] = { "a.test", NULL };
	g_autoptr (PrivateKey) private = private_key_generate (KEY_P256, NULL);
	g_autoptr (PublicKey) key = private_key_public (private);
	g_autoptr (GRand) random = g_rand_new_with_seed (9);
	guint passed = 0;
	for (guint i = 0; i < ROUNDS; i++) {
		const CertificateKind *kind = invariant_kind (names[g_rand_int_range (random, 0, G_N_ELEMENTS (names) - 1)]);
		gboolean ocsp = strcmp (kind->name, "ocsp") == 0;
#define MOSTLY(good, bad) (g_rand_int_range (random, 0, 8) != 0 ? (good) : (bad))
		guint good_usage = kind->use == USE_ENCRYPT ? KU_KEY_AGREEMENT : KU_DIGITAL_SIGNATURE;
		Micros start = MOSTLY (T0, T0 + g_rand_int_range (random, -400, 400) * MICROS_PER_S);
		CertificateTemplate t = {
			.subject = subject, .subject_n = MOSTLY (3, (gsize) g_rand_int_range (random, 0, 3)), .key = key, .not_before = start,
			.not_after = start + MOSTLY (90, g_rand_int_range (random, -5, 6000)) * MICROS_PER_DAY - MICROS_PER_S,
			.ca = MOSTLY (FALSE, TRUE), .path_length = MOSTLY (-1, 0),
			.key_usage = MOSTLY (good_usage, (guint) g_rand_int_range (random, 0, 512)),
			.extended_key_usage = MOSTLY (kind->extended_key_usage, (guint) g_rand_int_range (random, 0, 256)),
			.policy_oid = MOSTLY (kind->policy, policies[g_rand_int_range (random, 0, G_N_ELEMENTS (policies))]),
			.ocsp_no_check = MOSTLY (ocsp, !ocsp), .ocsp_uri = MOSTLY (ocsp, !ocsp) ? NULL : "http://o/", .crl_uri = MOSTLY ("http://c/", NULL),
			.issuer_uri = "http://i/", .hosts = MOSTLY (NULL, hosts),
		};
		serial_new (T0, &t.serial);
		t.serial.b[0] = MOSTLY (t.serial.b[0], (guint8) g_rand_int (random));
		if (!invariant_template (kind, &t, fixture.created.issuing, T0 + 1, NULL))
			continue;
		passed++;
		gint64 days = (t.not_after - t.not_before) / MICROS_PER_DAY + 1;
		assert_harmless (kind, t.key_usage, t.extended_key_usage, 1u << KEY_P256, days);
		g_assert_false (t.ca);
		g_assert_true (ABS (t.not_before - T0) < 5 * MICROS_PER_MIN && t.not_after <= certificate_not_after (fixture.created.issuing));
		g_assert_true (t.serial.b[0] > 0 && t.serial.b[0] < 0x80);
		g_assert_cmpstr (t.policy_oid, ==, kind->policy);
	}
	g_assert_cmpuint (passed, >, ROUNDS / 100);
	g_assert_cmpuint (passed, <, ROUNDS / 2);
}

/* --- messages ----------------------------------------------------------------------------------------- */

static void
send_text (int fd, const char *text, gsize n)
{
	g_autoptr (GByteArray) frame = g_byte_array_new ();
	frame_append (frame, text, n);
	g_assert_true (frame_write (fd, frame->data, frame->len, NULL));
}

static json_t *
receive (int fd, FrameReader *reader)
{
	Frame frame;
	for (;;) {
		g_assert_true (frame_reader_next (reader, &frame, NULL));
		if (frame.text != NULL)
			return json_loadb (frame.text, frame.n, 0, NULL);
		g_assert_cmpint (frame_reader_fill (reader, fd), >, 0);
	}
}

static const char *const types[] = { "issue", "officers.set", "agents.set", "profile.set", "ocsp", "crl", "checkpoint", "receipt", "document", "record.unwrap",
	"token.unlock", "token.initialise", "certificate", "sign", "issue " };
static const char *const members[] = { "request", "reviewer", "issuer", "serial", "profile", "open", "statements", "list", "singles", "entries", "number", "digest",
	"payload", "encryption_serial", "copy", "this_update", "next_update", "root", "size", "key_usage", "ca" };

static json_t *
value (GRand *random, const char *request, const char *approval)
{
	switch (g_rand_int_range (random, 0, 9)) {
	case 0: return json_string (request);
	case 1: return json_string (approval);
	case 2: return json_pack ("[s, s]", approval, approval);
	case 3: return json_boolean (g_rand_boolean (random));
	case 4: return json_integer (g_rand_int_range (random, -5, 100000));
	case 5: return json_string ("0102030405060708090a0b0c0d0e0f1011121314");
	case 6: return json_pack ("{s:i}", "version", g_rand_int_range (random, 0, 9));
	case 7: return json_string ("2026-04-01T02:00:00.000000Z");
	default: return json_null ();
	}
}

/* Well formed, and approved by one officer where two must. */
static json_t *
nearly_right (GRand *random, const char *request, const char *approval)
{
	const char *const serials[] = { "0102030405060708090a0b0c0d0e0f1011121314", "7fffffffffffffffffffffffffffffffffffffff" };
	return json_pack ("{s:s, s:s, s:s, s:s, s:s}", "type", "issue", "request", request, "serial", serials[g_rand_int_range (random, 0, 2)],
	                  "reviewer", approval, "issuer", g_rand_boolean (random) ? approval : request);
}

/* One officer's statement where two are asked for, texts where lists are, the right members in the wrong message: nothing is signed. */
static void
test_messages (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (GRand) random = g_rand_new_with_seed (9);
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	g_autoptr (json_t) json = fixture_request (key);
	g_autofree char *request = fixture_text (json), *approval = fixture_approve (&fixture, REVIEWER, "application.review", T0, request);
	g_autofree char *path = g_build_filename (dir, "journal.log", NULL);
	g_autofree char *before = NULL, *after = NULL;
	FrameReader reader;
	pid_t child;
	gsize before_n, after_n;
	g_assert_true (g_file_get_contents (path, &before, &before_n, NULL));
	int fd = fixture_connect (dir, &child);
	frame_reader_init (&reader, FRAME_MAX_REPLY);
	/* The approval is fresh: what it lacks is the second officer. */
	static const char clock[] = "{\"id\":0,\"type\":\"clock\",\"now\":\"2026-04-01T02:00:00.000000Z\",\"frozen\":true}";
	send_text (fd, clock, sizeof clock - 1);
	json_decref (receive (fd, &reader));
	for (guint i = 0; i < ROUNDS; i++) {
		g_autoptr (json_t) message = json_pack ("{s:i, s:s}", "id", (int) i + 1, "type", types[g_rand_int_range (random, 0, G_N_ELEMENTS (types))]);
		if (i % 2 == 0) {
			json_decref (message);
			message = nearly_right (random, request, approval);
			json_object_set_new (message, "id", json_integer ((json_int_t) i + 1));
		}
		for (gint k = g_rand_int_range (random, 0, i % 2 == 0 ? 2 : 6); k > 0; k--)
			json_object_set_new (message, members[g_rand_int_range (random, 0, G_N_ELEMENTS (members))], value (random, request, approval));
		char *text = json_dumps (message, 0);
		send_text (fd, text, strlen (text));
		g_autoptr (json_t) reply = receive (fd, &reader);
		if (json_object_get (reply, "error") == NULL)
			g_error ("not refused: %s", text);
		free (text);
	}
	close (fd);
	spawn_wait (child, 10);
	frame_reader_clear (&reader);
	g_assert_true (g_file_get_contents (path, &after, &after_n, NULL));
	g_assert_cmpmem (before, before_n, after, after_n);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/attack/P-09-profiles", test_profiles);
	g_test_add_func ("/signer/attack/P-09-templates", test_templates);
	g_test_add_func ("/signer/attack/P-09-messages", test_messages);
	int result = g_test_run ();
	fixture_clear (&fixture);
	return result;
}
