/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/waiter.h"

#include "netsetup/watch/say.h"
#include "netsetup/watch/watch.h"
#include "lib/exitcode.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/**
 * waiter_init() - Make one that does not run
 * @w:		Waiter
 */
void waiter_init(struct waiter *w)
{
	*w = (struct waiter){ .proc = PROC_INIT, .said.fd = -1 };
}

/**
 * drop_said() - End the pipe
 * @w:		Watch
 */
static void drop_said(struct watch *w)
{
	struct waiter *a = &w->waiter;

	if (a->said.fd < 0)
		return;
	loop_remove(&w->loop, &a->said);
	(void)close(TAKE_FD(a->said.fd));
}

/**
 * on_said() - It is armed: what is applied from now on misses nothing
 * @source:	Embedded in the waiter
 * @events:	Unused
 * @now:	Unused
 */
static void on_said(struct loop_source *source, uint32_t events, int64_t now)
{
	struct waiter *a = container_of(source, struct waiter, said);
	struct watch *w = container_of(a, struct watch, waiter);
	char text[32];
	ssize_t n = read(source->fd, text, sizeof(text));

	(void)events;
	(void)now;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	drop_said(w);
	if (n <= 0)
		return;
	a->backoff_ns = 0;
	(void)!loop_timer_set(&w->loop, &w->reread, loop_now());
}

/**
 * on_ended() - Something has changed, or it could not wait
 * @source:	Embedded in the waiter
 * @events:	Unused
 * @now:	Time
 */
static void on_ended(struct loop_source *source, uint32_t events, int64_t now)
{
	struct waiter *a = container_of(source, struct waiter, ended);
	struct watch *w = container_of(a, struct watch, waiter);
	int status = -1, code;

	(void)events;
	loop_remove(&w->loop, source);
	code = proc_wait(&a->proc, now, &status) < 0 ? EXIT_FAILED :
						       proc_exit_code(status);
	proc_release(&a->proc);
	drop_said(w);
	if (w->stopping)
		return;
	if (code == EXIT_SKIPPED) {
		a->never = true;
		return;
	}
	if (code == EXIT_OK) {
		say_end(w, LOG_LEVEL_INFO, say_new("metadata"),
			"the provider's metadata has changed");
		waiter_start(w);
		return;
	}
	a->backoff_ns = backoff_next(a->backoff_ns);
	(void)!loop_timer_set(&w->loop, &a->again, now + a->backoff_ns);
}

/**
 * on_again() - Try again to wait
 * @timer:	Embedded in the waiter
 * @now:	Unused
 */
static void on_again(struct loop_timer *timer, int64_t now)
{
	struct waiter *a = container_of(timer, struct waiter, again);

	(void)now;
	waiter_start(container_of(a, struct watch, waiter));
}

/**
 * waiter_start() - Begin to wait, in the provider form
 * @w:		Watch
 */
void waiter_start(struct watch *w)
{
	const struct config *c = w->config;
	struct waiter *a = &w->waiter;
	const char *argv[10] = { w->netsetup, "wait", "--provider",
				 c->provider };
	struct proc_opts opts = PROC_OPTS_INIT;
	size_t n = 4;
	int pipes[2];

	if (!c->provider || a->never || a->proc.pid || w->stopping ||
	    pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	if (c->metadata) {
		argv[n++] = "--metadata";
		argv[n++] = c->metadata;
	}
	if (c->profiles) {
		argv[n++] = "--profiles";
		argv[n++] = c->profiles;
	}
	opts.out = pipes[1];
	opts.die_with_parent = true;
	a->said = (struct loop_source){ .fd = pipes[0], .ready = on_said };
	a->again.expired = on_again;
	if (proc_spawn(argv, &opts, &a->proc) < 0 ||
	    loop_add(&w->loop, &a->said, EPOLLIN) < 0) {
		(void)close(TAKE_FD(a->said.fd));
		(void)close(pipes[1]);
		proc_release(&a->proc);
		return;
	}
	(void)close(pipes[1]);
	a->ended =
		(struct loop_source){ .fd = a->proc.pidfd, .ready = on_ended };
	(void)!loop_add(&w->loop, &a->ended, EPOLLIN);
}

/**
 * waiter_close() - End
 * @w:		Watch
 */
void waiter_close(struct watch *w)
{
	drop_said(w);
	if (w->waiter.proc.pid)
		loop_remove(&w->loop, &w->waiter.ended);
	proc_release(&w->waiter.proc);
}
