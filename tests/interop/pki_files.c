/* Our side of tests/interop/pki.sh:
 *   pki-files make ALGORITHM DIR         an authority's files, for other programs to judge
 *   pki-files answer DIR REQUEST ANSWER  what our OCSP responder says
 *   pki-files csr FILE                   does our reader accept another program's request?
 *   pki-files p12 FILE PASSWORD          … and its PKCS#12?
 *   pki-files envelope ALGORITHM DIR     an encryption key in an envelope for a holder, and a text in one for his bare key
 *   pki-files open DIR FILE              what another program enveloped for that holder, to standard output */
#include "pki/envelope.h"
#include "pki/enveloped_key.h"
#include "unit/pki/hierarchy.h"

#include <stdio.h>
#include <string.h>

#define PASSWORD "interop-42"

static int
failed (const GError *error)
{
	fprintf (stderr, "%s\n", error->message);
	return 1;
}

static void
write_bytes (const char *dir, const char *name, GBytes *bytes)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *path = g_build_filename (dir, name, NULL);

	g_assert_nonnull (bytes);
	g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), &error);
	g_assert_no_error (error);
}

static void
write_certificate (const char *dir, const char *name, const Certificate *c)
{
	char *pem = certificate_pem (c);
	g_autoptr (GBytes) bytes = g_bytes_new_take (pem, strlen (pem));

	write_bytes (dir, name, bytes);
}

static GBytes *
read_bytes (const char *dir, const char *name)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *path = dir == NULL ? g_strdup (name) : g_build_filename (dir, name, NULL);
	char *text;
	gsize n;

	g_file_get_contents (path, &text, &n, &error);
	g_assert_no_error (error);
	return g_bytes_new_take (text, n);
}

static void
write_key (const char *dir, const char *name, const PrivateKey *key)
{
	g_autoptr (GBytes) pem = private_key_plain_pem (key, NULL);

	write_bytes (dir, name, pem);
}

static Certificate *
another (const Hierarchy *h)
{
	g_autoptr (PublicKey) key = private_key_public (h->holder_key);
	CertificateTemplate t;

	holder_template (h, key, &t);
	return issue (h->issuer, &t);
}

static void
write_list (const Hierarchy *h, const char *dir, const Certificate *revoked, const Certificate *held)
{
	RevokedEntry entries[] = {
		{ *certificate_serial (revoked), h->now, REASON_KEY_COMPROMISE },
		{ *certificate_serial (held), h->now, REASON_HOLD },
	};
	g_autoptr (GBytes) crl = issuer_sign_crl (h->issuer, 4711, h->now, h->now + MICROS_PER_DAY, entries, 2, NULL);

	write_bytes (dir, "crl.der", crl);
}

static void
write_holder (const Hierarchy *h, const char *dir)
{
	Certificate *chain[] = { h->issuing, h->root };
	g_autoptr (GBytes) csr = csr_build (h->holder_key, "张三", NULL);
	g_autoptr (GBytes) p12 = pkcs12_build (h->holder_key, h->holder, chain, 2, "张三", PASSWORD, NULL);
	g_autoptr (GBytes) sealed = private_key_encrypt_pem (h->holder_key, PASSWORD, strlen (PASSWORD), NULL);

	write_bytes (dir, "csr.der", csr);
	write_bytes (dir, "holder.p12", p12);
	write_bytes (dir, "holder.sealed", sealed);
	write_key (dir, "holder.key", h->holder_key);
}

static int
make (const char *algorithm, const char *dir)
{
	KeyAlgorithm a;
	g_autoptr (Clock) clock = clock_new_system ();
	Micros now = clock_now (clock);

	if (!key_algorithm_from_name (algorithm, &a))
		return 2;
	g_autoptr (Hierarchy) h = hierarchy_new_at (a, now - now % MICROS_PER_S - MICROS_PER_HOUR);
	g_autoptr (Certificate) revoked = another (h), held = another (h);
	const struct {
		const char *name;
		const Certificate *certificate;
	} files[] = { { "root.pem", h->root }, { "issuing.pem", h->issuing }, { "ocsp.pem", h->ocsp }, { "holder.pem", h->holder },
		      { "revoked.pem", revoked }, { "held.pem", held } };
	for (guint i = 0; i < G_N_ELEMENTS (files); i++)
		write_certificate (dir, files[i].name, files[i].certificate);
	write_key (dir, "ocsp.key", h->ocsp_key);
	write_holder (h, dir);
	write_list (h, dir, revoked, held);
	return 0;
}

static Certificate *
load_certificate (const char *dir, const char *name)
{
	g_autoptr (GBytes) pem = read_bytes (dir, name);

	return certificate_parse_pem (g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), NULL);
}

/* Status as the revocation list says it; a serial of our shape that is not in it is good. */
static void
decide (OcspRequest *request, GBytes *crl)
{
	RevokedEntry entry;

	for (guint i = 0; i < request->singles->len; i++) {
		OcspSingle *single = &g_array_index (request->singles, OcspSingle, i);
		if (!single->ours)
			continue;
		single->status = CERT_STATUS_GOOD;
		if (!crl_find (crl, &single->serial, &entry))
			continue;
		single->status = CERT_STATUS_REVOKED;
		single->revoked_at = entry.revoked_at;
		single->reason = entry.reason;
	}
}

static int
answer (const char *dir, const char *request_file, const char *answer_file)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Clock) clock = clock_new_system ();
	g_autoptr (Certificate) issuing = load_certificate (dir, "issuing.pem"), ocsp = load_certificate (dir, "ocsp.pem");
	g_autoptr (GBytes) pem = read_bytes (dir, "ocsp.key"), der = read_bytes (NULL, request_file), crl = read_bytes (dir, "crl.der");
	g_autoptr (PrivateKey) key = private_key_load_pem (pem, NULL, 0, &error);
	g_assert_no_error (error);
	g_autoptr (OcspResponder) responder = ocsp_responder_new (ocsp, key, &error);
	g_assert_no_error (error);
	Micros now = clock_now (clock);

	g_autoptr (OcspRequest) request = ocsp_request_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), issuing, &error);
	if (request == NULL)
		return failed (error);
	decide (request, crl);
	g_autoptr (GBytes) response = ocsp_responder_sign (responder, request, now, now, now + MICROS_PER_HOUR, &error);
	if (response == NULL)
		return failed (error);
	write_bytes (".", answer_file, response);
	return 0;
}

static int
csr (const char *file)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) bytes = read_bytes (NULL, file);
	g_autoptr (Csr) request = csr_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL, &error);

	return request != NULL ? 0 : failed (error);
}

static int
p12 (const char *file, const char *password)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) bytes = read_bytes (NULL, file);
	g_autoptr (PrivateKey) key = NULL;
	g_autoptr (Certificate) certificate = NULL;

	return pkcs12_open (bytes, password, &key, &certificate, &error) ? 0 : failed (error);
}

static int
envelope (const char *algorithm, const char *dir)
{
	static const char text[] = "thirty-two bytes of a share, say";
	KeyAlgorithm a;
	g_autoptr (GError) error = NULL;

	if (!key_algorithm_from_name (algorithm, &a))
		return 2;
	g_autoptr (Hierarchy) h = hierarchy_new (a);
	g_autoptr (PrivateKey) key = private_key_generate (a, &error);
	g_autoptr (PublicKey) public = private_key_public (key);
	CertificateTemplate t;
	holder_template (h, public, &t);
	t.key_usage = key_algorithm_is_rsa (a) ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
	serial_new (h->now, &t.serial);
	g_autoptr (Certificate) encryption = issue (h->issuer, &t);
	g_autoptr (GBytes) sealed = envelope_seal (certificate_public_key (h->holder), NULL, text, sizeof text - 1, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) enveloped = enveloped_key_build (certificate_public_key (h->holder), h->holder, key, &error);
	g_assert_no_error (error);
	write_certificate (dir, "holder.pem", h->holder);
	write_certificate (dir, "encryption.pem", encryption);
	write_key (dir, "holder.key", h->holder_key);
	write_key (dir, "encryption.key", key);
	write_bytes (dir, "sealed.der", sealed);
	write_bytes (dir, "envelope.der", enveloped);
	return 0;
}

static int
open_envelope (const char *dir, const char *file)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) pem = read_bytes (dir, "holder.key"), bytes = read_bytes (NULL, file);
	g_autoptr (PrivateKey) key = private_key_load_pem (pem, NULL, 0, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) plain = envelope_open (key, bytes, &error);

	if (plain == NULL)
		return failed (error);
	fwrite (g_bytes_get_data (plain, NULL), 1, g_bytes_get_size (plain), stdout);
	return 0;
}

int
main (int argc, char **argv)
{
	pki_init ();
	if (argc == 4 && g_str_equal (argv[1], "make"))
		return make (argv[2], argv[3]);
	if (argc == 5 && g_str_equal (argv[1], "answer"))
		return answer (argv[2], argv[3], argv[4]);
	if (argc == 3 && g_str_equal (argv[1], "csr"))
		return csr (argv[2]);
	if (argc == 4 && g_str_equal (argv[1], "p12"))
		return p12 (argv[2], argv[3]);
	if (argc == 4 && g_str_equal (argv[1], "envelope"))
		return envelope (argv[2], argv[3]);
	if (argc == 4 && g_str_equal (argv[1], "open"))
		return open_envelope (argv[2], argv[3]);
	return 2;
}
