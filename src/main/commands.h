/* main/commands.h — commands that are more than a table entry. */
#pragma once

/* `diqi signer …`, the key-holding process (see signer/signer.h). */
int command_signer (int argc, char **argv);
