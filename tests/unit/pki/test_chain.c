/* Chains: RFC 5280 6.1 for our hierarchy, each condition broken alone. */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/certificate_private.h"

#include <string.h>

#define LATER (HIERARCHY_NOW + MICROS_PER_DAY)

static Hierarchy *shared;

static void
good_chain (gconstpointer data)
{
	g_autoptr (Hierarchy) h = hierarchy_new ((KeyAlgorithm) GPOINTER_TO_INT (data));
	g_autoptr (GError) error = NULL;
	Certificate *chain[] = { h->issuing, h->root };

	g_assert_true (certificate_verify_chain (h->holder, chain, 2, LATER, &error));
	g_assert_true (certificate_verify_chain (h->ocsp, chain, 2, LATER, &error));
	g_assert_true (certificate_verify_chain (h->issuing, &h->root, 1, LATER, &error));
	g_assert_no_error (error);
}

static void
refused (Certificate *leaf, Certificate *first, Certificate *second, Micros at, DiqiErrorCode code)
{
	g_autoptr (GError) error = NULL;
	Certificate *chain[] = { first, second };

	g_assert_false (certificate_verify_chain (leaf, chain, second != NULL ? 2 : 1, at, &error));
	g_assert_error (error, DIQI_ERROR, (gint) code);
}

static void
test_validity (void)
{
	Micros end = certificate_not_after (shared->holder);
	Certificate *chain[] = { shared->issuing, shared->root };

	refused (shared->holder, shared->issuing, shared->root, HIERARCHY_NOW - 1, DIQI_ERROR_CERTIFICATE_EXPIRED);
	g_assert_true (certificate_verify_chain (shared->holder, chain, 2, HIERARCHY_NOW, NULL));
	g_assert_true (certificate_verify_chain (shared->holder, chain, 2, end, NULL));
	refused (shared->holder, shared->issuing, shared->root, end + 1, DIQI_ERROR_CERTIFICATE_EXPIRED);
}

static void
test_wrong_parts (void)
{
	g_autoptr (Hierarchy) other = hierarchy_new (KEY_P256);      /* same names, other keys */

	refused (shared->holder, other->issuing, other->root, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
	refused (shared->holder, shared->issuing, other->root, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
	refused (shared->holder, shared->root, NULL, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
	refused (shared->holder, shared->issuing, NULL, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);      /* anchor not self-signed */
	refused (shared->holder, shared->holder, NULL, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
	refused (shared->holder, shared->ocsp, shared->root, LATER, DIQI_ERROR_CERTIFICATE_CHAIN); /* a leaf is no issuer */
	refused (shared->root, shared->holder, NULL, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
}

/* The certificate with some bytes of its body changed, signed again by `key`. */
static Certificate *
resigned (const Certificate *c, const PrivateKey *key, const char *from, const char *to)
{
	g_autoptr (GError) error = NULL;
	GByteArray *tbs = g_byte_array_new ();
	g_byte_array_append (tbs, c->tbs.p, (guint) c->tbs.n);
	guint8 *at = memmem (tbs->data, tbs->len, from, strlen (from));

	g_assert_nonnull (at);
	memcpy (at, to, strlen (from));
	GBytes *der = sign_structure (key, tbs, &error);
	g_assert_no_error (error);
	return certificate_from (der);
}

static void
test_critical (void)
{
	/* key usage, critical, made into name constraints and into an extension nobody knows */
	g_autoptr (Certificate) constraints = resigned (shared->holder, shared->issuing_key, "\x55\x1d\x0f", "\x55\x1d\x1e");
	g_autoptr (Certificate) unknown = resigned (shared->holder, shared->issuing_key, "\x55\x1d\x0f", "\x55\x1d\x7f");
	g_autoptr (Certificate) issuing = resigned (shared->issuing, shared->root_key, "\x55\x1d\x0f", "\x55\x1d\x24");

	refused (constraints, shared->issuing, shared->root, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
	refused (unknown, shared->issuing, shared->root, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
	refused (shared->holder, issuing, shared->root, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
	/* the same, not critical, is passed over */
	g_autoptr (Certificate) unread = resigned (shared->holder, shared->issuing_key, "\x55\x1d\x1f", "\x55\x1d\x7f");
	Certificate *chain[] = { shared->issuing, shared->root };
	g_assert_true (certificate_verify_chain (unread, chain, 2, LATER, NULL));
}

static void
test_key_usage (void)
{
	/* keyCertSign and cRLSign (06) become cRLSign alone (02): 03 02 01 06 → 03 02 01 02 */
	g_autoptr (Certificate) issuing = resigned (shared->issuing, shared->root_key, "\x03\x02\x01\x06", "\x03\x02\x01\x02");

	g_assert_cmpuint (certificate_key_usage (issuing), ==, KU_CRL_SIGN);
	refused (shared->holder, issuing, shared->root, LATER, DIQI_ERROR_CERTIFICATE_CHAIN);
}

static Certificate *
sub_authority (const Hierarchy *h, const PrivateKey *key, const char *name, int path_length)
{
	g_autoptr (PublicKey) public = private_key_public (key);
	const NamePart part = { NAME_COMMON_NAME, name };
	CertificateTemplate t;

	holder_template (h, public, &t);
	t.subject = &part;
	t.subject_n = 1;
	t.ca = TRUE;
	t.path_length = path_length;
	t.key_usage = KU_KEY_CERT_SIGN;
	t.extended_key_usage = 0;
	return issue (h->issuer, &t);
}

/* The issuing authority has path length 0: an authority below it is refused as an issuer. */
static void
test_path_length (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, &error);
	g_autoptr (Certificate) below = sub_authority (shared, key, "below", -1);
	g_autoptr (Issuer) issuer = issuer_new (below, key, &error);
	g_autoptr (PublicKey) holder = private_key_public (shared->holder_key);
	CertificateTemplate t;

	g_assert_no_error (error);
	holder_template (shared, holder, &t);
	g_autoptr (Certificate) leaf = issue (issuer, &t);
	Certificate *chain[] = { below, shared->issuing, shared->root };
	g_assert_false (certificate_verify_chain (leaf, chain, 3, LATER, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_CHAIN);
	/* as the last certificate of a path it does not count (RFC 5280 4.2.1.9) */
	g_assert_true (certificate_verify_chain (below, chain + 1, 2, LATER, NULL));
}

/* A new key under the old name, signed with the old key: self-issued, not counted (RFC 5280 6.1.4 l). */
static void
test_self_issued (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, &error);
	g_autofree char *name = certificate_subject_attribute (shared->issuing, NAME_COMMON_NAME);
	g_autoptr (Certificate) rollover = sub_authority (shared, key, name, 0);
	g_autoptr (Issuer) issuer = issuer_new (rollover, key, &error);
	g_autoptr (PublicKey) holder = private_key_public (shared->holder_key);
	CertificateTemplate t;

	g_assert_no_error (error);
	holder_template (shared, holder, &t);
	g_autoptr (Certificate) leaf = issue (issuer, &t);
	Certificate *chain[] = { rollover, shared->issuing, shared->root };
	g_assert_true (certificate_verify_chain (leaf, chain, 3, LATER, &error));
	g_assert_no_error (error);
}

/* Under a chain that was proven only its signatures go unlooked at. */
static void
test_below_proven (void)
{
	g_autoptr (Hierarchy) other = hierarchy_new (KEY_P256);
	g_autoptr (GError) error = NULL;
	Certificate *proven[] = { shared->issuing, shared->root }, *swapped[] = { shared->root, shared->issuing };
	Micros end = certificate_not_after (shared->holder);

	g_assert_true (certificate_verify_below (shared->holder, proven, 2, LATER, &error));
	g_assert_no_error (error);
	g_assert_false (certificate_verify_below (other->holder, proven, 2, LATER, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_CHAIN);
	g_clear_error (&error);
	g_assert_false (certificate_verify_below (shared->holder, swapped, 2, LATER, NULL));
	g_assert_false (certificate_verify_below (shared->holder, proven, 1, LATER, NULL));
	g_assert_false (certificate_verify_below (shared->holder, proven, 2, end + 1, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_EXPIRED);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_autoptr (Hierarchy) h = shared = hierarchy_new (KEY_P256);
	for (int a = 0; a < KEY_N_ALGORITHMS; a++) {
		g_autofree char *path = g_strconcat ("/chain/good/", key_algorithm_name ((KeyAlgorithm) a), NULL);
		g_test_add_data_func (path, GINT_TO_POINTER (a), good_chain);
	}
	g_test_add_func ("/chain/validity", test_validity);
	g_test_add_func ("/chain/wrong-parts", test_wrong_parts);
	g_test_add_func ("/chain/critical", test_critical);
	g_test_add_func ("/chain/key-usage", test_key_usage);
	g_test_add_func ("/chain/path-length", test_path_length);
	g_test_add_func ("/chain/self-issued", test_self_issued);
	g_test_add_func ("/chain/below-proven", test_below_proven);
	return g_test_run ();
}
