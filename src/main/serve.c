/* main/serve.c — see serve.h. */
#include "main/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

gboolean
serve_until_signal (const char *dir, const char *listen, const char *passphrase, ServeReady ready, gpointer user, GError **error)
{
	sigset_t signals;
	sigemptyset (&signals);
	sigaddset (&signals, SIGTERM);
	sigaddset (&signals, SIGINT);
	/* It asks for a look at the TLS certificate, except where it says that the terminal is gone. */
	if (!isatty (STDIN_FILENO))
		sigaddset (&signals, SIGHUP);
	/* Before any thread exists, so that all of them inherit it and site_run alone gets the signal. */
	pthread_sigmask (SIG_BLOCK, &signals, NULL);
	signal (SIGPIPE, SIG_IGN);
	const struct rlimit no_core = { 0, 0 };
	setrlimit (RLIMIT_CORE, &no_core);

	g_autoptr (Site) site = site_open (dir, passphrase, error);
	if (site == NULL || !site_start (site, listen, error))
		return FALSE;
	if (ready != NULL && !ready (site, user, error))
		return FALSE;
	return site_run (site, error);
}
