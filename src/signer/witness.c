/* signer/witness.c — checkpoints of the log and receipts for quotes.
 *
 * The log key never signs two histories: a checkpoint must extend the last one, by proof.  The receipt
 * key signs one type of statement, with exactly the members of docs/statements.md.
 */
#include <string.h>

#include "base/error.h"
#include "signer/approval.h"
#include "signer/dispatch.h"

#define PROOF_MAX 128      /* twice the height of a tree with 2^64 leaves */

/* --- checkpoints ---------------------------------------------------------------- */

static gboolean
read_proof (const json_t *array, Hash *proof, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach (array, i, item) {
		const char *text = json_string_value (item);
		if (text == NULL || !hex_decode (text, proof[i].b, sizeof proof[i].b))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/proof", "not a hash");
	}
	return TRUE;
}

static gboolean
check_extension (const Keyring *keyring, gint64 size, const Hash *root, gint64 old_size, const Hash *proof, gsize n, GError **error)
{
	guint64 last;
	Hash last_root;
	journal_checkpoint (keyring->journal, &last, &last_root);
	if (size < 0 || (guint64) size < last)
		return diqi_fail (error, DIQI_ERROR_MERKLE, "/size", "the last checkpoint had size %" G_GUINT64_FORMAT, last);
	if (old_size < 0 || (guint64) old_size != last)
		return diqi_fail (error, DIQI_ERROR_MERKLE, "/old_size", "a proof from size %" G_GUINT64_FORMAT " is asked for", last);
	if (last == 0) {
		/* Every tree extends the empty one; RFC 9162 2.1.4 defines no proof from there. */
		Hash empty;
		merkle_empty_root (&empty);
		gboolean well = n == 0 && (size > 0 || fingerprint_equal (root, &empty));
		return well || diqi_fail (error, DIQI_ERROR_MERKLE, "/proof", "no proof from the empty tree");
	}
	if ((guint64) size == last)
		return (n == 0 && fingerprint_equal (root, &last_root)) || diqi_fail (error, DIQI_ERROR_MERKLE, "/root", "another root at the same size");
	return merkle_verify_consistency (last, (guint64) size, proof, n, &last_root, root, error);
}

json_t *
message_checkpoint (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	gint64 size, old_size;
	const char *root_text;
	json_t *hashes;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "size", FIELD_INT, TRUE, 0, &size }, { "root", FIELD_HEX32, TRUE, 0, &root_text },
		{ "old_size", FIELD_INT, TRUE, 0, &old_size }, { "proof", FIELD_ARRAY, TRUE, PROOF_MAX, &hashes },
	};
	Checkpoint checkpoint = { keyring->pins->origin, 0, { { 0 } } };
	Hash proof[PROOF_MAX];
	if (!JSON_READ (message, "", fields, error) || !read_proof (hashes, proof, error))
		return NULL;
	if (!hex_decode (root_text, checkpoint.root.b, sizeof checkpoint.root.b)
	    || !check_extension (keyring, size, &checkpoint.root, old_size, proof, json_array_size (hashes), error))
		return NULL;
	checkpoint.size = (guint64) size;
	g_autofree char *note = checkpoint_sign (&checkpoint, keyring->log_key, error);
	if (note == NULL)
		return NULL;
	/* Signed again as it was: nothing new to remember. */
	if (size != old_size)
		journal_add_checkpoint (keyring->journal, keyring_now (keyring), checkpoint.size, &checkpoint.root);
	json_t *reply = json_object ();
	json_object_set_new (reply, "note", json_string (note));
	return reply;
}

json_t *
message_checkpoint_last (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const Field fields[] = { ENVELOPE_FIELDS (envelope) };
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	guint64 size;
	Hash root;
	journal_checkpoint (keyring->journal, &size, &root);
	json_t *reply = json_object ();
	json_object_set_new (reply, "size", json_integer ((json_int_t) size));
	json_object_set_new (reply, "root", json_hex (root.b, sizeof root.b));
	return reply;
}

/* --- receipts ---------------------------------------------------------------------- */

static gboolean
check_common (const Keyring *keyring, const StatementCommon *common, GError **error)
{
	if (strcmp (common->type, "receipt") != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TYPE, "/payload/type", "the receipt key signs receipts only");
	if (strcmp (common->site, keyring->pins->site) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/payload/site", "a receipt of another site");
	Micros off = common->time - keyring_now (keyring);
	if (off > CLOCK_TOLERANCE || off < -CLOCK_TOLERANCE)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TIME, "/payload/time", "not now");
	return statement_nonce_check (common->nonce, "/payload/nonce", error);
}

static gboolean
check_receipt (const Keyring *keyring, const json_t *payload, GError **error)
{
	StatementCommon common;
	const char *sale, *verdict, *code = NULL, *quote, *head, *leaf;
	gint64 seq, log_index;
	Micros arrival, deadline;
	Money price;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common),
		{ "sale", FIELD_UUID, TRUE, 0, &sale }, { "seq", FIELD_INT, TRUE, 0, &seq }, { "arrival", FIELD_TIME, TRUE, 0, &arrival },
		{ "verdict", FIELD_STRING, TRUE, 16, &verdict }, { "code", FIELD_STRING, FALSE, 64, &code },
		{ "price_fen", FIELD_MONEY, TRUE, 0, &price }, { "quote", FIELD_HEX32, TRUE, 0, &quote }, { "head", FIELD_HEX32, TRUE, 0, &head },
		{ "deadline", FIELD_TIME, FALSE, 0, &deadline }, { "log_index", FIELD_INT, TRUE, 0, &log_index }, { "leaf", FIELD_HEX32, TRUE, 0, &leaf },
	};
	if (!JSON_READ (payload, "/payload", fields, error) || !check_common (keyring, &common, error))
		return FALSE;
	gboolean refused = strcmp (verdict, "refused") == 0;
	if (!refused && strcmp (verdict, "accepted") != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/payload/verdict", "accepted or refused");
	DiqiErrorCode known;
	if (refused != (code != NULL) || (refused && !diqi_code_from_name (code, &known)))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/payload/code", "a refusal, and only a refusal, has a public code");
	return (seq >= 0 && log_index >= 0) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/payload/seq", "negative");
}

json_t *
message_receipt (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	json_t *payload;
	const Field fields[] = { ENVELOPE_FIELDS (envelope), { "payload", FIELD_OBJECT, TRUE, 0, &payload } };
	if (!JSON_READ (message, "", fields, error) || !check_receipt (keyring, payload, error))
		return NULL;
	g_autofree char *compact = statement_sign (payload, keyring->receipt_key, keyring->pins->receipt, error);
	if (compact == NULL)
		return NULL;
	json_t *reply = json_object ();
	json_object_set_new (reply, "statement", json_string (compact));
	return reply;
}
