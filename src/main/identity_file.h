/* main/identity_file.h — key files of people who have no certificate yet. */
#pragma once
#include "main/cli.h"
#include "pki/certificate.h"

/* An encrypted PKCS#8 file; its PIN from --pin-file or the terminal. */
PrivateKey *key_file_load (const Cli *cli, const char *path, GError **error);
/* One certificate, PEM or DER. */
Certificate *certificate_file_read (const char *path, GError **error);
/* A new PKCS#12 of key, certificate and issuing (NULL: none). */
gboolean p12_file_write (const char *path, const PrivateKey *key, const Certificate *certificate, Certificate *issuing, const char *pin, GError **error);
char *key_file_pin (const Cli *cli, const char *path, GError **error);       /* secret_free */
/* From --pin-file too, else typed twice; at least six characters. */
char *key_file_new_pin (const Cli *cli, const char *path, GError **error);   /* secret_free */
/* Could a file be made there?  Asked before anything is done that its content comes of. */
gboolean file_is_free (const char *path, GError **error);
