/* signer/escrow.c — see escrow.h. */
#include "signer/escrow.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "pki/envelope.h"
#include "pki/seal.h"
#include "signer/chain.h"
#include "signer/escrow_index.h"

struct Escrow {
	Chain *chain;
	EscrowIndex *keys;
	GHashTable *versions;      /* gint64 → guint as pointer */
	GHashTable *statements;    /* Fingerprint: gave a share */
	GHashTable *refused;       /* Fingerprint */
	GHashTable *recovered;     /* recovery → Place */
};

/* Of a record, with the hash of its JSON. */
typedef struct {
	goffset offset;
	gsize n;
	Fingerprint hash;
} Place;

static guint
fingerprint_key (gconstpointer p)
{
	guint key;
	memcpy (&key, ((const Fingerprint *) p)->b, sizeof key);
	return key;
}

static gboolean
fingerprint_same (gconstpointer a, gconstpointer b)
{
	return fingerprint_equal (a, b);
}

static void
count_version (Escrow *escrow, gint64 version, int change)
{
	guint n = GPOINTER_TO_UINT (g_hash_table_lookup (escrow->versions, &version));
	g_hash_table_insert (escrow->versions, g_memdup2 (&version, sizeof version), GUINT_TO_POINTER (n + (guint) change));
}

/* A later record for a serial takes the place of one that a crash left without certificates. */
static void
index_key (Escrow *escrow, const EscrowPlace *place)
{
	EscrowPlace before;
	if (escrow_index_put (escrow->keys, place, &before))
		count_version (escrow, before.agents, -1);
	count_version (escrow, place->agents, 1);
}

static void
add_fingerprint (GHashTable *set, const Fingerprint *fingerprint)
{
	g_hash_table_add (set, g_memdup2 (fingerprint, sizeof *fingerprint));
}

/* --- a key's record ------------------------------------------------------------------------------------- */

void
escrow_key_free (EscrowKey *key)
{
	if (key == NULL)
		return;
	json_decref (key->record);
	g_free (key);
}

static gboolean
read_record (EscrowKey *key, GError **error)
{
	const char *type, *serial, *spki;
	Micros time;
	gint64 threshold, agents;
	json_t *shares;
	g_autoptr (GBytes) wrapped = NULL;
	g_autoptr (GBytes) envelope = NULL;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, &time }, { "serial", FIELD_STRING, TRUE, 40, &serial },
		{ "spki", FIELD_HEX32, TRUE, 0, &spki }, { "agents", FIELD_INT, TRUE, 0, &agents }, { "threshold", FIELD_INT, TRUE, 0, &threshold },
		{ "wrapped", FIELD_BASE64, TRUE, ENVELOPE_MAX, &wrapped }, { "shares", FIELD_ARRAY, TRUE, SHARES_MAX, &shares },
		{ "envelope", FIELD_BASE64, TRUE, ENVELOPE_MAX, &envelope },
	};
	if (!JSON_READ (key->record, "", fields, error))
		return FALSE;
	if (strcmp (type, "escrow") != 0 || !serial_from_hex (serial, &key->serial) || !hex_decode (spki, key->spki.b, sizeof key->spki.b)
	    || threshold < SHARES_MIN_THRESHOLD || threshold > (gint64) json_array_size (shares))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "not the record of an escrowed key");
	key->threshold = (guint) threshold;
	return TRUE;
}

/* What is in the file now is what was chained. */
static json_t *
read_place (Escrow *escrow, goffset offset, gsize n, const Fingerprint *hash, GError **error)
{
	Fingerprint now;
	g_autoptr (GBytes) line = chain_read_line (escrow->chain, offset, n, error);
	if (line == NULL)
		return NULL;
	const char *text = g_bytes_get_data (line, NULL);
	fingerprint_of (text, n, &now);
	if (!fingerprint_equal (&now, hash)) {
		log_event (LOG_LEVEL_ERROR_, "signer.escrow.changed", "detail", "%s", "escrow.log was changed while the signer ran", NULL);
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the record at byte %" G_GOFFSET_FORMAT " of escrow.log was changed since it was read", offset);
		return NULL;
	}
	return chain_parse (text, n, error);
}

gboolean
escrow_find (Escrow *escrow, const Serial *serial, EscrowKey **out, GError **error)
{
	const EscrowPlace *place = escrow_index_find (escrow->keys, serial);
	*out = NULL;
	if (place == NULL)
		return TRUE;
	g_autoptr (EscrowKey) key = g_new0 (EscrowKey, 1);
	key->record = read_place (escrow, place->offset, place->n, &place->hash, error);
	if (key->record == NULL || !read_record (key, error))
		return FALSE;
	*out = g_steal_pointer (&key);
	return TRUE;
}

/* --- the start ------------------------------------------------------------------------------------------ */

/* What a key's record begins with in canonical JSON, whose members are in order (RFC 8785); no other record has it.  Only these three
 * are read now, since a million times the rest takes minutes: whoever asks for the key reads all of it. */
static gboolean
scan_escrow (const char *json, gsize n, EscrowPlace *place)
{
	static const char agents[] = "{\"agents\":", envelope[] = ",\"envelope\":\"", serial[] = "\",\"serial\":\"";
	const char *end = json + n, *at = json + sizeof agents - 1;
	guint64 version = 0;
	for (; at < end && g_ascii_isdigit (*at) && version <= G_MAXUINT32; at++)
		version = version * 10 + (guint64) (*at - '0');
	if (version > G_MAXUINT32 || (gsize) (end - at) < sizeof envelope || memcmp (at, envelope, sizeof envelope - 1) != 0)
		return FALSE;
	at += sizeof envelope - 1;
	at = memchr (at, '"', (gsize) (end - at));
	if (at == NULL || (gsize) (end - at) < sizeof serial + 40 || memcmp (at, serial, sizeof serial - 1) != 0 || at[sizeof serial - 1 + 40] != '"')
		return FALSE;
	g_autofree char *hex = g_strndup (at + sizeof serial - 1, 40);
	place->agents = (guint32) version;
	return serial_from_hex (hex, &place->serial);
}

static gboolean
replay_escrow (Escrow *escrow, const char *json, gsize n, goffset offset, GError **error)
{
	EscrowPlace place = { .offset = offset, .n = (guint32) n };
	if (!scan_escrow (json, n, &place))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "not the record of an escrowed key");
	fingerprint_of (json, n, &place.hash);
	index_key (escrow, &place);
	return TRUE;
}

static gboolean
read_statement (const json_t *record, Fingerprint *out, GError **error)
{
	const char *text = json_string_value (json_object_get (record, "statement"));
	return (text != NULL && hex_decode (text, out->b, sizeof out->b)) || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "a record without its statement");
}

static void
index_recovered (Escrow *escrow, const char *recovery, const Place *place)
{
	g_hash_table_insert (escrow->recovered, g_strdup (recovery), g_memdup2 (place, sizeof *place));
}

static gboolean
replay_recovered (Escrow *escrow, const json_t *record, Place *place, const char *json, GError **error)
{
	const char *recovery = json_string_value (json_object_get (record, "recovery"));
	if (recovery == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "a record without its recovery");
	fingerprint_of (json, place->n, &place->hash);
	index_recovered (escrow, recovery, place);
	return TRUE;
}

static gboolean
replay_note (Escrow *escrow, const char *json, gsize n, goffset offset, GError **error)
{
	g_autoptr (json_t) record = chain_parse (json, n, error);
	const char *type = json_string_value (json_object_get (record, "type"));
	Fingerprint statement;
	if (record == NULL)
		return FALSE;
	if (g_strcmp0 (type, "recovered") == 0)
		return replay_recovered (escrow, record, &(Place) { offset, n, { { 0 } } }, json, error);
	if (g_strcmp0 (type, "recovery") == 0)
		return TRUE;
	if (g_strcmp0 (type, "share") != 0 && g_strcmp0 (type, "refused") != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/type", "unknown record");
	if (!read_statement (record, &statement, error))
		return FALSE;
	add_fingerprint (g_strcmp0 (type, "share") == 0 ? escrow->statements : escrow->refused, &statement);
	return TRUE;
}

static gboolean
replay_line (ChainLine *line, gpointer user, GError **error)
{
	return (g_str_has_prefix (line->text, "{\"agents\":") ? replay_escrow : replay_note) (user, line->text, line->n, line->offset, error);
}

Escrow *
escrow_open (const char *path, GError **error)
{
	g_autoptr (Escrow) escrow = g_new0 (Escrow, 1);
	escrow->keys = escrow_index_new ();
	escrow->versions = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
	escrow->statements = g_hash_table_new_full (fingerprint_key, fingerprint_same, g_free, NULL);
	escrow->refused = g_hash_table_new_full (fingerprint_key, fingerprint_same, g_free, NULL);
	escrow->recovered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	escrow->chain = chain_open_lines (path, replay_line, escrow, error);
	return escrow->chain != NULL ? g_steal_pointer (&escrow) : NULL;
}

void
escrow_free (Escrow *escrow)
{
	if (escrow == NULL)
		return;
	chain_free (escrow->chain);
	escrow_index_free (escrow->keys);
	g_hash_table_unref (escrow->versions);
	g_hash_table_unref (escrow->statements);
	g_hash_table_unref (escrow->refused);
	g_hash_table_unref (escrow->recovered);
	g_free (escrow);
}

gboolean
escrow_is_dirty (const Escrow *escrow)
{
	return chain_is_dirty (escrow->chain);
}

gboolean
escrow_commit (Escrow *escrow, GError **error)
{
	return !escrow_is_dirty (escrow) || chain_commit (escrow->chain, error);
}

GHashTable *
escrow_versions (const Escrow *escrow)
{
	return escrow->versions;
}

/* --- keeping -------------------------------------------------------------------------------------------- */

/* Says whose key it is, so that a wrapped key cannot be put in another's place. */
static char *
wrap_context (const char *site, const Serial *serial)
{
	g_autofree char *hex = serial_hex (serial);
	return g_strdup_printf ("diqi escrowed key %s at %s", hex, site);
}

static void
put_bytes (json_t *object, const char *key, GBytes *bytes)
{
	json_object_set_new (object, key, json_base64 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}

static json_t *
seal_share (const Agent *agent, const guint8 share[SHARE_BYTES], GError **error)
{
	Fingerprint hash;
	g_autoptr (GBytes) sealed = envelope_seal (certificate_public_key (agent->certificate), agent->certificate, share, SHARE_BYTES, error);
	if (sealed == NULL)
		return NULL;
	json_t *object = json_object ();
	const Fingerprint *certificate = certificate_fingerprint (agent->certificate);
	fingerprint_of (share, SHARE_BYTES, &hash);
	json_object_set_new (object, "person", json_string (agent->person));
	json_object_set_new (object, "certificate", json_hex (certificate->b, sizeof certificate->b));
	json_object_set_new (object, "hash", json_hex (hash.b, sizeof hash.b));
	put_bytes (object, "sealed", sealed);
	return object;
}

static json_t *
seal_shares (const AgentList *agents, const guint8 secret[SHARE_SECRET_BYTES], const Serial *serial, GError **error)
{
	guint n = agents->agents->len;
	guint8 *shares = pki_secret_alloc (n * SHARE_BYTES);
	g_autoptr (json_t) array = json_array ();
	gboolean well = TRUE;
	shares_split (secret, serial, agents->threshold, n, shares);
	for (guint i = 0; i < n && well; i++) {
		json_t *one = seal_share (g_ptr_array_index (agents->agents, i), shares + i * SHARE_BYTES, error);
		well = one != NULL && json_array_append_new (array, one) == 0;
	}
	pki_secret_free (shares, n * SHARE_BYTES);
	return well ? g_steal_pointer (&array) : NULL;
}

static GBytes *
wrap (const EscrowOrder *order, const guint8 secret[SEAL_KEY_BYTES], GError **error)
{
	g_autofree char *context = wrap_context (order->site, order->serial);
	g_autoptr (GBytes) plain = private_key_pkcs8 (order->key, error);
	return plain != NULL ? seal_encrypt (secret, context, g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), error) : NULL;
}

static json_t *
record_new (const char *type, Micros time)
{
	json_t *record = json_object ();
	json_object_set_new (record, "type", json_string (type));
	json_object_set_new (record, "time", json_time (time));
	return record;
}

/* Gathers it, and says where it is. */
static void
append (Escrow *escrow, const json_t *record, Place *place)
{
	g_autoptr (GBytes) json = jcs_bytes (record);
	fingerprint_of (g_bytes_get_data (json, NULL), g_bytes_get_size (json), &place->hash);
	chain_append_line (escrow->chain, g_bytes_get_data (json, NULL), g_bytes_get_size (json), &place->offset);
	place->n = g_bytes_get_size (json);
}

static void
add_record (Escrow *escrow, const EscrowOrder *order, GBytes *wrapped, json_t *shares)
{
	g_autoptr (PublicKey) public = private_key_public (order->key);
	const Fingerprint *spki = public_key_fingerprint (public);
	g_autoptr (json_t) record = record_new ("escrow", order->now);
	Place place;
	json_object_set_new (record, "serial", json_hex (order->serial->b, sizeof order->serial->b));
	json_object_set_new (record, "spki", json_hex (spki->b, sizeof spki->b));
	json_object_set_new (record, "agents", json_integer (order->agents->version));
	json_object_set_new (record, "threshold", json_integer (order->agents->threshold));
	put_bytes (record, "wrapped", wrapped);
	json_object_set_new (record, "shares", shares);
	put_bytes (record, "envelope", order->envelope);
	append (escrow, record, &place);
	index_key (escrow, &(EscrowPlace) { *order->serial, (guint32) order->agents->version, place.offset, place.hash, (guint32) place.n });
}

gboolean
escrow_add (Escrow *escrow, const EscrowOrder *order, GError **error)
{
	guint8 *secret = pki_secret_alloc (SEAL_KEY_BYTES);
	seal_new_key (secret);
	g_autoptr (GBytes) wrapped = wrap (order, secret, error);
	json_t *shares = wrapped != NULL ? seal_shares (order->agents, secret, order->serial, error) : NULL;
	pki_secret_free (secret, SEAL_KEY_BYTES);
	if (shares == NULL)
		return FALSE;
	add_record (escrow, order, wrapped, shares);
	return TRUE;
}

static GBytes *
record_bytes (const json_t *record, const char *member, GError **error)
{
	const char *text = json_string_value (json_object_get (record, member));
	if (text == NULL)
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the escrow log lacks %s", member);
	return text != NULL ? base64_decode_strict (text, strlen (text), error) : NULL;
}

GBytes *
escrow_key_envelope (const EscrowKey *key, GError **error)
{
	return record_bytes (key->record, "envelope", error);
}

/* --- giving back ------------------------------------------------------------------------------------------ */

const json_t *
escrow_key_shares (const EscrowKey *key)
{
	return json_object_get (key->record, "shares");
}

PrivateKey *
escrow_key_open (const EscrowKey *key, const char *site, const guint8 *const *shares, GError **error)
{
	g_autofree char *context = wrap_context (site, &key->serial);
	g_autoptr (GBytes) wrapped = record_bytes (key->record, "wrapped", error);
	if (wrapped == NULL)
		return NULL;
	guint8 *secret = pki_secret_alloc (SEAL_KEY_BYTES);
	shares_combine (shares, key->threshold, secret);
	g_autoptr (GBytes) plain = seal_decrypt (secret, context, wrapped, NULL);
	pki_secret_free (secret, SEAL_KEY_BYTES);
	if (plain == NULL) {
		diqi_error_set (error, DIQI_ERROR_ENVELOPE, NULL, "the shares do not open the escrowed key");
		return NULL;
	}
	return private_key_from_pkcs8 (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), error);
}

/* --- notes ---------------------------------------------------------------------------------------------------- */

static void
put_actors (json_t *record, const EscrowActors *actors)
{
	json_t *persons = json_array (), *statements = json_array ();
	for (gsize i = 0; i < actors->n; i++) {
		json_array_append_new (persons, json_string (actors->persons[i]));
		json_array_append_new (statements, json_hex (actors->statements[i].b, sizeof actors->statements[i].b));
	}
	json_object_set_new (record, "recovery", json_string (actors->recovery));
	json_object_set_new (record, "persons", persons);
	json_object_set_new (record, "statements", statements);
}

static json_t *
one_actor (const char *type, Micros now, const EscrowActors *actor)
{
	json_t *record = record_new (type, now);
	json_object_set_new (record, "recovery", json_string (actor->recovery));
	json_object_set_new (record, "person", json_string (actor->persons[0]));
	json_object_set_new (record, "statement", json_hex (actor->statements[0].b, sizeof actor->statements[0].b));
	return record;
}

void
escrow_note_begun (Escrow *escrow, Micros now, const EscrowActors *actors, const Serial *serial, const Fingerprint *spki, const Fingerprint *transport)
{
	g_autoptr (json_t) record = record_new ("recovery", now);
	put_actors (record, actors);
	json_object_set_new (record, "serial", json_hex (serial->b, sizeof serial->b));
	json_object_set_new (record, "spki", json_hex (spki->b, sizeof spki->b));
	json_object_set_new (record, "transport", json_hex (transport->b, sizeof transport->b));
	chain_append (escrow->chain, record, NULL, NULL);
}

void
escrow_note_share (Escrow *escrow, Micros now, const EscrowActors *actor)
{
	g_autoptr (json_t) record = one_actor ("share", now, actor);
	chain_append (escrow->chain, record, NULL, NULL);
	add_fingerprint (escrow->statements, &actor->statements[0]);
}

void
escrow_note_recovered (Escrow *escrow, Micros now, const EscrowActors *agents, GBytes *envelope)
{
	g_autoptr (json_t) record = record_new ("recovered", now);
	Place place;
	put_actors (record, agents);
	put_bytes (record, "envelope", envelope);
	append (escrow, record, &place);
	index_recovered (escrow, agents->recovery, &place);
}

void
escrow_note_refused (Escrow *escrow, Micros now, const EscrowActors *actor, const char *code)
{
	if (g_hash_table_contains (escrow->refused, &actor->statements[0]))
		return;
	g_autoptr (json_t) record = one_actor ("refused", now, actor);
	json_object_set_new (record, "code", json_string (code));
	chain_append (escrow->chain, record, NULL, NULL);
	add_fingerprint (escrow->refused, &actor->statements[0]);
}

gboolean
escrow_statement_used (const Escrow *escrow, const Fingerprint *statement)
{
	return g_hash_table_contains (escrow->statements, statement);
}

GBytes *
escrow_recovered (Escrow *escrow, const char *recovery, GError **error)
{
	const Place *place = g_hash_table_lookup (escrow->recovered, recovery);
	g_autoptr (json_t) record = place != NULL ? read_place (escrow, place->offset, place->n, &place->hash, error) : NULL;
	return record != NULL ? record_bytes (record, "envelope", error) : NULL;
}
