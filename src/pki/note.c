/* pki/note.c — signed notes (C2SP signed-note) that carry checkpoints (C2SP tlog-checkpoint).
 *
 * A note is text, an empty line, then signature lines "— name base64(key id ‖ signature)".
 * Only Ed25519 (type 0x01) is read or written here; lines of other keys are passed over,
 * as the format demands, so that witnesses can add theirs.
 */
#include "pki/merkle.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define DASH "\xE2\x80\x94 "            /* U+2014 and a space open a signature line */
#define ED25519_TYPE 0x01
#define ED25519_KEY 32
#define ED25519_SIGNATURE 64
#define KEY_ID 4
#define MAX_SIGNATURES 100              /* signed-note: at least 16; limits the work of a hostile note */
#define MAX_ORIGIN 255

static gboolean
bad_note (GError **error, const char *why)
{
	return diqi_fail (error, DIQI_ERROR_MERKLE, "/checkpoint", "%s", why);
}

void
checkpoint_clear (Checkpoint *c)
{
	g_clear_pointer (&c->origin, g_free);
}

/* --- names and key ids --------------------------------------------------------- */

/* signed-note: a key name is not empty and has neither Unicode spaces nor "+"; n < 0: to the NUL. */
static gboolean
key_name_is_valid (const char *name, gssize n)
{
	const char *end = name + (n < 0 ? (gssize) strlen (name) : n);
	if (name == end || end - name > MAX_ORIGIN || !g_utf8_validate (name, end - name, NULL))
		return FALSE;
	for (const char *p = name; p < end; p = g_utf8_next_char (p)) {
		gunichar c = g_utf8_get_char (p);
		if (c == '+' || g_unichar_isspace (c) || g_unichar_iscntrl (c))
			return FALSE;
	}
	return TRUE;
}

/* An Ed25519 SubjectPublicKeyInfo (RFC 8410) ends with the 32 bytes of the key. */
static gboolean
raw_public_key (const PublicKey *key, guint8 out[ED25519_KEY])
{
	if (public_key_algorithm (key) != KEY_ED25519)
		return FALSE;
	g_autoptr (GBytes) spki = public_key_spki (key);
	gsize n;
	const guint8 *p = g_bytes_get_data (spki, &n);
	g_assert (n > ED25519_KEY);
	memcpy (out, p + n - ED25519_KEY, ED25519_KEY);
	return TRUE;
}

/* SHA-256 (name ‖ LF ‖ type ‖ key)[:4] */
static void
key_id_of (const char *name, const guint8 key[ED25519_KEY], guint8 out[KEY_ID])
{
	g_autoptr (GByteArray) input = g_byte_array_new ();
	g_byte_array_append (input, (const guint8 *) name, (guint) strlen (name));
	g_byte_array_append (input, (const guint8 *) "\n\x01", 2);
	g_byte_array_append (input, key, ED25519_KEY);
	Fingerprint f;
	fingerprint_of (input->data, input->len, &f);
	memcpy (out, f.b, KEY_ID);
}

char *
checkpoint_verifier_key (const char *origin, const PublicKey *key)
{
	guint8 typed[1 + ED25519_KEY] = { ED25519_TYPE };
	guint8 id[KEY_ID];
	gboolean ed25519 = raw_public_key (key, typed + 1);
	g_assert (ed25519);
	key_id_of (origin, typed + 1, id);
	g_autofree char *hex = hex_encode (id, sizeof id);
	g_autofree char *base64 = g_base64_encode (typed, sizeof typed);
	return g_strdup_printf ("%s+%s+%s", origin, hex, base64);
}

/* --- text ---------------------------------------------------------------------- */

char *
checkpoint_text (const Checkpoint *c)
{
	g_autofree char *root = g_base64_encode (c->root.b, sizeof c->root.b);
	return g_strdup_printf ("%s\n%" G_GUINT64_FORMAT "\n%s\n", c->origin, c->size, root);
}

/* Decimal without leading zeros. */
static gboolean
read_size (const char *text, guint64 *out)
{
	if (!g_ascii_isdigit (text[0]) || (text[0] == '0' && text[1] != '\0'))
		return FALSE;
	return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, out, NULL);
}

static gboolean
read_text (const char *text, gsize n, Checkpoint *out, GError **error)
{
	g_autofree char *copy = g_strndup (text, n - 1);     /* without the last newline */
	g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);
	if (g_strv_length (lines) < 3)
		return bad_note (error, "a checkpoint has three lines");
	for (guint i = 0; lines[i] != NULL; i++)
		if (lines[i][0] == '\0')
			return bad_note (error, "a checkpoint has no empty line");
	guint64 size;
	if (!read_size (lines[1], &size))
		return bad_note (error, "the size of a checkpoint is a plain decimal number");
	g_autoptr (GBytes) root = base64_decode_strict (lines[2], strlen (lines[2]), NULL);
	if (root == NULL || g_bytes_get_size (root) != sizeof (Hash))
		return bad_note (error, "the root of a checkpoint is the base64 of 32 bytes");
	out->origin = g_strdup (lines[0]);
	out->size = size;
	memcpy (out->root.b, g_bytes_get_data (root, NULL), sizeof out->root.b);
	return TRUE;
}

/* --- the whole note -------------------------------------------------------------- */

/* Splits at the last empty line.  Text keeps its final newline. */
static gboolean
split_note (const char *note, gsize *text_n, const char **signatures, GError **error)
{
	gsize n = strnlen (note, NOTE_MAX_BYTES + 1);
	if (n > NOTE_MAX_BYTES)
		return bad_note (error, "note is too long");
	if (n == 0 || note[n - 1] != '\n' || !g_utf8_validate (note, (gssize) n, NULL))
		return bad_note (error, "a note is UTF-8 that ends with a newline");
	for (gsize i = 0; i < n; i++)
		if ((guint8) note[i] < 0x20 && note[i] != '\n')
			return bad_note (error, "a note has no control characters");
	const char *empty = g_strrstr_len (note, (gssize) n, "\n\n");
	if (empty == NULL || empty == note)
		return bad_note (error, "note has no signatures");
	*text_n = (gsize) (empty - note) + 1;
	*signatures = empty + 2;
	return **signatures != '\0' || bad_note (error, "note has no signatures");
}

typedef struct {
	const char *name;
	gsize name_n;
	GBytes *bytes;            /* key id ‖ signature; owned */
} SignatureLine;

static void
signature_line_clear (SignatureLine *line)
{
	g_clear_pointer (&line->bytes, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SignatureLine, signature_line_clear)

/* Reads the line at *p and moves behind its newline. */
static gboolean
read_signature_line (const char **p, SignatureLine *out, GError **error)
{
	const char *end = strchr (*p, '\n');
	if (!g_str_has_prefix (*p, DASH))
		return bad_note (error, "a signature line opens with a dash");
	out->name = *p + strlen (DASH);
	const char *blank = memchr (out->name, ' ', (gsize) (end - out->name));
	if (blank == NULL || !key_name_is_valid (out->name, blank - out->name))
		return bad_note (error, "a signature line names its key");
	out->name_n = (gsize) (blank - out->name);
	out->bytes = base64_decode_strict (blank + 1, (gsize) (end - blank - 1), NULL);
	if (out->bytes == NULL || g_bytes_get_size (out->bytes) <= KEY_ID)
		return bad_note (error, "a signature is the base64 of a key id and bytes");
	*p = end + 1;
	return TRUE;
}

guint
checkpoint_signatures (const char *note)
{
	gsize text_n;
	const char *p;
	guint count = 0;
	if (!split_note (note, &text_n, &p, NULL))
		return 0;
	for (; *p != '\0'; count++) {
		g_auto (SignatureLine) line = { 0 };
		if (count == MAX_SIGNATURES || !read_signature_line (&p, &line, NULL))
			return 0;
	}
	return count;
}

gboolean
checkpoint_read_unverified (const char *note, Checkpoint *out, GError **error)
{
	gsize text_n;
	const char *signatures;
	return split_note (note, &text_n, &signatures, error) && read_text (note, text_n, out, error);
}

char *
checkpoint_sign (const Checkpoint *c, const PrivateKey *key, GError **error)
{
	if (!key_name_is_valid (c->origin, -1)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/origin", "origin \"%s\" is not a key name", c->origin);
		return NULL;
	}
	guint8 raw[ED25519_KEY], id[KEY_ID];
	g_autoptr (PublicKey) public = private_key_public (key);
	if (!raw_public_key (public, raw)) {
		diqi_error_set (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "a checkpoint is signed with Ed25519");
		return NULL;
	}
	key_id_of (c->origin, raw, id);
	g_autofree char *text = checkpoint_text (c);
	g_autoptr (GBytes) signature = private_key_sign (key, SIGNATURE_RAW, text, strlen (text), error);
	if (signature == NULL)
		return NULL;
	guint8 line[KEY_ID + ED25519_SIGNATURE];
	g_assert (g_bytes_get_size (signature) == ED25519_SIGNATURE);
	memcpy (line, id, KEY_ID);
	memcpy (line + KEY_ID, g_bytes_get_data (signature, NULL), ED25519_SIGNATURE);
	g_autofree char *base64 = g_base64_encode (line, sizeof line);
	return g_strdup_printf ("%s\n" DASH "%s %s\n", text, c->origin, base64);
}

/* A line of our key must verify; one of any other key says nothing. */
static gboolean
check_line (const SignatureLine *line, const char *note, gsize text_n, const char *origin, const guint8 id[KEY_ID],
            const PublicKey *key, gboolean *ours, GError **error)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (line->bytes, &n);
	if (strlen (origin) != line->name_n || memcmp (origin, line->name, line->name_n) != 0 || memcmp (p, id, KEY_ID) != 0)
		return TRUE;
	*ours = TRUE;
	if (!public_key_verify (key, SIGNATURE_RAW, note, text_n, p + KEY_ID, n - KEY_ID))
		return bad_note (error, "the log's signature does not verify");
	return TRUE;
}

static gboolean
verify_note (const char *note, gsize text_n, const char *signatures, const char *origin, const PublicKey *key, GError **error)
{
	guint8 raw[ED25519_KEY], id[KEY_ID];
	gboolean ours = FALSE;
	if (!raw_public_key (key, raw))
		return bad_note (error, "the log's key is not Ed25519");
	key_id_of (origin, raw, id);
	for (guint count = 0; *signatures != '\0'; count++) {
		g_auto (SignatureLine) line = { 0 };
		if (count == MAX_SIGNATURES)
			return bad_note (error, "note has too many signatures");
		if (!read_signature_line (&signatures, &line, error))
			return FALSE;
		if (!check_line (&line, note, text_n, origin, id, key, &ours, error))
			return FALSE;
	}
	return ours || bad_note (error, "the log has not signed this note");
}

gboolean
checkpoint_open (const char *note, const char *origin, const PublicKey *key, Checkpoint *out, GError **error)
{
	gsize text_n;
	const char *signatures;
	g_auto (Checkpoint) c = { 0 };
	if (!split_note (note, &text_n, &signatures, error) || !verify_note (note, text_n, signatures, origin, key, error))
		return FALSE;
	if (!read_text (note, text_n, &c, error))
		return FALSE;
	if (strcmp (c.origin, origin) != 0)
		return bad_note (error, "checkpoint is of another log");
	*out = c;
	c.origin = NULL;
	return TRUE;
}
