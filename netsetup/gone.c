/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/gone.h"

#include "netsetup/rest.h"

#include <string.h>

/* What is_gone() looks at. */
struct there {
	const struct engine *e; /* with the list of interfaces */
	const struct model
		*want; /* what is to be, with the links that are made */
};

/**
 * is_gone() - Whether an interface neither is there nor will be made
 * @test:	.context: struct there
 * @dev:	Its name, or 0
 *
 * Return: true if it is gone
 */
static bool is_gone(const struct rest_test *test, uint32_t dev)
{
	const struct there *t = test->context;
	const struct table *links = &t->want->tables[KIND_LINK];

	if (!dev || device_index(t->e, dev))
		return false;
	for (size_t i = 0; i < links->n; i++) {
		const struct link *l = MODEL_AT(t->want, KIND_LINK, link, i);

		/* The other end of a veth is made with it. */
		if (l->kind && (l->name == dev || l->peer == dev))
			return false;
	}
	return true;
}

/**
 * gone_rests() - Whether an object rests on an interface that is gone
 * @e:		Engine, with the list of interfaces
 * @want:	What is to be, with the links that are made
 * @kind:	Kind
 * @object:	Object
 *
 * Return: true if it does
 */
bool gone_rests(const struct engine *e, const struct model *want,
		enum kind_id kind, const void *object)
{
	const struct there there = { e, want };
	const struct rest_test test = { is_gone, e->strings, &there };
	const struct link *l = object;

	if (kind == KIND_LINK)
		return !l->kind && is_gone(&test, l->name);
	return rest_on(&test, kind, object);
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

		if (!gone_rests(e, want, kind, o) &&
		    !rest_on_nexthop(e->strings, dropped, kind, o)) {
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
