/* bench/crowd.h — a hundred thousand submitted applications, for what must stay fast among many. */
#pragma once
#include <glib.h>

#define CROWD_SIZE 100000

/* Copies one submitted application of the site's SQLite database CROWD_SIZE times, each with an id, a number, a holder's name
 * and a credit code of its own and the search terms that belong to them. */
gboolean crowd_fill (const char *dir, const char *application, GError **error);
/* The same question put to SQLite itself, prepared once: questions a second on one thread, over part of a name. */
guint64 crowd_bare_search (const char *dir, gint64 limit_micros, GError **error);
