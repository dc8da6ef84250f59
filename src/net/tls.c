/* net/tls.c — what is asked of GnuTLS beneath libmicrohttpd.
 *
 * The handshake proves only that the peer holds the key of the certificate it sent.  Whether that
 * certificate means anything is for pki to say, from its DER; GnuTLS never judges it.
 *
 * Which certificate the server shows is set for each connection before its handshake, so that a renewed one needs no new start.
 */
#include "net/server_private.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

/* TLS 1.2 and 1.3, forward secrecy and AEAD only.  No tickets: a stateless ticket carries the
 * client certificate and is parsed anew on every resumption. */
const char tls_priorities[] =
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-SHA1:-AES-128-CBC:-AES-256-CBC:"
	"-CAMELLIA-128-CBC:-CAMELLIA-256-CBC:%SERVER_PRECEDENCE:%NO_TICKETS";

static gnutls_session_t
session_of (struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *session = MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return session != NULL ? session->tls_session : NULL;
}

GBytes *
tls_peer_certificate (struct MHD_Connection *mhd)
{
	gnutls_session_t session = session_of (mhd);
	unsigned int n = 0;
	if (session == NULL || gnutls_certificate_type_get2 (session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_X509)
		return NULL;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &n);
	return chain != NULL && n > 0 ? g_bytes_new (chain[0].data, chain[0].size) : NULL;
}

/* One attempt: the socket buffer of a peer that is still sending its request is empty. */
void
tls_send (struct MHD_Connection *mhd, int fd, GBytes *bytes, gboolean tls)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (bytes, &n);
	gssize sent = -1;
	if (!tls)
		sent = send (fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (session_of (mhd) != NULL)
		sent = gnutls_record_send (session_of (mhd), p, n);
	if (sent != (gssize) n)
		g_debug ("an early refusal did not fit the socket buffer");
}

/* --- the server's own certificate --------------------------------------------------- */

struct TlsCertificates {
	GMutex lock;
	GPtrArray *all;                   /* gnutls_certificate_credentials_t; the last is shown, the others belong to connections that run */
	char *client_ca;
};

TlsCertificates *
tls_certificates_new (const char *client_ca_pem)
{
	TlsCertificates *c = g_new0 (TlsCertificates, 1);
	g_mutex_init (&c->lock);
	c->all = g_ptr_array_new_with_free_func ((GDestroyNotify) gnutls_certificate_free_credentials);
	c->client_ca = g_strdup (client_ca_pem);
	return c;
}

void
tls_certificates_free (TlsCertificates *c)
{
	if (c == NULL)
		return;
	g_ptr_array_unref (c->all);
	g_mutex_clear (&c->lock);
	g_free (c->client_ca);
	g_free (c);
}

static gnutls_datum_t
datum (const char *text)
{
	return (gnutls_datum_t) { (unsigned char *) text, (unsigned int) strlen (text) };
}

static gboolean
load (gnutls_certificate_credentials_t to, const TlsCertificates *c, const char *certificate_pem, const char *key_pem, GError **error)
{
	gnutls_datum_t certificate = datum (certificate_pem), key = datum (key_pem);
	int failed = gnutls_certificate_set_x509_key_mem (to, &certificate, &key, GNUTLS_X509_FMT_PEM);
	if (failed < 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "certificate and key for HTTPS: %s", gnutls_strerror (failed));
	if (c->client_ca == NULL)
		return TRUE;
	gnutls_datum_t trust = datum (c->client_ca);
	failed = gnutls_certificate_set_x509_trust_mem (to, &trust, GNUTLS_X509_FMT_PEM);
	return failed >= 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "authorities of client certificates: %s", gnutls_strerror (failed));
}

gboolean
tls_certificates_set (TlsCertificates *c, const char *certificate_pem, const char *key_pem, GError **error)
{
	gnutls_certificate_credentials_t made;
	int failed = gnutls_certificate_allocate_credentials (&made);
	if (failed < 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s", gnutls_strerror (failed));
	if (!load (made, c, certificate_pem, key_pem, error)) {
		gnutls_certificate_free_credentials (made);
		return FALSE;
	}
	g_mutex_lock (&c->lock);
	g_ptr_array_add (c->all, made);
	g_mutex_unlock (&c->lock);
	return TRUE;
}

void
tls_certificates_use (TlsCertificates *c, struct MHD_Connection *mhd)
{
	g_mutex_lock (&c->lock);
	gnutls_certificate_credentials_t shown = g_ptr_array_index (c->all, c->all->len - 1);
	g_mutex_unlock (&c->lock);
	gnutls_session_t session = session_of (mhd);
	if (session != NULL)
		gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, shown);
}

gboolean
tls_validity (const char *certificate_pem, Micros *not_before, Micros *not_after, GError **error)
{
	gnutls_x509_crt_t certificate;
	gnutls_datum_t text = datum (certificate_pem);
	int failed = gnutls_x509_crt_init (&certificate);
	if (failed >= 0) {
		failed = gnutls_x509_crt_import (certificate, &text, GNUTLS_X509_FMT_PEM);
		*not_before = (Micros) gnutls_x509_crt_get_activation_time (certificate) * MICROS_PER_S;
		*not_after = (Micros) gnutls_x509_crt_get_expiration_time (certificate) * MICROS_PER_S;
		gnutls_x509_crt_deinit (certificate);
	}
	return failed >= 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "not a certificate in PEM: %s", gnutls_strerror (failed));
}
