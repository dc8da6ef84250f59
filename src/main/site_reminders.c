/* main/site_reminders.c — what holders are told in time: registry knows the certificates, market the sales. */
#include "main/site.h"
#include "market/open_bids.h"
#include "registry/reminder.h"

static gboolean
read_bids (Tx *tx, gpointer arg, GError **error)
{
	GPtrArray **bids = arg;
	g_clear_pointer (bids, g_ptr_array_unref);
	*bids = open_bids (tx, NULL, error);
	return *bids != NULL;
}

typedef struct {
	Registry *registry;
	const GPtrArray *bids;
} BidReminders;

static gboolean
remind_bidders (Tx *tx, gpointer arg, GError **error)
{
	const BidReminders *r = arg;
	for (guint i = 0; i < r->bids->len; i++) {
		const OpenBid *bid = r->bids->pdata[i];
		const SaleOfHolder sale = { bid->fingerprint, bid->sale, bid->title, bid->listing_end };
		if (!registry_remind_of_sale (tx, r->registry, &sale, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
site_remind (gpointer user, GError **error)
{
	Site *site = user;
	g_autoptr (GPtrArray) bids = NULL;
	if (!registry_remind (site->registry, site->store, NULL, error) ||
	    !registry_warn_of_holds (site->registry, site->store, config_int (site->config, "authority", "max_hold_days"),
	                             config_int (site->config, "authority", "hold_warning_days"), NULL, error) ||
	    !store_read (site->store, "reminders.bids", read_bids, &bids, error))
		return FALSE;
	BidReminders r = { site->registry, bids };
	return bids->len == 0 || store_run (site->store, "reminders.sales", remind_bidders, &r, error);
}
