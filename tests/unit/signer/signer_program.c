/* `diqi signer` alone, for the tests of this layer: what main does with this command. */
#include <stdio.h>

#include "signer/signer.h"

int
main (int argc, char **argv)
{
	if (argc < 2) {
		fprintf (stderr, "usage: signer-program signer --dir DIR …\n");
		return 2;
	}
	return signer_command (argc - 1, argv + 1);
}
