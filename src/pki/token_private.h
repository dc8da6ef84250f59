/* pki/token_private.h — what the sources that speak PKCS#11 share. */
#pragma once
#include <p11-kit/pkcs11.h>

#include "pki/token.h"

struct TokenModule {
	void *library;
	CK_FUNCTION_LIST *calls;
	gboolean started;
};

/* "wrong PIN", … "refused" for what has no words of its own. */
const char *token_meaning (CK_RV code);
