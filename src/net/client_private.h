/* net/client_private.h — what client.c and sse_client.c share. */
#pragma once
#include "net/client.h"

#include <curl/curl.h>

typedef struct curl_slist HeaderList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeaderList, curl_slist_free_all)

struct HttpClient {
	CURL *curl;
	char *base;                               /* without a slash at the end */
	char *ca_file, *p12_file, *p12_password;
	gsize body_max;
	long seconds;
	gboolean leave_json;
	char detail[CURL_ERROR_SIZE];
};

/* Once a process, before the first handle. */
void client_init_once (void);
gboolean client_prepare (HttpClient *client, const char *path, GError **error);
gboolean client_headers (const char *const *headers, const char *content_type, HeaderList **out, GError **error);
gboolean client_fail (HttpClient *client, CURLcode code, GError **error);
