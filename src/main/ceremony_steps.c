/* main/ceremony_steps.c — see ceremony_steps.h. */
#include "main/ceremony_steps.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "main/ceremony_lists.h"
#include "main/cli.h"
#include "main/init.h"
#include "main/site.h"
#include "signer/activation.h"
#include "signer/durable.h"

#define FILE_MAX 65536
#define OUTPUT_MAX 16384

Ceremony *
ceremony_site_open (const CeremonySite *site, GError **error)
{
	return ceremony_open (site->signer, site->ca, site->passphrase, strlen (site->passphrase), error);
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

#define STEP_FIELD { "step", FIELD_STRING, TRUE, 16, &step }

/* --- init ---------------------------------------------------------------------------------- */

static gboolean
describe_root (const CeremonySite *site, json_t **result, GError **error)
{
	g_autofree char *path = g_build_filename (site->ca, "root.crt", NULL);
	g_autoptr (GBytes) pem = file_read (path, FILE_MAX, error);
	g_autoptr (Certificate) made = pem != NULL ? certificate_parse_pem (g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), error) : NULL;
	if (made == NULL)
		return FALSE;
	g_autofree char *fingerprint = fingerprint_hex (certificate_fingerprint (made));
	*result = json_pack ("{s:s}", "root_sha256", fingerprint);
	return TRUE;
}

/* The last thing init does is to name the site in its database. */
gboolean
ceremony_init_found (const CeremonySite *site, json_t **result, GError **error)
{
	g_autofree char *path = g_build_filename (site->dir, "diqi.conf", NULL);
	g_autoptr (Ceremony) ceremony = ceremony_site_open (site, NULL);
	g_autoptr (Config) config = ceremony != NULL ? config_load (path, NULL) : NULL;
	g_autoptr (Store) store = config != NULL ? site_store_connect (config, NULL) : NULL;
	*result = NULL;
	return store == NULL || !site_db_check (store, ceremony_site (ceremony), "production", NULL) || describe_root (site, result, error);
}

/* Asked of a site that is there already: nothing this step could do. */
static json_t *
before_init (const CeremonySite *site, const Ceremony *ceremony, const json_t *wanted, GError **error)
{
	(void) site;
	(void) wanted;
	(void) error;
	return json_pack ("{s:s}", "site", ceremony_site (ceremony));
}

static gboolean
found_init (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	(void) wanted;
	*result = NULL;
	return json_object_get (before, "site") != NULL || ceremony_init_found (site, result, error);
}

/* A new site, and with it its root (main/init.h). */
static gboolean
step_init (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	const char *step, *name = NULL, *id = NULL, *base_uri = NULL, *store = NULL, *algorithm = NULL, *second = NULL, *file;
	gint64 shards = G_MININT64;      /* not said */
	const Field fields[] = {
		STEP_FIELD, { "name", FIELD_STRING, FALSE, 200, &name }, { "site", FIELD_STRING, FALSE, 64, &id }, { "base_uri", FIELD_STRING, FALSE, 200, &base_uri },
		{ "store", FIELD_STRING, FALSE, 400, &store }, { "algorithm", FIELD_STRING, FALSE, 16, &algorithm }, { "second", FIELD_STRING, FALSE, 16, &second },
		{ "crl_shards", FIELD_INT, FALSE, 0, &shards }, { "root_passphrase_file", FIELD_STRING, TRUE, 1024, &file },
	};
	InitOptions options = { .dir = site->dir, .algorithm = KEY_P256, .passphrase = site->passphrase, .recovery_agents = INIT_AGENTS, .threshold = INIT_THRESHOLD };
	gboolean said;
	(void) before;
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
	options.site = id;
	options.base_uri = base_uri;
	options.store = store;
	return init_site (&options, error) && describe_root (site, result, error);
}

/* --- move_root ----------------------------------------------------------------------------- */

static char *
hash_of_file (const char *path, GError **error)
{
	g_autoptr (GBytes) read = file_read (path, FILE_MAX, error);
	Fingerprint hash;
	if (read == NULL)
		return NULL;
	fingerprint_of (g_bytes_get_data (read, NULL), g_bytes_get_size (read), &hash);
	return fingerprint_hex (&hash);
}

static json_t *
before_move_root (const CeremonySite *site, const Ceremony *ceremony, const json_t *wanted, GError **error)
{
	(void) ceremony;
	(void) wanted;
	g_autofree char *root = g_build_filename (site->dir, "root", NULL);
	g_autoptr (GDir) folder = g_dir_open (root, 0, error);
	g_autoptr (json_t) files = json_object ();
	const char *name;
	if (folder == NULL)
		return NULL;
	while ((name = g_dir_read_name (folder)) != NULL) {
		g_autofree char *path = g_build_filename (root, name, NULL), *hash = hash_of_file (path, error);
		if (hash == NULL)
			return NULL;
		json_object_set_new (files, name, json_string (hash));
	}
	return json_pack ("{s:O}", "files", files);
}

/* Removed only when it is on the other medium, whole. */
static gboolean
move_file (const char *from_dir, const char *to_dir, const char *name, GError **error)
{
	g_autofree char *from = g_build_filename (from_dir, name, NULL), *to = g_build_filename (to_dir, name, NULL);
	g_autoptr (GBytes) bytes = file_read (from, FILE_MAX, error);
	if (bytes == NULL)
		return FALSE;
	if (g_file_test (to, G_FILE_TEST_EXISTS))
		return diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "%s exists already; it is not overwritten", to);
	if (!durable_replace (to_dir, name, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0600, error))
		return FALSE;
	FAILPOINT ("ceremony.root.copied");
	return (unlink (from) == 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot remove %s", from)) && durable_sync_folder (from_dir, error);
}

static gboolean
is_file_of (const char *dir, const char *name, const char *hash)
{
	g_autofree char *path = g_build_filename (dir, name, NULL), *actual = hash_of_file (path, NULL);
	return g_strcmp0 (actual, hash) == 0;
}

/* The roots' keys onto a medium of their own. */
static gboolean
step_move_root (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	const char *step, *to, *name;
	json_t *hash;
	const Field fields[] = { STEP_FIELD, { "to", FIELD_STRING, TRUE, 1024, &to } };
	if (!JSON_READ (wanted, "", fields, error))
		return FALSE;
	g_autofree char *root = g_build_filename (site->dir, "root", NULL);
	json_t *moved = json_array ();
	*result = json_pack ("{s:o}", "moved", moved);
	json_object_foreach (json_object_get (before, "files"), name, hash) {
		if (!move_file (root, to, name, error))
			return FALSE;
		json_array_append_new (moved, json_string (name));
	}
	return TRUE;
}

/* What is on the other medium as it was here need not be here; the rest is moved now. */
static gboolean
found_move_root (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	g_autofree char *root = g_build_filename (site->dir, "root", NULL);
	g_autoptr (json_t) left = json_object ();
	const json_t *files = json_object_get (before, "files");
	const char *to = json_string_value (json_object_get (wanted, "to")), *name;
	json_t *hash;
	json_object_foreach ((json_t *) files, name, hash) {
		g_autofree char *here = g_build_filename (root, name, NULL);
		gboolean there = is_file_of (to, name, json_string_value (hash));
		if (there && g_file_test (here, G_FILE_TEST_EXISTS) && unlink (here) != 0)
			return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot remove %s", here);
		if (!there)
			json_object_set (left, name, hash);
	}
	g_autoptr (json_t) rest = json_pack ("{s:O}", "files", left);
	if (!durable_sync_folder (root, error) || !step_move_root (site, wanted, rest, result, error))
		return FALSE;
	json_t *moved = json_array ();
	json_object_foreach ((json_t *) files, name, hash)
		json_array_append_new (moved, json_string (name));
	return json_object_set_new (*result, "moved", moved) == 0;
}

/* --- add_ca -------------------------------------------------------------------------------- */

typedef struct {
	CeremonyCa in;
	char *root, *first;               /* passphrases; secret_free */
} WantedCa;

static void
wanted_ca_clear (WantedCa *w)
{
	secret_free (w->root);
	secret_free (w->first);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WantedCa, wanted_ca_clear)

static gboolean
read_ca (const json_t *wanted, WantedCa *w, GError **error)
{
	const char *step, *algorithm = NULL, *root_file = NULL, *first_file = NULL;
	CeremonyCa *in = &w->in;
	const Field fields[] = {
		STEP_FIELD, { "name", FIELD_STRING, TRUE, 32, &in->name }, { "under", FIELD_STRING, FALSE, 32, &in->under }, { "algorithm", FIELD_STRING, FALSE, 16, &algorithm },
		{ "root_key", FIELD_STRING, TRUE, 1024, &in->root.file }, { "root_passphrase_file", FIELD_STRING, TRUE, 1024, &root_file },
		{ "first_root_key", FIELD_STRING, FALSE, 1024, &in->first_root.file }, { "first_root_passphrase_file", FIELD_STRING, FALSE, 1024, &first_file },
	};
	if (!JSON_READ (wanted, "", fields, error) || !read_algorithm (algorithm, &in->has_algorithm, &in->algorithm, error)
	    || !read_optional_secret (root_file, &w->root, error) || !read_optional_secret (first_file, &w->first, error))
		return FALSE;
	in->root.passphrase = w->root;
	in->first_root.passphrase = w->first;
	return TRUE;
}

static json_t *
before_add_ca (const CeremonySite *site, const Ceremony *ceremony, const json_t *wanted, GError **error)
{
	(void) site;
	g_auto (WantedCa) w = { 0 };
	return read_ca (wanted, &w, error) ? ceremony_ca_before (ceremony, &w.in) : NULL;
}

static gboolean
found_add_ca (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	g_auto (WantedCa) w = { 0 };
	g_autoptr (Ceremony) ceremony = read_ca (wanted, &w, error) ? ceremony_site_open (site, error) : NULL;
	return ceremony != NULL && ceremony_ca_found (ceremony, &w.in, before, result, error);
}

static gboolean
step_add_ca (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	(void) before;
	g_auto (WantedCa) w = { 0 };
	g_autoptr (Ceremony) ceremony = read_ca (wanted, &w, error) ? ceremony_site_open (site, error) : NULL;
	return ceremony != NULL && ceremony_add_ca (ceremony, &w.in, result, error);
}

/* --- root_list ----------------------------------------------------------------------------- */

typedef struct {
	const char *ca, *passphrase_file;
	CeremonyKey root;
	json_t *revoke;
} WantedList;

static gboolean
read_root_list (const json_t *wanted, WantedList *w, GError **error)
{
	const char *step;
	const Field fields[] = {
		STEP_FIELD, { "ca", FIELD_STRING, TRUE, 32, &w->ca }, { "root_key", FIELD_STRING, TRUE, 1024, &w->root.file },
		{ "root_passphrase_file", FIELD_STRING, TRUE, 1024, &w->passphrase_file }, { "revoke", FIELD_ARRAY, FALSE, 100, &w->revoke },
	};
	return JSON_READ (wanted, "", fields, error);
}

static json_t *
before_root_list (const CeremonySite *site, const Ceremony *ceremony, const json_t *wanted, GError **error)
{
	(void) site;
	WantedList w = { 0 };
	return read_root_list (wanted, &w, error) ? ceremony_root_list_before (ceremony, w.ca) : NULL;
}

static gboolean
found_root_list (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	WantedList w = { 0 };
	g_autoptr (Ceremony) ceremony = read_root_list (wanted, &w, error) ? ceremony_site_open (site, error) : NULL;
	return ceremony != NULL && ceremony_root_list_found (ceremony, w.ca, w.revoke, before, result, error);
}

static gboolean
step_root_list (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	(void) before;
	WantedList w = { 0 };
	g_autoptr (Secret) passphrase = read_root_list (wanted, &w, error) ? secret_read_file (w.passphrase_file, error) : NULL;
	g_autoptr (Ceremony) ceremony = passphrase != NULL ? ceremony_site_open (site, error) : NULL;
	w.root.passphrase = passphrase;
	return ceremony != NULL && ceremony_root_list (ceremony, w.ca, &w.root, w.revoke, result, error);
}

/* --- shares -------------------------------------------------------------------------------- */

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

typedef struct {
	gint64 threshold;
	ActivationHolder holders[ACTIVATION_MAX];
	gsize n;
} WantedShares;

static void
wanted_shares_clear (WantedShares *w)
{
	for (gsize i = 0; i < w->n; i++)
		secret_free ((char *) w->holders[i].passphrase);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WantedShares, wanted_shares_clear)

static gboolean
read_shares (const json_t *wanted, WantedShares *w, GError **error)
{
	const char *step;
	json_t *list;
	const Field fields[] = { STEP_FIELD, { "threshold", FIELD_INT, TRUE, 0, &w->threshold }, { "holders", FIELD_ARRAY, TRUE, ACTIVATION_MAX, &list } };
	if (!JSON_READ (wanted, "", fields, error))
		return FALSE;
	w->n = json_array_size (list);
	return ((w->threshold > 0 && w->threshold <= ACTIVATION_MAX) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/threshold", "2 to the number of holders"))
		&& read_holders (list, w->holders, error);
}

static json_t *
describe_shares (const WantedShares *w)
{
	return json_pack ("{s:I, s:i}", "threshold", (json_int_t) w->threshold, "of", (int) w->n);
}

static json_t *
before_shares (const CeremonySite *site, const Ceremony *ceremony, const json_t *wanted, GError **error)
{
	(void) site;
	(void) ceremony;
	g_auto (WantedShares) w = { 0 };
	return read_shares (wanted, &w, error) ? activation_before (w.holders, w.n) : NULL;
}

static gboolean
found_shares (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	g_auto (WantedShares) w = { 0 };
	gboolean found;
	g_autoptr (Ceremony) ceremony = read_shares (wanted, &w, error) ? ceremony_site_open (site, error) : NULL;
	if (ceremony == NULL || !activation_found (site->signer, ceremony_site (ceremony), (guint) w.threshold, w.holders, w.n, before, &found, error))
		return FALSE;
	*result = found ? describe_shares (&w) : NULL;
	return TRUE;
}

/* The signer's passphrase, m of n (signer/activation.h). */
static gboolean
step_shares (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	(void) before;
	g_auto (WantedShares) w = { 0 };
	g_autoptr (Ceremony) ceremony = read_shares (wanted, &w, error) ? ceremony_site_open (site, error) : NULL;
	if (ceremony == NULL || !activation_split (site->signer, ceremony_site (ceremony), site->passphrase, strlen (site->passphrase), (guint) w.threshold, w.holders, w.n, error))
		return FALSE;
	*result = describe_shares (&w);
	return TRUE;
}

/* --- officers, agents ---------------------------------------------------------------------- */

static json_t *
before_officers (const CeremonySite *site, const Ceremony *ceremony, const json_t *wanted, GError **error)
{
	(void) site;
	(void) wanted;
	json_t *list = ceremony_officers_list (ceremony, error);
	return list != NULL ? json_pack ("{s:o}", "list", list) : NULL;
}

static json_t *
before_agents (const CeremonySite *site, const Ceremony *ceremony, const json_t *wanted, GError **error)
{
	(void) site;
	(void) wanted;
	json_t *list = ceremony_agents_list (ceremony, error);
	return list != NULL ? json_pack ("{s:o}", "list", list) : NULL;
}

static gboolean
found_officers (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	return ceremony_officers_found (site->dir, site->passphrase, wanted, json_object_get (before, "list"), result, error);
}

static gboolean
found_agents (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	return ceremony_agents_found (site->dir, site->passphrase, wanted, json_object_get (before, "list"), result, error);
}

static gboolean
step_officers (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	(void) before;
	return ceremony_officers (site->dir, site->passphrase, wanted, result, error);
}

static gboolean
step_agents (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	(void) before;
	return ceremony_agents (site->dir, site->passphrase, wanted, result, error);
}

/* --- command ------------------------------------------------------------------------------- */

/* What it does is not known here: only the script can say that it may be run again. */
static gboolean
found_command (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	(void) site;
	(void) before;
	*result = NULL;
	return json_is_true (json_object_get (wanted, "again"))
		|| diqi_fail (error, DIQI_ERROR_CONFIG, "/steps", "it was cut off in this command, and whether the command did its work cannot be told");
}

/* Another command of this program.  The transcript has the beginning of what it printed, and the hash of all of it. */
static gboolean
step_command (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error)
{
	(void) site;
	(void) before;
	const char *step;
	json_t *words, *word;
	size_t i;
	int status;
	gboolean again;
	const Field fields[] = { STEP_FIELD, { "words", FIELD_ARRAY, TRUE, 100, &words }, { "again", FIELD_BOOL, FALSE, 0, &again } };
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

static const CeremonyStep steps[] = {
	{ "init", before_init, found_init, step_init }, { "move_root", before_move_root, found_move_root, step_move_root },
	{ "add_ca", before_add_ca, found_add_ca, step_add_ca }, { "root_list", before_root_list, found_root_list, step_root_list },
	{ "shares", before_shares, found_shares, step_shares }, { "officers", before_officers, found_officers, step_officers },
	{ "agents", before_agents, found_agents, step_agents }, { "command", NULL, found_command, step_command },
};

const CeremonyStep *
ceremony_step_find (const char *name, GError **error)
{
	for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (steps); i++)
		if (strcmp (steps[i].name, name) == 0)
			return &steps[i];
	diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/steps", "no step is called %s", name != NULL ? name : "nothing");
	return NULL;
}
