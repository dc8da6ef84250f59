/* pki/token.h — USB tokens through their maker's PKCS#11 module (OASIS PKCS#11 2.40): finding one by serial, making a blank one
 * ready, setting a forgotten PIN anew.
 *
 * The module is code of somebody else, loaded into the process: only the counter's program does this, never the
 * server.  Errors are DIQI_ERROR_TOKEN and name slot, token and step.
 */
#pragma once
#include <glib.h>

typedef struct TokenModule TokenModule;

TokenModule *token_module_open (const char *path, GError **error);
void token_module_free (TokenModule *module);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TokenModule, token_module_free)

typedef struct {
	gulong slot;
	char *label, *serial, *manufacturer, *model;
	gboolean initialised, pin_set, pin_last_try, pin_locked, admin_pin_locked;
	guint pin_least, pin_most;        /* length of the user's PIN */
} Token;
void token_free (Token *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Token, token_free)

/* Tokens that are plugged in: array of Token. */
GPtrArray *token_list (TokenModule *module, GError **error);
/* The one with this serial; without one, the only token there is. */
Token *token_find (TokenModule *module, const char *serial, GError **error);
/* Would the token take it?  DIQI_ERROR_FIELD_LENGTH with "/pin". */
gboolean token_check_pin (const Token *token, const char *pin, GError **error);

/* Sets label, administrator PIN and the user's PIN, deleting what the token held.  maker_pin: the administrator PIN it came
 * with; NULL when it came without. */
gboolean token_initialise (TokenModule *module, const Token *token, const char *label, const char *maker_pin,
                           const char *admin_pin, const char *pin, GError **error);
/* Sets the user's PIN by the administrator's, and tries it. */
gboolean token_unlock (TokenModule *module, const Token *token, const char *admin_pin, const char *pin, GError **error);
