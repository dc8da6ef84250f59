/* bench/bare_work.c — see bare_work.h. */
#include "bare_work.h"

#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ocsp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define SM2_ID "1234567812345678"

/* --- keys and signatures ------------------------------------------------------------------ */

static EVP_PKEY *
generate (KeyAlgorithm algorithm)
{
	EVP_PKEY *key = algorithm == KEY_SM2 ? EVP_PKEY_Q_keygen (NULL, NULL, "SM2") : EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
	g_assert (key != NULL);
	return key;
}

/* Prepared once; each use copies it. */
static EVP_MD_CTX *
context (KeyAlgorithm algorithm, EVP_PKEY *key, gboolean sign)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new ();
	OSSL_PARAM id[] = {
		OSSL_PARAM_construct_octet_string (OSSL_PKEY_PARAM_DIST_ID, (void *) SM2_ID, strlen (SM2_ID)), OSSL_PARAM_construct_end (),
	};
	const OSSL_PARAM *params = algorithm == KEY_SM2 ? id : NULL;
	const char *digest = algorithm == KEY_SM2 ? "SM3" : "SHA256";
	g_assert ((sign ? EVP_DigestSignInit_ex (ctx, NULL, digest, NULL, NULL, key, params)
	                : EVP_DigestVerifyInit_ex (ctx, NULL, digest, NULL, NULL, key, params)) == 1);
	return ctx;
}

static gsize
sign (const EVP_MD_CTX *prepared, const guint8 *text, gsize n, guint8 signature[128])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new ();
	size_t size = 128;
	g_assert (EVP_MD_CTX_copy_ex (ctx, prepared) == 1 && EVP_DigestSign (ctx, signature, &size, text, n) == 1);
	EVP_MD_CTX_free (ctx);
	return size;
}

static void
verify (const EVP_MD_CTX *prepared, const guint8 *text, gsize n, const guint8 *signature, gsize size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new ();
	g_assert (EVP_MD_CTX_copy_ex (ctx, prepared) == 1 && EVP_DigestVerify (ctx, signature, size, text, n) == 1);
	EVP_MD_CTX_free (ctx);
}

/* --- the clock ------------------------------------------------------------------------------ */

static gint64
own_time (void)
{
	struct timespec t;
	clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
	return (gint64) t.tv_sec * 1000000000 + t.tv_nsec;
}

guint64
bare_rate (BareUnitFn unit, gpointer work, Micros limit)
{
	guint64 done = 0;
	gint64 begun = own_time (), now;
	do {
		unit (work);
		done++;
		now = own_time ();
	} while (now - begun < limit * 1000);
	return done * 1000000000 / (guint64) (now - begun);
}

/* --- issuing ---------------------------------------------------------------------------------- */

typedef struct {
	KeyAlgorithm algorithm;
	EVP_PKEY *issuer, *officer;
	EVP_MD_CTX *sign, *verify;
	guint8 *statement, signature[128];
	gsize statement_n, signature_n;
	guint8 *spki;
	int spki_n;
	X509_NAME *subject, *issuer_name;
	STACK_OF (X509_EXTENSION) *extensions;
	X509 *agent;                     /* a recovery agent's; of pairs */
} IssueWork;

static void
add_extension (IssueWork *w, X509V3_CTX *v3, int nid, const char *value)
{
	X509_EXTENSION *made = X509V3_EXT_nconf_nid (NULL, v3, nid, value);
	if (made == NULL)
		g_error ("no extension %s", OBJ_nid2sn (nid));
	X509v3_add_ext (&w->extensions, made, -1);
	X509_EXTENSION_free (made);
}

static void
add_encoded (IssueWork *w, const char *oid, const char *value, int n)
{
	ASN1_OBJECT *object = OBJ_txt2obj (oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new ();
	ASN1_OCTET_STRING_set (octets, (const guint8 *) value, n);
	X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ (NULL, object, 0, octets);
	X509v3_add_ext (&w->extensions, made, -1);
	X509_EXTENSION_free (made);
	ASN1_OBJECT_free (object);
	ASN1_OCTET_STRING_free (octets);
}

/* All that a holder's certificate has beside its subjectKeyIdentifier, which is the key's. */
static void
make_extensions (IssueWork *w, X509 *issuer)
{
	X509V3_CTX v3;
	X509V3_set_ctx (&v3, issuer, issuer, NULL, NULL, 0);
	X509V3_set_ctx_nodb (&v3);
	add_extension (w, &v3, NID_authority_key_identifier, "keyid:always");
	add_extension (w, &v3, NID_key_usage, "critical,digitalSignature,nonRepudiation");
	add_extension (w, &v3, NID_ext_key_usage, "clientAuth");
	add_extension (w, &v3, NID_crl_distribution_points, "URI:http://localhost:8080/pki/issuing/full.crl");
	add_extension (w, &v3, NID_info_access, "OCSP;URI:http://localhost:8080/pki/issuing/ocsp,caIssuers;URI:http://localhost:8080/pki/issuing/ca.cer");
	add_encoded (w, "2.5.29.32", "\x30\x07\x30\x05\x06\x03\x2a\x03\x04", 9);
	add_encoded (w, "1.2.156.10260.4.1.4", "\x13\x12" "91350100M000100Y43", 20);
}

static void
add_subject_key (X509 *x, const ASN1_BIT_STRING *key)
{
	guint8 hash[EVP_MAX_MD_SIZE];
	unsigned n;
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new ();
	g_assert (EVP_Digest (key->data, (size_t) key->length, hash, &n, EVP_sha256 (), NULL) == 1);
	ASN1_OCTET_STRING_set (id, hash, 20);
	g_assert (X509_add1_ext_i2d (x, NID_subject_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1);
	ASN1_OCTET_STRING_free (id);
}

static void
set_random_serial (X509 *x)
{
	guint8 serial[20];
	g_assert (RAND_bytes (serial, sizeof serial) == 1);
	serial[0] = (guint8) ((serial[0] & 0x3f) | 0x40);
	BIGNUM *number = BN_bin2bn (serial, sizeof serial, NULL);
	BN_to_ASN1_INTEGER (number, X509_get_serialNumber (x));
	BN_free (number);
}

static void
sign_certificate (const IssueWork *w, X509 *x)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new ();
	guint8 *der = NULL;
	g_assert (EVP_MD_CTX_copy_ex (ctx, w->sign) == 1 && X509_sign_ctx (x, ctx) > 0 && i2d_X509 (x, &der) > 0);
	OPENSSL_free (der);
	EVP_MD_CTX_free (ctx);
}

/* Built, signed and encoded. */
static X509 *
make_certificate (const IssueWork *w, EVP_PKEY *key)
{
	X509 *x = X509_new ();
	X509_set_version (x, 2);
	set_random_serial (x);
	X509_set_subject_name (x, w->subject);
	X509_set_issuer_name (x, w->issuer_name);
	X509_gmtime_adj (X509_getm_notBefore (x), 0);
	X509_gmtime_adj (X509_getm_notAfter (x), 365 * 86400);
	X509_set_pubkey (x, key);
	for (int i = 0; i < sk_X509_EXTENSION_num (w->extensions); i++)
		X509_add_ext (x, sk_X509_EXTENSION_value (w->extensions, i), -1);
	add_subject_key (x, X509_get0_pubkey_bitstr (x));
	sign_certificate (w, x);
	return x;
}

static X509_PUBKEY *
judge_request (const IssueWork *w)
{
	const guint8 *p = w->spki;
	X509_PUBKEY *key = d2i_X509_PUBKEY (NULL, &p, w->spki_n);
	g_assert (X509_PUBKEY_get0 (key) != NULL);
	for (int i = 0; i < 2; i++)
		verify (w->verify, w->statement, w->statement_n, w->signature, w->signature_n);
	return key;
}

static void
issue_whole (gpointer data)
{
	X509_PUBKEY *key = judge_request (data);
	X509_free (make_certificate (data, X509_PUBKEY_get0 (key)));
	X509_PUBKEY_free (key);
}

static void
issue_arithmetic (gpointer data)
{
	const IssueWork *w = data;
	guint8 signature[128];
	for (int i = 0; i < 2; i++)
		verify (w->verify, w->statement, w->statement_n, w->signature, w->signature_n);
	sign (w->sign, w->statement, w->statement_n, signature);
}

static X509 *
x509_of (const Certificate *certificate)
{
	g_autoptr (GBytes) der = certificate_der (certificate);
	gsize n;
	const guint8 *p = g_bytes_get_data (der, &n);
	X509 *x = d2i_X509 (NULL, &p, (long) n);
	g_assert (x != NULL);
	return x;
}

static X509_NAME *
holder_name (void)
{
	static const char *const parts[][2] = { { "C", "CN" }, { "ST", "江苏省" }, { "O", "虚构置业有限公司" }, { "CN", "虚构置业有限公司" } };
	X509_NAME *name = X509_NAME_new ();
	for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
		g_assert (X509_NAME_add_entry_by_txt (name, parts[i][0], MBSTRING_UTF8, (const guint8 *) parts[i][1], -1, -1, 0) == 1);
	return name;
}

/* --- pairs ------------------------------------------------------------------------------------ */

#define AGENTS 3
#define SHARE 54

/* CMS_encrypt wants a certificate of its recipient; to an SM2 key OpenSSL has no CMS. */
static void
seal (const IssueWork *w, X509 *to, const guint8 *text, gsize n)
{
	guint8 out[512], *der = NULL;
	size_t size = sizeof out;
	if (w->algorithm == KEY_SM2) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey (NULL, X509_get0_pubkey (to), NULL);
		g_assert (EVP_PKEY_encrypt_init (ctx) == 1 && EVP_PKEY_encrypt (ctx, out, &size, text, n) == 1);
		EVP_PKEY_CTX_free (ctx);
		return;
	}
	STACK_OF (X509) *recipients = sk_X509_new_null ();
	BIO *in = BIO_new_mem_buf (text, (int) n);
	sk_X509_push (recipients, to);
	CMS_ContentInfo *cms = CMS_encrypt (recipients, in, EVP_aes_256_cbc (), CMS_BINARY);
	g_assert (cms != NULL && i2d_CMS_ContentInfo (cms, &der) > 0);
	OPENSSL_free (der);
	CMS_ContentInfo_free (cms);
	BIO_free (in);
	sk_X509_free (recipients);
}

static void
pair_whole (gpointer data)
{
	const IssueWork *w = data;
	guint8 share[SHARE] = { 0 }, *plain = NULL;
	X509_PUBKEY *holder = judge_request (w);
	EVP_PKEY *made = generate (w->algorithm);
	X509 *encryption = make_certificate (w, made), *signing = make_certificate (w, X509_PUBKEY_get0 (holder));
	PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8 (made);
	int n = i2d_PKCS8_PRIV_KEY_INFO (key, &plain);
	g_assert (n > 0);
	seal (w, signing, plain, w->algorithm == KEY_SM2 ? 16 : (gsize) n);
	for (int i = 0; i < AGENTS; i++)
		seal (w, w->agent, share, sizeof share);
	OPENSSL_clear_free (plain, (size_t) n);
	PKCS8_PRIV_KEY_INFO_free (key);
	X509_free (encryption);
	X509_free (signing);
	X509_PUBKEY_free (holder);
	EVP_PKEY_free (made);
}

/* What sealing cannot do without: for ECDH an ephemeral key and one agreement. */
static void
seal_arithmetic (const IssueWork *w)
{
	guint8 secret[64];
	size_t n = sizeof secret;
	if (w->algorithm == KEY_SM2) {
		seal (w, w->agent, secret, 16);
		return;
	}
	EVP_PKEY *ephemeral = generate (w->algorithm);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey (NULL, ephemeral, NULL);
	g_assert (EVP_PKEY_derive_init (ctx) == 1 && EVP_PKEY_derive_set_peer_ex (ctx, w->officer, 0) == 1 && EVP_PKEY_derive (ctx, secret, &n) == 1);
	EVP_PKEY_CTX_free (ctx);
	EVP_PKEY_free (ephemeral);
}

static void
pair_arithmetic (gpointer data)
{
	const IssueWork *w = data;
	guint8 signature[128];
	issue_arithmetic (data);
	sign (w->sign, w->statement, w->statement_n, signature);
	EVP_PKEY_free (generate (w->algorithm));
	for (int i = 0; i < 1 + AGENTS; i++)
		seal_arithmetic (w);
}

static BareWork
measure (KeyAlgorithm algorithm, const Certificate *issuing, gsize statement_n, Micros limit, BareUnitFn whole, BareUnitFn arithmetic)
{
	X509 *issuer = x509_of (issuing);
	EVP_PKEY *holder = generate (algorithm);
	IssueWork w = { .algorithm = algorithm, .issuer = generate (algorithm), .officer = generate (algorithm), .statement_n = statement_n };
	w.sign = context (algorithm, w.issuer, TRUE);
	w.verify = context (algorithm, w.officer, FALSE);
	w.statement = g_malloc0 (statement_n);
	EVP_MD_CTX *by_officer = context (algorithm, w.officer, TRUE);
	w.signature_n = sign (by_officer, w.statement, statement_n, w.signature);
	w.spki_n = i2d_PUBKEY (holder, &w.spki);
	w.subject = holder_name ();
	w.issuer_name = X509_NAME_dup (X509_get_subject_name (issuer));
	make_extensions (&w, issuer);
	w.agent = make_certificate (&w, w.officer);
	const BareWork result = { bare_rate (whole, &w, limit), bare_rate (arithmetic, &w, limit) };
	X509_free (w.agent);
	sk_X509_EXTENSION_pop_free (w.extensions, X509_EXTENSION_free);
	X509_NAME_free (w.subject);
	X509_NAME_free (w.issuer_name);
	EVP_MD_CTX_free (by_officer);
	EVP_MD_CTX_free (w.sign);
	EVP_MD_CTX_free (w.verify);
	EVP_PKEY_free (w.issuer);
	EVP_PKEY_free (w.officer);
	EVP_PKEY_free (holder);
	OPENSSL_free (w.spki);
	g_free (w.statement);
	X509_free (issuer);
	return result;
}

BareWork
bare_issue (KeyAlgorithm algorithm, const Certificate *issuing, gsize statement_n, Micros limit)
{
	return measure (algorithm, issuing, statement_n, limit, issue_whole, issue_arithmetic);
}

BareWork
bare_pair (KeyAlgorithm algorithm, const Certificate *issuing, gsize statement_n, Micros limit)
{
	return measure (algorithm, issuing, statement_n, limit, pair_whole, pair_arithmetic);
}

/* --- OCSP --------------------------------------------------------------------------------------- */

typedef struct {
	EVP_PKEY *key;
	EVP_MD_CTX *sign;
	X509 *responder;
	const guint8 *request;
	gsize request_n;
} OcspWork;

static void
ocsp_whole (gpointer data)
{
	const OcspWork *w = data;
	const guint8 *p = w->request;
	guint8 *der = NULL;
	OCSP_REQUEST *request = d2i_OCSP_REQUEST (NULL, &p, (long) w->request_n);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new ();
	ASN1_TIME *now = X509_gmtime_adj (NULL, 0), *next = X509_gmtime_adj (NULL, 600);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new ();
	g_assert (request != NULL);
	for (int i = 0; i < OCSP_request_onereq_count (request); i++)
		OCSP_basic_add1_status (basic, OCSP_onereq_get0_id (OCSP_request_onereq_get0 (request, i)), V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, next);
	OCSP_copy_nonce (basic, request);
	g_assert (EVP_MD_CTX_copy_ex (ctx, w->sign) == 1 && OCSP_basic_sign_ctx (basic, w->responder, ctx, NULL, OCSP_RESPID_KEY) == 1);
	OCSP_RESPONSE *response = OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	g_assert (i2d_OCSP_RESPONSE (response, &der) > 0);
	OPENSSL_free (der);
	OCSP_RESPONSE_free (response);
	EVP_MD_CTX_free (ctx);
	ASN1_TIME_free (now);
	ASN1_TIME_free (next);
	OCSP_BASICRESP_free (basic);
	OCSP_REQUEST_free (request);
}

static void
ocsp_arithmetic (gpointer data)
{
	const OcspWork *w = data;
	guint8 signature[128];
	static const guint8 response[300];
	sign (w->sign, response, sizeof response, signature);
}

/* OCSP_basic_sign_ctx insists that key and certificate belong together. */
static X509 *
with_key (const Certificate *certificate, EVP_PKEY *key)
{
	X509 *x = x509_of (certificate);
	g_assert (X509_set_pubkey (x, key) == 1);
	return x;
}

BareWork
bare_ocsp (KeyAlgorithm algorithm, const Certificate *responder, GBytes *request, Micros limit)
{
	OcspWork w = { .key = generate (algorithm) };
	w.sign = context (algorithm, w.key, TRUE);
	w.responder = with_key (responder, w.key);
	w.request = g_bytes_get_data (request, &w.request_n);
	const BareWork result = { bare_rate (ocsp_whole, &w, limit), bare_rate (ocsp_arithmetic, &w, limit) };
	X509_free (w.responder);
	EVP_MD_CTX_free (w.sign);
	EVP_PKEY_free (w.key);
	return result;
}

/* --- lists ---------------------------------------------------------------------------------------- */

static void
add_entry (X509_CRL *list, ASN1_TIME *at)
{
	X509_REVOKED *entry = X509_REVOKED_new ();
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new ();
	ASN1_INTEGER *number = ASN1_INTEGER_new ();
	guint8 serial[20];
	g_assert (RAND_bytes (serial, sizeof serial) == 1);
	serial[0] = (guint8) ((serial[0] & 0x3f) | 0x40);
	BIGNUM *bn = BN_bin2bn (serial, sizeof serial, NULL);
	BN_to_ASN1_INTEGER (bn, number);
	ASN1_ENUMERATED_set (reason, 4);
	X509_REVOKED_set_serialNumber (entry, number);
	X509_REVOKED_set_revocationDate (entry, at);
	X509_REVOKED_add1_ext_i2d (entry, NID_crl_reason, reason, 0, 0);
	X509_CRL_add0_revoked (list, entry);
	BN_free (bn);
	ASN1_INTEGER_free (number);
	ASN1_ENUMERATED_free (reason);
}

guint64
bare_list_micros (KeyAlgorithm algorithm, const Certificate *issuing, guint entries)
{
	X509 *issuer = x509_of (issuing);
	EVP_PKEY *key = generate (algorithm);
	EVP_MD_CTX *ctx = context (algorithm, key, TRUE);
	gint64 begun = own_time ();
	X509_CRL *list = X509_CRL_new ();
	ASN1_TIME *now = X509_gmtime_adj (NULL, 0), *next = X509_gmtime_adj (NULL, 86400);
	guint8 *der = NULL;
	X509_CRL_set_version (list, 1);
	X509_CRL_set_issuer_name (list, X509_get_subject_name (issuer));
	X509_CRL_set1_lastUpdate (list, now);
	X509_CRL_set1_nextUpdate (list, next);
	for (guint i = 0; i < entries; i++)
		add_entry (list, now);
	X509_CRL_sort (list);
	g_assert (X509_CRL_sign_ctx (list, ctx) > 0 && i2d_X509_CRL (list, &der) > 0);
	gint64 took = own_time () - begun;
	OPENSSL_free (der);
	ASN1_TIME_free (now);
	ASN1_TIME_free (next);
	X509_CRL_free (list);
	EVP_MD_CTX_free (ctx);
	EVP_PKEY_free (key);
	X509_free (issuer);
	return (guint64) took / 1000;
}
