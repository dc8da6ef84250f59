/* api/cps.h — the practice statement (CP/CPS): what the machine enforces, as a document and as a page.
 *
 * Electronic Signature Law articles 19 and 21, and RFC 3647 for its order.  Every figure is read from what enforces it: profiles from the
 * signer, lifetimes from the authority, services and their effects from the registry's table, fees from the tariff, recovery agents from
 * the key centre.  Nothing is written here a second time.
 */
#pragma once
#include "api/api.h"

/* The document of /pki/cps.json; NULL with a reason. */
json_t *cps_document (const Api *api, Micros now, GError **error);
/* The page of such a document. */
Response *cps_page (const json_t *document);

Response *cps_route_json (Request *r);
Response *cps_route_page (Request *r);
