/* protocol/internal.h — handlers of this folder, for its table. */
#pragma once
#include "protocol/protocol.h"

static inline const ProtocolContext *
protocol_context (const Request *r)
{
	return request_route_data (r);
}

/* Is the body of this media type, whatever parameters it names (RFC 9110 8.3.1)? */
gboolean protocol_is_type (const Request *r, const char *type);
/* Has who asks what is tagged so (RFC 9110 13.1.2: a list of tags, compared weakly, or "*")? */
gboolean protocol_has (const Request *r, const char *etag);

Response *protocol_ocsp_post (Request *r);
Response *protocol_ocsp_get (Request *r);
/* Answers that are kept in memory; NULL when there is none. */
Response *protocol_ocsp_post_kept (Request *r);
Response *protocol_ocsp_get_kept (Request *r);
Response *protocol_stamp (Request *r);
Response *protocol_full_list (Request *r);
Response *protocol_delta_list (Request *r);
Response *protocol_shard_list (Request *r);
Response *protocol_root_certificate (Request *r);
Response *protocol_ca_certificate (Request *r);
Response *protocol_ca_root (Request *r);
Response *protocol_ca_chain (Request *r);
Response *protocol_root_crl (Request *r);
/* The authority that the path names; NULL: *response says that there is none. */
const SignerCa *protocol_ca (Request *r, Response **response);
Response *protocol_checkpoint (Request *r);
Response *protocol_tile (Request *r);
