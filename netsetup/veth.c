/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/veth.h"

#include <errno.h>
#include <string.h>

/**
 * other_end() - The other end of a veth
 * @m:		Model
 * @l:		Link
 *
 * Return: link that names this one as its peer; NULL where there is none
 */
static struct link *other_end(const struct model *m, const struct link *l)
{
	const struct table *t = &m->tables[KIND_LINK];

	for (size_t i = 0; l->peer && i < t->n; i++) {
		struct link *o = MODEL_AT(m, KIND_LINK, link, i);

		if (o->name == l->peer && o->peer == l->name &&
		    o->kind == l->kind)
			return o;
	}
	return NULL;
}

/**
 * veth_join() - Let the link be the other end that a veth says it is
 * @m:		Model of a document
 * @v:		Veth, in it
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL where that is the veth itself, or an end of another one
 */
int veth_join(struct model *m, const struct link *v, struct buf *why)
{
	const struct table *t = &m->tables[KIND_LINK];
	const char *peer = strings_get(m->strings, v->peer);

	if (v->peer == v->name) {
		buf_puts(why, "it cannot be its own peer");
		return -EINVAL;
	}
	for (size_t i = 0; i < t->n; i++) {
		struct link *o = MODEL_AT(m, KIND_LINK, link, i);

		if (o < v && o->peer == v->peer && o->name != v->name) {
			buf_printf(why, "its peer '%s' is that of '%s' already",
				   peer, strings_get(m->strings, o->name));
			return -EINVAL;
		}
		if (o->name != v->peer)
			continue;
		if (!o->kind) {
			o->kind = v->kind;
			o->peer = v->name;
			o->owned = LINK_OURS;
		}
		if (o->kind == v->kind && o->peer == v->name)
			continue;
		buf_printf(why, "its peer '%s' is none of its own", peer);
		return -EINVAL;
	}
	return 0;
}

/**
 * veth_mark() - Say which ends are made with their other one, and which are ours by it
 * @want:	Desired model
 * @have:	Observed model
 */
void veth_mark(struct model *want, struct model *have)
{
	const struct strings *s = want->strings;
	const struct table *w = &want->tables[KIND_LINK];
	const struct table *h = &have->tables[KIND_LINK];

	for (size_t i = 0; i < w->n; i++) {
		struct link *l = MODEL_AT(want, KIND_LINK, link, i);
		const struct link *o = other_end(want, l);

		if (o && strcmp(strings_get(s, o->name),
				strings_get(s, l->name)) < 0)
			l->owned = LINK_SECOND;
	}
	for (size_t i = 0; i < h->n; i++) {
		struct link *l = MODEL_AT(have, KIND_LINK, link, i);
		const struct link *o = other_end(have, l);

		if (o && o->owned == LINK_OURS && l->owned == LINK_OTHERS)
			l->owned = LINK_BY_PEER;
	}
}

/**
 * veth_is_kept() - Whether a link stays because its other end does
 * @want:	Desired model
 * @have:	Observed link that nobody wants
 *
 * Return: true if it does
 */
bool veth_is_kept(const struct model *want, const struct link *have)
{
	const struct link key = { .name = have->peer };
	const struct link *o =
		have->peer ? model_find(want, KIND_LINK, &key) : NULL;

	return o && o->kind == have->kind && o->peer == have->name;
}
