/* signer/examine_chains.h — are the chains of a signer's folder whole, and do they fit together?  Part of examine.h.
 *
 * What a start of the signer would refuse (a changed line), and what it cannot know: that a file was lost, or put back from an older
 * backup.  An encryption key is in escrow.log before its certificate is in journal.log (escrow.h), so a certificate without a key
 * says that escrow.log lacks something, and that this holder's key could not be recovered. */
#pragma once
#include "signer/examine.h"

void examine_chains (const char *dir, FindingSink sink, gpointer user);
