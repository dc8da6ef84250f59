/* net/quota.h — what one address may take: connections at a time, requests a second.
 *
 * IPv6 addresses count by /64, the least a subscriber is given.  An address is forgotten when it
 * has no connection and its bucket is full again, so the table is bounded by the peers of the
 * last seconds.
 */
#pragma once
#include <glib.h>
#include <sys/socket.h>

typedef struct Quota Quota;
typedef struct AddressEntry AddressEntry;

/* 0 = no limit.  The bucket holds two seconds' worth. */
Quota *quota_new (guint connections, guint per_second);
void quota_free (Quota *quota);
/* Before accepting: FALSE when the address has all its connections. */
gboolean quota_may_connect (Quota *quota, const struct sockaddr *address);
AddressEntry *quota_connected (Quota *quota, const struct sockaddr *address);
void quota_disconnected (Quota *quota, AddressEntry *entry);
/* Takes one token; FALSE when there is none. */
gboolean quota_take (Quota *quota, AddressEntry *entry, gint64 now);
