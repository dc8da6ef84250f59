/* main/cmd_ceremony.c — ceremonies: what is done to keys and authorities by several persons at a table, from one script, with a transcript that
 * they sign.
 *
 * The script is JSON (docs/operations.md): {"v":1,"steps":[{"step":NAME,…},…],"present":[{"p12":FILE,"pin_file":FILE},…],"transcript":FILE,
 * "abandons":HASH?}.  Secrets are files that the script names, never members of it.  The first step that fails ends the ceremony; what was done
 * before it stands, and is in the transcript.
 *
 * The signer's journal knows of the ceremony before its first step, and of each step before and after it (signer/ceremony_log.h).  What is cut
 * off goes on when the same script is run again; its transcript names the interruption.  Before there is a site, a file beside the
 * transcript says that its making was begun.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "main/ceremony_person.h"
#include "main/ceremony_steps.h"
#include "main/cli.h"
#include "main/shares.h"
#include "signer/ceremony_log.h"
#include "signer/durable.h"
#include "signer/transcript.h"

#define SCRIPT_MAX 65536
#define TRIES_MAX 1000                /* to make a site that were cut off */
#define FAILURE_MAX 4000

typedef struct {
	Cli *cli;
	CeremonySite site;
	char *signer, *ca, *passphrase;   /* passphrase: secret_free */
	const char *transcript, *abandons;
	json_t *script, *wanted;          /* wanted: its steps, borrowed */
	Fingerprint hash;                 /* of the script */
	json_t *open;                     /* the journal's record as it was when this part began */
	json_t *done;                     /* results of the steps */
	GArray *present;                  /* CeremonyPerson; NULL until they are known: a site that is made here has no officers before */
	Micros test_time;                 /* of a test site, as its signer sees it; 0: the system's clock holds */
	GError *failure;                  /* of the step that ended it */
} Table;

static void
table_clear (Table *t)
{
	g_free (t->signer);
	g_free (t->ca);
	secret_free (t->passphrase);
	json_decref (t->script);
	json_decref (t->open);
	json_decref (t->done);
	g_clear_pointer (&t->present, g_array_unref);
	g_clear_error (&t->failure);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Table, table_clear)

static Micros
now_of (const Table *t)
{
	g_autoptr (Clock) system = clock_new_system ();
	return t->test_time != 0 ? t->test_time : clock_now (system);
}

static gboolean
is_this_script (const Table *t, const json_t *record)
{
	g_autofree char *hash = fingerprint_hex (&t->hash);
	return g_strcmp0 (json_string_value (json_object_get (record, "script")), hash) == 0;
}

/* --- who is present ------------------------------------------------------------------------ */

static gboolean
check_other (const Table *t, const CeremonyPerson *person, GError **error)
{
	g_autofree char *who = certificate_subject_attribute (person->certificate, NAME_SERIAL_NUMBER);
	for (guint i = 0; i < t->present->len; i++) {
		g_autofree char *other = certificate_subject_attribute (g_array_index (t->present, CeremonyPerson, i).certificate, NAME_SERIAL_NUMBER);
		if (g_strcmp0 (who, other) == 0)
			return diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/present", "the same person is there twice");
	}
	return TRUE;
}

/* Before anything is done: who could not sign in the end must be known in the beginning. */
static gboolean
meet (Table *t, const Ceremony *ceremony, GError **error)
{
	const json_t *list = json_object_get (t->script, "present");
	t->present = g_array_new (FALSE, TRUE, sizeof (CeremonyPerson));
	g_array_set_clear_func (t->present, ceremony_person_clear);
	for (size_t i = 0; i < json_array_size (list); i++) {
		CeremonyPerson person = { 0 };
		if (!ceremony_person_open (json_array_get (list, i), "/present", &person, error) || !check_other (t, &person, error)
		    || !ceremony_check_officer (ceremony, person.certificate, error)) {
			ceremony_person_clear (&person);
			return FALSE;
		}
		g_array_append_val (t->present, person);
	}
	t->test_time = ceremony_is_test (ceremony) ? ceremony_now (ceremony) : 0;
	return TRUE;
}

static json_t *
present_hashes (const Table *t)
{
	json_t *out = json_array ();
	for (guint i = 0; t->present != NULL && i < t->present->len; i++) {
		const Fingerprint *hash = certificate_fingerprint (g_array_index (t->present, CeremonyPerson, i).certificate);
		json_array_append_new (out, json_hex (hash->b, sizeof hash->b));
	}
	return out;
}

/* --- the record ---------------------------------------------------------------------------- */

/* What people or programs said may hold anything; the journal takes no control characters. */
static char *
told (const char *message)
{
	g_autofree char *text = g_utf8_make_valid (message, -1);
	GString *out = g_string_new ("");
	glong n = 0;
	for (const char *p = text; *p != '\0' && n < FAILURE_MAX; p = g_utf8_next_char (p), n++) {
		gunichar c = g_utf8_get_char (p);
		g_string_append_unichar (out, g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT ? ' ' : c);
	}
	return g_string_free (out, FALSE);
}

/* Of a part before this one; NULL: it did not fail. */
static void
set_failure (Table *t, const char *said)
{
	if (said != NULL)
		diqi_error_set (&t->failure, DIQI_ERROR_CONFIG, NULL, "%s", said);
}

static const char *
name_of (const Table *t, size_t i)
{
	return json_string_value (json_object_get (json_array_get (t->wanted, i), "step"));
}

static json_t *
step_names (const Table *t)
{
	json_t *names = json_array ();
	for (size_t i = 0; i < json_array_size (t->wanted); i++)
		json_array_append_new (names, json_string (name_of (t, i)));
	return names;
}

static gboolean
begin_at (const Table *t, Ceremony *ceremony, json_t *present, Micros time, GError **error)
{
	g_autoptr (json_t) names = step_names (t), who = present;
	return ceremony_begin (ceremony, &t->hash, names, who, time, error);
}

static gboolean
begin (Table *t, Ceremony *ceremony, GError **error)
{
	if (!begin_at (t, ceremony, present_hashes (t), now_of (t), error))
		return FALSE;
	t->open = json_deep_copy (ceremony_open_record (ceremony));
	FAILPOINT ("ceremony.begun");
	return TRUE;
}

static gboolean
note (const Table *t, size_t i, const char *state, json_t *more, GError **error)
{
	g_autoptr (Ceremony) ceremony = ceremony_site_open (&t->site, error);
	if (ceremony == NULL) {
		json_decref (more);
		return FALSE;
	}
	return ceremony_note_step (ceremony, (guint) i, state, more, now_of (t), error);
}

/* --- steps --------------------------------------------------------------------------------- */

/* As the transcript has it. */
static void
put_done (Table *t, size_t i, const json_t *record)
{
	const char *state = json_string_value (json_object_get (record, "state"));
	json_t *result = json_object_get (record, "result"), *found = json_object_get (record, "found");
	json_t *done = json_pack ("{s:s, s:b, s:O, s:o, s:O*}", "step", name_of (t, i), "done", g_strcmp0 (state, "done") == 0, "time", json_object_get (record, "time"),
	                          "result", result != NULL ? json_incref (result) : json_object (), "found", found);
	json_array_append_new (t->done, done);
}

/* failure: why it failed; NULL: it was done, which was found out when it went on (found) or seen.  Takes result. */
static gboolean
conclude (Table *t, size_t i, json_t *result, const GError *failure, gboolean found, GError **error)
{
	g_autoptr (json_t) more = json_pack ("{s:o*, s:o*}", "result", result, "found", found && failure == NULL ? json_true () : NULL);
	g_autoptr (json_t) record = json_pack ("{s:s, s:o}", "state", failure == NULL ? "done" : "failed", "time", json_time (now_of (t)));
	if (failure != NULL) {
		g_autofree char *text = told (failure->message);
		json_object_set_new (more, "failure", json_string (text));
		t->failure = g_error_copy (failure);
	}
	json_object_update (record, more);
	put_done (t, i, record);
	if (!note (t, i, failure == NULL ? "done" : "failed", json_incref (more), error))
		return FALSE;
	FAILPOINT ("ceremony.step.kept");
	if (failure == NULL)
		cli_note (t->cli, found ? "found done: %s" : "done: %s", name_of (t, i));
	return TRUE;
}

static gboolean
look_before (const Table *t, const CeremonyStep *step, size_t i, json_t **before, GError **failure, GError **error)
{
	g_autoptr (Ceremony) ceremony = ceremony_site_open (&t->site, error);
	if (ceremony == NULL)
		return FALSE;
	*before = step->before != NULL ? step->before (&t->site, ceremony, json_array_get (t->wanted, i), failure) : json_object ();
	if (*before == NULL)
		return TRUE;
	return ceremony_note_step (ceremony, (guint) i, "begun", json_pack ("{s:O}", "before", *before), now_of (t), error);
}

static gboolean
perform (Table *t, const CeremonyStep *step, size_t i, GError **error)
{
	g_autoptr (json_t) before = NULL;
	g_autoptr (GError) failure = NULL;
	json_t *result = NULL;
	if (!look_before (t, step, i, &before, &failure, error))
		return FALSE;
	if (before != NULL) {
		FAILPOINT ("ceremony.step.begun");
		step->run (&t->site, json_array_get (t->wanted, i), before, &result, &failure);
		FAILPOINT ("ceremony.step.ran");
	}
	return conclude (t, i, result, failure, FALSE, error);
}

/* It was cut off in this step. */
static gboolean
resume (Table *t, const CeremonyStep *step, size_t i, const json_t *record, GError **error)
{
	g_autoptr (json_t) nothing = json_object ();
	g_autoptr (GError) failure = NULL;
	const json_t *before = json_object_get (record, "before");
	json_t *result = NULL;
	if (step->found (&t->site, json_array_get (t->wanted, i), before != NULL ? before : nothing, &result, &failure) && result == NULL)
		return perform (t, step, i, error);
	return conclude (t, i, result, failure, TRUE, error);
}

static gboolean
run_step (Table *t, size_t i, GError **error)
{
	const json_t *record = json_array_get (json_object_get (t->open, "steps"), i);
	const char *state = json_string_value (json_object_get (record, "state"));
	gboolean begun = g_strcmp0 (state, "begun") == 0;
	g_autoptr (GError) failure = NULL;
	if (begun || g_strcmp0 (state, "waiting") == 0) {
		const CeremonyStep *step = ceremony_step_find (name_of (t, i), &failure);
		if (step == NULL)
			return conclude (t, i, NULL, failure, FALSE, error);
		return begun ? resume (t, step, i, record, error) : perform (t, step, i, error);
	}
	put_done (t, i, record);
	set_failure (t, json_string_value (json_object_get (record, "failure")));
	cli_note (t->cli, "%s before: %s", state, name_of (t, i));
	return TRUE;
}

/* --- the transcript ------------------------------------------------------------------------ */

static GBytes *
sign (const Table *t, const Ceremony *ceremony, const json_t *transcript, GError **error)
{
	g_autoptr (GPtrArray) authorities = ceremony_authorities (ceremony);
	TranscriptHand hands[CEREMONY_PRESENT_MAX];
	for (guint i = 0; i < t->present->len; i++) {
		const CeremonyPerson *person = &g_array_index (t->present, CeremonyPerson, i);
		hands[i] = (TranscriptHand) { person->key, person->certificate };
	}
	return transcript_sign (transcript, ceremony_site (ceremony), hands, t->present->len, authorities, now_of (t), error);
}

/* Every part but the last was cut off. */
static void
put_interruptions (const Table *t, json_t *transcript)
{
	g_autoptr (json_t) parts = json_copy (json_object_get (t->open, "parts"));
	const json_t *abandoned = json_object_get (t->open, "abandoned");
	size_t n = json_array_size (parts);
	if (n > 1) {
		json_object_set_new (transcript, "resumed", json_incref (json_object_get (json_array_get (parts, n - 1), "begun")));
		json_array_remove (parts, n - 1);
		json_object_set (transcript, "interruptions", parts);
	}
	if (json_array_size (abandoned) > 0)
		json_object_set (transcript, "abandoned", (json_t *) abandoned);
}

static gboolean
write_file (const char *path, GBytes *bytes, GError **error)
{
	g_autofree char *folder = g_path_get_dirname (path), *name = g_path_get_basename (path);
	return durable_replace (folder, name, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0644, error);
}

static gboolean
write_transcript (const Table *t, GError **error)
{
	g_autoptr (Ceremony) ceremony = ceremony_site_open (&t->site, error);
	if (ceremony == NULL)
		return FALSE;
	g_autoptr (json_t) transcript = json_pack ("{s:i, s:s, s:s, s:s, s:O, s:o, s:o, s:O}", "v", 1, "type", "diqi.ceremony", "site", ceremony_site (ceremony),
		"program", DIQI_VERSION, "begun", json_object_get (t->open, "begun"), "ended", json_time (now_of (t)), "script", json_hex (t->hash.b, sizeof t->hash.b),
		"steps", t->done);
	if (t->failure != NULL) {
		g_autofree char *text = told (t->failure->message);
		json_object_set_new (transcript, "failure", json_string (text));
	}
	put_interruptions (t, transcript);
	g_autoptr (GBytes) bytes = sign (t, ceremony, transcript, error);
	if (bytes == NULL || !write_file (t->transcript, bytes, error))
		return FALSE;
	FAILPOINT ("ceremony.signed");
	if (!ceremony_finish (ceremony, bytes, error))
		return FALSE;
	FAILPOINT ("ceremony.entered");
	return TRUE;
}

/* It was cut off when it had been signed and was not in the journal. */
static gboolean
take_signed (Table *t, Ceremony *ceremony, GError **error)
{
	const json_t *open = ceremony_open_record (ceremony), *parts = json_object_get (open, "parts");
	g_autoptr (GBytes) bytes = file_read (t->transcript, TRANSCRIPT_MAX, NULL);
	g_autoptr (Transcript) signed_one = bytes != NULL && open != NULL && is_this_script (t, open) ? transcript_open (bytes, NULL) : NULL;
	g_autoptr (json_t) begun = signed_one != NULL ? json_time (signed_one->begun) : NULL;
	if (signed_one == NULL || !fingerprint_equal (&signed_one->script, &t->hash) || !json_equal (begun, json_object_get (open, "begun"))
	    || json_array_size (signed_one->interruptions) + 1 != json_array_size (parts))
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/transcript", "%s exists", t->transcript);
	set_failure (t, signed_one->failure);
	cli_note (t->cli, "it had been signed: %s", t->transcript);
	return ceremony_finish (ceremony, bytes, error);
}

/* --- before there is a site ------------------------------------------------------------------- */

static char *
begun_path (const Table *t)
{
	return g_strconcat (t->transcript, ".begun", NULL);
}

/* Beginnings of the making of the site by this script, in times.  An empty array: none. */
static json_t *
read_begun (const Table *t, GError **error)
{
	g_autofree char *path = begun_path (t);
	const char *script;
	json_t *times;
	const Field fields[] = { { "script", FIELD_HEX32, TRUE, 0, &script }, { "begun", FIELD_ARRAY, TRUE, TRIES_MAX, &times } };
	if (!g_file_test (path, G_FILE_TEST_EXISTS))
		return json_array ();
	g_autoptr (GBytes) bytes = file_read (path, SCRIPT_MAX, error);
	g_autoptr (json_t) read = bytes != NULL ? json_read_strict (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), SCRIPT_MAX, error) : NULL;
	if (read == NULL || !JSON_READ (read, "", fields, error)) {
		g_prefix_error (error, "%s: ", path);
		return NULL;
	}
	if (is_this_script (t, read))
		return json_incref (times);
	diqi_error_set (error, DIQI_ERROR_EXISTS, "/transcript", "%s is of a ceremony that another script began: run that, or write the transcript elsewhere", path);
	return NULL;
}

static gboolean
write_begun (const Table *t, const json_t *times, GError **error)
{
	g_autofree char *path = begun_path (t);
	g_autoptr (json_t) object = json_pack ("{s:o, s:O}", "script", json_hex (t->hash.b, sizeof t->hash.b), "begun", times);
	g_autoptr (GBytes) bytes = jcs_bytes (object);
	return write_file (path, bytes, error);
}

static void
forget_begun (const Table *t)
{
	g_autofree char *path = begun_path (t);
	unlink (path);
}

/* The site is made: its journal takes over from the file.  found: it was whole when the ceremony went on. */
static gboolean
enter_init (Table *t, json_t *times, json_t *result, gboolean found, GError **error)
{
	g_autoptr (json_t) made = result;
	g_autoptr (Ceremony) ceremony = ceremony_site_open (&t->site, error);
	if (ceremony == NULL || !meet (t, ceremony, error))
		return FALSE;
	for (size_t i = 0; i < json_array_size (times); i++) {
		Micros time;
		gboolean last = i + 1 == json_array_size (times);
		if (!time_parse (json_string_value (json_array_get (times, i)), &time, error)
		    || !begin_at (t, ceremony, last ? present_hashes (t) : json_array (), time, error)
		    || !ceremony_note_step (ceremony, 0, "begun", NULL, time, error))
			return FALSE;
	}
	t->open = json_deep_copy (ceremony_open_record (ceremony));
	g_clear_pointer (&ceremony, ceremony_free);
	if (!conclude (t, 0, json_incref (made), NULL, found, error))
		return FALSE;
	forget_begun (t);
	return TRUE;
}

static gboolean
is_empty (const char *dir)
{
	g_autoptr (GDir) d = g_dir_open (dir, 0, NULL);
	return d == NULL || g_dir_read_name (d) == NULL;
}

static gboolean
make_site (Table *t, json_t *times, GError **error)
{
	const CeremonyStep *init = ceremony_step_find ("init", error);
	g_autoptr (json_t) nothing = json_object ();
	json_t *result = NULL;
	if (g_strcmp0 (name_of (t, 0), "init") != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: there is no site; a script whose first step is init makes one", t->site.dir);
	if (json_array_size (times) > 1 && !is_empty (t->site.dir))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the making of this site was cut off, and what is in %s is not whole: remove that folder, then run the same script again",
		                  t->site.dir);
	if (!write_begun (t, times, error))
		return FALSE;
	FAILPOINT ("ceremony.begun");
	if (!init->run (&t->site, json_array_get (t->wanted, 0), nothing, &result, error)) {
		json_decref (result);
		/* Nothing is left of it, and there is nobody yet who could sign. */
		if (json_array_size (times) == 1)
			forget_begun (t);
		g_prefix_error (error, "step 1: ");
		return FALSE;
	}
	FAILPOINT ("ceremony.step.ran");
	return enter_init (t, times, result, FALSE, error);
}

/* --- how it begins ---------------------------------------------------------------------------- */

static gboolean
check_open (const Table *t, const json_t *open, GError **error)
{
	const char *script = json_string_value (json_object_get (open, "script"));
	if (open != NULL && !is_this_script (t, open) && g_strcmp0 (script, t->abandons) != 0)
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/abandons", "the ceremony of another script, begun %s, was cut off: run that script again, or say \"abandons\":\"%s\" in this one",
		                  json_string_value (json_object_get (open, "begun")), script);
	if (t->abandons != NULL && open == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/abandons", "no ceremony was cut off");
	return TRUE;
}

/* *ended: there was nothing left but to enter it. */
static gboolean
begin_on_site (Table *t, gboolean *ended, GError **error)
{
	g_autoptr (Ceremony) ceremony = ceremony_site_open (&t->site, error);
	if (ceremony == NULL)
		return FALSE;
	*ended = g_file_test (t->transcript, G_FILE_TEST_EXISTS);
	if (*ended)
		return take_signed (t, ceremony, error);
	return check_open (t, ceremony_open_record (ceremony), error) && meet (t, ceremony, error) && begin (t, ceremony, error);
}

static gboolean
journal_knows (const Table *t)
{
	g_autoptr (Ceremony) ceremony = ceremony_site_open (&t->site, NULL);
	return ceremony != NULL && ceremony_open_record (ceremony) != NULL && is_this_script (t, ceremony_open_record (ceremony));
}

static gboolean
begin_anywhere (Table *t, gboolean *ended, GError **error)
{
	g_autofree char *pins = g_build_filename (t->signer, "site.json", NULL);
	gboolean there = g_file_test (pins, G_FILE_TEST_EXISTS);
	g_autoptr (json_t) times = read_begun (t, error);
	json_t *result = NULL;
	if (times == NULL)
		return FALSE;
	gboolean tried = json_array_size (times) > 0;
	*ended = FALSE;
	if (there && (!tried || journal_knows (t))) {
		if (tried)
			forget_begun (t);
		return begin_on_site (t, ended, error);
	}
	if (g_file_test (t->transcript, G_FILE_TEST_EXISTS))
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/transcript", "%s exists", t->transcript);
	json_array_append_new (times, json_time (now_of (t)));
	if (there && !ceremony_init_found (&t->site, &result, error))
		return FALSE;
	return result != NULL ? enter_init (t, times, result, TRUE, error) : make_site (t, times, error);
}

/* --- the command ------------------------------------------------------------------------------ */

static gboolean
read_script (Table *t, const char *path, GError **error)
{
	gint64 v;
	json_t *present;
	const Field fields[] = {
		{ "v", FIELD_INT, TRUE, 0, &v }, { "steps", FIELD_ARRAY, TRUE, CEREMONY_STEPS_MAX, &t->wanted }, { "present", FIELD_ARRAY, TRUE, CEREMONY_PRESENT_MAX, &present },
		{ "transcript", FIELD_STRING, TRUE, 1024, &t->transcript }, { "abandons", FIELD_HEX32, FALSE, 0, &t->abandons },
	};
	g_autoptr (GBytes) bytes = file_read (path, SCRIPT_MAX, error);
	if (bytes == NULL)
		return FALSE;
	fingerprint_of (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &t->hash);
	t->script = json_read_strict (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), SCRIPT_MAX, error);
	if (t->script == NULL || !JSON_READ (t->script, "", fields, error))
		return FALSE;
	if (v != 1 || json_array_size (present) < 2)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/present", "a script of version 1, with at least two persons who sign");
	for (size_t i = 0; i < json_array_size (t->wanted); i++)
		if (ceremony_step_find (name_of (t, i), error) == NULL)
			return FALSE;
	return TRUE;
}

static gboolean
hold (Table *t, GError **error)
{
	gboolean ended;
	if (!begin_anywhere (t, &ended, error))
		return FALSE;
	for (size_t i = json_array_size (t->done); !ended && t->failure == NULL && i < json_array_size (t->wanted); i++)
		if (!run_step (t, i, error))
			return FALSE;
	return ended || write_transcript (t, error);
}

static gboolean
run_ceremony (Cli *cli, GError **error)
{
	g_auto (Table) t = { .cli = cli, .done = json_array () };
	if (!read_script (&t, cli_argument (cli, 0), error))
		return FALSE;
	t.site.dir = cli_option (cli, "dir");
	t.site.signer = t.signer = g_build_filename (t.site.dir, "signer", NULL);
	t.site.ca = t.ca = g_build_filename (t.site.dir, "ca", NULL);
	t.site.passphrase = t.passphrase = signer_passphrase (cli, t.signer, error);
	if (t.passphrase == NULL || !hold (&t, error))
		return FALSE;
	if (t.failure != NULL) {
		if (json_array_size (t.done) > 0)
			g_prefix_error (&t.failure, "step %zu: ", json_array_size (t.done));
		g_propagate_error (error, g_steal_pointer (&t.failure));
		return FALSE;
	}
	cli_note (cli, "the transcript is %s; it is in the signer's journal, and its hash in the public log from the next start of the site on", t.transcript);
	return TRUE;
}

static const CliOption ceremony_options[] = {
	{ "dir", "DIR", "the site; it must not be running", TRUE },
	{ "passphrase-fd", "N", "read the signer's passphrase from this descriptor", FALSE }, { "passphrase-file", "FILE", "read it from a file", FALSE },
	SHARE_OPTIONS, { NULL, NULL, NULL, FALSE },
};

const CliCommand ceremony_commands[] = {
	{ "ceremony", "SCRIPT", 1, 1, "make or change authorities, roots' lists and shares by a script, with a signed transcript; run again, it goes on where it was cut off",
	  ceremony_options, run_ceremony },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
