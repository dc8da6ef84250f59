/* signer/create.h — the ceremony behind `diqi init`: hierarchy, keys, first officers, the signer's folder.
 *
 * Makes below DIR (which must be missing or empty):
 *   ca/root.crl, the root's own list; ca/{root,issuing,ocsp,log,receipt,document}.crt, ca/tls.crt, ca/tls.key (0600), ca/tls-root.crt
 *   root/root.key (0600, under its own passphrase), or root/root.json that says on which token it is, with hsm.pin
 *   of a second hierarchy, called gm or international: ca/gm-root.crt, ca/gm.crt, ca/gm-ocsp.crt, ca/gm-cross.crt, ca/gm-root.crl, root/gm-root.key, and the
 *   same in signer/ with gm.key and gm-ocsp.key
 *   signer/ (0700): site.json, profiles/, the certificates again, issuing/ocsp/log/receipt/document.key, storage.key, tokens.key,
 *   officers.log with the first list, agents.log with the recovery agents, an empty escrow.log, journal.log with every certificate of the issuing CA
 * All is synced to disk.  The officers' keys are handed back as PKCS#12, each under a random
 * PIN, and kept nowhere.  After a failure the folder is incomplete and must be deleted.
 *
 * The log key is always Ed25519 (C2SP signed-note).  The TLS certificate is P-256: signed by the
 * issuing CA, except on SM2 sites, whose chain TLS libraries cannot check: there by a
 * P-256 root of its own, whose key is thrown away.  ca/tls-root.crt is what a TLS client must
 * trust.
 */
#pragma once
#include "base/clock.h"
#include "pki/certificate.h"
#include "pki/pkcs11.h"

typedef struct {
	const char *person, *name;              /* UUID; as in the certificate */
	const char *const *roles;               /* NULL-terminated names */
} SignerCreateOfficer;

/* A token that keys are made on, and stay on. */
typedef struct {
	Pkcs11Place place;
	const char *pin;
	gsize pin_n;
} SignerCreateToken;

#define CREATE_MAX_SHARDS 256
typedef struct {
	const char *dir;
	const char *site, *name, *base_uri;     /* see signer/pins.h */
	gboolean test;
	KeyAlgorithm algorithm;                 /* KEY_ALGORITHM_CHOICE */
	gboolean has_second;                    /* a second hierarchy beside it: */
	KeyAlgorithm second;                    /* KEY_SM2, or on an SM2 site one of the others */
	guint shards;                           /* of the revocation lists, at most CREATE_MAX_SHARDS; 0: PINS_SHARDS */
	Micros now;
	const char *passphrase;
	gsize passphrase_n;
	const char *root_passphrase;
	gsize root_passphrase_n;
	const char *const *hosts;               /* of the TLS certificate, NULL-terminated; NULL: of base_uri */
	const SignerCreateOfficer *officers;
	gsize officers_n;
	const SignerCreateToken *token;         /* of the signer's keys; NULL: into files */
	const SignerCreateToken *root_token;    /* of the roots' keys; NULL: into files under the root passphrase */
	guint recovery_threshold;               /* so many of the officers with the role recovery_agent open an escrowed key; 0: no key centre */
} SignerCreate;

typedef struct {
	GBytes *p12;
	char *pin;                              /* wiped by signer_created_clear */
	Certificate *certificate;
	Certificate *encryption;                /* of a recovery agent; else NULL */
	GBytes *encryption_p12;                 /* under the same PIN */
} SignerCreatedOfficer;

typedef struct {
	Certificate *root, *issuing;
	SignerCreatedOfficer *officers;         /* in the order of the input */
	gsize officers_n;
	struct Hierarchy *hierarchy;
} SignerCreated;
void signer_created_clear (SignerCreated *created);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SignerCreated, signer_created_clear)

/* The caller failed later: takes back what was made on tokens.  The folder is the caller's to delete. */
void signer_create_undo (SignerCreated *created);

/* Profiles come from the program's resources (/cn/diqi/profiles). */
gboolean signer_create_site (const SignerCreate *in, SignerCreated *out, GError **error);
