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

/* --- why no list speaks ------------------------------------------------------------------ */

typedef struct {
	gboolean other_point, delta, early, stale;
	Micros made, due;             /* of the earliest that is early, of the latest that is stale */
} Missing;

static void
look_at (const Path *path, const CrlFacts *facts, const Certificate *c, Missing *m)
{
	if (!covers (facts, c))
		m->other_point = TRUE;
	else if (facts->delta)
		m->delta = TRUE;
	else if (path->at < facts->this_update) {
		m->made = m->early ? MIN (m->made, facts->this_update) : facts->this_update;
		m->early = TRUE;
	} else {
		m->due = MAX (m->due, facts->next_update);
		m->stale = TRUE;
	}
}

static char *
why_missing (const Missing *m)
{
	g_autofree char *made = time_format (m->made), *due = time_format (m->due);

	if (m->stale)
		return g_strdup_printf ("the newest one here is stale, it was to be replaced by %s", due);
	if (m->early)
		return g_strdup_printf ("the one here was made after that moment, at %s", made);
	if (m->delta)
		return g_strdup ("a delta list is here without the full list that it continues");
	if (m->other_point)
		return g_strdup ("the lists of its issuer that are here are of other distribution points");
	return g_strdup ("none that its issuer signed is here");
}

static gboolean
lacks_list (const Path *path, const Certificate *c, PathFault *fault, GError **error)
{
	Missing m = { 0 };

	for (gsize i = 0; i < path->lists_n; i++) {
		g_auto (CrlFacts) facts = { 0 };
		if (verify_list (path, path->lists[i], c, &facts))
			look_at (path, &facts, c, &m);
	}
	fault->field = m.stale ? "nextUpdate" : m.early ? "thisUpdate" : "cRLDistributionPoints";
	fault->rule = "RFC 5280 6.3.3 (a)(b)";
	fault->lacks = PATH_LACKS_LIST;
	g_autofree char *why = why_missing (&m);
	return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "no current revocation list says what became of the certificate: %s", why);
}

static gboolean
is_stopped (const RevokedEntry *entry, PathFault *fault, GError **error)
{
	g_autofree char *since = time_format (entry->revoked_at);

	fault->field = "revokedCertificates";
	fault->rule = "RFC 5280 6.1.3 (a)(3)";
	if (entry->reason == REASON_HOLD)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_HELD, NULL, "on hold since %s", since);
	return diqi_fail (error, DIQI_ERROR_CERTIFICATE_REVOKED, NULL, "revoked since %s: %s", since, reason_name (entry->reason));
}

static gboolean
check_status (const Path *path, const Certificate *c, PathFault *fault, GError **error)
{
	g_auto (CrlFacts) facts = { 0 };
	GBytes *full = find_full (path, c, &facts);
	RevokedEntry entry = { 0 };

	if (full == NULL)
		return lacks_list (path, c, fault, error);
	GBytes *delta = find_delta (path, c, &facts);
	gboolean listed = (delta != NULL && crl_find (delta, &c->serial, &entry)) || crl_find (full, &c->serial, &entry);
	return !listed || entry.reason == REASON_REMOVE_FROM_CRL || is_stopped (&entry, fault, error);
}

gboolean
path_list (const Path *path, const Certificate *c, CrlFacts *out)
{
	return find_full (path, c, out) != NULL;
}

gboolean
path_validate (const Certificate *leaf, const Path *path, PathFault *fault, GError **error)
{
	PathFault unwanted;
	const Certificate *c = leaf;

	if (fault == NULL)
		fault = &unwanted;
	*fault = (PathFault) { 0 };
	if (!certificate_verify_path (leaf, path->chain, path->chain_n, path->at, fault, error))
		return FALSE;
	for (gsize i = 0; i < path->chain_n; i++) {
		fault->place = i;
		if (!check_status (path, c, fault, error))
			return FALSE;
		c = path->chain[i];
	}
	return TRUE;
}
