/* pki/pkcs11_sign.c — using a key on a token: signatures, sealed bytes. */
#include "pki/pkcs11_private.h"

#include <string.h>

#include "base/random.h"
#include "pki/pki_private.h"
#include "pki/seal.h"

#define SIGNATURE_MAX 1024
#define SEALED_VERSION 3
#define NONCE 12
#define TAG 16
#define SEAL_MAX 65536

/* --- signatures -------------------------------------------------------------------------------- */

typedef struct {
	const char *label;
	gconstpointer input;
	gsize n;
	guint8 out[SIGNATURE_MAX];
	CK_ULONG out_n;
} Signing;

static CK_RV
mechanism_of (CK_KEY_TYPE type, CK_MECHANISM *out)
{
	*out = (CK_MECHANISM) { type == CKK_EC ? CKM_ECDSA : type == CKK_RSA ? CKM_RSA_PKCS : CKM_EDDSA, NULL, 0 };
	return type == CKK_EC || type == CKK_RSA || type == CKK_EC_EDWARDS ? CKR_OK : DIQI_CKR_KIND;
}

static CK_RV
sign (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	Signing *s = user;
	CK_OBJECT_HANDLE key;
	CK_KEY_TYPE type;
	CK_MECHANISM mechanism;
	CK_RV result = pkcs11_find_object (p, session, CKO_PRIVATE_KEY, s->label, &key);

	if (result == CKR_OK)
		result = pkcs11_read_ulong (p, session, key, CKA_KEY_TYPE, &type);
	if (result == CKR_OK)
		result = mechanism_of (type, &mechanism);
	if (result == CKR_OK)
		result = p->module->calls->C_SignInit (session, &mechanism, key);
	if (result != CKR_OK)
		return result;
	s->out_n = sizeof s->out;
	return p->module->calls->C_Sign (session, (CK_BYTE *) s->input, s->n, s->out, &s->out_n);
}

GBytes *
pkcs11_sign (Pkcs11 *p, const char *label, gconstpointer input, gsize n, GError **error)
{
	Signing s = { .label = label, .input = input, .n = n };

	return pkcs11_run (p, label, "sign", sign, &s, error) ? g_bytes_new (s.out, s.out_n) : NULL;
}

typedef struct {
	Pkcs11 *token;
	char *label;
} KeyThere;

static GBytes *
sign_there (gpointer user, gconstpointer input, gsize n, GError **error)
{
	const KeyThere *there = user;

	return pkcs11_sign (there->token, there->label, input, n, error);
}

static void
key_there_free (gpointer user)
{
	KeyThere *there = user;

	g_free (there->label);
	g_free (there);
}

PrivateKey *
private_key_load_pkcs11 (Pkcs11 *p, const char *label, PublicKey *public_key, GError **error)
{
	g_auto (Pkcs11KeyFacts) facts = { 0 };

	if (!pkcs11_find_key (p, label, &facts, error))
		return NULL;
	if (public_key == NULL && facts.public_key == NULL) {
		diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, "token \"%s\", key \"%s\": read key: the token has no public half of it", p->token->label, label);
		return NULL;
	}
	KeyThere *there = g_new0 (KeyThere, 1);
	there->token = p;
	there->label = g_strdup (label);
	return private_key_elsewhere (public_key != NULL ? public_key : facts.public_key, sign_there, there, key_there_free, error);
}

/* --- sealed bytes -------------------------------------------------------------------------------- */

typedef struct {
	const char *label, *context;
	const guint8 *nonce, *input;
	gsize n;
	guint8 *out;
	CK_ULONG out_n;               /* in: room */
	gboolean open;
} Sealing;

static CK_RV
gcm (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	Sealing *s = user;
	CK_GCM_PARAMS parameters = {
		.iv_ptr = (CK_BYTE *) s->nonce, .iv_len = NONCE, .iv_bits = NONCE * 8,
		.aad_ptr = (CK_BYTE *) s->context, .aad_len = strlen (s->context), .tag_bits = TAG * 8,
	};
	CK_MECHANISM mechanism = { CKM_AES_GCM, &parameters, sizeof parameters };
	const CK_FUNCTION_LIST *calls = p->module->calls;
	CK_OBJECT_HANDLE key;
	CK_RV result = pkcs11_find_object (p, session, CKO_SECRET_KEY, s->label, &key);

	if (result == CKR_OK)
		result = s->open ? calls->C_DecryptInit (session, &mechanism, key) : calls->C_EncryptInit (session, &mechanism, key);
	if (result != CKR_OK)
		return result;
	CK_ULONG room = s->out_n;
	result = s->open ? calls->C_Decrypt (session, (CK_BYTE *) s->input, s->n, s->out, &room)
	                 : calls->C_Encrypt (session, (CK_BYTE *) s->input, s->n, s->out, &room);
	if (result == CKR_OK)
		s->out_n = room;
	/* SoftHSM answers a wrong tag with GENERAL_ERROR, which is no lost session. */
	return s->open && result == CKR_GENERAL_ERROR ? CKR_ENCRYPTED_DATA_INVALID : result;
}

GBytes *
pkcs11_seal (Pkcs11 *p, const char *label, const char *context, gconstpointer bytes, gsize n, GError **error)
{
	if (n == 0 || n > SEAL_MAX) {
		diqi_error_set (error, DIQI_ERROR_FIELD_LENGTH, NULL, "1 to %d bytes can be sealed", SEAL_MAX);
		return NULL;
	}
	g_autofree guint8 *out = g_malloc (1 + NONCE + n + TAG);
	out[0] = SEALED_VERSION;
	random_bytes (out + 1, NONCE);
	Sealing s = { .label = label, .context = context, .nonce = out + 1, .input = bytes, .n = n, .out = out + 1 + NONCE, .out_n = n + TAG };
	if (!pkcs11_run (p, label, "seal", gcm, &s, error))
		return NULL;
	if (s.out_n != n + TAG) {
		pkcs11_refuse (p, label, "seal", DIQI_CKR_ANSWER, error);
		return NULL;
	}
	return g_bytes_new_take (g_steal_pointer (&out), 1 + NONCE + n + TAG);
}

GBytes *
pkcs11_unseal (Pkcs11 *p, const char *label, const char *context, GBytes *sealed, GError **error)
{
	gsize n;
	const guint8 *in = g_bytes_get_data (sealed, &n);

	if (n <= 1 + NONCE + TAG || n > 1 + NONCE + SEAL_MAX + TAG || in[0] != SEALED_VERSION) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "not bytes sealed by a key on a token");
		return NULL;
	}
	gsize plain_n = n - 1 - NONCE - TAG;
	/* Room for the tag too: some modules want it while they work. */
	gsize room = plain_n + TAG;
	guint8 *out = pki_secret_alloc (room);
	Sealing s = { .label = label, .context = context, .nonce = in + 1, .input = in + 1 + NONCE, .n = n - 1 - NONCE, .out = out, .out_n = room, .open = TRUE };
	gboolean well = pkcs11_run (p, label, "unseal", gcm, &s, error)
	                && (s.out_n == plain_n || pkcs11_refuse (p, label, "unseal", DIQI_CKR_ANSWER, error));
	GBytes *plain = well ? secret_bytes (out, plain_n) : NULL;
	pki_secret_free (out, room);
	return plain;
}
