/* main/site.c — see site.h. */
#include "main/site.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "calendar/calendar.h"
#include "main/cli.h"
#include "market/sale.h"
#include "registry/recovery.h"
#include "registry/search.h"
#include "registry/weak_keys.h"

#define DRAIN_MS 5000
#define LOOK_AT_SIGNER_MS 200

/* --- opening -------------------------------------------------------------------------- */

static LogLevel
log_level (const Config *config)
{
	const char *name = config_string (config, "log", "level");
	if (strcmp (name, "debug") == 0)
		return LOG_LEVEL_DEBUG;
	if (strcmp (name, "warn") == 0)
		return LOG_LEVEL_WARN;
	return strcmp (name, "error") == 0 ? LOG_LEVEL_ERROR_ : LOG_LEVEL_INFO;
}

/* A signer run apart, on a Unix socket (`diqi signer --socket PATH`). */
static SignerClient *
connect_signer (const char *path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, "/signer/socket", "the path is too long for a Unix socket");
		return NULL;
	}
	int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect (fd, (const struct sockaddr *) &address, sizeof address) != 0) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "no signer answers at %s: %s", path, g_strerror (errno));
		if (fd >= 0)
			close (fd);
		return NULL;
	}
	return signer_client_new (fd);
}

static gboolean
open_signer (Site *site, const char *passphrase, gboolean stopped, GError **error)
{
	g_autofree char *socket_path = stopped ? NULL : config_path (site->config, "signer", "socket");
	g_autofree char *dir = stopped ? g_build_filename (site->dir, "signer", NULL) : config_path (site->config, "signer", "dir");
	if (socket_path != NULL)
		site->signer = connect_signer (socket_path, error);
	else
		site->signer = signer_spawn ("/proc/self/exe", dir, passphrase, strlen (passphrase), error);
	return site->signer != NULL;
}

static gboolean
open_clock (Site *site, gboolean test_site, GError **error)
{
	site->clock = site_clock_new (site->config, site->dir, test_site, error);
	if (site->clock == NULL)
		return FALSE;
	return !clock_is_test (site->clock) ||
	       site_clock_tell_signer (site->signer, site->clock, clock_now (site->clock), error);
}

/* "sqlite:data/diqi.db" is below the configuration's folder. */
static char *
store_uri (const Config *config)
{
	const char *uri = config_string (config, "site", "store");
	if (!g_str_has_prefix (uri, "sqlite:") || g_path_is_absolute (uri + strlen ("sqlite:")))
		return g_strdup (uri);
	g_autofree char *path = g_build_filename (config_folder (config), uri + strlen ("sqlite:"), NULL);
	return g_strconcat ("sqlite:", path, NULL);
}

Store *
site_store_connect (const Config *config, GError **error)
{
	StoreOptions options = {
		.readers = (guint) config_int (config, "store", "readers"),
		.writers = (guint) config_int (config, "store", "writers"),
		.gather_micros = (guint) config_int (config, "store", "gather_micros"),
	};
	g_autofree char *uri = store_uri (config);
	return store_open (uri, &options, error);
}

Store *
site_store_open (const Config *config, GError **error)
{
	g_autoptr (Store) store = site_store_connect (config, error);
	if (store == NULL || !store_migrate (store, error))
		return NULL;
	return g_steal_pointer (&store);
}

static gboolean
open_officers (Site *site, GError **error)
{
	g_autoptr (json_t) document = signer_get_officers (site->signer, error);
	if (document == NULL)
		return FALSE;
	g_autoptr (OfficerList) list = officer_list_parse (document, error);
	if (list == NULL)
		return FALSE;
	site->officers = officers_new (list);
	return TRUE;
}

static char *
sign_checkpoint (gpointer signer, const Hash *root, guint64 size, guint64 old_size, const Hash *proof, gsize n, GError **error)
{
	return signer_sign_checkpoint (signer, root, size, old_size, proof, n, error);
}

static gboolean
last_checkpoint (gpointer signer, guint64 *size, Hash *root, GError **error)
{
	return signer_last_checkpoint (signer, size, root, error);
}

static void
fill_contexts (Site *site)
{
	site->api = (Api) {
		.store = site->store, .clock = site->clock, .signer = site->signer,
		.site = authority_site (site->authority), .authority = site->authority, .officers = site->officers,
		.registry = site->registry, .providers = site->providers, .keeper = site->keeper, .broadcast = site->broadcast,
		.watermark = site->watermark, .metrics = site->metrics,
		.max_hold_days = config_int (site->config, "authority", "max_hold_days"),
		.hold_warning_days = config_int (site->config, "authority", "hold_warning_days"),
		.site_name = authority_site (site->authority)->name, .log_origin = authority_site (site->authority)->origin,
		.set_clock = site_clock_set, .set_clock_user = site,
	};
	site->protocol = (ProtocolContext) { site->authority, site->signer, site->keeper, site->clock, site->metrics, site->ca_folder };
}

static gboolean
open_parts (Site *site, const char *passphrase, gboolean stopped, GError **error)
{
	if (!open_signer (site, passphrase, stopped, error))
		return FALSE;
	g_autoptr (SignerSite) facts = signer_get_site (site->signer, error);
	if (facts == NULL || !open_clock (site, facts->test_site, error))
		return FALSE;
	site->store = site_store_open (site->config, error);
	if (site->store == NULL || !site_db_check (site->store, facts->site, facts->test_site ? "test" : "production", error))
		return FALSE;
	/* Before anything is signed or written: a database that was altered or set back stays as it was found. */
	site->keeper = log_keeper_open (site->store, site->clock, facts->origin, sign_checkpoint, last_checkpoint, site->signer, error);
	if (site->keeper == NULL || !calendar_seed (site->store, clock_now (site->clock), error))
		return FALSE;
	site->authority = authority_new (site->store, site->signer, site->clock, error);
	if (site->authority == NULL || !open_officers (site, error))
		return FALSE;
	g_autofree char *providers = config_path (site->config, "payments", "providers");
	site->providers = providers_load (providers, error);
	if (site->providers == NULL)
		return FALSE;
	if (!weak_keys_adopt (site->store, error))
		return FALSE;
	site->registry = registry_new (site->authority, site->clock);
	site->broadcast = broadcast_new ();
	site->watermark = arrival_watermark_new ();
	site->jobs = jobs_new (site->metrics);
	site_add_jobs (site);
	fill_contexts (site);
	return site_open_outbox (site, error);
}

static Site *
open_site (const char *dir, const char *passphrase, gboolean stopped, GError **error)
{
	g_autoptr (Site) site = g_new0 (Site, 1);
	g_autofree char *path = g_build_filename (dir, "diqi.conf", NULL);
	site->dir = g_strdup (dir);
	site->tls = site_tls_new ();
	site->ca_folder = g_build_filename (dir, "ca", NULL);
	site->metrics = metrics_new ();
	site->config = config_load (path, error);
	if (site->config == NULL)
		return NULL;
	log_init (stopped ? "ceremony" : "serve", stopped ? LOG_LEVEL_ERROR_ : log_level (site->config));
	if (!open_parts (site, passphrase, stopped, error))
		return NULL;
	return g_steal_pointer (&site);
}

Site *
site_open (const char *dir, const char *passphrase, GError **error)
{
	return open_site (dir, passphrase, FALSE, error);
}

Site *
site_open_stopped (const char *dir, const char *passphrase, GError **error)
{
	return open_site (dir, passphrase, TRUE, error);
}

/* --- listening -------------------------------------------------------------------------- */

static void
collect_routes (Site *site)
{
	gsize n;
	site->routes = g_array_new (FALSE, FALSE, sizeof (Route));
	const Route *api = api_routes (&n);
	g_array_append_vals (site->routes, api, (guint) n);
	g_autofree Route *protocol = protocol_routes (&site->protocol, PERMIT_PUBLIC, &n);
	g_array_append_vals (site->routes, protocol, (guint) n);
}

static ServerOptions
base_options (Site *site, const char *listen)
{
	return (ServerOptions) {
		.listen = listen, .clock = site->clock, .metrics = site->metrics, .user = &site->api,
		.routes = (const Route *) (gpointer) site->routes->data, .routes_n = site->routes->len,
		.workers = (guint) config_int (site->config, "http", "workers"),
		.rate_per_second = (guint) config_int (site->config, "http", "rate_per_second"),
		.access_log = TRUE,
	};
}

/* Those of which a TLS library can check certificates: GnuTLS knows no SM2, and refuses a list that it cannot read whole. */
static char *
client_authorities (const SignerSite *facts)
{
	GString *text = g_string_new ("");
	for (guint i = 0; i < facts->cas->len; i++) {
		const SignerCa *ca = g_ptr_array_index (facts->cas, i);
		if (ca->algorithm == KEY_SM2 && facts->cas->len > 1)
			continue;
		g_autofree char *issuing = certificate_pem (ca->certificate), *root = certificate_pem (ca->root);
		g_string_append (text, issuing);
		g_string_append (text, root);
	}
	return g_string_free (text, FALSE);
}

static gboolean
start_https (Site *site, GError **error)
{
	const char *listen = config_string (site->config, "http", "tls_listen");
	if (*listen == '\0')
		return TRUE;
	g_autofree char *certificate = NULL;
	g_autofree char *key = NULL;
	if (!site_tls_load (site, &certificate, &key, error))
		return FALSE;
	const SignerSite *facts = authority_site (site->authority);
	g_autofree char *client_ca = client_authorities (facts);
	ServerOptions options = base_options (site, listen);
	options.tls_certificate_pem = certificate;
	options.tls_key_pem = key;
	options.tls_client_ca_pem = client_ca;
	site->https = server_start (&options, error);
	explicit_bzero (key, strlen (key));
	return site->https != NULL;
}

static gboolean
start_manage (Site *site, GError **error)
{
	const char *listen = config_string (site->config, "http", "manage_listen");
	if (*listen == '\0')
		return TRUE;
	ServerOptions options = base_options (site, listen);
	options.routes = manage_routes (&options.routes_n);
	options.user = site;
	options.rate_per_second = 0;
	options.access_log = FALSE;
	options.threads = 1;
	options.workers = 2;
	site->manage = server_start (&options, error);
	return site->manage != NULL;
}

/* D/address, D/address.https, D/address.manage say where a running site listens: ports may have been picked. */
static void
write_address (const Site *site, const char *file, const char *scheme, const char *listen, const Server *server)
{
	g_autofree char *path = g_build_filename (site->dir, file, NULL);
	if (server == NULL) {
		unlink (path);
		return;
	}
	g_autofree char *host = g_strndup (listen, (gsize) (strrchr (listen, ':') - listen));
	g_autofree char *text = g_strdup_printf ("%s://%s:%u\n", scheme, host, (guint) server_port (server));
	g_autoptr (GError) error = NULL;
	if (!g_file_set_contents (path, text, -1, &error))
		log_event (LOG_LEVEL_WARN, "site.address", "error", "%s", error->message, NULL);
}

static void
write_addresses (const Site *site, const char *listen)
{
	write_address (site, "address.https", "https", config_string (site->config, "http", "tls_listen"), site->https);
	write_address (site, "address.manage", "http", config_string (site->config, "http", "manage_listen"), site->manage);
	/* Last: who waits for it finds the others in place. */
	write_address (site, "address", "http", listen, site->http);
}

gboolean
site_start (Site *site, const char *listen, GError **error)
{
	collect_routes (site);
	guint finished = 0;
	/* What a crash left half done is finished before anybody can ask. */
	if (!registry_resume (site->registry, site->store, &finished, error) ||
	    !recovery_resume (site->registry, site->store, site->signer, error) || !search_catch_up (site->registry, site->store, error) ||
	    !authority_adopt_services (site->authority, error) || !site_record_officers (site, error) || !site_record_ceremonies (site, error) || !sale_clock_resume (site->sale_clock, error) || !jobs_run_all (site->jobs, error))
		return FALSE;
	log_keeper_start (site->keeper);
	authority_worker_start (site->authority);
	if (listen == NULL)
		listen = config_string (site->config, "http", "listen");
	ServerOptions options = base_options (site, listen);
	site->http = server_start (&options, error);
	if (site->http == NULL || !start_https (site, error) || !start_manage (site, error))
		return FALSE;
	jobs_start (site->jobs);
	site_start_outbox (site);
	write_addresses (site, listen);
	log_event (LOG_LEVEL_INFO, "site.started", "site", "%s", site->api.site->site, "port", "%u", (guint) server_port (site->http),
	           "resumed", "%u", finished, NULL);
	return TRUE;
}

/* --- running and ending -------------------------------------------------------------------- */

/* Without its signer a site can log nobody in, give no receipt and sign no checkpoint, and there is no way back but
 * a new start: it ends, and says so, for the service manager to start both again. */
gboolean
site_run (Site *site, GError **error)
{
	const struct timespec look = { .tv_nsec = LOOK_AT_SIGNER_MS * 1000000L };
	sigset_t signals;
	sigemptyset (&signals);
	sigaddset (&signals, SIGTERM);
	sigaddset (&signals, SIGINT);
	sigaddset (&signals, SIGHUP);
	int signal_no;
	do {
		signal_no = sigtimedwait (&signals, NULL, &look);      /* blocked in every thread by serve_until_signal */
		if (signal_no == SIGHUP)
			site_tls_look (site);
	} while ((signal_no < 0 || signal_no == SIGHUP) && !signer_client_is_lost (site->signer));
	g_atomic_int_set (&site->draining, 1);
	if (signal_no > 0) {
		log_event (LOG_LEVEL_INFO, "site.stopping", "signal", "%d", signal_no, NULL);
		return TRUE;
	}
	log_event (LOG_LEVEL_ERROR_, "site.signer_lost", "detail", "%s", "the signer is gone; stopping, to be started again", NULL);
	return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the signer is gone");
}

void
site_close (Site *site)
{
	if (site == NULL)
		return;
	g_atomic_int_set (&site->draining, 1);
	Server *servers[] = { site->http, site->https, site->manage };
	for (guint i = 0; i < G_N_ELEMENTS (servers); i++) {
		if (servers[i] != NULL) {
			server_stop (servers[i], DRAIN_MS);
			server_free (servers[i]);
		}
	}
	g_clear_pointer (&site->jobs, jobs_free);
	site_close_outbox (site);
	g_clear_pointer (&site->sale_clock, sale_clock_free);
	if (site->authority != NULL)
		authority_worker_stop (site->authority);
	g_clear_pointer (&site->keeper, log_keeper_free);     /* signs what is left */
	g_clear_pointer (&site->registry, registry_free);
	g_clear_pointer (&site->providers, providers_free);
	g_clear_pointer (&site->officers, officers_free);
	g_clear_pointer (&site->authority, authority_free);
	g_clear_pointer (&site->store, store_close);
	g_clear_pointer (&site->signer, signer_client_free);
	g_clear_pointer (&site->broadcast, broadcast_free);
	g_clear_pointer (&site->watermark, arrival_watermark_free);
	g_clear_pointer (&site->clock, clock_free);
	g_clear_pointer (&site->metrics, metrics_free);
	g_clear_pointer (&site->config, config_free);
	g_clear_pointer (&site->routes, g_array_unref);
	g_free (site->dir);
	g_free (site->ca_folder);
	g_clear_pointer (&site->tls, site_tls_free);
	g_strfreev (site->alarm_people.mail);
	g_strfreev (site->alarm_people.mobile);
	g_free (site);
}
