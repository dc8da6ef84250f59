/* pki/path_find.c — from a heap of certificates to a path (RFC 4158): depth first, only along signatures that verify, within bounds. */
#include "pki/path.h"

#include "pki/certificate_private.h"
#include "pki/pki_private.h"

#define MAX_CHAINS 8       /* that got to an anchor and were refused */

typedef struct {
	const Certificate *leaf;
	const PathPool *pool;
	const Path *path;
	GPtrArray *chain;          /* borrowed: where the search stands */
	guint signatures, chains;
	/* The best there was, when none is accepted. */
	GPtrArray *best;
	gboolean best_whole;
	PathFault fault;
	GError *error;
} Search;

static gboolean
same (const Certificate *a, const Certificate *b)
{
	return fingerprint_equal (&a->fingerprint, &b->fingerprint);
}

static gboolean
holds (Certificate *const *list, gsize n, const Certificate *c)
{
	for (gsize i = 0; i < n; i++) {
		if (same (list[i], c))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_on_path (const Search *s, const Certificate *c)
{
	return same (s->leaf, c) || holds ((Certificate *const *) s->chain->pdata, s->chain->len, c);
}

/* A whole chain is better than a part of one, an earlier better than a later, a longer part better than a shorter one.  Takes error. */
static void
remember (Search *s, gboolean whole, const PathFault *fault, GError *error)
{
	gboolean better = s->best == NULL || (whole && !s->best_whole) || (!whole && !s->best_whole && s->chain->len > s->best->len);

	if (!better) {
		g_error_free (error);
		return;
	}
	g_clear_pointer (&s->best, g_ptr_array_unref);
	g_clear_error (&s->error);
	s->best = g_ptr_array_copy (s->chain, (GCopyFunc) (gpointer) certificate_ref, NULL);
	g_ptr_array_set_free_func (s->best, (GDestroyNotify) certificate_unref);
	s->best_whole = whole;
	s->fault = *fault;
	s->error = error;
}

static gboolean
judge (Search *s)
{
	const Path path = { (Certificate *const *) s->chain->pdata, s->chain->len, s->path->lists, s->path->lists_n, s->path->at };
	PathFault fault;
	GError *error = NULL;

	s->chains++;
	if (path_validate (s->leaf, &path, &fault, &error))
		return TRUE;
	remember (s, TRUE, &fault, error);
	return FALSE;
}

static gboolean
is_spent (const Search *s)
{
	return s->signatures == PATH_MAX_SIGNATURES || s->chains == MAX_CHAINS;
}

static void
give_up_at (Search *s, const Certificate *c, const Certificate *namesake)
{
	PathFault fault = { .place = s->chain->len, .field = "issuer", .rule = "RFC 5280 6.1.3 (a)(4)", .lacks = PATH_LACKS_ISSUER };
	GError *error = NULL;

	if (is_spent (s)) {
		fault.rule = "docs/operations.md, Checking a certificate offline";
		fault.lacks = PATH_LACKS_NOTHING;
		diqi_error_set (&error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "too many certificates of one name: the search for its issuer was given up");
	} else if (certificate_is_signed_by (c, c)) {
		fault.rule = "RFC 5280 6.1.1 (d)";
		fault.lacks = PATH_LACKS_NOTHING;
		diqi_error_set (&error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "this root is none of those that are trusted here");
	} else if (namesake != NULL) {
		fault.field = "signatureValue";
		fault.rule = "RFC 5280 6.1.3 (a)(1)";
		diqi_error_set (&error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "the certificate of its issuer that is here did not sign it");
	} else
		diqi_error_set (&error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "the certificate of its issuer is not here");
	remember (s, FALSE, &fault, error);
}

static gboolean extend (Search *s, const Certificate *c);

/* Goes on over the issuers of c among these; *namesake: one that only has the name. */
static gboolean
try_issuers (Search *s, const Certificate *c, Certificate *const *list, gsize n, gboolean *found, const Certificate **namesake)
{
	for (gsize i = 0; i < n; i++) {
		if (!der_equal (c->issuer, list[i]->subject) || is_on_path (s, list[i]))
			continue;
		if (is_spent (s))
			return FALSE;
		s->signatures++;
		*namesake = list[i];
		if (!certificate_is_signed_by (c, list[i]))
			continue;
		*found = TRUE;
		g_ptr_array_add (s->chain, list[i]);
		if (extend (s, list[i]))
			return TRUE;
		g_ptr_array_set_size (s->chain, (gint) s->chain->len - 1);
	}
	return FALSE;
}

/* TRUE: s->chain is a chain that was accepted. */
static gboolean
extend (Search *s, const Certificate *c)
{
	const Certificate *namesake = NULL;
	gboolean found = FALSE;

	if (s->chain->len > 0 && holds (s->pool->anchors, s->pool->anchors_n, c))
		return judge (s);
	if (s->chain->len < PATH_MAX_LENGTH
	    && (try_issuers (s, c, s->pool->anchors, s->pool->anchors_n, &found, &namesake)
	        || try_issuers (s, c, s->pool->others, s->pool->others_n, &found, &namesake)))
		return TRUE;
	if (!found)
		give_up_at (s, c, namesake);
	return FALSE;
}

/* An anchor is a path by itself, without a status: nobody but the one who trusts it stands above it. */
static gboolean
start (Search *s)
{
	PathFault fault = { 0 };
	GError *error = NULL;

	if (!holds (s->pool->anchors, s->pool->anchors_n, s->leaf))
		return extend (s, s->leaf);
	g_ptr_array_add (s->chain, (gpointer) s->leaf);
	if (certificate_verify_path (s->leaf, (Certificate *const *) s->chain->pdata, 1, s->path->at, &fault, &error))
		return TRUE;
	remember (s, TRUE, &fault, error);
	return FALSE;
}

gboolean
path_find (const Certificate *leaf, const PathPool *pool, const Path *path, GPtrArray **chain, PathFault *fault, GError **error)
{
	g_autoptr (GPtrArray) stack = g_ptr_array_new ();
	Search s = { .leaf = leaf, .pool = pool, .path = path, .chain = stack };
	gboolean good = start (&s);

	if (good) {
		g_clear_pointer (&s.best, g_ptr_array_unref);
		g_clear_error (&s.error);
		s.best = g_ptr_array_copy (stack, (GCopyFunc) (gpointer) certificate_ref, NULL);
		g_ptr_array_set_free_func (s.best, (GDestroyNotify) certificate_unref);
		s.fault = (PathFault) { 0 };
	} else
		g_propagate_error (error, s.error);
	*chain = s.best;
	*fault = s.fault;
	return good;
}
