/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/saddr.h"

#include <assert.h>
#include <string.h>

#define SCOPE_LINK   2
#define SCOPE_SITE   5
#define SCOPE_GLOBAL 14

/**
 * scope_of() - Scope of an address, RFC 6724 section 3.1
 * @a:		Address
 *
 * Return: scope as in multicast addresses; unique local ones are global
 */
static int scope_of(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_MULTICAST(a))
		return a->s6_addr[1] & 15;
	if (IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_LOOPBACK(a))
		return SCOPE_LINK;
	if (IN6_IS_ADDR_SITELOCAL(a))
		return SCOPE_SITE;
	return SCOPE_GLOBAL;
}

/**
 * common_bits() - How many bits two addresses have in common
 * @a:		Address
 * @b:		Address
 *
 * Return: 0 to 128
 */
static int common_bits(const struct in6_addr *a, const struct in6_addr *b)
{
	int n = 0;

	for (size_t i = 0; i < 16; i++) {
		uint8_t x = a->s6_addr[i] ^ b->s6_addr[i];

		if (x)
			return n + __builtin_clz(x) - 24;
		n += 8;
	}
	return n;
}

/**
 * saddr_label_of() - Label of an address by the policy table
 * @q:		Question
 * @a:		Address
 * @index:	Its interface; 0: none
 *
 * Return: label of the longest prefix that holds it
 */
uint32_t saddr_label_of(const struct saddr_query *q, const struct in6_addr *a,
			int index)
{
	const struct saddr_label *best = NULL;

	for (size_t i = 0; i < q->n_labels; i++) {
		const struct saddr_label *l = &q->labels[i];

		if (common_bits(&l->prefix, a) < l->len ||
		    (l->index && l->index != index) ||
		    (best && best->len >= l->len))
			continue;
		best = l;
	}
	return best ? best->label : UINT32_MAX;
}

/**
 * score() - How well a candidate does by one rule
 * @q:		Question
 * @a:		Candidate
 * @rule:	Rule other than SADDR_SCOPE
 *
 * Return: more is better
 */
static int score(const struct saddr_query *q, const struct saddr *a,
		 enum saddr_rule rule)
{
	int bits;

	switch (rule) {
	case SADDR_SAME:
		return memcmp(&a->address, &q->dst, 16) == 0;
	case SADDR_DEPRECATED:
		return !a->deprecated;
	case SADDR_INTERFACE:
		return a->index == q->index;
	case SADDR_LABEL:
		return saddr_label_of(q, &a->address, a->index) ==
		       saddr_label_of(q, &q->dst, q->index);
	case SADDR_TEMPORARY:
		return a->temporary == q->prefer_temporary;
	case SADDR_PREFIX:
		bits = common_bits(&a->address, &q->dst);
		return bits < a->len ? bits : a->len;
	case SADDR_OPTIMISTIC:
		return !a->optimistic;
	default:
		return 0;
	}
}

/**
 * compare_scope() - Rule 2: the smallest scope that is wide enough
 * @q:		Question
 * @a:		Candidate
 * @b:		Candidate
 *
 * Return: above 0 where @a is better, below 0 where @b is
 */
static int compare_scope(const struct saddr_query *q, const struct saddr *a,
			 const struct saddr *b)
{
	int x = scope_of(&a->address), y = scope_of(&b->address);
	int d = scope_of(&q->dst);

	if (x == y)
		return 0;
	if (x < y)
		return x < d ? -1 : 1;
	return y < d ? 1 : -1;
}

/**
 * saddr_compare() - Which of two candidates is better
 * @q:		Question
 * @a:		Candidate
 * @b:		Candidate
 * @ret_rule:	Rule that decided
 *
 * Return: above 0 where @a is better, below 0 where @b is, 0 where no rule decides
 */
int saddr_compare(const struct saddr_query *q, const struct saddr *a,
		  const struct saddr *b, enum saddr_rule *ret_rule)
{
	for (int rule = SADDR_SAME; rule < SADDR_MAX; rule++) {
		int c = rule == SADDR_SCOPE ?
				compare_scope(q, a, b) :
				score(q, a, (enum saddr_rule)rule) -
					score(q, b, (enum saddr_rule)rule);

		if (c) {
			*ret_rule = (enum saddr_rule)rule;
			return c;
		}
	}
	*ret_rule = SADDR_EQUAL;
	return 0;
}

/**
 * saddr_choose() - The best of all candidates
 * @q:		Question
 * @all:	Candidates
 * @n:		Their number
 *
 * Return: candidate; NULL where there is none
 */
const struct saddr *saddr_choose(const struct saddr_query *q,
				 const struct saddr *all, size_t n)
{
	const struct saddr *best = n ? all : NULL;
	enum saddr_rule rule;

	for (size_t i = 1; i < n; i++)
		if (saddr_compare(q, &all[i], best, &rule) > 0)
			best = &all[i];
	return best;
}

/**
 * saddr_rule_text() - What a rule says
 * @rule:	Rule
 *
 * Return: words, with the number of RFC 6724
 */
const char *saddr_rule_text(enum saddr_rule rule)
{
	static const char *const texts[] = {
		[SADDR_EQUAL] = "no rule tells them apart, the first stays",
		[SADDR_SAME] = "rule 1: it is the destination itself",
		[SADDR_SCOPE] = "rule 2: the scope fits the destination's",
		[SADDR_DEPRECATED] = "rule 3: it is not deprecated",
		[SADDR_INTERFACE] = "rule 5: it is on the outgoing interface",
		[SADDR_LABEL] = "rule 6: it has the destination's label",
		[SADDR_TEMPORARY] =
			"rule 7: temporary, or not, as is preferred",
		[SADDR_PREFIX] =
			"rule 8: it has more bits in common with the destination",
		[SADDR_OPTIMISTIC] =
			"RFC 4429 3.3: it is proven to be unique already",
	};
	static_assert(ARRAY_SIZE(texts) == SADDR_MAX, "a text for each rule");

	return texts[rule];
}
