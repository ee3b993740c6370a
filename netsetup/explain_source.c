/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain: the source address, and by which rule each other candidate lost
 */
#include "netsetup/explain.h"

#include "netsetup/saddr.h"

#include "lib/addr.h"
#include "lib/sysctl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_addrlabel.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX 256 /* more are not of use to anybody */
#define LABELS_MAX     64

/* What one question gathers. */
struct gathering {
	struct in6_addr dst;
	int index;
	struct saddr all[CANDIDATES_MAX];
	size_t n;
	struct saddr_label labels[LABELS_MAX];
	size_t n_labels;
};

/**
 * seen_address() - Take an address that may be a source
 * @m:		RTM_NEWADDR
 * @context:	struct gathering
 *
 * Return: 0
 */
static int seen_address(const struct nlmsghdr *m, void *context)
{
	struct gathering *g = context;
	const struct ifaddrmsg *ifa = NLMSG_DATA(m);
	const struct nlattr *at[IFA_FLAGS + 1];
	struct in6_addr a;
	uint32_t flags;

	if (m->nlmsg_type != RTM_NEWADDR || ifa->ifa_family != AF_INET6 ||
	    g->n == CANDIDATES_MAX)
		return 0;
	nl_parse(m, sizeof(*ifa), at, IFA_FLAGS);
	flags = nl_u32(at[IFA_FLAGS], ifa->ifa_flags);
	a = nl_in6(at[IFA_LOCAL] ? at[IFA_LOCAL] : at[IFA_ADDRESS]);
	/* RFC 6724 section 4: a link-local destination, or a multicast one, is reached
	 * from its own interface alone. */
	if ((IN6_IS_ADDR_LINKLOCAL(&g->dst) ||
	     IN6_IS_ADDR_MULTICAST(&g->dst)) &&
	    (int)ifa->ifa_index != g->index)
		return 0;
	if (flags & IFA_F_DADFAILED ||
	    (flags & IFA_F_TENTATIVE && !(flags & IFA_F_OPTIMISTIC)))
		return 0;
	if (IN6_IS_ADDR_LOOPBACK(&a) && !IN6_IS_ADDR_LOOPBACK(&g->dst))
		return 0;
	g->all[g->n++] = (struct saddr){
		.address = a,
		.index = (int)ifa->ifa_index,
		.len = ifa->ifa_prefixlen,
		.deprecated = (flags & IFA_F_DEPRECATED) != 0,
		.temporary = (flags & IFA_F_TEMPORARY) != 0,
		.optimistic = (flags & IFA_F_OPTIMISTIC) != 0,
	};
	return 0;
}

/**
 * seen_label() - Take an entry of the policy table
 * @m:		RTM_NEWADDRLABEL
 * @context:	struct gathering
 *
 * Return: 0
 */
static int seen_label(const struct nlmsghdr *m, void *context)
{
	struct gathering *g = context;
	const struct ifaddrlblmsg *l = NLMSG_DATA(m);
	const struct nlattr *at[IFAL_LABEL + 1];

	if (m->nlmsg_type != RTM_NEWADDRLABEL || g->n_labels == LABELS_MAX)
		return 0;
	nl_parse(m, sizeof(*l), at, IFAL_LABEL);
	g->labels[g->n_labels++] = (struct saddr_label){
		.prefix = nl_in6(at[IFAL_ADDRESS]),
		.len = l->ifal_prefixlen,
		.index = (int)l->ifal_index,
		.label = nl_u32(at[IFAL_LABEL], 0),
	};
	return 0;
}

/**
 * gather() - Candidates and policy table
 * @e:		Engine
 * @g:		Gets them
 *
 * Return: 0 or a negative errno
 */
static int gather(struct engine *e, struct gathering *g)
{
	char buffer[256];
	struct nlmsghdr *m;
	struct ifaddrmsg *ifa;
	struct ifaddrlblmsg *l;
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		g->n = g->n_labels = 0;
		m = nl_request(&e->nl, buffer, RTM_GETADDR, 0);
		ifa = nl_header(m, sizeof(*ifa));
		ifa->ifa_family = AF_INET6;
		r = nl_dump(&e->nl, m, seen_address, g);
		if (r < 0)
			continue;
		m = nl_request(&e->nl, buffer, RTM_GETADDRLABEL, 0);
		l = nl_header(m, sizeof(*l));
		l->ifal_family = AF_INET6;
		r = nl_dump(&e->nl, m, seen_label, g);
	}
	return r;
}

/**
 * prefers_temporary() - Whether temporary addresses are preferred on an interface
 * @e:		Engine
 * @index:	Interface
 *
 * Return: true where use_tempaddr is 2
 */
static bool prefers_temporary(const struct engine *e, int index)
{
	_cleanup_(buf_release) struct buf value = BUF_INIT;
	char key[128];

	snprintf(key, sizeof(key), "net/ipv6/conf/%s/use_tempaddr",
		 strings_get(e->strings, device_name(e, index)));
	return sysctl_read(key, &value) == 0 && atoll(buf_text(&value)) >= 2;
}

/**
 * add_candidate() - One that lost
 * @e:		Engine
 * @q:		Question
 * @best:	The chosen one
 * @a:		Candidate
 * @list:	Gets it
 */
static void add_candidate(const struct engine *e, const struct saddr_query *q,
			  const struct saddr *best, const struct saddr *a,
			  struct json *list)
{
	struct json *j = json_append_object(list);
	struct addr text = addr_from_in6(&a->address);
	enum saddr_rule rule;
	int c = saddr_compare(q, best, a, &rule);

	json_set_string(j, "address", ADDR_TEXT(&text));
	json_set_string(j, "dev",
			strings_get(e->strings, device_name(e, a->index)));
	json_set_string(j, "lost_by", saddr_rule_text(rule));
	json_set_bool(j, "would_win", c < 0);
	json_set_format(j, "text", "not %s on %s; %s", ADDR_TEXT(&text),
			strings_get(e->strings, device_name(e, a->index)),
			c < 0 ? "though it would win by RFC 6724" :
				saddr_rule_text(rule));
}

/**
 * explain_source() - The source address and why
 * @e:		Engine
 * @dst:	Destination
 * @index:	Outgoing interface
 * @chosen:	What the kernel takes
 * @by_route:	The route says so
 * @out:	Gets "source" with its "candidates"
 *
 * Return: 0 or a negative errno
 */
int explain_source(struct engine *e, const struct in6_addr *dst, int index,
		   const struct in6_addr *chosen, bool by_route,
		   struct json *out)
{
	struct gathering g = { .dst = *dst, .index = index };
	struct addr a = addr_from_in6(chosen);
	struct json *j = json_set_object(out, "source"), *list;
	const struct saddr *best = NULL;
	struct saddr_query q;
	int r = gather(e, &g);

	if (r < 0)
		return r;
	q = (struct saddr_query){
		.dst = *dst,
		.index = index,
		.prefer_temporary = prefers_temporary(e, index),
		.labels = g.labels,
		.n_labels = g.n_labels,
	};
	for (size_t i = 0; i < g.n && !best; i++)
		if (memcmp(&g.all[i].address, chosen, 16) == 0)
			best = &g.all[i];
	json_set_string(j, "address", ADDR_TEXT(&a));
	json_set_string(j, "why",
			by_route ? "the route says so" :
			g.n == 1 ? "there is no other" :
				   "RFC 6724 section 5");
	if (best)
		json_set_string(
			j, "dev",
			strings_get(e->strings, device_name(e, best->index)));
	json_set_format(
		j, "text", "%s%s%s: %s", ADDR_TEXT(&a), best ? " on " : "",
		best ? strings_get(e->strings, device_name(e, best->index)) :
		       "",
		json_get_string(j, "why"));
	list = json_set_array(j, "candidates");
	for (size_t i = 0; i < g.n && best && !by_route; i++)
		if (&g.all[i] != best)
			add_candidate(e, &q, best, &g.all[i], list);
	return 0;
}
