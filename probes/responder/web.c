/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/responder/responder.h"

#include "lib/buf.h"
#include "lib/json.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define SOURCE_MAX (64UL << 20) /* bytes that /source gives at most */

struct web_server {
	struct loop_source source;
	struct loop_timer timer;
	struct loop *loop;
	struct MHD_Daemon *daemon;
	const char *name;
};

/* One request. */
struct request {
	uint64_t received; /* bytes of its body */
};

/**
 * put_end() - Put one end of a connection into an answer
 * @j:		Answer
 * @key:	Name of its address
 * @sa:		Address and port
 *
 * Return: the port
 */
static unsigned int put_end(struct json *j, const char *key,
			    const struct sockaddr *sa)
{
	const struct addr a = addr_from_sockaddr(sa);

	json_set_string(j, key, ADDR_TEXT(&a));
	/* The port lies at the same place for both families. */
	return ntohs(
		((const struct sockaddr_in6 *)(const void *)sa)->sin6_port);
}

/**
 * whoami() - Say who we are and whom we see
 * @w:		Server
 * @c:		Connection
 * @received:	Bytes of the request's body
 * @b:		The answer's text
 *
 * Return: 0; -ENOMEM, or what getsockname() said
 */
static int whoami(const struct web_server *w, struct MHD_Connection *c,
		  uint64_t received, struct buf *b)
{
	_cleanup_(json_freep) struct json *j = json_object();
	const union MHD_ConnectionInfo *info;
	struct sockaddr_storage own = { 0 };
	socklen_t len = sizeof(own);

	if (!j)
		return -ENOMEM;
	json_set_string(j, "name", w->name);
	/* One answer at a time: newer libraries keep both in one place. */
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (!info ||
	    getsockname(info->connect_fd, (struct sockaddr *)&own, &len) < 0)
		return -ENOTCONN;
	(void)put_end(j, "address", (struct sockaddr *)&own);
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (!info)
		return -ENOTCONN;
	json_set_int(j, "client_port", put_end(j, "client", info->client_addr));
	json_set_string(j, "family",
			own.ss_family == AF_INET6 ? "ipv6" : "ipv4");
	json_set_int(j, "received", (int64_t)received);
	return json_print(j, JSON_PRETTY, b);
}

/**
 * give_zeros() - Content of /source
 * @context:	Unused
 * @at:		Unused
 * @data:	Where
 * @max:	Bytes wanted
 *
 * Return: bytes given
 */
static ssize_t give_zeros(void *context, uint64_t at, char *data, size_t max)
{
	(void)context;
	(void)at;
	memset(data, '0', max);
	return (ssize_t)max;
}

/**
 * make_source() - The answer of /source?bytes=N
 * @c:		Connection
 *
 * Return: response, NULL for a number that is none or too large
 */
static struct MHD_Response *make_source(struct MHD_Connection *c)
{
	const char *text =
		MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "bytes");
	char *end;
	unsigned long n;

	if (!text || *text < '0' || *text > '9')
		return NULL;
	n = strtoul(text, &end, 10);
	if (*end || n > SOURCE_MAX)
		return NULL;
	return MHD_create_response_from_callback(n, 16384, give_zeros, NULL,
						 NULL);
}

/**
 * reply() - Send an answer and forget it
 * @c:		Connection
 * @status:	HTTP status
 * @r:		Answer, or NULL
 *
 * Return: for libmicrohttpd
 */
static enum MHD_Result reply(struct MHD_Connection *c, unsigned int status,
			     struct MHD_Response *r)
{
	enum MHD_Result ok;

	if (!r)
		return MHD_NO;
	ok = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ok;
}

/**
 * reply_text() - Send a text
 * @c:		Connection
 * @status:	HTTP status
 * @text:	Copied
 *
 * Return: for libmicrohttpd
 */
static enum MHD_Result reply_text(struct MHD_Connection *c, unsigned int status,
				  const char *text)
{
	return reply(c, status,
		     MHD_create_response_from_buffer(strlen(text),
						     (void *)(uintptr_t)text,
						     MHD_RESPMEM_MUST_COPY));
}

/**
 * answer() - Handle a request, called again for each part of its body
 * @context:	Server
 * @c:		Connection
 * @url:	Path
 * @method:	Unused
 * @version:	Unused
 * @data:	Part of the body
 * @size:	Its bytes; 0 to say that it was taken
 * @state:	Ours
 *
 * Return: for libmicrohttpd
 */
static enum MHD_Result answer(void *context, struct MHD_Connection *c,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *size, void **state)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct web_server *w = context;
	struct request *q = *state;

	(void)method;
	(void)version;
	(void)data;
	if (!q) {
		*state = calloc(1, sizeof(*q));
		return *state ? MHD_YES : MHD_NO;
	}
	if (*size) {
		q->received += *size;
		*size = 0;
		return MHD_YES;
	}
	if (strcmp(url, "/source") == 0) {
		struct MHD_Response *r = make_source(c);

		return r ? reply(c, MHD_HTTP_OK, r) :
			   reply_text(c, MHD_HTTP_BAD_REQUEST,
				      "bytes: 0 to 67108864\n");
	}
	if (strcmp(url, "/") != 0 && strcmp(url, "/whoami") != 0 &&
	    strcmp(url, "/sink") != 0)
		return reply_text(c, MHD_HTTP_NOT_FOUND, "no such path\n");
	if (whoami(w, c, q->received, &b) < 0)
		return MHD_NO;
	return reply_text(c, MHD_HTTP_OK, buf_text(&b));
}

/**
 * completed() - Forget a request
 * @context:	Unused
 * @c:		Unused
 * @state:	Ours
 * @why:	Unused
 */
static void completed(void *context, struct MHD_Connection *c, void **state,
		      enum MHD_RequestTerminationCode why)
{
	(void)context;
	(void)c;
	(void)why;
	free(*state);
	*state = NULL;
}

/**
 * work() - Let libmicrohttpd work, and wake it when it wants to be woken
 * @w:		Server
 * @now:	Time
 */
static void work(struct web_server *w, int64_t now)
{
	MHD_UNSIGNED_LONG_LONG ms;

	(void)MHD_run(w->daemon);
	if (MHD_get_timeout(w->daemon, &ms) == MHD_YES)
		(void)!loop_timer_set(w->loop, &w->timer,
				      now + (int64_t)ms * NSEC_PER_MSEC);
	else
		loop_timer_cancel(w->loop, &w->timer);
}

/**
 * ready() - Something happened on one of its connections
 * @source:	The server's
 * @events:	Unused
 * @now:	Time
 */
static void ready(struct loop_source *source, uint32_t events, int64_t now)
{
	(void)events;
	work(container_of(source, struct web_server, source), now);
}

/**
 * woken() - Its time has come
 * @timer:	The server's
 * @now:	Time
 */
static void woken(struct loop_timer *timer, int64_t now)
{
	work(container_of(timer, struct web_server, timer), now);
}

/**
 * web_serve() - Serve HTTP, or HTTPS where there is a certificate
 * @loop:	Loop
 * @fd:		Listening socket, owned from now on
 * @options:	Who we are; strings live as long as the program
 *
 * Return: 0; -ENOMEM, -EINVAL where libmicrohttpd does not take the certificate, or
 *	   what epoll said
 */
int web_serve(struct loop *loop, int fd, const struct web_options *options)
{
	struct web_server *w = calloc(1, sizeof(*w));
	const union MHD_DaemonInfo *info;
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_IPv6;
	const struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0,
		  (void *)(uintptr_t)options->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0,
		  (void *)(uintptr_t)options->key },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (!w)
		return -ENOMEM;
	w->loop = loop;
	w->name = options->name;
	w->timer.expired = woken;
	w->daemon = MHD_start_daemon(
		flags | (options->cert ? (unsigned int)MHD_USE_TLS : 0), 0,
		NULL, NULL, answer, w, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
		MHD_OPTION_CONNECTION_LIMIT, 512U,
		MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_ARRAY,
		options->cert ? tls : tls + 2, MHD_OPTION_END);
	info = w->daemon ? MHD_get_daemon_info(w->daemon,
					       MHD_DAEMON_INFO_EPOLL_FD) :
			   NULL;
	if (!info) {
		free(w);
		return -EINVAL;
	}
	w->source =
		(struct loop_source){ .fd = info->epoll_fd, .ready = ready };
	return loop_add(loop, &w->source, EPOLLIN);
}
