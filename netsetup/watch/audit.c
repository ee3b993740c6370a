/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit: compare all that should be with all that is, and put it back
 *
 * For what events do not tell: after the kernel dropped some, for sysctls that were
 * written through another mount of /proc, for interfaces that come back, and for what
 * went with something else. It takes the engine's own plan and steps, without a journal:
 * killed half way, the next audit goes on.
 */
#include "netsetup/watch/watch.h"

#include "netsetup/watch/responder.h"
#include "netsetup/gone.h"
#include "netsetup/watch/say.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

/**
 * is_down() - Whether an interface is down, and stays so
 * @w:		Watch
 * @work:	Plan
 * @dev:	Its name, or 0
 *
 * Return: true if it does
 */
static bool is_down(const struct watch *w, const struct work *work,
		    uint32_t dev)
{
	const struct devices *all = &w->e.devices;
	const struct link key = { .name = dev };
	const struct link *l =
		dev ? model_find(&work->want, KIND_LINK, &key) : NULL;

	if (l && l->set & LINK_SET_UP && l->up)
		return false;
	for (size_t i = 0; dev && i < all->n; i++)
		if (all->items[i].name == dev)
			return !(all->items[i].flags & IFF_UP);
	return false;
}

/**
 * must_wait() - Whether a step has to wait for an interface to come back
 * @w:		Watch
 * @work:	Plan
 * @s:		Step
 *
 * Its event is waited for: what cannot be put back before is nobody's fight.
 *
 * Return: true if it has to
 */
static bool must_wait(const struct watch *w, const struct work *work,
		      const struct step *s)
{
	const void *object = s->want ? step_want(s, &work->want) : NULL;
	struct nexthop key = { 0 };
	const struct nexthop *n = object;

	if (!object)
		return false;
	if (gone_rests(&w->e, &work->want, s->kind, object))
		return true;
	if (s->kind == KIND_ROUTE) {
		const struct route *r = object;

		if (is_down(w, work, r->dev))
			return true;
		key.id = r->nexthop;
		n = key.id ? model_find(&work->want, KIND_NEXTHOP, &key) : NULL;
		return n && (is_down(w, work, n->dev) ||
			     gone_rests(&w->e, &work->want, KIND_NEXTHOP, n));
	}
	return s->kind == KIND_NEXTHOP && is_down(w, work, n->dev);
}

/**
 * drop_step() - Whether a step is left out of an audit
 * @w:		Watch
 * @work:	Plan
 * @s:		Step
 * @files:	The plan writes files
 *
 * Objects that are fought about rest; units run again for files alone: a route that is
 * put back is as it was when they were started.
 *
 * Return: true if it is
 */
static bool drop_step(struct watch *w, const struct work *work,
		      const struct step *s, bool files)
{
	const void *object =
		s->want ? step_want(s, &work->want) : step_have(s, &work->have);

	if (s->op == OP_RUN)
		return !files;
	if (s->op == OP_SIDE || s->op == OP_REMOVE)
		return false;
	if (!must_wait(w, work, s) &&
	    watch_allows(w, s->kind, object, "somebody unknown"))
		return false;
	w->counters.drift++;
	return true;
}

/**
 * choose_steps() - Leave out of a plan what is not to be done
 * @w:		Watch
 * @work:	Plan
 */
static void choose_steps(struct watch *w, struct work *work)
{
	struct plan *p = &work->plan;
	bool files = false;
	size_t n = 0;

	w->counters.drift = 0;
	for (size_t i = 0; i < p->n; i++)
		files |= p->steps[i].kind == KIND_FILE;
	for (size_t i = 0; i < p->n; i++)
		if (!drop_step(w, work, &p->steps[i], files))
			p->steps[n++] = p->steps[i];
	p->n = n;
}

/**
 * report() - Say what an audit has put back
 * @w:		Watch
 * @work:	What was done
 * @took:	Nanoseconds
 */
static void report(struct watch *w, const struct work *work, int64_t took)
{
	for (size_t i = 0; i < work->plan.n; i++) {
		const struct step *s = &work->plan.steps[i];

		if (s->op == OP_ADD || s->op == OP_CHANGE)
			say_repaired(w, s->kind, step_want(s, &work->want),
				     s->op == OP_ADD ? DRIFT_GONE :
						       DRIFT_CHANGED,
				     took);
	}
}

/**
 * failed() - Say why something cannot be put back, and try again later
 * @w:		Watch
 * @r:		Negative errno
 */
static void failed(struct watch *w, int r)
{
	const char *why = w->e.why.len ? buf_text(&w->e.why) : strerror(-r);
	struct json *j = say_new("failed");

	w->counters.failures++;
	w->counters.drift++;
	w->backoff_ns = backoff_next(w->backoff_ns);
	json_set_string(j, "why", why);
	json_set_number(j, "again_s", (double)w->backoff_ns / 1e9);
	say_end(w, LOG_LEVEL_WARNING, j, "%s; again in %lld s", why,
		(long long)(w->backoff_ns / NSEC_PER_SEC));
	watch_soon(w, w->backoff_ns);
}

/**
 * use_want() - Keep by events what an audit has compared
 * @w:		Watch
 * @want:	Taken over
 */
static void use_want(struct watch *w, struct model *want)
{
	model_release(&w->want);
	w->want = *want;
	model_init(want, w->e.strings);
	if (watch_filter(w) < 0)
		log_debug("filter: not accepted by the kernel");
	follow_objects(w);
}

/**
 * compare() - Plan and do; the lock is held
 * @w:		Watch
 *
 * Return: 0 or a negative errno
 */
static int compare(struct watch *w)
{
	_cleanup_(work_release) struct work work = { 0 };
	int64_t begin = loop_now();
	bool first = model_count(&w->want) == 0;
	int r;

	buf_clear(&w->e.why);
	r = engine_plan(&w->e, &w->conf, PLAN_ADOPT, &work);
	if (r < 0)
		return r;
	choose_steps(w, &work);
	if (work.plan.n)
		r = engine_execute(&w->e, &work);
	if (r == 0)
		report(w, &work, loop_now() - begin);
	if (first || work.plan.n)
		use_want(w, &work.want);
	return r;
}

/**
 * superseded() - Keep what somebody else has committed; the lock is held
 * @w:		Watch
 *
 * Return: 0, -EINPROGRESS as snapshot_take(), or a negative errno
 */
static int superseded(struct watch *w)
{
	int r = snapshot_take(w);
	struct json *j;

	if (r < 0)
		return r;
	w->counters.superseded++;
	j = say_new("superseded");
	json_set_int(j, "objects", (int64_t)model_count(&w->conf.model));
	say_end(w, LOG_LEVEL_INFO, j,
		"another netsetup has committed a newer state: that one is kept now, %zu objects",
		model_count(&w->conf.model));
	return 0;
}

/**
 * state_lost() - Somebody has removed what the state knew
 * @w:		Watch
 * @now:	What there is
 *
 * Which untagged objects are ours is known no more; the document is, and is kept.
 */
static void state_lost(struct watch *w, const struct generation *now)
{
	w->generation = *now;
	say_end(w, LOG_LEVEL_WARNING, say_new("state-lost"),
		"the state was removed: the document is kept all the same");
}

/**
 * watch_audit() - Look at everything, and put back what is not as it should be
 * @w:		Watch
 */
void watch_audit(struct watch *w)
{
	struct generation now;
	int lock, r = 0;

	if (!w->ready || w->child.kind || w->stopping)
		return;
	/* What has been told already would otherwise count twice. */
	watch_events(w);
	lock = watch_lock(w);
	if (lock == -ENOENT && watch_state_lost(w) == 0)
		lock = watch_lock(w);
	if (lock < 0 && lock != -EWOULDBLOCK) {
		(void)engine_fail(&w->e, lock, "lock: %s", strerror(-lock));
		failed(w, lock);
		return;
	}
	if (lock < 0) {
		/* Its end is an event of the folder, and the slow audit comes. */
		w->locked_out = true;
		return;
	}
	w->locked_out = false;
	w->counters.audits++;
	generation_read(w->dir, &now);
	if (!generation_same(&now, &w->generation)) {
		/* Nothing committed at all: removed, not newer. */
		if (!now.last.inode && !now.journal.inode)
			state_lost(w, &now);
		else
			r = superseded(w);
	}
	if (r == 0)
		r = compare(w);
	(void)close(lock);
	responder_sync(w);
	translator_check(w);
	if (r == -EINPROGRESS && child_recover(w) == 0)
		return;
	if (r < 0)
		failed(w, r);
	else
		w->backoff_ns = 0;
}
