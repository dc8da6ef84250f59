/* api/record_page.h — GET /applications/{id}: where the QR code of a paper leads. */
#pragma once
#include "api/call.h"

/* The record for who may see it by his session; for anybody else a page that asks to log in and does
 * not say whether there is such a record. */
Response *get_record_page (ApiCall *call, GError **error);
