/* pki/lint_view.c — see lint_view.h. */
#include "pki/lint_view.h"

#include "pki/extension.h"
#include "pki/pki_private.h"

static gboolean
read_rsa (LintView *v, Der bits)
{
	Der numbers;

	v->kind = LINT_RSA;
	return der_check (bits.p, bits.n) && der_read (&bits, DER_SEQUENCE, &numbers) && der_read_positive (&numbers, &v->modulus)
	       && der_read_uint (&numbers, &v->exponent) && numbers.n == 0;
}

/* An uncompressed point of a curve we know. */
static LintKey
kind_on_curve (Der curve, Der point)
{
	const struct { Der curve; gsize n; LintKey kind; } known[] = {
		{ DER_LITERAL ("\x2a\x86\x48\xce\x3d\x03\x01\x07"), 65, LINT_EC },      /* P-256 */
		{ DER_LITERAL ("\x2b\x81\x04\x00\x22"), 97, LINT_EC },                  /* P-384 */
		{ DER_LITERAL ("\x2a\x81\x1c\xcf\x55\x01\x82\x2d"), 65, LINT_SM2 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
		if (der_equal (curve, known[i].curve))
			return point.n == known[i].n && point.p[0] == 4 ? known[i].kind : LINT_OTHER;
	return LINT_OTHER;
}

static gboolean
read_key (LintView *v)
{
	Der whole = v->spki, body, algorithm, oid, curve;

	v->kind = LINT_OTHER;
	if (!der_read (&whole, DER_SEQUENCE, &body) || !der_read (&body, DER_SEQUENCE, &algorithm) || !der_read_oid (&algorithm, &oid)
	    || !der_read_octet_bits (&body, &v->key) || body.n != 0)
		return FALSE;
	if (der_equal (oid, DER_LITERAL ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")))
		return read_rsa (v, v->key);
	if (der_equal (oid, DER_LITERAL ("\x2b\x65\x70")) && algorithm.n == 0 && v->key.n == 32)
		v->kind = LINT_EDWARDS;
	if (der_equal (oid, DER_LITERAL ("\x2a\x86\x48\xce\x3d\x02\x01")) && der_read_oid (&algorithm, &curve))
		v->kind = kind_on_curve (curve, v->key);
	return TRUE;
}

static void
read_usages (LintView *v)
{
	const LintExtension *key_usage = lint_extension (&v->extensions, DER_LITERAL (OID_KEY_USAGE));
	const LintExtension *extended = lint_extension (&v->extensions, DER_LITERAL (OID_EXTENDED_KEY_USAGE));
	const LintExtension *constraints = lint_extension (&v->extensions, DER_LITERAL (OID_BASIC_CONSTRAINTS));
	Der value, body;

	if (key_usage != NULL) {
		value = key_usage->value;
		if (!der_check (value.p, value.n) || !der_read_flags (&value, &v->key_usage) || value.n != 0)
			v->key_usage = 0;
	}
	if (extended != NULL) {
		value = extended->value;
		if (der_check (value.p, value.n) && der_read (&value, DER_SEQUENCE, &body) && value.n == 0)
			v->usages = body;
	}
	if (constraints != NULL) {
		value = constraints->value;
		if (der_check (value.p, value.n) && der_read (&value, DER_SEQUENCE, &body) && value.n == 0 && body.n > 0)
			der_read_boolean (&body, &v->ca);
	}
}

static gboolean
read_validity (Der *body, LintView *v)
{
	Der validity;
	gboolean first, second;

	if (!der_read (body, DER_SEQUENCE, &validity) || !lint_read_time (&validity, &v->not_before, &first)
	    || !lint_read_time (&validity, &v->not_after, &second) || validity.n != 0)
		return FALSE;
	v->time_form = first && second;
	return TRUE;
}

/* From the serial number to the key. */
static gboolean
read_mandatory (Der *body, LintView *v)
{
	return der_read (body, DER_INTEGER, &v->serial) && der_read_whole (body, DER_SEQUENCE, &v->algorithm)
	       && der_read_whole (body, DER_SEQUENCE, &v->issuer) && read_validity (body, v)
	       && der_read_whole (body, DER_SEQUENCE, &v->subject) && der_read_whole (body, DER_SEQUENCE, &v->spki) && read_key (v);
}

gboolean
lint_view_read (Der tbs, LintView *v)
{
	Der body, version, extensions;

	if (!der_check (tbs.p, tbs.n) || !der_read (&tbs, DER_SEQUENCE, &body))
		return FALSE;
	if (der_read (&body, DER_CONTEXT_CONSTRUCTED (0), &version) && (!der_read_uint (&version, &v->version) || version.n != 0))
		return FALSE;
	if (!read_mandatory (&body, v))
		return FALSE;
	v->unique_ids = der_is_next (&body, DER_CONTEXT (1)) || der_is_next (&body, DER_CONTEXT (2));
	if (v->unique_ids)
		return TRUE;
	if (!der_read (&body, DER_CONTEXT_CONSTRUCTED (3), &extensions) || body.n != 0 || !lint_extensions_read (extensions, &v->extensions))
		return FALSE;
	read_usages (v);
	return TRUE;
}
