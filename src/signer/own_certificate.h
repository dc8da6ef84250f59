/* signer/own_certificate.h — the certificates of the site itself: authorities and services. */
#pragma once
#include "base/clock.h"
#include "signer/pins.h"

typedef enum { OWN_ROOT, OWN_ISSUING, OWN_OCSP, OWN_LOG, OWN_RECEIPT, OWN_DOCUMENT, OWN_TSA, OWN_N } OwnKind;

/* What differs between them: of authorities all of it, of services what is not in their profile. */
typedef struct {
	const char *title;             /* after the site's name, as CN */
	const char *profile;           /* its newest open version holds; NULL: an authority */
	gint64 days;
	guint key_usage;
	int path_length;
	const char *const *hosts;
} OwnCertificate;

const OwnCertificate *own_certificate (OwnKind kind);
/* Signs one.  ca: whose name the addresses in it carry, and beyond the first also its CN; issuer NULL: signs itself. */
Certificate *own_certificate_make (const Pins *pins, const OwnCertificate *kind, const char *ca, const Issuer *issuer,
                                   const PrivateKey *key, Micros now, GError **error);
/* Of the web server, whose key the signer does not have; hosts NULL: that of the base URI. */
Certificate *own_certificate_tls (const Pins *pins, const char *ca, const Issuer *issuer, PublicKey *key, const char *const *hosts,
                                  Micros now, GError **error);
/* A second certificate for the key of `ca`, by the root of CA `by`: who trusts that root alone can check everything that `ca` signs. */
Certificate *own_certificate_cross (const Pins *pins, const char *ca, const PrivateKey *key, const char *by, const Issuer *root,
                                    Micros now, GError **error);
