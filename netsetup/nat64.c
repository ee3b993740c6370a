/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/nat64.h"

#include "lib/loop.h"
#include "lib/resolve.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OPTION_RDNSS  25 /* RFC 8106 */
#define OPTION_PREF64 38 /* RFC 8781 */

/* How long a better answer is waited for once a worse one is there: a router on the same
 * link answers a solicitation in a few ms, or within 500 ms where it has many hosts. */
#define GRACE_NS    (40 * NSEC_PER_MSEC)
/* How long anything at all is waited for: MAX_RA_DELAY_TIME, and a round trip. */
#define PATIENCE_NS (700 * NSEC_PER_MSEC)

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
	bool asked, failed;
};

/* Lengths that RFC 6052 allows, in the order of PREF64's codes. */
static const uint8_t lengths[] = { 96, 64, 56, 48, 40, 32 };

/**
 * usable() - Whether packets for a prefix can be sent at all
 * @p:		Prefix
 *
 * Routers and resolvers may say anything; "::ffff:0:0/96" would turn each IPv4 address
 * into one that the kernel takes for its own IPv4.
 */
static bool usable(const struct prefix *p)
{
	return addr_scope(&p->addr) >= ADDR_ULA;
}

/**
 * nat64_parse() - Read a prefix that NAT64 can use
 * @text:	"64:ff9b::/96"
 * @ret_prefix:	Result
 *
 * Return: 0, -EINVAL for any other
 */
int nat64_parse(const char *text, struct prefix *ret_prefix)
{
	struct prefix p;
	size_t i;

	if (prefix_parse6(text, &p) < 0 || !usable(&p))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		if (lengths[i] == p.len) {
			*ret_prefix = p;
			return 0;
		}
	}
	return -EINVAL;
}

/**
 * nat64_read_option() - Read a PREF64 option (RFC 8781 section 4); pure
 * @option:	From its type on
 * @len:	Its bytes
 * @ret_hint:	Prefix, source and lifetime
 *
 * Return: 0; -ENOMSG for another option, -EBADMSG
 */
int nat64_read_option(const uint8_t *option, size_t len,
		      struct nat64_hint *ret_hint)
{
	struct addr a = { .family = AF_INET6 };
	struct prefix p;
	unsigned int scaled;

	if (len < 2 || option[0] != OPTION_PREF64)
		return -ENOMSG;
	if (len < 16 || option[1] != 2)
		return -EBADMSG;
	scaled = (unsigned int)option[2] << 8 | option[3];
	if ((scaled & 7) >= ARRAY_SIZE(lengths))
		return -EBADMSG;
	memcpy(a.bytes, option + 4, 12);
	p = prefix_of(&a, lengths[scaled & 7]);
	if (!usable(&p))
		return -EBADMSG;
	*ret_hint = (struct nat64_hint){
		.prefix = p,
		.source = NAT64_PREF64,
		.lifetime_s = scaled & ~7U, /* counted in units of 8 s */
	};
	return 0;
}

/**
 * embedded() - The IPv4 address that lies behind a prefix (RFC 6052 section 2.2)
 * @a:		IPv6 address
 * @len:	Length of the prefix
 *
 * Return: host order; byte 8 of the address is skipped
 */
static uint32_t embedded(const struct addr *a, unsigned int len)
{
	unsigned int at = len / 8, i;
	uint32_t v4 = 0;

	for (i = 0; i < 4; i++, at++) {
		if (at == 8)
			at++;
		v4 = v4 << 8 | a->bytes[at];
	}
	return v4;
}

/**
 * nat64_read_answer() - Find the prefix in an AAAA of ipv4only.arpa (RFC 7050); pure
 * @answer:	Address
 * @ret_prefix:	Result
 *
 * Return: 0; -ENOMSG where it holds no well-known address, or at two places
 */
int nat64_read_answer(const struct addr *answer, struct prefix *ret_prefix)
{
	unsigned int hits = 0, len = 0;
	struct prefix p;
	uint32_t v4;
	size_t i;

	if (answer->family != AF_INET6)
		return -ENOMSG;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		v4 = embedded(answer, lengths[i]);
		if (v4 != 0xc00000aa && v4 != 0xc00000ab)
			continue;
		hits++;
		len = lengths[i];
	}
	p = prefix_of(answer, len);
	if (hits != 1 || !usable(&p))
		return -ENOMSG;
	*ret_prefix = p;
	return 0;
}

/**
 * nat64_better() - Whether a prefix newly learnt replaces the one in use
 * @now:	In use, source NAT64_UNKNOWN: none
 * @expired:	Its lifetime is over
 * @next:	Learnt
 *
 * Return: true for a source at least as good, or for any where none is left
 */
bool nat64_better(const struct nat64_hint *now, bool expired,
		  const struct nat64_hint *next)
{
	if (next->source == NAT64_UNKNOWN)
		return false;
	return now->source == NAT64_UNKNOWN || expired ||
	       next->source <= now->source;
}

/**
 * solicit() - Ask all routers to advertise themselves, where that is allowed
 *
 * Needs CAP_NET_RAW; without it the next periodic advertisement has to do.
 */
static void solicit(void)
{
	struct nd_router_solicit rs = { .nd_rs_type = ND_ROUTER_SOLICIT };
	_cleanup_close_ int fd =
		socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	struct if_nameindex *all, *i;
	struct ifreq q;
	int hops = 255;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
				 sizeof(hops)) < 0)
		return;
	to.sin6_addr = (struct in6_addr){
		.s6_addr = { 0xff, 2, [15] = 2 } /* all routers */
	};
	all = if_nameindex();
	for (i = all; i && i->if_index; i++) {
		q = (struct ifreq){ 0 };
		(void)snprintf(q.ifr_name, sizeof(q.ifr_name), "%s",
			       i->if_name);
		if (ioctl(fd, SIOCGIFFLAGS, &q) < 0 ||
		    !(q.ifr_flags & IFF_UP) || (q.ifr_flags & IFF_LOOPBACK))
			continue;
		to.sin6_scope_id = i->if_index;
		(void)sendto(fd, &rs, sizeof(rs), MSG_DONTWAIT,
			     (const struct sockaddr *)&to, sizeof(to));
	}
	if (all)
		if_freenameindex(all);
}

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
	const struct nduseroptmsg *nd = NLMSG_DATA(m);
	const uint8_t *option = (const uint8_t *)(nd + 1), *p;
	size_t left, len;
	struct rtattr attr;

	if (m->nlmsg_type != RTM_NEWNDUSEROPT ||
	    m->nlmsg_len < NLMSG_LENGTH(sizeof(*nd)))
		return;
	left = m->nlmsg_len - NLMSG_LENGTH(sizeof(*nd));
	len = nd->nduseropt_opts_len;
	if (nd->nduseropt_family != AF_INET6 || len > left)
		return;
	(void)!nat64_read_option(option, len, &n->seen);
	read_rdnss(n, option, len);

	p = option + NLMSG_ALIGN(len);
	left = left > NLMSG_ALIGN(len) ? left - NLMSG_ALIGN(len) : 0;
	if (left < RTA_LENGTH(16))
		return;
	memcpy(&attr, p, sizeof(attr));
	if (attr.rta_type != NDUSEROPT_SRCADDR ||
	    attr.rta_len != RTA_LENGTH(16))
		return;
	n->router = (struct addr){ .family = AF_INET6 };
	memcpy(n->router.bytes, p + RTA_LENGTH(0), 16);
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
 * @ret_nat64:	Result; the caller ends it by nat64_free()
 *
 * Return: 0, -ENOMEM, or what socket() and bind() say
 */
int nat64_listen(struct nat64 **ret_nat64)
{
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	_cleanup_(nat64_freep) struct nat64 *n = calloc(1, sizeof(*n));
	int group = RTNLGRP_ND_USEROPT;

	if (!n)
		return -ENOMEM;
	n->source.fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (n->source.fd < 0)
		return -errno;
	if (bind(n->source.fd, (const struct sockaddr *)&me, sizeof(me)) < 0 ||
	    setsockopt(n->source.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       &group, sizeof(group)) < 0)
		return -errno;
	solicit();
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
	if (n->seen.source != NAT64_UNKNOWN && n->dns64 != HINT_UNKNOWN)
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
	else if (q->r < 0)
		n->failed = true;
	for (i = 0; i < q->n_addrs && q->r == 0; i++) {
		if (nat64_read_answer(&q->addrs[i], &n->found.prefix) < 0)
			continue;
		n->found.source = NAT64_RFC7050;
		n->found.lifetime_s = q->ttl;
		n->dns64 = HINT_YES;
		break;
	}
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

	if (n->asked || resolver_new(&n->loop, &o, &n->resolver) < 0)
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
	if (n->failed && n->n_dns) {
		/* The machine's own resolvers are of no use: ask the router's. */
		resolver_free(n->resolver);
		n->resolver = NULL;
		n->asked = n->failed = false;
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
