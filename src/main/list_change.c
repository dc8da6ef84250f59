/* main/list_change.c — see list_change.h. */
#include "main/list_change.h"

#include <string.h>

#include "base/error.h"
#include "main/cli_table.h"
#include "main/remote.h"
#include "pki/certificate.h"
#include "pki/statement.h"

#define PROPOSAL_MAX (1 << 20)

static void
hash_of (const json_t *json, Fingerprint *out)
{
	g_autoptr (GBytes) text = jcs_bytes (json);
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), out);
}

gboolean
list_change_write (Cli *cli, const json_t *current, const json_t *next, const char *sign_command, GError **error)
{
	json_int_t version = json_integer_value (json_object_get (current, "version"));
	Fingerprint previous = { { 0 } };
	gsize n;
	if (version != 0)
		hash_of (current, &previous);
	g_autoptr (json_t) proposal = json_object ();
	json_object_set_new (proposal, "version", json_integer (version));
	json_object_set_new (proposal, "previous", json_hex (previous.b, sizeof previous.b));
	json_object_set_new (proposal, "list", json_deep_copy (next));
	g_autofree char *text = jcs_dump (proposal, &n, error);
	if (text == NULL || !file_write_new (cli_argument (cli, 0), text, n, 0644, error))
		return FALSE;
	cli_note (cli, "wrote %s: let two officers run \"diqi %s\" on it", cli_argument (cli, 0), sign_command);
	return TRUE;
}

static gboolean
read_proposal (const char *path, json_t **proposal, json_t **list, gint64 *version, const char **previous, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (path, PROPOSAL_MAX, error);
	if (bytes == NULL)
		return FALSE;
	*proposal = json_read_strict (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), PROPOSAL_MAX, error);
	if (*proposal == NULL) {
		g_prefix_error (error, "%s: ", path);
		return FALSE;
	}
	const Field fields[] = {
		{ "version", FIELD_INT, TRUE, 0, version },
		{ "previous", FIELD_HEX32, TRUE, 0, previous },
		{ "list", FIELD_OBJECT, TRUE, 0, list },
	};
	if (JSON_READ (*proposal, "", fields, error))
		return TRUE;
	g_prefix_error (error, "%s is no proposal: ", path);
	return FALSE;
}

json_t *
list_change_csr (const char *path, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (path, CSR_MAX_DER, error);
	g_autoptr (Csr) csr = bytes != NULL ? csr_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL, error) : NULL;
	if (bytes != NULL && csr == NULL)
		g_prefix_error (error, "%s: ", path);
	return csr != NULL ? json_base64 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : NULL;
}

json_t *
list_change_proposed (const char *path, GError **error)
{
	g_autoptr (json_t) proposal = NULL;
	json_t *list;
	gint64 version;
	const char *previous;
	return read_proposal (path, &proposal, &list, &version, &previous, error) ? json_incref (list) : NULL;
}

json_t *
list_change_payload (const json_t *current, const json_t *next)
{
	json_int_t version = json_integer_value (json_object_get (current, "version"));
	Fingerprint previous = { { 0 } }, hash;
	if (version != 0)
		hash_of (current, &previous);
	hash_of (next, &hash);
	return json_pack ("{s:I, s:o, s:o}", "version", version, "previous", json_hex (previous.b, sizeof previous.b), "list", json_hex (hash.b, sizeof hash.b));
}

/* By the key that will be in a certificate, which its owner can read out: "key new" and the certificate have the same. */
static char *
key_of (const json_t *entry)
{
	const char *der = json_string_value (json_object_get (entry, "certificate")), *request = json_string_value (json_object_get (entry, "csr"));
	/* The request is what a certificate will be made of. */
	const char *text = request != NULL ? request : der;
	g_autoptr (GBytes) bytes = text != NULL ? base64_decode_strict (text, strlen (text), NULL) : NULL;
	if (bytes == NULL)
		return g_strdup ("no key");
	gconstpointer p = g_bytes_get_data (bytes, NULL);
	g_autoptr (Certificate) certificate = request == NULL ? certificate_parse (p, g_bytes_get_size (bytes), NULL) : NULL;
	g_autoptr (Csr) csr = request != NULL ? csr_parse (p, g_bytes_get_size (bytes), NULL, NULL) : NULL;
	if (certificate == NULL && csr == NULL)
		return g_strdup ("a key that cannot be read");
	const PublicKey *key = certificate != NULL ? certificate_public_key (certificate) : csr_public_key (csr);
	g_autofree char *hash = fingerprint_hex (public_key_fingerprint (key));
	return g_strdup_printf ("%s %s", certificate != NULL ? "key" : "NEW key", hash);
}

static void
append_entry (GString *out, const json_t *entry)
{
	g_autofree char *name = cli_printable (json_string_value (json_object_get (entry, "name")) != NULL ? json_string_value (json_object_get (entry, "name")) : "-");
	g_autofree char *roles = json_dumps (json_object_get (entry, "roles"), JSON_COMPACT), *key = key_of (entry);
	g_autofree char *person = cli_printable (json_string_value (json_object_get (entry, "person")) != NULL ? json_string_value (json_object_get (entry, "person")) : "-");
	g_string_append_printf (out, "  %s  %s%s%s%s\n    %s\n", person, name, roles != NULL ? "  " : "", roles != NULL ? roles : "",
	                        json_is_true (json_object_get (entry, "removed")) ? "  REMOVED" : "", key);
}

/* For a person who is about to sign it: who is in it, with which key. */
static char *
what_is_signed (const json_t *list)
{
	GString *out = g_string_new (NULL);
	const char *name;
	json_t *member, *entry;
	gsize i;
	json_object_foreach ((json_t *) list, name, member) {
		g_autofree char *shown = json_is_array (member) ? NULL : json_dumps (member, JSON_COMPACT | JSON_ENCODE_ANY);
		if (shown != NULL)
			g_string_append_printf (out, "  %s: %s\n", name, shown);
		json_array_foreach (member, i, entry)
			append_entry (out, entry);
	}
	g_string_truncate (out, out->len > 0 ? out->len - 1 : 0);
	return g_string_free (out, FALSE);
}

gboolean
list_change_sign (Cli *cli, const char *type, const char *what, GError **error)
{
	g_autoptr (json_t) proposal = NULL;
	json_t *list;
	gint64 version;
	const char *previous;
	if (!read_proposal (cli_argument (cli, 0), &proposal, &list, &version, &previous, error))
		return FALSE;
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *shown = what_is_signed (list);
	cli_note (cli, "signing this list of %s:\n%s", what, shown);
	Fingerprint hash;
	hash_of (list, &hash);
	g_autofree char *statement = remote_statement (remote, type,
		json_pack ("{s:I, s:s, s:o}", "version", (json_int_t) version, "previous", previous, "list", json_hex (hash.b, sizeof hash.b)), NULL, error);
	return statement != NULL && file_write_new (cli_argument (cli, 1), statement, strlen (statement), 0644, error);
}

char *
statement_file_read (const char *path, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (path, STATEMENT_MAX_BYTES, error);
	return bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : NULL;
}

gboolean
list_change_submit (Cli *cli, const char *path, const char *columns, GError **error)
{
	g_autoptr (json_t) proposal = NULL;
	json_t *list;
	gint64 version;
	const char *previous;
	if (!read_proposal (cli_argument (cli, 0), &proposal, &list, &version, &previous, error))
		return FALSE;
	g_autofree char *first = statement_file_read (cli_argument (cli, 1), error);
	g_autofree char *second = first != NULL ? statement_file_read (cli_argument (cli, 2), error) : NULL;
	if (second == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) reply = remote_call (remote, "POST", path, json_pack ("{s:[s,s], s:O}", "statements", first, second, "list", list), error);
	cli_print_columns (cli, reply, columns);
	return reply != NULL;
}
