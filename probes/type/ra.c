/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ra: a Router Solicitation, and what the routers answer (needs CAP_NET_RAW)
 */
#include "probes/flow.h"
#include "probes/nodestate.h"
#include "probes/ramsg.h"
#include "probes/raw.h"
#include "probes/type/types.h"

#include <errno.h>
#include <linux/ipv6_route.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>

#define AGAIN (1 * NSEC_PER_SEC)

struct listener {
	int fd;
	unsigned int ifindex;
	unsigned int invalid; /* advertisements that must be ignored */
};

/**
 * solicit() - Send a Router Solicitation to all routers of the uplink
 * @p:		Probe
 */
static void solicit(struct probe *p)
{
	struct listener *l = p->own;
	const struct icmp6_hdr rs = { .icmp6_type = ND_ROUTER_SOLICIT };
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_scope_id = l->ifindex,
		.sin6_addr = { { { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				   0, 2 } } },
	};

	(void)sendto(l->fd, &rs, sizeof(rs), MSG_NOSIGNAL,
		     (struct sockaddr *)&to, sizeof(to));
	probe_timer(p, AGAIN);
}

/**
 * listen_for() - Have the raw socket receive advertisements of the uplink alone
 * @l:		Listener
 * @dev:	Uplink
 *
 * Return: 0, or what setsockopt() said
 */
static int listen_for(struct listener *l, const char *dev)
{
	struct icmp6_filter only;
	int hops = 255, on = 1;

	ICMP6_FILTER_SETBLOCKALL(&only);
	ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &only);
	if (setsockopt(l->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only,
		       sizeof(only)) < 0 ||
	    setsockopt(l->fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
		       sizeof(hops)) < 0 ||
	    setsockopt(l->fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on,
		       sizeof(on)) < 0 ||
	    setsockopt(l->fd, SOL_SOCKET, SO_BINDTODEVICE, dev,
		       (socklen_t)strlen(dev) + 1) < 0)
		return -errno;
	return 0;
}

/**
 * start() - Open the raw socket and solicit
 * @p:		Probe
 */
static void start(struct probe *p)
{
	const char *dev = probe_state(p)->uplink;
	struct listener *l = p->own;
	struct evidence e;
	int r;

	l->ifindex = if_nametoindex(dev);
	l->fd = raw_icmp6();
	if (l->fd < 0) {
		probe_skip(p, REASON_NO_PERMISSION,
			   "needs CAP_NET_RAW to send a router solicitation");
		return;
	}
	result_fact(&p->result, "dev", "%s", dev);
	r = listen_for(l, dev);
	if (r == 0)
		r = probe_watch(p, l->fd, EPOLLIN);
	if (r < 0) {
		e = evidence_errno(r);
		probe_error(p, &e, "raw socket");
		return;
	}
	solicit(p);
}

/**
 * judge_ra() - Say what an advertisement means
 * @p:		Probe
 * @ra:		Advertisement
 * @router:	Who sent it
 */
static void judge_ra(struct probe *p, const struct ra *ra,
		     const struct addr *router)
{
	result_fact(&p->result, "router", "%s", ADDR_TEXT(router));
	result_fact(&p->result, "ra_lifetime", "%u", ra->lifetime);
	result_fact(&p->result, "ra_hop_limit", "%u", ra->hop_limit);
	if (ra->pref64.addr.family)
		result_fact(&p->result, "prefix_ra", "%s",
			    PREFIX_TEXT(&ra->pref64));
	if (ra->rdnss.family)
		result_fact(&p->result, "rdnss", "%s", ADDR_TEXT(&ra->rdnss));
	if (!ra->lifetime)
		probe_fail(
			p, REASON_RA_LIFETIME_ZERO,
			"router %s advertises lifetime 0: it is no default router",
			ADDR_TEXT(router));
	else
		probe_pass(p, "router %s, lifetime %u s", ADDR_TEXT(router),
			   ra->lifetime);
}

/**
 * ready() - Take an advertisement
 * @p:		Probe
 * @fd:		The socket
 * @events:	Unused
 */
static void ready(struct probe *p, int fd, uint32_t events)
{
	struct listener *l = p->own;
	uint8_t data[1500];
	char control[64];
	struct sockaddr_in6 from = { 0 };
	struct iovec iov = { data, sizeof(data) };
	struct msghdr m = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct addr router;
	struct ra ra;
	int hops = 0;
	ssize_t n;

	(void)events;
	n = recvmsg(fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&hops, CMSG_DATA(c), sizeof(hops));
	router = addr_from_in6(&from.sin6_addr);
	if (hops != 255 || addr_scope(&router) != ADDR_LINK_LOCAL ||
	    ra_parse(data, (size_t)n, &ra) < 0) {
		l->invalid++;
		return;
	}
	judge_ra(p, &ra, &router);
}

/**
 * lives_without() - Whether a node's default route is of no advertisement
 * @s:		State of the node
 *
 * A cloud that gives gateways by its metadata need not advertise; so does one whose
 * advertisements a program of the node reads, but there one answers.
 *
 * Return: true if there is one, and none by the kernel from an advertisement
 */
static bool lives_without(const struct node_state *s)
{
	for (size_t i = 0; i < s->n_routes; i++)
		if (s->routes[i].flags & RTF_ADDRCONF)
			return false;
	return s->n_routes > 0;
}

/**
 * expired() - Nobody answered
 * @p:		Probe
 */
static void expired(struct probe *p)
{
	struct listener *l = p->own;

	if (l->invalid)
		probe_fail(
			p, REASON_RA_INVALID,
			"%u advertisements came, none with hop limit 255 and a link-local source",
			l->invalid);
	else if (lives_without(probe_state(p)))
		probe_skip(
			p, REASON_NO_TARGET,
			"nobody advertises on %s, and the default route is of no advertisement",
			probe_state(p)->uplink);
	else
		probe_fail(
			p, REASON_RA_MISSING,
			"no router advertisement on %s answers a solicitation",
			probe_state(p)->uplink);
}

/**
 * stop() - Close the socket
 * @p:		Probe
 */
static void stop(struct probe *p)
{
	struct listener *l = p->own;

	probe_close(p, &l->fd);
}

const struct probe_type probe_ra = {
	.proto = "icmp6",
	.size = sizeof(struct listener),
	.start = start,
	.ready = ready,
	.timer = solicit,
	.expired = expired,
	.stop = stop,
};
