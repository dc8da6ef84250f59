/* main/cmd_carrier.c — diqi token prepare, show, pin: a holder's certificates on his token.
 *
 * Pulled out in the middle, it is run again and goes on.  Nothing is kept beside the token: what is done is seen by its objects,
 * whose labels name the application ("diqi sign APPLICATION", "diqi encrypt APPLICATION"), and by where the application stands.
 * Each object is written once, and only when what it needs is there: the request when the key pair is whole, the certificate when
 * it is of that key, the encryption certificate when its key fits and is on the token. */
#include <string.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "main/cli.h"
#include "main/fetch_issued.h"
#include "main/remote.h"
#include "pki/pkcs11_holder.h"
#include "pki/token.h"

/* One token and one application. */
typedef struct {
	Cli *cli;
	Pkcs11 *token;
	Remote *remote;
	char *application;
	Pkcs11Name sign, encrypt;
	PrivateKey *key;                 /* the signing key, on the token */
	json_t *done;                    /* what is printed */
} Carrier;

static void
carrier_clear (Carrier *carrier)
{
	g_clear_pointer (&carrier->key, private_key_free);
	g_clear_pointer (&carrier->token, pkcs11_free);
	g_clear_pointer (&carrier->remote, remote_free);
	g_clear_pointer (&carrier->application, g_free);
	g_clear_pointer (&carrier->done, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Carrier, carrier_clear)

static char *
token_pin (const Cli *cli, GError **error)
{
	return cli_option (cli, "token-pin-file") != NULL ? secret_read_file (cli_option (cli, "token-pin-file"), error)
	                                                  : secret_ask ("介质 PIN / PIN of the token", "--token-pin-file FILE", error);
}

/* By serial, or the only one that is plugged in. */
static Pkcs11 *
open_token (const Cli *cli, const char *pin, GError **error)
{
	g_autofree char *serial = g_strdup (cli_option (cli, "token"));
	if (serial == NULL) {
		g_autoptr (TokenModule) module = token_module_open (cli_option (cli, "module"), error);
		g_autoptr (Token) token = module != NULL ? token_find (module, NULL, error) : NULL;
		if (token == NULL)
			return NULL;
		serial = g_strdup (token->serial);
	}
	const Pkcs11Place place = { .module = cli_option (cli, "module"), .serial = serial };
	return pkcs11_open (&place, pin, strlen (pin), error);
}

/* CKA_ID: the application's UUID, the copy, and what the key is for. */
static void
name_of (const char *application, const char *use, guint8 mark, Pkcs11Name *out)
{
	g_autofree char *digits = g_strdup (application);
	char *to = digits;
	for (const char *from = digits; *from != '\0'; from++)
		if (*from != '-')
			*to++ = *from;
	*to = '\0';
	memset (out, 0, sizeof *out);
	g_snprintf (out->label, sizeof out->label, "diqi %s %s", use, application);
	hex_decode (digits, out->id, 16);
	out->id[PKCS11_ID_BYTES - 1] = mark;
}

static gboolean
carrier_open (Carrier *carrier, GError **error)
{
	carrier->remote = remote_open_ticket (carrier->cli, &carrier->application, error);
	if (carrier->remote == NULL)
		return FALSE;
	g_autoptr (Secret) pin = token_pin (carrier->cli, error);
	carrier->token = pin != NULL ? open_token (carrier->cli, pin, error) : NULL;
	name_of (carrier->application, "sign", 1, &carrier->sign);
	name_of (carrier->application, "encrypt", 2, &carrier->encrypt);
	carrier->done = json_object ();
	json_object_set_new (carrier->done, "application", json_string (carrier->application));
	return carrier->token != NULL;
}

static void
note_step (Carrier *carrier, const char *step, gboolean now)
{
	json_object_set_new (carrier->done, step, json_string (now ? "written" : "there"));
}

static char *
path_of (const Carrier *carrier, const char *verb)
{
	return g_strdup_printf ("/api/v1/applications/%s%s%s", carrier->application, verb != NULL ? "/" : "", verb != NULL ? verb : "");
}

/* --- the key pair, and the application signed with it -------------------------------------------- */

static gboolean
make_key (Carrier *carrier, GError **error)
{
	const char *name = cli_option (carrier->cli, "algorithm");
	KeyAlgorithm algorithm = KEY_P256;
	gboolean made = FALSE;
	if (name != NULL && !key_algorithm_from_name (name, &algorithm))
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "no algorithm \"%s\": p256, p384 or rsa3072", name);
	carrier->key = pkcs11_holder_key (carrier->token, &carrier->sign, algorithm, &made, error);
	if (carrier->key == NULL)
		return FALSE;
	note_step (carrier, "key_pair", made);
	FAILPOINT ("carrier.key_pair");
	return TRUE;
}

static char *
submission (Carrier *carrier, const json_t *view, GError **error)
{
	g_autofree char *path = path_of (carrier, "form-document");
	g_autoptr (GBytes) document = remote_fetch (carrier->remote, path, error);
	g_autoptr (PublicKey) key = private_key_public (carrier->key);
	Fingerprint form;
	if (document == NULL)
		return NULL;
	fingerprint_of (g_bytes_get_data (document, NULL), g_bytes_get_size (document), &form);
	json_t *members = json_pack ("{s:s, s:O, s:o, s:o}", "application", carrier->application, "service", json_object_get (view, "service"),
	                             "form", json_hex (form.b, sizeof form.b), "spki", json_hex (public_key_fingerprint (key)->b, sizeof form.b));
	if (json_object_get (view, "certificate") != NULL)
		json_object_set (members, "certificate", json_object_get (view, "certificate"));
	return remote_statement (carrier->remote, "application.submit", members, carrier->key, error);
}

static gboolean
submit (Carrier *carrier, const json_t *view, GError **error)
{
	if (json_integer_value (json_object_get (json_object_get (view, "form"), "copies")) > 1)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/form/copies", "one application a token: ask for each certificate by itself");
	if (!make_key (carrier, error))
		return FALSE;
	g_autoptr (GBytes) csr = csr_build (carrier->key, carrier->application, error);
	g_autofree char *statement = csr != NULL ? submission (carrier, view, error) : NULL;
	if (statement == NULL)
		return FALSE;
	g_autofree char *path = path_of (carrier, "submit");
	json_t *body = json_pack ("{s:o, s:s}", "csr", json_base64 (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr)), "statement", statement);
	g_autoptr (json_t) after = remote_call (carrier->remote, "POST", path, body, error);
	if (after == NULL)
		return FALSE;
	FAILPOINT ("carrier.submitted");
	json_object_set (carrier->done, "state", json_object_get (after, "state"));
	return TRUE;
}

/* --- what was issued ------------------------------------------------------------------------------- */

static gboolean
put_signing (Carrier *carrier, const Certificate *certificate, GError **error)
{
	g_autoptr (PublicKey) own = private_key_public (carrier->key);
	gboolean written = FALSE;
	if (!fingerprint_equal (public_key_fingerprint (own), public_key_fingerprint (certificate_public_key (certificate))))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "the certificate was issued for another key than the one on this token");
	if (!pkcs11_put_certificate (carrier->token, &carrier->sign, certificate, &written, error))
		return FALSE;
	note_step (carrier, "signing_certificate", written);
	FAILPOINT ("carrier.signing_certificate");
	return TRUE;
}

/* The private key comes out of the envelope with the token's own key, is checked against its certificate, and lives here for a moment. */
static gboolean
put_encryption (Carrier *carrier, const json_t *issued, GError **error)
{
	gboolean key_written = FALSE, written = FALSE;
	g_autoptr (Certificate) certificate = issued_certificate (issued, "encryption_certificate", error);
	g_autoptr (PrivateKey) key = certificate != NULL ? issued_encryption_key (issued, carrier->key, certificate, error) : NULL;
	if (key == NULL || !pkcs11_import_key (carrier->token, &carrier->encrypt, key, &key_written, error))
		return FALSE;
	note_step (carrier, "encryption_key", key_written);
	FAILPOINT ("carrier.encryption_key");
	if (!pkcs11_put_certificate (carrier->token, &carrier->encrypt, certificate, &written, error))
		return FALSE;
	note_step (carrier, "encryption_certificate", written);
	FAILPOINT ("carrier.encryption_certificate");
	return TRUE;
}

/* Handed in with a key of another token, or in a file, nothing of the application can come onto this one. */
static gboolean
open_own_key (Carrier *carrier, GError **error)
{
	carrier->key = pkcs11_holder_key_open (carrier->token, &carrier->sign, error);
	if (carrier->key == NULL)
		cli_note (carrier->cli, "an application goes on with the token whose key it was handed in with; see: diqi token list");
	return carrier->key != NULL;
}

static gboolean
install (Carrier *carrier, GError **error)
{
	g_autoptr (json_t) issued = issued_fetch (carrier->remote, carrier->application, error);
	g_autoptr (Certificate) signing = issued != NULL ? issued_certificate (issued, "certificate", error) : NULL;
	if (signing == NULL)
		return FALSE;
	return open_own_key (carrier, error) && put_signing (carrier, signing, error) &&
	       (json_object_get (issued, "encryption_certificate") == NULL || put_encryption (carrier, issued, error));
}

static gboolean
is_one_of (const char *state, const char *const *states)
{
	return state != NULL && g_strv_contains (states, state);
}

static gboolean
run_prepare (Cli *cli, GError **error)
{
	static const char *const begun[] = { "draft", "returned", NULL }, *const issued[] = { "issued", "delivered", "confirmed", NULL };
	static const char *const waiting[] = { "submitted", "accepted", "paid", "reviewed", "issuing", NULL };
	g_auto (Carrier) carrier = { .cli = cli };
	if (!carrier_open (&carrier, error))
		return FALSE;
	g_autofree char *path = path_of (&carrier, NULL);
	g_autoptr (json_t) view = remote_call (carrier.remote, "GET", path, NULL, error);
	if (view == NULL)
		return FALSE;
	const char *state = json_string_value (json_object_get (view, "state"));
	json_object_set (carrier.done, "state", json_object_get (view, "state"));
	if (!is_one_of (state, begun) && !is_one_of (state, waiting) && !is_one_of (state, issued))
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "application %s is %s: no certificate comes of it; begin another with \"application new\"",
		                  carrier.application, state != NULL ? state : "without a state");
	if (is_one_of (state, begun) && !submit (&carrier, view, error))
		return FALSE;
	if (is_one_of (state, waiting) && !open_own_key (&carrier, error))
		return FALSE;
	if (is_one_of (state, issued) && !install (&carrier, error))
		return FALSE;
	cli_print (cli, carrier.done);
	if (is_one_of (state, issued))
		cli_note (cli, "the token is ready");
	else
		cli_note (cli, "the authority works on it; when it is issued, run this again");
	return TRUE;
}

/* --- the rest ------------------------------------------------------------------------------------------ */

static gboolean
show_one (Carrier *carrier, const char *what, const Pkcs11Name *name, GError **error)
{
	g_auto (Pkcs11Holdings) there = { 0 };
	if (!pkcs11_holdings (carrier->token, name, &there, error))
		return FALSE;
	g_autofree char *serial = there.certificate != NULL ? serial_hex (certificate_serial (there.certificate)) : NULL;
	g_autofree char *key = g_strconcat (what, "_key", NULL), *certificate = g_strconcat (what, "_certificate", NULL);
	json_object_set_new (carrier->done, key, json_string (there.private_key && there.public_key ? "whole" : there.private_key || there.public_key ? "half" : "none"));
	json_object_set_new (carrier->done, certificate, json_string (serial != NULL ? serial : "none"));
	return TRUE;
}

static gboolean
run_show (Cli *cli, GError **error)
{
	g_auto (Carrier) carrier = { .cli = cli };
	if (!carrier_open (&carrier, error) || !show_one (&carrier, "signing", &carrier.sign, error) ||
	    !show_one (&carrier, "encryption", &carrier.encrypt, error))
		return FALSE;
	cli_print (cli, carrier.done);
	return TRUE;
}

static gboolean
run_pin (Cli *cli, GError **error)
{
	g_autoptr (Secret) pin = token_pin (cli, error);
	g_autoptr (Pkcs11) token = pin != NULL ? open_token (cli, pin, error) : NULL;
	if (token == NULL)
		return FALSE;
	g_autoptr (Secret) next = cli_option (cli, "new-pin-file") != NULL ? secret_read_file (cli_option (cli, "new-pin-file"), error)
	                                                                   : secret_ask_new ("新 PIN / new PIN", "--new-pin-file FILE", error);
	if (next == NULL || !pkcs11_change_pin (token, pin, next, error))
		return FALSE;
	cli_note (cli, "the PIN is changed");
	return TRUE;
}

#define END { NULL, NULL, NULL, FALSE }
#define MODULE { "module", "FILE", "PKCS#11 module of the token's maker", TRUE }
#define TOKEN { "token", "SERIAL", "which token, when several are plugged in", FALSE }
#define PIN { "token-pin-file", "FILE", "the token's PIN (default: asked)", FALSE }
#define TICKET { "ticket", "FILE", "number and access code of the application", TRUE }
static const CliOption prepare_options[] = {
	MODULE, TOKEN, PIN, TICKET, { "algorithm", "NAME", "p256 (default), p384 or rsa3072; a token by PKCS#11 has no sm2", FALSE }, END };
static const CliOption show_options[] = { MODULE, TOKEN, PIN, TICKET, END };
static const CliOption pin_options[] = { MODULE, TOKEN, PIN, { "new-pin-file", "FILE", "the new PIN (default: asked twice)", FALSE }, END };

const CliCommand carrier_commands[] = {
	{ "token prepare", "", 0, 0, "applicant: key pair on the token, application handed in, certificates and encryption key written; run it again to go on", prepare_options, run_prepare },
	{ "token show", "", 0, 0, "what the token holds of an application", show_options, run_show },
	{ "token pin", "", 0, 0, "holder: choose another PIN", pin_options, run_pin },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
