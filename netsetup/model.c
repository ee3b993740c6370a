/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/model.h"

#include "netsetup/kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct kind *const kinds[KIND_MAX] = {
	[KIND_LINK] = &kind_link,
	[KIND_SYSCTL] = &kind_sysctl,
	[KIND_ADDRESS] = &kind_address,
	[KIND_NEXTHOP] = &kind_nexthop,
	[KIND_ROUTE] = &kind_route,
	[KIND_RULE] = &kind_rule,
	[KIND_NEIGHBOUR] = &kind_neighbour,
	[KIND_PROXY] = &kind_proxy,
	[KIND_MASQUERADE] = &kind_masquerade,
	[KIND_FILE] = &kind_file,
	[KIND_UNIT] = &kind_unit,
};

/**
 * model_init() - Make an empty model
 * @m:		Model
 * @strings:	Pool of its texts; must outlive it
 */
void model_init(struct model *m, struct strings *strings)
{
	*m = (struct model){ .strings = strings };
}

/**
 * model_release() - Free all tables
 * @m:		Model; empty afterwards
 */
void model_release(struct model *m)
{
	for (size_t k = 0; k < KIND_MAX; k++) {
		free(m->tables[k].items);
		m->tables[k] = (struct table){ 0 };
	}
}

/**
 * model_add() - Append a zeroed object
 * @m:		Model
 * @kind:	Its kind
 *
 * Return: the object; NULL where memory ran out
 */
void *model_add(struct model *m, enum kind_id kind)
{
	struct table *t = &m->tables[kind];
	size_t size = kinds[kind]->size;

	if (t->n == t->room) {
		size_t room = t->room + t->room / 2 + 8;
		char *items = reallocarray(t->items, room, size);

		if (!items)
			return NULL;
		t->items = items;
		t->room = room;
	}
	return memset(t->items + size * t->n++, 0, size);
}

/**
 * model_put() - Append a copy of an object
 * @m:		Model
 * @kind:	Its kind
 * @object:	Object; not one of the same table
 *
 * Return: 0; -ENOMEM
 */
int model_put(struct model *m, enum kind_id kind, const void *object)
{
	void *copy = model_add(m, kind);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, object, kinds[kind]->size);
	return 0;
}

/**
 * model_drop_last() - Take back what model_add() appended last
 * @m:		Model
 * @kind:	Its kind
 */
void model_drop_last(struct model *m, enum kind_id kind)
{
	m->tables[kind].n--;
}

/* For qsort_r(). */
struct order {
	const struct kind *kind;
	const struct strings *strings;
};

/**
 * compare() - Order of two objects
 * @a:		Object
 * @b:		Object
 * @context:	struct order
 *
 * Return: below, equal to or above 0
 */
static int compare(const void *a, const void *b, void *context)
{
	const struct order *o = context;

	return o->kind->cmp(o->strings, a, b);
}

/**
 * model_sort() - Bring a table into its order
 * @m:		Model
 * @kind:	Table
 *
 * A table that is in order already (the usual case for large ones) costs one pass.
 *
 * Return: 0; -EEXIST where two objects have the same key
 */
int model_sort(struct model *m, enum kind_id kind)
{
	struct table *t = &m->tables[kind];
	struct order o = { kinds[kind], m->strings };
	size_t size = o.kind->size;
	bool sorted = true;
	int r = 0;

	for (size_t i = 1; i < t->n && sorted; i++)
		sorted = compare(t->items + (i - 1) * size, t->items + i * size,
				 &o) < 0;
	if (sorted)
		return 0;
	qsort_r(t->items, t->n, size, compare, &o);
	for (size_t i = 1; i < t->n && r == 0; i++)
		if (compare(t->items + (i - 1) * size, t->items + i * size,
			    &o) == 0)
			r = -EEXIST;
	return r;
}

/**
 * model_sort_all() - Bring all tables into their order
 * @m:		Model
 *
 * Return: 0; -EEXIST where two objects of one kind have the same key
 */
int model_sort_all(struct model *m)
{
	int r = 0;

	for (size_t k = 0; k < KIND_MAX; k++) {
		int one = model_sort(m, (enum kind_id)k);

		r = r ? r : one;
	}
	return r;
}

/**
 * model_find() - Object with the key of another one
 * @m:		Model, sorted
 * @kind:	Kind
 * @key:	Object whose key fields count
 *
 * Return: object, or NULL
 */
const void *model_find(const struct model *m, enum kind_id kind,
		       const void *key)
{
	const struct table *t = &m->tables[kind];
	const struct kind *k = kinds[kind];
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = k->cmp(m->strings, t->items + middle * k->size, key);

		if (c == 0)
			return t->items + middle * k->size;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/**
 * model_count() - Number of objects of all kinds
 * @m:		Model
 *
 * Return: number
 */
size_t model_count(const struct model *m)
{
	size_t n = 0;

	for (size_t k = 0; k < KIND_MAX; k++)
		n += m->tables[k].n;
	return n;
}
