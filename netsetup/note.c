/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/note.h"

#include "netsetup/state.h"

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
 * note_step() - Write one step's images into a journal
 * @e:		Engine
 * @j:		Journal
 * @want:	After, or NULL
 * @have:	Before, or NULL
 * @kind:	Kind
 *
 * Return: 0; -ENOMEM
 */
static int note_step(const struct engine *e, struct journal *j,
		     const void *want, const void *have, enum kind_id kind)
{
	const struct kind *k = kinds[kind];
	union {
		struct link link;
		char bytes[256];
	} image;
	int r = model_put(&j->sets[JOURNAL_KEYS], kind, want ? want : have);

	if (r == 0 && have) {
		memcpy(image.bytes, have, k->size);
		if (k->image)
			k->image(want, have, image.bytes);
		r = model_put(&j->sets[JOURNAL_BEFORE], kind, image.bytes);
	}
	if (r < 0 || !want || !is_untagged(e, kind) ||
	    (kind == KIND_LINK && ((const struct link *)want)->kind) ||
	    model_find(&e->owned_keys, kind, want))
		return r;
	r = model_put(&j->sets[JOURNAL_OWNED_KEYS], kind, want);
	if (r == 0 && have)
		r = model_put(&j->sets[JOURNAL_OWNED], kind, image.bytes);
	return r;
}

/**
 * note_owned() - Carry over what stays ours, without what is given back
 * @e:		Engine
 * @w:		Work
 * @j:		Journal
 *
 * An object is given back when what is wanted is what it held before it was ours.
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

			r = model_put(&j->sets[JOURNAL_PRIOR_KEYS], k, key);
			if (r == 0 && old)
				r = model_put(&j->sets[JOURNAL_PRIOR], k, old);
			if (!want || (old && memcmp(want, old, size) == 0))
				continue;
			if (r == 0)
				r = model_put(&j->sets[JOURNAL_OWNED_KEYS], k,
					      key);
			if (r == 0 && old)
				r = model_put(&j->sets[JOURNAL_OWNED], k, old);
		}
	}
	return r;
}

/**
 * is_second() - Whether a step is the second one of its link, whose images are noted
 * @p:		Plan
 * @at:		Place of the step
 *
 * Return: true if it is
 */
static bool is_second(const struct plan *p, size_t at)
{
	const struct step *s = &p->steps[at];

	for (size_t i = 0; s->stage == STAGE_LINK_UP && i < at; i++)
		if (p->steps[i].kind == KIND_LINK &&
		    p->steps[i].want == s->want)
			return true;
	return false;
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
		r = note_step(e, j, step_want(s, &w->want),
			      step_have(s, &w->have), s->kind);
	}
	for (size_t i = 0; i < JOURNAL_SETS && r == 0; i++)
		(void)model_sort_all(&j->sets[i]);
	return r;
}
