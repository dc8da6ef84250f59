/* signer/chain.c — see chain.h. */
#include "signer/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

#define LINE_MAX_JSON (4u << 20)
#define PREFIX (64 + 1)       /* hash and blank */

struct Chain {
	int fd;
	char *path;
	Fingerprint head;         /* hash of the last line */
	goffset size;             /* bytes on disk */
	GByteArray *gathered;
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

/* `line` has n bytes without its newline. */
static gboolean
take_line (Chain *chain, const char *line, gsize n, goffset offset, ChainFn fn, gpointer user, GError **error)
{
	Fingerprint stated, actual;
	if (n <= PREFIX || line[PREFIX - 1] != ' ')
		return broken (chain, offset, "malformed line", error);
	g_autofree char *hex = g_strndup (line, PREFIX - 1);
	if (!hex_decode (hex, stated.b, sizeof stated.b))
		return broken (chain, offset, "malformed hash", error);
	const char *json = line + PREFIX;
	gsize json_n = n - PREFIX;
	line_hash (&chain->head, json, json_n, &actual);
	if (!fingerprint_equal (&stated, &actual))
		return broken (chain, offset, "line does not chain", error);
	g_autoptr (json_t) record = json_read_strict (json, json_n, LINE_MAX_JSON, error);
	if (record == NULL || !fn (record, offset + PREFIX, json_n, user, error)) {
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

static gboolean
replay (Chain *chain, const char *text, gsize size, ChainFn fn, gpointer user, GError **error)
{
	gsize at = 0;
	while (at < size) {
		const char *end = memchr (text + at, '\n', size - at);
		if (end == NULL)
			break;
		gsize n = (gsize) (end - (text + at));
		if (!take_line (chain, text + at, n, (goffset) at, fn, user, error))
			return FALSE;
		at += n + 1;
	}
	chain->size = (goffset) at;
	return at == size || cut_torn (chain, (goffset) at, (goffset) size, error);
}

static gboolean
open_file (Chain *chain, struct stat *facts, GError **error)
{
	chain->fd = open (chain->path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (chain->fd < 0 || fstat (chain->fd, facts) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", chain->path, g_strerror (errno));
	if (!S_ISREG (facts->st_mode) || facts->st_uid != geteuid () || (facts->st_mode & 077) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: must be a file of the signer's own user with mode 0600", chain->path);
	/* Two signers on one file would fork its history. */
	if (flock (chain->fd, LOCK_EX | LOCK_NB) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: another signer is using it", chain->path);
	return TRUE;
}

Chain *
chain_open (const char *path, ChainFn fn, gpointer user, GError **error)
{
	g_autoptr (Chain) chain = g_new0 (Chain, 1);
	struct stat facts;
	chain->fd = -1;
	chain->path = g_strdup (path);
	chain->gathered = g_byte_array_new ();
	if (!open_file (chain, &facts, error))
		return NULL;
	if (facts.st_size == 0)
		return g_steal_pointer (&chain);
	gsize size = (gsize) facts.st_size;
	char *text = mmap (NULL, size, PROT_READ, MAP_PRIVATE, chain->fd, 0);
	if (text == MAP_FAILED) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", path, g_strerror (errno));
		return NULL;
	}
	gboolean well = replay (chain, text, size, fn, user, error);
	munmap (text, size);
	return well ? g_steal_pointer (&chain) : NULL;
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
	gsize json_n;
	const char *text = g_bytes_get_data (json, &json_n);
	line_hash (&chain->head, text, json_n, &chain->head);
	g_autofree char *hex = fingerprint_hex (&chain->head);
	if (offset != NULL)
		*offset = chain->size + chain->gathered->len + PREFIX;
	if (n != NULL)
		*n = json_n;
	g_byte_array_append (chain->gathered, (const guint8 *) hex, PREFIX - 1);
	g_byte_array_append (chain->gathered, (const guint8 *) " ", 1);
	g_byte_array_append (chain->gathered, (const guint8 *) text, (guint) json_n);
	g_byte_array_append (chain->gathered, (const guint8 *) "\n", 1);
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
chain_read (Chain *chain, goffset offset, gsize n, GError **error)
{
	if (offset >= chain->size) {
		g_assert ((gsize) (offset - chain->size) + n <= chain->gathered->len);
		return json_read_strict ((const char *) chain->gathered->data + (offset - chain->size), n, LINE_MAX_JSON, error);
	}
	g_autofree char *text = g_malloc (n);
	gssize got = pread (chain->fd, text, n, offset);
	if (got != (gssize) n) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "%s: short read", chain->path);
		return NULL;
	}
	return json_read_strict (text, n, LINE_MAX_JSON, error);
}
