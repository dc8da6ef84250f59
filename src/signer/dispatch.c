/* signer/dispatch.c — see dispatch.h. */
#include "signer/dispatch.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "pki/statement.h"
#include "signer/compact.h"
#include "signer/issue.h"
#include "signer/protocol.h"

typedef struct {
	const char *type;
	MessageHandler plain;          /* one of the two */
	RawMessageHandler raw;
} MessageKind;

static const MessageKind messages[] = {
#define MESSAGE(id, type, handler) { type, handler, NULL },
#define RAW_MESSAGE(id, type, handler) { type, NULL, handler },
	SIGNER_MESSAGES (MESSAGE)
	SIGNER_RAW_MESSAGES (RAW_MESSAGE)
#undef RAW_MESSAGE
#undef MESSAGE
};

static const MessageKind *
find_kind (const char *type)
{
	for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
		if (strcmp (messages[i].type, type) == 0)
			return &messages[i];
	return NULL;
}

static json_t *
error_object (const GError *error)
{
	json_t *object = json_object ();
	g_autofree char *detail = g_utf8_make_valid (error->message, -1);
	json_object_set_new (object, "code", json_string (diqi_error_code_name (error)));
	json_object_set_new (object, "detail", json_string (detail));
	if (diqi_error_field (error) != NULL) {
		g_autofree char *field = g_utf8_make_valid (diqi_error_field (error), -1);
		json_object_set_new (object, "field", json_string (field));
	}
	return object;
}

static char *
dump (json_t *reply, gsize *n)
{
	g_autoptr (json_t) owned = reply;
	g_autoptr (GError) error = NULL;
	char *text = jcs_dump (owned, n, &error);
	if (text == NULL)
		g_error ("a reply that is no JSON: %s", error->message);
	return text;
}

/* Every refusal is written down: someone asked the key holder for what it may not do. */
static void
log_refusal (const char *type, const GError *error)
{
	log_event (LOG_LEVEL_WARN, "signer.refused", "message", "%s", type, "code", "%s", diqi_error_code_name (error),
	           "detail", "%s", error->message, NULL);
}

static json_t *
handle (Keyring *keyring, const json_t *message, GBytes *raw, GBytes **reply_raw, const char **type, GError **error)
{
	const char *name = json_string_value (json_object_get (message, "type"));
	const MessageKind *kind = name != NULL ? find_kind (name) : NULL;
	if (kind == NULL) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/type", "no message of this type");
		return NULL;
	}
	*type = kind->type;
	if (kind->raw != NULL)
		return kind->raw (keyring, message, raw, reply_raw, error);
	if (raw != NULL) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/type", "%s has no raw part", kind->type);
		return NULL;
	}
	return kind->plain (keyring, message, error);
}

static json_t *
refusal (const char *type, const GError *error)
{
	json_t *reply = json_object ();
	log_refusal (type, error);
	json_object_set_new (reply, "error", error_object (error));
	return reply;
}

static void
dispatch_json (Keyring *keyring, const Frame *frame, GByteArray *out)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) message = json_read_strict (frame->text, frame->n, FRAME_MAX_MESSAGE, &error);
	g_autoptr (GBytes) raw = frame->kind == FRAME_RAW ? g_bytes_new (frame->raw, frame->raw_n) : NULL;
	g_autoptr (GBytes) reply_raw = NULL;
	const char *type = "unknown";
	json_t *reply = message != NULL ? handle (keyring, message, raw, &reply_raw, &type, &error) : NULL;
	const json_t *id = json_object_get (message, "id");
	if (reply == NULL)
		reply = refusal (type, error);
	else
		json_object_set_new (reply, "ok", json_true ());
	json_object_set_new (reply, "id", json_integer (json_integer_value (id)));
	gsize n;
	g_autofree char *text = dump (reply, &n);
	if (error == NULL && reply_raw != NULL)
		frame_append_raw (out, text, n, reply_raw);
	else
		frame_append (out, text, n);
}

void
dispatch_frame (Keyring *keyring, const Frame *frame, GByteArray *out)
{
	(frame->kind == FRAME_COMPACT ? compact_dispatch : dispatch_json) (keyring, frame, out);
}

char *
dispatch_refusal (const char *type, const GError *error, gsize *n)
{
	log_refusal (type, error);
	return dump (error_object (error), n);
}

char *
dispatch_greeting (const Keyring *keyring, gsize *n)
{
	json_t *greeting = json_object ();
	json_object_set_new (greeting, "ready", json_true ());
	json_object_set_new (greeting, "site", json_string (keyring->pins->site));
	return dump (greeting, n);
}

char *
dispatch_failure (const GError *error, gsize *n)
{
	json_t *failure = json_object ();
	json_object_set_new (failure, "error", error_object (error));
	return dump (failure, n);
}

/* --- messages without a key ------------------------------------------------------- */

json_t *
message_site (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const Field fields[] = { ENVELOPE_FIELDS (envelope) };
	return JSON_READ (message, "", fields, error) ? pins_describe (keyring->pins) : NULL;
}

static json_t *
officers_reply (const Keyring *keyring)
{
	json_t *reply = json_object ();
	json_object_set_new (reply, "officers", json_deep_copy (officers_log_current (keyring->officers)->json));
	return reply;
}

json_t *
message_officers (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const Field fields[] = { ENVELOPE_FIELDS (envelope) };
	return JSON_READ (message, "", fields, error) ? officers_reply (keyring) : NULL;
}

json_t *
message_clock (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	Micros now;
	gboolean frozen, synchronised = TRUE;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "now", FIELD_TIME, TRUE, 0, &now }, { "frozen", FIELD_BOOL, TRUE, 0, &frozen },
		{ "synchronised", FIELD_BOOL, FALSE, 0, &synchronised },
	};
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	if (!keyring->pins->test) {
		diqi_error_set (error, DIQI_ERROR_CLOCK, "/now", "only a test site's signer has a clock that can be set");
		return NULL;
	}
	g_clear_pointer (&keyring->clock, clock_free);
	keyring->clock = frozen ? clock_new_frozen (now) : clock_new_offset (0);
	if (!frozen)
		clock_set (keyring->clock, now);
	clock_distrust (keyring->clock, !synchronised);
	return json_object ();
}

/* --- messages of the issuing key --------------------------------------------------- */

json_t *
message_officers_set (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	json_t *list, *statements;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "list", FIELD_OBJECT, TRUE, 0, &list }, { "statements", FIELD_ARRAY, TRUE, 8, &statements },
	};
	if (!JSON_READ (message, "", fields, error)
	    || !officers_log_change (keyring->officers, list, statements, keyring_now (keyring), issue_officer, keyring, error))
		return NULL;
	return officers_reply (keyring);
}

static json_t *
issued_reply (const Issued *issued)
{
	const struct {
		const char *key;
		GBytes *bytes;
	} members[] = { { "certificate", issued->certificate }, { "encryption_certificate", issued->encryption }, { "envelope", issued->envelope } };
	json_t *reply = json_object ();
	for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
		if (members[i].bytes != NULL)
			json_object_set_new (reply, members[i].key, json_base64 (g_bytes_get_data (members[i].bytes, NULL), g_bytes_get_size (members[i].bytes)));
	return reply;
}

json_t *
message_issue (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *serial, *second = NULL;
	gint64 copy = 0;
	IssueOrder order = { NULL };
	Serial encryption;
	g_auto (Issued) issued = { NULL };
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "request", FIELD_STRING, TRUE, REQUEST_MAX_BYTES, &order.request },
		{ "copy", FIELD_INT, FALSE, 0, &copy }, { "serial", FIELD_STRING, TRUE, 40, &serial },
		{ "encryption_serial", FIELD_STRING, FALSE, 40, &second },
		{ "reviewer", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &order.reviewer },
		{ "issuer", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &order.issuer },
	};
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	if (copy < 0 || copy >= REQUEST_MAX_COPIES) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/copy", "0 to %d", REQUEST_MAX_COPIES - 1);
		return NULL;
	}
	order.copy = (guint) copy;
	if (!serial_from_hex (serial, &order.serial)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/serial", "40 hex digits of a positive number");
		return NULL;
	}
	if (second != NULL && !serial_from_hex (second, &encryption)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/encryption_serial", "40 hex digits of a positive number");
		return NULL;
	}
	order.encryption_serial = second != NULL ? &encryption : NULL;
	order.request_n = strlen (order.request);
	return issue_carry_out (keyring, &order, &issued, error) ? issued_reply (&issued) : NULL;
}

/* From `copy` to `issuer`; encryption NULL: the message has none. */
static gboolean
compact_order (Keyring *keyring, CompactReader *in, Serial *encryption, Issued *issued, GError **error)
{
	IssueOrder order = { .copy = (guint) compact_read_uint (in, 1), .encryption_serial = encryption };
	compact_read_fixed (in, order.serial.b, sizeof order.serial.b);
	if (encryption != NULL)
		compact_read_fixed (in, encryption->b, sizeof encryption->b);
	const guint8 *request = compact_read_bytes (in, 4, REQUEST_MAX_BYTES, &order.request_n);
	g_autofree char *reviewer = compact_read_text (in, 4, STATEMENT_MAX_BYTES), *issuer = compact_read_text (in, 4, STATEMENT_MAX_BYTES);
	if (!compact_read_end (in, error))
		return FALSE;
	order.request = (const char *) request;
	order.reviewer = reviewer;
	order.issuer = issuer;
	return issue_carry_out (keyring, &order, issued, error);
}

GBytes *
compact_issue (Keyring *keyring, CompactReader *in, GError **error)
{
	g_auto (Issued) issued = { NULL };
	return compact_order (keyring, in, NULL, &issued, error) ? g_steal_pointer (&issued.certificate) : NULL;
}

static void
put_bytes (GByteArray *out, GBytes *bytes)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (bytes, &n);
	compact_put_bytes (out, 4, p, n);
}

GBytes *
compact_pair (Keyring *keyring, CompactReader *in, GError **error)
{
	Serial encryption;
	g_auto (Issued) issued = { NULL };
	if (!compact_order (keyring, in, &encryption, &issued, error))
		return NULL;
	GByteArray *out = g_byte_array_sized_new (4096);
	put_bytes (out, issued.certificate);
	put_bytes (out, issued.encryption);
	put_bytes (out, issued.envelope);
	return g_byte_array_free_to_bytes (out);
}
