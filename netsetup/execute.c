/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execute: the steps of a plan, in order; messages in batches, the rest one by one
 *
 * A batch ends where a later step may need what it did: at each stage of links, before
 * anything that is not netlink, and at the end. The first step that fails ends it all;
 * the kernel may have worked off the rest of that batch, which is why undoing goes by
 * what is there, never by what was tried.
 */
#include "netsetup/engine.h"

#include "netsetup/kind/linkinfo.h"
#include "netsetup/sysctl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define DAD_DEADLINE_MS 15000 /* detection itself takes 1 to 2 s */

/* One execution. */
struct run {
	struct engine *e;
	const struct work *w;
	struct nl_batch batch;
	enum stage stage;
	bool failed;
	uint32_t step; /* that failed first */
	int error;
};

/**
 * word_cause() - Why a step failed
 * @run:	Execution
 * @s:		Step
 * @error:	Negative errno
 * @text:	Kernel's words, or ""
 * @out:	Gets the cause; a kind's own words, where it left some, count most
 */
static void word_cause(struct run *run, const struct step *s, int error,
		       const char *text, struct buf *out)
{
	const struct strings *strings = run->e->strings;
	const void *want = step_want(s, &run->w->want);
	const struct sysctl *c = want;
	const struct link *l = want;

	if (run->e->why.len)
		buf_puts(out, buf_text(&run->e->why));
	else if (s->kind == KIND_LINK && s->op == OP_ADD &&
		 error == -EOPNOTSUPP)
		linkinfo_lacking(strings_get(strings, l->kind), out);
	else if (s->kind == KIND_SYSCTL && c && error == -ENOENT)
		sysctl_lacking(strings_get(strings, c->path), out);
	else if (text[0])
		buf_printf(out, "kernel says \"%s\" (%s)", text,
			   strerrorname_np(-error));
	else
		buf_puts(out, strerror(-error));
}

/**
 * fail_step() - Keep the first failure with its subject and its cause
 * @run:	Execution
 * @index:	Step
 * @error:	Negative errno
 * @text:	Kernel's words, or ""
 */
static void fail_step(struct run *run, uint32_t index, int error,
		      const char *text)
{
	const struct step *s = &run->w->plan.steps[index];
	const void *object = s->want ? step_want(s, &run->w->want) :
				       step_have(s, &run->w->have);
	_cleanup_(buf_release) struct buf what = BUF_INIT, cause = BUF_INIT;

	if (run->failed)
		return;
	run->failed = true;
	run->step = index;
	run->error = error;
	object_describe(kinds[s->kind], run->e->strings, object, &what);
	word_cause(run, s, error, text, &cause);
	buf_clear(&run->e->why);
	(void)engine_fail(run->e, error, "%s '%s': %s", kinds[s->kind]->name,
			  buf_text(&what), buf_text(&cause));
}

/**
 * refused() - The kernel refused a message
 * @context:	struct run
 * @tag:	Step
 * @error:	What it said
 */
static void refused(void *context, uint32_t tag, const struct nl_error *error)
{
	struct run *run = context;
	const struct step *s = &run->w->plan.steps[tag];

	/* What should go is gone: with its interface, or by somebody else. EINVAL is
	 * said of a route whose nexthop object is gone, and that took it along. */
	if (s->op == OP_REMOVE &&
	    (error->error == -ENOENT || error->error == -ESRCH ||
	     error->error == -ENODEV || error->error == -EADDRNOTAVAIL ||
	     (s->kind == KIND_ROUTE && error->error == -EINVAL)))
		return;
	fail_step(run, tag, error->error, error->text);
}

/**
 * flush() - Send what is queued
 * @run:	Execution
 *
 * Return: 0, or the first failure
 */
static int flush(struct run *run)
{
	int r = nl_batch_flush(&run->batch);

	engine_point(run->e);
	if (run->failed)
		return run->error;
	return r < 0 ? engine_fail(run->e, r, "netlink: %s", strerror(-r)) : 0;
}

/**
 * is_waiting() - Whether an address that is to be waited for is not usable yet
 * @run:	Execution
 * @seen:	Observed addresses
 * @ret_failed:	Step of one that is a duplicate
 *
 * Return: 1 if there is one, 0 if not, -EADDRINUSE for a duplicate
 */
static int is_waiting(const struct run *run, const struct model *seen,
		      uint32_t *ret_failed)
{
	int waiting = 0;

	for (size_t i = 0; i < run->w->plan.n; i++) {
		const struct step *s = &run->w->plan.steps[i];
		const struct address *want, *have;

		if (s->kind != KIND_ADDRESS || !s->want)
			continue;
		want = step_want(s, &run->w->want);
		have = model_find(seen, KIND_ADDRESS, want);
		if (have && have->failed) {
			*ret_failed = (uint32_t)i;
			return -EADDRINUSE;
		}
		if (have && have->tentative && want->dad == DAD_WAIT)
			waiting = 1;
	}
	return waiting;
}

/**
 * must_wait() - Whether any step asks to wait for addresses
 * @run:	Execution
 *
 * Return: true if one does
 */
static bool must_wait(const struct run *run)
{
	for (size_t i = 0; i < run->w->plan.n; i++) {
		const struct step *s = &run->w->plan.steps[i];
		const struct address *a;

		if (s->kind != KIND_ADDRESS || !s->want)
			continue;
		a = step_want(s, &run->w->want);
		for (size_t d = 0; d < run->e->devices.n; d++)
			if (run->e->devices.items[d].name == a->dev &&
			    run->e->devices.items[d].flags & IFF_RUNNING &&
			    a->dad == DAD_WAIT)
				return true;
	}
	return false;
}

/**
 * now_ms() - Monotonic clock
 *
 * Return: milliseconds
 */
static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/**
 * ignore_event() - Take an event as a hint to look again
 * @m:		Unused
 * @context:	Unused
 *
 * Return: 0
 */
static int ignore_event(const struct nlmsghdr *m, void *context)
{
	(void)m;
	(void)context;
	return 0;
}

/**
 * fail_duplicate() - Say that somebody else on the link has an address
 * @run:	Execution
 * @index:	Step
 */
static void fail_duplicate(struct run *run, uint32_t index)
{
	const struct step *s = &run->w->plan.steps[index];
	_cleanup_(buf_release) struct buf what = BUF_INIT;

	object_describe(kinds[s->kind], run->e->strings,
			step_want(s, &run->w->want), &what);
	(void)engine_fail(
		run->e, -EADDRINUSE,
		"address '%s': duplicate address detected, another node on the link has it",
		buf_text(&what));
}

/**
 * wait_dad() - Wait until new addresses are usable
 * @run:	Execution
 *
 * Links without carrier are not waited for: detection does not begin there.
 *
 * Return: 0; -EADDRINUSE, -ETIMEDOUT or what netlink said
 */
static int wait_dad(struct run *run)
{
	int64_t deadline = now_ms() + DAD_DEADLINE_MS;
	struct scope scope = { 0 };
	struct nl events;
	uint32_t failed = 0;
	int r = devices_load(run->e);

	if (r < 0 || run->e->options.hurry || !must_wait(run))
		return r;
	r = nl_open(&events, NETLINK_ROUTE);
	if (r == 0)
		r = nl_subscribe(&events, RTNLGRP_IPV6_IFADDR);
	while (r == 0) {
		_cleanup_(model_release) struct model seen;
		struct pollfd p = { .fd = nl_fd(&events), .events = POLLIN };
		int64_t left = deadline - now_ms();

		model_init(&seen, run->e->strings);
		r = observe_kind(run->e, KIND_ADDRESS, &scope, &seen);
		if (r == 0)
			r = is_waiting(run, &seen, &failed);
		if (r <= 0)
			break;
		r = left <= 0 ? -ETIMEDOUT : 0;
		if (r == 0 && poll(&p, 1, (int)left) > 0)
			r = nl_events(&events, ignore_event, NULL);
	}
	nl_close(&events);
	if (r == -EADDRINUSE)
		fail_duplicate(run, failed);
	return r < 0 ? engine_fail(run->e, r, "duplicate address detection: %s",
				   strerror(-r)) :
		       0;
}

/**
 * enter_stage() - What must be done between two stages
 * @run:	Execution
 * @next:	Stage of the next step
 *
 * Return: 0, or the first failure
 */
static int enter_stage(struct run *run, enum stage next)
{
	enum stage last = run->stage;
	int r = 0;

	run->stage = next;
	if (last == next)
		return 0;
	if (last <= STAGE_LINK_UP || last == STAGE_ADDRESS ||
	    next == STAGE_UNIT)
		r = flush(run);
	if (r == 0 && last <= STAGE_LINK_UP)
		r = devices_load(run->e);
	if (r == 0 && last == STAGE_ADDRESS)
		r = wait_dad(run);
	return r;
}

/**
 * find_parent() - Learn of a parent that was made by the step before
 * @run:	Execution
 * @c:		Change
 *
 * Return: 0, or the first failure
 */
static int find_parent(struct run *run, const struct change *c)
{
	const struct link *l = c->want;
	int r;

	if (c->op != OP_ADD || !l->parent || device_index(run->e, l->parent))
		return 0;
	r = flush(run);
	return r < 0 ? r : devices_load(run->e);
}

/**
 * execute_step() - One step
 * @run:	Execution
 * @index:	Its place
 *
 * Return: 0, or the first failure
 */
static int execute_step(struct run *run, uint32_t index)
{
	const struct step *s = &run->w->plan.steps[index];
	const struct kind *k = kinds[s->kind];
	struct change c = {
		.op = s->op,
		.stage = s->stage,
		.want = step_want(s, &run->w->want),
		.have = step_have(s, &run->w->have),
	};
	int r = enter_stage(run, s->stage);

	if (r < 0 || s->op == OP_SIDE)
		return r;
	if (s->kind == KIND_LINK)
		r = find_parent(run, &c);
	if (r == 0 && k->encode)
		r = k->encode(run->e, &run->batch, index, &c);
	if (r < 0)
		fail_step(run, index, r, "");
	if (!k->encode)
		r = flush(run);
	if (r == 0 && k->execute) {
		r = k->execute(run->e, &c);
		engine_point(run->e);
	}
	if (r == 0 && run->e->options.crash_at)
		r = flush(run);
	if (r < 0 && !run->failed && !run->e->why.len)
		fail_step(run, index, r, "");
	return run->failed ? run->error : r;
}

/**
 * engine_execute() - Do all steps of a plan
 * @e:		Engine
 * @w:		Work
 *
 * Return: 0; the first failure, with its subject in e->why: what was done until then,
 *	   and perhaps some of what came after it, is done
 */
int engine_execute(struct engine *e, const struct work *w)
{
	struct run run = { .e = e, .w = w };
	int r = nl_batch_init(&run.batch, &e->nl, refused, &run);

	run.stage = w->plan.n ? w->plan.steps[0].stage : 0;
	for (size_t i = 0; i < w->plan.n && r == 0; i++)
		r = execute_step(&run, (uint32_t)i);
	if (r == 0)
		r = flush(&run);
	if (r == 0 && run.stage == STAGE_ADDRESS)
		r = wait_dad(&run);
	nl_batch_release(&run.batch);
	return r;
}
