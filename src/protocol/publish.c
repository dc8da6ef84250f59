/* protocol/publish.c — revocation lists, checkpoint and tiles, as files of the repository. */
#include <string.h>

#include "base/error.h"
#include "protocol/internal.h"
#include "signer/pins.h"

static Response *
file (GBytes *bytes, const char *type, const char *cache)
{
	Response *response = response_bytes (200, type, bytes);
	response_header (response, "Cache-Control", cache);
	return response;
}

static Response *
missing (Request *r, const char *what)
{
	g_autoptr (GError) error = NULL;
	diqi_error_set (&error, DIQI_ERROR_NOT_FOUND, NULL, "%s", what);
	return response_problem (r, error, NULL);
}

/* A list of a hundred thousand entries is some megabytes: who has it already is told so. */
static Response *
list_file (Request *r, ListKind kind, guint shard)
{
	guint64 number;
	Response *none;
	const SignerCa *ca = protocol_ca (r, &none);
	if (ca == NULL)
		return none;
	g_autoptr (GBytes) list = authority_list (protocol_context (r)->authority, ca->name, kind, shard, &number, NULL);
	if (list == NULL)
		return missing (r, "the authority has no such list");
	g_autofree char *etag = g_strdup_printf ("\"%" G_GUINT64_FORMAT "\"", number);
	/* A revocation must be seen within a second: no cache may keep it unasked. */
	Response *response = protocol_has (r, etag) ? response_empty (304) : file (list, "application/pkix-crl", "no-cache");
	response_header (response, "ETag", etag);
	return response;
}

Response *
protocol_full_list (Request *r)
{
	return list_file (r, LIST_FULL, 0);
}

Response *
protocol_delta_list (Request *r)
{
	return list_file (r, LIST_DELTA, 0);
}

/* "7.crl" */
static gboolean
shard_of_file (const char *name, guint *shard)
{
	char *end = NULL;
	guint64 number = g_ascii_isdigit (name[0]) ? g_ascii_strtoull (name, &end, 10) : G_MAXUINT64;
	*shard = (guint) number;
	return end != NULL && strcmp (end, ".crl") == 0 && number < PINS_MAX_SHARDS && (name[0] != '0' || end == name + 1);
}

Response *
protocol_shard_list (Request *r)
{
	guint shard;
	if (!shard_of_file (request_param (r, "file"), &shard))
		return missing (r, "a shard's list is named like 7.crl");
	return list_file (r, LIST_SHARD, shard);
}

Response *
protocol_checkpoint (Request *r)
{
	guint64 size;
	g_autofree char *note = log_keeper_note (protocol_context (r)->keeper, &size);
	if (note == NULL)
		return missing (r, "no checkpoint has been signed yet");
	g_autoptr (GBytes) bytes = g_bytes_new (note, strlen (note));
	return file (bytes, "text/plain; charset=utf-8", "no-cache");
}

/* Tiles never change: a partial one is another resource than the full one. */
Response *
protocol_tile (Request *r)
{
	guint level, width;
	guint64 index;
	g_autoptr (GError) error = NULL;
	if (!tile_path_parse (request_param (r, "path"), &level, &index, &width))
		return missing (r, "no such tile path (C2SP tlog-tiles)");
	g_autoptr (GBytes) tile = log_keeper_tile (protocol_context (r)->keeper, level, index, width, &error);
	if (tile == NULL)
		return error != NULL ? response_problem (r, error, NULL) : missing (r, "the log has no such tile yet");
	return file (tile, "application/octet-stream", "public, max-age=31536000, immutable");
}
