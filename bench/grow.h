/* bench/grow.h — a site that has been in service for years, made in minutes. */
#pragma once
#include <glib.h>

/* Of a site that does not run: issues this many certificates by its own first CA, revokes every n-th so that `revoked` are, and writes both
 * into the signer's journal and into the database as the programs would have, so that neither finds anything odd at the next start.  The
 * holders' keys are thrown away.  DIR: the site's folder.  database: FALSE when there is none, for the signer alone. */
gboolean grow_site (const char *dir, const char *passphrase, gboolean database, guint certificates, guint revoked, GError **error);
