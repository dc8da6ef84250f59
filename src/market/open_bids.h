/* market/open_bids.h — who may quote in sales that are not closed: for reminders and calendars. */
#pragma once
#include "base/clock.h"
#include "pki/key.h"
#include "store/store.h"

typedef struct {
	char *sale, *subject;
	char *title;                 /* "太测网挂〔2026〕01号 高新区·青禾路东" of the notice */
	char *fingerprint;           /* hex, of the certificate that was qualified */
	Micros announced_at, quiet_from, listing_end;
} OpenBid;

/* subject NULL: everybody's.  OpenBid *, owned, by the end of the listing. */
GPtrArray *open_bids (Tx *tx, const char *subject, GError **error);
