/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: loop - one thread waits for descriptors, timers, signals and processes
 *
 * epoll for descriptors (pidfds are descriptors as well), one timerfd for all timers,
 * signalfd for signals. Sources and timers are embedded in their owners, who find
 * themselves by container_of(); the loop owns neither and frees neither. The time is
 * read once a round and passed in, CLOCK_MONOTONIC in nanoseconds.
 *
 * Any callback may add, change or remove any source or timer, its own too: a removed
 * source is not called again, not even for what epoll had already reported.
 */

#include "lib/base.h"

#include <signal.h>

#define NSEC_PER_SEC  1000000000LL
#define NSEC_PER_MSEC 1000000LL
#define LOOP_FOREVER  INT64_MAX

struct loop;

struct loop_source {
	int fd;
	/* @events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR */
	void (*ready)(struct loop_source *source, uint32_t events, int64_t now);
};

struct loop_timer {
	int64_t when_ns;
	size_t slot; /* 1 + place in the heap; 0: not set */
	void (*expired)(struct loop_timer *timer, int64_t now);
};

#define LOOP_BATCH 64

struct loop {
	int epoll_fd;
	struct loop_source timer; /* the one timerfd */
	int64_t armed_ns; /* what the timerfd waits for */
	struct loop_timer **heap; /* soonest first */
	size_t n_timers, size;
	struct loop_source *batch[LOOP_BATCH]; /* being dispatched */
	int n_batch;
	bool quit;
};

int64_t loop_now(void);

must_check int loop_init(struct loop *loop);
void loop_release(struct loop *loop);
must_check int loop_add(struct loop *loop, struct loop_source *source,
			uint32_t events);
must_check int loop_change(struct loop *loop, struct loop_source *source,
			   uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);
must_check int loop_timer_set(struct loop *loop, struct loop_timer *timer,
			      int64_t when_ns);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);
must_check int loop_signals(struct loop *loop, struct loop_source *source,
			    const sigset_t *signals);

/* One round: waits until @deadline_ns at most, dispatches what is there. */
must_check int loop_once(struct loop *loop, int64_t deadline_ns);
must_check int loop_run(struct loop *loop); /* until loop_quit() */
void loop_quit(struct loop *loop);
