/* signer/pins.h — what the signer's folder fixes: the site, its certificates, its profiles.
 *
 * DIR/site.json (canonical JSON) names every certificate and profile file by hash, so nothing next to it can
 * be exchanged without it.  All is read and checked at start, before the filter closes the file
 * system.
 */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"
#include "signer/key_place.h"
#include "signer/profile.h"

/* Random keys (secret.h). */
typedef enum { SECRET_STORAGE, SECRET_TOKENS, N_SECRETS } Secret;

/* The profiles that come with the program, among its resources. */
#define PROFILE_FOLDER "/cn/diqi/profiles"

/* An issuing CA of the site, under a root of its own or of an earlier one (docs/authority.md "Authorities of a site"). */
typedef struct {
	char *name;                    /* also of its files and in its addresses; the first is PINS_FIRST_CA */
	const char *hierarchy;         /* hierarchy_name of its algorithm */
	KeyAlgorithm algorithm;
	gboolean current;              /* signs new certificates of its hierarchy; others serve status only */
	Certificate *root, *certificate, *ocsp;
	Certificate *cross;            /* the CA certified by the first CA's root; NULL: it is under that anyway */
	char *ocsp_uri, *crl_uri, *issuer_uri;     /* made from base_uri and name */
	char *cps_uri;                             /* of the practice statement: in every certificate of a holder or officer */
	guint shards;                  /* of its revocation list: the last octet of a serial modulo this */
} PinnedCa;
/* Where the CA's delta list and the list of a shard are; caller frees. */
char *pins_delta_uri (const PinnedCa *ca);
char *pins_shard_uri (const PinnedCa *ca, guint shard);
/* What the certificate with this serial says of where it is listed. */
char *pins_list_uri (const PinnedCa *ca, const Serial *serial);
#define PINS_FIRST_CA "issuing"
#define PINS_MAX_CAS 16
#define PINS_SHARDS 128            /* of a new site that names none, and of one older than shards */
#define PINS_MAX_SHARDS 256

typedef struct {
	char *site;                    /* id: lower-case letters, digits, "-" and "." */
	char *name;                    /* for people; also O of the site's own certificates */
	char *base_uri;                /* "https://host[:port][/path]" without a "/" at the end */
	char *origin;
	gboolean test;
	KeyAlgorithm algorithm;        /* of the first CA */
	guint shards;                  /* of every CA's revocation list; fixed with the site, since certificates name theirs */
	GPtrArray *cas;                /* PinnedCa; the first is the main one, the last of each hierarchy its current one */
	Certificate *root, *issuing, *ocsp;     /* the first CA's */
	Certificate *log, *receipt;
	Certificate *document, *tsa;   /* NULL after pins_load: the folder is older than these (see complete.h) */
	Certificate *tls;              /* of the web server, by one of our CAs, as the journal has it (renew.h); NULL: none */
	GPtrArray *profiles;           /* Profile */
	gboolean has_secrets;          /* FALSE after pins_load: the folder is older than these */
	Fingerprint secrets[N_SECRETS];
	KeyPlaces *places;             /* which keys are on a token; never NULL */
} Pins;

/* Mail signing beside document signing: NSS, and with it pdfsig, trusts no signature on a document without it
 * (docs/decisions/0018). */
#define PINS_DOCUMENT_USAGE (EKU_DOCUMENT_SIGNING | EKU_EMAIL)

#define SITE_NAME_MAX 40           /* leaves room in CN for "… 签发 CA" and the like */

/* Sets what follows from the four; checks them (DIQI_ERROR_FIELD_VALUE with "/site" …). */
Pins *pins_new (const char *site, const char *name, const char *base_uri, gboolean test, KeyAlgorithm algorithm, GError **error);
/* Before the first CA is added. */
gboolean pins_set_shards (Pins *pins, gint64 shards, GError **error);
Pins *pins_load (const char *dir, GError **error);
void pins_free (Pins *pins);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pins, pins_free)

typedef struct {
	const char *name;
	Certificate *root, *certificate, *ocsp, *cross;
} CaCertificates;

/* "gm" for SM2, else "international". */
const char *hierarchy_name (KeyAlgorithm algorithm);
/* Takes a CA in as the newest of its hierarchy (pinned_ca.c); the certificates are referenced.  The first must be PINS_FIRST_CA and also
 * fills root, issuing and ocsp.  DIQI_ERROR_FIELD_VALUE, _EXISTS, _CERTIFICATE_CHAIN. */
gboolean pins_add_ca (Pins *pins, const CaCertificates *ca, GError **error);
/* NULL name: the first.  NULL: there is none of this name. */
const PinnedCa *pins_ca (const Pins *pins, const char *name);
/* The current CA for holders with such keys.  DIQI_ERROR_KEY_ALGORITHM "/request/spki" when the site has no such hierarchy. */
const PinnedCa *pins_ca_for_key (const Pins *pins, KeyAlgorithm algorithm, GError **error);
/* The CA that leaf names as its issuer; NULL: none of ours.  No signature is looked at. */
const PinnedCa *pins_ca_of (const Pins *pins, const Certificate *leaf);
/* Name of a CA's file in the signer's folder: its own (what NULL: issuing.crt, gm.crt), "root", "ocsp" or "cross" (root.crt, gm-root.crt). */
char *pins_ca_file (const char *ca, const char *what, const char *suffix);
/* Replaces a CA's responder certificate (its key stays). */
void pins_set_ocsp (Pins *pins, const PinnedCa *ca, Certificate *ocsp);

/* Text of site.json; profile_hashes: array of {name, version, hash}. */
GBytes *pins_site_json (const Pins *pins, const json_t *profile_hashes);
/* Pins a profile that the folder lacks: its file, then site.json.  One that is pinned already, by name and version, stays as it is. */
gboolean pins_add_profile (Pins *pins, const char *dir, const char *text, gsize n, GError **error);
/* Writes site.json anew, whole or not at all, with the certificates and secrets of pins; the rest stays as it is there. */
gboolean pins_rewrite (const Pins *pins, const char *dir, GError **error);

/* "storage", "tokens": file NAME.key, member of "secrets". */
const char *pins_secret_name (Secret which);
const Profile *pins_profile (const Pins *pins, const char *name, gint64 version);
/* The newest open version, or NULL. */
const Profile *pins_newest (const Pins *pins, const char *name);
/* Is it signed by one of our CAs, that by its root?  Judged at `at`. */
gboolean pins_verify (const Pins *pins, const Certificate *leaf, Micros at, GError **error);
/* Members of the reply to "site". */
json_t *pins_describe (const Pins *pins);
