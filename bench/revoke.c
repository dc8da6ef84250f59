/* bench/revoke.c — see revoke.h. */
#include "revoke.h"

#include <string.h>

#include "base/error.h"

#define LONGEST (30 * MICROS_PER_S)
#define PAUSE 1000               /* microseconds: what is asked for costs the site little */

typedef struct {
	const Serial *serial;
	gboolean names_it;
} Look;

/* A serial number has 20 octets, most of them random: they stand nowhere else. */
static void
look (const LoadReply *reply, gpointer user)
{
	Look *l = user;
	l->names_it = memmem (reply->body, reply->n, l->serial->b, sizeof l->serial->b) != NULL;
}

static gboolean
is_named (Fixture *f, const char *path, const Serial *serial, gboolean *named, GError **error)
{
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	Look l = { serial, FALSE };
	LoadResult result;
	const LoadPlan plan = { .requests = requests, .connections = 1, .status = 200, .reply = look, .user = &l };
	g_ptr_array_add (requests, load_request ("GET", path, "", NULL, "", 0));
	if (!load_run (f->port, &plan, &result, error))
		return FALSE;
	*named = l.names_it;
	return result.other == 0 || diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s: HTTP %u", path, result.other_status);
}

static gboolean
wait_named (Fixture *f, const char *path, const Serial *serial, gint64 until, GError **error)
{
	for (gboolean named = FALSE;; g_usleep (PAUSE)) {
		if (!is_named (f, path, serial, &named, error))
			return FALSE;
		if (named)
			return TRUE;
		if (clock_monotonic () > until)
			return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s does not name a revoked certificate", path);
	}
}

/* Of the address of its list that the certificate states. */
static char *
shard_path (const Certificate *certificate, GError **error)
{
	static const char begin[] = "/pki/issuing/shard/", end[] = ".crl";
	gsize n;
	g_autoptr (GBytes) der = certificate_der (certificate);
	const char *p = g_bytes_get_data (der, &n), *from = memmem (p, n, begin, strlen (begin));
	const char *to = from != NULL ? memmem (from, n - (gsize) (from - p), end, strlen (end)) : NULL;
	if (to != NULL)
		return g_strndup (from, (gsize) (to - from) + strlen (end));
	diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "a certificate that names no list");
	return NULL;
}

gboolean
revoke_until_listed (Fixture *f, const Certificate *certificate, Micros *took, GError **error)
{
	const Serial *serial = certificate_serial (certificate);
	g_autofree char *hex = serial_hex (serial), *path = g_strdup_printf ("/api/v1/certificates/%s/revoke", hex);
	g_autofree char *shard = shard_path (certificate, error);
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	GBytes *request = shard == NULL ? NULL : fixture_act (f, &f->officers[REVIEWER], path, "certificate.revoke",
	                                                     json_pack ("{s:s, s:s}", "serial", hex, "reason", "cessationOfOperation"), error);
	if (request == NULL)
		return FALSE;
	g_ptr_array_add (requests, request);
	Micros begun = clock_monotonic ();
	g_autoptr (GPtrArray) answers = fixture_batch (f, requests, error);
	if (answers == NULL || !wait_named (f, "/pki/issuing/delta.crl", serial, begun + LONGEST, error) || !wait_named (f, shard, serial, begun + LONGEST, error))
		return FALSE;
	*took = clock_monotonic () - begun;
	return TRUE;
}
