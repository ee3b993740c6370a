/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/cleanup.h"
#include "lib/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TIMERS 200

/* One loop and what happens in it, in the order it happens. */
struct scene {
	struct loop loop;
	struct loop_timer timers[TIMERS];
	int64_t last_ns; /* of the last timer that expired */
	unsigned int expired, early, out_of_order;
};

/* A timer and the scene it belongs to. */
struct actor {
	struct loop_timer timer;
	struct loop_source source, *victim;
	struct loop *loop;
	unsigned int calls;
};

/**
 * on_stage() - The scene of test_timers(): timers carry no argument
 * @scene:	To be remembered, or NULL
 *
 * Return: the one remembered
 */
static struct scene *on_stage(struct scene *scene)
{
	static struct scene *now;

	if (scene)
		now = scene;
	return now;
}

/**
 * timer_expired() - Note whether timers come in order and not before their time
 * @timer:	Timer
 * @now:	As the loop tells it
 */
static void timer_expired(struct loop_timer *timer, int64_t now)
{
	struct scene *s = on_stage(NULL);

	s->early += now < timer->when_ns;
	s->out_of_order += timer->when_ns < s->last_ns;
	s->last_ns = timer->when_ns;
	s->expired++;
}

/**
 * test_timers() - Many timers set, moved and cancelled: the rest expire in order
 */
static void test_timers(void)
{
	static struct scene s;
	int64_t base = loop_now();
	unsigned int seed = 1;

	s = (struct scene){ .last_ns = 0 };
	on_stage(&s);
	if (!CHECK_INT("init", 0, loop_init(&s.loop)))
		return;
	for (size_t i = 0; i < TIMERS; i++) {
		s.timers[i].expired = timer_expired;
		CHECK_INT("set", 0,
			  loop_timer_set(&s.loop, &s.timers[i],
					 base + rand_r(&seed) % 1000000));
	}
	for (size_t i = 0; i < TIMERS; i += 3)
		CHECK_INT("moved", 0,
			  loop_timer_set(&s.loop, &s.timers[i],
					 base + rand_r(&seed) % 1000000));
	for (size_t i = 0; i < TIMERS; i += 4)
		loop_timer_cancel(&s.loop, &s.timers[i]);
	loop_timer_cancel(&s.loop, &s.timers[0]); /* twice does no harm */
	CHECK_INT("in the heap", TIMERS - TIMERS / 4, s.loop.n_timers);
	while (s.loop.n_timers &&
	       CHECK_TRUE("round", loop_once(&s.loop, LOOP_FOREVER) >= 0))
		;
	CHECK_INT("all expired", TIMERS - TIMERS / 4, s.expired);
	CHECK_INT("none early", 0, s.early);
	CHECK_INT("in order", 0, s.out_of_order);
	loop_release(&s.loop);
}

/**
 * again() - A timer that sets itself anew, three times in all
 * @timer:	Of a struct actor
 * @now:	As the loop tells it
 */
static void again(struct loop_timer *timer, int64_t now)
{
	struct actor *a = container_of(timer, struct actor, timer);

	if (++a->calls == 3)
		loop_quit(a->loop);
	else
		CHECK_INT("again", 0, loop_timer_set(a->loop, timer, now));
}

/**
 * test_quit() - loop_run() goes on until it is told to end; a timer may set itself
 */
static void test_quit(void)
{
	struct loop loop;
	struct actor a = { .timer.expired = again, .loop = &loop };

	if (!CHECK_INT("init", 0, loop_init(&loop)))
		return;
	CHECK_INT("nothing to do by a deadline", 0,
		  loop_once(&loop, loop_now()));
	CHECK_INT("past", 0, loop_timer_set(&loop, &a.timer, 1));
	CHECK_INT("run", 0, loop_run(&loop));
	CHECK_INT("calls", 3, a.calls);
	CHECK_INT("nothing is set", 0, loop.n_timers);
	loop_release(&loop);
	loop_release(&loop); /* twice does no harm */
}

/**
 * readable() - Remove another source, which has something to read as well
 * @source:	Of a struct actor
 * @events:	EPOLLIN
 * @now:	Not used
 */
static void readable(struct loop_source *source, uint32_t events, int64_t now)
{
	struct actor *a = container_of(source, struct actor, source);

	(void)now;
	CHECK_INT("events", EPOLLIN, events & EPOLLIN);
	a->calls++;
	loop_remove(a->loop, a->victim);
	loop_remove(a->loop, source);
}

/**
 * test_remove() - Of two that are ready the first removes the second: it is not called
 */
static void test_remove(void)
{
	struct loop loop;
	struct actor a[2] = { { .loop = &loop }, { .loop = &loop } };
	int fds[2];

	if (!CHECK_INT("init", 0, loop_init(&loop)) ||
	    !CHECK_INT("pipe", 0, pipe2(fds, O_CLOEXEC)))
		return;
	for (int i = 0; i < 2; i++) {
		a[i].source.fd = i ? dup(fds[0]) : fds[0];
		a[i].source.ready = readable;
		a[i].victim = &a[!i].source;
		CHECK_INT("add", 0, loop_add(&loop, &a[i].source, EPOLLIN));
	}
	CHECK_INT("nothing yet", 0, loop_once(&loop, loop_now()));
	CHECK_INT("write", 1, write(fds[1], "x", 1));
	CHECK_INT("one was called", 1, loop_once(&loop, LOOP_FOREVER));
	CHECK_INT("it alone", 1, a[0].calls + a[1].calls);
	CHECK_INT("nobody is left", 0, loop_once(&loop, loop_now()));
	loop_release(&loop);
	(void)close(fds[0]);
	(void)close(fds[1]);
	(void)close(a[1].source.fd);
}

/**
 * signalled() - Read the signal
 * @source:	Of a struct actor
 * @events:	Not used
 * @now:	Not used
 */
static void signalled(struct loop_source *source, uint32_t events, int64_t now)
{
	struct actor *a = container_of(source, struct actor, source);
	struct signalfd_siginfo info;

	(void)events;
	(void)now;
	if (CHECK_INT("siginfo", sizeof(info),
		      read(source->fd, &info, sizeof(info))))
		a->calls += info.ssi_signo == SIGUSR1;
}

/**
 * test_signals() - A signal comes as a descriptor's news, and not otherwise
 */
static void test_signals(void)
{
	struct loop loop;
	struct actor a = { .source = { .fd = -1, .ready = signalled } };
	sigset_t signals, before;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, NULL, &before);
	if (!CHECK_INT("init", 0, loop_init(&loop)))
		return;
	CHECK_INT("signals", 0, loop_signals(&loop, &a.source, &signals));
	CHECK_INT("raise", 0, raise(SIGUSR1));
	CHECK_INT("one source", 1, loop_once(&loop, LOOP_FOREVER));
	CHECK_INT("it was that one", 1, a.calls);
	loop_remove(&loop, &a.source);
	(void)close(a.source.fd);
	loop_release(&loop);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/**
 * test_refused() - What cannot be watched is refused
 */
static void test_refused(void)
{
	_cleanup_close_ int file = open("VERSION", O_RDONLY | O_CLOEXEC);
	struct loop_source none = { .fd = -1 }, regular = { .fd = file };
	struct loop loop;

	if (!CHECK_INT("init", 0, loop_init(&loop)))
		return;
	CHECK_INT("no descriptor", -EBADF, loop_add(&loop, &none, EPOLLIN));
	CHECK_INT("ordinary file", -EPERM, loop_add(&loop, &regular, EPOLLIN));
	loop_release(&loop);
}

UNIT_SUITE(loop, { "timers", test_timers }, { "quit", test_quit },
	   { "remove", test_remove }, { "signals", test_signals },
	   { "refused", test_refused });
