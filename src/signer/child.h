/* signer/child.h — starting `diqi signer` as a child over a socket pair. */
#pragma once
#include <glib.h>
#include <sys/types.h>

/* *fd is our end of the socket pair (yours), *child the process.  The child inherits its end, the
 * read end of the passphrase pipe, and the three standard descriptors; nothing else. */
gboolean spawn_signer (const char *program, const char *dir, const char *passphrase, gsize n,
                       pid_t *child, int *fd, GError **error);
/* The process that holds a token (hsm_keeper.h): this program anew, with our end of a socket pair and nothing of our memory. */
gboolean spawn_keeper (pid_t *child, int *fd, GError **error);
/* Waits for a child whose socket was closed; one that does not end within `seconds` is killed. */
void spawn_wait (pid_t child, guint seconds);
