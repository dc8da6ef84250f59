/* pki/crl.c — certificate revocation lists, version 2 (RFC 5280 5): writer and reader.
 *
 * Full lists, deltas to them, and lists of one distribution point (shards).  Entries are kept encoded (crl_part.c), so
 * that a new list costs one copy, one hash and a signature. */
#include "pki/certificate_private.h"

#include "pki/crl_part.h"
#include "pki/extension.h"
#include "pki/lint.h"
#include "pki/name.h"
#include "pki/pki_private.h"

/* --- writing ----------------------------------------------------------------------- */

static void
put_number (GByteArray *w, Der oid, gboolean critical, guint64 number)
{
	ExtensionAt at = extension_open (w, oid, critical);

	der_put_uint (w, number);
	extension_close (w, at);
}

#define URI_NAME DER_CONTEXT (6)

/* DistributionPointName { fullName { uniformResourceIdentifier } } */
static void
put_point_name (GByteArray *w, const char *uri)
{
	gsize name = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), full = der_open (w, DER_CONTEXT_CONSTRUCTED (0));

	der_put (w, URI_NAME, uri, strlen (uri));
	der_close (w, full);
	der_close (w, name);
}

/* RFC 5280 5.2.5: critical, so that nobody takes the list of one shard for the whole. */
static void
put_issuing_point (GByteArray *w, const char *uri)
{
	if (uri == NULL)
		return;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_ISSUING_DISTRIBUTION_POINT), TRUE);
	gsize point = der_open (w, DER_SEQUENCE);
	put_point_name (w, uri);
	der_close (w, point);
	extension_close (w, at);
}

static void
put_freshest (GByteArray *w, const char *uri)
{
	if (uri == NULL)
		return;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_FRESHEST_CRL), FALSE);
	gsize points = der_open (w, DER_SEQUENCE), point = der_open (w, DER_SEQUENCE);
	put_point_name (w, uri);
	der_close (w, point);
	der_close (w, points);
	extension_close (w, at);
}

static void
put_crl_extensions (GByteArray *w, const Issuer *issuer, const CrlTemplate *t)
{
	gsize outer = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), list = der_open (w, DER_SEQUENCE);

	der_put_raw (w, g_bytes_get_data (issuer->authority_key, NULL), g_bytes_get_size (issuer->authority_key));
	put_number (w, DER_LITERAL (OID_CRL_NUMBER), FALSE, t->number);
	if (t->delta)
		put_number (w, DER_LITERAL (OID_DELTA_CRL_INDICATOR), TRUE, t->base);
	put_issuing_point (w, t->point);
	put_freshest (w, t->freshest);
	der_close (w, list);
	der_close (w, outer);
}

static gboolean
check_uri (const char *uri, const char *field, GError **error)
{
	if (uri == NULL)
		return TRUE;
	for (const char *p = uri; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "not an address");
	return *uri != '\0' || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "an empty address");
}

static gboolean
check_template (const Issuer *issuer, const CrlTemplate *t, GError **error)
{
	if (issuer->certificate == NULL || (issuer->certificate->key_usage & KU_CRL_SIGN) == 0)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "the issuer's certificate does not allow signing revocation lists");
	if (t->this_update < 0 || t->next_update <= t->this_update)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/next_update", "the next update must be after this one");
	/* RFC 5280 5.2.4: a delta names an earlier list of the same scope, and is not itself followed by a delta (5.2.6). */
	if (t->delta && (t->base > t->number || t->freshest != NULL))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/base", "not a base that a delta of this number can have");
	for (gsize i = 0; i < t->parts_n; i++)
		if (!t->delta && crl_part_removals (t->parts[i]) > 0)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "removeFromCRL has no place in a full list");
	return check_uri (t->point, "/point", error) && check_uri (t->freshest, "/freshest", error);
}

static void
put_parts (GByteArray *w, CrlPart *const *parts, gsize n)
{
	gsize count = 0;

	for (gsize i = 0; i < n; i++)
		count += crl_part_count (parts[i]);
	if (count == 0)      /* RFC 5280 5.1.2.6: absent, not empty */
		return;
	gsize list = der_open (w, DER_SEQUENCE);
	for (gsize i = 0; i < n; i++) {
		Der bytes = crl_part_bytes (parts[i]);
		der_put_raw (w, bytes.p, bytes.n);
	}
	der_close (w, list);
}

GBytes *
issuer_sign_list (const Issuer *issuer, const CrlTemplate *t, GError **error)
{
	gsize size = 1024;

	if (!check_template (issuer, t, error))
		return NULL;
	for (gsize i = 0; i < t->parts_n; i++)
		size += crl_part_bytes (t->parts[i]).n;
	if (size > CRL_MAX_DER) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "a revocation list of more than %d bytes", CRL_MAX_DER);
		return NULL;
	}
	g_autoptr (GByteArray) w = g_byte_array_sized_new ((guint) size);
	gsize body = der_open (w, DER_SEQUENCE);
	der_put_uint (w, 1);      /* v2 */
	der_put_der (w, algorithm_facts (private_key_algorithm (issuer->key))->signature_algorithm);
	der_put_der (w, issuer->certificate->subject);
	der_put_time (w, t->this_update);
	der_put_time (w, t->next_update);
	put_parts (w, t->parts, t->parts_n);
	put_crl_extensions (w, issuer, t);
	der_close (w, body);
	if (!lint_list ((Der) { w->data, w->len }, issuer->certificate, private_key_algorithm (issuer->key), error))
		return NULL;
	return sign_structure (issuer->key, g_steal_pointer (&w), error);
}

GBytes *
issuer_sign_crl (const Issuer *issuer, guint64 number, Micros this_update, Micros next_update,
                 const RevokedEntry *entries, gsize n, GError **error)
{
	g_autoptr (CrlPart) part = crl_part_new ();
	CrlPart *const parts[] = { part };

	for (gsize i = 0; i < n; i++)
		crl_part_set (part, &entries[i]);
	const CrlTemplate t = { .number = number, .this_update = this_update, .next_update = next_update, .parts = parts, .parts_n = 1 };
	return issuer_sign_list (issuer, &t, error);
}

/* --- reading ------------------------------------------------------------------------- */

typedef struct {
	Der tbs, algorithm, signature, issuer, entries, extensions;
	Der point, freshest;          /* addresses, empty when absent */
	Micros this_update, next_update;
	guint64 number, base;
	gboolean has_number, delta;
	gsize count;
} Crl;

static gboolean
read_number (Der value, guint64 *number)
{
	return der_check (value.p, value.n) && der_read_uint (&value, number) && value.n == 0;
}

/* A DistributionPointName that is one address. */
static gboolean
read_point_name (Der *in, Der *uri)
{
	Der name, full;

	return der_read (in, DER_CONTEXT_CONSTRUCTED (0), &name) && der_read (&name, DER_CONTEXT_CONSTRUCTED (0), &full) && name.n == 0
	       && der_read (&full, URI_NAME, uri) && full.n == 0 && uri->n > 0 && memchr (uri->p, 0, uri->n) == NULL;
}

/* A list limited by reason, or to certificates of one kind, is not one of ours. */
static gboolean
read_issuing_point (Der value, Der *uri)
{
	Der point;

	return der_check (value.p, value.n) && der_read (&value, DER_SEQUENCE, &point) && value.n == 0 && read_point_name (&point, uri)
	       && point.n == 0;
}

static gboolean
read_freshest (Der value, Der *uri)
{
	Der points, point;

	return der_check (value.p, value.n) && der_read (&value, DER_SEQUENCE, &points) && value.n == 0
	       && der_read (&points, DER_SEQUENCE, &point) && points.n == 0 && read_point_name (&point, uri) && point.n == 0;
}

/* A pointer to the delta that is not one address tells us nothing; the list is good without. */
static gboolean
has_no_address (Crl *crl)
{
	crl->freshest = (Der) { NULL, 0 };
	return TRUE;
}

static gboolean
read_crl_extension (Der oid, gboolean critical, Der value, gpointer user)
{
	Crl *crl = user;

	if (der_equal (oid, DER_LITERAL (OID_CRL_NUMBER)))
		return crl->has_number = read_number (value, &crl->number);
	if (der_equal (oid, DER_LITERAL (OID_DELTA_CRL_INDICATOR)))
		return crl->delta = critical && read_number (value, &crl->base);
	if (der_equal (oid, DER_LITERAL (OID_ISSUING_DISTRIBUTION_POINT)))
		return critical && read_issuing_point (value, &crl->point);
	if (der_equal (oid, DER_LITERAL (OID_FRESHEST_CRL)))
		return !critical && (read_freshest (value, &crl->freshest) || has_no_address (crl));
	return !critical || der_equal (oid, DER_LITERAL (OID_AUTHORITY_KEY_IDENTIFIER));
}

static gboolean
read_entry_extension (Der oid, gboolean critical, Der value, gpointer user)
{
	RevokedEntry *entry = user;
	Der code;

	if (!der_equal (oid, DER_LITERAL (OID_REASON_CODE)))
		return !critical;
	if (!der_check (value.p, value.n) || !der_read (&value, DER_ENUMERATED, &code) || value.n != 0 || code.n != 1 || code.p[0] > 10
	    || code.p[0] == 7)
		return FALSE;
	entry->reason = (RevocationReason) code.p[0];
	return TRUE;
}

static gboolean
read_entry (Der *list, RevokedEntry *entry)
{
	Der body, extensions;

	entry->reason = REASON_UNSPECIFIED;
	if (!der_read (list, DER_SEQUENCE, &body) || !serial_read (&body, &entry->serial) || !der_read_time (&body, &entry->revoked_at))
		return FALSE;
	if (body.n == 0)
		return TRUE;
	return der_read_whole (&body, DER_SEQUENCE, &extensions) && body.n == 0
	       && extensions_read (extensions, read_entry_extension, entry);
}

/* removeFromCRL says what a delta takes back (RFC 5280 5.3.1); a full list simply leaves it out. */
static gboolean
entries_are_well_formed (Crl *crl)
{
	Der list = crl->entries;
	RevokedEntry entry;

	for (; list.n > 0; crl->count++) {
		if (!read_entry (&list, &entry) || (entry.reason == REASON_REMOVE_FROM_CRL && !crl->delta))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_body (Crl *crl, Der body)
{
	Der inner;
	guint64 version;

	if (!der_read_uint (&body, &version) || version != 1 || !der_read_whole (&body, DER_SEQUENCE, &inner)
	    || !der_equal (inner, crl->algorithm) || !der_read_whole (&body, DER_SEQUENCE, &crl->issuer)
	    || !der_read_time (&body, &crl->this_update) || !der_read_time (&body, &crl->next_update))
		return FALSE;
	if (der_is_next (&body, DER_SEQUENCE)
	    && (!der_read (&body, DER_SEQUENCE, &crl->entries) || crl->entries.n == 0))
		return FALSE;
	return der_read (&body, DER_CONTEXT_CONSTRUCTED (0), &crl->extensions) && body.n == 0
	       && extensions_read (crl->extensions, read_crl_extension, crl) && crl->has_number && entries_are_well_formed (crl);
}

static gboolean
read_crl (GBytes *bytes, Crl *crl, GError **error)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (bytes, &n);
	Der whole = { p, n }, list, copy, body;

	memset (crl, 0, sizeof *crl);
	if (n == 0 || n > CRL_MAX_DER || !der_check (p, n) || !der_read (&whole, DER_SEQUENCE, &list))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "revocation list is not one value in DER");
	copy = list;
	if (!der_read_whole (&list, DER_SEQUENCE, &crl->tbs) || !der_read (&copy, DER_SEQUENCE, &body)
	    || !der_read_whole (&list, DER_SEQUENCE, &crl->algorithm) || !der_read_octet_bits (&list, &crl->signature)
	    || list.n != 0 || !read_body (crl, body))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "not a version 2 revocation list with a number");
	return TRUE;
}

static gboolean
verify (const Crl *crl, const Certificate *issuer, GError **error)
{
	if (!der_equal (crl->issuer, issuer->subject) || (issuer->key_usage & KU_CRL_SIGN) == 0)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "revocation list is of another issuer");
	if (crl->next_update <= crl->this_update)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "revocation list ends before it begins");
	return verify_structure (issuer->key, crl->tbs, crl->algorithm, crl->signature)
	       || diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "signature of the revocation list does not verify");
}

gboolean
crl_verify (GBytes *bytes, const Certificate *issuer, guint64 *number, Micros *next_update, GError **error)
{
	Crl crl;

	if (!read_crl (bytes, &crl, error))
		return FALSE;
	if (crl.delta || crl.point.n > 0)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "revocation list is not of the whole authority");
	if (!verify (&crl, issuer, error))
		return FALSE;
	if (number != NULL)
		*number = crl.number;
	if (next_update != NULL)
		*next_update = crl.next_update;
	return TRUE;
}

static char *
text_of (Der value)
{
	return value.n > 0 ? g_strndup ((const char *) value.p, value.n) : NULL;
}

gboolean
crl_verify_list (GBytes *bytes, const Certificate *issuer, CrlFacts *out, GError **error)
{
	Crl crl;

	if (!read_crl (bytes, &crl, error) || !verify (&crl, issuer, error))
		return FALSE;
	*out = (CrlFacts) {
		.number = crl.number, .delta = crl.delta, .base = crl.base, .this_update = crl.this_update, .next_update = crl.next_update,
		.entries = crl.count, .point = text_of (crl.point), .freshest = text_of (crl.freshest),
	};
	return TRUE;
}

void
crl_facts_clear (CrlFacts *facts)
{
	g_free (facts->point);
	g_free (facts->freshest);
	memset (facts, 0, sizeof *facts);
}

gboolean
crl_find (GBytes *bytes, const Serial *serial, RevokedEntry *out)
{
	Crl crl;
	RevokedEntry entry;

	if (!read_crl (bytes, &crl, NULL))
		return FALSE;
	while (crl.entries.n > 0 && read_entry (&crl.entries, &entry)) {
		if (memcmp (entry.serial.b, serial->b, sizeof serial->b) == 0) {
			*out = entry;
			return TRUE;
		}
	}
	return FALSE;
}

GArray *
crl_entries (GBytes *bytes, GError **error)
{
	Crl crl;
	RevokedEntry entry;

	if (!read_crl (bytes, &crl, error))
		return NULL;
	GArray *entries = g_array_new (FALSE, FALSE, sizeof entry);
	while (crl.entries.n > 0 && read_entry (&crl.entries, &entry))
		g_array_append_val (entries, entry);
	return entries;
}
