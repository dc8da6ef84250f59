/* tests/unit/net/support.h — a server on loopback and raw sockets against it. */
#pragma once
#include "net/server.h"

typedef struct {
	Clock *clock;
	Metrics *metrics;
	Server *server;
	guint16 port;
} Site;

/* Fills listen, clock, metrics where unset and starts. */
void site_start (Site *site, ServerOptions options);
void site_stop (Site *site);

int raw_connect (guint16 port);
int raw_try_connect (guint16 port);                     /* -1 when refused */
void raw_send (int fd, const char *text, gssize n);
/* Reads until the peer closes or timeout_ms of silence; NUL-terminated, caller frees. */
char *raw_read (int fd, guint timeout_ms);
/* connect, send, read what comes until closed or quiet, close. */
char *raw_exchange (guint16 port, const char *text, gssize n);
/* Status of the nth answer in the text, 0 if there is none. */
guint raw_status (const char *answers, guint nth);
/* TRUE when the peer has closed (or reset) within timeout_ms. */
gboolean raw_is_closed (int fd, guint timeout_ms);
gsize resident_bytes (void);

#define assert_has(text, part) \
	G_STMT_START { \
		if (strstr ((text), (part)) == NULL) \
			g_error ("%s:%d: \"%s\" is not in:\n%s", __FILE__, __LINE__, (part), (text)); \
	} G_STMT_END
#define assert_has_not(text, part) \
	G_STMT_START { \
		if (strstr ((text), (part)) != NULL) \
			g_error ("%s:%d: \"%s\" is in:\n%s", __FILE__, __LINE__, (part), (text)); \
	} G_STMT_END
