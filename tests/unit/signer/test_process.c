/* The process: how it starts and refuses to, what it makes of hostile frames, crashes and touched files. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "fixture.h"
#include "signer/child.h"
#include "signer/frame.h"

static Fixture fixture;

/* --- frames -------------------------------------------------------------------- */

static void
send_text (int fd, const char *text, gsize n)
{
	g_autoptr (GByteArray) frame = g_byte_array_new ();
	frame_append (frame, text, n);
	g_assert_true (frame_write (fd, frame->data, frame->len, NULL));
}

static json_t *
receive (int fd)
{
	FrameReader reader;
	Frame frame = { 0 };
	frame_reader_init (&reader, FRAME_MAX_REPLY);
	while (frame.text == NULL) {
		if (frame_reader_fill (&reader, fd) <= 0) {
			frame_reader_clear (&reader);
			return NULL;
		}
		g_assert_true (frame_reader_next (&reader, &frame, NULL));
	}
	json_t *reply = json_loadb (frame.text, frame.n, 0, NULL);
	frame_reader_clear (&reader);
	return reply;
}

static void
assert_code (json_t *reply, const char *code)
{
	g_assert_nonnull (reply);
	g_assert_cmpstr (json_string_value (json_object_get (json_object_get (reply, "error"), "code")), ==, code);
	g_assert_null (json_object_get (reply, "ok"));
	json_decref (reply);
}

/* Each refused, and the signer lives on and answers the next. */
static void
test_bad_messages (void)
{
	static const struct {
		const char *text, *code;
	} bad[] = {
		{ "", "json.malformed" }, { "garbage", "json.malformed" }, { "\xff\xfe", "json.malformed" }, { "[]", "signer.refused" }, { "1", "signer.refused" },
		{ "{}", "signer.refused" }, { "{\"id\":1}", "signer.refused" }, { "{\"id\":1,\"type\":\"sign\"}", "signer.refused" },
		{ "{\"id\":1,\"type\":1}", "signer.refused" }, { "{\"id\":1,\"type\":\"site\",\"type\":\"site\"}", "json.duplicate_key" },
		{ "{\"id\":1,\"type\":\"site\",\"x\":1}", "field.unknown" }, { "{\"type\":\"site\"}", "field.missing" },
		{ "{\"id\":\"1\",\"type\":\"site\"}", "field.type" }, { "{\"id\":1,\"type\":\"issue\"}", "field.missing" },
		{ "{\"id\":1,\"type\":\"receipt\",\"payload\":\"bytes\"}", "field.type" },
		{ "{\"id\":1,\"type\":\"issue\",\"request\":\"{}\",\"serial\":\"00\",\"reviewer\":\"\",\"issuer\":\"\"}", "field.value" },
		/* No message takes a key into the key centre, gives one out, or counts shares by itself. */
		{ "{\"id\":1,\"type\":\"escrow\"}", "signer.refused" }, { "{\"id\":1,\"type\":\"escrow.add\",\"key\":\"\"}", "signer.refused" },
		{ "{\"id\":1,\"type\":\"recovery.finish\",\"recovery\":\"\"}", "signer.refused" },
		{ "{\"id\":1,\"type\":\"agents\",\"list\":[]}", "field.unknown" }, { "{\"id\":1,\"type\":\"agents.set\",\"list\":{},\"statements\":[]}", "field.missing" },
		{ "{\"id\":1,\"type\":\"agents.set\",\"list\":{\"version\":1,\"threshold\":1,\"agents\":[]},\"statements\":[]}", "field.value" },
		{ "{\"id\":1,\"type\":\"recovery.begin\",\"request\":\"{}\",\"review\":\"\"}", "field.missing" },
		{ "{\"id\":1,\"type\":\"recovery.begin\",\"request\":\"{}\",\"review\":\"\",\"complete\":\"\",\"threshold\":1}", "field.unknown" },
		{ "{\"id\":1,\"type\":\"recovery.begin\",\"request\":\"{}\",\"review\":\"\",\"complete\":\"\"}", "field.missing" },
		{ "{\"id\":1,\"type\":\"recovery.share\",\"statement\":\"\"}", "statement.malformed" },
		{ "{\"id\":1,\"type\":\"recovery.share\",\"statement\":\"a.b.c\",\"share\":\"\"}", "field.unknown" },
	};
	g_autofree char *dir = fixture_copy (&fixture);
	pid_t child;
	int fd = fixture_connect (dir, &child);
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		send_text (fd, bad[i].text, strlen (bad[i].text));
		json_t *reply = receive (fd);
		g_assert_nonnull (reply);
		const char *code = json_string_value (json_object_get (json_object_get (reply, "error"), "code"));
		if (g_strcmp0 (code, bad[i].code) != 0)
			g_error ("%s: %s in place of %s", bad[i].text, code, bad[i].code);
		json_decref (reply);
	}
	g_autofree char *deep = g_strnfill (100000, '[');
	send_text (fd, deep, 100000);
	assert_code (receive (fd), "json.too_deep");
	const char *good = "{\"id\":77,\"type\":\"site\"}";
	send_text (fd, good, strlen (good));
	g_autoptr (json_t) reply = receive (fd);
	g_assert_true (json_is_true (json_object_get (reply, "ok")));
	g_assert_cmpint (json_integer_value (json_object_get (reply, "id")), ==, 77);
	close (fd);
	spawn_wait (child, 10);
}

static void
test_oversized_frame (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	pid_t child;
	int fd = fixture_connect (dir, &child);
	const guint8 header[4] = { 0x00, 0x40, 0x00, 0x01 };     /* one byte over 4 MB */
	g_assert_true (frame_write (fd, header, sizeof header, NULL));
	assert_code (receive (fd), "request.too_large");
	g_assert_null (receive (fd));
	close (fd);
	spawn_wait (child, 10);
}

/* What is wrong with a frame itself ends the stream; a raw part where none belongs, only the message. */
static void
test_raw_frames (void)
{
	static const struct {
		guint8 bytes[12];
		gsize n;
		const char *code;
	} bad[] = {
		{ { 0x30, 0, 0, 0 }, 4, "signer.refused" },                                   /* no such kind */
		{ { 0x20, 0x04, 0, 0x01 }, 4, "request.too_large" },                          /* a compact body over 256 kB */
		{ { 0x1f, 0xff, 0xff, 0xff }, 4, "request.too_large" },                       /* 256 MB with a raw part */
		{ { 0x10, 0, 0, 0x03, 0, 0, 0 }, 7, "signer.refused" },                       /* no room for the JSON's length */
		{ { 0x10, 0, 0, 0x06, 0, 0, 0, 0x03, '{', '}' }, 10, "signer.refused" },      /* JSON longer than the frame */
	};
	g_autofree char *dir = fixture_copy (&fixture);
	pid_t child;
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		int fd = fixture_connect (dir, &child);
		g_assert_true (frame_write (fd, bad[i].bytes, bad[i].n, NULL));
		assert_code (receive (fd), bad[i].code);
		g_assert_null (receive (fd));
		close (fd);
		spawn_wait (child, 10);
	}
	int fd = fixture_connect (dir, &child);
	const char *text = "{\"id\":5,\"type\":\"site\"}";
	g_autoptr (GByteArray) frame = g_byte_array_new ();
	g_autoptr (GBytes) raw = g_bytes_new_static ("raw", 3);
	frame_append_raw (frame, text, strlen (text), raw);
	g_assert_true (frame_write (fd, frame->data, frame->len, NULL));
	assert_code (receive (fd), "signer.refused");
	send_text (fd, text, strlen (text));
	g_autoptr (json_t) reply = receive (fd);
	g_assert_true (json_is_true (json_object_get (reply, "ok")));
	close (fd);
	spawn_wait (child, 10);
}

/* Frames in one write, and one frame byte by byte. */
static void
test_fragments (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	pid_t child;
	int fd = fixture_connect (dir, &child);
	const char *text = "{\"id\":5,\"type\":\"checkpoint.last\"}";
	g_autoptr (GByteArray) frames = g_byte_array_new ();
	for (int i = 0; i < 2; i++)
		frame_append (frames, text, strlen (text));
	for (guint i = 0; i < frames->len; i++) {
		g_assert_true (frame_write (fd, frames->data + i, 1, NULL));
		if (i % 7 == 0)
			g_usleep (500);
	}
	g_autoptr (json_t) reply = receive (fd);
	g_assert_true (json_is_true (json_object_get (reply, "ok")));
	close (fd);
	spawn_wait (child, 10);
}

/* --- start --------------------------------------------------------------------------- */

static void
test_wrong_passphrase (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (GError) error = NULL;
	SignerClient *client = signer_spawn (SIGNER_PROGRAM, dir, "open sesame", 11, &error);
	g_assert_null (client);
	g_assert_nonnull (error);
	g_assert_null (strstr (error->message, "sesame"));
}

static void
test_open_folder (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (GError) error = NULL;
	g_chmod (dir, 0755);
	assert_refused (fixture_start (dir, &error), error, CONFIG);
}

static void
replace (const char *dir, const char *name, const char *from, const char *to)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);
	g_autofree char *text = NULL;
	g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
	g_assert_nonnull (strstr (text, from));
	g_auto (GStrv) parts = g_strsplit (text, from, 2);
	g_autofree char *changed = g_strconcat (parts[0], to, parts[1], NULL);
	g_assert_true (g_file_set_contents_full (path, changed, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static char *
file_hash (const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);
	g_autofree char *text = NULL;
	gsize n;
	Fingerprint hash;
	g_assert_true (g_file_get_contents (path, &text, &n, NULL));
	fingerprint_of (text, n, &hash);
	return fingerprint_hex (&hash);
}

/* O-07: a profile on disk that asks for more; first under its old hash, then pinned anew by whoever can
 * write there: what is compiled in still refuses it. */
static void
test_doctored_profile (void)
{
	static const struct {
		const char *from, *to;
		DiqiErrorCode code;
	} changes[] = {
		{ "\"validity_days\": 365", "\"validity_days\": 7300", DIQI_ERROR_SIGNER },
		{ "\"nonRepudiation\"", "\"keyCertSign\"", DIQI_ERROR_SIGNER },
		{ "\"uscc\": \"required\"", "\"uscc\": \"required\", \"ca\": true", DIQI_ERROR_FIELD_UNKNOWN },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (changes); i++) {
		g_autofree char *dir = fixture_copy (&fixture);
		g_autoptr (GError) error = NULL;
		g_autofree char *before = file_hash (dir, "profiles/organization-1.json");
		replace (dir, "profiles/organization-1.json", changes[i].from, changes[i].to);
		assert_refused (fixture_start (dir, &error), error, CONFIG);
		g_autofree char *after = file_hash (dir, "profiles/organization-1.json");
		replace (dir, "site.json", before, after);
		g_assert_null (fixture_start (dir, &error));
		g_assert_error (error, DIQI_ERROR, (int) changes[i].code);
	}
}

static void
test_exchanged_files (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (GError) error = NULL;
	g_autofree char *log = g_build_filename (dir, "log.crt", NULL), *receipt = g_build_filename (dir, "receipt.crt", NULL), *text = NULL;
	g_assert_true (g_file_get_contents (receipt, &text, NULL, NULL));
	g_assert_true (g_file_set_contents (log, text, -1, NULL));
	assert_refused (fixture_start (dir, &error), error, CONFIG);

	g_autofree char *other = fixture_copy (&fixture);
	g_autofree char *ocsp_key = g_build_filename (other, "ocsp.key", NULL), *receipt_key = g_build_filename (other, "receipt.key", NULL), *key = NULL;
	g_assert_true (g_file_get_contents (receipt_key, &key, NULL, NULL));
	g_assert_true (g_file_set_contents (ocsp_key, key, -1, NULL));
	assert_refused (fixture_start (other, &error), error, CONFIG);
}

static void
test_second_signer (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (GError) error = NULL;
	g_autoptr (SignerClient) client = fixture_run (dir);
	assert_refused (fixture_start (dir, &error), error, CONFIG);
}

static void
test_production_clock (void)
{
	Fixture production;
	fixture_init (&production, KEY_P256, FALSE, g_get_real_time ());
	g_autofree char *dir = fixture_copy (&production);
	g_autoptr (GError) error = NULL;
	SignerClient *client = fixture_start (dir, &error);
	g_assert_no_error (error);
	assert_refused (signer_set_clock (client, T0, &error), error, CLOCK);
	assert_refused (signer_freeze_clock (client, T0, &error), error, CLOCK);
	signer_client_free (client);
	fixture_clear (&production);
}

/* The ceremony and one issuance with the other algorithms. */
static void
test_algorithms (void)
{
	static const KeyAlgorithm algorithms[] = { KEY_RSA3072, KEY_SM2, KEY_P384, KEY_RSA4096 };
	for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
		Fixture other;
		fixture_init (&other, algorithms[i], TRUE, T0 - MICROS_PER_DAY);
		g_autofree char *dir = fixture_copy (&other);
		g_autoptr (GError) error = NULL;
		SignerClient *client = fixture_run (dir);
		g_autoptr (PrivateKey) key = private_key_generate (algorithms[i], &error);
		g_autoptr (Certificate) made = fixture_certificate (&other, client, key);
		g_assert_cmpint (public_key_algorithm (certificate_public_key (made)), ==, (int) algorithms[i]);
		/* The TLS certificate is one that any TLS library checks against tls-root.crt. */
		g_autofree char *root = g_build_filename (other.site, "ca", "tls-root.crt", NULL), *tls = g_build_filename (other.site, "ca", "tls.crt", NULL);
		const char *const argv[] = { "openssl", "verify", "-attime", "1775008800", "-verify_hostname", "localhost", "-purpose", "sslserver",
		                             "-CAfile", root, "-untrusted", tls, tls, NULL };
		int status;
		g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL));
		g_assert_cmpint (status, ==, 0);
		signer_client_free (client);
		fixture_clear (&other);
	}
}

static void
test_create_refuses (void)
{
	g_autoptr (GError) error = NULL;
	g_auto (SignerCreated) created = { 0 };
	SignerCreate in = {
		.dir = fixture.site, .site = "x", .name = "测试", .base_uri = "http://localhost", .algorithm = KEY_P256, .now = T0,
		.passphrase = PASSPHRASE, .passphrase_n = strlen (PASSPHRASE), .root_passphrase = PASSPHRASE, .root_passphrase_n = strlen (PASSPHRASE),
	};
	assert_refused (signer_create_site (&in, &created, &error), error, EXISTS);
	g_autofree char *dir = g_build_filename (fixture.root, "new", NULL);
	in.dir = dir;
	assert_refused (signer_create_site (&in, &created, &error), error, SIGNER);
	in.base_uri = "http://localhost/";
	assert_refused (signer_create_site (&in, &created, &error), error, FIELD_VALUE);
	in.base_uri = "http://localhost";
	in.algorithm = KEY_ED25519;
	assert_refused (signer_create_site (&in, &created, &error), error, KEY_ALGORITHM);
	in.algorithm = KEY_P256;
	in.passphrase_n = 3;
	assert_refused (signer_create_site (&in, &created, &error), error, FIELD_LENGTH);
}

/* --- crashes ----------------------------------------------------------------------------- */

/* F-01: dead after the journal's fsync and before the answer; whoever asks again gets the certificate that was made. */
G_GNUC_UNUSED static void
test_death_before_answer (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autofree char *journal = g_build_filename (dir, "journal.log", NULL);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	g_autoptr (json_t) json = fixture_request (key);
	g_autofree char *request = fixture_text (json);
	g_autofree char *review = fixture_approve (&fixture, REVIEWER, "application.review", T0, request);
	g_autofree char *approve = fixture_approve (&fixture, ISSUER, "application.issue", T0, request);
	g_setenv ("DIQI_SIGNER_FAIL", "after_journal", TRUE);
	SignerClient *client = fixture_run (dir);
	g_unsetenv ("DIQI_SIGNER_FAIL");
	assert_refused (fixture_issue (client, request, T0, review, approve, &error), error, UNAVAILABLE);
	assert_refused (fixture_issue (client, request, T0, review, approve, &error), error, UNAVAILABLE);
	signer_client_free (client);
	g_autofree char *text = NULL;
	g_assert_true (g_file_get_contents (journal, &text, NULL, NULL));
	client = fixture_run (dir);
	g_autoptr (GBytes) der = fixture_issue (client, request, T0, review, approve, &error);
	g_assert_no_error (error);
	g_autofree char *base64 = g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
	g_assert_nonnull (strstr (text, base64));
	signer_client_free (client);
}

/* A record half written when the power went: never answered, so it may go; what came before stays. */
static void
test_torn_journal (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autofree char *journal = g_build_filename (dir, "journal.log", NULL);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	SignerClient *client = fixture_run (dir);
	g_autoptr (Certificate) before = fixture_certificate (&fixture, client, key);
	signer_client_free (client);
	int fd = open (journal, O_WRONLY | O_APPEND);
	g_assert_cmpint (write (fd, "0123456789abcdef {\"type\":\"issue\"", 32), ==, 32);
	close (fd);
	client = fixture_run (dir);
	g_autoptr (Certificate) after = fixture_certificate (&fixture, client, key);
	g_assert_true (fingerprint_equal (certificate_fingerprint (before), certificate_fingerprint (after)));
	signer_client_free (client);
}

static void
test_touched_history (void)
{
	static const char *const files[] = { "journal.log", "officers.log" };
	for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
		g_autofree char *dir = fixture_copy (&fixture);
		g_autofree char *path = g_build_filename (dir, files[i], NULL);
		g_autofree char *text = NULL;
		gsize n;
		g_autoptr (GError) error = NULL;
		g_assert_true (g_file_get_contents (path, &text, &n, NULL));
		text[n / 2] ^= 1;
		g_assert_true (g_file_set_contents_full (path, text, (gssize) n, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
		assert_refused (fixture_start (dir, &error), error, CONFIG);
	}
}

/* --- walls ---------------------------------------------------------------------------------- */

static int
read_as_nobody (const char *path)
{
	pid_t child = fork ();
	if (child == 0) {
		const struct passwd *nobody = getpwnam ("nobody");
		if (nobody == NULL || setgid (nobody->pw_gid) != 0 || setuid (nobody->pw_uid) != 0)
			_exit (3);
		_exit (open (path, O_RDONLY) >= 0 ? 1 : errno == EACCES || errno == EPERM ? 0 : 2);
	}
	int status;
	waitpid (child, &status, 0);
	return WEXITSTATUS (status);
}

static void
test_walls (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	pid_t child;
	int fd = fixture_connect (dir, &child);
	g_autofree char *status_path = g_strdup_printf ("/proc/%d/status", child);
	g_autofree char *text = NULL;
	g_assert_true (g_file_get_contents (status_path, &text, NULL, NULL));
	g_assert_nonnull (strstr (text, "NoNewPrivs:\t1"));
	g_assert_nonnull (strstr (text, "Seccomp:\t2"));
	g_autofree char *limits_path = g_strdup_printf ("/proc/%d/limits", child);
	g_autofree char *limits = NULL;
	g_assert_true (g_file_get_contents (limits_path, &limits, NULL, NULL));
	g_assert_true (g_regex_match_simple ("Max core file size +0 +0", limits, 0, 0));
	/* Not dumpable: its files in /proc belong to root whoever runs it, and nobody else opens them. */
	if (geteuid () == 0) {
		static const char *const files[] = { "mem", "maps", "environ", "auxv" };
		for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
			g_autofree char *path = g_strdup_printf ("/proc/%d/%s", child, files[i]);
			g_assert_cmpint (read_as_nobody (path), ==, 0);
		}
	}
	close (fd);
	spawn_wait (child, 10);
}

/* --- a signer run apart ------------------------------------------------------------------------- */

static int
connect_to (const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	g_strlcpy (address.sun_path, path, sizeof address.sun_path);
	for (int tries = 0; tries < 500; tries++) {
		int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect (fd, (const struct sockaddr *) &address, sizeof address) == 0)
			return fd;
		close (fd);
		g_usleep (20000);
	}
	g_error ("no signer at %s", path);
}

static void
test_own_socket (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autofree char *path = g_build_filename (fixture.root, "s", NULL), *credentials = g_build_filename (fixture.root, "credentials", NULL);
	g_autofree char *credential = g_build_filename (credentials, "signer-passphrase", NULL);
	g_autoptr (GError) error = NULL;
	g_mkdir (credentials, 0700);
	g_assert_true (g_file_set_contents (credential, PASSPHRASE "\n", -1, NULL));
	g_setenv ("CREDENTIALS_DIRECTORY", credentials, TRUE);
	const char *const argv[] = { SIGNER_PROGRAM, "signer", "--dir", dir, "--socket", path, "--credential", NULL };
	GPid child;
	g_assert_true (g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child, &error));
	g_unsetenv ("CREDENTIALS_DIRECTORY");
	SignerClient *first = signer_client_new (connect_to (path)), *second = signer_client_new (connect_to (path));
	struct stat facts;
	g_assert_cmpint (stat (path, &facts), ==, 0);
	g_assert_cmpuint (facts.st_mode & 0777, ==, 0600);
	g_assert_true (signer_freeze_clock (first, T0, &error));
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	g_autoptr (Certificate) made = fixture_certificate (&fixture, second, key);
	signer_client_free (first);
	/* The others go on when one leaves. */
	g_autoptr (Certificate) again = fixture_certificate (&fixture, second, key);
	g_assert_true (fingerprint_equal (certificate_fingerprint (made), certificate_fingerprint (again)));
	kill (child, SIGTERM);
	int status;
	waitpid (child, &status, 0);
	g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGTERM);
	g_autoptr (json_t) officers = signer_get_officers (second, &error);
	assert_refused (officers, error, UNAVAILABLE);
	signer_client_free (second);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	signal (SIGPIPE, SIG_IGN);
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/process/P-07-bad-messages", test_bad_messages);
	g_test_add_func ("/signer/process/oversized-frame", test_oversized_frame);
	g_test_add_func ("/signer/process/raw-frames", test_raw_frames);
	g_test_add_func ("/signer/process/fragments", test_fragments);
	g_test_add_func ("/signer/process/wrong-passphrase", test_wrong_passphrase);
	g_test_add_func ("/signer/process/open-folder", test_open_folder);
	g_test_add_func ("/signer/process/P-09-doctored-profile", test_doctored_profile);
	g_test_add_func ("/signer/process/exchanged-files", test_exchanged_files);
	g_test_add_func ("/signer/process/second-signer", test_second_signer);
	g_test_add_func ("/signer/process/production-clock", test_production_clock);
	g_test_add_func ("/signer/process/algorithms", test_algorithms);
	g_test_add_func ("/signer/process/create-refuses", test_create_refuses);
#ifdef DIQI_FAILPOINTS
	g_test_add_func ("/signer/process/F-01-death-before-answer", test_death_before_answer);
#endif
	g_test_add_func ("/signer/process/F-03-torn-journal", test_torn_journal);
	g_test_add_func ("/signer/process/touched-history", test_touched_history);
	g_test_add_func ("/signer/process/I-04-walls", test_walls);
	g_test_add_func ("/signer/process/own-socket", test_own_socket);
	int result = g_test_run ();
	fixture_clear (&fixture);
	return result;
}
