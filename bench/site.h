/* bench/site.h — the processes that are measured: a test site of its own, and the bare HTTP server beside it. */
#pragma once
#include "base/clock.h"

typedef struct {
	guint grow;                  /* certificates it is to have before it first starts, a tenth of them revoked; set beforehand */
	Micros started;              /* how long `diqi serve` took until it listened */
	char *dir;                   /* of the site */
	GPid pid;                    /* diqi serve */
	guint16 port;
} BenchSite;

/* Makes a test site below `work` and serves it on a free loopback port.  Its clock runs from `clock`; no rate
 * limit for one address, everything else as a site comes. */
gboolean bench_site_start (BenchSite *site, const char *program, const char *work, const char *clock, GError **error);
void bench_site_stop (BenchSite *site);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchSite, bench_site_stop)

/* A process with its children: resident memory in KiB, and processor time used so far in microseconds. */
guint64 memory_resident (GPid pid);
guint64 processor_time (GPid pid);

/* This program again as a bare server (see plain_serve). */
typedef struct {
	GPid pid;
	guint16 port;
} BenchPlain;
gboolean bench_plain_start (BenchPlain *plain, const char *work, GError **error);
void bench_plain_stop (BenchPlain *plain);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchPlain, bench_plain_stop)

/* The HTTP server of net/ with one route, PLAIN_PATH, that answers PLAIN_BYTES fixed bytes from memory on the
 * listener's thread.  Writes its port to the file and serves until SIGTERM. */
#define PLAIN_PATH "/fixed"
#define PLAIN_BYTES 512        /* about an OCSP response with its certificate left to the client */
int plain_serve (const char *port_file);
