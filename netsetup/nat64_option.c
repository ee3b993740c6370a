/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What routers and resolvers say of a NAT64 prefix, read; `watch` needs no more of it.
 */
#include "netsetup/nat64.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OPTION_PREF64 38 /* RFC 8781 */

/* Lengths that RFC 6052 allows, in the order of PREF64's codes. */
static const uint8_t lengths[] = { 96, 64, 56, 48, 40, 32 };

/**
 * reachable() - Whether packets for a prefix can be sent at all
 * @p:		Prefix
 *
 * Routers and resolvers may say anything; "::ffff:0:0/96" would turn each IPv4 address
 * into one that the kernel takes for its own IPv4.
 */
static bool reachable(const struct prefix *p)
{
	return addr_scope(&p->addr) >= ADDR_ULA;
}

/**
 * nat64_usable() - Whether NAT64 can use a prefix
 * @p:		Prefix
 *
 * Return: true for one of a length that RFC 6052 allows and that packets can go to
 */
bool nat64_usable(const struct prefix *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		if (lengths[i] == p->len)
			return reachable(p);
	return false;
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

	if (prefix_parse6(text, &p) < 0 || !nat64_usable(&p))
		return -EINVAL;
	*ret_prefix = p;
	return 0;
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
	if (!reachable(&p))
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
	if (hits != 1 || !reachable(&p))
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
 * nat64_solicit() - Ask all routers to advertise themselves, where that is allowed
 *
 * Needs CAP_NET_RAW; without it the next periodic advertisement has to do.
 */
void nat64_solicit(void)
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
 * nat64_read_message() - Find the option in one RTM_NEWNDUSEROPT
 * @m:		Message, whole
 * @router:	Gets who sent it, where that is told
 * @ret_option:	Option, from its type on, within the message
 * @ret_len:	Its bytes
 *
 * Return: 0; -ENOMSG for any other message
 */
int nat64_read_message(const struct nlmsghdr *m, struct addr *router,
		       const uint8_t **ret_option, size_t *ret_len)
{
	const struct nduseroptmsg *nd = NLMSG_DATA(m);
	const uint8_t *option = (const uint8_t *)(nd + 1), *p;
	size_t left, len;
	struct rtattr attr;

	if (m->nlmsg_type != RTM_NEWNDUSEROPT ||
	    m->nlmsg_len < NLMSG_LENGTH(sizeof(*nd)))
		return -ENOMSG;
	left = m->nlmsg_len - NLMSG_LENGTH(sizeof(*nd));
	len = nd->nduseropt_opts_len;
	if (nd->nduseropt_family != AF_INET6 || len > left)
		return -ENOMSG;
	*ret_option = option;
	*ret_len = len;
	p = option + NLMSG_ALIGN(len);
	left = left > NLMSG_ALIGN(len) ? left - NLMSG_ALIGN(len) : 0;
	if (left < RTA_LENGTH(16))
		return 0;
	memcpy(&attr, p, sizeof(attr));
	if (attr.rta_type != NDUSEROPT_SRCADDR ||
	    attr.rta_len != RTA_LENGTH(16))
		return 0;
	*router = (struct addr){ .family = AF_INET6 };
	memcpy(router->bytes, p + RTA_LENGTH(0), 16);
	return 0;
}
