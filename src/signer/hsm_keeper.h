/* signer/hsm_keeper.h — the process that holds one token: `diqi hsm-keeper`, started by who uses the token.
 *
 * A PKCS#11 module is its maker's code and needs what the signer's filter forbids: files, sockets, threads.  So it is not in
 * the signer: this process has the module and the PIN, and nothing else; it cannot run programs, trace others or change the
 * system (sandbox_fence_module).  The signer decides what is signed; the keeper signs what it is told to.
 *
 * Messages are frames (frame.h) of JSON, some with raw bytes; one at a time, each answered:
 *   {"do":"open","module","token","serial","last_try"} + PIN → token's facts       first, once
 *   {"do":"facts"}                          → token's facts
 *   {"do":"find","label"}                   → {"spki" (base64; absent: the token has none), "sensitive", "extractable", "local"}
 *   {"do":"make","label","algorithm"}       → the same
 *   {"do":"make_sealing"|"delete","label"}  → {}
 *   {"do":"sign","label"} + input           → {} + signature
 *   {"do":"seal"|"unseal","label","context"} + bytes → {} + bytes
 *   anything refused                        → {"error":{"code","detail"}, "locked_out"}
 */
#pragma once

/* Ends with its socket.  argv[0] is the command's own name. */
int hsm_keeper_command (int argc, char **argv);
