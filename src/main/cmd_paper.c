/* main/cmd_paper.c — diqi paper … */
#include <string.h>

#include "base/error.h"
#include "main/papers_seen.h"

/* --- what is needed --------------------------------------------------------------------- */

static const char *
text_of (const json_t *object, const char *member)
{
	const char *text = json_string_value (json_object_get (object, member));
	return text != NULL ? text : "";
}

static const char *
label_of (const json_t *required, const char *paper)
{
	size_t i;
	const json_t *item;
	json_array_foreach (json_object_get (required, "papers"), i, item)
		if (strcmp (text_of (item, "paper"), paper) == 0)
			return text_of (item, "zh");
	return paper;
}

static void
write_choice (GString *text, const json_t *required, const json_t *choice, const char *lead)
{
	size_t i;
	const json_t *item;
	json_array_foreach (choice, i, item) {
		const char *paper = text_of (item, "paper");
		g_string_append_printf (text, "    %s %s  %s, %s%d %s%s\n", i > 0 ? "and" : lead, paper, label_of (required, paper),
		                        json_is_true (json_object_get (item, "original")) ? "original, " : "",
		                        (int) json_integer_value (json_object_get (item, "copies")),
		                        json_integer_value (json_object_get (item, "copies")) == 1 ? "copy" : "copies",
		                        json_is_true (json_object_get (item, "scan")) ? ", or a checked scan" : "");
	}
}

static void
write_set (GString *text, const json_t *required, const json_t *set)
{
	size_t i, k;
	const json_t *need, *choice;
	g_string_append_printf (text, "%s, %s\n", text_of (set, "service"), text_of (set, "kind"));
	json_array_foreach (json_object_get (set, "needs"), i, need) {
		g_string_append_printf (text, "  %s%s\n", text_of (need, "need"),
		                        json_object_get (need, "when") != NULL ? " (where an operator acts who is not the legal representative)" : "");
		json_array_foreach (json_object_get (need, "any"), k, choice)
			write_choice (text, required, choice, k > 0 ? "or " : "   ");
	}
}

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) required = papers_required (remote, cli_option (cli, "service"), cli_option (cli, "kind"), error);
	if (required == NULL)
		return FALSE;
	if (cli_wants_json (cli)) {
		cli_print (cli, required);
		return TRUE;
	}
	GString *text = g_string_new (NULL);
	size_t i;
	const json_t *set;
	json_array_foreach (json_object_get (required, "items"), i, set)
		write_set (text, required, set);
	g_autoptr (GBytes) bytes = g_string_free_to_bytes (text);
	cli_print_bytes (bytes);
	return TRUE;
}

#define END { NULL, NULL, NULL, FALSE }
static const CliOption list_options[] = {
	{ "service", "SERVICE", "only this one: issue, renew, change …", FALSE }, { "kind", "KIND", "organization or person", FALSE }, END };

const CliCommand paper_commands[] = {
	{ "paper list", "", 0, 0, "which papers a service needs (所需资料)", list_options, run_list },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
