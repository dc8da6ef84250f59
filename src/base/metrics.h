/* base/metrics.h — counters, gauges and histograms, printed as OpenMetrics text.
 * A metric is static data at its place of use; label values are few and fixed. */
#pragma once
#include <glib.h>

typedef struct Metrics Metrics;
Metrics *metrics_new (void);
void metrics_free (Metrics *metrics);
/* labels: NULL or `state="won"`.  metrics_add counts; its name ends in _total.  metrics_set
 * states a gauge, or, for a name in _total, a counter that is kept elsewhere.  One name
 * has one type; anything else is a programming error.  Thread-safe. */
void metrics_add (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 delta);
void metrics_set (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 value);
/* Histogram of seconds with fixed bounds 1 ms … 10 s. */
void metrics_observe (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 micros);
char *metrics_text (Metrics *metrics);
