/* signer/hsm_keeper.c — see hsm_keeper.h. */
#include "signer/hsm_keeper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "pki/pkcs11.h"
#include "signer/frame.h"
#include "signer/sandbox.h"

#define MESSAGE_MAX 65536

typedef struct {
	int fd;
	FrameReader reader;
	Pkcs11 *token;                /* NULL until "open" */
} Keeper;

/* What a message says; who needs what is in the table below. */
typedef struct {
	const char *verb, *module, *token, *serial, *label, *context, *algorithm;
	gboolean last_try;
	const guint8 *raw;
	gsize raw_n;
} Order;

typedef struct {
	json_t *json;
	GBytes *raw;
} Answer;

/* --- what can be done ---------------------------------------------------------------- */

static gboolean
put_token_facts (Keeper *keeper, Answer *out, GError **error)
{
	Pkcs11Facts f;
	if (!pkcs11_facts (keeper->token, &f, error))
		return FALSE;
	out->json = json_pack ("{s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "slot", (json_int_t) f.slot,
		"label", f.label, "serial", f.serial, "manufacturer", f.manufacturer, "model", f.model,
		"pin_few_tries", f.pin_few_tries, "pin_last_try", f.pin_last_try, "pin_locked", f.pin_locked,
		"ecdsa", f.ecdsa, "rsa", f.rsa, "eddsa", f.eddsa, "aes_gcm", f.aes_gcm);
	return TRUE;
}

static void
put_key_facts (const Pkcs11KeyFacts *facts, Answer *out)
{
	out->json = json_pack ("{s:b, s:b, s:b}", "sensitive", facts->sensitive, "extractable", facts->extractable, "local", facts->local);
	if (facts->public_key != NULL) {
		g_autoptr (GBytes) spki = public_key_spki (facts->public_key);
		json_object_set_new (out->json, "spki", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)));
	}
}

static gboolean
do_open (Keeper *keeper, const Order *order, Answer *out, GError **error)
{
	const Pkcs11Place place = { order->module, order->token, order->serial, order->last_try };
	if (keeper->token != NULL || order->module == NULL)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/do", "a keeper opens one token, once");
	keeper->token = pkcs11_open (&place, (const char *) order->raw, order->raw_n, error);
	return keeper->token != NULL && put_token_facts (keeper, out, error);
}

static gboolean
do_facts (Keeper *keeper, G_GNUC_UNUSED const Order *order, Answer *out, GError **error)
{
	return put_token_facts (keeper, out, error);
}

static gboolean
do_find (Keeper *keeper, const Order *order, Answer *out, GError **error)
{
	g_auto (Pkcs11KeyFacts) facts = { 0 };
	if (!pkcs11_find_key (keeper->token, order->label, &facts, error))
		return FALSE;
	put_key_facts (&facts, out);
	return TRUE;
}

static gboolean
do_make (Keeper *keeper, const Order *order, Answer *out, GError **error)
{
	g_auto (Pkcs11KeyFacts) facts = { 0 };
	KeyAlgorithm algorithm;
	if (order->algorithm == NULL || !key_algorithm_from_name (order->algorithm, &algorithm))
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, "/algorithm", "no such algorithm");
	if (!pkcs11_make_key (keeper->token, order->label, algorithm, &facts, error))
		return FALSE;
	put_key_facts (&facts, out);
	return TRUE;
}

static gboolean
do_make_sealing (Keeper *keeper, const Order *order, Answer *out, GError **error)
{
	out->json = json_object ();
	return pkcs11_make_sealing_key (keeper->token, order->label, error);
}

static gboolean
do_delete (Keeper *keeper, const Order *order, Answer *out, GError **error)
{
	out->json = json_object ();
	return pkcs11_delete (keeper->token, order->label, error);
}

static gboolean
do_sign (Keeper *keeper, const Order *order, Answer *out, GError **error)
{
	out->json = json_object ();
	out->raw = pkcs11_sign (keeper->token, order->label, order->raw, order->raw_n, error);
	return out->raw != NULL;
}

static gboolean
do_seal (Keeper *keeper, const Order *order, Answer *out, GError **error)
{
	out->json = json_object ();
	out->raw = pkcs11_seal (keeper->token, order->label, order->context, order->raw, order->raw_n, error);
	return out->raw != NULL;
}

static gboolean
do_unseal (Keeper *keeper, const Order *order, Answer *out, GError **error)
{
	g_autoptr (GBytes) sealed = g_bytes_new (order->raw, order->raw_n);
	out->json = json_object ();
	out->raw = pkcs11_unseal (keeper->token, order->label, order->context, sealed, error);
	return out->raw != NULL;
}

static const struct {
	const char *verb;
	gboolean (*carry_out) (Keeper *keeper, const Order *order, Answer *out, GError **error);
	gboolean opened, label, context;      /* what must be there */
} verbs[] = {
	{ "open", do_open, FALSE, FALSE, FALSE }, { "facts", do_facts, TRUE, FALSE, FALSE },
	{ "find", do_find, TRUE, TRUE, FALSE },
	{ "make", do_make, TRUE, TRUE, FALSE }, { "make_sealing", do_make_sealing, TRUE, TRUE, FALSE }, { "delete", do_delete, TRUE, TRUE, FALSE },
	{ "sign", do_sign, TRUE, TRUE, FALSE }, { "seal", do_seal, TRUE, TRUE, TRUE }, { "unseal", do_unseal, TRUE, TRUE, TRUE },
};

/* --- messages ---------------------------------------------------------------------------- */

static gboolean
read_order (const json_t *message, Order *order, GError **error)
{
	const Field fields[] = {
		{ "do", FIELD_STRING, TRUE, 16, &order->verb }, { "module", FIELD_STRING, FALSE, 1024, &order->module },
		{ "token", FIELD_STRING, FALSE, 32, &order->token }, { "serial", FIELD_STRING, FALSE, 16, &order->serial },
		{ "label", FIELD_STRING, FALSE, 128, &order->label }, { "context", FIELD_STRING, FALSE, 256, &order->context },
		{ "algorithm", FIELD_STRING, FALSE, 32, &order->algorithm }, { "last_try", FIELD_BOOL, FALSE, 0, &order->last_try },
	};
	return JSON_READ (message, "", fields, error);
}

static gboolean
carry_out (Keeper *keeper, const Frame *frame, Answer *out, GError **error)
{
	g_autoptr (json_t) message = json_read_strict (frame->text, frame->n, MESSAGE_MAX, error);
	Order order = { .raw = frame->raw, .raw_n = frame->raw_n };
	if (message == NULL || !read_order (message, &order, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++) {
		if (strcmp (verbs[i].verb, order.verb) != 0)
			continue;
		if (verbs[i].opened != (keeper->token != NULL) || (verbs[i].label && order.label == NULL) || (verbs[i].context && order.context == NULL))
			break;
		return verbs[i].carry_out (keeper, &order, out, error);
	}
	return diqi_fail (error, DIQI_ERROR_SIGNER, "/do", "the keeper of a token cannot do that now");
}

static gboolean
answer (Keeper *keeper, const Answer *out)
{
	g_autoptr (GByteArray) frame = g_byte_array_new ();
	gsize n;
	g_autofree char *text = jcs_dump (out->json, &n, NULL);
	if (out->raw != NULL)
		frame_append_raw (frame, text, n, out->raw);
	else
		frame_append (frame, text, n);
	gboolean written = frame_write (keeper->fd, frame->data, frame->len, NULL);
	explicit_bzero (frame->data, frame->len);      /* perhaps what was unsealed */
	return written;
}

static json_t *
refusal (const Keeper *keeper, const GError *error)
{
	g_autofree char *detail = g_utf8_make_valid (error->message, -1);
	gboolean locked_out = keeper->token != NULL && pkcs11_is_locked_out (keeper->token);
	return json_pack ("{s:{s:s, s:s}, s:b}", "error", "code", diqi_error_code_name (error), "detail", detail, "locked_out", locked_out);
}

static gboolean
handle (Keeper *keeper, const Frame *frame)
{
	g_autoptr (GError) error = NULL;
	Answer out = { 0 };
	if (!carry_out (keeper, frame, &out, &error)) {
		g_clear_pointer (&out.json, json_decref);
		out.json = refusal (keeper, error);
	}
	if (frame->raw_n > 0)
		explicit_bzero ((guint8 *) frame->raw, frame->raw_n);      /* the PIN, among others; the frame is ours */
	gboolean well = answer (keeper, &out);
	json_decref (out.json);
	g_clear_pointer (&out.raw, g_bytes_unref);
	return well;
}

static void
serve (Keeper *keeper)
{
	Frame frame;
	for (;;) {
		if (!frame_reader_next (&keeper->reader, &frame, NULL))
			return;
		if (frame.text != NULL) {
			if (!handle (keeper, &frame))
				return;
		} else if (frame_reader_fill (&keeper->reader, keeper->fd) <= 0)
			return;
	}
}

int
hsm_keeper_command (int argc, char **argv)
{
	g_autoptr (GError) error = NULL;
	Keeper keeper = { .fd = argc == 3 && strcmp (argv[1], "--socket-fd") == 0 ? atoi (argv[2]) : -1 };
	if (keeper.fd < 3) {
		fprintf (stderr, "diqi hsm-keeper: started by the signer, not by hand\n");
		return 2;
	}
	log_init ("hsm-keeper", LOG_LEVEL_INFO);
	/* Ctrl-C reaches the whole group; our end is the socket's. */
	const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	for (gsize i = 0; i < G_N_ELEMENTS (ignored); i++)
		signal (ignored[i], SIG_IGN);
	if (!sandbox_harden (&error) || !sandbox_fence_module (&error)) {
		log_event (LOG_LEVEL_ERROR_, "hsm.start.failed", "detail", "%s", error->message, NULL);
		_exit (EXIT_FAILURE);
	}
	pki_init ();
	frame_reader_init (&keeper.reader, MESSAGE_MAX);
	serve (&keeper);
	pkcs11_free (keeper.token);
	/* What a module does at exit is not waited for. */
	_exit (EXIT_SUCCESS);
}
