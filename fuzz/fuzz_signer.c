/* fuzz/fuzz_signer.c — whatever is said to the signer, it answers with one frame: canonical JSON that has the message's id and
 * either "ok" or a public error code, or a compact reply that has the same; and without officers' signatures
 * no message gets a certificate, another list of officers or agents, the key of a record, a recovery or the PIN of a token. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "signer/compact.h"
#include "signer/create.h"
#include "signer/dispatch.h"
#include "signer/protocol.h"

#define PASSPHRASE "fuzz passphrase"
#define T0 (G_GINT64_CONSTANT (1775008800) * MICROS_PER_S)

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static char *folder;
static Keyring *keyring;
static Fingerprint officers;

static void
clean (void)
{
	g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);
	keyring_free (keyring);
	g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
	g_free (folder);
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
	(void) argc;
	(void) argv;
	g_autoptr (GError) error = NULL;
	g_auto (SignerCreated) created = { 0 };
	static const char *const all[] = { "reviewer", "administrator", "recovery_agent", NULL }, *const other[] = { "issuer", "recovery_agent", NULL };
	static const SignerCreateOfficer people[] = {
		{ "018f0000-0000-7000-8000-000000000001", "甲", all }, { "018f0000-0000-7000-8000-000000000002", "乙", other },
	};
	log_init ("fuzz", LOG_LEVEL_ERROR_);
	pki_init ();
	folder = g_dir_make_tmp ("diqi-fuzz-XXXXXX", &error);
	g_assert_no_error (error);
	g_autofree char *site = g_build_filename (folder, "site", NULL), *dir = g_build_filename (site, "signer", NULL);
	const SignerCreate in = {
		.dir = site, .site = "fuzz", .name = "模糊测试", .base_uri = "http://localhost", .test = TRUE, .algorithm = KEY_P256, .now = T0,
		.passphrase = PASSPHRASE, .passphrase_n = strlen (PASSPHRASE), .root_passphrase = PASSPHRASE, .root_passphrase_n = strlen (PASSPHRASE),
		.officers = people, .officers_n = G_N_ELEMENTS (people),
		.recovery_threshold = 2,
	};
	signer_create_site (&in, &created, &error);
	g_assert_no_error (error);
	keyring = keyring_open (dir, PASSPHRASE, strlen (PASSPHRASE), &error);
	g_assert_no_error (error);
	officers = officers_log_current (keyring->officers)->hash;
	atexit (clean);
	return 0;
}

/* Only officers' signatures get these. */
static gboolean
is_guarded (const char *type)
{
	static const char *const guarded[] = { "issue", "officers.set", "agents.set", "recovery.begin", "recovery.share", "record.unwrap", "token.unlock", "token.initialise", NULL };

	return g_strv_contains (guarded, type);
}

static void
check_reply (const json_t *message, const json_t *reply)
{
	const char *type = json_string_value (json_object_get (message, "type"));
	gboolean ok = json_is_true (json_object_get (reply, "ok"));
	const char *code = json_string_value (json_object_get (json_object_get (reply, "error"), "code"));
	DiqiErrorCode known;

	g_assert_true (ok == (code == NULL));
	g_assert_true (ok || diqi_code_from_name (code, &known));
	g_assert_true (json_integer_value (json_object_get (reply, "id")) == json_integer_value (json_object_get (message, "id")));
	g_assert_true (!ok || (type != NULL && !is_guarded (type)));
	g_assert_true (fingerprint_equal (&officers, &officers_log_current (keyring->officers)->hash));
	g_assert_cmpint (agents_log_current (keyring->agents)->version, ==, 1);
	g_assert_cmpuint (g_hash_table_size (escrow_versions (keyring->escrow)), ==, 0);
}

/* An input is a frame's body; 01 before it: with a raw part, the next octet says how long; 02: compact. */
static Frame
frame_of (const uint8_t *data, size_t size)
{
	if (size >= 2 && data[0] == 1) {
		gsize raw_n = MIN (data[1], size - 2);
		return (Frame) { FRAME_RAW, (const char *) data + 2, size - 2 - raw_n, data + size - raw_n, raw_n };
	}
	if (size >= 1 && data[0] == 2)
		return (Frame) { .kind = FRAME_COMPACT, .text = (const char *) data + 1, .n = size - 1 };
	return (Frame) { .kind = FRAME_JSON, .text = size > 0 ? (const char *) data : "", .n = size };
}

static void
read_reply (GByteArray *out, Frame *reply)
{
	FrameReader reader = { .bytes = out, .max = FRAME_MAX_REPLY };

	g_assert_true (frame_reader_next (&reader, reply, NULL) && reply->text != NULL && reader.taken == out->len);
}

static void
check_compact (const Frame *message, const Frame *answer)
{
	CompactReader asked = { (const guint8 *) message->text, message->n, FALSE }, said = { (const guint8 *) answer->text, answer->n, FALSE };
	guint64 type = compact_read_uint (&asked, 1), result = compact_read_uint (&said, 1);
	DiqiErrorCode known;

	g_assert_true (answer->kind == FRAME_COMPACT && compact_read_uint (&asked, 8) == compact_read_uint (&said, 8) && !said.broken);
	if (result == COMPACT_OK) {
		g_assert_true (type == COMPACT_OCSP && said.n > 0 && said.p[0] == 0x30);
		return;
	}
	g_assert_true (result == COMPACT_REFUSED);
	g_autoptr (json_t) refusal = json_read_strict ((const char *) said.p, said.n, FRAME_MAX_COMPACT, NULL);
	g_assert_true (diqi_code_from_name (json_string_value (json_object_get (refusal, "code")), &known));
}

static void
check_json (const Frame *frame, const Frame *answer)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) reply = json_read_strict (answer->text, answer->n, FRAME_MAX_REPLY, &error);
	g_autoptr (json_t) message = json_read_strict (frame->text, frame->n, FRAME_MAX_MESSAGE, NULL);

	g_assert_no_error (error);
	g_assert_true (jcs_is_canonical (answer->text, answer->n, reply));
	check_reply (message, reply);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	g_autoptr (GByteArray) out = g_byte_array_new ();
	Frame frame = frame_of (data, size), answer;

	/* Stands still unless this message moves it: what one input does depends on no other. */
	clock_free (keyring->clock);
	keyring->clock = clock_new_frozen (T0);
	dispatch_frame (keyring, &frame, out);
	read_reply (out, &answer);
	(frame.kind == FRAME_COMPACT ? check_compact : check_json) (&frame, &answer);
	g_assert_true (keyring_commit (keyring, NULL));
	return 0;
}
