/* api/pages.h — the public pages: plain HTML written by the server, readable without JavaScript.
 *
 * "/" lists announced sales with price and deadline and the authority's certificates; "/sales/{id}"
 * shows one sale.  Live prices come by the page's small script over server-sent events; without it
 * the page refreshes itself.
 */
#pragma once
#include "net/server.h"

const Route *page_routes (gsize *n);
