#include "net/mail.h"

#include <string.h>

#include "base/error.h"

#define DATE G_GINT64_CONSTANT (1775181600000000)       /* 2026-04-03T02:00:00Z, a Friday */

static Mail
example (const char *subject, const char *text)
{
	return (Mail) { .from = "ca@example.org", .from_name = "甲地交易", .to = "a.b+c@example.com", .subject = subject, .text = text,
	                .language = "zh-CN", .message_id = "01970000-0000-7000-8000-000000000001@example.org", .date = DATE };
}

static void
test_build (void)
{
	g_autoptr (GError) error = NULL;
	Mail mail = example ("Application returned", "一行\n.\nFrom nobody\n");
	g_autofree char *text = mail_build (&mail, &error);
	g_assert_no_error (error);
	g_assert_cmpstr (text, ==,
		"Date: Fri, 03 Apr 2026 02:00:00 +0000\r\n"
		"From: =?UTF-8?B?55Sy5Zyw5Lqk5piT?=\r\n <ca@example.org>\r\n"
		"To: <a.b+c@example.com>\r\n"
		"Subject: Application returned\r\n"
		"Message-ID: <01970000-0000-7000-8000-000000000001@example.org>\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: base64\r\n"
		"Content-Language: zh-CN\r\n"
		"\r\n"
		"5LiA6KGMDQouDQpGcm9tIG5vYm9keQ0K\r\n");
}

/* Reads a subject back as RFC 2047 says. */
static char *
decode_subject (const char *message)
{
	const char *at = strstr (message, "Subject: ") + strlen ("Subject: ");
	g_autofree char *lines = g_strndup (at, (gsize) (strstr (at, "\r\nMessage-ID") - at));
	g_auto (GStrv) words = g_strsplit (lines, "\r\n ", -1);
	GString *out = g_string_new (NULL);
	for (guint i = 0; words[i] != NULL; i++) {
		g_assert_cmpuint (strlen (words[i]), <=, 75);
		g_assert_true (g_str_has_prefix (words[i], "=?UTF-8?B?") && g_str_has_suffix (words[i], "?="));
		words[i][strlen (words[i]) - 2] = '\0';
		gsize n;
		g_autofree guchar *bytes = g_base64_decode (words[i] + strlen ("=?UTF-8?B?"), &n);
		g_assert_true (g_utf8_validate ((char *) bytes, (gssize) n, NULL));      /* no character is split */
		g_string_append_len (out, (char *) bytes, (gssize) n);
	}
	return g_string_free (out, FALSE);
}

static void
assert_subject (const char *subject)
{
	g_autoptr (GError) error = NULL;
	Mail mail = example (subject, "x");
	g_autofree char *text = mail_build (&mail, &error);
	g_assert_no_error (error);
	g_autofree char *back = decode_subject (text);
	g_assert_cmpstr (back, ==, subject);
	g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		g_assert_cmpuint (strlen (lines[i]), <=, 78);
		g_assert_null (strpbrk (lines[i], "\r\n"));
		g_assert_false (g_str_has_prefix (lines[i], "Bcc:"));
	}
}

static void
test_subject (void)
{
	assert_subject ("CA 证书延期申请需补正：20260403000001，请尽快登录网站修改后重新提交，逾期将按撤回处理，谢谢配合");
	assert_subject ("x\r\nBcc: everybody@example.com\r\n\r\nbody");
	assert_subject ("=?UTF-8?B?eA==?=");
	assert_subject ("𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷");
	g_autofree char *long_one = g_strnfill (200, 'a');
	assert_subject (long_one);
}

static void
assert_refused (Mail mail)
{
	g_autoptr (GError) error = NULL;
	g_assert_null (mail_build (&mail, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_REQUEST);
}

static void
test_refused (void)
{
	Mail mail = example ("s", "t");
	static const char *const bad[] = { "", "a", "a@", "@b", "a b@c", "a@b\r\nRCPT TO:<x@y>", "a@b>", "<a@b", "a,b@c", "名@例.com" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		Mail m = mail;
		m.to = bad[i];
		assert_refused (m);
	}
	mail.message_id = "a@b>\r\nX: y";
	assert_refused (mail);
	assert_refused (example ("\xff", "t"));
	assert_refused (example ("s", "\xc0\x80"));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/net/mail/build", test_build);
	g_test_add_func ("/net/mail/subject", test_subject);
	g_test_add_func ("/net/mail/refused", test_refused);
	return g_test_run ();
}
