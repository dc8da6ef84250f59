/* signer/compact.h — messages of a fixed layout, for what the signer is asked most (SIGNER_COMPACT_MESSAGES of protocol.h).
 *
 * Reading and writing JSON cost as much as an OCSP answer's signature.  A compact body has its members one after the other:
 * integers big-endian, bytes and texts behind their length.  Both begin with type or result, and the id:
 *   message   type (1 octet), id (8), the members of its type, nothing more
 *   reply     0, id (8), what was asked for, to the end; or 1, id (8), {"code","field"?,"detail"} as JSON
 * The reader is strict: what is too short, too long, or has something after its end is refused.
 */
#pragma once
#include <glib.h>

#include "signer/dispatch.h"

#define COMPACT_OK 0
#define COMPACT_REFUSED 1
#define COMPACT_HEAD 9            /* type or result, id */

/* Reading past the end gives zeros and nothing, and is remembered. */
typedef struct {
	const guint8 *p;
	gsize n;
	gboolean broken;
} CompactReader;

guint64 compact_read_uint (CompactReader *in, guint octets);
void compact_read_fixed (CompactReader *in, gpointer out, gsize n);
/* Borrowed; over `most` octets is broken. */
const guint8 *compact_read_bytes (CompactReader *in, guint length_octets, gsize most, gsize *n);
/* NUL-terminated copy; a NUL inside is broken. */
char *compact_read_text (CompactReader *in, guint length_octets, gsize most);
/* Whole, and at its end.  DIQI_ERROR_SIGNER. */
gboolean compact_read_end (const CompactReader *in, GError **error);

void compact_put_uint (GByteArray *out, guint64 value, guint octets);
void compact_put_bytes (GByteArray *out, guint length_octets, gconstpointer p, gsize n);

/* Handles one, and appends the frame of its reply. */
void compact_dispatch (Keyring *keyring, const Frame *frame, GByteArray *out);

/* Reads a message's members and returns the reply's. */
typedef GBytes *(*CompactHandler) (Keyring *keyring, CompactReader *in, GError **error);
GBytes *compact_ocsp (Keyring *keyring, CompactReader *in, GError **error);
GBytes *compact_issue (Keyring *keyring, CompactReader *in, GError **error);
GBytes *compact_pair (Keyring *keyring, CompactReader *in, GError **error);
