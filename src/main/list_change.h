/* main/list_change.h — a list pinned by the signer, changed by two people: one writes the proposal to a file, two sign it, one sends it.
 *
 * A proposal is {"version","previous","list"}: what the list now is called, its hash, and the whole next list. */
#pragma once
#include "main/cli.h"

/* To the command's first argument.  A list of version 0 is none yet. */
gboolean list_change_write (Cli *cli, const json_t *current, const json_t *next, const char *sign_command, GError **error);
/* Shows the proposal of the first argument, and writes a statement of this type over it to the second. */
gboolean list_change_sign (Cli *cli, const char *type, const char *what, GError **error);
/* Sends proposal and both statements, the three arguments; of the list it becomes these columns are shown. */
gboolean list_change_submit (Cli *cli, const char *path, const char *columns, GError **error);
/* The proposal in a file: the whole next list.  What two sign over: members of both statements' payloads. */
json_t *list_change_proposed (const char *path, GError **error);
json_t *list_change_payload (const json_t *current, const json_t *next);
/* A compact statement as such a command wrote it. */
char *statement_file_read (const char *path, GError **error);
/* A key's request for a proposal, base64: looked at first, since a proposal goes to others, and a key file must not. */
json_t *list_change_csr (const char *path, GError **error);
