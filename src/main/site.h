/* main/site.h — a site put together: the composition root.
 *
 * Everything is made here in rank order, handed what it needs, and torn down in reverse.
 * site_open refuses what does not belong together: a database of another site, a test clock
 * on a site that `diqi init` made, a log that lost a leaf.
 */
#pragma once
#include "api/api.h"
#include "base/config.h"
#include "jobs/jobs.h"
#include "market/sale_clock.h"
#include "outbox/alarm.h"
#include "outbox/sender.h"
#include "protocol/protocol.h"

typedef struct SiteTls SiteTls;
typedef struct {
	char *dir, *ca_folder;
	Config *config;
	Metrics *metrics;
	Clock *clock;
	SignerClient *signer;
	Store *store;
	Authority *authority;
	Officers *officers;
	Registry *registry;
	Providers *providers;
	LogKeeper *keeper;
	Broadcast *broadcast;
	ArrivalWatermark *watermark;
	SaleClock *sale_clock;
	Jobs *jobs;
	MailChannel *mail;          /* NULL: not configured, like the rest of the outbox */
	HookChannel *hook;
	OutboxSender *mail_sender, *hook_sender;
	Api api;
	ProtocolContext protocol;
	GArray *routes;             /* Route */
	Server *http, *https, *manage;
	gint draining;
	SiteTls *tls;               /* main/site_tls.c */
	AlarmPeople alarm_people;   /* who is told of alarms */
	gint64 disposals_listed;    /* day of the calendar; 0 not yet */
} Site;

/* passphrase: of the signer's keys. */
Site *site_open (const char *dir, const char *passphrase, GError **error);
/* For a ceremony: a site that is not served, with a signer of its own on D/signer whatever the configuration says, and a log that tells of
 * errors alone. */
Site *site_open_stopped (const char *dir, const char *passphrase, GError **error);
/* Starts listeners and jobs.  listen: instead of the configured address; NULL. */
gboolean site_start (Site *site, const char *listen, GError **error);
/* Until SIGTERM or SIGINT; FALSE when the signer was lost.  Then site_close drains within seconds. */
gboolean site_run (Site *site, GError **error);
void site_close (Site *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Site, site_close)

/* Opens the configured database as it is. */
Store *site_store_connect (const Config *config, GError **error);
/* Opens and migrates it. */
Store *site_store_open (const Config *config, GError **error);

/* main/site_clock.c: the clock the configuration asks for, and D/clock of a frozen one. */
Clock *site_clock_new (const Config *config, const char *dir, gboolean test_site, GError **error);
gboolean site_clock_write (const char *dir, gboolean frozen, Micros now, GError **error);
gboolean site_clock_tell_signer (SignerClient *signer, const Clock *clock, Micros now, GError **error);
gboolean site_clock_set (gpointer site, Micros now, GError **error);

/* main/site_db.c: which site this database belongs to. */
gboolean site_db_pin (Store *store, const char *site, const char *kind, GError **error);
gboolean site_db_check (Store *store, const char *site, const char *kind, GError **error);

/* main/site_officers.c: logs a list of officers that the log does not know yet. */
gboolean site_record_officers (Site *site, GError **error);
/* Version of the last leaf about a pinned list ("officers.", "agents."); 0: none. */
gboolean site_logged_version (Site *site, const char *types, json_int_t *version, GError **error);

/* main/site_ceremonies.c: logs the ceremonies that the log does not know yet. */
gboolean site_record_ceremonies (Site *site, GError **error);

/* main/site_jobs.c: what runs by itself. */
void site_add_jobs (Site *site);

/* main/site_outbox.c: mail and web hook. */
gboolean site_open_outbox (Site *site, GError **error);
void site_start_outbox (Site *site);
void site_close_outbox (Site *site);

/* main/site_watch.c: renews the site's own certificates, and tells people what ends soon. */
gboolean site_watch (gpointer site, GError **error);

/* main/site_tls.c: the certificate that HTTPS shows. */
SiteTls *site_tls_new (void);
void site_tls_free (SiteTls *tls);
/* What the listener starts with; PEM, owned; the key is to be wiped. */
gboolean site_tls_load (Site *site, char **certificate, char **key, GError **error);
/* Installs what differs from what is shown: renewed by the site's authority, or put there by the operator.  A faulty one is told of in
 * the log, once, and what is shown stays.  Any thread. */
void site_tls_look (Site *site);
/* End of the certificate shown; 0: there is no HTTPS. */
Micros site_tls_end (Site *site);

/* main/site_alarms.c: what is alarming now, gathered and then told in one transaction. */
typedef struct SiteAlarms SiteAlarms;
SiteAlarms *site_alarms_new (Site *site);
void site_alarms_free (SiteAlarms *alarms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SiteAlarms, site_alarms_free)
/* Takes params, which may be NULL at level 0.  event: of the log. */
void site_alarms_add (SiteAlarms *alarms, const char *what, guint level, const char *about, const char *template_name, json_t *params, const char *event);
/* no_stamps: why the signer gives no time stamps, or NULL. */
void site_alarms_look_at_clock (SiteAlarms *alarms, const char *no_stamps);
/* Room on the disks. */
void site_alarms_look_at_disks (SiteAlarms *alarms);
gboolean site_alarms_tell (SiteAlarms *alarms, GError **error);
/* Megabytes free where path is; FALSE: it cannot be looked at. */
gboolean host_room (const char *path, guint64 *megabytes, gboolean *names);
#define ROOM_FAIL_MB 256
#define ROOM_WARN_MB 2048

/* main/site_reminders.c: tells holders what is about to lapse. */
gboolean site_remind (gpointer site, GError **error);

/* main/manage.c: /livez, /readyz, /metrics. */
const Route *manage_routes (gsize *n);
