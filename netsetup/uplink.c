/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/uplink.h"

#include "lib/cleanup.h"
#include "lib/nl/nl.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ipv6_route.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

DEFINE_CLEANUP(struct ifaddrs *, freeifaddrs)

/**
 * mac_of() - Hardware address of an interface
 * @fd:		Any socket
 * @name:	Interface
 * @ret_mac:	"aa:bb:cc:dd:ee:ff"
 *
 * Return: 0, or what ioctl() says
 */
static int mac_of(int fd, const char *name, char ret_mac[18])
{
	struct ifreq q = { 0 };
	const unsigned char *m = (const unsigned char *)q.ifr_hwaddr.sa_data;

	(void)snprintf(q.ifr_name, sizeof(q.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFHWADDR, &q) < 0)
		return -errno;
	(void)snprintf(ret_mac, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1],
		       m[2], m[3], m[4], m[5]);
	return 0;
}

/**
 * uplink_by_mac() - Find an interface by its hardware address
 * @mac:	"aa:bb:cc:dd:ee:ff", in either case
 * @ret_name:	Its name
 *
 * Return: 0; -ENODEV where there is none, or what socket() says
 */
int uplink_by_mac(const char *mac, char ret_name[IFNAMSIZ])
{
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all, *i;
	char have[18];
	int r = -ENODEV;

	if (fd < 0)
		return -errno;
	all = if_nameindex();
	if (!all)
		return -errno;
	for (i = all; i->if_index; i++) {
		if (mac_of(fd, i->if_name, have) < 0 ||
		    strcasecmp(have, mac) != 0)
			continue;
		(void)snprintf(ret_name, IFNAMSIZ, "%s", i->if_name);
		r = 0;
		break;
	}
	if_freenameindex(all);
	return r;
}

/**
 * uplink_by_route() - Find the interface of the default route
 * @ret_name:	Its name
 *
 * Return: 0; -ENODEV where there is no default route, or what open() says
 */
int uplink_by_route(char ret_name[IFNAMSIZ])
{
	_cleanup_fclose_ FILE *f = fopen("/proc/net/ipv6_route", "re");
	unsigned int len, flags;
	char line[256], dst[33], name[IFNAMSIZ];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%32s %2x %*s %*s %*s %*s %*s %*s %8x %15s",
			   dst, &len, &flags, name) != 4)
			continue;
		/* RTF_UP alone is not enough: the unreachable default has it. */
		if (len != 0 || strspn(dst, "0") != 32 || (flags & 0x0200) ||
		    strcmp(name, "lo") == 0)
			continue;
		(void)snprintf(ret_name, IFNAMSIZ, "%s", name);
		return 0;
	}
	return -ENODEV;
}

/**
 * uplink_address() - The global address that an interface has
 * @name:	Interface
 * @ret_address: The first one
 *
 * Return: 0; -ENODATA where there is none
 */
int uplink_address(const char *name, struct addr *ret_address)
{
	_cleanup_(freeifaddrsp) struct ifaddrs *all = NULL;
	const struct ifaddrs *i;
	struct addr a;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (i = all; i; i = i->ifa_next) {
		if (strcmp(i->ifa_name, name) != 0 || !i->ifa_addr ||
		    i->ifa_addr->sa_family != AF_INET6)
			continue;
		a = addr_from_sockaddr(i->ifa_addr);
		if (addr_scope(&a) < ADDR_ULA)
			continue;
		*ret_address = a;
		return 0;
	}
	return -ENODATA;
}

/* What uplink_router() looks for, and what it found. */
struct router {
	int index; /* of the uplink */
	struct addr addr;
	int64_t lifetime_s;
};

/**
 * take_route() - Look at one route, whether a router announced it as default
 * @m:		RTM_NEWROUTE
 * @context:	struct router
 *
 * Return: 0
 */
static int take_route(const struct nlmsghdr *m, void *context)
{
	const struct rtmsg *rt = NLMSG_DATA(m);
	const struct nlattr *at[RTA_MAX + 1];
	const struct rta_cacheinfo *cache;
	struct router *router = context;
	struct in6_addr in6;

	nl_parse(m, sizeof(*rt), at, RTA_MAX);
	if (rt->rtm_dst_len != 0 || rt->rtm_protocol != RTPROT_RA ||
	    !at[RTA_GATEWAY] || !at[RTA_CACHEINFO] ||
	    (int)nl_u32(at[RTA_OIF], 0) != router->index)
		return 0;
	cache = nl_data(at[RTA_CACHEINFO]);
	if (nl_len(at[RTA_CACHEINFO]) < sizeof(*cache) ||
	    cache->rta_expires < 0)
		return 0;
	in6 = nl_in6(at[RTA_GATEWAY]);
	router->addr = addr_from_in6(&in6);
	router->lifetime_s = cache->rta_expires / sysconf(_SC_CLK_TCK);
	return 0;
}

/**
 * dump_ra() - List the routes of routers
 * @table:	Routing table; 0: all
 * @fn:		Called for each
 * @context:	For @fn
 *
 * Return: 0 or a negative errno
 */
static int dump_ra(uint32_t table, nl_message_fn *fn, void *context)
{
	char buffer[256];
	struct nlmsghdr *m;
	struct rtmsg *rt;
	struct nl nl;
	int r = nl_open(&nl, NETLINK_ROUTE);

	if (r < 0)
		return r;
	m = nl_request(&nl, buffer, RTM_GETROUTE, NLM_F_DUMP);
	rt = nl_header(m, sizeof(*rt));
	rt->rtm_family = AF_INET6;
	rt->rtm_protocol = RTPROT_RA;
	rt->rtm_table = (uint8_t)table;
	r = nl_dump(&nl, m, fn, context);
	nl_close(&nl);
	return r;
}

/**
 * uplink_router() - The default router that announced itself on an interface
 * @name:	Interface
 * @ret_router:	Its link-local address
 * @ret_lifetime_s: Seconds left of its announcement
 *
 * Return: 0; -ENODATA where there is none, -ENODEV, or what netlink says
 */
int uplink_router(const char *name, struct addr *ret_router,
		  int64_t *ret_lifetime_s)
{
	struct router router = { .index = (int)if_nametoindex(name) };
	int r;

	if (!router.index)
		return -ENODEV;
	r = dump_ra(RT_TABLE_MAIN, take_route, &router);
	if (r < 0)
		return r;
	if (!addr_is_set(&router.addr))
		return -ENODATA;
	*ret_router = router.addr;
	*ret_lifetime_s = router.lifetime_s;
	return 0;
}

/* Default routes by router advertisements on one interface. */
struct count {
	int index;
	size_t n;
};

/**
 * count_route() - Count a route
 * @m:		RTM_NEWROUTE
 * @context:	struct count
 *
 * Return: 0
 */
static int count_route(const struct nlmsghdr *m, void *context)
{
	const struct rtmsg *rt = NLMSG_DATA(m);
	const struct nlattr *at[RTA_MAX + 1];
	struct count *count = context;

	nl_parse(m, sizeof(*rt), at, RTA_MAX);
	count->n += rt->rtm_dst_len == 0 && rt->rtm_protocol == RTPROT_RA &&
		    (int)nl_u32(at[RTA_OIF], 0) == count->index;
	return 0;
}

/**
 * count_kernel() - Default routes that the kernel has from router advertisements
 * @name:	Interface
 *
 * Return: their number; netlink does not tell them from those that programs have made
 */
static size_t count_kernel(const char *name)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/net/ipv6_route", "re");
	unsigned int len, flags;
	char line[256], dev[IFNAMSIZ];
	size_t n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += sscanf(line, "%*s %2x %*s %*s %*s %*s %*s %*s %8x %15s",
			    &len, &flags, dev) == 3 &&
		     len == 0 && flags & RTF_ADDRCONF && flags & RTF_DEFAULT &&
		     strcmp(dev, name) == 0;
	return n;
}

/**
 * uplink_has_others() - Whether a program has made default routes of router advertisements
 * @name:	Interface
 *
 * Return: true if there are such, beside those of the kernel
 */
bool uplink_has_others(const char *name)
{
	struct count count = { .index = (int)if_nametoindex(name) };

	return dump_ra(0, count_route, &count) == 0 && count.n > 0 &&
	       count.n > count_kernel(name);
}
