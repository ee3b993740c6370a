/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event: what the kernel tells, and what of it is about an object of ours
 */
#include "netsetup/watch/watch.h"

#include "netsetup/watch/lack.h"
#include "netsetup/watch/say.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 8192
#define WHO_SIZE    96
/* After the kernel dropped events: long enough for a storm to pass. */
#define RESYNC_NS   (50 * NSEC_PER_MSEC)
#define LINK_NS     (2 * NSEC_PER_MSEC)

static const struct {
	uint16_t type; /* RTM_NEW..., RTM_DEL... is one more */
	enum kind_id kind;
} types[] = {
	{ RTM_NEWADDR, KIND_ADDRESS },    { RTM_NEWROUTE, KIND_ROUTE },
	{ RTM_NEWRULE, KIND_RULE },       { RTM_NEWNEXTHOP, KIND_NEXTHOP },
	{ RTM_NEWNEIGH, KIND_NEIGHBOUR },
};

/**
 * watch_subscribe() - Begin to listen
 * @w:		Watch
 *
 * Return: 0 or a negative errno
 */
int watch_subscribe(struct watch *w)
{
	static const unsigned int groups[] = {
		RTNLGRP_LINK,         RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE,
		RTNLGRP_IPV6_RULE,    RTNLGRP_NEIGH,       RTNLGRP_NEXTHOP,
		RTNLGRP_IPV6_NETCONF,
	};
	int r = nl_open(&w->events, NETLINK_ROUTE);

	for (size_t i = 0; i < ARRAY_SIZE(groups) && r == 0; i++) {
		r = nl_subscribe(&w->events, groups[i]);
		/* An older kernel without nexthop objects. */
		if (r < 0 && groups[i] == RTNLGRP_NEXTHOP)
			r = 0;
	}
	return r;
}

/**
 * watch_filter() - Have the kernel drop what is none of ours
 * @w:		Watch; .want counts
 *
 * Return: 0 or a negative errno
 */
int watch_filter(struct watch *w)
{
	_cleanup_free_ struct filter *f = malloc(sizeof(*f));

	if (!f)
		return -ENOMEM;
	filter_make(&w->want, f);
	return filter_attach(nl_fd(&w->events), f);
}

/**
 * name_who() - Who caused an event, as far as the kernel tells
 * @m:		Event
 * @have:	What is there now, or NULL
 * @kind:	Its kind
 * @who:	Gets the words
 *
 * The kernel puts the port of the requesting socket into most events; it is the number
 * of the process that opened it, or of one long gone.
 */
static void name_who(const struct nlmsghdr *m, const void *have,
		     enum kind_id kind, char who[WHO_SIZE])
{
	char comm[PROC_COMM_SIZE], owner[OWNER_SIZE + 16] = "";

	if (have && kinds[kind]->protocol &&
	    object_protocol(kinds[kind], have) != NETSETUP_PROTO)
		snprintf(owner, sizeof(owner), ", protocol '%s'",
			 OWNER_NAME(kinds[kind], have));
	if (m->nlmsg_pid && proc_comm((pid_t)m->nlmsg_pid, comm) == 0)
		snprintf(who, WHO_SIZE, "process %u (%s)%s", m->nlmsg_pid, comm,
			 owner);
	else if (m->nlmsg_pid)
		snprintf(who, WHO_SIZE, "process %u, which has ended%s",
			 m->nlmsg_pid, owner);
	else
		snprintf(who, WHO_SIZE, "somebody the kernel does not name%s",
			 owner);
}

/**
 * read_neighbour() - The neighbour or proxy that an event is about
 * @w:		Watch
 * @m:		Event
 * @seen:	Gets it; one that is gone has only its key
 *
 * Return: its kind
 */
static enum kind_id read_neighbour(struct watch *w, const struct nlmsghdr *m,
				   struct model *seen)
{
	const struct ndmsg *nd = NLMSG_DATA(m);
	const struct nlattr *at[NDA_DST + 1];
	struct neighbour *n;
	struct proxy *p;

	nl_parse(m, sizeof(*nd), at, NDA_DST);
	if (nd->ndm_family != AF_INET6 || !at[NDA_DST])
		return KIND_MAX;
	if (nd->ndm_flags & NTF_PROXY) {
		p = model_add(seen, KIND_PROXY);
		if (!p)
			return KIND_MAX;
		p->prefix = nl_in6(at[NDA_DST]);
		p->len = 128;
		p->dev = device_name(&w->e, nd->ndm_ifindex);
		p->protocol = NETSETUP_PROTO;
		return KIND_PROXY;
	}
	if (kind_neighbour.read(&w->e, m, seen) == 0 &&
	    seen->tables[KIND_NEIGHBOUR].n)
		return KIND_NEIGHBOUR;
	/* Not permanent: whatever it is, it is not the one that should be. */
	n = model_add(seen, KIND_NEIGHBOUR);
	if (!n)
		return KIND_MAX;
	n->address = nl_in6(at[NDA_DST]);
	n->dev = device_name(&w->e, nd->ndm_ifindex);
	return KIND_NEIGHBOUR;
}

/**
 * note_dad() - Measure duplicate address detection
 * @w:		Watch
 * @a:		Address of ours, as it is now
 */
static void note_dad(struct watch *w, const struct address *a)
{
	if (a->tentative && !w->dad_began_ns)
		w->dad_began_ns = loop_now();
	if (a->tentative || !w->dad_began_ns)
		return;
	w->counters.dad_s = (double)(loop_now() - w->dad_began_ns) / 1e9;
	w->dad_began_ns = 0;
}

/**
 * check_object() - Put an object back where an event says that it is not as it should be
 * @w:		Watch
 * @kind:	Its kind
 * @m:		Event
 * @seen:	Object of the event
 */
static void check_object(struct watch *w, enum kind_id kind,
			 const struct nlmsghdr *m, const void *seen)
{
	const struct kind *k = kinds[kind];
	const char *want = model_find(&w->want, kind, seen);
	bool gone = m->nlmsg_type & 1;
	char who[WHO_SIZE];

	/* What the first apply puts is ours before it is known here. */
	if (!gone && kind == KIND_ADDRESS &&
	    (want || object_protocol(k, seen) == NETSETUP_PROTO))
		note_dad(w, seen);
	if (!want)
		return;
	if (!gone &&
	    (k->same ? k->same(want, seen) : memcmp(want, seen, k->size) == 0))
		return;
	name_who(m, gone ? NULL : seen, kind, who);
	if (repair_begin(w))
		repair_one(w, kind,
			   (size_t)(want - w->want.tables[kind].items) /
				   k->size,
			   gone ? NULL : seen, who);
}

/**
 * on_object() - An event about an address, route, rule, nexthop or neighbour
 * @w:		Watch
 * @m:		Event
 * @kind:	What it is about
 *
 * Messages of what is gone look like those of what is new but for their number.
 */
static void on_object(struct watch *w, const struct nlmsghdr *m,
		      enum kind_id kind)
{
	_cleanup_(model_release) struct model seen;
	_Alignas(struct nlmsghdr) char copy[MESSAGE_MAX];
	struct nlmsghdr *as_new = (struct nlmsghdr *)copy;

	model_init(&seen, w->e.strings);
	if (m->nlmsg_len > sizeof(copy)) {
		watch_soon(w, 0);
		return;
	}
	memcpy(copy, m, m->nlmsg_len);
	as_new->nlmsg_type &= (uint16_t)~1U;
	if (kind == KIND_NEIGHBOUR)
		kind = read_neighbour(w, as_new, &seen);
	else if (kinds[kind]->read(&w->e, as_new, &seen) < 0)
		return;
	if (kind < KIND_MAX && seen.tables[kind].n)
		check_object(w, kind, m, seen.tables[kind].items);
}

/**
 * concerns() - Whether an interface is one of those that the document names
 * @w:		Watch
 * @m:		RTM_NEWLINK, RTM_DELLINK
 *
 * Return: true if it is
 */
static bool concerns(const struct watch *w, const struct nlmsghdr *m)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(m);
	const struct nlattr *at[IFLA_IFNAME + 1];
	const char *name;
	uint32_t id;

	if (ifi->ifi_family != AF_UNSPEC)
		return false;
	nl_parse(m, sizeof(*ifi), at, IFLA_IFNAME);
	name = nl_text(at[IFLA_IFNAME]);
	id = strings_find(w->e.strings, name, strlen(name));
	for (size_t i = 0; i < w->n_devs; i++)
		if (w->devs[i] == id ||
		    device_index(&w->e, w->devs[i]) == ifi->ifi_index)
			return true;
	return false;
}

/**
 * on_message() - One event
 * @m:		Event
 * @context:	struct watch
 *
 * Return: 0
 */
static int on_message(const struct nlmsghdr *m, void *context)
{
	struct watch *w = context;
	const struct netconfmsg *nc = NLMSG_DATA(m);

	if (m->nlmsg_pid && m->nlmsg_pid == nl_port(&w->e.nl))
		return 0; /* our own doing */
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((m->nlmsg_type & ~1U) == types[i].type)
			on_object(w, m, types[i].kind);
	if (m->nlmsg_type == RTM_NEWLINK)
		lack_look(w);
	if ((m->nlmsg_type == RTM_NEWLINK || m->nlmsg_type == RTM_DELLINK) &&
	    concerns(w, m))
		watch_soon(w, LINK_NS);
	if ((m->nlmsg_type & ~1U) == RTM_NEWROUTE)
		pref64_route(w, m);
	if (m->nlmsg_type == RTM_NEWNDUSEROPT)
		pref64_event(w, m);
	if (m->nlmsg_type == RTM_NEWNETCONF && nc->ncm_family == AF_INET6 &&
	    w->want.tables[KIND_SYSCTL].n)
		watch_soon(w, LINK_NS);
	return 0;
}

/**
 * watch_events() - Work off all events that wait
 * @w:		Watch
 */
void watch_events(struct watch *w)
{
	int r = nl_events(&w->events, on_message, w);

	repair_end(w);
	if (r != -ENOBUFS)
		return;
	w->counters.resyncs++;
	say_end(w, LOG_LEVEL_WARNING, say_new("resync"),
		"the kernel dropped events: all is compared");
	watch_soon(w, RESYNC_NS);
}
