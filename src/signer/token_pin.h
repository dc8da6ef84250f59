/* signer/token_pin.h — storing the PIN of a token that holds a site's keys anew, after it was changed there. */
#pragma once
#include <glib.h>

typedef struct {
	const char *dir;              /* the signer's folder */
	const char *passphrase;
	gsize passphrase_n;
	const char *token;            /* label */
	const char *pin;              /* the one it has now */
	gsize pin_n;
} TokenPin;

/* Tries it first; a running signer keeps its session.  DIQI_ERROR_NOT_FOUND, _TOKEN_PIN … */
gboolean token_pin_store (const TokenPin *in, GError **error);
