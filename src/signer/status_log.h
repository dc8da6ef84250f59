/* signer/status_log.h — the journal's records of revocations, lifted holds and lists, and what follows from them for each CA.
 *
 *   {"type":"revoked","serial","revoked_at","reason","not_after"}           reason 6: a hold
 *   {"type":"unheld","serial","request","review","complete"}                hash of the service request, identities of both approvals
 *   {"type":"crl","ca"?,"list","shard"?,"base"?,"number","hash","entries"}  list absent: by an older version
 */
#pragma once
#include "signer/chain.h"
#include "signer/revocations.h"

typedef struct StatusLog StatusLog;
StatusLog *status_log_new (void);
void status_log_free (StatusLog *log);

/* Made when it is first asked for; ca: interned name. */
Revocations *status_log_of (StatusLog *log, const char *ca);
/* Did this service request end a hold of this certificate before?  It does so once. */
gboolean status_log_has_lifted (const StatusLog *log, const Fingerprint *request, const Serial *serial);

/* The CA of a certificate in the journal (interned), NULL: there is none. */
typedef const char *(*StatusLogIssuer) (gpointer user, const Serial *serial);
/* A record of one of these types. */
gboolean status_log_replay (StatusLog *log, ChainLine *record, StatusLogIssuer issuer, gpointer user, Micros *time, GError **error);

/* Remember, and give the members of the record that says so besides type and time; NULL: nothing new. */
json_t *status_log_revoked (StatusLog *log, const char *ca, const RevokedEntry *entry, Micros not_after);
typedef struct {
	Serial serial;
	Fingerprint request, review, complete;
} Lifting;
json_t *status_log_unheld (StatusLog *log, const char *ca, const Lifting *lifting);
typedef struct {
	const char *ca;           /* interned; the first when it equals `first` */
	ListKind kind;
	guint shard;
	gboolean base;
	guint64 number;
	Fingerprint hash;
	gsize entries;
} ListMade;
json_t *status_log_list (StatusLog *log, const ListMade *made, gboolean first, Micros time);
