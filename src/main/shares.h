/* main/shares.h — the signer's passphrase as the command line gets it: from a file, descriptor, credential or terminal, or joined from shares. */
#pragma once
#include "main/cli.h"

#define SHARE_OPTIONS \
	{ "shares", "FILES", "join the signer's passphrase from these shares, with commas", FALSE }, \
	{ "share-passphrases", "FILES", "files of the shares' passphrases, in the same order (default: asked)", FALSE }

/* signer_dir: the signer's folder.  secret_free. */
char *signer_passphrase (const Cli *cli, const char *signer_dir, GError **error);
