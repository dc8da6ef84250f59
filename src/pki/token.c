/* pki/token.c — see token.h. */
#include "pki/token_private.h"

#include <dlfcn.h>
#include <string.h>

#include "base/error.h"

#define MAX_SLOTS 64

/* --- errors ------------------------------------------------------------------------------- */

static const struct {
	CK_RV code;
	const char *meaning;
} meanings[] = {
	{ CKR_PIN_INCORRECT, "wrong PIN" }, { CKR_PIN_LOCKED, "the PIN is locked" }, { CKR_PIN_LEN_RANGE, "PIN too short or too long" },
	{ CKR_PIN_INVALID, "the PIN has characters the token does not take" }, { CKR_PIN_EXPIRED, "the PIN has expired" },
	{ CKR_TOKEN_NOT_PRESENT, "no token in the slot" }, { CKR_DEVICE_REMOVED, "the token was pulled out" },
	{ CKR_TOKEN_WRITE_PROTECTED, "the token is write-protected" }, { CKR_SESSION_EXISTS, "another program uses the token" },
	{ CKR_DEVICE_ERROR, "device error" }, { CKR_USER_PIN_NOT_INITIALIZED, "the token has no PIN yet" },
	{ CKR_MECHANISM_INVALID, "the token does not offer this mechanism" }, { CKR_ATTRIBUTE_VALUE_INVALID, "the token does not take this value" },
	{ CKR_SESSION_HANDLE_INVALID, "the session has ended" }, { CKR_KEY_HANDLE_INVALID, "the key is gone" },
	{ CKR_OBJECT_HANDLE_INVALID, "the object is gone" }, { CKR_USER_NOT_LOGGED_IN, "not logged in" }, { CKR_DEVICE_MEMORY, "the token is full" },
	{ CKR_ENCRYPTED_DATA_INVALID, "changed, or sealed by another key" }, { CKR_GENERAL_ERROR, "the module failed" },
	{ CKR_USER_ALREADY_LOGGED_IN, "another program is logged in" }, { CKR_TOKEN_NOT_RECOGNIZED, "the module does not know this token" },
};

const char *
token_meaning (CK_RV code)
{
	for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
		if (meanings[i].code == code)
			return meanings[i].meaning;
	return "refused";
}

static gboolean
refuse (GError **error, const Token *token, const char *step, CK_RV code)
{
	const char *meaning = token_meaning (code);

	if (token == NULL)
		return diqi_fail (error, DIQI_ERROR_TOKEN, NULL, "%s: %s (PKCS#11 0x%lx)", step, meaning, code);
	return diqi_fail (error, DIQI_ERROR_TOKEN, NULL, "slot %lu, token \"%s\" (%s): %s: %s (PKCS#11 0x%lx)",
	                  token->slot, token->label, token->serial, step, meaning, code);
}

/* --- the module ----------------------------------------------------------------------------- */

TokenModule *
token_module_open (const char *path, GError **error)
{
	g_autoptr (TokenModule) module = g_new0 (TokenModule, 1);
	CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };

	module->library = dlopen (path, RTLD_NOW | RTLD_LOCAL);
	if (module->library == NULL) {
		diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, "loading the PKCS#11 module: %s", dlerror ());
		return NULL;
	}
	CK_C_GetFunctionList get = NULL;
	*(void **) &get = dlsym (module->library, "C_GetFunctionList");
	if (get == NULL || get (&module->calls) != CKR_OK) {
		diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, "%s is not a PKCS#11 module", path);
		return NULL;
	}
	CK_RV result = module->calls->C_Initialize (&arguments);
	if (result != CKR_OK) {
		refuse (error, NULL, "starting the PKCS#11 module", result);
		return NULL;
	}
	module->started = TRUE;
	return g_steal_pointer (&module);
}

void
token_module_free (TokenModule *module)
{
	if (module == NULL)
		return;
	if (module->started)
		module->calls->C_Finalize (NULL);
	if (module->library != NULL)
		dlclose (module->library);
	g_free (module);
}

/* --- finding -------------------------------------------------------------------------------- */

void
token_free (Token *token)
{
	if (token == NULL)
		return;
	g_free (token->label);
	g_free (token->serial);
	g_free (token->manufacturer);
	g_free (token->model);
	g_free (token);
}

/* Blank-padded, not ended; what is not UTF-8 comes out as U+FFFD. */
static char *
padded_text (const CK_UTF8CHAR *p, gsize n)
{
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\0'))
		n--;
	return g_utf8_make_valid ((const char *) p, (gssize) n);
}

static Token *
describe (TokenModule *module, CK_SLOT_ID slot, GError **error)
{
	CK_TOKEN_INFO info;
	CK_RV result = module->calls->C_GetTokenInfo (slot, &info);

	if (result != CKR_OK) {
		refuse (error, NULL, "reading the token", result);
		return NULL;
	}
	Token *token = g_new0 (Token, 1);
	token->slot = slot;
	token->label = padded_text (info.label, sizeof info.label);
	token->serial = padded_text (info.serialNumber, sizeof info.serialNumber);
	token->manufacturer = padded_text (info.manufacturerID, sizeof info.manufacturerID);
	token->model = padded_text (info.model, sizeof info.model);
	token->initialised = (info.flags & CKF_TOKEN_INITIALIZED) != 0;
	token->pin_set = (info.flags & CKF_USER_PIN_INITIALIZED) != 0;
	token->pin_last_try = (info.flags & CKF_USER_PIN_FINAL_TRY) != 0;
	token->pin_locked = (info.flags & CKF_USER_PIN_LOCKED) != 0;
	token->admin_pin_locked = (info.flags & CKF_SO_PIN_LOCKED) != 0;
	token->pin_least = (guint) info.ulMinPinLen;
	token->pin_most = (guint) info.ulMaxPinLen;
	return token;
}

GPtrArray *
token_list (TokenModule *module, GError **error)
{
	g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func ((GDestroyNotify) token_free);
	CK_SLOT_ID slots[MAX_SLOTS];
	CK_ULONG n = MAX_SLOTS;
	CK_RV result = module->calls->C_GetSlotList (CK_TRUE, slots, &n);

	if (result != CKR_OK) {
		refuse (error, NULL, "listing the slots", result);
		return NULL;
	}
	for (CK_ULONG i = 0; i < n; i++) {
		Token *token = describe (module, slots[i], error);
		if (token == NULL)
			return NULL;
		g_ptr_array_add (tokens, token);
	}
	return g_steal_pointer (&tokens);
}

/* A slot whose token was never initialised and shows no serial is none that can be meant. */
static gboolean
is_meant (const Token *token, const char *serial)
{
	return serial != NULL ? strcmp (token->serial, serial) == 0 : token->serial[0] != '\0';
}

Token *
token_find (TokenModule *module, const char *serial, GError **error)
{
	g_autoptr (GPtrArray) tokens = token_list (module, error);
	g_autoptr (Token) found = NULL;

	if (tokens == NULL)
		return NULL;
	for (guint i = 0; i < tokens->len; i++) {
		if (!is_meant (g_ptr_array_index (tokens, i), serial))
			continue;
		if (found != NULL) {
			const Token *other = g_ptr_array_index (tokens, i);
			diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, "several tokens are plugged in, \"%s\" with serial %s and \"%s\" with serial %s among them; name one by its serial",
			                found->label, found->serial, other->label, other->serial);
			return NULL;
		}
		found = g_ptr_array_steal_index (tokens, i--);
	}
	if (found == NULL)
		diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, serial != NULL ? "token %s is not plugged in" : "no token is plugged in%s", serial != NULL ? serial : "");
	return g_steal_pointer (&found);
}

gboolean
token_check_pin (const Token *token, const char *pin, GError **error)
{
	gsize n = strlen (pin);

	return (n >= MAX (token->pin_least, 1) && (token->pin_most == 0 || n <= token->pin_most))
		|| diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, "/pin", "slot %lu, token \"%s\": a PIN has %u to %u characters",
		              token->slot, token->label, MAX (token->pin_least, 1), token->pin_most);
}

/* --- sessions ------------------------------------------------------------------------------- */

typedef struct {
	TokenModule *module;
	const Token *token;
	CK_SESSION_HANDLE handle;
} Work;

static CK_UTF8CHAR *
pin_bytes (const char *pin)
{
	return (CK_UTF8CHAR *) pin;
}

static gboolean
check (const Work *work, const char *step, CK_RV result, GError **error)
{
	return result == CKR_OK || refuse (error, work->token, step, result);
}

static gboolean
open_session (Work *work, GError **error)
{
	return check (work, "opening a session",
	              work->module->calls->C_OpenSession (work->token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &work->handle), error);
}

static gboolean
log_in (const Work *work, CK_USER_TYPE user, const char *pin, const char *step, GError **error)
{
	return check (work, step, work->module->calls->C_Login (work->handle, user, pin_bytes (pin), strlen (pin)), error);
}

static gboolean
log_out (const Work *work, GError **error)
{
	return check (work, "logging out", work->module->calls->C_Logout (work->handle), error);
}

static gboolean
set_user_pin (const Work *work, const char *pin, GError **error)
{
	return check (work, "setting the new PIN", work->module->calls->C_InitPIN (work->handle, pin_bytes (pin), strlen (pin)), error);
}

static gboolean
try_user_pin (const Work *work, const char *pin, GError **error)
{
	return log_out (work, error) && log_in (work, CKU_USER, pin, "trying the new PIN", error) && log_out (work, error);
}

gboolean
token_unlock (TokenModule *module, const Token *token, const char *admin_pin, const char *pin, GError **error)
{
	Work work = { .module = module, .token = token };

	if (!open_session (&work, error))
		return FALSE;
	gboolean done = log_in (&work, CKU_SO, admin_pin, "logging in as administrator", error) && set_user_pin (&work, pin, error)
	                && try_user_pin (&work, pin, error);
	module->calls->C_CloseSession (work.handle);
	return done;
}

/* PKCS#11 5.5: a token that is ready is initialised again only with the administrator PIN it has; one that is not takes
 * the PIN given here. */
static gboolean
wipe (const Work *work, const char *label, const char *present_pin, GError **error)
{
	CK_UTF8CHAR padded[32];
	gsize n = MIN (strlen (label), sizeof padded);

	memset (padded, ' ', sizeof padded);
	memcpy (padded, label, n);
	return check (work, "initialising", work->module->calls->C_InitToken (work->token->slot, pin_bytes (present_pin), strlen (present_pin), padded), error);
}

static gboolean
change_admin_pin (const Work *work, const char *from, const char *to, GError **error)
{
	return check (work, "setting the administrator PIN",
	              work->module->calls->C_SetPIN (work->handle, pin_bytes (from), strlen (from), pin_bytes (to), strlen (to)), error);
}

gboolean
token_initialise (TokenModule *module, const Token *token, const char *label, const char *maker_pin,
                  const char *admin_pin, const char *pin, GError **error)
{
	Work work = { .module = module, .token = token };
	const char *present = maker_pin != NULL ? maker_pin : admin_pin;

	if (strlen (label) > 32)
		return diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, "/label", "a label has at most 32 bytes");
	if (!wipe (&work, label, present, error) || !open_session (&work, error))
		return FALSE;
	gboolean done = log_in (&work, CKU_SO, present, "logging in as administrator", error)
	                && (maker_pin == NULL || change_admin_pin (&work, maker_pin, admin_pin, error))
	                && set_user_pin (&work, pin, error) && try_user_pin (&work, pin, error);
	module->calls->C_CloseSession (work.handle);
	return done;
}
