/* signer/create_agents.h — the key centre of a new site: its first recovery agents.  Part of create.h. */
#pragma once
#include "signer/hierarchy.h"

/* Of the officers with the role recovery_agent, when a threshold is set: their encryption certificates and keys, into `out`; writes
 * agents.log and an empty escrow.log.  After the officers are made. */
gboolean create_agents (const SignerCreate *in, const Hierarchy *h, SignerCreated *out, GError **error);
