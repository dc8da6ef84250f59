/* signer/compact.c — see compact.h. */
#include "signer/compact.h"

#include <string.h>

#include "base/error.h"
#include "signer/protocol.h"

/* --- reading ------------------------------------------------------------------------------ */

static const guint8 *
take (CompactReader *in, gsize n)
{
	if (in->broken || n > in->n) {
		in->broken = TRUE;
		return NULL;
	}
	const guint8 *p = in->p;
	in->p += n;
	in->n -= n;
	return p;
}

guint64
compact_read_uint (CompactReader *in, guint octets)
{
	const guint8 *p = take (in, octets);
	guint64 value = 0;
	for (guint i = 0; p != NULL && i < octets; i++)
		value = value << 8 | p[i];
	return value;
}

void
compact_read_fixed (CompactReader *in, gpointer out, gsize n)
{
	const guint8 *p = take (in, n);
	if (p != NULL)
		memcpy (out, p, n);
	else
		memset (out, 0, n);
}

const guint8 *
compact_read_bytes (CompactReader *in, guint length_octets, gsize most, gsize *n)
{
	*n = (gsize) compact_read_uint (in, length_octets);
	if (*n > most)
		in->broken = TRUE;
	const guint8 *p = take (in, *n);
	if (p == NULL)
		*n = 0;
	return p;
}

char *
compact_read_text (CompactReader *in, guint length_octets, gsize most)
{
	gsize n;
	const guint8 *p = compact_read_bytes (in, length_octets, most, &n);
	if (n > 0 && memchr (p, '\0', n) != NULL)
		in->broken = TRUE;
	return g_strndup (n > 0 ? (const char *) p : "", n);
}

gboolean
compact_read_end (const CompactReader *in, GError **error)
{
	return (!in->broken && in->n == 0) || diqi_fail (error, DIQI_ERROR_SIGNER, NULL, "not the members of such a message");
}

/* --- writing ------------------------------------------------------------------------------ */

void
compact_put_uint (GByteArray *out, guint64 value, guint octets)
{
	guint8 bytes[8];
	for (guint i = 0; i < octets; i++)
		bytes[i] = (guint8) (value >> (8 * (octets - 1 - i)));
	g_byte_array_append (out, bytes, octets);
}

void
compact_put_bytes (GByteArray *out, guint length_octets, gconstpointer p, gsize n)
{
	compact_put_uint (out, n, length_octets);
	g_byte_array_append (out, p, (guint) n);
}

/* --- dispatching --------------------------------------------------------------------------- */

static const struct {
	const char *name;
	CompactHandler handler;
} messages[] = {
#define MESSAGE(id, number, name, handler) [number] = { name, handler },
	SIGNER_COMPACT_MESSAGES (MESSAGE)
#undef MESSAGE
};

static GBytes *
handle (Keyring *keyring, CompactReader *in, guint64 type, const char **name, GError **error)
{
	if (in->broken || type >= G_N_ELEMENTS (messages) || messages[type].handler == NULL) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, NULL, "no compact message of this type");
		return NULL;
	}
	*name = messages[type].name;
	return messages[type].handler (keyring, in, error);
}

static void
append_reply (GByteArray *out, guint result, guint64 id, gconstpointer p, gsize n)
{
	frame_append_compact_head (out, COMPACT_HEAD + n);
	compact_put_uint (out, result, 1);
	compact_put_uint (out, id, 8);
	g_byte_array_append (out, p, (guint) n);
}

void
compact_dispatch (Keyring *keyring, const Frame *frame, GByteArray *out)
{
	CompactReader in = { (const guint8 *) frame->text, frame->n, FALSE };
	g_autoptr (GError) error = NULL;
	const char *name = "compact";
	guint64 type = compact_read_uint (&in, 1), id = compact_read_uint (&in, 8);
	g_autoptr (GBytes) reply = handle (keyring, &in, type, &name, &error);
	gsize n;
	if (reply != NULL) {
		gconstpointer p = g_bytes_get_data (reply, &n);
		append_reply (out, COMPACT_OK, id, p, n);
		return;
	}
	g_autofree char *text = dispatch_refusal (name, error, &n);
	append_reply (out, COMPACT_REFUSED, id, text, n);
}
