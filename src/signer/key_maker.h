/* signer/key_maker.h — RSA key pairs of the key centre, made beside the loop.
 *
 * An RSA pair takes from a tenth of a second to several; in the loop, OCSP answers and every other certificate would wait for it.  One thread
 * makes them, at a lower priority, and keeps KEY_MAKER_READY of a size once somebody has asked for one of that size since the
 * start: a site without RSA holders computes nothing.  Who finds none ready is refused (DIQI_ERROR_KEY_CENTRE_BUSY) and asks again
 * (signer_issue_pair does); the loop waits for nobody.  A pair is handed out once, lies in OpenSSL's secure heap like every private key,
 * is written nowhere, and ends with the process if nobody takes it.  Pairs on curves are made where they are needed, in microseconds.
 *
 * The thread is started before the sandbox closes, which then holds for it too.
 */
#pragma once
#include "pki/key.h"

#define KEY_MAKER_READY 4

typedef struct KeyMaker KeyMaker;

/* Its thread runs for as long as the process.  DIQI_ERROR_CONFIG. */
KeyMaker *key_maker_start (GError **error);
/* Wipes what is ready; a pair under way is wiped when it is done, by the thread, which then ends. */
void key_maker_stop (KeyMaker *maker);

/* maker NULL: nobody makes RSA pairs (DIQI_ERROR_KEY_CENTRE_BUSY). */
PrivateKey *key_maker_take (KeyMaker *maker, KeyAlgorithm algorithm, GError **error);
