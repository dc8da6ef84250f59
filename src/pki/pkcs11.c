/* pki/pkcs11.c — finding the token, the session and its return after a loss.  See pkcs11.h. */
#include "pki/pkcs11_private.h"

#include <string.h>

#include "base/error.h"

#define PIN_MAX 255

/* --- errors ------------------------------------------------------------------------------- */

static const char *
meaning_of (CK_RV code)
{
	switch (code) {
	case DIQI_CKR_NO_KEY: return "there is no key of this label";
	case DIQI_CKR_TWO_KEYS: return "there are several keys of this label";
	case DIQI_CKR_KIND: return "the key is of a kind that is not used here";
	case DIQI_CKR_TAKEN: return "there is a key of this label already";
	case DIQI_CKR_LAST_TRY: return "one try is left before the token locks; a person must log in with the right PIN first";
	case DIQI_CKR_ANSWER: return "the module's answer makes no sense";
	default: return token_meaning (code);
	}
}

static gboolean
is_pin_refusal (CK_RV code)
{
	return code == CKR_PIN_INCORRECT || code == CKR_PIN_LOCKED || code == CKR_PIN_LEN_RANGE || code == CKR_PIN_INVALID
		|| code == CKR_PIN_EXPIRED || code == DIQI_CKR_LAST_TRY;
}

gboolean
pkcs11_refuse (const Pkcs11 *p, const char *label, const char *step, CK_RV code, GError **error)
{
	g_autofree char *number = code & CKR_VENDOR_DEFINED ? g_strdup ("") : g_strdup_printf (" (PKCS#11 0x%lx)", code);
	g_autofree char *key = label != NULL ? g_strdup_printf (", key \"%s\"", label) : g_strdup ("");
	g_autofree char *where = p->token != NULL ? g_strdup_printf ("slot %lu, token \"%s\" (%s)", p->token->slot, p->token->label, p->token->serial)
	                                          : g_strdup_printf ("token \"%s\"", p->label != NULL ? p->label : p->serial);
	DiqiErrorCode public = code == DIQI_CKR_TAKEN ? DIQI_ERROR_EXISTS : is_pin_refusal (code) ? DIQI_ERROR_TOKEN_PIN : DIQI_ERROR_TOKEN;

	return diqi_fail (error, public, NULL, "%s%s: %s: %s%s", where, key, step, meaning_of (code), number);
}

/* What tells that the session, and not the request, is at fault. */
static gboolean
is_loss (CK_RV code)
{
	static const CK_RV losses[] = {
		CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,
		CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SLOT_ID_INVALID,
		CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED, DIQI_CKR_NO_KEY,
	};
	for (gsize i = 0; i < G_N_ELEMENTS (losses); i++)
		if (losses[i] == code)
			return TRUE;
	return FALSE;
}

/* --- the session ---------------------------------------------------------------------------- */

static void
leave (Pkcs11 *p)
{
	/* Sessions end with C_Finalize; a module whose token is gone may fail to close one. */
	g_clear_pointer (&p->module, token_module_free);
	g_clear_pointer (&p->token, token_free);
	g_hash_table_remove_all (p->handles);
	p->logged_in = FALSE;
}

static gboolean
is_asked_for (const Pkcs11 *p, const Token *token)
{
	return token->initialised && (p->label == NULL || strcmp (p->label, token->label) == 0)
		&& (p->serial == NULL || strcmp (p->serial, token->serial) == 0);
}

static gboolean
find_token (Pkcs11 *p, GError **error)
{
	const char *name = p->label != NULL ? p->label : p->serial;
	g_autoptr (GPtrArray) tokens = token_list (p->module, error);

	if (tokens == NULL)
		return FALSE;
	for (guint i = 0; i < tokens->len; i++) {
		if (!is_asked_for (p, g_ptr_array_index (tokens, i)))
			continue;
		if (p->token != NULL)
			return diqi_fail (error, DIQI_ERROR_TOKEN, NULL, "token \"%s\": find token: several of this label; name one by its serial", name);
		p->token = g_ptr_array_steal_index (tokens, i--);
	}
	return p->token != NULL || diqi_fail (error, DIQI_ERROR_TOKEN, NULL, "token \"%s\": find token: not in any slot of %s", name, p->path);
}

static gboolean
log_in (Pkcs11 *p, GError **error)
{
	CK_RV result = p->module->calls->C_OpenSession (p->token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &p->session);

	if (result != CKR_OK)
		return pkcs11_refuse (p, NULL, "open session", result, error);
	result = p->token->pin_locked ? CKR_PIN_LOCKED : p->token->pin_last_try && !p->last_try ? DIQI_CKR_LAST_TRY
		: p->module->calls->C_Login (p->session, CKU_USER, (CK_UTF8CHAR *) p->pin, p->pin_n);
	p->locked_out = is_pin_refusal (result);
	p->logged_in = result == CKR_OK || result == CKR_USER_ALREADY_LOGGED_IN;
	return p->logged_in || pkcs11_refuse (p, NULL, "login", result, error);
}

static gboolean
enter (Pkcs11 *p, GError **error)
{
	if (p->logged_in)
		return TRUE;
	if (p->locked_out)
		return diqi_fail (error, DIQI_ERROR_TOKEN_PIN, NULL, "token \"%s\": login: the PIN was refused before and is not tried again", p->label != NULL ? p->label : p->serial);
	p->module = token_module_open (p->path, error);
	if (p->module != NULL && find_token (p, error) && log_in (p, error))
		return TRUE;
	leave (p);
	return FALSE;
}

Pkcs11 *
pkcs11_open (const Pkcs11Place *place, const char *pin, gsize n, GError **error)
{
	if (place->token == NULL && place->serial == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, "/token", "a token is named by its label or its serial");
		return NULL;
	}
	if (n == 0 || n > PIN_MAX) {
		diqi_error_set (error, DIQI_ERROR_FIELD_LENGTH, "/pin", "a PIN has 1 to %d bytes", PIN_MAX);
		return NULL;
	}
	g_autoptr (Pkcs11) p = g_new0 (Pkcs11, 1);
	p->handles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	p->path = g_strdup (place->module);
	p->label = g_strdup (place->token);
	p->serial = g_strdup (place->serial);
	p->last_try = place->last_try;
	p->pin = pki_secret_alloc (PIN_MAX + 1);
	p->pin_n = n;
	memcpy (p->pin, pin, n);
	return enter (p, error) ? g_steal_pointer (&p) : NULL;
}

void
pkcs11_free (Pkcs11 *p)
{
	if (p == NULL)
		return;
	leave (p);
	g_hash_table_unref (p->handles);
	pki_secret_free (p->pin, PIN_MAX + 1);
	g_free (p->path);
	g_free (p->label);
	g_free (p->serial);
	g_free (p);
}

gboolean
pkcs11_is_locked_out (const Pkcs11 *p)
{
	return p->locked_out;
}

gboolean
pkcs11_run (Pkcs11 *p, const char *label, const char *what, Pkcs11Step step, gpointer user, GError **error)
{
	gboolean fresh = !p->logged_in;

	if (!enter (p, error))
		return FALSE;
	CK_RV result = step (p, p->session, user);
	if (result != CKR_OK && is_loss (result) && !fresh) {
		leave (p);
		if (!enter (p, error)) {
			g_prefix_error (error, "%s: ", what);
			return FALSE;
		}
		result = step (p, p->session, user);
	}
	if (result == CKR_OK)
		return TRUE;
	pkcs11_refuse (p, label, result == DIQI_CKR_NO_KEY || result == DIQI_CKR_TWO_KEYS ? "find key" : what, result, error);
	if (is_loss (result))
		leave (p);
	return FALSE;
}

/* --- facts ------------------------------------------------------------------------------------ */

gboolean
pkcs11_offers (const Pkcs11 *p, CK_MECHANISM_TYPE mechanism)
{
	CK_MECHANISM_INFO info;

	return p->module->calls->C_GetMechanismInfo (p->token->slot, mechanism, &info) == CKR_OK;
}

static CK_RV
read_flags (Pkcs11 *p, G_GNUC_UNUSED CK_SESSION_HANDLE session, gpointer user)
{
	Pkcs11Facts *facts = user;
	CK_TOKEN_INFO info;
	CK_RV result = p->module->calls->C_GetTokenInfo (p->token->slot, &info);

	if (result != CKR_OK)
		return result;
	facts->pin_few_tries = (info.flags & CKF_USER_PIN_COUNT_LOW) != 0;
	facts->pin_last_try = (info.flags & CKF_USER_PIN_FINAL_TRY) != 0;
	facts->pin_locked = (info.flags & CKF_USER_PIN_LOCKED) != 0;
	return CKR_OK;
}

gboolean
pkcs11_facts (Pkcs11 *p, Pkcs11Facts *out, GError **error)
{
	*out = (Pkcs11Facts) { 0 };
	if (!pkcs11_run (p, NULL, "read token", read_flags, out, error))
		return FALSE;
	out->slot = p->token->slot;
	g_strlcpy (out->label, p->token->label, sizeof out->label);
	g_strlcpy (out->serial, p->token->serial, sizeof out->serial);
	g_strlcpy (out->manufacturer, p->token->manufacturer, sizeof out->manufacturer);
	g_strlcpy (out->model, p->token->model, sizeof out->model);
	out->ecdsa = pkcs11_offers (p, CKM_ECDSA);
	out->rsa = pkcs11_offers (p, CKM_RSA_PKCS);
	out->eddsa = pkcs11_offers (p, CKM_EDDSA);
	out->aes_gcm = pkcs11_offers (p, CKM_AES_GCM);
	return TRUE;
}
