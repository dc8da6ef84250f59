/* signer/token.c — administrator PINs of tokens: made from one key by the token's serial, never shown, and released only
 * encrypted to a fresh key, for a ticket that two officers approved or for a blank token.
 *
 * The server learns nothing from what it passes on; the counter's program, whose key it is, learns one token's PIN.
 * A ticket belongs to the first key that used it: the same key may ask again (the answer was lost), no other.
 */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "pki/diversify.h"
#include "pki/oaep.h"
#include "signer/approval.h"
#include "signer/dispatch.h"
#include "signer/protocol.h"
#include "signer/service_request.h"

#define PIN_DIGITS 16
#define TOKEN_MAX 32
#define SPKI_MAX 1024

/* A PIN on its way: to which key, for which ticket, by whose word. */
typedef struct {
	char *token;
	GBytes *spki;
	PublicKey *key;
	char *ticket;
	Fingerprint statements[JOURNAL_PIN_STATEMENTS];
	gsize n;
	Micros now;
} Release;

static void
release_clear (Release *release)
{
	g_clear_pointer (&release->spki, g_bytes_unref);
	g_clear_pointer (&release->key, public_key_unref);
	g_clear_pointer (&release->ticket, g_free);
	g_clear_pointer (&release->token, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Release, release_clear)

static gboolean
check_token (const char *token, const char *field, GError **error)
{
	return g_regex_match_simple ("^[A-Za-z0-9][A-Za-z0-9._-]*$", token, G_REGEX_DOLLAR_ENDONLY, 0)
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "a token's serial is of A-Z, a-z, 0-9, '.', '_' and '-'");
}

/* Fresh keys are RSA, for OAEP, and as strong as a holder's must be. */
static gboolean
read_key (Release *release, GError **error)
{
	release->key = public_key_from_spki (g_bytes_get_data (release->spki, NULL), g_bytes_get_size (release->spki), error);
	if (release->key == NULL)
		return FALSE;
	if (!key_algorithm_is_rsa (public_key_algorithm (release->key)))
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, "/spki", "an RSA key is asked for");
	return public_key_check_strength (release->key, error);
}

static GBytes *
encrypt_pin (const Keyring *keyring, const Release *release, GError **error)
{
	g_autofree char *context = g_strdup_printf ("diqi administrator PIN of token %s at %s", release->token, keyring->pins->site);
	char *pin = pki_secret_alloc (PIN_DIGITS + 1);
	diversify_digits (keyring->secrets[SECRET_TOKENS], context, PIN_DIGITS, pin);
	GBytes *encrypted = oaep_encrypt (release->key, pin, PIN_DIGITS, error);
	pki_secret_free (pin, PIN_DIGITS + 1);
	return encrypted;
}

/* `before`: the ticket went to this very key already. */
static json_t *
carry_out (Keyring *keyring, const Release *release, gboolean before, GError **error)
{
	g_autoptr (GBytes) encrypted = encrypt_pin (keyring, release, error);
	if (encrypted == NULL)
		return NULL;
	if (!before)
		journal_add_pin (keyring->journal, &(JournalPin) { release->now, release->ticket, release->token,
		                                                   public_key_fingerprint (release->key), release->statements, release->n });
	log_event (LOG_LEVEL_INFO, "signer.pin.released", "ticket", "%s", release->ticket, "token", "%s", release->token, NULL);
	json_t *reply = json_object ();
	json_object_set_new (reply, "pin", json_base64 (g_bytes_get_data (encrypted, NULL), g_bytes_get_size (encrypted)));
	return reply;
}

/* Both acts name token and fresh key. */
static gboolean
check_names (const Release *release, const char *token, const char *spki, const char *field, GError **error)
{
	g_autofree char *hash = fingerprint_hex (public_key_fingerprint (release->key));
	if (strcmp (token, release->token) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, field, "the statement names another token");
	return strcmp (spki, hash) == 0 || diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, field, "the statement names another key");
}

/* --- unlocking ------------------------------------------------------------------------------ */

static const ServiceRequestKind unlock_kind = { "unlock", "unlock_pin", 20, "not a request to unlock a token" };

/* The clerk's own word, now; he is neither of the two who approved. */
static gboolean
check_clerk (const Court *court, Release *release, const char *wanted, const char *compact, const ServiceApprovals *approvals, GError **error)
{
	StatementCommon common;
	const char *application, *token, *spki;
	const Officer *clerk;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common), { "application", FIELD_UUID, TRUE, 0, &application },
		{ "token", FIELD_STRING, TRUE, TOKEN_MAX, &token }, { "spki", FIELD_HEX32, TRUE, 0, &spki },
	};
	g_autoptr (Statement) statement = approval_open (court, compact, "token.unlock", "/unlock", &clerk, error);
	if (statement == NULL || !approval_check_fresh (court, statement, "/unlock", error)
	    || !JSON_READ (statement_payload (statement), "/unlock", fields, error) || !statement_nonce_check (common.nonce, "/unlock", error)
	    || !check_names (release, token, spki, "/unlock", error))
		return FALSE;
	if (strcmp (application, wanted) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/unlock", "names another application");
	if ((clerk->roles & ROLE_CLERK) == 0)
		return diqi_fail (error, DIQI_ERROR_APPROVAL, "/unlock", "only a clerk unlocks tokens");
	for (gsize i = 0; i < G_N_ELEMENTS (approvals->officers); i++)
		if (strcmp (approvals->officers[i]->person, clerk->person) == 0)
			return diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/unlock", "the clerk approved the application himself");
	release->statements[release->n++] = *statement_identity (statement);
	return TRUE;
}

static gboolean
judge_unlock (const Keyring *keyring, Release *release, const char *text, const char *review, const char *complete, const char *unlock, GError **error)
{
	const Court court = { keyring->pins, officers_log_current (keyring->officers), release->now, keyring->journal };
	const char *token;
	const Field extra = { "token", FIELD_STRING, TRUE, TOKEN_MAX, &token };
	g_auto (ServiceRequest) request = { NULL };
	ServiceApprovals approvals;
	if (!keyring_check_clock (keyring, release->now, error)
	    || !service_request_read (text, keyring->pins->site, &unlock_kind, &extra, &request, error)
	    || !check_token (token, "/request/token", error) || !read_key (release, error))
		return FALSE;
	const ApprovalTarget target = { .application = request.application, .request = request.hash };
	release->token = g_strdup (token);
	if (!service_approvals_check (&court, &target, review, complete, &approvals, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS (approvals.identities); i++)
		release->statements[release->n++] = approvals.identities[i];
	if (!check_clerk (&court, release, request.application, unlock, &approvals, error))
		return FALSE;
	release->ticket = g_strconcat ("unlock:", request.application, NULL);
	return TRUE;
}

json_t *
message_token_unlock (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *request, *review, *complete, *unlock;
	g_auto (Release) release = { .now = keyring_now (keyring) };
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "request", FIELD_STRING, TRUE, REQUEST_MAX_BYTES, &request },
		{ "review", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &review }, { "complete", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &complete },
		{ "unlock", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &unlock }, { "spki", FIELD_BASE64, TRUE, SPKI_MAX, &release.spki },
	};
	if (!JSON_READ (message, "", fields, error) || !judge_unlock (keyring, &release, request, review, complete, unlock, error))
		return NULL;
	const Fingerprint *used = journal_pin_key (keyring->journal, release.ticket);
	if (used != NULL && !fingerprint_equal (used, public_key_fingerprint (release.key))) {
		diqi_error_set (error, DIQI_ERROR_TICKET_USED, "/spki", "the ticket was used with another key");
		return NULL;
	}
	return carry_out (keyring, &release, used != NULL, error);
}

/* --- a blank token ---------------------------------------------------------------------------- */

static const Officer *
check_signer (const Court *court, Release *release, const char *compact, const char *field, GError **error)
{
	StatementCommon common;
	const char *token, *spki;
	const Officer *officer;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common), { "token", FIELD_STRING, TRUE, TOKEN_MAX, &token }, { "spki", FIELD_HEX32, TRUE, 0, &spki },
	};
	g_autoptr (Statement) statement = approval_open (court, compact, "token.initialise", field, &officer, error);
	if (statement == NULL || !approval_check_fresh (court, statement, field, error)
	    || !JSON_READ (statement_payload (statement), field, fields, error) || !statement_nonce_check (common.nonce, field, error)
	    || !check_names (release, token, spki, field, error))
		return NULL;
	release->statements[release->n++] = *statement_identity (statement);
	return officer;
}

/* `again`: the serial's PIN went to another key before. */
static gboolean
check_pair (const Officer *a, const Officer *b, gboolean again, GError **error)
{
	guint wanted = again ? ROLE_ADMINISTRATOR : ROLE_CLERK;
	gboolean fits = ((a->roles & ROLE_ADMINISTRATOR) != 0 && (b->roles & wanted) != 0)
		|| ((b->roles & ROLE_ADMINISTRATOR) != 0 && (a->roles & wanted) != 0);
	if (strcmp (a->person, b->person) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/statements/1", "two persons make a token ready");
	if (fits)
		return TRUE;
	if (again)
		return diqi_fail (error, DIQI_ERROR_TICKET_USED, "/token", "the token was made ready before; again only by two administrators");
	return diqi_fail (error, DIQI_ERROR_APPROVAL, "/statements", "a clerk and an administrator make a token ready");
}

static gboolean
judge_initialise (const Keyring *keyring, Release *release, const json_t *statements, gboolean *before, GError **error)
{
	const Court court = { keyring->pins, officers_log_current (keyring->officers), release->now, keyring->journal };
	const char *compact[2] = { json_string_value (json_array_get (statements, 0)), json_string_value (json_array_get (statements, 1)) };
	if (json_array_size (statements) != 2 || compact[0] == NULL || compact[1] == NULL)
		return diqi_fail (error, DIQI_ERROR_APPROVAL, "/statements", "two statements are asked for");
	if (!keyring_check_clock (keyring, release->now, error) || !check_token (release->token, "/token", error) || !read_key (release, error))
		return FALSE;
	const Officer *a = check_signer (&court, release, compact[0], "/statements/0", error);
	const Officer *b = a != NULL ? check_signer (&court, release, compact[1], "/statements/1", error) : NULL;
	if (b == NULL)
		return FALSE;
	release->ticket = g_strconcat ("initialise:", release->token, NULL);
	const Fingerprint *used = journal_pin_key (keyring->journal, release->ticket);
	*before = used != NULL && fingerprint_equal (used, public_key_fingerprint (release->key));
	return check_pair (a, b, used != NULL && !*before, error);
}

json_t *
message_token_initialise (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *token;
	json_t *statements;
	gboolean before = FALSE;
	g_auto (Release) release = { .now = keyring_now (keyring) };
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "token", FIELD_STRING, TRUE, TOKEN_MAX, &token },
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements }, { "spki", FIELD_BASE64, TRUE, SPKI_MAX, &release.spki },
	};
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	release.token = g_strdup (token);
	if (!judge_initialise (keyring, &release, statements, &before, error))
		return NULL;
	return carry_out (keyring, &release, before, error);
}
