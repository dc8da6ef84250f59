/* signer/escrow.c — see escrow.h. */
#include "signer/escrow.h"

#include <string.h>

#include "base/error.h"
#include "pki/envelope.h"
#include "pki/seal.h"
#include "signer/chain.h"

struct Escrow {
	Chain *chain;
	GHashTable *by_serial;     /* Serial in EscrowKey → EscrowKey, owned */
	GHashTable *versions;      /* gint64 → guint as pointer */
	GHashTable *statements;    /* Fingerprint: gave a share */
	GHashTable *refused;       /* Fingerprint */
	GHashTable *recovered;     /* recovery → Place */
};

typedef struct {
	goffset offset;
	gsize n;
} Place;

static guint
serial_key (gconstpointer p)
{
	guint key;
	memcpy (&key, ((const Serial *) p)->b + 16, sizeof key);
	return key;
}

static gboolean
serial_same (gconstpointer a, gconstpointer b)
{
	return memcmp (a, b, sizeof (Serial)) == 0;
}

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
index_key (Escrow *escrow, const EscrowKey *key)
{
	const EscrowKey *before = g_hash_table_lookup (escrow->by_serial, &key->serial);
	if (before != NULL)
		count_version (escrow, before->agents, -1);
	EscrowKey *kept = g_memdup2 (key, sizeof *key);
	g_hash_table_replace (escrow->by_serial, &kept->serial, kept);
	count_version (escrow, kept->agents, 1);
}

static void
add_fingerprint (GHashTable *set, const Fingerprint *fingerprint)
{
	g_hash_table_add (set, g_memdup2 (fingerprint, sizeof *fingerprint));
}

/* --- reading ------------------------------------------------------------------------------------------ */

static gboolean
replay_escrow (Escrow *escrow, const json_t *record, goffset offset, gsize n, GError **error)
{
	const char *type, *serial, *spki;
	Micros time;
	gint64 threshold;
	json_t *shares;
	g_autoptr (GBytes) wrapped = NULL;
	g_autoptr (GBytes) envelope = NULL;
	EscrowKey key = { .offset = offset, .n = n };
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, &time }, { "serial", FIELD_STRING, TRUE, 40, &serial },
		{ "spki", FIELD_HEX32, TRUE, 0, &spki }, { "agents", FIELD_INT, TRUE, 0, &key.agents }, { "threshold", FIELD_INT, TRUE, 0, &threshold },
		{ "wrapped", FIELD_BASE64, TRUE, ENVELOPE_MAX, &wrapped }, { "shares", FIELD_ARRAY, TRUE, SHARES_MAX, &shares },
		{ "envelope", FIELD_BASE64, TRUE, ENVELOPE_MAX, &envelope },
	};
	if (!JSON_READ (record, "", fields, error))
		return FALSE;
	if (!serial_from_hex (serial, &key.serial) || !hex_decode (spki, key.spki.b, sizeof key.spki.b)
	    || threshold < SHARES_MIN_THRESHOLD || threshold > (gint64) json_array_size (shares))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "not the record of an escrowed key");
	key.threshold = (guint) threshold;
	index_key (escrow, &key);
	return TRUE;
}

static gboolean
read_statement (const json_t *record, Fingerprint *out, GError **error)
{
	const char *text = json_string_value (json_object_get (record, "statement"));
	return (text != NULL && hex_decode (text, out->b, sizeof out->b)) || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "a record without its statement");
}

static gboolean
replay_recovered (Escrow *escrow, const json_t *record, goffset offset, gsize n, GError **error)
{
	const char *recovery = json_string_value (json_object_get (record, "recovery"));
	const Place place = { offset, n };
	if (recovery == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "a record without its recovery");
	g_hash_table_insert (escrow->recovered, g_strdup (recovery), g_memdup2 (&place, sizeof place));
	return TRUE;
}

static gboolean
replay_record (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	Escrow *escrow = user;
	const char *type = json_string_value (json_object_get (record, "type"));
	Fingerprint statement;
	if (g_strcmp0 (type, "escrow") == 0)
		return replay_escrow (escrow, record, offset, n, error);
	if (g_strcmp0 (type, "recovered") == 0)
		return replay_recovered (escrow, record, offset, n, error);
	if (g_strcmp0 (type, "recovery") == 0)
		return TRUE;
	if (g_strcmp0 (type, "share") != 0 && g_strcmp0 (type, "refused") != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/type", "unknown record");
	if (!read_statement (record, &statement, error))
		return FALSE;
	add_fingerprint (g_strcmp0 (type, "share") == 0 ? escrow->statements : escrow->refused, &statement);
	return TRUE;
}

Escrow *
escrow_open (const char *path, GError **error)
{
	g_autoptr (Escrow) escrow = g_new0 (Escrow, 1);
	escrow->by_serial = g_hash_table_new_full (serial_key, serial_same, NULL, g_free);
	escrow->versions = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
	escrow->statements = g_hash_table_new_full (fingerprint_key, fingerprint_same, g_free, NULL);
	escrow->refused = g_hash_table_new_full (fingerprint_key, fingerprint_same, g_free, NULL);
	escrow->recovered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	escrow->chain = chain_open (path, replay_record, escrow, error);
	return escrow->chain != NULL ? g_steal_pointer (&escrow) : NULL;
}

void
escrow_free (Escrow *escrow)
{
	if (escrow == NULL)
		return;
	chain_free (escrow->chain);
	g_hash_table_unref (escrow->by_serial);
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

const EscrowKey *
escrow_find (const Escrow *escrow, const Serial *serial)
{
	return g_hash_table_lookup (escrow->by_serial, serial);
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

static void
add_record (Escrow *escrow, const EscrowOrder *order, GBytes *wrapped, json_t *shares)
{
	g_autoptr (PublicKey) public = private_key_public (order->key);
	EscrowKey key = { .serial = *order->serial, .spki = *public_key_fingerprint (public), .agents = order->agents->version, .threshold = order->agents->threshold };
	g_autoptr (json_t) record = record_new ("escrow", order->now);
	json_object_set_new (record, "serial", json_hex (key.serial.b, sizeof key.serial.b));
	json_object_set_new (record, "spki", json_hex (key.spki.b, sizeof key.spki.b));
	json_object_set_new (record, "agents", json_integer (key.agents));
	json_object_set_new (record, "threshold", json_integer (key.threshold));
	put_bytes (record, "wrapped", wrapped);
	json_object_set_new (record, "shares", shares);
	put_bytes (record, "envelope", order->envelope);
	chain_append (escrow->chain, record, &key.offset, &key.n);
	index_key (escrow, &key);
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
read_bytes (Escrow *escrow, goffset offset, gsize n, const char *member, GError **error)
{
	g_autoptr (json_t) record = chain_read (escrow->chain, offset, n, error);
	const char *text = json_string_value (json_object_get (record, member));
	if (record != NULL && text == NULL)
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the escrow log lacks %s", member);
	return text != NULL ? base64_decode_strict (text, strlen (text), error) : NULL;
}

GBytes *
escrow_envelope (Escrow *escrow, const EscrowKey *key, GError **error)
{
	return read_bytes (escrow, key->offset, key->n, "envelope", error);
}

/* --- giving back ------------------------------------------------------------------------------------------ */

json_t *
escrow_shares (Escrow *escrow, const EscrowKey *key, GError **error)
{
	g_autoptr (json_t) record = chain_read (escrow->chain, key->offset, key->n, error);
	return record != NULL ? json_incref (json_object_get (record, "shares")) : NULL;
}

PrivateKey *
escrow_open_key (Escrow *escrow, const EscrowKey *key, const char *site, const guint8 *const *shares, GError **error)
{
	g_autofree char *context = wrap_context (site, &key->serial);
	g_autoptr (GBytes) wrapped = read_bytes (escrow, key->offset, key->n, "wrapped", error);
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
	chain_append (escrow->chain, record, &place.offset, &place.n);
	g_hash_table_insert (escrow->recovered, g_strdup (agents->recovery), g_memdup2 (&place, sizeof place));
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
	return place != NULL ? read_bytes (escrow, place->offset, place->n, "envelope", error) : NULL;
}
