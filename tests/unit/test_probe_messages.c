/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "probes/dnsmsg.h"
#include "probes/ramsg.h"
#include "probes/targets.h"

#include <errno.h>
#include <string.h>

/* AAAA of ipv4only.arpa, one compressed record, 2001:db8:64::c000:aa */
static const uint8_t answer[] = {
	0x12, 0x34, 0x81, 0x80, 0,   1,   0,   1,    0,   0,    0,    0,
	8,    'i',  'p',  'v',  '4', 'o', 'n', 'l',  'y', 4,    'a',  'r',
	'p',  'a',  0,    0,    28,  0,   1,   0xc0, 12,  0,    28,   0,
	1,    0,    0,    0,    60,  0,   16,  0x20, 1,   0x0d, 0xb8, 0,
	0x64, 0,    0,    0,    0,   0,   0,   0xc0, 0,   0,    0xaa,
};

/**
 * test_dns() - An answer, and what is wrong with each cut or bent form of it
 */
static void test_dns(void)
{
	static const struct {
		const char *what;
		size_t at; /* byte to bend; 0: none */
		uint8_t to;
		size_t len;
		int r;
	} cases[] = {
		{ "good", 0, 0, sizeof(answer), 0 },
		{ "other id", 1, 0x35, sizeof(answer), -ENOMSG },
		{ "a query", 2, 0x01, sizeof(answer), -ENOMSG },
		{ "other name", 13, 'x', sizeof(answer), -ENOMSG },
		{ "pointer to itself", 32, 31, sizeof(answer), -EBADMSG },
		{ "pointer past the end", 32, 200, sizeof(answer), -EBADMSG },
		{ "short record", 42, 15, sizeof(answer), -EBADMSG },
		{ "long record", 42, 17, sizeof(answer), -EBADMSG },
		{ "cut in the header", 0, 0, 11, -EBADMSG },
		{ "cut in the question", 0, 0, 20, -EBADMSG },
		{ "cut in the address", 0, 0, sizeof(answer) - 1, -EBADMSG },
		{ "no question, no error", 5, 0, sizeof(answer), -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t m[sizeof(answer)];
		struct dns_answer a = { 0 };
		int r;

		memcpy(m, answer, sizeof(m));
		if (cases[i].at)
			m[cases[i].at] = cases[i].to;
		r = dns_parse(m, cases[i].len, 0x1234, "ipv4only.arpa.",
			      DNS_AAAA, &a);
		CHECK_INT(cases[i].what, cases[i].r, r);
		CHECK_INT(cases[i].what, r == 0, a.n_addrs);
		if (r == 0)
			CHECK_STR(cases[i].what, "2001:db8:64::c000:aa",
				  ADDR_TEXT(&a.addrs[0]));
	}
}

/* SRV of _h._tcp.w.: 0 100 80 w.; the PTR record is the same without its numbers. */
static const uint8_t srv[] = {
	0x12, 0x34, 0x81, 0x80, 0,   1,   0,   1,   0,  0,    0,  0,
	2,    '_',  'h',  4,    '_', 't', 'c', 'p', 1,  'w',  0,  0,
	33,   0,    1,    0xc0, 12,  0,   33,  0,   1,  0,    0,  0,
	5,    0,    8,    0,    0,   0,   100, 0,   80, 0xc0, 20,
};

/**
 * test_dns_target() - Records that lead to a name
 */
static void test_dns_target(void)
{
	uint8_t m[sizeof(srv)];
	struct dns_answer a = { 0 };
	size_t ptr = sizeof(m) - 6;

	memcpy(m, srv, sizeof(m));
	if (CHECK_INT("SRV", 0,
		      dns_parse(m, sizeof(m), 0x1234, "_h._tcp.w", DNS_SRV,
				&a))) {
		CHECK_STR("its target", "w", a.target);
		CHECK_INT("its port", 80, a.port);
	}
	m[38] = 7;
	CHECK_INT("short SRV", -EBADMSG,
		  dns_parse(m, sizeof(m), 0x1234, "_h._tcp.w", DNS_SRV, &a));
	m[38] = 6;
	CHECK_INT("SRV without a name", -EBADMSG,
		  dns_parse(m, sizeof(m), 0x1234, "_h._tcp.w", DNS_SRV, &a));
	m[24] = m[30] = DNS_PTR;
	m[38] = 2;
	memmove(m + 39, srv + 45, 2);
	a = (struct dns_answer){ 0 };
	if (CHECK_INT("PTR", 0,
		      dns_parse(m, ptr, 0x1234, "_h._tcp.w", DNS_PTR, &a)))
		CHECK_STR("its target", "w", a.target);
	m[40] = 42;
	CHECK_INT("PTR to itself", -EBADMSG,
		  dns_parse(m, ptr, 0x1234, "_h._tcp.w", DNS_PTR, &a));
}

/**
 * test_dns_build() - Names that fit a question, and those that do not
 */
static void test_dns_build(void)
{
	static const struct {
		const char *name;
		int r;
	} cases[] = {
		{ ".", 12 + 1 + 4 + 11 },
		{ "a.example", 12 + 11 + 4 + 11 },
		{ "a.example.", 12 + 11 + 4 + 11 },
		{ "a..example", -EINVAL },
		{ "0123456789012345678901234567890123456789012345678901234567890123",
		  -EINVAL },
	};
	uint8_t m[512];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_INT(cases[i].name, cases[i].r,
			  dns_build(m, sizeof(m), 1, cases[i].name, DNS_AAAA));
}

/**
 * test_ra() - An advertisement with options, and bad ones
 */
static void test_ra(void)
{
	uint8_t m[40] = { 134, 0, 0, 0, 64, 0x80, 0, 30 };
	struct ra ra;

	m[16] = 5;
	m[17] = 1;
	m[22] = 5; /* MTU 0x05b4: 1460 */
	m[23] = 0xb4;
	memcpy(m + 24, "\x26\x02\x07\x08\x20\x01\x0d\xb8\x00\x64", 10);
	if (CHECK_INT("good", 0, ra_parse(m, sizeof(m), &ra))) {
		CHECK_INT("lifetime", 30, ra.lifetime);
		CHECK_INT("managed", true, ra.managed);
		CHECK_INT("mtu", 1460, ra.mtu);
		CHECK_STR("pref64", "2001:db8:64::/96",
			  PREFIX_TEXT(&ra.pref64));
		CHECK_INT("its lifetime", 1800, ra.pref64_lifetime);
	}
	CHECK_INT("cut option", -EBADMSG, ra_parse(m, 39, &ra));
	CHECK_INT("cut head", -EBADMSG, ra_parse(m, 15, &ra));
	m[17] = 0;
	CHECK_INT("option of length 0", -EBADMSG, ra_parse(m, sizeof(m), &ra));
	m[0] = 133;
	CHECK_INT("a solicitation", -EBADMSG, ra_parse(m, sizeof(m), &ra));
}

/**
 * test_nat64() - RFC 6052 2.4: its own table of examples, there and back
 */
static void test_nat64(void)
{
	static const struct {
		const char *prefix;
		const char *want;
	} cases[] = {
		{ "2001:db8::/32", "2001:db8:c000:221::" },
		{ "2001:db8:100::/40", "2001:db8:1c0:2:21::" },
		{ "2001:db8:122::/48", "2001:db8:122:c000:2:2100::" },
		{ "2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::" },
		{ "2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100:0" },
		{ "2001:db8:122:344::/96", "2001:db8:122:344::c000:221" },
	};
	const struct addr v4 = { AF_INET, { 192, 0, 2, 33 } };
	const struct addr known = { AF_INET, { 192, 0, 0, 171 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p = { 0 }, found = { 0 };
		struct addr a = { 0 }, want = { 0 };

		CHECK_INT(cases[i].prefix, 0,
			  prefix_parse6(cases[i].prefix, &p));
		CHECK_INT(cases[i].prefix, 0, addr_parse(cases[i].want, &want));
		CHECK_INT(cases[i].prefix, 0, nat64_embed(&p, &v4, &a));
		CHECK_STR(cases[i].prefix, ADDR_TEXT(&want), ADDR_TEXT(&a));
		CHECK_INT(cases[i].prefix, -ENOENT, nat64_find(&a, &found));
		CHECK_INT(cases[i].prefix, 0, nat64_embed(&p, &known, &a));
		CHECK_INT(cases[i].prefix, 0, nat64_find(&a, &found));
		CHECK_STR(cases[i].prefix, cases[i].prefix,
			  PREFIX_TEXT(&found));
	}
}

UNIT_SUITE(probe_messages, { "dns", test_dns },
	   { "dns target", test_dns_target }, { "dns build", test_dns_build },
	   { "ra", test_ra }, { "nat64", test_nat64 });
