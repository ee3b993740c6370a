/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fabric-ra: sends Router Advertisements, right ones and wrong ones
 *
 * radvd sends what a good router sends. This one sends what radvd 2.19 cannot (PREF64)
 * and what no good router would: lifetimes of nought, low hop limits, packets that look
 * forwarded. Both run side by side for one link, as two daemons of one router: they
 * must agree in all that RFC 4861 section 6.2.7 wants consistent.
 */
#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/opt.h"
#include "scenarios/fabric/ra/packet.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>

#define MS 1000000LL /* nanoseconds */

struct config {
	struct opt_list interfaces, rdnss, prefixes, routes;
	const char *pref64;
	const char *preference;
	int64_t interval, min_interval; /* nanoseconds */
	unsigned int lifetime, hop_limit, packet_hop_limit, mtu;
	unsigned int nat64_lifetime, valid, preferred;
	bool managed, other, silent;
	unsigned int verbose;
};

struct link {
	const char *name;
	unsigned int index;
	int64_t due; /* CLOCK_MONOTONIC, nanoseconds */
};

struct sender {
	const struct config *config;
	struct ra_config ra;
	struct link links[OPT_LIST_MAX];
	size_t n_links;
	int fd; /* raw ICMPv6 */
};

/**
 * now_ns() - The time that moves on steadily
 *
 * Return: CLOCK_MONOTONIC, nanoseconds
 */
static int64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

/**
 * next_due() - When the next unsolicited one goes out (RFC 4861 section 6.2.4)
 * @c:		Options, for the two bounds
 * @now:	Nanoseconds
 *
 * Return: a random time between the bounds from now, nanoseconds
 */
static int64_t next_due(const struct config *c, int64_t now)
{
	int64_t span = c->interval - MIN(c->min_interval, c->interval);
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (uint32_t)now;
	return now + c->interval - (span ? random % span : 0);
}

/**
 * read_addresses() - Addresses of an option that may be given several times
 * @list:	Texts
 * @ret:	Room for RA_LIST of them
 * @ret_n:	Their number
 *
 * Return: 0; -EINVAL after saying why
 */
static int read_addresses(const struct opt_list *list, struct addr *ret,
			  size_t *ret_n)
{
	if (list->n > RA_LIST)
		return -EINVAL;
	for (size_t i = 0; i < list->n; i++) {
		if (addr_parse6(list->item[i], &ret[i]) < 0) {
			log_error("'%s' is not an IPv6 address", list->item[i]);
			return -EINVAL;
		}
	}
	*ret_n = list->n;
	return 0;
}

/**
 * read_prefixes() - Prefixes of an option that may be given several times
 * @list:	Texts
 * @ret:	Room for RA_LIST of them
 * @ret_n:	Their number
 *
 * Return: 0; -EINVAL after saying why
 */
static int read_prefixes(const struct opt_list *list, struct prefix *ret,
			 size_t *ret_n)
{
	if (list->n > RA_LIST)
		return -EINVAL;
	for (size_t i = 0; i < list->n; i++) {
		if (prefix_parse6(list->item[i], &ret[i]) < 0) {
			log_error("'%s' is not an IPv6 prefix", list->item[i]);
			return -EINVAL;
		}
	}
	*ret_n = list->n;
	return 0;
}

/**
 * read_preference() - Router preference by name
 * @text:	"high", "medium", "low"; NULL: medium
 * @ret:	1, 0 or -1
 *
 * Return: 0; -EINVAL after saying why
 */
static int read_preference(const char *text, int *ret)
{
	static const char *const names[] = { "low", "medium", "high" };

	if (!text)
		text = "medium";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (int)i - 1;
			return 0;
		}
	}
	log_error("option '--preference': '%s' is none of low, medium, high",
		  text);
	return -EINVAL;
}

/**
 * read_config() - Description of the advertisement from the options
 * @c:		Options
 * @ret:	Result
 *
 * Return: 0; -EINVAL after saying why
 */
static int read_config(const struct config *c, struct ra_config *ret)
{
	_cleanup_(buf_release) struct buf trial = BUF_INIT;
	struct ra_config ra = {
		.hop_limit = (uint8_t)c->hop_limit,
		.managed = c->managed,
		.other = c->other,
		.lifetime = (uint16_t)c->lifetime,
		.mtu = c->mtu,
		.rdnss_lifetime = c->lifetime,
		.nat64_lifetime = c->nat64_lifetime,
		.valid = c->valid,
		.preferred = c->preferred,
	};

	if (read_preference(c->preference, &ra.preference) < 0 ||
	    read_addresses(&c->rdnss, ra.rdnss, &ra.n_rdnss) < 0 ||
	    read_prefixes(&c->prefixes, ra.prefixes, &ra.n_prefixes) < 0 ||
	    read_prefixes(&c->routes, ra.routes, &ra.n_routes) < 0)
		return -EINVAL;
	if (c->pref64 && prefix_parse6(c->pref64, &ra.nat64) < 0) {
		log_error("option '--pref64': '%s' is not an IPv6 prefix",
			  c->pref64);
		return -EINVAL;
	}
	if (ra_build(&ra, &trial) < 0) {
		log_error(
			"option '--pref64': '%s' is none of /32 /40 /48 /56 /64 /96",
			c->pref64);
		return -EINVAL;
	}
	*ret = ra;
	return 0;
}

/**
 * set_int() - One integer socket option of IPv6
 * @fd:		Socket
 * @name:	IPV6_...
 * @value:	Its value
 *
 * Return: 0 or a negative errno
 */
static int set_int(int fd, int name, int value)
{
	if (setsockopt(fd, IPPROTO_IPV6, name, &value, sizeof(value)) < 0)
		return -errno;
	return 0;
}

/**
 * open_socket() - Raw socket that sends RAs and receives only RSs
 * @c:		Options, for the hop limit
 * @ret_fd:	Socket
 *
 * Return: 0 or a negative errno; -EPERM without CAP_NET_RAW
 */
static int open_socket(const struct config *c, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct icmp6_filter filter;
	int hops = (int)c->packet_hop_limit;
	int r;

	fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    IPPROTO_ICMPV6);
	if (fd < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
		       sizeof(filter)) < 0)
		return -errno;
	r = set_int(fd, IPV6_RECVPKTINFO, 1);
	r = r < 0 ? r : set_int(fd, IPV6_RECVHOPLIMIT, 1);
	r = r < 0 ? r : set_int(fd, IPV6_MULTICAST_LOOP, 0);
	r = r < 0 ? r : set_int(fd, IPV6_MULTICAST_HOPS, hops);
	r = r < 0 ? r : set_int(fd, IPV6_UNICAST_HOPS, hops);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/**
 * join_link() - Find one interface and listen there as a router does
 * @s:		Sender
 * @name:	Interface
 *
 * Return: 0; a negative errno after saying why
 */
static int join_link(struct sender *s, const char *name)
{
	struct ipv6_mreq group = { 0 };
	struct addr all_routers;
	unsigned int index = if_nametoindex(name);

	if (!index) {
		log_error("interface '%s': %s", name, strerror(errno));
		return -ENODEV;
	}
	if (addr_parse6("ff02::2", &all_routers) < 0)
		return -EINVAL;
	group.ipv6mr_multiaddr = addr_to_in6(&all_routers);
	group.ipv6mr_interface = index;
	if (setsockopt(s->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group,
		       sizeof(group)) < 0 &&
	    errno != EADDRINUSE) {
		log_error("interface '%s': cannot join ff02::2: %s", name,
			  strerror(errno));
		return -errno;
	}
	s->links[s->n_links++] = (struct link){ .name = name, .index = index };
	return 0;
}

/**
 * send_ra() - One advertisement to one destination
 * @s:		Sender
 * @link:	Out of this interface
 * @to:		Destination; ff02::1 for all
 *
 * Errors are chatter: the next one is due soon, and a link that is down now is none later.
 */
static void send_ra(struct sender *s, const struct link *link,
		    const struct in6_addr *to)
{
	_cleanup_(buf_release) struct buf packet = BUF_INIT;
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
				   .sin6_addr = *to,
				   .sin6_scope_id = link->index };
	struct ifreq ifr = { 0 };

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", link->name);
	if (ioctl(s->fd, SIOCGIFHWADDR, &ifr) == 0) {
		memcpy(s->ra.lladdr, ifr.ifr_hwaddr.sa_data,
		       sizeof(s->ra.lladdr));
		s->ra.has_lladdr = true;
	}
	if (ra_build(&s->ra, &packet) < 0)
		return;
	if (sendto(s->fd, packet.data, packet.len, 0,
		   (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		log_info("interface '%s': cannot send: %s", link->name,
			 strerror(errno));
	else
		log_debug("interface '%s': sent %zu bytes", link->name,
			  packet.len);
}

/**
 * send_due() - Send what is due and plan the next
 * @s:		Sender
 * @now:	Nanoseconds
 *
 * Return: when the next one is due, nanoseconds
 */
static int64_t send_due(struct sender *s, int64_t now)
{
	const struct in6_addr all_nodes = { { { 0xff, 2, [15] = 1 } } };
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < s->n_links; i++) {
		struct link *link = &s->links[i];

		if (link->due <= now) {
			send_ra(s, link, &all_nodes);
			link->due = next_due(s->config, now);
		}
		first = MIN(first, link->due);
	}
	return first;
}

/**
 * answer() - Read one solicitation and answer it at once
 * @s:		Sender
 *
 * A real router waits up to half a second (RFC 4861 section 6.2.6) to spare the link of
 * many hosts; a lab link has one. A solicitation from :: is answered to all nodes.
 */
static void answer(struct sender *s)
{
	const struct in6_addr all_nodes = { { { 0xff, 2, [15] = 1 } } };
	char data[512];
	char control[256];
	struct sockaddr_in6 from;
	struct iovec iov = { data, sizeof(data) };
	struct msghdr m = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(s->fd, &m, 0);
	unsigned int index = 0;
	int hops = -1;

	if (n < 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct in6_pktinfo info;

		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&hops, CMSG_DATA(c), sizeof(hops));
		if (c->cmsg_type != IPV6_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		index = info.ipi6_ifindex;
	}
	if (!ra_is_solicitation(data, (size_t)n, hops))
		return;
	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i].index == index)
			send_ra(s, &s->links[i],
				IN6_IS_ADDR_UNSPECIFIED(&from.sin6_addr) ?
					&all_nodes :
					&from.sin6_addr);
}

/**
 * serve() - Send and answer until a signal ends it
 * @s:		Sender
 * @signals:	signalfd
 *
 * Return: 0 or a negative errno
 */
static int serve(struct sender *s, int signals)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = s->fd, .events = POLLIN },
					{ .fd = signals, .events = POLLIN } };
		int64_t now = now_ns();
		int64_t wait = send_due(s, now) - now;

		if (poll(fds, ARRAY_SIZE(fds), (int)(wait / MS) + 1) < 0)
			return errno == EINTR ? 0 : -errno;
		if (fds[1].revents)
			return 0;
		if (fds[0].revents && !s->config->silent)
			answer(s);
	}
}

/**
 * start() - Open all, say that it is ready, and serve
 * @s:		Sender with its configuration
 *
 * Return: exit code
 */
static int start(struct sender *s)
{
	_cleanup_close_ int signals = -1;
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);

	r = open_socket(s->config, &s->fd);
	if (r < 0) {
		log_error("cannot open a raw socket: %s", strerror(-r));
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < s->config->interfaces.n; i++)
		if (join_link(s, s->config->interfaces.item[i]) < 0)
			return EXIT_USAGE;
	printf("ready\n");
	(void)fflush(stdout);

	r = serve(s, signals);
	if (r < 0)
		log_error("%s", strerror(-r));
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

#define FIELD(field) .offset = offsetof(struct config, field)

static const struct opt options[] = {
	{ "interface", 'i', OPT_LIST, "NAME", FIELD(interfaces),
	  .help = "advertise on this interface; may be repeated" },
	{ "interval", 0, OPT_DURATION, "TIME", FIELD(interval),
	  .help = "most between two unsolicited ones, 4s if not given" },
	{ "min-interval", 0, OPT_DURATION, "TIME", FIELD(min_interval),
	  .help = "least between two unsolicited ones, 3s if not given" },
	{ "lifetime", 0, OPT_UINT, "SECONDS", FIELD(lifetime), 0, 65535,
	  .help = "as default router, 30 if not given; 0: is none" },
	{ "managed", 'M', OPT_FLAG, NULL, FIELD(managed),
	  .help = "addresses by DHCPv6" },
	{ "other", 'O', OPT_FLAG, NULL, FIELD(other),
	  .help = "other configuration by DHCPv6" },
	{ "preference", 0, OPT_STRING, "high|medium|low", FIELD(preference),
	  .help = "among several routers (RFC 4191)" },
	{ "hop-limit", 0, OPT_UINT, "N", FIELD(hop_limit), 0, 255,
	  .help = "hosts shall send with, 64 if not given; 0: unspecified" },
	{ "mtu", 0, OPT_UINT, "BYTES", FIELD(mtu), 0, 65535,
	  .help = "of the link; the option is left out if not given" },
	{ "rdnss", 0, OPT_LIST, "ADDRESS", FIELD(rdnss),
	  .help = "resolver (RFC 8106); may be repeated" },
	{ "pref64", 0, OPT_STRING, "PREFIX", FIELD(pref64),
	  .help = "NAT64 prefix (RFC 8781)" },
	{ "pref64-lifetime", 0, OPT_UINT, "SECONDS", FIELD(nat64_lifetime), 0,
	  RA_NAT64_LIFETIME_MAX, .help = "of it, 1800 if not given" },
	{ "prefix", 0, OPT_LIST, "PREFIX", FIELD(prefixes),
	  .help = "on-link, for SLAAC; may be repeated" },
	{ "valid", 0, OPT_UINT, "SECONDS", FIELD(valid), 0, UINT32_MAX,
	  .help = "lifetime of the prefixes, 3600 if not given" },
	{ "preferred", 0, OPT_UINT, "SECONDS", FIELD(preferred), 0, UINT32_MAX,
	  .help = "preferred lifetime of them, 3600 if not given" },
	{ "route", 0, OPT_LIST, "PREFIX", FIELD(routes),
	  .help = "more specific route (RFC 4191); may be repeated" },
	{ "packet-hop-limit", 0, OPT_UINT, "N", FIELD(packet_hop_limit), 1, 255,
	  .help = "of the packet itself; below 255 hosts must ignore it" },
	{ "silent", 0, OPT_FLAG, NULL, FIELD(silent),
	  .help = "do not answer solicitations" },
	{ "verbose", 'v', OPT_COUNT, NULL, FIELD(verbose),
	  .help = "say more; may be repeated" },
};

static const struct opt_program program = {
	.name = "fabric-ra",
	.summary = "send Router Advertisements, right and wrong ones",
	.section = 8,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.examples = "  fabric-ra -i n1 -M --rdnss 2001:db8:53::53 "
		    "--pref64 2001:db8:64::/96\n",
};

/**
 * main() - Entry
 * @argc:	Words
 * @argv:	Words
 *
 * Return: exit code
 */
int main(int argc, char **argv)
{
	struct config config = {
		.interval = 4000 * MS,
		.min_interval = 3000 * MS,
		.lifetime = 30,
		.hop_limit = 64,
		.packet_hop_limit = 255,
		.nat64_lifetime = 1800,
		.valid = 3600,
		.preferred = 3600,
	};
	struct sender s = { .config = &config, .fd = -1 };
	const struct opt_command *command;
	int code, n_args;
	char **args;

	if (opt_parse(&program, &config, argc, argv, &code, &command, &n_args,
		      &args))
		return code;
	if (config.verbose)
		log_set_level(MIN((unsigned int)LOG_LEVEL_DEBUG,
				  LOG_LEVEL_WARNING + config.verbose));
	if (n_args || !config.interfaces.n) {
		log_error("needs '--interface', and nothing else; see --help");
		return EXIT_USAGE;
	}
	if (read_config(&config, &s.ra) < 0)
		return EXIT_USAGE;
	return start(&s);
}
