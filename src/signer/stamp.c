/* signer/stamp.c — see stamp.h. */
#include "signer/stamp.h"

#include "base/log.h"
#include "pki/tsp.h"
#include "signer/dispatch.h"

/* A frozen clock stands still by design, and whoever sets a test clock knows that it steps. */
static gboolean
is_even (Stamper *stamper, const Clock *clock, Micros now, Micros monotonic)
{
	Micros gap;
	if (clock_is_test (clock))
		return TRUE;
	gboolean even = clock_watch_is_even (&stamper->watch, now, monotonic, STAMP_STEP_TOLERANCE, STAMP_PROOF, &gap);
	if (gap != 0)
		log_event (LOG_LEVEL_ERROR_, "signer.clock_step", "micros", "%" G_GINT64_FORMAT, gap, NULL);
	return even;
}

/* *time: that of a stamp which would be given at `now`. */
static const char *
obstacle (Stamper *stamper, const Journal *journal, const Clock *clock, Micros now, Micros monotonic, Micros *time)
{
	ClockTrust trust = clock_trust (clock);
	gboolean even = is_even (stamper, clock, now, monotonic);
	/* After a restart: later than all that the last life may have given. */
	Micros last = stamper->last != 0 ? stamper->last : journal_stamps_until (journal);

	*time = MAX (now, last + 1);
	if (!trust.synchronised)
		return "the clock has no time source";
	if (!even)
		return "the clock has stepped and is being watched";
	if (*time - now + trust.max_error > STAMP_ACCURACY)
		return "the clock may be further off than stamps promise";
	return now < journal_last_time (journal) - STAMP_ACCURACY ? "the clock is behind the journal" : NULL;
}

const char *
stamper_obstacle (Stamper *stamper, const Journal *journal, const Clock *clock, Micros monotonic)
{
	Micros time;
	return obstacle (stamper, journal, clock, clock_now (clock), monotonic, &time);
}

gboolean
stamper_take (Stamper *stamper, Journal *journal, const Clock *clock, Micros monotonic, Micros *time, const char **why)
{
	Micros now = clock_now (clock);

	*why = obstacle (stamper, journal, clock, now, monotonic, time);
	if (*why != NULL)
		return FALSE;
	if (*time > journal_stamps_until (journal))
		journal_add_stamps (journal, now, *time + STAMP_RESERVE);
	stamper->last = *time;
	return TRUE;
}

static GBytes *
refused (TspFailure failure, const char *why)
{
	log_event (failure == TSP_TIME_NOT_AVAILABLE ? LOG_LEVEL_ERROR_ : LOG_LEVEL_WARN, "signer.stamp_refused", "detail", "%s", why, NULL);
	return tsp_failure (failure, why);
}

static GBytes *
stamp (Keyring *keyring, GBytes *query, GError **error)
{
	TspRequest request;
	TspFailure failure;
	const char *why;
	const Pins *pins = keyring->pins;
	TspStamp facts = { .request = &request, .accuracy = STAMP_ACCURACY, .ordering = TRUE };
	gsize n;
	gconstpointer der = g_bytes_get_data (query, &n);

	if (!tsp_request_parse (der, n, &request, &failure, &why))
		return refused (failure, why);
	Micros now = keyring_now (keyring);
	if (now > certificate_not_after (pins->tsa) || now < certificate_not_before (pins->tsa))
		return refused (TSP_TIME_NOT_AVAILABLE, "the time-stamping certificate is not valid now");
	if (!stamper_take (&keyring->stamper, keyring->journal, keyring->clock, clock_monotonic (), &facts.time, &why))
		return refused (TSP_TIME_NOT_AVAILABLE, why);
	serial_new (facts.time, &facts.serial);
	const PinnedCa *ca = pins_ca_of (pins, pins->tsa);
	Certificate *const chain[] = { ca->certificate, ca->root };
	return tsp_stamp (keyring->tsa_key, pins->tsa, chain, G_N_ELEMENTS (chain), &facts, error);
}

json_t *
message_stamp (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	g_autoptr (GBytes) query = NULL;
	const Field fields[] = { ENVELOPE_FIELDS (envelope), { "query", FIELD_BASE64, TRUE, TSP_MAX_REQUEST, &query } };
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	g_autoptr (GBytes) response = stamp (keyring, query, error);
	if (response == NULL)
		return NULL;
	json_t *reply = json_object ();
	json_object_set_new (reply, "response", json_base64 (g_bytes_get_data (response, NULL), g_bytes_get_size (response)));
	return reply;
}
