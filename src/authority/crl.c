/* authority/crl.c — the full CRL (RFC 5280 5).
 *
 * The number is taken and stored before the signer is asked, so that a number is never used twice
 * however the publication ends.  It is at least the time in seconds: a database restored from an old
 * copy then still asks for a number above the last one, which the signer insists on.
 */
#include "authority/authority_private.h"

#include "authority/authority_db.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"

#define CRL_LIFE MICROS_PER_DAY
/* An entry stays for a while after its certificate expired, so that every relying party sees it once. */
#define CRL_KEEP_EXPIRED (7 * MICROS_PER_DAY)
/* Another process of the site may publish a higher number between our taking one and our signing. */
#define CRL_ATTEMPTS 3

typedef struct {
	Micros now;
	gint64 number;
	GArray *entries;
	GBytes *der;
	Micros this_update, next_update;
} CrlArgs;

static gboolean
take_number (Tx *tx, gpointer arg, GError **error)
{
	CrlArgs *args = arg;

	g_array_set_size (args->entries, 0);
	return db_counter_next (tx, "crl", args->now / MICROS_PER_S, &args->number, error) &&
	       db_revoked (tx, args->now - CRL_KEEP_EXPIRED, args->entries, error);
}

static gboolean
store_crl (Tx *tx, gpointer arg, GError **error)
{
	const CrlArgs *args = arg;

	return db_crl_insert (tx, args->number, args->der, args->this_update, args->next_update, error);
}

static gboolean
sign_and_store (Authority *authority, CrlArgs *args, GError **error)
{
	args->now = clock_now (authority->clock);
	args->this_update = args->now - args->now % MICROS_PER_S;
	args->next_update = args->this_update + CRL_LIFE;
	if (!store_run (authority->store, "crl.number", take_number, args, error))
		return FALSE;
	args->der = authority->calls.sign_crl (authority->signer, NULL, args->number, args->this_update, args->next_update,
	                                       (const RevokedEntry *) (gpointer) args->entries->data, args->entries->len, error);
	if (!args->der)
		return FALSE;
	FAILPOINT ("crl.signed");
	return store_run (authority->store, "crl.store", store_crl, args, error);
}

static void
use_crl (CurrentCrl *crl, const CrlArgs *args, guint64 generation)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&crl->lock);

	g_clear_pointer (&crl->der, g_bytes_unref);
	crl->der = g_bytes_ref (args->der);
	crl->number = args->number;
	crl->this_update = args->this_update;
	crl->next_update = args->next_update;
	crl->generation = generation;
}

/* The signer lists what it ever listed: login and quotes must not be laxer than the CRL. */
static gboolean
keep_listed (Authority *authority, GBytes *der, GError **error)
{
	g_autoptr (GArray) listed = crl_entries (der, error);

	if (!listed)
		return FALSE;
	for (guint i = 0; i < listed->len; i++) {
		const RevokedEntry *entry = &g_array_index (listed, RevokedEntry, i);
		g_autofree char *serial = NULL;

		if (!status_index_keep_revoked (authority->status, entry))
			continue;
		serial = serial_hex (&entry->serial);
		log_event (LOG_LEVEL_ERROR_, "certificate.unrevoked", "serial", "%s", serial,
		           "detail", "%s", "the database lost this revocation", NULL);
	}
	return TRUE;
}

gboolean
authority_crl_publish (Authority *authority, GError **error)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&authority->crl.publish_lock);
	g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (RevokedEntry));
	guint64 generation = status_index_generation (authority->status);

	for (guint attempt = 1; ; attempt++) {
		g_autoptr (GError) failure = NULL;
		g_autoptr (GBytes) der = NULL;
		CrlArgs args = { .entries = entries };
		gboolean published = sign_and_store (authority, &args, &failure);

		der = args.der;
		if (published) {
			use_crl (&authority->crl, &args, generation);
			return keep_listed (authority, der, error);
		}
		if (attempt == CRL_ATTEMPTS || !g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_SIGNER)) {
			g_propagate_error (error, g_steal_pointer (&failure));
			return FALSE;
		}
	}
}

GBytes *
authority_crl (Authority *authority, guint64 *number, Micros *next_update)
{
	CurrentCrl *crl = &authority->crl;
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&crl->lock);

	if (number)
		*number = crl->number;
	if (next_update)
		*next_update = crl->next_update;
	return g_bytes_ref (crl->der);
}

static gboolean
crl_is_due (Authority *authority)
{
	CurrentCrl *crl = &authority->crl;
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&crl->lock);
	Micros now = clock_now (authority->clock);

	if (crl->generation != status_index_generation (authority->status))
		return TRUE;
	/* A test clock may have been set back. */
	return now >= crl->this_update + CRL_LIFE / 2 || now < crl->this_update;
}

gboolean
authority_tick (Authority *authority, GError **error)
{
	if (!status_index_refresh (authority->status, authority->store, error))
		return FALSE;
	return !crl_is_due (authority) || authority_crl_publish (authority, error);
}
