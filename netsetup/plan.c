/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/plan.h"

#include "netsetup/kind/linkinfo.h"
#include "netsetup/renew.h"
#include "netsetup/stack.h"
#include "netsetup/sysctl.h"
#include "netsetup/veth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/**
 * plan_release() - Free the steps
 * @p:		Plan; empty afterwards
 */
void plan_release(struct plan *p)
{
	free(p->steps);
	*p = (struct plan){ 0 };
}

/**
 * step_want() - Object after a step
 * @s:		Step
 * @want:	Desired model
 *
 * Return: object; NULL where it goes away
 */
const void *step_want(const struct step *s, const struct model *want)
{
	return s->want == 0 ? NULL :
			      model_at(want, s->kind, kinds[s->kind]->size,
				       s->want - 1);
}

/**
 * step_have() - Object before a step
 * @s:		Step
 * @have:	Observed model
 *
 * Return: object; NULL where there was none
 */
const void *step_have(const struct step *s, const struct model *have)
{
	return s->have == 0 ? NULL :
			      model_at(have, s->kind, kinds[s->kind]->size,
				       s->have - 1);
}

/**
 * plan_add_step() - Append a step
 * @d:		Run
 * @op:		What it does
 * @stage:	When
 * @want:	Place in the desired table + 1, or 0
 * @have:	Place in the observed table + 1, or 0
 *
 * Return: 0; -ENOMEM
 */
int plan_add_step(struct differ *d, enum op op, enum stage stage, size_t want,
		  size_t have)
{
	struct plan *p = d->plan;

	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 64;
		struct step *steps =
			reallocarray(p->steps, room, sizeof(*steps));

		if (!steps)
			return -ENOMEM;
		p->steps = steps;
		p->room = room;
	}
	p->steps[p->n++] = (struct step){
		.kind = (uint8_t)d->kind,
		.op = (uint8_t)op,
		.stage = (uint8_t)stage,
		.want = (uint32_t)want,
		.have = (uint32_t)have,
	};
	p->n_op[op]++;
	return 0;
}

/**
 * is_foreign() - Whether an object belongs to somebody else
 * @d:		Run
 * @want:	What is wanted in its place
 * @have:	What there is
 *
 * The end of a veth that was made with its other one, and not named, is no link of ours to
 * be made anew. A link of another nature cannot be adopted either.
 *
 * Return: true where it must not be changed
 */
static bool is_foreign(const struct differ *d, const void *want,
		       const void *have)
{
	const struct link *l = have, *w = want;

	if (d->in->scope)
		return false;
	if (d->kind == KIND_LINK && w->kind && l->owned != LINK_OURS &&
	    !linkinfo_same_nature(w, l))
		return true;
	if (d->in->adopt)
		return false;
	if (d->kind == KIND_LINK)
		return w->kind && l->owned == LINK_OTHERS;
	return d->k->protocol && object_protocol(d->k, have) != NETSETUP_PROTO;
}

/**
 * is_removable() - Whether an object that nobody wants is ours to remove
 * @d:		Run
 * @have:	Object
 *
 * Return: true if it is
 */
static bool is_removable(const struct differ *d, const void *have)
{
	const struct link *l = have;

	if (d->kind == KIND_LINK)
		return d->in->scope ||
		       (l->owned == LINK_OURS && !veth_is_kept(d->in->want, l));
	if (d->k->protocol)
		return object_protocol(d->k, have) == NETSETUP_PROTO;
	if (d->kind == KIND_SYSCTL && !d->in->scope &&
	    sysctl_is_led(d->in->want, have))
		return false;
	return d->in->scope || (d->in->owned_keys &&
				model_find(d->in->owned_keys, d->kind, have));
}

/**
 * plan_add_change() - Step or steps for one object
 * @d:		Run
 * @op:		What is done
 * @want:	Place in the desired table + 1, or 0
 * @have:	Place in the observed table + 1, or 0
 *
 * Return: 0; -ENOMEM
 */
int plan_add_change(struct differ *d, enum op op, size_t want, size_t have)
{
	const struct step s = {
		.kind = (uint8_t)d->kind,
		.want = (uint32_t)want,
		.have = (uint32_t)have,
	};
	const void *w = step_want(&s, d->in->want);
	const void *h = step_have(&s, d->in->have);
	int r;

	if (d->kind != KIND_LINK || op == OP_REMOVE)
		return plan_add_step(
			d, op, d->k->stage(op, d->in->want->strings, w, h),
			want, have);
	r = 0;
	if (op == OP_ADD || link_attributes_differ(w, h))
		r = plan_add_step(d, op,
				  d->k->stage(op, d->in->want->strings, w, h),
				  want, have);
	if (r == 0 && link_state_differs(w, h))
		r = plan_add_step(d, OP_CHANGE, STAGE_LINK_UP, want, have);
	return r;
}

/**
 * compare_pair() - An object that is wanted and there
 * @d:		Run
 * @want:	Place in the desired table
 * @have:	Place in the observed table
 *
 * Return: 0; -ENOMEM, -EPERM where it belongs to somebody else (the run's conflict)
 */
static int compare_pair(struct differ *d, size_t want, size_t have)
{
	const void *w = model_at(d->in->want, d->kind, d->k->size, want);
	const void *h = model_at(d->in->have, d->kind, d->k->size, have);

	if (d->k->same ? d->k->same(w, h) : memcmp(w, h, d->k->size) == 0)
		return 0;
	if (is_foreign(d, w, h)) {
		*d->conflict = (struct conflict){ d->kind, w, h };
		return -EPERM;
	}
	if (d->kind == KIND_LINK && renew_is_due(w, h))
		return renew_link(d, want + 1, have + 1);
	return plan_add_change(d, OP_CHANGE, want + 1, have + 1);
}

/**
 * foreign_user() - A route of somebody else that would go with a nexthop of ours
 * @d:		Run, kind nexthop
 * @have:	Nexthop
 *
 * Return: route, or NULL
 */
static const struct route *foreign_user(const struct differ *d,
					const struct nexthop *have)
{
	const struct table *t = &d->in->have->tables[KIND_ROUTE];

	for (size_t i = 0; i < t->n; i++) {
		const struct route *r =
			MODEL_AT(d->in->have, KIND_ROUTE, route, i);

		if (r->nexthop == have->id && r->protocol != NETSETUP_PROTO)
			return r;
	}
	return NULL;
}

/**
 * foreign_group() - A group of somebody else that would lose a nexthop of ours
 * @d:		Run, kind nexthop
 * @have:	Nexthop
 *
 * Return: group, or NULL
 */
static const struct nexthop *foreign_group(const struct differ *d,
					   const struct nexthop *have)
{
	const struct strings *s = d->in->have->strings;
	const struct table *t = &d->in->have->tables[KIND_NEXTHOP];

	for (size_t i = 0; i < t->n; i++) {
		const struct nexthop *g =
			MODEL_AT(d->in->have, KIND_NEXTHOP, nexthop, i);
		const char *at = strings_get(s, g->group);
		const char *end = at + strings_len(s, g->group);

		for (; g->protocol != NETSETUP_PROTO && at < end;
		     at += sizeof(struct group_member)) {
			struct group_member member;

			memcpy(&member, at, sizeof(member));
			if (member.id == have->id)
				return g;
		}
	}
	return NULL;
}

/**
 * add_removal() - An object that nobody wants, if it is ours
 * @d:		Run
 * @have:	Place in the observed table
 *
 * Return: 0; -ENOMEM, -EPERM where somebody else uses it (the run's conflict)
 */
static int add_removal(struct differ *d, size_t have)
{
	const void *h = model_at(d->in->have, d->kind, d->k->size, have);
	const struct nexthop *group;
	const struct route *user;

	if (!is_removable(d, h))
		return 0;
	group = d->kind == KIND_NEXTHOP ? foreign_group(d, h) : NULL;
	user = d->kind == KIND_NEXTHOP ? foreign_user(d, h) : NULL;
	if (group || user) {
		*d->conflict = (struct conflict){
			.kind = group ? KIND_NEXTHOP : KIND_ROUTE,
			.have = group ? (const void *)group : user,
		};
		return -EPERM;
	}
	return plan_add_change(d, OP_REMOVE, 0, have + 1);
}

/**
 * diff_tables() - Merge the sorted tables of one kind
 * @d:		Run
 *
 * Return: 0; -ENOMEM, -EPERM as compare_pair()
 */
static int diff_tables(struct differ *d)
{
	const struct table *w = &d->in->want->tables[d->kind];
	const struct table *h = &d->in->have->tables[d->kind];
	size_t i = 0, j = 0, size = d->k->size;
	int r = 0;

	while (r == 0 && (i < w->n || j < h->n)) {
		int c = i == w->n ? 1 :
			j == h->n ? -1 :
				    d->k->cmp(d->in->want->strings,
					      w->items + i * size,
					      h->items + j * size);

		if (c < 0) {
			r = plan_add_change(d, OP_ADD, ++i, 0);
		} else if (c == 0) {
			r = compare_pair(d, i++, j++);
		} else {
			r = add_removal(d, j++);
		}
	}
	return r;
}

/**
 * plan_place_of() - Place of an object in a sorted table
 * @d:		Run
 * @m:		Model
 * @key:	Object whose key fields count
 * @cursor:	Where it is expected: behind the last one found; moved
 *
 * Keys come in order, so that one of many is nearly always where it is expected.
 *
 * Return: place + 1; 0 where it is not there
 */
size_t plan_place_of(const struct differ *d, const struct model *m,
		     const void *key, size_t *cursor)
{
	const struct table *t = &m->tables[d->kind];
	const char *found;

	if (*cursor < t->n &&
	    d->k->cmp(m->strings, t->items + *cursor * d->k->size, key) == 0)
		return ++*cursor;
	found = model_find(m, d->kind, key);
	if (!found)
		return 0;
	*cursor = (size_t)(found - t->items) / d->k->size + 1;
	return *cursor;
}

/**
 * diff_scope() - The same, for the objects of a scope alone
 * @d:		Run
 *
 * Return: 0; -ENOMEM
 */
static int diff_scope(struct differ *d)
{
	const struct table *keys = &d->in->scope->tables[d->kind];
	size_t size = d->k->size, next_want = 0, next_have = 0;
	int r = 0;

	for (size_t i = 0; i < keys->n && r == 0; i++) {
		const char *key = keys->items + i * size;
		size_t want = plan_place_of(d, d->in->want, key, &next_want);
		size_t have = plan_place_of(d, d->in->have, key, &next_have);

		if (want && have)
			r = compare_pair(d, want - 1, have - 1);
		else if (want)
			r = plan_add_change(d, OP_ADD, want, 0);
		else if (have && is_removable(d, model_at(d->in->have, d->kind,
							  size, have - 1)))
			r = plan_add_change(d, OP_REMOVE, 0, have);
	}
	return r;
}

/**
 * is_planned() - Whether a wanted object has a step already
 * @d:		Run
 * @want:	Place in the desired table of the run's kind + 1
 *
 * Return: true if it has
 */
static bool is_planned(const struct differ *d, size_t want)
{
	for (size_t i = 0; i < d->plan->n; i++)
		if (d->plan->steps[i].kind == d->kind &&
		    d->plan->steps[i].want == want)
			return true;
	return false;
}

/**
 * has_step() - Whether an observed sysctl is changed by the plan already
 * @p:		Plan
 * @have:	Place in the observed table + 1
 *
 * Return: true if it is
 */
static bool has_step(const struct plan *p, size_t have)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].kind == KIND_SYSCTL && p->steps[i].have == have)
			return true;
	return false;
}

/**
 * add_consequences() - What a write to conf/all does to each interface
 * @d:		Run, kind sysctl
 * @all:	Sysctl below conf/all that is written
 *
 * The kernel copies such a value to every interface, and the old one when it is put back.
 * Those that we do not write ourselves are noted so that undo can put them back, also
 * where this write leaves them as they are; those that the document wants otherwise are
 * written once more.
 *
 * Return: 0; -ENOMEM
 */
static int add_consequences(struct differ *d, const struct sysctl *all)
{
	const struct strings *s = d->in->want->strings;
	const struct table *t = &d->in->have->tables[KIND_SYSCTL];
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct sysctl *h =
			MODEL_AT(d->in->have, KIND_SYSCTL, sysctl, i);
		const struct sysctl *w =
			model_find(d->in->want, KIND_SYSCTL, h);

		if (!sysctl_follows(s, all->path, h->path) ||
		    has_step(d->plan, i + 1))
			continue;
		if (w && w->value != all->value)
			r = plan_add_step(
				d, OP_CHANGE, STAGE_SYSCTL,
				(size_t)(w - MODEL_AT(d->in->want, KIND_SYSCTL,
						      sysctl, 0)) +
					1,
				i + 1);
		else
			r = plan_add_step(d, OP_SIDE, STAGE_SYSCTL, 0, i + 1);
	}
	return r;
}

/**
 * changes_mac() - Whether a step gives a link that is there another address
 * @d:		Run
 * @s:		Step
 *
 * Return: link; NULL where it does not
 */
static const struct link *changes_mac(const struct differ *d,
				      const struct step *s)
{
	const struct link *w = step_want(s, d->in->want);
	const struct link *h = step_have(s, d->in->have);

	return s->kind == KIND_LINK && w && h && w->set & LINK_SET_MAC &&
			       memcmp(w->mac, h->mac, sizeof(w->mac)) != 0 ?
		       w :
		       NULL;
}

/**
 * diff_neighbours() - Put again what goes with a link's address
 * @d:		Run, kind neighbour
 *
 * The kernel forgets all neighbours of a link whose link-layer address changes, the
 * permanent ones, too.
 *
 * Return: 0; -ENOMEM
 */
static int diff_neighbours(struct differ *d)
{
	const struct table *t = &d->in->want->tables[KIND_NEIGHBOUR];
	size_t n = d->plan->n;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		struct step s = d->plan->steps[i];
		const struct link *l = changes_mac(d, &s);

		for (size_t j = 0, at = 0; l && j < t->n && r == 0; j++) {
			const struct neighbour *w = MODEL_AT(
				d->in->want, KIND_NEIGHBOUR, neighbour, j);
			size_t have = plan_place_of(d, d->in->have, w, &at);

			if (w->dev == l->name && have && !is_planned(d, j + 1))
				r = plan_add_change(d, OP_CHANGE, j + 1, have);
		}
	}
	return r;
}

/**
 * takes_address() - Whether a step takes an address away, be it for an instant
 * @d:		Run
 * @s:		Step
 *
 * Return: the address; NULL where it does not
 */
static const struct address *takes_address(const struct differ *d,
					   const struct step *s)
{
	const struct address *w = step_want(s, d->in->want);
	const struct address *h = step_have(s, d->in->have);

	if (s->kind != KIND_ADDRESS || !h || h->local)
		return NULL;
	return !w || w->len != h->len || h->failed || renew_takes(d, h->dev) ?
		       h :
		       NULL;
}

/**
 * put_sourced() - Put the routes from an address again
 * @d:		Run, kind route
 * @address:	Address that goes, and that is there afterwards as well
 * @late:	It goes from another interface, after all routes have been put
 *
 * Return: 0; -ENOMEM
 */
static int put_sourced(struct differ *d, const struct address *address,
		       bool late)
{
	const struct table *t = &d->in->want->tables[KIND_ROUTE];
	int r = 0;

	for (size_t i = 0, at = 0; i < t->n && r == 0; i++) {
		const struct route *w =
			MODEL_AT(d->in->want, KIND_ROUTE, route, i);

		if (!IN6_ARE_ADDR_EQUAL(&w->src, &address->address))
			continue;
		if (late)
			r = plan_add_step(
				d, OP_CHANGE, STAGE_ROUTE_SOURCE, i + 1,
				plan_place_of(d, d->in->have, w, &at));
		else if (!is_planned(d, i + 1))
			r = plan_add_change(
				d, OP_CHANGE, i + 1,
				plan_place_of(d, d->in->have, w, &at));
	}
	return r;
}

/**
 * diff_sources() - Put again the routes whose source goes for an instant
 * @d:		Run, kind route
 *
 * With an address the kernel takes it out of the routes from there, and leaves the routes:
 * with one whose length changes, and (seen on 6.1, not on 6.12) with one that is on another
 * interface by then as well.
 *
 * Return: 0; -ENOMEM
 */
static int diff_sources(struct differ *d)
{
	size_t n = d->plan->n;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct step s = d->plan->steps[i];
		const struct address *a = takes_address(d, &s);

		if (a)
			r = put_sourced(d, a, !s.want);
	}
	return r;
}

/**
 * put_after() - Write what differs from conf/all after it
 * @d:		Run, kind sysctl
 * @all:	Sysctl below conf/all that is written
 *
 * Also that of a link that is not there yet: forwarding would else go off before.
 */
static void put_after(struct differ *d, const struct sysctl *all)
{
	for (size_t i = 0; i < d->plan->n; i++) {
		struct step *s = &d->plan->steps[i];
		const struct sysctl *w = step_want(s, d->in->want);

		if (s->kind == KIND_SYSCTL && w && w->value != all->value &&
		    sysctl_follows(d->in->want->strings, all->path, w->path))
			s->stage = STAGE_SYSCTL;
	}
}

/**
 * diff_sysctls() - Consequences of all writes to conf/all
 * @d:		Run
 *
 * Return: 0; -ENOMEM
 */
static int diff_sysctls(struct differ *d)
{
	size_t n = d->plan->n;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct step s = d->plan->steps[i];
		const struct sysctl *w;

		if (s.kind != KIND_SYSCTL || !s.want)
			continue;
		w = step_want(&s, d->in->want);
		if (!sysctl_writes_through(d->in->want->strings, w->path))
			continue;
		put_after(d, w);
		r = add_consequences(d, w);
	}
	return r;
}

/**
 * is_input() - Whether a step changes what a unit depends on
 * @d:		Run
 * @step:	Step
 * @unit:	Unit
 *
 * Return: true if it does
 */
static bool is_input(const struct differ *d, const struct step *step,
		     const struct unit *unit)
{
	const struct strings *s = d->in->want->strings;
	const char *at = strings_get(s, unit->inputs);
	const char *end = at + strings_len(s, unit->inputs);
	const struct kind *k = kinds[step->kind];
	const struct file *f = step->want ? step_want(step, d->in->want) :
					    step_have(step, d->in->have);

	for (; at < end; at += strlen(at) + 1) {
		if (strcmp(at, k->plural) == 0 || strcmp(at, k->name) == 0)
			return true;
		if (step->kind == KIND_FILE &&
		    strcmp(at, strings_get(s, f->path)) == 0)
			return true;
	}
	return false;
}

/**
 * diff_units() - Restart the units whose inputs change
 * @d:		Run; all other steps are there
 *
 * Return: 0; -ENOMEM
 */
static int diff_units(struct differ *d)
{
	const struct table *t = &d->in->want->tables[KIND_UNIT];
	size_t n = d->plan->n;
	int r = 0;

	for (size_t u = 0; u < t->n && r == 0; u++)
		for (size_t i = 0; i < n; i++)
			if (is_input(d, &d->plan->steps[i],
				     MODEL_AT(d->in->want, KIND_UNIT, unit,
					      u))) {
				r = plan_add_step(d, OP_RUN, STAGE_UNIT, u + 1,
						  0);
				break;
			}
	return r;
}

/**
 * sort_steps() - Bring steps into the order of their stages, otherwise as they are
 * @p:		Plan
 *
 * Within a stage objects do not depend on each other, except for links, which are in their
 * order already, and for files that go: their folders come before them in the table, and go
 * after them.
 *
 * Return: 0; -ENOMEM
 */
static int sort_steps(struct plan *p)
{
	size_t at[STAGE_MAX + 1] = { 0 }, end;
	struct step *sorted;
	bool in_order = true;

	for (size_t i = 0; i < p->n; i++) {
		at[p->steps[i].stage + 1]++;
		if ((i > 0 && p->steps[i].stage < p->steps[i - 1].stage) ||
		    p->steps[i].stage == STAGE_REMOVE_FILE)
			in_order = false;
	}
	if (in_order)
		return 0;
	sorted = reallocarray(NULL, p->n, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 1; i <= STAGE_MAX; i++)
		at[i] += at[i - 1];
	end = at[STAGE_REMOVE_FILE + 1];
	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].stage == STAGE_REMOVE_FILE)
			sorted[--end] = p->steps[i];
		else
			sorted[at[p->steps[i].stage]++] = p->steps[i];
	free(p->steps);
	p->steps = sorted;
	p->room = p->n;
	return 0;
}

/**
 * plan_take_runs() - Take the restarts of units out of a plan
 * @p:		Plan; its .n goes down, and the restarts lie behind its end
 *
 * Return: their number
 */
size_t plan_take_runs(struct plan *p)
{
	size_t n = 0, runs = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct step s = p->steps[i];

		if (s.op == OP_RUN) {
			runs++;
			continue;
		}
		p->steps[i] = p->steps[n];
		p->steps[n++] = s;
	}
	p->n = n;
	p->n_op[OP_RUN] = 0;
	return runs;
}

/**
 * plan_compute() - Steps from what is to what should be
 * @in:		Both models and whose objects count
 * @ret_conflict: Filled where the result is -EPERM
 * @ret_plan:	Plan; the caller ends it by plan_release()
 *
 * Return: 0; -EPERM where an object of somebody else is in the way, -ENOMEM
 */
int plan_compute(const struct plan_input *in, struct conflict *ret_conflict,
		 struct plan *ret_plan)
{
	_cleanup_(plan_release) struct plan plan = { 0 };
	_cleanup_(renew_release) struct differ d = { .in = in,
						     .plan = &plan,
						     .conflict = ret_conflict };
	int r = 0;

	model_init(&d.nexthops, in->want->strings);
	for (size_t k = 0; k < KIND_MAX && r == 0; k++) {
		d.kind = (enum kind_id)k;
		d.k = kinds[k];
		if (k == KIND_UNIT) {
			r = diff_units(&d);
			continue;
		}
		r = in->scope ? diff_scope(&d) : diff_tables(&d);
		if (r == 0 && k == KIND_LINK)
			r = renew_links(&d);
		if (r == 0 && k == KIND_LINK)
			r = stack_order(in, &plan);
		if (r == 0)
			r = renew_rest(&d);
		if (r == 0 && k == KIND_SYSCTL)
			r = diff_sysctls(&d);
		if (r == 0 && k == KIND_NEIGHBOUR)
			r = diff_neighbours(&d);
		if (r == 0 && k == KIND_ROUTE)
			r = diff_sources(&d);
	}
	if (r == 0)
		r = sort_steps(&plan);
	if (r < 0)
		return r;
	*ret_plan = plan;
	plan = (struct plan){ 0 };
	return 0;
}
