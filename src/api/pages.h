/* api/pages.h — the public pages: plain HTML written by the server, readable without JavaScript.
 *
 * "/" lists announced sales with price and deadline and the authority's certificates; "/sales/{id}"
 * shows one sale.  The pages carry no script: they ask for themselves again every few seconds.
 */
#pragma once
#include "net/server.h"

const Route *page_routes (gsize *n);
