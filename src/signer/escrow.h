/* signer/escrow.h — the key centre's own key space: private keys of encryption certificates, which nobody can open alone.
 *
 * A key is wrapped (pki/seal.h) under a fresh AES-256 key, that is split k of n (share.h), and each share is sealed to its agent's
 * certificate; the fresh key is wiped before the certificates leave.  So neither the folder with its passphrase nor k - 1 agents
 * open any key.  There is no way in for a key made elsewhere: escrow_add is called by the issue of double certificates alone, for the
 * pair that it has just made.
 *
 * escrow.log is a Chain.  Records, each with "time":
 *   {"type":"escrow","serial","spki","agents","threshold","wrapped","shares":[{"person","certificate","hash","sealed"}],"envelope"}
 *   {"type":"recovery","recovery","serial","spki","transport","persons","statements"}     begun, or begun again after a restart
 *   {"type":"share","recovery","person","statement"}
 *   {"type":"recovered","recovery","statements","persons","envelope"}
 *   {"type":"refused","recovery","person","statement","code"}
 * agents is the version of agents.log; share i of `shares` has index i + 1; hash is the SHA-256 of a share in the clear, which holds 256 random
 * bits.  The escrow record is on disk before the journal's records of the two certificates, and counts only with
 * them: after a crash between the two it is a key of no certificate, and a later record for the serial takes its place.
 *
 * A file of gigabytes is read once at start, in a window: every line's place in the chain is checked, and of a key's record serial, version of
 * agents, place and hash are taken (escrow_index.h); notes are read whole.  The rest of a key's record is read and judged when that key is asked for.
 */
#pragma once
#include "signer/agents.h"

typedef struct Escrow Escrow;

/* A key's whole record. */
typedef struct {
	Serial serial;
	Fingerprint spki;
	guint threshold;
	json_t *record;
} EscrowKey;
void escrow_key_free (EscrowKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EscrowKey, escrow_key_free)

Escrow *escrow_open (const char *path, GError **error);
void escrow_free (Escrow *escrow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Escrow, escrow_free)
gboolean escrow_is_dirty (const Escrow *escrow);
gboolean escrow_commit (Escrow *escrow, GError **error);

/* Reads it from the file and holds it against the hash taken at the start; *out NULL: none.  DIQI_ERROR_INTERNAL: the file was changed since. */
gboolean escrow_find (Escrow *escrow, const Serial *serial, EscrowKey **out, GError **error);
/* Keys by version of the list of agents: gint64 version → guint, borrowed. */
GHashTable *escrow_versions (const Escrow *escrow);

/* --- keeping -------------------------------------------------------------------------------------- */
typedef struct {
	const char *site;
	const AgentList *agents;
	const PrivateKey *key;
	const Serial *serial;     /* of its certificate */
	GBytes *envelope;         /* the key for its holder */
	Micros now;
} EscrowOrder;
/* Gathers the record; FALSE leaves nothing. */
gboolean escrow_add (Escrow *escrow, const EscrowOrder *order, GError **error);
GBytes *escrow_key_envelope (const EscrowKey *key, GError **error);

/* --- giving back ------------------------------------------------------------------------------------ */
/* The record's array "shares". */
const json_t *escrow_key_shares (const EscrowKey *key);
/* `shares`: threshold ones in the clear.  DIQI_ERROR_ENVELOPE when they do not open it. */
PrivateKey *escrow_key_open (const EscrowKey *key, const char *site, const guint8 *const *shares, GError **error);

/* --- what was done about recoveries -------------------------------------------------------------------- */
typedef struct {
	const char *recovery;     /* 64 hex digits */
	const char *const *persons;
	const Fingerprint *statements;
	gsize n;                  /* of both */
} EscrowActors;
void escrow_note_begun (Escrow *escrow, Micros now, const EscrowActors *actors, const Serial *serial, const Fingerprint *spki, const Fingerprint *transport);
void escrow_note_share (Escrow *escrow, Micros now, const EscrowActors *actor);
void escrow_note_recovered (Escrow *escrow, Micros now, const EscrowActors *agents, GBytes *envelope);
/* Once a statement, however often it is sent. */
void escrow_note_refused (Escrow *escrow, Micros now, const EscrowActors *actor, const char *code);

/* Has this statement given a share before? */
gboolean escrow_statement_used (const Escrow *escrow, const Fingerprint *statement);
/* NULL without error: not recovered yet. */
GBytes *escrow_recovered (Escrow *escrow, const char *recovery, GError **error);
