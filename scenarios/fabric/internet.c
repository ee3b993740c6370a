/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/fabric/fabric.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Members beside the nodes, each on a cable of its own to the router. */
static const struct host {
	const char *name, *ifname; /* ifname: the router's end */
	const char *near, *far; /* addresses of router and host */
	const char *gateway; /* of the host */
	unsigned int mtu;
} hosts[] = {
	{ "dns", "dns", "2001:db8:53::1/64", "2001:db8:53::53/64",
	  "2001:db8:53::1", 1500 },
	{ "nat64", "nat64", "2001:db8:5::1/64", "2001:db8:5::2/64",
	  "2001:db8:5::1", 1500 },
	{ "inet6", "inet6", "2001:db8:f00::1/64", "2001:db8:f00::10/64",
	  "2001:db8:f00::1", 1500 },
	{ "inet6-small", "small", "2001:db8:f01::1/64", "2001:db8:f01::10/64",
	  "2001:db8:f01::1", 1280 },
};

static const char zone[] = "$TTL 60\n"
			   ". SOA ns.example. root.example. 1 60 60 60 60\n"
			   ". NS ns.example.\n"
			   "ns.example. AAAA 2001:db8:a::53\n"
			   "v6only.example. AAAA 2001:db8:f00::10\n"
			   "small.example. AAAA 2001:db8:f01::10\n"
			   "v4only.example. A 203.0.113.10\n"
			   "dual.example. A 203.0.113.10\n"
			   "dual.example. AAAA 2001:db8:f00::10\n"
			   /* What live runs try where nothing else is said. */
			   "ipv6.google.com. AAAA 2001:db8:f00::10\n"
			   "ipv4.google.com. A 203.0.113.10\n"
			   "www.google.com. A 203.0.113.10\n"
			   "www.google.com. AAAA 2001:db8:f00::10\n"
			   "ipv4only.arpa. A 192.0.0.170\n"
			   "ipv4only.arpa. A 192.0.0.171\n";

static const char nsd_conf[] =
	"server:\n"
	"  ip-address: 2001:db8:a::53\n  do-ip4: no\n  do-ip6: yes\n"
	"  username: \"\"\n  chroot: \"\"\n  zonesdir: \"/etc/nsd\"\n"
	"  pidfile: \"/run/nsd.pid\"\n  xfrdfile: \"/run/xfrd.state\"\n"
	"  zonelistfile: \"/run/zone.list\"\n  database: \"\"\n"
	"remote-control:\n  control-enable: no\n"
	"zone:\n  name: \".\"\n  zonefile: \"root.zone\"\n";

static const char unbound_conf[] =
	"server:\n"
	"  interface: 2001:db8:53::53\n  do-ip4: no\n"
	"  access-control: ::/0 allow\n  username: \"\"\n  chroot: \"\"\n"
	"  directory: \"/etc/unbound\"\n  pidfile: \"/run/unbound.pid\"\n"
	"  use-syslog: no\n  logfile: \"\"\n  verbosity: 1\n"
	"  module-config: \"%siterator\"\n  dns64-prefix: 2001:db8:64::/96\n"
	"  local-zone: \"ipv4only.arpa.\" transparent\n"
	"remote-control:\n  control-enable: no\n"
	"stub-zone:\n  name: \".\"\n  stub-addr: 2001:db8:a::53\n";

static const char tayga_conf[] = "tun-device nat64\n"
				 "ipv4-addr 192.168.255.1\n"
				 "prefix 2001:db8:64::/96\n"
				 "dynamic-pool 192.168.255.0/24\n"
				 "data-dir /var/lib\n";

static const char masquerade[] =
	"table ip nat64 {\n"
	"  chain post {\n"
	"    type nat hook postrouting priority srcnat;\n"
	"    ip saddr 192.168.255.0/24 oifname \"v4\" masquerade\n"
	"  }\n"
	"}\n";

/**
 * join_host() - A host on its cable
 * @lab:	Lab
 * @router:	Router
 * @h:		Host
 *
 * Return: 0, or an errno
 */
static int join_host(struct lab *lab, struct member *router,
		     const struct host *h)
{
	struct veth_opts opts = { .mtu = h->mtu };
	struct member *m;
	int r;

	r = lab_member_new(lab, h->name, MEMBER_HOST, NULL, NULL, &m);
	/* A cable of its own: nobody else can have its addresses. */
	if (r == 0)
		r = member_sysctl(m, "net/ipv6/conf/default/accept_dad", "0");
	if (r == 0)
		r = lab_veth(lab, router, h->ifname, m, "eth0", &opts);
	if (r == 0)
		r = member_addr_add(router, h->ifname, h->near);
	if (r == 0)
		r = member_addr_add(m, "eth0", h->far);
	if (r == 0)
		r = member_route_add(m, "default", h->gateway, "eth0", NULL);
	return r;
}

/**
 * start_dns() - nsd with the root zone, unbound with DNS64 before it
 * @lab:	Lab
 * @router:	Router
 *
 * Return: 0, or an errno
 */
static int start_dns(struct lab *lab, struct member *router)
{
	static const char *const nsd[] = { "nsd", "-d", "-V",
					   "1",   "-c", "/etc/nsd/nsd.conf",
					   NULL };
	static const struct spawn_opts opts = { .ready = "nsd started" };
	struct member *m = lab_member(lab, "dns");
	int r;

	r = member_addr_add(m, "lo", "2001:db8:a::53/128");
	if (r == 0)
		r = member_route_add(router, "2001:db8:a::/64",
				     "2001:db8:53::53", "dns", NULL);
	if (r == 0)
		r = member_write(m, "/etc/nsd/root.zone", zone, 0644);
	if (r == 0)
		r = member_write(m, "/etc/nsd/nsd.conf", nsd_conf, 0644);
	if (r == 0)
		r = member_spawn(m, nsd, &opts, NULL);
	return r < 0 ? r : fabric_dns64(lab, true);
}

/**
 * fabric_dns64() - Start the resolver anew, with or without DNS64
 * @lab:	Lab
 * @on:		Synthesise AAAA records (RFC 6147)
 *
 * Return: 0, or an errno
 */
int fabric_dns64(struct lab *lab, bool on)
{
	static const char *const unbound[] = { "unbound", "-d", "-c",
					       "/etc/unbound/unbound.conf",
					       NULL };
	static const struct spawn_opts opts = { .ready = "start of service" };
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct member *m = lab_member(lab, "dns");
	int r;

	for (const char *at = unbound_conf; *at; at++) {
		if (strncmp(at, "%s", 2) != 0) {
			buf_putc(&text, *at);
			continue;
		}
		buf_puts(&text, on ? "dns64 " : "");
		at++;
	}
	daemon_stop(member_daemon(m, "unbound"));
	r = buf_error(&text);
	if (r == 0)
		r = member_write(m, "/etc/unbound/unbound.conf",
				 buf_text(&text), 0644);
	return r < 0 ? r : member_spawn(m, unbound, &opts, NULL);
}

/**
 * fabric_plain_resolver() - A resolver beside the other that never synthesises
 * @lab:	Lab
 *
 * Return: 0, or an errno
 */
int fabric_plain_resolver(struct lab *lab)
{
	static const char conf[] =
		"server:\n"
		"  interface: " FABRIC_PLAIN "\n  do-ip4: no\n"
		"  access-control: ::/0 allow\n  username: \"\"\n"
		"  chroot: \"\"\n  directory: \"/etc/unbound\"\n"
		"  pidfile: \"/run/unbound-plain.pid\"\n"
		"  use-syslog: no\n  logfile: \"\"\n  verbosity: 1\n"
		"  module-config: \"iterator\"\n"
		"  local-zone: \"ipv4only.arpa.\" transparent\n"
		"remote-control:\n  control-enable: no\n"
		"stub-zone:\n  name: \".\"\n  stub-addr: 2001:db8:a::53\n";
	static const char *const argv[] = { "unbound", "-d", "-c",
					    "/etc/unbound/plain.conf", NULL };
	static const struct spawn_opts opts = { .log = "unbound-plain",
						.ready = "start of service" };
	struct member *m = lab_member(lab, "dns");
	int r;

	r = member_addr_add(m, "eth0", FABRIC_PLAIN "/64");
	if (r == 0)
		r = member_write(m, "/etc/unbound/plain.conf", conf, 0644);
	return r < 0 ? r : member_spawn(m, argv, &opts, NULL);
}

/**
 * join_inet4() - The IPv4 internet, behind the translator alone
 * @lab:	Lab
 * @nat64:	Translator
 *
 * Return: 0, or an errno
 */
static int join_inet4(struct lab *lab, struct member *nat64)
{
	struct member *m;
	int r;

	r = lab_member_new(lab, "inet4", MEMBER_HOST, NULL, NULL, &m);
	if (r == 0)
		r = lab_veth(lab, nat64, "v4", m, "eth0", NULL);
	if (r == 0)
		r = member_addr_add(nat64, "v4", "203.0.113.1/24");
	if (r == 0)
		r = member_addr_add(m, "eth0", "203.0.113.10/24");
	return r;
}

/**
 * start_nat64() - tayga, and a masquerade behind it that makes it stateful
 * @lab:	Lab
 * @router:	Router
 *
 * Return: 0, or an errno
 */
static int start_nat64(struct lab *lab, struct member *router)
{
	static const char *const mktun[] = { "tayga", "--mktun", "-c",
					     "/etc/tayga.conf", NULL };
	static const char *const tayga[] = { "tayga", "-d", "-c",
					     "/etc/tayga.conf", NULL };
	static const char *const nft[] = { "nft", "-f", "/etc/nat64.nft",
					   NULL };
	struct member *m = lab_member(lab, "nat64");
	int r;

	r = join_inet4(lab, m);
	if (r == 0)
		r = member_write(m, "/etc/tayga.conf", tayga_conf, 0644);
	if (r == 0)
		r = member_write(m, "/etc/nat64.nft", masquerade, 0644);
	if (r == 0)
		r = member_sysctl(m, "net/ipv6/conf/all/forwarding", "1");
	if (r == 0)
		r = member_sysctl(m, "net/ipv4/ip_forward", "1");
	if (r == 0)
		r = member_do(m, mktun);
	if (r == 0)
		r = member_link_up(m, "nat64", true);
	if (r == 0)
		r = member_route_add(m, "192.168.255.0/24", NULL, "nat64",
				     NULL);
	if (r == 0)
		r = member_route_add(m, "2001:db8:64::/96", NULL, "nat64",
				     NULL);
	if (r == 0)
		r = member_do(m, nft);
	if (r == 0)
		r = member_spawn(m, tayga, NULL, NULL);
	if (r == 0)
		r = member_route_add(router, "2001:db8:64::/96",
				     "2001:db8:5::2", "nat64", NULL);
	return r;
}

/**
 * fabric_internet() - All that nodes reach beyond their cloud
 * @lab:	Lab
 * @router:	Router
 *
 * Return: 0 once all is started, see fabric_wait(); or an errno
 */
int fabric_internet(struct lab *lab, struct member *router)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(hosts) && r == 0; i++)
		r = join_host(lab, router, &hosts[i]);
	if (r == 0)
		r = start_dns(lab, router);
	return r < 0 ? r : start_nat64(lab, router);
}

/**
 * wait_for_addresses() - Wait until duplicate address detection is over everywhere
 * @lab:	Lab
 * @deadline_ns: When to give up
 *
 * Return: 0, or an errno
 */
static int wait_for_addresses(struct lab *lab, int64_t deadline_ns)
{
	for (size_t i = 0; i < lab->n_members;) {
		struct member *m = lab->members[i];
		int r = member_tentative(m);

		if (r > 0 && loop_now() > deadline_ns)
			r = -ETIMEDOUT;
		if (r < 0)
			return lab_fail(lab, r, "addresses of '%s'", m->name);
		if (r == 0)
			i++;
		else
			(void)poll(NULL, 0, 20);
	}
	return 0;
}

/**
 * fabric_wait() - Wait until the services of the internet serve
 * @lab:	Lab
 *
 * Return: 0, or an errno
 */
int fabric_wait(struct lab *lab)
{
	struct member *m = lab_member(lab, "dns");
	struct member *pod = lab_member(lab, FABRIC_DNS_POD);
	int r;

	r = daemon_wait(member_daemon(m, "nsd"), lab_deadline(20));
	if (r == 0)
		r = daemon_wait(member_daemon(m, "unbound"), lab_deadline(20));
	if (r == 0 && pod && member_daemon(pod, "unbound"))
		r = daemon_wait(member_daemon(pod, "unbound"),
				lab_deadline(20));
	return r < 0 ? r : wait_for_addresses(lab, lab_deadline(20));
}
