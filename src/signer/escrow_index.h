/* signer/escrow_index.h — where each escrowed key's record is: all that the running signer keeps of a key.
 *
 * 72 octets a key in one array, and a table of numbers into it: a million keys take about 80 MB.  What else a record says is read from
 * the file when somebody asks for that key, and held against the hash taken here.
 */
#pragma once
#include "pki/certificate.h"

typedef struct {
	Serial serial;
	guint32 agents;           /* version of the list of agents */
	goffset offset;           /* of the record's JSON in the file */
	Fingerprint hash;         /* of that JSON */
	guint32 n;                /* its length */
} EscrowPlace;

typedef struct EscrowIndex EscrowIndex;
EscrowIndex *escrow_index_new (void);
void escrow_index_free (EscrowIndex *index);

/* Borrowed until the next one is put; NULL: none. */
const EscrowPlace *escrow_index_find (const EscrowIndex *index, const Serial *serial);
/* In place of an earlier one of the same serial; TRUE with *before then. */
gboolean escrow_index_put (EscrowIndex *index, const EscrowPlace *place, EscrowPlace *before);
