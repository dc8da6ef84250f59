/* signer/key_place.h — which keys of the signer are on a token, and where: members "keys" and "new_keys" of site.json.
 *
 *   "keys": {NAME: {"module": FILE, "token": LABEL, "serial": TEXT (optional), "label": TEXT}, …}
 *   "new_keys": {"module": FILE, "token": LABEL, "serial": TEXT (optional)}      where keys that are made later go
 *
 * NAME is that of the key's file without ".key" ("issuing", "gm-ocsp", "log"); "secrets" is the AES key that seals the
 * files of random keys.  A key that is not named here is in its file.
 */
#pragma once
#include "base/json.h"
#include "pki/pkcs11.h"

typedef struct {
	char *module, *token, *serial;     /* serial NULL: any */
	char *label;                       /* NULL in new_keys */
} KeyPlace;

typedef struct {
	GHashTable *keys;                  /* name → KeyPlace */
	KeyPlace *fresh;                   /* new_keys; NULL: into files */
} KeyPlaces;

#define KEY_PLACE_SECRETS "secrets"

KeyPlaces *key_places_new (void);
void key_places_free (KeyPlaces *places);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KeyPlaces, key_places_free)

/* Either may be NULL: absent. */
KeyPlaces *key_places_read (const json_t *keys, const json_t *new_keys, GError **error);
/* Adds both members to site.json's object, when there is something to say. */
void key_places_put_json (const KeyPlaces *places, json_t *object);

const KeyPlace *key_places_find (const KeyPlaces *places, const char *name);
/* Copies. */
void key_places_add (KeyPlaces *places, const char *name, const Pkcs11Place *token, const char *label);
void key_places_set_fresh (KeyPlaces *places, const Pkcs11Place *token);
gboolean key_place_same_token (const KeyPlace *a, const KeyPlace *b);
