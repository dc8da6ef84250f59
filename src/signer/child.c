/* signer/child.c — see spawn.h. */
#include "signer/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

/* Where the child finds them.  Ours are moved above, so that no dup2 of the child overwrites the source of another. */
#define CHILD_SOCKET 3
#define CHILD_PASSPHRASE 4
#define FIRST_FREE 10

extern char **environ;

static gboolean
system_failure (GError **error, const char *what, int number)
{
	return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "starting the signer: %s: %s", what, g_strerror (number));
}

static gboolean
move_up (int fd[2])
{
	for (int i = 0; i < 2; i++) {
		int high = fcntl (fd[i], F_DUPFD_CLOEXEC, FIRST_FREE);
		if (high < 0)
			return FALSE;
		close (fd[i]);
		fd[i] = high;
	}
	return TRUE;
}

static gboolean
make_pairs (int socket[2], int passphrase[2], GError **error)
{
	if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket) != 0)
		return system_failure (error, "socketpair", errno);
	if (pipe2 (passphrase, O_CLOEXEC) != 0)
		return system_failure (error, "pipe", errno);
	if (!move_up (socket) || !move_up (passphrase))
		return system_failure (error, "fcntl", errno);
	return TRUE;
}

/* inherited: become CHILD_SOCKET and what follows it. */
static int
start (const char *program, const char *const *argv, const int *inherited, gsize n, pid_t *child)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigemptyset (&none);
	posix_spawn_file_actions_init (&actions);
	posix_spawnattr_init (&attributes);
	for (gsize i = 0; i < n; i++)
		posix_spawn_file_actions_adddup2 (&actions, inherited[i], CHILD_SOCKET + (int) i);
	/* Client sockets and database connections of serve must not reach the key holder, nor its files the keeper of a token. */
	posix_spawn_file_actions_addclosefrom_np (&actions, CHILD_SOCKET + (int) n);
	posix_spawnattr_setsigmask (&attributes, &none);
	posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGMASK);
	int failed = posix_spawn (child, program, &actions, &attributes, (char *const *) argv, environ);
	posix_spawnattr_destroy (&attributes);
	posix_spawn_file_actions_destroy (&actions);
	return failed;
}

static gboolean
write_passphrase (int fd, const char *passphrase, gsize n, GError **error)
{
	/* Fits into the pipe (checked by the caller), so this never waits for the child. */
	gssize put = write (fd, passphrase, n);
	return put == (gssize) n || system_failure (error, "passphrase", errno);
}

gboolean
spawn_signer (const char *program, const char *dir, const char *passphrase, gsize n, pid_t *child, int *fd, GError **error)
{
	const char *const argv[] = { "diqi", "signer", "--dir", dir, "--socket-fd", G_STRINGIFY (CHILD_SOCKET),
	                             "--passphrase-fd", G_STRINGIFY (CHILD_PASSPHRASE), NULL };
	if (n == 0 || n > 1024)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the signer's passphrase must have 1 to 1024 bytes");
	int socket[2] = { -1, -1 }, pass[2] = { -1, -1 };
	gboolean well = make_pairs (socket, pass, error) && write_passphrase (pass[1], passphrase, n, error);
	if (well) {
		int failed = start (program, argv, (const int[]) { socket[1], pass[0] }, 2, child);
		well = failed == 0 || system_failure (error, program, failed);
	}
	for (int i = 0; i < 2; i++)
		if (pass[i] >= 0)
			close (pass[i]);
	if (socket[1] >= 0)
		close (socket[1]);
	if (well)
		*fd = socket[0];
	else if (socket[0] >= 0)
		close (socket[0]);
	return well;
}

gboolean
spawn_keeper (pid_t *child, int *fd, GError **error)
{
	static const char *const argv[] = { "diqi", "hsm-keeper", "--socket-fd", G_STRINGIFY (CHILD_SOCKET), NULL };
	int socket[2];
	if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket) != 0)
		return system_failure (error, "socketpair", errno);
	int failed = move_up (socket) ? start ("/proc/self/exe", argv, &socket[1], 1, child) : errno;
	close (socket[1]);
	*fd = socket[0];
	if (failed == 0)
		return TRUE;
	close (socket[0]);
	return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "starting the keeper of a token: %s", g_strerror (failed));
}

void
spawn_wait (pid_t child, guint seconds)
{
	gint64 until = g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;
	while (waitpid (child, NULL, WNOHANG) == 0) {
		if (g_get_monotonic_time () > until) {
			kill (child, SIGKILL);
			waitpid (child, NULL, 0);
			return;
		}
		g_usleep (2000);
	}
}
