/* pki/merkle.c — the hash tree: hashing, proofs, verification.
 *
 * The tree in memory is a column of levels: level k holds the hash of every complete,
 * aligned subtree of 2^k leaves, left to right.  A leaf completes on average one more
 * node, so appending is amortised constant, and any root, proof or tile of any earlier
 * size is read off the levels without touching the leaves.  Subtrees that are not
 * complete are never stored: they are folded from at most 64 complete ones.
 */
#include "pki/merkle.h"

#include "base/error.h"

#include <string.h>

#define MAX_LEVELS 64

struct MerkleTree {
	guint64 size;
	GArray *levels[MAX_LEVELS];     /* of Hash; created when first needed */
};

/* --- hashing (RFC 6962 2.1) -------------------------------------------------- */

void
merkle_leaf_hash (gconstpointer leaf, gsize n, Hash *out)
{
	guint8 small[2048];
	g_autofree guint8 *large = n < sizeof small ? NULL : g_malloc (n + 1);
	guint8 *p = large != NULL ? large : small;
	p[0] = 0x00;
	if (n > 0)
		memcpy (p + 1, leaf, n);
	fingerprint_of (p, n + 1, out);
}

void
merkle_node_hash (const Hash *left, const Hash *right, Hash *out)
{
	guint8 p[1 + 2 * sizeof (Hash)];
	p[0] = 0x01;
	memcpy (p + 1, left->b, sizeof left->b);
	memcpy (p + 1 + sizeof left->b, right->b, sizeof right->b);
	fingerprint_of (p, sizeof p, out);
}

void
merkle_empty_root (Hash *out)
{
	fingerprint_of ("", 0, out);
}

/* --- verifying --------------------------------------------------------------- */

static gboolean
bad_proof (GError **error, const char *why)
{
	return diqi_fail (error, DIQI_ERROR_MERKLE, "/proof", "%s", why);
}

/* RFC 9162 2.1.3.2. */
gboolean
merkle_verify_inclusion (const Hash *leaf, guint64 index, guint64 size, const Hash *proof, gsize n,
                         const Hash *root, GError **error)
{
	if (index >= size)
		return diqi_fail (error, DIQI_ERROR_MERKLE, "/index", "index %" G_GUINT64_FORMAT " outside a tree of %" G_GUINT64_FORMAT,
		                  index, size);
	guint64 fn = index, sn = size - 1;
	Hash r = *leaf;
	for (gsize i = 0; i < n; i++) {
		if (sn == 0)
			return bad_proof (error, "inclusion proof is too long");
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node_hash (&proof[i], &r, &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node_hash (&r, &proof[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return bad_proof (error, "inclusion proof is too short");
	if (!fingerprint_equal (&r, root))
		return bad_proof (error, "inclusion proof does not lead to the root");
	return TRUE;
}

/* The loop of RFC 9162 2.1.4.2: folds the proof into the two roots it claims. */
static gboolean
fold_consistency (guint64 size1, guint64 size2, const Hash *proof, gsize n, const Hash *root1,
                  Hash *out1, Hash *out2, GError **error)
{
	guint64 fn = size1 - 1, sn = size2 - 1;
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	/* When size1 is a power of two its root is itself the first node and is left out. */
	gsize i = 0;
	*out1 = *out2 = fn == 0 ? *root1 : proof[i++];
	for (; i < n; i++) {
		if (sn == 0)
			return bad_proof (error, "consistency proof is too long");
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node_hash (&proof[i], out1, out1);
			merkle_node_hash (&proof[i], out2, out2);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node_hash (out2, &proof[i], out2);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 || bad_proof (error, "consistency proof is too short");
}

gboolean
merkle_verify_consistency (guint64 size1, guint64 size2, const Hash *proof, gsize n,
                           const Hash *root1, const Hash *root2, GError **error)
{
	/* Every tree extends the empty one: a proof of that would prove nothing. */
	if (size1 == 0 || size1 > size2)
		return diqi_fail (error, DIQI_ERROR_MERKLE, "/size1", "no consistency from size %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
		                  size1, size2);
	if (size1 == size2) {
		if (n != 0)
			return bad_proof (error, "consistency proof between equal sizes must be empty");
		return fingerprint_equal (root1, root2) || bad_proof (error, "two roots for one size");
	}
	if (n == 0)
		return bad_proof (error, "consistency proof is empty");
	Hash r1, r2;
	if (!fold_consistency (size1, size2, proof, n, root1, &r1, &r2, error))
		return FALSE;
	if (!fingerprint_equal (&r1, root1))
		return bad_proof (error, "consistency proof does not lead to the older root");
	if (!fingerprint_equal (&r2, root2))
		return bad_proof (error, "consistency proof does not lead to the newer root");
	return TRUE;
}

/* --- the tree ---------------------------------------------------------------- */

MerkleTree *
merkle_tree_new (void)
{
	return g_new0 (MerkleTree, 1);
}

void
merkle_tree_free (MerkleTree *t)
{
	if (t == NULL)
		return;
	for (guint i = 0; i < MAX_LEVELS; i++)
		g_clear_pointer (&t->levels[i], g_array_unref);
	g_free (t);
}

guint64
merkle_tree_size (const MerkleTree *t)
{
	return t->size;
}

static const Hash *
stored (const MerkleTree *t, guint level, guint64 index)
{
	g_assert (level < MAX_LEVELS && t->levels[level] != NULL && index < t->levels[level]->len);
	return &g_array_index (t->levels[level], Hash, index);
}

void
merkle_tree_append (MerkleTree *t, const Hash *leaf_hash)
{
	Hash h = *leaf_hash;
	for (guint level = 0; ; level++) {
		if (t->levels[level] == NULL)
			t->levels[level] = g_array_new (FALSE, FALSE, sizeof (Hash));
		g_assert (t->levels[level]->len < G_MAXUINT / sizeof (Hash));
		g_array_append_val (t->levels[level], h);
		if ((t->size >> level & 1) == 0)
			break;
		guint len = t->levels[level]->len;
		merkle_node_hash (stored (t, level, len - 2), stored (t, level, len - 1), &h);
	}
	t->size++;
}

/* MTH of leaves begin..end-1; begin is aligned to the largest complete subtree inside, as
 * every range of RFC 6962 2.1 is. */
static void
range_hash (const MerkleTree *t, guint64 begin, guint64 end, Hash *out)
{
	g_assert (begin < end && end <= t->size);
	gboolean first = TRUE;
	while (begin < end) {
		guint level = (guint) __builtin_ctzll (end - begin);
		end -= G_GUINT64_CONSTANT (1) << level;
		const Hash *node = stored (t, level, end >> level);
		if (first)
			*out = *node;
		else
			merkle_node_hash (node, out, out);
		first = FALSE;
	}
}

void
merkle_tree_root (const MerkleTree *t, guint64 size, Hash *out)
{
	g_assert (size <= t->size);
	if (size == 0)
		merkle_empty_root (out);
	else
		range_hash (t, 0, size, out);
}

/* Largest power of two smaller than n; n > 1. */
static guint64
split_point (guint64 n)
{
	return G_GUINT64_CONSTANT (1) << (63 - __builtin_clzll (n - 1));
}

static void
reverse (GArray *hashes)
{
	for (guint i = 0, j = hashes->len; i + 1 < j; i++) {
		j--;
		Hash h = g_array_index (hashes, Hash, i);
		g_array_index (hashes, Hash, i) = g_array_index (hashes, Hash, j);
		g_array_index (hashes, Hash, j) = h;
	}
}

static void
append_range (const MerkleTree *t, guint64 begin, guint64 end, GArray *proof)
{
	Hash h;
	range_hash (t, begin, end, &h);
	g_array_append_val (proof, h);
}

/* PATH of RFC 6962 2.1.1, walked from the root down; the proof lists the leaf's side first. */
GArray *
merkle_tree_inclusion (const MerkleTree *t, guint64 index, guint64 size)
{
	g_assert (index < size && size <= t->size);
	GArray *proof = g_array_new (FALSE, FALSE, sizeof (Hash));
	guint64 begin = 0, end = size;
	while (end - begin > 1) {
		guint64 middle = begin + split_point (end - begin);
		if (index < middle) {
			append_range (t, middle, end, proof);
			end = middle;
		} else {
			append_range (t, begin, middle, proof);
			begin = middle;
		}
	}
	reverse (proof);
	return proof;
}

/* SUBPROOF of RFC 6962 2.1.2, walked from the root down. */
GArray *
merkle_tree_consistency (const MerkleTree *t, guint64 size1, guint64 size2)
{
	g_assert (size1 > 0 && size1 <= size2 && size2 <= t->size);
	GArray *proof = g_array_new (FALSE, FALSE, sizeof (Hash));
	guint64 begin = 0, end = size2;
	while (size1 < end) {
		guint64 middle = begin + split_point (end - begin);
		if (size1 <= middle) {
			append_range (t, middle, end, proof);
			end = middle;
		} else {
			append_range (t, begin, middle, proof);
			begin = middle;
		}
	}
	/* The subtree both trees share is known to the verifier only if it is the whole older tree. */
	if (begin > 0)
		append_range (t, begin, end, proof);
	reverse (proof);
	return proof;
}

GBytes *
merkle_tree_tile (const MerkleTree *t, guint level, guint64 index, guint width, guint64 size)
{
	g_assert (size <= t->size);
	if (level > 7 || width < 1 || width > TILE_WIDTH)
		return NULL;
	guint64 hashes = size >> (TILE_HEIGHT * level);
	if (index >= G_MAXUINT64 / TILE_WIDTH || index * TILE_WIDTH + width > hashes)
		return NULL;
	return g_bytes_new (stored (t, TILE_HEIGHT * level, index * TILE_WIDTH), width * sizeof (Hash));
}
