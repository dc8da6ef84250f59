/* base/failpoint.h — places where a test lets the process die, to prove that nothing is lost or done twice there.
 *
 * In sanitizer builds only.  DIQI_FAILPOINT=NAME:N:kill in the environment kills the process with SIGKILL the N-th
 * time it comes by; anything else there is refused loudly, so that a misspelt test does not pass.
 */
#pragma once
#include <glib.h>

#ifdef DIQI_FAILPOINTS
void failpoint_pass (const char *name);
#define FAILPOINT(name) failpoint_pass (name)
#else
#define FAILPOINT(name) ((void) 0)
#endif
