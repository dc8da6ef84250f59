/* signer/pins_private.h — what pins.c and pinned_ca.c share. */
#pragma once
#include "signer/pins.h"

void pinned_ca_free (PinnedCa *ca);
PinnedCa *pins_nth_ca (const Pins *pins, guint i);
/* DIR/file, whose hash must be `pinned` (hex); usage: its one extended key usage, 0 for a CA. */
Certificate *pins_read_certificate (const char *dir, const char *file, const char *pinned, guint usage, GError **error);
/* The CAs beyond the first: as site.json has them, and read from there. */
json_t *pins_further_cas (const Pins *pins);
gboolean pins_load_cas (Pins *pins, const char *dir, const json_t *further, GError **error);
json_t *pins_describe_cas (const Pins *pins);
