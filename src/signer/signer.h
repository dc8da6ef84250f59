/* signer/signer.h — the key-holding process, `diqi signer`.
 *
 *   --dir DIR             the signer's folder (docs/layout.md)
 *   --socket-fd N         a connected socket: serve until it is closed (how `diqi serve` starts it)
 *   --socket PATH         or a Unix socket of its own, mode 0600, for peers of the same user and root
 *   --passphrase-fd N     reads the passphrase to its end; one newline after it is left out
 *   --credential          or takes it from the systemd credential "signer-passphrase"
 *
 *   --share FILE          or joins it from so many shares (activation.h), each with
 *   --share-passphrase-file FILE    the file of its passphrase, in the same order
 *
 * main runs it before it sets up anything else.  It hardens itself, reads and checks everything,
 * closes the filter, greets, serves (loop.h).  Needs: nothing but its folder; no network.
 */
#pragma once
#include <glib.h>

typedef struct {
	char *dir;
	int socket_fd;                /* -1 none */
	char *socket_path;            /* NULL none */
	int passphrase_fd;            /* -1 none */
	gboolean credential;
	char **shares, **share_passphrases;       /* NULL none */
} SignerOptions;

/* Does not return: the filter leaves no way to end but exit_group, so nothing may run after it. */
G_NORETURN void signer_main (const SignerOptions *options);

/* argv[0] is the command's own name ("signer").  Returns an exit code only for wrong options. */
int signer_command (int argc, char **argv);
