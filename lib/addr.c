/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

/**
 * addr_parse() - An address of either family, without zone or prefix length
 * @text:	As inet_pton() takes it
 * @ret_addr:	Result
 *
 * Return: 0, or -EINVAL
 */
int addr_parse(const char *text, struct addr *ret_addr)
{
	struct addr a = { .family = AF_INET6 };

	if (inet_pton(AF_INET6, text, a.bytes) != 1) {
		a = (struct addr){ .family = AF_INET };
		if (inet_pton(AF_INET, text, a.bytes) != 1)
			return -EINVAL;
	}
	*ret_addr = a;
	return 0;
}

/**
 * addr_parse6() - An IPv6 address
 * @text:	As inet_pton() takes it
 * @ret_addr:	Result
 *
 * Return: 0; -EINVAL, or -EAFNOSUPPORT for IPv4 and for ::ffff:0:0/96
 */
int addr_parse6(const char *text, struct addr *ret_addr)
{
	struct addr a;
	int r;

	r = addr_parse(text, &a);
	if (r < 0)
		return r;
	if (a.family != AF_INET6 || addr_scope(&a) == ADDR_V4_MAPPED)
		return -EAFNOSUPPORT;
	*ret_addr = a;
	return 0;
}

/**
 * parse_len() - Digits of a prefix length
 * @text:	What follows the slash
 * @bits:	Largest length of the family
 * @ret_len:	Result
 *
 * Return: 0; -EINVAL, or -ERANGE above @bits
 */
static int parse_len(const char *text, unsigned int bits, uint8_t *ret_len)
{
	unsigned int len = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		len = len * 10 + (unsigned int)(*text - '0');
		if (len > bits)
			return -ERANGE;
	}
	*ret_len = (uint8_t)len;
	return 0;
}

/**
 * prefix_parse_host() - Address and length; bits past the length may be set
 * @text:	"ADDRESS/LEN"; "ADDRESS" alone is a host of full length
 * @ret_prefix:	Result, with all bits of the address
 *
 * Return: 0; -EINVAL, -ERANGE
 */
int prefix_parse_host(const char *text, struct prefix *ret_prefix)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char head[INET6_ADDRSTRLEN];
	struct prefix p;
	int r;

	if (n >= sizeof(head))
		return -EINVAL;
	memcpy(head, text, n);
	head[n] = '\0';

	r = addr_parse(head, &p.addr);
	if (r < 0)
		return r;
	p.len = (uint8_t)addr_bits(&p.addr);
	if (slash) {
		r = parse_len(slash + 1, addr_bits(&p.addr), &p.len);
		if (r < 0)
			return r;
	}
	*ret_prefix = p;
	return 0;
}

/**
 * prefix_parse() - A prefix of either family
 * @text:	"ADDRESS/LEN"; "ADDRESS" alone is a host of full length
 * @ret_prefix:	Result
 *
 * Return: 0; -EINVAL, -ERANGE, or -EADDRNOTAVAIL with bits set past the length
 */
int prefix_parse(const char *text, struct prefix *ret_prefix)
{
	struct prefix p, net;
	int r;

	r = prefix_parse_host(text, &p);
	if (r < 0)
		return r;
	net = prefix_of(&p.addr, p.len);
	if (!addr_equal(&net.addr, &p.addr))
		return -EADDRNOTAVAIL;
	*ret_prefix = p;
	return 0;
}

/**
 * prefix_parse6() - An IPv6 prefix
 * @text:	As for prefix_parse()
 * @ret_prefix:	Result
 *
 * Return: 0; -EINVAL, -ERANGE, -EADDRNOTAVAIL, or -EAFNOSUPPORT for IPv4 and for
 *	   what lies in ::ffff:0:0/96
 */
int prefix_parse6(const char *text, struct prefix *ret_prefix)
{
	struct prefix p;
	int r;

	r = prefix_parse(text, &p);
	if (r < 0)
		return r;
	if (p.addr.family != AF_INET6 ||
	    (p.len >= 96 && addr_scope(&p.addr) == ADDR_V4_MAPPED))
		return -EAFNOSUPPORT;
	*ret_prefix = p;
	return 0;
}

/**
 * addr_format() - An address as text
 * @a:		Address
 * @text:	Room for it
 *
 * RFC 5952 section 5 wants the dotted form for well-known prefixes alone, as
 * inet_ntop() does for ::ffff:0:0/96; section 4 is what inet_ntop() does otherwise.
 *
 * Return: @text; "none" where there is no address
 */
const char *addr_format(const struct addr *a, char text[ADDR_STRLEN])
{
	if (!addr_is_set(a) ||
	    !inet_ntop(a->family, a->bytes, text, ADDR_STRLEN))
		(void)snprintf(text, ADDR_STRLEN, "none");
	return text;
}

/**
 * prefix_format() - A prefix as text
 * @p:		Prefix
 * @text:	Room for it
 *
 * Return: @text, always with its length
 */
const char *prefix_format(const struct prefix *p, char text[ADDR_STRLEN])
{
	size_t n;

	(void)addr_format(&p->addr, text);
	n = strlen(text);
	(void)snprintf(text + n, ADDR_STRLEN - n, "/%u", p->len);
	return text;
}

/**
 * addr_from_in6() - From the C library's type
 * @in6:	IPv6 address
 *
 * Return: the same as struct addr
 */
struct addr addr_from_in6(const struct in6_addr *in6)
{
	struct addr a = { .family = AF_INET6 };

	memcpy(a.bytes, in6, sizeof(*in6));
	return a;
}

/**
 * addr_to_in6() - To the C library's type
 * @a:		IPv6 address
 *
 * Return: the same as struct in6_addr
 */
struct in6_addr addr_to_in6(const struct addr *a)
{
	struct in6_addr in6;

	memcpy(&in6, a->bytes, sizeof(in6));
	return in6;
}

/**
 * addr_from_sockaddr() - Address part of a socket address
 * @sa:		AF_INET6 or AF_INET
 *
 * Return: the address; an unset one for another family
 */
struct addr addr_from_sockaddr(const struct sockaddr *sa)
{
	struct addr a = { 0 };

	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		a = addr_from_in6(&in6->sin6_addr);
	} else if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		a.family = AF_INET;
		memcpy(a.bytes, &in->sin_addr, 4);
	}
	return a;
}

/**
 * addr_to_sockaddr() - Socket address of an address and a port
 * @a:		Address
 * @port:	Port, host order
 * @scope_id:	Interface index, for link-local addresses; else 0
 * @ret_sa:	Result
 *
 * Return: length of the socket address, 0 where there is no address
 */
socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port,
			   uint32_t scope_id, struct sockaddr_storage *ret_sa)
{
	memset(ret_sa, 0, sizeof(*ret_sa));
	if (a->family == AF_INET6) {
		struct sockaddr_in6 *in6 = (void *)ret_sa;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		in6->sin6_addr = addr_to_in6(a);
		in6->sin6_scope_id = scope_id;
		return sizeof(*in6);
	}
	if (a->family == AF_INET) {
		struct sockaddr_in *in = (void *)ret_sa;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->bytes, 4);
		return sizeof(*in);
	}
	return 0;
}

/**
 * addr_bits() - Bits in an address of this family
 * @a:		Address
 *
 * Return: 128, 32, or 0 for none
 */
unsigned int addr_bits(const struct addr *a)
{
	return a->family == AF_INET6 ? 128 : a->family == AF_INET ? 32 : 0;
}

/**
 * addr_cmp() - Order of two addresses
 * @a:		First
 * @b:		Second
 *
 * Return: below, equal to or above 0; by family, then by value
 */
int addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return CMP(a->family, b->family);
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/**
 * addr_equal() - Whether two addresses are the same
 * @a:		First
 * @b:		Second
 *
 * Return: true if they are
 */
bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

/**
 * addr_is_set() - Whether there is an address at all
 * @a:		Address
 *
 * Return: false for AF_UNSPEC; :: is an address
 */
bool addr_is_set(const struct addr *a)
{
	return a->family != AF_UNSPEC;
}

/**
 * addr_scope() - What kind of address it is
 * @a:		Address
 *
 * Return: its scope; RFC 4291 section 2.4, RFC 4193, RFC 1918
 */
enum addr_scope addr_scope(const struct addr *a)
{
	static const uint8_t zero[16];
	const uint8_t *b = a->bytes;

	if (a->family == AF_INET) {
		if (memcmp(b, zero, 4) == 0)
			return ADDR_UNSPECIFIED;
		if (b[0] == 127)
			return ADDR_LOOPBACK;
		if (b[0] == 169 && b[1] == 254)
			return ADDR_LINK_LOCAL;
		if (b[0] >= 224 && b[0] < 240)
			return ADDR_MULTICAST;
		if (b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
		    (b[0] == 192 && b[1] == 168))
			return ADDR_ULA;
		return ADDR_GLOBAL;
	}
	if (memcmp(b, zero, 15) == 0 && b[15] <= 1)
		return b[15] ? ADDR_LOOPBACK : ADDR_UNSPECIFIED;
	if (memcmp(b, v4_mapped, sizeof(v4_mapped)) == 0)
		return ADDR_V4_MAPPED;
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return ADDR_LINK_LOCAL;
	if (b[0] == 0xff)
		return ADDR_MULTICAST;
	if ((b[0] & 0xfe) == 0xfc)
		return ADDR_ULA;
	return ADDR_GLOBAL;
}

/**
 * prefix_cmp() - Order of two prefixes
 * @a:		First
 * @b:		Second
 *
 * Return: below, equal to or above 0; by address, then by length
 */
int prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int c = addr_cmp(&a->addr, &b->addr);

	return c ? c : CMP(a->len, b->len);
}

/**
 * prefix_equal() - Whether two prefixes are the same
 * @a:		First
 * @b:		Second
 *
 * Return: true if they are
 */
bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return prefix_cmp(a, b) == 0;
}

/**
 * prefix_of() - The prefix of a length that holds an address
 * @a:		Address
 * @len:	Bits, at most addr_bits()
 *
 * Return: the prefix, with no bit set past its length
 */
struct prefix prefix_of(const struct addr *a, unsigned int len)
{
	struct prefix p = { .addr = *a, .len = (uint8_t)len };

	for (unsigned int i = 0; i < sizeof(p.addr.bytes); i++) {
		unsigned int bit = i * 8;

		if (bit >= len)
			p.addr.bytes[i] = 0;
		else if (len - bit < 8)
			p.addr.bytes[i] &= (uint8_t)(0xff << (8 - (len - bit)));
	}
	return p;
}

/**
 * prefix_contains() - Whether an address lies in a prefix
 * @p:		Prefix
 * @a:		Address
 *
 * Return: true if it does; false across families
 */
bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	struct prefix net;

	if (p->addr.family != a->family)
		return false;
	net = prefix_of(a, p->len);
	return addr_equal(&net.addr, &p->addr);
}

/**
 * prefix_covers() - Whether one prefix holds all of another
 * @outer:	The larger one
 * @inner:	The smaller one
 *
 * Return: true if it does, also for equal ones
 */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->len <= inner->len && prefix_contains(outer, &inner->addr);
}

/**
 * prefix_overlap() - Whether two prefixes share an address
 * @a:		First
 * @b:		Second
 *
 * Return: true if one holds the other
 */
bool prefix_overlap(const struct prefix *a, const struct prefix *b)
{
	return prefix_covers(a, b) || prefix_covers(b, a);
}

/**
 * prefix_nth() - The nth address of a prefix
 * @p:		Prefix
 * @n:		0 for the prefix's own address (the subnet-router anycast one)
 *
 * Return: the address; it carries past the prefix where @n is too large for it
 */
struct addr prefix_nth(const struct prefix *p, uint64_t n)
{
	struct addr a = p->addr;

	for (unsigned int i = addr_bits(&a) / 8; n && i-- > 0;) {
		n += a.bytes[i];
		a.bytes[i] = (uint8_t)n;
		n >>= 8;
	}
	return a;
}

/**
 * prefix_subnet() - The nth subnet of a prefix
 * @p:		Prefix
 * @len:	Length of the subnet, bits; not below that of @p
 * @n:		0 for the first; at most 2^(len - p->len) - 1
 *
 * Return: the subnet. Computed on bits: text has no byte boundaries (shoot.md D9)
 */
struct prefix prefix_subnet(const struct prefix *p, unsigned int len,
			    uint64_t n)
{
	struct prefix s = { .addr = p->addr, .len = (uint8_t)len };

	for (unsigned int bit = len; n && bit-- > p->len; n >>= 1)
		if (n & 1)
			s.addr.bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	return s;
}
