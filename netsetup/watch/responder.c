/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/responder.h"

#include "netsetup/watch/say.h"
#include "netsetup/watch/watch.h"
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/ndp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_MAX    256 /* a solicitation with options; longer ones are cut */
#define FRAMES_MAX   64 /* at a time, so that others have their turn */
#define PREFIXES_MAX 64 /* of one interface that the filter knows */
#define NEXT_HEADER  20
#define ICMP_TYPE    54
#define TARGET       62

struct responder {
	struct watch *w;
	char dev[IFNAMSIZ];
	int index;
	uint8_t lladdr[6];
	struct loop_source source;
	struct responder *next;
};

/**
 * put() - Append an instruction
 * @code:	Program
 * @n:		Its length
 * @op:		BPF_*
 * @k:		Operand
 * @yes:	To skip where a comparison holds
 * @no:		Where it does not
 */
static void put(struct sock_filter *code, unsigned short *n, uint16_t op,
		uint32_t k, size_t yes, size_t no)
{
	code[(*n)++] = (struct sock_filter){ op, (uint8_t)yes, (uint8_t)no, k };
}

/**
 * put_prefix() - Let solicitations pass whose target lies in a prefix
 * @code:	Program
 * @n:		Its length
 * @p:		Prefix
 */
static void put_prefix(struct sock_filter *code, unsigned short *n,
		       const struct proxy *p)
{
	size_t words = (p->len + 31) / 32;

	for (size_t i = 0; i < words; i++) {
		size_t bits = MIN(p->len - i * 32, (size_t)32);
		uint32_t mask = bits == 32 ? UINT32_MAX : ~(UINT32_MAX >> bits);
		/* Past the other words, three each, and the return. */
		size_t skip = (words - 1 - i) * 3 + 1;

		put(code, n, BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)(TARGET + 4 * i), 0, 0);
		put(code, n, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
		put(code, n, BPF_JMP | BPF_JEQ | BPF_K,
		    ntohl(p->prefix.s6_addr32[i]) & mask, 0, skip);
	}
	put(code, n, BPF_RET | BPF_K, FRAME_MAX, 0, 0);
}

/**
 * is_of() - Whether a prefix is answered for on an interface
 * @r:		Responder
 * @p:		Prefix
 *
 * Return: true if it is
 */
static bool is_of(const struct responder *r, const struct proxy *p)
{
	return strcmp(strings_get(r->w->e.strings, p->dev), r->dev) == 0;
}

/**
 * prefix_at() - One of the prefixes that are answered for
 * @w:		Watch
 * @i:		Place
 *
 * Return: prefix
 */
static const struct proxy *prefix_at(const struct watch *w, size_t i)
{
	return (const struct proxy *)(const void *)w->conf.responders.items + i;
}

/**
 * attach() - Have the kernel drop what is not asked of us
 * @r:		Responder
 *
 * Return: 0 or a negative errno
 */
static int attach(const struct responder *r)
{
	struct sock_filter code[16 + PREFIXES_MAX * 13];
	struct sock_fprog program = { .filter = code };
	unsigned short *n = &program.len;
	size_t prefixes = 0;

	put(code, n, BPF_LD | BPF_B | BPF_ABS, NEXT_HEADER, 0, 0);
	put(code, n, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 1, 0);
	put(code, n, BPF_RET | BPF_K, 0, 0, 0);
	put(code, n, BPF_LD | BPF_B | BPF_ABS, ICMP_TYPE, 0, 0);
	put(code, n, BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_SOLICIT, 1, 0);
	put(code, n, BPF_RET | BPF_K, 0, 0, 0);
	for (size_t i = 0; i < r->w->conf.responders.n; i++) {
		if (!is_of(r, prefix_at(r->w, i)))
			continue;
		if (++prefixes > PREFIXES_MAX)
			break;
		put_prefix(code, n, prefix_at(r->w, i));
	}
	put(code, n, BPF_RET | BPF_K, prefixes > PREFIXES_MAX ? FRAME_MAX : 0,
	    0, 0);
	return setsockopt(r->source.fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0 ?
		       -errno :
		       0;
}

/* Where the kernel would send a packet. */
struct way {
	int index;
	uint8_t type;
};

/**
 * seen_way() - Take the kernel's answer
 * @m:		RTM_NEWROUTE
 * @context:	struct way
 *
 * Return: 0
 */
static int seen_way(const struct nlmsghdr *m, void *context)
{
	struct way *way = context;
	const struct rtmsg *rt = NLMSG_DATA(m);
	const struct nlattr *at[RTA_OIF + 1];

	if (m->nlmsg_type != RTM_NEWROUTE)
		return 0;
	nl_parse(m, sizeof(*rt), at, RTA_OIF);
	way->index = (int)nl_u32(at[RTA_OIF], 0);
	way->type = rt->rtm_type;
	return 0;
}

/**
 * leads_elsewhere() - Whether packets for an address would go on from here
 * @r:		Responder
 * @target:	Address
 *
 * Return: true where it is on this node or behind it
 */
static bool leads_elsewhere(const struct responder *r,
			    const struct addr *target)
{
	const struct in6_addr dst = addr_to_in6(target);
	struct way way = { 0 };
	char buffer[256];
	struct nlmsghdr *m = nl_request(&r->w->e.nl, buffer, RTM_GETROUTE, 0);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));

	rt->rtm_family = AF_INET6;
	rt->rtm_dst_len = 128;
	nl_put_in6(m, RTA_DST, &dst);
	if (nl_ask(&r->w->e.nl, m, seen_way, &way) < 0)
		return false;
	return way.type == RTN_LOCAL ||
	       (way.type == RTN_UNICAST && way.index != r->index);
}

/**
 * answer() - Answer one solicitation, if it is ours to answer
 * @r:		Responder
 * @frame:	Frame
 * @len:	Its bytes
 */
static void answer(struct responder *r, const uint8_t *frame, size_t len)
{
	const struct watch *w = r->w;
	struct ndp_solicitation ns;
	uint8_t reply[NDP_FRAME_MAX];
	bool ours = false;

	if (ndp_read_ns(frame, len, &ns) < 0)
		return;
	for (size_t i = 0; i < w->conf.responders.n && !ours; i++) {
		const struct proxy *p = prefix_at(w, i);
		const struct addr a = addr_from_in6(&p->prefix);
		const struct prefix prefix = { a, p->len };

		ours = is_of(r, p) && prefix_contains(&prefix, &ns.target);
	}
	if (!ours || !leads_elsewhere(r, &ns.target))
		return;
	len = ndp_write_na(&ns, r->lladdr, reply);
	if (send(r->source.fd, reply, len, MSG_DONTWAIT) == (ssize_t)len)
		r->w->counters.answers++;
}

/**
 * on_frame() - Somebody asks
 * @source:	Embedded in the responder
 * @events:	Unused
 * @now:	Unused
 */
static void on_frame(struct loop_source *source, uint32_t events, int64_t now)
{
	struct responder *r = container_of(source, struct responder, source);
	struct sockaddr_ll from;
	uint8_t frame[FRAME_MAX];

	(void)events;
	(void)now;
	for (int i = 0; i < FRAMES_MAX; i++) {
		socklen_t size = sizeof(from);
		ssize_t n =
			recvfrom(source->fd, frame, sizeof(frame), MSG_DONTWAIT,
				 (struct sockaddr *)&from, &size);

		if (n < 0)
			return; /* also ENETDOWN, once, when the link goes down */
		if (from.sll_pkttype != PACKET_OUTGOING)
			answer(r, frame, (size_t)n);
	}
}

/**
 * close_one() - End a socket; the responder stays
 * @r:		Responder
 */
static void close_one(struct responder *r)
{
	if (r->source.fd < 0)
		return;
	loop_remove(&r->w->loop, &r->source);
	(void)close(r->source.fd);
	r->source.fd = -1;
	r->index = 0;
}

/**
 * open_one() - Begin to listen on an interface
 * @r:		Responder
 * @index:	Its number
 *
 * Return: 0 or a negative errno
 */
static int open_one(struct responder *r, int index)
{
	const struct sockaddr_ll at = { .sll_family = AF_PACKET,
					.sll_protocol = htons(ETH_P_IPV6),
					.sll_ifindex = index };
	const struct packet_mreq all = { .mr_ifindex = index,
					 .mr_type = PACKET_MR_ALLMULTI };
	int error;

	/* Protocol 0: nothing comes in before the filter is there. */
	r->source.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	r->source.ready = on_frame;
	if (r->source.fd < 0)
		return -errno;
	error = attach(r);
	if (error == 0 &&
	    (bind(r->source.fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	     setsockopt(r->source.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all,
			sizeof(all)) < 0))
		error = -errno;
	if (error == 0)
		error = loop_add(&r->w->loop, &r->source, EPOLLIN);
	r->index = index;
	if (error < 0) {
		(void)close(r->source.fd);
		r->source.fd = -1;
		r->index = 0;
	}
	return error;
}

/**
 * refresh() - Bring a responder to what its interface is now
 * @r:		Responder
 */
static void refresh(struct responder *r)
{
	int index = (int)if_nametoindex(r->dev), error = 0;
	struct ifreq q = { 0 };

	if (r->index != index)
		close_one(r);
	if (!index)
		return;
	if (r->source.fd < 0)
		error = open_one(r, index);
	else
		error = attach(r);
	memcpy(q.ifr_name, r->dev, sizeof(q.ifr_name));
	if (error == 0 && ioctl(r->source.fd, SIOCGIFHWADDR, &q) < 0)
		error = -errno;
	if (error == 0)
		memcpy(r->lladdr, q.ifr_hwaddr.sa_data, sizeof(r->lladdr));
	else
		log_warning("proxy on '%s': %s", r->dev, strerror(-error));
}

/**
 * add_one() - Have a responder for an interface
 * @w:		Watch
 * @dev:	Its name
 */
static void add_one(struct watch *w, const char *dev)
{
	struct responder *r;

	for (r = w->responders; r; r = r->next)
		if (strcmp(r->dev, dev) == 0)
			return;
	r = calloc(1, sizeof(*r));
	if (!r)
		return;
	r->w = w;
	r->source.fd = -1;
	memcpy(r->dev, dev, MIN(strlen(dev), sizeof(r->dev) - 1));
	r->next = w->responders;
	w->responders = r;
}

/**
 * responder_sync() - Answer for what the document says, on the interfaces there are
 * @w:		Watch
 *
 * One whose prefixes are all gone listens on, with a filter that drops everything.
 */
void responder_sync(struct watch *w)
{
	for (size_t i = 0; i < w->conf.responders.n; i++)
		add_one(w, strings_get(w->e.strings, prefix_at(w, i)->dev));
	for (struct responder *r = w->responders; r; r = r->next)
		refresh(r);
}

/**
 * responder_close() - End
 * @w:		Watch
 */
void responder_close(struct watch *w)
{
	while (w->responders) {
		struct responder *r = w->responders;

		w->responders = r->next;
		close_one(r);
		free(r);
	}
}
