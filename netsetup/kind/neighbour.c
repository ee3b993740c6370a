/* SPDX-License-Identifier: Apache-2.0 */
/*
 * neighbour, proxy: permanent neighbour entries, and addresses that we answer for
 *
 * Entries that the kernel learnt by itself are not objects: a permanent one replaces them.
 * A proxy entry of the kernel holds one address; longer ranges are the responder's.
 */
#include "netsetup/engine.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct neighbour, field)

static const struct field fields[] = {
	{ .name = "address",
	  .type = FIELD_ADDRESS,
	  AT(address),
	  .required = true,
	  .help = "neighbour's address" },
	{ .name = "dev",
	  .type = FIELD_DEV,
	  AT(dev),
	  .required = true,
	  .help = "interface" },
	{ .name = "lladdr",
	  .type = FIELD_MAC,
	  AT(lladdr),
	  .required = true,
	  .help = "its link-layer address" },
	{ 0 },
};

#undef AT
#define PROXY_LEN_MIN 32
#define AT(field)     .offset = offsetof(struct proxy, field)

static const struct field proxy_fields[] = {
	{ .name = "prefix",
	  .type = FIELD_PREFIX,
	  AT(prefix),
	  .extra = offsetof(struct proxy, len),
	  .required = true,
	  .help = "address that the kernel answers neighbours on dev for, or prefix that 'netsetup watch' does" },
	{ .name = "dev",
	  .type = FIELD_DEV,
	  AT(dev),
	  .required = true,
	  .help = "interface that they ask on" },
	{ 0 },
};

/**
 * cmp() - Order by interface and address
 * @s:		Unused
 * @a:		Neighbour
 * @b:		Neighbour
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct neighbour *x = a, *y = b;

	(void)s;
	if (x->dev != y->dev)
		return CMP(x->dev, y->dev);
	return memcmp(&x->address, &y->address, sizeof(x->address));
}

/**
 * proxy_cmp() - Order by interface and prefix
 * @s:		Unused
 * @a:		Proxy
 * @b:		Proxy
 *
 * Return: below, equal to or above 0
 */
static int proxy_cmp(const struct strings *s, const void *a, const void *b)
{
	const struct proxy *x = a, *y = b;
	int c;

	(void)s;
	if (x->dev != y->dev)
		return CMP(x->dev, y->dev);
	c = memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));
	return c ? c : CMP(x->len, y->len);
}

/**
 * stage() - When a neighbour is put or removed
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
	return op == OP_REMOVE ? STAGE_REMOVE_NEIGHBOUR : STAGE_NEIGHBOUR;
}

/**
 * proxy_check() - The kernel answers for one address, `watch` for a prefix
 * @s:		Unused
 * @object:	Proxy
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int proxy_check(const struct strings *s, void *object, struct buf *why)
{
	const struct proxy *p = object;

	(void)s;
	if (p->len >= PROXY_LEN_MIN)
		return 0;
	buf_printf(why, "wider than /%d", PROXY_LEN_MIN);
	return -EINVAL;
}

/**
 * proxy_stage() - When a proxy is put or removed
 * @op:		What is done
 * @s:		Unused
 * @want:	Unused
 * @have:	Unused
 *
 * Return: stage
 */
static enum stage proxy_stage(enum op op, const struct strings *s,
			      const void *want, const void *have)
{
	(void)s;
	(void)want;
	(void)have;
	return op == OP_REMOVE ? STAGE_REMOVE_PROXY : STAGE_PROXY;
}

/**
 * read_neighbour() - Take one dumped neighbour
 * @e:		Engine
 * @m:		RTM_NEWNEIGH
 * @out:	Model that it is appended to
 *
 * Return: 0; -ENOMEM
 */
static int read_neighbour(struct engine *e, const struct nlmsghdr *m,
			  struct model *out)
{
	const struct ndmsg *nd = NLMSG_DATA(m);
	const struct nlattr *at[NDA_PROTOCOL + 1];
	struct neighbour *n;

	if (m->nlmsg_type != RTM_NEWNEIGH || nd->ndm_family != AF_INET6 ||
	    !(nd->ndm_state & NUD_PERMANENT) || nd->ndm_flags & NTF_PROXY)
		return 0;
	nl_parse(m, sizeof(*nd), at, NDA_PROTOCOL);
	if (!at[NDA_LLADDR] || nl_len(at[NDA_LLADDR]) != sizeof(n->lladdr))
		return 0;
	n = model_add(out, KIND_NEIGHBOUR);
	if (!n)
		return -ENOMEM;
	n->address = nl_in6(at[NDA_DST]);
	n->dev = device_name(e, nd->ndm_ifindex);
	memcpy(n->lladdr, nl_data(at[NDA_LLADDR]), sizeof(n->lladdr));
	n->protocol = nl_u8(at[NDA_PROTOCOL], 0);
	return 0;
}

/**
 * read_proxy() - Take one dumped proxy entry
 * @e:		Engine
 * @m:		RTM_NEWNEIGH
 * @out:	Model that it is appended to
 *
 * Return: 0; -ENOMEM
 */
static int read_proxy(struct engine *e, const struct nlmsghdr *m,
		      struct model *out)
{
	const struct ndmsg *nd = NLMSG_DATA(m);
	const struct nlattr *at[NDA_PROTOCOL + 1];
	struct proxy *p;

	if (m->nlmsg_type != RTM_NEWNEIGH || nd->ndm_family != AF_INET6 ||
	    !(nd->ndm_flags & NTF_PROXY))
		return 0;
	p = model_add(out, KIND_PROXY);
	if (!p)
		return -ENOMEM;
	nl_parse(m, sizeof(*nd), at, NDA_PROTOCOL);
	p->prefix = nl_in6(at[NDA_DST]);
	p->len = 128;
	p->dev = device_name(e, nd->ndm_ifindex);
	p->protocol = nl_u8(at[NDA_PROTOCOL], 0);
	return 0;
}

/**
 * observe_neighbours() - Dump permanent neighbours
 * @e:		Engine
 * @scope:	Unused
 * @out:	Model
 *
 * Return: 0 or a negative errno
 */
static int observe_neighbours(struct engine *e, const struct scope *scope,
			      struct model *out)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETNEIGH, 0);
	struct ndmsg *nd = nl_header(m, sizeof(*nd));

	(void)scope;
	nd->ndm_family = AF_INET6;
	return observe_list(e, m, read_neighbour, out, KIND_NEIGHBOUR);
}

/**
 * observe_proxies() - Dump proxy entries
 * @e:		Engine
 * @scope:	Unused
 * @out:	Model
 *
 * Return: 0 or a negative errno
 */
static int observe_proxies(struct engine *e, const struct scope *scope,
			   struct model *out)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETNEIGH, 0);
	struct ndmsg *nd = nl_header(m, sizeof(*nd));

	(void)scope;
	nd->ndm_family = AF_INET6;
	nd->ndm_flags = NTF_PROXY;
	return observe_list(e, m, read_proxy, out, KIND_PROXY);
}

/**
 * put() - One neighbour message
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @op:		What is done
 * @dev:	Interface
 * @address:	Address
 *
 * Return: the message with header and address, NULL where there is no such device
 */
static struct nlmsghdr *put(struct engine *e, struct nl_batch *b, uint32_t tag,
			    enum op op, uint32_t dev,
			    const struct in6_addr *address)
{
	int index = device_index(e, dev);
	struct nlmsghdr *m;
	struct ndmsg *nd;

	if (!index) {
		engine_fail(e, -ENODEV, "no device '%s'",
			    strings_get(e->strings, dev));
		return NULL;
	}
	/* REPLACE also for a new one: the kernel may have learnt it meanwhile. */
	m = nl_batch_add(b, op == OP_REMOVE ? RTM_DELNEIGH : RTM_NEWNEIGH,
			 op == OP_REMOVE ? 0 : NLM_F_CREATE | NLM_F_REPLACE,
			 tag);
	nd = nl_header(m, sizeof(*nd));
	nd->ndm_family = AF_INET6;
	nd->ndm_ifindex = index;
	nd->ndm_state = NUD_PERMANENT;
	nl_put_in6(m, NDA_DST, address);
	return m;
}

/**
 * encode() - One message for a permanent neighbour
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
	const struct neighbour *n = c->want ? c->want : c->have;
	struct nlmsghdr *m = put(e, b, tag, c->op, n->dev, &n->address);

	if (!m)
		return -ENODEV;
	if (c->want) {
		nl_put(m, NDA_LLADDR, n->lladdr, sizeof(n->lladdr));
		nl_put_u8(m, NDA_PROTOCOL, n->protocol);
	}
	return 0;
}

/**
 * proxy_encode() - One message for a proxy entry
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @c:		Change
 *
 * Return: 0; -ENODEV
 */
static int proxy_encode(struct engine *e, struct nl_batch *b, uint32_t tag,
			const struct change *c)
{
	const struct proxy *p = c->want ? c->want : c->have;
	struct nlmsghdr *m = put(e, b, tag, c->op, p->dev, &p->prefix);
	struct ndmsg *nd;

	if (!m)
		return -ENODEV;
	nd = (struct ndmsg *)NLMSG_DATA(m);
	nd->ndm_flags = NTF_PROXY;
	if (c->want)
		nl_put_u8(m, NDA_PROTOCOL, p->protocol);
	return 0;
}

const struct kind kind_neighbour = {
	.name = "neighbour",
	.plural = "neighbours",
	.help = "permanent neighbour entries",
	.size = sizeof(struct neighbour),
	.fields = fields,
	.protocol = offsetof(struct neighbour, protocol),
	.cmp = cmp,
	.stage = stage,
	.read = read_neighbour,
	.observe = observe_neighbours,
	.encode = encode,
};

const struct kind kind_proxy = {
	.name = "proxy",
	.plural = "proxies",
	.help = "addresses that neighbour solicitations are answered for",
	.size = sizeof(struct proxy),
	.fields = proxy_fields,
	.protocol = offsetof(struct proxy, protocol),
	.cmp = proxy_cmp,
	.check = proxy_check,
	.stage = proxy_stage,
	.read = read_proxy,
	.observe = observe_proxies,
	.encode = proxy_encode,
};
