/* signer/sandbox.h — the walls of the signer's process.
 *
 * sandbox_harden, first of all: no core dump, no ptrace by others of the same user (not
 * dumpable), no new privileges, memory locked, OpenSSL's secure heap for key material.
 * sandbox_close, when everything is open: a seccomp allowlist.  After it the process can read and
 * write what it has, and nothing else; any other system call ends it.
 */
#pragma once
#include <glib.h>

gboolean sandbox_harden (GError **error);
/* listening: may still accept connections (a signer run apart). */
gboolean sandbox_close (gboolean listening, GError **error);
