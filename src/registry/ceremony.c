/* registry/ceremony.c — see ceremony.h. */
#include "registry/ceremony.h"

#include "base/error.h"
#include "signer/transcript.h"

#define LEAF_MAX 65536

/* What the leaf says besides hash and time; of a transcript that was not kept, no more than that. */
static json_t *
effect_of (const CeremonyRecord *record, GError **error)
{
	g_autoptr (Transcript) transcript = record->text ? transcript_open (record->text, error) : NULL;
	json_t *effect;

	if (record->text && !transcript)
		return NULL;
	effect = transcript ? transcript_effect (transcript) : json_object ();
	json_object_set_new (effect, "transcript", json_string (record->transcript));
	json_object_set_new (effect, "held", json_time (record->held));
	return effect;
}

static gboolean
find (Tx *tx, const char *transcript, gboolean *found, guint64 *index, GError **error)
{
	g_autoptr (GArray) indices = evidence_leaves_about (tx, transcript, error);

	if (!indices)
		return FALSE;
	*found = indices->len > 0;
	*index = *found ? g_array_index (indices, guint64, 0) : 0;
	return TRUE;
}

gboolean
ceremony_recorded (Tx *tx, const char *transcript, gboolean *recorded, GError **error)
{
	guint64 index;

	return find (tx, transcript, recorded, &index, error);
}

gboolean
ceremony_record (Tx *tx, const CeremonyRecord *record, gboolean *recorded, GError **error)
{
	g_autoptr (json_t) effect = effect_of (record, error);
	gboolean before;

	if (!effect || !ceremony_recorded (tx, record->transcript, &before, error))
		return FALSE;
	*recorded = !before;
	return before || evidence_append (tx, "ceremony.held", record->transcript, record->now, NULL, effect, NULL, error);
}

GBytes *
ceremony_leaf (Tx *tx, const char *transcript, guint64 *index, GError **error)
{
	gboolean found;

	if (!find (tx, transcript, &found, index, error))
		return NULL;
	if (!found) {
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "no such ceremony");
		return NULL;
	}
	return evidence_leaf (tx, *index, error);
}

json_t *
ceremony_view (Tx *tx, const char *transcript, GError **error)
{
	guint64 index;
	gsize n;
	g_autoptr (GBytes) leaf = ceremony_leaf (tx, transcript, &index, error);
	const char *text = leaf ? g_bytes_get_data (leaf, &n) : NULL;
	g_autoptr (json_t) parsed = leaf ? json_read_strict (text, n, LEAF_MAX, error) : NULL;
	json_t *view;

	if (!parsed)
		return NULL;
	view = json_copy (json_object_get (parsed, "effect"));
	json_object_del (view, "signatures");
	json_object_set_new (view, "leaf", json_integer ((json_int_t) index));
	return view;
}
