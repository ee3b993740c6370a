/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/resolve.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>

static_assert((int)RESOLVE_A == (int)ns_t_a, "as in the DNS");
static_assert((int)RESOLVE_AAAA == (int)ns_t_aaaa, "as in the DNS");
static_assert((int)RESOLVE_TXT == (int)ns_t_txt, "as in the DNS");

struct resolver {
	struct loop *loop;
	ares_channel channel;
	bool is_open;
	struct loop_timer timer;
	struct socket *sockets;
};

struct socket {
	struct resolver *resolver;
	struct loop_source source;
	struct socket *next;
};

/* What c-ares' codes mean; others are -EIO. */
static const struct {
	int code, r;
} codes[] = {
	{ ARES_SUCCESS, 0 },
	{ ARES_ENODATA, -ENODATA },
	{ ARES_ENOTFOUND, -ENXIO },
	{ ARES_ESERVFAIL, -EREMOTEIO },
	{ ARES_EREFUSED, -EACCES },
	{ ARES_ETIMEOUT, -ETIMEDOUT },
	{ ARES_ECONNREFUSED, -ECONNREFUSED },
	{ ARES_EBADRESP, -EBADMSG },
	{ ARES_EFORMERR, -EBADMSG },
	{ ARES_EBADNAME, -EINVAL },
	{ ARES_ENOMEM, -ENOMEM },
	{ ARES_ECANCELLED, -ECANCELED },
	{ ARES_EDESTRUCTION, -ECANCELED },
};

/**
 * errno_of() - What a code of c-ares means
 * @code:	Code
 *
 * Return: 0, or a negative errno
 */
static int errno_of(int code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].code == code)
			return codes[i].r;
	return -EIO;
}

/**
 * arm() - Set the timer to what c-ares waits for
 * @r:		Resolver
 */
static void arm(struct resolver *r)
{
	struct timeval space, *tv = ares_timeout(r->channel, NULL, &space);

	if (!tv) {
		if (r->timer.slot)
			loop_timer_cancel(r->loop, &r->timer);
		return;
	}
	(void)!loop_timer_set(r->loop, &r->timer,
			      loop_now() + tv->tv_sec * NSEC_PER_SEC +
				      tv->tv_usec * 1000LL);
}

/**
 * on_timer() - A try has taken too long
 * @timer:	Embedded in the resolver
 * @now:	Unused
 */
static void on_timer(struct loop_timer *timer, int64_t now)
{
	struct resolver *r = container_of(timer, struct resolver, timer);

	(void)now;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(r);
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
	struct resolver *r = s->resolver; /* @s may be gone soon */
	int fd = source->fd;
	bool out = events & EPOLLOUT;

	(void)now;
	ares_process_fd(r->channel,
			events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
			out ? fd : ARES_SOCKET_BAD);
	arm(r);
}

/**
 * on_socket() - c-ares asks for a socket to be watched, or no longer
 * @arg:	Resolver
 * @fd:		Socket
 * @in:		For reading
 * @out:	For writing
 */
static void on_socket(void *arg, ares_socket_t fd, int in, int out)
{
	uint32_t events = (in ? EPOLLIN : 0U) | (out ? EPOLLOUT : 0U);
	struct resolver *r = arg;
	struct socket **at, *s;

	for (at = &r->sockets; *at && (*at)->source.fd != fd; at = &(*at)->next)
		;
	s = *at;
	if (s && events) {
		(void)!loop_change(r->loop, &s->source, events);
	} else if (s) {
		*at = s->next;
		loop_remove(r->loop, &s->source);
		free(s);
	} else if (events) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return; /* the try then runs into its timeout */
		s->resolver = r;
		s->source.fd = fd;
		s->source.ready = on_ready;
		s->next = r->sockets;
		r->sockets = s;
		(void)!loop_add(r->loop, &s->source, events);
	}
}

/**
 * set_servers() - Ask the caller's servers, not those of the machine
 * @r:		Resolver
 * @options:	Options
 *
 * Return: 0, or a negative errno
 */
static int set_servers(struct resolver *r,
		       const struct resolver_options *options)
{
	struct ares_addr_port_node nodes[RESOLVE_MAX] = { 0 };
	size_t i, n = MIN(options->n_servers, (size_t)RESOLVE_MAX);
	int port = options->port ? options->port : 53;

	for (i = 0; i < n; i++) {
		const struct addr *a = &options->servers[i];

		nodes[i].next = i + 1 < n ? &nodes[i + 1] : NULL;
		nodes[i].family = a->family;
		memcpy(&nodes[i].addr, a->bytes, sizeof(nodes[i].addr));
		nodes[i].udp_port = port;
		nodes[i].tcp_port = port;
	}
	return n ? errno_of(ares_set_servers_ports(r->channel, nodes)) : 0;
}

/**
 * resolver_new() - Make a resolver
 * @loop:	Loop that queries run on; must outlive it
 * @options:	Options
 * @ret_resolver: Result; the caller ends it by resolver_free()
 *
 * Return: 0, -ENOMEM, or what c-ares says
 */
int resolver_new(struct loop *loop, const struct resolver_options *options,
		 struct resolver **ret_resolver)
{
	_cleanup_(resolver_freep) struct resolver *r = calloc(1, sizeof(*r));
	int64_t timeout = options->timeout_ns ?: NSEC_PER_SEC;
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
			 (options->tcp ? ARES_FLAG_USEVC : 0),
		.timeout = (int)(timeout / NSEC_PER_MSEC),
		.tries = options->tries ? (int)options->tries : 2,
		.sock_state_cb = on_socket,
	};
	int error;

	if (!r)
		return -ENOMEM;
	r->loop = loop;
	r->timer.expired = on_timer;
	o.sock_state_cb_data = r;
	error = errno_of(ares_library_init(ARES_LIB_INIT_ALL));
	if (error < 0)
		return error;
	error = errno_of(ares_init_options(&r->channel, &o,
					   ARES_OPT_FLAGS | ARES_OPT_TRIES |
						   ARES_OPT_TIMEOUTMS |
						   ARES_OPT_SOCK_STATE_CB));
	if (error < 0) {
		ares_library_cleanup();
		return error;
	}
	r->is_open = true;
	error = set_servers(r, options);
	if (error < 0)
		return error;
	*ret_resolver = TAKE_PTR(r);
	return 0;
}

/**
 * resolver_free() - End a resolver; open queries end with -ECANCELED
 * @r:		Resolver, or NULL
 */
void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	if (r->is_open) {
		ares_destroy(r->channel);
		ares_library_cleanup();
	}
	if (r->timer.slot)
		loop_timer_cancel(r->loop, &r->timer);
	free(r);
}

/**
 * read_a() - Take the addresses of an A answer
 * @q:		Query
 * @data:	Answer
 * @len:	Its bytes
 *
 * Return: 0, or a negative errno
 */
static int read_a(struct resolve_query *q, const unsigned char *data, int len)
{
	struct ares_addrttl list[RESOLVE_MAX];
	int n = RESOLVE_MAX, i, r;

	r = errno_of(ares_parse_a_reply(data, len, NULL, list, &n));
	for (i = 0; r == 0 && i < n; i++) {
		struct addr *a = &q->addrs[q->n_addrs++];

		*a = (struct addr){ .family = AF_INET };
		memcpy(a->bytes, &list[i].ipaddr, 4);
		q->ttl = MIN(q->ttl, (uint32_t)list[i].ttl);
	}
	return r;
}

/**
 * read_aaaa() - Take the addresses of an AAAA answer
 * @q:		Query
 * @data:	Answer
 * @len:	Its bytes
 *
 * Return: 0, or a negative errno
 */
static int read_aaaa(struct resolve_query *q, const unsigned char *data,
		     int len)
{
	struct ares_addr6ttl list[RESOLVE_MAX];
	int n = RESOLVE_MAX, i, r;

	r = errno_of(ares_parse_aaaa_reply(data, len, NULL, list, &n));
	for (i = 0; r == 0 && i < n; i++) {
		struct addr *a = &q->addrs[q->n_addrs++];

		*a = (struct addr){ .family = AF_INET6 };
		memcpy(a->bytes, &list[i].ip6addr, 16);
		q->ttl = MIN(q->ttl, (uint32_t)list[i].ttl);
	}
	return r;
}

/**
 * read_txt() - Take the text of a TXT answer
 * @q:		Query
 * @data:	Answer
 * @len:	Its bytes
 *
 * Return: 0, or a negative errno
 */
static int read_txt(struct resolve_query *q, const unsigned char *data, int len)
{
	struct ares_txt_reply *list = NULL, *t;
	size_t at = 0, n;
	int r;

	r = errno_of(ares_parse_txt_reply(data, len, &list));
	for (t = list; t; t = t->next) {
		n = MIN(t->length, sizeof(q->text) - 1 - at);
		memcpy(q->text + at, t->txt, n);
		at += n;
	}
	if (list)
		ares_free_data(list);
	return r;
}

/**
 * on_answer() - c-ares has an answer, or gives up
 * @arg:	Query
 * @status:	ARES_*
 * @timeouts:	Unused
 * @data:	Answer, or NULL
 * @len:	Its bytes
 */
static void on_answer(void *arg, int status, int timeouts, unsigned char *data,
		      int len)
{
	struct resolve_query *q = arg;

	(void)timeouts;
	q->ttl = UINT32_MAX;
	q->r = errno_of(status);
	if (q->r == 0)
		q->r = q->type == RESOLVE_A    ? read_a(q, data, len) :
		       q->type == RESOLVE_AAAA ? read_aaaa(q, data, len) :
						 read_txt(q, data, len);
	if (q->ttl == UINT32_MAX)
		q->ttl = 0;
	q->done(q);
}

/**
 * resolver_ask() - Ask
 * @r:		Resolver
 * @q:		Zeroed but for .done, which may be called before this returns
 * @name:	Name, not searched for in any domain
 * @type:	Type
 */
void resolver_ask(struct resolver *r, struct resolve_query *q, const char *name,
		  enum resolve_type type)
{
	q->type = type;
	ares_query(r->channel, name, ns_c_in, (int)type, on_answer, q);
	arm(r);
}

/* One question of resolve(), which waits for its end. */
struct waiting {
	struct resolve_query query;
	struct loop loop;
	struct loop_timer deadline;
	bool ended;
};

/**
 * on_waited() - The question of resolve() has ended
 * @q:		Embedded in struct waiting
 */
static void on_waited(struct resolve_query *q)
{
	struct waiting *w = container_of(q, struct waiting, query);

	w->ended = true;
	loop_quit(&w->loop);
}

/**
 * on_deadline() - resolve() has waited long enough
 * @timer:	Embedded in struct waiting
 * @now:	Unused
 */
static void on_deadline(struct loop_timer *timer, int64_t now)
{
	(void)now;
	loop_quit(&container_of(timer, struct waiting, deadline)->loop);
}

/**
 * resolve() - Ask once and wait
 * @options:	Which servers
 * @name:	Name
 * @type:	Type
 * @deadline_ns: Absolute
 * @ret:	Answer; .done is not used
 *
 * Return: see struct resolve_query; -ETIMEDOUT past the deadline
 */
int resolve(const struct resolver_options *options, const char *name,
	    enum resolve_type type, int64_t deadline_ns,
	    struct resolve_query *ret)
{
	struct waiting w = {
		.query.done = on_waited,
		.deadline.expired = on_deadline,
	};
	struct resolver *resolver = NULL;
	int r;

	r = loop_init(&w.loop);
	if (r < 0)
		return r;
	r = resolver_new(&w.loop, options, &resolver);
	if (r == 0) {
		resolver_ask(resolver, &w.query, name, type);
		if (!w.ended)
			r = loop_timer_set(&w.loop, &w.deadline, deadline_ns);
		if (r == 0 && !w.ended)
			r = loop_run(&w.loop);
		if (r == 0)
			r = w.ended ? w.query.r : -ETIMEDOUT;
	}
	if (r == 0)
		*ret = w.query;
	resolver_free(resolver);
	loop_release(&w.loop);
	return r;
}
