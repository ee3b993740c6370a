/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateway: a default router answers neighbour solicitations
 *
 * The kernel does the asking: an entry that it has is put into PROBE, one that it has not
 * is used, and its state tells the answer. A permanent entry cannot be asked.
 */
#include "netsetup/reach_kind.h"

#include "lib/loop.h"
#include "lib/nl/nl.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define GATEWAYS_MAX 8
#define ONE_NS       (4 * NSEC_PER_SEC) /* three solicitations, a second apart */

struct gateway {
	struct in6_addr address;
	int index;
};

struct gateways {
	struct gateway items[GATEWAYS_MAX];
	size_t n;
};

/**
 * add_gateway() - Remember a gateway once
 * @all:	Gateways
 * @address:	Its address
 * @index:	Interface
 */
static void add_gateway(struct gateways *all, const struct in6_addr *address,
			int index)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].index == index &&
		    memcmp(&all->items[i].address, address, 16) == 0)
			return;
	if (all->n < GATEWAYS_MAX)
		all->items[all->n++] = (struct gateway){ *address, index };
}

/**
 * seen_route() - Take the gateways of a default route
 * @m:		RTM_NEWROUTE
 * @context:	struct gateways
 *
 * Return: 0
 */
static int seen_route(const struct nlmsghdr *m, void *context)
{
	const struct rtmsg *rt = NLMSG_DATA(m);
	const struct nlattr *at[RTA_MULTIPATH + 1];
	const struct rtnexthop *nh;
	struct in6_addr via;
	size_t left;

	if (m->nlmsg_type != RTM_NEWROUTE || rt->rtm_dst_len ||
	    rt->rtm_type != RTN_UNICAST)
		return 0;
	nl_parse(m, sizeof(*rt), at, RTA_MULTIPATH);
	if (at[RTA_GATEWAY]) {
		via = nl_in6(at[RTA_GATEWAY]);
		add_gateway(context, &via, (int)nl_u32(at[RTA_OIF], 0));
	}
	nh = at[RTA_MULTIPATH] ? nl_data(at[RTA_MULTIPATH]) : NULL;
	left = at[RTA_MULTIPATH] ? nl_len(at[RTA_MULTIPATH]) : 0;
	while (left >= sizeof(*nh) && nh->rtnh_len >= sizeof(*nh) &&
	       nh->rtnh_len <= left) {
		const struct nlattr *hop[RTA_GATEWAY + 1];
		size_t step = NLMSG_ALIGN(nh->rtnh_len);

		nl_parse_range(nh + 1, nh->rtnh_len - sizeof(*nh), hop,
			       RTA_GATEWAY);
		via = nl_in6(hop[RTA_GATEWAY]);
		if (hop[RTA_GATEWAY])
			add_gateway(context, &via, nh->rtnh_ifindex);
		if (step >= left)
			break;
		left -= step;
		nh = (const struct rtnexthop *)((const char *)nh + step);
	}
	return 0;
}

/* One entry of the neighbour table. */
struct entry {
	uint16_t state; /* NUD_*; 0: there is none */
	uint8_t flags; /* NTF_* */
};

/**
 * seen_entry() - Take an entry
 * @m:		RTM_NEWNEIGH
 * @context:	struct entry
 *
 * Return: 0
 */
static int seen_entry(const struct nlmsghdr *m, void *context)
{
	const struct ndmsg *nd = NLMSG_DATA(m);

	if (m->nlmsg_type == RTM_NEWNEIGH)
		*(struct entry *)context =
			(struct entry){ nd->ndm_state, nd->ndm_flags };
	return 0;
}

/**
 * neighbour_message() - Request about one entry
 * @nl:		Socket
 * @buffer:	Room
 * @g:		Neighbour
 * @type:	RTM_*
 * @set:	State and flags to set; 0 for a question
 *
 * Return: message
 */
static struct nlmsghdr *neighbour_message(struct nl *nl, char *buffer,
					  const struct gateway *g,
					  uint16_t type, struct entry set)
{
	struct nlmsghdr *m = nl_request(
		nl, buffer, type, type == RTM_GETNEIGH ? 0 : NLM_F_CREATE);
	struct ndmsg *nd = nl_header(m, sizeof(*nd));

	nd->ndm_family = AF_INET6;
	nd->ndm_ifindex = g->index;
	nd->ndm_state = set.state;
	nd->ndm_flags = set.flags;
	nl_put_in6(m, NDA_DST, &g->address);
	return m;
}

/**
 * read_entry() - What the kernel knows of a neighbour
 * @nl:		Socket
 * @g:		Neighbour
 * @ret:	Entry
 *
 * Return: 0, also where there is none; or a negative errno
 */
static int read_entry(struct nl *nl, const struct gateway *g, struct entry *ret)
{
	char buffer[256];
	struct entry e = { 0 };
	struct nlmsghdr *m = neighbour_message(nl, buffer, g, RTM_GETNEIGH,
					       (struct entry){ 0 });
	int r = nl_ask(nl, m, seen_entry, &e);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret = e;
	return 0;
}

/**
 * drop_event() - Take an event as a hint to look again
 * @m:		Unused
 * @context:	Unused
 *
 * Return: 0
 */
static int drop_event(const struct nlmsghdr *m, void *context)
{
	(void)m;
	(void)context;
	return 0;
}

/**
 * wait_answer() - Wait until an entry is reachable or has failed
 * @nl:		Socket for questions
 * @events:	Subscribed socket
 * @g:		Neighbour
 * @deadline:	CLOCK_MONOTONIC ns
 *
 * Return: 0; -EHOSTUNREACH, -ETIMEDOUT, or a negative errno
 */
static int wait_answer(struct nl *nl, struct nl *events,
		       const struct gateway *g, int64_t deadline)
{
	struct pollfd p = { .fd = nl_fd(events), .events = POLLIN };

	for (;;) {
		int64_t left = deadline - loop_now();
		struct entry e;
		int r = read_entry(nl, g, &e);

		if (r < 0)
			return r;
		if (e.state & (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP))
			return 0;
		if (e.state & NUD_FAILED)
			return -EHOSTUNREACH;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(left / NSEC_PER_MSEC) + 1) > 0 &&
		    nl_events(events, drop_event, NULL) < 0)
			continue; /* lost ones are hints, too */
	}
}

/**
 * ask_neighbour() - Have the kernel ask a neighbour, and wait for the answer
 * @nl:		Socket
 * @g:		Neighbour
 * @deadline:	CLOCK_MONOTONIC ns
 *
 * Return: 0; -EHOSTUNREACH, -ETIMEDOUT, or a negative errno
 */
static int ask_neighbour(struct nl *nl, const struct gateway *g,
			 int64_t deadline)
{
	char buffer[256];
	struct entry e, set = { NUD_NONE, NTF_USE };
	struct nl events;
	int r = nl_open(&events, NETLINK_ROUTE);

	if (r == 0)
		r = nl_subscribe(&events, RTNLGRP_NEIGH);
	if (r == 0)
		r = read_entry(nl, g, &e);
	if (r == 0 && e.state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY))
		set = (struct entry){ NUD_PROBE, e.flags & NTF_ROUTER };
	if (r == 0 && !(e.state & (NUD_PERMANENT | NUD_NOARP)))
		r = nl_ask(nl,
			   neighbour_message(nl, buffer, g, RTM_NEWNEIGH, set),
			   NULL, NULL);
	if (r == 0)
		r = wait_answer(nl, &events, g, deadline);
	nl_close(&events);
	return r;
}

/**
 * neighbour_probe() - Whether a neighbour answers
 * @address:	Its address
 * @index:	Interface
 * @deadline:	CLOCK_MONOTONIC ns
 * @why:	Says why it does not
 *
 * Return: 0, or a negative errno
 */
int neighbour_probe(const struct in6_addr *address, int index, int64_t deadline,
		    struct buf *why)
{
	const struct gateway g = { *address, index };
	struct addr a = addr_from_in6(address);
	char name[IFNAMSIZ] = "?";
	int64_t until = loop_now() + ONE_NS;
	struct nl nl;
	int r = nl_open(&nl, NETLINK_ROUTE);

	if (r == 0)
		r = ask_neighbour(&nl, &g, until < deadline ? until : deadline);
	nl_close(&nl);
	(void)if_indextoname((unsigned int)index, name);
	if (r == -EHOSTUNREACH || r == -ETIMEDOUT)
		buf_printf(why,
			   "%s on '%s' does not answer neighbour solicitations",
			   ADDR_TEXT(&a), name);
	else if (r < 0)
		buf_printf(why, "%s on '%s': %s", ADDR_TEXT(&a), name,
			   strerror(-r));
	return r;
}

/**
 * find_gateways() - Gateways of all default routes
 * @ret:	Gets them
 *
 * Return: 0 or a negative errno
 */
static int find_gateways(struct gateways *ret)
{
	char buffer[256];
	struct nlmsghdr *m;
	struct rtmsg *rt;
	struct nl nl;
	int r = nl_open(&nl, NETLINK_ROUTE);

	if (r == 0) {
		m = nl_request(&nl, buffer, RTM_GETROUTE, 0);
		rt = nl_header(m, sizeof(*rt));
		rt->rtm_family = AF_INET6;
		rt->rtm_table = RT_TABLE_MAIN;
		r = nl_dump(&nl, m, seen_route, ret);
	}
	nl_close(&nl);
	return r == -EINTR ? 0 : r;
}

/**
 * run() - One try
 * @target:	"fe80::1%eth0", or "" for the gateways of default routes
 * @hints:	Unused
 * @deadline:	CLOCK_MONOTONIC ns
 * @why:	Says why it failed
 *
 * Return: 0 where one gateway answers, or a negative errno
 */
static int run(const char *target, const struct hints *hints, int64_t deadline,
	       struct buf *why)
{
	struct gateways all = { .n = 0 };
	char text[ADDR_STRLEN];
	const char *zone = strchr(target, '%');
	struct in6_addr in6;
	struct addr a;
	int r = 0;

	(void)hints;
	if (*target) {
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(target, "%"),
			 target);
		if (!zone || addr_parse6(text, &a) < 0) {
			buf_puts(why, "the target is ADDRESS%INTERFACE");
			return -EINVAL;
		}
		in6 = addr_to_in6(&a);
		add_gateway(&all, &in6, (int)if_nametoindex(zone + 1));
	} else {
		r = find_gateways(&all);
	}
	if (r == 0 && all.n == 0) {
		buf_puts(why, "there is no default route with a gateway");
		return -ENETUNREACH;
	}
	for (size_t i = 0; i < all.n; i++) {
		buf_clear(why);
		r = neighbour_probe(&all.items[i].address, all.items[i].index,
				    deadline, why);
		if (r == 0)
			break;
	}
	return r;
}

const struct reach_kind reach_gateway = {
	.name = "gateway",
	.target = "ADDRESS%INTERFACE",
	.run = run,
};
