/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the links of a document must agree in, or no kernel can take them
 *
 * Links that the document does not name are not known here, and are never wrong.
 */
#include "netsetup/conf.h"

#include "netsetup/kind/linkinfo.h"
#include "netsetup/veth.h"

#include <errno.h>
#include <stdlib.h>

/**
 * find_link() - Link of a document
 * @m:		Model, its links sorted
 * @name:	Its name, or 0
 *
 * Return: link; NULL where the document does not name it
 */
static const struct link *find_link(const struct model *m, uint32_t name)
{
	const struct link key = { .name = name };

	return name ? model_find(m, KIND_LINK, &key) : NULL;
}

/**
 * conf_join_link() - Whether a link goes with the others, and bring ends of a veth together
 * @m:		Model of a document, its links sorted
 * @l:		Link, in it
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
int conf_join_link(struct model *m, const struct link *l, struct buf *why)
{
	const struct link *master = find_link(m, l->master);
	const struct strings *s = m->strings;

	if (l->peer && veth_join(m, l, why) < 0)
		return -EINVAL;
	if (master && !linkinfo_takes_ports(strings_get(s, master->kind))) {
		buf_printf(why, "its master '%s' is of kind %s, which has none",
			   strings_get(s, master->name),
			   strings_get(s, master->kind));
		return -EINVAL;
	}
	for (const struct link *o = MODEL_AT(m, KIND_LINK, link, 0); o < l; o++)
		if (l->kind && o->name != l->name && linkinfo_excludes(l, o)) {
			buf_printf(why, "its id %u is that of '%s' already",
				   l->id, strings_get(s, o->name));
			return -EINVAL;
		}
	return 0;
}

/* Which links are known to rest on no circle. */
struct settled {
	const struct model *m;
	bool *is; /* by their places */
};

/**
 * lower() - A link below another one, which may be in a circle with it
 * @known:	What is known
 * @l:		Link
 *
 * Return: its parent or its master; NULL where neither may be
 */
static const struct link *lower(const struct settled *known,
				const struct link *l)
{
	const struct link *first = MODEL_AT(known->m, KIND_LINK, link, 0);
	const struct link *below = find_link(known->m, l->parent);

	if (!below || known->is[below - first])
		below = find_link(known->m, l->master);
	return below && !known->is[below - first] ? below : NULL;
}

/**
 * say_circle() - Name the links of a circle
 * @known:	What is known; all that rest on no circle are
 * @l:		Link that rests on one
 * @why:	Gets the words
 *
 * Return: one of them
 */
static const struct link *say_circle(const struct settled *known,
				     const struct link *l, struct buf *why)
{
	const struct link *at;

	/* After as many steps as there are links it is in the circle. */
	for (size_t i = 0; i < known->m->tables[KIND_LINK].n; i++)
		l = lower(known, l);
	buf_puts(why, "it rests on itself");
	for (at = lower(known, l); at != l; at = lower(known, at))
		buf_printf(why, "%s '%s'", lower(known, l) == at ? ", by" : ",",
			   strings_get(known->m->strings, at->name));
	return l;
}

/**
 * conf_find_circle() - Find parents and masters that go in a circle
 * @m:		Model of a document, its links sorted
 * @why:	Says which ones
 * @ret_link:	One of them; NULL where there is no circle
 *
 * Return: 0; -ENOMEM
 */
int conf_find_circle(const struct model *m, struct buf *why,
		     const struct link **ret_link)
{
	const struct table *t = &m->tables[KIND_LINK];
	_cleanup_free_ bool *is = calloc(t->n + 1, sizeof(*is));
	const struct settled known = { m, is };
	const struct link *left;
	bool more = true;

	if (!is)
		return -ENOMEM;
	while (more) {
		more = false;
		left = NULL;
		for (size_t i = 0; i < t->n; i++) {
			const struct link *l = MODEL_AT(m, KIND_LINK, link, i);

			if (is[i])
				continue;
			is[i] = !lower(&known, l);
			more |= is[i];
			left = is[i] ? left : l;
		}
	}
	*ret_link = left ? say_circle(&known, left, why) : NULL;
	return 0;
}
