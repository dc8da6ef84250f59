/* signer/hsm.c — asking the keeper of a token.  See hsm.h, hsm_keeper.h. */
#include "signer/hsm.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "signer/child.h"
#include "signer/frame.h"

#define ANSWER_MAX 65536
#define PATIENCE_MS 20000                    /* `serve` gives a silent signer half a minute */
#define KEY_GENERATION_PATIENCE_MS 300000    /* RSA keys on a smart card */
#define AWAY_MAX (5 * 60 * G_USEC_PER_SEC)

struct Hsm {
	gatomicrefcount references;
	int fd;                       /* -1: the keeper has ended */
	FrameReader reader;
	char *token;                  /* for people */
	gboolean locked_out;
	gint64 away_since;            /* monotonic; 0: it is there */
};

Hsm *
hsm_ref (Hsm *hsm)
{
	g_atomic_ref_count_inc (&hsm->references);
	return hsm;
}

static void
end_keeper (Hsm *hsm)
{
	if (hsm->fd >= 0)
		close (hsm->fd);
	hsm->fd = -1;
}

void
hsm_unref (Hsm *hsm)
{
	if (hsm == NULL || !g_atomic_ref_count_dec (&hsm->references))
		return;
	/* The keeper ends with its socket.  Nobody waits for it: behind the signer's filter nobody may, and whoever opened
	 * a token ends soon after. */
	end_keeper (hsm);
	frame_reader_clear (&hsm->reader);
	g_free (hsm->token);
	g_free (hsm);
}

gboolean
hsm_is_lost (const Hsm *hsm)
{
	return hsm->fd < 0 || hsm->locked_out || (hsm->away_since != 0 && g_get_monotonic_time () - hsm->away_since > AWAY_MAX);
}

int
hsm_fd (const Hsm *hsm)
{
	return hsm->fd;
}

void
hsm_keeper_ended (Hsm *hsm)
{
	end_keeper (hsm);
}

/* --- one message and its answer -------------------------------------------------------- */

static gboolean
lost_keeper (Hsm *hsm, const char *why, GError **error)
{
	end_keeper (hsm);
	return diqi_fail (error, DIQI_ERROR_TOKEN, NULL, "token \"%s\": %s", hsm->token, why);
}

static gboolean
wait_readable (Hsm *hsm, gint64 until)
{
	for (;;) {
		gint64 left = until - g_get_monotonic_time ();
		struct pollfd polled = { hsm->fd, POLLIN, 0 };
		int ready = left > 0 ? poll (&polled, 1, (int) (left / 1000) + 1) : 0;
		if (ready > 0)
			return TRUE;
		if (ready == 0 || errno != EINTR)
			return FALSE;
	}
}

static gboolean
receive (Hsm *hsm, int patience_ms, Frame *frame, GError **error)
{
	gint64 until = g_get_monotonic_time () + (gint64) patience_ms * 1000;
	for (;;) {
		if (!frame_reader_next (&hsm->reader, frame, error)) {
			end_keeper (hsm);
			return FALSE;
		}
		if (frame->text != NULL)
			return TRUE;
		if (!wait_readable (hsm, until))
			return lost_keeper (hsm, "its module does not answer", error);
		if (frame_reader_fill (&hsm->reader, hsm->fd) <= 0)
			return lost_keeper (hsm, "the process of its module ended", error);
	}
}

static gboolean
send_order (Hsm *hsm, const json_t *order, gconstpointer raw, gsize raw_n, GError **error)
{
	g_autoptr (GByteArray) frame = g_byte_array_new ();
	gsize n;
	g_autofree char *text = jcs_dump (order, &n, NULL);
	g_autoptr (GBytes) borrowed = raw != NULL ? g_bytes_new_static (raw, raw_n) : NULL;
	if (borrowed != NULL)
		frame_append_raw (frame, text, n, borrowed);
	else
		frame_append (frame, text, n);
	gboolean sent = hsm->fd >= 0 && frame_write (hsm->fd, frame->data, frame->len, NULL);
	explicit_bzero (frame->data, frame->len);      /* perhaps a PIN */
	return sent || lost_keeper (hsm, "the process of its module ended", error);
}

/* The keeper's own refusal, as it made it. */
static gboolean
pass_refusal (Hsm *hsm, const json_t *answer, GError **error)
{
	const json_t *refusal = json_object_get (answer, "error");
	const char *name = json_string_value (json_object_get (refusal, "code")), *detail = json_string_value (json_object_get (refusal, "detail"));
	DiqiErrorCode code = DIQI_ERROR_TOKEN;
	hsm->locked_out = hsm->locked_out || json_is_true (json_object_get (answer, "locked_out"));
	if (name != NULL)
		diqi_code_from_name (name, &code);
	return diqi_fail (error, code, NULL, "%s", detail != NULL ? detail : "refused");
}

/* Takes order.  raw_out may be NULL. */
static json_t *
ask_patiently (Hsm *hsm, json_t *order, gconstpointer raw, gsize raw_n, int patience_ms, GBytes **raw_out, GError **error)
{
	g_autoptr (json_t) owned = order;
	Frame frame;
	if (!send_order (hsm, owned, raw, raw_n, error) || !receive (hsm, patience_ms, &frame, error))
		return NULL;
	g_autoptr (json_t) answer = json_read_strict (frame.text, frame.n, ANSWER_MAX, error);
	if (answer == NULL || (json_object_get (answer, "error") != NULL && !pass_refusal (hsm, answer, error)))
		return NULL;
	if (raw_out != NULL)
		*raw_out = g_bytes_new (frame.raw, frame.raw_n);
	if (frame.raw_n > 0)
		explicit_bzero ((guint8 *) frame.raw, frame.raw_n);      /* perhaps a secret; the frame is ours */
	return g_steal_pointer (&answer);
}

static json_t *
ask (Hsm *hsm, json_t *order, GError **error)
{
	return ask_patiently (hsm, order, NULL, 0, PATIENCE_MS, NULL, error);
}

static GBytes *
ask_raw (Hsm *hsm, json_t *order, gconstpointer raw, gsize n, GError **error)
{
	GBytes *out = NULL;
	g_autoptr (json_t) answer G_GNUC_UNUSED = ask_patiently (hsm, order, raw, n, PATIENCE_MS, &out, error);
	return out;
}

static json_t *
order_new (const char *verb, const char *label)
{
	json_t *order = json_pack ("{s:s}", "do", verb);
	if (label != NULL)
		json_object_set_new (order, "label", json_string (label));
	return order;
}

static gboolean
tell (Hsm *hsm, const char *verb, const char *label, int patience_ms, GError **error)
{
	g_autoptr (json_t) answer = ask_patiently (hsm, order_new (verb, label), NULL, 0, patience_ms, NULL, error);
	return answer != NULL;
}

/* --- the token ---------------------------------------------------------------------------- */

Hsm *
hsm_open (const Pkcs11Place *place, const char *pin, gsize n, GError **error)
{
	g_autoptr (Hsm) hsm = g_new0 (Hsm, 1);
	g_atomic_ref_count_init (&hsm->references);
	hsm->fd = -1;
	hsm->token = g_strdup (place->token != NULL ? place->token : place->serial);
	frame_reader_init (&hsm->reader, ANSWER_MAX);
	pid_t keeper;
	if (!spawn_keeper (&keeper, &hsm->fd, error))
		return NULL;
	json_t *order = json_pack ("{s:s, s:s}", "do", "open", "module", place->module);
	if (place->last_try)
		json_object_set_new (order, "last_try", json_true ());
	if (place->token != NULL)
		json_object_set_new (order, "token", json_string (place->token));
	if (place->serial != NULL)
		json_object_set_new (order, "serial", json_string (place->serial));
	g_autoptr (json_t) facts = ask_patiently (hsm, order, pin, n, PATIENCE_MS, NULL, error);
	return facts != NULL ? g_steal_pointer (&hsm) : NULL;
}

gboolean
hsm_facts (Hsm *hsm, Pkcs11Facts *out, GError **error)
{
	const char *label, *serial, *manufacturer, *model;
	gint64 slot;
	g_autoptr (json_t) answer = ask (hsm, order_new ("facts", NULL), error);
	*out = (Pkcs11Facts) { 0 };
	const Field fields[] = {
		{ "slot", FIELD_INT, TRUE, 0, &slot }, { "label", FIELD_STRING, TRUE, 64, &label }, { "serial", FIELD_STRING, TRUE, 32, &serial },
		{ "manufacturer", FIELD_STRING, TRUE, 64, &manufacturer }, { "model", FIELD_STRING, TRUE, 32, &model },
		{ "pin_few_tries", FIELD_BOOL, TRUE, 0, &out->pin_few_tries }, { "pin_last_try", FIELD_BOOL, TRUE, 0, &out->pin_last_try },
		{ "pin_locked", FIELD_BOOL, TRUE, 0, &out->pin_locked }, { "ecdsa", FIELD_BOOL, TRUE, 0, &out->ecdsa },
		{ "rsa", FIELD_BOOL, TRUE, 0, &out->rsa }, { "eddsa", FIELD_BOOL, TRUE, 0, &out->eddsa }, { "aes_gcm", FIELD_BOOL, TRUE, 0, &out->aes_gcm },
	};
	if (answer == NULL || !JSON_READ (answer, "", fields, error))
		return FALSE;
	out->slot = (gulong) slot;
	g_strlcpy (out->label, label, sizeof out->label);
	g_strlcpy (out->serial, serial, sizeof out->serial);
	g_strlcpy (out->manufacturer, manufacturer, sizeof out->manufacturer);
	g_strlcpy (out->model, model, sizeof out->model);
	return TRUE;
}

/* Takes answer. */
static gboolean
read_key_facts (json_t *answer, Pkcs11KeyFacts *out, GError **error)
{
	g_autoptr (json_t) owned = answer;
	g_autoptr (GBytes) spki = NULL;
	Pkcs11KeyFacts facts = { 0 };
	const Field fields[] = {
		{ "sensitive", FIELD_BOOL, TRUE, 0, &facts.sensitive }, { "extractable", FIELD_BOOL, TRUE, 0, &facts.extractable },
		{ "local", FIELD_BOOL, TRUE, 0, &facts.local }, { "spki", FIELD_BASE64, FALSE, 4096, &spki },
	};
	if (owned == NULL || !JSON_READ (owned, "", fields, error))
		return FALSE;
	if (spki != NULL && (facts.public_key = public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), error)) == NULL)
		return FALSE;
	*out = facts;
	return TRUE;
}

gboolean
hsm_find_key (Hsm *hsm, const char *label, Pkcs11KeyFacts *out, GError **error)
{
	return read_key_facts (ask (hsm, order_new ("find", label), error), out, error);
}

gboolean
hsm_make_sealing_key (Hsm *hsm, const char *label, GError **error)
{
	return tell (hsm, "make_sealing", label, KEY_GENERATION_PATIENCE_MS, error);
}

gboolean
hsm_delete (Hsm *hsm, const char *label, GError **error)
{
	return tell (hsm, "delete", label, PATIENCE_MS, error);
}

static json_t *
sealing_order (const char *verb, const char *label, const char *context)
{
	json_t *order = order_new (verb, label);
	json_object_set_new (order, "context", json_string (context));
	return order;
}

GBytes *
hsm_seal (Hsm *hsm, const char *label, const char *context, gconstpointer p, gsize n, GError **error)
{
	return ask_raw (hsm, sealing_order ("seal", label, context), p, n, error);
}

/* g_bytes that are wiped with their last reference. */
typedef struct {
	gpointer p;
	gsize n;
} Wiped;

static void
wiped_free (gpointer user)
{
	Wiped *wiped = user;
	pki_secret_free (wiped->p, wiped->n);
	g_free (wiped);
}

GBytes *
hsm_unseal (Hsm *hsm, const char *label, const char *context, GBytes *sealed, GError **error)
{
	g_autoptr (GBytes) plain = ask_raw (hsm, sealing_order ("unseal", label, context), g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), error);
	if (plain == NULL)
		return NULL;
	gsize n;
	gconstpointer p = g_bytes_get_data (plain, &n);
	Wiped *wiped = g_new0 (Wiped, 1);
	wiped->p = pki_secret_alloc (MAX (n, 1));
	wiped->n = MAX (n, 1);
	memcpy (wiped->p, p, n);
	explicit_bzero ((guint8 *) p, n);      /* our only reference */
	return g_bytes_new_with_free_func (wiped->p, n, wiped_free, wiped);
}

/* --- key pairs -------------------------------------------------------------------------------- */

typedef struct {
	Hsm *hsm;
	char *label;
} KeyOfHsm;

static void
key_of_hsm_free (gpointer user)
{
	KeyOfHsm *key = user;
	hsm_unref (key->hsm);
	g_free (key->label);
	g_free (key);
}

/* The token is away, or is there again: once a change. */
static void
note_presence (Hsm *hsm, const GError *failure)
{
	if (failure == NULL && hsm->away_since != 0)
		log_event (LOG_LEVEL_INFO, "signer.token.back", "token", "%s", hsm->token, NULL);
	if (failure != NULL && hsm->away_since == 0)
		log_event (LOG_LEVEL_ERROR_, "signer.token.away", "detail", "%s", failure->message, NULL);
	hsm->away_since = failure == NULL ? 0 : hsm->away_since != 0 ? hsm->away_since : g_get_monotonic_time ();
}

static GBytes *
sign_by_token (gpointer user, gconstpointer input, gsize n, GError **error)
{
	KeyOfHsm *key = user;
	g_autoptr (GError) failure = NULL;
	GBytes *signature = ask_raw (key->hsm, order_new ("sign", key->label), input, n, &failure);
	note_presence (key->hsm, failure);
	if (failure != NULL)
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s", failure->message);
	return signature;
}

static PrivateKey *
key_of_token (Hsm *hsm, const char *label, PublicKey *public, GError **error)
{
	KeyOfHsm *key = g_new0 (KeyOfHsm, 1);
	key->hsm = hsm_ref (hsm);
	key->label = g_strdup (label);
	return private_key_elsewhere (public, sign_by_token, key, key_of_hsm_free, error);
}

PrivateKey *
hsm_load_key (Hsm *hsm, const char *label, const PublicKey *expected, GError **error)
{
	g_auto (Pkcs11KeyFacts) facts = { 0 };
	if (!hsm_find_key (hsm, label, &facts, error))
		return NULL;
	if (facts.public_key == NULL && expected == NULL) {
		diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, "token \"%s\", key \"%s\": read key: the token has no public half of it", hsm->token, label);
		return NULL;
	}
	if (facts.public_key != NULL && expected != NULL
	    && !fingerprint_equal (public_key_fingerprint (facts.public_key), public_key_fingerprint (expected))) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "token \"%s\", key \"%s\": read key: it is not the key of its certificate", hsm->token, label);
		return NULL;
	}
	g_autoptr (PublicKey) public = public_key_ref (facts.public_key != NULL ? facts.public_key : (PublicKey *) expected);
	return key_of_token (hsm, label, public, error);
}

PrivateKey *
hsm_make_key (Hsm *hsm, const char *label, KeyAlgorithm algorithm, GError **error)
{
	g_auto (Pkcs11KeyFacts) facts = { 0 };
	json_t *order = order_new ("make", label);
	json_object_set_new (order, "algorithm", json_string (key_algorithm_name (algorithm)));
	if (!read_key_facts (ask_patiently (hsm, order, NULL, 0, KEY_GENERATION_PATIENCE_MS, NULL, error), &facts, error))
		return NULL;
	if (facts.public_key == NULL || facts.extractable) {
		diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, "token \"%s\", key \"%s\": make key: %s", hsm->token, label,
		                facts.extractable ? "the token would give it away" : "the token does not tell its public half");
		return NULL;
	}
	return key_of_token (hsm, label, facts.public_key, error);
}
