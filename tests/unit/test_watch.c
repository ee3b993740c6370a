/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "netsetup/watch/filter.h"
#include "netsetup/watch/flap.h"
#include "lib/cleanup.h"
#include "lib/nl/nl.h"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/**
 * passes() - Whether a message passes the filter of a socket
 * @pair:	Socket pair, the filter is on the second
 * @m:		Message
 *
 * Return: 1 if it does, 0 if not
 */
static int passes(const int pair[2], const struct nlmsghdr *m)
{
	char got[512];

	/* A datagram that is dropped counts as sent. */
	if (send(pair[0], m, m->nlmsg_len, 0) < 0)
		return -1;
	return recv(pair[1], got, sizeof(got), MSG_DONTWAIT) ==
	       (ssize_t)m->nlmsg_len;
}

/**
 * route_message() - An event about a route
 * @buffer:	Room
 * @n:		Number that its destination is made of
 * @protocol:	Its owner
 *
 * Return: message
 */
static struct nlmsghdr *route_message(char *buffer, uint32_t n,
				      uint8_t protocol)
{
	struct nl nl = { 0 };
	struct in6_addr dst = { 0 };
	struct nlmsghdr *m = nl_request(&nl, buffer, RTM_NEWROUTE, 0);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));

	rt->rtm_protocol = protocol;
	dst.s6_addr32[0] = htonl(0x20010db8);
	dst.s6_addr32[1] = htonl(n);
	nl_put_u32(m, RTA_TABLE, 254);
	if (n)
		nl_put_in6(m, RTA_DST, &dst);
	return m;
}

/**
 * test_filter() - All of ours pass, however many, and nothing of others
 */
static void test_filter(void)
{
	static const size_t sizes[] = { 0, 1, 2, 5, 64, 500, FILTER_KEYS };
	_cleanup_free_ struct filter *f = malloc(sizeof(*f));
	char buffer[512], what[64];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_(strings_freep) struct strings *s = strings_new();
		_cleanup_(model_release) struct model want;
		int pair[2], ours = 0, others = 0;

		model_init(&want, s);
		for (size_t n = 0; n < sizes[i]; n++) {
			struct route *r = model_add(&want, KIND_ROUTE);

			/* The first one is the default route. */
			if (n)
				r->dst.s6_addr32[0] = htonl(0x20010db8);
			r->dst.s6_addr32[1] = htonl((uint32_t)n * 7919);
		}
		(void)snprintf(what, sizeof(what), "%zu routes", sizes[i]);
		filter_make(&want, f);
		CHECK_INT(what, false, f->wide);
		if (!CHECK_INT(what, 0,
			       socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) ||
		    !CHECK_INT(what, 0, filter_attach(pair[1], f)))
			continue;
		for (size_t n = 0; n < sizes[i]; n++)
			ours += passes(
				pair,
				route_message(buffer, (uint32_t)n * 7919, 12));
		for (size_t n = 0; n < 2000; n++)
			others += passes(pair,
					 route_message(buffer,
						       (uint32_t)n * 7919 + 1,
						       12));
		CHECK_INT(what, sizes[i], ours);
		CHECK_INT(what, 0, others);
		(void)close(pair[0]);
		(void)close(pair[1]);
	}
}

/**
 * test_filter_kinds() - Keys of each kind, and what always passes
 */
static void test_filter_kinds(void)
{
	static const struct {
		const char *what;
		uint16_t type, attribute;
		size_t header, len;
		uint8_t key[16];
		int passes;
	} cases[] = {
		{ "nexthop",
		  RTM_DELNEXTHOP,
		  NHA_ID,
		  sizeof(struct nhmsg),
		  4,
		  { 77 },
		  1 },
		{ "other nexthop",
		  RTM_DELNEXTHOP,
		  NHA_ID,
		  sizeof(struct nhmsg),
		  4,
		  { 78 },
		  0 },
		{ "address",
		  RTM_DELADDR,
		  IFA_ADDRESS,
		  sizeof(struct ifaddrmsg),
		  16,
		  { 0xfe, 0x80, [15] = 1 },
		  1 },
		{ "other address",
		  RTM_NEWADDR,
		  IFA_ADDRESS,
		  sizeof(struct ifaddrmsg),
		  16,
		  { 0xfe, 0x80, [15] = 2 },
		  0 },
		{ "neighbour of that address",
		  RTM_NEWNEIGH,
		  NDA_DST,
		  sizeof(struct ndmsg),
		  16,
		  { 0xfe, 0x80, [15] = 1 },
		  1 },
		{ "neighbour of IPv4",
		  RTM_NEWNEIGH,
		  NDA_DST,
		  sizeof(struct ndmsg),
		  4,
		  { 192, 0, 2, 1 },
		  0 },
		{ "interface",
		  RTM_NEWLINK,
		  IFLA_IFNAME,
		  sizeof(struct ifinfomsg),
		  4,
		  { 'x' },
		  1 },
		{ "option of a router", RTM_NEWNDUSEROPT, 1, 16, 16, { 0 }, 1 },
	};
	_cleanup_(strings_freep) struct strings *s = strings_new();
	_cleanup_free_ struct filter *f = malloc(sizeof(*f));
	_cleanup_(model_release) struct model want;
	struct address *a;
	struct nexthop *nh;
	int pair[2];

	model_init(&want, s);
	nh = model_add(&want, KIND_NEXTHOP);
	nh->id = 77;
	a = model_add(&want, KIND_ADDRESS);
	a->address = (struct in6_addr){ { { 0xfe, 0x80, [15] = 1 } } };
	filter_make(&want, f);
	if (!CHECK_INT("pair", 0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) ||
	    !CHECK_INT("attach", 0, filter_attach(pair[1], f)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buffer[512];
		struct nl nl = { 0 };
		struct nlmsghdr *m = nl_request(&nl, buffer, cases[i].type, 0);

		(void)nl_header(m, cases[i].header);
		nl_put(m, cases[i].attribute, cases[i].key, cases[i].len);
		CHECK_INT(cases[i].what, cases[i].passes, passes(pair, m));
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/**
 * test_filter_wide() - Past the list, the owner's tag and replacements count
 */
static void test_filter_wide(void)
{
	_cleanup_(strings_freep) struct strings *s = strings_new();
	_cleanup_free_ struct filter *f = malloc(sizeof(*f));
	_cleanup_(model_release) struct model want;
	char buffer[512];
	struct nlmsghdr *m;
	int pair[2];

	model_init(&want, s);
	for (uint32_t n = 0; n <= FILTER_KEYS; n++) {
		struct route *r = model_add(&want, KIND_ROUTE);

		r->dst.s6_addr32[1] = n;
	}
	filter_make(&want, f);
	CHECK_TRUE("too many keys", f->wide);
	if (!CHECK_INT("pair", 0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) ||
	    !CHECK_INT("attach", 0, filter_attach(pair[1], f)))
		return;
	CHECK_INT("ours", 1,
		  passes(pair, route_message(buffer, 1, NETSETUP_PROTO)));
	m = route_message(buffer, 1, 12);
	CHECK_INT("somebody's", 0, passes(pair, m));
	m->nlmsg_type = RTM_DELROUTE;
	CHECK_INT("somebody's, gone", 0, passes(pair, m));
	m->nlmsg_type = RTM_NEWROUTE;
	m->nlmsg_flags |= NLM_F_REPLACE;
	CHECK_INT("what replaces", 1, passes(pair, m));
	m->nlmsg_type = RTM_NEWLINK;
	m->nlmsg_flags = 0;
	CHECK_INT("an interface", 1, passes(pair, m));
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/**
 * test_flap() - A fight is noticed, rests, and rests longer when it goes on
 */
static void test_flap(void)
{
	const int64_t second = 1000000000LL, start = 1000 * second;
	_cleanup_free_ struct flap *f = calloc(1, sizeof(*f));
	int64_t now = start;

	for (int i = 0; i < FLAP_BURST; i++)
		CHECK_INT("few", FLAP_REPAIR, flap_ask(f, "route x", now));
	CHECK_INT("one too many", FLAP_FIGHT, flap_ask(f, "route x", now));
	CHECK_INT("rests", FLAP_REST, flap_ask(f, "route x", now + second));
	CHECK_TRUE("rests", flap_rests(f, "route x", now + second));
	CHECK_TRUE("another does not", !flap_rests(f, "route y", now));
	CHECK_INT("another one", FLAP_REPAIR, flap_ask(f, "route y", now));
	CHECK_INT("for a minute", now + FLAP_REST_NS, flap_next(f, now));
	now += FLAP_REST_NS + 1;
	for (int i = 0; i < FLAP_BURST; i++)
		CHECK_INT("again", FLAP_REPAIR, flap_ask(f, "route x", now));
	CHECK_INT("it goes on", FLAP_FIGHT, flap_ask(f, "route x", now));
	CHECK_INT("twice as long", now + 2 * FLAP_REST_NS, flap_next(f, now));
	now += 2 * FLAP_REST_NS + 1;
	/* Quiet for longer than the rest: forgotten. */
	now += 3 * FLAP_REST_NS;
	for (int i = 0; i < FLAP_BURST; i++)
		CHECK_INT("later", FLAP_REPAIR, flap_ask(f, "route x", now));
	CHECK_INT("a new fight", FLAP_FIGHT, flap_ask(f, "route x", now));
	CHECK_INT("begins at a minute", now + FLAP_REST_NS, flap_next(f, now));
	/* Slow: one in three seconds is no fight. */
	now += 10 * FLAP_REST_NS;
	for (int i = 0; i < 20; i++, now += 3 * second)
		CHECK_INT("slow", FLAP_REPAIR, flap_ask(f, "route z", now));
}

UNIT_SUITE(watch, { "filter", test_filter },
	   { "filter of each kind", test_filter_kinds },
	   { "wide filter", test_filter_wide }, { "flap", test_flap });
