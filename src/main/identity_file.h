/* main/identity_file.h — key files of people who have no certificate yet. */
#pragma once
#include "main/cli.h"
#include "pki/key.h"

/* An encrypted PKCS#8 file; its PIN from --pin-file or the terminal. */
PrivateKey *key_file_load (const Cli *cli, const char *path, GError **error);
char *key_file_pin (const Cli *cli, const char *path, GError **error);       /* secret_free */
