/* api/sale_evidence.h — the evidence bundle of a closed sale, for anybody. */
#pragma once
#include "api/call.h"

Response *get_bundle (ApiCall *call, GError **error);
