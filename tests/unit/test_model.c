/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random states and documents, planned, done by a kernel of plain tables, and compared
 *
 * Whatever is drawn: each step finds what it needs, the result is the document plus
 * what belongs to others, unchanged; a second plan is empty; and taking it back by the
 * images of the steps ends in the state before, to the byte.
 */
#include "netsetup/plan.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES      4000
#define DEVICES    3
#define OBJECT_MAX 256

static const enum kind_id drawn[] = { KIND_ADDRESS, KIND_NEXTHOP,   KIND_ROUTE,
				      KIND_RULE,    KIND_NEIGHBOUR, KIND_PROXY,
				      KIND_SYSCTL,  KIND_MASQUERADE };

/* One case under way. */
struct world {
	uint64_t seed;
	struct strings *strings;
	uint32_t devs[DEVICES], paths[6], values[2], group;
	const char *broken; /* what the kernel of tables could not do */
};

/**
 * draw() - A small random number (xorshift)
 * @w:		World
 * @n:		Bound
 *
 * Return: 0 to n - 1
 */
static uint32_t draw(struct world *w, uint32_t n)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (uint32_t)(w->seed >> 32) % n;
}

/**
 * draw_address() - One of a few addresses
 * @w:		World
 *
 * Return: address
 */
static struct in6_addr draw_address(struct world *w)
{
	struct in6_addr a = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8 } };

	a.s6_addr[7] = (uint8_t)draw(w, 6);
	return a;
}

/**
 * draw_nexthop() - A nexthop, alone or a group of the first one
 * @w:		World
 * @n:		To fill
 */
static void draw_nexthop(struct world *w, struct nexthop *n)
{
	n->id = 1 + draw(w, 4);
	if (n->id == 4) {
		n->group = w->group;
		return;
	}
	n->dev = w->devs[draw(w, DEVICES)];
	n->via = draw_address(w);
}

/**
 * draw_route() - A route
 * @w:		World
 * @r:		To fill
 */
static void draw_route(struct world *w, struct route *r)
{
	r->dst = draw_address(w);
	r->len = 64;
	r->table = 254 + draw(w, 2);
	r->metric = 1024;
	r->type = RTN_UNICAST;
	r->mtu = draw(w, 2) * 1400;
	switch (draw(w, 4)) {
	case 0:
		r->type = RTN_UNREACHABLE;
		break;
	case 1:
		r->nexthop = 1 + draw(w, 4);
		break;
	case 2:
		r->via = draw_address(w); /* fall through */
	default:
		r->dev = w->devs[draw(w, DEVICES)];
	}
}

/**
 * draw_rest() - An object of the simpler kinds
 * @w:		World
 * @kind:	Kind
 * @object:	To fill
 */
static void draw_rest(struct world *w, enum kind_id kind, void *object)
{
	uint32_t dev = w->devs[draw(w, DEVICES)];

	if (kind == KIND_ADDRESS) {
		struct address *a = object;

		a->address = draw_address(w);
		a->dev = dev;
		a->len = draw(w, 4) ? 64 : 128;
		a->valid = a->preferred = FOREVER;
	} else if (kind == KIND_RULE) {
		struct rule *r = object;

		r->priority = 100 + draw(w, 4);
		r->table = 254 + draw(w, 3);
		r->action = 1;
	} else if (kind == KIND_NEIGHBOUR) {
		struct neighbour *n = object;

		n->address = draw_address(w);
		n->dev = dev;
		n->lladdr[5] = (uint8_t)draw(w, 3);
	} else if (kind == KIND_PROXY) {
		struct proxy *p = object;

		p->prefix = draw_address(w);
		p->dev = dev;
		p->len = 128;
	} else if (kind == KIND_SYSCTL) {
		struct sysctl *c = object;

		c->path = w->paths[draw(w, ARRAY_SIZE(w->paths))];
		c->value = w->values[draw(w, ARRAY_SIZE(w->values))];
	} else {
		struct masquerade *m = object;

		m->from = draw_address(w);
		m->len = 64;
		m->out = dev;
	}
}

/**
 * has_nexthops() - Whether a model has what a route or a group rests on
 * @m:		Model, sorted by its nexthops
 * @id:		Nexthop; 0: none is needed
 *
 * Return: true if it has
 */
static bool has_nexthop(const struct model *m, uint32_t id)
{
	const struct nexthop key = { .id = id };

	return id == 0 || model_find(m, KIND_NEXTHOP, &key);
}

/**
 * is_possible() - Whether an object can be in a model
 * @m:		Model
 * @kind:	Kind
 * @object:	Object
 *
 * Return: true if what it rests on is there
 */
static bool is_possible(const struct model *m, enum kind_id kind,
			const void *object)
{
	const struct nexthop *n = object;
	const struct route *r = object;

	if (kind == KIND_NEXTHOP)
		return !n->group || has_nexthop(m, 1);
	return kind != KIND_ROUTE || has_nexthop(m, r->nexthop);
}

/**
 * draw_model() - A state, or a document
 * @w:		World
 * @m:		Empty model; sorted afterwards
 * @foreign:	One in so many objects belongs to somebody else; 0: none
 */
static void draw_model(struct world *w, struct model *m, uint32_t foreign)
{
	for (size_t i = 0; i < ARRAY_SIZE(drawn); i++) {
		enum kind_id k = drawn[i];
		uint32_t n = draw(w, 7);

		for (uint32_t at = 0; at < n; at++) {
			char object[OBJECT_MAX] = { 0 };

			if (k == KIND_NEXTHOP)
				draw_nexthop(w, (void *)object);
			else if (k == KIND_ROUTE)
				draw_route(w, (void *)object);
			else
				draw_rest(w, k, object);
			if (kinds[k]->protocol)
				object[kinds[k]->protocol] =
					(char)(foreign && !draw(w, foreign) ?
						       12 :
						       NETSETUP_PROTO);
			if (!is_possible(m, k, object) ||
			    model_find(m, k, object))
				continue;
			CHECK_INT("draw", 0, model_put(m, k, object));
			(void)model_sort(m, k);
		}
	}
}

/**
 * copy() - Copy a model
 * @from:	Model
 * @to:		Empty one
 */
static void copy(const struct model *from, struct model *to)
{
	for (size_t k = 0; k < KIND_MAX; k++)
		for (size_t i = 0; i < from->tables[k].n; i++)
			CHECK_INT("copy", 0,
				  model_put(to, k,
					    model_at(from, k, kinds[k]->size,
						     i)));
}

/**
 * forget() - Remove an object from the kernel of tables
 * @w:		World
 * @m:		Kernel
 * @kind:	Kind
 * @object:	Object with its key
 */
static void forget(struct world *w, struct model *m, enum kind_id kind,
		   const void *object)
{
	struct table *t = &m->tables[kind];
	size_t size = kinds[kind]->size;
	const char *found = model_find(m, kind, object);
	size_t at;

	if (!found) {
		w->broken = "what should go is not there";
		return;
	}
	at = (size_t)(found - t->items) / size;
	memmove(t->items + at * size, t->items + (at + 1) * size,
		(t->n - at - 1) * size);
	t->n--;
}

/**
 * check_group() - A group of ours goes before its members
 * @w:		World
 * @m:		Kernel
 * @gone:	Nexthop that goes
 */
static void check_group(struct world *w, const struct model *m,
			const struct nexthop *gone)
{
	const struct nexthop key = { .id = 4 };
	const struct nexthop *group = model_find(m, KIND_NEXTHOP, &key);

	if (gone->id == 1 && group)
		w->broken = "a nexthop goes before its group";
}

/**
 * do_step() - One step, as a kernel would
 * @w:		World; .broken says what could not be done
 * @m:		Kernel
 * @s:		Step
 * @want:	Object after it, or NULL
 * @have:	Object before it, or NULL
 */
static void do_step(struct world *w, struct model *m, const struct step *s,
		    const void *want, const void *have)
{
	enum kind_id k = (enum kind_id)s->kind;

	if (s->op == OP_SIDE || s->op == OP_RUN)
		return;
	if (want && !is_possible(m, k, want))
		w->broken = "what it rests on is not there yet";
	if (s->op == OP_ADD && model_find(m, k, want))
		w->broken = "what is added is there already";
	if (s->op == OP_REMOVE && k == KIND_NEXTHOP)
		check_group(w, m, have);
	if (s->op != OP_ADD) {
		forget(w, m, k, have);
		if (s->op == OP_REMOVE && k == KIND_NEXTHOP)
			for (size_t i = 0; i < m->tables[KIND_ROUTE].n; i++)
				if (MODEL_AT(m, KIND_ROUTE, route, i)
					    ->nexthop ==
				    ((const struct nexthop *)have)->id)
					w->broken =
						"a nexthop goes before its routes";
	}
	if (want) {
		CHECK_INT("step", 0, model_put(m, k, want));
		(void)model_sort(m, k);
	}
}

/**
 * do_plan() - All steps of a plan
 * @w:		World
 * @m:		Kernel
 * @p:		Plan
 * @want:	Model that the plan was made for
 * @have:	Model that it was made from
 */
static void do_plan(struct world *w, struct model *m, const struct plan *p,
		    const struct model *want, const struct model *have)
{
	for (size_t i = 0; i < p->n && !w->broken; i++)
		do_step(w, m, &p->steps[i], step_want(&p->steps[i], want),
			step_have(&p->steps[i], have));
}

/**
 * is_same() - Whether two models are equal to the byte
 * @a:		Model
 * @b:		Model
 *
 * Return: true if they are
 */
static bool is_same(const struct model *a, const struct model *b)
{
	for (size_t k = 0; k < KIND_MAX; k++)
		if (a->tables[k].n != b->tables[k].n ||
		    (a->tables[k].n &&
		     memcmp(a->tables[k].items, b->tables[k].items,
			    a->tables[k].n * kinds[k]->size) != 0))
			return false;
	return true;
}

/**
 * is_right() - Whether the kernel holds the document, and what belongs to others
 * @got:	Kernel after the plan
 * @want:	Document
 * @before:	Kernel before it
 * @owned:	Untagged objects that were ours
 *
 * Return: what is wrong, or NULL
 */
static const char *is_right(const struct model *got, const struct model *want,
			    const struct model *before,
			    const struct model *owned)
{
	for (size_t k = 0; k < KIND_MAX; k++) {
		size_t size = kinds[k]->size;

		for (size_t i = 0; i < want->tables[k].n; i++) {
			const void *o = model_at(want, k, size, i);
			const void *found = model_find(got, k, o);

			if (!found || memcmp(found, o, size) != 0)
				return "an object of the document is missing";
		}
		for (size_t i = 0; i < before->tables[k].n; i++) {
			const void *o = model_at(before, k, size, i);
			const void *found = model_find(got, k, o);
			bool ours = kinds[k]->protocol ?
					    object_protocol(kinds[k], o) ==
						    NETSETUP_PROTO :
					    model_find(owned, k, o) != NULL;

			if (model_find(want, k, o))
				continue;
			if (ours && found)
				return "something of ours has stayed";
			if (!ours && (!found || memcmp(found, o, size) != 0))
				return "something of others was touched";
		}
	}
	return NULL;
}

/**
 * note_images() - What taking back needs
 * @p:		Plan
 * @want:	Document
 * @have:	State before
 * @images:	Gets what the steps replace or remove
 * @keys:	Gets all that they touch
 */
static void note_images(const struct plan *p, const struct model *want,
			const struct model *have, struct model *images,
			struct model *keys)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->steps[i];
		const void *w = step_want(s, want), *h = step_have(s, have);

		CHECK_INT("key", 0, model_put(keys, s->kind, w ? w : h));
		if (h)
			CHECK_INT("image", 0, model_put(images, s->kind, h));
	}
	(void)model_sort_all(images);
	(void)model_sort_all(keys);
}

/**
 * run_back() - Take it back, and compare with the state before
 * @w:		World
 * @p:		Plan that was done
 * @want:	Document
 * @before:	State before
 * @kernel:	State after; taken back
 *
 * Return: what is wrong, or NULL
 */
static const char *run_back(struct world *w, const struct plan *p,
			    const struct model *want,
			    const struct model *before, struct model *kernel)
{
	_cleanup_(model_release) struct model images, keys, seen;
	_cleanup_(plan_release) struct plan back = { 0 };
	struct plan_input in = { .want = &images,
				 .have = &seen,
				 .scope = &keys };
	struct conflict conflict;

	model_init(&images, w->strings);
	model_init(&keys, w->strings);
	model_init(&seen, w->strings);
	note_images(p, want, before, &images, &keys);
	copy(kernel, &seen);
	if (plan_compute(&in, &conflict, &back) < 0)
		return "no plan to take it back";
	do_plan(w, kernel, &back, &images, &seen);
	if (w->broken)
		return w->broken;
	return is_same(kernel, before) ? NULL :
					 "taken back, it is not as before";
}

/**
 * run_case() - One state and one document
 * @w:		World
 * @ret_conflict: Whether somebody else's object was in the way
 *
 * Return: what is wrong, or NULL
 */
static const char *run_case(struct world *w, bool *ret_conflict)
{
	_cleanup_(model_release) struct model before, kernel, want, owned;
	_cleanup_(plan_release) struct plan plan = { 0 }, again = { 0 };
	struct plan_input in = { .want = &want,
				 .have = &before,
				 .owned_keys = &owned };
	struct conflict conflict;
	const char *wrong;
	int r;

	model_init(&before, w->strings);
	model_init(&kernel, w->strings);
	model_init(&want, w->strings);
	model_init(&owned, w->strings);
	draw_model(w, &before, draw(w, 3) ? 12 : 0);
	draw_model(w, &want, 0);
	for (size_t i = 0; i < before.tables[KIND_SYSCTL].n; i++)
		if (draw(w, 2))
			CHECK_INT("owned", 0,
				  model_put(&owned, KIND_SYSCTL,
					    MODEL_AT(&before, KIND_SYSCTL,
						     sysctl, i)));
	copy(&before, &kernel);
	r = plan_compute(&in, &conflict, &plan);
	*ret_conflict = r == -EPERM;
	if (r == -EPERM)
		return object_protocol(kinds[conflict.kind], conflict.have) ==
				       NETSETUP_PROTO ?
			       "a conflict with what is ours" :
			       NULL;
	do_plan(w, &kernel, &plan, &want, &before);
	wrong = w->broken ? w->broken :
			    is_right(&kernel, &want, &before, &owned);
	if (wrong)
		return wrong;
	in.have = &kernel;
	in.owned_keys = NULL;
	r = plan_compute(&in, &conflict, &again);
	if (r < 0 || again.n)
		return "a second plan is not empty";
	return run_back(w, &plan, &want, &before, &kernel);
}

/**
 * start() - A world by its seed
 * @w:		World
 * @seed:	Seed
 */
static void start(struct world *w, uint64_t seed)
{
	const struct group_member member = { .id = 1, .weight = 1 };

	*w = (struct world){ .seed = seed * 0x9e3779b97f4a7c15ULL + 1,
			     .strings = strings_new() };
	for (size_t i = 0; i < DEVICES; i++)
		w->devs[i] = strings_add_text(
			w->strings, (char[]){ 'd', (char)('0' + i), 0 });
	for (size_t i = 0; i < ARRAY_SIZE(w->paths); i++)
		w->paths[i] = strings_add_text(
			w->strings,
			(char[]){ 'n', 'e', 't', '/', (char)('a' + i), 0 });
	w->values[0] = strings_add_text(w->strings, "0");
	w->values[1] = strings_add_text(w->strings, "1");
	w->group = strings_add(w->strings, &member, sizeof(member));
}

/**
 * test_random() - Many cases; SHOOT6_SEED=N is the first one
 */
static void test_random(void)
{
	const char *text = getenv("SHOOT6_SEED");
	uint64_t first = text ? strtoull(text, NULL, 10) : 1;
	size_t n_conflicts = 0, n_done = 0;

	for (uint64_t seed = first; seed < first + CASES; seed++) {
		struct world w;
		bool conflict = false;
		const char *wrong;
		char what[64];

		start(&w, seed);
		wrong = run_case(&w, &conflict);
		strings_free(w.strings);
		n_conflicts += conflict;
		n_done += !conflict && !wrong;
		snprintf(what, sizeof(what), "SHOOT6_SEED=%llu",
			 (unsigned long long)seed);
		if (!CHECK_STR(what, "", wrong ? wrong : ""))
			return;
	}
	printf("# seeds %llu to %llu: %zu done and taken back, %zu conflicts\n",
	       (unsigned long long)first,
	       (unsigned long long)(first + CASES - 1), n_done, n_conflicts);
	CHECK_INT("both were met", 1, n_conflicts > 0 && n_done > CASES / 4);
}

UNIT_SUITE(model, { "random states and documents", test_random });
