/* signer/renew.h — the certificates of the site's own services, renewed before they end.
 *
 * Whoever runs the web server may ask at any time; when it is time is the signer's own judgement: a third of the life left, or 30 days if
 * that is more.  The new certificate is over the same key (which never leaves its place), of the newest open profile, by the current CA of
 * the site's first hierarchy, an OCSP responder's by its own CA.  It is a record of the journal that names the one before, and is found there
 * at the next start: site.json and the files stay as the ceremony left them.
 *
 * The web server's certificate, if one of our CAs signed it, is renewed like them: over its public key, for the host of the base URI, unless it was
 * revoked.  The key and the file are the web server's, which fetches the certificate by "site".
 */
#pragma once
#include "signer/keyring.h"

#define RENEW_LEAST_LEFT (30 * MICROS_PER_DAY)

/* At start: what earlier lives renewed takes the place of what the folder holds.  DIQI_ERROR_CONFIG when a record does not fit its service. */
gboolean renew_adopt (Keyring *keyring, GError **error);
/* Renews what is due.  names gets "log", "ocsp", "gm-ocsp", "tls" …, owned strings.  What cannot be renewed keeps nothing else from it, and is in the log. */
void renew_due (Keyring *keyring, Micros now, GPtrArray *names);
