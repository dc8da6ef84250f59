/* registry/scan.h — scans of papers: taken, sealed, listed, looked at.
 *
 * A scan is PDF, JPEG or PNG by its content.  It is sealed (AES-256-GCM) under a fresh key of its own, which the signer wraps
 * under its storage key, bound to the scan: the database alone shows nothing.  To look, an officer signs "paper.look" with a purpose; the
 * look is written (row and leaf) before the signer is asked, so that nobody sees what was not written down.
 */
#pragma once
#include "document/document.h"
#include "registry/registry.h"
#include "signer/client.h"

#define SCAN_MAX_BYTES (10 * 1024 * 1024)
#define SCANS_MAX 40
#define SCANS_MAX_BYTES (G_GINT64_CONSTANT (60) * 1024 * 1024)
#define SCAN_NAME_MAX 200

/* --- taking --------------------------------------------------------------------------------- */
typedef struct {
	char *id, *paper, *name;      /* name: of the file, may be NULL */
	FileType type;
	gint64 size;
	char *sha256;
	GBytes *wrapped_key, *ciphertext;
} NewScan;
void new_scan_clear (NewScan *scan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NewScan, new_scan_clear)

/* Type, size and name: DIQI_ERROR_PAPER_TYPE, _TOO_LARGE, _FIELD_….  Unknown papers: DIQI_ERROR_NOT_FOUND. */
gboolean scan_read (Registry *registry, const char *paper, const char *name, GBytes *content, NewScan *out, GError **error);
/* Not in a transaction. */
gboolean scan_seal (SignerClient *signer, GBytes *content, NewScan *scan, GError **error);
/* By applicant, holder or clerk, while the application can still be decided on, within the application's limits
 * (DIQI_ERROR_SCAN_LIMIT).  {scan, paper, name?, media_type, size, sha256, uploaded, by, disposed?} */
gboolean scan_add (Tx *tx, Registry *registry, const Actor *actor, const char *application, const NewScan *scan, json_t **view, GError **error);

/* {application, required, seen, scans, contract?}: what the service asks for, what was seen, what was handed in.  For those who may see the application. */
gboolean application_papers (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **view, GError **error);

/* --- looking -------------------------------------------------------------------------------- */
typedef struct {
	const Statement *statement;   /* paper.look, of the actor */
	const Statement *agree;       /* paper.look.agree of `second`, or NULL */
	const Actor *second;
} LookOrder;

typedef struct {
	char *scan, *media_type, *sha256;
	GBytes *wrapped_key, *ciphertext;
} SealedScan;
void sealed_scan_clear (SealedScan *sealed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SealedScan, sealed_scan_clear)

/* Checks and writes down the look.  DIQI_ERROR_LOOK_QUOTA above the day's number without a second officer; DIQI_ERROR_STATEMENT_REPLAYED. */
gboolean look_record (Tx *tx, Registry *registry, const Actor *actor, const char *application, const char *scan, const LookOrder *order,
                      SealedScan *out, GError **error);
/* Not in a transaction: the signer opens the key for exactly this look.  The bytes are wiped with their last reference. */
GBytes *look_open (SignerClient *signer, const SealedScan *sealed, const LookOrder *order, GError **error);
/* For the auditor, newest first: {look, scan, application, person, agreed_by?, purpose, time}.  person, day (YYYY-MM-DD, Beijing) and
 * cursor may be NULL. */
gboolean looks_list (Tx *tx, const char *person, const char *day, const char *cursor, guint limit, json_t **items, char **next_cursor,
                     GError **error);
