/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route: one per destination, table and metric
 *
 * The kernel lets several routes share that key and calls them siblings of one multipath
 * route; NLM_F_REPLACE replaces all of them at once, and NLM_F_EXCL refuses to add to
 * somebody else's. Unreachable routes are kept on lo by the kernel, and routes by a
 * nexthop object repeat its gateway: neither is part of what a route is here.
 */
#include "netsetup/engine.h"

#include "lib/addr.h"

#include <endian.h>
#include <errno.h>
#include <linux/icmpv6.h>
#include <linux/rtnetlink.h>
#include <string.h>

static const struct choice types[] = {
	{ "unicast", RTN_UNICAST },
	{ "local", RTN_LOCAL },
	{ "anycast", RTN_ANYCAST },
	{ "unreachable", RTN_UNREACHABLE },
	{ "blackhole", RTN_BLACKHOLE },
	{ "prohibit", RTN_PROHIBIT },
	{ "throw", RTN_THROW },
	{ "multicast", RTN_MULTICAST },
	{ 0 },
};

static const struct choice preferences[] = {
	{ "low", ICMPV6_ROUTER_PREF_LOW },
	{ "medium", ICMPV6_ROUTER_PREF_MEDIUM },
	{ "high", ICMPV6_ROUTER_PREF_HIGH },
	{ 0 },
};

#define AT(field) .offset = offsetof(struct route, field)

static const struct field fields[] = {
	{ .name = "dst",
	  .type = FIELD_PREFIX,
	  AT(dst),
	  .extra = offsetof(struct route, len),
	  .required = true,
	  .help = "destination, or default" },
	{ .name = "type",
	  .type = FIELD_CHOICE,
	  AT(type),
	  .choices = types,
	  .initial = RTN_UNICAST,
	  .help = "what becomes of packets" },
	{ .name = "via", .type = FIELD_ADDRESS, AT(via), .help = "gateway" },
	{ .name = "dev", .type = FIELD_DEV, AT(dev), .help = "interface" },
	{ .name = "metric",
	  .type = FIELD_U32,
	  AT(metric),
	  .initial = 1024,
	  .min = 1,
	  .max = UINT32_MAX,
	  .help = "smaller is preferred" },
	{ .name = "table",
	  .type = FIELD_U32,
	  AT(table),
	  .initial = RT_TABLE_MAIN,
	  .min = 1,
	  .max = UINT32_MAX,
	  .help = "routing table" },
	{ .name = "mtu",
	  .type = FIELD_U32,
	  AT(mtu),
	  .min = 1280,
	  .max = 65535,
	  .help = "bytes of a packet on this path" },
	{ .name = "hoplimit",
	  .type = FIELD_U8,
	  AT(hoplimit),
	  .min = 1,
	  .max = 255,
	  .help = "hop limit of packets from here" },
	{ .name = "preference",
	  .type = FIELD_CHOICE,
	  AT(preference),
	  .choices = preferences,
	  .help = "router preference, RFC 4191" },
	{ .name = "src",
	  .type = FIELD_ADDRESS,
	  AT(src),
	  .help = "source address for packets from here" },
	{ .name = "nexthop",
	  .type = FIELD_U32,
	  AT(nexthop),
	  .min = 1,
	  .max = UINT32_MAX,
	  .help = "id of a nexthop object" },
	{ .name = "nexthops",
	  .type = FIELD_HOPS,
	  AT(hops),
	  .help = "several gateways with weights" },
	{ .name = "onlink",
	  .type = FIELD_FLAG,
	  AT(onlink),
	  .help = "the gateway is on the link though no prefix says so" },
	{ 0 },
};

/**
 * half() - Eight bytes of an address as a number that orders as they do
 * @a:		Address
 * @at:		0 or 8
 *
 * Return: number
 */
static inline uint64_t half(const struct in6_addr *a, size_t at)
{
	uint64_t n;

	memcpy(&n, a->s6_addr + at, sizeof(n));
	return be64toh(n);
}

/**
 * cmp() - Order by table, destination and metric
 * @s:		Unused
 * @a:		Route
 * @b:		Route
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct route *x = a, *y = b;

	(void)s;
	if (x->table != y->table)
		return CMP(x->table, y->table);
	/* A million routes are compared ten times each. */
	if (half(&x->dst, 0) != half(&y->dst, 0))
		return CMP(half(&x->dst, 0), half(&y->dst, 0));
	if (half(&x->dst, 8) != half(&y->dst, 8))
		return CMP(half(&x->dst, 8), half(&y->dst, 8));
	if (x->len != y->len)
		return CMP(x->len, y->len);
	return CMP(x->metric, y->metric);
}

/**
 * is_reject() - Whether packets end at such a route
 * @type:	RTN_*
 *
 * Return: true if they do
 */
static bool is_reject(uint8_t type)
{
	return type == RTN_UNREACHABLE || type == RTN_BLACKHOLE ||
	       type == RTN_PROHIBIT || type == RTN_THROW;
}

/**
 * check() - What the fields of one route must agree in
 * @s:		Pool
 * @object:	Route; brought into the form that the kernel reports
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int check(const struct strings *s, void *object, struct buf *why)
{
	struct route *r = object;
	bool via = !IN6_IS_ADDR_UNSPECIFIED(&r->via);
	int ways = (r->dev || via) + (r->nexthop != 0) + (r->hops != 0);

	(void)s;
	if (is_reject(r->type)) {
		if (ways)
			buf_puts(
				why,
				"goes nowhere, so that it has no dev, via or nexthop");
		return ways ? -EINVAL : 0;
	}
	if (r->type == RTN_LOCAL && r->table == RT_TABLE_MAIN)
		r->table = RT_TABLE_LOCAL;
	if (ways != 1) {
		buf_puts(
			why,
			ways ? "dev and via, nexthop, and nexthops exclude each other" :
			       "needs one of dev, nexthop or nexthops");
		return -EINVAL;
	}
	if (via && !r->dev) {
		buf_puts(why, "via needs dev");
		return -EINVAL;
	}
	if (r->onlink && !via) {
		buf_puts(why, "onlink needs via");
		return -EINVAL;
	}
	return 0;
}

/**
 * describe() - A route on one line, in the words of ip-route(8)
 * @s:		Pool
 * @object:	Route
 * @out:	Gets the text
 */
static void describe(const struct strings *s, const void *object,
		     struct buf *out)
{
	const struct route *r = object;

	if (r->type != RTN_UNICAST) {
		field_print(&fields[1], s, r, out);
		buf_putc(out, ' ');
	}
	field_print(&fields[0], s, r, out);
	for (const struct field *f = fields + 2; f->name; f++) {
		if (field_is_initial(f, r))
			continue;
		buf_printf(out, " %s", f->name);
		if (f->type == FIELD_FLAG)
			continue;
		buf_putc(out, ' ');
		field_print(f, s, r, out);
	}
}

/**
 * stage() - When a route is put or removed
 * @op:		What is done
 * @s:		Unused
 * @want:	After
 * @have:	Before
 *
 * Return: stage; those without a gateway come first and go last
 */
static enum stage stage(enum op op, const struct strings *s, const void *want,
			const void *have)
{
	const struct route *r = want ? want : have;
	bool device =
		!r->nexthop && !r->hops && IN6_IS_ADDR_UNSPECIFIED(&r->via);

	(void)s;
	if (op == OP_REMOVE)
		return device ? STAGE_REMOVE_ROUTE_DEV : STAGE_REMOVE_ROUTE;
	return device ? STAGE_ROUTE_DEV : STAGE_ROUTE;
}

/* Where dumped routes go. */
struct seen {
	struct engine *e;
	struct model *out;
	const struct scope *scope;
};

/**
 * read_hops() - Nexthops of a multipath route
 * @seen:	Where it goes
 * @a:		RTA_MULTIPATH
 * @route:	Gets the list
 */
static void read_hops(const struct seen *seen, const struct nlattr *a,
		      struct route *route)
{
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	const struct rtnexthop *nh = nl_data(a);
	size_t left = nl_len(a);

	while (left >= sizeof(*nh) && nh->rtnh_len >= sizeof(*nh) &&
	       nh->rtnh_len <= left) {
		const struct nlattr *at[RTA_GATEWAY + 1];
		struct hop hop = { .weight = nh->rtnh_hops + 1U };
		size_t step = NLMSG_ALIGN(nh->rtnh_len);

		nl_parse_range(nh + 1, nh->rtnh_len - sizeof(*nh), at,
			       RTA_GATEWAY);
		hop.via = nl_in6(at[RTA_GATEWAY]);
		hop.dev = device_name(seen->e, nh->rtnh_ifindex);
		buf_add(&all, &hop, sizeof(hop));
		if (step >= left)
			break;
		left -= step;
		nh = (const struct rtnexthop *)((const char *)nh + step);
	}
	if (buf_error(&all) == 0)
		route->hops = strings_add(seen->e->strings, all.data, all.len);
}

/**
 * read_metrics() - MTU and hop limit
 * @a:		RTA_METRICS, or NULL
 * @route:	Gets them
 */
static void read_metrics(const struct nlattr *a, struct route *route)
{
	const struct nlattr *at[RTAX_HOPLIMIT + 1];

	if (!a)
		return;
	nl_parse_nested(a, at, RTAX_HOPLIMIT);
	route->mtu = nl_u32(at[RTAX_MTU], 0);
	route->hoplimit = (uint8_t)nl_u32(at[RTAX_HOPLIMIT], 0);
}

/**
 * uses_ours() - Whether a route rests on a nexthop of ours
 * @scope:	.nexthops, or NULL: nobody asks
 * @r:		Route
 *
 * Return: true if it does
 */
static bool uses_ours(const struct scope *scope, const struct route *r)
{
	const struct nexthop key = { .id = r->nexthop }, *found;

	if (!scope->nexthops || !r->nexthop)
		return false;
	found = model_find(scope->nexthops, KIND_NEXTHOP, &key);
	return found && found->protocol == NETSETUP_PROTO;
}

/**
 * seen_route() - Take one dumped route
 * @m:		RTM_NEWROUTE
 * @context:	struct seen
 *
 * Return: 0; -ENOMEM
 */
static int seen_route(const struct nlmsghdr *m, void *context)
{
	const struct seen *seen = context;
	const struct rtmsg *rt = NLMSG_DATA(m);
	const struct nlattr *at[RTA_NH_ID + 1];
	struct route *r;

	if (m->nlmsg_type != RTM_NEWROUTE || rt->rtm_flags & RTM_F_CLONED)
		return 0;
	r = model_add(seen->out, KIND_ROUTE);
	if (!r)
		return -ENOMEM;
	nl_parse(m, sizeof(*rt), at, RTA_NH_ID);
	r->dst = nl_in6(at[RTA_DST]);
	r->len = rt->rtm_dst_len;
	r->type = rt->rtm_type;
	r->protocol = rt->rtm_protocol;
	r->table = nl_u32(at[RTA_TABLE], rt->rtm_table);
	r->metric = nl_u32(at[RTA_PRIORITY], 0);
	r->preference = nl_u8(at[RTA_PREF], 0);
	r->src = nl_in6(at[RTA_PREFSRC]);
	read_metrics(at[RTA_METRICS], r);
	r->nexthop = nl_u32(at[RTA_NH_ID], 0);
	/* Such is what the object does; the route itself is like others. */
	if (r->nexthop && r->type == RTN_BLACKHOLE)
		r->type = RTN_UNICAST;
	if (!r->nexthop && !is_reject(r->type)) {
		r->onlink = (rt->rtm_flags & RTNH_F_ONLINK) != 0;
		r->via = nl_in6(at[RTA_GATEWAY]);
		r->dev = device_name(seen->e, (int)nl_u32(at[RTA_OIF], 0));
		if (at[RTA_MULTIPATH])
			read_hops(seen, at[RTA_MULTIPATH], r);
	}
	/* Of somebody else's, only what is in the way of the document matters. */
	if (r->protocol != NETSETUP_PROTO && !seen->scope->all &&
	    !model_find(seen->scope->keys, KIND_ROUTE, r) &&
	    !uses_ours(seen->scope, r))
		model_drop_last(seen->out, KIND_ROUTE);
	return 0;
}

/**
 * route_read() - One route of a message, whoever owns it
 * @e:		Engine
 * @m:		RTM_NEWROUTE
 * @out:	Model that it is appended to
 *
 * Return: 0; -ENOMEM
 */
int route_read(struct engine *e, const struct nlmsghdr *m, struct model *out)
{
	const struct scope all = { .all = true };
	struct seen seen = { e, out, &all };

	return seen_route(m, &seen);
}

/**
 * observe_routes() - Dump routes: our own, or all of them
 * @e:		Engine
 * @scope:	.foreign asks for those of others, too
 * @out:	Model
 *
 * Return: 0 or a negative errno
 */
static int observe_routes(struct engine *e, const struct scope *scope,
			  struct model *out)
{
	struct seen seen = { e, out, scope };
	char buffer[256];
	struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETROUTE, 0);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));

	rt->rtm_family = AF_INET6;
	if (!scope->foreign && !scope->all)
		rt->rtm_protocol = NETSETUP_PROTO;
	return observe_dump(e, m, seen_route, &seen, &out->tables[KIND_ROUTE]);
}

/**
 * put_hops() - RTA_MULTIPATH
 * @e:		Engine
 * @m:		Message
 * @id:		List of struct hop
 *
 * Return: 0; -ENODEV
 */
static int put_hops(struct engine *e, struct nlmsghdr *m, uint32_t id)
{
	const char *at = strings_get(e->strings, id);
	const char *end = at + strings_len(e->strings, id);
	struct nlattr *nest = nl_nest(m, RTA_MULTIPATH);

	nest->nla_type = RTA_MULTIPATH;
	for (; at < end; at += sizeof(struct hop)) {
		struct rtnexthop *nh = nl_header(m, sizeof(*nh));
		struct hop hop;

		memcpy(&hop, at, sizeof(hop));
		nh->rtnh_ifindex = device_index(e, hop.dev);
		nh->rtnh_hops = (uint8_t)(hop.weight - 1);
		if (!nh->rtnh_ifindex)
			return engine_fail(e, -ENODEV, "no device '%s'",
					   strings_get(e->strings, hop.dev));
		if (!IN6_IS_ADDR_UNSPECIFIED(&hop.via))
			nl_put_in6(m, RTA_GATEWAY, &hop.via);
		nh->rtnh_len =
			(uint16_t)((char *)m + m->nlmsg_len - (char *)nh);
	}
	nl_nest_end(m, nest);
	return 0;
}

/**
 * put_way() - Where a route leads
 * @e:		Engine
 * @m:		Message
 * @r:		Route
 *
 * Return: 0; -ENODEV
 */
static int put_way(struct engine *e, struct nlmsghdr *m, const struct route *r)
{
	if (r->nexthop) {
		nl_put_u32(m, RTA_NH_ID, r->nexthop);
		return 0;
	}
	if (r->hops)
		return put_hops(e, m, r->hops);
	if (r->dev) {
		int index = device_index(e, r->dev);

		if (!index)
			return engine_fail(e, -ENODEV, "no device '%s'",
					   strings_get(e->strings, r->dev));
		nl_put_u32(m, RTA_OIF, (uint32_t)index);
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&r->via))
		nl_put_in6(m, RTA_GATEWAY, &r->via);
	return 0;
}

/**
 * put_metrics() - RTA_METRICS
 * @m:		Message
 * @r:		Route
 */
static void put_metrics(struct nlmsghdr *m, const struct route *r)
{
	struct nlattr *nest;

	if (!r->mtu && !r->hoplimit)
		return;
	nest = nl_nest(m, RTA_METRICS);
	nest->nla_type = RTA_METRICS;
	if (r->mtu)
		nl_put_u32(m, RTAX_MTU, r->mtu);
	if (r->hoplimit)
		nl_put_u32(m, RTAX_HOPLIMIT, r->hoplimit);
	nl_nest_end(m, nest);
}

/**
 * encode() - One route message
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @c:		Change
 *
 * Return: 0; -ENODEV
 */
static int encode(struct engine *e, struct nl_batch *b, uint32_t tag,
		  const struct change *c)
{
	static const uint16_t flags[OP_MAX] = {
		[OP_ADD] = NLM_F_CREATE | NLM_F_EXCL,
		[OP_CHANGE] = NLM_F_CREATE | NLM_F_REPLACE,
	};
	bool gone = c->op == OP_REMOVE;
	const struct route *r = gone ? c->have : c->want;
	struct nlmsghdr *m = nl_batch_add(b, gone ? RTM_DELROUTE : RTM_NEWROUTE,
					  flags[c->op], tag);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));

	rt->rtm_family = AF_INET6;
	rt->rtm_dst_len = r->len;
	rt->rtm_type = r->type;
	rt->rtm_protocol = r->protocol;
	rt->rtm_table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_UNSPEC;
	rt->rtm_scope = RT_SCOPE_UNIVERSE;
	if (r->onlink && !gone)
		rt->rtm_flags = RTNH_F_ONLINK;
	if (r->len)
		nl_put_in6(m, RTA_DST, &r->dst);
	if (r->table >= 256)
		nl_put_u32(m, RTA_TABLE, r->table);
	nl_put_u32(m, RTA_PRIORITY, r->metric);
	if (gone)
		return r->hops ? 0 : put_way(e, m, r);
	if (r->preference)
		nl_put_u8(m, RTA_PREF, r->preference);
	if (!IN6_IS_ADDR_UNSPECIFIED(&r->src))
		nl_put_in6(m, RTA_PREFSRC, &r->src);
	put_metrics(m, r);
	return put_way(e, m, r);
}

const struct kind kind_route = {
	.name = "route",
	.plural = "routes",
	.help = "routes of any type, one per destination, table and metric",
	.size = sizeof(struct route),
	.fields = fields,
	.protocol = offsetof(struct route, protocol),
	.cmp = cmp,
	.check = check,
	.describe = describe,
	.stage = stage,
	.read = route_read,
	.observe = observe_routes,
	.encode = encode,
};
