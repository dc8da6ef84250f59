/* protocol/publish.c — CRL, checkpoint and tiles, as files of the repository. */
#include <string.h>

#include "base/error.h"
#include "protocol/internal.h"

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

Response *
protocol_crl (Request *r)
{
	guint64 number;
	Micros next_update;
	g_autoptr (GBytes) crl = authority_crl (protocol_context (r)->authority, &number, &next_update);
	if (crl == NULL)
		return missing (r, "no CRL has been signed yet");
	/* A revocation must be seen within a second: no cache may keep it. */
	return file (crl, "application/pkix-crl", "no-cache");
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
