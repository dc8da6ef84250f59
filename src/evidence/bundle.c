/* evidence/bundle.c — the form of a bundle: reader and writer, and what a reader sees of it.
 *
 * Reading is strict to the byte: the file must be the canonical form of what it says, with
 * these members and no others, so that two different files never say the same.
 */
#include "evidence/bundle.h"

#include "base/error.h"
#include "evidence/bundle_private.h"

#include <string.h>

#define MAX_LEAF (1024 * 1024)
#define MAX_PROOF 64                    /* a tree of 2^64 leaves is 64 high */

guint
fingerprint_key_hash (gconstpointer fingerprint)
{
	guint h;
	memcpy (&h, ((const Fingerprint *) fingerprint)->b, sizeof h);     /* of a hash any bytes will do */
	return h;
}

gboolean
fingerprint_key_equal (gconstpointer a, gconstpointer b)
{
	return fingerprint_equal (a, b);
}

static void
member_free (gpointer p)
{
	Member *m = p;
	certificate_unref (m->certificate);
	g_free (m);
}

static void
signed_clear (gpointer p)
{
	BundleSigned *s = p;
	statement_unref (s->statement);
}

static void
leaf_free (gpointer p)
{
	Leaf *leaf = p;
	g_clear_pointer (&leaf->json, json_decref_);
	g_array_unref (leaf->proof);
	g_array_unref (leaf->statements);
	g_free (leaf);
}

static void
key_free (gpointer p)
{
	public_key_unref (p);
}

void
bundle_free (Bundle *b)
{
	if (b == NULL)
		return;
	g_clear_pointer (&b->leaves, g_ptr_array_unref);
	g_clear_pointer (&b->member_index, g_hash_table_unref);
	g_clear_pointer (&b->members, g_ptr_array_unref);
	g_clear_pointer (&b->key_index, g_hash_table_unref);
	g_clear_pointer (&b->keys, g_ptr_array_unref);
	g_clear_pointer (&b->root, certificate_unref);
	g_clear_pointer (&b->log.certificate, certificate_unref);
	checkpoint_clear (&b->checkpoint);
	g_clear_pointer (&b->json, json_decref_);
	g_free (b);
}

/* --- the file ------------------------------------------------------------------------------ */

static gboolean
refuse_at (GError **error, const char *text, gsize n, gsize offset, const char *why)
{
	g_autofree char *field = bundle_part_at (text, n, offset);
	return bundle_refuse (error, field, "%s at byte %" G_GSIZE_FORMAT, why, offset);
}

/* Only to say where: the verdict has been given. */
static gboolean
refuse_json (GError **error, const char *text, gsize n, const GError *why)
{
	json_error_t at = { .position = 0 };
	g_autoptr (json_t) parsed = json_loadb (text, n, JSON_REJECT_DUPLICATES, &at);
	if (parsed != NULL)
		return bundle_refuse_because (error, "", why);
	return refuse_at (error, text, n, (gsize) MAX (at.position, 0), "not valid JSON");
}

static gboolean
refuse_form (GError **error, const char *text, gsize n, const json_t *parsed)
{
	gsize canonical_n = 0, i = 0;
	g_autofree char *canonical = jcs_dump (parsed, &canonical_n, NULL);
	while (canonical != NULL && i < MIN (n, canonical_n) && canonical[i] == text[i])
		i++;
	return refuse_at (error, text, n, i, "not canonical JSON (RFC 8785)");
}

static gboolean
read_file (Bundle *b, GBytes *bytes, GError **error)
{
	gsize n;
	const char *text = g_bytes_get_data (bytes, &n);
	g_autoptr (GError) why = NULL;
	b->json = json_read_strict (text, n, BUNDLE_MAX_BYTES, &why);
	if (b->json == NULL)
		return n > BUNDLE_MAX_BYTES ? bundle_refuse_because (error, "", why) : refuse_json (error, text, n, why);
	return jcs_is_canonical (text, n, b->json) || refuse_form (error, text, n, b->json);
}

/* --- certificates and keys ------------------------------------------------------------------- */

static GBytes *
read_base64 (const json_t *value, const char *field, GError **error)
{
	g_autoptr (GError) why = NULL;
	if (!json_is_string (value)) {
		bundle_refuse (error, field, "not a text");
		return NULL;
	}
	GBytes *bytes = base64_decode_strict (json_string_value (value), json_string_length (value), &why);
	if (bytes == NULL)
		bundle_refuse_because (error, field, why);
	return bytes;
}

static Certificate *
read_certificate (const json_t *value, const char *field, GError **error)
{
	g_autoptr (GError) why = NULL;
	g_autoptr (GBytes) der = read_base64 (value, field, error);
	if (der == NULL)
		return NULL;
	Certificate *c = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &why);
	if (c == NULL)
		bundle_refuse_because (error, field, why);
	return c;
}

static gboolean
read_certificates (Bundle *b, const json_t *list, GError **error)
{
	gsize i;
	json_t *value;
	json_array_foreach (list, i, value) {
		g_autofree char *field = g_strdup_printf ("/certificates/%" G_GSIZE_FORMAT, i);
		g_autoptr (Certificate) c = read_certificate (value, field, error);
		if (c == NULL)
			return FALSE;
		if (fingerprint_equal (certificate_fingerprint (c), certificate_fingerprint (b->root)) ||
		    g_hash_table_contains (b->member_index, certificate_fingerprint (c)))
			return bundle_refuse (error, field, "this certificate stands in the file already");
		Member *m = g_new0 (Member, 1);
		m->certificate = g_steal_pointer (&c);
		g_ptr_array_add (b->members, m);
		g_hash_table_insert (b->member_index, (gpointer) certificate_fingerprint (m->certificate), m);
	}
	return TRUE;
}

static gboolean
read_keys (Bundle *b, const json_t *list, GError **error)
{
	gsize i;
	json_t *value;
	json_array_foreach (list, i, value) {
		g_autofree char *field = g_strdup_printf ("/keys/%" G_GSIZE_FORMAT, i);
		g_autoptr (GError) why = NULL;
		g_autoptr (GBytes) spki = read_base64 (value, field, error);
		if (spki == NULL)
			return FALSE;
		g_autoptr (PublicKey) key = public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), &why);
		if (key == NULL)
			return bundle_refuse_because (error, field, why);
		if (g_hash_table_contains (b->key_index, public_key_fingerprint (key)))
			return bundle_refuse (error, field, "this key stands in the file already");
		g_hash_table_insert (b->key_index, (gpointer) public_key_fingerprint (key), key);
		g_ptr_array_add (b->keys, g_steal_pointer (&key));
	}
	return TRUE;
}

/* --- leaves -------------------------------------------------------------------------------------- */

static gboolean
add_statement (Leaf *leaf, const char *compact, const char *field, GError **error)
{
	g_autoptr (GError) why = NULL;
	BundleSigned s = { .statement = statement_parse (compact, -1, &why) };
	if (s.statement == NULL)
		return bundle_refuse_because (error, field, why);
	g_array_append_val (leaf->statements, s);
	return TRUE;
}

/* Statements inside an effect, wherever they stand; depth is bounded by the reader of JSON. */
static gboolean
add_statements_within (Leaf *leaf, const json_t *value, const char *field, GError **error)
{
	gsize i;
	const char *name;
	json_t *item;
	if (json_is_string (value))
		return !statement_looks_like_one (json_string_value (value)) ||
		       add_statement (leaf, json_string_value (value), field, error);
	json_array_foreach (value, i, item)
		if (!add_statements_within (leaf, item, field, error))
			return FALSE;
	json_object_foreach ((json_t *) value, name, item)
		if (!add_statements_within (leaf, item, field, error))
			return FALSE;
	return TRUE;
}

static gboolean
read_leaf_statements (Leaf *leaf, const char *field, GError **error)
{
	const json_t *own = json_object_get (leaf->json, "statement");
	gboolean own_given = json_is_string (own);
	if (own_given && !add_statement (leaf, json_string_value (own), field, error))
		return FALSE;
	if (!add_statements_within (leaf, leaf->view.effect, field, error))
		return FALSE;
	const BundleSigned *all = (const BundleSigned *) leaf->statements->data;
	guint own_n = own_given ? 1 : 0;
	leaf->view.statement = own_given ? all : NULL;
	leaf->view.others_n = leaf->statements->len - own_n;
	leaf->view.others = leaf->view.others_n > 0 ? all + own_n : NULL;
	return TRUE;
}

/* The leaf as evidence_append wrote it (evidence.h). */
static gboolean
read_leaf_text (Leaf *leaf, const char *field, GError **error)
{
	const char *text = leaf->view.text;
	g_autoptr (GError) why = NULL;
	leaf->json = json_read_strict (text, strlen (text), MAX_LEAF, &why);
	if (leaf->json == NULL)
		return bundle_refuse_because (error, field, why);
	if (!jcs_is_canonical (text, strlen (text), leaf->json))
		return bundle_refuse (error, field, "not canonical JSON (RFC 8785)");
	const json_t *statement = json_object_get (leaf->json, "statement");
	json_int_t version = json_integer_value (json_object_get (leaf->json, "v"));
	const char *time = json_string_value (json_object_get (leaf->json, "time"));
	leaf->view.type = json_string_value (json_object_get (leaf->json, "type"));
	leaf->view.subject = json_string_value (json_object_get (leaf->json, "subject"));
	leaf->view.effect = json_object_get (leaf->json, "effect");
	if (json_object_size (leaf->json) != 7 || version != 1 || time == NULL || leaf->view.type == NULL || leaf->view.subject == NULL ||
	    !json_is_object (leaf->view.effect) || !(json_is_string (statement) || json_is_null (statement)))
		return bundle_refuse (error, field, "not a leaf of the log");
	if (!time_parse (time, &leaf->view.time, &why))
		return bundle_refuse_because (error, field, why);
	return read_leaf_statements (leaf, field, error);
}

static gboolean
read_proof (Leaf *leaf, const json_t *list, const char *field, GError **error)
{
	gsize i;
	json_t *value;
	if (!json_is_array (list) || json_array_size (list) > MAX_PROOF)
		return bundle_refuse (error, field, "not a list of at most %d hashes", MAX_PROOF);
	json_array_foreach (list, i, value) {
		Hash h;
		if (json_string_length (value) != 2 * sizeof h.b || !hex_decode (json_string_value (value), h.b, sizeof h.b))
			return bundle_refuse (error, field, "not 64 lower-case hex digits");
		g_array_append_val (leaf->proof, h);
	}
	return TRUE;
}

static gboolean
read_leaf (Leaf *leaf, const json_t *value, gsize i, GError **error)
{
	g_autofree char *field = g_strdup_printf ("/leaves/%" G_GSIZE_FORMAT, i);
	g_autofree char *index_field = g_strconcat (field, "/index", NULL);
	g_autofree char *text_field = g_strconcat (field, "/leaf", NULL);
	g_autofree char *proof_field = g_strconcat (field, "/proof", NULL);
	const json_t *index = json_object_get (value, "index");
	if (json_object_size (value) != 3)
		return bundle_refuse (error, field, "has exactly \"index\", \"leaf\" and \"proof\"");
	if (!json_is_integer (index) || json_integer_value (index) < 0)
		return bundle_refuse (error, index_field, "not a place in the log");
	leaf->view.index = (guint64) json_integer_value (index);
	leaf->view.text = json_string_value (json_object_get (value, "leaf"));
	if (leaf->view.text == NULL)
		return bundle_refuse (error, text_field, "not a text");
	if (!read_proof (leaf, json_object_get (value, "proof"), proof_field, error) || !read_leaf_text (leaf, text_field, error))
		return FALSE;
	/* The index is hashed with the leaf; the one beside it is what the proof is for. */
	if (!json_equal (index, json_object_get (leaf->json, "index")))
		return bundle_refuse (error, index_field, "not the index inside the leaf");
	return TRUE;
}

static gboolean
read_leaves (Bundle *b, const json_t *list, GError **error)
{
	gsize i;
	json_t *value;
	guint64 next = 0;
	json_array_foreach (list, i, value) {
		Leaf *leaf = g_new0 (Leaf, 1);
		leaf->proof = g_array_new (FALSE, FALSE, sizeof (Hash));
		leaf->statements = g_array_new (FALSE, FALSE, sizeof (BundleSigned));
		g_array_set_clear_func (leaf->statements, signed_clear);
		g_ptr_array_add (b->leaves, leaf);
		if (!read_leaf (leaf, value, i, error))
			return FALSE;
		if (leaf->view.index < next) {
			g_autofree char *field = g_strdup_printf ("/leaves/%" G_GSIZE_FORMAT "/index", i);
			return bundle_refuse (error, field, "leaves stand in growing order of their index, each once");
		}
		next = leaf->view.index + 1;
	}
	return b->leaves->len > 0 || bundle_refuse (error, "/leaves", "proves nothing");
}

/* --- the whole form ---------------------------------------------------------------------------------- */

/* Whoever adds a kind adds its check to the command that verifies. */
static const char *const kinds[] = { "sale", "ceremony", NULL };

static gboolean
read_members (Bundle *b, GError **error)
{
	const char *format = NULL;
	json_t *certificates = NULL, *keys = NULL, *leaves = NULL, *subject = NULL;
	const char *root = NULL, *log_certificate = NULL;
	g_autoptr (GError) why = NULL;
	const Field fields[] = {
		{ "certificates", FIELD_ARRAY, TRUE, G_MAXINT, &certificates },
		{ "checkpoint", FIELD_STRING, TRUE, NOTE_MAX_BYTES, &b->note },
		{ "format", FIELD_STRING, TRUE, 0, &format },
		{ "keys", FIELD_ARRAY, TRUE, G_MAXINT, &keys },
		{ "kind", FIELD_STRING, TRUE, 0, &b->kind },
		{ "leaves", FIELD_ARRAY, TRUE, G_MAXINT, &leaves },
		{ "log_certificate", FIELD_STRING, TRUE, 2 * CERTIFICATE_MAX_DER, &log_certificate },
		{ "root", FIELD_STRING, TRUE, 2 * CERTIFICATE_MAX_DER, &root },
		{ "site", FIELD_STRING, TRUE, 0, &b->site },
		{ "subject", FIELD_OBJECT, TRUE, 0, &subject },
	};
	if (!JSON_READ (b->json, "", fields, &why))
		return bundle_refuse_because (error, diqi_error_field (why), why);
	b->subject = subject;
	if (strcmp (format, BUNDLE_FORMAT) != 0)
		return bundle_refuse (error, "/format", "not %s", BUNDLE_FORMAT);
	if (!g_strv_contains (kinds, b->kind))
		return bundle_refuse (error, "/kind", "unknown kind");
	b->root = read_certificate (json_object_get (b->json, "root"), "/root", error);
	if (b->root == NULL)
		return FALSE;
	b->log.certificate = read_certificate (json_object_get (b->json, "log_certificate"), "/log_certificate", error);
	return b->log.certificate != NULL && read_certificates (b, certificates, error) && read_keys (b, keys, error) &&
	       read_leaves (b, leaves, error);
}

gboolean
bundle_open (GBytes *bytes, const Certificate *trusted_root, Bundle **out, GError **error)
{
	g_autoptr (Bundle) b = g_new0 (Bundle, 1);
	b->members = g_ptr_array_new_with_free_func (member_free);
	b->member_index = g_hash_table_new (fingerprint_key_hash, fingerprint_key_equal);
	b->keys = g_ptr_array_new_with_free_func (key_free);
	b->key_index = g_hash_table_new (fingerprint_key_hash, fingerprint_key_equal);
	b->leaves = g_ptr_array_new_with_free_func (leaf_free);
	if (!read_file (b, bytes, error) || !read_members (b, error) || !bundle_verify (b, trusted_root, error))
		return FALSE;
	*out = g_steal_pointer (&b);
	return TRUE;
}

const char *bundle_kind (const Bundle *b) { return b->kind; }
const char *bundle_site (const Bundle *b) { return b->site; }
const Certificate *bundle_root (const Bundle *b) { return b->root; }
const Certificate *bundle_log_certificate (const Bundle *b) { return b->log.certificate; }
const Checkpoint *bundle_checkpoint (const Bundle *b) { return &b->checkpoint; }
const json_t *bundle_subject (const Bundle *b) { return b->subject; }
guint bundle_leaves (const Bundle *b) { return b->leaves->len; }
guint bundle_certificates (const Bundle *b) { return b->members->len; }
PublicKey *bundle_find_key (const Bundle *b, const Fingerprint *spki) { return g_hash_table_lookup (b->key_index, spki); }

const BundleLeaf *
bundle_leaf (const Bundle *b, guint i)
{
	const Leaf *leaf = g_ptr_array_index (b->leaves, i);
	return &leaf->view;
}

Certificate *
bundle_certificate (const Bundle *b, guint i)
{
	const Member *m = g_ptr_array_index (b->members, i);
	return m->certificate;
}

Certificate *
bundle_find_certificate (const Bundle *b, const Fingerprint *fingerprint)
{
	const Member *m = g_hash_table_lookup (b->member_index, fingerprint);
	return m != NULL ? m->certificate : NULL;
}

/* --- writing ------------------------------------------------------------------------------------------- */

struct BundleBuilder {
	json_t *json;
	GHashTable *written;               /* Fingerprint, owned, of each certificate and key */
};

static json_t *
json_of (GBytes *bytes)
{
	return json_base64 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

BundleBuilder *
bundle_builder_new (const char *kind, const char *site, const Certificate *root,
                    const Certificate *log_certificate, const char *checkpoint)
{
	BundleBuilder *builder = g_new0 (BundleBuilder, 1);
	builder->written = g_hash_table_new_full (fingerprint_key_hash, fingerprint_key_equal, g_free, NULL);
	builder->json = json_pack ("{s:s, s:s, s:s, s:o, s:o, s:s, s:[], s:[], s:[]}", "format", BUNDLE_FORMAT, "kind", kind, "site", site,
	                           "root", certificate_json (root), "log_certificate", certificate_json (log_certificate),
	                           "checkpoint", checkpoint, "certificates", "keys", "leaves");
	g_assert (builder->json != NULL);
	return builder;
}

void
bundle_builder_free (BundleBuilder *builder)
{
	if (builder == NULL)
		return;
	json_decref (builder->json);
	g_hash_table_unref (builder->written);
	g_free (builder);
}

static gboolean
is_new (BundleBuilder *builder, const Fingerprint *fingerprint)
{
	return g_hash_table_add (builder->written, g_memdup2 (fingerprint, sizeof *fingerprint));
}

void
bundle_builder_add_certificate (BundleBuilder *builder, const Certificate *certificate)
{
	if (!is_new (builder, certificate_fingerprint (certificate)))
		return;
	/* CAs in front, so that a damaged one is met before those it issued. */
	json_t *list = json_object_get (builder->json, "certificates");
	json_array_insert_new (list, certificate_is_ca (certificate) ? 0 : json_array_size (list), certificate_json (certificate));
}

void
bundle_builder_add_key (BundleBuilder *builder, const PublicKey *key)
{
	g_autoptr (GBytes) spki = public_key_spki (key);
	if (is_new (builder, public_key_fingerprint (key)))
		json_array_append_new (json_object_get (builder->json, "keys"), json_of (spki));
}

void
bundle_builder_add_leaf (BundleBuilder *builder, guint64 index, GBytes *leaf, const GArray *proof)
{
	json_t *hashes = json_array ();
	for (guint i = 0; i < proof->len; i++) {
		const Hash *h = &g_array_index (proof, Hash, i);
		json_array_append_new (hashes, json_hex (h->b, sizeof h->b));
	}
	json_t *text = json_stringn (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf));
	json_array_append_new (json_object_get (builder->json, "leaves"),
	                       json_pack ("{s:I, s:o, s:o}", "index", (json_int_t) index, "leaf", text, "proof", hashes));
}

GBytes *
bundle_builder_finish (BundleBuilder *builder, const json_t *subject)
{
	json_object_set (builder->json, "subject", (json_t *) subject);
	return jcs_bytes (builder->json);
}
