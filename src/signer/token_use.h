/* signer/token_use.h — what is done about tokens to a site that is there: a changed PIN, a token for the keys that are made from now on. */
#pragma once
#include "pki/pkcs11.h"

typedef struct {
	const char *dir;              /* the signer's folder */
	const char *passphrase;
	gsize passphrase_n;
	Pkcs11Place token;
	const char *pin;              /* the one it has now */
	gsize pin_n;
} TokenUse;

/* Stores the PIN of the tokens of this label, after it was changed there.  Tries it first; a running signer keeps its
 * session.  DIQI_ERROR_NOT_FOUND, _TOKEN_PIN … */
gboolean token_store_pin (const TokenUse *in, GError **error);
/* Keys that are made from now on are made there, and files of keys are sealed by it; those there are stay where they are, since no key is
 * exported.  The signer must not run.  DIQI_ERROR_CONFIG, _EXISTS (there is one already), _KEY_ALGORITHM (SM2), _TOKEN … */
gboolean token_take_into_use (const TokenUse *in, GError **error);
