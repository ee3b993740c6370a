/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nexthop: an object that many routes point to, so that one message moves them all
 *
 * Deleting one takes all routes with it that use it, so that routes go first. Ids are
 * one space for the whole namespace; our automatic ones start at NEXTHOP_AUTO.
 */
#include "netsetup/engine.h"

#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct nexthop, field)

static const struct field fields[] = {
	{ .name = "id",
	  .type = FIELD_U32,
	  AT(id),
	  .min = 1,
	  .max = UINT32_MAX,
	  .required = true,
	  .help = "number that routes name" },
	{ .name = "via", .type = FIELD_ADDRESS, AT(via), .help = "gateway" },
	{ .name = "dev", .type = FIELD_DEV, AT(dev), .help = "interface" },
	{ .name = "blackhole",
	  .type = FIELD_FLAG,
	  AT(blackhole),
	  .help = "packets are dropped silently" },
	{ .name = "group",
	  .type = FIELD_GROUP,
	  AT(group),
	  .help = "other nexthops with weights" },
	{ .name = "onlink",
	  .type = FIELD_FLAG,
	  AT(onlink),
	  .help = "the gateway is on the link though no prefix says so" },
	{ 0 },
};

/**
 * cmp() - Order by id
 * @s:		Unused
 * @a:		Nexthop
 * @b:		Nexthop
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct nexthop *x = a, *y = b;

	(void)s;
	return CMP(x->id, y->id);
}

/**
 * check() - What the fields of one nexthop must agree in
 * @s:		Unused
 * @object:	Nexthop
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int check(const struct strings *s, void *object, struct buf *why)
{
	const struct nexthop *n = object;
	int ways = (n->dev != 0) + (n->blackhole != 0) + (n->group != 0);

	(void)s;
	if (ways != 1) {
		buf_puts(why, "needs one of dev, blackhole or group");
		return -EINVAL;
	}
	if (!n->dev && (n->onlink || !IN6_IS_ADDR_UNSPECIFIED(&n->via))) {
		buf_puts(why, "via and onlink need dev");
		return -EINVAL;
	}
	return 0;
}

/**
 * stage() - When a nexthop is put or removed
 * @op:		What is done
 * @s:		Unused
 * @want:	After
 * @have:	Before
 *
 * Return: stage; groups come after their members and go before them
 */
static enum stage stage(enum op op, const struct strings *s, const void *want,
			const void *have)
{
	const struct nexthop *n = want ? want : have;

	(void)s;
	if (op == OP_REMOVE)
		return n->group ? STAGE_REMOVE_NEXTHOP_GROUP :
				  STAGE_REMOVE_NEXTHOP;
	return n->group ? STAGE_NEXTHOP_GROUP : STAGE_NEXTHOP;
}

/**
 * read_group() - Members of a group
 * @e:		Engine
 * @a:		NHA_GROUP
 *
 * Return: list of struct group_member
 */
static uint32_t read_group(struct engine *e, const struct nlattr *a)
{
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	const char *data = nl_data(a);

	for (size_t i = 0; i < nl_len(a) / sizeof(struct nexthop_grp); i++) {
		struct nexthop_grp grp;
		struct group_member member;

		memcpy(&grp, data + i * sizeof(grp), sizeof(grp));
		member = (struct group_member){ grp.id, grp.weight + 1U };
		buf_add(&all, &member, sizeof(member));
	}
	return buf_error(&all) < 0 ? 0 :
				     strings_add(e->strings, all.data, all.len);
}

/**
 * read_nexthop() - Take one dumped nexthop
 * @e:		Engine
 * @m:		RTM_NEWNEXTHOP
 * @out:	Model that it is appended to
 *
 * Return: 0; -ENOMEM
 */
static int read_nexthop(struct engine *e, const struct nlmsghdr *m,
			struct model *out)
{
	const struct nhmsg *nh = NLMSG_DATA(m);
	const struct nlattr *at[NHA_GATEWAY + 1];
	struct nexthop *n;

	if (m->nlmsg_type != RTM_NEWNEXTHOP)
		return 0;
	n = model_add(out, KIND_NEXTHOP);
	if (!n)
		return -ENOMEM;
	nl_parse(m, sizeof(*nh), at, NHA_GATEWAY);
	n->id = nl_u32(at[NHA_ID], 0);
	n->protocol = nh->nh_protocol;
	n->blackhole = at[NHA_BLACKHOLE] != NULL;
	n->onlink = (nh->nh_flags & RTNH_F_ONLINK) != 0;
	n->via = nl_in6(at[NHA_GATEWAY]);
	if (!n->blackhole)
		n->dev = device_name(e, (int)nl_u32(at[NHA_OIF], 0));
	if (at[NHA_GROUP])
		n->group = read_group(e, at[NHA_GROUP]);
	return 0;
}

/**
 * observe_nexthops() - Dump all nexthops
 * @e:		Engine
 * @scope:	Unused: ids are one space, all of them matter
 * @out:	Model
 *
 * Return: 0 or a negative errno
 */
static int observe_nexthops(struct engine *e, const struct scope *scope,
			    struct model *out)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETNEXTHOP, 0);

	(void)scope;
	if (!(e->caps & CAP_NEXTHOP))
		return 0;
	nl_header(m, sizeof(struct nhmsg));
	return observe_list(e, m, read_nexthop, out, KIND_NEXTHOP);
}

/**
 * put_group() - NHA_GROUP
 * @e:		Engine
 * @m:		Message
 * @id:		List of struct group_member
 */
static void put_group(struct engine *e, struct nlmsghdr *m, uint32_t id)
{
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	const char *at = strings_get(e->strings, id);
	const char *end = at + strings_len(e->strings, id);

	for (; at < end; at += sizeof(struct group_member)) {
		struct nexthop_grp grp = { 0 };
		struct group_member member;

		memcpy(&member, at, sizeof(member));
		grp.id = member.id;
		grp.weight = (uint8_t)(member.weight - 1);
		buf_add(&all, &grp, sizeof(grp));
	}
	nl_put(m, NHA_GROUP, all.data, all.len);
}

/**
 * encode() - One nexthop message
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
	const struct nexthop *n = gone ? c->have : c->want;
	struct nlmsghdr *m = nl_batch_add(
		b, gone ? RTM_DELNEXTHOP : RTM_NEWNEXTHOP, flags[c->op], tag);
	struct nhmsg *nh = nl_header(m, sizeof(*nh));
	int index;

	nl_put_u32(m, NHA_ID, n->id);
	if (gone)
		return 0;
	nh->nh_family = n->group ? AF_UNSPEC : AF_INET6;
	nh->nh_protocol = n->protocol;
	if (n->group) {
		put_group(e, m, n->group);
		return 0;
	}
	if (n->blackhole) {
		nl_put(m, NHA_BLACKHOLE, NULL, 0);
		return 0;
	}
	index = device_index(e, n->dev);
	if (!index)
		return engine_fail(e, -ENODEV, "no device '%s'",
				   strings_get(e->strings, n->dev));
	nl_put_u32(m, NHA_OIF, (uint32_t)index);
	if (n->onlink)
		nh->nh_flags = RTNH_F_ONLINK;
	if (!IN6_IS_ADDR_UNSPECIFIED(&n->via))
		nl_put_in6(m, NHA_GATEWAY, &n->via);
	return 0;
}

const struct kind kind_nexthop = {
	.name = "nexthop",
	.plural = "nexthops",
	.help = "gateways that many routes share, and groups of them",
	.size = sizeof(struct nexthop),
	.fields = fields,
	.protocol = offsetof(struct nexthop, protocol),
	.cmp = cmp,
	.check = check,
	.stage = stage,
	.read = read_nexthop,
	.observe = observe_nexthops,
	.encode = encode,
};
