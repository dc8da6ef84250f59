/* registry/parcel.h — certificates and tokens sent by post. */
#pragma once
#include "registry/registry.h"

/* Statement parcel.send: {application, carrier, number, recipient}, by a clerk, once the certificate is issued; again when a
 * parcel was lost.  *view: {application, handover, parcels} (registry/handover.h). */
gboolean parcel_send (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Statement *statement,
                      json_t **view, GError **error);
/* The applicant has it, or a clerk read so in the carrier's tracking.  DIQI_ERROR_FIELD_VALUE: no such parcel of this
 * application; _APPLICATION_STATE: received before. */
gboolean parcel_received (Tx *tx, Registry *registry, const Actor *actor, const char *id, const char *parcel, json_t **view, GError **error);
