/* pki/path.c — see path.h. */
#include "pki/path.h"

#include "pki/certificate_private.h"
#include "pki/pki_private.h"

/* --- which lists speak about a certificate ----------------------------------------------- */

#define FULL_NAME DER_CONTEXT_CONSTRUCTED (0)
#define URI_NAME DER_CONTEXT (6)

static gboolean
point_names (Der point, const char *uri)
{
	const Der wanted = { (const guint8 *) uri, strlen (uri) };
	Der name, full, value;
	guint8 tag;

	/* Limited by reason [1] or to another issuer's list [2]: not processed, so it names nothing. */
	if (!der_read (&point, DER_CONTEXT_CONSTRUCTED (0), &name) || point.n != 0 || !der_read (&name, FULL_NAME, &full))
		return FALSE;
	while (der_next (&full, &tag, &value)) {
		if (tag == URI_NAME && der_equal (value, wanted))
			return TRUE;
	}
	return FALSE;
}

/* RFC 5280 6.3.3 b 2: a list of one distribution point is for certificates that name the point. */
static gboolean
covers (const CrlFacts *facts, const Certificate *c)
{
	Der points = c->distribution_points, point;

	if (facts->point == NULL)
		return TRUE;
	while (der_read (&points, DER_SEQUENCE, &point)) {
		if (point_names (point, facts->point))
			return TRUE;
	}
	return FALSE;
}

/* Signed by whom?  By a certificate of the chain with the issuer's name: after a change of its key an authority has two there. */
static gboolean
verify_list (const Path *path, GBytes *list, const Certificate *c, CrlFacts *facts)
{
	for (gsize i = 0; i < path->chain_n; i++) {
		if (der_equal (path->chain[i]->subject, c->issuer) && crl_verify_list (list, path->chain[i], facts, NULL))
			return TRUE;
	}
	return FALSE;
}

static gboolean
speaks_now (const Path *path, GBytes *list, const Certificate *c, CrlFacts *facts)
{
	return verify_list (path, list, c, facts) && facts->this_update <= path->at && path->at <= facts->next_update && covers (facts, c);
}

/* The newest full list about c. */
static GBytes *
find_full (const Path *path, const Certificate *c, CrlFacts *best)
{
	GBytes *found = NULL;

	for (gsize i = 0; i < path->lists_n; i++) {
		g_auto (CrlFacts) facts = { 0 };
		if (!speaks_now (path, path->lists[i], c, &facts) || facts.delta || (found != NULL && facts.number <= best->number))
			continue;
		found = path->lists[i];
		crl_facts_clear (best);
		*best = facts;
		facts = (CrlFacts) { 0 };
	}
	return found;
}

/* The newest delta that continues this full list (RFC 5280 5.2.4): same scope, base not after it, itself not before it. */
static GBytes *
find_delta (const Path *path, const Certificate *c, const CrlFacts *full)
{
	GBytes *found = NULL;
	guint64 newest = 0;

	for (gsize i = 0; i < path->lists_n; i++) {
		g_auto (CrlFacts) facts = { 0 };
		if (!speaks_now (path, path->lists[i], c, &facts) || !facts.delta || facts.base > full->number
		    || facts.number < full->number || g_strcmp0 (facts.point, full->point) != 0 || (found != NULL && facts.number <= newest))
			continue;
		found = path->lists[i];
		newest = facts.number;
	}
	return found;
}

static gboolean
check_status (const Path *path, const Certificate *c, GError **error)
{
	g_auto (CrlFacts) facts = { 0 };
	GBytes *full = find_full (path, c, &facts);
	RevokedEntry entry = { 0 };

	if (full == NULL)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "no current revocation list says what became of a certificate of the chain");
	GBytes *delta = find_delta (path, c, &facts);
	gboolean revoked = (delta != NULL && crl_find (delta, &c->serial, &entry)) || crl_find (full, &c->serial, &entry);
	if (!revoked || entry.reason == REASON_REMOVE_FROM_CRL)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_CERTIFICATE_REVOKED, NULL, "a certificate of the chain is revoked: %s", reason_name (entry.reason));
}

gboolean
path_validate (const Certificate *leaf, const Path *path, GError **error)
{
	const Certificate *c = leaf;

	if (!certificate_verify_chain (leaf, path->chain, path->chain_n, path->at, error))
		return FALSE;
	for (gsize i = 0; i < path->chain_n; i++) {
		if (!check_status (path, c, error))
			return FALSE;
		c = path->chain[i];
	}
	return TRUE;
}
