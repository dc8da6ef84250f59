/* pki/tsp.h — time stamps: RFC 3161 with the certificate attribute of RFC 5816.
 *
 * A request is read strictly; what it asks for beyond what is stamped here gets the failure that RFC 3161 2.4.2 names
 * for it.  The token is CMS SignedData over a TSTInfo built here from a hash, so the time-stamping key never signs
 * bytes that a caller chose.
 */
#pragma once
#include "pki/certificate.h"

#define TSP_MAX_REQUEST 4096
#define TSP_MAX_NONCE 64               /* octets of the number; clients send 8 */
#define TSP_MAX_IMPRINT 64
/* Below the arc of certificate.h: .4.1, the policy of this authority's time stamps. */
#define TSP_POLICY "2.25.305447819689411628422610157834667034486.4.1"

/* PKIFailureInfo (RFC 3161 2.4.2): bit numbers. */
typedef enum {
	TSP_BAD_ALGORITHM = 0, TSP_BAD_REQUEST = 2, TSP_BAD_FORMAT = 5, TSP_TIME_NOT_AVAILABLE = 14,
	TSP_UNACCEPTED_POLICY = 15, TSP_UNACCEPTED_EXTENSION = 16, TSP_SYSTEM_FAILURE = 25,
} TspFailure;

typedef enum { TSP_SHA256, TSP_SHA384, TSP_SHA512, TSP_SM3, TSP_N_HASHES } TspHash;

typedef struct {
	TspHash hash;
	guint8 imprint[TSP_MAX_IMPRINT];
	gsize imprint_n;
	gboolean null_parameters;          /* of the hash: NULL was written, and is written in the answer */
	guint8 nonce[TSP_MAX_NONCE + 1];   /* the octets of the INTEGER, which may be negative; one more for its sign */
	gsize nonce_n;                     /* 0: none */
	gboolean certificates;             /* certReq */
} TspRequest;

/* FALSE: *failure says why, for tsp_failure; *detail is a constant text. */
gboolean tsp_request_parse (gconstpointer der, gsize n, TspRequest *out, TspFailure *failure, const char **detail);
/* Does this TimeStampResp say granted? */
gboolean tsp_is_granted (GBytes *response);
/* TimeStampResp with status rejection. */
GBytes *tsp_failure (TspFailure failure, const char *detail);

/* One stamp.  serial is unique; accuracy is what the clock is off by at most; ordering (TRUE) is the caller's promise
 * that the times of all its stamps differ and rise. */
typedef struct {
	const TspRequest *request;
	Serial serial;
	Micros time, accuracy;
	gboolean ordering;
} TspStamp;
/* TimeStampResp with status granted.  The key's certificate must be one for time stamping. */
GBytes *tsp_stamp (const PrivateKey *key, const Certificate *certificate, Certificate *const *chain, gsize n,
                   const TspStamp *stamp, GError **error);
