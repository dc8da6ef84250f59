/* pki/crl_part.c — encoded entries of a revocation list, in order of serial.
 *
 * Changes are gathered, and merged in one walk over the bytes when these are asked for: an authority with a hundred
 * thousand revocations encodes each of them once, not once a list.
 */
#include "pki/crl_part.h"

#include "pki/certificate_private.h"
#include "pki/extension.h"

typedef struct {
	RevokedEntry entry;
	gboolean gone;
} Change;

struct CrlPart {
	GByteArray *bytes;
	GArray *changes;              /* Change, in order of arrival */
	gsize count, removals;
};

CrlPart *
crl_part_new (void)
{
	CrlPart *part = g_new0 (CrlPart, 1);

	part->bytes = g_byte_array_new ();
	part->changes = g_array_new (FALSE, FALSE, sizeof (Change));
	return part;
}

void
crl_part_free (CrlPart *part)
{
	if (part == NULL)
		return;
	g_byte_array_unref (part->bytes);
	g_array_unref (part->changes);
	g_free (part);
}

void
crl_part_set (CrlPart *part, const RevokedEntry *entry)
{
	const Change change = { *entry, FALSE };

	g_array_append_val (part->changes, change);
}

void
crl_part_remove (CrlPart *part, const Serial *serial)
{
	const Change change = { { .serial = *serial }, TRUE };

	g_array_append_val (part->changes, change);
}

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

/* Of an entry that put_entry wrote: the reason is its last octet, if it has an extension. */
static RevocationReason
reason_of (Der body)
{
	return body.p[body.n - 1] != 'Z' ? (RevocationReason) body.p[body.n - 1] : REASON_UNSPECIFIED;
}

/* The entry that begins at *in. */
static Der
take_entry (Der *in, Serial *serial, gboolean *removal)
{
	const guint8 *start = in->p;
	Der body, inside;

	if (!der_read (in, DER_SEQUENCE, &body))
		g_assert_not_reached ();      /* our own bytes */
	inside = body;
	if (!serial_read (&inside, serial))
		g_assert_not_reached ();
	*removal = reason_of (body) == REASON_REMOVE_FROM_CRL;
	return (Der) { start, (gsize) (in->p - start) };
}

static int
by_serial (gconstpointer a, gconstpointer b)
{
	return memcmp (((const Change *) a)->entry.serial.b, ((const Change *) b)->entry.serial.b, sizeof (Serial));
}

/* The sort is stable: of several changes to one serial the last one holds. */
static guint
last_of_serial (const GArray *changes, guint i)
{
	while (i + 1 < changes->len && by_serial (&g_array_index (changes, Change, i), &g_array_index (changes, Change, i + 1)) == 0)
		i++;
	return i;
}

static void
put_change (CrlPart *part, GByteArray *out, const Change *change)
{
	if (change->gone)
		return;
	put_entry (out, &change->entry);
	part->count++;
	part->removals += change->entry.reason == REASON_REMOVE_FROM_CRL;
}

static void
copy_kept (GByteArray *out, Der *kept)
{
	der_put_raw (out, kept->p, kept->n);
	*kept = (Der) { kept->p + kept->n, 0 };
}

static void
merge (CrlPart *part)
{
	GByteArray *old = part->bytes, *out = g_byte_array_sized_new (old->len + 64 * part->changes->len);
	Der rest = { old->data, old->len };
	Der kept = { old->data, 0 };      /* not copied yet: what stays is copied as long as it is whole */
	guint i = 0;

	g_array_sort (part->changes, by_serial);
	part->count = part->removals = 0;
	while (rest.n > 0) {
		Change at = { 0 };
		gboolean removal;
		Der whole = take_entry (&rest, &at.entry.serial, &removal);
		int order = -1;

		while (i < part->changes->len && (order = by_serial (&g_array_index (part->changes, Change, i), &at)) < 0) {
			copy_kept (out, &kept);
			i = last_of_serial (part->changes, i);
			put_change (part, out, &g_array_index (part->changes, Change, i++));
			order = -1;
		}
		if (i < part->changes->len && order == 0) {
			copy_kept (out, &kept);
			kept.p = rest.p;
			continue;     /* the change takes its place, in the next turn or at the end */
		}
		kept.n += whole.n;
		part->count++;
		part->removals += removal;
	}
	copy_kept (out, &kept);
	for (; i < part->changes->len; i++) {
		i = last_of_serial (part->changes, i);
		put_change (part, out, &g_array_index (part->changes, Change, i));
	}
	g_byte_array_unref (old);
	part->bytes = out;
	g_array_set_size (part->changes, 0);
}

static void
settle (CrlPart *part)
{
	if (part->changes->len > 0)
		merge (part);
}

Der
crl_part_bytes (CrlPart *part)
{
	settle (part);
	return (Der) { part->bytes->data, part->bytes->len };
}

gsize
crl_part_count (CrlPart *part)
{
	settle (part);
	return part->count;
}

gsize
crl_part_removals (CrlPart *part)
{
	settle (part);
	return part->removals;
}
