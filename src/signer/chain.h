/* signer/chain.h — an append-only file of chained lines.
 *
 * A line is "HASH JSON\n": canonical JSON, and the hex SHA-256 of (the line before's hash ‖ JSON),
 * 32 zero bytes before the first.  So no line can be changed, dropped or moved without every
 * later one showing it.
 *
 * Reading at start: a rest without a newline is what a crash left of a write that was never
 * answered; it is cut off.  Anything else that does not fit stops the start, since a complete
 * line was or may have been answered.  Writing: lines are gathered and written with one write and
 * one fdatasync.  An error there is never retried (after a failed fsync the kernel may have
 * dropped the pages): the caller must end the process.
 */
#pragma once
#include "base/json_flat.h"
#include "pki/key.h"

typedef struct Chain Chain;

/* Called for each line in order; offset and n locate its JSON for chain_read. */
typedef gboolean (*ChainFn) (const json_t *record, goffset offset, gsize n, gpointer user, GError **error);

/* One line that is read at start.  Nearly all are flat canonical objects (base/json_flat.h), read from their text as it lies
 * there; of any other a tree is made when it is first needed. */
typedef struct {
	char *text;
	gsize n;
	goffset offset;           /* with n, for chain_read */
	FlatObject flat;
	gboolean is_flat;
	json_t *json;
} ChainLine;
/* Is its member `name` this text?  FALSE also when the line is no JSON: reading it says so. */
gboolean chain_line_says (ChainLine *line, const char *name, const char *value);
/* Once a line, as json_read_fields. */
gboolean chain_line_read (ChainLine *line, const Field *fields, gsize n, GError **error);
/* All of it, borrowed; before it is read otherwise. */
const json_t *chain_line_json (ChainLine *line, GError **error);
#define CHAIN_LINE_READ(line, fields, error) chain_line_read ((line), (fields), G_N_ELEMENTS (fields), (error))
typedef gboolean (*ChainLineFn) (ChainLine *line, gpointer user, GError **error);

/* The file must exist, with mode 0600 and our own uid.  DIQI_ERROR_CONFIG. */
Chain *chain_open (const char *path, ChainFn fn, gpointer user, GError **error);
/* The same for a file that grows long. */
Chain *chain_open_lines (const char *path, ChainLineFn fn, gpointer user, GError **error);
/* Reads it so too, beside a signer that may be writing: without its lock, and nothing is changed. */
gboolean chain_peek (const char *path, ChainLineFn fn, gpointer user, GError **error);
void chain_free (Chain *chain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Chain, chain_free)

/* Gathers one record; *offset and *n (may be NULL) as for ChainFn. */
void chain_append (Chain *chain, const json_t *record, goffset *offset, gsize *n);
/* The same of canonical JSON. */
void chain_append_line (Chain *chain, const char *json, gsize n, goffset *offset);
/* Would the next start read a line of this record and `more` bytes?  Asked of what has no bound of its own.  DIQI_ERROR_TOO_LARGE. */
gboolean chain_fits (const json_t *record, gsize more, GError **error);
gboolean chain_is_dirty (const Chain *chain);
gboolean chain_commit (Chain *chain, GError **error);
/* The JSON of one line, gathered or written. */
json_t *chain_read (Chain *chain, goffset offset, gsize n, GError **error);
/* Unparsed, as it is in the file now: it may have been changed since it was chained. */
GBytes *chain_read_line (Chain *chain, goffset offset, gsize n, GError **error);
json_t *chain_parse (const char *json, gsize n, GError **error);
