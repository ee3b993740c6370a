/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/**
 * test_addr_parse6() - IPv6 addresses, and what is none
 */
static void test_addr_parse6(void)
{
	static const struct {
		const char *text;
		int r;
		const char *format; /* NULL: as the text */
	} cases[] = {
		{ "::", 0, NULL },
		{ "::1", 0, NULL },
		{ "2001:db8::1", 0, NULL },
		{ "2001:DB8:0:0:0:0:0:1", 0, "2001:db8::1" },
		{ "2001:db8:0:1:0:0:0:1", 0, "2001:db8:0:1::1" },
		{ "64:ff9b::192.0.2.1", 0, "64:ff9b::c000:201" },
		{ "::ffff:192.0.2.1", -EAFNOSUPPORT, NULL },
		{ "192.0.2.1", -EAFNOSUPPORT, NULL },
		{ "", -EINVAL, NULL },
		{ "2001:db8::1/64", -EINVAL, NULL },
		{ "fe80::1%eth0", -EINVAL, NULL },
		{ "2001:db8::1::2", -EINVAL, NULL },
		{ "2001:db8::12345", -EINVAL, NULL },
		{ " ::1", -EINVAL, NULL },
		{ "::1 ", -EINVAL, NULL },
		{ "1:2:3:4:5:6:7:8:9", -EINVAL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		const char *want = cases[i].format;
		struct addr a = { .family = 99 };

		if (!CHECK_INT(text, cases[i].r, addr_parse6(text, &a)))
			continue;
		if (cases[i].r < 0)
			CHECK_INT("untouched on failure", 99, a.family);
		else
			CHECK_STR(text, want ? want : text, ADDR_TEXT(&a));
	}
}

/**
 * test_addr_parse() - Addresses of either family
 */
static void test_addr_parse(void)
{
	static const struct {
		const char *text;
		int family; /* 0: malformed */
	} cases[] = {
		{ "192.0.2.1", AF_INET },
		{ "0.0.0.0", AF_INET },
		{ "2001:db8::", AF_INET6 },
		{ "::ffff:1.2.3.4", AF_INET6 },
		{ "1.2.3", 0 },
		{ "1.2.3.4.5", 0 },
		{ "1.2.3.256", 0 },
		{ "01.2.3.4", 0 },
		{ "host", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a = { 0 };
		int r = addr_parse(cases[i].text, &a);

		CHECK_INT(cases[i].text, cases[i].family ? 0 : -EINVAL, r);
		CHECK_INT(cases[i].text, cases[i].family, a.family);
	}
}

/**
 * test_prefix_parse6() - IPv6 prefixes, and what is none
 */
static void test_prefix_parse6(void)
{
	static const struct {
		const char *text;
		int r;
		uint8_t len;
	} cases[] = {
		{ "::/0", 0, 0 },
		{ "2001:db8::/32", 0, 32 },
		{ "2001:db8::1/128", 0, 128 },
		{ "2001:db8::1", 0, 128 },
		{ "2001:db8:8000::/33", 0, 33 },
		{ "2001:db8::1/32", -EADDRNOTAVAIL, 0 },
		{ "2001:db8:8000::/32", -EADDRNOTAVAIL, 0 },
		{ "2001:db8::/129", -ERANGE, 0 },
		{ "2001:db8::/4294967328", -ERANGE, 0 },
		{ "2001:db8::/", -EINVAL, 0 },
		{ "2001:db8::/032", -EINVAL, 0 },
		{ "2001:db8::/+32", -EINVAL, 0 },
		{ "2001:db8::/-1", -EINVAL, 0 },
		{ "2001:db8::/32x", -EINVAL, 0 },
		{ "fe80::1%eth0/64", -EINVAL, 0 },
		{ "10.0.0.0/8", -EAFNOSUPPORT, 0 },
		{ "::ffff:0:0/96", -EAFNOSUPPORT, 0 },
		{ "::ffff:192.0.2.0/120", -EAFNOSUPPORT, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p = { .len = 99 };
		int r = prefix_parse6(cases[i].text, &p);

		CHECK_INT(cases[i].text, cases[i].r, r);
		CHECK_INT(cases[i].text, r < 0 ? 99 : cases[i].len, p.len);
	}
}

/**
 * test_prefix_host() - An address with a length keeps all its bits
 */
static void test_prefix_host(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "2001:db8::1/64", "2001:db8::1/64" },
		{ "192.0.2.9/24", "192.0.2.9/24" },
		{ "192.0.2.9", "192.0.2.9/32" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p = { 0 };

		CHECK_INT(cases[i].text, 0,
			  prefix_parse_host(cases[i].text, &p));
		CHECK_STR(cases[i].text, cases[i].want, PREFIX_TEXT(&p));
	}
}

/**
 * test_scope() - Scope of addresses
 */
static void test_scope(void)
{
	static const struct {
		const char *text;
		enum addr_scope scope;
	} cases[] = {
		{ "::", ADDR_UNSPECIFIED },
		{ "::1", ADDR_LOOPBACK },
		{ "::2", ADDR_GLOBAL },
		{ "fe80::1", ADDR_LINK_LOCAL },
		{ "febf::1", ADDR_LINK_LOCAL },
		{ "fec0::1", ADDR_GLOBAL },
		{ "ff02::1", ADDR_MULTICAST },
		{ "::ffff:1.2.3.4", ADDR_V4_MAPPED },
		{ "fc00::1", ADDR_ULA },
		{ "fd20:ce::254", ADDR_ULA },
		{ "2001:db8::1", ADDR_GLOBAL },
		{ "0.0.0.0", ADDR_UNSPECIFIED },
		{ "127.9.9.9", ADDR_LOOPBACK },
		{ "169.254.169.254", ADDR_LINK_LOCAL },
		{ "224.0.0.1", ADDR_MULTICAST },
		{ "172.31.255.255", ADDR_ULA },
		{ "172.32.0.0", ADDR_GLOBAL },
		{ "203.0.113.10", ADDR_GLOBAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a = { 0 };

		CHECK_INT(cases[i].text, 0, addr_parse(cases[i].text, &a));
		CHECK_INT(cases[i].text, cases[i].scope, addr_scope(&a));
	}
}

/**
 * test_relation() - Which prefix holds or meets which
 */
static void test_relation(void)
{
	static const struct {
		const char *a, *b;
		bool covers, overlap;
	} cases[] = {
		{ "2001:db8::/32", "2001:db8:1::/48", true, true },
		{ "2001:db8:1::/48", "2001:db8::/32", false, true },
		{ "2001:db8::/32", "2001:db8::/32", true, true },
		{ "2001:db8::/33", "2001:db8:8000::/33", false, false },
		{ "::/0", "2001:db8::1/128", true, true },
		{ "::/0", "10.0.0.0/8", false, false },
		{ "10.0.0.0/8", "10.1.2.3/32", true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix a = { 0 }, b = { 0 };

		CHECK_INT(cases[i].a, 0, prefix_parse(cases[i].a, &a));
		CHECK_INT(cases[i].b, 0, prefix_parse(cases[i].b, &b));
		CHECK_INT(cases[i].b, cases[i].covers, prefix_covers(&a, &b));
		CHECK_INT(cases[i].b, cases[i].overlap, prefix_overlap(&a, &b));
		CHECK_INT(cases[i].b, cases[i].overlap, prefix_overlap(&b, &a));
	}
}

/**
 * test_subnet() - Subnets by number, on any bit boundary
 */
static void test_subnet(void)
{
	static const struct {
		const char *of;
		unsigned int len;
		uint64_t n;
		const char *want;
	} cases[] = {
		{ "2001:db8::/32", 48, 0, "2001:db8::/48" },
		{ "2001:db8::/32", 48, 1, "2001:db8:1::/48" },
		{ "2001:db8::/32", 48, 65535, "2001:db8:ffff::/48" },
		{ "2001:db8::/49", 51, 3, "2001:db8:0:6000::/51" },
		{ "2001:db8::/64", 128, 5, "2001:db8::5/128" },
		{ "2001:db8:10:0:1::/96", 112, 0x12,
		  "2001:db8:10:0:1:0:12:0/112" },
		{ "10.0.0.0/8", 24, 258, "10.1.2.0/24" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p = { 0 }, s;

		CHECK_INT(cases[i].of, 0, prefix_parse(cases[i].of, &p));
		s = prefix_subnet(&p, cases[i].len, cases[i].n);
		CHECK_STR(cases[i].of, cases[i].want, PREFIX_TEXT(&s));
	}
}

/**
 * test_nth() - Addresses by number, with carry
 */
static void test_nth(void)
{
	static const struct {
		const char *of;
		uint64_t n;
		const char *want;
	} cases[] = {
		{ "2001:db8::/64", 0, "2001:db8::" },
		{ "2001:db8::/64", 10, "2001:db8::a" },
		{ "2001:db8::/64", 65536, "2001:db8::1:0" },
		{ "2001:db8::ff/128", 1, "2001:db8::100" },
		{ "2001:db8:0:0:ffff:ffff:ffff:ffff/128", 1, "2001:db8:0:1::" },
		{ "192.0.2.0/24", 255, "192.0.2.255" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p = { 0 };
		struct addr a;

		CHECK_INT(cases[i].of, 0, prefix_parse(cases[i].of, &p));
		a = prefix_nth(&p, cases[i].n);
		CHECK_STR(cases[i].of, cases[i].want, ADDR_TEXT(&a));
	}
}

/**
 * test_sockaddr() - To a socket address and back
 */
static void test_sockaddr(void)
{
	static const char *const texts[] = { "2001:db8::1", "192.0.2.1" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct sockaddr_storage sa;
		struct addr a = { 0 }, back;

		CHECK_INT(texts[i], 0, addr_parse(texts[i], &a));
		CHECK_TRUE(texts[i], addr_to_sockaddr(&a, 80, 0, &sa) > 0);
		back = addr_from_sockaddr((const struct sockaddr *)&sa);
		CHECK_STR("there and back", texts[i], ADDR_TEXT(&back));
		CHECK_TRUE("equal", addr_equal(&a, &back));
	}
	CHECK_STR("none has a text", "none", ADDR_TEXT(&(struct addr){ 0 }));
}

UNIT_SUITE(addr, { "addr_parse6", test_addr_parse6 },
	   { "addr_parse", test_addr_parse },
	   { "prefix_parse6", test_prefix_parse6 },
	   { "prefix_parse_host", test_prefix_host }, { "scope", test_scope },
	   { "covers and overlap", test_relation }, { "subnet", test_subnet },
	   { "nth", test_nth }, { "sockaddr", test_sockaddr });
