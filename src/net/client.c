/* net/client.c — HTTP client over libcurl's easy interface; see client.h. */
#include "net/client_private.h"
#include "base/error.h"

#include <string.h>

#define BODY_MAX (64 * 1024 * 1024)
#define CONNECT_TIMEOUT_S 10L
#define TOTAL_TIMEOUT_S 60L

/* curl_global_init is not repeatable in older libcurl. */
void
client_init_once (void)
{
	static gsize done;
	if (g_once_init_enter (&done)) {
		curl_global_init (CURL_GLOBAL_DEFAULT);
		g_once_init_leave (&done, 1);
	}
}

HttpClient *
http_client_new (const char *base_uri)
{
	client_init_once ();
	HttpClient *client = g_new0 (HttpClient, 1);
	client->curl = curl_easy_init ();
	g_assert (client->curl != NULL);
	/* An expired cookie starts the cookie engine for good; COOKIEFILE before each request leaks in curl 7.88. */
	curl_easy_setopt (client->curl, CURLOPT_COOKIELIST, "invalid\tFALSE\t/\tFALSE\t1\tnone\tnone");
	gsize n = strlen (base_uri);
	while (n > 0 && base_uri[n - 1] == '/')
		n--;
	client->base = g_strndup (base_uri, n);
	client->body_max = BODY_MAX;
	client->seconds = TOTAL_TIMEOUT_S;
	return client;
}

void
http_client_free (HttpClient *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup (client->curl);
	g_free (client->base);
	g_free (client->ca_file);
	g_free (client->p12_file);
	if (client->p12_password != NULL)
		explicit_bzero (client->p12_password, strlen (client->p12_password));
	g_free (client->p12_password);
	g_free (client);
}

void
http_client_trust (HttpClient *client, const char *ca_file)
{
	g_free (client->ca_file);
	client->ca_file = g_strdup (ca_file);
}

void
http_client_distrust (HttpClient *client, gsize body_max, guint seconds)
{
	client->body_max = body_max;
	client->seconds = seconds;
	client->leave_json = TRUE;
}

void
http_client_identity (HttpClient *client, const char *p12_file, const char *password)
{
	g_free (client->p12_file);
	g_free (client->p12_password);
	client->p12_file = g_strdup (p12_file);
	client->p12_password = g_strdup (password);
}

void
http_reply_clear (HttpReply *reply)
{
	g_clear_pointer (&reply->content_type, g_free);
	g_clear_pointer (&reply->etag, g_free);
	g_clear_pointer (&reply->location, g_free);
	g_clear_pointer (&reply->body, g_bytes_unref);
	g_clear_pointer (&reply->json, json_decref);
	reply->status = 0;
}

gboolean
client_fail (HttpClient *client, CURLcode code, GError **error)
{
	const char *more = client->detail[0] != '\0' ? client->detail : curl_easy_strerror (code);
	return diqi_fail (error, code == CURLE_WRITE_ERROR ? DIQI_ERROR_TOO_LARGE : DIQI_ERROR_UNAVAILABLE, NULL, "%s: %s",
	                  client->base, more);
}

/* A fresh handle state for each request; connections, cookies and the TLS session stay. */
gboolean
client_prepare (HttpClient *client, const char *path, GError **error)
{
	if (path[0] != '/')
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "the path \"%s\" does not start with a slash", path);
	CURL *curl = client->curl;
	g_autofree char *uri = g_strconcat (client->base, path, NULL);
	curl_easy_reset (curl);
	client->detail[0] = '\0';
	curl_easy_setopt (curl, CURLOPT_URL, uri);
	curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, client->detail);
	curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt (curl, CURLOPT_PROXY, "");
	curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt (curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt (curl, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt (curl, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt (curl, CURLOPT_USERAGENT, "diqi/" DIQI_VERSION);
	if (client->ca_file != NULL) {
		curl_easy_setopt (curl, CURLOPT_CAINFO, client->ca_file);
		curl_easy_setopt (curl, CURLOPT_CAPATH, NULL);
	}
	if (client->p12_file != NULL) {
		curl_easy_setopt (curl, CURLOPT_SSLCERTTYPE, "P12");
		curl_easy_setopt (curl, CURLOPT_SSLCERT, client->p12_file);
		curl_easy_setopt (curl, CURLOPT_KEYPASSWD, client->p12_password);
	}
	return TRUE;
}

typedef struct {
	GByteArray *bytes;
	gsize max;
} ReceivedBody;

static size_t
take_body (char *from, size_t size, size_t n, void *user)
{
	ReceivedBody *body = user;
	if (size * n > body->max - body->bytes->len)
		return 0;                         /* curl calls this CURLE_WRITE_ERROR */
	g_byte_array_append (body->bytes, (const guint8 *) from, (guint) (size * n));
	return size * n;
}

static char *
header_value (const char *line, gsize n, const char *name)
{
	gsize name_n = strlen (name);
	if (n <= name_n || g_ascii_strncasecmp (line, name, name_n) != 0 || line[name_n] != ':')
		return NULL;
	g_autofree char *value = g_strndup (line + name_n + 1, n - name_n - 1);
	return g_strdup (g_strstrip (value));
}

static void
keep (char **slot, char *value)
{
	if (value == NULL)
		return;
	g_free (*slot);
	*slot = value;
}

static size_t
take_header (char *line, size_t size, size_t n, void *user)
{
	HttpReply *reply = user;
	gsize length = size * n;
	keep (&reply->content_type, header_value (line, length, "Content-Type"));
	keep (&reply->etag, header_value (line, length, "ETag"));
	keep (&reply->location, header_value (line, length, "Location"));
	return length;
}

/* Something of the caller's that holds a line break would become another header. */
gboolean
client_headers (const char *const *headers, const char *content_type, struct curl_slist **out, GError **error)
{
	*out = curl_slist_append (NULL, "Expect:");
	for (guint i = 0; headers != NULL && headers[i] != NULL; i++) {
		if (strpbrk (headers[i], "\r\n") != NULL || strchr (headers[i], ':') == NULL)
			return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "bad request header %u", i);
		*out = curl_slist_append (*out, headers[i]);
	}
	if (content_type != NULL) {
		g_autofree char *line = g_strconcat ("Content-Type: ", content_type, NULL);
		*out = curl_slist_append (*out, line);
	}
	return TRUE;
}

static gboolean
is_json (const char *content_type)
{
	if (content_type == NULL)
		return FALSE;
	gsize n = strcspn (content_type, "; ");
	return (n == 16 && g_ascii_strncasecmp (content_type, "application/json", n) == 0)
	       || (n > 5 && g_ascii_strncasecmp (content_type + n - 5, "+json", 5) == 0);
}

static gboolean
finish_reply (HttpClient *client, GByteArray *body, HttpReply *out, GError **error)
{
	long status = 0;
	curl_easy_getinfo (client->curl, CURLINFO_RESPONSE_CODE, &status);
	out->status = (guint) status;
	out->body = g_byte_array_free_to_bytes (g_byte_array_ref (body));
	gsize n = g_bytes_get_size (out->body);
	if (client->leave_json || !is_json (out->content_type) || n == 0)
		return TRUE;
	out->json = json_read_strict (g_bytes_get_data (out->body, NULL), n, BODY_MAX, error);
	return out->json != NULL;
}

static void
set_method (CURL *curl, const char *method, gconstpointer body, gsize n)
{
	if (body != NULL || strcmp (method, "POST") == 0 || strcmp (method, "PUT") == 0) {
		curl_easy_setopt (curl, CURLOPT_POST, 1L);
		curl_easy_setopt (curl, CURLOPT_POSTFIELDS, body != NULL ? body : "");
		curl_easy_setopt (curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) n);
	}
	if (strcmp (method, "HEAD") == 0)
		curl_easy_setopt (curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt (curl, CURLOPT_CUSTOMREQUEST, method);
}

gboolean
http_request (HttpClient *client, const char *method, const char *path, const char *const *headers, const char *content_type,
              gconstpointer body, gsize n, HttpReply *out, GError **error)
{
	g_autoptr (GByteArray) received = g_byte_array_new ();
	g_autoptr (HeaderList) list = NULL;
	ReceivedBody body_in = { received, client->body_max };
	memset (out, 0, sizeof *out);
	if (!client_prepare (client, path, error) || !client_headers (headers, content_type, &list, error))
		return FALSE;
	set_method (client->curl, method, body, n);
	curl_easy_setopt (client->curl, CURLOPT_TIMEOUT, client->seconds);
	curl_easy_setopt (client->curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt (client->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt (client->curl, CURLOPT_WRITEDATA, &body_in);
	curl_easy_setopt (client->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt (client->curl, CURLOPT_HEADERDATA, out);
	CURLcode code = curl_easy_perform (client->curl);
	gboolean ok = code == CURLE_OK ? finish_reply (client, received, out, error) : client_fail (client, code, error);
	if (!ok)
		http_reply_clear (out);
	return ok;
}
