/* fuzz/fuzz_transcript.c — a ceremony's transcript is read by people who do not trust whoever wrote it: nothing but a well-formed one with right
 * signatures opens, and what opens is written down as it is. */
#include <stdint.h>

#include "base/error.h"
#include "signer/transcript.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) bytes = g_bytes_new (data, size);
	g_autoptr (Transcript) transcript = transcript_open (bytes, &error);
	if ((transcript == NULL) != (error != NULL) || (error != NULL && error->domain != DIQI_ERROR))
		g_error ("refused without a reason");
	if (transcript == NULL)
		return 0;
	g_autoptr (json_t) effect = transcript_effect (transcript);
	g_autoptr (GBytes) again = jcs_bytes (transcript->json);
	if (!g_bytes_equal (again, bytes) || transcript->signers->len < TRANSCRIPT_LEAST_SIGNERS
	    || json_array_size (json_object_get (effect, "present")) != transcript->signers->len)
		g_error ("it opens and is not what it says");
	return 0;
}
