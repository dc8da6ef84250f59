/* registry/reminder.h — telling holders that a certificate lapses, or that a hold will end in its revocation.
 *
 * 90, 60, 30, 15, 7, 3 and 1 days before, and when it did: each once a certificate; after downtime the newest that is due,
 * not those it missed.  Not for certificates that are revoked or on hold, nor for those that have a successor.
 * The address is the one in the form of the application that the certificate was issued for.
 */
#pragma once
#include "registry/registry.h"

/* Runs transactions of its own until nobody is left to be told; *told (may be NULL): how many. */
gboolean registry_remind (Registry *registry, Store *store, guint *told, GError **error);

/* Tells the holders whose hold ends by itself, after `longest` days, within `ahead` days; each once a hold.  ahead 0: nobody. */
gboolean registry_warn_of_holds (Registry *registry, Store *store, gint64 longest, gint64 ahead, guint *told, GError **error);

/* A sale that the holder of a certificate may quote in, from market (a sibling of registry). */
typedef struct {
	const char *fingerprint;     /* hex, of the certificate that was qualified */
	const char *sale, *title;
	Micros ends;
} SaleOfHolder;
/* Tells the holder, once a sale, when the certificate lapses before the sale ends. */
gboolean registry_remind_of_sale (Tx *tx, Registry *registry, const SaleOfHolder *sale, GError **error);

typedef struct {
	char *application, *number, *service;
	Micros submitted, due;
} PromisedRow;
/* Promised times of a subject's open applications: PromisedRow *, owned. */
GPtrArray *registry_promised (Tx *tx, const char *subject, GError **error);
