/* pki/crl.c — certificate revocation lists, version 2 (RFC 5280 5): writer and reader. */
#include "pki/certificate_private.h"

#include "pki/extension.h"
#include "pki/name.h"
#include "pki/pki_private.h"

/* --- writing ----------------------------------------------------------------------- */

static void
put_entry (GByteArray *w, const RevokedEntry *entry)
{
	gsize at = der_open (w, DER_SEQUENCE);

	serial_put (w, &entry->serial);
	der_put_time (w, entry->revoked_at);
	/* RFC 5280 5.3.1: unspecified is said by leaving the extension out. */
	if (entry->reason != REASON_UNSPECIFIED) {
		const guint8 code = (guint8) entry->reason;
		gsize list = der_open (w, DER_SEQUENCE);
		ExtensionAt reason = extension_open (w, DER_LITERAL (OID_REASON_CODE), FALSE);
		der_put (w, DER_ENUMERATED, &code, 1);
		extension_close (w, reason);
		der_close (w, list);
	}
	der_close (w, at);
}

static void
put_crl_extensions (GByteArray *w, const Issuer *issuer, guint64 number)
{
	gsize outer = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), list = der_open (w, DER_SEQUENCE);

	der_put_raw (w, g_bytes_get_data (issuer->authority_key, NULL), g_bytes_get_size (issuer->authority_key));
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_CRL_NUMBER), FALSE);
	der_put_uint (w, number);
	extension_close (w, at);
	der_close (w, list);
	der_close (w, outer);
}

static gboolean
check_request (const Issuer *issuer, Micros this_update, Micros next_update, const RevokedEntry *entries, gsize n, GError **error)
{
	if (issuer->certificate == NULL || (issuer->certificate->key_usage & KU_CRL_SIGN) == 0)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "the issuer's certificate does not allow signing revocation lists");
	if (this_update < 0 || next_update <= this_update)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/next_update", "the next update must be after this one");
	for (gsize i = 0; i < n; i++) {
		/* RFC 5280 5.3.1: removeFromCRL appears only in delta lists, which we do not make. */
		if (entries[i].reason == REASON_REMOVE_FROM_CRL)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "removeFromCRL has no place in a full list");
	}
	return TRUE;
}

GBytes *
issuer_sign_crl (const Issuer *issuer, guint64 number, Micros this_update, Micros next_update,
                 const RevokedEntry *entries, gsize n, GError **error)
{
	if (!check_request (issuer, this_update, next_update, entries, n, error))
		return NULL;
	g_autoptr (GByteArray) w = g_byte_array_sized_new ((guint) (1024 + n * 56));
	gsize body = der_open (w, DER_SEQUENCE);
	der_put_uint (w, 1);      /* v2 */
	der_put_der (w, algorithm_facts (private_key_algorithm (issuer->key))->signature_algorithm);
	der_put_der (w, issuer->certificate->subject);
	der_put_time (w, this_update);
	der_put_time (w, next_update);
	if (n > 0) {      /* RFC 5280 5.1.2.6: absent, not empty */
		gsize list = der_open (w, DER_SEQUENCE);
		for (gsize i = 0; i < n; i++)
			put_entry (w, &entries[i]);
		der_close (w, list);
	}
	put_crl_extensions (w, issuer, number);
	der_close (w, body);
	return sign_structure (issuer->key, g_steal_pointer (&w), error);
}

/* --- reading ------------------------------------------------------------------------- */

typedef struct {
	Der tbs, algorithm, signature, issuer, entries, extensions;
	Micros this_update, next_update;
	guint64 number;
	gboolean has_number;
} Crl;

static gboolean
read_crl_extension (Der oid, gboolean critical, Der value, gpointer user)
{
	Crl *crl = user;

	if (der_equal (oid, DER_LITERAL (OID_CRL_NUMBER))) {
		crl->has_number = der_check (value.p, value.n) && der_read_uint (&value, &crl->number) && value.n == 0;
		return crl->has_number;
	}
	/* A list limited in scope or a delta says so critically (RFC 5280 5.2.4, 5.2.5). */
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

static gboolean
entries_are_well_formed (Der list)
{
	RevokedEntry entry;

	while (list.n > 0) {
		if (!read_entry (&list, &entry))
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
	    && (!der_read (&body, DER_SEQUENCE, &crl->entries) || crl->entries.n == 0 || !entries_are_well_formed (crl->entries)))
		return FALSE;
	return der_read (&body, DER_CONTEXT_CONSTRUCTED (0), &crl->extensions) && body.n == 0
	       && extensions_read (crl->extensions, read_crl_extension, crl) && crl->has_number;
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
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "not a full version 2 revocation list with a number");
	return TRUE;
}

gboolean
crl_verify (GBytes *bytes, const Certificate *issuer, guint64 *number, Micros *next_update, GError **error)
{
	Crl crl;

	if (!read_crl (bytes, &crl, error))
		return FALSE;
	if (!der_equal (crl.issuer, issuer->subject) || (issuer->key_usage & KU_CRL_SIGN) == 0)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "revocation list is of another issuer");
	if (crl.next_update <= crl.this_update)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "revocation list ends before it begins");
	if (!verify_structure (issuer->key, crl.tbs, crl.algorithm, crl.signature))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "signature of the revocation list does not verify");
	if (number != NULL)
		*number = crl.number;
	if (next_update != NULL)
		*next_update = crl.next_update;
	return TRUE;
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
