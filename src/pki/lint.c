/* pki/lint.c — what the rules over certificates, lists and answers share.  See lint.h. */
#include "pki/lint.h"

#include "pki/certificate_private.h"
#include "pki/pki_private.h"

static gboolean
read_extension (Der *in, LintExtension *out)
{
	Der one;

	out->critical = FALSE;
	if (!der_read (in, DER_SEQUENCE, &one) || !der_read_oid (&one, &out->oid))
		return FALSE;
	/* DEFAULT FALSE is not written in DER (X.690 11.5). */
	if (der_is_next (&one, DER_BOOLEAN) && (!der_read_boolean (&one, &out->critical) || !out->critical))
		return FALSE;
	return der_read (&one, DER_OCTET_STRING, &out->value) && one.n == 0;
}

gboolean
lint_extensions_read (Der content, LintExtensions *out)
{
	Der list;

	out->n = 0;
	out->twice = FALSE;
	if (!der_read (&content, DER_SEQUENCE, &list) || content.n != 0 || list.n == 0)
		return FALSE;
	while (list.n > 0) {
		LintExtension *extension = &out->item[out->n];
		if (out->n == LINT_EXTENSIONS_MAX || !read_extension (&list, extension))
			return FALSE;
		out->twice |= lint_extension (out, extension->oid) != NULL;
		out->n++;
	}
	return TRUE;
}

const LintExtension *
lint_extension (const LintExtensions *list, Der oid)
{
	for (gsize i = 0; i < list->n; i++)
		if (der_equal (list->item[i].oid, oid))
			return &list->item[i];
	return NULL;
}

gboolean
lint_read_time (Der *in, Micros *time, gboolean *form)
{
	static const Micros year_2050 = G_GINT64_CONSTANT (2524608000) * MICROS_PER_S;
	gboolean utc = der_is_next (in, DER_UTC_TIME);

	if (!der_read_time (in, time))
		return FALSE;
	*form = utc == (*time < year_2050);
	return TRUE;
}

gboolean
lint_refuse (const LintRule *rule, GError **error)
{
	return diqi_fail (error, DIQI_ERROR_SIGNER, NULL, "not signed: %s (%s, %s)", rule->says, rule->id, rule->source);
}

gboolean
lint_authority_key_is (const LintExtension *extension, const Certificate *issuer)
{
	Der value, id;
	guint8 computed[20];
	Der expected = issuer->subject_key_identifier;

	if (expected.n == 0) {
		public_key_identifier (issuer->key, computed);
		expected = (Der) { computed, sizeof computed };
	}
	Der whole = extension->value;
	return !extension->critical && der_check (whole.p, whole.n) && der_read (&whole, DER_SEQUENCE, &value)
	       && der_read (&value, DER_CONTEXT (0), &id) && value.n == 0 && der_equal (id, expected);
}
