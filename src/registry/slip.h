/* registry/slip.h — the text of a 受理回执; used by registry only. */
#pragma once
#include "registry/application_private.h"

/* access_code NULL: a note that it was shown once.  Caller frees. */
char *slip_text (const Application *application, const Tariff *tariff, const char *access_code, Micros now);
