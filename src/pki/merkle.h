/* pki/merkle.h — Merkle tree of RFC 6962 2.1: leaf 0x00, node 0x01, SHA-256. */
#pragma once
#include <glib.h>
#include "pki/key.h"

typedef Fingerprint Hash;     /* SHA-256 */

void merkle_leaf_hash (gconstpointer leaf, gsize n, Hash *out);
void merkle_node_hash (const Hash *left, const Hash *right, Hash *out);
void merkle_empty_root (Hash *out);

/* Verifying (RFC 9162 2.1.3.2, 2.1.4.2).  DIQI_ERROR_MERKLE. */
gboolean merkle_verify_inclusion (const Hash *leaf, guint64 index, guint64 size, const Hash *proof, gsize n,
                                  const Hash *root, GError **error);
/* Refused for size1 = 0: it would prove nothing. */
gboolean merkle_verify_consistency (guint64 size1, guint64 size2, const Hash *proof, gsize n,
                                    const Hash *root1, const Hash *root2, GError **error);

/* A growing tree with all its stored hashes in memory (32 bytes × 2 a leaf). Not thread-safe. */
typedef struct MerkleTree MerkleTree;
MerkleTree *merkle_tree_new (void);
void merkle_tree_free (MerkleTree *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MerkleTree, merkle_tree_free)
guint64 merkle_tree_size (const MerkleTree *t);
void merkle_tree_append (MerkleTree *t, const Hash *leaf_hash);
/* of the first `size` leaves; size <= merkle_tree_size. */
void merkle_tree_root (const MerkleTree *t, guint64 size, Hash *out);
/* new GArray of Hash */
GArray *merkle_tree_inclusion (const MerkleTree *t, guint64 index, guint64 size);
/* new GArray of Hash; size1 > 0 */
GArray *merkle_tree_consistency (const MerkleTree *t, guint64 size1, guint64 size2);
/* --- tiles (C2SP tlog-tiles) ------------------------------------------------------ */
#define TILE_HEIGHT 8u
#define TILE_WIDTH 256u
/* Tile `index` at `level` of a tree of `size`, height 8, width 1..256; NULL if it does not exist. */
GBytes *merkle_tree_tile (const MerkleTree *t, guint level, guint64 index, guint width, guint64 size);
/* "0/x001/x234/067" or "1/003.p/5": path of a tile below "tile/"; level 0..63, caller frees. */
char *tile_path (guint level, guint64 index, guint width);
/* Accepts exactly what tile_path writes. */
gboolean tile_path_parse (const char *path, guint *level, guint64 *index, guint *width);

/* --- signed note and checkpoint (C2SP signed-note, tlog-checkpoint) ------------- */
typedef struct {
	char *origin;
	guint64 size;
	Hash root;
} Checkpoint;
void checkpoint_clear (Checkpoint *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Checkpoint, checkpoint_clear)
#define NOTE_MAX_BYTES 65536
/* "origin\nsize\nbase64 root\n" */
char *checkpoint_text (const Checkpoint *c);
/* key name = origin; key is Ed25519.  Returns the whole note, text and signature line. */
char *checkpoint_sign (const Checkpoint *c, const PrivateKey *key, GError **error);
/* Verifies the Ed25519 signature line of `origin` by key; other signature lines (witnesses) are allowed. */
gboolean checkpoint_open (const char *note, const char *origin, const PublicKey *key, Checkpoint *out, GError **error);
/* The text of a note whose signatures nobody checks: for one's own stored notes only.  DIQI_ERROR_MERKLE. */
gboolean checkpoint_read_unverified (const char *note, Checkpoint *out, GError **error);
/* How many signature lines a well-formed note has; 0 for what is not one. */
guint checkpoint_signatures (const char *note);
/* "origin+hash+base64" verifier key line, C2SP signed-note. */
char *checkpoint_verifier_key (const char *origin, const PublicKey *key);
