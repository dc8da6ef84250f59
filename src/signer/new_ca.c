/* signer/new_ca.c — see new_ca.h. */
#include "signer/new_ca.h"

#include <string.h>

#include "base/error.h"
#include "signer/durable.h"
#include "signer/own_certificate.h"

void
new_ca_free (NewCa *ca)
{
	if (ca == NULL)
		return;
	g_clear_pointer (&ca->issuer, issuer_free);
	g_clear_pointer (&ca->root_key, private_key_free);
	g_clear_pointer (&ca->key, private_key_free);
	g_clear_pointer (&ca->ocsp_key, private_key_free);
	g_clear_pointer (&ca->root, certificate_unref);
	g_clear_pointer (&ca->certificate, certificate_unref);
	g_clear_pointer (&ca->ocsp, certificate_unref);
	g_clear_pointer (&ca->cross, certificate_unref);
	g_clear_pointer (&ca->root_crl, g_bytes_unref);
	g_free (ca->name);
	g_free (ca);
}

GBytes *
root_crl_sign (Certificate *root, const PrivateKey *key, guint64 number, const GArray *revoked, Micros now, GError **error)
{
	g_autoptr (Issuer) issuer = issuer_new (root, key, error);
	Micros start = now - now % MICROS_PER_S;
	return issuer == NULL ? NULL
		: issuer_sign_crl (issuer, number, start, start + ROOT_CRL_DAYS * MICROS_PER_DAY,
		                   revoked != NULL ? (const RevokedEntry *) (gpointer) revoked->data : NULL, revoked != NULL ? revoked->len : 0, error);
}

static gboolean
make_root (NewCa *ca, const Pins *pins, const NewCaWanted *wanted, GError **error)
{
	g_autofree char *key = pins_ca_file (ca->name, "root", "");
	ca->root_key = vault_generate_key (wanted->vaults.root, key, wanted->algorithm, error);
	ca->root = ca->root_key != NULL
		? own_certificate_make (pins, own_certificate (OWN_ROOT), ca->name, NULL, ca->root_key, wanted->now, error) : NULL;
	ca->root_crl = ca->root != NULL ? root_crl_sign (ca->root, ca->root_key, 1, NULL, wanted->now, error) : NULL;
	return ca->root_crl != NULL;
}

static gboolean
make_issuing (NewCa *ca, const Pins *pins, const NewCaWanted *wanted, const PrivateKey *root_key, GError **error)
{
	g_autoptr (Issuer) root = issuer_new (ca->root, root_key, error);
	ca->key = root != NULL ? vault_generate_key (wanted->vaults.signer, ca->name, wanted->algorithm, error) : NULL;
	ca->certificate = ca->key != NULL
		? own_certificate_make (pins, own_certificate (OWN_ISSUING), ca->name, root, ca->key, wanted->now, error) : NULL;
	/* A rollover under an old root: nothing may outlive what vouches for it. */
	if (ca->certificate != NULL && certificate_not_after (ca->certificate) > certificate_not_after (ca->root))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_EXPIRED, "/root", "the root ends before a CA that is made now: make a new root");
	ca->issuer = ca->certificate != NULL ? issuer_new (ca->certificate, ca->key, error) : NULL;
	return ca->issuer != NULL;
}

static gboolean
make_ocsp (NewCa *ca, const Pins *pins, const NewCaWanted *wanted, GError **error)
{
	g_autofree char *key = pins_ca_file (ca->name, "ocsp", "");
	ca->ocsp_key = vault_generate_key (wanted->vaults.signer, key, wanted->algorithm, error);
	ca->ocsp = ca->ocsp_key != NULL
		? own_certificate_make (pins, own_certificate (OWN_OCSP), ca->name, ca->issuer, ca->ocsp_key, wanted->now, error) : NULL;
	return ca->ocsp != NULL;
}

/* Of a CA whose root is not the first CA's. */
static gboolean
make_cross (NewCa *ca, const Pins *pins, const NewCaWanted *wanted, GError **error)
{
	const PinnedCa *first = pins_ca (pins, NULL);
	if (first == NULL || fingerprint_equal (certificate_fingerprint (first->root), certificate_fingerprint (ca->root)))
		return TRUE;
	g_autoptr (Issuer) root = issuer_new (first->root, wanted->first_key, error);
	ca->cross = root != NULL ? own_certificate_cross (pins, ca->name, ca->key, first->name, root, wanted->now, error) : NULL;
	return ca->cross != NULL;
}

NewCa *
new_ca_make (const Pins *pins, const NewCaWanted *wanted, GError **error)
{
	g_autoptr (NewCa) ca = g_new0 (NewCa, 1);
	ca->name = g_strdup (wanted->name);
	if (wanted->root != NULL)
		ca->root = certificate_ref (wanted->root);
	else if (!make_root (ca, pins, wanted, error))
		return NULL;
	if (!make_issuing (ca, pins, wanted, wanted->root != NULL ? wanted->root_key : ca->root_key, error)
	    || !make_ocsp (ca, pins, wanted, error) || !make_cross (ca, pins, wanted, error))
		return NULL;
	return g_steal_pointer (&ca);
}

static gboolean
write_certificate (const char *dir, const char *ca, const char *what, const Certificate *certificate, GError **error)
{
	g_autofree char *file = pins_ca_file (ca, what, ".crt");
	g_autofree char *pem = certificate_pem (certificate);
	return durable_replace (dir, file, pem, strlen (pem), 0644, error);
}

gboolean
new_ca_write (const NewCa *ca, const char *dir, Vault *vault, GError **error)
{
	g_autofree char *ocsp = pins_ca_file (ca->name, "ocsp", "");
	return vault_keep_key (vault, ca->name, ca->key, error) && vault_keep_key (vault, ocsp, ca->ocsp_key, error)
		&& write_certificate (dir, ca->name, "root", ca->root, error) && write_certificate (dir, ca->name, NULL, ca->certificate, error)
		&& write_certificate (dir, ca->name, "ocsp", ca->ocsp, error)
		&& (ca->cross == NULL || write_certificate (dir, ca->name, "cross", ca->cross, error));
}
