/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masquerade: what leaves by an interface from a prefix gets that interface's address
 *
 * One nftables rule each, in a table of our own, "ip6 netsetup"; a change is one batch,
 * which nf_tables does as a whole or not at all. The rule's comment says what it is for and
 * is what is read back. The table goes with its last rule.
 *
 * Nothing is asked of nf_tables unless somebody wants such a rule or has wanted one:
 * the question alone would load its modules.
 */
#include "netsetup/engine.h"

#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv6.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define TABLE         "netsetup"
#define CHAIN         "postrouting"
#define BATCH_SIZE    8192
#define COMMENT_SIZE  192
#define UDATA_COMMENT 0 /* type of a comment, as libnftnl numbers it */
#define SADDR_OFFSET  8 /* of the addresses in an IPv6 header */
#define DADDR_OFFSET  24

#define AT(field) .offset = offsetof(struct masquerade, field)

static const struct field fields[] = {
	{ .name = "from",
	  .type = FIELD_PREFIX,
	  AT(from),
	  .extra = offsetof(struct masquerade, len),
	  .required = true,
	  .help = "source addresses, those of pods" },
	{ .name = "out",
	  .type = FIELD_DEV,
	  AT(out),
	  .required = true,
	  .help = "interface that the packets leave by" },
	{ .name = "except",
	  .type = FIELD_PREFIX,
	  AT(except),
	  .extra = offsetof(struct masquerade, except_len),
	  .help = "destinations that see the source as it is, those of the cluster" },
	{ 0 },
};

/**
 * cmp() - Order by source, interface and exception: there is nothing else
 * @s:		Pool
 * @a:		Masquerade
 * @b:		Masquerade
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct masquerade *x = a, *y = b;
	int c = memcmp(&x->from, &y->from, sizeof(x->from));

	if (c == 0)
		c = CMP(x->len, y->len);
	if (c == 0 && x->out != y->out)
		c = strcmp(strings_get(s, x->out), strings_get(s, y->out));
	if (c == 0)
		c = memcmp(&x->except, &y->except, sizeof(x->except));
	return c ? c : CMP(x->except_len, y->except_len);
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
	return op == OP_REMOVE ? STAGE_REMOVE_MASQUERADE : STAGE_MASQUERADE;
}

/**
 * comment_of() - What the rule's comment says
 * @s:		Pool
 * @q:		Masquerade
 * @text:	COMMENT_SIZE bytes
 *
 * Return: bytes with the NUL
 */
static size_t comment_of(const struct strings *s, const struct masquerade *q,
			 char *text)
{
	struct prefix from = { addr_from_in6(&q->from), q->len };
	struct prefix except = { addr_from_in6(&q->except), q->except_len };

	snprintf(text, COMMENT_SIZE, "netsetup: %s out %s%s%s",
		 PREFIX_TEXT(&from), strings_get(s, q->out),
		 q->except_len ? " except " : "",
		 q->except_len ? PREFIX_TEXT(&except) : "");
	return strlen(text) + 1;
}

/**
 * read_comment() - The same the other way
 * @e:		Engine
 * @text:	Comment
 * @ret:	Gets what it says
 *
 * Return: 0; -EINVAL where it is none of ours, -ENOMEM
 */
static int read_comment(struct engine *e, const char *text,
			struct masquerade *ret)
{
	char from[ADDR_STRLEN], out[IFNAMSIZ], except[ADDR_STRLEN] = "";
	struct prefix p, x = { 0 };
	int n = sscanf(text, "netsetup: %63s out %15s except %63s", from, out,
		       except);

	if (n < 2 || prefix_parse6(from, &p) < 0 ||
	    (n == 3 && prefix_parse6(except, &x) < 0))
		return -EINVAL;
	*ret = (struct masquerade){
		.from = addr_to_in6(&p.addr),
		.len = p.len,
		.out = strings_add_text(e->strings, out),
		.except_len = x.len,
	};
	if (n == 3)
		ret->except = addr_to_in6(&x.addr);
	return e->strings->error;
}

/* One look at our chain. */
struct look {
	struct engine *e;
	struct model *out; /* gets the rules, or NULL */
	const struct masquerade *key; /* whose handle is wanted, or NULL */
	uint64_t handle; /* big endian, as it came; 0: not found */
	size_t n_rules;
};

/**
 * seen_rule() - Take one rule of our chain
 * @m:		NFT_MSG_NEWRULE
 * @context:	struct look
 *
 * Return: 0; -ENOMEM
 */
static int seen_rule(const struct nlmsghdr *m, void *context)
{
	struct look *l = context;
	const struct nlattr *at[NFTA_RULE_USERDATA + 1];
	char text[COMMENT_SIZE];
	struct masquerade q;
	const uint8_t *data;
	int r;

	if ((m->nlmsg_type & 0xff) != NFT_MSG_NEWRULE)
		return 0;
	nl_parse(m, sizeof(struct nfgenmsg), at, NFTA_RULE_USERDATA);
	l->n_rules++;
	data = at[NFTA_RULE_USERDATA] ? nl_data(at[NFTA_RULE_USERDATA]) : NULL;
	if (!data || nl_len(at[NFTA_RULE_USERDATA]) < 3 ||
	    data[0] != UDATA_COMMENT ||
	    data[1] > nl_len(at[NFTA_RULE_USERDATA]) - 2 ||
	    data[1] > sizeof(text))
		return 0;
	snprintf(text, sizeof(text), "%.*s", data[1], (const char *)data + 2);
	r = read_comment(l->e, text, &q);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (l->key && at[NFTA_RULE_HANDLE] &&
	    nl_len(at[NFTA_RULE_HANDLE]) == sizeof(l->handle) &&
	    cmp(l->e->strings, &q, l->key) == 0)
		memcpy(&l->handle, nl_data(at[NFTA_RULE_HANDLE]),
		       sizeof(l->handle));
	return l->out ? model_put(l->out, KIND_MASQUERADE, &q) : 0;
}

/**
 * message() - Begin a message to nf_tables
 * @nl:		Socket
 * @buffer:	Room
 * @type:	NFT_MSG_*, or NFNL_MSG_BATCH_*
 * @flags:	NLM_F_*
 *
 * Return: message
 */
static struct nlmsghdr *message(struct nl *nl, void *buffer, uint16_t type,
				uint16_t flags)
{
	bool edge = type == NFNL_MSG_BATCH_BEGIN || type == NFNL_MSG_BATCH_END;
	struct nlmsghdr *m = nl_request(
		nl, buffer, edge ? type : NFNL_SUBSYS_NFTABLES << 8 | type,
		flags);
	struct nfgenmsg *g = nl_header(m, sizeof(*g));

	g->nfgen_family = edge ? AF_UNSPEC : NFPROTO_IPV6;
	g->version = NFNETLINK_V0;
	g->res_id = edge ? htons(NFNL_SUBSYS_NFTABLES) : 0;
	return m;
}

/**
 * look_up() - Read our chain
 * @nl:		Socket of NETLINK_NETFILTER
 * @l:		What for
 *
 * Return: 0, also where there is no such chain; or a negative errno
 */
static int look_up(struct nl *nl, struct look *l)
{
	char buffer[256];
	struct nlmsghdr *m = message(nl, buffer, NFT_MSG_GETRULE, 0);
	int r;

	nl_put_text(m, NFTA_RULE_TABLE, TABLE);
	nl_put_text(m, NFTA_RULE_CHAIN, CHAIN);
	r = nl_dump(nl, m, seen_rule, l);
	return r == -ENOENT ? 0 : r;
}

/**
 * observe_masquerades() - Read our rules
 * @e:		Engine
 * @scope:	Nothing is read where it names none
 * @out:	Model
 *
 * Return: 0 or a negative errno
 */
static int observe_masquerades(struct engine *e, const struct scope *scope,
			       struct model *out)
{
	struct look l = { .e = e, .out = out };
	struct nl nl;
	int r;

	if (!scope->keys || scope->keys->tables[KIND_MASQUERADE].n == 0)
		return 0;
	r = nl_open(&nl, NETLINK_NETFILTER);
	if (r == 0)
		r = look_up(&nl, &l);
	nl_close(&nl);
	return r < 0 ? engine_fail(e, r, "list of masquerades: nf_tables: %s",
				   strerror(-r)) :
		       0;
}

/* A batch being built. */
struct batch {
	struct nl *nl;
	char data[BATCH_SIZE];
	size_t len;
	struct nlmsghdr *open;
	uint32_t n; /* messages that will be answered */
};

/**
 * add() - Begin the next message of a batch
 * @b:		Batch
 * @type:	NFT_MSG_*, or NFNL_MSG_BATCH_*
 * @flags:	NLM_F_*
 *
 * Return: message
 */
static struct nlmsghdr *add(struct batch *b, uint16_t type, uint16_t flags)
{
	if (b->open)
		b->len += NLMSG_ALIGN(b->open->nlmsg_len);
	b->open = message(b->nl, b->data + b->len, type, flags);
	b->n += (flags & NLM_F_ACK) != 0;
	return b->open;
}

/**
 * put_be32() - Number in network order
 * @m:		Message
 * @type:	Attribute
 * @value:	Number
 */
static void put_be32(struct nlmsghdr *m, uint16_t type, uint32_t value)
{
	nl_put_u32(m, type, htonl(value));
}

/**
 * put_value() - Bytes to compare with, or to mask by
 * @m:		Message
 * @type:	Attribute that holds them
 * @data:	Bytes
 * @len:	Their number
 */
static void put_value(struct nlmsghdr *m, uint16_t type, const void *data,
		      size_t len)
{
	struct nlattr *nest = nl_nest(m, type);

	nl_put(m, NFTA_DATA_VALUE, data, len);
	nl_nest_end(m, nest);
}

/* An expression being built. */
struct expression {
	struct nlattr *element, *data;
};

/**
 * expression_begin() - Begin an expression of a rule
 * @m:		Message
 * @name:	Its name
 *
 * Return: for expression_end()
 */
static struct expression expression_begin(struct nlmsghdr *m, const char *name)
{
	struct expression x = { .element = nl_nest(m, NFTA_LIST_ELEM) };

	nl_put_text(m, NFTA_EXPR_NAME, name);
	x.data = nl_nest(m, NFTA_EXPR_DATA);
	return x;
}

/**
 * expression_end() - End an expression
 * @m:		Message
 * @x:		From expression_begin()
 */
static void expression_end(struct nlmsghdr *m, struct expression x)
{
	nl_nest_end(m, x.data);
	nl_nest_end(m, x.element);
}

/**
 * put_compare() - The register is, or is not
 * @m:		Message
 * @op:		NFT_CMP_EQ, NFT_CMP_NEQ
 * @data:	Bytes
 * @len:	Their number
 */
static void put_compare(struct nlmsghdr *m, uint32_t op, const void *data,
			size_t len)
{
	struct expression x = expression_begin(m, "cmp");

	put_be32(m, NFTA_CMP_SREG, NFT_REG_1);
	put_be32(m, NFTA_CMP_OP, op);
	put_value(m, NFTA_CMP_DATA, data, len);
	expression_end(m, x);
}

/**
 * put_prefix() - An address of the packet lies in a prefix, or does not
 * @m:		Message
 * @offset:	Of the address in the header
 * @prefix:	Prefix
 * @len:	Its bits
 * @op:		NFT_CMP_EQ, NFT_CMP_NEQ
 */
static void put_prefix(struct nlmsghdr *m, uint32_t offset,
		       const struct in6_addr *prefix, uint8_t len, uint32_t op)
{
	struct in6_addr mask = { 0 }, zero = { 0 };
	struct expression x = expression_begin(m, "payload");

	for (unsigned int i = 0; i < len; i++)
		mask.s6_addr[i / 8] |= (uint8_t)(0x80U >> i % 8);
	put_be32(m, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_be32(m, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	put_be32(m, NFTA_PAYLOAD_OFFSET, offset);
	put_be32(m, NFTA_PAYLOAD_LEN, sizeof(mask));
	expression_end(m, x);
	x = expression_begin(m, "bitwise");
	put_be32(m, NFTA_BITWISE_SREG, NFT_REG_1);
	put_be32(m, NFTA_BITWISE_DREG, NFT_REG_1);
	put_be32(m, NFTA_BITWISE_LEN, sizeof(mask));
	put_value(m, NFTA_BITWISE_MASK, &mask, sizeof(mask));
	put_value(m, NFTA_BITWISE_XOR, &zero, sizeof(zero));
	expression_end(m, x);
	put_compare(m, op, prefix, sizeof(*prefix));
}

/**
 * put_rule() - Table, chain and rule of a masquerade
 * @e:		Engine
 * @b:		Batch
 * @q:		Masquerade
 */
static void put_rule(const struct engine *e, struct batch *b,
		     const struct masquerade *q)
{
	struct nlmsghdr *m = add(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK);
	uint8_t udata[2 + COMMENT_SIZE] = { UDATA_COMMENT };
	char comment[COMMENT_SIZE], name[IFNAMSIZ] = { 0 };
	size_t len = comment_of(e->strings, q, comment);
	struct nlattr *nest;
	struct expression x;

	nl_put_text(m, NFTA_TABLE_NAME, TABLE);
	m = add(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK);
	nl_put_text(m, NFTA_CHAIN_TABLE, TABLE);
	nl_put_text(m, NFTA_CHAIN_NAME, CHAIN);
	nest = nl_nest(m, NFTA_CHAIN_HOOK);
	put_be32(m, NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING);
	put_be32(m, NFTA_HOOK_PRIORITY, NF_IP6_PRI_NAT_SRC);
	nl_nest_end(m, nest);
	nl_put_text(m, NFTA_CHAIN_TYPE, "nat");
	m = add(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK);
	nl_put_text(m, NFTA_RULE_TABLE, TABLE);
	nl_put_text(m, NFTA_RULE_CHAIN, CHAIN);
	nest = nl_nest(m, NFTA_RULE_EXPRESSIONS);
	snprintf(name, sizeof(name), "%s", strings_get(e->strings, q->out));
	x = expression_begin(m, "meta");
	put_be32(m, NFTA_META_DREG, NFT_REG_1);
	put_be32(m, NFTA_META_KEY, NFT_META_OIFNAME);
	expression_end(m, x);
	put_compare(m, NFT_CMP_EQ, name, sizeof(name));
	put_prefix(m, SADDR_OFFSET, &q->from, q->len, NFT_CMP_EQ);
	if (q->except_len)
		put_prefix(m, DADDR_OFFSET, &q->except, q->except_len,
			   NFT_CMP_NEQ);
	x = expression_begin(m, "masq");
	put_be32(m, NFTA_MASQ_FLAGS, NF_NAT_RANGE_PROTO_RANDOM_FULLY);
	expression_end(m, x);
	nl_nest_end(m, nest);
	udata[1] = (uint8_t)len;
	memcpy(udata + 2, comment, len);
	nl_put(m, NFTA_RULE_USERDATA, udata, 2 + len);
}

/* Answers to a batch. */
struct answers {
	uint32_t n;
	int error; /* the first one */
};

/**
 * one_answer() - Take one error or acknowledgement
 * @m:		Message
 * @context:	struct answers
 *
 * Return: 0
 */
static int one_answer(const struct nlmsghdr *m, void *context)
{
	struct answers *a = context;
	const struct nlmsgerr *e = NLMSG_DATA(m);

	if (m->nlmsg_type != NLMSG_ERROR ||
	    m->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return 0;
	a->n++;
	if (e->error < 0 && a->error == 0)
		a->error = e->error;
	return 0;
}

/**
 * commit() - Send a batch; nf_tables does all of it or nothing
 * @b:		Batch
 *
 * Return: 0; the first error, -ENOBUFS where answers are missing
 */
static int commit(struct batch *b)
{
	struct answers a = { 0 };
	int r;

	(void)add(b, NFNL_MSG_BATCH_END, 0);
	b->len += NLMSG_ALIGN(b->open->nlmsg_len);
	while (b->nl->io->send(b->nl, b->data, b->len) < 0)
		if (errno != EINTR)
			return -errno;
	r = nl_events(b->nl, one_answer, &a);
	if (r == 0)
		r = a.error;
	return r == 0 && a.n < b->n ? -ENOBUFS : r;
}

/**
 * drop_rule() - Remove a rule, and the table with the last one
 * @e:		Engine
 * @b:		Batch
 * @q:		Masquerade
 *
 * Return: 1 where something is to be done, 0 where not, or a negative errno
 */
static int drop_rule(struct engine *e, struct batch *b,
		     const struct masquerade *q)
{
	struct look l = { .e = e, .key = q };
	int r = look_up(b->nl, &l);
	struct nlmsghdr *m;

	if (r < 0 || !l.handle)
		return r;
	if (l.n_rules == 1) {
		m = add(b, NFT_MSG_DELTABLE, NLM_F_ACK);
		nl_put_text(m, NFTA_TABLE_NAME, TABLE);
		return 1;
	}
	m = add(b, NFT_MSG_DELRULE, NLM_F_ACK);
	nl_put_text(m, NFTA_RULE_TABLE, TABLE);
	nl_put_text(m, NFTA_RULE_CHAIN, CHAIN);
	nl_put(m, NFTA_RULE_HANDLE, &l.handle, sizeof(l.handle));
	return 1;
}

/**
 * execute() - Put or remove a rule
 * @e:		Engine
 * @c:		Change
 *
 * Return: 0 or a negative errno
 */
static int execute(struct engine *e, const struct change *c)
{
	struct batch b = { 0 };
	struct nl nl;
	int r = nl_open(&nl, NETLINK_NETFILTER);

	b.nl = &nl;
	if (r == 0) {
		(void)add(&b, NFNL_MSG_BATCH_BEGIN, 0);
		r = 1;
		if (c->op == OP_REMOVE)
			r = drop_rule(e, &b, c->have);
		else
			put_rule(e, &b, c->want);
	}
	if (r > 0) {
		e->n_writes++;
		r = commit(&b);
	}
	nl_close(&nl);
	return r;
}

const struct kind kind_masquerade = {
	.name = "masquerade",
	.plural = "masquerade",
	.help = "nftables rules that hide the pods' addresses behind the node's",
	.size = sizeof(struct masquerade),
	.fields = fields,
	.cmp = cmp,
	.stage = stage,
	.observe = observe_masquerades,
	.execute = execute,
};
