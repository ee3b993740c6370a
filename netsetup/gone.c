/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/gone.h"

#include "netsetup/sysctl.h"

#include <string.h>

/**
 * is_gone() - Whether an interface neither is there nor will be made
 * @e:		Engine, with the list of interfaces
 * @want:	What is to be
 * @dev:	Its name, or 0
 *
 * Return: true if it is gone
 */
static bool is_gone(const struct engine *e, const struct model *want,
		    uint32_t dev)
{
	const struct link key = { .name = dev };
	const struct link *l;

	if (!dev || device_index(e, dev))
		return false;
	l = model_find(want, KIND_LINK, &key);
	return !l || !l->kind;
}

/**
 * sysctl_gone() - Whether the interface of a sysctl is gone
 * @e:		Engine
 * @want:	What is to be
 * @path:	Path of the sysctl
 *
 * Return: true if it is
 */
static bool sysctl_gone(const struct engine *e, const struct model *want,
			const char *path)
{
	char dev[IFNAMSIZ];

	return sysctl_device(path, dev) &&
	       is_gone(e, want, strings_add_text(e->strings, dev));
}

/**
 * hops_gone() - Whether the interface of one of several hops is gone
 * @e:		Engine
 * @want:	What is to be
 * @hops:	String of struct hop, or 0
 *
 * Return: true if one is
 */
static bool hops_gone(const struct engine *e, const struct model *want,
		      uint32_t hops)
{
	size_t len = strings_len(e->strings, hops);

	for (size_t at = 0; hops && at < len; at += sizeof(struct hop)) {
		struct hop hop;

		memcpy(&hop, strings_get(e->strings, hops) + at, sizeof(hop));
		if (is_gone(e, want, hop.dev))
			return true;
	}
	return false;
}

/**
 * gone_rests() - Whether an object rests on an interface that is gone
 * @e:		Engine, with the list of interfaces
 * @want:	What is to be, with the links that are made
 * @kind:	Kind
 * @object:	Object
 *
 * Rules and masquerades name interfaces, and are there without them.
 *
 * Return: true if it does
 */
bool gone_rests(const struct engine *e, const struct model *want,
		enum kind_id kind, const void *object)
{
	const struct link *l = object;
	const struct route *r = object;

	switch (kind) {
	case KIND_LINK:
		return !l->kind && is_gone(e, want, l->name);
	case KIND_SYSCTL:
		return sysctl_gone(
			e, want,
			strings_get(e->strings,
				    ((const struct sysctl *)object)->path));
	case KIND_ADDRESS:
		return is_gone(e, want, ((const struct address *)object)->dev);
	case KIND_NEXTHOP:
		return is_gone(e, want, ((const struct nexthop *)object)->dev);
	case KIND_ROUTE:
		return is_gone(e, want, r->dev) || hops_gone(e, want, r->hops);
	case KIND_NEIGHBOUR:
		return is_gone(e, want,
			       ((const struct neighbour *)object)->dev);
	case KIND_PROXY:
		return is_gone(e, want, ((const struct proxy *)object)->dev);
	default:
		return false;
	}
}

/**
 * has_nexthop() - Whether a nexthop object is one of several
 * @m:		Nexthops
 * @id:		Its id
 *
 * Return: true if it is
 */
static bool has_nexthop(const struct model *m, uint32_t id)
{
	const struct nexthop key = { .id = id };

	return model_find(m, KIND_NEXTHOP, &key) != NULL;
}

/**
 * lacks_nexthop() - Whether an object needs a nexthop that was dropped
 * @e:		Engine
 * @dropped:	Nexthops that were
 * @kind:	KIND_ROUTE or KIND_NEXTHOP
 * @object:	Object
 *
 * Return: true if it does
 */
static bool lacks_nexthop(const struct engine *e, const struct model *dropped,
			  enum kind_id kind, const void *object)
{
	const struct nexthop *n = object;
	size_t len;

	if (kind == KIND_ROUTE)
		return has_nexthop(dropped,
				   ((const struct route *)object)->nexthop);
	len = n->group ? strings_len(e->strings, n->group) : 0;
	for (size_t at = 0; at < len; at += sizeof(struct group_member)) {
		struct group_member member;

		memcpy(&member, strings_get(e->strings, n->group) + at,
		       sizeof(member));
		if (has_nexthop(dropped, member.id))
			return true;
	}
	return false;
}

/**
 * drop_kind() - Take out of a table what rests on what is gone
 * @e:		Engine
 * @want:	What is to be
 * @kind:	Kind
 * @dropped:	Nexthops that were; gets more
 *
 * Return: how many were taken out
 */
static size_t drop_kind(const struct engine *e, struct model *want,
			enum kind_id kind, struct model *dropped)
{
	struct table *t = &want->tables[kind];
	size_t size = kinds[kind]->size, keep = 0, n = t->n;

	for (size_t i = 0; i < n; i++) {
		const char *o = t->items + i * size;
		bool uses = kind == KIND_ROUTE || kind == KIND_NEXTHOP;

		if (!gone_rests(e, want, kind, o) &&
		    !(uses && lacks_nexthop(e, dropped, kind, o))) {
			memmove(t->items + keep++ * size, o, size);
			continue;
		}
		if (kind == KIND_NEXTHOP &&
		    model_put(dropped, KIND_NEXTHOP, o) == 0)
			(void)model_sort(dropped, KIND_NEXTHOP);
	}
	t->n = keep;
	return n - keep;
}

/**
 * gone_drop() - Take out of a model what rests on interfaces that are gone
 * @e:		Engine, with the list of interfaces
 * @want:	What is to be, sorted
 *
 * Nexthops are gone through twice: a group may come before its members.
 *
 * Return: how many objects were taken out
 */
size_t gone_drop(const struct engine *e, struct model *want)
{
	static const enum kind_id order[] = {
		KIND_LINK,    KIND_NEXTHOP, KIND_NEXTHOP,   KIND_ROUTE,
		KIND_ADDRESS, KIND_SYSCTL,  KIND_NEIGHBOUR, KIND_PROXY,
	};
	_cleanup_(model_release) struct model dropped;
	size_t n = 0;

	model_init(&dropped, want->strings);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		n += drop_kind(e, want, order[i], &dropped);
	return n;
}
