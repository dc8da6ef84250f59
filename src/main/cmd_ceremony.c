/* main/cmd_ceremony.c — ceremonies: what is done to keys and authorities by several persons at a table, from one script, with a transcript that
 * they sign.
 *
 * The script is JSON (docs/operations.md): {"v":1,"steps":[{"step":NAME,…},…],"present":[{"p12":FILE,"pin_file":FILE},…],"transcript":FILE}.
 * Secrets are files that the script names, never members of it.  The first step that fails ends the ceremony; what was done before it stands,
 * and is in the transcript.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "main/ceremony_lists.h"
#include "main/cli.h"
#include "main/init.h"
#include "main/shares.h"
#include "signer/activation.h"
#include "signer/ceremony.h"
#include "signer/transcript.h"

#define SCRIPT_MAX 65536
#define STEPS_MAX 50
#define PRESENT_MAX 20
#define OUTPUT_MAX 16384

typedef struct {
	Cli *cli;
	const char *dir;
	char *signer, *ca;
	char *passphrase;              /* of the signer's keys; secret_free */
	const char *transcript;
	json_t *script, *done;         /* done: results of the steps */
	GArray *present;               /* CeremonyPerson; NULL until they are known: a site that is made here has no officers before */
	Micros test_time;              /* of a test site, as its signer sees it; 0: the system's clock holds */
} Table;

static void
table_clear (Table *t)
{
	g_free (t->signer);
	g_free (t->ca);
	secret_free (t->passphrase);
	json_decref (t->script);
	json_decref (t->done);
	g_clear_pointer (&t->present, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Table, table_clear)

static Ceremony *
open_signer (const Table *t, GError **error)
{
	return ceremony_open (t->signer, t->ca, t->passphrase, strlen (t->passphrase), error);
}

static Micros
now_of (const Table *t)
{
	g_autoptr (Clock) system = clock_new_system ();
	return t->test_time != 0 ? t->test_time : clock_now (system);
}

static gboolean
read_optional_secret (const char *file, char **out, GError **error)
{
	*out = file != NULL ? secret_read_file (file, error) : NULL;
	return file == NULL || *out != NULL;
}

static gboolean
read_algorithm (const char *name, gboolean *has, KeyAlgorithm *out, GError **error)
{
	*has = name != NULL;
	return name == NULL || key_algorithm_choose (name, "/algorithm", out, error);
}

/* --- steps ------------------------------------------------------------------------------- */

#define STEP_FIELD { "step", FIELD_STRING, TRUE, 16, &step }

/* A new site, and with it its root (main/init.h). */
static gboolean
step_init (const Table *t, const json_t *wanted, json_t **result, GError **error)
{
	const char *step, *name = NULL, *site = NULL, *base_uri = NULL, *store = NULL, *algorithm = NULL, *second = NULL, *file;
	gint64 shards = G_MININT64;      /* not said */
	const Field fields[] = {
		STEP_FIELD, { "name", FIELD_STRING, FALSE, 200, &name }, { "site", FIELD_STRING, FALSE, 64, &site }, { "base_uri", FIELD_STRING, FALSE, 200, &base_uri },
		{ "store", FIELD_STRING, FALSE, 400, &store }, { "algorithm", FIELD_STRING, FALSE, 16, &algorithm }, { "second", FIELD_STRING, FALSE, 16, &second },
		{ "crl_shards", FIELD_INT, FALSE, 0, &shards }, { "root_passphrase_file", FIELD_STRING, TRUE, 1024, &file },
	};
	InitOptions options = { .dir = t->dir, .algorithm = KEY_P256, .passphrase = t->passphrase, .recovery_agents = INIT_AGENTS, .threshold = INIT_THRESHOLD };
	gboolean said;
	if (!JSON_READ (wanted, "", fields, error) || !read_algorithm (algorithm, &said, &options.algorithm, error)
	    || !read_algorithm (second, &options.has_second, &options.second, error))
		return FALSE;
	g_autoptr (Secret) root = secret_read_file (file, error);
	if (root == NULL)
		return FALSE;
	options.root_passphrase = root;
	if (shards != G_MININT64)      /* what does not fit is refused by init_site */
		options.crl_shards = shards >= 1 && shards <= CREATE_MAX_SHARDS ? (guint) shards : CREATE_MAX_SHARDS + 1;
	options.name = name;
	options.site = site;
	options.base_uri = base_uri;
	options.store = store;
	if (!init_site (&options, error))
		return FALSE;
	g_autofree char *path = g_build_filename (t->ca, "root.crt", NULL);
	g_autoptr (GBytes) pem = file_read (path, SCRIPT_MAX, error);
	g_autoptr (Certificate) made = pem != NULL ? certificate_parse_pem (g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), error) : NULL;
	if (made == NULL)
		return FALSE;
	g_autofree char *fingerprint = fingerprint_hex (certificate_fingerprint (made));
	*result = json_pack ("{s:s}", "root_sha256", fingerprint);
	return TRUE;
}

static gboolean
move_file (const char *from_dir, const char *to_dir, const char *name, GError **error)
{
	g_autofree char *from = g_build_filename (from_dir, name, NULL), *to = g_build_filename (to_dir, name, NULL);
	g_autoptr (GBytes) bytes = file_read (from, SCRIPT_MAX, error);
	/* Removed only when it is on the other medium. */
	if (bytes == NULL || !file_write_new (to, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0600, error))
		return FALSE;
	return unlink (from) == 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot remove %s", from);
}

/* The roots' keys onto a medium of their own. */
static gboolean
step_move_root (const Table *t, const json_t *wanted, json_t **result, GError **error)
{
	const char *step, *to, *name;
	const Field fields[] = { STEP_FIELD, { "to", FIELD_STRING, TRUE, 1024, &to } };
	if (!JSON_READ (wanted, "", fields, error))
		return FALSE;
	g_autofree char *root = g_build_filename (t->dir, "root", NULL);
	g_autoptr (GDir) folder = g_dir_open (root, 0, error);
	json_t *moved = json_array ();
	*result = json_pack ("{s:o}", "moved", moved);
	if (folder == NULL)
		return FALSE;
	while ((name = g_dir_read_name (folder)) != NULL) {
		if (!move_file (root, to, name, error))
			return FALSE;
		json_array_append_new (moved, json_string (name));
	}
	return TRUE;
}

static gboolean
step_add_ca (const Table *t, const json_t *wanted, json_t **result, GError **error)
{
	const char *step, *algorithm = NULL, *root_file = NULL, *first_file = NULL;
	CeremonyCa in = { 0 };
	const Field fields[] = {
		STEP_FIELD, { "name", FIELD_STRING, TRUE, 32, &in.name }, { "under", FIELD_STRING, FALSE, 32, &in.under }, { "algorithm", FIELD_STRING, FALSE, 16, &algorithm },
		{ "root_key", FIELD_STRING, TRUE, 1024, &in.root.file }, { "root_passphrase_file", FIELD_STRING, TRUE, 1024, &root_file },
		{ "first_root_key", FIELD_STRING, FALSE, 1024, &in.first_root.file }, { "first_root_passphrase_file", FIELD_STRING, FALSE, 1024, &first_file },
	};
	if (!JSON_READ (wanted, "", fields, error) || !read_algorithm (algorithm, &in.has_algorithm, &in.algorithm, error))
		return FALSE;
	g_autoptr (Secret) root = NULL, first = NULL;
	if (!read_optional_secret (root_file, &root, error) || !read_optional_secret (first_file, &first, error))
		return FALSE;
	in.root.passphrase = root;
	in.first_root.passphrase = first;
	g_autoptr (Ceremony) ceremony = open_signer (t, error);
	return ceremony != NULL && ceremony_add_ca (ceremony, &in, result, error);
}

static gboolean
step_root_list (const Table *t, const json_t *wanted, json_t **result, GError **error)
{
	const char *step, *ca, *root_file;
	CeremonyKey root;
	json_t *revoke = NULL;
	const Field fields[] = {
		STEP_FIELD, { "ca", FIELD_STRING, TRUE, 32, &ca }, { "root_key", FIELD_STRING, TRUE, 1024, &root.file },
		{ "root_passphrase_file", FIELD_STRING, TRUE, 1024, &root_file }, { "revoke", FIELD_ARRAY, FALSE, 100, &revoke },
	};
	if (!JSON_READ (wanted, "", fields, error))
		return FALSE;
	g_autoptr (Secret) passphrase = secret_read_file (root_file, error);
	g_autoptr (Ceremony) ceremony = passphrase != NULL ? open_signer (t, error) : NULL;
	root.passphrase = passphrase;
	return ceremony != NULL && ceremony_root_list (ceremony, ca, &root, revoke, result, error);
}

static gboolean
read_holders (const json_t *list, ActivationHolder *holders, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		const char *passphrase_file;
		const Field fields[] = {
			{ "holder", FIELD_STRING, TRUE, 64, &holders[i].holder }, { "file", FIELD_STRING, TRUE, 1024, &holders[i].file },
			{ "passphrase_file", FIELD_STRING, TRUE, 1024, &passphrase_file },
		};
		if (!JSON_READ (item, "/holders", fields, error) || (holders[i].passphrase = secret_read_file (passphrase_file, error)) == NULL)
			return FALSE;
	}
	return TRUE;
}

/* The signer's passphrase, m of n (signer/activation.h). */
static gboolean
step_shares (const Table *t, const json_t *wanted, json_t **result, GError **error)
{
	const char *step;
	gint64 threshold;
	json_t *list;
	const Field fields[] = { STEP_FIELD, { "threshold", FIELD_INT, TRUE, 0, &threshold }, { "holders", FIELD_ARRAY, TRUE, ACTIVATION_MAX, &list } };
	if (!JSON_READ (wanted, "", fields, error))
		return FALSE;
	g_autoptr (Ceremony) ceremony = open_signer (t, error);
	if (ceremony == NULL)
		return FALSE;
	ActivationHolder holders[ACTIVATION_MAX] = { 0 };
	gsize n = json_array_size (list);
	gboolean well = (threshold > 0 && threshold <= ACTIVATION_MAX) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/threshold", "2 to the number of holders");
	well = well && read_holders (list, holders, error)
		&& activation_split (t->signer, ceremony_site (ceremony), t->passphrase, strlen (t->passphrase), (guint) threshold, holders, n, error);
	for (gsize i = 0; i < n; i++)
		secret_free ((char *) holders[i].passphrase);
	*result = well ? json_pack ("{s:I, s:i}", "threshold", (json_int_t) threshold, "of", (int) n) : NULL;
	return well;
}

static gboolean
step_officers (const Table *t, const json_t *wanted, json_t **result, GError **error)
{
	return ceremony_officers (t->dir, t->passphrase, wanted, result, error);
}

static gboolean
step_agents (const Table *t, const json_t *wanted, json_t **result, GError **error)
{
	return ceremony_agents (t->dir, t->passphrase, wanted, result, error);
}

/* Another command of this program.  The transcript has the beginning of what it printed, and the hash of all of it. */
static gboolean
step_command (const Table *t, const json_t *wanted, json_t **result, GError **error)
{
	(void) t;
	const char *step;
	json_t *words, *word;
	size_t i;
	int status;
	const Field fields[] = { STEP_FIELD, { "words", FIELD_ARRAY, TRUE, 100, &words } };
	if (!JSON_READ (wanted, "", fields, error))
		return FALSE;
	g_autoptr (GPtrArray) argv = g_ptr_array_new ();
	g_autofree char *out = NULL;
	g_ptr_array_add (argv, (gpointer) "/proc/self/exe");
	json_array_foreach (words, i, word) {
		if (!json_is_string (word))
			return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, "/words", "texts are expected");
		g_ptr_array_add (argv, (gpointer) json_string_value (word));
	}
	g_ptr_array_add (argv, NULL);
	if (!g_spawn_sync (NULL, (char **) argv->pdata, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, &out, NULL, &status, error)
	    || !g_spawn_check_wait_status (status, error))
		return FALSE;
	gsize n = strlen (out);
	Fingerprint hash;
	fingerprint_of (out, n, &hash);
	g_autofree char *text = g_utf8_make_valid (out, (gssize) MIN (n, OUTPUT_MAX));
	*result = json_pack ("{s:s, s:I, s:o}", "output", text, "bytes", (json_int_t) n, "sha256", json_hex (hash.b, sizeof hash.b));
	return TRUE;
}

static const struct {
	const char *name;
	gboolean (*run) (const Table *t, const json_t *wanted, json_t **result, GError **error);
} steps[] = {
	{ "init", step_init }, { "move_root", step_move_root }, { "add_ca", step_add_ca }, { "root_list", step_root_list },
	{ "shares", step_shares }, { "officers", step_officers }, { "agents", step_agents }, { "command", step_command },
};

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
meet (Table *t, GError **error)
{
	const json_t *list = json_object_get (t->script, "present");
	g_autoptr (Ceremony) ceremony = open_signer (t, error);
	if (ceremony == NULL)
		return FALSE;
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

/* --- the transcript ------------------------------------------------------------------------ */

static gboolean
run_step (Table *t, const json_t *wanted, GError **error)
{
	const char *name = json_string_value (json_object_get (wanted, "step"));
	for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (steps); i++) {
		if (strcmp (steps[i].name, name) != 0)
			continue;
		json_t *result = NULL;
		gboolean well = steps[i].run (t, wanted, &result, error);
		json_array_append_new (t->done, json_pack ("{s:s, s:b, s:o, s:o}", "step", name, "done", well, "time", json_time (now_of (t)),
		                                           "result", result != NULL ? result : json_object ()));
		if (well)
			cli_note (t->cli, "done: %s", name);
		return well;
	}
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/steps", "no step is called %s", name != NULL ? name : "nothing");
}

static GBytes *
sign (const Table *t, const Ceremony *ceremony, const json_t *transcript, GError **error)
{
	g_autoptr (GPtrArray) authorities = ceremony_authorities (ceremony);
	TranscriptHand hands[PRESENT_MAX];
	for (guint i = 0; i < t->present->len; i++) {
		const CeremonyPerson *person = &g_array_index (t->present, CeremonyPerson, i);
		hands[i] = (TranscriptHand) { person->key, person->certificate };
	}
	return transcript_sign (transcript, ceremony_site (ceremony), hands, t->present->len, authorities, now_of (t), error);
}

static gboolean
write_transcript (Table *t, json_t *begun, GBytes *script, const GError *failure, GError **error)
{
	Fingerprint hash;
	if (t->present == NULL && !meet (t, error))
		return FALSE;
	g_autoptr (Ceremony) ceremony = open_signer (t, error);
	if (ceremony == NULL)
		return FALSE;
	fingerprint_of (g_bytes_get_data (script, NULL), g_bytes_get_size (script), &hash);
	g_autoptr (json_t) transcript = json_pack ("{s:i, s:s, s:s, s:s, s:O, s:o, s:o, s:O}", "v", 1, "type", "diqi.ceremony", "site", ceremony_site (ceremony),
		"program", DIQI_VERSION, "begun", begun, "ended", json_time (now_of (t)), "script", json_hex (hash.b, sizeof hash.b), "steps", t->done);
	if (failure != NULL)
		json_object_set_new (transcript, "failure", json_string (failure->message));
	g_autoptr (GBytes) bytes = sign (t, ceremony, transcript, error);
	return bytes != NULL && file_write_new (t->transcript, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0644, error)
		&& ceremony_finish (ceremony, bytes, error);
}

/* --- the command ------------------------------------------------------------------------------ */

static gboolean
read_script (Table *t, GBytes *bytes, json_t **wanted, GError **error)
{
	gint64 v;
	json_t *present;
	const Field fields[] = {
		{ "v", FIELD_INT, TRUE, 0, &v }, { "steps", FIELD_ARRAY, TRUE, STEPS_MAX, wanted }, { "present", FIELD_ARRAY, TRUE, PRESENT_MAX, &present },
		{ "transcript", FIELD_STRING, TRUE, 1024, &t->transcript },
	};
	t->script = json_read_strict (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), SCRIPT_MAX, error);
	if (t->script == NULL || !JSON_READ (t->script, "", fields, error))
		return FALSE;
	if (v != 1 || json_array_size (present) < 2)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/present", "a script of version 1, with at least two persons who sign");
	return !g_file_test (t->transcript, G_FILE_TEST_EXISTS) || diqi_fail (error, DIQI_ERROR_EXISTS, "/transcript", "%s exists", t->transcript);
}

static gboolean
run_ceremony (Cli *cli, GError **error)
{
	g_auto (Table) t = { .cli = cli, .dir = cli_option (cli, "dir"), .done = json_array () };
	g_autoptr (GBytes) script = file_read (cli_argument (cli, 0), SCRIPT_MAX, error);
	g_autoptr (GError) failure = NULL;
	json_t *wanted, *step;
	size_t i;
	if (script == NULL || !read_script (&t, script, &wanted, error))
		return FALSE;
	t.signer = g_build_filename (t.dir, "signer", NULL);
	t.ca = g_build_filename (t.dir, "ca", NULL);
	t.passphrase = signer_passphrase (cli, t.signer, error);
	if (t.passphrase == NULL)
		return FALSE;
	g_autofree char *site = g_build_filename (t.signer, "site.json", NULL);
	if (g_file_test (site, G_FILE_TEST_EXISTS) && !meet (&t, error))
		return FALSE;
	g_autoptr (json_t) begun = json_time (now_of (&t));
	json_array_foreach (wanted, i, step)
		if (!run_step (&t, step, &failure))
			break;
	g_autoptr (GError) untold = NULL;
	if (!write_transcript (&t, begun, script, failure, &untold) && failure == NULL) {
		g_propagate_error (error, g_steal_pointer (&untold));
		return FALSE;
	}
	if (failure != NULL) {
		g_prefix_error (&failure, "step %zu: ", i + 1);
		g_propagate_error (error, g_steal_pointer (&failure));
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
	{ "ceremony", "SCRIPT", 1, 1, "make or change authorities, roots' lists and shares by a script, with a signed transcript", ceremony_options, run_ceremony },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
