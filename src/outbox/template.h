/* outbox/template.h — texts of messages, data/templates: params.json says which parameters each message has, one file
 * a language has its texts for mail, SMS ("short") and the inbox ("app").
 *
 * "{name}" is a parameter; "[…]" is left out when a parameter in it was not given ("name?" in params.json).  {site} is the
 * site's name.  What a parameter holds follows from its name: `amount` is a string of fen, `due`, `expires` and `ends` are
 * RFC 3339 times, `service` and `reason` may be names that the language file has words for, the rest is text.  Values are
 * plain text: never read as a template, control characters taken out.
 */
#pragma once
#include "base/json.h"

typedef struct Templates Templates;
/* Refuses, naming the place: a message or language that is not in all files, a text that is missing, a placeholder that
 * params.json does not name, an optional one outside brackets, a declared one that no text uses.  languages: two files. */
Templates *templates_new (const json_t *params, const json_t *const *languages, gsize n, GError **error);
void templates_free (Templates *templates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Templates, templates_free)
/* The program's own; the same for the life of the process. */
const Templates *templates_builtin (void);

typedef struct {
	char *subject;      /* one line */
	char *mail;         /* lines end with \n */
	char *brief;        /* one line */
	char *app;
} MessageText;
void message_text_clear (MessageText *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MessageText, message_text_clear)

/* language NULL: zh-CN.  An unknown name or language, a missing or malformed parameter: DIQI_ERROR_INTERNAL. */
gboolean template_render (const Templates *templates, const char *name, const char *language, const json_t *params,
                          const char *site, MessageText *out, GError **error);
