/* signer/profile.h — a certificate profile: what a kind of certificate may hold.
 *
 * profiles/NAME-VERSION.json, pinned by its hash in site.json; a version once used never changes.  A
 * profile can only narrow what signer/invariant.h allows.  Members:
 *   name (one of the kinds of invariant.h), version, title {zh, en}, holder ("organization", "person", "officer", "site"),
 *   carrier ("hard", "soft", "none"), use ("sign", "encrypt", "service"): as the kind has them; profiles of older versions lack both,
 *   algorithms [..], subject [{attribute, required, format}] in the order of the name,
 *   uscc ("required" or "none"), uscc_oid (where sources disagree, the extension it is to stand in; absent: organizationCode),
 *   validity_days (the most), key_usage [..], extended_key_usage [..],
 *   policy (object identifier; ours are 2.25.<UUID as a number>.3.n, ITU-T X.667, beside the key usages of pki)
 * Formats: "country" (CN), "text", "commitment" ("C-" and 32 hex digits), "person" (UUID).
 */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"
#include "signer/invariant.h"

#define PROFILE_MAX_BYTES 65536

typedef enum { FORMAT_COUNTRY, FORMAT_TEXT, FORMAT_COMMITMENT, FORMAT_PERSON } SubjectFormat;

typedef struct {
	NameAttribute attribute;
	gboolean required;
	SubjectFormat format;
} SubjectRule;

typedef struct {
	char *name;
	gint64 version;
	char *title_zh, *title_en;
	const CertificateKind *kind;  /* holder, carrier, use */
	gboolean open;                /* for new certificates; TRUE until officers retire it */
	guint algorithms;             /* bits 1 << KeyAlgorithm */
	SubjectRule subject[NAME_N_ATTRIBUTES];
	gsize subject_n;
	gboolean uscc;
	char *uscc_oid;               /* NULL: organizationCode */
	gint64 validity_days;
	guint key_usage, extended_key_usage;
	char *policy;
	GBytes *text;                 /* the file */
	Fingerprint hash;             /* of it */
} Profile;

/* DIQI_ERROR_FIELD_… or _SIGNER with the member; refuses what breaks an invariant. */
Profile *profile_parse (const char *text, gsize n, GError **error);
void profile_free (Profile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Profile, profile_free)

/* Does a subject fit?  `field` is the pointer of the array in the request ("/subject"). */
gboolean profile_check_subject (const Profile *profile, const NamePart *subject, gsize n, const char *field, GError **error);
/* The key usage of a certificate for a key of this algorithm. */
guint profile_key_usage (const Profile *profile, KeyAlgorithm algorithm);
/* {name, version, open, hash, title_zh, title_en, holder, carrier, use, algorithms, key_usage, extended_key_usage, validity_days, policy},
 * names as in the file. */
json_t *profile_summary (const Profile *profile);
/* The words that a profile has for KU_… and EKU_…. */
json_t *key_usage_words (guint usage);
json_t *extended_key_usage_words (guint usage);
