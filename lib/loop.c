/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/**
 * loop_now() - The monotonic clock
 *
 * Return: nanoseconds since some instant before the machine's start
 */
int64_t loop_now(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/**
 * heap_place() - Put a timer into a place of the heap
 * @loop:	Loop
 * @at:		Index in the heap
 * @timer:	Timer
 */
static void heap_place(struct loop *loop, size_t at, struct loop_timer *timer)
{
	loop->heap[at] = timer;
	timer->slot = at + 1;
}

/**
 * heap_up() - Move a timer towards the root until its parent is sooner
 * @loop:	Loop
 * @at:		Index of the free place to start from
 * @timer:	Timer
 *
 * Return: index where it may stand
 */
static size_t heap_up(struct loop *loop, size_t at,
		      const struct loop_timer *timer)
{
	while (at) {
		size_t parent = (at - 1) / 2;

		if (loop->heap[parent]->when_ns <= timer->when_ns)
			break;
		heap_place(loop, at, loop->heap[parent]);
		at = parent;
	}
	return at;
}

/**
 * heap_down() - Move a timer away from the root until its children are later
 * @loop:	Loop
 * @at:		Index of the free place to start from
 * @timer:	Timer
 *
 * Return: index where it may stand
 */
static size_t heap_down(struct loop *loop, size_t at,
			const struct loop_timer *timer)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= loop->n_timers)
			return at;
		if (child + 1 < loop->n_timers &&
		    loop->heap[child + 1]->when_ns < loop->heap[child]->when_ns)
			child++;
		if (timer->when_ns <= loop->heap[child]->when_ns)
			return at;
		heap_place(loop, at, loop->heap[child]);
		at = child;
	}
}

/**
 * loop_timer_set() - Call a timer's owner at an instant; replaces an earlier setting
 * @loop:	Loop
 * @timer:	Timer; must stay where it is until it has expired or is cancelled
 * @when_ns:	CLOCK_MONOTONIC; one that has passed expires in the next round
 *
 * Return: 0; -ENOMEM
 */
int loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t when_ns)
{
	size_t at;

	loop_timer_cancel(loop, timer);
	if (loop->n_timers == loop->size) {
		size_t size = MAX(loop->size * 2, (size_t)16);
		struct loop_timer **heap;

		heap = reallocarray(loop->heap, size, sizeof(*heap));
		if (!heap)
			return -ENOMEM;
		loop->heap = heap;
		loop->size = size;
	}
	timer->when_ns = when_ns;
	at = heap_up(loop, loop->n_timers++, timer);
	heap_place(loop, at, timer);
	return 0;
}

/**
 * loop_timer_cancel() - Forget a timer; nothing to do where it is not set
 * @loop:	Loop
 * @timer:	Timer
 */
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer *last;
	size_t at;

	if (!timer->slot)
		return;
	at = timer->slot - 1;
	timer->slot = 0;
	last = loop->heap[--loop->n_timers];
	if (last == timer)
		return;
	at = heap_up(loop, at, last);
	at = heap_down(loop, at, last);
	heap_place(loop, at, last);
}

/**
 * timerfd_ready() - The timerfd has run out; loop_once() looks at the heap itself
 * @source:	struct loop's .timer
 * @events:	EPOLLIN
 * @now:	Not used
 */
static void timerfd_ready(struct loop_source *source, uint32_t events,
			  int64_t now)
{
	uint64_t times;

	(void)events;
	(void)now;
	if (read(source->fd, &times, sizeof(times)) < 0)
		return; /* set anew in the meantime */
}

/**
 * loop_init() - Make a loop
 * @loop:	Memory for it
 *
 * Return: 0, or what epoll_create1() or timerfd_create() said
 */
int loop_init(struct loop *loop)
{
	int r;

	*loop = (struct loop){
		.armed_ns = LOOP_FOREVER,
		.timer = { .fd = -1, .ready = timerfd_ready },
	};
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->timer.fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->timer.fd < 0) {
		r = -errno;
		loop_release(loop);
		return r;
	}
	r = loop_add(loop, &loop->timer, EPOLLIN);
	if (r < 0)
		loop_release(loop);
	return r;
}

/**
 * loop_release() - End a loop; sources and timers stay their owners'
 * @loop:	Loop, initialised or zeroed but for its descriptors
 */
void loop_release(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_timers; i++)
		loop->heap[i]->slot = 0;
	free(loop->heap);
	if (loop->timer.fd >= 0)
		(void)close(loop->timer.fd);
	if (loop->epoll_fd >= 0)
		(void)close(loop->epoll_fd);
	*loop = (struct loop){ .epoll_fd = -1, .timer = { .fd = -1 } };
}

/**
 * loop_add() - Watch a descriptor
 * @loop:	Loop
 * @source:	With .fd and .ready set; must stay where it is until it is removed
 * @events:	EPOLLIN, EPOLLOUT; EPOLLHUP and EPOLLERR come unasked
 *
 * Return: 0, or what epoll_ctl() said: -EPERM for an ordinary file
 */
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &ev) < 0 ?
		       -errno :
		       0;
}

/**
 * loop_change() - Watch for other events of a descriptor
 * @loop:	Loop
 * @source:	Added before
 * @events:	As for loop_add()
 *
 * Return: 0, or what epoll_ctl() said
 */
int loop_change(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &ev) < 0 ?
		       -errno :
		       0;
}

/**
 * loop_remove() - Watch a descriptor no longer; call before close()
 * @loop:	Loop
 * @source:	Added before; nothing happens if it was not
 */
void loop_remove(struct loop *loop, struct loop_source *source)
{
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	for (int i = 0; i < loop->n_batch; i++)
		if (loop->batch[i] == source)
			loop->batch[i] = NULL;
}

/**
 * loop_signals() - Get signals as a descriptor
 * @loop:	Loop
 * @source:	With .ready set, which read()s struct signalfd_siginfo from .fd; the
 *		caller closes it in the end
 * @signals:	Blocked here; children are to unblock them (proc_spawn() does)
 *
 * Return: 0, or an errno
 */
int loop_signals(struct loop *loop, struct loop_source *source,
		 const sigset_t *signals)
{
	int r;

	if (sigprocmask(SIG_BLOCK, signals, NULL) < 0)
		return -errno;
	source->fd = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (source->fd < 0)
		return -errno;
	r = loop_add(loop, source, EPOLLIN);
	if (r < 0) {
		(void)close(source->fd);
		source->fd = -1;
	}
	return r;
}

/**
 * arm() - Set the timerfd to the soonest of timers and deadline
 * @loop:	Loop
 * @deadline_ns: Of this round, or LOOP_FOREVER
 */
static void arm(struct loop *loop, int64_t deadline_ns)
{
	int64_t when = deadline_ns;
	struct itimerspec spec = { 0 };

	if (loop->n_timers)
		when = MIN(when, loop->heap[0]->when_ns);
	if (when == loop->armed_ns && when > loop_now())
		return;
	loop->armed_ns = when;
	if (when != LOOP_FOREVER) {
		when = MAX(when, (int64_t)1); /* 0 would disarm */
		spec.it_value.tv_sec = when / NSEC_PER_SEC;
		spec.it_value.tv_nsec = when % NSEC_PER_SEC;
	}
	(void)timerfd_settime(loop->timer.fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/**
 * expire() - Call the owners of timers that have run out
 * @loop:	Loop
 * @now:	This round's time
 */
static void expire(struct loop *loop, int64_t now)
{
	/* As many as there are now: one set anew waits for the next round. */
	for (size_t n = loop->n_timers; n && loop->n_timers; n--) {
		struct loop_timer *timer = loop->heap[0];

		if (timer->when_ns > now)
			return;
		loop_timer_cancel(loop, timer);
		timer->expired(timer, now);
	}
}

/**
 * loop_once() - Wait, then dispatch what is there
 * @loop:	Loop
 * @deadline_ns: Return by then if nothing happens, or LOOP_FOREVER
 *
 * Return: number of sources dispatched, 0 where the time ran out or timers expired, or
 *	   what epoll_wait() said
 */
int loop_once(struct loop *loop, int64_t deadline_ns)
{
	struct epoll_event events[LOOP_BATCH];
	int done = 0, n;
	int64_t now;

	arm(loop, deadline_ns);
	n = epoll_wait(loop->epoll_fd, events, LOOP_BATCH, -1);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	now = loop_now();
	loop->n_batch = n;
	for (int i = 0; i < n; i++)
		loop->batch[i] = events[i].data.ptr;
	for (int i = 0; i < n; i++) {
		struct loop_source *source = loop->batch[i];

		if (!source)
			continue; /* removed by one before it */
		loop->batch[i] = NULL;
		source->ready(source, events[i].events, now);
		done += source != &loop->timer;
	}
	loop->n_batch = 0;
	expire(loop, now);
	return done;
}

/**
 * loop_run() - Dispatch until loop_quit() is called
 * @loop:	Loop
 *
 * Return: 0, or what epoll_wait() said
 */
int loop_run(struct loop *loop)
{
	loop->quit = false;
	while (!loop->quit) {
		int r = loop_once(loop, LOOP_FOREVER);

		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * loop_quit() - Let loop_run() return after this round
 * @loop:	Loop
 */
void loop_quit(struct loop *loop)
{
	loop->quit = true;
}
