/* net/tls.c — what is asked of GnuTLS beneath libmicrohttpd.
 *
 * The handshake proves only that the peer holds the key of the certificate it sent.  Whether that
 * certificate means anything is for pki to say, from its DER; GnuTLS never judges it.
 */
#include "net/server_private.h"

#include <gnutls/gnutls.h>
#include <sys/socket.h>

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
