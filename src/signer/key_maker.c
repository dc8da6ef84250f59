/* signer/key_maker.c — see key_maker.h. */
#include "signer/key_maker.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

#define NICE 5
#define STACK (512u << 10)        /* locked in memory like everything else: not the usual eight megabytes */
#define PAUSE_AFTER_FAILURE G_USEC_PER_SEC

struct KeyMaker {
	gatomicrefcount references;   /* the keyring's and the thread's */
	GMutex lock;
	GCond changed;
	gboolean runs, ends;
	gboolean wanted[KEY_N_ALGORITHMS];
	GQueue ready[KEY_N_ALGORITHMS];      /* PrivateKey */
};

static void
unref (KeyMaker *maker)
{
	if (!g_atomic_ref_count_dec (&maker->references))
		return;
	g_cond_clear (&maker->changed);
	g_mutex_clear (&maker->lock);
	g_free (maker);
}

/* Of those that are asked for, the one of which fewest are ready; KEY_N_ALGORITHMS: enough of all. */
static KeyAlgorithm
scarcest (const KeyMaker *maker)
{
	KeyAlgorithm found = KEY_N_ALGORITHMS;
	guint fewest = KEY_MAKER_READY;
	for (int a = 0; a < KEY_N_ALGORITHMS; a++)
		if (maker->wanted[a] && maker->ready[a].length < fewest) {
			found = (KeyAlgorithm) a;
			fewest = maker->ready[a].length;
		}
	return found;
}

/* Locked; KEY_N_ALGORITHMS: the end. */
static KeyAlgorithm
wait_for_work (KeyMaker *maker)
{
	KeyAlgorithm algorithm = KEY_N_ALGORITHMS;
	while (!maker->ends && (algorithm = scarcest (maker)) == KEY_N_ALGORITHMS)
		g_cond_wait (&maker->changed, &maker->lock);
	return maker->ends ? KEY_N_ALGORITHMS : algorithm;
}

static void
make_one (KeyMaker *maker, KeyAlgorithm algorithm)
{
	g_autoptr (GError) error = NULL;
	PrivateKey *key = private_key_generate (algorithm, &error);
	if (key == NULL) {
		log_event (LOG_LEVEL_ERROR_, "signer.key_maker", "detail", "%s", error->message, NULL);
		g_usleep (PAUSE_AFTER_FAILURE);
		return;
	}
	g_mutex_lock (&maker->lock);
	gboolean kept = !maker->ends;
	if (kept)
		g_queue_push_tail (&maker->ready[algorithm], key);
	g_mutex_unlock (&maker->lock);
	if (!kept)
		private_key_free (key);
}

static void *
run (void *data)
{
	KeyMaker *maker = data;
	/* Best effort: without it the kernel shares the processors evenly. */
	setpriority (PRIO_PROCESS, (id_t) gettid (), NICE);
	g_mutex_lock (&maker->lock);
	maker->runs = TRUE;
	g_cond_broadcast (&maker->changed);
	KeyAlgorithm algorithm;
	while ((algorithm = wait_for_work (maker)) != KEY_N_ALGORITHMS) {
		g_mutex_unlock (&maker->lock);
		make_one (maker, algorithm);
		g_mutex_lock (&maker->lock);
	}
	g_mutex_unlock (&maker->lock);
	unref (maker);
	return NULL;
}

static int
create_thread (KeyMaker *maker)
{
	pthread_t thread;
	pthread_attr_t attributes;
	int failed = pthread_attr_init (&attributes);
	if (failed != 0)
		return failed;
	pthread_attr_setstacksize (&attributes, STACK);
	pthread_attr_setdetachstate (&attributes, PTHREAD_CREATE_DETACHED);
	failed = pthread_create (&thread, &attributes, run, maker);
	pthread_attr_destroy (&attributes);
	return failed;
}

KeyMaker *
key_maker_start (GError **error)
{
	KeyMaker *maker = g_new0 (KeyMaker, 1);
	g_atomic_ref_count_init (&maker->references);
	g_atomic_ref_count_inc (&maker->references);
	g_mutex_init (&maker->lock);
	g_cond_init (&maker->changed);
	int failed = create_thread (maker);
	if (failed != 0) {
		unref (maker);
		unref (maker);
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "starting a thread: %s", g_strerror (failed));
		return NULL;
	}
	/* What a thread asks of the system when it begins, the sandbox would kill it for. */
	g_mutex_lock (&maker->lock);
	while (!maker->runs)
		g_cond_wait (&maker->changed, &maker->lock);
	g_mutex_unlock (&maker->lock);
	return maker;
}

void
key_maker_stop (KeyMaker *maker)
{
	if (maker == NULL)
		return;
	g_mutex_lock (&maker->lock);
	maker->ends = TRUE;
	for (int a = 0; a < KEY_N_ALGORITHMS; a++)
		g_queue_clear_full (&maker->ready[a], (GDestroyNotify) private_key_free);
	g_cond_broadcast (&maker->changed);
	g_mutex_unlock (&maker->lock);
	unref (maker);
}

PrivateKey *
key_maker_take (KeyMaker *maker, KeyAlgorithm algorithm, GError **error)
{
	PrivateKey *key = NULL;
	if (maker != NULL) {
		g_mutex_lock (&maker->lock);
		maker->wanted[algorithm] = TRUE;
		key = g_queue_pop_head (&maker->ready[algorithm]);
		g_cond_broadcast (&maker->changed);
		g_mutex_unlock (&maker->lock);
	}
	if (key == NULL)
		diqi_error_set (error, DIQI_ERROR_KEY_CENTRE_BUSY, NULL, "a key pair of %s is being made; ask again", key_algorithm_name (algorithm));
	return key;
}
