/* main/story_run.h — running this program as its own clients and its own server. */
#pragma once
#include <gio/gio.h>
#include "base/json.h"
#include "pki/key.h"

typedef struct {
	char *dir;                 /* of the site */
	char *work;                /* where the people of the story keep their files */
	char *server;              /* http://127.0.0.1:PORT */
	GSubprocess *process;      /* diqi serve */
	KeyAlgorithm algorithm;    /* of the site; holders' keys follow it */
	gboolean quiet;
	guint steps;
	gint64 begun;
} Story;

void story_clear (Story *story);      /* ends the server */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Story, story_clear)

/* One line for the reader: what was done and what came of it. */
void story_say (Story *story, const char *format, ...) G_GNUC_PRINTF (2, 3);

gboolean story_start_server (Story *story, GError **error);
/* SIGKILL, as a crash would; or SIGTERM, and it must end within seconds. */
gboolean story_stop_server (Story *story, gboolean crash, GError **error);

/* `diqi ARG… --server … --json`, NULL-terminated; the answer's JSON (new reference; null if there is none). */
json_t *story_run (Story *story, GError **error, ...) G_GNUC_NULL_TERMINATED;
/* The same, which must be refused with this public code. */
gboolean story_refused (Story *story, const char *code, GError **error, ...) G_GNUC_NULL_TERMINATED;
/* Any call of the program without server options; TRUE iff it exits with `expected`. */
gboolean story_exits (Story *story, int expected, char **output, GError **error, ...) G_GNUC_NULL_TERMINATED;

char *story_file (const Story *story, const char *name);        /* below work; caller frees */
char *story_officer (const Story *story, const char *name);     /* their .p12; caller frees */
const char *story_text (const json_t *view, const char *name);  /* "" when absent */
