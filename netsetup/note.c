/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/note.h"

#include "netsetup/renew.h"
#include "netsetup/state.h"
#include "netsetup/sysctl.h"

#include <string.h>
#include <unistd.h>

/**
 * is_untagged() - Whether the kernel keeps no owner for a kind
 * @e:		Engine
 * @kind:	Kind
 *
 * Return: true if it does not
 */
static bool is_untagged(const struct engine *e, enum kind_id kind)
{
	if (kind == KIND_ADDRESS)
		return !(e->caps & CAP_IFA_PROTO);
	return kinds[kind]->protocol == 0;
}

/**
 * is_others() - Whether a sysctl is of an interface that is not ours
 * @w:		Work
 * @c:		Sysctl
 *
 * Return: true if it is, or of none
 */
static bool is_others(const struct work *w, const struct sysctl *c)
{
	struct strings *s = w->have.strings;
	struct link key = { 0 };
	const struct link *l;
	char dev[IFNAMSIZ];

	if (!sysctl_device(strings_get(s, c->path), dev))
		return true;
	key.name = strings_find(s, dev, strlen(dev));
	l = model_find(&w->have, KIND_LINK, &key);
	return !l || l->owned == LINK_OTHERS;
}

/**
 * key_of() - What is kept of an object that is ours
 * @w:		Work
 * @kind:	Kind
 * @want:	What is wanted, or NULL
 * @key:	Object
 * @c:		Room for a sysctl
 *
 * Of a link it is what the document stated, of a sysctl the value where that is another one
 * than conf/all writes through.
 *
 * Return: object
 */
static const void *key_of(const struct work *w, enum kind_id kind,
			  const void *want, const void *key, struct sysctl *c)
{
	const struct sysctl *all;

	if (kind != KIND_SYSCTL)
		return want && kind == KIND_LINK ? want : key;
	*c = *(const struct sysctl *)(want ? want : key);
	all = &(struct sysctl){ sysctl_all_of(w->want.strings, c->path), 0 };
	all = all->path ? model_find(&w->want, KIND_SYSCTL, all) : NULL;
	if (!want || (all && all->value == c->value))
		c->value = 0;
	return c;
}

/**
 * note_step() - Write one step's images into a journal
 * @e:		Engine
 * @w:		Work
 * @j:		Journal
 * @want:	After, or NULL
 * @have:	Before, or NULL
 * @kind:	Kind
 *
 * Return: 0; -ENOMEM
 */
static int note_step(const struct engine *e, const struct work *w,
		     struct journal *j, const void *want, const void *have,
		     enum kind_id kind)
{
	const struct kind *k = kinds[kind];
	union {
		struct link link;
		char bytes[256];
	} image;
	struct sysctl room;
	int r = model_put(&j->sets[JOURNAL_KEYS], kind, want ? want : have);

	if (r == 0 && have) {
		memcpy(image.bytes, have, k->size);
		if (k->image)
			k->image(want, have, image.bytes);
		r = model_put(&j->sets[JOURNAL_BEFORE], kind, image.bytes);
	}
	/* What follows a sysctl of conf/all has to follow it back. */
	if (!want && !(kind == KIND_SYSCTL && is_others(w, have)))
		return r;
	if (r < 0 || !is_untagged(e, kind) ||
	    model_find(&e->owned_keys, kind, want ? want : have))
		return r;
	/* Of a link of ours it is what the document stated. */
	if (want && kind == KIND_LINK && ((const struct link *)want)->kind)
		return model_put(&j->sets[JOURNAL_OWNED_KEYS], kind, want);
	r = model_put(&j->sets[JOURNAL_OWNED_KEYS], kind,
		      key_of(w, kind, want, want ? want : have, &room));
	if (r == 0 && have)
		r = model_put(&j->sets[JOURNAL_OWNED], kind, image.bytes);
	return r;
}

/**
 * put_original() - Carry over what an object held before it was ours
 * @w:		Work
 * @j:		Journal
 * @kind:	Kind
 * @key:	Object as it was wanted last
 * @old:	What it held, or NULL
 *
 * A link may be given further attributes by each document: what they held counts, too,
 * also for a link that we have made, unless it is made anew.
 *
 * Return: 0; -ENOMEM
 */
static int put_original(const struct work *w, struct journal *j,
			enum kind_id kind, const void *key, const void *old)
{
	const bool is_link = kind == KIND_LINK;
	const struct link *was = key;
	const struct link *want =
		is_link ? model_find(&w->want, kind, key) : NULL;
	const struct link *have =
		is_link ? model_find(&w->have, kind, key) : NULL;
	struct link all = { 0 };
	uint32_t set;

	if (!want || !have || (!want->kind && !old))
		return old ? model_put(&j->sets[JOURNAL_OWNED], kind, old) : 0;
	if (renew_is_due(want, have))
		return 0;
	memcpy(&all, old ? old : have, sizeof(all));
	if (!old)
		all.set = 0;
	set = want->set & ~all.set;
	if (want->kind)
		set &= ~was->set & LINK_SET_CHOSEN;
	link_take(&all, have, set);
	return all.set ? model_put(&j->sets[JOURNAL_OWNED], kind, &all) : 0;
}

/**
 * is_given_back() - Whether an object is ours no longer
 * @e:		Engine
 * @w:		Work
 * @kind:	Kind
 * @key:	Object that was ours
 * @old:	What it held before, or NULL
 *
 * It is not when what is wanted is what it held before; but a sysctl that follows one of
 * conf/all follows that back, too, and is given back with it.
 *
 * Return: true if so
 */
static bool is_given_back(const struct engine *e, const struct work *w,
			  enum kind_id kind, const void *key, const void *old)
{
	const void *want = model_find(&w->want, kind, key);
	bool same = want && old && !memcmp(want, old, kinds[kind]->size);
	bool led = kind == KIND_SYSCTL && sysctl_is_led(&w->want, key);
	const struct sysctl *all, *was;
	struct sysctl c = { 0 };

	if (!want || !same || !led)
		return want ? same : !led;
	c.path = sysctl_all_of(w->want.strings,
			       ((const struct sysctl *)key)->path);
	all = model_find(&w->want, KIND_SYSCTL, &c);
	was = model_find(&e->owned, KIND_SYSCTL, &c) ?:
		      model_find(&w->have, KIND_SYSCTL, &c);
	return !was || was->value == all->value;
}

/**
 * note_owned() - Carry over what stays ours, without what is given back
 * @e:		Engine
 * @w:		Work
 * @j:		Journal
 *
 * Return: 0; -ENOMEM
 */
static int note_owned(const struct engine *e, const struct work *w,
		      struct journal *j)
{
	int r = 0;

	for (size_t k = 0; k < KIND_MAX && r == 0; k++) {
		const struct table *t_keys = &e->owned_keys.tables[k];
		size_t size = kinds[k]->size;

		for (size_t i = 0; i < t_keys->n && r == 0; i++) {
			const char *key = t_keys->items + i * size;
			const void *want = model_find(&w->want, k, key);
			const void *old = model_find(&e->owned, k, key);
			struct sysctl room;

			r = model_put(&j->sets[JOURNAL_PRIOR_KEYS], k, key);
			if (r == 0 && old)
				r = model_put(&j->sets[JOURNAL_PRIOR], k, old);
			if (is_given_back(e, w, (enum kind_id)k, key, old))
				continue;
			if (r == 0)
				r = model_put(&j->sets[JOURNAL_OWNED_KEYS], k,
					      key_of(w, k, want, key, &room));
			if (r == 0)
				r = put_original(w, j, k, key, old);
		}
	}
	return r;
}

/**
 * is_second() - Whether a step is the second one of its object, whose images are noted
 * @p:		Plan
 * @at:		Place of the step
 *
 * Return: true if it is
 */
static bool is_second(const struct plan *p, size_t at)
{
	const struct step *s = &p->steps[at];

	if (s->stage != STAGE_LINK_UP && s->stage != STAGE_ROUTE_SOURCE)
		return false;
	for (size_t i = 0; i < at; i++)
		if (p->steps[i].kind == s->kind && p->steps[i].want == s->want)
			return true;
	return false;
}

/**
 * drop_double() - Leave one key of each link: one that is made anew goes and comes
 * @m:		Keys, sorted
 */
static void drop_double(struct model *m)
{
	struct table *t = &m->tables[KIND_LINK];
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct link *l = MODEL_AT(m, KIND_LINK, link, i);

		if (n == 0 ||
		    MODEL_AT(m, KIND_LINK, link, n - 1)->name != l->name)
			memmove(MODEL_AT(m, KIND_LINK, link, n++), l,
				sizeof(*l));
	}
	t->n = n;
}

/**
 * note_fill() - All that taking back will need
 * @e:		Engine
 * @w:		Work
 * @j:		Empty journal
 *
 * Return: 0 or a negative errno
 */
int note_fill(const struct engine *e, const struct work *w, struct journal *j)
{
	int r = state_boot_id(j->header.boot);

	j->header.netns = state_netns();
	j->header.pid = (uint32_t)getpid();
	if (r == 0)
		r = note_owned(e, w, j);
	for (size_t i = 0; i < w->plan.n && r == 0; i++) {
		const struct step *s = &w->plan.steps[i];

		if (is_second(&w->plan, i))
			continue;
		if (s->kind == KIND_UNIT) {
			/* To be run again if its inputs are put back. */
			r = model_put(&j->sets[JOURNAL_BEFORE], KIND_UNIT,
				      step_want(s, &w->want));
			continue;
		}
		r = note_step(e, w, j, step_want(s, &w->want),
			      step_have(s, &w->have), s->kind);
	}
	for (size_t i = 0; i < JOURNAL_SETS && r == 0; i++)
		(void)model_sort_all(&j->sets[i]);
	drop_double(&j->sets[JOURNAL_KEYS]);
	return r;
}
