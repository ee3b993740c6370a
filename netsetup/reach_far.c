/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns64, nat64, api: what lies beyond the gateway
 */
#include "netsetup/reach_kind.h"

#include "lib/loop.h"
#include "lib/resolve.h"
#include "netsetup/nat64.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRY_NS (3 * NSEC_PER_SEC) /* one try */

/**
 * until() - End of one try
 * @deadline:	Of all of them
 *
 * Return: CLOCK_MONOTONIC ns
 */
static int64_t until(int64_t deadline)
{
	int64_t one = loop_now() + TRY_NS;

	return one < deadline ? one : deadline;
}

/**
 * ask_dns64() - Prefix by ipv4only.arpa, RFC 7050
 * @target:	Name server, or "" for those known
 * @hints:	Hints
 * @deadline:	CLOCK_MONOTONIC ns
 * @ret:	Prefix
 * @why:	Says why there is none
 *
 * Return: 0, or a negative errno
 */
static int ask_dns64(const char *target, const struct hints *hints,
		     int64_t deadline, struct prefix *ret, struct buf *why)
{
	struct resolver_options o = { .servers = hints->dns,
				      .n_servers = hints->n_dns };
	struct resolve_query q;
	struct addr server;
	int r;

	if (*target) {
		if (addr_parse6(target, &server) < 0) {
			buf_printf(why, "'%s' is not an IPv6 address", target);
			return -EINVAL;
		}
		o.servers = &server;
		o.n_servers = 1;
	}
	if (!o.n_servers)
		o.servers = NULL; /* those of /etc/resolv.conf */
	r = resolve(&o, "ipv4only.arpa", RESOLVE_AAAA, until(deadline), &q);
	if (r == -ENODATA || r == -ENXIO)
		buf_puts(
			why,
			"the name server answers, but makes no IPv6 address for ipv4only.arpa: it does no DNS64");
	else if (r < 0)
		buf_printf(why, "ipv4only.arpa: %s", strerror(-r));
	if (r < 0)
		return r;
	for (size_t i = 0; i < q.n_addrs; i++)
		if (nat64_read_answer(&q.addrs[i], ret) == 0)
			return 0;
	buf_puts(
		why,
		"ipv4only.arpa: no address of the answer holds 192.0.0.170 or 192.0.0.171");
	return -EBADMSG;
}

/**
 * run_dns64() - One try of dns64
 * @target:	Name server, or "" for those known
 * @hints:	Hints
 * @deadline:	CLOCK_MONOTONIC ns
 * @why:	Says why it failed
 *
 * Return: 0, or a negative errno
 */
static int run_dns64(const char *target, const struct hints *hints,
		     int64_t deadline, struct buf *why)
{
	struct prefix prefix;

	return ask_dns64(target, hints, deadline, &prefix, why);
}

const struct reach_kind reach_dns64 = {
	.name = "dns64",
	.target = "SERVER",
	.run = run_dns64,
};

/**
 * embed() - IPv4 address behind a NAT64 prefix, RFC 6052 section 2.2
 * @p:		Prefix
 * @v4:		IPv4 address
 *
 * Return: IPv6 address
 */
static struct in6_addr embed(const struct prefix *p, const struct addr *v4)
{
	struct in6_addr a = addr_to_in6(&p->addr);
	size_t at = p->len / 8;

	for (size_t i = 0; i < 4; i++) {
		if (at == 8)
			at++; /* bits 64 to 71 stay zero */
		a.s6_addr[at++] = v4->bytes[i];
	}
	return a;
}

/**
 * echo() - Send one ICMPv6 echo request and wait for its reply
 * @to:		Destination
 * @deadline:	CLOCK_MONOTONIC ns
 *
 * Return: 0; -ETIMEDOUT, or what the socket said
 */
static int echo(const struct in6_addr *to, int64_t deadline)
{
	_cleanup_close_ int fd =
		socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	const struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
					 .sin6_addr = *to };
	struct icmp6_hdr out = { .icmp6_type = ICMP6_ECHO_REQUEST };
	struct icmp6_filter filter;
	uint16_t id = (uint16_t)getpid();

	if (fd < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
	(void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
			 sizeof(filter));
	out.icmp6_id = id;
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    send(fd, &out, sizeof(out), 0) < 0)
		return -errno;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = (deadline - loop_now()) / NSEC_PER_MSEC;
		struct icmp6_hdr in = { 0 };

		if (left < 0 || poll(&p, 1, (int)left + 1) == 0)
			return -ETIMEDOUT;
		if (recv(fd, &in, sizeof(in), MSG_DONTWAIT) < 0) {
			if (errno != EAGAIN && errno != EINTR)
				return -errno;
		} else if (in.icmp6_id == id) {
			return 0;
		}
	}
}

/**
 * run_nat64() - One try of nat64
 * @target:	IPv4 address that answers echo requests
 * @hints:	Hints
 * @deadline:	CLOCK_MONOTONIC ns
 * @why:	Says why it failed
 *
 * Return: 0, or a negative errno
 */
static int run_nat64(const char *target, const struct hints *hints,
		     int64_t deadline, struct buf *why)
{
	struct prefix prefix = hints->nat64.prefix;
	struct in6_addr to;
	struct addr v4, a;
	int r = 0;

	if (addr_parse(target, &v4) < 0 || v4.family != AF_INET) {
		buf_printf(why, "'%s' is not an IPv4 address", target);
		return -EINVAL;
	}
	if (!addr_is_set(&prefix.addr))
		r = ask_dns64("", hints, deadline, &prefix, why);
	if (r < 0)
		return r;
	to = embed(&prefix, &v4);
	a = addr_from_in6(&to);
	r = echo(&to, until(deadline));
	if (r < 0)
		buf_printf(why, "no echo from %s (%s through %s): %s",
			   ADDR_TEXT(&a), target, PREFIX_TEXT(&prefix),
			   strerror(-r));
	return r;
}

const struct reach_kind reach_nat64 = {
	.name = "nat64",
	.target = "IPV4",
	.needs_target = true,
	.run = run_nat64,
};

/**
 * connect_to() - Make a TCP connection and drop it
 * @sa:		Where to
 * @deadline:	CLOCK_MONOTONIC ns
 *
 * Return: 0, or what connect() said
 */
static int connect_to(const struct sockaddr_in6 *sa, int64_t deadline)
{
	_cleanup_close_ int fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t left = (deadline - loop_now()) / NSEC_PER_MSEC;
	int error = 0;
	socklen_t len = sizeof(error);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return -error;
}

/**
 * run_api() - One try of api
 * @target:	"[2001:db8::1]:443"
 * @hints:	Unused
 * @deadline:	CLOCK_MONOTONIC ns
 * @why:	Says why it failed
 *
 * Return: 0, or a negative errno
 */
static int run_api(const char *target, const struct hints *hints,
		   int64_t deadline, struct buf *why)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	const char *close = strrchr(target, ']');
	char text[ADDR_STRLEN], *end = NULL;
	unsigned long port = 0;
	struct addr a;
	int r;

	(void)hints;
	if (*target == '[' && close && close[1] == ':')
		port = strtoul(close + 2, &end, 10);
	if (close)
		snprintf(text, sizeof(text), "%.*s", (int)(close - target - 1),
			 target + 1);
	if (!end || *end || !port || port > 65535 ||
	    addr_parse6(text, &a) < 0) {
		buf_printf(why, "'%s' is not of the form [ADDRESS]:PORT",
			   target);
		return -EINVAL;
	}
	sa.sin6_addr = addr_to_in6(&a);
	sa.sin6_port = htons((uint16_t)port);
	r = connect_to(&sa, until(deadline));
	if (r < 0)
		buf_printf(why, "no connection to %s: %s", target,
			   strerror(-r));
	return r;
}

const struct reach_kind reach_api = {
	.name = "api",
	.target = "[ADDRESS]:PORT",
	.needs_target = true,
	.run = run_api,
};
