/* unit/authority/local_ca.h — a hierarchy and a signer inside the test process.
 *
 * It behaves as the real one where the layers above can tell: the same request gets the same
 * certificate, both approvals must hash the request, CRL numbers rise, "good" and "revoked" only of what it issued.
 * And it can be told to be away, to refuse, or to sign and lose the answer.
 */
#pragma once
#include "authority/authority.h"

#define CA_NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)      /* 2026-11-22T12:00:00Z */
#define CA_SITE "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

typedef enum { SIGN_NORMALLY, SIGN_AWAY, SIGN_REFUSES, SIGN_LOSES_REPLY, SIGN_STOPS_AFTER_FIRST } SignMood;

typedef struct {
	char *person, *name;
	guint roles_bits;
	PrivateKey *key;
	Certificate *certificate;
	gboolean removed;
} LocalOfficer;

typedef struct {
	PrivateKey *root_key, *issuing_key, *ocsp_key;
	Certificate *root, *issuing, *ocsp;
	Issuer *issuer;
	OcspResponder *responder;
	GMutex lock;
	GHashTable *by_request;          /* hash → GBytes */
	GHashTable *serials;             /* hex */
	GPtrArray *officers;             /* LocalOfficer */
	SignMood mood;
	guint signed_certificates, signed_crls, signed_ocsp;
	guint told;                      /* revocations and holds, as often as they were told */
	Revocations *revocations;
	gint64 officers_version;
	int person_profile;              /* version of the profile for persons; 3 at first */
} LocalCa;

LocalCa *local_ca_new (void);
void local_ca_free (LocalCa *ca);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalCa, local_ca_free)

/* roles_bits as in identity/actor.h.  Borrowed. */
LocalOfficer *local_ca_add_officer (LocalCa *ca, const char *name, guint roles_bits);
/* The list as the signer would give it; each call is a new version. */
json_t *local_ca_officers (LocalCa *ca);
SignerSite *local_ca_site (LocalCa *ca);
extern const SignerCalls local_ca_calls;

/* A leaf that the issuing key signed without anybody having intended it. */
typedef struct { Micros not_before, not_after; guint key_usage, extended_key_usage; } LeafOptions;
Certificate *local_ca_leaf (LocalCa *ca, const PrivateKey *key, const LeafOptions *options);
PrivateKey *local_key (void);

/* A statement of this type; takes members. */
Statement *local_statement (const char *type, Micros time, json_t *members, const PrivateKey *key, const Certificate *certificate);

/* --- an authority on a fresh store --------------------------------------------------- */
typedef struct {
	Store *store;
	Clock *clock;                    /* frozen at CA_NOW */
	LocalCa *ca;
	LocalOfficer *reviewer, *issuer; /* two persons */
	Authority *authority;
	gboolean unapproved;             /* holds are ended without the officers */
} World;
World *world_new (Store *store);
void world_free (World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)
/* The process ends and starts again: all memory is lost, the store and the signer stay. */
void world_restart (World *world);

/* Issues a certificate for key as a whole; caller frees. */
Certificate *world_issue (World *world, const char *application, PrivateKey *key);
/* The three steps of it. */
void world_intend (World *world, const char *application, PrivateKey *key, Serial *serial);
GBytes *world_sign (World *world, const char *application, GError **error);
void world_publish (World *world, const char *application, GBytes *der);
/* The same with several copies. */
void world_intend_copies (World *world, const char *application, PrivateKey *const *keys, guint copies, Serial *serials);
void world_publish_all (World *world, const char *application, const GPtrArray *pairs);
gboolean world_revoke (World *world, const char *serial, RevocationReason reason, GError **error);
gboolean world_hold (World *world, const char *serial, GError **error);
gboolean world_unhold (World *world, const char *serial, GError **error);
/* authority_tick, after the pause that follows lists which took long to make: on a busy machine any may. */
gboolean world_tick (World *world, GError **error);
