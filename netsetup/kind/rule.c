/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule: which routing table a packet is looked up in
 *
 * A rule has no name: all of it is its key, so that a changed one is a new one and the
 * old one goes, in that order.
 */
#include "netsetup/engine.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

static const struct choice actions[] = {
	{ "table", FR_ACT_TO_TBL },
	{ "blackhole", FR_ACT_BLACKHOLE },
	{ "unreachable", FR_ACT_UNREACHABLE },
	{ "prohibit", FR_ACT_PROHIBIT },
	{ 0 },
};

/**
 * rule_action_name() - Word for what a rule does
 * @action:	FR_ACT_*
 *
 * Return: word of the document, or "other"
 */
const char *rule_action_name(uint8_t action)
{
	for (const struct choice *c = actions; c->name; c++)
		if (c->value == action)
			return c->name;
	return "other";
}

#define AT(field) .offset = offsetof(struct rule, field)

static const struct field fields[] = {
	{ .name = "priority",
	  .type = FIELD_U32,
	  AT(priority),
	  .min = 1,
	  .max = 32765,
	  .required = true,
	  .help = "smaller comes first; 0 and 32766 are the kernel's" },
	{ .name = "from",
	  .type = FIELD_PREFIX,
	  AT(from),
	  .extra = offsetof(struct rule, from_len),
	  .help = "source prefix" },
	{ .name = "to",
	  .type = FIELD_PREFIX,
	  AT(to),
	  .extra = offsetof(struct rule, to_len),
	  .help = "destination prefix" },
	{ .name = "iif",
	  .type = FIELD_DEV,
	  AT(iif),
	  .help = "interface that the packet came in by" },
	{ .name = "oif",
	  .type = FIELD_DEV,
	  AT(oif),
	  .help = "interface that the socket is bound to" },
	{ .name = "fwmark",
	  .type = FIELD_U32,
	  AT(fwmark),
	  .min = 1,
	  .max = UINT32_MAX,
	  .help = "mark of the packet" },
	{ .name = "table",
	  .type = FIELD_U32,
	  AT(table),
	  .min = 1,
	  .max = UINT32_MAX,
	  .help = "routing table" },
	{ .name = "action",
	  .type = FIELD_CHOICE,
	  AT(action),
	  .choices = actions,
	  .initial = FR_ACT_TO_TBL,
	  .help = "what is done" },
	{ 0 },
};

/**
 * cmp() - Order by priority, then by everything
 * @s:		Unused
 * @a:		Rule
 * @b:		Rule
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct rule *x = a, *y = b;
	struct rule p = *x, q = *y;

	(void)s;
	if (x->priority != y->priority)
		return CMP(x->priority, y->priority);
	p.protocol = q.protocol = 0;
	return memcmp(&p, &q, sizeof(p));
}

/**
 * check() - What the fields of one rule must agree in
 * @s:		Unused
 * @object:	Rule
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int check(const struct strings *s, void *object, struct buf *why)
{
	const struct rule *r = object;

	(void)s;
	if ((r->action == FR_ACT_TO_TBL) != (r->table != 0)) {
		buf_puts(why, r->table ? "only action table has a table" :
					 "needs a table");
		return -EINVAL;
	}
	return 0;
}

/**
 * stage() - When a rule is put or removed
 * @op:		What is done
 * @s:		Unused
 * @want:	Unused
 * @have:	Unused
 *
 * Return: stage
 */
static enum stage stage(enum op op, const struct strings *s, const void *want,
			const void *have)
{
	(void)s;
	(void)want;
	(void)have;
	return op == OP_REMOVE ? STAGE_REMOVE_RULE : STAGE_RULE;
}

/**
 * read_rule() - Take one dumped rule
 * @e:		Engine
 * @m:		RTM_NEWRULE
 * @out:	Model that it is appended to
 *
 * Return: 0; -ENOMEM
 */
static int read_rule(struct engine *e, const struct nlmsghdr *m,
		     struct model *out)
{
	const struct fib_rule_hdr *h = NLMSG_DATA(m);
	const struct nlattr *at[FRA_PROTOCOL + 1];
	struct rule *r;

	if (m->nlmsg_type != RTM_NEWRULE)
		return 0;
	r = model_add(out, KIND_RULE);
	if (!r)
		return -ENOMEM;
	nl_parse(m, sizeof(*h), at, FRA_PROTOCOL);
	r->priority = nl_u32(at[FRA_PRIORITY], 0);
	r->from = nl_in6(at[FRA_SRC]);
	r->from_len = h->src_len;
	r->to = nl_in6(at[FRA_DST]);
	r->to_len = h->dst_len;
	if (at[FRA_IIFNAME])
		r->iif = strings_add_text(e->strings, nl_text(at[FRA_IIFNAME]));
	if (at[FRA_OIFNAME])
		r->oif = strings_add_text(e->strings, nl_text(at[FRA_OIFNAME]));
	r->fwmark = nl_u32(at[FRA_FWMARK], 0);
	r->action = h->action;
	if (h->action == FR_ACT_TO_TBL)
		r->table = nl_u32(at[FRA_TABLE], h->table);
	r->protocol = nl_u8(at[FRA_PROTOCOL], 0);
	return e->strings->error;
}

/**
 * observe_rules() - Dump all IPv6 rules
 * @e:		Engine
 * @scope:	Unused
 * @out:	Model
 *
 * Return: 0 or a negative errno
 */
static int observe_rules(struct engine *e, const struct scope *scope,
			 struct model *out)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETRULE, 0);
	struct fib_rule_hdr *h = nl_header(m, sizeof(*h));

	(void)scope;
	h->family = AF_INET6;
	return observe_list(e, m, read_rule, out, KIND_RULE);
}

/**
 * put_rule() - One rule message
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @r:		Rule
 * @type:	RTM_NEWRULE, RTM_DELRULE
 * @flags:	NLM_F_*
 */
static void put_rule(const struct engine *e, struct nl_batch *b, uint32_t tag,
		     const struct rule *r, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *m = nl_batch_add(b, type, flags, tag);
	struct fib_rule_hdr *h = nl_header(m, sizeof(*h));

	h->family = AF_INET6;
	h->action = r->action;
	h->src_len = r->from_len;
	h->dst_len = r->to_len;
	h->table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_UNSPEC;
	nl_put_u32(m, FRA_PRIORITY, r->priority);
	if (r->from_len)
		nl_put_in6(m, FRA_SRC, &r->from);
	if (r->to_len)
		nl_put_in6(m, FRA_DST, &r->to);
	if (r->iif)
		nl_put_text(m, FRA_IIFNAME, strings_get(e->strings, r->iif));
	if (r->oif)
		nl_put_text(m, FRA_OIFNAME, strings_get(e->strings, r->oif));
	if (r->fwmark)
		nl_put_u32(m, FRA_FWMARK, r->fwmark);
	if (r->table)
		nl_put_u32(m, FRA_TABLE, r->table);
	nl_put_u8(m, FRA_PROTOCOL, r->protocol);
}

/**
 * encode() - Messages of one rule
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @c:		Change
 *
 * Two rules that differ in nothing but their owner may stand side by side, the new one
 * behind the old one: so there is no instant without one. NLM_F_EXCL would forbid that,
 * and more: it takes a rule for one that is there where only a selector is missing.
 *
 * Return: 0
 */
static int encode(struct engine *e, struct nl_batch *b, uint32_t tag,
		  const struct change *c)
{
	if (c->want)
		put_rule(e, b, tag, c->want, RTM_NEWRULE, NLM_F_CREATE);
	if (c->have)
		put_rule(e, b, tag, c->have, RTM_DELRULE, 0);
	return 0;
}

const struct kind kind_rule = {
	.name = "rule",
	.plural = "rules",
	.help = "policy rules",
	.size = sizeof(struct rule),
	.fields = fields,
	.protocol = offsetof(struct rule, protocol),
	.cmp = cmp,
	.check = check,
	.stage = stage,
	.read = read_rule,
	.observe = observe_rules,
	.encode = encode,
};
