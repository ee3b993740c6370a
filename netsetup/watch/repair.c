/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repair: put single objects back, by one message each
 *
 * An event is enough to know what to send: what should be there is in .want. The kernel
 * has the last word; where it refuses (a gateway that rests on an address that is gone
 * as well), the audit that follows does it in order.
 */
#include "netsetup/watch/watch.h"

#include "netsetup/watch/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AUDIT_REFUSED_NS (1 * NSEC_PER_MSEC)
#define AUDIT_LATER_NS   (2 * NSEC_PER_MSEC)

const char *const drift_names[DRIFT_MAX] = {
	[DRIFT_GONE] = "gone",
	[DRIFT_CHANGED] = "changed",
	[DRIFT_FOUND] = "found",
};

/**
 * refused() - The kernel refused a message
 * @context:	struct watch
 * @tag:	Place of the repair
 * @error:	What it said
 */
static void refused(void *context, uint32_t tag, const struct nl_error *error)
{
	struct watch *w = context;

	(void)error;
	if (tag < w->n_repairs)
		w->repairs[tag].refused = true;
}

/**
 * repair_begin() - Be the only writer, unless somebody is
 * @w:		Watch
 *
 * Return: true where repair_one() may follow; repair_end() ends it
 */
bool repair_begin(struct watch *w)
{
	struct generation now;

	if (w->lock >= 0)
		return true;
	w->lock = watch_lock(w);
	if (w->lock < 0) {
		/* A transaction: what it does looks like drift, and is none. */
		w->locked_out = w->lock == -EWOULDBLOCK;
		if (!w->locked_out)
			watch_soon(w, 0);
		w->lock = -1;
		return false;
	}
	generation_read(w->dir, &now);
	if (!generation_same(&now, &w->generation) ||
	    nl_batch_init(&w->batch, &w->e.nl, refused, w) < 0) {
		(void)close(TAKE_FD(w->lock));
		watch_soon(w, 0);
		return false;
	}
	w->began_ns = loop_now();
	w->n_repairs = 0;
	return true;
}

/**
 * watch_allows() - Whether an object is to be put back, or is fought about
 * @w:		Watch
 * @kind:	Its kind
 * @object:	Object
 * @who:	Who did it, as far as is known
 *
 * Return: true if it is to be put back
 */
bool watch_allows(struct watch *w, enum kind_id kind, const void *object,
		  const char *who)
{
	_cleanup_(buf_release) struct buf name = BUF_INIT;
	enum flap_answer answer;
	struct json *j;

	buf_printf(&name, "%s ", kinds[kind]->name);
	object_describe(kinds[kind], w->e.strings, object, &name);
	answer = flap_ask(&w->flap, buf_text(&name), loop_now());
	if (answer != FLAP_FIGHT)
		return answer == FLAP_REPAIR;
	w->counters.fights++;
	j = say_new("fight");
	json_set_string(j, "kind", kinds[kind]->name);
	json_set_string(j, "object",
			buf_text(&name) + strlen(kinds[kind]->name) + 1);
	json_set_string(j, "other", who);
	say_end(w, LOG_LEVEL_WARNING, j,
		"%s '%s': a fight with %s, left alone for a while",
		kinds[kind]->name,
		buf_text(&name) + strlen(kinds[kind]->name) + 1, who);
	watch_soon(w, flap_next(&w->flap, loop_now()) - loop_now());
	return false;
}

/**
 * is_queued() - Whether an object was told of twice
 * @w:		Watch
 * @kind:	Its kind
 * @want:	Its place
 *
 * A neighbour that is removed is an event when it fails, and one when it goes.
 *
 * Return: true if it is put back already
 */
static bool is_queued(const struct watch *w, enum kind_id kind, size_t want)
{
	size_t first = w->n_repairs > 8 ? w->n_repairs - 8 : 0;

	for (size_t i = first; i < w->n_repairs; i++)
		if (w->repairs[i].kind == kind && w->repairs[i].want == want)
			return true;
	return false;
}

/**
 * repair_one() - Queue what puts an object back
 * @w:		Watch, between repair_begin() and repair_end()
 * @kind:	Its kind
 * @want:	Its place among what should be
 * @have:	What is in its place, or NULL
 * @who:	Who did it, as far as is known
 */
void repair_one(struct watch *w, enum kind_id kind, size_t want,
		const void *have, const char *who)
{
	const struct kind *k = kinds[kind];
	const void *object = model_at(&w->want, kind, k->size, want);
	struct change c = {
		.op = have ? OP_CHANGE : OP_ADD,
		.want = object,
		.have = have,
	};
	struct repair *more;

	if (is_queued(w, kind, want) || !watch_allows(w, kind, object, who))
		return;
	if (w->n_repairs == w->room) {
		more = reallocarray(w->repairs, w->room * 2 + 16,
				    sizeof(*more));
		if (!more)
			return;
		w->repairs = more;
		w->room = w->room * 2 + 16;
	}
	c.stage = k->stage(c.op, w->e.strings, c.want, c.have);
	buf_clear(&w->e.why);
	if (k->encode(&w->e, &w->batch, (uint32_t)w->n_repairs, &c) < 0) {
		/* Its interface is gone; the event of a new one comes. */
		w->counters.failures++;
		watch_soon(w, AUDIT_LATER_NS);
		return;
	}
	w->repairs[w->n_repairs++] = (struct repair){
		.kind = kind,
		.drift = have ? DRIFT_CHANGED : DRIFT_GONE,
		.want = want,
	};
	/* Others rest on these, and go without an event of their own. */
	if (kind == KIND_NEXTHOP || kind == KIND_ADDRESS)
		watch_soon(w, AUDIT_LATER_NS);
}

/**
 * say_repaired() - Say what was put back
 * @w:		Watch
 * @kind:	Its kind
 * @object:	Object
 * @drift:	Why
 * @took_ns:	From the event to the kernel's word
 */
void say_repaired(struct watch *w, enum kind_id kind, const void *object,
		  enum drift drift, int64_t took_ns)
{
	_cleanup_(buf_release) struct buf name = BUF_INIT;
	struct json *j = say_new("repaired");

	w->counters.repairs[kind]++;
	w->counters.repair_s += (double)took_ns / 1e9;
	object_describe(kinds[kind], w->e.strings, object, &name);
	json_set_string(j, "kind", kinds[kind]->name);
	json_set_string(j, "object", buf_text(&name));
	json_set_string(j, "was", drift_names[drift]);
	json_set_number(j, "ms", (double)(took_ns / 1000) / 1e3);
	say_end(w, LOG_LEVEL_INFO, j, "%s '%s': %s, put back",
		kinds[kind]->name, buf_text(&name),
		drift == DRIFT_GONE    ? "was gone" :
		drift == DRIFT_CHANGED ? "was changed" :
					 "was not so");
}

/**
 * repair_end() - Send what is queued
 * @w:		Watch; nothing happens where repair_begin() was not called
 */
void repair_end(struct watch *w)
{
	int64_t took;
	int r;

	if (w->lock < 0)
		return;
	r = nl_batch_flush(&w->batch);
	nl_batch_release(&w->batch);
	(void)close(TAKE_FD(w->lock));
	took = loop_now() - w->began_ns;
	if (r < 0)
		watch_soon(w, AUDIT_REFUSED_NS);
	for (size_t i = 0; i < w->n_repairs && r == 0; i++) {
		const struct repair *p = &w->repairs[i];

		if (p->refused)
			watch_soon(w, AUDIT_REFUSED_NS);
		else
			say_repaired(w, p->kind,
				     model_at(&w->want, p->kind,
					      kinds[p->kind]->size, p->want),
				     p->drift, took);
	}
	w->n_repairs = 0;
}
