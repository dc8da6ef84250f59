/* registry/handover.h — who handed what to whom, when and where.
 *
 * Part of certificate.deliver (registry.h): over the counter, by post, or fetched by the holder himself.  Tokens, one for
 * each copy of the certificate, are taken out of the point's stock.
 */
#pragma once
#include "registry/application_private.h"

typedef struct {
	const char *method;              /* counter, post, download */
	const char *point;               /* NULL: the application's, if it has one */
	const json_t *tokens;            /* serials, one a copy; NULL: the keys are not on tokens of ours */
	const char *recipient;           /* NULL: not said */
	gboolean identity_seen;
} Handover;

/* Inside the act of delivering.  copies: certificates of the application; point: the application's or NULL.
 * Tokens want a point, a recipient, and over the counter his identity seen; post wants a parcel (DIQI_ERROR_PARCEL_MISSING). */
gboolean handover_record (Step *step, const Handover *handover, guint copies, const char *point, GError **error);

/* {handover: null or {method, point?, recipient?, identity_seen, time, by, tokens:[…]}, parcels:[…]}, to who may see the application. */
gboolean handover_view (Tx *tx, const Actor *actor, const char *application, json_t **view, GError **error);
