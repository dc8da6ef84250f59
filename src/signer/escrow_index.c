/* signer/escrow_index.c — see escrow_index.h. */
#include "signer/escrow_index.h"

#include <string.h>

#define FIRST_SLOTS 64

struct EscrowIndex {
	GArray *places;           /* EscrowPlace */
	guint32 *slots;           /* open addressing; 0: free, else 1 + number in places */
	guint32 n_slots;          /* a power of two, a third of it free at least */
};

EscrowIndex *
escrow_index_new (void)
{
	EscrowIndex *index = g_new0 (EscrowIndex, 1);
	index->places = g_array_new (FALSE, FALSE, sizeof (EscrowPlace));
	index->n_slots = FIRST_SLOTS;
	index->slots = g_new0 (guint32, index->n_slots);
	return index;
}

void
escrow_index_free (EscrowIndex *index)
{
	if (index == NULL)
		return;
	g_array_unref (index->places);
	g_free (index->slots);
	g_free (index);
}

/* The slot of this serial, or the free one where it would be.  The end of a serial is random (pki/serial.c). */
static guint32 *
slot_of (const EscrowIndex *index, const Serial *serial)
{
	guint32 at;
	memcpy (&at, serial->b + sizeof serial->b - sizeof at, sizeof at);
	for (;; at++) {
		guint32 *slot = &index->slots[at & (index->n_slots - 1)];
		if (*slot == 0 || memcmp (&g_array_index (index->places, EscrowPlace, *slot - 1).serial, serial, sizeof *serial) == 0)
			return slot;
	}
}

static void
grow (EscrowIndex *index)
{
	g_free (index->slots);
	index->n_slots *= 2;
	index->slots = g_new0 (guint32, index->n_slots);
	for (guint i = 0; i < index->places->len; i++)
		*slot_of (index, &g_array_index (index->places, EscrowPlace, i).serial) = i + 1;
}

const EscrowPlace *
escrow_index_find (const EscrowIndex *index, const Serial *serial)
{
	const guint32 *slot = slot_of (index, serial);
	return *slot != 0 ? &g_array_index (index->places, EscrowPlace, *slot - 1) : NULL;
}

gboolean
escrow_index_put (EscrowIndex *index, const EscrowPlace *place, EscrowPlace *before)
{
	guint32 *slot = slot_of (index, &place->serial);
	if (*slot != 0) {
		EscrowPlace *there = &g_array_index (index->places, EscrowPlace, *slot - 1);
		*before = *there;
		*there = *place;
		return TRUE;
	}
	g_array_append_val (index->places, *place);
	*slot = index->places->len;
	if (index->places->len > index->n_slots / 3 * 2)
		grow (index);
	return FALSE;
}
