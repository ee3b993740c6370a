/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address: on an interface, with lifetimes and a policy for duplicate address detection
 *
 * An address is known by interface and address alone; the kernel cannot change its prefix
 * length, so that another length is refused as a conflict of its own. Lifetimes run
 * down: one that still lives and was not longer than wanted counts as equal.
 */
#include "netsetup/engine.h"

#include "lib/addr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

static const struct choice dads[] = {
	{ "wait", DAD_WAIT },
	{ "optimistic", DAD_OPTIMISTIC },
	{ "skip", DAD_SKIP },
	{ 0 },
};

#define AT(field) .offset = offsetof(struct address, field)

static const struct field fields[] = {
	{ .name = "address",
	  .type = FIELD_HOST,
	  AT(address),
	  .extra = offsetof(struct address, len),
	  .required = true,
	  .help = "address and prefix length" },
	{ .name = "dev",
	  .type = FIELD_DEV,
	  AT(dev),
	  .required = true,
	  .help = "interface" },
	{ .name = "dad",
	  .type = FIELD_CHOICE,
	  AT(dad),
	  .choices = dads,
	  .help = "duplicate address detection: wait for it, use the address meanwhile (RFC 4429), or skip it" },
	{ .name = "preferred",
	  .type = FIELD_SECONDS,
	  AT(preferred),
	  .initial = FOREVER,
	  .help = "preferred lifetime; 0s: deprecated" },
	{ .name = "valid",
	  .type = FIELD_SECONDS,
	  AT(valid),
	  .initial = FOREVER,
	  .min = 1,
	  .help = "valid lifetime" },
	{ .name = "local",
	  .type = FIELD_FLAG,
	  AT(local),
	  .help = "take the whole prefix for ours (AnyIP) by a local route" },
	{ 0 },
};

/**
 * cmp() - Order by interface and address
 * @s:		Unused
 * @a:		Address
 * @b:		Address
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct address *x = a, *y = b;

	(void)s;
	if (x->dev != y->dev)
		return CMP(x->dev, y->dev);
	return memcmp(&x->address, &y->address, sizeof(x->address));
}

/**
 * check() - What the fields of one address must agree in
 * @s:		Unused
 * @object:	Address
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int check(const struct strings *s, void *object, struct buf *why)
{
	struct address *a = object;

	(void)s;
	if (IN6_IS_ADDR_MULTICAST(&a->address) ||
	    (IN6_IS_ADDR_UNSPECIFIED(&a->address) && !a->local)) {
		buf_puts(why, "cannot be the address of an interface");
		return -EINVAL;
	}
	if (a->valid == 0) {
		buf_puts(why, "valid: an address without life");
		return -EINVAL;
	}
	if (a->valid != FOREVER && a->preferred == FOREVER)
		a->preferred = a->valid;
	if (a->preferred > a->valid) {
		buf_puts(why, "preferred for longer than it is valid");
		return -EINVAL;
	}
	return 0;
}

/**
 * lifetime_same() - Whether an observed lifetime is the wanted one, some time later
 * @want:	Seconds
 * @have:	Seconds left
 *
 * Return: true if it is
 */
static bool lifetime_same(uint32_t want, uint32_t have)
{
	if (want == FOREVER || want == 0 || have == FOREVER)
		return want == have;
	return have > 0 && have <= want;
}

/**
 * same() - Whether nothing is to be done
 * @want:	Desired address
 * @have:	Observed one
 *
 * Return: true if it is so
 */
static bool same(const void *want, const void *have)
{
	const struct address *w = want, *h = have;

	return w->len == h->len && w->protocol == h->protocol && !h->failed &&
	       lifetime_same(w->valid, h->valid) &&
	       lifetime_same(w->preferred, h->preferred);
}

/**
 * stage() - When an address is put or removed
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
	return op == OP_REMOVE ? STAGE_REMOVE_ADDRESS : STAGE_ADDRESS;
}

/**
 * read_address() - Take one dumped address
 * @e:		Engine
 * @m:		RTM_NEWADDR
 * @out:	Model that it is appended to
 *
 * Return: 0; -ENOMEM
 */
static int read_address(struct engine *e, const struct nlmsghdr *m,
			struct model *out)
{
	const struct ifaddrmsg *ifa = NLMSG_DATA(m);
	const struct nlattr *at[IFA_PROTO + 1];
	uint32_t flags;
	struct address *a;

	if (m->nlmsg_type != RTM_NEWADDR || ifa->ifa_family != AF_INET6)
		return 0;
	a = model_add(out, KIND_ADDRESS);
	if (!a)
		return -ENOMEM;
	nl_parse(m, sizeof(*ifa), at, IFA_PROTO);
	flags = nl_u32(at[IFA_FLAGS], ifa->ifa_flags);
	a->address = nl_in6(at[IFA_LOCAL] ? at[IFA_LOCAL] : at[IFA_ADDRESS]);
	a->len = ifa->ifa_prefixlen;
	a->dev = device_name(e, (int)ifa->ifa_index);
	a->valid = a->preferred = FOREVER;
	if (at[IFA_CACHEINFO] &&
	    nl_len(at[IFA_CACHEINFO]) >= sizeof(struct ifa_cacheinfo)) {
		struct ifa_cacheinfo ci;

		memcpy(&ci, nl_data(at[IFA_CACHEINFO]), sizeof(ci));
		a->valid = ci.ifa_valid;
		a->preferred = ci.ifa_prefered;
	}
	a->dad = flags & IFA_F_NODAD      ? DAD_SKIP :
		 flags & IFA_F_OPTIMISTIC ? DAD_OPTIMISTIC :
					    DAD_WAIT;
	a->failed = (flags & IFA_F_DADFAILED) != 0;
	a->tentative = (flags & IFA_F_TENTATIVE) != 0;
	a->protocol = nl_u8(at[IFA_PROTO], 0);
	if (!(e->caps & CAP_IFA_PROTO))
		a->protocol = model_find(&e->owned_keys, KIND_ADDRESS, a) ?
				      NETSETUP_PROTO :
				      0;
	return 0;
}

/**
 * observe_addresses() - Dump all IPv6 addresses
 * @e:		Engine
 * @scope:	Unused
 * @out:	Model
 *
 * Return: 0 or a negative errno
 */
static int observe_addresses(struct engine *e, const struct scope *scope,
			     struct model *out)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETADDR, 0);
	struct ifaddrmsg *ifa = nl_header(m, sizeof(*ifa));

	(void)scope;
	ifa->ifa_family = AF_INET6;
	return observe_list(e, m, read_address, out, KIND_ADDRESS);
}

/**
 * encode_one() - One address message
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @c:		Change; OP_ADD or OP_CHANGE
 * @index:	Interface
 */
static void encode_one(struct engine *e, struct nl_batch *b, uint32_t tag,
		       const struct change *c, int index)
{
	static const uint32_t dad_flags[] = {
		[DAD_WAIT] = 0,
		[DAD_OPTIMISTIC] = IFA_F_OPTIMISTIC,
		[DAD_SKIP] = IFA_F_NODAD,
	};
	const struct address *a = c->want;
	struct nlmsghdr *m = nl_batch_add(
		b, RTM_NEWADDR,
		NLM_F_CREATE | (c->op == OP_ADD ? NLM_F_EXCL : NLM_F_REPLACE),
		tag);
	struct ifaddrmsg *ifa = nl_header(m, sizeof(*ifa));

	ifa->ifa_family = AF_INET6;
	ifa->ifa_prefixlen = a->len;
	ifa->ifa_index = (uint32_t)index;
	nl_put_in6(m, IFA_LOCAL, &a->address);
	if (a->valid != FOREVER || a->preferred != FOREVER) {
		struct ifa_cacheinfo ci = { .ifa_valid = a->valid,
					    .ifa_prefered = a->preferred };

		nl_put(m, IFA_CACHEINFO, &ci, sizeof(ci));
	}
	nl_put_u32(m, IFA_FLAGS, dad_flags[a->dad % ARRAY_SIZE(dad_flags)]);
	if (e->caps & CAP_IFA_PROTO && a->protocol)
		nl_put_u8(m, IFA_PROTO, a->protocol);
}

/**
 * encode_removal() - Messages that remove an address
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @a:		Address
 * @index:	Its interface
 *
 * The kernel removes the route of a prefix with the last address of it where that lives
 * for ever; the route of one with a lifetime would stay until that has run out. So it
 * lives for ever just before it goes.
 */
static void encode_removal(struct engine *e, struct nl_batch *b, uint32_t tag,
			   const struct address *a, int index)
{
	struct address forever = *a;
	struct nlmsghdr *m;
	struct ifaddrmsg *ifa;

	forever.valid = forever.preferred = FOREVER;
	forever.dad = DAD_SKIP;
	if (a->valid != FOREVER)
		encode_one(
			e, b, tag,
			&(struct change){ .op = OP_CHANGE, .want = &forever },
			index);
	m = nl_batch_add(b, RTM_DELADDR, 0, tag);
	ifa = nl_header(m, sizeof(*ifa));
	ifa->ifa_family = AF_INET6;
	ifa->ifa_prefixlen = a->len;
	ifa->ifa_index = (uint32_t)index;
	nl_put_in6(m, IFA_LOCAL, &a->address);
}

/**
 * encode() - Messages of one step
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @c:		Change
 *
 * The kernel changes neither a prefix length nor a failed address: such a one goes, and
 * comes anew. One that begins to age is told so twice: with the first message the kernel
 * (6.18) gives the route of its prefix an end in the past, with the second the right one.
 *
 * Return: 0; -ENODEV
 */
static int encode(struct engine *e, struct nl_batch *b, uint32_t tag,
		  const struct change *c)
{
	const struct address *h = c->have, *w = c->want;
	uint32_t dev = w ? w->dev : h->dev;
	struct change add = { .op = OP_ADD, .want = w };
	int index = device_index(e, dev);

	if (!index)
		return engine_fail(e, -ENODEV, "no device '%s'",
				   strings_get(e->strings, dev));
	if (c->op == OP_REMOVE) {
		encode_removal(e, b, tag, h, index);
	} else if (c->op == OP_CHANGE && (h->len != w->len || h->failed)) {
		encode_removal(e, b, tag, h, index);
		encode_one(e, b, tag, &add, index);
	} else {
		encode_one(e, b, tag, c, index);
		if (c->op == OP_CHANGE && h->valid == FOREVER &&
		    w->valid != FOREVER)
			encode_one(e, b, tag, c, index);
	}
	return 0;
}

const struct kind kind_address = {
	.name = "address",
	.plural = "addresses",
	.help = "addresses of interfaces, and prefixes that are local as a whole",
	.size = sizeof(struct address),
	.fields = fields,
	.protocol = offsetof(struct address, protocol),
	.cmp = cmp,
	.check = check,
	.same = same,
	.stage = stage,
	.read = read_address,
	.observe = observe_addresses,
	.encode = encode,
};
