/* pki/lint_answer.c — rules over the ResponseData of an OCSP answer.  See lint.h. */
#include "pki/lint.h"

#include "pki/extension.h"
#include "pki/pki_private.h"

#define OID_ARCHIVE_CUTOFF "\x2b\x06\x01\x05\x05\x07\x30\x01\x06"
#define OID_EXTENDED_REVOKE "\x2b\x06\x01\x05\x05\x07\x30\x01\x09"
#define SLACK (5 * MICROS_PER_MIN)      /* two clocks of one site */

typedef enum {
	ANSWER_STRUCTURE, ANSWER_RESPONDER, ANSWER_PRODUCED, ANSWER_COUNT, ANSWER_CERT_ID, ANSWER_STATUS, ANSWER_REASON, ANSWER_REVOKED_AT, ANSWER_OURS, ANSWER_UPDATE,
	ANSWER_ORDER, ANSWER_EXTENSION_TWICE, ANSWER_EXTENSION_UNKNOWN, ANSWER_NONCE, N_ANSWER_RULES
} AnswerRule;

static const LintRule rules[N_ANSWER_RULES] = {
	[ANSWER_STRUCTURE] = { "ocsp.structure", "X.690; RFC 6960 4.2.1", "the bytes are not ResponseData in DER" },
	[ANSWER_RESPONDER] = { "ocsp.responder", "RFC 6960 4.2.2.3", "the responder is not named by the hash of the key that signs" },
	[ANSWER_PRODUCED] = { "ocsp.produced", "RFC 6960 4.2.2.1", "the time of production is no GeneralizedTime in whole seconds" },
	[ANSWER_COUNT] = { "ocsp.count", "RFC 6960 4.2.1", "not one answer for each question" },
	[ANSWER_CERT_ID] = { "ocsp.cert_id", "RFC 6960 4.2.2.3", "an answer about another certificate than was asked about" },
	[ANSWER_STATUS] = { "ocsp.status", "RFC 6960 2.2", "a status that there is not" },
	[ANSWER_REASON] = { "ocsp.reason", "RFC 5280 5.3.1", "a reason that there is not, or unspecified written out" },
	[ANSWER_REVOKED_AT] = { "ocsp.revoked_at", "RFC 6960 4.2.1", "revoked at a time badly written or still to come" },
	[ANSWER_OURS] = { "ocsp.ours", "RFC 6960 2.2", "good about a certificate of another authority" },
	[ANSWER_UPDATE] = { "ocsp.update", "RFC 6960 4.2.2.1", "an update time is no GeneralizedTime in whole seconds" },
	[ANSWER_ORDER] = { "ocsp.order", "RFC 6960 2.4", "the times of production, this and the next update are out of order" },
	[ANSWER_EXTENSION_TWICE] = { "ocsp.extension.twice", "RFC 5280 4.2", "an extension twice" },
	[ANSWER_EXTENSION_UNKNOWN] = { "ocsp.extension.unknown", "RFC 6960 4.4", "an extension that this program does not send, or a critical one" },
	[ANSWER_NONCE] = { "ocsp.nonce", "RFC 9654 2.1", "the nonce is not the one that was sent" },
};

static gboolean
read_wrapped_time (Der *in, guint8 tag, Micros *time)
{
	Der wrapped;
	return der_read (in, tag, &wrapped) && der_read_generalized_time (&wrapped, time) && wrapped.n == 0;
}

static AnswerRule
judge_revoked (Der status, Micros produced)
{
	Micros at;
	Der reason, code;
	if (!der_read_generalized_time (&status, &at) || at > produced + SLACK)
		return ANSWER_REVOKED_AT;
	if (status.n == 0)
		return N_ANSWER_RULES;
	if (!der_read (&status, DER_CONTEXT_CONSTRUCTED (0), &reason) || status.n != 0 || !der_read (&reason, DER_ENUMERATED, &code) || reason.n != 0)
		return ANSWER_STATUS;
	gboolean known = code.n == 1 && code.p[0] != REASON_UNSPECIFIED && code.p[0] != 7 && code.p[0] != REASON_REMOVE_FROM_CRL && code.p[0] <= 10;
	return known ? N_ANSWER_RULES : ANSWER_REASON;
}

static AnswerRule
judge_status (Der *single, const OcspSingle *asked, Micros produced)
{
	guint8 tag;
	Der status;
	if (!der_next (single, &tag, &status))
		return ANSWER_STATUS;
	if (tag == DER_CONTEXT_CONSTRUCTED (1))
		return judge_revoked (status, produced);
	if ((tag != DER_CONTEXT (0) && tag != DER_CONTEXT (2)) || status.n != 0)
		return ANSWER_STATUS;
	/* DigiNotar 2011: good about what nobody here ever issued. */
	return tag == DER_CONTEXT (0) && !asked->ours ? ANSWER_OURS : N_ANSWER_RULES;
}

static AnswerRule
judge_extensions (Der wrapped, LintExtensions *list)
{
	static const char *const known[] = { OID_OCSP_NONCE, OID_ARCHIVE_CUTOFF, OID_EXTENDED_REVOKE };
	if (!lint_extensions_read (wrapped, list))
		return ANSWER_STRUCTURE;
	if (list->twice)
		return ANSWER_EXTENSION_TWICE;
	for (gsize i = 0; i < list->n; i++) {
		gboolean found = FALSE;
		for (gsize k = 0; k < G_N_ELEMENTS (known); k++)
			found |= der_equal (list->item[i].oid, (Der) { (const guint8 *) known[k], strlen (known[k]) });
		if (!found || list->item[i].critical)
			return ANSWER_EXTENSION_UNKNOWN;
	}
	return N_ANSWER_RULES;
}

static AnswerRule
judge_single (Der *answers, const OcspSingle *asked, Micros produced)
{
	Der single, id, wrapped;
	Micros this_update, next_update;
	if (!der_read (answers, DER_SEQUENCE, &single) || !der_read_whole (&single, DER_SEQUENCE, &id))
		return ANSWER_STRUCTURE;
	gsize n;
	gconstpointer p = g_bytes_get_data (asked->cert_id, &n);
	if (!der_equal (id, (Der) { p, n }))
		return ANSWER_CERT_ID;
	AnswerRule wrong = judge_status (&single, asked, produced);
	if (wrong != N_ANSWER_RULES)
		return wrong;
	if (!der_read_generalized_time (&single, &this_update))
		return ANSWER_UPDATE;
	next_update = this_update;
	if (der_is_next (&single, DER_CONTEXT_CONSTRUCTED (0)) && !read_wrapped_time (&single, DER_CONTEXT_CONSTRUCTED (0), &next_update))
		return ANSWER_UPDATE;
	if (this_update > produced + SLACK || next_update < this_update)
		return ANSWER_ORDER;
	LintExtensions list;
	if (der_read (&single, DER_CONTEXT_CONSTRUCTED (1), &wrapped) && (wrong = judge_extensions (wrapped, &list)) != N_ANSWER_RULES)
		return wrong;
	return single.n == 0 ? N_ANSWER_RULES : ANSWER_STRUCTURE;
}

static AnswerRule
judge_singles (Der answers, const OcspRequest *asked, Micros produced)
{
	for (guint i = 0; i < asked->singles->len; i++) {
		if (answers.n == 0)
			return ANSWER_COUNT;
		AnswerRule wrong = judge_single (&answers, &g_array_index (asked->singles, OcspSingle, i), produced);
		if (wrong != N_ANSWER_RULES)
			return wrong;
	}
	return answers.n == 0 && asked->singles->len > 0 ? N_ANSWER_RULES : ANSWER_COUNT;
}

static AnswerRule
judge_nonce (const LintExtensions *list, GBytes *asked)
{
	const LintExtension *extension = lint_extension (list, DER_LITERAL (OID_OCSP_NONCE));
	gsize n = 0;
	gconstpointer p = asked != NULL ? g_bytes_get_data (asked, &n) : NULL;
	if ((extension != NULL) != (asked != NULL))
		return ANSWER_NONCE;
	if (extension == NULL)
		return N_ANSWER_RULES;
	Der value = extension->value, nonce;
	gboolean same = der_check (value.p, value.n) && der_read (&value, DER_OCTET_STRING, &nonce) && nonce.n >= 1 && nonce.n <= 128 && der_equal (nonce, (Der) { p, n });
	return same ? N_ANSWER_RULES : ANSWER_NONCE;
}

static AnswerRule
judge (Der data, Der responder, const OcspRequest *asked)
{
	Der body, whole, answers, wrapped;
	Micros produced;
	LintExtensions list = { .n = 0 };
	/* The version, if written, would be v1, which is the default and so not written. */
	if (!der_check (data.p, data.n) || !der_read (&data, DER_SEQUENCE, &body))
		return ANSWER_STRUCTURE;
	if (!der_read_whole (&body, DER_CONTEXT_CONSTRUCTED (2), &whole) || !der_equal (whole, responder))
		return ANSWER_RESPONDER;
	if (!der_read_generalized_time (&body, &produced))
		return ANSWER_PRODUCED;
	if (!der_read (&body, DER_SEQUENCE, &answers))
		return ANSWER_STRUCTURE;
	AnswerRule wrong = judge_singles (answers, asked, produced);
	if (wrong != N_ANSWER_RULES)
		return wrong;
	if (der_read (&body, DER_CONTEXT_CONSTRUCTED (1), &wrapped) && (wrong = judge_extensions (wrapped, &list)) != N_ANSWER_RULES)
		return wrong;
	return body.n != 0 ? ANSWER_STRUCTURE : judge_nonce (&list, asked->nonce);
}

const LintRule *
lint_answer_rules (gsize *n)
{
	*n = N_ANSWER_RULES;
	return rules;
}

gboolean
lint_answer (Der data, Der responder, const OcspRequest *asked, GError **error)
{
	AnswerRule wrong = judge (data, responder, asked);

	return wrong == N_ANSWER_RULES || lint_refuse (&rules[wrong], error);
}
