/* net/quota.c — see quota.h. */
#include "net/quota.h"
#include "base/clock.h"

#include <netinet/in.h>
#include <string.h>

typedef struct {
	guint8 family;
	guint8 bytes[8];
} AddressKey;

struct AddressEntry {
	AddressKey key;
	guint connections;
	gint64 tokens;                            /* millionths */
	gint64 refilled;                          /* monotonic */
};

struct Quota {
	GMutex lock;
	GHashTable *entries;
	guint connections;
	gint64 per_second;
	gint64 swept;
};

static guint
key_hash (gconstpointer p)
{
	const AddressKey *key = p;
	guint h = key->family;
	for (guint i = 0; i < sizeof key->bytes; i++)
		h = h * 31 + key->bytes[i];
	return h;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
	return memcmp (a, b, sizeof (AddressKey)) == 0;
}

static AddressKey
key_of (const struct sockaddr *address)
{
	AddressKey key = { 0 };
	if (address == NULL)
		return key;
	if (address->sa_family == AF_INET) {
		key.family = 4;
		memcpy (key.bytes, &((const struct sockaddr_in *) address)->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		const struct in6_addr *six = &((const struct sockaddr_in6 *) address)->sin6_addr;
		gboolean mapped = IN6_IS_ADDR_V4MAPPED (six);
		key.family = mapped ? 4 : 6;
		memcpy (key.bytes, six->s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
	}
	return key;
}

Quota *
quota_new (guint connections, guint per_second)
{
	Quota *quota = g_new0 (Quota, 1);
	g_mutex_init (&quota->lock);
	quota->entries = g_hash_table_new_full (key_hash, key_equal, NULL, g_free);
	quota->connections = connections;
	quota->per_second = per_second;
	return quota;
}

void
quota_free (Quota *quota)
{
	if (quota == NULL)
		return;
	g_hash_table_unref (quota->entries);
	g_mutex_clear (&quota->lock);
	g_free (quota);
}

static void
refill (Quota *quota, AddressEntry *entry, gint64 now)
{
	gint64 full = 2 * quota->per_second * MICROS_PER_S;
	gint64 elapsed = MIN (now - entry->refilled, 2 * MICROS_PER_S);
	entry->tokens = MIN (full, entry->tokens + elapsed * quota->per_second);
	entry->refilled = now;
}

static gboolean
forgettable (gpointer key G_GNUC_UNUSED, gpointer value, gpointer user)
{
	const AddressEntry *entry = value;
	return entry->connections == 0 && *(gint64 *) user - entry->refilled > 2 * MICROS_PER_S;
}

static void
sweep (Quota *quota, gint64 now)
{
	if (now - quota->swept < 10 * MICROS_PER_S)
		return;
	quota->swept = now;
	g_hash_table_foreach_remove (quota->entries, forgettable, &now);
}

gboolean
quota_may_connect (Quota *quota, const struct sockaddr *address)
{
	if (quota->connections == 0)
		return TRUE;
	AddressKey key = key_of (address);
	g_mutex_lock (&quota->lock);
	AddressEntry *entry = g_hash_table_lookup (quota->entries, &key);
	gboolean may = entry == NULL || entry->connections < quota->connections;
	g_mutex_unlock (&quota->lock);
	return may;
}

AddressEntry *
quota_connected (Quota *quota, const struct sockaddr *address)
{
	if (quota->connections == 0 && quota->per_second == 0)
		return NULL;
	AddressKey key = key_of (address);
	gint64 now = clock_monotonic ();
	g_mutex_lock (&quota->lock);
	sweep (quota, now);
	AddressEntry *entry = g_hash_table_lookup (quota->entries, &key);
	if (entry == NULL) {
		entry = g_new0 (AddressEntry, 1);
		entry->key = key;
		entry->refilled = now;
		entry->tokens = 2 * quota->per_second * MICROS_PER_S;
		g_hash_table_insert (quota->entries, &entry->key, entry);
	}
	entry->connections++;
	g_mutex_unlock (&quota->lock);
	return entry;
}

void
quota_disconnected (Quota *quota, AddressEntry *entry)
{
	if (entry == NULL)
		return;
	g_mutex_lock (&quota->lock);
	entry->connections--;
	g_mutex_unlock (&quota->lock);
}

gboolean
quota_take (Quota *quota, AddressEntry *entry, gint64 now)
{
	if (entry == NULL || quota->per_second == 0)
		return TRUE;
	g_mutex_lock (&quota->lock);
	refill (quota, entry, now);
	gboolean may = entry->tokens >= MICROS_PER_S;
	if (may)
		entry->tokens -= MICROS_PER_S;
	g_mutex_unlock (&quota->lock);
	return may;
}
