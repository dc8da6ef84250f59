/* main/hsm_options.h — which token the keys of a new site are made on, from the command line. */
#pragma once
#include "main/cli.h"
#include "signer/create.h"

#define HSM_OPTIONS \
	{ "hsm-module", "FILE", "make the signer's keys on a token, by this PKCS#11 module", FALSE }, \
	{ "hsm-token", "LABEL", "which token", FALSE }, \
	{ "hsm-serial", "TEXT", "its serial, when several have this label", FALSE }, \
	{ "hsm-pin-fd", "N", "read the token's PIN from this descriptor", FALSE }, \
	{ "hsm-pin-file", "FILE", "read it from a file", FALSE }, \
	{ "root-hsm-token", "LABEL", "make the root key on a token too, best on one that is then taken away", FALSE }, \
	{ "root-hsm-module", "FILE", "by this module (default: that of --hsm-module)", FALSE }, \
	{ "root-hsm-pin-fd", "N", "read the PIN of the root's token from this descriptor", FALSE }, \
	{ "root-hsm-pin-file", "FILE", "read it from a file", FALSE }

typedef struct {
	SignerCreateToken *token, *root_token;     /* NULL: files */
	char *pin, *root_pin;
} HsmOptions;

gboolean hsm_options_read (const Cli *cli, HsmOptions *out, GError **error);
void hsm_options_clear (HsmOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HsmOptions, hsm_options_clear)
