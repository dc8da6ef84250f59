/* base/random.c — see random.h.  The last UUIDv7 is kept here, behind a lock: the
 * promise that keys grow within one process is a promise about the process. */
#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/json.h"

void
random_bytes (gpointer p, gsize n)
{
	guint8 *at = p;
	while (n > 0) {
		ssize_t got = getrandom (at, MIN (n, 256), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			g_error ("getrandom: %s", g_strerror (errno));   /* no safe way on without randomness */
		at += got;
		n -= (gsize) got;
	}
}

char *
random_token (gsize n)
{
	g_autofree guint8 *bytes = g_malloc (MAX (n, 1));
	random_bytes (bytes, n);
	char *token = base64url_encode (bytes, n);
	explicit_bzero (bytes, n);
	return token;
}

/* --- UUIDv7, RFC 9562 section 5.7 ------------------------------------------- */

#define RAND_A_BITS 12
#define RAND_B_BITS 62
#define RAND_B_MASK ((G_GUINT64_CONSTANT (1) << RAND_B_BITS) - 1)

typedef struct {
	guint64 ms;        /* 48 bits */
	guint64 a, b;      /* 12 and 62 bits, one 74-bit number with a on top */
} Uuid7;

static guint64
random_u64 (void)
{
	guint64 r;
	random_bytes (&r, sizeof r);
	return r;
}

/* Section 6.2, method 2: within a millisecond (or when the clock went back) the
 * random part grows by a random step, so the next value cannot be guessed. */
static void
uuid7_step (Uuid7 *last, guint64 ms)
{
	if (ms > last->ms) {
		last->ms = ms;
		last->a = random_u64 () & ((1 << (RAND_A_BITS - 1)) - 1);   /* top bit left free for growth */
		last->b = random_u64 () & RAND_B_MASK;
		return;
	}
	last->b += 1 + (random_u64 () >> 16);
	if (last->b > RAND_B_MASK) {
		last->b &= RAND_B_MASK;
		last->a++;
	}
	if (last->a >> RAND_A_BITS) {
		last->a = 0;
		last->ms++;
	}
}

char *
uuid7_new (gint64 now_micros)
{
	static GMutex lock;
	static Uuid7 last;

	guint64 ms = (guint64) (MAX (now_micros, 0) / 1000) & ((G_GUINT64_CONSTANT (1) << 48) - 1);
	g_mutex_lock (&lock);
	uuid7_step (&last, ms);
	Uuid7 u = last;
	g_mutex_unlock (&lock);

	guint64 high = u.ms << 16 | G_GUINT64_CONSTANT (7) << 12 | u.a;
	guint64 low = G_GUINT64_CONSTANT (2) << 62 | u.b;
	return g_strdup_printf ("%08x-%04x-%04x-%04x-%012" G_GINT64_MODIFIER "x", (guint) (high >> 32),
		(guint) (high >> 16 & 0xffff), (guint) (high & 0xffff), (guint) (low >> 48),
		low & G_GUINT64_CONSTANT (0xffffffffffff));
}

/* Lower case only: an id is compared as text, so it may have one spelling only. */
gboolean
uuid_is_valid (const char *text)
{
	if (strlen (text) != 36)
		return FALSE;
	for (int i = 0; i < 36; i++) {
		gboolean dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : strchr ("0123456789abcdef", text[i]) == NULL)
			return FALSE;
	}
	return strchr ("12345678", text[14]) != NULL && strchr ("89ab", text[19]) != NULL;
}
