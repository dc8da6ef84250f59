/* net/guard.h — refuses requests that two readers could understand differently.
 *
 * libmicrohttpd 0.9.75 is lenient: it takes the first of two Content-Lengths, lets
 * Transfer-Encoding win over Content-Length, keeps a blank before the colon in the name, and on
 * obs-fold glues the folded text to the *name* of the field.  Everything here is DIQI_ERROR_REQUEST
 * and ends the connection, since where the next request starts is no longer certain.
 *
 * Two malformed line ends cannot be told from CRLF in what that parser leaves (found by fuzz_http_request): NUL
 * and a bare LF, and a line of only a colon and a bare LF.  They matter only behind a proxy that forwards a NUL or
 * a field without a name; nginx and HAProxy do not.
 */
#pragma once
#include "net/server_private.h"

/* Header fields into r->header (copies in r->text), framing into r->expects_body and r->declared.
 * Rules: RFC 9112 sections 2.2, 3, 5.1, 5.2, 6.1, 6.3; RFC 9110 sections 5.5, 7.2. */
gboolean guard_read (Request *r, const char *method, const char *version, const char *url, GError **error);
/* After a chunked body: trailers are refused, since their lines cannot be checked as those of the header are. */
gboolean guard_end (Request *r, GError **error);
gboolean guard_is_token (const char *text);
