/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/explain.h"

#include "lib/addr.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/sysctl.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAT64_HEADER \
	20 /* bytes that an IPv6 header is longer than an IPv4 one */

/* What the kernel says it would do. */
struct path {
	int error; /* negative errno: it would not send */
	bool is_error;
	int index; /* outgoing interface */
	bool has_via;
	struct in6_addr via, source;
	uint32_t mtu; /* of the route, or learnt; 0: none */
	uint32_t table;
};

/* One explanation under way. */
struct explaining {
	struct engine *e;
	const struct explain_request *req;
	struct in6_addr dst, from;
	bool has_from;
	struct model found; /* the matching route */
	struct path path;
	struct json *out;
};

/**
 * route_request() - Question about the way to the destination
 * @x:		Explanation
 * @buffer:	Room
 * @flags:	RTM_F_*
 *
 * Return: message
 */
static struct nlmsghdr *route_request(const struct explaining *x, char *buffer,
				      unsigned int flags)
{
	struct nlmsghdr *m = nl_request(&x->e->nl, buffer, RTM_GETROUTE, 0);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));

	rt->rtm_family = AF_INET6;
	rt->rtm_dst_len = 128;
	rt->rtm_flags = flags;
	if (x->has_from) {
		rt->rtm_src_len = 128;
		nl_put_in6(m, RTA_SRC, &x->from);
	}
	nl_put_in6(m, RTA_DST, &x->dst);
	return m;
}

/**
 * seen_path() - What comes of it
 * @m:		RTM_NEWROUTE
 * @context:	struct path
 *
 * Return: 0
 */
static int seen_path(const struct nlmsghdr *m, void *context)
{
	struct path *p = context;
	const struct rtmsg *rt = NLMSG_DATA(m);
	const struct nlattr *at[RTA_TABLE + 1];

	if (m->nlmsg_type != RTM_NEWROUTE)
		return 0;
	nl_parse(m, sizeof(*rt), at, RTA_TABLE);
	p->index = (int)nl_u32(at[RTA_OIF], 0);
	p->has_via = at[RTA_GATEWAY] != NULL;
	p->via = nl_in6(at[RTA_GATEWAY]);
	p->source = nl_in6(at[RTA_PREFSRC]);
	p->table = nl_u32(at[RTA_TABLE], rt->rtm_table);
	if (at[RTA_METRICS]) {
		const struct nlattr *metric[RTAX_MTU + 1];

		nl_parse_nested(at[RTA_METRICS], metric, RTAX_MTU);
		p->mtu = nl_u32(metric[RTAX_MTU], 0);
	}
	return 0;
}

/**
 * seen_match() - The route that matches
 * @m:		RTM_NEWROUTE
 * @context:	struct explaining
 *
 * Return: 0; -ENOMEM
 */
static int seen_match(const struct nlmsghdr *m, void *context)
{
	struct explaining *x = context;

	return route_read(x->e, m, &x->found);
}

/**
 * set_object() - A part that is an object of the model
 * @x:		Explanation
 * @name:	Name of the part
 * @kind:	Kind
 * @object:	Object
 *
 * Return: the part
 */
static struct json *set_object(const struct explaining *x, const char *name,
			       enum kind_id kind, const void *object)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct json *j = object_to_json(kinds[kind], x->e->strings, object);

	json_set_string(j, "owner", OWNER_NAME(kinds[kind], object));
	object_describe(kinds[kind], x->e->strings, object, &text);
	json_set_format(j, "text", "%s, owner %s", buf_text(&text),
			OWNER_NAME(kinds[kind], object));
	json_set(x->out, name, j);
	return j;
}

/* A rule as far as it decides about our packet. */
struct seen_rules {
	struct explaining *x;
	struct json *passed; /* rules that led nowhere */
	bool found;
};

/**
 * is_within() - Whether an address lies in a rule's prefix
 * @a:		RTA-like attribute with the prefix, or NULL
 * @len:	Its bits
 * @address:	Address
 * @is_set:	There is an address
 *
 * Return: true if it does, or if the rule does not ask
 */
static bool is_within(const struct nlattr *a, uint8_t len,
		      const struct in6_addr *address, bool is_set)
{
	struct in6_addr in6 = nl_in6(a);
	struct addr prefix = addr_from_in6(&in6), at = addr_from_in6(address);
	struct prefix p = prefix_of(&prefix, len);

	return len == 0 || (is_set && prefix_contains(&p, &at));
}

/**
 * describe_rule() - A rule on one line
 * @m:		RTM_NEWRULE
 * @at:		Its attributes
 * @out:	Gets it
 */
static void describe_rule(const struct nlmsghdr *m,
			  const struct nlattr *const *at, struct buf *out)
{
	const struct fib_rule_hdr *h = NLMSG_DATA(m);
	struct in6_addr from = nl_in6(at[FRA_SRC]), to = nl_in6(at[FRA_DST]);
	struct addr f = addr_from_in6(&from), t = addr_from_in6(&to);

	buf_printf(out, "%u:", nl_u32(at[FRA_PRIORITY], 0));
	if (h->flags & FIB_RULE_INVERT)
		buf_puts(out, " not");
	if (h->src_len)
		buf_printf(out, " from %s/%u", ADDR_TEXT(&f), h->src_len);
	if (h->dst_len)
		buf_printf(out, " to %s/%u", ADDR_TEXT(&t), h->dst_len);
	if (at[FRA_OIFNAME])
		buf_printf(out, " oif %s", nl_text(at[FRA_OIFNAME]));
	if (!h->src_len && !h->dst_len && !at[FRA_OIFNAME])
		buf_puts(out, " all");
	if (h->action == FR_ACT_TO_TBL)
		buf_printf(out, " table %u", nl_u32(at[FRA_TABLE], h->table));
	else
		buf_printf(out, " action %s", rule_action_name(h->action));
	buf_printf(out, ", owner %s",
		   PROTOCOL_NAME(nl_u8(at[FRA_PROTOCOL], 0)));
}

/**
 * seen_rule() - Take a rule, in the order in which the kernel asks them
 * @m:		RTM_NEWRULE
 * @context:	struct seen_rules
 *
 * Return: 0
 */
static int seen_rule(const struct nlmsghdr *m, void *context)
{
	struct seen_rules *s = context;
	const struct explaining *x = s->x;
	const struct fib_rule_hdr *h = NLMSG_DATA(m);
	const struct nlattr *at[FRA_PROTOCOL + 1];
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	bool matches, is_table = h->action == FR_ACT_TO_TBL;
	struct json *j;

	if (m->nlmsg_type != RTM_NEWRULE || s->found)
		return 0;
	nl_parse(m, sizeof(*h), at, FRA_PROTOCOL);
	/* What a packet from here has: no input interface, no mark. */
	matches = !at[FRA_IIFNAME] && !nl_u32(at[FRA_FWMARK], 0) &&
		  !nl_u8(at[FRA_L3MDEV], 0) && !at[FRA_OIFNAME] &&
		  is_within(at[FRA_SRC], h->src_len, &x->from, x->has_from) &&
		  is_within(at[FRA_DST], h->dst_len, &x->dst, true);
	if (h->flags & FIB_RULE_INVERT)
		matches = !matches;
	if (!matches)
		return 0;
	describe_rule(m, at, &text);
	s->found = is_table ? !x->path.is_error &&
				      nl_u32(at[FRA_TABLE], h->table) ==
					      x->path.table :
			      h->action >= FR_ACT_BLACKHOLE;
	if (!s->found) {
		json_append_string(s->passed, buf_text(&text));
		return 0;
	}
	j = json_set_object(x->out, "rule");
	json_set_int(j, "priority", nl_u32(at[FRA_PRIORITY], 0));
	if (is_table)
		json_set_int(j, "table", nl_u32(at[FRA_TABLE], h->table));
	json_set_string(j, "owner", PROTOCOL_NAME(nl_u8(at[FRA_PROTOCOL], 0)));
	json_set_string(j, "text", buf_text(&text));
	return 0;
}

/**
 * explain_rule() - Which rule sends the packet to its table
 * @x:		Explanation
 *
 * Return: 0 or a negative errno
 */
static int explain_rule(struct explaining *x)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&x->e->nl, buffer, RTM_GETRULE, 0);
	struct fib_rule_hdr *h = nl_header(m, sizeof(*h));
	int r = -EINTR;

	h->family = AF_INET6;
	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		struct seen_rules s = { .x = x, .passed = json_array() };

		m->nlmsg_seq = ++x->e->nl.seq;
		r = nl_dump(&x->e->nl, m, seen_rule, &s);
		if (r == -EINTR)
			json_free(s.passed);
		else
			json_set(x->out, "passed", s.passed);
	}
	return r;
}

/**
 * explain_error() - Where the kernel would not send
 * @x:		Explanation
 */
static void explain_error(const struct explaining *x)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ -ENETUNREACH, "there is no route" },
		{ -EHOSTUNREACH, "an unreachable route, or rule, answers" },
		{ -EACCES, "a prohibit route, or rule, answers" },
		{ -EINVAL, "a blackhole route, or rule, swallows it" },
	};
	struct json *j = json_set_object(x->out, "route");
	const char *text = strerror(-x->path.error);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].error == x->path.error)
			text = texts[i].text;
	json_set_string(j, "error", strerrorname_np(-x->path.error));
	json_set_format(j, "text", "%s (%s)", text,
			strerrorname_np(-x->path.error));
}

/**
 * name_of() - Name of an interface
 * @x:		Explanation
 * @index:	Its number
 *
 * Return: name, or "?"
 */
static const char *name_of(const struct explaining *x, int index)
{
	uint32_t id = device_name(x->e, index);

	return id ? strings_get(x->e->strings, id) : "?";
}

/* What is known of a neighbour. */
struct seen_neighbour {
	bool found;
	uint16_t state;
	uint8_t lladdr[6];
	bool has_lladdr;
};

/**
 * seen_neighbour() - Take an entry of the neighbour table
 * @m:		RTM_NEWNEIGH
 * @context:	struct seen_neighbour
 *
 * Return: 0
 */
static int seen_neighbour(const struct nlmsghdr *m, void *context)
{
	struct seen_neighbour *s = context;
	const struct ndmsg *nd = NLMSG_DATA(m);
	const struct nlattr *at[NDA_LLADDR + 1];

	if (m->nlmsg_type != RTM_NEWNEIGH)
		return 0;
	nl_parse(m, sizeof(*nd), at, NDA_LLADDR);
	s->found = true;
	s->state = nd->ndm_state;
	s->has_lladdr = at[NDA_LLADDR] && nl_len(at[NDA_LLADDR]) == 6;
	if (s->has_lladdr)
		memcpy(s->lladdr, nl_data(at[NDA_LLADDR]), 6);
	return 0;
}

/**
 * state_name() - Name of a neighbour's state
 * @state:	NUD_*
 *
 * Return: name
 */
static const char *state_name(uint16_t state)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} names[] = {
		{ NUD_REACHABLE, "reachable" },   { NUD_STALE, "stale" },
		{ NUD_DELAY, "delay" },           { NUD_PROBE, "probe" },
		{ NUD_PERMANENT, "permanent" },   { NUD_NOARP, "noarp" },
		{ NUD_INCOMPLETE, "incomplete" }, { NUD_FAILED, "failed" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (state & names[i].bit)
			return names[i].name;
	return "none";
}

/**
 * explain_nexthop() - Who gets the packet, and whether its link-layer address is known
 * @x:		Explanation
 *
 * Return: 0 or a negative errno
 */
static int explain_nexthop(struct explaining *x)
{
	const struct in6_addr *to = x->path.has_via ? &x->path.via : &x->dst;
	struct json *j = json_set_object(x->out, "nexthop");
	struct addr a = addr_from_in6(to);
	struct seen_neighbour s = { 0 };
	char buffer[256], mac[24] = "";
	struct nlmsghdr *m = nl_request(&x->e->nl, buffer, RTM_GETNEIGH, 0);
	struct ndmsg *nd = nl_header(m, sizeof(*nd));
	int r;

	nd->ndm_family = AF_INET6;
	nd->ndm_ifindex = x->path.index;
	nl_put_in6(m, NDA_DST, to);
	r = nl_ask(&x->e->nl, m, seen_neighbour, &s);
	if (r < 0 && r != -ENOENT)
		return r;
	if (s.has_lladdr)
		snprintf(mac, sizeof(mac), " %02x:%02x:%02x:%02x:%02x:%02x",
			 s.lladdr[0], s.lladdr[1], s.lladdr[2], s.lladdr[3],
			 s.lladdr[4], s.lladdr[5]);
	json_set_string(j, "address", ADDR_TEXT(&a));
	json_set_string(j, "dev", name_of(x, x->path.index));
	json_set_bool(j, "gateway", x->path.has_via);
	json_set_string(j, "state", s.found ? state_name(s.state) : "none");
	if (s.has_lladdr)
		json_set_string(j, "lladdr", mac + 1);
	json_set_format(
		j, "text", "%s on %s%s, neighbour %s%s", ADDR_TEXT(&a),
		name_of(x, x->path.index), x->path.has_via ? "" : " (on link)",
		s.found ? state_name(s.state) : "not asked for yet", mac);
	return 0;
}

/**
 * device_mtu() - MTU of an interface
 * @x:		Explanation
 * @ret_ipv6:	The one that IPv6 uses there
 *
 * Return: bytes; 0 where it is not known
 */
static uint32_t device_mtu(const struct explaining *x, uint32_t *ret_ipv6)
{
	_cleanup_(buf_release) struct buf value = BUF_INIT;
	const struct devices *d = &x->e->devices;
	char key[128];
	uint32_t mtu = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->items[i].index == x->path.index)
			mtu = d->items[i].mtu;
	snprintf(key, sizeof(key), "net/ipv6/conf/%s/mtu",
		 name_of(x, x->path.index));
	*ret_ipv6 = mtu;
	if (sysctl_read(key, &value) == 0)
		*ret_ipv6 = (uint32_t)strtoul(buf_text(&value), NULL, 10);
	return mtu;
}

/**
 * explain_mtu() - How long a packet may be, and who says so
 * @x:		Explanation
 *
 * What the kernel answers is the route's own MTU unless a router has told a smaller one.
 */
static void explain_mtu(const struct explaining *x)
{
	const struct route *route =
		x->found.tables[KIND_ROUTE].n ?
			MODEL_AT(&x->found, KIND_ROUTE, route, 0) :
			NULL;
	uint32_t ipv6, link = device_mtu(x, &ipv6), own, learnt, mtu;
	struct json *j = json_set_object(x->out, "mtu");
	const char *why = "the link";

	own = route ? route->mtu : 0;
	learnt = x->path.mtu && x->path.mtu != own ? x->path.mtu : 0;
	mtu = ipv6;
	if (ipv6 != link)
		why = "the sysctl, or a router advertisement";
	if (own && own < mtu) {
		mtu = own;
		why = "the route";
	}
	if (learnt && learnt < mtu) {
		mtu = learnt;
		why = "Packet Too Big, which a router has sent";
	}
	json_set_int(j, "bytes", mtu);
	json_set_int(j, "link", link);
	json_set_int(j, "ipv6", ipv6);
	json_set_int(j, "route", own);
	json_set_int(j, "path", learnt);
	json_set_string(j, "by", why);
	json_set_format(j, "text", "%u bytes, by %s (link %u, IPv6 %u)", mtu,
			why, link, ipv6);
}

/**
 * explain_nat64() - Whether the destination lies behind a translator
 * @x:		Explanation
 */
static void explain_nat64(const struct explaining *x)
{
	const struct nat64_hint *hint = &x->req->hints->nat64;
	struct addr a = addr_from_in6(&x->dst);
	struct prefix known;
	const char *source = nat64_source_name(hint->source);
	struct prefix p = hint->prefix;
	const uint8_t *b = x->dst.s6_addr;
	struct json *j;

	if (prefix_parse("64:ff9b::/96", &known) < 0)
		return;
	if (!addr_is_set(&p.addr) || !prefix_contains(&p, &a)) {
		if (!prefix_contains(&known, &a))
			return;
		p = known;
		source = "well-known";
	}
	j = json_set_object(x->out, "nat64");
	json_set_string(j, "prefix", PREFIX_TEXT(&p));
	json_set_string(j, "source", source);
	if (p.len == 96)
		json_set_format(j, "ipv4", "%u.%u.%u.%u", b[12], b[13], b[14],
				b[15]);
	json_set_format(
		j, "text",
		"%s%s%s by the translator behind %s (%s); its IPv4 packets are %d bytes shorter",
		p.len == 96 ? "to " : "",
		p.len == 96 ? json_get_string(j, "ipv4") : "",
		p.len == 96 ? "" : "to IPv4", PREFIX_TEXT(&p), source,
		NAT64_HEADER);
}

/**
 * parse_request() - Addresses of the request
 * @x:		Explanation
 *
 * Return: 0; -EINVAL after saying why
 */
static int parse_request(struct explaining *x)
{
	const struct prefix *p = &x->req->hints->nat64.prefix;
	struct addr a, from;

	if (addr_parse(x->req->dst, &a) < 0) {
		log_error("'%s': not an address", x->req->dst);
		return -EINVAL;
	}
	x->dst = addr_to_in6(&a);
	if (a.family == AF_INET) {
		if (!addr_is_set(&p->addr) || p->len != 96) {
			log_error(
				"'%s': an IPv4 address needs a NAT64 prefix of /96 in the hints",
				x->req->dst);
			return -EINVAL;
		}
		x->dst = addr_to_in6(&p->addr);
		memcpy(x->dst.s6_addr + 12, a.bytes, 4);
	}
	if (!x->req->from)
		return 0;
	if (addr_parse6(x->req->from, &from) < 0) {
		log_error("'%s': not an IPv6 address", x->req->from);
		return -EINVAL;
	}
	x->from = addr_to_in6(&from);
	x->has_from = true;
	return 0;
}

/**
 * gather() - All parts
 * @x:		Explanation
 *
 * Return: 0 or a negative errno
 */
static int gather(struct explaining *x)
{
	struct path *p = &x->path;
	const struct route *route = NULL;
	char buffer[256];
	int r;

	p->error = nl_ask(&x->e->nl, route_request(x, buffer, 0), seen_path, p);
	p->is_error = p->error < 0;
	if (p->is_error && !x->e->nl.error.error)
		return p->error; /* nobody has answered */
	if (!p->is_error) {
		r = nl_ask(&x->e->nl, route_request(x, buffer, RTM_F_FIB_MATCH),
			   seen_match, x);
		if (r < 0)
			return r;
		if (x->found.tables[KIND_ROUTE].n)
			route = MODEL_AT(&x->found, KIND_ROUTE, route, 0);
		p->table = route ? route->table : p->table;
	}
	json_set_bool(x->out, "reachable", !p->is_error);
	r = explain_rule(x);
	if (r < 0)
		return r;
	if (p->is_error) {
		explain_error(x);
		return 0;
	}
	if (route)
		(void)set_object(x, "route", KIND_ROUTE, route);
	r = explain_nexthop(x);
	if (r == 0)
		r = explain_source(
			x->e, &x->dst, p->index,
			x->has_from ? &x->from : &p->source,
			route && !IN6_IS_ADDR_UNSPECIFIED(&route->src), x->out);
	if (r == 0)
		explain_mtu(x);
	return r;
}

/**
 * print_text() - The answer for people
 * @x:		Explanation
 */
static void print_text(const struct explaining *x)
{
	static const char *const parts[] = { "rule",   "route", "nexthop",
					     "source", "mtu",   "nat64" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct json *j = json_get(x->out, parts[i]), *list;

		if (!j)
			continue;
		printf("%-8s %s\n", parts[i], json_get_string(j, "text"));
		list = i == 0 ? json_get(x->out, "passed") :
				json_get(j, "candidates");
		for (const struct json *c = list ? json_first(list) : NULL; c;
		     c = json_next(c))
			printf("%-8s %s%s\n", "", i == 0 ? "no route by " : "",
			       i == 0 ? json_string(c) :
					json_get_string(c, "text"));
	}
}

/**
 * explain() - Say which way a packet would take, and why
 * @e:		Engine
 * @req:	What about
 *
 * Return: exit code; 1 where it would not be sent
 */
int explain(struct engine *e, const struct explain_request *req)
{
	_cleanup_(json_freep) struct json *out = json_object();
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct explaining x = { .e = e, .req = req, .out = out };
	struct addr a;
	int r;

	model_init(&x.found, e->strings);
	if (parse_request(&x) < 0)
		return EXIT_USAGE;
	a = addr_from_in6(&x.dst);
	json_set_int(out, "version", 1);
	json_set_string(out, "dst", ADDR_TEXT(&a));
	r = gather(&x);
	model_release(&x.found);
	if (r < 0) {
		log_error("explain '%s': %s", req->dst, strerror(-r));
		return EXIT_FAILED;
	}
	explain_nat64(&x);
	if (!req->json)
		print_text(&x);
	else if (json_print(out, JSON_PRETTY, &b) == 0)
		puts(buf_text(&b));
	return x.path.is_error ? EXIT_FAILED : EXIT_OK;
}
