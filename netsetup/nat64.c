/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/nat64.h"

#include "lib/loop.h"
#include "lib/resolve.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define OPTION_RDNSS 25 /* RFC 8106 */

/* How long a better answer is waited for once a worse one is there: a router on the same
 * link answers a solicitation in a few ms, or within 500 ms where it has many hosts. */
#define GRACE_NS    (40 * NSEC_PER_MSEC)
/* How long anything at all is waited for: MAX_RA_DELAY_TIME, and a round trip. */
#define PATIENCE_NS (700 * NSEC_PER_MSEC)

/* Seconds: an answer not to be kept at all would be asked for all the time. */
#define TTL_MIN 1U

struct nat64 {
	struct loop_source source; /* netlink: options of advertisements */
	struct nat64_hint seen; /* the last PREF64 */
	struct addr dns[HINTS_DNS_MAX]; /* the last RDNSS */
	size_t n_dns;
	struct addr router; /* who sent either */

	/* While nat64_discover() runs. */
	struct loop loop;
	struct loop_timer patience;
	struct resolver *resolver;
	struct resolve_query query;
	struct nat64_hint found; /* by RFC 7050 */
	enum hint_bool dns64;
	bool asks, asked;
	int failure; /* why no resolver answered, 0 */
};

/**
 * read_rdnss() - Read the resolvers of an RDNSS option (RFC 8106)
 * @n:		Finder
 * @option:	From its type on
 * @len:	Its bytes
 */
static void read_rdnss(struct nat64 *n, const uint8_t *option, size_t len)
{
	struct addr a = { .family = AF_INET6 };
	size_t at;

	if (len < 24 || option[0] != OPTION_RDNSS)
		return;
	n->n_dns = 0;
	for (at = 8; at + 16 <= len && n->n_dns < HINTS_DNS_MAX; at += 16) {
		memcpy(a.bytes, option + at, 16);
		n->dns[n->n_dns++] = a;
	}
}

/**
 * read_message() - Read one RTM_NEWNDUSEROPT
 * @n:		Finder
 * @m:		Message, checked by NLMSG_OK()
 */
static void read_message(struct nat64 *n, const struct nlmsghdr *m)
{
	const uint8_t *option;
	size_t len;

	if (nat64_read_message(m, &n->router, &option, &len) < 0)
		return;
	(void)!nat64_read_option(option, len, &n->seen);
	read_rdnss(n, option, len);
}

/**
 * drain() - Read what routers have said so far
 * @n:		Finder
 */
static void drain(struct nat64 *n)
{
	_Alignas(struct nlmsghdr) char data[8192];
	const struct nlmsghdr *m;
	ssize_t len;

	for (;;) {
		len = recv(n->source.fd, data, sizeof(data), MSG_DONTWAIT);
		if (len < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (len <= 0)
			return;
		for (m = (const struct nlmsghdr *)data; NLMSG_OK(m, len);
		     m = NLMSG_NEXT(m, len))
			read_message(n, m);
	}
}

/**
 * nat64_listen() - Begin to listen to routers, and solicit
 * @asks:	Whether nat64_discover() asks resolvers, too
 * @ret_nat64:	Result; the caller ends it by nat64_free()
 *
 * Return: 0, -ENOMEM, or what socket() and bind() say
 */
int nat64_listen(bool asks, struct nat64 **ret_nat64)
{
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	_cleanup_(nat64_freep) struct nat64 *n = calloc(1, sizeof(*n));
	int group = RTNLGRP_ND_USEROPT;

	if (!n)
		return -ENOMEM;
	n->asks = asks;
	n->source.fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (n->source.fd < 0)
		return -errno;
	if (bind(n->source.fd, (const struct sockaddr *)&me, sizeof(me)) < 0 ||
	    setsockopt(n->source.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       &group, sizeof(group)) < 0)
		return -errno;
	nat64_solicit();
	*ret_nat64 = TAKE_PTR(n);
	return 0;
}

/**
 * nat64_free() - End
 * @n:		Finder, or NULL
 */
void nat64_free(struct nat64 *n)
{
	if (!n)
		return;
	if (n->source.fd >= 0)
		(void)close(n->source.fd);
	free(n);
}

/**
 * wait_at_most() - Shorten the time that is waited
 * @n:		Finder
 * @ns:		From now
 */
static void wait_at_most(struct nat64 *n, int64_t ns)
{
	int64_t when = loop_now() + ns;

	if (when < n->patience.when_ns)
		(void)!loop_timer_set(&n->loop, &n->patience, when);
}

/**
 * check_done() - Stop where nothing better can come
 * @n:		Finder
 */
static void check_done(struct nat64 *n)
{
	bool answered = n->dns64 != HINT_UNKNOWN || !n->asks;

	if (n->seen.source != NAT64_UNKNOWN && answered)
		wait_at_most(n, 0);
	else if (n->found.source != NAT64_UNKNOWN ||
		 n->seen.source != NAT64_UNKNOWN)
		wait_at_most(n, GRACE_NS);
}

/**
 * on_answer() - A resolver spoke of ipv4only.arpa
 * @q:		Embedded in the finder
 */
static void on_answer(struct resolve_query *q)
{
	struct nat64 *n = container_of(q, struct nat64, query);
	size_t i;

	if (q->r == -ECANCELED)
		return;
	if (q->r == -ENODATA)
		n->dns64 = HINT_NO; /* it exists, but has no AAAA */
	else
		n->failure = q->r;
	for (i = 0; i < q->n_addrs && q->r == 0; i++) {
		if (nat64_read_answer(&q->addrs[i], &n->found.prefix) < 0)
			continue;
		n->found.source = NAT64_RFC7050;
		n->found.lifetime_s = MAX(q->ttl, TTL_MIN);
		n->dns64 = HINT_YES;
		break;
	}
	if (q->r == 0 && n->dns64 != HINT_YES)
		n->failure =
			-EBADMSG; /* addresses, but none that it stands for */
	check_done(n);
}

/**
 * ask() - Ask for ipv4only.arpa, once somebody is known who can be asked
 * @n:		Finder
 * @dns:	Resolvers
 * @n_dns:	Their number; 0: those of /etc/resolv.conf
 */
static void ask(struct nat64 *n, const struct addr *dns, size_t n_dns)
{
	struct resolver_options o = {
		.servers = dns,
		.n_servers = n_dns,
		.timeout_ns = 300 * NSEC_PER_MSEC,
	};

	if (n->asked || !n->asks ||
	    resolver_new(&n->loop, &o, &n->resolver) < 0)
		return;
	n->asked = true;
	n->query = (struct resolve_query){ .done = on_answer };
	resolver_ask(n->resolver, &n->query, "ipv4only.arpa", RESOLVE_AAAA);
}

/**
 * on_router() - A router spoke
 * @source:	Embedded in the finder
 * @events:	Unused
 * @now:	Unused
 */
static void on_router(struct loop_source *source, uint32_t events, int64_t now)
{
	struct nat64 *n = container_of(source, struct nat64, source);

	(void)events;
	(void)now;
	drain(n);
	if (n->failure && n->n_dns) {
		/* The machine's own resolvers are of no use: ask the router's. */
		resolver_free(n->resolver);
		n->resolver = NULL;
		n->asked = false;
		n->failure = 0;
	}
	if (n->n_dns)
		ask(n, n->dns, n->n_dns);
	check_done(n);
}

/**
 * on_patience() - Nothing more is waited for
 * @timer:	Embedded in the finder
 * @now:	Unused
 */
static void on_patience(struct loop_timer *timer, int64_t now)
{
	(void)now;
	loop_quit(&container_of(timer, struct nat64, patience)->loop);
}

/**
 * conclude() - Put what was found into the hints
 * @n:		Finder
 * @h:		Hints
 */
static void conclude(struct nat64 *n, struct hints *h)
{
	struct nat64_hint best = h->nat64;

	/* What the provider is known to use is a guess: anything is better. */
	if (nat64_better(&best, best.source == NAT64_METADATA, &n->found))
		best = n->found;
	n->seen.router = n->router;
	if (n->seen.lifetime_s && nat64_better(&best, false, &n->seen))
		best = n->seen;
	h->nat64 = best;
	h->dns64 = n->dns64;
	if (!h->n_dns) {
		memcpy(h->dns, n->dns, sizeof(h->dns));
		h->n_dns = n->n_dns;
	}
}

/**
 * nat64_said() - What one source has said in nat64_discover()
 * @n:		Finder
 * @source:	NAT64_PREF64 or NAT64_RFC7050
 *
 * Return: prefix; of source NAT64_UNKNOWN where it said nothing
 */
struct nat64_hint nat64_said(const struct nat64 *n, enum nat64_source source)
{
	struct nat64_hint none = { 0 };

	if (source == NAT64_RFC7050)
		return n->found;
	return n->seen.lifetime_s ? n->seen : none; /* 0: withdrawn */
}

/**
 * nat64_failure() - Why no resolver has answered in nat64_discover()
 * @n:		Finder
 *
 * Return: 0 where one has; -EDESTADDRREQ where none was known, or what the last said
 */
int nat64_failure(const struct nat64 *n)
{
	if (n->dns64 != HINT_UNKNOWN)
		return 0;
	return !n->asked ? -EDESTADDRREQ : n->failure ? n->failure : -ETIMEDOUT;
}

/**
 * nat64_discover() - Learn the prefix, whoever tells it, as fast as that goes
 * @n:		From nat64_listen(); NULL: that failed, and nothing is done
 * @deadline_ns: Absolute
 * @hints:	Completed
 * @warnings:	A line where PREF64 and RFC 7050 do not agree
 *
 * Return: 0, or what the loop says
 */
int nat64_discover(struct nat64 *n, int64_t deadline_ns, struct hints *hints,
		   struct buf *warnings)
{
	int64_t until = MIN(deadline_ns, loop_now() + PATIENCE_NS);
	int r;

	if (!n)
		return 0;
	r = loop_init(&n->loop);
	if (r < 0)
		return r;
	n->source.ready = on_router;
	n->patience.expired = on_patience;
	drain(n);
	r = loop_timer_set(&n->loop, &n->patience, until);
	if (r == 0)
		r = loop_add(&n->loop, &n->source, EPOLLIN);
	if (r == 0) {
		if (hints->n_dns)
			ask(n, hints->dns, hints->n_dns);
		else if (n->n_dns)
			ask(n, n->dns, n->n_dns);
		else if (access("/etc/resolv.conf", R_OK) == 0)
			ask(n, NULL, 0);
		check_done(n);
		r = loop_run(&n->loop);
	}
	conclude(n, hints);
	if (n->seen.source && n->found.source &&
	    !prefix_equal(&n->seen.prefix, &n->found.prefix))
		buf_printf(warnings,
			   "nat64: the router announces '%s', but "
			   "DNS64 uses '%s'\n",
			   PREFIX_TEXT(&n->seen.prefix),
			   PREFIX_TEXT(&n->found.prefix));
	resolver_free(n->resolver);
	n->resolver = NULL;
	loop_remove(&n->loop, &n->source);
	loop_release(&n->loop);
	return r;
}
