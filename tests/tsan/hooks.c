/* tests/tsan/hooks.c — what ThreadSanitizer cannot see by itself.
 *
 * GLib and jansson are not built with it: how they synchronise (futexes, reference counts) and that they read or change a
 * container is hidden from it.  Each function here stands before one of theirs (ld --wrap; meson.build reads the names
 * from the second argument of HOOK) and tells what happens.  pthread_*, system calls, malloc and memcpy it sees in every
 * library, so GThread, GRWLock, libmicrohttpd, SQLite and OpenSSL need nothing.
 */
#include <glib.h>
#include <glib-object.h>
#include <jansson.h>
#include <sanitizer/tsan_interface.h>

void __tsan_read8_pc (void *address, void *pc);
void __tsan_write8_pc (void *address, void *pc);

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#undef g_once_init_enter
#undef g_once_init_leave
#undef g_array_free
#undef g_string_free

#define HOOK(ret, name, params, args, before) \
	ret __real_##name params; \
	ret __wrap_##name params; \
	ret __wrap_##name params { before; return __real_##name args; }

#define CALLER __builtin_return_address (0)
#define READS(object) __tsan_read8_pc ((void *) (object), CALLER)
#define WRITES(object) __tsan_write8_pc ((void *) (object), CALLER)
/* The items of an array are reached through `data`, which our own code reads too. */
#define GROWS(array) (WRITES (array), WRITES ((char *) (array) + sizeof (gpointer)))
/* The type and the count of references come first. */
#define JSON_READS(json) ((json) != NULL ? READS ((const char *) (json) + sizeof (json_t)) : (void) 0)
#define JSON_WRITES(json) ((json) != NULL ? WRITES ((char *) (json) + sizeof (json_t)) : (void) 0)
/* Who drops the last reference comes after everybody who dropped one before. */
#define DROPS(object) ((object) != NULL ? (__tsan_release ((void *) (object)), __tsan_acquire ((void *) (object))) : (void) 0)

/* --- locks --------------------------------------------------------------------------- */

HOOK (void, g_mutex_init, (GMutex *m), (m), __tsan_mutex_create (m, __tsan_mutex_not_static))
HOOK (void, g_mutex_clear, (GMutex *m), (m), __tsan_mutex_destroy (m, 0))

void __real_g_mutex_lock (GMutex *m);
void __real_g_mutex_unlock (GMutex *m);
gboolean __real_g_mutex_trylock (GMutex *m);
void __real_g_cond_wait (GCond *c, GMutex *m);
gboolean __real_g_cond_wait_until (GCond *c, GMutex *m, gint64 end);

static void
before_unlock (gpointer lock, unsigned kind)
{
	__tsan_mutex_pre_unlock (lock, kind);
	__tsan_mutex_post_unlock (lock, kind);
}

static void
after_lock (GMutex *m)
{
	__tsan_mutex_pre_lock (m, 0);
	__tsan_mutex_post_lock (m, 0, 0);
}

void
__wrap_g_mutex_lock (GMutex *m)
{
	__tsan_mutex_pre_lock (m, 0);
	__real_g_mutex_lock (m);
	__tsan_mutex_post_lock (m, 0, 0);
}

/* Told before it is done: afterwards the next owner may already have freed the mutex. */
void
__wrap_g_mutex_unlock (GMutex *m)
{
	before_unlock (m, 0);
	__real_g_mutex_unlock (m);
}

gboolean
__wrap_g_mutex_trylock (GMutex *m)
{
	__tsan_mutex_pre_lock (m, __tsan_mutex_try_lock);
	gboolean got = __real_g_mutex_trylock (m);
	__tsan_mutex_post_lock (m, got ? __tsan_mutex_try_lock : __tsan_mutex_try_lock_failed, 0);
	return got;
}

void
__wrap_g_cond_wait (GCond *c, GMutex *m)
{
	before_unlock (m, 0);
	__real_g_cond_wait (c, m);
	after_lock (m);
}

gboolean
__wrap_g_cond_wait_until (GCond *c, GMutex *m, gint64 end)
{
	before_unlock (m, 0);
	gboolean woken = __real_g_cond_wait_until (c, m, end);
	after_lock (m);
	return woken;
}

/* Within GLib these are of pthread, but calls that GLib itself makes are not looked at (third-party.supp). */
HOOK (void, g_rw_lock_init, (GRWLock *l), (l), __tsan_mutex_create (l, __tsan_mutex_not_static))
HOOK (void, g_rw_lock_clear, (GRWLock *l), (l), __tsan_mutex_destroy (l, 0))
HOOK (void, g_rw_lock_writer_unlock, (GRWLock *l), (l), before_unlock (l, 0))
HOOK (void, g_rw_lock_reader_unlock, (GRWLock *l), (l), before_unlock (l, __tsan_mutex_read_lock))

void __real_g_rw_lock_writer_lock (GRWLock *l);
void __real_g_rw_lock_reader_lock (GRWLock *l);

void
__wrap_g_rw_lock_writer_lock (GRWLock *l)
{
	__tsan_mutex_pre_lock (l, 0);
	__real_g_rw_lock_writer_lock (l);
	__tsan_mutex_post_lock (l, 0, 0);
}

void
__wrap_g_rw_lock_reader_lock (GRWLock *l)
{
	__tsan_mutex_pre_lock (l, __tsan_mutex_read_lock);
	__real_g_rw_lock_reader_lock (l);
	__tsan_mutex_post_lock (l, __tsan_mutex_read_lock, 0);
}

/* --- once ---------------------------------------------------------------------------- */

gboolean __real_g_once_init_enter (volatile void *where);
gpointer __real_g_once_impl (GOnce *once, GThreadFunc fn, gpointer arg);

gboolean
__wrap_g_once_init_enter (volatile void *where)
{
	gboolean first = __real_g_once_init_enter (where);
	if (!first)
		__tsan_acquire ((void *) where);
	return first;
}
HOOK (void, g_once_init_leave, (volatile void *where, gsize value), (where, value), __tsan_release ((void *) where))

typedef struct {
	GOnce *once;
	GThreadFunc fn;
	gpointer arg;
} OnceCall;

static gpointer
once_call (gpointer data)
{
	OnceCall *call = data;
	gpointer made = call->fn (call->arg);
	__tsan_release ((void *) &call->once->status);
	return made;
}

gpointer
__wrap_g_once_impl (GOnce *once, GThreadFunc fn, gpointer arg)
{
	OnceCall call = { once, fn, arg };
	gpointer made = __real_g_once_impl (once, once_call, &call);
	__tsan_acquire ((void *) &once->status);
	return made;
}

/* --- thread pools -------------------------------------------------------------------- */

typedef struct {
	GFunc fn;
	gpointer user;
} PoolCall;

GThreadPool *__real_g_thread_pool_new (GFunc fn, gpointer user, gint threads, gboolean exclusive, GError **error);

static void
pool_call (gpointer job, gpointer data)
{
	const PoolCall *call = data;
	__tsan_acquire (job);
	call->fn (job, call->user);
}

/* A pool lives as long as the program: its call is never freed. */
GThreadPool *
__wrap_g_thread_pool_new (GFunc fn, gpointer user, gint threads, gboolean exclusive, GError **error)
{
	PoolCall *call = g_new (PoolCall, 1);
	*call = (PoolCall) { fn, user };
	return __real_g_thread_pool_new (pool_call, call, threads, exclusive, error);
}
HOOK (gboolean, g_thread_pool_push, (GThreadPool *pool, gpointer job, GError **error), (pool, job, error), __tsan_release (job))

/* --- reference counts ---------------------------------------------------------------- */

HOOK (void, g_bytes_unref, (GBytes *o), (o), DROPS (o))
HOOK (gpointer, g_bytes_unref_to_data, (GBytes *o, gsize *n), (o, n), DROPS (o))
HOOK (void, g_array_unref, (GArray *o), (o), DROPS (o))
HOOK (void, g_byte_array_unref, (GByteArray *o), (o), DROPS (o))
HOOK (void, g_ptr_array_unref, (GPtrArray *o), (o), DROPS (o))
HOOK (void, g_hash_table_unref, (GHashTable *o), (o), DROPS (o))
HOOK (void, g_tree_unref, (GTree *o), (o), DROPS (o))
HOOK (void, g_object_unref, (gpointer o), (o), DROPS (o))
HOOK (gboolean, g_atomic_ref_count_dec, (gatomicrefcount *o), (o), DROPS (o))
HOOK (void, g_atomic_rc_box_release_full, (gpointer o, GDestroyNotify clear), (o, clear), DROPS (o))
HOOK (void, json_delete, (json_t *o), (o), (__tsan_acquire ((void *) &o->refcount), JSON_WRITES (o)))

/* --- containers ---------------------------------------------------------------------- */

HOOK (gpointer, g_hash_table_lookup, (GHashTable *t, gconstpointer k), (t, k), READS (t))
HOOK (gboolean, g_hash_table_lookup_extended, (GHashTable *t, gconstpointer k, gpointer *a, gpointer *b), (t, k, a, b), READS (t))
HOOK (gboolean, g_hash_table_contains, (GHashTable *t, gconstpointer k), (t, k), READS (t))
HOOK (guint, g_hash_table_size, (GHashTable *t), (t), READS (t))
HOOK (GList *, g_hash_table_get_keys, (GHashTable *t), (t), READS (t))
HOOK (void, g_hash_table_iter_init, (GHashTableIter *i, GHashTable *t), (i, t), READS (t))
HOOK (gboolean, g_hash_table_add, (GHashTable *t, gpointer k), (t, k), WRITES (t))
HOOK (gboolean, g_hash_table_insert, (GHashTable *t, gpointer k, gpointer v), (t, k, v), WRITES (t))
HOOK (gboolean, g_hash_table_replace, (GHashTable *t, gpointer k, gpointer v), (t, k, v), WRITES (t))
HOOK (gboolean, g_hash_table_remove, (GHashTable *t, gconstpointer k), (t, k), WRITES (t))
HOOK (void, g_hash_table_remove_all, (GHashTable *t), (t), WRITES (t))
HOOK (guint, g_hash_table_foreach_remove, (GHashTable *t, GHRFunc f, gpointer u), (t, f, u), WRITES (t))
HOOK (gboolean, g_hash_table_steal_extended, (GHashTable *t, gconstpointer k, gpointer *a, gpointer *b), (t, k, a, b), WRITES (t))
HOOK (void, g_hash_table_destroy, (GHashTable *t), (t), WRITES (t))

HOOK (gpointer, g_tree_lookup, (GTree *t, gconstpointer k), (t, k), READS (t))
HOOK (void, g_tree_foreach, (GTree *t, GTraverseFunc f, gpointer u), (t, f, u), READS (t))
HOOK (void, g_tree_insert, (GTree *t, gpointer k, gpointer v), (t, k, v), WRITES (t))

HOOK (GArray *, g_array_append_vals, (GArray *a, gconstpointer d, guint n), (a, d, n), GROWS (a))
HOOK (GArray *, g_array_remove_index, (GArray *a, guint i), (a, i), GROWS (a))
HOOK (GArray *, g_array_remove_index_fast, (GArray *a, guint i), (a, i), GROWS (a))
HOOK (GArray *, g_array_remove_range, (GArray *a, guint i, guint n), (a, i, n), GROWS (a))
HOOK (GArray *, g_array_set_size, (GArray *a, guint n), (a, n), GROWS (a))
HOOK (void, g_array_sort, (GArray *a, GCompareFunc f), (a, f), GROWS (a))
HOOK (GByteArray *, g_byte_array_append, (GByteArray *a, const guint8 *d, guint n), (a, d, n), GROWS (a))
HOOK (GByteArray *, g_byte_array_remove_range, (GByteArray *a, guint i, guint n), (a, i, n), GROWS (a))
HOOK (GByteArray *, g_byte_array_set_size, (GByteArray *a, guint n), (a, n), GROWS (a))
HOOK (void, g_ptr_array_add, (GPtrArray *a, gpointer d), (a, d), GROWS (a))
HOOK (void, g_ptr_array_insert, (GPtrArray *a, gint i, gpointer d), (a, i, d), GROWS (a))
HOOK (gboolean, g_ptr_array_remove, (GPtrArray *a, gpointer d), (a, d), GROWS (a))
HOOK (gpointer, g_ptr_array_remove_index, (GPtrArray *a, guint i), (a, i), GROWS (a))
HOOK (gpointer, g_ptr_array_steal_index, (GPtrArray *a, guint i), (a, i), GROWS (a))
HOOK (void, g_ptr_array_set_size, (GPtrArray *a, gint n), (a, n), GROWS (a))
HOOK (void, g_ptr_array_sort, (GPtrArray *a, GCompareFunc f), (a, f), GROWS (a))
HOOK (gboolean, g_ptr_array_find, (GPtrArray *a, gconstpointer d, guint *i), (a, d, i), READS (a))

HOOK (void, g_queue_push_tail, (GQueue *q, gpointer d), (q, d), GROWS (q))
HOOK (void, g_queue_push_tail_link, (GQueue *q, GList *l), (q, l), GROWS (q))
HOOK (void, g_queue_insert_after_link, (GQueue *q, GList *s, GList *l), (q, s, l), GROWS (q))
HOOK (void, g_queue_unlink, (GQueue *q, GList *l), (q, l), GROWS (q))
HOOK (gpointer, g_queue_pop_head, (GQueue *q), (q), GROWS (q))
HOOK (gboolean, g_queue_remove, (GQueue *q, gconstpointer d), (q, d), GROWS (q))
HOOK (gboolean, g_queue_is_empty, (GQueue *q), (q), READS (q))

HOOK (GString *, g_string_append, (GString *s, const char *t), (s, t), GROWS (s))
HOOK (GString *, g_string_append_len, (GString *s, const char *t, gssize n), (s, t, n), GROWS (s))
HOOK (GString *, g_string_append_unichar, (GString *s, gunichar c), (s, c), GROWS (s))
HOOK (GString *, g_string_insert_c, (GString *s, gssize i, char c), (s, i, c), GROWS (s))
HOOK (GString *, g_string_truncate, (GString *s, gsize n), (s, n), GROWS (s))
HOOK (char *, g_string_chunk_insert, (GStringChunk *s, const char *t), (s, t), WRITES (s))
HOOK (char *, g_string_chunk_insert_const, (GStringChunk *s, const char *t), (s, t), WRITES (s))

HOOK (json_t *, json_object_get, (const json_t *j, const char *k), (j, k), JSON_READS (j))
HOOK (size_t, json_object_size, (const json_t *j), (j), JSON_READS (j))
HOOK (void *, json_object_iter, (json_t *j), (j), JSON_READS (j))
HOOK (json_t *, json_array_get, (const json_t *j, size_t i), (j, i), JSON_READS (j))
HOOK (size_t, json_array_size, (const json_t *j), (j), JSON_READS (j))
HOOK (json_t *, json_copy, (json_t *j), (j), JSON_READS (j))
HOOK (json_t *, json_deep_copy, (const json_t *j), (j), JSON_READS (j))
HOOK (char *, json_dumps, (const json_t *j, size_t f), (j, f), JSON_READS (j))
HOOK (int, json_object_set_new, (json_t *j, const char *k, json_t *v), (j, k, v), JSON_WRITES (j))
HOOK (int, json_object_del, (json_t *j, const char *k), (j, k), JSON_WRITES (j))
HOOK (int, json_object_update, (json_t *j, json_t *o), (j, o), JSON_WRITES (j))
HOOK (int, json_object_update_missing, (json_t *j, json_t *o), (j, o), JSON_WRITES (j))
HOOK (int, json_array_append_new, (json_t *j, json_t *v), (j, v), JSON_WRITES (j))
HOOK (int, json_array_insert_new, (json_t *j, size_t i, json_t *v), (j, i, v), JSON_WRITES (j))
HOOK (int, json_array_set_new, (json_t *j, size_t i, json_t *v), (j, i, v), JSON_WRITES (j))
HOOK (int, json_array_remove, (json_t *j, size_t i), (j, i), JSON_WRITES (j))
