/* pki/pkcs11_key.c — key pairs and sealing keys on a token: finding, reading, making, taking back. */
#include "pki/pkcs11_private.h"

#include <string.h>

#include "base/random.h"
#include "pki/pki_private.h"

#define ID_BYTES 16
#define ATTRIBUTE_MAX 2048
/* PKCS#11 3.0 6.3.5: a curve by its OID, or by its name where a module knows only that. */
#define ED25519_OID "\x06\x03\x2b\x65\x70"
#define ED25519_NAME "\x13\x0c" "edwards25519"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

void
pkcs11_key_facts_clear (Pkcs11KeyFacts *facts)
{
	g_clear_pointer (&facts->public_key, public_key_unref);
}

/* --- attributes -------------------------------------------------------------------------------- */

static CK_RV
read_bytes (const Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, guint8 *space, gsize room, Der *out)
{
	CK_ATTRIBUTE one = { type, space, room };
	CK_RV result = p->module->calls->C_GetAttributeValue (session, object, &one, 1);

	if (result == CKR_OK && one.ulValueLen > room)
		return DIQI_CKR_ANSWER;
	*out = (Der) { space, one.ulValueLen };
	return result;
}

CK_RV
pkcs11_read_ulong (const Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *out)
{
	CK_ATTRIBUTE one = { type, out, sizeof *out };
	CK_RV result = p->module->calls->C_GetAttributeValue (session, object, &one, 1);

	return result == CKR_OK && one.ulValueLen != sizeof *out ? DIQI_CKR_ANSWER : result;
}

CK_RV
pkcs11_read_bool (const Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, gboolean *out)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE one = { type, &value, sizeof value };
	CK_RV result = p->module->calls->C_GetAttributeValue (session, object, &one, 1);

	*out = value != CK_FALSE;
	return result == CKR_OK && one.ulValueLen != sizeof value ? DIQI_CKR_ANSWER : result;
}

/* --- finding ------------------------------------------------------------------------------------- */

static CK_RV
search (const Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof class }, { CKA_LABEL, (void *) label, strlen (label) } };
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 0;
	CK_RV result = p->module->calls->C_FindObjectsInit (session, wanted, G_N_ELEMENTS (wanted));

	if (result != CKR_OK)
		return result;
	result = p->module->calls->C_FindObjects (session, found, G_N_ELEMENTS (found), &n);
	p->module->calls->C_FindObjectsFinal (session);
	if (result != CKR_OK)
		return result;
	*out = found[0];
	return n == 1 ? CKR_OK : n == 0 ? DIQI_CKR_NO_KEY : DIQI_CKR_TWO_KEYS;
}

CK_RV
pkcs11_find_object (Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *out)
{
	g_autofree char *name = g_strdup_printf ("%lu %s", class, label);
	gpointer known;

	if (g_hash_table_lookup_extended (p->handles, name, NULL, &known)) {
		*out = (CK_OBJECT_HANDLE) GPOINTER_TO_SIZE (known);
		return CKR_OK;
	}
	CK_RV result = search (p, session, class, label, out);
	if (result == CKR_OK)
		g_hash_table_insert (p->handles, g_steal_pointer (&name), GSIZE_TO_POINTER (*out));
	return result;
}

/* --- public halves --------------------------------------------------------------------------------- */

/* The curve of an algorithm as DER, the way its SubjectPublicKeyInfo has it: after the first OID of the AlgorithmIdentifier. */
gboolean
pkcs11_curve_of (KeyAlgorithm algorithm, Der *out)
{
	Der prefix = algorithm_facts (algorithm)->spki_prefix, inside, oid;

	if (prefix.n < 2)
		return FALSE;
	prefix = (Der) { prefix.p + 2, prefix.n - 2 };     /* within the outer SEQUENCE, which the prefix does not end */
	if (!der_read (&prefix, DER_SEQUENCE, &inside) || !der_read_oid (&inside, &oid) || inside.n == 0)
		return FALSE;
	*out = inside;
	return TRUE;
}

/* CKA_EC_POINT is the point in an OCTET STRING; some modules give it bare. */
static Der
bare_point (Der point, gsize size)
{
	Der in = point, content;

	return der_read (&in, DER_OCTET_STRING, &content) && in.n == 0 && content.n == size ? content : point;
}

static PublicKey *
with_prefix (KeyAlgorithm algorithm, Der point)
{
	const AlgorithmFacts *facts = algorithm_facts (algorithm);
	Der raw = bare_point (point, facts->raw_size);
	g_autoptr (GByteArray) spki = g_byte_array_new ();

	if (raw.n != facts->raw_size)
		return NULL;
	g_byte_array_append (spki, facts->spki_prefix.p, (guint) facts->spki_prefix.n);
	g_byte_array_append (spki, raw.p, (guint) raw.n);
	return public_key_from_spki (spki->data, spki->len, NULL);
}

static PublicKey *
read_point (const Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	guint8 params_space[ATTRIBUTE_MAX], point_space[ATTRIBUTE_MAX];
	Der params, point, curve;

	if (read_bytes (p, session, object, CKA_EC_PARAMS, params_space, sizeof params_space, &params) != CKR_OK
	    || read_bytes (p, session, object, CKA_EC_POINT, point_space, sizeof point_space, &point) != CKR_OK)
		return NULL;
	for (int a = 0; a < KEY_N_ALGORITHMS; a++)
		if (pkcs11_curve_of ((KeyAlgorithm) a, &curve) && der_equal (curve, params))
			return with_prefix ((KeyAlgorithm) a, point);
	return NULL;
}

static PublicKey *
read_edwards (const Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	guint8 space[ATTRIBUTE_MAX];
	Der point;

	return read_bytes (p, session, object, CKA_EC_POINT, space, sizeof space, &point) == CKR_OK ? with_prefix (KEY_ED25519, point) : NULL;
}

static PublicKey *
read_rsa (const Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	static const guint8 rsa_algorithm[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
	guint8 modulus_space[ATTRIBUTE_MAX], exponent_space[ATTRIBUTE_MAX];
	Der modulus, exponent;

	if (read_bytes (p, session, object, CKA_MODULUS, modulus_space, sizeof modulus_space, &modulus) != CKR_OK
	    || read_bytes (p, session, object, CKA_PUBLIC_EXPONENT, exponent_space, sizeof exponent_space, &exponent) != CKR_OK)
		return NULL;
	g_autoptr (GByteArray) key = g_byte_array_new (), spki = g_byte_array_new ();
	gsize at = der_open (key, DER_SEQUENCE);
	der_put_unsigned (key, modulus.p, modulus.n);
	der_put_unsigned (key, exponent.p, exponent.n);
	der_close (key, at);
	at = der_open (spki, DER_SEQUENCE);
	der_put_raw (spki, rsa_algorithm, sizeof rsa_algorithm - 1);
	der_put_octet_bits (spki, key->data, key->len);
	der_close (spki, at);
	return public_key_from_spki (spki->data, spki->len, NULL);
}

/* NULL when the token has none by this label: then the certificate must know. */
PublicKey *
pkcs11_read_public (Pkcs11 *p, CK_SESSION_HANDLE session, CK_KEY_TYPE type, const char *label)
{
	CK_OBJECT_HANDLE object;

	if (pkcs11_find_object (p, session, CKO_PUBLIC_KEY, label, &object) != CKR_OK)
		return NULL;
	switch (type) {
	case CKK_EC: return read_point (p, session, object);
	case CKK_EC_EDWARDS: return read_edwards (p, session, object);
	case CKK_RSA: return read_rsa (p, session, object);
	default: return NULL;
	}
}

typedef struct {
	const char *label;
	CK_OBJECT_CLASS class;
	Pkcs11KeyFacts *facts;
} Look;

static CK_RV
look (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	Look *l = user;
	CK_OBJECT_HANDLE object;
	CK_KEY_TYPE type;
	CK_RV result = pkcs11_find_object (p, session, l->class, l->label, &object);

	if (result == CKR_OK)
		result = pkcs11_read_ulong (p, session, object, CKA_KEY_TYPE, &type);
	if (result == CKR_OK)
		result = pkcs11_read_bool (p, session, object, CKA_SENSITIVE, &l->facts->sensitive);
	if (result == CKR_OK)
		result = pkcs11_read_bool (p, session, object, CKA_EXTRACTABLE, &l->facts->extractable);
	if (result == CKR_OK)
		result = pkcs11_read_bool (p, session, object, CKA_LOCAL, &l->facts->local);
	if (result != CKR_OK)
		return result;
	gboolean known = l->class == CKO_SECRET_KEY ? type == CKK_AES : type == CKK_EC || type == CKK_EC_EDWARDS || type == CKK_RSA;
	if (known && l->class == CKO_PRIVATE_KEY) {
		pkcs11_key_facts_clear (l->facts);
		l->facts->public_key = pkcs11_read_public (p, session, type, l->label);
	}
	return known ? CKR_OK : DIQI_CKR_KIND;
}

gboolean
pkcs11_find_key (Pkcs11 *p, const char *label, Pkcs11KeyFacts *out, GError **error)
{
	g_auto (Pkcs11KeyFacts) facts = { 0 };

	if (!pkcs11_run (p, label, "read key", look, &(Look) { label, CKO_PRIVATE_KEY, &facts }, error))
		return FALSE;
	*out = facts;
	facts = (Pkcs11KeyFacts) { 0 };
	return TRUE;
}

gboolean
pkcs11_find_sealing_key (Pkcs11 *p, const char *label, Pkcs11KeyFacts *out, GError **error)
{
	*out = (Pkcs11KeyFacts) { 0 };
	return pkcs11_run (p, label, "read key", look, &(Look) { label, CKO_SECRET_KEY, out }, error);
}

/* --- making -------------------------------------------------------------------------------------------- */

typedef struct {
	const char *label;
	KeyAlgorithm algorithm;
	CK_MECHANISM_TYPE mechanism;
	Der curve;
	guint8 id[ID_BYTES];
} Making;

static CK_RV
check_free (Pkcs11 *p, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
	CK_OBJECT_HANDLE object;
	CK_RV result = search (p, session, class, label, &object);

	return result == DIQI_CKR_NO_KEY ? CKR_OK : result == CKR_OK || result == DIQI_CKR_TWO_KEYS ? DIQI_CKR_TAKEN : result;
}

static CK_RV
make_pair (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	Making *m = user;
	guint8 exponent[] = { 1, 0, 1 };
	CK_ULONG bits = m->algorithm == KEY_RSA4096 ? 4096 : 3072;
	CK_MECHANISM mechanism = { m->mechanism, NULL, 0 };
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof yes }, { CKA_PRIVATE, &yes, sizeof yes }, { CKA_SENSITIVE, &yes, sizeof yes },
		{ CKA_EXTRACTABLE, &no, sizeof no }, { CKA_SIGN, &yes, sizeof yes },
		{ CKA_LABEL, (void *) m->label, strlen (m->label) }, { CKA_ID, m->id, sizeof m->id },
	};
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof yes }, { CKA_VERIFY, &yes, sizeof yes },
		{ CKA_LABEL, (void *) m->label, strlen (m->label) }, { CKA_ID, m->id, sizeof m->id },
		{ CKA_EC_PARAMS, (void *) m->curve.p, m->curve.n }, { CKA_PUBLIC_EXPONENT, exponent, sizeof exponent },
	};
	CK_ULONG n = G_N_ELEMENTS (public) - 1;
	if (m->mechanism == CKM_RSA_PKCS_KEY_PAIR_GEN) {
		public[4] = (CK_ATTRIBUTE) { CKA_MODULUS_BITS, &bits, sizeof bits };
		n++;
	}
	CK_OBJECT_HANDLE one, other;
	CK_RV result = check_free (p, session, CKO_PRIVATE_KEY, m->label);
	if (result == CKR_OK)
		result = check_free (p, session, CKO_PUBLIC_KEY, m->label);
	if (result != CKR_OK)
		return result;
	return p->module->calls->C_GenerateKeyPair (session, &mechanism, public, n, private, G_N_ELEMENTS (private), &one, &other);
}

static gboolean
choose_mechanism (Pkcs11 *p, Making *m, GError **error)
{
	switch (m->algorithm) {
	case KEY_RSA3072:
	case KEY_RSA4096:
		m->mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
		return TRUE;
	case KEY_ED25519:
		m->mechanism = CKM_EC_EDWARDS_KEY_PAIR_GEN;
		m->curve = DER_LITERAL (ED25519_OID);
		return TRUE;
	default:
		m->mechanism = CKM_EC_KEY_PAIR_GEN;
		if (m->algorithm != KEY_SM2 && pkcs11_curve_of (m->algorithm, &m->curve))
			return TRUE;
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "token \"%s\", key \"%s\": make key: PKCS#11 has no mechanism for %s keys; keep them in files",
		                  p->label != NULL ? p->label : p->serial, m->label, key_algorithm_name (m->algorithm));
	}
}

gboolean
pkcs11_make_key (Pkcs11 *p, const char *label, KeyAlgorithm algorithm, Pkcs11KeyFacts *out, GError **error)
{
	Making m = { .label = label, .algorithm = algorithm };
	g_autoptr (GError) first = NULL;

	random_bytes (m.id, sizeof m.id);
	if (!choose_mechanism (p, &m, error))
		return FALSE;
	gboolean made = pkcs11_run (p, label, "make key", make_pair, &m, &first);
	if (!made && algorithm == KEY_ED25519 && !g_error_matches (first, DIQI_ERROR, DIQI_ERROR_EXISTS)) {
		m.curve = DER_LITERAL (ED25519_NAME);
		made = pkcs11_run (p, label, "make key", make_pair, &m, NULL);
	}
	if (!made) {
		g_propagate_error (error, g_steal_pointer (&first));
		return FALSE;
	}
	return pkcs11_find_key (p, label, out, error);
}

static CK_RV
make_secret (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	const char *label = user;
	guint8 id[ID_BYTES];
	CK_ULONG size = 32;
	CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE key[] = {
		{ CKA_TOKEN, &yes, sizeof yes }, { CKA_PRIVATE, &yes, sizeof yes }, { CKA_SENSITIVE, &yes, sizeof yes },
		{ CKA_EXTRACTABLE, &no, sizeof no }, { CKA_ENCRYPT, &yes, sizeof yes }, { CKA_DECRYPT, &yes, sizeof yes },
		{ CKA_VALUE_LEN, &size, sizeof size }, { CKA_LABEL, (void *) label, strlen (label) }, { CKA_ID, id, sizeof id },
	};
	CK_OBJECT_HANDLE made;
	CK_RV result = check_free (p, session, CKO_SECRET_KEY, label);

	random_bytes (id, sizeof id);
	return result != CKR_OK ? result : p->module->calls->C_GenerateKey (session, &mechanism, key, G_N_ELEMENTS (key), &made);
}

gboolean
pkcs11_make_sealing_key (Pkcs11 *p, const char *label, GError **error)
{
	return pkcs11_run (p, label, "make key", make_secret, (gpointer) label, error);
}

/* --- taking back ------------------------------------------------------------------------------------------ */

static CK_RV
destroy (Pkcs11 *p, CK_SESSION_HANDLE session, gpointer user)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY };
	const char *label = user;

	for (gsize i = 0; i < G_N_ELEMENTS (classes); i++) {
		CK_OBJECT_HANDLE object;
		CK_RV result = search (p, session, classes[i], label, &object);
		if (result == CKR_OK)
			result = p->module->calls->C_DestroyObject (session, object);
		if (result != CKR_OK && result != DIQI_CKR_NO_KEY)
			return result;
	}
	g_hash_table_remove_all (p->handles);
	return CKR_OK;
}

gboolean
pkcs11_delete (Pkcs11 *p, const char *label, GError **error)
{
	return pkcs11_run (p, label, "delete key", destroy, (gpointer) label, error);
}
