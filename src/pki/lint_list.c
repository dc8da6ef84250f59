/* pki/lint_list.c — rules over a TBSCertList.  See lint.h. */
#include "pki/lint.h"

#include "pki/certificate_private.h"
#include "pki/extension.h"
#include "pki/pki_private.h"

typedef enum {
	LIST_STRUCTURE, LIST_VERSION, LIST_ALGORITHM, LIST_ISSUER, LIST_SIGNER, LIST_TIME_FORM, LIST_TIME_ORDER, LIST_EMPTY, LIST_ENTRY, LIST_SERIAL, LIST_ENTRY_TIME,
	LIST_REASON, LIST_REMOVAL, LIST_TWICE, LIST_EXTENSION_TWICE, LIST_EXTENSION_UNKNOWN, LIST_NUMBER, LIST_AKI, LIST_DELTA, LIST_POINT, LIST_FRESHEST, N_LIST_RULES
} ListRule;

static const LintRule rules[N_LIST_RULES] = {
	[LIST_STRUCTURE] = { "crl.structure", "X.690; RFC 5280 5.1", "the bytes are not a TBSCertList in DER" },
	[LIST_VERSION] = { "crl.version", "RFC 5280 5.1.2.1", "not version 2" },
	[LIST_ALGORITHM] = { "crl.algorithm", "RFC 5280 5.1.2.2", "the signature algorithm is not that of the signing key" },
	[LIST_ISSUER] = { "crl.issuer", "RFC 5280 5.1.2.3", "the issuer is not named as it names itself" },
	[LIST_SIGNER] = { "crl.signer", "RFC 5280 4.2.1.3", "the issuer's certificate does not allow signing lists" },
	[LIST_TIME_FORM] = { "crl.time.form", "RFC 5280 5.1.2.4", "a year before 2050 is UTCTime, any other GeneralizedTime" },
	[LIST_TIME_ORDER] = { "crl.time.order", "RFC 5280 5.1.2.5", "the next update is missing or not after this one" },
	[LIST_EMPTY] = { "crl.empty", "RFC 5280 5.1.2.6", "no entries are said by leaving them out" },
	[LIST_ENTRY] = { "crl.entry", "RFC 5280 5.3", "an entry with an extension other than its reason, or a critical one" },
	[LIST_SERIAL] = { "crl.serial", "RFC 5280 4.1.2.2", "an entry's serial number is not positive or over 20 octets" },
	[LIST_ENTRY_TIME] = { "crl.entry.time", "RFC 5280 5.1.2.6", "an entry's time is badly written or after the list" },
	[LIST_REASON] = { "crl.reason", "RFC 5280 5.3.1", "a reason that there is not, or unspecified written out" },
	[LIST_REMOVAL] = { "crl.removal", "RFC 5280 5.3.1", "removeFromCRL belongs to a delta list" },
	[LIST_TWICE] = { "crl.twice", "RFC 5280 5.1.2.6", "a serial number twice" },
	[LIST_EXTENSION_TWICE] = { "crl.extension.twice", "RFC 5280 5.2", "an extension twice" },
	[LIST_EXTENSION_UNKNOWN] = { "crl.extension.unknown", "RFC 5280 5.2", "an extension that this program does not issue" },
	[LIST_NUMBER] = { "crl.number", "RFC 5280 5.2.3", "no number, a critical one, or one of more than 20 octets" },
	[LIST_AKI] = { "crl.aki", "RFC 5280 5.2.1", "the authority key identifier is not the issuer's" },
	[LIST_DELTA] = { "crl.delta", "RFC 5280 5.2.4", "a delta's base must be critical and not after its own number" },
	[LIST_POINT] = { "crl.point", "RFC 5280 5.2.5", "the issuing distribution point must be critical" },
	[LIST_FRESHEST] = { "crl.freshest", "RFC 5280 5.2.6", "where deltas lie is said by full lists, and not critical" },
};

/* A clock tells seconds; entries of the same second may be a little younger than the list says it is. */
#define SLACK (5 * MICROS_PER_MIN)

typedef struct {
	const Certificate *issuer;
	guint64 version;
	Der algorithm, name, entries;
	gboolean has_entries, time_form;
	Micros this_update, next_update;
	LintExtensions extensions;
} View;

static gboolean
read_view (Der tbs, View *v)
{
	Der body, extensions;
	gboolean first, second;

	if (!der_check (tbs.p, tbs.n) || !der_read (&tbs, DER_SEQUENCE, &body) || !der_read_uint (&body, &v->version)
	    || !der_read_whole (&body, DER_SEQUENCE, &v->algorithm) || !der_read_whole (&body, DER_SEQUENCE, &v->name)
	    || !lint_read_time (&body, &v->this_update, &first))
		return FALSE;
	v->next_update = 0;
	second = TRUE;
	if ((der_is_next (&body, DER_UTC_TIME) || der_is_next (&body, DER_GENERALIZED_TIME)) && !lint_read_time (&body, &v->next_update, &second))
		return FALSE;
	v->time_form = first && second;
	v->has_entries = der_read (&body, DER_SEQUENCE, &v->entries);
	return der_read (&body, DER_CONTEXT_CONSTRUCTED (0), &extensions) && body.n == 0 && lint_extensions_read (extensions, &v->extensions);
}

/* --- entries --------------------------------------------------------------------------- */

/* Is a serial number there twice?  While they rise it is not, and the last one is all that need be kept: so in the lists of shards and in
 * deltas.  A full list has one shard after the other: from where they fall first, all of them are kept, in open addressing over their last
 * octets, which are random: linear whatever the order. */
typedef struct {
	Der last;
	Der entries;                  /* all of them */
	guint32 *slot;                /* where each is in the entries, and 1; NULL while they rise */
	gsize mask;
} Seen;

static gboolean
rises (Der before, Der serial)
{
	return before.n < serial.n || (before.n == serial.n && memcmp (before.p, serial.p, serial.n) < 0);
}

static gboolean
slot_add (Seen *seen, Der serial)
{
	guint64 hash = 0;
	for (gsize i = serial.n > 8 ? serial.n - 8 : 0; i < serial.n; i++)
		hash = hash << 8 | serial.p[i];
	hash *= G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
	for (gsize at = (gsize) (hash >> 20) & seen->mask;; at = (at + 1) & seen->mask) {
		if (seen->slot[at] == 0) {
			seen->slot[at] = (guint32) (serial.p - seen->entries.p) + 1;
			return TRUE;
		}
		const guint8 *other = seen->entries.p + seen->slot[at] - 1;
		/* A serial number is short: its length is the octet before it. */
		if (der_equal ((Der) { other, other[-1] }, serial))
			return FALSE;
	}
}

/* The serials before this one, which were all read well. */
static void
keep_all (Seen *seen, Der serial)
{
	gsize most = seen->entries.n / 22 + 1, size = 64;       /* an entry has at least 22 octets of header, serial and time */
	Der entries = seen->entries, one, before;
	while (size < 2 * most)
		size *= 2;
	seen->slot = g_new0 (guint32, size);
	seen->mask = size - 1;
	while (der_read (&entries, DER_SEQUENCE, &one) && der_read (&one, DER_INTEGER, &before) && before.p < serial.p)
		slot_add (seen, before);
}

static gboolean
seen_add (Seen *seen, Der serial)
{
	if (seen->slot == NULL) {
		if (seen->last.n == 0 || rises (seen->last, serial)) {
			seen->last = serial;
			return TRUE;
		}
		keep_all (seen, serial);
	}
	return slot_add (seen, serial);
}

static gboolean
is_reason (guint8 code)
{
	return code != REASON_UNSPECIFIED && code != 7 && code <= 10;
}

static ListRule
judge_code (guint8 code, gboolean delta)
{
	if (!is_reason (code))
		return LIST_REASON;
	return code == REASON_REMOVE_FROM_CRL && !delta ? LIST_REMOVAL : N_LIST_RULES;
}

static ListRule
judge_reason (Der wrapped, gboolean delta)
{
	/* As every list has it a hundred thousand times: Extensions { Extension { id-ce-cRLReasons, OCTET STRING { ENUMERATED { code } } } }. */
	static const guint8 usual[] = { 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01 };
	LintExtensions list;

	if (wrapped.n == sizeof usual + 1 && memcmp (wrapped.p, usual, sizeof usual) == 0)
		return judge_code (wrapped.p[sizeof usual], delta);
	if (!lint_extensions_read (wrapped, &list) || list.n != 1 || list.item[0].critical || !der_equal (list.item[0].oid, DER_LITERAL (OID_REASON_CODE)))
		return LIST_ENTRY;
	Der value = list.item[0].value;
	return value.n == 3 && value.p[0] == DER_ENUMERATED && value.p[1] == 1 ? judge_code (value.p[2], delta) : LIST_REASON;
}

/* N_LIST_RULES: nothing against it. */
static ListRule
judge_entry (const View *v, Der *entries, gboolean delta, Seen *seen)
{
	Der one, serial;
	Micros at;
	gboolean form;

	if (!der_read (entries, DER_SEQUENCE, &one) || !der_read (&one, DER_INTEGER, &serial))
		return LIST_STRUCTURE;
	if (serial.n > 20 || (serial.p[0] & 0x80) != 0 || (serial.n == 1 && serial.p[0] == 0))
		return LIST_SERIAL;
	if (!lint_read_time (&one, &at, &form) || !form || at > v->this_update + SLACK)
		return LIST_ENTRY_TIME;
	if (!seen_add (seen, serial))
		return LIST_TWICE;
	if (one.n == 0)
		return N_LIST_RULES;
	Der whole;
	if (!der_read_whole (&one, DER_SEQUENCE, &whole) || one.n != 0)
		return LIST_STRUCTURE;
	return judge_reason (whole, delta);
}

static ListRule
judge_entries (const View *v)
{
	if (!v->has_entries)
		return N_LIST_RULES;
	if (v->entries.n == 0)
		return LIST_EMPTY;
	gboolean delta = lint_extension (&v->extensions, DER_LITERAL (OID_DELTA_CRL_INDICATOR)) != NULL;
	Der entries = v->entries;
	ListRule wrong = N_LIST_RULES;
	Seen seen = { .entries = entries };
	while (wrong == N_LIST_RULES && entries.n > 0)
		wrong = judge_entry (v, &entries, delta, &seen);
	g_free (seen.slot);
	return wrong;
}

/* --- extensions ---------------------------------------------------------------------------- */

static gboolean
read_number (const LintExtension *extension, guint64 *number)
{
	Der value = extension->value;
	return der_check (value.p, value.n) && der_read_uint (&value, number) && value.n == 0;
}

static ListRule
judge_numbers (const View *v)
{
	const LintExtension *number = lint_extension (&v->extensions, DER_LITERAL (OID_CRL_NUMBER));
	const LintExtension *delta = lint_extension (&v->extensions, DER_LITERAL (OID_DELTA_CRL_INDICATOR));
	guint64 own, base;
	if (number == NULL || number->critical || !read_number (number, &own))
		return LIST_NUMBER;
	if (delta != NULL && (!delta->critical || !read_number (delta, &base) || base > own))
		return LIST_DELTA;
	return N_LIST_RULES;
}

static gboolean
extensions_known (const LintExtensions *list)
{
	static const char *const known[] = {
		OID_AUTHORITY_KEY_IDENTIFIER, OID_CRL_NUMBER, OID_DELTA_CRL_INDICATOR, OID_ISSUING_DISTRIBUTION_POINT, OID_FRESHEST_CRL };
	for (gsize i = 0; i < list->n; i++) {
		gboolean found = FALSE;
		for (gsize k = 0; k < G_N_ELEMENTS (known); k++)
			found |= der_equal (list->item[i].oid, (Der) { (const guint8 *) known[k], strlen (known[k]) });
		if (!found)
			return FALSE;
	}
	return TRUE;
}

static ListRule
judge_extensions (const View *v)
{
	const LintExtension *key = lint_extension (&v->extensions, DER_LITERAL (OID_AUTHORITY_KEY_IDENTIFIER));
	const LintExtension *point = lint_extension (&v->extensions, DER_LITERAL (OID_ISSUING_DISTRIBUTION_POINT));
	const LintExtension *freshest = lint_extension (&v->extensions, DER_LITERAL (OID_FRESHEST_CRL));
	const LintExtension *delta = lint_extension (&v->extensions, DER_LITERAL (OID_DELTA_CRL_INDICATOR));
	if (v->extensions.twice)
		return LIST_EXTENSION_TWICE;
	if (!extensions_known (&v->extensions))
		return LIST_EXTENSION_UNKNOWN;
	if (key == NULL || !lint_authority_key_is (key, v->issuer))
		return LIST_AKI;
	if (point != NULL && !point->critical)
		return LIST_POINT;
	if (freshest != NULL && (freshest->critical || delta != NULL))
		return LIST_FRESHEST;
	return judge_numbers (v);
}

/* --- the list ---------------------------------------------------------------------------------- */

static ListRule
judge (const View *v, KeyAlgorithm signs)
{
	if (v->version != 1)
		return LIST_VERSION;
	if (!der_equal (v->algorithm, algorithm_facts (signs)->signature_algorithm))
		return LIST_ALGORITHM;
	if (v->issuer == NULL || !der_equal (v->name, v->issuer->subject))
		return LIST_ISSUER;
	if ((v->issuer->key_usage & KU_CRL_SIGN) == 0)
		return LIST_SIGNER;
	if (!v->time_form)
		return LIST_TIME_FORM;
	if (v->next_update <= v->this_update)
		return LIST_TIME_ORDER;
	ListRule wrong = judge_extensions (v);
	return wrong != N_LIST_RULES ? wrong : judge_entries (v);
}

const LintRule *
lint_list_rules (gsize *n)
{
	*n = N_LIST_RULES;
	return rules;
}

gboolean
lint_list (Der tbs, const Certificate *issuer, KeyAlgorithm signs, GError **error)
{
	View v = { .issuer = issuer };
	ListRule wrong = read_view (tbs, &v) ? judge (&v, signs) : LIST_STRUCTURE;

	return wrong == N_LIST_RULES || lint_refuse (&rules[wrong], error);
}
