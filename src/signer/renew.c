/* signer/renew.c — see renew.h. */
#include "signer/renew.h"

#include "base/error.h"
#include "base/log.h"
#include "signer/dispatch.h"
#include "signer/own_certificate.h"

typedef struct {
	char name[40];
	OwnKind kind;
	Certificate **pinned;
	const PrivateKey *key;         /* NULL: of the web server, which has it */
	KeyringCa *responder_of;       /* NULL: not a responder */
} Service;

/* Every service of the site; Service items. */
static GArray *
services_of (Keyring *keyring)
{
	Pins *pins = keyring->pins;
	const Service fixed[] = {
		{ "log", OWN_LOG, &pins->log, keyring->log_key, NULL }, { "receipt", OWN_RECEIPT, &pins->receipt, keyring->receipt_key, NULL },
		{ "document", OWN_DOCUMENT, &pins->document, keyring->document_key, NULL }, { "tsa", OWN_TSA, &pins->tsa, keyring->tsa_key, NULL },
	};
	GArray *services = g_array_new (FALSE, TRUE, sizeof (Service));
	for (guint i = 0; i < keyring->cas->len; i++) {
		KeyringCa *ca = g_ptr_array_index (keyring->cas, i);
		g_autofree char *name = pins_ca_file (ca->pin->name, "ocsp", "");
		Service service = { .kind = OWN_OCSP, .pinned = (Certificate **) &ca->pin->ocsp, .key = ca->ocsp_key, .responder_of = ca };
		g_strlcpy (service.name, name, sizeof service.name);
		g_array_append_val (services, service);
	}
	g_array_append_vals (services, fixed, G_N_ELEMENTS (fixed));
	const Service tls = { "tls", OWN_N, &pins->tls, NULL, NULL };
	if (pins->tls != NULL)
		g_array_append_val (services, tls);
	return services;
}

static gboolean
take (Keyring *keyring, const Service *service, Certificate *made, GError **error)
{
	if (service->responder_of == NULL) {
		certificate_unref (*service->pinned);
		*service->pinned = certificate_ref (made);
		return TRUE;
	}
	OcspResponder *responder = ocsp_responder_new (made, service->key, error);
	if (responder == NULL)
		return FALSE;
	ocsp_responder_free (service->responder_of->responder);
	service->responder_of->responder = responder;
	pins_set_ocsp (keyring->pins, service->responder_of->pin, made);
	return TRUE;
}

/* --- at start -------------------------------------------------------------------------- */

static const JournalIssue *
newest (const Keyring *keyring, const Service *service)
{
	return journal_by_spki (keyring->journal, public_key_fingerprint (certificate_public_key (*service->pinned)));
}

static gboolean
adopt (Keyring *keyring, const Service *service, GError **error)
{
	const JournalIssue *issue = newest (keyring, service);
	if (issue == NULL || fingerprint_equal (&issue->certificate, certificate_fingerprint (*service->pinned)))
		return TRUE;
	g_autoptr (GBytes) der = journal_certificate (keyring->journal, issue, error);
	g_autoptr (Certificate) made = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
	if (made == NULL || !pins_verify (keyring->pins, made, certificate_not_before (made), error))
		return FALSE;
	if (certificate_is_ca (made) || certificate_extended_key_usage (made) != certificate_extended_key_usage (*service->pinned))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the journal renews %s by a certificate of another kind", service->name);
	return take (keyring, service, made, error);
}

/* No file of the signer's has it: the web server's certificate is known by its record. */
static gboolean
find_tls (Keyring *keyring, GError **error)
{
	const JournalIssue *issue = journal_tls (keyring->journal);
	if (issue == NULL)
		return TRUE;
	g_autoptr (GBytes) der = journal_certificate (keyring->journal, issue, error);
	Certificate *tls = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
	keyring->pins->tls = tls;
	if (tls == NULL || !pins_verify (keyring->pins, tls, certificate_not_before (tls), error))
		return FALSE;
	return certificate_extended_key_usage (tls) == EKU_SERVER_AUTH
		|| diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the journal's certificate of the web server is of another kind");
}

gboolean
renew_adopt (Keyring *keyring, GError **error)
{
	if (!find_tls (keyring, error))
		return FALSE;
	g_autoptr (GArray) services = services_of (keyring);
	for (guint i = 0; i < services->len; i++)
		if (!adopt (keyring, &g_array_index (services, Service, i), error))
			return FALSE;
	return TRUE;
}

/* --- while it runs ------------------------------------------------------------------------ */

static const KeyringCa *
issuer_of (Keyring *keyring, const Service *service, GError **error)
{
	return service->responder_of != NULL ? service->responder_of : keyring_ca_for_key (keyring, keyring->pins->algorithm, error);
}

/* At the end of an authority its services cannot outlive it: then nothing would be gained. */
static gboolean
is_due (const Certificate *certificate, const KeyringCa *issuer, Micros now)
{
	Micros end = certificate_not_after (certificate), life = end - certificate_not_before (certificate);
	Micros most = certificate_not_after (issuer->pin->certificate);
	return end - now <= MAX (life / 3, RENEW_LEAST_LEFT) && most > end + MICROS_PER_DAY && most > now;
}

static Certificate *
make (const Pins *pins, const Service *service, const KeyringCa *issuer, Micros now, GError **error)
{
	const char *ca = issuer->pin->name;
	if (service->key == NULL)
		return own_certificate_tls (pins, ca, issuer->issuer, certificate_public_key (*service->pinned), NULL, now, error);
	return own_certificate_make (pins, own_certificate (service->kind), ca, issuer->issuer, service->key, now, error);
}

/* A key of the web server that was given up gets no new certificate. */
static gboolean
is_given_up (const Keyring *keyring, const Service *service)
{
	return service->key == NULL && journal_revocation (keyring->journal, certificate_serial (*service->pinned)) != NULL;
}

static gboolean
renew (Keyring *keyring, const Service *service, const KeyringCa *issuer, Micros now, GError **error)
{
	const JournalIssue *before = newest (keyring, service);
	if (before == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the journal does not know the certificate of %s", service->name);
	g_autoptr (Certificate) made = make (keyring->pins, service, issuer, now, error);
	if (made == NULL)
		return FALSE;
	g_autofree char *profile = g_strdup_printf ("service-%s", service->responder_of != NULL ? "ocsp" : service->name);
	const Serial renews = before->serial;
	if (!take (keyring, service, made, error))
		return FALSE;
	journal_add_issue (keyring->journal, &(JournalEntry) { .time = now, .ca = issuer->pin->name, .profile = profile, .certificate = made, .renews = &renews });
	log_event (LOG_LEVEL_INFO, "signer.renewed", "service", "%s", service->name, NULL);
	return TRUE;
}

/* FALSE without an error: it is not time. */
static gboolean
renew_if_due (Keyring *keyring, const Service *service, Micros now, GError **error)
{
	const KeyringCa *issuer = issuer_of (keyring, service, error);
	return issuer != NULL && !is_given_up (keyring, service) && is_due (*service->pinned, issuer, now) && keyring_check_clock (keyring, now, error)
		&& renew (keyring, service, issuer, now, error);
}

void
renew_due (Keyring *keyring, Micros now, GPtrArray *names)
{
	g_autoptr (GArray) services = services_of (keyring);
	for (guint i = 0; i < services->len; i++) {
		const Service *service = &g_array_index (services, Service, i);
		g_autoptr (GError) error = NULL;
		if (renew_if_due (keyring, service, now, &error))
			g_ptr_array_add (names, g_strdup (service->name));
		else if (error != NULL)
			log_event (LOG_LEVEL_ERROR_, "signer.not_renewed", "service", "%s", service->name, "detail", "%s", error->message, NULL);
	}
}

json_t *
message_renew (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const Field fields[] = { ENVELOPE_FIELDS (envelope) };
	g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	renew_due (keyring, keyring_now (keyring), names);
	json_t *renewed = json_array ();
	for (guint i = 0; i < names->len; i++)
		json_array_append_new (renewed, json_string (g_ptr_array_index (names, i)));
	/* Beside: whoever asks tells people when time stamps have stopped. */
	const char *why = stamper_obstacle (&keyring->stamper, keyring->journal, keyring->clock, clock_monotonic ());
	return json_pack ("{s:o, s:s*}", "renewed", renewed, "no_stamps", why);
}
