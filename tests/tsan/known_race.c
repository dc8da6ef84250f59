/* tests/tsan/known_race.c — two threads that share a table, with a lock or (argument "race") without: shows that a race is found and a lock seen. */
#include <glib.h>
#include <string.h>

typedef struct {
	GMutex lock;
	gboolean locks;
	GHashTable *table;
} Shared;

static gpointer
work (gpointer data)
{
	Shared *shared = data;
	for (guint i = 0; i < 100; i++) {
		if (shared->locks)
			g_mutex_lock (&shared->lock);
		g_hash_table_insert (shared->table, GUINT_TO_POINTER (1), GUINT_TO_POINTER (i));
		if (shared->locks)
			g_mutex_unlock (&shared->lock);
	}
	return NULL;
}

int
main (int argc, char **argv)
{
	Shared shared = { .locks = argc < 2 || strcmp (argv[1], "race") != 0, .table = g_hash_table_new (NULL, NULL) };
	g_mutex_init (&shared.lock);
	GThread *threads[2];
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new ("work", work, &shared);
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		g_thread_join (threads[i]);
	g_mutex_clear (&shared.lock);
	g_hash_table_unref (shared.table);
	return 0;
}
