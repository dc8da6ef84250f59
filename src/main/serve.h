/* main/serve.h — a process that serves one site. */
#pragma once
#include "main/site.h"

/* Called when the site answers. */
typedef gboolean (*ServeReady) (Site *site, gpointer user, GError **error);
/* Opens, starts, and serves until SIGTERM or SIGINT; then drains.  listen NULL: as configured; passphrase of the signer's keys. */
gboolean serve_until_signal (const char *dir, const char *listen, const char *passphrase, ServeReady ready, gpointer user, GError **error);
