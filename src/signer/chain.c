/* signer/chain.c — see chain.h. */
#include "signer/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

#define LINE_MAX_JSON (4u << 20)
#define PREFIX (64 + 1)       /* hash and blank */
#define BLOCK (1u << 20)      /* how much is read at a time */

struct Chain {
	int fd;
	char *path;
	Fingerprint head;         /* hash of the last line */
	goffset size;             /* bytes on disk */
	GByteArray *gathered;
	gboolean only_look;       /* nothing is written, not even a torn end cut off */
};

static void
line_hash (const Fingerprint *previous, const char *json, gsize n, Fingerprint *out)
{
	g_autoptr (GByteArray) bytes = g_byte_array_sized_new ((guint) (sizeof previous->b + n));
	g_byte_array_append (bytes, previous->b, sizeof previous->b);
	g_byte_array_append (bytes, (const guint8 *) json, (guint) n);
	fingerprint_of (bytes->data, bytes->len, out);
}

static gboolean
broken (const Chain *chain, goffset offset, const char *what, GError **error)
{
	return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s at byte %" G_GOFFSET_FORMAT "; the file was changed", chain->path, what, offset);
}

/* --- lines ------------------------------------------------------------------------ */

const json_t *
chain_line_json (ChainLine *line, GError **error)
{
	if (line->json == NULL)
		line->json = json_read_strict (line->text, line->n, LINE_MAX_JSON, error);
	return line->json;
}

gboolean
chain_line_says (ChainLine *line, const char *name, const char *value)
{
	if (line->is_flat)
		return json_flat_says (&line->flat, name, value);
	return g_strcmp0 (json_string_value (json_object_get (chain_line_json (line, NULL), name)), value) == 0;
}

gboolean
chain_line_read (ChainLine *line, const Field *fields, gsize n, GError **error)
{
	/* What the fast reader does not take, the general one takes, or says why not. */
	if (line->is_flat && json_flat_read (&line->flat, fields, n))
		return TRUE;
	const json_t *json = chain_line_json (line, error);
	return json != NULL && json_read_fields (json, "", fields, n, error);
}

typedef struct {
	ChainFn fn;
	gpointer user;
} JsonReader;

static gboolean
read_json (ChainLine *line, gpointer user, GError **error)
{
	const JsonReader *reader = user;
	return chain_line_json (line, error) != NULL && reader->fn (line->json, line->offset, line->n, reader->user, error);
}

/* `text` has n bytes without its newline, and is ours to change. */
static gboolean
take_line (Chain *chain, char *text, gsize n, goffset offset, ChainLineFn fn, gpointer user, GError **error)
{
	Fingerprint stated, actual;
	if (n <= PREFIX || text[PREFIX - 1] != ' ')
		return broken (chain, offset, "malformed line", error);
	text[PREFIX - 1] = '\0';
	if (!hex_decode (text, stated.b, sizeof stated.b))
		return broken (chain, offset, "malformed hash", error);
	ChainLine line = { .text = text + PREFIX, .n = n - PREFIX, .offset = offset + PREFIX };
	/* The hash before it takes the place of its own, which is read: both are hashed where they lie. */
	memcpy (line.text - sizeof chain->head.b, chain->head.b, sizeof chain->head.b);
	fingerprint_of (line.text - sizeof chain->head.b, sizeof chain->head.b + line.n, &actual);
	if (!fingerprint_equal (&stated, &actual))
		return broken (chain, offset, "line does not chain", error);
	line.is_flat = line.n <= LINE_MAX_JSON && json_flat_split (line.text, line.n, &line.flat);
	gboolean well = fn (&line, user, error);
	json_decref (line.json);
	if (!well) {
		g_prefix_error (error, "%s at byte %" G_GOFFSET_FORMAT ": ", chain->path, offset);
		return FALSE;
	}
	chain->head = actual;
	return TRUE;
}

static gboolean
cut_torn (Chain *chain, goffset keep, goffset size, GError **error)
{
	if (ftruncate (chain->fd, keep) != 0 || fsync (chain->fd) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", chain->path, g_strerror (errno));
	g_autofree char *lost = g_strdup_printf ("%" G_GOFFSET_FORMAT, size - keep);
	log_event (LOG_LEVEL_WARN, "signer.chain.torn", "file", "%s", chain->path, "bytes", "%s", lost, NULL);
	return TRUE;
}

/* --- reading at start ---------------------------------------------------------------- */

/* The lines that are whole; what follows them is moved to the beginning. */
static gboolean
take_lines (Chain *chain, GByteArray *block, ChainLineFn fn, gpointer user, GError **error)
{
	gsize at = 0;
	for (;;) {
		char *text = (char *) block->data + at;
		const char *end = memchr (text, '\n', block->len - at);
		if (end == NULL)
			break;
		gsize n = (gsize) (end - text);
		if (!take_line (chain, text, n, chain->size, fn, user, error))
			return FALSE;
		at += n + 1;
		chain->size += (goffset) n + 1;
	}
	g_byte_array_remove_range (block, 0, (guint) at);
	return TRUE;
}

/* FALSE with *end: there is no more. */
static gboolean
read_block (Chain *chain, GByteArray *block, gboolean *end, GError **error)
{
	guint before = block->len;
	gssize got;
	g_byte_array_set_size (block, before + BLOCK);
	do
		got = read (chain->fd, block->data + before, BLOCK);
	while (got < 0 && errno == EINTR);
	g_byte_array_set_size (block, before + (guint) MAX (got, 0));
	*end = got == 0;
	return got >= 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", chain->path, g_strerror (errno));
}

static gboolean
replay (Chain *chain, ChainLineFn fn, gpointer user, GError **error)
{
	g_autoptr (GByteArray) block = g_byte_array_new ();
	for (gboolean end = FALSE; !end;)
		if (!read_block (chain, block, &end, error) || !take_lines (chain, block, fn, user, error)
		    || (block->len > PREFIX + LINE_MAX_JSON && !broken (chain, chain->size, "a line longer than any", error)))
			return FALSE;
	return block->len == 0 || chain->only_look || cut_torn (chain, chain->size, chain->size + block->len, error);
}

static gboolean
open_file (Chain *chain, GError **error)
{
	struct stat facts;
	chain->fd = open (chain->path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (chain->fd < 0 || fstat (chain->fd, &facts) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", chain->path, g_strerror (errno));
	if (!S_ISREG (facts.st_mode) || facts.st_uid != geteuid () || (facts.st_mode & 077) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: must be a file of the signer's own user with mode 0600", chain->path);
	/* Two signers on one file would fork its history. */
	if (flock (chain->fd, LOCK_EX | LOCK_NB) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: another signer is using it", chain->path);
	return TRUE;
}

Chain *
chain_open_lines (const char *path, ChainLineFn fn, gpointer user, GError **error)
{
	g_autoptr (Chain) chain = g_new0 (Chain, 1);
	chain->fd = -1;
	chain->path = g_strdup (path);
	chain->gathered = g_byte_array_new ();
	return open_file (chain, error) && replay (chain, fn, user, error) ? g_steal_pointer (&chain) : NULL;
}

gboolean
chain_peek (const char *path, ChainLineFn fn, gpointer user, GError **error)
{
	g_autoptr (Chain) chain = g_new0 (Chain, 1);
	chain->only_look = TRUE;
	chain->path = g_strdup (path);
	chain->gathered = g_byte_array_new ();
	chain->fd = open (path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return chain->fd >= 0 ? replay (chain, fn, user, error)
	                      : diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", path, g_strerror (errno));
}

Chain *
chain_open (const char *path, ChainFn fn, gpointer user, GError **error)
{
	JsonReader reader = { fn, user };
	return chain_open_lines (path, read_json, &reader, error);
}

void
chain_free (Chain *chain)
{
	if (chain == NULL)
		return;
	if (chain->fd >= 0)
		close (chain->fd);
	g_free (chain->path);
	g_byte_array_unref (chain->gathered);
	g_free (chain);
}

void
chain_append (Chain *chain, const json_t *record, goffset *offset, gsize *n)
{
	g_autoptr (GBytes) json = jcs_bytes (record);
	goffset at;
	chain_append_line (chain, g_bytes_get_data (json, NULL), g_bytes_get_size (json), &at);
	if (offset != NULL)
		*offset = at;
	if (n != NULL)
		*n = g_bytes_get_size (json);
}

void
chain_append_line (Chain *chain, const char *text, gsize json_n, goffset *offset)
{
	line_hash (&chain->head, text, json_n, &chain->head);
	g_autofree char *hex = fingerprint_hex (&chain->head);
	*offset = chain->size + chain->gathered->len + PREFIX;
	g_byte_array_append (chain->gathered, (const guint8 *) hex, PREFIX - 1);
	g_byte_array_append (chain->gathered, (const guint8 *) " ", 1);
	g_byte_array_append (chain->gathered, (const guint8 *) text, (guint) json_n);
	g_byte_array_append (chain->gathered, (const guint8 *) "\n", 1);
}

gboolean
chain_fits (const json_t *record, gsize more, GError **error)
{
	g_autoptr (GBytes) json = jcs_bytes (record);
	gsize n = g_bytes_get_size (json) + more;
	return n <= LINE_MAX_JSON
		|| diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "a record of %" G_GSIZE_FORMAT " bytes, at most %u", n, LINE_MAX_JSON);
}

gboolean
chain_is_dirty (const Chain *chain)
{
	return chain->gathered->len > 0;
}

gboolean
chain_commit (Chain *chain, GError **error)
{
	gsize done = 0, n = chain->gathered->len;
	while (done < n) {
		gssize put = write (chain->fd, chain->gathered->data + done, n - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%s: write: %s", chain->path, g_strerror (errno));
		done += (gsize) put;
	}
	if (fdatasync (chain->fd) != 0)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%s: fdatasync: %s", chain->path, g_strerror (errno));
	chain->size += (goffset) n;
	g_byte_array_set_size (chain->gathered, 0);
	return TRUE;
}

json_t *
chain_parse (const char *json, gsize n, GError **error)
{
	return json_read_strict (json, n, LINE_MAX_JSON, error);
}

GBytes *
chain_read_line (Chain *chain, goffset offset, gsize n, GError **error)
{
	if (offset >= chain->size) {
		g_assert ((gsize) (offset - chain->size) + n <= chain->gathered->len);
		return g_bytes_new (chain->gathered->data + (offset - chain->size), n);
	}
	g_autofree char *text = g_malloc (n);
	if (pread (chain->fd, text, n, offset) != (gssize) n) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "%s: short read", chain->path);
		return NULL;
	}
	return g_bytes_new_take (g_steal_pointer (&text), n);
}

json_t *
chain_read (Chain *chain, goffset offset, gsize n, GError **error)
{
	g_autoptr (GBytes) line = chain_read_line (chain, offset, n, error);
	return line != NULL ? chain_parse (g_bytes_get_data (line, NULL), n, error) : NULL;
}
