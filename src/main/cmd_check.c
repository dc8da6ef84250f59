/* main/cmd_check.c — `diqi certificate check`: what a relying party needs, offline.
 *
 * A bank, a court or another trading centre has a certificate, the authority's root, and files it fetched: chains and lists.  Is the
 * certificate good at that moment, with its whole path and the status of everything in it?  If not: which check failed, for
 * which certificate; if something is missing: where its own address says that it is.  Nothing is fetched. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "pki/path.h"
#include "signer/invariant.h"

/* What hostile files can cost: no authority of this kind needs more. */
#define CERTIFICATES_MAX 64
#define LISTS_MAX 64
#define LISTS_MAX_BYTES (128 * 1024 * 1024)
#define CERTIFICATE_FILE_MAX (CERTIFICATES_MAX * 2 * CERTIFICATE_MAX_DER)
#define LIST_FILE_MAX (CRL_MAX_DER / 2 * 3)

typedef struct {
	GPtrArray *anchors, *others, *lists;
	gsize list_bytes;
	Micros at;
} Inputs;

static void
inputs_clear (Inputs *in)
{
	g_ptr_array_unref (in->anchors);
	g_ptr_array_unref (in->others);
	g_ptr_array_unref (in->lists);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Inputs, inputs_clear)

/* --- reading ------------------------------------------------------------------------------- */

static void
move_all (GPtrArray *from, GPtrArray *to)
{
	g_ptr_array_extend_and_steal (to, from);
}

static gboolean
add_certificates (Inputs *in, GPtrArray *to, const char *path, GError **error)
{
	g_autoptr (GBytes) file = file_read (path, CERTIFICATE_FILE_MAX, error);
	GPtrArray *read = file != NULL ? certificates_read (file, CERTIFICATES_MAX, error) : NULL;
	if (read == NULL) {
		g_prefix_error (error, "%s: ", path);
		return FALSE;
	}
	move_all (read, to);
	return in->anchors->len + in->others->len <= CERTIFICATES_MAX
	       || diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "over %d certificates for one path", CERTIFICATES_MAX);
}

static gboolean
add_lists (Inputs *in, const char *path, GError **error)
{
	g_autoptr (GBytes) file = file_read (path, LIST_FILE_MAX, error);
	GPtrArray *read = file != NULL ? lists_read (file, LISTS_MAX, error) : NULL;
	if (read == NULL) {
		g_prefix_error (error, "%s: ", path);
		return FALSE;
	}
	for (guint i = 0; i < read->len; i++)
		in->list_bytes += g_bytes_get_size (read->pdata[i]);
	move_all (read, in->lists);
	return (in->lists->len <= LISTS_MAX && in->list_bytes <= LISTS_MAX_BYTES)
	       || diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "over %d revocation lists, or over %d bytes of them", LISTS_MAX, LISTS_MAX_BYTES);
}

/* tls-root.crt, of SM2 sites, vouches for the web server alone. */
static gboolean
add_site_file (Inputs *in, const char *folder, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename (folder, name, NULL);
	if (g_str_has_suffix (name, ".crl"))
		return add_lists (in, path, error);
	if (!g_str_has_suffix (name, ".crt") || strcmp (name, "tls-root.crt") == 0)
		return TRUE;
	return add_certificates (in, g_str_has_suffix (name, "root.crt") ? in->anchors : in->others, path, error);
}

/* The site's own folder of public files (docs/layout.md). */
static gboolean
add_site (Inputs *in, const char *site, GError **error)
{
	g_autofree char *folder = g_build_filename (site, "ca", NULL);
	g_autoptr (GError) failure = NULL;
	g_autoptr (GDir) dir = g_dir_open (folder, 0, &failure);
	const char *name;
	if (dir == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, "--dir", "%s", failure->message);
	while ((name = g_dir_read_name (dir)) != NULL) {
		if (!add_site_file (in, folder, name, error))
			return FALSE;
	}
	return TRUE;
}

typedef gboolean (*AddFn) (Inputs *in, const char *path, GError **error);

static gboolean add_chain (Inputs *in, const char *path, GError **error) { return add_certificates (in, in->others, path, error); }
static gboolean add_root (Inputs *in, const char *path, GError **error) { return add_certificates (in, in->anchors, path, error); }

static gboolean
add_each (const Cli *cli, const char *option, AddFn add, Inputs *in, GError **error)
{
	const GPtrArray *paths = cli_options (cli, option);
	for (guint i = 0; paths != NULL && i < paths->len; i++) {
		if (!add (in, paths->pdata[i], error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_moment (const Cli *cli, Micros *at, GError **error)
{
	g_autoptr (Clock) clock = clock_new_system ();
	const char *text = cli_option (cli, "at");
	*at = clock_now (clock);
	if (text == NULL || time_parse (text, at, error))
		return TRUE;
	g_prefix_error (error, "--at takes a time like 2026-04-03T10:00:00+08:00: ");
	return FALSE;
}

static gboolean
read_inputs (const Cli *cli, Inputs *in, GError **error)
{
	const char *site = cli_option (cli, "dir");
	if (!read_moment (cli, &in->at, error) || (site != NULL && !add_site (in, site, error)) || !add_each (cli, "root", add_root, in, error)
	    || !add_each (cli, "chain", add_chain, in, error) || !add_each (cli, "list", add_lists, in, error))
		return FALSE;
	return in->anchors->len > 0
	       || diqi_fail (error, DIQI_ERROR_CONFIG, "--root", "nothing to trust: give the authority's root, whose fingerprint it publishes, by --root, or its folder by --dir");
}

/* --- telling ------------------------------------------------------------------------------- */

static void
put_text (json_t *object, const char *name, char *text)
{
	if (text != NULL)
		json_object_set_new (object, name, json_string (text));
	g_free (text);
}

static json_t *
list_view (const CrlFacts *list)
{
	json_t *view = json_pack ("{s:I, s:o, s:o}", "number", (json_int_t) list->number, "made", json_time (list->this_update), "due", json_time (list->next_update));
	if (list->point != NULL)
		json_object_set_new (view, "point", json_string (list->point));
	return view;
}

/* One certificate of the path; the anchor is trusted, not looked up.  After a fault nothing is said of the others. */
static json_t *
member_view (const Certificate *c, const Path *path, gsize place, gboolean good, const PathFault *fault)
{
	const CertificateKind *kind = invariant_kind_of (c);
	g_auto (CrlFacts) list = { 0 };
	gboolean anchor = good && place == path->chain_n;
	gboolean listed = !anchor && path->chain_n > 0 && path_list (path, c, &list);
	const char *stopped = fault->lacks != PATH_LACKS_NOTHING ? "undecided" : "refused";
	const char *state = anchor ? "trusted" : good ? "good" : place == fault->place ? stopped : "not decided";
	g_autofree char *serial = serial_hex (certificate_serial (c)), *fingerprint = fingerprint_hex (certificate_fingerprint (c));
	json_t *view = json_pack ("{s:I}", "place", (json_int_t) place);
	put_text (view, "subject", certificate_subject_text (c));
	json_object_set_new (view, "serial", json_string (serial));
	json_object_set_new (view, "profile", json_string (kind != NULL ? kind->name : certificate_is_ca (c) ? "ca" : "unknown"));
	put_text (view, "policy", certificate_policy (c));
	json_object_set_new (view, "not_before", json_time (certificate_not_before (c)));
	json_object_set_new (view, "not_after", json_time (certificate_not_after (c)));
	json_object_set_new (view, "sha256", json_string (fingerprint));
	json_object_set_new (view, "state", json_string (state));
	if (listed)
		json_object_set_new (view, "list", list_view (&list));
	return view;
}

static json_t *
addresses_view (const Certificate *c, const PathFault *fault)
{
	json_t *out = json_array ();
	if (fault->lacks == PATH_LACKS_NOTHING)
		return out;
	g_auto (GStrv) addresses = certificate_addresses (c, fault->lacks == PATH_LACKS_LIST ? ADDRESS_LIST : ADDRESS_ISSUER);
	for (gsize i = 0; addresses[i] != NULL; i++)
		json_array_append_new (out, json_string (addresses[i]));
	return out;
}

static json_t *
fault_view (const Certificate *c, const PathFault *fault, const GError *failure)
{
	json_t *view = json_pack ("{s:I, s:s, s:s, s:s, s:s}", "place", (json_int_t) fault->place, "field", fault->field, "rule", fault->rule,
	                          "code", diqi_error_code_name (failure), "detail", failure->message);
	json_object_set_new (view, "fetch", addresses_view (c, fault));
	return view;
}

static const char *
text_of (const json_t *object, const char *name)
{
	const char *text = json_string_value (json_object_get (object, name));
	return text != NULL ? text : "none";
}

static void
print_member (const json_t *member)
{
	const json_t *list = json_object_get (member, "list");
	printf ("%" JSON_INTEGER_FORMAT "  %s: %s\n", json_integer_value (json_object_get (member, "place")), text_of (member, "state"), text_of (member, "subject"));
	printf ("   serial %s, profile %s, policy %s\n", text_of (member, "serial"), text_of (member, "profile"), text_of (member, "policy"));
	printf ("   valid from %s to %s\n", text_of (member, "not_before"), text_of (member, "not_after"));
	if (list != NULL)
		printf ("   looked up in list %" JSON_INTEGER_FORMAT " of %s, to be replaced by %s\n", json_integer_value (json_object_get (list, "number")), text_of (list, "made"), text_of (list, "due"));
}

/* The path, leaf first, then the verdict; what failed is told by the error. */
static void
print_verdict (const Cli *cli, const json_t *verdict)
{
	size_t i;
	json_t *one;
	if (cli_wants_json (cli)) {
		cli_print (cli, verdict);
		return;
	}
	json_array_foreach (json_object_get (verdict, "path"), i, one)
		print_member (one);
	printf ("%s at %s\n", text_of (verdict, "verdict"), text_of (verdict, "at"));
	json_array_foreach (json_object_get (json_object_get (verdict, "fault"), "fetch"), i, one)
		printf ("fetch %s, and give it as a file\n", json_string_value (one));
}

/* --- the command ------------------------------------------------------------------------------ */

static const Certificate *
member_of (const Certificate *leaf, const Path *path, gsize place)
{
	return place == 0 ? leaf : path->chain[MIN (place, path->chain_n) - 1];
}

/* good; undecided: what is here does not say; refused: what is here says no. */
static json_t *
verdict_view (const Certificate *leaf, const Path *path, const PathFault *fault, const GError *failure)
{
	/* A trusted root asked about itself is its own chain. */
	gboolean alone = path->chain_n == 1 && path->chain[0] == leaf;
	const char *verdict = failure == NULL ? "good" : fault->lacks != PATH_LACKS_NOTHING ? "undecided" : "refused";
	json_t *members = json_array ();
	for (gsize i = alone ? 1 : 0; i <= path->chain_n; i++)
		json_array_append_new (members, member_view (member_of (leaf, path, i), path, i, failure == NULL, fault));
	json_t *view = json_pack ("{s:s, s:o, s:o}", "verdict", verdict, "at", json_time (path->at), "path", members);
	if (failure != NULL)
		json_object_set_new (view, "fault", fault_view (member_of (leaf, path, fault->place), fault, failure));
	return view;
}

static gboolean
refuse (const Certificate *of, const PathFault *fault, GError *failure, GError **error)
{
	g_autofree char *subject = certificate_subject_text (of), *serial = serial_hex (certificate_serial (of));
	g_prefix_error (&failure, "%s (serial %s), %s, %s: ", subject, serial, fault->field, fault->rule);
	g_propagate_error (error, failure);
	return FALSE;
}

static gboolean
check (Cli *cli, const Certificate *leaf, const Inputs *in, GError **error)
{
	const PathPool pool = { (Certificate *const *) in->others->pdata, in->others->len, (Certificate *const *) in->anchors->pdata, in->anchors->len };
	Path path = { .lists = (GBytes *const *) in->lists->pdata, .lists_n = in->lists->len, .at = in->at };
	g_autoptr (GPtrArray) chain = NULL;
	GError *failure = NULL;
	PathFault fault;
	path_find (leaf, &pool, &path, &chain, &fault, &failure);
	path.chain = (Certificate *const *) chain->pdata;
	path.chain_n = chain->len;
	g_autoptr (json_t) verdict = verdict_view (leaf, &path, &fault, failure);
	print_verdict (cli, verdict);
	return failure == NULL || refuse (member_of (leaf, &path, fault.place), &fault, failure, error);
}

static gboolean
run_check (Cli *cli, GError **error)
{
	g_auto (Inputs) in = {
		g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref), g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref),
		g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref), 0, 0,
	};
	/* A file may hold the chain behind the leaf, as the site hands it out. */
	if (!add_chain (&in, cli_argument (cli, 0), error))
		return FALSE;
	g_autoptr (Certificate) leaf = certificate_ref (in.others->pdata[0]);
	return read_inputs (cli, &in, error) && check (cli, leaf, &in, error);
}

static const CliOption options[] = {
	{ "chain", "FILE", "certificates between it and the root, PEM (several) or DER; may be given again", FALSE },
	{ "root", "FILE", "a root that you trust, PEM or DER; may be given again", FALSE },
	{ "list", "FILE", "revocation lists (full, delta, of a shard, of a root), PEM or DER; may be given again", FALSE },
	{ "at", "TIME", "the moment asked about, 2026-04-03T10:00:00+08:00 (default: now)", FALSE },
	{ "dir", "SITE", "take roots, CA certificates and the roots' lists from a site's folder", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand check_commands[] = {
	{ "certificate check", "FILE", 1, 1, "offline: is it good at a moment, with its whole path and all statuses", options, run_check },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
