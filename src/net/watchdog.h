/* net/watchdog.h — cuts slow peers and drains refused ones.
 *
 * libmicrohttpd knows only an inactivity time-out, which one byte a second satisfies for ever.
 * This thread holds every open socket with an absolute deadline and shuts down (never closes)
 * one that is over it; the owning listener thread then sees the end of the connection.
 *
 * libmicrohttpd also misses a FIN that arrived together with the last bytes (edge-triggered epoll and a
 * short read) and would keep the dead connection until its time-out; a look every half second wakes it.
 *
 * A request refused before its body was read is answered at once.  Closing such a socket with
 * unread bytes makes the kernel send RST, which may destroy the answer on its way; so a duplicate
 * of the socket is kept here and read empty for a short while (lingering close).
 */
#pragma once
#include <glib.h>

typedef struct Watchdog Watchdog;

typedef struct {
	GList link;                               /* data = itself */
	int fd;
	int linger_fd;                            /* duplicate, or -1 */
	gint64 deadline;                          /* monotonic µs, G_MAXINT64 = none; atomic */
	gboolean reading;                         /* the owner waits for bytes of the peer; atomic */
} WatchedSocket;

/* `tick` runs about every 100 ms on the watchdog's thread. */
Watchdog *watchdog_new (void (*tick) (gpointer user), gpointer user);
void watchdog_free (Watchdog *watchdog);

void watchdog_add (Watchdog *watchdog, WatchedSocket *socket, int fd, gint64 deadline);
/* Before the owner closes the descriptor. */
void watchdog_remove (Watchdog *watchdog, WatchedSocket *socket);
void watched_deadline (WatchedSocket *socket, gint64 deadline);
/* Leaves an earlier one. */
void watched_deadline_at_most (WatchedSocket *socket, gint64 deadline);
void watched_reading (WatchedSocket *socket, gboolean reading);
/* Asks for a lingering close; a failure to duplicate only costs the courtesy. */
void watched_linger (WatchedSocket *socket);
/* Cuts the connection now.  The caller knows that it is still open. */
void watched_cut (WatchedSocket *socket);
