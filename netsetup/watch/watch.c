/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/watch.h"

#include "netsetup/state.h"
#include "netsetup/watch/lack.h"
#include "netsetup/watch/metrics.h"
#include "netsetup/watch/responder.h"
#include "netsetup/watch/say.h"
#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define AUDIT_EVERY_NS (30 * NSEC_PER_SEC)

/**
 * watch_soon() - Look at everything before long
 * @w:		Watch
 * @ns:		From now, at the latest
 */
void watch_soon(struct watch *w, int64_t ns)
{
	int64_t now = loop_now();
	int64_t when = ns > INT64_MAX - now ? INT64_MAX : now + MAX(ns, 0);

	if (w->audit.slot && w->audit.when_ns <= when)
		return;
	(void)!loop_timer_set(&w->loop, &w->audit, when);
}

/**
 * watch_stop() - End, and leave the network as it is
 * @w:		Watch
 * @code:	Exit code
 */
void watch_stop(struct watch *w, int code)
{
	w->stopping = true;
	w->exit = code;
	(void)!notify_send("STOPPING=1\n");
	/* A transaction is waited for: half of one is nothing to leave. */
	if (!w->child.kind)
		loop_quit(&w->loop);
}

/**
 * add_dev() - Remember an interface that the document is about
 * @w:		Watch
 * @name:	Its name, or 0
 */
static void add_dev(struct watch *w, uint32_t name)
{
	uint32_t *devs;

	for (size_t i = 0; i < w->n_devs; i++)
		if (w->devs[i] == name)
			return;
	devs = name ? reallocarray(w->devs, w->n_devs + 1, sizeof(*devs)) :
		      NULL;
	if (!devs)
		return;
	w->devs = devs;
	w->devs[w->n_devs++] = name;
}

/**
 * watch_devices() - Learn which interfaces the document is about
 * @w:		Watch; .conf counts
 *
 * The fields of the kinds say which of them are names of interfaces.
 */
void watch_devices(struct watch *w)
{
	const struct model *m = &w->conf.model;

	w->n_devs = 0;
	for (size_t k = 0; k < KIND_MAX; k++)
		for (const struct field *f = kinds[k]->fields; f && f->name;
		     f++) {
			if (f->type != FIELD_DEV &&
			    !(k == KIND_LINK && strcmp(f->name, "name") == 0))
				continue;
			for (size_t i = 0; i < m->tables[k].n; i++) {
				uint32_t id;

				memcpy(&id,
				       m->tables[k].items + i * kinds[k]->size +
					       f->offset,
				       sizeof(id));
				add_dev(w, id);
			}
		}
}

/**
 * load() - Keep what was applied from now on
 * @w:		Watch
 * @text:	Document
 *
 * The engine is opened anew, so that names of the past take no memory.
 *
 * Return: 0 or a negative errno
 */
static int load(struct watch *w, const struct buf *text)
{
	struct engine_options options = w->e.options;
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	struct txn_seen seen;
	int r;

	model_release(&w->want);
	conf_release(&w->conf);
	engine_close(&w->e);
	w->conf = (struct conf){ 0 };
	r = engine_open(&w->e, &options);
	model_init(&w->want, w->e.strings);
	model_init(&w->conf.model, w->e.strings);
	if (r == 0)
		r = conf_read(w->e.strings, w->e.caps, "document", text->data,
			      text->len, &w->conf, &errors);
	if (r == 0)
		r = txn_peek(&w->e, &seen);
	if (r == 0)
		watch_devices(w);
	return r;
}

/**
 * become_ready() - The first document is applied
 * @w:		Watch
 */
static void become_ready(struct watch *w)
{
	struct json *j = say_new("ready");

	w->ready = true;
	waiter_start(w);
	watch_audit(w);
	(void)!notify_send("READY=1\nSTATUS=watching %zu objects\n",
			   model_count(&w->want));
	json_set_int(j, "objects", (int64_t)model_count(&w->want));
	json_set_int(j, "audited",
		     (int64_t)(w->want.tables[KIND_PROXY].n +
			       w->want.tables[KIND_MASQUERADE].n +
			       w->want.tables[KIND_SYSCTL].n));
	json_set_number(j, "audit_s", (double)w->audit_every_ns / 1e9);
	say_end(w, LOG_LEVEL_INFO, j,
		"watching %zu objects; audited each %lld s, because the kernel tells no events: %zu proxies, %zu masquerades, %zu sysctls (those written by another mount of /proc)",
		model_count(&w->want),
		(long long)(w->audit_every_ns / NSEC_PER_SEC),
		w->want.tables[KIND_PROXY].n, w->want.tables[KIND_MASQUERADE].n,
		w->want.tables[KIND_SYSCTL].n);
}

/**
 * try_again() - Apply a document again that things were not ready for
 * @w:		Watch
 * @code:	Exit code of the last try
 * @text:	Document
 *
 * An interface may come (lack_look() need not wait then), a lock be let go. What is wrong in
 * a document itself stays wrong.
 */
static void try_again(struct watch *w, int code, const struct buf *text)
{
	struct json *j;

	buf_clear(&w->lacks);
	if (code == EXIT_OK || code == EXIT_USAGE) {
		w->retry = false;
		w->retry_ns = 0;
		return;
	}
	w->retry_ns = backoff_next(w->retry_ns);
	j = say_new("retry");
	json_set_number(j, "again_s", (double)w->retry_ns / 1e9);
	say_end(w, LOG_LEVEL_INFO, j, "the document is tried again in %lld s",
		(long long)(w->retry_ns / NSEC_PER_SEC));
	w->retry = true;
	lack_note(w, text);
	(void)!loop_timer_set(&w->loop, &w->reread, loop_now() + w->retry_ns);
}

/**
 * watch_applied() - The child has applied a document, or has not
 * @w:		Watch
 * @code:	Its exit code
 * @text:	Document; taken over where it was applied
 */
void watch_applied(struct watch *w, int code, struct buf *text)
{
	struct generation now;
	int r = 0;

	if (code == EXIT_OK) {
		struct buf old = w->text;

		generation_read(w->dir, &now);
		generation_spoil(&w->generation);
		w->text = *text;
		*text = old;
		r = load(w, &w->text);
		if (r == 0)
			w->generation = now;
		if (r == 0)
			pref64_reload(w);
	}
	if (!w->ready && (code != EXIT_OK || r < 0)) {
		watch_stop(w, code == EXIT_OK ? EXIT_FAILED : code);
		return;
	}
	if (w->stopping) {
		loop_quit(&w->loop);
		return;
	}
	if (r < 0)
		log_error("document: %s", strerror(-r));
	if (!w->ready)
		become_ready(w);
	else
		watch_soon(w, 0);
	try_again(w, code, text);
	if (w->again)
		(void)!loop_timer_set(&w->loop, &w->reread, loop_now());
}

/**
 * gone() - The document cannot be read
 * @w:		Watch
 * @r:		Why
 */
static void gone(struct watch *w, int r)
{
	struct json *j = say_new("document-unreadable");

	w->counters.broken++;
	json_set_string(j, "why", strerror(-r));
	say_end(w, LOG_LEVEL_WARNING, j, "%s: %s; what was applied stays",
		w->document, strerror(-r));
}

/**
 * reread() - Apply the document, if it is another one
 * @timer:	Embedded in the watch
 * @now:	Unused
 */
static void reread(struct loop_timer *timer, int64_t now)
{
	struct watch *w = container_of(timer, struct watch, reread);
	_cleanup_(buf_release) struct buf text = { .max = 1UL << 30 };
	bool same;
	int r;

	(void)now;
	w->again = w->child.kind != CHILD_NONE;
	if (w->again || w->stopping)
		return;
	if (w->config->provider) {
		r = child_apply(w, &text);
		if (r < 0)
			log_error("apply: %s", strerror(-r));
		return;
	}
	if (!w->document)
		return;
	r = buf_read_file(&text, w->document);
	if (r < 0) {
		gone(w, r);
		return;
	}
	same = text.len == w->seen.len &&
	       (text.len == 0 ||
		memcmp(text.data, w->seen.data, text.len) == 0);
	if (same && !w->retry)
		return;
	/* Another document has not been tried yet. */
	if (!same)
		w->retry_ns = 0;
	w->retry = false;
	buf_clear(&w->seen);
	buf_add(&w->seen, text.data, text.len);
	if (buf_error(&w->seen) == 0)
		r = child_apply(w, &text);
	if (r < 0)
		log_error("apply: %s", strerror(-r));
}

/**
 * on_signal() - SIGTERM and SIGINT end it, SIGHUP applies once more
 * @source:	Embedded in the watch
 * @events:	Unused
 * @now:	Unused
 */
static void on_signal(struct loop_source *source, uint32_t events, int64_t now)
{
	struct watch *w = container_of(source, struct watch, on_signal);
	struct signalfd_siginfo si;

	(void)events;
	while (read(source->fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo != SIGHUP) {
			say_end(w, LOG_LEVEL_INFO, say_new("stopping"),
				"ends; the network stays as it is");
			watch_stop(w, EXIT_OK);
		} else {
			buf_clear(&w->seen);
			reread(&w->reread, now);
		}
	}
}

/**
 * on_events() - The kernel tells something
 * @source:	Embedded in the watch
 * @events:	Unused
 * @now:	Unused
 */
static void on_events(struct loop_source *source, uint32_t events, int64_t now)
{
	(void)events;
	(void)now;
	watch_events(container_of(source, struct watch, on_events));
}

/**
 * on_audit() - Time to look at everything
 * @timer:	Embedded in the watch
 * @now:	Unused
 */
static void on_audit(struct loop_timer *timer, int64_t now)
{
	(void)now;
	watch_audit(container_of(timer, struct watch, audit));
}

/**
 * on_slow() - The slow audit, of what has no events
 * @timer:	Embedded in the watch
 * @now:	Time
 */
static void on_slow(struct loop_timer *timer, int64_t now)
{
	struct watch *w = container_of(timer, struct watch, slow);

	(void)!loop_timer_set(&w->loop, timer, now + w->audit_every_ns);
	watch_audit(w);
}

/**
 * on_watchdog() - Tell the service manager that we are alive
 * @timer:	Embedded in the watch
 * @now:	Time
 */
static void on_watchdog(struct loop_timer *timer, int64_t now)
{
	struct watch *w = container_of(timer, struct watch, watchdog);

	(void)!notify_send("WATCHDOG=1\n");
	(void)!loop_timer_set(&w->loop, timer, now + notify_watchdog_ns());
}

/**
 * take_guard() - Be the only watch of this state
 * @w:		Watch
 *
 * Return: 0; -EBUSY after saying who is, or a negative errno
 */
static int take_guard(struct watch *w)
{
	char who[32] = "";
	ssize_t n;

	w->guard = openat(w->dir, "watch", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (w->guard < 0)
		return -errno;
	if (flock(w->guard, LOCK_EX | LOCK_NB) < 0) {
		n = pread(w->guard, who, sizeof(who) - 1, 0);
		who[n > 0 ? n : 0] = '\0';
		log_error("watched already, by process %s", who);
		return -EBUSY;
	}
	snprintf(who, sizeof(who), "%d", getpid());
	if (ftruncate(w->guard, 0) < 0 ||
	    pwrite(w->guard, who, strlen(who), 0) < 0)
		return -errno;
	return 0;
}

/**
 * watch_state_lost() - Somebody has removed the folder of the state: make it anew
 * @w:		Watch
 *
 * Return: 0 or a negative errno
 */
int watch_state_lost(struct watch *w)
{
	int dir = state_open(&w->e, true), r;

	if (dir < 0)
		return dir;
	(void)close(w->dir);
	w->dir = dir;
	if (w->guard >= 0)
		(void)close(TAKE_FD(w->guard));
	r = take_guard(w);
	if (r < 0)
		return r;
	follow_state(w);
	return 0;
}

/**
 * find_program() - Path of netsetup: it lies beside us
 * @w:		Watch
 */
static void find_program(struct watch *w)
{
	ssize_t n = readlink("/proc/self/exe", w->netsetup,
			     sizeof(w->netsetup) - 1);
	char *suffix;

	w->netsetup[n > 0 ? n : 0] = '\0';
	suffix = strrchr(w->netsetup, '-');
	if (suffix)
		*suffix = '\0';
}

/**
 * start_loop() - Signals, timers and sources
 * @w:		Watch
 *
 * Return: 0 or a negative errno
 */
static int start_loop(struct watch *w)
{
	int64_t now = loop_now();
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	(void)signal(SIGPIPE, SIG_IGN);
	w->on_signal.ready = on_signal;
	w->on_events = (struct loop_source){ .fd = nl_fd(&w->events),
					     .ready = on_events };
	w->audit.expired = on_audit;
	w->slow.expired = on_slow;
	w->reread.expired = reread;
	w->watchdog.expired = on_watchdog;
	r = loop_signals(&w->loop, &w->on_signal, &signals);
	if (r == 0)
		r = loop_add(&w->loop, &w->on_events, EPOLLIN);
	if (r == 0)
		r = loop_timer_set(&w->loop, &w->slow, now + w->audit_every_ns);
	if (r == 0 && notify_watchdog_ns())
		r = loop_timer_set(&w->loop, &w->watchdog,
				   now + notify_watchdog_ns());
	return r;
}

/**
 * start_work() - Apply what there is
 * @w:		Watch
 *
 * Return: 0 or a negative errno after saying why
 */
static int start_work(struct watch *w)
{
	_cleanup_(buf_release) struct buf text = { .max = 1UL << 30 };
	int r = 0;

	if (w->document)
		r = buf_read_file(&text, w->document);
	else if (!w->config->provider)
		r = buf_read_fd(&text, 0);
	if (r < 0) {
		log_error("%s: %s", w->document ? w->document : "stdin",
			  strerror(-r));
		return r;
	}
	if (w->document)
		buf_add(&w->seen, text.data, text.len);
	return child_apply(w, &text);
}

/**
 * watch_release() - End
 * @w:		Watch
 */
static void watch_release(struct watch *w)
{
	metrics_close(w);
	responder_close(w);
	waiter_close(w);
	translator_close(w);
	asker_close(w);
	follow_close(w);
	proc_detach(&w->child.proc);
	buf_release(&w->child.text);
	buf_release(&w->text);
	buf_release(&w->seen);
	buf_release(&w->lacks);
	nl_close(&w->events);
	model_release(&w->want);
	conf_release(&w->conf);
	engine_close(&w->e);
	free(w->repairs);
	free(w->devs);
	loop_release(&w->loop);
	if (w->guard >= 0)
		(void)close(w->guard);
	if (w->dir >= 0)
		(void)close(w->dir);
	if (w->on_signal.fd >= 0)
		(void)close(w->on_signal.fd);
}

/**
 * open_all() - All that is needed before the first document
 * @w:		Watch
 *
 * Return: 0 or a negative errno after saying why
 */
static int open_all(struct watch *w)
{
	const struct config *c = w->config;
	const struct engine_options options = {
		.state = c->state ? c->state : STATE_DIR,
		.root = c->root,
		.hurry = true,
	};
	int r = loop_init(&w->loop);

	if (r == 0)
		r = engine_open(&w->e, &options);
	model_init(&w->want, w->e.strings);
	model_init(&w->conf.model, w->e.strings);
	if (r == 0) {
		w->dir = state_open(&w->e, true);
		r = w->dir < 0 ? w->dir : take_guard(w);
	}
	/* Before it is applied: nothing that happens meanwhile is missed. */
	if (r == 0)
		r = watch_subscribe(w);
	if (r == 0)
		r = pref64_open(w);
	if (r == 0)
		r = follow_open(w);
	if (r == 0)
		r = start_loop(w);
	if (r == 0)
		r = metrics_open(w);
	if (r < 0 && r != -EBUSY)
		log_error("%s",
			  w->e.why.len ? buf_text(&w->e.why) : strerror(-r));
	return r;
}

/**
 * watch_run() - netsetup watch
 * @config:	Options
 * @n:		Arguments
 * @args:	The document's path, or nothing in the provider form
 *
 * Return: exit code
 */
int watch_run(const struct config *config, int n, char **args)
{
	_cleanup_free_ struct watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return EXIT_FAILED;
	if (n > 1 || (n == 1) == (config->provider != NULL)) {
		log_error(
			"needs a document, '-' for standard input, or --provider and --shoot");
		return EXIT_USAGE;
	}
	w->config = config;
	w->document = n && strcmp(args[0], "-") != 0 ? args[0] : NULL;
	w->dir = w->guard = w->lock = w->notify_fd = -1;
	w->child.made = w->child.said = w->on_signal.fd = -1;
	w->child.proc = (struct proc)PROC_INIT;
	waiter_init(&w->waiter);
	translator_init(&w->translator);
	asker_init(&w->asker);
	w->flap.burst = config->burst;
	w->audit_every_ns = config->audit ? config->audit : AUDIT_EVERY_NS;
	find_program(w);
	r = open_all(w);
	if (r == 0)
		r = start_work(w);
	if (r == 0)
		r = loop_run(&w->loop);
	watch_release(w);
	return r < 0 ? EXIT_USAGE : w->exit;
}
