/* signer/recovery.h — giving an escrowed key back: two officers approve, k agents each sign and hand in a share.
 *
 * A recovery is named by the hash of its service request, and lives from "recovery.begin" to the k-th share.  Its transport key and the
 * shares given are in memory only: a signer that ends takes them along, and whoever recorded the messages cannot read
 * them later.  What stays is escrow.log: who did what, and the envelope that the requester got.
 * Nobody plays two parts: whoever approved the recovery is no agent in it, and the fresh key is no officer's and no agent's.
 */
#pragma once
#include "signer/escrow.h"

typedef struct Recoveries Recoveries;        /* those under way */
Recoveries *recoveries_new (void);
void recoveries_free (Recoveries *recoveries);      /* wipes */
