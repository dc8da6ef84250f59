/* Time stamps (RFC 3161): what openssl ts asks and verifies, and every refusal by the failure that 2.4.2 names. */
#include <glib/gstdio.h>
#include <string.h>

#include "hierarchy.h"
#include "pki/tsp.h"

#define NOW (HIERARCHY_NOW + 123456)

static char *folder;

static char *
in_folder (const char *name)
{
	return g_build_filename (folder, name, NULL);
}

static void
save (const char *name, gconstpointer p, gsize n)
{
	g_autofree char *path = in_folder (name);
	g_assert_true (g_file_set_contents (path, p, (gssize) n, NULL));
}

static gboolean
run (const char *command)
{
	g_autofree char *said = NULL, *wrong = NULL;
	const char *const argv[] = { "sh", "-c", command, NULL };
	int status;
	g_assert_true (g_spawn_sync (folder, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said, &wrong, &status, NULL));
	g_test_message ("%s\n%s%s", command, said, wrong);
	return status == 0;
}

/* --- an authority ------------------------------------------------------------------------------ */

typedef struct {
	Hierarchy *hierarchy;
	PrivateKey *key;
	Certificate *certificate;
} Tsa;

static void
tsa_init (Tsa *tsa, KeyAlgorithm algorithm)
{
	g_autoptr (GError) error = NULL;
	CertificateTemplate t;
	tsa->hierarchy = hierarchy_new (algorithm);
	tsa->key = private_key_generate (algorithm, &error);
	g_assert_no_error (error);
	g_autoptr (PublicKey) public = private_key_public (tsa->key);
	holder_template (tsa->hierarchy, public, &t);
	t.extended_key_usage = EKU_TIME_STAMPING;
	t.uscc = NULL;
	tsa->certificate = issue (tsa->hierarchy->issuer, &t);
	g_autofree char *root = certificate_pem (tsa->hierarchy->root), *issuing = certificate_pem (tsa->hierarchy->issuing);
	g_autofree char *own = certificate_pem (tsa->certificate);
	save ("root.pem", root, strlen (root));
	save ("issuing.pem", issuing, strlen (issuing));
	save ("tsa.pem", own, strlen (own));
	save ("data", "国有建设用地使用权", 27);
	g_assert_true (run ("cat issuing.pem tsa.pem > between.pem"));
}

static void
tsa_clear (Tsa *tsa)
{
	certificate_unref (tsa->certificate);
	private_key_free (tsa->key);
	hierarchy_free (tsa->hierarchy);
}

static GBytes *
stamp (const Tsa *tsa, const TspRequest *request, Micros time, Micros accuracy)
{
	g_autoptr (GError) error = NULL;
	Certificate *const chain[] = { tsa->hierarchy->issuing };
	TspStamp facts = { .request = request, .time = time, .accuracy = accuracy, .ordering = TRUE };
	serial_new (time, &facts.serial);
	GBytes *response = tsp_stamp (tsa->key, tsa->certificate, chain, 1, &facts, &error);
	g_assert_no_error (error);
	g_assert_true (tsp_is_granted (response));
	return response;
}

static void
parse (GBytes *der, TspRequest *out)
{
	TspFailure failure;
	const char *detail;
	g_assert_true (tsp_request_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), out, &failure, &detail));
}

static void
answer_query (const Tsa *tsa)
{
	g_autofree char *path = in_folder ("query.tsq");
	char *text;
	gsize n;
	TspRequest request;
	g_assert_true (g_file_get_contents (path, &text, &n, NULL));
	g_autoptr (GBytes) query = g_bytes_new_take (text, n);
	parse (query, &request);
	g_autoptr (GBytes) response = stamp (tsa, &request, NOW, 1500 * MICROS_PER_MS + 7);
	save ("reply.tsr", g_bytes_get_data (response, NULL), g_bytes_get_size (response));
}

/* --- openssl ts ------------------------------------------------------------------------------------ */

static void
test_openssl (gconstpointer data)
{
	Tsa tsa;
	tsa_init (&tsa, (KeyAlgorithm) GPOINTER_TO_INT (data));
	static const char *const queries[] = { "-sha256 -cert", "-sha384 -cert", "-sha512 -no_nonce -cert", "-sha256" };
	for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
		g_autofree char *query = g_strdup_printf ("openssl ts -query -data data %s -out query.tsq", queries[i]);
		g_autofree char *verify = g_strdup_printf ("openssl ts -verify -in reply.tsr -queryfile query.tsq -CAfile root.pem -untrusted %s.pem "
			"-attime %" G_GINT64_FORMAT, strstr (queries[i], "-cert") != NULL ? "issuing" : "between", NOW / MICROS_PER_S);
		g_assert_true (run (query));
		answer_query (&tsa);
		g_assert_true (run (verify));
		save ("data", "another", 7);
		g_assert_true (run ("openssl ts -query -data data -sha256 -cert -out other.tsq"));
		save ("data", "国有建设用地使用权", 27);
		g_autofree char *other = g_strdup_printf ("openssl ts -verify -in reply.tsr -queryfile other.tsq -CAfile root.pem -untrusted issuing.pem -attime %"
			G_GINT64_FORMAT, NOW / MICROS_PER_S);
		g_assert_false (run (other));
	}
	g_assert_true (run ("openssl ts -reply -in reply.tsr -text > shown; cat shown; grep -q 'Status: Granted' shown && grep -q 'Ordering: yes' shown"
		" && grep -q '12:00:00.123456 2026' shown && grep -q '0x01 seconds, 0x01F4 millis, 0x07 micros' shown"));
	tsa_clear (&tsa);
}

/* OpenSSL 3.0 sets no SM2 identity when it verifies CMS: its reader and the form are what can be tried. */
static void
test_sm2 (void)
{
	Tsa tsa;
	tsa_init (&tsa, KEY_SM2);
	g_assert_true (run ("openssl ts -query -data data -sm3 -cert -out query.tsq"));
	answer_query (&tsa);
	g_assert_true (run ("openssl ts -reply -in reply.tsr -text > shown; cat shown; grep -q 'Status: Granted' shown && grep -q 'Hash Algorithm: sm3' shown"));
	tsa_clear (&tsa);
}

/* --- requests ------------------------------------------------------------------------------------------ */

typedef struct {
	const char *name, *der;
	gsize n;
	TspFailure failure;
} Bad;
#define BYTES(text) text, sizeof (text) - 1
#define H32 "0123456789abcdef0123456789abcdef"
#define SHA256_IMPRINT "\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20" H32
#define N64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const Bad bad[] = {
	{ "empty", BYTES (""), TSP_BAD_FORMAT },
	{ "no-sequence", BYTES ("\x04\x00"), TSP_BAD_FORMAT },
	{ "empty-sequence", BYTES ("\x30\x00"), TSP_BAD_FORMAT },
	{ "indefinite", BYTES ("\x30\x80\x02\x01\x01" SHA256_IMPRINT "\x00\x00"), TSP_BAD_FORMAT },
	{ "version-2", BYTES ("\x30\x34\x02\x01\x02" SHA256_IMPRINT), TSP_BAD_REQUEST },
	{ "trailing", BYTES ("\x30\x34\x02\x01\x01" SHA256_IMPRINT "\x05\x00"), TSP_BAD_FORMAT },
	{ "sha1", BYTES ("\x30\x24\x02\x01\x01\x30\x1f\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a\x04\x14" "0123456789abcdef0123"), TSP_BAD_ALGORITHM },
	{ "short-hash", BYTES ("\x30\x14\x02\x01\x01\x30\x0f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x00"), TSP_BAD_FORMAT },
	{ "hash-parameters", BYTES ("\x30\x37\x02\x01\x01\x30\x32\x30\x0e\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x02\x01\x01\x04\x20" H32), TSP_BAD_ALGORITHM },
	{ "policy", BYTES ("\x30\x38\x02\x01\x01" SHA256_IMPRINT "\x06\x02\x2a\x03"), TSP_UNACCEPTED_POLICY },
	{ "empty-nonce", BYTES ("\x30\x36\x02\x01\x01" SHA256_IMPRINT "\x02\x00"), TSP_BAD_FORMAT },
	{ "nonce-not-der", BYTES ("\x30\x38\x02\x01\x01" SHA256_IMPRINT "\x02\x02\x00\x01"), TSP_BAD_FORMAT },
	{ "long-nonce", BYTES ("\x30\x77\x02\x01\x01" SHA256_IMPRINT "\x02\x41\x01" N64), TSP_BAD_REQUEST },
	{ "default-encoded", BYTES ("\x30\x37\x02\x01\x01" SHA256_IMPRINT "\x01\x01\x00"), TSP_BAD_FORMAT },
	{ "extension", BYTES ("\x30\x40\x02\x01\x01" SHA256_IMPRINT "\xa0\x0a\x30\x08\x06\x02\x2a\x03\x04\x02\x05\x00"), TSP_UNACCEPTED_EXTENSION },
	{ "wrong-order", BYTES ("\x30\x3a\x02\x01\x01" SHA256_IMPRINT "\x01\x01\xff\x02\x01\x01"), TSP_BAD_FORMAT },
};

static void
fix_length (guint8 *der, gsize n)
{
	/* The cases above are written for reading; their outer length is counted here. */
	if (n > 2 && der[0] == 0x30 && der[1] != 0x80)
		der[1] = (guint8) (n - 2);
}

static void
test_refused (gconstpointer data)
{
	const Bad *c = data;
	g_autofree guint8 *der = g_memdup2 (c->der, c->n + 1);
	TspRequest request;
	TspFailure failure;
	const char *detail;
	fix_length (der, strcmp (c->name, "trailing") == 0 ? 0 : c->n);
	g_assert_false (tsp_request_parse (der, c->n, &request, &failure, &detail));
	g_assert_cmpint (failure, ==, c->failure);
	g_autoptr (GBytes) response = tsp_failure (failure, detail);
	g_assert_false (tsp_is_granted (response));
	save ("reply.tsr", g_bytes_get_data (response, NULL), g_bytes_get_size (response));
	g_assert_true (run ("openssl ts -reply -in reply.tsr -text | grep -q 'Status: Rejected'"));
}

static void
test_accepted (void)
{
	static const guint8 policy[] = "\x30\x00\x02\x01\x01" SHA256_IMPRINT "\x02\x01\x00\x01\x01\xff";
	guint8 der[sizeof policy];
	TspRequest request;
	memcpy (der, policy, sizeof policy);
	fix_length (der, sizeof policy - 1);
	g_autoptr (GBytes) bytes = g_bytes_new (der, sizeof policy - 1);
	parse (bytes, &request);
	g_assert_cmpint (request.hash, ==, TSP_SHA256);
	g_assert_cmpmem (request.imprint, request.imprint_n, H32, 32);
	g_assert_cmpuint (request.nonce_n, ==, 1);
	g_assert_true (request.certificates);
}

/* RFC 3161 2.4.2: the imprint of the answer is that of the query, whether its hash has parameters or not, and so is the nonce, any INTEGER. */
static void
test_echoed (void)
{
#define NULL_IMPRINT "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20" H32
	static const struct {
		const char *imprint, *nonce;
		gsize imprint_n, nonce_n;
	} cases[] = {
		{ SHA256_IMPRINT, "\x02\x01\xff", 49, 3 }, { NULL_IMPRINT, "\x02\x02\x00\x80", 51, 4 }, { NULL_IMPRINT, "\x02\x08\x80\x01\x02\x03\x04\x05\x06\x07", 51, 10 },
		{ SHA256_IMPRINT, "\x02\x01\x00", 49, 3 }, { SHA256_IMPRINT, "\x02\x41\x00\xff" "23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef!!", 49, 67 },
	};
	Tsa tsa;
	tsa_init (&tsa, KEY_P256);
	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GByteArray) query = g_byte_array_new ();
		TspRequest request;
		g_byte_array_append (query, (const guint8 *) "\x30\x00\x02\x01\x01", 5);
		g_byte_array_append (query, (const guint8 *) cases[i].imprint, (guint) cases[i].imprint_n);
		g_byte_array_append (query, (const guint8 *) cases[i].nonce, (guint) cases[i].nonce_n);
		fix_length (query->data, query->len);
		g_autoptr (GBytes) bytes = g_bytes_new (query->data, query->len);
		parse (bytes, &request);
		g_autoptr (GBytes) response = stamp (&tsa, &request, NOW, MICROS_PER_S);
		gsize n;
		gconstpointer p = g_bytes_get_data (response, &n);
		g_assert_nonnull (memmem (p, n, cases[i].imprint, cases[i].imprint_n));
		/* After "ordering", the only thing between the accuracy and the nonce. */
		g_autofree guint8 *after = g_malloc (3 + cases[i].nonce_n);
		memcpy (after, "\x01\x01\xff", 3);
		memcpy (after + 3, cases[i].nonce, cases[i].nonce_n);
		g_assert_nonnull (memmem (p, n, after, 3 + cases[i].nonce_n));
	}
	tsa_clear (&tsa);
}

static void
test_purpose (void)
{
	g_autoptr (Hierarchy) h = hierarchy_new (KEY_P256);
	g_autoptr (GError) error = NULL;
	const TspRequest request = { .hash = TSP_SHA256, .imprint_n = 32 };
	const TspStamp facts = { .request = &request, .time = NOW, .accuracy = MICROS_PER_S };
	g_assert_null (tsp_stamp (h->holder_key, h->holder, NULL, 0, &facts, &error));
	g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	folder = g_dir_make_tmp ("diqi-tsp-XXXXXX", NULL);
	g_test_add_data_func ("/pki/tsp/openssl/p256", GINT_TO_POINTER (KEY_P256), test_openssl);
	g_test_add_data_func ("/pki/tsp/openssl/rsa", GINT_TO_POINTER (KEY_RSA3072), test_openssl);
	g_test_add_func ("/pki/tsp/sm2", test_sm2);
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autofree char *name = g_strconcat ("/pki/tsp/refused/", bad[i].name, NULL);
		g_test_add_data_func (name, &bad[i], test_refused);
	}
	g_test_add_func ("/pki/tsp/accepted", test_accepted);
	g_test_add_func ("/pki/tsp/echoed", test_echoed);
	g_test_add_func ("/pki/tsp/purpose", test_purpose);
	int failed = g_test_run ();
	run ("rm -f -- *");
	g_rmdir (folder);
	g_free (folder);
	return failed;
}
