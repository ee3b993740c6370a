/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the entries on routes share: documents, batch files, the raw writer, a monitor.
 */
#include "tests/bench/bench.h"

#include "lib/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define BATCH      (256 * 1024) /* bytes a message to the kernel holds */
#define NEXTHOP_ID 4711 /* of the object that the floor's routes share */

/**
 * bench_document() - Write a document of routes
 * @name:	File
 * @n_routes:	Number of routes
 * @gateway:	Of all of them
 * @more:	Further members, each with a comma behind it; or ""
 * @nexthop:	Through one nexthop object rather than each by itself
 *
 * Return: 0, or a negative errno
 */
int bench_document(const char *name, unsigned int n_routes, const char *gateway,
		   const char *more, bool nexthop)
{
	_cleanup_fclose_ FILE *f = fopen(name, "we");

	if (!f)
		return -errno;
	fprintf(f, "{\"version\": 1,\n%s", more);
	if (nexthop)
		fprintf(f,
			"\"nexthops\": [{\"id\": 10, \"via\": \"%s\", \"dev\": \"%s\"}],\n",
			gateway, ROUTE_DEV);
	fprintf(f, "\"routes\": [\n");
	for (unsigned int i = 0; i < n_routes; i++) {
		fprintf(f, "{\"dst\": \"2001:db8:%x:%x::/64\", ", i >> 16,
			i & 0xffff);
		if (nexthop)
			fprintf(f, "\"nexthop\": 10}");
		else
			fprintf(f, "\"via\": \"%s\", \"dev\": \"%s\"}", gateway,
				ROUTE_DEV);
		fprintf(f, "%s\n", i + 1 < n_routes ? "," : "");
	}
	fprintf(f, "]}\n");
	return fflush(f) == EOF ? -errno : 0;
}

/**
 * put_route() - Write one message of a batch
 * @at:		Room for it
 * @i:		Number of the route
 * @index:	Of the device
 * @type:	RTM_NEWROUTE or RTM_DELROUTE
 * @nexthop:	Object that it goes by; 0: by the gateway itself
 *
 * Return: the message
 */
static struct nlmsghdr *put_route(char *at, unsigned int i, int index,
				  uint16_t type, uint32_t nexthop)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(at);
	struct in6_addr dst = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8 } };
	struct in6_addr via = { .s6_addr = { 0xfe, 0x80, [15] = 1 } };
	struct rtmsg *m;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST;
	if (type == RTM_NEWROUTE)
		h->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	h->nlmsg_seq = i + 1;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = AF_INET6;
	m->rtm_dst_len = 64;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_type = RTN_UNICAST;
	dst.s6_addr16[2] = htons((uint16_t)(i >> 16));
	dst.s6_addr16[3] = htons((uint16_t)i);
	mnl_attr_put(h, RTA_DST, sizeof(dst), &dst);
	mnl_attr_put_u32(h, RTA_PRIORITY, 1024);
	if (nexthop) {
		mnl_attr_put_u32(h, RTA_NH_ID, nexthop);
		return h;
	}
	mnl_attr_put(h, RTA_GATEWAY, sizeof(via), &via);
	mnl_attr_put_u32(h, RTA_OIF, (uint32_t)index);
	return h;
}

/**
 * put_nexthop() - Write the message of the object that routes share
 * @at:		Room for it
 * @index:	Of the device
 *
 * Return: the message
 */
static struct nlmsghdr *put_nexthop(char *at, int index)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(at);
	struct in6_addr via = { .s6_addr = { 0xfe, 0x80, [15] = 1 } };
	struct nhmsg *m;

	h->nlmsg_type = RTM_NEWNEXTHOP;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->nh_family = AF_INET6;
	m->nh_protocol = RTPROT_STATIC;
	mnl_attr_put_u32(h, NHA_ID, NEXTHOP_ID);
	mnl_attr_put(h, NHA_GATEWAY, sizeof(via), &via);
	mnl_attr_put_u32(h, NHA_OIF, (uint32_t)index);
	return h;
}

/**
 * wait_ack() - Read the answer to a batch
 * @s:		Socket
 *
 * Return: 0, or what the kernel refused first
 */
static int wait_ack(struct mnl_socket *s)
{
	char answer[8192];
	const struct nlmsgerr *e;
	ssize_t n;

	n = mnl_socket_recvfrom(s, answer, sizeof(answer));
	if (n < 0)
		return -errno;
	e = mnl_nlmsg_get_payload((struct nlmsghdr *)(void *)answer);
	return e->error;
}

/**
 * write_routes() - Write routes with nothing around
 * @first:	Number of the first one
 * @n:		Number of routes
 * @type:	RTM_NEWROUTE or RTM_DELROUTE
 * @nexthop:	Object that they go by, made first; 0: by the gateway itself
 *
 * Return: 0, or a negative errno
 */
static int write_routes(unsigned int first, unsigned int n, uint16_t type,
			uint32_t nexthop)
{
	_cleanup_free_ char *batch = malloc(BATCH);
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	int index = (int)if_nametoindex(ROUTE_DEV);
	int size = 4 * BATCH;
	size_t len = 0;
	int r = 0;

	if (!batch || !s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0)
		r = -errno;
	else
		(void)setsockopt(mnl_socket_get_fd(s), SOL_SOCKET,
				 SO_SNDBUFFORCE, &size, sizeof(size));
	if (r == 0 && nexthop)
		len = put_nexthop(batch, index)->nlmsg_len;
	for (unsigned int i = 0; i < n && r == 0; i++) {
		bool last = i + 1 == n || len + 256 > BATCH;
		struct nlmsghdr *h =
			put_route(batch + len, first + i, index, type, nexthop);

		len += h->nlmsg_len;
		if (!last)
			continue;
		h->nlmsg_flags |= NLM_F_ACK;
		if (mnl_socket_sendto(s, batch, len) < 0)
			r = -errno;
		else
			r = wait_ack(s);
		len = 0;
	}
	if (s)
		(void)mnl_socket_close(s);
	return r;
}

/**
 * bench_raw_routes() - The floor: what netsetup sends, with nothing around
 * @n:		Number of routes
 *
 * netsetup lets routes with one gateway share a nexthop object, so that the floor does.
 *
 * Return: 0, or a negative errno
 */
int bench_raw_routes(unsigned int n)
{
	return write_routes(0, n, RTM_NEWROUTE, NEXTHOP_ID);
}

/**
 * bench_raw_churn() - Foreign routes that come and go at once
 * @n:		Number of routes; twice as many events
 *
 * Return: 0, or a negative errno
 */
int bench_raw_churn(unsigned int n)
{
	int r = write_routes(1U << 20, n, RTM_NEWROUTE, 0);

	return r < 0 ? r : write_routes(1U << 20, n, RTM_DELROUTE, 0);
}

/**
 * bench_monitor() - Hear of every change in this namespace
 * @nexthops_only: Of nexthop objects alone: the kernel then need not tell of 100,000
 *		routes, which would be measured as well
 * @ret:	Socket; the caller ends it by mnl_socket_close()
 *
 * Return: 0, or a negative errno
 */
int bench_monitor(bool nexthops_only, struct mnl_socket **ret)
{
	static const unsigned int groups[] = {
		RTNLGRP_LINK,       RTNLGRP_NEIGH,     RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP,
	};
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	int size = 1 << 30;

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		(void)mnl_socket_close(s);
		return -errno;
	}
	(void)setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE,
			 &size, sizeof(size));
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (!nexthops_only || groups[i] == RTNLGRP_NEXTHOP)
			(void)mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP,
						    (void *)&groups[i],
						    sizeof(int));
	*ret = s;
	return 0;
}

/**
 * bench_monitor_count() - Count what was heard
 * @s:		From bench_monitor()
 * @type:	Messages of this type; 0: all
 * @until:	Stop at so many
 * @timeout_ms:	Stop when nothing comes for so long
 *
 * Return: their number; negative where the kernel dropped some
 */
long bench_monitor_count(struct mnl_socket *s, uint16_t type, long until,
			 int timeout_ms)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(s), .events = POLLIN };
	char part[65536];
	long count = 0;

	while (count < until && poll(&p, 1, timeout_ms) > 0) {
		ssize_t n = mnl_socket_recvfrom(s, part, sizeof(part));
		int left = (int)n;

		if (n < 0)
			return -errno;
		for (struct nlmsghdr *h = (void *)part; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left))
			count += !type || h->nlmsg_type == type;
	}
	return count;
}
