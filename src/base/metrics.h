/* base/metrics.h — counters, gauges and histograms, printed as OpenMetrics text.
 * A metric is static data at its place of use; label values are few and fixed. */
#pragma once
#include <glib.h>

typedef struct Metrics Metrics;
Metrics *metrics_new (void);
void metrics_free (Metrics *metrics);
/* labels: NULL or `state="won"`; name e.g. "auction_bids_total".  Thread-safe. */
void metrics_add (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 delta);
void metrics_set (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 value);
/* Histogram of seconds with fixed bounds 1 ms … 10 s. */
void metrics_observe (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 micros);
char *metrics_text (Metrics *metrics);
