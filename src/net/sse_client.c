/* net/sse_client.c — reading server-sent events (WHATWG HTML, section 9.2). */
#include "base/error.h"
#include "net/client_private.h"

#include <string.h>

#define EVENT_MAX (1024 * 1024)

typedef struct {
	HttpClient *client;
	SseFn fn;
	gpointer user;
	GString *line, *data;
	char *event;
	guint64 id;
	gboolean done, too_long;
	long status;
} Reader;

static void
dispatch (Reader *reader)
{
	if (reader->data->len > 0) {
		g_string_truncate (reader->data, reader->data->len - 1);      /* the last line feed */
		const char *event = reader->event != NULL ? reader->event : "message";
		reader->done = !reader->fn (reader->id, event, reader->data->str, reader->user);
	}
	g_string_truncate (reader->data, 0);
	g_clear_pointer (&reader->event, g_free);
}

static void
take_line (Reader *reader, char *line)
{
	char *value = strchr (line, ':');
	if (line[0] == '\0') {
		dispatch (reader);
		return;
	}
	if (value == line)
		return;                           /* a comment */
	if (value != NULL)
		*value++ = '\0';
	else
		value = line + strlen (line);
	if (value[0] == ' ')
		value++;
	if (strcmp (line, "data") == 0)
		g_string_append_printf (reader->data, "%s\n", value);
	else if (strcmp (line, "event") == 0) {
		g_free (reader->event);
		reader->event = g_strdup (value);
	} else if (strcmp (line, "id") == 0)
		reader->id = g_ascii_strtoull (value, NULL, 10);
}

static size_t
take_text (char *from, size_t size, size_t n, void *user)
{
	Reader *reader = user;
	curl_easy_getinfo (reader->client->curl, CURLINFO_RESPONSE_CODE, &reader->status);
	if (reader->status != 200)
		return 0;
	for (gsize i = 0; i < size * n && !reader->done; i++) {
		if (from[i] == '\n') {
			take_line (reader, reader->line->str);
			g_string_truncate (reader->line, 0);
		} else if (from[i] != '\r') {
			g_string_append_c (reader->line, from[i]);
		}
		if (reader->line->len + reader->data->len > EVENT_MAX) {
			reader->too_long = TRUE;
			return 0;
		}
	}
	return reader->done ? 0 : size * n;
}

static gboolean
verdict (Reader *reader, CURLcode code, GError **error)
{
	if (reader->done || code == CURLE_OPERATION_TIMEDOUT)
		return TRUE;
	if (reader->too_long)
		return diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "%s sends an event over %d bytes", reader->client->base, EVENT_MAX);
	curl_easy_getinfo (reader->client->curl, CURLINFO_RESPONSE_CODE, &reader->status);
	if (reader->status != 0 && reader->status != 200)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s answers %ld instead of an event stream", reader->client->base,
		                  reader->status);
	return code == CURLE_OK || client_fail (reader->client, code, error);
}

gboolean
http_client_events (HttpClient *client, const char *path, guint timeout_ms, SseFn fn, gpointer user, GError **error)
{
	static const char *const headers[] = { "Accept: text/event-stream", NULL };
	g_autoptr (HeaderList) list = NULL;
	Reader reader = { .client = client, .fn = fn, .user = user };
	if (!client_prepare (client, path, error) || !client_headers (headers, NULL, &list, error))
		return FALSE;
	reader.line = g_string_new (NULL);
	reader.data = g_string_new (NULL);
	curl_easy_setopt (client->curl, CURLOPT_TIMEOUT_MS, (long) timeout_ms);
	curl_easy_setopt (client->curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt (client->curl, CURLOPT_WRITEFUNCTION, take_text);
	curl_easy_setopt (client->curl, CURLOPT_WRITEDATA, &reader);
	CURLcode code = curl_easy_perform (client->curl);
	gboolean ok = verdict (&reader, code, error);
	g_string_free (reader.line, TRUE);
	g_string_free (reader.data, TRUE);
	g_free (reader.event);
	return ok;
}
