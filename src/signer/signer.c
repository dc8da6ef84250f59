/* signer/signer.c — options and start of the key-holding process.  See signer.h. */
#include "signer/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "signer/activation.h"
#include "signer/dispatch.h"
#include "signer/frame.h"
#include "signer/keyring.h"
#include "signer/loop.h"
#include "signer/sandbox.h"

#define PASSPHRASE_MAX 1024
#define EXIT_USAGE 2

/* --- passphrase --------------------------------------------------------------- */

static gboolean
read_secret (int fd, char *out, gsize *n, GError **error)
{
	*n = 0;
	for (;;) {
		gssize got = read (fd, out + *n, PASSPHRASE_MAX + 1 - *n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "reading the passphrase: %s", g_strerror (errno));
		*n += (gsize) got;
		if (got == 0 || *n > PASSPHRASE_MAX)
			break;
	}
	if (*n > 0 && out[*n - 1] == '\n')
		*n -= 1;
	if (*n == 0 || *n > PASSPHRASE_MAX)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the passphrase must have 1 to %d bytes", PASSPHRASE_MAX);
	return TRUE;
}

static int
open_credential (GError **error)
{
	const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");
	if (folder == NULL) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "--credential, but systemd handed over none");
		return -1;
	}
	g_autofree char *path = g_build_filename (folder, "signer-passphrase", NULL);
	int fd = open (path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", path, g_strerror (errno));
	return fd;
}

static char *
read_secret_file (const char *path, GError **error)
{
	char *out = pki_secret_alloc (PASSPHRASE_MAX + 2);
	gsize n;
	int fd = open (path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", path, g_strerror (errno));
	gboolean well = fd >= 0 && read_secret (fd, out, &n, error);
	if (fd >= 0)
		close (fd);
	if (well) {
		out[n] = '\0';
		return out;
	}
	pki_secret_free (out, PASSPHRASE_MAX + 2);
	return NULL;
}

static Keyring *
open_by_shares (const SignerOptions *options, GError **error)
{
	guint n = g_strv_length (options->shares);
	ActivationShare shares[ACTIVATION_MAX] = { 0 };
	gboolean well = TRUE;
	for (guint i = 0; well && i < n; i++) {
		shares[i].file = options->shares[i];
		well = (shares[i].passphrase = read_secret_file (options->share_passphrases[i], error)) != NULL;
	}
	gsize passphrase_n = 0;
	char *passphrase = well ? activation_join (options->dir, shares, n, &passphrase_n, error) : NULL;
	Keyring *keyring = passphrase != NULL ? keyring_open (options->dir, passphrase, passphrase_n, error) : NULL;
	pki_secret_free (passphrase, passphrase_n + 1);
	for (guint i = 0; i < n; i++)
		pki_secret_free ((char *) shares[i].passphrase, PASSPHRASE_MAX + 2);
	return keyring;
}

static Keyring *
open_keyring (const SignerOptions *options, GError **error)
{
	pki_init ();          /* after the secure heap is there */
	if (options->shares != NULL)
		return open_by_shares (options, error);
	int fd = options->credential ? open_credential (error) : options->passphrase_fd;
	if (fd < 0)
		return NULL;
	char *passphrase = pki_secret_alloc (PASSPHRASE_MAX + 1);
	gsize n;
	gboolean well = read_secret (fd, passphrase, &n, error);
	close (fd);
	Keyring *keyring = well ? keyring_open (options->dir, passphrase, n, error) : NULL;
	pki_secret_free (passphrase, PASSPHRASE_MAX + 1);
	return keyring;
}

/* --- sockets -------------------------------------------------------------------- */

static int
fail_errno (const char *path, GError **error)
{
	diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", path, g_strerror (errno));
	return -1;
}

/* A socket left by a signer that ended is replaced; the lock on the journal has shown that none runs. */
static int
listen_on (const char *path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat facts;
	if (strlen (path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return fail_errno (path, error);
	}
	memcpy (address.sun_path, path, strlen (path));
	if (lstat (path, &facts) == 0 && S_ISSOCK (facts.st_mode) && unlink (path) != 0)
		return fail_errno (path, error);
	int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail_errno (path, error);
	mode_t before = umask (0177);
	gboolean well = bind (fd, (const struct sockaddr *) &address, sizeof address) == 0 && listen (fd, 16) == 0;
	umask (before);
	if (well)
		return fd;
	fail_errno (path, error);
	close (fd);
	return -1;
}

/* --- start ------------------------------------------------------------------------ */

static G_NORETURN void
refuse_start (const SignerOptions *options, const GError *error)
{
	log_event (LOG_LEVEL_ERROR_, "signer.start.failed", "code", "%s", diqi_error_code_name (error), "detail", "%s", error->message, NULL);
	if (options->socket_fd >= 0) {
		gsize n;
		g_autofree char *text = dispatch_failure (error, &n);
		g_autoptr (GByteArray) frame = g_byte_array_new ();
		frame_append (frame, text, n);
		frame_write (options->socket_fd, frame->data, frame->len, NULL);
	}
	_exit (EXIT_FAILURE);
}

/* Ctrl-C and a service manager's stop reach the whole group; serve must still be able to drain, and
 * ends us by closing the socket. */
static void
leave_ending_to_parent (void)
{
	const int ignored[] = { SIGINT, SIGTERM, SIGHUP };
	for (gsize i = 0; i < G_N_ELEMENTS (ignored); i++)
		signal (ignored[i], SIG_IGN);
}

void
signer_main (const SignerOptions *options)
{
	g_autoptr (GError) error = NULL;
	Keyring *keyring = NULL;
	int listener = -1;
	uid_t uid = geteuid ();
	log_init ("signer", LOG_LEVEL_INFO);
	signal (SIGPIPE, SIG_IGN);
	if (options->socket_fd >= 0)
		leave_ending_to_parent ();
	gboolean well = sandbox_harden (&error) && (keyring = open_keyring (options, &error)) != NULL
		&& (options->socket_path == NULL || (listener = listen_on (options->socket_path, &error)) >= 0)
		&& (keyring->maker = key_maker_start (&error)) != NULL && sandbox_close (listener >= 0, &error);
	if (!well)
		refuse_start (options, error);
	log_event (LOG_LEVEL_INFO, "signer.ready", "site", "%s", keyring->pins->site, NULL);
	if (listener >= 0)
		loop_listen (keyring, listener, uid);
	loop_serve (keyring, options->socket_fd);
	keyring_free (keyring);       /* wipes the keys */
	/* No exit handlers: the filter allows them nothing. */
	_exit (EXIT_SUCCESS);
}

static gboolean
check_options (const SignerOptions *options, GError **error)
{
	if (options->dir == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "--dir is missing");
	if ((options->socket_fd >= 0) == (options->socket_path != NULL))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "either --socket-fd or --socket");
	if ((options->passphrase_fd >= 0) + options->credential + (options->shares != NULL) != 1)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "either --passphrase-fd, --credential or --share");
	guint shares = options->shares != NULL ? g_strv_length (options->shares) : 0;
	if (shares > ACTIVATION_MAX || shares != (options->share_passphrases != NULL ? g_strv_length (options->share_passphrases) : 0))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "each --share, at most %d, has its --share-passphrase-file", ACTIVATION_MAX);
	return TRUE;
}

int
signer_command (int argc, char **argv)
{
	SignerOptions options = { .socket_fd = -1, .passphrase_fd = -1 };
	const GOptionEntry entries[] = {
		{ "dir", 0, 0, G_OPTION_ARG_FILENAME, &options.dir, "The signer's folder", "DIR" },
		{ "socket-fd", 0, 0, G_OPTION_ARG_INT, &options.socket_fd, "Serve this connected socket until it is closed", "N" },
		{ "socket", 0, 0, G_OPTION_ARG_FILENAME, &options.socket_path, "Listen on this Unix socket", "PATH" },
		{ "passphrase-fd", 0, 0, G_OPTION_ARG_INT, &options.passphrase_fd, "Read the passphrase from this descriptor", "N" },
		{ "credential", 0, 0, G_OPTION_ARG_NONE, &options.credential, "Take it from the systemd credential signer-passphrase", NULL },
		{ "share", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.shares, "Join it from shares; once for each", "FILE" },
		{ "share-passphrase-file", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.share_passphrases, "The passphrase of a share, in the order of the shares", "FILE" },
		{ NULL }
	};
	g_autoptr (GOptionContext) context = g_option_context_new ("- hold the keys and sign what officers approved");
	g_autoptr (GError) error = NULL;
	g_option_context_add_main_entries (context, entries, NULL);
	if (!g_option_context_parse (context, &argc, &argv, &error) || !check_options (&options, &error)) {
		fprintf (stderr, "diqi signer: %s\n", error->message);
		g_free (options.dir);
		g_free (options.socket_path);
		return EXIT_USAGE;
	}
	signer_main (&options);
}
