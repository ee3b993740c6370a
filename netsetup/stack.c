/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/stack.h"

#include <errno.h>
#include <stdlib.h>

/* A step, and where it belongs. */
struct placed {
	struct step step;
	int level;
	size_t at; /* place before */
};

/**
 * level_of() - How many links of a model are below a link
 * @m:		Model, its links sorted
 * @l:		Link, in it
 *
 * Return: number; a circle, which no kernel and no document has, ends somewhere
 */
static int level_of(const struct model *m, const struct link *l)
{
	int level = 0;

	while (l->parent && (size_t)level < m->tables[KIND_LINK].n) {
		const struct link key = { .name = l->parent };

		l = model_find(m, KIND_LINK, &key);
		if (!l)
			break;
		level++;
	}
	return level;
}

/**
 * compare() - Order of two steps
 * @a:		struct placed
 * @b:		struct placed
 *
 * Return: below or above 0
 */
static int compare(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/**
 * stack_order() - Bring the steps of links into the order in which links rest on each other
 * @in:		What was planned
 * @p:		Plan with steps of links alone; their stages come first of all later
 *
 * Return: 0; -ENOMEM
 */
int stack_order(const struct plan_input *in, struct plan *p)
{
	_cleanup_free_ struct placed *all = calloc(p->n + 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->steps[i];

		all[i] = (struct placed){ .step = *s, .at = i };
		if (s->want)
			all[i].level =
				level_of(in->want, step_want(s, in->want));
		else
			all[i].level =
				-level_of(in->have, step_have(s, in->have));
	}
	qsort(all, p->n, sizeof(*all), compare);
	for (size_t i = 0; i < p->n; i++)
		p->steps[i] = all[i].step;
	return 0;
}
