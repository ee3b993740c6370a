/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/confirm.h"

#include "netsetup/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES    60 /* of the timer to take a transaction back */
#define AGAIN_MS 1000

/**
 * is_waiting() - Whether our transaction still awaits its confirmation
 * @e:		Engine
 * @dir:	Folder of the state
 * @id:		The transaction's
 *
 * Return: true if it does
 */
static bool is_waiting(struct engine *e, int dir, uint64_t id)
{
	_cleanup_(journal_release) struct journal j = { 0 };

	return journal_read(&j, e->strings, dir, "journal") == 0 &&
	       j.header.flags & JOURNAL_CONFIRM && j.header.id == id;
}

/**
 * wait_deadline() - Wait for the deadline or for the end of the transaction
 * @e:		Engine
 * @deadline:	CLOCK_BOOTTIME ns
 * @id:		The transaction's
 *
 * Return: true at the deadline; false where there is nothing left to wait for
 */
static bool wait_deadline(struct engine *e, int64_t deadline, uint64_t id)
{
	const struct itimerspec when = {
		.it_value = { deadline / 1000000000, deadline % 1000000000 },
	};
	_cleanup_close_ int timer =
		timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	_cleanup_close_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	_cleanup_close_ int dir = state_open(e, false);
	struct pollfd p[] = {
		{ .fd = timer, .events = POLLIN },
		{ .fd = watch, .events = POLLIN },
	};
	char path[64], events[4096];

	if (dir < 0 || timer < 0 || watch < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	if (inotify_add_watch(watch, path, IN_MOVE | IN_DELETE) < 0 ||
	    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return false;
	while (is_waiting(e, dir, id)) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return false;
		if (p[0].revents)
			return true;
		while (read(watch, events, sizeof(events)) > 0)
			;
	}
	return false;
}

/**
 * take_back_at() - Wait for the deadline, and take the transaction back
 * @options:	Of the engine
 * @deadline:	CLOCK_BOOTTIME ns
 * @id:		The transaction's
 *
 * Return: 0 also where there is nothing left to wait for; or a negative errno
 */
static int take_back_at(const struct engine_options *options, int64_t deadline,
			uint64_t id)
{
	_cleanup_(engine_close) struct engine e;
	_cleanup_(txn_close) struct txn t = TXN_CLOSED;
	int r = engine_open(&e, options);

	if (r < 0)
		return r;
	/* Opening takes it back. */
	return wait_deadline(&e, deadline, id) ? txn_open(&e, "confirm", &t) :
						 0;
}

/**
 * run_timer() - Life of the detached process
 * @options:	Of the engine
 * @deadline:	CLOCK_BOOTTIME ns
 * @id:		The transaction's
 *
 * Nobody else will do it while nobody can reach the node: what fails is tried again. What
 * fails for a minute is for the next verb to say.
 */
static void run_timer(const struct engine_options *options, int64_t deadline,
		      uint64_t id)
{
	struct engine_options o = *options;

	o.crash_at = 0;
	for (unsigned int i = 0; i < TRIES; i++) {
		if (take_back_at(&o, deadline, id) == 0)
			_exit(0);
		(void)poll(NULL, 0, AGAIN_MS);
	}
	_exit(1);
}

/**
 * leave() - Keep nothing of the caller: descriptors, streams, session
 *
 * A pipe that stayed open here would make `$(netsetup apply --confirm 2m ...)` wait.
 */
static void leave(void)
{
	int null;

	(void)setsid();
	(void)close_range(0, ~0U, 0);
	null = open("/dev/null", O_RDWR);
	(void)dup2(null, 1);
	(void)dup2(null, 2);
}

/**
 * confirm_detach() - Start the timer
 * @options:	Of the engine
 * @t:		Transaction, .deadline and .id set
 *
 * Return: 0 or a negative errno: nobody but the next verb will take it back then
 */
int confirm_detach(const struct engine_options *options, const struct txn *t)
{
	int64_t deadline = t->deadline;
	uint64_t id = t->id;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		leave();
		if (fork() == 0)
			run_timer(options, deadline, id);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}
