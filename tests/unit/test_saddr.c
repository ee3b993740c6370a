/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/saddr.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define N_LABELS 6

/* The policy table that Linux begins with, as far as it matters here. */
static const struct {
	const char *prefix;
	uint8_t len;
	uint32_t label;
} table[N_LABELS] = {
	{ "::", 0, 1 },     { "::1", 128, 0 },   { "2002::", 16, 2 },
	{ "fc00::", 7, 5 }, { "2001::", 32, 6 }, { "::ffff:0:0", 96, 4 },
};

/**
 * in6() - Address of a text
 * @text:	Text
 *
 * Return: address
 */
static struct in6_addr in6(const char *text)
{
	struct in6_addr a = { 0 };

	CHECK_INT(text, 1, inet_pton(AF_INET6, text, &a));
	return a;
}

/**
 * candidate() - Candidate of a text
 * @text:	"2001:db8::1/64@2-t": address, prefix length, interface, flags (d, t, o)
 *
 * Return: candidate
 */
static struct saddr candidate(const char *text)
{
	char address[64];
	unsigned int len, index;
	char flags[8] = "";
	struct saddr s;

	CHECK_INT(text, 1,
		  sscanf(text, "%63[^/]/%u@%u-%7s", address, &len, &index,
			 flags) >= 3);
	s = (struct saddr){
		.address = in6(address),
		.len = (uint8_t)len,
		.index = (int)index,
		.deprecated = strchr(flags, 'd') != NULL,
		.temporary = strchr(flags, 't') != NULL,
		.optimistic = strchr(flags, 'o') != NULL,
	};
	return s;
}

/**
 * test_rules() - Each rule with a pair that nothing before it tells apart
 */
static void test_rules(void)
{
	static const struct {
		const char *dst;
		bool prefer_temporary;
		const char *best, *other;
		enum saddr_rule rule;
	} cases[] = {
		{ "2001:db8::1", false, "2001:db8::1/64@3", "2001:db8::2/64@2",
		  SADDR_SAME },
		{ "2001:db8::9", false, "2001:db8::1/64@3", "fe80::1/64@2",
		  SADDR_SCOPE },
		{ "fe80::9", false, "fe80::1/64@2", "2001:db8::1/64@2",
		  SADDR_SCOPE },
		{ "ff05::1", false, "2001:db8::1/64@2", "fe80::1/64@2",
		  SADDR_SCOPE },
		{ "2001:db8::9", false, "2001:db8:1::1/64@3",
		  "2001:db8::1/64@2-d", SADDR_DEPRECATED },
		{ "2001:db8::9", false, "fd00::1/64@2", "2001:db8::1/64@3",
		  SADDR_INTERFACE },
		{ "2001:db8:9::9", false, "2001:db9::1/64@2", "fd00::1/64@2",
		  SADDR_LABEL },
		{ "fd00:9::9", false, "fd00::1/64@2", "2001:db8::1/64@2",
		  SADDR_LABEL },
		{ "2001:db8::9", true, "2001:db8:1::1/64@2-t",
		  "2001:db8::1/64@2", SADDR_TEMPORARY },
		{ "2001:db8::9", false, "2001:db8:1::1/64@2",
		  "2001:db8::1/64@2-t", SADDR_TEMPORARY },
		{ "2001:db8:1:8::9", false, "2001:db8:1::1/64@2",
		  "2001:db8:2::1/64@2", SADDR_PREFIX },
		/* No more bits count than the prefix has. */
		{ "2001:db8:1::9", false, "2001:db8:1::1/64@2",
		  "2001:db8:1::8/48@2", SADDR_PREFIX },
		{ "2001:db8:9::9", false, "2001:db8::1/64@2",
		  "2001:db8::2/64@2-o", SADDR_OPTIMISTIC },
		{ "2001:db8:9::9", false, "2001:db8::1/64@2",
		  "2001:db8::2/64@2", SADDR_EQUAL },
	};
	struct saddr_label labels[N_LABELS];

	for (size_t i = 0; i < N_LABELS; i++)
		labels[i] =
			(struct saddr_label){ .prefix = in6(table[i].prefix),
					      .len = table[i].len,
					      .label = table[i].label };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct saddr_query q = {
			.dst = in6(cases[i].dst),
			.index = 2,
			.prefer_temporary = cases[i].prefer_temporary,
			.labels = labels,
			.n_labels = N_LABELS,
		};
		const struct saddr pair[] = { candidate(cases[i].best),
					      candidate(cases[i].other) };
		const struct saddr turned[] = { pair[1], pair[0] };
		bool equal = cases[i].rule == SADDR_EQUAL;
		enum saddr_rule rule;
		int c = saddr_compare(&q, &pair[0], &pair[1], &rule);

		CHECK_INT(cases[i].dst, cases[i].rule, rule);
		CHECK_INT(cases[i].best, equal ? 0 : 1, c > 0);
		c = saddr_compare(&q, &pair[1], &pair[0], &rule);
		CHECK_INT(cases[i].dst, cases[i].rule, rule);
		CHECK_INT(cases[i].other, equal ? 0 : 1, c < 0);
		CHECK_INT("first", 0, saddr_choose(&q, pair, 2) - pair);
		CHECK_INT("second", equal ? 0 : 1,
			  saddr_choose(&q, turned, 2) - turned);
	}
}

UNIT_SUITE(saddr, { "rules of RFC 6724", test_rules });
