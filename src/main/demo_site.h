/* main/demo_site.h — material of demo sites: forms, PINs, notices from the synthetic parcels. */
#pragma once
#include "main/demo.h"

/* First moment of every demo site: 2026-02-24 09:00 in Beijing, before the first synthetic notice. */
#define DEMO_BEGIN "2026-02-24T01:00:00.000000Z"

/* A test site with a random passphrase in DIR/passphrase, its clock frozen at `clock`. */
gboolean demo_make_site (const char *dir, const char *clock, const DemoOptions *options, GError **error);
/* From its next start on the site's clock runs, from `now`. */
gboolean demo_release_clock (const char *dir, const char *now, GError **error);
/* Copies an embedded file of data/demo. */
gboolean demo_write_resource (const char *name, const char *path, GError **error);
gboolean demo_write_pin (const char *path, GError **error);
/* The notice of one synthetic parcel (data/parcels.json), as content for "notice new". */
gboolean demo_write_notice (const char *parcel_code, const char *path, GError **error);
