/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/renew.h"

#include "netsetup/kind/linkinfo.h"
#include "netsetup/rest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/**
 * renew_is_due() - Whether a link of ours has to be made anew
 * @want:	Desired link
 * @have:	Observed one
 *
 * Return: true if it has
 */
bool renew_is_due(const struct link *want, const struct link *have)
{
	return want->kind && have->owned == LINK_OURS &&
	       !linkinfo_same_nature(want, have);
}

/**
 * find_renewed() - What is noted of a link
 * @d:		Run
 * @name:	Its name, or 0
 *
 * Return: note, or NULL
 */
static const struct renewed *find_renewed(const struct differ *d, uint32_t name)
{
	for (size_t i = 0; name && i < d->n_renewed; i++)
		if (d->renewed[i].name == name)
			return &d->renewed[i];
	return NULL;
}

/**
 * renew_takes() - Whether a link loses its addresses
 * @d:		Run; the steps of links are there
 * @name:	Its name
 *
 * Return: true if it does
 */
bool renew_takes(const struct differ *d, uint32_t name)
{
	return find_renewed(d, name) != NULL;
}

/**
 * is_remade() - Whether a link goes, with all that is on it
 * @d:		Run
 * @name:	Its name, or 0
 *
 * Return: true if it does
 */
static bool is_remade(const struct differ *d, uint32_t name)
{
	const struct renewed *r = find_renewed(d, name);

	return r && r->remade;
}

/**
 * note() - Note that a link loses what is on it
 * @d:		Run
 * @name:	Its name
 * @remade:	It goes itself
 *
 * Return: 0; -ENOMEM
 */
static int note(struct differ *d, uint32_t name, bool remade)
{
	struct renewed *all;

	if (find_renewed(d, name))
		return 0;
	all = reallocarray(d->renewed, d->n_renewed + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	d->renewed = all;
	all[d->n_renewed++] = (struct renewed){ name, remade };
	return 0;
}

/**
 * renew_release() - Free what is noted
 * @d:		Run
 */
void renew_release(struct differ *d)
{
	free(d->renewed);
	d->renewed = NULL;
	d->n_renewed = 0;
	model_release(&d->nexthops);
}

/**
 * refuse() - Name a link that stands in the way because nobody would make it again
 * @d:		Run
 * @l:		Link
 *
 * Return: -EPERM; 0 where things are put back, whatever rests on them
 */
static int refuse(struct differ *d, const struct link *l)
{
	if (d->in->scope)
		return 0;
	*d->conflict = (struct conflict){ KIND_LINK, NULL, l };
	return -EPERM;
}

/**
 * note_gone() - Note that a link goes, and with a veth its other end
 * @d:		Run
 * @h:		Observed link
 *
 * Return: 0; -ENOMEM, -EPERM where the document takes the other end for one that is there
 *	   in any case
 */
static int note_gone(struct differ *d, const struct link *h)
{
	const struct link key = { .name = h->peer };
	const struct link *end, *want;
	int r = note(d, h->name, true);

	if (r < 0 || !h->peer)
		return r;
	end = model_find(d->in->have, KIND_LINK, &key);
	want = model_find(d->in->want, KIND_LINK, &key);
	if (end && want && !want->kind && refuse(d, end) < 0)
		return -EPERM;
	return note(d, h->peer, true);
}

/**
 * renew_link() - Remove a link, and make it again
 * @d:		Run, kind link
 * @want:	Place in the desired table + 1
 * @have:	Place in the observed table + 1
 *
 * Return: 0; -ENOMEM, -EPERM as note_gone()
 */
int renew_link(struct differ *d, size_t want, size_t have)
{
	const struct link *h = MODEL_AT(d->in->have, KIND_LINK, link, have - 1);
	int r = note_gone(d, h);

	if (r == 0)
		r = plan_add_step(d, OP_REMOVE,
				  h->parent ? STAGE_UNMAKE_UPPER : STAGE_UNMAKE,
				  0, have);
	return r < 0 ? r : plan_add_change(d, OP_ADD, want, 0);
}

/**
 * take_steps() - Take the steps of a link out of the plan
 * @d:		Run
 * @want:	Place in the desired table + 1
 */
static void take_steps(struct differ *d, size_t want)
{
	struct plan *p = d->plan;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->steps[i].kind == KIND_LINK && p->steps[i].want == want)
			p->n_op[p->steps[i].op]--;
		else
			p->steps[n++] = p->steps[i];
	}
	p->n = n;
}

/* A link that hangs on one that is made anew. */
struct hanger {
	const struct link *want; /* NULL: it is not wanted */
	size_t want_at, have_at; /* places + 1; 0: none */
};

/**
 * find_hanger() - Places of a link
 * @d:		Run, kind link
 * @h:		Observed link
 *
 * Return: what is known of it
 */
static struct hanger find_hanger(const struct differ *d, const struct link *h)
{
	const struct link *first = MODEL_AT(d->in->have, KIND_LINK, link, 0);
	struct hanger out = { .have_at = (size_t)(h - first) + 1 };
	size_t at = 0;

	out.want_at = plan_place_of(d, d->in->want, h, &at);
	if (out.want_at)
		out.want =
			MODEL_AT(d->in->want, KIND_LINK, link, out.want_at - 1);
	return out;
}

/**
 * remake_upper() - What becomes of a link that rests on one which is made anew
 * @d:		Run, kind link
 * @h:		Link that goes with it
 *
 * Return: 0; -ENOMEM, -EPERM where it is somebody else's
 */
static int remake_upper(struct differ *d, const struct link *h)
{
	const struct hanger u = find_hanger(d, h);

	if ((h->owned != LINK_OURS || (u.want && !u.want->kind)) &&
	    refuse(d, h) < 0)
		return -EPERM;
	if (!u.want || !u.want->kind)
		return note_gone(d, h);
	take_steps(d, u.want_at);
	return renew_link(d, u.want_at, u.have_at);
}

/**
 * is_vrf() - Whether a link is a vrf, or will be one
 * @d:		Run
 * @name:	Its name, or 0
 *
 * Return: true if it is
 */
static bool is_vrf(const struct differ *d, uint32_t name)
{
	const struct model *const models[] = { d->in->want, d->in->have };
	const struct link key = { .name = name };

	for (size_t i = 0; name && i < ARRAY_SIZE(models); i++) {
		const struct link *l = model_find(models[i], KIND_LINK, &key);

		if (l && strcmp(strings_get(models[i]->strings, l->kind),
				"vrf") == 0)
			return true;
	}
	return false;
}

/**
 * rejoin() - Put a port back into its master, which is made anew
 * @d:		Run, kind link
 * @h:		Port
 *
 * Return: 0; -ENOMEM, -EPERM where nobody says that it belongs there
 */
static int rejoin(struct differ *d, const struct link *h)
{
	const struct hanger u = find_hanger(d, h);
	int r = is_vrf(d, h->master) ? note(d, h->name, false) : 0;

	if (r < 0 || (!u.want && h->owned == LINK_OURS))
		return r;
	if (!u.want || !(u.want->set & LINK_SET_MASTER))
		return refuse(d, h);
	for (size_t i = 0; i < d->plan->n; i++)
		if (d->plan->steps[i].want == u.want_at &&
		    d->plan->steps[i].stage == STAGE_LINK_UP)
			return 0;
	return plan_add_step(d, OP_CHANGE, STAGE_LINK_UP, u.want_at, u.have_at);
}

/**
 * is_bared() - Whether the kernel drops what is on a link that changes its state
 * @d:		Run
 * @w:		Desired link
 * @h:		Observed one
 *
 * Return: true where it enters or leaves a vrf, or goes down
 */
static bool is_bared(const struct differ *d, const struct link *w,
		     const struct link *h)
{
	if (w->set & LINK_SET_UP && !w->up && h->up)
		return true;
	return w->set & LINK_SET_MASTER && w->master != h->master &&
	       (is_vrf(d, w->master) || is_vrf(d, h->master));
}

/**
 * note_moves() - Note the links that stay, and lose what is on them
 * @d:		Run
 *
 * Return: 0; -ENOMEM
 */
static int note_moves(struct differ *d)
{
	int r = 0;

	for (size_t i = 0; i < d->plan->n && r == 0; i++) {
		const struct step *s = &d->plan->steps[i];
		const struct link *w = step_want(s, d->in->want);
		const struct link *h = step_have(s, d->in->have);

		if (s->kind == KIND_LINK && s->stage == STAGE_LINK_UP && h &&
		    is_bared(d, w, h))
			r = note(d, h->name, false);
	}
	return r;
}

/**
 * is_in_the_way() - Whether a link that goes has to go before others are made
 * @d:		Run, kind link
 * @h:		Link
 *
 * Return: true if it has
 */
static bool is_in_the_way(const struct differ *d, const struct link *h)
{
	for (size_t i = 0; i < d->plan->n; i++) {
		const struct step *s = &d->plan->steps[i];
		const struct link *w = step_want(s, d->in->want);

		if (s->kind == KIND_LINK && s->op == OP_ADD && w->kind &&
		    (w->peer == h->name || linkinfo_excludes(w, h)))
			return true;
	}
	return false;
}

/**
 * make_way() - Remove links first that are in the way of those to be made
 * @d:		Run, kind link
 *
 * Return: 0; -ENOMEM, -EPERM as note_gone()
 */
static int make_way(struct differ *d)
{
	int r = 0;

	for (size_t i = 0; i < d->plan->n && r == 0; i++) {
		struct step *s = &d->plan->steps[i];
		const struct link *h = step_have(s, d->in->have);

		if (s->kind != KIND_LINK || s->op != OP_REMOVE ||
		    is_remade(d, h->name) || !is_in_the_way(d, h))
			continue;
		s->stage = h->parent ? STAGE_UNMAKE_UPPER : STAGE_UNMAKE;
		r = note_gone(d, h);
	}
	return r;
}

/**
 * renew_links() - Follow links that are made anew to those that hang on them
 * @d:		Run, kind link; the steps of links are there
 *
 * Return: 0; -ENOMEM, -EPERM where one of them is somebody else's (the run's conflict)
 */
int renew_links(struct differ *d)
{
	const struct table *t = &d->in->have->tables[KIND_LINK];
	size_t known;
	int r = make_way(d);

	/* Once more while there are new ones: links may be stacked. */
	do {
		known = d->n_renewed;
		for (size_t i = 0; i < t->n && r == 0; i++) {
			const struct link *h =
				MODEL_AT(d->in->have, KIND_LINK, link, i);

			if (is_remade(d, h->parent) && !is_remade(d, h->name))
				r = remake_upper(d, h);
		}
	} while (r == 0 && d->n_renewed > known);
	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct link *h =
			MODEL_AT(d->in->have, KIND_LINK, link, i);

		if (is_remade(d, h->master) && !is_remade(d, h->name))
			r = rejoin(d, h);
	}
	return r < 0 ? r : note_moves(d);
}

/**
 * loses() - Whether a link loses what is on it
 * @test:	.context: struct differ
 * @dev:	Its name
 *
 * Return: true if it does; sysctls stay with a link that stays
 */
static bool loses(const struct rest_test *test, uint32_t dev)
{
	const struct differ *d = test->context;
	const struct renewed *r = find_renewed(d, dev);

	return r && (r->remade || d->kind != KIND_SYSCTL);
}

/**
 * is_lost() - Whether the kernel drops an object with what happens to links
 * @d:		Run
 * @object:	Object of its kind
 *
 * Return: true if it does
 */
static bool is_lost(const struct differ *d, const void *object)
{
	const struct rest_test test = { loses, d->in->want->strings, d };

	return rest_on(&test, d->kind, object) ||
	       rest_on_nexthop(d->in->want->strings, &d->nexthops, d->kind,
			       object);
}

/**
 * goes() - Whether a link goes itself
 * @test:	.context: struct differ
 * @dev:	Its name
 *
 * Return: true if it does
 */
static bool goes(const struct rest_test *test, uint32_t dev)
{
	return is_remade(test->context, dev);
}

/**
 * note_nexthops() - Note which nexthops that there are will be lost
 * @d:		Run, kind nexthop
 *
 * What uses one of those is lost, too, also where the nexthop comes again on another link.
 * Twice: a group may come before its members.
 *
 * Return: 0; -ENOMEM
 */
static int note_nexthops(struct differ *d)
{
	const struct table *t = &d->in->have->tables[KIND_NEXTHOP];
	int r = 0;

	for (size_t i = 0; i < 2 * t->n && r == 0; i++) {
		const struct nexthop *n =
			MODEL_AT(d->in->have, KIND_NEXTHOP, nexthop, i % t->n);

		if (model_find(&d->nexthops, KIND_NEXTHOP, n) || !is_lost(d, n))
			continue;
		r = model_put(&d->nexthops, KIND_NEXTHOP, n);
		(void)model_sort(&d->nexthops, KIND_NEXTHOP);
	}
	return r;
}

/**
 * adjust() - Let a step that is there know that its object is lost
 * @d:		Run
 * @s:		Step of its kind
 *
 * What is to go has gone with its link, and comes back by us alone; where the link stays it
 * may be there still (keep_addr_on_down). An address is not removed to get another prefix
 * length.
 */
static void adjust(struct differ *d, struct step *s)
{
	const struct address *w = step_want(s, d->in->want);
	const struct address *h = step_have(s, d->in->have);
	const struct rest_test test = { goes, d->in->want->strings, d };
	enum op op = s->op;

	if (!h || !is_lost(d, h))
		return;
	if (op == OP_REMOVE && rest_on(&test, s->kind, h))
		op = OP_SIDE;
	else if (op == OP_CHANGE && s->kind == KIND_ADDRESS && h->len != w->len)
		op = OP_ADD;
	d->plan->n_op[s->op]--;
	d->plan->n_op[op]++;
	s->op = (uint8_t)op;
}

/**
 * renew_rest() - Put again what is wanted and lost
 * @d:		Run; the steps of its kind are there
 *
 * Return: 0; -ENOMEM
 */
int renew_rest(struct differ *d)
{
	const struct table *t = &d->in->want->tables[d->kind];
	_cleanup_free_ bool *planned = NULL;
	size_t next = 0;
	int r = 0;

	if (!d->n_renewed || d->kind == KIND_LINK)
		return 0;
	planned = calloc(t->n + 1, sizeof(*planned));
	if (!planned)
		return -ENOMEM;
	if (d->kind == KIND_NEXTHOP)
		r = note_nexthops(d);
	for (size_t i = 0; i < d->plan->n && r == 0; i++) {
		struct step *s = &d->plan->steps[i];

		if (s->kind != d->kind)
			continue;
		planned[s->want] = true;
		adjust(d, s);
	}
	for (size_t i = 0; i < t->n && r == 0; i++) {
		const char *w = t->items + i * d->k->size;
		size_t have;

		if (planned[i + 1] || !is_lost(d, w))
			continue;
		have = plan_place_of(d, d->in->have, w, &next);
		if (have)
			r = plan_add_change(d, OP_CHANGE, i + 1, have);
	}
	return r;
}
