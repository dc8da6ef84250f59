/* protocol/protocol.h — what other people's software asks of a certificate authority: CA certificates,
 * CRL (RFC 5280), OCSP (RFC 6960, GET and POST), time stamps (RFC 3161), and the log's tiles and checkpoint (C2SP tlog-tiles).
 * Answered from memory as far as no signature is needed.
 */
#pragma once
#include "authority/authority.h"
#include "evidence/checkpoint.h"
#include "net/server.h"

/* What the routes answer from; borrowed, must outlive the servers. */
typedef struct {
	Authority *authority;
	SignerClient *signer;
	LogKeeper *keeper;
	const Clock *clock;
	Metrics *metrics;
	const char *ca_folder;      /* where the roots' own lists are put (docs/layout.md) */
} ProtocolContext;

/* The list of the root above this authority, verified; number and next_update may be NULL.  DIQI_ERROR_NOT_FOUND, _CERTIFICATE…. */
GBytes *protocol_root_list (const ProtocolContext *context, const SignerCa *ca, guint64 *number, Micros *next_update, GError **error);

/* Routes whose data is `context`; `permission` is given to each (net refuses 0).  Caller frees the array. */
Route *protocol_routes (const ProtocolContext *context, guint permission, gsize *n);
