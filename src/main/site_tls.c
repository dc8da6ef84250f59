/* main/site_tls.c — the certificate that HTTPS shows, kept current without a new start.
 *
 * tls_certificate and tls_key name two files.  Is the certificate there by the site's own authority, the signer renews it (signer/renew.h): the
 * renewed one is written over the file, whole or not at all, and shown from then on.  Any other is the operator's: it is read again when the
 * files have changed, every ten minutes and at SIGHUP, as tools that renew certificates of public authorities expect.
 */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "main/site.h"

#define TLS_FILE_MAX (1 << 16)

struct SiteTls {
	GMutex lock;                 /* the job of watching and the signal meet here */
	Fingerprint seen;            /* of both files as they were looked at last, shown or refused */
	Micros end;                  /* of the certificate shown */
};

/* Both files; the key is wiped. */
typedef struct {
	char *certificate, *key;
} Pair;

static void
pair_clear (Pair *pair)
{
	if (pair->key != NULL)
		explicit_bzero (pair->key, strlen (pair->key));
	g_free (pair->certificate);
	g_free (pair->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

SiteTls *
site_tls_new (void)
{
	SiteTls *tls = g_new0 (SiteTls, 1);
	g_mutex_init (&tls->lock);
	return tls;
}

void
site_tls_free (SiteTls *tls)
{
	if (tls == NULL)
		return;
	g_mutex_clear (&tls->lock);
	g_free (tls);
}

static gboolean
read_file (const Site *site, const char *key, char **out, GError **error)
{
	g_autofree char *path = config_path (site->config, "http", key);
	g_autofree char *field = g_strconcat ("/http/", key, NULL);
	g_autoptr (GError) failure = NULL;
	gsize n;
	if (path == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, field, "not set");
	if (!g_file_get_contents (path, out, &n, &failure))
		return diqi_fail (error, DIQI_ERROR_CONFIG, field, "%s", failure->message);
	return (n <= TLS_FILE_MAX && strlen (*out) == n) || diqi_fail (error, DIQI_ERROR_CONFIG, field, "%s: not a file in PEM", path);
}

/* --- renewed by the site's authority ---------------------------------------------------- */

/* The first block of a PEM file that may hold a chain.  NULL: this program's strict reader does not take it. */
static Certificate *
first_of (const char *pem)
{
	static const char end[] = "-----END CERTIFICATE-----";
	const char *stop = strstr (pem, end);
	if (stop == NULL)
		return NULL;
	g_autofree char *first = g_strdup_printf ("%.*s\n", (int) (stop - pem) + (int) strlen (end), pem);
	return certificate_parse_pem (first, strlen (first), NULL);
}

/* With what is between it and the root that those who trust the site's first root have. */
static char *
chain_of (const SignerSite *facts, const Certificate *leaf)
{
	const SignerCa *ca = signer_site_ca_of (facts, leaf);
	g_autofree char *text = certificate_pem (leaf);
	const Certificate *above = ca == NULL ? NULL : ca->cross != NULL ? ca->cross : ca->certificate;
	g_autofree char *between = above != NULL ? certificate_pem (above) : g_strdup ("");
	return g_strconcat (text, between, NULL);
}

static void
write_chain (const Site *site, const char *pem)
{
	g_autofree char *path = config_path (site->config, "http", "tls_certificate");
	g_autoptr (GError) error = NULL;
	/* The next start fetches it from the signer again. */
	if (!g_file_set_contents_full (path, pem, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644, &error))
		log_event (LOG_LEVEL_WARN, "tls.write", "file", "%s", path, "error", "%s", error->message, NULL);
}

/* In place of what the file has, if the signer renewed just that. */
static void
take_renewed (const Site *site, char **pem)
{
	const SignerSite *facts = authority_site (site->authority);
	const Certificate *renewed = signer_site_now (&facts->tls);
	g_autoptr (Certificate) there = first_of (*pem);
	if (renewed == NULL || there == NULL || signer_site_ca_of (facts, there) == NULL
	    || !fingerprint_equal (public_key_fingerprint (certificate_public_key (there)), public_key_fingerprint (certificate_public_key (renewed)))
	    || certificate_not_after (renewed) <= certificate_not_after (there))
		return;
	g_free (*pem);
	*pem = chain_of (facts, renewed);
	write_chain (site, *pem);
}

/* --- looking ------------------------------------------------------------------------------ */

static gboolean
read_pair (const Site *site, Pair *out, GError **error)
{
	if (!read_file (site, "tls_certificate", &out->certificate, error))
		return FALSE;
	take_renewed (site, &out->certificate);
	return read_file (site, "tls_key", &out->key, error);
}

static void
hash_of (const Pair *pair, Fingerprint *out)
{
	Fingerprint both[2];
	fingerprint_of (pair->certificate, strlen (pair->certificate), &both[0]);
	fingerprint_of (pair->key, strlen (pair->key), &both[1]);
	fingerprint_of (both, sizeof both, out);
}

gboolean
site_tls_load (Site *site, char **certificate, char **key, GError **error)
{
	g_auto (Pair) pair = { NULL };
	Micros begin;
	if (!read_pair (site, &pair, error) || !tls_validity (pair.certificate, &begin, &site->tls->end, error))
		return FALSE;
	hash_of (&pair, &site->tls->seen);
	*certificate = g_steal_pointer (&pair.certificate);
	*key = g_steal_pointer (&pair.key);
	return TRUE;
}

/* At a start an expired certificate is better than none; in place of a good one it is a mistake. */
static gboolean
install (Site *site, const Pair *pair, GError **error)
{
	Micros begin, end, now = clock_now (site->clock);
	if (!tls_validity (pair->certificate, &begin, &end, error))
		return FALSE;
	if (now > end || now < begin)
		return diqi_fail (error, DIQI_ERROR_CONFIG, "/http/tls_certificate", "%s", now > end ? "it has ended" : "it is not valid yet");
	if (!server_set_certificate (site->https, pair->certificate, pair->key, error))
		return FALSE;
	site->tls->end = end;
	g_autofree char *at = time_format (end);
	log_event (LOG_LEVEL_INFO, "tls.installed", "ends", "%s", at, NULL);
	return TRUE;
}

static void
look (Site *site)
{
	g_auto (Pair) pair = { NULL };
	g_autoptr (GError) error = NULL;
	Fingerprint hash = { { 0 } };
	gboolean well = read_pair (site, &pair, &error);
	/* At a start the jobs run before there is a listener. */
	if (site->https == NULL) {
		Micros begin;
		if (well && *config_string (site->config, "http", "tls_listen") != '\0')
			tls_validity (pair.certificate, &begin, &site->tls->end, NULL);
		return;
	}
	if (well)
		hash_of (&pair, &hash);
	if (fingerprint_equal (&hash, &site->tls->seen))
		return;
	site->tls->seen = hash;
	if (!well || !install (site, &pair, &error))
		log_event (LOG_LEVEL_ERROR_, "tls.refused", "error", "%s", error->message, "detail", "%s", "the certificate in use stays", NULL);
}

void
site_tls_look (Site *site)
{
	g_mutex_lock (&site->tls->lock);
	look (site);
	g_mutex_unlock (&site->tls->lock);
}

Micros
site_tls_end (Site *site)
{
	g_mutex_lock (&site->tls->lock);
	Micros end = site->tls->end;
	g_mutex_unlock (&site->tls->lock);
	return end;
}
