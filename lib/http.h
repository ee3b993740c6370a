/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: http - the one door to libcurl's client: metadata services, Kubernetes API
 *
 * Calls run on the caller's loop, any number at once; each ends by its done() with the
 * answer, or with a negative errno and the words for it. Any complete answer is r = 0,
 * whatever its status: what 404 means is for the caller to say. No proxy is used, no
 * redirect followed, and nothing but http and https spoken.
 *
 * A struct http_call is embedded in its owner, who ends it by http_call_release(); that
 * cancels it where it still runs, and done() is then not called. Strings of a request
 * are copied where they are needed longer than http_start().
 */

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/loop.h"

#define HTTP_MAX (4UL << 20) /* default cap of an answer, bytes */

struct http;

/* What is wrong with a server's certificate. */
enum http_certificate {
	HTTP_CERTIFICATE_FINE,
	HTTP_CERTIFICATE_NAME, /* it does not name the host of the URL */
	HTTP_CERTIFICATE_EXPIRED, /* or is not valid yet */
	HTTP_CERTIFICATE_AUTHORITY, /* nobody we trust has signed it */
};

struct http_request {
	const char *url;
	const char *method; /* NULL: GET */
	const char *const *headers; /* "Name: value", ending in NULL; or NULL */
	const char *body; /* or NULL */
	size_t body_len;
	const char *resolve; /* "name:port:address" instead of DNS, or NULL */
	const char *ca_file; /* NULL: the system's */
	const char *cert_file; /* of the client, or NULL */
	const char *key_file;
	size_t max; /* cap of the answer; 0: HTTP_MAX */
	int64_t start_ns; /* not before; 0: at once */
	int64_t deadline_ns; /* absolute; 0: none */
};

struct http_call {
	/* Set by the owner before http_start(); may start and release calls. */
	void (*done)(struct http_call *call);

	/* The answer, valid in done() and until http_call_release(). */
	int r; /* 0, or a negative errno */
	unsigned int status; /* 200, ... */
	char etag[64]; /* of the answer, or "" */
	struct buf body;
	char error[192]; /* words where r < 0 */
	enum http_certificate certificate; /* where r is -EKEYREJECTED */
	int64_t elapsed_ns; /* from its start */

	/* Private. */
	struct http *http;
	void *easy, *headers, *resolve;
	struct loop_timer timer;
	int64_t start_ns, deadline_ns;
	bool running;
	char curl_error[256];
};

must_check int http_new(struct loop *loop, struct http **ret_http);
void http_free(struct http *h);
DEFINE_CLEANUP(struct http *, http_free)

must_check int http_start(struct http *h, struct http_call *call,
			  const struct http_request *req);
void http_call_release(struct http_call *call);

/* Asks once and waits: for programs without a loop. */
must_check int http_get(const struct http_request *req, struct buf *ret_body,
			unsigned int *ret_status, struct buf *error);
