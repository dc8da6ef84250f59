/* net/request.c — one request: taking it in, and what handlers ask of it. */
#include "base/error.h"
#include "base/random.h"
#include "net/guard.h"
#include "net/server_private.h"

#include <string.h>

Request *
request_new (Conn *conn, const char *target)
{
	Request *r = g_new0 (Request, 1);
	r->server = conn->server;
	r->conn = conn;
	r->started = clock_monotonic ();
	r->target = g_strdup (target != NULL ? target : "");
	r->raw_path = g_strndup (r->target, strcspn (r->target, "?"));
	r->method = "";
	return r;
}

void
request_release_arrived (Request *r)
{
	gpointer arrived = g_steal_pointer (&r->arrived);
	if (arrived != NULL && r->match.entry->route->arrived_free != NULL)
		r->match.entry->route->arrived_free (arrived);
}

void
request_free (Request *r)
{
	if (r == NULL)
		return;
	request_release_arrived (r);
	response_free (r->response);
	if (r->buffer != NULL)
		g_byte_array_unref (r->buffer);
	g_clear_pointer (&r->body, g_bytes_unref);
	path_clear (&r->path);
	query_clear (&r->query);
	g_free (r->text);
	g_free (r->raw_path);
	g_free (r->target);
	g_free (r);
}

static gboolean
id_is_acceptable (const char *id)
{
	gsize n = strlen (id);
	for (gsize i = 0; i < n; i++)
		if (!g_ascii_isalnum (id[i]) && strchr ("._-", id[i]) == NULL)
			return FALSE;
	return n >= 1 && n <= 64;
}

/* The caller's id is kept so that its log and ours can be joined. */
static void
choose_id (Request *r)
{
	const char *given = request_header (r, "X-Request-Id");
	if (given != NULL && id_is_acceptable (given)) {
		g_strlcpy (r->id, given, sizeof r->id);
		return;
	}
	g_autofree char *made = random_token (12);
	g_strlcpy (r->id, made, sizeof r->id);
}

/* RFC 6265 4.2.1: pairs parted by "; "; a value may stand in double quotes. */
static void
read_cookies (Request *r)
{
	for (guint i = 0; i < r->headers_n; i++) {
		if (g_ascii_strcasecmp (r->header[i].name, "Cookie") != 0)
			continue;
		char *at = (char *) r->header[i].value;
		while (at != NULL && r->cookies_n < REQUEST_MAX_COOKIES) {
			char *pair = at;
			at = strchr (pair, ';');
			if (at != NULL)
				*at++ = '\0';
			pair = g_strstrip (pair);
			char *equals = strchr (pair, '=');
			if (equals == NULL || equals == pair)
				continue;
			*equals = '\0';
			char *value = equals + 1;
			gsize n = strlen (value);
			if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
				value[n - 1] = '\0';
				value++;
			}
			r->cookie[r->cookies_n++] = (NameValue) { pair, value };
		}
	}
}

static gboolean
find_route (Request *r, GError **error)
{
	if (!path_parse (r->raw_path, &r->path, error))
		return FALSE;
	if (router_match (r->server->router, r->method, &r->path, &r->match))
		return TRUE;
	if (r->match.allow == NULL)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "there is nothing at this address");
	return diqi_fail (error, DIQI_ERROR_METHOD, NULL, "allowed here: %s", r->match.allow);
}

static void
refuse (Request *r, const GError *error)
{
	r->response = response_problem (r, error, NULL);
	if (r->match.allow != NULL)
		response_header (r->response, "Allow", r->match.allow);
}

static gboolean
read_target (Request *r, GError **error)
{
	if (!quota_take (r->server->quota, r->conn->address, r->started))
		return diqi_fail (error, DIQI_ERROR_RATE, NULL, "too many requests from this address");
	if (!find_route (r, error))
		return FALSE;
	const char *query = strchr (r->target, '?');
	if (query != NULL && !query_parse (query + 1, &r->query, error))
		return FALSE;
	gsize limit = r->match.entry->route->body_limit;
	if (r->declared > 0 && (guint64) r->declared > limit)
		return diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "at most %" G_GSIZE_FORMAT " bytes are taken here", limit);
	return TRUE;
}

gboolean
request_begin (Request *r, const char *method, const char *version, const char *url, GError **error)
{
	r->begun = TRUE;
	gboolean clear = guard_read (r, method, version, url, error);
	choose_id (r);
	if (!clear) {
		r->close = TRUE;
		return FALSE;
	}
	read_cookies (r);
	g_autoptr (GError) refused = NULL;
	if (!read_target (r, &refused)) {
		refuse (r, refused);
		r->close = r->expects_body;           /* the body will not be read */
	}
	return TRUE;
}

gboolean
request_take_body (Request *r, const char *from, gsize n)
{
	gsize limit = r->match.entry->route->body_limit;
	if (n > limit - r->received)
		return FALSE;
	if (r->buffer == NULL)
		r->buffer = g_byte_array_sized_new (r->declared > 0 ? (guint) MIN (r->declared, 65536) : 4096);
	g_byte_array_append (r->buffer, (const guint8 *) from, (guint) n);
	r->received += n;
	if (r->declared > 0 && r->received == (gsize) r->declared)
		r->arrival = clock_now (r->server->options.clock);
	return TRUE;
}

void
request_finish (Request *r)
{
	if (r->arrival == 0)
		r->arrival = clock_now (r->server->options.clock);
	r->body = r->buffer != NULL ? g_byte_array_free_to_bytes (g_steal_pointer (&r->buffer)) : g_bytes_new_static ("", 0);
	r->phase = REQUEST_READY;
	g_autoptr (GError) refused = NULL;
	if (r->response == NULL && !guard_end (r, &refused)) {
		refuse (r, refused);
		r->close = TRUE;
	}
	if (r->response == NULL && r->match.entry->route->arrived != NULL)
		r->arrived = r->match.entry->route->arrived (r);
}

/* --- what handlers ask ----------------------------------------------------- */

const char *request_method (const Request *r) { return r->method; }
const char *request_path (const Request *r) { return r->raw_path; }
GBytes *request_body (const Request *r) { return r->body; }
Micros request_arrival (const Request *r) { return r->arrival; }
gpointer request_arrived (const Request *r) { return r->arrived; }
const char *request_id (const Request *r) { return r->id; }
const char *request_peer (const Request *r) { return r->conn->peer; }
gboolean request_is_tls (const Request *r) { return r->server->tls; }
GBytes *request_tls_peer_certificate (const Request *r) { return r->conn->peer_certificate; }
gpointer request_user (const Request *r) { return r->server->options.user; }

const char *
request_route (const Request *r)
{
	return r->match.entry != NULL ? r->match.entry->route->path : NULL;
}

gpointer
request_route_data (const Request *r)
{
	return r->match.entry != NULL ? r->match.entry->route->data : NULL;
}

const char *
request_param (const Request *r, const char *name)
{
	for (guint i = 0; r->match.entry != NULL && i < r->match.entry->names_n; i++)
		if (strcmp (r->match.entry->names[i], name) == 0)
			return r->match.values[i];
	return NULL;
}

const char *
request_query (const Request *r, const char *name)
{
	for (guint i = 0; i < r->query.n; i++)
		if (strcmp (r->query.pair[i].name, name) == 0)
			return r->query.pair[i].value;
	return NULL;
}

const char *
request_header (const Request *r, const char *name)
{
	for (guint i = 0; i < r->headers_n; i++)
		if (g_ascii_strcasecmp (r->header[i].name, name) == 0)
			return r->header[i].value;
	return NULL;
}

const char *
request_cookie (const Request *r, const char *name)
{
	for (guint i = 0; i < r->cookies_n; i++)
		if (strcmp (r->cookie[i].name, name) == 0)
			return r->cookie[i].value;
	return NULL;
}

/* RFC 9110 12.4.2 "0.8" as thousandths; malformed counts as 0. */
static int
quality (const char *parameters)
{
	const char *q = strstr (parameters, "q=");
	if (q == NULL)
		return 1000;
	q += 2;
	if (q[0] == '1')
		return 1000;
	if (q[0] != '0')
		return 0;
	int value = 0, weight = 100;
	for (q += q[1] == '.' ? 2 : 1; g_ascii_isdigit (*q) && weight > 0; q++, weight /= 10)
		value += (*q - '0') * weight;
	return value;
}

static gboolean
range_is (const char *range, const char *language)
{
	return g_ascii_strncasecmp (range, language, 2) == 0 && (range[2] == '\0' || range[2] == '-');
}

/* What Accept-Language says of the two languages there are, in thousandths; -1: nothing. */
typedef struct {
	int chinese, english, other;
	gboolean english_first;
} Wish;

static void
take_range (Wish *wish, char *range)
{
	char *parameters = strchr (range, ';');
	int q = parameters != NULL ? quality (parameters) : 1000;
	if (parameters != NULL)
		*parameters = '\0';
	g_strstrip (range);
	if (range_is (range, "zh"))
		wish->chinese = MAX (wish->chinese, q);
	else if (range_is (range, "en")) {
		wish->english_first = wish->english_first || wish->chinese < 0;
		wish->english = MAX (wish->english, q);
	} else if (strcmp (range, "*") == 0)
		wish->other = q;
}

gboolean
request_prefers_english (const Request *r)
{
	const char *accept = request_header (r, "Accept-Language");
	Wish wish = { .chinese = -1, .english = -1 };
	if (accept == NULL)
		return FALSE;
	g_auto (GStrv) ranges = g_strsplit (accept, ",", 16);
	for (guint i = 0; ranges[i] != NULL; i++)
		take_range (&wish, ranges[i]);
	int zh = wish.chinese >= 0 ? wish.chinese : wish.other, en = wish.english >= 0 ? wish.english : wish.other;
	gboolean both = wish.english > 0 && wish.chinese > 0;
	return en > zh || (en == zh && both && wish.english_first);
}
