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

/* The detached process. */
struct timer {
	const struct engine_options *options;
	int dir; /* folder of the state */
	int64_t deadline; /* CLOCK_BOOTTIME ns */
	uint64_t id; /* the transaction's */
};

/**
 * is_waiting() - Whether our transaction still awaits its confirmation
 * @t:		Timer
 * @e:		Engine
 *
 * Return: 1 if it does, 0 if not, or a negative errno where that cannot be told
 */
static int is_waiting(const struct timer *t, struct engine *e)
{
	_cleanup_(journal_release) struct journal j = { 0 };
	int r = journal_read_sets(&j, e->strings, t->dir, "journal", 0);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return j.header.flags & JOURNAL_CONFIRM && j.header.id == t->id;
}

/**
 * watch_folder() - Be told when the journal goes
 * @t:		Timer
 *
 * Return: descriptor, or a negative errno: the number of those that a user may have is
 *	   small, and a node with many pods may have none left
 */
static int watch_folder(const struct timer *t)
{
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->dir);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MOVE | IN_DELETE) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/**
 * wait_deadline() - Wait for the deadline or for the end of the transaction
 * @t:		Timer
 * @e:		Engine
 *
 * Where nobody tells of the end, it is seen at the deadline.
 *
 * Return: 1 at the deadline; 0 where there is nothing left to wait for, or a negative
 *	   errno
 */
static int wait_deadline(const struct timer *t, struct engine *e)
{
	const struct itimerspec when = {
		.it_value = { t->deadline / 1000000000,
			      t->deadline % 1000000000 },
	};
	_cleanup_close_ int timer =
		timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	_cleanup_close_ int watch = -1;
	struct pollfd p[] = {
		{ .fd = timer, .events = POLLIN },
		{ .events = POLLIN }, /* passed over where it is below 0 */
	};
	char events[4096];

	if (timer < 0 ||
	    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return -errno;
	p[1].fd = watch = watch_folder(t);
	for (;;) {
		int r = is_waiting(t, e);

		if (r <= 0 || state_clock() >= t->deadline)
			return r;
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return -errno;
		while (watch >= 0 && read(watch, events, sizeof(events)) > 0)
			;
	}
}

/**
 * take_back() - Wait for the deadline, and take the transaction back
 * @t:		Timer
 *
 * Return: 0 also where there is nothing left to wait for; or a negative errno
 */
static int take_back(const struct timer *t)
{
	_cleanup_(engine_close) struct engine e;
	_cleanup_(txn_close) struct txn txn = TXN_CLOSED;
	int r = engine_open(&e, t->options);

	if (r == 0)
		r = wait_deadline(t, &e);
	if (r <= 0)
		return r;
	txn.dir = fcntl(t->dir, F_DUPFD_CLOEXEC, 0);
	/* Opening takes it back. */
	return txn.dir < 0 ? -errno : txn_open(&e, "confirm", &txn);
}

/**
 * run_timer() - Life of the detached process
 * @t:		Timer
 *
 * Nobody else will do it while nobody can reach the node: what fails is tried again. What
 * still fails a minute after the deadline is for the next verb to say.
 */
static void run_timer(const struct timer *t)
{
	for (unsigned int tries = 0; tries < TRIES;) {
		if (take_back(t) == 0)
			_exit(0);
		if (state_clock() >= t->deadline)
			tries++;
		(void)poll(NULL, 0, AGAIN_MS);
	}
	_exit(1);
}

/**
 * leave() - Keep nothing of the caller but one descriptor: no streams, no session
 * @keep:	Descriptor; another one afterwards
 *
 * A pipe that stayed open here would make `$(netsetup apply --confirm 2m ...)` wait.
 *
 * Return: true if it could
 */
static bool leave(int *keep)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	*keep = fcntl(*keep, F_DUPFD, STDERR_FILENO + 1);
	if (null < 0 || *keep < 0)
		return false;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return false;
	*keep = dup2(*keep, STDERR_FILENO + 1);
	return *keep >= 0 && close_range((unsigned int)*keep + 1, ~0U, 0) == 0;
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
	struct engine_options o = *options;
	struct timer timer = { &o, t->dir, t->deadline, t->id };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		o.crash_at = o.stop_at = 0;
		if (!leave(&timer.dir))
			_exit(1);
		pid = fork();
		if (pid == 0)
			run_timer(&timer);
		_exit(pid < 0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status == 0 ? 0 : -EAGAIN;
}
