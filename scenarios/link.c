/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/core.h"

#include "lib/cleanup.h"
#include "lib/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void link_putp(struct rtnl_link **l)
{
	rtnl_link_put(*l);
}

static inline void addr_putp(struct rtnl_addr **a)
{
	rtnl_addr_put(*a);
}

static inline void route_putp(struct rtnl_route **r)
{
	rtnl_route_put(*r);
}

static inline void nl_addr_putp(struct nl_addr **a)
{
	nl_addr_put(*a);
}

static inline void nl_cache_freep(struct nl_cache **c)
{
	nl_cache_free(*c);
}

/* libnl's errors that say more than -EIO. */
static const struct {
	int nle, error;
} errors[] = {
	{ NLE_EXIST, EEXIST },
	{ NLE_OBJ_NOTFOUND, ENOENT },
	{ NLE_NODEV, ENODEV },
	{ NLE_PERM, EPERM },
	{ NLE_NOMEM, ENOMEM },
	{ NLE_INVAL, EINVAL },
	{ NLE_NOADDR, EADDRNOTAVAIL },
	{ NLE_BUSY, EBUSY },
	{ NLE_OPNOTSUPP, EOPNOTSUPP },
	{ NLE_PARSE_ERR, EINVAL },
	{ NLE_AF_NOSUPPORT, EAFNOSUPPORT },
	{ NLE_RANGE, ERANGE },
};

/**
 * errno_of() - An errno for an error of libnl
 * @nle:	0 or a negative NLE_ code
 *
 * Return: 0 or a negative errno
 */
static int errno_of(int nle)
{
	if (nle >= 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].nle == -nle)
			return -errors[i].error;
	return -EIO;
}

/**
 * rtnl() - The libnl socket of a member, made when it is first wanted
 * @m:		Member
 * @ret:	Owned by the member
 *
 * Return: 0, or an errno
 */
static int rtnl(struct member *m, struct nl_sock **ret)
{
	_cleanup_(netns_leave) int back = -1;
	struct nl_sock *sock;
	int r;

	if (m->rtnl) {
		*ret = m->rtnl;
		return 0;
	}
	r = netns_enter(m->init.pidfd, &back);
	if (r < 0)
		return r;
	sock = nl_socket_alloc();
	if (!sock)
		return -ENOMEM;
	r = nl_connect(sock, NETLINK_ROUTE);
	if (r < 0) {
		nl_socket_free(sock);
		return errno_of(r);
	}
	*ret = m->rtnl = sock;
	return 0;
}

/**
 * member_rtnl_close() - End a member's libnl socket
 * @m:		Member
 */
void member_rtnl_close(struct member *m)
{
	if (m->rtnl)
		nl_socket_free(m->rtnl);
	m->rtnl = NULL;
}

/**
 * member_lo_up() - Set lo of the caller's network namespace up
 *
 * Return: 0, or what ioctl() said
 */
int member_lo_up(void)
{
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (fd < 0)
		return -errno;
	return ioctl(fd, SIOCSIFFLAGS, &ifr) < 0 ? -errno : 0;
}

/**
 * get_link() - Ask the kernel for a link
 * @m:		Member
 * @ifname:	Its name
 * @ret_sock:	Member's socket
 * @ret:	Link; the caller puts it
 *
 * Return: 0; -ENODEV, or an errno
 */
static int get_link(struct member *m, const char *ifname,
		    struct nl_sock **ret_sock, struct rtnl_link **ret)
{
	int r;

	r = rtnl(m, ret_sock);
	if (r < 0)
		return r;
	r = rtnl_link_get_kernel(*ret_sock, 0, ifname, ret);
	return r < 0 ? -ENODEV : 0;
}

/**
 * set_mac() - Give a new link its hardware address
 * @link:	Link
 * @text:	"02:..", or NULL
 *
 * Return: 0; -EINVAL
 */
static int set_mac(struct rtnl_link *link, const char *text)
{
	_cleanup_(nl_addr_putp) struct nl_addr *mac = NULL;

	if (!text)
		return 0;
	if (nl_addr_parse(text, AF_LLC, &mac) < 0)
		return -EINVAL;
	rtnl_link_set_addr(link, mac);
	return 0;
}

/**
 * note_link() - Remember a link for status and pictures
 * @lab:	Lab
 * @l:		Link
 *
 * Return: 0; -ENOMEM
 */
static int note_link(struct lab *lab, const struct lab_link *l)
{
	struct lab_link *all =
		reallocarray(lab->links, lab->n_links + 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	lab->links = all;
	lab->links[lab->n_links++] = *l;
	return 0;
}

/**
 * make_veth() - Make a pair of links, each end where it belongs
 * @a:		Member of one end
 * @ifa:	Its name there
 * @b:		Member of the other end
 * @ifb:	Its name there
 * @o:		Options
 *
 * Return: 0, or an errno
 */
static int make_veth(struct member *a, const char *ifa, struct member *b,
		     const char *ifb, const struct veth_opts *o)
{
	_cleanup_(link_putp) struct rtnl_link *link = rtnl_link_veth_alloc();
	_cleanup_close_ int netns = -1;
	char path[64];
	struct rtnl_link *peer;
	struct nl_sock *sock;
	int r;

	if (!link)
		return -ENOMEM;
	r = rtnl(a, &sock);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", b->init.pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return -errno;
	peer = rtnl_link_veth_get_peer(link);
	rtnl_link_set_name(link, ifa);
	rtnl_link_set_name(peer, ifb);
	rtnl_link_set_ns_fd(peer, netns);
	rtnl_link_set_mtu(link, o->mtu ? o->mtu : 1500);
	rtnl_link_set_mtu(peer, o->mtu ? o->mtu : 1500);
	r = set_mac(link, o->mac_a);
	if (r == 0)
		r = set_mac(peer, o->mac_b);
	if (r == 0)
		r = errno_of(
			rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL));
	rtnl_link_put(peer);
	return r;
}

/**
 * lab_veth() - Join two members
 * @lab:	Lab
 * @a:		Member of one end
 * @ifa:	Its name there
 * @b:		Member of the other end
 * @ifb:	Its name there
 * @opts:	NULL: none
 *
 * Return: 0, or an errno, told to the user
 */
int lab_veth(struct lab *lab, struct member *a, const char *ifa,
	     struct member *b, const char *ifb, const struct veth_opts *opts)
{
	struct veth_opts o = opts ? *opts : (struct veth_opts){ 0 };
	struct lab_link l = { .a = a, .b = b, .mtu = o.mtu ? o.mtu : 1500 };
	int r;

	(void)snprintf(l.ifa, sizeof(l.ifa), "%s", ifa);
	(void)snprintf(l.ifb, sizeof(l.ifb), "%s", ifb);
	r = make_veth(a, ifa, b, ifb, &o);
	if (r == 0)
		r = note_link(lab, &l);
	if (r < 0)
		return lab_fail(lab, r, "link '%s' of '%s' to '%s' of '%s'",
				ifa, a->name, ifb, b->name);
	if (o.down)
		return 0;
	r = member_link_up(a, ifa, true);
	return r < 0 ? r : member_link_up(b, ifb, true);
}

/**
 * member_bridge() - Make a bridge and set it up
 * @m:		Member
 * @ifname:	Its name
 *
 * Return: 0, or an errno, told to the user
 */
int member_bridge(struct member *m, const char *ifname)
{
	struct nl_sock *sock;
	int r;

	r = rtnl(m, &sock);
	if (r == 0)
		r = errno_of(rtnl_link_bridge_add(sock, ifname));
	if (r < 0)
		return lab_fail(m->lab, r, "bridge '%s' of '%s'", ifname,
				m->name);
	return member_link_up(m, ifname, true);
}

/**
 * change_link() - Apply a change to a link
 * @m:		Member
 * @ifname:	Link
 * @change:	What differs
 *
 * Return: 0, or an errno, told to the user
 */
static int change_link(struct member *m, const char *ifname,
		       struct rtnl_link *change)
{
	_cleanup_(link_putp) struct rtnl_link *link = NULL;
	struct nl_sock *sock;
	int r = change ? 0 : -ENOMEM;

	if (r == 0)
		r = get_link(m, ifname, &sock, &link);
	if (r == 0)
		r = errno_of(rtnl_link_change(sock, link, change, 0));
	return r < 0 ? lab_fail(m->lab, r, "link '%s' of '%s'", ifname,
				m->name) :
		       0;
}

/**
 * member_link_up() - Set a link up or down
 * @m:		Member
 * @ifname:	Link
 * @up:		Up
 *
 * Return: 0, or an errno, told to the user
 */
int member_link_up(struct member *m, const char *ifname, bool up)
{
	_cleanup_(link_putp) struct rtnl_link *change = rtnl_link_alloc();

	if (change && up)
		rtnl_link_set_flags(change, IFF_UP);
	else if (change)
		rtnl_link_unset_flags(change, IFF_UP);
	return change_link(m, ifname, change);
}

/**
 * member_link_mtu() - Set the MTU of a link
 * @m:		Member
 * @ifname:	Link
 * @mtu:	Bytes
 *
 * Return: 0, or an errno, told to the user
 */
int member_link_mtu(struct member *m, const char *ifname, unsigned int mtu)
{
	_cleanup_(link_putp) struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_mtu(change, mtu);
	return change_link(m, ifname, change);
}

/**
 * member_link_del() - Remove a link
 * @m:		Member
 * @ifname:	Link
 *
 * Return: 0, or an errno, told to the user
 */
int member_link_del(struct member *m, const char *ifname)
{
	_cleanup_(link_putp) struct rtnl_link *link = NULL;
	struct nl_sock *sock;
	int r;

	r = get_link(m, ifname, &sock, &link);
	if (r == 0)
		r = errno_of(rtnl_link_delete(sock, link));
	return r < 0 ? lab_fail(m->lab, r, "link '%s' of '%s'", ifname,
				m->name) :
		       0;
}

/**
 * make_addr() - An address object for a link of a member
 * @m:		Member
 * @ifname:	Link
 * @text:	"2001:db8::1/64"
 * @ret_sock:	Member's socket
 * @ret:	The caller puts it
 *
 * Return: 0; -EINVAL, -ENODEV, or an errno
 */
static int make_addr(struct member *m, const char *ifname, const char *text,
		     struct nl_sock **ret_sock, struct rtnl_addr **ret)
{
	_cleanup_(link_putp) struct rtnl_link *link = NULL;
	_cleanup_(addr_putp) struct rtnl_addr *addr = rtnl_addr_alloc();
	_cleanup_(nl_addr_putp) struct nl_addr *local = NULL;
	int r;

	if (!addr)
		return -ENOMEM;
	if (nl_addr_parse(text, AF_UNSPEC, &local) < 0)
		return -EINVAL;
	r = get_link(m, ifname, ret_sock, &link);
	if (r < 0)
		return r;
	rtnl_addr_set_ifindex(addr, rtnl_link_get_ifindex(link));
	if (rtnl_addr_set_local(addr, local) < 0)
		return -EINVAL;
	if (nl_addr_get_family(local) == AF_INET6)
		rtnl_addr_set_flags(addr, IFA_F_NODAD);
	*ret = TAKE_PTR(addr);
	return 0;
}

/**
 * change_addr() - Add or remove an address
 * @m:		Member
 * @ifname:	Link
 * @address:	With prefix length
 * @change:	rtnl_addr_add() or rtnl_addr_delete()
 * @fine:	What may be said beside 0
 *
 * Return: 0, or an errno, told to the user
 */
static int change_addr(struct member *m, const char *ifname,
		       const char *address,
		       int (*change)(struct nl_sock *sock,
				     struct rtnl_addr *addr, int flags),
		       int fine)
{
	_cleanup_(addr_putp) struct rtnl_addr *addr = NULL;
	struct nl_sock *sock;
	int r;

	r = make_addr(m, ifname, address, &sock, &addr);
	if (r == 0)
		r = errno_of(change(sock, addr, 0));
	return r < 0 && r != fine ?
		       lab_fail(m->lab, r, "address '%s' on '%s' of '%s'",
				address, ifname, m->name) :
		       0;
}

/**
 * member_addr_add() - Add an address, without duplicate address detection
 * @m:		Member
 * @ifname:	Link
 * @address:	With prefix length
 *
 * Return: 0, also where it is there already, or an errno, told to the user
 */
int member_addr_add(struct member *m, const char *ifname, const char *address)
{
	return change_addr(m, ifname, address, rtnl_addr_add, -EEXIST);
}

/**
 * member_addr_del() - Remove an address
 * @m:		Member
 * @ifname:	Link
 * @address:	With prefix length
 *
 * Return: 0, or an errno, told to the user
 */
int member_addr_del(struct member *m, const char *ifname, const char *address)
{
	return change_addr(m, ifname, address, rtnl_addr_delete, 0);
}

/**
 * member_link_local() - Link-local address a link has by its hardware address
 * @m:		Member
 * @ifname:	Link
 * @ret:	fe80::/64 with the EUI-64 (RFC 4291 appendix A)
 *
 * Return: 0, or an errno, told to the user
 */
int member_link_local(struct member *m, const char *ifname, struct addr *ret)
{
	_cleanup_(link_putp) struct rtnl_link *link = NULL;
	struct addr a = { .family = AF_INET6, .bytes = { 0xfe, 0x80 } };
	const uint8_t *mac;
	struct nl_sock *sock;
	struct nl_addr *hw;
	int r;

	r = get_link(m, ifname, &sock, &link);
	hw = r == 0 ? rtnl_link_get_addr(link) : NULL;
	if (r == 0 && (!hw || nl_addr_get_len(hw) != 6))
		r = -EADDRNOTAVAIL;
	if (r < 0)
		return lab_fail(m->lab, r, "link '%s' of '%s'", ifname,
				m->name);
	mac = nl_addr_get_binary_addr(hw);
	memcpy(a.bytes + 8, mac, 3);
	a.bytes[8] ^= 2;
	a.bytes[11] = 0xff;
	a.bytes[12] = 0xfe;
	memcpy(a.bytes + 13, mac + 3, 3);
	*ret = a;
	return 0;
}

/**
 * add_nexthop() - Give a route its gateway and device
 * @m:		Member
 * @route:	Route
 * @via:	Gateway, or NULL
 * @dev:	Device, or NULL
 *
 * Return: 0; -EINVAL, -ENODEV, -ENOMEM
 */
static int add_nexthop(struct member *m, struct rtnl_route *route,
		       const char *via, const char *dev)
{
	_cleanup_(link_putp) struct rtnl_link *link = NULL;
	_cleanup_(nl_addr_putp) struct nl_addr *gateway = NULL;
	struct rtnl_nexthop *hop;
	struct nl_sock *sock;
	int r;

	if (!via && !dev)
		return 0;
	if (via && nl_addr_parse(via, AF_UNSPEC, &gateway) < 0)
		return -EINVAL;
	r = dev ? get_link(m, dev, &sock, &link) : 0;
	if (r < 0)
		return r;
	hop = rtnl_route_nh_alloc();
	if (!hop)
		return -ENOMEM;
	if (gateway)
		rtnl_route_nh_set_gateway(hop, gateway);
	if (link)
		rtnl_route_nh_set_ifindex(hop, rtnl_link_get_ifindex(link));
	rtnl_route_add_nexthop(route, hop);
	return 0;
}

/**
 * make_route() - A route object
 * @m:		Member
 * @dst:	Prefix or "default"
 * @via:	Gateway, or NULL
 * @dev:	Device, or NULL
 * @o:		Options
 * @ret:	The caller puts it
 *
 * Return: 0, or an errno
 */
static int make_route(struct member *m, const char *dst, const char *via,
		      const char *dev, const struct route_opts *o,
		      struct rtnl_route **ret)
{
	_cleanup_(route_putp) struct rtnl_route *route = rtnl_route_alloc();
	_cleanup_(nl_addr_putp) struct nl_addr *to = NULL;
	int type = o->type ? nl_str2rtntype(o->type) : RTN_UNICAST;

	if (!route)
		return -ENOMEM;
	if (type < 0 ||
	    nl_addr_parse(strcmp(dst, "default") == 0 ? "::/0" : dst, AF_UNSPEC,
			  &to) < 0)
		return -EINVAL;
	rtnl_route_set_family(route, (uint8_t)nl_addr_get_family(to));
	rtnl_route_set_dst(route, to);
	rtnl_route_set_type(route, (uint8_t)type);
	rtnl_route_set_table(route, o->table ? o->table : RT_TABLE_MAIN);
	rtnl_route_set_protocol(route, RTPROT_STATIC);
	rtnl_route_set_scope(route,
			     nl_addr_get_family(to) == AF_INET && !via && dev ?
				     RT_SCOPE_LINK :
				     RT_SCOPE_UNIVERSE);
	if (o->metric)
		rtnl_route_set_priority(route, o->metric);
	if (o->mtu && rtnl_route_set_metric(route, RTAX_MTU, o->mtu) < 0)
		return -EINVAL;
	*ret = TAKE_PTR(route);
	return add_nexthop(m, *ret, via, dev);
}

/**
 * member_route_add() - Add a route, or replace the same one
 * @m:		Member
 * @dst:	Prefix or "default"
 * @via:	Gateway, or NULL
 * @dev:	Device, or NULL
 * @opts:	NULL: none
 *
 * Return: 0, or an errno, told to the user
 */
int member_route_add(struct member *m, const char *dst, const char *via,
		     const char *dev, const struct route_opts *opts)
{
	_cleanup_(route_putp) struct rtnl_route *route = NULL;
	struct route_opts o = opts ? *opts : (struct route_opts){ 0 };
	struct nl_sock *sock;
	int r;

	r = rtnl(m, &sock);
	if (r == 0)
		r = make_route(m, dst, via, dev, &o, &route);
	if (r == 0)
		r = errno_of(rtnl_route_add(sock, route, NLM_F_REPLACE));
	return r < 0 ? lab_fail(m->lab, r,
				"route '%s' via '%s' dev '%s' of "
				"'%s'",
				dst, via ? via : "-", dev ? dev : "-",
				m->name) :
		       0;
}

/**
 * member_route_del() - Remove a route
 * @m:		Member
 * @dst:	Prefix or "default"
 * @via:	Gateway, or NULL
 * @dev:	Device, or NULL
 * @opts:	NULL: none
 *
 * Return: 0, or an errno, told to the user
 */
int member_route_del(struct member *m, const char *dst, const char *via,
		     const char *dev, const struct route_opts *opts)
{
	_cleanup_(route_putp) struct rtnl_route *route = NULL;
	struct route_opts o = opts ? *opts : (struct route_opts){ 0 };
	struct nl_sock *sock;
	int r;

	r = rtnl(m, &sock);
	if (r == 0)
		r = make_route(m, dst, via, dev, &o, &route);
	if (r == 0)
		r = errno_of(rtnl_route_delete(sock, route, 0));
	return r < 0 ? lab_fail(m->lab, r, "route '%s' of '%s'", dst, m->name) :
		       0;
}

/**
 * member_tentative() - Whether an address is still tentative (RFC 4862 section 5.4)
 * @m:		Member
 *
 * Return: 1 or 0, or an errno
 */
int member_tentative(struct member *m)
{
	_cleanup_(nl_cache_freep) struct nl_cache *cache = NULL;
	struct nl_sock *sock;
	int r;

	r = rtnl(m, &sock);
	if (r == 0)
		r = errno_of(rtnl_addr_alloc_cache(sock, &cache));
	if (r < 0)
		return r;
	for (struct nl_object *o = nl_cache_get_first(cache); o;
	     o = nl_cache_get_next(o))
		if (rtnl_addr_get_flags((struct rtnl_addr *)o) &
		    IFA_F_TENTATIVE)
			return 1;
	return 0;
}

/**
 * add_address() - Append an address of global scope, once
 * @addr:	Address
 * @array:	Gets its text, without prefix length
 */
static void add_address(struct rtnl_addr *addr, struct json *array)
{
	struct nl_addr *local = rtnl_addr_get_local(addr);
	const struct json *item = json_first(array);
	char text[ADDR_STRLEN];

	if (!local || rtnl_addr_get_scope(addr) != RT_SCOPE_UNIVERSE)
		return;
	(void)nl_addr2str(local, text, sizeof(text));
	text[strcspn(text, "/")] = '\0';
	/* Plugins give each pod's link the same address on the node's side. */
	while (item && strcmp(json_string(item), text) != 0)
		item = json_next(item);
	if (!item)
		json_append_string(array, text);
}

/**
 * member_addresses() - Addresses of global scope, IPv6 first
 * @m:		Member
 * @array:	Texts without prefix length are appended
 *
 * Return: 0, or an errno
 */
int member_addresses(struct member *m, struct json *array)
{
	_cleanup_(nl_cache_freep) struct nl_cache *cache = NULL;
	struct nl_sock *sock;
	int r;

	r = rtnl(m, &sock);
	if (r == 0)
		r = errno_of(rtnl_addr_alloc_cache(sock, &cache));
	if (r < 0)
		return r;
	for (int ipv4 = 0; ipv4 < 2; ipv4++) {
		struct nl_object *o = nl_cache_get_first(cache);

		for (; o; o = nl_cache_get_next(o)) {
			struct rtnl_addr *addr = (struct rtnl_addr *)o;

			if ((rtnl_addr_get_family(addr) == AF_INET) == ipv4)
				add_address(addr, array);
		}
	}
	return 0;
}
