/* base/log.h — operational log: one JSON object a line on standard error.
 * Never carries secrets, identity numbers or prices under seal.  GLib's own
 * messages go through the same writer after log_init. */
#pragma once
#include <glib.h>

typedef enum { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR_ } LogLevel;
void log_init (const char *process, LogLevel least);
/* log_event (LOG_LEVEL_INFO, "http.request", "method", "%s", m, "status", "%d", 200, NULL):
 * triples of key, printf format with exactly one conversion of %s, %d, %u, %" G_GINT64_FORMAT ", and its value. */
void log_event (LogLevel level, const char *event, ...) G_GNUC_NULL_TERMINATED;
