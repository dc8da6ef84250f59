/* registry/scan.c — scans handed in.  See scan.h. */
#include "registry/scan.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "pki/seal.h"
#include "registry/papers.h"
#include "registry/scan_db.h"

void
new_scan_clear (NewScan *scan)
{
	g_free (scan->id);
	g_free (scan->paper);
	g_free (scan->name);
	g_free (scan->sha256);
	g_clear_pointer (&scan->wrapped_key, g_bytes_unref);
	g_clear_pointer (&scan->ciphertext, g_bytes_unref);
	memset (scan, 0, sizeof *scan);
}

/* --- reading ------------------------------------------------------------------------------ */

/* It is shown to people and may become a file's name on their machines. */
static gboolean
check_name (const char *name, GError **error)
{
	if (!name)
		return TRUE;
	if (*name == '\0' || g_utf8_strlen (name, -1) > SCAN_NAME_MAX)
		return diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, "/name", "a file's name has 1 to %d characters", SCAN_NAME_MAX);
	for (const char *c = name; *c; c = g_utf8_next_char (c)) {
		gunichar u = g_utf8_get_char (c);

		if (!g_unichar_isprint (u) || u == '/' || u == '\\')
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/name", "a file's name has no path and nothing that cannot be printed");
	}
	return TRUE;
}

gboolean
scan_read (Registry *registry, const char *paper, const char *name, GBytes *content, NewScan *out, GError **error)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (content, &n);
	FileType type;

	if (!paper_rules_find (registry->papers, paper))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "there is no paper of this name");
	if (!check_name (name, error))
		return FALSE;
	if (n > SCAN_MAX_BYTES)
		return diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "a scan has at most %d bytes", SCAN_MAX_BYTES);
	type = n > 0 ? file_type_of (p, n) : FILE_OTHER;
	if (type == FILE_OTHER)
		return diqi_fail (error, DIQI_ERROR_PAPER_TYPE, NULL, "the bytes are no whole PDF, JPEG or PNG file, whatever their name");
	*out = (NewScan) {
		.id = uuid7_new (clock_now (registry->clock)),
		.paper = g_strdup (paper),
		.name = g_strdup (name),
		.type = type,
		.size = (gint64) n,
		.sha256 = hash_hex (p, n),
	};
	return TRUE;
}

/* --- may it be handed in --------------------------------------------------------------------- */

static gboolean
is_open (ApplicationState state)
{
	return state == STATE_DRAFT || state == STATE_SUBMITTED || state == STATE_RETURNED || state == STATE_ACCEPTED;
}

static gboolean
check_limits (Tx *tx, const char *application, const NewScan *scan, GError **error)
{
	gint64 n, bytes;

	if (!db_scan_totals (tx, application, &n, &bytes, error))
		return FALSE;
	if (n >= SCANS_MAX)
		return diqi_fail (error, DIQI_ERROR_SCAN_LIMIT, NULL, "an application has at most %d scans", SCANS_MAX);
	if (bytes + scan->size > SCANS_MAX_BYTES)
		return diqi_fail (error, DIQI_ERROR_SCAN_LIMIT, NULL, "the scans of an application have at most %" G_GINT64_FORMAT " bytes", SCANS_MAX_BYTES);
	return TRUE;
}

static gboolean
check_scan (Tx *tx, const Actor *actor, const char *id, const NewScan *scan, GError **error)
{
	g_auto (Application) application = { 0 };

	if (!application_load (tx, id, TRUE, &application, error) ||
	    !application_check_reader (&application, actor, ROLE_CLERK, error))
		return FALSE;
	if (!is_open (application.state))
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "no scan is taken in state %s", application_state_name (application.state));
	return check_limits (tx, id, scan, error);
}

/* --- sealing and storing ------------------------------------------------------------------- */

gboolean
scan_seal (SignerClient *signer, GBytes *content, NewScan *scan, GError **error)
{
	g_autofree char *context = g_strdup_printf ("scan %s", scan->id);
	guint8 key[SEAL_KEY_BYTES];
	gsize n;
	gconstpointer p = g_bytes_get_data (content, &n);

	seal_new_key (key);
	scan->ciphertext = seal_encrypt (key, context, p, n, error);
	if (scan->ciphertext)
		scan->wrapped_key = signer_wrap_record_key (signer, scan->id, key, sizeof key, error);
	explicit_bzero (key, sizeof key);
	return scan->wrapped_key != NULL;
}

static const char *
uploader (const Actor *actor)
{
	return actor->kind == ACTOR_OFFICER ? actor->person : actor->kind == ACTOR_HOLDER ? actor->subject : "applicant";
}

static json_t *
scan_view (const NewScan *scan, const char *by, Micros now)
{
	json_t *view = json_pack ("{s:s, s:s, s:s, s:I, s:s, s:s, s:o}", "scan", scan->id, "paper", scan->paper,
	                          "media_type", file_type_media (scan->type), "size", (json_int_t) scan->size, "sha256", scan->sha256,
	                          "by", by, "uploaded", json_time (now));

	if (scan->name)
		json_object_set_new (view, "name", json_string (scan->name));
	return view;
}

gboolean
scan_add (Tx *tx, Registry *registry, const Actor *actor, const char *application, const NewScan *scan, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	const char *by = uploader (actor);
	g_autoptr (json_t) effect = json_pack ("{s:s, s:s, s:s, s:I, s:s}", "scan", scan->id, "paper", scan->paper, "sha256", scan->sha256,
	                                       "size", (json_int_t) scan->size, "by", by);

	/* The lock on the application makes the limits hold against others at once. */
	if (!check_scan (tx, actor, application, scan, error) ||
	    !db_scan_insert (tx, application, scan, by, now, error) || !db_scan_content_insert (tx, scan, error) ||
	    !evidence_append (tx, "paper.scan", application, now, NULL, effect, NULL, error))
		return FALSE;
	*view = scan_view (scan, by, now);
	return TRUE;
}

/* --- listing --------------------------------------------------------------------------------- */

#define READER_ROLES (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)

gboolean
application_papers (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autoptr (json_t) required = NULL;
	g_autoptr (json_t) shown = json_object ();
	g_autoptr (json_t) scans = json_array ();

	if (!application_load (tx, id, FALSE, &application, error) ||
	    !application_check_reader (&application, actor, READER_ROLES, error) ||
	    !paper_rules_view (registry->papers, service_name (application.service), subject_kind_name (application.kind), &required, error) ||
	    !papers_add_view (tx, &application, shown, error) || !db_scans (tx, id, scans, error))
		return FALSE;
	json_object_set_new (shown, "application", json_string (id));
	json_object_set (shown, "required", json_object_get (json_array_get (json_object_get (required, "items"), 0), "needs"));
	json_object_set (shown, "scans", scans);
	*view = g_steal_pointer (&shown);
	return TRUE;
}
