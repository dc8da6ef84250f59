/* signer/sandbox.h — the walls of the signer's process.
 *
 * sandbox_harden, first of all: no core dump, no ptrace by others of the same user (not
 * dumpable), no new privileges, memory locked, OpenSSL's secure heap for key material.
 * sandbox_close, when everything is open: a seccomp allowlist.  After it the process can read and
 * write what it has, and nothing else; any other system call ends it.  It holds for every thread that runs by then, and no other can be started.
 *
 * sandbox_fence_module, in the process of a PKCS#11 module (hsm_keeper.h): what the module needs only its maker knows, so all is
 * allowed but what no module needs: running programs, looking into other processes, changing the system.
 */
#pragma once
#include <glib.h>

gboolean sandbox_harden (GError **error);
gboolean sandbox_fence_module (GError **error);
/* listening: may still accept connections (a signer run apart). */
gboolean sandbox_close (gboolean listening, GError **error);
