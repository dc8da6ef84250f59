/* outbox/alarm.h — what those who answer for the site must know: a certificate of its own that ends, a clock that time stamps cannot trust, a
 * disk that fills.
 *
 * An alarm has a level, 0 for none, and rises; each level is told once to each person, over restarts too.  When it is over, or is
 * about something else (the next certificate), it can be told again.  Somebody who is named later is told of what is still so.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

#define ALARM_PEOPLE_MAX 16
typedef struct {
	char **mail, **mobile;       /* NULL-terminated; the channels that the site has not got are left out */
	const char *language;        /* NULL: zh-CN */
} AlarmPeople;
/* Addresses by commas, as the configuration has them.  DIQI_ERROR_CONFIG with `field`: one is no plain address, or too many. */
char **alarm_addresses (const char *text, const char *field, GError **error);

typedef struct {
	const char *what;            /* "root.crl", "clock" */
	guint level;                 /* 0 to 3 */
	const char *about;           /* "" when there is no telling apart */
	const char *template_name;   /* not needed at level 0 */
	const json_t *params;
} Alarm;
/* *rose (may be NULL): it is higher than it was, or a new one. */
gboolean alarm_set (Tx *tx, const Alarm *alarm, const AlarmPeople *people, Micros now, gboolean *rose, GError **error);
/* [{what, level, about, since}] of what is not over. */
gboolean alarm_list (Tx *tx, json_t **out, GError **error);
