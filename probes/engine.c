/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * fail_engine() - Note the first error of the run itself
 * @e:		Engine
 * @r:		Negative errno, or 0
 */
static void fail_engine(struct engine *e, int r)
{
	if (r < 0 && !e->error)
		e->error = r;
}

/**
 * publish() - Keep a result and hand it to the owner
 * @e:		Engine
 * @result:	Result
 */
static void publish(struct engine *e, const struct result *result)
{
	fail_engine(e, results_add(&e->done, result));
	if (e->emit)
		fail_engine(e, e->emit(e->context, result));
}

/**
 * find_check() - Look a check of this program up
 * @e:		Engine
 * @id:		Its id, maybe with "host:" before it
 *
 * Return: the check, or NULL
 */
static const struct check *find_check(const struct engine *e, const char *id)
{
	if (strncmp(id, "host:", 5) == 0) {
		if (e->vantage_bit != VANTAGE_HOST)
			return NULL;
		id += 5;
	}
	for (size_t i = 0; i < e->n_checks; i++)
		if (strcmp(e->checks[i].id, id) == 0)
			return &e->checks[i];
	return NULL;
}

/**
 * may_start() - Whether all that a probe rests on has been tried
 * @e:		Engine
 * @p:		Probe
 *
 * Return: true if nothing of its needs is waiting or running here
 */
static bool may_start(const struct engine *e, const struct probe *p)
{
	for (size_t i = 0; i < CHECK_NEEDS && p->check->needs[i]; i++) {
		const struct check *need = find_check(e, p->check->needs[i]);

		for (size_t k = 0; need && k < e->n_probes; k++)
			if (e->probes[k]->check == need &&
			    e->probes[k]->state != PROBE_DONE)
				return false;
	}
	return true;
}

/**
 * deadline_passed() - End a probe whose time is over, or the whole run
 * @timer:	Its deadline
 * @now:	Time
 */
static void deadline_passed(struct loop_timer *timer, int64_t now)
{
	struct probe *p = container_of(timer, struct probe, deadline);
	struct evidence nothing = EVIDENCE_NONE;

	p->engine->now = now;
	if (p->type->expired)
		p->type->expired(p);
	if (p->state == PROBE_RUNNING)
		probe_error(p, &nothing, NULL);
}

/**
 * timer_passed() - Hand its timer to a probe
 * @timer:	Its timer
 * @now:	Time
 */
static void timer_passed(struct loop_timer *timer, int64_t now)
{
	struct probe *p = container_of(timer, struct probe, timer);

	p->engine->now = now;
	p->type->timer(p);
}

/**
 * is_blocked() - Look at a probe's needs, in what was gathered before and here
 * @e:		Engine
 * @p:		Probe
 * @by:		What blocks it
 *
 * Return: true if it is blocked
 */
static bool is_blocked(const struct engine *e, const struct probe *p,
		       char by[48])
{
	const char *node = result_get_fact(&p->result, "peer_node");

	return engine_blocked(p->check, &e->done, e->vantage, node, by) ||
	       (e->prior &&
		engine_blocked(p->check, e->prior, e->vantage, node, by));
}

/**
 * finish() - End a probe and publish what it found
 * @p:		Probe, running or not started
 * @verdict:	As a "must"; lesser levels turn a failure into a warning
 */
static void finish(struct probe *p, enum verdict verdict)
{
	struct engine *e = p->engine;

	if (p->state == PROBE_DONE)
		return;
	if (p->state == PROBE_RUNNING) {
		e->now = loop_now();
		p->result.duration_ns = e->now - p->started_ns;
		if (p->type->stop)
			p->type->stop(p);
		e->n_running--;
	}
	loop_timer_cancel(&e->loop, &p->deadline);
	loop_timer_cancel(&e->loop, &p->timer);
	for (size_t i = 0; i < PROBE_WATCHES; i++)
		if (p->watches[i].probe)
			probe_unwatch(p, p->watches[i].source.fd);
	if (verdict == VERDICT_FAIL && p->result.level != LEVEL_MUST)
		verdict = VERDICT_WARN;
	p->result.verdict = verdict;
	p->state = PROBE_DONE;
	publish(e, &p->result);
}

/**
 * start() - Start a probe, or end it where a need has failed
 * @e:		Engine
 * @p:		Probe, waiting
 */
static void start(struct engine *e, struct probe *p)
{
	char by[48];

	if (e->over) {
		(void)snprintf(p->result.reason, sizeof(p->result.reason), "%s",
			       reason_token(REASON_DEADLINE));
		finish(p, VERDICT_UNKNOWN);
		return;
	}
	if (is_blocked(e, p, by)) {
		(void)snprintf(p->result.blocked_by,
			       sizeof(p->result.blocked_by), "%s", by);
		(void)snprintf(p->result.reason, sizeof(p->result.reason), "%s",
			       reason_token(REASON_PREREQUISITE));
		finish(p, VERDICT_BLOCKED);
		return;
	}
	p->own = calloc(1, MAX(p->type->size, (size_t)1));
	if (!p->own) {
		fail_engine(e, -ENOMEM);
		finish(p, VERDICT_UNKNOWN);
		return;
	}
	p->state = PROBE_RUNNING;
	p->started_ns = e->now = loop_now();
	e->n_running++;
	fail_engine(e, loop_timer_set(&e->loop, &p->deadline,
				      e->now + (p->spec.timeout_ns ?
							p->spec.timeout_ns :
							PROBE_TIMEOUT)));
	p->type->start(p);
}

/**
 * start_ready() - Start all probes that may start
 * @e:		Engine
 *
 * Return: true if at least one was started or ended
 */
static bool start_ready(struct engine *e)
{
	bool any = false;

	for (size_t i = 0; i < e->n_probes; i++) {
		struct probe *p = e->probes[i];

		if (p->state != PROBE_WAITING || (!e->over && !may_start(e, p)))
			continue;
		start(e, p);
		any = true;
	}
	return any;
}

/**
 * run_over() - The whole run's time is over: end what runs, start nothing more
 * @timer:	The engine's
 * @now:	Time
 */
static void run_over(struct loop_timer *timer, int64_t now)
{
	struct engine *e = container_of(timer, struct engine, timer);

	e->over = true;
	for (size_t i = 0; i < e->n_probes; i++)
		if (e->probes[i]->state == PROBE_RUNNING)
			deadline_passed(&e->probes[i]->deadline, now);
}

/**
 * say_skipped() - Publish why a check gives no probe
 * @e:		Engine
 * @check:	Check
 * @reason:	Why
 * @detail:	In words
 */
static void say_skipped(struct engine *e, const struct check *check,
			enum reason reason, const char *detail)
{
	struct result r;

	result_init(&r, check->id, e->vantage);
	r.level = check->level;
	r.verdict = VERDICT_SKIP;
	(void)snprintf(r.what, sizeof(r.what), "%s", check->what);
	(void)snprintf(r.clause, sizeof(r.clause), "%s", check->clause);
	(void)snprintf(r.reason, sizeof(r.reason), "%s", reason_token(reason));
	(void)snprintf(r.detail, sizeof(r.detail), "%s", detail);
	publish(e, &r);
}

/**
 * is_wanted() - Whether a check is to be run from here
 * @e:		Engine
 * @check:	Check
 *
 * Return: false where it is of another vantage, not asked for, or done before
 */
static bool is_wanted(const struct engine *e, const struct check *check)
{
	bool wanted = !e->n_only;

	for (size_t i = 0; i < e->n_only && !wanted; i++)
		wanted = strcmp(e->only[i], check->id) == 0;
	if (!wanted || !(check->vantages & e->vantage_bit))
		return false;
	for (size_t i = 0; e->prior && i < e->prior->n; i++)
		if (strcmp(e->prior->items[i].id, check->id) == 0 &&
		    strcmp(e->prior->items[i].vantage, e->vantage) == 0)
			return false;
	return true;
}

/**
 * expand_all() - Make probes of all checks that are wanted
 * @e:		Engine
 */
static void expand_all(struct engine *e)
{
	for (size_t i = 0; i < e->n_checks; i++) {
		const struct check *c = &e->checks[i];
		size_t before = e->n_probes;

		if (!is_wanted(e, c))
			continue;
		if (!(c->profiles & e->profile)) {
			say_skipped(e, c, REASON_NOT_IN_PROFILE,
				    "the profile does not ask for it");
			continue;
		}
		fail_engine(e, c->expand(c, e));
		if (e->n_probes == before)
			say_skipped(e, c, REASON_NO_TARGET,
				    "nothing to try it on among the targets");
	}
}

/**
 * engine_run() - Run all checks that are wanted, to the end
 * @e:		Engine, its first part filled in, the rest zero
 *
 * Return: 0, whatever was found; -ENOMEM, or what emit() or epoll said
 */
int engine_run(struct engine *e)
{
	int r;

	r = loop_init(&e->loop);
	if (r < 0)
		return r;
	e->now = loop_now();
	e->timer.expired = run_over;
	r = loop_timer_set(&e->loop, &e->timer, e->now + e->deadline_ns);
	if (r < 0)
		return r;
	expand_all(e);
	while (!e->error) {
		while (start_ready(e))
			;
		if (!e->n_running)
			break;
		r = loop_once(&e->loop, LOOP_FOREVER);
		if (r < 0)
			return r;
	}
	return e->error;
}

/**
 * engine_release() - End the probes and what they found
 * @e:		Engine
 */
void engine_release(struct engine *e)
{
	for (size_t i = 0; i < e->n_probes; i++) {
		if (e->probes[i]->state == PROBE_RUNNING &&
		    e->probes[i]->type->stop)
			e->probes[i]->type->stop(e->probes[i]);
		if (e->probes[i]->own && e->probes[i]->type->release)
			e->probes[i]->type->release(e->probes[i]);
		buf_release(&e->probes[i]->body);
		free(e->probes[i]->own);
		free(e->probes[i]);
	}
	free(e->probes);
	e->probes = NULL;
	e->n_probes = e->size = 0;
	results_release(&e->done);
	loop_release(&e->loop);
}

/**
 * probe_add() - A new probe of a check, for its expand()
 * @e:		Engine
 * @check:	Check
 * @type:	What it does
 * @variant:	Tells it apart from others of the check, or ""
 *
 * Return: the probe, owned by the engine; NULL without memory
 */
struct probe *probe_add(struct engine *e, const struct check *check,
			const struct probe_type *type, const char *variant)
{
	struct probe *p;

	if (e->n_probes == e->size) {
		size_t size = e->size ? 2 * e->size : 64;
		struct probe **probes =
			reallocarray(e->probes, size, sizeof(*probes));

		if (!probes)
			return NULL;
		e->probes = probes;
		e->size = size;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->engine = e;
	p->check = check;
	p->type = type;
	p->deadline.expired = deadline_passed;
	p->timer.expired = timer_passed;
	p->body.max = 1UL << 20;
	result_init(&p->result, check->id, e->vantage);
	p->result.level = check->level;
	(void)snprintf(p->result.what, sizeof(p->result.what), "%s",
		       check->what);
	(void)snprintf(p->result.variant, sizeof(p->result.variant), "%s",
		       variant);
	(void)snprintf(p->result.clause, sizeof(p->result.clause), "%s",
		       check->clause);
	(void)snprintf(p->result.proto, sizeof(p->result.proto), "%s",
		       type->proto);
	e->probes[e->n_probes++] = p;
	return p;
}

/**
 * probe_set_dst() - Say where a probe goes, also in its result
 * @p:		Probe
 * @addr:	Destination
 * @port:	Port, 0: none
 */
void probe_set_dst(struct probe *p, const struct addr *addr, uint16_t port)
{
	char *dst = p->result.dst;
	const char *text = ADDR_TEXT(addr);

	p->spec.addr = *addr;
	p->spec.port = port;
	if (!port)
		(void)snprintf(dst, sizeof(p->result.dst), "%s", text);
	else if (addr->family == AF_INET6)
		(void)snprintf(dst, sizeof(p->result.dst), "[%s]:%u", text,
			       port);
	else
		(void)snprintf(dst, sizeof(p->result.dst), "%s:%u", text, port);
}

/**
 * watch_ready() - Hand a descriptor's events to its probe
 * @source:	The watch's
 * @events:	EPOLLIN, ...
 * @now:	Time
 */
static void watch_ready(struct loop_source *source, uint32_t events,
			int64_t now)
{
	struct watch *w = container_of(source, struct watch, source);
	struct probe *p = w->probe;

	if (!p || p->state != PROBE_RUNNING)
		return;
	p->engine->now = now;
	p->type->ready(p, source->fd, events);
}

/**
 * find_watch() - The watch of a descriptor
 * @p:		Probe
 * @fd:		Descriptor; -1: a free watch
 *
 * Return: the watch, or NULL
 */
static struct watch *find_watch(struct probe *p, int fd)
{
	for (size_t i = 0; i < PROBE_WATCHES; i++)
		if (fd < 0 ? !p->watches[i].probe :
			     p->watches[i].probe &&
				     p->watches[i].source.fd == fd)
			return &p->watches[i];
	return NULL;
}

/**
 * probe_watch() - Wait for a descriptor, or for other events of it
 * @p:		Probe
 * @fd:		Descriptor
 * @events:	EPOLLIN, EPOLLOUT
 *
 * Return: 0; -ENOSPC past PROBE_WATCHES, or what epoll said
 */
int probe_watch(struct probe *p, int fd, uint32_t events)
{
	struct watch *w = find_watch(p, fd);
	int r;

	if (w)
		return loop_change(&p->engine->loop, &w->source, events);
	w = find_watch(p, -1);
	if (!w)
		return -ENOSPC;
	w->source = (struct loop_source){ .fd = fd, .ready = watch_ready };
	r = loop_add(&p->engine->loop, &w->source, events);
	if (r < 0)
		return r;
	w->probe = p;
	return 0;
}

/**
 * probe_unwatch() - Wait for a descriptor no longer
 * @p:		Probe
 * @fd:		Descriptor; one that is not watched is fine
 */
void probe_unwatch(struct probe *p, int fd)
{
	struct watch *w = fd < 0 ? NULL : find_watch(p, fd);

	if (!w)
		return;
	loop_remove(&p->engine->loop, &w->source);
	w->probe = NULL;
}

/**
 * probe_close() - Close a descriptor that may be watched
 * @p:		Probe
 * @fd:		Descriptor; -1 afterwards, and fine before
 */
void probe_close(struct probe *p, int *fd)
{
	if (*fd < 0)
		return;
	probe_unwatch(p, *fd);
	(void)close(*fd);
	*fd = -1;
}

/**
 * probe_timer() - Have the type's timer() called
 * @p:		Probe
 * @in_ns:	Time from now
 */
void probe_timer(struct probe *p, int64_t in_ns)
{
	fail_engine(p->engine, loop_timer_set(&p->engine->loop, &p->timer,
					      p->engine->now + in_ns));
}

/**
 * probe_hurry() - Bring a probe's deadline nearer; it is never put off
 * @p:		Probe
 * @in_ns:	Time from now
 */
void probe_hurry(struct probe *p, int64_t in_ns)
{
	struct engine *e = p->engine;

	if (e->now + in_ns < p->deadline.when_ns)
		fail_engine(e, loop_timer_set(&e->loop, &p->deadline,
					      e->now + in_ns));
}

/**
 * probe_loop() - The loop that a probe runs on, for libraries that need it
 * @p:		Probe
 *
 * Return: loop of the engine
 */
struct loop *probe_loop(const struct probe *p)
{
	return &p->engine->loop;
}

/**
 * probe_state() - What the own network namespace says of itself
 * @p:		Probe
 *
 * Return: state of the engine's owner
 */
const struct node_state *probe_state(const struct probe *p)
{
	return p->engine->state;
}

/**
 * probe_targets() - What there is to try
 * @p:		Probe
 *
 * Return: targets of the engine's owner
 */
const struct targets *probe_targets(const struct probe *p)
{
	return p->engine->targets;
}

/**
 * probe_now() - The time of the event that is being handled
 * @p:		Probe
 *
 * Return: nanoseconds, CLOCK_MONOTONIC
 */
int64_t probe_now(const struct probe *p)
{
	return p->engine->now;
}

/**
 * probe_left() - Time until a probe's deadline
 * @p:		Probe
 *
 * Return: nanoseconds, not negative
 */
int64_t probe_left(const struct probe *p)
{
	return MAX(p->deadline.when_ns - p->engine->now, (int64_t)0);
}

/**
 * probe_src() - Note the own address of a socket in the result
 * @p:		Probe
 * @fd:		Bound or connected socket
 */
void probe_src(struct probe *p, int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	struct addr a;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return;
	a = addr_from_sockaddr((const struct sockaddr *)&ss);
	if (addr_is_set(&a) && addr_scope(&a) != ADDR_UNSPECIFIED)
		(void)snprintf(p->result.src, sizeof(p->result.src), "%s",
			       ADDR_TEXT(&a));
}

/**
 * probe_sample() - Add one packet of a series to the result's figures
 * @p:		Probe
 * @rtt_ns:	Round trip; negative: it was lost
 */
void probe_sample(struct probe *p, int64_t rtt_ns)
{
	typeof(p->result.samples) *s = &p->result.samples;
	int64_t answered;

	s->n++;
	if (rtt_ns < 0) {
		s->lost++;
		return;
	}
	answered = s->n - s->lost;
	s->min_ns = answered == 1 ? rtt_ns : MIN(s->min_ns, rtt_ns);
	s->max_ns = MAX(s->max_ns, rtt_ns);
	s->avg_ns += (rtt_ns - s->avg_ns) / answered;
}

/**
 * say() - Word a result's detail
 * @p:		Probe
 * @format:	As for vprintf()
 * @args:	Arguments
 */
static void printf_like(2, 0)
	say(struct probe *p, const char *format, va_list args)
{
	(void)vsnprintf(p->result.detail, sizeof(p->result.detail), format,
			args);
}

/**
 * probe_pass() - End a probe: all is as it must be
 * @p:		Probe
 * @format:	What was seen, one line
 */
void probe_pass(struct probe *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(p, format, args);
	va_end(args);
	finish(p, VERDICT_PASS);
}

/**
 * end_with() - End a probe that did not pass
 * @p:		Probe
 * @verdict:	How
 * @reason:	The symptom, or why nothing can be said
 * @format:	One line
 * @args:	For @format
 */
static void printf_like(4, 0)
	end_with(struct probe *p, enum verdict verdict, enum reason reason,
		 const char *format, va_list args)
{
	say(p, format, args);
	(void)snprintf(p->result.reason, sizeof(p->result.reason), "%s",
		       reason_token(reason));
	finish(p, verdict);
}

/**
 * probe_fail() - End a probe: something is wrong
 * @p:		Probe
 * @reason:	The symptom
 * @format:	What was expected and what was seen, one line
 */
void probe_fail(struct probe *p, enum reason reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_with(p, VERDICT_FAIL, reason, format, args);
	va_end(args);
}

/**
 * probe_skip() - End a probe: nothing can be said, and nobody is to blame
 * @p:		Probe
 * @reason:	Why
 * @format:	In words, e.g. the capability that is missing
 */
void probe_skip(struct probe *p, enum reason reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_with(p, VERDICT_SKIP, reason, format, args);
	va_end(args);
}

/**
 * probe_error() - End a probe by what the kernel and the path said
 * @p:		Probe
 * @e:		Evidence; with nothing in it: a timeout
 * @what:	What was tried, e.g. "connect"; NULL: no answer came
 */
void probe_error(struct probe *p, const struct evidence *e, const char *what)
{
	enum reason reason = evidence_reason(e, p->result.src);
	const char *before = what ? what : "no answer";

	evidence_note(e, &p->result);
	if (e->icmp_type >= 0)
		probe_fail(p, reason, "%s: %s, ICMPv6 %d/%d (%s) from %s",
			   before, reason_errno_name(e->error), e->icmp_type,
			   e->icmp_code,
			   reason_icmp_name(e->icmp_type, e->icmp_code),
			   p->result.via.offender);
	else if (e->error)
		probe_fail(p, reason, "%s: %s, no ICMPv6 error seen", before,
			   reason_errno_name(e->error));
	else
		probe_fail(p, reason, "%s within %.1f s, no ICMPv6 error seen",
			   before,
			   (double)(p->engine->now - p->started_ns) / 1e9);
}
