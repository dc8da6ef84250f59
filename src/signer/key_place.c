/* signer/key_place.c — see key_place.h. */
#include "signer/key_place.h"

#include <string.h>

#include "base/error.h"

#define LABEL_MAX 128

static void
key_place_free (KeyPlace *place)
{
	if (place == NULL)
		return;
	g_free (place->module);
	g_free (place->token);
	g_free (place->serial);
	g_free (place->label);
	g_free (place);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KeyPlace, key_place_free)

KeyPlaces *
key_places_new (void)
{
	KeyPlaces *places = g_new0 (KeyPlaces, 1);

	places->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) key_place_free);
	return places;
}

void
key_places_free (KeyPlaces *places)
{
	if (places == NULL)
		return;
	g_hash_table_unref (places->keys);
	key_place_free (places->fresh);
	g_free (places);
}

/* --- site.json -------------------------------------------------------------------- */

static KeyPlace *
read_place (const json_t *object, const char *at, gboolean label, GError **error)
{
	const char *module, *token, *serial = NULL, *name = NULL;
	const Field fields[] = {
		{ "module", FIELD_STRING, TRUE, 1024, &module }, { "token", FIELD_STRING, TRUE, 32, &token }, { "serial", FIELD_STRING, FALSE, 16, &serial },
		{ "label", FIELD_STRING, TRUE, LABEL_MAX, &name },
	};
	if (!json_read_fields (object, at, fields, G_N_ELEMENTS (fields) - (label ? 0 : 1), error))
		return NULL;
	if (!g_path_is_absolute (module)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, at, "a PKCS#11 module is named by its whole path, not \"%s\"", module);
		return NULL;
	}
	KeyPlace *place = g_new0 (KeyPlace, 1);
	place->module = g_strdup (module);
	place->token = g_strdup (token);
	place->serial = g_strdup (serial);
	place->label = g_strdup (name);
	return place;
}

KeyPlaces *
key_places_read (const json_t *keys, const json_t *new_keys, GError **error)
{
	g_autoptr (KeyPlaces) places = key_places_new ();
	const char *name;
	json_t *object;

	json_object_foreach ((json_t *) keys, name, object) {
		g_autofree char *at = g_strconcat ("/keys/", name, NULL);
		KeyPlace *place = read_place (object, at, TRUE, error);
		if (place == NULL)
			return NULL;
		g_hash_table_insert (places->keys, g_strdup (name), place);
	}
	if (new_keys != NULL && (places->fresh = read_place (new_keys, "/new_keys", FALSE, error)) == NULL)
		return NULL;
	return g_steal_pointer (&places);
}

static json_t *
place_json (const KeyPlace *place)
{
	json_t *object = json_pack ("{s:s, s:s}", "module", place->module, "token", place->token);

	if (place->serial != NULL)
		json_object_set_new (object, "serial", json_string (place->serial));
	if (place->label != NULL)
		json_object_set_new (object, "label", json_string (place->label));
	return object;
}

void
key_places_put_json (const KeyPlaces *places, json_t *object)
{
	GHashTableIter iter;
	gpointer name, place;

	if (g_hash_table_size (places->keys) > 0) {
		json_t *keys = json_object ();
		g_hash_table_iter_init (&iter, places->keys);
		while (g_hash_table_iter_next (&iter, &name, &place))
			json_object_set_new (keys, name, place_json (place));
		json_object_set_new (object, "keys", keys);
	}
	if (places->fresh != NULL)
		json_object_set_new (object, "new_keys", place_json (places->fresh));
}

/* --- use ------------------------------------------------------------------------------ */

const KeyPlace *
key_places_find (const KeyPlaces *places, const char *name)
{
	return g_hash_table_lookup (places->keys, name);
}

static KeyPlace *
place_new (const Pkcs11Place *token, const char *label)
{
	KeyPlace *place = g_new0 (KeyPlace, 1);

	place->module = g_strdup (token->module);
	place->token = g_strdup (token->token);
	place->serial = g_strdup (token->serial);
	place->label = g_strdup (label);
	return place;
}

void
key_places_add (KeyPlaces *places, const char *name, const Pkcs11Place *token, const char *label)
{
	g_hash_table_insert (places->keys, g_strdup (name), place_new (token, label));
}

void
key_places_set_fresh (KeyPlaces *places, const Pkcs11Place *token)
{
	key_place_free (places->fresh);
	places->fresh = place_new (token, NULL);
}

gboolean
key_place_same_token (const KeyPlace *a, const KeyPlace *b)
{
	return strcmp (a->module, b->module) == 0 && strcmp (a->token, b->token) == 0 && g_strcmp0 (a->serial, b->serial) == 0;
}
