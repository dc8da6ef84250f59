/* main/init.c — see init.h. */
#include "main/init.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "main/cli.h"
#include "main/site.h"
#include "signer/create.h"

/* The first officers, one role each: nobody can do two steps of anything.  Two administrators: what they change, they
 * change together. */
static const struct {
	const char *file, *role, *title;
} first_officers[] = {
	{ "reviewer", "reviewer", "审核人" }, { "issuer", "issuer", "发证人" }, { "clerk", "clerk", "受理人" }, { "cashier", "cashier", "收费员" },
	{ "administrator", "administrator", "管理员" }, { "administrator-2", "administrator", "管理员二" },
	{ "market_editor", "market_editor", "公告编辑" }, { "market_approver", "market_approver", "公告审批" }, { "auditor", "auditor", "审计员" },
};
#define N_OFFICERS G_N_ELEMENTS (first_officers)

/* After them the recovery agents of the key centre, recovery_agent-1 and so on: of each a p12 to sign with and one to open shares with. */
typedef struct {
	GPtrArray *files, *persons, *names;      /* char *, owned */
	GArray *officers;                        /* SignerCreateOfficer */
} Staff;

static void
staff_clear (Staff *staff)
{
	g_clear_pointer (&staff->files, g_ptr_array_unref);
	g_clear_pointer (&staff->persons, g_ptr_array_unref);
	g_clear_pointer (&staff->names, g_ptr_array_unref);
	g_clear_pointer (&staff->officers, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Staff, staff_clear)

static void
staff_add (Staff *staff, const char *file, const char *const *roles, const char *name, Micros now)
{
	char *person = uuid7_new (now), *kept = g_strdup (name);
	const SignerCreateOfficer officer = { person, kept, roles };
	g_ptr_array_add (staff->files, g_strdup (file));
	g_ptr_array_add (staff->persons, person);
	g_ptr_array_add (staff->names, kept);
	g_array_append_val (staff->officers, officer);
}

static const char *const *
roles_of (const char *role)
{
	static const char *const roles[][2] = {
		{ "reviewer" }, { "issuer" }, { "clerk" }, { "cashier" }, { "administrator" }, { "market_editor" }, { "market_approver" }, { "auditor" },
		{ "recovery_agent" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (roles); i++)
		if (strcmp (roles[i][0], role) == 0)
			return roles[i];
	g_assert_not_reached ();
}

static void
staff_fill (Staff *staff, guint agents, Micros now)
{
	static const char *const numbers[INIT_AGENTS_MAX] = { "一", "二", "三", "四", "五", "六", "七", "八", "九" };
	staff->files = g_ptr_array_new_with_free_func (g_free);
	staff->persons = g_ptr_array_new_with_free_func (g_free);
	staff->names = g_ptr_array_new_with_free_func (g_free);
	staff->officers = g_array_new (FALSE, FALSE, sizeof (SignerCreateOfficer));
	for (gsize i = 0; i < N_OFFICERS; i++)
		staff_add (staff, first_officers[i].file, roles_of (first_officers[i].role), first_officers[i].title, now);
	for (guint i = 0; i < agents; i++) {
		g_autofree char *file = g_strdup_printf ("recovery_agent-%u", i + 1);
		g_autofree char *title = g_strconcat ("密钥恢复员", numbers[i], NULL);
		staff_add (staff, file, roles_of ("recovery_agent"), title, now);
	}
}

static gboolean
check_empty (const char *dir, GError **error)
{
	g_autoptr (GDir) d = g_dir_open (dir, 0, NULL);
	if (d != NULL && g_dir_read_name (d) != NULL)
		return diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "%s is not empty; init never overwrites", dir);
	return TRUE;
}

/* --- keys and officers ------------------------------------------------------------------ */

static gboolean
write_secret (const char *folder, const char *name, const char *suffix, gconstpointer p, gsize n, GError **error)
{
	g_autofree char *path = g_strdup_printf ("%s/%s%s", folder, name, suffix);
	return file_write_new (path, p, n, 0600, error);
}

static gboolean
write_officers (const char *dir, const Staff *staff, const SignerCreated *created, GError **error)
{
	g_autofree char *folder = g_build_filename (dir, "officers", NULL);
	if (mkdir (folder, 0700) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot make %s", folder);
	for (gsize i = 0; i < created->officers_n; i++) {
		const SignerCreatedOfficer *officer = &created->officers[i];
		const char *name = g_ptr_array_index (staff->files, i);
		GBytes *second = officer->encryption_p12;
		if (!write_secret (folder, name, ".p12", g_bytes_get_data (officer->p12, NULL), g_bytes_get_size (officer->p12), error)
		    || !write_secret (folder, name, ".pin", officer->pin, strlen (officer->pin), error)
		    || (second != NULL && !write_secret (folder, name, "-encryption.p12", g_bytes_get_data (second, NULL), g_bytes_get_size (second), error)))
			return FALSE;
	}
	return TRUE;
}

static gboolean
check_agents (const InitOptions *options, GError **error)
{
	guint n = options->recovery_agents, k = options->threshold;
	if (n > INIT_AGENTS_MAX)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/recovery_agents", "at most %d recovery agents", INIT_AGENTS_MAX);
	return (n == 0 && k == 0) || (k >= 2 && k <= n)
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/threshold", "the threshold is 2 to the number of recovery agents");
}

/* By the last octet of the serial: a power of two makes shards of one length. */
static gboolean
check_shards (const InitOptions *options, GError **error)
{
	guint n = options->crl_shards;
	return n == 0 || (n <= CREATE_MAX_SHARDS && (n & (n - 1)) == 0)
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/crl_shards", "the revocation list has 1, 2, 4 and so on, at most %d shards", CREATE_MAX_SHARDS);
}

static gboolean
create_keys (const InitOptions *options, const char *site, const char *name, const char *base_uri, Micros now, SignerCreated *created, GError **error)
{
	g_auto (Staff) staff = { NULL };
	if (!check_agents (options, error) || !check_shards (options, error))
		return FALSE;
	staff_fill (&staff, options->recovery_agents, now);
	const SignerCreate in = {
		.dir = options->dir, .site = site, .name = name, .base_uri = base_uri, .test = options->test,
		.algorithm = options->algorithm, .has_second = options->has_second, .second = options->second, .now = now,
		.passphrase = options->passphrase, .passphrase_n = strlen (options->passphrase),
		.root_passphrase = options->root_passphrase, .root_passphrase_n = strlen (options->root_passphrase),
		.officers = (const SignerCreateOfficer *) staff.officers->data, .officers_n = staff.officers->len,
		.shards = options->crl_shards, .recovery_threshold = options->threshold, .token = options->token, .root_token = options->root_token,
	};
	return signer_create_site (&in, created, error) && write_officers (options->dir, &staff, created, error);
}

/* --- configuration and database ----------------------------------------------------------- */

static gboolean
write_config (const InitOptions *options, const char *store, GError **error)
{
	g_autoptr (GHashTable) values = g_hash_table_new (g_str_hash, g_str_equal);
	g_hash_table_insert (values, (gpointer) "site.store", (gpointer) store);
	if (options->test) {
		g_hash_table_insert (values, (gpointer) "clock.source", (gpointer) (options->clock != 0 ? "frozen" : "system"));
		/* Many test sites may run on one machine, and tests ask fast. */
		g_hash_table_insert (values, (gpointer) "http.manage_listen", (gpointer) "127.0.0.1:0");
		g_hash_table_insert (values, (gpointer) "http.rate_per_second", (gpointer) "0");
	}
	g_autofree char *text = config_default_text (values);
	g_autofree char *path = g_build_filename (options->dir, "diqi.conf", NULL);
	return file_write_new (path, text, strlen (text), 0600, error);
}

static gboolean
make_database (const InitOptions *options, const char *site, GError **error)
{
	g_autofree char *data = g_build_filename (options->dir, "data", NULL);
	g_autofree char *path = g_build_filename (options->dir, "diqi.conf", NULL);
	if (mkdir (data, 0700) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot make %s", data);
	g_autoptr (Config) config = config_load (path, error);
	if (config == NULL)
		return FALSE;
	g_autoptr (Store) store = site_store_open (config, error);
	return store != NULL && site_db_pin (store, site, options->test ? "test" : "production", error);
}

gboolean
init_site (const InitOptions *options, GError **error)
{
	g_autoptr (Clock) system = clock_new_system ();
	Micros now = options->clock != 0 ? options->clock : clock_now (system);
	g_autofree char *fresh = uuid7_new (now);
	const char *site = options->site != NULL ? options->site : fresh;
	const char *name = options->name != NULL ? options->name : "土地使用权网上交易";
	const char *base_uri = options->base_uri != NULL ? options->base_uri : "http://127.0.0.1:8080";
	g_assert (options->test || options->clock == 0);
	if (!check_empty (options->dir, error))
		return FALSE;
	g_auto (SignerCreated) created = { 0 };
	if (create_keys (options, site, name, base_uri, now, &created, error) &&
	    write_config (options, options->store != NULL ? options->store : "sqlite:data/diqi.db", error) &&
	    (options->clock == 0 || site_clock_write (options->dir, TRUE, now, error)) &&
	    make_database (options, site, error))
		return TRUE;
	signer_create_undo (&created);
	file_remove_tree (options->dir);
	return FALSE;
}
