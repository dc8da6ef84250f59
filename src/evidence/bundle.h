/* evidence/bundle.h — the evidence bundle: what an outsider needs to check an act by himself.
 *
 * One file of canonical JSON (RFC 8785), whatever is proven with it:
 *
 *   {"certificates":[base64 DER …],        whoever signed by name, and the CAs between them and the root
 *    "checkpoint":note,                    signed by the log alone: no witness lines
 *    "format":"diqi-bundle-1",
 *    "keys":[base64 SPKI …],               of signers who stay pseudonymous
 *    "kind":"sale",                        or "ceremony"
 *    "leaves":[{"index":n,"leaf":text,"proof":[hex …]} …],     by growing index; text is the leaf's bytes
 *    "log_certificate":base64 DER,
 *    "root":base64 DER,
 *    "site":site id,
 *    "subject":{…}}                        what is claimed; checked by who knows the kind
 *
 * No byte is idle: every part is verified or, like "subject", left to the caller by name, and a
 * certificate or key that nothing in the file needs is refused.  bundle_open checks
 *
 *   form        canonical, closed, strict base64 and hex, every list free of repetitions
 *   root        self-signed; the pinned one, if one is pinned
 *   chains      each certificate leads to the root at the times of the leaves it signed; the log's,
 *               which must be one for logs, at the time of the newest leaf or of its own beginning
 *   checkpoint  signature of the log
 *   leaves      inclusion of each under the checkpoint
 *   statements  those of the leaves and those inside their effects: signature, site, none used twice
 *
 * What the caller must check, as it needs the domain: that the signers were entitled to sign, that
 * none was revoked then, that a key without a certificate (BundleSigned.key) belongs to the
 * certificate its statement names, that the leaves are all there are, and the subject.
 *
 * A refusal is DIQI_ERROR_BUNDLE whose field points at the part ("/leaves/3/proof").
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/certificate.h"
#include "pki/merkle.h"
#include "pki/statement.h"

#define BUNDLE_FORMAT "diqi-bundle-1"
#define BUNDLE_MAX_BYTES (256 * 1024 * 1024)

/* --- reading ------------------------------------------------------------------------ */
typedef struct Bundle Bundle;              /* verified; immutable, and so are its parts */

/* A statement and who signed it: a certificate of the bundle, or else one of its keys. */
typedef struct {
	Statement *statement;
	Certificate *certificate;          /* NULL when signed by a bare key */
	PublicKey *key;
} BundleSigned;

typedef struct {
	guint64 index;
	Micros time;
	const char *type, *subject;
	const json_t *effect;
	const BundleSigned *statement;     /* NULL for an act of the system */
	const BundleSigned *others;        /* further statements inside the effect, in its order */
	gsize others_n;
	const char *text;                  /* the leaf's bytes */
} BundleLeaf;

/* trusted_root may be NULL: then the file proves only that it agrees with itself, and a person must
 * compare the root's fingerprint. */
gboolean bundle_open (GBytes *bytes, const Certificate *trusted_root, Bundle **out, GError **error);
void bundle_free (Bundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Bundle, bundle_free)

const char *bundle_kind (const Bundle *bundle);
const char *bundle_site (const Bundle *bundle);
const Certificate *bundle_root (const Bundle *bundle);
const Certificate *bundle_log_certificate (const Bundle *bundle);
const Checkpoint *bundle_checkpoint (const Bundle *bundle);
const json_t *bundle_subject (const Bundle *bundle);
guint bundle_leaves (const Bundle *bundle);
const BundleLeaf *bundle_leaf (const Bundle *bundle, guint i);
guint bundle_certificates (const Bundle *bundle);
Certificate *bundle_certificate (const Bundle *bundle, guint i);
/* Borrowed; NULL if there is none. */
Certificate *bundle_find_certificate (const Bundle *bundle, const Fingerprint *fingerprint);
PublicKey *bundle_find_key (const Bundle *bundle, const Fingerprint *spki);
/* Does this certificate of the bundle lead to its root at that time?  DIQI_ERROR_CERTIFICATE_CHAIN or _EXPIRED. */
gboolean bundle_check_certificate (const Bundle *bundle, const Certificate *certificate, Micros at, GError **error);

/* A refusal by the caller's own checks, in the same form: code DIQI_ERROR_BUNDLE.  Returns FALSE. */
gboolean bundle_refuse (GError **error, const char *field, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* What people call the part a field points at: "第 4 条记录的证明", "proof of leaf 4"; caller frees. */
char *bundle_part_name (const char *field, gboolean english);

/* --- writing ------------------------------------------------------------------------ */
typedef struct BundleBuilder BundleBuilder;
BundleBuilder *bundle_builder_new (const char *kind, const char *site, const Certificate *root,
                                   const Certificate *log_certificate, const char *checkpoint);
void bundle_builder_free (BundleBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BundleBuilder, bundle_builder_free)
/* Both may be called again with the same one. */
void bundle_builder_add_certificate (BundleBuilder *builder, const Certificate *certificate);
void bundle_builder_add_key (BundleBuilder *builder, const PublicKey *key);
/* By growing index; proof is of Hash, under the checkpoint given. */
void bundle_builder_add_leaf (BundleBuilder *builder, guint64 index, GBytes *leaf, const GArray *proof);
/* Borrows subject.  The bytes are not verified: bundle_open does that. */
GBytes *bundle_builder_finish (BundleBuilder *builder, const json_t *subject);
