/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document's section nat64: where the prefix that leads to IPv4 is learnt
 *
 * It is no list of objects and no state of the kernel; its fields are a table like theirs.
 */
#include "netsetup/conf.h"

#include "netsetup/nat64.h"

#include <errno.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct conf_nat64, field)

static const struct field fields[] = {
	{ .name = "prefix",
	  .type = FIELD_PREFIX,
	  AT(prefix),
	  .extra = offsetof(struct conf_nat64, len),
	  .help = "the prefix itself, which no router and no resolver overrules" },
	{ .name = "rfc7050",
	  .type = FIELD_FLAG,
	  AT(rfc7050),
	  .help = "ask resolvers for ipv4only.arpa (RFC 7050); watch asks again when the answer's TTL has run out" },
	{ .name = "resolvers",
	  .type = FIELD_WORDS,
	  AT(resolvers),
	  .help = "addresses of those that are asked, at most 3; by default those that routers announce, or of /etc/resolv.conf" },
	{ 0 },
};

/**
 * read_resolver() - One of those that are asked
 * @text:	Word of the document
 * @ret:	Address
 *
 * Return: 0; -EINVAL where it is no IPv6 address, -EADDRNOTAVAIL for one that no host
 *	   has, -ENODEV for one of a link, because nothing says which
 */
static int read_resolver(const char *text, struct addr *ret)
{
	struct addr a;

	if (addr_parse6(text, &a) < 0)
		return -EINVAL;
	switch (addr_scope(&a)) {
	case ADDR_UNSPECIFIED:
	case ADDR_MULTICAST:
		return -EADDRNOTAVAIL;
	case ADDR_LINK_LOCAL:
		return -ENODEV;
	default:
		*ret = a;
		return 0;
	}
}

/**
 * conf_resolvers() - Whom a document wants asked
 * @s:		Pool
 * @n:		Section
 * @ret_dns:	Addresses, at most HINTS_DNS_MAX
 * @ret_bad:	The word that cannot be asked, or NULL
 *
 * Return: number of words, which may be more than are taken; what read_resolver() said
 */
int conf_resolvers(const struct strings *s, const struct conf_nat64 *n,
		   struct addr ret_dns[HINTS_DNS_MAX], const char **ret_bad)
{
	const char *at = strings_get(s, n->resolvers);
	const char *end = at + strings_len(s, n->resolvers);
	int count = 0;

	for (; at < end; at += strlen(at) + 1) {
		struct addr a;
		int r = read_resolver(at, &a);

		if (r < 0) {
			if (ret_bad)
				*ret_bad = at;
			return r;
		}
		if (count < HINTS_DNS_MAX)
			ret_dns[count] = a;
		count++;
	}
	return count;
}

/**
 * check() - Rules between the fields
 * @s:		Pool
 * @object:	Section
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int check(const struct strings *s, void *object, struct buf *why)
{
	struct conf_nat64 *n = object;
	const struct prefix p = { addr_from_in6(&n->prefix), n->len };
	const bool stated = n->len != NAT64_UNSTATED;
	struct addr dns[HINTS_DNS_MAX];
	const char *bad = NULL;
	int count = conf_resolvers(s, n, dns, &bad);

	if (!stated)
		n->len = 0;
	if (bad)
		buf_printf(
			why, "resolver '%s' %s", bad,
			count == -ENODEV ?
				"is link-local, and nothing says of which link" :
			count == -EADDRNOTAVAIL ? "is the address of no host" :
						  "is not an IPv6 address");
	else if (count > HINTS_DNS_MAX)
		buf_printf(why, "more than %d resolvers", HINTS_DNS_MAX);
	else if (count && !n->rfc7050)
		buf_puts(why, "resolvers are asked where 'rfc7050' is true");
	else if (stated && !nat64_usable(&p))
		buf_printf(why, "prefix '%s': " NAT64_NO_PREFIX,
			   PREFIX_TEXT(&p));
	else
		return 0;
	return -EINVAL;
}

const struct kind kind_nat64 = {
	.name = "nat64",
	.plural = "nat64",
	.help = "an object: where the prefix that leads to IPv4 is learnt; with it, even without members, apply and watch keep hints.json and hints.env, and watch its snippets; the first of these that is known is used: prefix, PREF64 (RFC 8781, always heard), rfc7050",
	.size = sizeof(struct conf_nat64),
	.fields = fields,
	.check = check,
};
