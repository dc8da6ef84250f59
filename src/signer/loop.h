/* signer/loop.h — one thread that reads, handles, makes durable, answers; in that order. */
#pragma once
#include "signer/keyring.h"

/* One connection, until its end: the socket pair of a spawning process. */
void loop_serve (Keyring *keyring, int connection);
/* Connections from `listener` (non-blocking), for ever; peers of our own user and root only. */
void loop_listen (Keyring *keyring, int listener);
