/* pki/pkcs11_holder.c — see pkcs11_holder.h. */
#include "pki/pkcs11_holder.h"

#include <openssl/core_names.h>
#include <string.h>

#include "pki/certificate_private.h"
#include "pki/pkcs11_private.h"
#include "pki/pki_private.h"

#define SECRET_MAX 66
#define RSA_MAX 512
#define RSA_NUMBERS 8

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static CK_ATTRIBUTE
attribute (CK_ATTRIBUTE_TYPE type, gconstpointer p, gsize n)
{
	return (CK_ATTRIBUTE) { type, (gpointer) p, n };
}

/* Lost since, the token is still known by its name. */
static char *
where (const Pkcs11 *p)
{
	return p->token != NULL ? g_strdup_printf ("slot %lu, token \"%s\"", p->token->slot, p->token->label)
	                        : g_strdup_printf ("token \"%s\"", p->label != NULL ? p->label : p->serial);
}

#define FLAG(type, value) { (type), &(value), sizeof (value) }
#define NAMES(name) attribute (CKA_LABEL, (name)->label, strlen ((name)->label)), attribute (CKA_ID, (name)->id, sizeof (name)->id)

/* --- what is there -------------------------------------------------------------------------- */

void
pkcs11_holdings_clear (Pkcs11Holdings *holdings)
{
	g_clear_pointer (&holdings->certificate, certificate_unref);
}

/* Never remembered: another program may have been at the token. */
static CK_RV
find (Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *out, gboolean *found)
{
	g_hash_table_remove_all (p->handles);
	CK_RV result = pkcs11_find_object (p, session, class, label, out);
	*found = result == CKR_OK;
	return result == DIQI_CKR_NO_KEY ? CKR_OK : result;
}

static CK_RV
read_value (Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, GBytes **out)
{
	guint8 space[CERTIFICATE_MAX_DER];
	CK_ATTRIBUTE one = { CKA_VALUE, space, sizeof space };
	CK_RV result = p->module->calls->C_GetAttributeValue (session, object, &one, 1);

	if (result == CKR_OK && one.ulValueLen <= sizeof space)
		*out = g_bytes_new (space, one.ulValueLen);
	return result == CKR_OK && *out == NULL ? DIQI_CKR_ANSWER : result;
}

typedef struct {
	const Pkcs11Name *name;
	Pkcs11Holdings *out;
	GBytes *certificate;
} Looking;

static CK_RV
look (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	Looking *l = user;
	CK_OBJECT_HANDLE object;
	gboolean certificate = FALSE;
	CK_RV result = find (p, session, CKO_PRIVATE_KEY, l->name->label, &object, &l->out->private_key);

	if (result == CKR_OK)
		result = find (p, session, CKO_PUBLIC_KEY, l->name->label, &object, &l->out->public_key);
	if (result == CKR_OK)
		result = find (p, session, CKO_CERTIFICATE, l->name->label, &object, &certificate);
	g_clear_pointer (&l->certificate, g_bytes_unref);
	return result == CKR_OK && certificate ? read_value (p, session, object, &l->certificate) : result;
}

gboolean
pkcs11_holdings (Pkcs11 *p, const Pkcs11Name *name, Pkcs11Holdings *out, GError **error)
{
	Looking looking = { name, out, NULL };

	*out = (Pkcs11Holdings) { 0 };
	if (!pkcs11_run (p, name->label, "look for objects", look, &looking, error))
		return FALSE;
	g_autoptr (GBytes) der = looking.certificate;
	if (der == NULL)
		return TRUE;
	out->certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
	return out->certificate != NULL;
}

/* --- the key pair made there ------------------------------------------------------------------- */

typedef struct {
	const Pkcs11Name *name;
	KeyAlgorithm algorithm;
	Der curve;
} Making;

static CK_RV
make_pair (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	const Making *m = user;
	gboolean rsa = key_algorithm_is_rsa (m->algorithm);
	guint8 exponent[] = { 1, 0, 1 };
	CK_ULONG bits = m->algorithm == KEY_RSA4096 ? 4096 : 3072;
	CK_MECHANISM mechanism = { rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE private[] = {
		FLAG (CKA_TOKEN, yes), FLAG (CKA_PRIVATE, yes), FLAG (CKA_SENSITIVE, yes), FLAG (CKA_EXTRACTABLE, no), FLAG (CKA_SIGN, yes),
		FLAG (rsa ? CKA_DECRYPT : CKA_DERIVE, yes), NAMES (m->name),
	};
	CK_ATTRIBUTE public[] = {
		FLAG (CKA_TOKEN, yes), FLAG (CKA_VERIFY, yes), NAMES (m->name),
		rsa ? attribute (CKA_MODULUS_BITS, &bits, sizeof bits) : attribute (CKA_EC_PARAMS, m->curve.p, m->curve.n),
		attribute (CKA_PUBLIC_EXPONENT, exponent, sizeof exponent),
	};
	CK_OBJECT_HANDLE one, other;

	return p->module->calls->C_GenerateKeyPair (session, &mechanism, public, G_N_ELEMENTS (public) - (rsa ? 0 : 1), private,
	                                            G_N_ELEMENTS (private), &one, &other);
}

static gboolean
make (Pkcs11 *p, const Pkcs11Name *name, KeyAlgorithm algorithm, GError **error)
{
	Making m = { name, algorithm, { NULL, 0 } };
	g_autofree char *place = where (p);

	if (!key_algorithm_is_rsa (algorithm) && (algorithm == KEY_SM2 || algorithm == KEY_ED25519 || !pkcs11_curve_of (algorithm, &m.curve)))
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "%s: make key: tokens are driven by PKCS#11, which has no %s keys for double certificates; "
		                  "take p256, p384 or rsa3072", place, key_algorithm_name (algorithm));
	return pkcs11_run (p, name->label, "make key pair", make_pair, &m, error);
}

PrivateKey *
pkcs11_holder_key (Pkcs11 *p, const Pkcs11Name *name, KeyAlgorithm algorithm, gboolean *made, GError **error)
{
	g_auto (Pkcs11Holdings) there = { 0 };

	if (!pkcs11_holdings (p, name, &there, error))
		return NULL;
	if (made != NULL)
		*made = !there.private_key;
	/* Nothing was ever signed with a private key that is not there. */
	if (!there.private_key && there.public_key && !pkcs11_delete (p, name->label, error))
		return NULL;
	if (!there.private_key && !make (p, name, algorithm, error))
		return NULL;
	return pkcs11_holder_key_open (p, name, error);
}

/* --- using it to open an envelope ----------------------------------------------------------------- */

typedef struct {
	Pkcs11 *token;
	char label[64];
	gconstpointer input;
	gsize n;
	guint8 out[RSA_MAX];
	CK_ULONG out_n;
} Opening;

static CK_RV
agree (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	Opening *o = user;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ULONG size = (o->n - 1) / 2;
	CK_ECDH1_DERIVE_PARAMS params = { CKD_NULL, 0, NULL, o->n, (CK_BYTE *) o->input };
	CK_MECHANISM mechanism = { CKM_ECDH1_DERIVE, &params, sizeof params };
	CK_ATTRIBUTE secret[] = {
		FLAG (CKA_CLASS, class), FLAG (CKA_KEY_TYPE, type), FLAG (CKA_TOKEN, no), FLAG (CKA_SENSITIVE, no), FLAG (CKA_EXTRACTABLE, yes),
		FLAG (CKA_VALUE_LEN, size),
	};
	CK_ATTRIBUTE value = { CKA_VALUE, o->out, sizeof o->out };
	CK_OBJECT_HANDLE key, derived;
	CK_RV result = pkcs11_find_object (p, session, CKO_PRIVATE_KEY, o->label, &key);

	if (result == CKR_OK)
		result = p->module->calls->C_DeriveKey (session, &mechanism, key, secret, G_N_ELEMENTS (secret), &derived);
	if (result != CKR_OK)
		return result;
	result = p->module->calls->C_GetAttributeValue (session, derived, &value, 1);
	p->module->calls->C_DestroyObject (session, derived);
	o->out_n = value.ulValueLen;
	return result == CKR_OK && value.ulValueLen != size ? DIQI_CKR_ANSWER : result;
}

/* Raw, since tokens differ in which hashes they know for OAEP; the unpadding is done here. */
static CK_RV
decrypt (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	Opening *o = user;
	CK_MECHANISM mechanism = { CKM_RSA_X_509, NULL, 0 };
	CK_OBJECT_HANDLE key;
	CK_RV result = pkcs11_find_object (p, session, CKO_PRIVATE_KEY, o->label, &key);

	if (result == CKR_OK)
		result = p->module->calls->C_DecryptInit (session, &mechanism, key);
	if (result != CKR_OK)
		return result;
	o->out_n = sizeof o->out;
	result = p->module->calls->C_Decrypt (session, (CK_BYTE *) o->input, o->n, o->out, &o->out_n);
	return result == CKR_OK && o->out_n > o->n ? DIQI_CKR_ANSWER : result;
}

static GBytes *
open_there (Opening *there, const char *step, Pkcs11Step run, gconstpointer input, gsize n, gsize size, GError **error)
{
	GBytes *out = NULL;

	there->input = input;
	there->n = n;
	if (n <= sizeof there->out && pkcs11_run (there->token, there->label, step, run, there, error)) {
		guint8 whole[RSA_MAX] = { 0 };
		/* Some drop leading zeros. */
		memcpy (whole + (size - there->out_n), there->out, there->out_n);
		out = secret_bytes (whole, size);
		explicit_bzero (whole, sizeof whole);
	}
	explicit_bzero (there->out, sizeof there->out);
	return out;
}

static GBytes *
agree_there (gpointer user, gconstpointer point, gsize n, GError **error)
{
	return open_there (user, "agree on a secret", agree, point, n, (n - 1) / 2, error);
}

static GBytes *
decrypt_there (gpointer user, gconstpointer input, gsize n, GError **error)
{
	return open_there (user, "decrypt", decrypt, input, n, n, error);
}

static GBytes *
sign_there (gpointer user, gconstpointer input, gsize n, GError **error)
{
	const Opening *there = user;

	return pkcs11_sign (there->token, there->label, input, n, error);
}

PrivateKey *
pkcs11_holder_key_open (Pkcs11 *p, const Pkcs11Name *name, GError **error)
{
	static const PrivateKeyOpener opener = { agree_there, decrypt_there };
	g_auto (Pkcs11KeyFacts) facts = { 0 };
	Opening *there;

	g_hash_table_remove_all (p->handles);
	if (!pkcs11_find_key (p, name->label, &facts, error))
		return NULL;
	if (facts.public_key == NULL) {
		g_autofree char *place = where (p);
		diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, "%s, key \"%s\": read key: the token has no public half of it", place, name->label);
		return NULL;
	}
	there = g_new0 (Opening, 1);
	there->token = p;
	g_strlcpy (there->label, name->label, sizeof there->label);
	PrivateKey *key = private_key_elsewhere (facts.public_key, sign_there, there, g_free, error);
	if (key != NULL)
		private_key_elsewhere_opens (key, &opener);
	return key;
}

/* --- a key that is brought in -------------------------------------------------------------------------- */

/* The numbers of a private key, in OpenSSL's order. */
typedef struct {
	const Pkcs11Name *name;
	const PrivateKey *key;
	Der curve;
	guint8 numbers[RSA_NUMBERS][RSA_MAX];
	int sizes[RSA_NUMBERS];
} Import;

static gboolean
read_numbers (Import *in, const char *const *names, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		g_autoptr (BIGNUM) number = BN_secure_new ();
		if (number == NULL || EVP_PKEY_get_bn_param (in->key->pkey, names[i], &number) != 1 || BN_num_bytes (number) > RSA_MAX)
			return FALSE;
		in->sizes[i] = BN_bn2bin (number, in->numbers[i]);
	}
	return TRUE;
}

static gboolean
read_key (Import *in, GError **error)
{
	static const char *const rsa[] = {
		OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};
	static const char *const ec[] = { OSSL_PKEY_PARAM_PRIV_KEY };
	KeyAlgorithm algorithm = in->key->public_key->algorithm;
	gboolean is_rsa = key_algorithm_is_rsa (algorithm);

	if (!private_key_is_here (in->key, error))
		return FALSE;
	if (!is_rsa && (algorithm == KEY_SM2 || algorithm == KEY_ED25519 || !pkcs11_curve_of (algorithm, &in->curve)))
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "tokens driven by PKCS#11 take no %s keys", key_algorithm_name (algorithm));
	return (is_rsa ? read_numbers (in, rsa, G_N_ELEMENTS (rsa)) : read_numbers (in, ec, 1))
		|| openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "the key's numbers cannot be read");
}

static CK_ATTRIBUTE
number_of (const Import *in, CK_ATTRIBUTE_TYPE type, gsize i)
{
	return attribute (type, in->numbers[i], (gsize) in->sizes[i]);
}

static CK_RV
write_private (Pkcs11 *p, CK_SESSION_HANDLE session, const Import *in, gboolean rsa)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = rsa ? CKK_RSA : CKK_EC;
	CK_ATTRIBUTE common[] = {
		FLAG (CKA_CLASS, class), FLAG (CKA_KEY_TYPE, type), FLAG (CKA_TOKEN, yes), FLAG (CKA_PRIVATE, yes), FLAG (CKA_SENSITIVE, yes),
		FLAG (CKA_EXTRACTABLE, no), FLAG (CKA_SIGN, no), FLAG (rsa ? CKA_DECRYPT : CKA_DERIVE, yes), NAMES (in->name),
	};
	const CK_ATTRIBUTE rsa_parts[] = {
		number_of (in, CKA_MODULUS, 0), number_of (in, CKA_PUBLIC_EXPONENT, 1), number_of (in, CKA_PRIVATE_EXPONENT, 2), number_of (in, CKA_PRIME_1, 3),
		number_of (in, CKA_PRIME_2, 4), number_of (in, CKA_EXPONENT_1, 5), number_of (in, CKA_EXPONENT_2, 6), number_of (in, CKA_COEFFICIENT, 7),
	};
	const CK_ATTRIBUTE ec_parts[] = { attribute (CKA_EC_PARAMS, in->curve.p, in->curve.n), number_of (in, CKA_VALUE, 0) };
	g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (CK_ATTRIBUTE));
	CK_OBJECT_HANDLE object;

	g_array_append_vals (all, common, G_N_ELEMENTS (common));
	if (rsa)
		g_array_append_vals (all, rsa_parts, G_N_ELEMENTS (rsa_parts));
	else
		g_array_append_vals (all, ec_parts, G_N_ELEMENTS (ec_parts));
	return p->module->calls->C_CreateObject (session, (CK_ATTRIBUTE *) (gpointer) all->data, all->len, &object);
}

static CK_RV
write_public (Pkcs11 *p, CK_SESSION_HANDLE session, const Import *in, gboolean rsa)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = rsa ? CKK_RSA : CKK_EC;
	g_autoptr (GByteArray) point = g_byte_array_new ();
	CK_OBJECT_HANDLE object;

	der_put (point, DER_OCTET_STRING, in->key->public_key->raw.p, in->key->public_key->raw.n);
	CK_ATTRIBUTE all[] = {
		FLAG (CKA_CLASS, class), FLAG (CKA_KEY_TYPE, type), FLAG (CKA_TOKEN, yes), NAMES (in->name),
		rsa ? number_of (in, CKA_MODULUS, 0) : attribute (CKA_EC_PARAMS, in->curve.p, in->curve.n),
		rsa ? number_of (in, CKA_PUBLIC_EXPONENT, 1) : attribute (CKA_EC_POINT, point->data, point->len),
	};
	return p->module->calls->C_CreateObject (session, all, G_N_ELEMENTS (all), &object);
}

/* The public key last: where it is, the private key is whole. */
static CK_RV
write_pair (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	const Import *in = user;
	gboolean rsa = key_algorithm_is_rsa (in->key->public_key->algorithm);
	CK_RV result = write_private (p, session, in, rsa);

	return result == CKR_OK ? write_public (p, session, in, rsa) : result;
}

static gboolean
import_is_there (Pkcs11 *p, const Pkcs11Name *name, const PrivateKey *key, gboolean *there, GError **error)
{
	g_auto (Pkcs11Holdings) holdings = { 0 };
	g_auto (Pkcs11KeyFacts) facts = { 0 };

	*there = FALSE;
	if (!pkcs11_holdings (p, name, &holdings, error))
		return FALSE;
	if (!holdings.private_key && !holdings.public_key)
		return TRUE;
	if (holdings.private_key && holdings.public_key && !pkcs11_find_key (p, name->label, &facts, error))
		return FALSE;
	*there = facts.public_key != NULL && fingerprint_equal (public_key_fingerprint (facts.public_key), &key->public_key->fingerprint);
	return *there || pkcs11_delete (p, name->label, error);
}

gboolean
pkcs11_import_key (Pkcs11 *p, const Pkcs11Name *name, const PrivateKey *key, gboolean *written, GError **error)
{
	Import *in = pki_secret_alloc (sizeof *in);
	gboolean there = FALSE;

	*in = (Import) { .name = name, .key = key };
	gboolean done = import_is_there (p, name, key, &there, error)
	                && (there || (read_key (in, error) && pkcs11_run (p, name->label, "import key", write_pair, in, error)));
	pki_secret_free (in, sizeof *in);
	if (written != NULL)
		*written = done && !there;
	return done;
}

/* --- certificates -------------------------------------------------------------------------------------- */

typedef struct {
	const Pkcs11Name *name;
	const Certificate *certificate;
} Putting;

static CK_RV
put (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	const Putting *in = user;
	const Certificate *c = in->certificate;
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	g_autoptr (GByteArray) serial = g_byte_array_new ();
	CK_OBJECT_HANDLE object;

	serial_put (serial, &c->serial);
	CK_ATTRIBUTE all[] = {
		FLAG (CKA_CLASS, class), FLAG (CKA_CERTIFICATE_TYPE, type), FLAG (CKA_TOKEN, yes), FLAG (CKA_PRIVATE, no), NAMES (in->name),
		attribute (CKA_SUBJECT, c->subject.p, c->subject.n), attribute (CKA_ISSUER, c->issuer.p, c->issuer.n),
		attribute (CKA_SERIAL_NUMBER, serial->data, serial->len),
		attribute (CKA_VALUE, g_bytes_get_data (c->der, NULL), g_bytes_get_size (c->der)),
	};
	return p->module->calls->C_CreateObject (session, all, G_N_ELEMENTS (all), &object);
}

gboolean
pkcs11_put_certificate (Pkcs11 *p, const Pkcs11Name *name, const Certificate *certificate, gboolean *written, GError **error)
{
	g_auto (Pkcs11Holdings) there = { 0 };
	g_autofree char *place = where (p);

	if (!pkcs11_holdings (p, name, &there, error))
		return FALSE;
	if (written != NULL)
		*written = there.certificate == NULL;
	if (there.certificate == NULL)
		return pkcs11_run (p, name->label, "write certificate", put, &(Putting) { name, certificate }, error);
	return g_bytes_equal (there.certificate->der, certificate->der)
		|| diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "%s: write certificate: another one is there as \"%s\"", place, name->label);
}

/* --- the PIN ---------------------------------------------------------------------------------------------- */

typedef struct {
	const char *from, *to;
} PinChange;

static CK_RV
set_pin (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	const PinChange *change = user;

	return p->module->calls->C_SetPIN (session, (CK_UTF8CHAR *) change->from, strlen (change->from), (CK_UTF8CHAR *) change->to, strlen (change->to));
}

gboolean
pkcs11_change_pin (Pkcs11 *p, const char *from, const char *to, GError **error)
{
	return pkcs11_run (p, NULL, "change PIN", set_pin, &(PinChange) { from, to }, error);
}
