/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "netsetup/clat.h"
#include "netsetup/nat64.h"
#include "netsetup/nat64_table.h"

#include <errno.h>

/**
 * test_nat64_option() - PREF64 options, RFC 8781 section 4
 */
static void test_nat64_option(void)
{
	static const struct {
		const char *what;
		uint8_t bytes[16];
		size_t len;
		int r;
		const char *prefix;
		int64_t lifetime;
	} cases[] = {
		{ "/96",
		  { 38, 2, 0x07, 0x08, 0, 0x64, 0xff, 0x9b },
		  16,
		  0,
		  "64:ff9b::/96",
		  1800 },
		{ "/64",
		  { 38, 2, 0x07, 0x09, 0x20, 1, 0xd, 0xb8, 0, 0x64 },
		  16,
		  0,
		  "2001:db8:64::/64",
		  1800 },
		{ "/32, bits past it set",
		  { 38, 2, 0, 0x0d, 0x20, 1, 0xd, 0xb8, 1, 2 },
		  16,
		  0,
		  "2001:db8::/32",
		  8 },
		{ "withdrawn",
		  { 38, 2, 0, 0, 0, 0x64, 0xff, 0x9b },
		  16,
		  0,
		  "64:ff9b::/96",
		  0 },
		{ "IPv4 in disguise",
		  { 38, 2, 7, 8, [14] = 0xff, [15] = 0xff },
		  16,
		  -EBADMSG,
		  NULL,
		  0 },
		{ "code 6", { 38, 2, 0, 6 }, 16, -EBADMSG, NULL, 0 },
		{ "length 3", { 38, 3 }, 16, -EBADMSG, NULL, 0 },
		{ "cut", { 38, 2 }, 15, -EBADMSG, NULL, 0 },
		{ "RDNSS", { 25, 3 }, 16, -ENOMSG, NULL, 0 },
		{ "nothing", { 0 }, 0, -ENOMSG, NULL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nat64_hint h = { .lifetime_s = 99 };

		CHECK_INT(cases[i].what, cases[i].r,
			  nat64_read_option(cases[i].bytes, cases[i].len, &h));
		if (cases[i].r < 0) {
			CHECK_INT("untouched", 99, h.lifetime_s);
			continue;
		}
		CHECK_STR(cases[i].what, cases[i].prefix,
			  PREFIX_TEXT(&h.prefix));
		CHECK_INT(cases[i].what, cases[i].lifetime, h.lifetime_s);
	}
}

/**
 * test_nat64_answer() - Prefixes of all lengths, RFC 7050 and RFC 6052 section 2.2
 */
static void test_nat64_answer(void)
{
	static const struct {
		const char *answer, *prefix; /* NULL: none */
	} cases[] = {
		{ "64:ff9b::192.0.0.170", "64:ff9b::/96" },
		{ "64:ff9b::192.0.0.171", "64:ff9b::/96" },
		{ "2001:db8:c000:aa::", "2001:db8::/32" },
		{ "2001:db8:1c0:0:aa::", "2001:db8:100::/40" },
		{ "2001:db8:122:c000:0:aa00::", "2001:db8:122::/48" },
		{ "2001:db8:122:3c0:0:aa::", "2001:db8:122:300::/56" },
		{ "2001:db8:122:344:c0:0:aa00:0", "2001:db8:122:344::/64" },
		{ "2001:db8:122:344::c0:0:aa", NULL },
		{ "64:ff9b::192.0.0.172", NULL },
		{ "2001:db8::1", NULL },
		{ "::192.0.0.170", NULL },
		/* At two places: nobody can tell. */
		{ "2001:db8:c000:aa::c000:aa", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *want = cases[i].prefix;
		struct prefix p;
		struct addr a;

		if (!CHECK_INT(cases[i].answer, 0,
			       addr_parse6(cases[i].answer, &a)))
			continue;
		if (CHECK_INT(cases[i].answer, want ? 0 : -ENOMSG,
			      nat64_read_answer(&a, &p)) &&
		    want)
			CHECK_STR(cases[i].answer, want, PREFIX_TEXT(&p));
	}
}

/**
 * test_nat64_better() - Who replaces whom
 */
static void test_nat64_better(void)
{
	static const struct {
		enum nat64_source now;
		bool expired;
		enum nat64_source next;
		bool want;
	} cases[] = {
		{ NAT64_UNKNOWN, false, NAT64_METADATA, true },
		{ NAT64_UNKNOWN, false, NAT64_UNKNOWN, false },
		{ NAT64_RFC7050, false, NAT64_PREF64, true },
		{ NAT64_PREF64, false, NAT64_RFC7050, false },
		{ NAT64_PREF64, true, NAT64_RFC7050, true },
		{ NAT64_PREF64, false, NAT64_PREF64, true },
		{ NAT64_STATIC, false, NAT64_PREF64, false },
		{ NAT64_STATIC, true, NAT64_UNKNOWN, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nat64_hint now = { .source = cases[i].now };
		struct nat64_hint next = { .source = cases[i].next };

		CHECK_INT(nat64_source_name(next.source), cases[i].want,
			  nat64_better(&now, cases[i].expired, &next));
	}
}

/**
 * test_nat64_parse() - Lengths that NAT64 can use
 */
static void test_nat64_parse(void)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "64:ff9b::/96", 0 },        { "2001:db8::/32", 0 },
		{ "2001:db8::/33", -EINVAL }, { "10.0.0.0/8", -EINVAL },
		{ "64:ff9b::", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p;

		CHECK_INT(cases[i].text, cases[i].r,
			  nat64_parse(cases[i].text, &p));
	}
}

#define S(seconds) ((seconds)*1000000000LL)

/**
 * test_nat64_table() - Offers that come, run out, are held and taken back
 */
static void test_nat64_table(void)
{
	static const struct {
		const char *what;
		int64_t at; /* seconds */
		enum nat64_source offer; /* NAT64_UNKNOWN: none */
		int64_t lifetime;
		bool changed;
		enum nat64_source now;
		int64_t next; /* seconds; -1: never */
	} steps[] = {
		{ "nothing yet", 0, NAT64_UNKNOWN, 0, false, NAT64_UNKNOWN,
		  -1 },
		{ "a constant", 0, NAT64_METADATA, 0, true, NAT64_METADATA,
		  -1 },
		{ "a name", 1, NAT64_RFC7050, 10, true, NAT64_RFC7050, 11 },
		{ "a router", 2, NAT64_PREF64, 100, true, NAT64_PREF64, 11 },
		{ "the name is over", 11, NAT64_UNKNOWN, 0, false, NAT64_PREF64,
		  71 },
		{ "the router again", 90, NAT64_PREF64, 100, false,
		  NAT64_PREF64, 190 },
		{ "the router is silent, and held", 190, NAT64_UNKNOWN, 0,
		  false, NAT64_PREF64, 250 },
		{ "it speaks again", 200, NAT64_PREF64, 8, false, NAT64_PREF64,
		  208 },
		{ "silent for good", 268, NAT64_UNKNOWN, 0, true,
		  NAT64_METADATA, -1 },
		{ "it is back", 300, NAT64_PREF64, 100, true, NAT64_PREF64,
		  400 },
		{ "and withdraws", 301, NAT64_PREF64, 0, true, NAT64_METADATA,
		  -1 },
		{ "the operator", 302, NAT64_STATIC, 0, true, NAT64_STATIC,
		  -1 },
	};
	struct nat64_table t = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const char *what = steps[i].what;
		struct nat64_hint h = { .source = steps[i].offer,
					.lifetime_s = steps[i].lifetime };
		int64_t now = S(steps[i].at);

		if (h.source != NAT64_UNKNOWN)
			nat64_offer(&t, &h, now);
		CHECK_INT(what, steps[i].changed, nat64_settle(&t, now));
		CHECK_STR(what, nat64_source_name(steps[i].now),
			  nat64_source_name(t.now.source));
		CHECK_INT(what,
			  steps[i].next < 0 ? NAT64_NEVER : S(steps[i].next),
			  nat64_next(&t, now));
	}
}

/**
 * test_clat() - Address and MTU of a CLAT
 */
static void test_clat(void)
{
	static const struct {
		const char *node_prefix, *pods, *node, *want;
	} cases[] = {
		{ "2001:db8:1::/96", "2001:db8:1::/112", "2001:db8:1::1",
		  "2001:db8:1::1:c1a7" },
		{ "2001:db8:1::/96", "2001:db8:1::1:0/112", "2001:db8:2::1",
		  "2001:db8:1::c1a7" },
		{ "2001:db8:1::/64", "2001:db8:2::/64", "2001:db8:1::1",
		  "2001:db8:1::c1a7" },
		{ "2001:db8:1::1/128", "2001:db8:2::/64", "2001:db8:1::1",
		  NULL },
		{ "2001:db8:1::/112", "2001:db8:1::/112", "2001:db8:1::1",
		  NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hints h = { .mtu = 1460 };
		const char *why = NULL;
		struct clat c = { 0 };
		int want = cases[i].want ? 0 : -ENODATA;

		CHECK_INT("no prefix", -ENODATA, clat_decide(&h, &c, &why));
		CHECK_INT("cases", 0,
			  prefix_parse6(cases[i].node_prefix, &h.node_prefix) |
				  prefix_parse6(cases[i].pods, &h.pod_cidr) |
				  addr_parse6(cases[i].node, &h.node_ip) |
				  nat64_parse("64:ff9b::/96", &h.nat64.prefix));
		if (!CHECK_INT(cases[i].node_prefix, want,
			       clat_decide(&h, &c, &why)) ||
		    want < 0)
			continue;
		CHECK_STR(cases[i].node_prefix, cases[i].want,
			  ADDR_TEXT(&c.host6));
		CHECK_INT("28 bytes less", 1432, c.mtu4);
	}
}

UNIT_SUITE(nat64, { "option", test_nat64_option },
	   { "answer", test_nat64_answer }, { "better", test_nat64_better },
	   { "parse", test_nat64_parse }, { "table", test_nat64_table },
	   { "clat", test_clat });
