/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/uplink.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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
