/* main/fetch_issued.c — see fetch_issued.h. */
#include "main/fetch_issued.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "main/identity_file.h"
#include "pki/enveloped_key.h"

json_t *
issued_fetch (Remote *remote, const char *application, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/issued", application);
	return remote_call (remote, "GET", path, NULL, error);
}

Certificate *
issued_certificate (const json_t *issued, const char *name, GError **error)
{
	const char *text = json_string_value (json_object_get (issued, name));
	g_autoptr (GBytes) der = text != NULL ? base64_decode_strict (text, strlen (text), error) : NULL;
	if (text == NULL)
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server sent no %s", name);
	return der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
}

/* NAME.p12 signs, NAME-encryption.p12 opens what others encrypt: two files, since most programs take one key from each. */
static char *
encryption_path (const char *p12)
{
	g_autofree char *stem = g_str_has_suffix (p12, ".p12") ? g_strndup (p12, strlen (p12) - 4) : g_strdup (p12);
	return g_strconcat (stem, "-encryption.p12", NULL);
}

PrivateKey *
issued_encryption_key (const json_t *issued, const PrivateKey *own, const Certificate *certificate, GError **error)
{
	const char *text = json_string_value (json_object_get (issued, "envelope"));
	if (text == NULL)
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server sent no key for the encryption certificate");
	g_autoptr (GBytes) envelope = text != NULL ? base64_decode_strict (text, strlen (text), error) : NULL;
	return envelope != NULL ? enveloped_key_open (own, envelope, certificate, error) : NULL;
}

static gboolean
write_encryption (Cli *cli, const json_t *issued, const PrivateKey *own, Certificate *issuing, const char *path, const char *pin, GError **error)
{
	g_autoptr (Certificate) certificate = issued_certificate (issued, "encryption_certificate", error);
	g_autoptr (PrivateKey) key = certificate != NULL ? issued_encryption_key (issued, own, certificate, error) : NULL;
	if (key == NULL || !p12_file_write (path, key, certificate, issuing, pin, error))
		return FALSE;
	cli_note (cli, "made %s: the encryption certificate and its key", path);
	return TRUE;
}

gboolean
issued_write_p12 (Cli *cli, const json_t *issued, const char *key_path, const char *p12_path, GError **error)
{
	gboolean both = json_object_get (issued, "encryption_certificate") != NULL;
	g_autofree char *second = encryption_path (p12_path);
	if (!file_is_free (p12_path, error) || (both && !file_is_free (second, error)))
		return FALSE;
	g_autoptr (Certificate) leaf = issued_certificate (issued, "certificate", error);
	g_autoptr (Certificate) issuing = leaf != NULL ? issued_certificate (issued, "issuing", error) : NULL;
	g_autoptr (PrivateKey) key = issuing != NULL ? key_file_load (cli, key_path, error) : NULL;
	if (key == NULL)
		return FALSE;
	g_autoptr (PublicKey) public_key = private_key_public (key);
	if (!fingerprint_equal (public_key_fingerprint (public_key), public_key_fingerprint (certificate_public_key (leaf))))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "the certificate was issued for another key than %s", key_path);
	/* Both files have one PIN: --as finds it beside either. */
	g_autoptr (Secret) pin = key_file_new_pin (cli, p12_path, error);
	if (pin == NULL || (both && !write_encryption (cli, issued, key, issuing, second, pin, error)))
		return FALSE;
	if (p12_file_write (p12_path, key, leaf, issuing, pin, error))
		return TRUE;
	if (both)
		unlink (second);
	return FALSE;
}
