/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lower: routes that share a gateway use one nexthop object
 *
 * The kernel takes such routes three times as fast, and a gateway that moves is one
 * message for all of them. The price is that an object, with all its routes, goes when its
 * interface loses its carrier, and is refused where there is none; a plain route stays.
 * Hence it is for large tables alone. Ids are kept: where observed routes of a group already
 * use one of our objects, the group keeps it, and a new gateway is a change of that object.
 */
#include "netsetup/engine.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#define NEXTHOP_AUTO  166000000U /* first of our automatic ids */
#define NEXTHOP_SHARE 1024 /* routes that make an object worth while */
#define GROUPS_MAX    64 /* gateways that get one */

struct share {
	struct in6_addr via;
	uint32_t dev;
	uint32_t id; /* of the object, 0: none yet */
	size_t n; /* routes */
	uint8_t onlink;
};

/**
 * share_min() - How many routes with one gateway get an object
 *
 * Return: number; SHOOT6_NEXTHOP_SHARE, for tests, where that is one
 */
static size_t share_min(void)
{
	const char *text = getenv("SHOOT6_NEXTHOP_SHARE");
	size_t n = text ? strtoul(text, NULL, 10) : 0;

	return n ? n : NEXTHOP_SHARE;
}

/**
 * share_of() - Group of a route
 * @all:	Groups so far
 * @n:		Their number; grows
 * @r:		Route
 *
 * Return: group; NULL where the route has no gateway of its own, or there are too many
 */
static struct share *share_of(struct share *all, size_t *n,
			      const struct route *r)
{
	if (r->type != RTN_UNICAST || r->nexthop || r->hops || !r->dev ||
	    IN6_IS_ADDR_UNSPECIFIED(&r->via))
		return NULL;
	for (size_t i = 0; i < *n; i++)
		if (all[i].dev == r->dev && all[i].onlink == r->onlink &&
		    memcmp(&all[i].via, &r->via, sizeof(r->via)) == 0)
			return &all[i];
	if (*n == GROUPS_MAX)
		return NULL;
	all[*n] = (struct share){
		.via = r->via,
		.dev = r->dev,
		.onlink = r->onlink,
	};
	return &all[(*n)++];
}

/**
 * is_taken() - Whether an id is used by a group, the document or the kernel
 * @id:		Id
 * @all:	Groups
 * @n:		Their number
 * @want:	Desired model
 * @have:	Observed model, or NULL: it does not matter there
 *
 * Return: true if it is
 */
static bool is_taken(uint32_t id, const struct share *all, size_t n,
		     const struct model *want, const struct model *have)
{
	const struct nexthop key = { .id = id };

	for (size_t i = 0; i < n; i++)
		if (all[i].id == id)
			return true;
	return model_find(want, KIND_NEXTHOP, &key) ||
	       (have && model_find(have, KIND_NEXTHOP, &key));
}

/**
 * keep_ids() - Give groups the ids that their observed routes use
 * @all:	Groups
 * @n:		Their number
 * @min:	Routes of a group that gets one
 * @want:	Desired model
 * @have:	Observed model
 */
static void keep_ids(struct share *all, size_t n, size_t min,
		     const struct model *want, const struct model *have)
{
	const struct table *w = &want->tables[KIND_ROUTE];
	const struct table *h = &have->tables[KIND_ROUTE];
	size_t j = 0, open = 0;

	for (size_t i = 0; i < n; i++)
		open += all[i].n >= min;
	for (size_t i = 0; i < w->n && open > 0; i++) {
		const struct route *r = MODEL_AT(want, KIND_ROUTE, route, i);
		struct share *g = share_of(all, &n, r);
		const struct route *o;
		struct nexthop key = { 0 };

		if (!g || g->id || g->n < min)
			continue;
		while (j < h->n &&
		       kind_route.cmp(want->strings,
				      MODEL_AT(have, KIND_ROUTE, route, j),
				      r) < 0)
			j++;
		if (j == h->n)
			return;
		o = MODEL_AT(have, KIND_ROUTE, route, j);
		key.id = o->nexthop;
		if (kind_route.cmp(want->strings, o, r) != 0 ||
		    o->protocol != NETSETUP_PROTO || key.id < NEXTHOP_AUTO ||
		    is_taken(key.id, all, n, want, NULL) ||
		    !model_find(have, KIND_NEXTHOP, &key))
			continue;
		g->id = key.id;
		open--;
	}
}

/**
 * lower_nexthops() - Let routes with one gateway share a nexthop object
 * @want:	Desired model, sorted; routes are changed, objects added
 * @have:	Observed model, sorted
 *
 * Where memory runs out routes stay as they are: they mean the same.
 */
void lower_nexthops(struct model *want, const struct model *have)
{
	struct share all[GROUPS_MAX];
	struct table *w = &want->tables[KIND_ROUTE];
	size_t n = 0, min = share_min();
	uint32_t next = NEXTHOP_AUTO;

	for (size_t i = 0; i < w->n; i++) {
		struct share *g =
			share_of(all, &n, MODEL_AT(want, KIND_ROUTE, route, i));

		if (g)
			g->n++;
	}
	keep_ids(all, n, min, want, have);
	for (size_t i = 0; i < n; i++) {
		struct nexthop *nh;

		if (all[i].n < min)
			continue;
		while (!all[i].id && is_taken(next, all, n, want, have))
			next++;
		all[i].id = all[i].id ? all[i].id : next++;
		nh = model_add(want, KIND_NEXTHOP);
		if (!nh)
			return;
		*nh = (struct nexthop){
			.id = all[i].id,
			.via = all[i].via,
			.dev = all[i].dev,
			.onlink = all[i].onlink,
			.protocol = NETSETUP_PROTO,
		};
	}
	(void)model_sort(want, KIND_NEXTHOP);
	for (size_t i = 0; i < w->n; i++) {
		struct route *r = MODEL_AT(want, KIND_ROUTE, route, i);
		const struct share *g = share_of(all, &n, r);

		if (!g || !g->id)
			continue;
		r->nexthop = g->id;
		r->via = (struct in6_addr){ 0 };
		r->dev = 0;
		r->onlink = 0;
	}
}
