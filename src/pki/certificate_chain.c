/* pki/certificate_chain.c — RFC 5280 6.1 for a hierarchy without cross certificates,
 * name constraints or policy mapping: what we do not process, critical, ends the chain. */
#include "pki/certificate_private.h"

#include "pki/path.h"
#include "pki/pki_private.h"

/* SM2-with-SM3 is met with and without NULL parameters (GmSSL writes none, some write NULL). */
#define SM2_WITH_NULL "\x30\x0c\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75\x05\x00"

gboolean
signature_algorithm_fits (Der algorithm, KeyAlgorithm a)
{
	return der_equal (algorithm, algorithm_facts (a)->signature_algorithm)
	       || (a == KEY_SM2 && der_equal (algorithm, DER_LITERAL (SM2_WITH_NULL)));
}

#ifdef DIQI_TEST_POLICY
#define LEAST_RSA_BITS 1024
#define SHA1_WITH_RSA "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"

gboolean
signature_is_admitted_old (Der algorithm)
{
	return der_equal (algorithm, DER_LITERAL (SHA1_WITH_RSA));
}

static gboolean
verify_old (const PublicKey *key, Der tbs, Der algorithm, Der signature)
{
	g_autoptr (EVP_MD_CTX) ctx = EVP_MD_CTX_new ();
	gboolean good = signature_is_admitted_old (algorithm) && key_algorithm_is_rsa (public_key_algorithm (key))
	                && EVP_DigestVerifyInit_ex (ctx, NULL, "SHA1", NULL, NULL, key->pkey, NULL) == 1
	                && EVP_DigestVerify (ctx, signature.p, signature.n, tbs.p, tbs.n) == 1;

	ERR_clear_error ();
	return good;
}
#else
#define LEAST_RSA_BITS 3072

gboolean
signature_is_admitted_old (G_GNUC_UNUSED Der algorithm)
{
	return FALSE;
}

static gboolean
verify_old (G_GNUC_UNUSED const PublicKey *key, G_GNUC_UNUSED Der tbs, G_GNUC_UNUSED Der algorithm, G_GNUC_UNUSED Der signature)
{
	return FALSE;
}
#endif

/* Notes what was broken, of which rule, and refuses. */
static gboolean G_GNUC_PRINTF (6, 7)
broken (PathFault *fault, const char *field, const char *rule, DiqiErrorCode code, GError **error, const char *format, ...)
{
	va_list args;

	va_start (args, format);
	g_autofree char *detail = g_strdup_vprintf (format, args);
	va_end (args);
	if (fault != NULL) {
		fault->field = field;
		fault->rule = rule;
	}
	return diqi_fail (error, code, NULL, "%s", detail);
}

/* A chain is as strong as its weakest key. */
static gboolean
check_size (const Certificate *c, PathFault *fault, GError **error)
{
	if (key_algorithm_is_rsa (public_key_algorithm (c->key)) && public_key_bits (c->key) < LEAST_RSA_BITS)
		return broken (fault, "subjectPublicKeyInfo", "docs/authority.md, algorithms", DIQI_ERROR_CERTIFICATE_CHAIN, error,
		               "an RSA key of %u bits in the chain: %d are the least", public_key_bits (c->key), LEAST_RSA_BITS);
	return TRUE;
}

gboolean
verify_structure (const PublicKey *key, Der tbs, Der algorithm, Der signature)
{
	if (verify_old (key, tbs, algorithm, signature))
		return TRUE;
	return signature_algorithm_fits (algorithm, public_key_algorithm (key))
	       && public_key_verify (key, SIGNATURE_DER, tbs.p, tbs.n, signature.p, signature.n);
}

static gboolean
check_validity (const Certificate *c, Micros at, const char *who, PathFault *fault, GError **error)
{
	static const char rule[] = "RFC 5280 6.1.3 (a)(2)";

	if (at < c->not_before)
		return broken (fault, "notBefore", rule, DIQI_ERROR_CERTIFICATE_EXPIRED, error, "%s is not valid yet", who);
	if (at > c->not_after)
		return broken (fault, "notAfter", rule, DIQI_ERROR_CERTIFICATE_EXPIRED, error, "%s has expired", who);
	return TRUE;
}

/* `below`: certification authorities between this one and the leaf. */
static gboolean
check_authority (const Certificate *c, gsize below, PathFault *fault, GError **error)
{
	if (!c->ca)
		return broken (fault, "basicConstraints", "RFC 5280 6.1.4 (k)", DIQI_ERROR_CERTIFICATE_CHAIN, error, "the issuer may not sign certificates");
	if ((c->key_usage & KU_KEY_CERT_SIGN) == 0)
		return broken (fault, "keyUsage", "RFC 5280 6.1.4 (n)", DIQI_ERROR_CERTIFICATE_CHAIN, error, "the issuer may not sign certificates");
	if (c->path_length >= 0 && below > (gsize) c->path_length)
		return broken (fault, "basicConstraints", "RFC 5280 6.1.4 (m)", DIQI_ERROR_CERTIFICATE_CHAIN, error, "the chain is longer than its issuer allows");
	return TRUE;
}

static gboolean
check_names (const Certificate *c, const Certificate *issuer, PathFault *fault, GError **error)
{
	if (!der_equal (c->issuer, issuer->subject))
		return broken (fault, "issuer", "RFC 5280 6.1.3 (a)(4)", DIQI_ERROR_CERTIFICATE_CHAIN, error, "issuer name does not fit");
	if (c->authority_key_identifier.n > 0 && issuer->subject_key_identifier.n > 0
	    && !der_equal (c->authority_key_identifier, issuer->subject_key_identifier))
		return broken (fault, "authorityKeyIdentifier", "RFC 5280 4.2.1.1", DIQI_ERROR_CERTIFICATE_CHAIN, error, "issuer key identifier does not fit");
	return TRUE;
}

gboolean
certificate_names_issuer (const Certificate *c, const Certificate *issuer)
{
	return check_names (c, issuer, NULL, NULL);
}

static gboolean
check_link (const Certificate *c, const Certificate *issuer, PathFault *fault, GError **error)
{
	if (!check_names (c, issuer, fault, error))
		return FALSE;
	if (!verify_structure (issuer->key, c->tbs, c->signature_algorithm, c->signature))
		return broken (fault, "signatureValue", "RFC 5280 6.1.3 (a)(1)", DIQI_ERROR_CERTIFICATE_CHAIN, error, "signature of the issuer does not verify");
	return TRUE;
}

gboolean
certificate_is_signed_by (const Certificate *c, const Certificate *issuer)
{
	return check_link (c, issuer, NULL, NULL);
}

gboolean
certificate_is_by_key_of (const Certificate *c, const Certificate *issuer)
{
	guint8 id[20];

	public_key_identifier (issuer->key, id);
	return der_equal (c->authority_key_identifier, (Der) { id, sizeof id }) && certificate_is_signed_by (c, issuer);
}

static gboolean
check_critical (const Certificate *c, PathFault *fault, GError **error)
{
	if (c->unknown_critical)
		return broken (fault, "extensions", "RFC 5280 4.2", DIQI_ERROR_CERTIFICATE_CHAIN, error, "critical extension not processed here (RFC 5280 4.2)");
	return TRUE;
}

/* Self-issued authorities do not count against a path length (RFC 5280 6.1.4 l). */
static gsize
counts (const Certificate *c)
{
	return der_equal (c->issuer, c->subject) ? 0 : 1;
}

/* What is about chain[i] alone. */
static gboolean
check_issuer (const Certificate *c, gsize between, PathFault *fault, GError **error)
{
	return check_critical (c, fault, error) && check_size (c, fault, error) && check_authority (c, between, fault, error);
}

/* proven: every signature above the leaf's.  fault: what is filled before a check is where it would have failed. */
static gboolean
verify (const Certificate *leaf, Certificate *const *chain, gsize n, gboolean proven, Micros at, PathFault *fault, GError **error)
{
	const Certificate *below = leaf;
	gsize between = 0;

	g_return_val_if_fail (n > 0, FALSE);
	fault->place = 0;
	if (!check_critical (leaf, fault, error) || !check_size (leaf, fault, error) || !check_validity (leaf, at, "the certificate", fault, error))
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		gboolean (*check) (const Certificate *, const Certificate *, PathFault *, GError **) = proven && i > 0 ? check_names : check_link;
		fault->place = i + 1;
		if (!check_issuer (chain[i], between, fault, error))
			return FALSE;
		fault->place = i;
		if (!check (below, chain[i], fault, error))
			return FALSE;
		fault->place = i + 1;
		if (!check_validity (chain[i], at, "the issuer's certificate", fault, error))
			return FALSE;
		between += counts (chain[i]);
		below = chain[i];
	}
	/* The anchor: a root whose own signature holds. */
	return proven ? check_names (below, below, fault, error) : check_link (below, below, fault, error);
}

gboolean
certificate_verify_path (const Certificate *leaf, Certificate *const *chain, gsize n, Micros at, PathFault *fault, GError **error)
{
	return verify (leaf, chain, n, FALSE, at, fault, error);
}

gboolean
certificate_verify_chain (const Certificate *leaf, Certificate *const *chain, gsize n, Micros at, GError **error)
{
	PathFault ignored = { 0 };

	return verify (leaf, chain, n, FALSE, at, &ignored, error);
}

gboolean
certificate_verify_below (const Certificate *leaf, Certificate *const *proven, gsize n, Micros at, GError **error)
{
	PathFault ignored = { 0 };

	return verify (leaf, proven, n, TRUE, at, &ignored, error);
}
