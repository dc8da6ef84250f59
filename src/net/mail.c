/* net/mail.c — see mail.h. */
#include "net/mail.h"

#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "net/client_private.h"

#define CONNECT_S 5L
#define TOTAL_S 20L              /* also what a stopping site may have to wait for */
#define WORD_OCTETS 42u         /* 56 characters of base64: with =?UTF-8?B?…?= well under RFC 2047's 75 */
#define BODY_LINE_OCTETS 57u    /* 76 characters of base64, RFC 2045 6.8 */

/* --- headers -------------------------------------------------------------------------- */

gboolean
mail_address_is_plain (const char *text)
{
	return text != NULL && g_regex_match_simple ("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$", text, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean
is_plain (const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (!g_ascii_isalnum (*c) && strchr (" -.:/()", *c) == NULL)
			return FALSE;
	return strlen (text) <= 60;
}

/* RFC 2047: words of whole characters, one a line.  Everything but harmless ASCII is encoded, so a line break is too. */
static void
append_words (GString *out, const char *text)
{
	if (is_plain (text)) {
		g_string_append (out, text);
		return;
	}
	for (const char *at = text; *at != '\0';) {
		const char *end = at;
		while (*end != '\0' && (gsize) (g_utf8_next_char (end) - at) <= WORD_OCTETS)
			end = g_utf8_next_char (end);
		g_autofree char *word = g_base64_encode ((const guchar *) at, (gsize) (end - at));
		g_string_append_printf (out, "%s=?UTF-8?B?%s?=", at == text ? "" : "\r\n ", word);
		at = end;
	}
}

/* RFC 5322 3.3, in UTC: "Fri, 03 Apr 2026 02:00:00 +0000". */
static void
append_date (GString *out, Micros date)
{
	static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	gint64 day = date / MICROS_PER_DAY, second = date % MICROS_PER_DAY / MICROS_PER_S;
	CivilDate d = civil_from_days (day);
	g_string_append_printf (out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n", days + day % 7 * 3, d.day,
	                        months + (d.month - 1) * 3, d.year, (int) (second / 3600), (int) (second / 60 % 60), (int) (second % 60));
}

static void
append_body (GString *out, const char *text)
{
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	g_autofree char *crlf = g_strjoinv ("\r\n", lines);
	gsize n = strlen (crlf);
	for (gsize at = 0; at < n; at += BODY_LINE_OCTETS) {
		g_autofree char *line = g_base64_encode ((const guchar *) crlf + at, MIN (BODY_LINE_OCTETS, n - at));
		g_string_append_printf (out, "%s\r\n", line);
	}
}

char *
mail_build (const Mail *mail, GError **error)
{
	gboolean id = g_regex_match_simple ("^[A-Za-z0-9.-]+@[A-Za-z0-9.-]+$", mail->message_id, G_REGEX_DOLLAR_ENDONLY, 0);
	if (!mail_address_is_plain (mail->from) || !mail_address_is_plain (mail->to) || !id || !is_plain (mail->language)) {
		diqi_error_set (error, DIQI_ERROR_REQUEST, NULL, "a mail with a bad address or id");
		return NULL;
	}
	if (!g_utf8_validate (mail->subject, -1, NULL) || !g_utf8_validate (mail->text, -1, NULL) || mail->date < 0) {
		diqi_error_set (error, DIQI_ERROR_REQUEST, NULL, "a mail whose text is not UTF-8");
		return NULL;
	}
	GString *out = g_string_new (NULL);
	append_date (out, mail->date);
	g_string_append (out, "From: ");
	if (mail->from_name != NULL && *mail->from_name != '\0') {
		g_autofree char *plain = is_plain (mail->from_name) ? g_strdup_printf ("\"%s\"", mail->from_name) : NULL;
		if (plain != NULL)
			g_string_append (out, plain);
		else
			append_words (out, mail->from_name);
		g_string_append (out, "\r\n ");
	}
	g_string_append_printf (out, "<%s>\r\nTo: <%s>\r\nSubject: ", mail->from, mail->to);
	append_words (out, mail->subject);
	g_string_append_printf (out, "\r\nMessage-ID: <%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	                        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
	                        "Content-Language: %s\r\n\r\n", mail->message_id, mail->language);
	append_body (out, mail->text);
	return g_string_free (out, FALSE);
}

/* --- sending ---------------------------------------------------------------------------- */

typedef struct {
	const char *at;
	gsize left;
} Upload;

static size_t
give (char *to, size_t size, size_t n, void *user)
{
	Upload *upload = user;
	gsize take = MIN (size * n, upload->left);
	memcpy (to, upload->at, take);
	upload->at += take;
	upload->left -= take;
	return take;
}

static void
set_server (CURL *curl, const SmtpServer *server)
{
	curl_easy_setopt (curl, CURLOPT_URL, server->url);
	curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt (curl, CURLOPT_PROXY, "");
	curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt (curl, CURLOPT_TIMEOUT, TOTAL_S);
	curl_easy_setopt (curl, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt (curl, CURLOPT_USE_SSL, (long) (server->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	if (server->ca_file != NULL) {
		curl_easy_setopt (curl, CURLOPT_CAINFO, server->ca_file);
		curl_easy_setopt (curl, CURLOPT_CAPATH, NULL);
	}
	if (server->user != NULL) {
		curl_easy_setopt (curl, CURLOPT_USERNAME, server->user);
		curl_easy_setopt (curl, CURLOPT_PASSWORD, server->password != NULL ? server->password : "");
	}
}

/* 530, 534, 535, 538: log in or encrypt first (RFC 4954, 3207).  The rest of 5yz will be no other next time. */
static gboolean
is_permanent (long code)
{
	return code >= 500 && code <= 599 && code != 530 && code != 534 && code != 535 && code != 538 && code != 503;
}

static gboolean
perform (CURL *curl, gboolean *permanent, GError **error)
{
	char detail[CURL_ERROR_SIZE] = "";
	long code = 0;
	curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, detail);
	CURLcode result = curl_easy_perform (curl);
	curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, NULL);
	if (result == CURLE_OK)
		return TRUE;
	curl_easy_getinfo (curl, CURLINFO_RESPONSE_CODE, &code);
	*permanent = is_permanent (code);
	return diqi_fail (error, DIQI_ERROR_MAIL, NULL, "%s", *detail != '\0' ? detail : curl_easy_strerror (result));
}

gboolean
mail_send (const SmtpServer *server, const Mail *mail, gboolean *permanent, GError **error)
{
	g_autofree char *text = mail_build (mail, error);
	*permanent = text == NULL;
	if (text == NULL)
		return FALSE;
	client_init_once ();
	CURL *curl = curl_easy_init ();
	g_assert (curl != NULL);
	g_autofree char *from = g_strdup_printf ("<%s>", mail->from), *to = g_strdup_printf ("<%s>", mail->to);
	g_autoptr (HeaderList) recipients = curl_slist_append (NULL, to);
	Upload upload = { text, strlen (text) };
	set_server (curl, server);
	curl_easy_setopt (curl, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt (curl, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt (curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt (curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt (curl, CURLOPT_READDATA, &upload);
	gboolean sent = perform (curl, permanent, error);
	curl_easy_cleanup (curl);
	return sent;
}
