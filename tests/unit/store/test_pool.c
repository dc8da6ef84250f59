/* The pool of connections and the line before the writer.  src/store/{pool,group}.c */
#include "store/group.h"
#include "store/pool.h"

static void mark_freed (gpointer item) { *(gint *) item = -1; }

typedef struct {
	Pool *pool;
	gint uses;                /* atomic */
} Users;

static gpointer
use_items (gpointer data)
{
	Users *users = data;
	for (int i = 0; i < 300; i++) {
		gint *item = pool_take (users->pool, NULL);
		g_assert_nonnull (item);
		g_assert_true (pool_is_held (users->pool));
		/* Nobody else has it. */
		g_assert_cmpint (g_atomic_int_add (item, 1), ==, 0);
		if (i % 50 == 0)
			g_usleep (100);
		g_assert_cmpint (g_atomic_int_add (item, -1), ==, 1);
		g_atomic_int_inc (&users->uses);
		pool_give (users->pool, item);
		g_assert_false (pool_is_held (users->pool));
	}
	return NULL;
}

static void
test_one_holder (void)
{
	gint items[3] = { 0 };
	Users users = { .pool = pool_new () };
	GThread *threads[12];
	for (int i = 0; i < 3; i++)
		pool_add (users.pool, &items[i]);
	for (int i = 0; i < 12; i++)
		threads[i] = g_thread_new ("user", use_items, &users);
	for (int i = 0; i < 12; i++)
		g_thread_join (threads[i]);
	g_assert_cmpint (users.uses, ==, 3600);
	pool_free (users.pool, mark_freed);
	for (int i = 0; i < 3; i++)
		g_assert_cmpint (items[i], ==, -1);
}

typedef struct {
	Pool *pool;
	gint *order;              /* atomic: who is next to be served */
	gint served;
} InLine;

static gpointer
stand_in_line (gpointer data)
{
	InLine *one = data;
	gpointer item = pool_take (one->pool, NULL);
	one->served = g_atomic_int_add (one->order, 1);
	pool_give (one->pool, item);
	return NULL;
}

/* First come, first served: nobody is overtaken until he gives up. */
static void
test_in_line (void)
{
	gint item = 0, order = 0;
	Pool *pool = pool_new ();
	InLine line[5];
	GThread *threads[5];
	pool_add (pool, &item);
	gpointer held = pool_take (pool, NULL);
	for (int i = 0; i < 5; i++) {
		line[i] = (InLine) { pool, &order, -1 };
		threads[i] = g_thread_new ("line", stand_in_line, &line[i]);
		g_usleep (60000);         /* time to get in line before the next comes */
	}
	pool_give (pool, held);
	for (int i = 0; i < 5; i++) {
		g_thread_join (threads[i]);
		g_assert_cmpint (line[i].served, ==, i);
	}
	pool_free (pool, mark_freed);
}

/* --- group ------------------------------------------------------------------------------- */

typedef struct {
	Group *group;
	guint largest, jobs, takes;
} Writer;

static gpointer
write_groups (gpointer data)
{
	Writer *w = data;
	Job *jobs[4];
	guint n;
	while ((n = group_take (w->group, jobs)) > 0) {
		w->largest = MAX (w->largest, n);
		w->jobs += n;
		w->takes++;
		for (guint i = 0; i < n; i++)
			jobs[i]->ok = TRUE;
		group_answer (w->group, jobs, n);
	}
	return NULL;
}

static gpointer
submit_jobs (gpointer group)
{
	for (int i = 0; i < 200; i++) {
		Job job = { .name = "test" };
		group_submit (group, &job);
		g_assert_true (job.ok);
	}
	return NULL;
}

static void
test_groups (void)
{
	Writer w = { .group = group_new (20000, 4) };
	GThread *writer = g_thread_new ("writer", write_groups, &w), *callers[10];
	for (int i = 0; i < 10; i++)
		callers[i] = g_thread_new ("caller", submit_jobs, w.group);
	for (int i = 0; i < 10; i++)
		g_thread_join (callers[i]);
	group_close (w.group);
	g_thread_join (writer);
	g_assert_cmpuint (w.jobs, ==, 2000);
	/* Never more than the limit, and near it when there are callers enough. */
	g_assert_cmpuint (w.largest, ==, 4);
	g_assert_cmpuint (w.takes, <, 1000);
	group_free (w.group);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/store/pool/one-holder", test_one_holder);
	g_test_add_func ("/store/pool/in-line", test_in_line);
	g_test_add_func ("/store/group/groups", test_groups);
	return g_test_run ();
}
