/* market/sale_bundle.c — see sale_bundle.h. */
#include "market/sale_bundle.h"

#include <string.h>

#include "market/market_private.h"
#include "market/sale_replay.h"

typedef struct {
	const char *sale;
	SaleState state;
	char *notice;
	GArray *indices;               /* guint64, growing */
	GPtrArray *leaves;             /* GBytes, as indices */
	GPtrArray *bidders;            /* BidderRow */
} Collection;

static void
collection_clear (Collection *c)
{
	sale_state_clear (&c->state);
	g_clear_pointer (&c->notice, g_free);
	g_clear_pointer (&c->indices, g_array_unref);
	g_clear_pointer (&c->leaves, g_ptr_array_unref);
	g_clear_pointer (&c->bidders, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Collection, collection_clear)

static int
by_index (gconstpointer a, gconstpointer b)
{
	guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;

	return (x > y) - (x < y);
}

static gboolean
collect_leaves (Tx *tx, Collection *c, GError **error)
{
	g_autoptr (GArray) of_notice = evidence_leaves_about (tx, c->notice, error);
	g_autoptr (GArray) of_sale = of_notice != NULL ? evidence_leaves_about (tx, c->sale, error) : NULL;

	if (of_sale == NULL)
		return FALSE;
	g_array_append_vals (c->indices, of_notice->data, of_notice->len);
	g_array_append_vals (c->indices, of_sale->data, of_sale->len);
	g_array_sort (c->indices, by_index);
	for (guint i = 0; i < c->indices->len; i++) {
		GBytes *leaf = evidence_leaf (tx, g_array_index (c->indices, guint64, i), error);
		if (leaf == NULL)
			return FALSE;
		g_ptr_array_add (c->leaves, leaf);
	}
	return TRUE;
}

static gboolean
collect (Tx *tx, gpointer arg, GError **error)
{
	Collection *c = arg;
	gboolean found = FALSE;

	collection_clear (c);
	c->indices = g_array_new (FALSE, FALSE, sizeof (guint64));
	c->leaves = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	c->bidders = g_ptr_array_new ();
	if (!db_sale_get (tx, c->sale, &c->state, &c->notice, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such sale");
	if (c->state.phase != SALE_CLOSED)
		return diqi_fail (error, DIQI_ERROR_SALE_STATE, NULL, "the evidence of a sale is given out when it is closed");
	return db_bidders (tx, c->sale, c->bidders, error) && collect_leaves (tx, c, error);
}

/* --- signers -------------------------------------------------------------------------------- */

static const BidderRow *
bidder_by_number (const Collection *c, const char *number)
{
	for (guint i = 0; number != NULL && i < c->bidders->len; i++) {
		const BidderRow *row = g_ptr_array_index (c->bidders, i);
		if (strcmp (row->bidder_no, number) == 0)
			return row;
	}
	return NULL;
}

/* signer NULL: the log. */
static void
add_certificate (BundleBuilder *builder, const BundleSources *sources, const Certificate *signer)
{
	const Certificate *issuer = sources->issuer (sources->user, signer != NULL ? signer : sources->log);

	if (issuer != NULL)
		bundle_builder_add_certificate (builder, issuer);
	if (signer != NULL)
		bundle_builder_add_certificate (builder, signer);
}

static gboolean
add_bidder (BundleBuilder *builder, const BundleSources *sources, const Collection *c, const BidderRow *row, const Fingerprint *signer, GError **error)
{
	gsize n;

	if (row == NULL)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a quote's bidder is missing");
	if (strcmp (row->bidder_no, c->state.leader) == 0 && fingerprint_equal (signer, &row->fingerprint)) {
		gconstpointer der = g_bytes_get_data (row->certificate, &n);
		g_autoptr (Certificate) winner = certificate_parse (der, n, error);
		if (winner != NULL)
			add_certificate (builder, sources, winner);
		return winner != NULL;
	}
	gconstpointer spki = g_bytes_get_data (row->spki, &n);
	g_autoptr (PublicKey) key = public_key_from_spki (spki, n, error);
	if (key != NULL)
		bundle_builder_add_key (builder, key);
	return key != NULL;
}

static gboolean
add_signer (BundleBuilder *builder, const Collection *c, const BundleSources *sources, GBytes *leaf, GError **error)
{
	gsize n;
	const char *text = g_bytes_get_data (leaf, &n);
	g_autoptr (json_t) json = json_read_strict (text, n, 1 << 20, error);
	const char *compact = json_string_value (json_object_get (json, "statement"));

	if (json == NULL || compact == NULL)
		return json != NULL;
	g_autoptr (Statement) statement = statement_parse (compact, -1, error);
	if (statement == NULL)
		return FALSE;
	const Fingerprint *signer = statement_signer (statement);
	if (strcmp (statement_type (statement), "quote") == 0) {
		const char *number = json_string_value (json_object_get (json_object_get (json, "effect"), "bidder"));
		return add_bidder (builder, sources, c, bidder_by_number (c, number), signer, error);
	}
	g_autoptr (Certificate) officer = sources->officer (sources->user, signer, error);
	if (officer != NULL)
		add_certificate (builder, sources, officer);
	return officer != NULL;
}

/* --- the file ----------------------------------------------------------------------------------- */

GBytes *
sale_bundle_build (Store *store, const BundleSources *sources, const char *sale, GError **error)
{
	g_auto (Collection) c = { .sale = sale };
	guint64 size = 0;

	if (!store_read (store, "sale.bundle", collect, &c, error))
		return NULL;
	guint64 last = c.indices->len > 0 ? g_array_index (c.indices, guint64, c.indices->len - 1) : 0;
	g_autofree char *note = log_keeper_covering (sources->keeper, last, &size, error);
	if (note == NULL)
		return NULL;
	g_autoptr (BundleBuilder) builder = bundle_builder_new (SALE_BUNDLE_KIND, sources->site, sources->root, sources->log, note);
	add_certificate (builder, sources, NULL);
	for (guint i = 0; i < c.leaves->len; i++) {
		guint64 index = g_array_index (c.indices, guint64, i);
		GBytes *leaf = g_ptr_array_index (c.leaves, i);
		g_autoptr (GArray) proof = log_keeper_inclusion (sources->keeper, index, size, error);
		if (proof == NULL || !add_signer (builder, &c, sources, leaf, error))
			return NULL;
		bundle_builder_add_leaf (builder, index, leaf, proof);
	}
	g_autoptr (json_t) subject = sale_bundle_subject (&c.state, c.notice);
	return bundle_builder_finish (builder, subject);
}
