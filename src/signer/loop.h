/* signer/loop.h — one thread that reads, handles, makes durable, answers; in that order. */
#pragma once
#include <sys/types.h>

#include "signer/keyring.h"

/* One connection, until its end: the socket pair of a spawning process. */
void loop_serve (Keyring *keyring, int connection);
/* Connections from `listener` (non-blocking), for ever; peers of user `uid` and root only. */
void loop_listen (Keyring *keyring, int listener, uid_t uid);
