/* pki/pkcs11_private.h — the session behind pkcs11.h. */
#pragma once
#include "pki/der.h"
#include "pki/pkcs11.h"
#include "pki/token_private.h"

struct Pkcs11 {
	char *path, *label, *serial;  /* as asked for; label or serial may be NULL */
	char *pin;                    /* from pki_secret_alloc */
	gsize pin_n;
	TokenModule *module;
	Token *token;                 /* the one found; NULL while lost */
	CK_SESSION_HANDLE session;
	GHashTable *handles;          /* "class label" → handle, of this session */
	gboolean logged_in, locked_out, last_try;
};

/* One step that may meet a lost session.  TRUE done; FALSE with the error. */
typedef CK_RV (*Pkcs11Step) (Pkcs11 *token, CK_SESSION_HANDLE session, gpointer user);

/* Makes sure of the session, runs step; when the token or session was lost, once more in a new session. */
gboolean pkcs11_run (Pkcs11 *token, const char *label, const char *what, Pkcs11Step step, gpointer user, GError **error);
/* Sets the error: slot, token, key label (may be NULL), step. */
gboolean pkcs11_refuse (const Pkcs11 *token, const char *label, const char *step, CK_RV code, GError **error);
gboolean pkcs11_offers (const Pkcs11 *token, CK_MECHANISM_TYPE mechanism);

/* Results of the steps below that no token gives. */
#define DIQI_CKR_NO_KEY (CKR_VENDOR_DEFINED | 0xd101)
#define DIQI_CKR_TWO_KEYS (CKR_VENDOR_DEFINED | 0xd102)
#define DIQI_CKR_KIND (CKR_VENDOR_DEFINED | 0xd103)
#define DIQI_CKR_TAKEN (CKR_VENDOR_DEFINED | 0xd104)
#define DIQI_CKR_ANSWER (CKR_VENDOR_DEFINED | 0xd105)
#define DIQI_CKR_LAST_TRY (CKR_VENDOR_DEFINED | 0xd106)

/* A number or boolean of an object. */
CK_RV pkcs11_read_ulong (const Pkcs11 *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *out);
CK_RV pkcs11_read_bool (const Pkcs11 *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, gboolean *out);

/* The one object of this class and label; remembered until the session ends. */
CK_RV pkcs11_find_object (Pkcs11 *token, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *out);

/* CKA_EC_PARAMS of an algorithm; FALSE: it has no curve. */
gboolean pkcs11_curve_of (KeyAlgorithm algorithm, Der *out);
/* Of the public key object of this label; NULL when the token has none, or one we do not know. */
PublicKey *pkcs11_read_public (Pkcs11 *token, CK_SESSION_HANDLE session, CK_KEY_TYPE type, const char *label);
