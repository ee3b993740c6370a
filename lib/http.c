/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer; /* libcurl's own */
	struct socket *sockets;
};

/* A socket of libcurl's, watched by the loop. */
struct socket {
	struct http *http;
	struct loop_source source;
	struct socket *next;
};

/* What libcurl's codes mean to a caller; others are -EIO. */
static const struct {
	CURLcode code;
	int r;
} codes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, -ENXIO },
	{ CURLE_COULDNT_CONNECT, -ECONNREFUSED },
	{ CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT },
	{ CURLE_PEER_FAILED_VERIFICATION, -EKEYREJECTED },
	{ CURLE_WRITE_ERROR, -EFBIG },
	{ CURLE_OUT_OF_MEMORY, -ENOMEM },
	{ CURLE_UNSUPPORTED_PROTOCOL, -EINVAL },
	{ CURLE_URL_MALFORMAT, -EINVAL },
	{ CURLE_GOT_NOTHING, -EPROTO },
	{ CURLE_WEIRD_SERVER_REPLY, -EPROTO },
	{ CURLE_PARTIAL_FILE, -EPROTO },
};

/**
 * set_error() - Word the error of a call
 * @call:	Call
 * @text:	Words; a capital at the beginning is made small
 */
static void set_error(struct http_call *call, const char *text)
{
	(void)snprintf(call->error, sizeof(call->error), "%s", text);
	if (isupper((unsigned char)call->error[0]) &&
	    !isupper((unsigned char)call->error[1]))
		call->error[0] = (char)tolower(call->error[0]);
}

/**
 * stop() - Take a call from libcurl, keep its answer
 * @call:	Call
 */
static void stop(struct http_call *call)
{
	if (call->timer.slot)
		loop_timer_cancel(call->http->loop, &call->timer);
	if (call->running)
		(void)curl_multi_remove_handle(call->http->multi, call->easy);
	call->running = false;
	if (call->easy)
		curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	curl_slist_free_all(call->resolve);
	call->easy = NULL;
	call->headers = call->resolve = NULL;
}

/**
 * finish() - End a call by its answer
 * @call:	Call
 * @r:		Its result
 */
static void finish(struct http_call *call, int r)
{
	call->r = r;
	call->elapsed_ns = loop_now() - call->start_ns;
	stop(call);
	call->done(call);
}

/**
 * judge_certificate() - Why a server's certificate was refused
 * @easy:	Transfer that ended so
 *
 * libcurl compares the name itself, once OpenSSL has found no fault with the chain, and
 * leaves OpenSSL's verdict at 0 or "unspecified" where that failed.
 *
 * Return: what is wrong with it
 */
static enum http_certificate judge_certificate(CURL *easy)
{
	long verdict = X509_V_OK;

	(void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	switch (verdict) {
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED:
		return HTTP_CERTIFICATE_NAME;
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return HTTP_CERTIFICATE_EXPIRED;
	default:
		return HTTP_CERTIFICATE_AUTHORITY;
	}
}

/**
 * finish_curl() - End a call by what libcurl says
 * @call:	Call
 * @code:	Its code
 */
static void finish_curl(struct http_call *call, CURLcode code)
{
	long status = 0, os_errno = 0;
	struct curl_header *etag;
	int r = code ? -EIO : 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].code == code)
			r = codes[i].r;
	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_errno);
	call->status = (unsigned int)status;
	if (r == -EKEYREJECTED)
		call->certificate = judge_certificate(call->easy);
	call->etag[0] = '\0';
	if (curl_easy_header(call->easy, "ETag", 0, CURLH_HEADER, -1, &etag) ==
		    CURLHE_OK &&
	    strlen(etag->value) < sizeof(call->etag))
		memcpy(call->etag, etag->value, strlen(etag->value) + 1);

	if (code == CURLE_COULDNT_CONNECT && os_errno) {
		r = -(int)os_errno;
		set_error(call, strerrordesc_np((int)os_errno));
	} else if (code == CURLE_WRITE_ERROR) {
		set_error(call, "the answer is too long");
	} else if (code) {
		set_error(call, *call->curl_error ? call->curl_error :
						    curl_easy_strerror(code));
	}
	finish(call, r);
}

/**
 * collect() - End the calls that libcurl has completed
 * @h:		Door
 */
static void collect(struct http *h)
{
	struct http_call *call;
	CURLMsg *msg;
	CURLcode code;
	int left;

	while ((msg = curl_multi_info_read(h->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		code = msg->data.result;
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
					(char **)&call);
		finish_curl(call, code);
	}
}

/**
 * on_ready() - The loop saw something at a socket
 * @source:	Embedded in struct socket
 * @events:	EPOLL*
 * @now:	Unused
 */
static void on_ready(struct loop_source *source, uint32_t events, int64_t now)
{
	struct socket *s = container_of(source, struct socket, source);
	struct http *h = s->http; /* @s may be gone soon */
	int mask = 0, running;

	(void)now;
	if (events & EPOLLIN)
		mask |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_ERR | mask;
	(void)curl_multi_socket_action(h->multi, source->fd, mask, &running);
	collect(h);
}

/**
 * on_curl_timer() - The time libcurl asked for has come
 * @timer:	Embedded in struct http
 * @now:	Unused
 */
static void on_curl_timer(struct loop_timer *timer, int64_t now)
{
	struct http *h = container_of(timer, struct http, timer);
	int running;

	(void)now;
	(void)curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0,
				       &running);
	collect(h);
}

/**
 * want_timer() - libcurl asks for a timer
 * @multi:	Unused
 * @ms:		From now; -1: none
 * @arg:	Door
 *
 * Return: 0, or -1
 */
static int want_timer(CURLM *multi, long ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	if (ms < 0) {
		if (h->timer.slot)
			loop_timer_cancel(h->loop, &h->timer);
		return 0;
	}
	return loop_timer_set(h->loop, &h->timer,
			      loop_now() + ms * NSEC_PER_MSEC) < 0 ?
		       -1 :
		       0;
}

/**
 * forget_socket() - End the watch of a socket
 * @h:		Door
 * @s:		Socket; freed
 */
static void forget_socket(struct http *h, struct socket *s)
{
	struct socket **p;

	for (p = &h->sockets; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			break;
		}
	}
	loop_remove(h->loop, &s->source);
	free(s);
}

/**
 * want_socket() - libcurl asks for a socket to be watched
 * @easy:	Unused
 * @fd:		Socket
 * @what:	CURL_POLL_*
 * @arg:	Door
 * @sock:	struct socket, NULL the first time
 *
 * Return: 0, or -1
 */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		       void *sock)
{
	struct http *h = arg;
	struct socket *s = sock;
	uint32_t events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			forget_socket(h, s);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	if (s)
		return loop_change(h->loop, &s->source, events) < 0 ? -1 : 0;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -1;
	s->http = h;
	s->source.fd = fd;
	s->source.ready = on_ready;
	if (loop_add(h->loop, &s->source, events) < 0) {
		free(s);
		return -1;
	}
	s->next = h->sockets;
	h->sockets = s;
	(void)curl_multi_assign(h->multi, fd, s);
	return 0;
}

/**
 * take_body() - libcurl hands over a piece of the answer
 * @data:	Bytes
 * @size:	1
 * @n:		Their number
 * @arg:	Call
 *
 * Return: @n, or 0 where it is too long
 */
static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;

	buf_add(&call->body, data, size * n);
	return buf_error(&call->body) < 0 ? 0 : n;
}

/**
 * on_call_timer() - A call's time to begin, or its deadline, has come
 * @timer:	Embedded in the call
 * @now:	Unused
 */
static void on_call_timer(struct loop_timer *timer, int64_t now)
{
	struct http_call *call = container_of(timer, struct http_call, timer);
	curl_off_t connected = 0;
	int r;

	(void)now;
	if (call->running) {
		(void)curl_easy_getinfo(call->easy, CURLINFO_CONNECT_TIME_T,
					&connected);
		(void)snprintf(call->error, sizeof(call->error),
			       connected > 0 ? "connected, but no answer in "
					       "%.1f s" :
					       "no connection in %.1f s",
			       (double)(loop_now() - call->start_ns) / 1e9);
		finish(call, -ETIMEDOUT);
		return;
	}
	call->start_ns = loop_now();
	call->running = true;
	if (curl_multi_add_handle(call->http->multi, call->easy)) {
		call->running = false;
		finish(call, -ENOMEM);
		return;
	}
	if (!call->deadline_ns)
		return;
	r = loop_timer_set(call->http->loop, &call->timer, call->deadline_ns);
	if (r < 0)
		finish(call, r);
}

/**
 * http_new() - Open the door
 * @loop:	Loop that calls run on; must outlive it
 * @ret_http:	Result; the caller ends it by http_free()
 *
 * Return: 0, -ENOMEM
 */
int http_new(struct loop *loop, struct http **ret_http)
{
	_cleanup_free_ struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->loop = loop;
	h->timer.expired = on_curl_timer;
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return -ENOMEM;
	h->multi = curl_multi_init();
	if (!h->multi) {
		curl_global_cleanup();
		return -ENOMEM;
	}
	(void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	(void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	*ret_http = TAKE_PTR(h);
	return 0;
}

/**
 * http_free() - Close the door; all calls must have ended
 * @h:		Door, or NULL
 */
void http_free(struct http *h)
{
	if (!h)
		return;
	(void)curl_multi_cleanup(h->multi);
	while (h->sockets)
		forget_socket(h, h->sockets);
	if (h->timer.slot)
		loop_timer_cancel(h->loop, &h->timer);
	free(h);
	curl_global_cleanup();
}

/**
 * set_options() - Tell libcurl what a request wants
 * @easy:	Handle
 * @call:	Call
 * @req:	Request
 *
 * Return: CURLE_OK, or the first failure
 */
static CURLcode set_options(CURL *easy, struct http_call *call,
			    const struct http_request *req)
{
	CURLcode c = CURLE_OK;

#define SET(option, value) (c = c ? c : curl_easy_setopt(easy, option, value))
	SET(CURLOPT_URL, req->url);
	SET(CURLOPT_PRIVATE, call);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_USERAGENT, "shoot6/" SHOOT6_VERSION);
	SET(CURLOPT_ERRORBUFFER, call->curl_error);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, call);
	SET(CURLOPT_HTTPHEADER, call->headers);
	SET(CURLOPT_RESOLVE, call->resolve);
	if (req->method)
		SET(CURLOPT_CUSTOMREQUEST, req->method);
	if (req->body) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
		SET(CURLOPT_COPYPOSTFIELDS, req->body);
	}
	if (req->ca_file)
		SET(CURLOPT_CAINFO, req->ca_file);
	if (req->cert_file)
		SET(CURLOPT_SSLCERT, req->cert_file);
	if (req->key_file)
		SET(CURLOPT_SSLKEY, req->key_file);
#undef SET
	return c;
}

/**
 * http_start() - Begin a call
 * @h:		Door
 * @call:	Zeroed but for .done; see DOC
 * @req:	What to ask
 *
 * Return: 0: done() will be called, not before the loop's next round;
 *	   -EINVAL for a URL libcurl cannot read, -ENOMEM: it will not
 */
int http_start(struct http *h, struct http_call *call,
	       const struct http_request *req)
{
	struct curl_slist *list;
	CURLcode code;
	size_t i;
	int r;

	call->http = h;
	call->body.max = req->max ? req->max : HTTP_MAX;
	call->start_ns = loop_now();
	call->deadline_ns = req->deadline_ns;
	call->timer.expired = on_call_timer;
	for (i = 0; req->headers && req->headers[i]; i++) {
		list = curl_slist_append(call->headers, req->headers[i]);
		if (!list) {
			stop(call);
			return -ENOMEM;
		}
		call->headers = list;
	}
	if (req->resolve) {
		call->resolve = curl_slist_append(NULL, req->resolve);
		if (!call->resolve) {
			stop(call);
			return -ENOMEM;
		}
	}
	call->easy = curl_easy_init();
	code = call->easy ? set_options(call->easy, call, req) :
			    CURLE_OUT_OF_MEMORY;
	if (code) {
		stop(call);
		return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
	}
	r = loop_timer_set(h->loop, &call->timer,
			   MAX(req->start_ns, call->start_ns));
	if (r < 0)
		stop(call);
	return r;
}

/**
 * http_call_release() - End a call; it may be started again after that
 * @call:	Call, zeroed or started once
 */
void http_call_release(struct http_call *call)
{
	void (*done)(struct http_call *) = call->done;

	stop(call);
	buf_release(&call->body);
	*call = (struct http_call){ .done = done };
}

/**
 * wait_done() - What http_get() has for done()
 * @call:	Call
 */
static void wait_done(struct http_call *call)
{
	loop_quit(call->http->loop);
}

/**
 * http_get() - Ask once and wait for the answer
 * @req:	Request; should have a deadline
 * @ret_body:	Answer; the caller ends it by buf_release()
 * @ret_status:	HTTP status
 * @error:	Words are appended where it fails; may be NULL
 *
 * Return: 0 for any complete answer, or a negative errno
 */
int http_get(const struct http_request *req, struct buf *ret_body,
	     unsigned int *ret_status, struct buf *error)
{
	struct http_call call = { .done = wait_done };
	struct http *h = NULL;
	struct loop loop;
	int r;

	r = loop_init(&loop);
	if (r < 0)
		return r;
	r = http_new(&loop, &h);
	if (r == 0)
		r = http_start(h, &call, req);
	if (r == 0)
		r = loop_run(&loop);
	if (r == 0)
		r = call.r;
	if (r == 0) {
		*ret_body = call.body;
		call.body = (struct buf)BUF_INIT;
		*ret_status = call.status;
	} else if (error) {
		buf_puts(error, *call.error ? call.error : strerrordesc_np(-r));
	}
	http_call_release(&call);
	http_free(h);
	loop_release(&loop);
	return r;
}
