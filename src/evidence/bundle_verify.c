/* evidence/bundle_verify.c — the cryptography of a bundle.
 *
 * The order serves the naming of faults.  Root, chains, checkpoint and proofs come first:
 * after them every byte of every leaf is known to be the log's, so that whatever does
 * not fit a leaf is wrong itself.  A damaged certificate or key has another fingerprint and is
 * therefore "not there" for the leaf it signed; the leaf's complaint is kept back until the
 * certificates and keys have had the chance to be found idle.
 */
#include "evidence/bundle_private.h"

#include "base/error.h"

#include <string.h>

typedef struct {
	Bundle *b;
	GHashTable *identities;            /* of statements seen: Fingerprint, borrowed */
	GHashTable *key_of;                /* certificate Fingerprint, borrowed → PublicKey that signs for it */
	GHashTable *used_keys;             /* PublicKey */
	GError *unsigned_leaf;             /* the first leaf whose signer is not in the file */
} Verifier;

/* --- chains -------------------------------------------------------------------------- */

static gboolean
verify_through (const Bundle *b, const Certificate *c, Certificate *issuer, Micros at, GError **error)
{
	Certificate *chain[2] = { issuer, b->root };
	return issuer != NULL ? certificate_verify_chain (c, chain, 2, at, error)
	                      : certificate_verify_chain (c, &chain[1], 1, at, error);
}

/* When all of a chain had begun: signatures can be judged then, whatever the leaves say of time. */
static Micros
beginning (const Bundle *b, const Certificate *c, const Certificate *issuer)
{
	Micros at = MAX (certificate_not_before (c), certificate_not_before (b->root));
	return issuer != NULL ? MAX (at, certificate_not_before (issuer)) : at;
}

/* Finds the way to the root: straight, or through one of the CAs in the file. */
static gboolean
find_chain (Bundle *b, Member *m, const char *field, GError **error)
{
	g_autoptr (GError) why = NULL;
	if (verify_through (b, m->certificate, NULL, beginning (b, m->certificate, NULL), &why))
		return TRUE;
	for (guint i = 0; i < b->members->len; i++) {
		Member *ca = g_ptr_array_index (b->members, i);
		if (ca == m || !certificate_is_ca (ca->certificate))
			continue;
		g_clear_error (&why);
		if (verify_through (b, m->certificate, ca->certificate, beginning (b, m->certificate, ca->certificate), &why)) {
			m->issuer = ca->certificate;
			ca->used = TRUE;
			return TRUE;
		}
	}
	return bundle_refuse_because (error, field, why);
}

static gboolean
find_chains (Bundle *b, GError **error)
{
	for (guint i = 0; i < b->members->len; i++) {
		g_autofree char *field = g_strdup_printf ("/certificates/%u", i);
		if (!find_chain (b, g_ptr_array_index (b->members, i), field, error))
			return FALSE;
	}
	return find_chain (b, &b->log, "/log_certificate", error);
}

gboolean
bundle_check_certificate (const Bundle *b, const Certificate *certificate, Micros at, GError **error)
{
	const Member *m = g_hash_table_lookup (b->member_index, certificate_fingerprint (certificate));
	if (m == NULL)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "the certificate is not in the bundle");
	return verify_through (b, m->certificate, m->issuer, at, error);
}

static gboolean
verify_root (Bundle *b, const Certificate *trusted_root, GError **error)
{
	g_autoptr (GError) why = NULL;
	if (trusted_root != NULL && !fingerprint_equal (certificate_fingerprint (b->root), certificate_fingerprint (trusted_root)))
		return bundle_refuse (error, "/root", "not the root that is trusted here");
	if (!certificate_verify_chain (b->root, &b->root, 1, certificate_not_before (b->root), &why))
		return bundle_refuse_because (error, "/root", why);
	return TRUE;
}

/* --- the log ----------------------------------------------------------------------------- */

static gboolean
verify_checkpoint (Bundle *b, GError **error)
{
	g_auto (Checkpoint) claimed = { 0 };
	g_autoptr (GError) why = NULL;
	/* Bytes of a witness's line would be covered by nothing here. */
	if (checkpoint_signatures (b->note) != 1)
		return bundle_refuse (error, "/checkpoint", "a note with exactly the log's own signature is needed");
	if (!checkpoint_read_unverified (b->note, &claimed, &why) ||
	    !checkpoint_open (b->note, claimed.origin, certificate_public_key (b->log.certificate), &b->checkpoint, &why))
		return bundle_refuse_because (error, "/checkpoint", why);
	return TRUE;
}

static gboolean
verify_inclusions (Bundle *b, GError **error)
{
	for (guint i = 0; i < b->leaves->len; i++) {
		const Leaf *leaf = g_ptr_array_index (b->leaves, i);
		g_autoptr (GError) why = NULL;
		Hash h;
		merkle_leaf_hash (leaf->view.text, strlen (leaf->view.text), &h);
		if (merkle_verify_inclusion (&h, leaf->view.index, b->checkpoint.size, (const Hash *) leaf->proof->data, leaf->proof->len,
		                             &b->checkpoint.root, &why))
			continue;
		g_autofree char *field = g_strdup_printf ("/leaves/%u/proof", i);
		return bundle_refuse (error, field, "this leaf is not under the checkpoint: %s", why->message);
	}
	return TRUE;
}

/* A checkpoint bears no time, but was signed after the newest leaf; a log's key may be younger still. */
static gboolean
verify_log_time (Bundle *b, GError **error)
{
	g_autoptr (GError) why = NULL;
	Micros at = beginning (b, b->log.certificate, b->log.issuer);
	for (guint i = 0; i < b->leaves->len; i++)
		at = MAX (at, ((const Leaf *) g_ptr_array_index (b->leaves, i))->view.time);
	if (!verify_through (b, b->log.certificate, b->log.issuer, at, &why))
		return bundle_refuse_because (error, "/log_certificate", why);
	return TRUE;
}

static gboolean
verify_log (Bundle *b, GError **error)
{
	if ((certificate_extended_key_usage (b->log.certificate) & EKU_DIQI_LOG) == 0)
		return bundle_refuse (error, "/log_certificate", "not a certificate for logs");
	return verify_checkpoint (b, error) && verify_inclusions (b, error) && verify_log_time (b, error);
}

/* --- statements ------------------------------------------------------------------------------ */

static void
note_use (Member *m, Micros at)
{
	m->first = m->signs ? MIN (m->first, at) : at;
	m->last = m->signs ? MAX (m->last, at) : at;
	m->signs = m->used = TRUE;
}

static gboolean
verify_by_member (BundleSigned *s, Member *m, Micros at, GError **error)
{
	if (!statement_verify (s->statement, m->certificate, error))
		return FALSE;
	if (certificate_is_ca (m->certificate) ||
	    (certificate_key_usage (m->certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "its signer's certificate is not for signing statements");
	s->certificate = m->certificate;
	s->key = certificate_public_key (m->certificate);
	note_use (m, at);
	return TRUE;
}

static gboolean
take_key (Verifier *v, BundleSigned *s, PublicKey *key)
{
	if (!statement_verify_signature (s->statement, key, NULL))
		return FALSE;
	s->key = key;
	g_hash_table_add (v->used_keys, key);
	return TRUE;
}

/* The signer's certificate is withheld: one of the keys must be his.  That it is the key of the
 * certificate he names is proven by the domain (bidder.qualify); here one name keeps to one key. */
static gboolean
verify_by_bare_key (Verifier *v, BundleSigned *s, GError **error)
{
	const Fingerprint *name = statement_signer (s->statement);
	PublicKey *known = g_hash_table_lookup (v->key_of, name);
	if (known != NULL)
		return take_key (v, s, known) || statement_verify_signature (s->statement, known, error);
	for (guint i = 0; i < v->b->keys->len; i++) {
		PublicKey *key = g_ptr_array_index (v->b->keys, i);
		if (take_key (v, s, key)) {
			g_hash_table_insert (v->key_of, (gpointer) name, key);
			return TRUE;
		}
	}
	return FALSE;
}

/* "spki#S256": a bare key, or the key of a certificate that came later. */
static gboolean
verify_by_spki (Verifier *v, BundleSigned *s, Micros at, GError **error)
{
	const Fingerprint *name = statement_signer (s->statement);
	PublicKey *key = bundle_find_key (v->b, name);
	if (key != NULL)
		return take_key (v, s, key) || statement_verify_spki (s->statement, key, error);
	for (guint i = 0; i < v->b->members->len; i++) {
		Member *m = g_ptr_array_index (v->b->members, i);
		if (!fingerprint_equal (public_key_fingerprint (certificate_public_key (m->certificate)), name))
			continue;
		if (!statement_verify_spki (s->statement, certificate_public_key (m->certificate), error))
			return FALSE;
		s->certificate = m->certificate;
		s->key = certificate_public_key (m->certificate);
		note_use (m, MAX (at, certificate_not_before (m->certificate)));
		return TRUE;
	}
	return FALSE;
}

static gboolean
verify_signer (Verifier *v, BundleSigned *s, Micros at, GError **error)
{
	if (!statement_by_certificate (s->statement))
		return verify_by_spki (v, s, at, error);
	Member *m = g_hash_table_lookup (v->b->member_index, statement_signer (s->statement));
	return m != NULL ? verify_by_member (s, m, at, error) : verify_by_bare_key (v, s, error);
}

static gboolean
verify_statement (Verifier *v, BundleSigned *s, Micros at, const char *field, GError **error)
{
	g_autoptr (GError) why = NULL;
	if (strcmp (statement_site (s->statement), v->b->site) != 0)
		return bundle_refuse (error, "/site", "not the site of the statement in %s", field);
	if (!g_hash_table_add (v->identities, (gpointer) statement_identity (s->statement)))
		return bundle_refuse (error, field, "its statement was used before in the file");
	if (verify_signer (v, s, at, &why))
		return TRUE;
	if (why != NULL)
		return bundle_refuse_because (error, field, why);
	if (v->unsigned_leaf == NULL)
		bundle_refuse (&v->unsigned_leaf, field, "the signer of its statement is not in the file");
	return TRUE;
}

static gboolean
verify_statements (Verifier *v, GError **error)
{
	for (guint i = 0; i < v->b->leaves->len; i++) {
		const Leaf *leaf = g_ptr_array_index (v->b->leaves, i);
		g_autofree char *field = g_strdup_printf ("/leaves/%u/leaf", i);
		for (guint j = 0; j < leaf->statements->len; j++) {
			BundleSigned *s = &g_array_index (leaf->statements, BundleSigned, j);
			if (!verify_statement (v, s, leaf->view.time, field, error))
				return FALSE;
		}
	}
	/* Only statements bind the name of the site to anything. */
	return g_hash_table_size (v->identities) > 0 || bundle_refuse (error, "/site", "no leaf holds a statement of this site");
}

/* --- nothing idle ------------------------------------------------------------------------------- */

static gboolean
verify_member (Bundle *b, Member *m, const char *field, GError **error)
{
	g_autoptr (GError) why = NULL;
	/* One that does not sign is a CA, judged with the chains it is part of. */
	if (m->signs && (!verify_through (b, m->certificate, m->issuer, m->first, &why) || !verify_through (b, m->certificate, m->issuer, m->last, &why)))
		return bundle_refuse_because (error, field, why);
	return TRUE;
}

/* The leaves' times are between the first and the last, and validity has no gaps. */
static gboolean
verify_members (Bundle *b, GError **error)
{
	for (guint i = 0; i < b->members->len; i++) {
		Member *m = g_ptr_array_index (b->members, i);
		g_autofree char *field = g_strdup_printf ("/certificates/%u", i);
		if (!m->used)
			return bundle_refuse (error, field, "nothing in the file needs this certificate");
		if (!verify_member (b, m, field, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
verify_keys_used (Verifier *v, GError **error)
{
	for (guint i = 0; i < v->b->keys->len; i++) {
		if (g_hash_table_contains (v->used_keys, g_ptr_array_index (v->b->keys, i)))
			continue;
		g_autofree char *field = g_strdup_printf ("/keys/%u", i);
		return bundle_refuse (error, field, "nothing in the file was signed by this key");
	}
	return TRUE;
}

static gboolean
verify_signers (Verifier *v, GError **error)
{
	if (!verify_statements (v, error) || !verify_members (v->b, error) || !verify_keys_used (v, error))
		return FALSE;
	if (v->unsigned_leaf == NULL)
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&v->unsigned_leaf));
	return FALSE;
}

gboolean
bundle_verify (Bundle *b, const Certificate *trusted_root, GError **error)
{
	if (!verify_root (b, trusted_root, error) || !find_chains (b, error) || !verify_log (b, error))
		return FALSE;
	Verifier v = {
		.b = b,
		.identities = g_hash_table_new (fingerprint_key_hash, fingerprint_key_equal),
		.key_of = g_hash_table_new (fingerprint_key_hash, fingerprint_key_equal),
		.used_keys = g_hash_table_new (NULL, NULL),
	};
	gboolean ok = verify_signers (&v, error);
	g_hash_table_unref (v.identities);
	g_hash_table_unref (v.key_of);
	g_hash_table_unref (v.used_keys);
	g_clear_error (&v.unsigned_leaf);
	return ok;
}
