/* bench/bare_stamp.c — see bare_work.h: time stamps by OpenSSL's own TS API. */
#include "bare_work.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <time.h>

typedef struct {
	EVP_PKEY *key;
	EVP_MD_CTX *sign;
	TS_RESP_CTX *context;
	const guint8 *query;
	gsize query_n;
	guint64 serial;
} StampWork;

static ASN1_INTEGER *
next_serial (TS_RESP_CTX *context, void *data)
{
	StampWork *w = data;
	ASN1_INTEGER *serial = ASN1_INTEGER_new ();

	(void) context;
	ASN1_INTEGER_set_uint64 (serial, ++w->serial);
	return serial;
}

static void
stamp_whole (gpointer work)
{
	StampWork *w = work;
	BIO *in = BIO_new_mem_buf (w->query, (int) w->query_n);
	TS_RESP *response = TS_RESP_create_response (w->context, in);
	guint8 *der = NULL;
	int n = i2d_TS_RESP (response, &der);

	g_assert (n > 0 && TS_STATUS_INFO_get0_status (TS_RESP_get_status_info (response)) != NULL && TS_RESP_get_token (response) != NULL);
	OPENSSL_free (der);
	TS_RESP_free (response);
	BIO_free (in);
}

static void
stamp_arithmetic (gpointer work)
{
	const StampWork *w = work;
	static const guint8 attributes[150];
	guint8 signature[128];
	size_t size = sizeof signature;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new ();

	g_assert (EVP_MD_CTX_copy_ex (ctx, w->sign) == 1 && EVP_DigestSign (ctx, signature, &size, attributes, sizeof attributes) == 1);
	EVP_MD_CTX_free (ctx);
}

/* A certificate like the responder's, over a key of ours. */
static X509 *
own_certificate (EVP_PKEY *key)
{
	X509 *made = X509_new ();
	X509_NAME *name = X509_get_subject_name (made);
	X509_EXTENSION *usage = X509V3_EXT_nconf_nid (NULL, NULL, NID_ext_key_usage, "critical,timeStamping");

	X509_set_version (made, X509_VERSION_3);
	ASN1_INTEGER_set (X509_get_serialNumber (made), 1);
	X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *) "bench TSA", -1, -1, 0);
	X509_set_issuer_name (made, name);
	X509_gmtime_adj (X509_getm_notBefore (made), 0);
	X509_gmtime_adj (X509_getm_notAfter (made), 86400);
	X509_set_pubkey (made, key);
	X509_add_ext (made, usage, -1);
	X509_EXTENSION_free (usage);
	g_assert (X509_sign (made, key, EVP_sha256 ()) > 0);
	return made;
}

static TS_RESP_CTX *
prepared (StampWork *w, X509 *certificate)
{
	TS_RESP_CTX *context = TS_RESP_CTX_new ();
	ASN1_OBJECT *policy = OBJ_txt2obj ("1.2.3.4.1", 1);

	g_assert (TS_RESP_CTX_set_signer_cert (context, certificate) == 1 && TS_RESP_CTX_set_signer_key (context, w->key) == 1
	          && TS_RESP_CTX_set_def_policy (context, policy) == 1 && TS_RESP_CTX_add_md (context, EVP_sha256 ()) == 1
	          && TS_RESP_CTX_set_signer_digest (context, EVP_sha256 ()) == 1 && TS_RESP_CTX_set_ess_cert_id_digest (context, EVP_sha256 ()) == 1
	          && TS_RESP_CTX_set_accuracy (context, 1, 0, 0) == 1);
	TS_RESP_CTX_add_flags (context, TS_ORDERING);
	TS_RESP_CTX_set_serial_cb (context, next_serial, w);
	ASN1_OBJECT_free (policy);
	return context;
}

BareWork
bare_stamp (GBytes *query, Micros limit)
{
	StampWork w = { .key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256"), .sign = EVP_MD_CTX_new () };
	X509 *certificate = own_certificate (w.key);

	w.query = g_bytes_get_data (query, &w.query_n);
	w.context = prepared (&w, certificate);
	g_assert (EVP_DigestSignInit_ex (w.sign, NULL, "SHA256", NULL, NULL, w.key, NULL) == 1);
	const BareWork result = { bare_rate (stamp_whole, &w, limit), bare_rate (stamp_arithmetic, &w, limit) };
	TS_RESP_CTX_free (w.context);
	X509_free (certificate);
	EVP_MD_CTX_free (w.sign);
	EVP_PKEY_free (w.key);
	return result;
}
