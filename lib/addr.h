/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: addr - addresses and prefixes of both families, parsed strictly
 *
 * Plain values: nothing to free. Text is RFC 5952. Parsers change nothing on failure and
 * tell why by errno, so that the caller, who knows the subject, can say it:
 * -EINVAL malformed, -ERANGE prefix length too large, -EADDRNOTAVAIL bits set past the
 * prefix length, -EAFNOSUPPORT IPv4 (or IPv4-mapped IPv6) where IPv6 is wanted.
 */

#include "lib/base.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define ADDR_STRLEN 64 /* with zone or prefix length, and NUL */

struct addr {
	uint8_t family; /* AF_INET6, AF_INET; AF_UNSPEC (0): none */
	uint8_t bytes[16]; /* network order; IPv4 in the first four, rest 0 */
};

struct prefix {
	struct addr addr; /* no bit set past .len, see prefix_parse() */
	uint8_t len; /* bits */
};

enum addr_scope {
	ADDR_UNSPECIFIED, /* :: */
	ADDR_LOOPBACK, /* ::1, 127.0.0.0/8 */
	ADDR_LINK_LOCAL, /* fe80::/10, 169.254.0.0/16 */
	ADDR_MULTICAST,
	ADDR_V4_MAPPED, /* ::ffff:0:0/96 */
	ADDR_ULA, /* fc00::/7; IPv4: RFC 1918 */
	ADDR_GLOBAL,
};

must_check int addr_parse(const char *text, struct addr *ret_addr);
must_check int addr_parse6(const char *text, struct addr *ret_addr);
must_check int prefix_parse(const char *text, struct prefix *ret_prefix);
must_check int prefix_parse6(const char *text, struct prefix *ret_prefix);
must_check int prefix_parse_host(const char *text, struct prefix *ret_prefix);

const char *addr_format(const struct addr *a, char text[ADDR_STRLEN]);
const char *prefix_format(const struct prefix *p, char text[ADDR_STRLEN]);
#define ADDR_TEXT(a)   addr_format((a), (char[ADDR_STRLEN]){ 0 })
#define PREFIX_TEXT(p) prefix_format((p), (char[ADDR_STRLEN]){ 0 })

struct addr addr_from_in6(const struct in6_addr *in6);
struct in6_addr addr_to_in6(const struct addr *a);
struct addr addr_from_sockaddr(const struct sockaddr *sa);
socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port,
			   uint32_t scope_id, struct sockaddr_storage *ret_sa);

unsigned int addr_bits(const struct addr *a);
int addr_cmp(const struct addr *a, const struct addr *b);
bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_is_set(const struct addr *a);
enum addr_scope addr_scope(const struct addr *a);

int prefix_cmp(const struct prefix *a, const struct prefix *b);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *p, const struct addr *a);
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);
bool prefix_overlap(const struct prefix *a, const struct prefix *b);
struct prefix prefix_of(const struct addr *a, unsigned int len);
struct addr prefix_nth(const struct prefix *p, uint64_t n);
struct prefix prefix_subnet(const struct prefix *p, unsigned int len,
			    uint64_t n);
