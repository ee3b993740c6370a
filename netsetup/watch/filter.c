/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/filter.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define KEEP UINT32_MAX /* bytes of the event that pass: all */
#define TYPE (offsetof(struct nlmsghdr, nlmsg_type))
#define FLAG (offsetof(struct nlmsghdr, nlmsg_flags))

/* Where the key of an event lies. */
struct place {
	uint16_t type; /* RTM_NEW..., RTM_DEL... is one more */
	uint16_t header; /* bytes before the attributes */
	uint16_t attribute;
	uint8_t words; /* of 32 bits */
};

static const struct place places[] = {
	{ RTM_NEWROUTE, sizeof(struct rtmsg), RTA_DST, 4 },
	{ RTM_NEWNEIGH, sizeof(struct ndmsg), NDA_DST, 4 },
	{ RTM_NEWADDR, sizeof(struct ifaddrmsg), IFA_ADDRESS, 4 },
	{ RTM_NEWNEXTHOP, sizeof(struct nhmsg), NHA_ID, 1 },
	{ RTM_NEWRULE, sizeof(struct rtmsg), FRA_PRIORITY, 1 },
};

/**
 * filter_fold() - Number of a key, as the program computes it
 * @data:	Key, whole words
 * @len:	Bytes
 *
 * Return: number
 */
uint32_t filter_fold(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t fold = 0;

	/* BPF loads words in network byte order. */
	for (; len >= 4; len -= 4, p += 4)
		fold ^= (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			(uint32_t)p[2] << 8 | p[3];
	return fold;
}

/**
 * add_key() - Add one key
 * @f:		Filter
 * @data:	Key
 * @len:	Bytes
 */
static void add_key(struct filter *f, const void *data, size_t len)
{
	uint32_t fold = filter_fold(data, len);
	size_t at = 0;

	while (at < f->n_keys && f->keys[at] < fold)
		at++;
	if (at < f->n_keys && f->keys[at] == fold)
		return;
	if (f->n_keys == FILTER_KEYS) {
		f->wide = true;
		return;
	}
	memmove(&f->keys[at + 1], &f->keys[at],
		(f->n_keys - at) * sizeof(f->keys[0]));
	f->keys[at] = fold;
	f->n_keys++;
}

/**
 * add_keys() - Add the keys of all objects, and of the default route
 * @f:		Filter
 * @m:		What should be
 *
 * A table that is larger than the list fills it at once.
 */
static void add_keys(struct filter *f, const struct model *m)
{
	static const struct in6_addr any;

	/* The default route, which says which router there is. */
	add_key(f, &any, sizeof(any));
	for (size_t k = 0; k < KIND_MAX && !f->wide; k++)
		f->wide = m->tables[k].n > FILTER_KEYS;
	for (size_t i = 0; i < m->tables[KIND_ROUTE].n && !f->wide; i++)
		add_key(f, &MODEL_AT(m, KIND_ROUTE, route, i)->dst, 16);
	for (size_t i = 0; i < m->tables[KIND_ADDRESS].n && !f->wide; i++)
		add_key(f, &MODEL_AT(m, KIND_ADDRESS, address, i)->address, 16);
	for (size_t i = 0; i < m->tables[KIND_NEIGHBOUR].n && !f->wide; i++)
		add_key(f, &MODEL_AT(m, KIND_NEIGHBOUR, neighbour, i)->address,
			16);
	for (size_t i = 0; i < m->tables[KIND_PROXY].n && !f->wide; i++)
		add_key(f, &MODEL_AT(m, KIND_PROXY, proxy, i)->prefix, 16);
	for (size_t i = 0; i < m->tables[KIND_NEXTHOP].n && !f->wide; i++)
		add_key(f, &MODEL_AT(m, KIND_NEXTHOP, nexthop, i)->id, 4);
	for (size_t i = 0; i < m->tables[KIND_RULE].n && !f->wide; i++)
		add_key(f, &MODEL_AT(m, KIND_RULE, rule, i)->priority, 4);
}

/**
 * put() - Append an instruction
 * @f:		Filter
 * @code:	BPF_*
 * @k:		Operand
 * @yes:	Instructions to skip where a comparison holds
 * @no:		Where it does not
 */
static void put(struct filter *f, uint16_t code, uint32_t k, uint8_t yes,
		uint8_t no)
{
	if (f->n < FILTER_SIZE)
		f->code[f->n] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
	f->n++;
}

/**
 * put_search() - Whether the accumulator is one of the keys
 * @f:		Filter
 * @low:	First key
 * @high:	Behind the last one
 *
 * Jumps of comparisons reach 255 instructions, so that the far half is reached by BPF_JA.
 * Seven levels deep lie few enough keys for one comparison each.
 */
static void put_search(struct filter *f, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2;
	unsigned short jump;

	if (high - low <= 4) {
		for (; low < high; low++) {
			put(f, BPF_JMP | BPF_JEQ | BPF_K, f->keys[low], 0, 1);
			put(f, BPF_RET | BPF_K, KEEP, 0, 0);
		}
		put(f, BPF_RET | BPF_K, 0, 0, 0);
		return;
	}
	put(f, BPF_JMP | BPF_JGE | BPF_K, f->keys[middle], 0, 1);
	jump = f->n;
	put(f, BPF_JMP | BPF_JA, 0, 0, 0);
	put_search(f, low, middle);
	if (jump < FILTER_SIZE)
		f->code[jump].k = (uint32_t)(f->n - jump - 1);
	put_search(f, middle, high);
}

/**
 * put_fold() - Load the key of an event into the accumulator, folded
 * @f:		Filter
 * @p:		Where it lies
 *
 * An event without it (the default route has no destination) has key 0.
 */
static void put_fold(struct filter *f, const struct place *p)
{
	put(f, BPF_LDX | BPF_W | BPF_IMM, p->attribute, 0, 0);
	put(f, BPF_LD | BPF_W | BPF_IMM, NLMSG_HDRLEN + NLMSG_ALIGN(p->header),
	    0, 0);
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR),
	    0, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 0,
	    (uint8_t)(p->words == 1 ?
			      2 :
			      2 + 2 * p->words - 1 + 2 * (p->words - 1)),
	    0);
	put(f, BPF_MISC | BPF_TAX, 0, 0, 0);
	for (uint32_t i = 0; i < p->words; i++) {
		put(f, BPF_LD | BPF_W | BPF_IND, NLA_HDRLEN + 4 * i, 0, 0);
		if (p->words > 1)
			put(f, BPF_ST, i, 0, 0);
	}
	for (uint32_t i = 0; i + 1 < p->words; i++) {
		put(f, BPF_LDX | BPF_W | BPF_MEM, i, 0, 0);
		put(f, BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0);
	}
}

/**
 * put_wide() - Let pass what is ours, what replaces or is added to a route, and routers
 * @f:		Filter
 *
 * Events of other kinds all pass: they are few.
 */
static void put_wide(struct filter *f)
{
	const uint32_t protocol =
		NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol);

	put(f, BPF_LD | BPF_H | BPF_ABS, TYPE, 0, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 5);
	put(f, BPF_LD | BPF_B | BPF_ABS, protocol, 0, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, NETSETUP_PROTO, 3, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, RTPROT_RA, 2, 0);
	put(f, BPF_LD | BPF_H | BPF_ABS, FLAG, 0, 0);
	put(f, BPF_JMP | BPF_JSET | BPF_K, htons(NLM_F_REPLACE | NLM_F_APPEND),
	    0, 1);
	put(f, BPF_RET | BPF_K, KEEP, 0, 0);
	put(f, BPF_RET | BPF_K, 0, 0, 0);
}

/**
 * filter_make() - The program for what should be
 * @want:	Objects
 * @ret:	Gets it
 */
void filter_make(const struct model *want, struct filter *ret)
{
	unsigned short found[ARRAY_SIZE(places)];
	struct filter *f = ret;

	f->n = 0;
	f->n_keys = 0;
	f->wide = false;
	add_keys(f, want);
	if (f->wide) {
		put_wide(f);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		unsigned short other;

		put(f, BPF_LD | BPF_H | BPF_ABS, TYPE, 0, 0);
		put(f, BPF_JMP | BPF_JEQ | BPF_K, htons(places[i].type), 2, 0);
		put(f, BPF_JMP | BPF_JEQ | BPF_K,
		    htons((uint16_t)(places[i].type + 1)), 1, 0);
		other = f->n;
		put(f, BPF_JMP | BPF_JA, 0, 0, 0);
		put_fold(f, &places[i]);
		found[i] = f->n;
		put(f, BPF_JMP | BPF_JA, 0, 0, 0);
		f->code[other].k = (uint32_t)(f->n - other - 1);
	}
	/* None of these: interfaces, options of routers, configuration. */
	put(f, BPF_RET | BPF_K, KEEP, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		f->code[found[i]].k = (uint32_t)(f->n - found[i] - 1);
	put_search(f, 0, f->n_keys);
}

/**
 * filter_attach() - Put the program on a socket, in place of the one it has
 * @fd:		Socket
 * @f:		Filter
 *
 * Return: 0; -E2BIG, or what setsockopt() said
 */
int filter_attach(int fd, const struct filter *f)
{
	const struct sock_fprog program = {
		.len = f->n,
		.filter = (struct sock_filter *)f->code,
	};

	if (f->n > FILTER_SIZE)
		return -E2BIG;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0 ?
		       -errno :
		       0;
}
