/* signer/ceremony_log.c — see ceremony_log.h. */
#include "signer/ceremony_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "signer/chain.h"
#include "signer/transcript.h"

#define PREFIX (64 + 1)       /* of a line of the chain */
#define FAILURE_MAX 8192

void
ceremony_log_init (CeremonyLog *log)
{
	log->held = g_array_new (FALSE, FALSE, sizeof (CeremonyHeld));
	log->open = NULL;
}

void
ceremony_log_clear (CeremonyLog *log)
{
	g_clear_pointer (&log->held, g_array_unref);
	g_clear_pointer (&log->open, json_decref);
}

/* --- what is open ------------------------------------------------------------------------ */

static json_t *
last_part (const json_t *open)
{
	const json_t *parts = json_object_get (open, "parts");
	return json_array_get (parts, json_array_size (parts) - 1);
}

static void
put (json_t *object, const char *key, const json_t *from)
{
	if (json_object_get (from, key) != NULL)
		json_object_set (object, key, json_object_get (from, key));
}

/* Names, states and times, without what the steps brought. */
static json_t *
bare_steps (const json_t *open)
{
	json_t *out = json_array ();
	const json_t *steps = json_object_get (open, "steps");
	for (size_t i = 0; i < json_array_size (steps); i++) {
		const json_t *step = json_array_get (steps, i);
		json_t *bare = json_object ();
		put (bare, "step", step);
		put (bare, "state", step);
		put (bare, "time", step);
		json_array_append_new (out, bare);
	}
	return out;
}

json_t *
ceremony_log_summary (const json_t *open)
{
	json_t *out = json_pack ("{s:O, s:O, s:O, s:I, s:o}", "begun", json_object_get (open, "begun"), "last", json_object_get (last_part (open), "last"),
		"script", json_object_get (open, "script"), "parts", (json_int_t) json_array_size (json_object_get (open, "parts")), "steps", bare_steps (open));
	return out;
}

static void
tell_steps (GString *out, const json_t *steps, const char *state, const char *title)
{
	const char *between = title;
	for (size_t i = 0; i < json_array_size (steps); i++) {
		const json_t *step = json_array_get (steps, i);
		if (g_strcmp0 (json_string_value (json_object_get (step, "state")), state) != 0)
			continue;
		g_string_append_printf (out, "%s%s", between, json_string_value (json_object_get (step, "step")));
		between = ", ";
	}
}

char *
ceremony_log_tell (const json_t *open)
{
	static const char *const states[][2] = {
		{ "done", "; done: " }, { "failed", "; failed: " }, { "begun", "; in the middle: " }, { "waiting", "; not begun: " },
	};
	const json_t *steps = json_object_get (open, "steps");
	GString *out = g_string_new ("a ceremony without transcript, begun ");
	g_string_append_printf (out, "%s, script %s", json_string_value (json_object_get (open, "begun")), json_string_value (json_object_get (open, "script")));
	for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
		tell_steps (out, steps, states[i][0], states[i][1]);
	return g_string_free (out, FALSE);
}

static json_t *
waiting_steps (const json_t *names, GError **error)
{
	g_autoptr (json_t) steps = json_array ();
	for (size_t i = 0; i < json_array_size (names); i++) {
		json_t *name = json_array_get (names, i);
		if (!json_is_string (name)) {
			diqi_error_set (error, DIQI_ERROR_FIELD_TYPE, "/steps", "names are expected");
			return NULL;
		}
		json_array_append_new (steps, json_pack ("{s:O, s:s}", "step", name, "state", "waiting"));
	}
	return g_steal_pointer (&steps);
}

/* The same script goes on. */
static void
cut_part (json_t *open)
{
	const json_t *steps = json_object_get (open, "steps");
	for (size_t i = 0; i < json_array_size (steps); i++)
		if (g_strcmp0 (json_string_value (json_object_get (json_array_get (steps, i), "state")), "begun") == 0)
			json_object_set_new (last_part (open), "step", json_integer ((json_int_t) i + 1));
}

/* Another script was begun while this was open. */
static json_t *
abandon (const json_t *open)
{
	json_t *all = json_array ();
	json_array_extend (all, json_object_get (open, "abandoned"));
	json_array_append_new (all, json_pack ("{s:O, s:O, s:O, s:O, s:o}", "begun", json_object_get (open, "begun"), "last",
		json_object_get (last_part (open), "last"), "script", json_object_get (open, "script"), "present", json_object_get (last_part (open), "present"),
		"steps", bare_steps (open)));
	return all;
}

static gboolean
take_begun (CeremonyLog *log, const json_t *record, Micros *time, GError **error)
{
	const char *type, *script;
	json_t *names, *present;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, time }, { "script", FIELD_HEX32, TRUE, 0, &script },
		{ "steps", FIELD_ARRAY, TRUE, CEREMONY_STEPS_MAX, &names }, { "present", FIELD_ARRAY, TRUE, CEREMONY_PRESENT_MAX, &present },
	};
	if (!JSON_READ (record, "", fields, error))
		return FALSE;
	g_autoptr (json_t) steps = waiting_steps (names, error);
	if (steps == NULL)
		return FALSE;
	json_t *part = json_pack ("{s:o, s:o, s:O}", "begun", json_time (*time), "last", json_time (*time), "present", present);
	if (log->open != NULL && g_strcmp0 (json_string_value (json_object_get (log->open, "script")), script) == 0) {
		cut_part (log->open);
		json_array_append_new (json_object_get (log->open, "parts"), part);
		return TRUE;
	}
	json_t *next = json_pack ("{s:o, s:s, s:O, s:[o], s:o}", "begun", json_time (*time), "script", script, "steps", steps, "parts", part,
	                          "abandoned", log->open != NULL ? abandon (log->open) : json_array ());
	json_decref (log->open);
	log->open = next;
	return TRUE;
}

static gboolean
take_step (CeremonyLog *log, const json_t *record, Micros *time, GError **error)
{
	static const char *const states[] = { "begun", "done", "failed", NULL };
	const char *type, *state, *failure = NULL;
	gint64 i;
	json_t *before = NULL, *result = NULL;
	gboolean found;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, time }, { "step", FIELD_INT, TRUE, 0, &i },
		{ "state", FIELD_STRING, TRUE, 16, &state }, { "before", FIELD_OBJECT, FALSE, 0, &before }, { "result", FIELD_OBJECT, FALSE, 0, &result },
		{ "failure", FIELD_STRING, FALSE, FAILURE_MAX, &failure }, { "found", FIELD_BOOL, FALSE, 0, &found },
	};
	if (!JSON_READ (record, "", fields, error))
		return FALSE;
	json_t *step = log->open != NULL && i >= 0 ? json_array_get (json_object_get (log->open, "steps"), (size_t) i) : NULL;
	if (step == NULL || !g_strv_contains (states, state))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/step", "a step of no open ceremony");
	static const char *const told[] = { "state", "time", "before", "result", "failure", "found" };
	for (gsize k = 0; k < G_N_ELEMENTS (told); k++)
		put (step, told[k], record);
	json_object_set (last_part (log->open), "last", json_object_get (record, "time"));
	return TRUE;
}

/* --- what was held ------------------------------------------------------------------------ */

static gboolean
take_held (CeremonyLog *log, const json_t *record, goffset offset, gsize n, Micros *time, GError **error)
{
	const char *type, *transcript, *text = NULL;
	CeremonyHeld one = { .offset = offset, .n = n };
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, time }, { "transcript", FIELD_HEX32, TRUE, 0, &transcript },
		{ "text", FIELD_STRING, FALSE, TRANSCRIPT_MAX, &text },
	};
	if (!JSON_READ (record, "", fields, error))
		return FALSE;
	if (!hex_decode (transcript, one.transcript.b, sizeof one.transcript.b))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/transcript", "not a hash");
	one.time = *time;
	one.kept = text != NULL;
	g_array_append_val (log->held, one);
	g_clear_pointer (&log->open, json_decref);
	return TRUE;
}

gboolean
ceremony_log_knows (const char *type)
{
	static const char *const types[] = { "ceremony", "ceremony.begun", "ceremony.step", NULL };
	return g_strv_contains (types, type);
}

gboolean
ceremony_log_take (CeremonyLog *log, const json_t *record, goffset offset, gsize n, Micros *time, GError **error)
{
	const char *type = json_string_value (json_object_get (record, "type"));
	if (g_strcmp0 (type, "ceremony.begun") == 0)
		return take_begun (log, record, time, error);
	if (g_strcmp0 (type, "ceremony.step") == 0)
		return take_step (log, record, time, error);
	return take_held (log, record, offset, n, time, error);
}

json_t *
ceremony_log_members (const Fingerprint *transcript, GBytes *text)
{
	gsize n;
	const char *p = g_bytes_get_data (text, &n);
	return json_pack ("{s:o, s:o}", "transcript", json_hex (transcript->b, sizeof transcript->b), "text", json_stringn (p, n));
}

GBytes *
ceremony_log_text (const json_t *record, const CeremonyHeld *held, GError **error)
{
	const char *text = json_string_value (json_object_get (record, "text"));
	Fingerprint actual;
	if (text != NULL)
		fingerprint_of (text, strlen (text), &actual);
	if (text == NULL || !fingerprint_equal (&actual, &held->transcript)) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the journal's transcript is not the one of its hash");
		return NULL;
	}
	return g_bytes_new (text, strlen (text));
}

/* --- from outside ------------------------------------------------------------------------- */

/* Most lines are of other types and not parsed.  A rest without a newline is still being written, or was torn. */
static gboolean
peek_line (CeremonyLog *log, const char *line, gsize n, GError **error)
{
	Micros time;
	if (n <= PREFIX || line[n - 1] != '\n' || strstr (line, "\"type\":\"ceremony") == NULL)
		return TRUE;
	g_autoptr (json_t) record = chain_parse (line + PREFIX, n - 1 - PREFIX, error);
	const char *type = json_string_value (json_object_get (record, "type"));
	return record != NULL && (type == NULL || !ceremony_log_knows (type) || ceremony_log_take (log, record, 0, 0, &time, error));
}

gboolean
ceremony_log_peek (const char *journal, json_t **open, GError **error)
{
	CeremonyLog log;
	char *line = NULL;
	size_t room = 0;
	gssize n;
	gboolean well = TRUE;
	FILE *file = fopen (journal, "re");
	if (file == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: cannot be read", journal);
	ceremony_log_init (&log);
	while (well && (n = getline (&line, &room, file)) > 0)
		well = peek_line (&log, line, (gsize) n, error);
	free (line);
	fclose (file);
	*open = well ? g_steal_pointer (&log.open) : NULL;
	ceremony_log_clear (&log);
	return well;
}
