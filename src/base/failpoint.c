/* base/failpoint.c — see failpoint.h. */
#include "base/failpoint.h"

#ifdef DIQI_FAILPOINTS
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	char *name;               /* NULL: none is set */
	guint64 due;
} Failpoint;

/* NAME:N:kill */
static Failpoint *
read_environment (void)
{
	Failpoint *point = g_new0 (Failpoint, 1);
	const char *text = g_getenv ("DIQI_FAILPOINT");
	g_auto (GStrv) parts = text != NULL ? g_strsplit (text, ":", -1) : NULL;
	if (parts == NULL)
		return point;
	if (g_strv_length (parts) != 3 || strcmp (parts[2], "kill") != 0 ||
	    !g_ascii_string_to_unsigned (parts[1], 10, 1, G_MAXUINT32, &point->due, NULL))
		g_error ("DIQI_FAILPOINT=%s: NAME:N:kill is wanted", text);
	point->name = g_strdup (parts[0]);
	return point;
}

void
failpoint_pass (const char *name)
{
	static GOnce once = G_ONCE_INIT;
	static guint passed;
	const Failpoint *point = g_once (&once, (GThreadFunc) (gpointer) read_environment, NULL);
	if (point->name == NULL || strcmp (point->name, name) != 0)
		return;
	if (__atomic_add_fetch (&passed, 1, __ATOMIC_RELAXED) == point->due)
		kill (getpid (), SIGKILL);
}
#endif
