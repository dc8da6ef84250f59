/* The hash tree against published vectors and against a naive reading of RFC 6962 2.1. */
#include "base/error.h"
#include "base/json.h"
#include "pki/merkle.h"

#include <string.h>

#define VECTORS "tests/vectors/merkle/testdata"

/* --- the definition, word by word: recursive, nothing stored -------------------- */

static guint64
naive_split (guint64 n)
{
	guint64 k = 1;
	while (k * 2 < n)
		k *= 2;
	return k;
}

static void
naive_mth (const Hash *leaves, guint64 n, Hash *out)
{
	if (n == 0) {
		merkle_empty_root (out);
		return;
	}
	if (n == 1) {
		*out = leaves[0];
		return;
	}
	Hash left, right;
	guint64 k = naive_split (n);
	naive_mth (leaves, k, &left);
	naive_mth (leaves + k, n - k, &right);
	merkle_node_hash (&left, &right, out);
}

static void
naive_append_mth (const Hash *leaves, guint64 n, GArray *proof)
{
	Hash h;
	naive_mth (leaves, n, &h);
	g_array_append_val (proof, h);
}

static void
naive_path (const Hash *leaves, guint64 n, guint64 m, GArray *proof)
{
	if (n == 1)
		return;
	guint64 k = naive_split (n);
	if (m < k) {
		naive_path (leaves, k, m, proof);
		naive_append_mth (leaves + k, n - k, proof);
	} else {
		naive_path (leaves + k, n - k, m - k, proof);
		naive_append_mth (leaves, k, proof);
	}
}

static void
naive_subproof (const Hash *leaves, guint64 n, guint64 m, gboolean whole, GArray *proof)
{
	if (m == n) {
		if (!whole)
			naive_append_mth (leaves, n, proof);
		return;
	}
	guint64 k = naive_split (n);
	if (m <= k) {
		naive_subproof (leaves, k, m, whole, proof);
		naive_append_mth (leaves + k, n - k, proof);
	} else {
		naive_subproof (leaves + k, n - k, m - k, FALSE, proof);
		naive_append_mth (leaves, k, proof);
	}
}

/* --- a tree of numbered leaves ---------------------------------------------------- */

#define SIZES 300
static Hash leaf_hashes[70000];

static MerkleTree *
numbered_tree (guint64 size)
{
	g_assert_cmpuint (size, <=, G_N_ELEMENTS (leaf_hashes));
	MerkleTree *t = merkle_tree_new ();
	for (guint64 i = 0; i < size; i++) {
		g_autofree char *leaf = g_strdup_printf ("leaf %" G_GUINT64_FORMAT, i);
		merkle_leaf_hash (leaf, strlen (leaf), &leaf_hashes[i]);
		merkle_tree_append (t, &leaf_hashes[i]);
	}
	return t;
}

static void
assert_same (const GArray *a, const GArray *b)
{
	g_assert_cmpmem (a->data, a->len * sizeof (Hash), b->data, b->len * sizeof (Hash));
}

static void
test_roots (void)
{
	g_autoptr (MerkleTree) t = numbered_tree (SIZES);
	g_assert_cmpuint (merkle_tree_size (t), ==, SIZES);
	for (guint64 n = 0; n <= SIZES; n++) {
		Hash fast, slow;
		merkle_tree_root (t, n, &fast);
		naive_mth (leaf_hashes, n, &slow);
		g_assert_true (fingerprint_equal (&fast, &slow));
	}
}

static void
test_inclusion_every_size (void)
{
	g_autoptr (MerkleTree) t = numbered_tree (SIZES);
	for (guint64 n = 1; n <= SIZES; n += n < 70 ? 1 : 23) {
		Hash root;
		merkle_tree_root (t, n, &root);
		for (guint64 i = 0; i < n; i++) {
			g_autoptr (GArray) proof = merkle_tree_inclusion (t, i, n);
			g_autoptr (GArray) naive = g_array_new (FALSE, FALSE, sizeof (Hash));
			g_autoptr (GError) error = NULL;
			naive_path (leaf_hashes, n, i, naive);
			assert_same (proof, naive);
			g_assert_true (merkle_verify_inclusion (&leaf_hashes[i], i, n, (const Hash *) proof->data, proof->len, &root, &error));
			g_assert_no_error (error);
			/* Neither another leaf, nor another place, nor a proof cut or drawn out. */
			g_assert_false (merkle_verify_inclusion (&leaf_hashes[i], i + 1, n, (const Hash *) proof->data, proof->len, &root, NULL));
			g_assert_false (merkle_verify_inclusion (&leaf_hashes[SIZES - 1 - i], i, n, (const Hash *) proof->data, proof->len, &root, NULL));
			if (proof->len > 0)
				g_assert_false (merkle_verify_inclusion (&leaf_hashes[i], i, n, (const Hash *) proof->data, proof->len - 1, &root, NULL));
			g_array_append_val (proof, root);
			g_assert_false (merkle_verify_inclusion (&leaf_hashes[i], i, n, (const Hash *) proof->data, proof->len, &root, NULL));
		}
	}
}

static void
test_consistency_every_pair (void)
{
	g_autoptr (MerkleTree) t = numbered_tree (SIZES);
	for (guint64 n = 1; n <= SIZES; n += n < 70 ? 1 : 23) {
		Hash root2;
		merkle_tree_root (t, n, &root2);
		for (guint64 m = 1; m <= n; m++) {
			Hash root1;
			merkle_tree_root (t, m, &root1);
			g_autoptr (GArray) proof = merkle_tree_consistency (t, m, n);
			g_autoptr (GArray) naive = g_array_new (FALSE, FALSE, sizeof (Hash));
			g_autoptr (GError) error = NULL;
			naive_subproof (leaf_hashes, n, m, TRUE, naive);
			assert_same (proof, naive);
			g_assert_true (merkle_verify_consistency (m, n, (const Hash *) proof->data, proof->len, &root1, &root2, &error));
			g_assert_no_error (error);
			if (m == n)
				continue;
			root1.b[7] ^= 1;
			g_assert_false (merkle_verify_consistency (m, n, (const Hash *) proof->data, proof->len, &root1, &root2, NULL));
			root1.b[7] ^= 1;
			g_assert_false (merkle_verify_consistency (m, n, (const Hash *) proof->data, proof->len - 1, &root1, &root2, NULL));
			g_array_index (proof, Hash, m % proof->len).b[31] ^= 0x80;
			g_assert_false (merkle_verify_consistency (m, n, (const Hash *) proof->data, proof->len, &root1, &root2, NULL));
		}
	}
}

static void
test_leaf_hash_sizes (void)
{
	/* Around the size at which the leaf no longer fits the stack buffer. */
	g_autofree guint8 *leaf = g_malloc0 (5000);
	for (gsize n = 0; n < 5000; n += n < 2000 || n > 2100 ? 97 : 1) {
		Hash h;
		g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
		leaf[n / 2] = (guint8) n;
		g_checksum_update (sum, (const guchar *) "", 1);
		g_checksum_update (sum, leaf, (gssize) n);
		merkle_leaf_hash (leaf, n, &h);
		g_autofree char *hex = fingerprint_hex (&h);
		g_assert_cmpstr (hex, ==, g_checksum_get_string (sum));
	}
}

/* --- published vectors ------------------------------------------------------------- */

/* Some vectors have a word such as "dont care" for a root: padded, it is as good or bad a hash.
 * FALSE when empty or longer than 32 bytes: such a hash cannot be written as a Hash at all. */
static gboolean
vector_hash (const json_t *value, Hash *out)
{
	gsize n;
	g_autofree guchar *p = g_base64_decode (json_string_value (value), &n);
	if (n == 0 || n > sizeof out->b)
		return FALSE;
	*out = (Hash) { { 0 } };
	memcpy (out->b, p, n);
	return TRUE;
}

static gboolean
vector_proof (const json_t *vector, GArray *out)
{
	gsize i;
	json_t *value;
	json_array_foreach (json_object_get (vector, "proof"), i, value) {
		Hash h;
		if (!vector_hash (value, &h))
			return FALSE;
		g_array_append_val (out, h);
	}
	return TRUE;
}

static guint64
vector_number (const json_t *vector, const char *name)
{
	json_t *value = json_object_get (vector, name);
	guint64 number;
	if (json_is_integer (value))
		return (guint64) json_integer_value (value);
	g_assert_true (g_ascii_string_to_unsigned (json_string_value (value), 10, 0, G_MAXUINT64, &number, NULL));
	return number;
}

static gboolean
run_inclusion (const json_t *v)
{
	Hash leaf, root;
	g_autoptr (GArray) proof = g_array_new (FALSE, FALSE, sizeof (Hash));
	return vector_hash (json_object_get (v, "leafHash"), &leaf) && vector_hash (json_object_get (v, "root"), &root) &&
	       vector_proof (v, proof) &&
	       merkle_verify_inclusion (&leaf, vector_number (v, "leafIdx"), vector_number (v, "treeSize"),
	                                (const Hash *) proof->data, proof->len, &root, NULL);
}

static gboolean
run_consistency (const json_t *v)
{
	Hash root1, root2;
	g_autoptr (GArray) proof = g_array_new (FALSE, FALSE, sizeof (Hash));
	return vector_hash (json_object_get (v, "root1"), &root1) && vector_hash (json_object_get (v, "root2"), &root2) &&
	       vector_proof (v, proof) &&
	       merkle_verify_consistency (vector_number (v, "size1"), vector_number (v, "size2"),
	                                  (const Hash *) proof->data, proof->len, &root1, &root2, NULL);
}

typedef gboolean (*VectorFn) (const json_t *vector);

/* Jansson's integers are signed: the few numbers over 2^63 are read as texts. */
static json_t *
load_vector (const char *path)
{
	json_error_t why;
	g_autofree char *text = NULL;
	g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
	g_autoptr (GRegex) large = g_regex_new (": ([0-9]{19,})", 0, 0, NULL);
	g_autofree char *quoted = g_regex_replace (large, text, -1, 0, ": \"\\1\"", 0, NULL);
	json_t *vector = json_loads (quoted, 0, &why);
	g_assert_nonnull (vector);
	return vector;
}

static guint
run_folder (const char *folder, VectorFn fn)
{
	guint count = 0;
	const char *name;
	g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
	g_assert_nonnull (dir);
	while ((name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *path = g_build_filename (folder, name, NULL);
		if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
			count += run_folder (path, fn);
			continue;
		}
		g_autoptr (json_t) vector = load_vector (path);
		if (fn (vector) == json_is_true (json_object_get (vector, "wantErr"))) {
			g_test_message ("%s: %s", path, json_string_value (json_object_get (vector, "desc")));
			g_test_fail ();
		}
		count++;
	}
	return count;
}

static void
test_inclusion_vectors (void)
{
	g_autofree char *folder = g_test_build_filename (G_TEST_DIST, VECTORS, "inclusion", NULL);
	g_assert_cmpuint (run_folder (folder, run_inclusion), ==, 98);
}

static void
test_consistency_vectors (void)
{
	g_autofree char *folder = g_test_build_filename (G_TEST_DIST, VECTORS, "consistency", NULL);
	g_assert_cmpuint (run_folder (folder, run_consistency), ==, 98);
}

/* --- tiles --------------------------------------------------------------------------- */

static void
assert_tile (const MerkleTree *t, guint level, guint64 index, guint width, guint64 size)
{
	g_autoptr (GBytes) tile = merkle_tree_tile (t, level, index, width, size);
	g_assert_nonnull (tile);
	gsize n;
	const Hash *hashes = g_bytes_get_data (tile, &n);
	g_assert_cmpuint (n, ==, width * sizeof (Hash));
	guint64 span = G_GUINT64_CONSTANT (1) << (8 * level);
	for (guint64 i = 0; i < width; i++) {
		Hash h;
		naive_mth (leaf_hashes + (index * 256 + i) * span, span, &h);
		g_assert_true (fingerprint_equal (&h, &hashes[i]));
	}
}

static void
assert_no_tile (const MerkleTree *t, guint level, guint64 index, guint width, guint64 size)
{
	g_autoptr (GBytes) tile = merkle_tree_tile (t, level, index, width, size);
	g_assert_null (tile);
}

/* The example of tlog-tiles: 70,000 leaves are 273 full tiles, a partial of 112, one full tile at
 * level 1, a partial of 17, and a partial of 1 at level 2. */
static void
test_tiles (void)
{
	g_autoptr (MerkleTree) t = numbered_tree (70000);
	assert_tile (t, 0, 0, 256, 70000);
	assert_tile (t, 0, 272, 256, 70000);
	assert_tile (t, 0, 273, 112, 70000);
	assert_no_tile (t, 0, 273, 113, 70000);
	assert_no_tile (t, 0, 274, 1, 70000);
	assert_tile (t, 1, 0, 256, 70000);
	assert_tile (t, 1, 1, 17, 70000);
	assert_no_tile (t, 1, 1, 18, 70000);
	assert_tile (t, 2, 0, 1, 70000);
	assert_no_tile (t, 2, 0, 2, 70000);
	assert_no_tile (t, 3, 0, 1, 70000);
	/* As of an earlier size, what was not there yet is not served. */
	assert_tile (t, 0, 0, 255, 255);
	assert_no_tile (t, 0, 0, 256, 255);
	assert_no_tile (t, 1, 0, 1, 255);
	assert_tile (t, 1, 0, 1, 256);
	/* Nonsense asks for nothing. */
	assert_no_tile (t, 0, 0, 0, 70000);
	assert_no_tile (t, 0, 0, 257, 70000);
	assert_no_tile (t, 8, 0, 1, 70000);
	assert_no_tile (t, 63, 0, 1, 70000);
	assert_no_tile (t, 0, G_MAXUINT64, 1, 70000);
	assert_no_tile (t, 0, G_MAXUINT64 / 256, 256, 70000);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/merkle/roots", test_roots);
	g_test_add_func ("/merkle/inclusion", test_inclusion_every_size);
	g_test_add_func ("/merkle/consistency", test_consistency_every_pair);
	g_test_add_func ("/merkle/leaf-hash", test_leaf_hash_sizes);
	g_test_add_func ("/merkle/vectors/inclusion", test_inclusion_vectors);
	g_test_add_func ("/merkle/vectors/consistency", test_consistency_vectors);
	g_test_add_func ("/merkle/tiles", test_tiles);
	return g_test_run ();
}
