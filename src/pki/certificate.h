/* pki/certificate.h — certificates, requests, revocation lists, status answers.
 *
 * Readers are strict: hard size limit first, consumed length equals input length.
 * Writers encode what an already checked structure says; who may ask for what is
 * the signer's business.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/key.h"

#define CERTIFICATE_MAX_DER 16384
#define CSR_MAX_DER 16384

typedef struct { guint8 b[20]; } Serial;        /* positive, big-endian; shorter ones of other makers padded in front */
/* Ours: 01, 46 bits of milliseconds, then 112 random bits: positive and 20 octets whatever the
 * clock says (serial.c). */
void serial_new (Micros now, Serial *out);
Micros serial_time (const Serial *serial);
char *serial_hex (const Serial *serial);        /* 40 lower-case digits */
gboolean serial_from_hex (const char *text, Serial *out);

/* --- names: ordered list of UTF-8 attributes -------------------------------- */
typedef enum {
	NAME_COUNTRY, NAME_PROVINCE, NAME_LOCALITY, NAME_ORGANIZATION, NAME_UNIT,
	NAME_COMMON_NAME, NAME_SERIAL_NUMBER, NAME_ORGANIZATION_IDENTIFIER, NAME_N_ATTRIBUTES
} NameAttribute;
typedef struct { NameAttribute attribute; const char *value; } NamePart;
const char *name_attribute_key (NameAttribute a);       /* "C" "ST" "L" "O" "OU" "CN" "serialNumber" "organizationIdentifier" */
gboolean name_attribute_from_key (const char *key, NameAttribute *out);

/* --- a parsed certificate; immutable, reference counted, thread-safe --------- */
typedef struct Certificate Certificate;
/* Version 3, one form, every field looked at.  DIQI_ERROR_CERTIFICATE.  A critical extension that is
 * not processed here does not hinder reading, but ends every chain the certificate appears in. */
Certificate *certificate_parse (gconstpointer der, gsize n, GError **error);
/* The same of a certificate that should be over `key`: if its octets are the key's, it is taken and not read again. */
Certificate *certificate_parse_over (gconstpointer der, gsize n, PublicKey *key, GError **error);
/* One PEM block (RFC 7468); text before it is allowed, a second block is not. */
Certificate *certificate_parse_pem (const char *pem, gsize n, GError **error);
/* All that a file holds, DER or PEM blocks with any text between them, at most `most`: Certificate *, owned.  A list likewise: GBytes *. */
GPtrArray *certificates_read (GBytes *file, gsize most, GError **error);
GPtrArray *lists_read (GBytes *file, gsize most, GError **error);
Certificate *certificate_ref (Certificate *c);
void certificate_unref (Certificate *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Certificate, certificate_unref)
GBytes *certificate_der (const Certificate *c);                 /* new reference */
json_t *certificate_json (const Certificate *c);                /* a text: the DER in base64 */
char *certificate_pem (const Certificate *c);
const Fingerprint *certificate_fingerprint (const Certificate *c);     /* SHA-256 of the DER */
PublicKey *certificate_public_key (const Certificate *c);       /* borrowed */
const Serial *certificate_serial (const Certificate *c);
Micros certificate_not_before (const Certificate *c);
Micros certificate_not_after (const Certificate *c);            /* last moment of validity */
char *certificate_subject_text (const Certificate *c);          /* RFC 2253, UTF-8, for people */
char *certificate_issuer_text (const Certificate *c);
char *certificate_subject_attribute (const Certificate *c, NameAttribute a);  /* first one or NULL */
gboolean certificate_is_ca (const Certificate *c);

enum {  /* keyUsage bits */
	KU_DIGITAL_SIGNATURE = 1 << 0, KU_NON_REPUDIATION = 1 << 1, KU_KEY_ENCIPHERMENT = 1 << 2,
	KU_DATA_ENCIPHERMENT = 1 << 3, KU_KEY_AGREEMENT = 1 << 4, KU_KEY_CERT_SIGN = 1 << 5, KU_CRL_SIGN = 1 << 6,
};
enum {  /* extended key usage bits */
	EKU_CLIENT_AUTH = 1 << 0, EKU_SERVER_AUTH = 1 << 1, EKU_OCSP_SIGNING = 1 << 2, EKU_TIME_STAMPING = 1 << 3,
	EKU_EMAIL = 1 << 4, EKU_DOCUMENT_SIGNING = 1 << 5 /* RFC 9336 */, EKU_DIQI_LOG = 1 << 6, EKU_DIQI_RECEIPT = 1 << 7,
};
/* Diqi's object identifiers lie under an arc made from a UUID, e5cb1c38-9b8a-421b-bf9a-ef3c12980776
 * (ITU-T X.667): 2.25.305447819689411628422610157834667034486
 *   .1  extended key usage: signs log checkpoints
 *   .2  extended key usage: signs receipts
 *   .3  certificate policies, see POLICY_… */
guint certificate_key_usage (const Certificate *c);             /* 0 when absent */
guint certificate_extended_key_usage (const Certificate *c);
/* Policies of the shipped profiles (data/profiles), by which an outsider tells who holds a certificate. */
#define POLICY_ORGANIZATION "2.25.305447819689411628422610157834667034486.3.1"
#define POLICY_PERSON "2.25.305447819689411628422610157834667034486.3.2"
#define POLICY_OFFICER "2.25.305447819689411628422610157834667034486.3.3"
#define POLICY_ORGANIZATION_SOFT "2.25.305447819689411628422610157834667034486.3.4"
#define POLICY_PERSON_SOFT "2.25.305447819689411628422610157834667034486.3.5"
#define POLICY_ORGANIZATION_ENCRYPTION "2.25.305447819689411628422610157834667034486.3.6"
#define POLICY_PERSON_ENCRYPTION "2.25.305447819689411628422610157834667034486.3.7"
#define POLICY_ORGANIZATION_SOFT_ENCRYPTION "2.25.305447819689411628422610157834667034486.3.8"
#define POLICY_PERSON_SOFT_ENCRYPTION "2.25.305447819689411628422610157834667034486.3.9"
#define POLICY_RECOVERY_AGENT "2.25.305447819689411628422610157834667034486.3.10"
#define POLICY_SERVER "2.25.305447819689411628422610157834667034486.3.11"
#define POLICY_OCSP "2.25.305447819689411628422610157834667034486.3.12"
#define POLICY_TSA "2.25.305447819689411628422610157834667034486.3.13"
#define POLICY_DOCUMENT "2.25.305447819689411628422610157834667034486.3.14"
#define POLICY_LOG "2.25.305447819689411628422610157834667034486.3.15"
#define POLICY_RECEIPT "2.25.305447819689411628422610157834667034486.3.16"
gboolean certificate_has_policy (const Certificate *c, const char *oid);
/* The first policy in dots; NULL: it has none. */
char *certificate_policy (const Certificate *c);
/* Web addresses where the list that speaks about it, or the certificate of its issuer, is said to be; caller g_strfreev. */
typedef enum { ADDRESS_LIST, ADDRESS_ISSUER } CertificateAddress;
char **certificate_addresses (const Certificate *c, CertificateAddress which);

/* Does `c` name `issuer` as its issuer (name, and key identifier when both say it)?  No signature is looked at. */
gboolean certificate_names_issuer (const Certificate *c, const Certificate *issuer);
/* Did the very key of `issuer`, which somebody may have made up, sign `c`?  Its identifier is computed, not read: for a signature another key can
 * be made that it verifies under, but not one with that identifier.  FALSE for certificates that do not say their issuer's identifier as
 * RFC 7093 2 (1) has it; ours do. */
gboolean certificate_is_by_key_of (const Certificate *c, const Certificate *issuer);

/* Is `leaf` validly signed by `issuer`, is issuer a CA, does `at` fall into both
 * validities, names chain, path length hold?  RFC 5280 6.1 for our two-level
 * hierarchy: chain[0] is the leaf's issuer … last is the trust anchor (self-signed,
 * its own signature checked).  Revocation is not looked at.
 * DIQI_ERROR_CERTIFICATE_CHAIN or _EXPIRED. */
gboolean certificate_verify_chain (const Certificate *leaf, Certificate *const *chain, gsize n, Micros at, GError **error);
/* The same under certificates that certificate_verify_chain has accepted as a chain before: their own
 * signatures, which cannot have changed, are not computed again; validity and everything else is looked at. */
gboolean certificate_verify_below (const Certificate *leaf, Certificate *const *proven, gsize n, Micros at, GError **error);

/* --- building ----------------------------------------------------------------- */
typedef struct {
	Serial serial;
	const NamePart *subject;
	gsize subject_n;
	PublicKey *key;
	Micros not_before, not_after;            /* whole seconds */
	gboolean ca;
	int path_length;                         /* -1 none */
	guint key_usage, extended_key_usage;
	const char *policy_oid;                  /* NULL none */
	const char *cps_uri, *ocsp_uri, *crl_uri, *issuer_uri;   /* NULL none */
	gboolean ocsp_no_check;
	const char *uscc;                        /* unified social credit code, NULL none */
	const char *uscc_oid;                    /* the extension it stands in; NULL: organizationCode 1.2.156.10260.4.1.4 */
	const char *const *hosts;                /* subjectAltName of a TLS server: DNS names and addresses, NULL-terminated; NULL none */
} CertificateTemplate;

/* An issuer: certificate, key and what is constant, encoded once. */
typedef struct Issuer Issuer;
Issuer *issuer_new (const Certificate *certificate, const PrivateKey *key, GError **error);   /* NULL certificate: self-signed roots only */
void issuer_free (Issuer *issuer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Issuer, issuer_free)
const Certificate *issuer_certificate (const Issuer *issuer);        /* borrowed; NULL: none yet */
GBytes *issuer_sign_certificate (const Issuer *issuer, const CertificateTemplate *t, GError **error);
/* Self-signed root. */
GBytes *root_sign_certificate (const PrivateKey *key, const CertificateTemplate *t, GError **error);

/* --- PKCS#10 ------------------------------------------------------------------- */
typedef struct Csr Csr;
/* DER or PEM; proves possession; the key passes public_key_check_strength. Names and
 * attributes of the request are ignored by design.  DIQI_ERROR_CSR, _CSR_SIGNATURE, _KEY_… with field. */
Csr *csr_parse (gconstpointer data, gsize n, const char *field, GError **error);
void csr_free (Csr *csr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Csr, csr_free)
PublicKey *csr_public_key (const Csr *csr);     /* borrowed */
GBytes *csr_der (const Csr *csr);
GBytes *csr_build (const PrivateKey *key, const char *common_name, GError **error);     /* DER */

/* --- CRL (RFC 5280 5) and OCSP (RFC 6960) ------------------------------------- */
typedef enum {  /* RFC 5280 5.3.1 */
	REASON_UNSPECIFIED = 0, REASON_KEY_COMPROMISE = 1, REASON_CA_COMPROMISE = 2, REASON_AFFILIATION_CHANGED = 3,
	REASON_SUPERSEDED = 4, REASON_CESSATION = 5, REASON_HOLD = 6, REASON_REMOVE_FROM_CRL = 8,
	REASON_PRIVILEGE_WITHDRAWN = 9,
} RevocationReason;
const char *reason_name (RevocationReason r);                      /* "keyCompromise" … */
gboolean reason_from_name (const char *name, RevocationReason *out);

typedef struct { Serial serial; Micros revoked_at; RevocationReason reason; } RevokedEntry;
/* Encoded entries in order of serial, changed one at a time at the cost of what changed (crl_part.c). */
typedef struct CrlPart CrlPart;
CrlPart *crl_part_new (void);
void crl_part_free (CrlPart *part);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrlPart, crl_part_free)
/* In place of what is there of the same serial. */
void crl_part_set (CrlPart *part, const RevokedEntry *entry);
void crl_part_remove (CrlPart *part, const Serial *serial);
gsize crl_part_count (CrlPart *part);

typedef struct {
	guint64 number;
	Micros this_update, next_update;
	CrlPart *const *parts;        /* no serial in two of them */
	gsize parts_n;
	gboolean delta;               /* changes since the full list `base`; alone may hold removeFromCRL */
	guint64 base;
	const char *point;            /* the list of one distribution point; NULL: of the whole authority */
	const char *freshest;         /* where the delta is; NULL: not said */
} CrlTemplate;
#define CRL_MAX_DER (64 * 1024 * 1024)
GBytes *issuer_sign_list (const Issuer *issuer, const CrlTemplate *t, GError **error);
/* A full list of these alone. */
GBytes *issuer_sign_crl (const Issuer *issuer, guint64 number, Micros this_update, Micros next_update,
                         const RevokedEntry *entries, gsize n, GError **error);
/* A full version 2 list of the whole authority, signed by issuer; number and next_update may be NULL.  Whether it is
 * still current is for the caller to say.  DIQI_ERROR_CERTIFICATE, _CERTIFICATE_CHAIN. */
gboolean crl_verify (GBytes *crl, const Certificate *issuer, guint64 *number, Micros *next_update, GError **error);
/* Any list: what it says of itself. */
typedef struct {
	guint64 number, base;
	gboolean delta;
	Micros this_update, next_update;
	gsize entries;
	char *point, *freshest;       /* NULL when absent */
} CrlFacts;
void crl_facts_clear (CrlFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CrlFacts, crl_facts_clear)
gboolean crl_verify_list (GBytes *crl, const Certificate *issuer, CrlFacts *out, GError **error);
/* The entry of a list that crl_verify accepted; FALSE: not in it. */
gboolean crl_find (GBytes *crl, const Serial *serial, RevokedEntry *out);
/* All of them: RevokedEntry.  NULL: not a list. */
GArray *crl_entries (GBytes *crl, GError **error);

#define OCSP_MAX_REQUEST 65536
#define OCSP_MAX_SINGLE 50
typedef enum { CERT_STATUS_GOOD, CERT_STATUS_REVOKED, CERT_STATUS_UNKNOWN } CertStatus;
typedef struct {
	GBytes *cert_id;          /* DER CertID, echoed */
	Serial serial;            /* valid only when ours */
	gboolean names_issuer;    /* issuer hashes match this issuer */
	gboolean ours;            /* and the serial has our shape */
	CertStatus status;
	Micros revoked_at;
	RevocationReason reason;
} OcspSingle;
typedef struct {
	GBytes *der;              /* the request as it came */
	GArray *singles;          /* OcspSingle, cert_id owned */
	GBytes *nonce;            /* NULL none; 1..128 octets (RFC 9654) */
	Micros archive_cutoff;    /* for the answer: since when this CA keeps the status of every certificate, also when it expired; 0 not said */
} OcspRequest;
/* SHA-1 and SHA-256 CertIDs.  NULL with DIQI_ERROR_REQUEST for what is not one. */
OcspRequest *ocsp_request_parse (gconstpointer der, gsize n, const Certificate *issuer, GError **error);
void ocsp_request_free (OcspRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OcspRequest, ocsp_request_free)
/* Signed by the responder, its certificate included, by key hash.  next_update 0: none is said. */
typedef struct OcspResponder OcspResponder;
OcspResponder *ocsp_responder_new (const Certificate *certificate, const PrivateKey *key, GError **error);
void ocsp_responder_free (OcspResponder *r);
GBytes *ocsp_responder_sign (const OcspResponder *r, const OcspRequest *answered, Micros produced_at,
                             Micros this_update, Micros next_update, GError **error);
typedef enum { OCSP_MALFORMED = 1, OCSP_INTERNAL_ERROR = 2, OCSP_TRY_LATER = 3, OCSP_UNAUTHORIZED = 6 } OcspErrorStatus;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OcspResponder, ocsp_responder_free)
GBytes *ocsp_error_response (OcspErrorStatus status);

/* --- PKCS#12 (AES-256, PBKDF2-SHA-256, SHA-256 MAC) ----------------------------- */
GBytes *pkcs12_build (const PrivateKey *key, const Certificate *certificate, Certificate *const *chain, gsize n,
                      const char *friendly_name, const char *password, GError **error);
gboolean pkcs12_open (GBytes *p12, const char *password, PrivateKey **key, Certificate **certificate, GError **error);
