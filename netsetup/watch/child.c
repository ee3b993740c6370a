/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child: netsetup itself does what takes memory, time or the network
 *
 * The document goes in by a memfd, so that what is applied is what was read. A child
 * outlives us where we are killed: a transaction ends by itself.
 */
#include "netsetup/watch/watch.h"

#include "netsetup/watch/say.h"
#include "lib/cleanup.h"
#include "lib/exitcode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARGS_MAX 40

/**
 * read_memfd() - What a child has written
 * @fd:		memfd
 * @out:	Gets it
 *
 * Return: 0 or a negative errno
 */
static int read_memfd(int fd, struct buf *out)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	out->max = 1UL << 30;
	return buf_read_fd(out, fd);
}

/**
 * say_applied() - What came of a document
 * @w:		Watch
 * @code:	Exit code of `netsetup apply`
 * @result:	What it printed
 */
static void say_applied(struct watch *w, int code, const struct buf *result)
{
	_cleanup_(json_freep) struct json *said = NULL;
	struct json *j = say_new(code == EXIT_OK ? "applied" : "not-applied");

	if (code == EXIT_OK)
		w->counters.applies++;
	else if (code == EXIT_ROLLED_BACK)
		w->counters.rollbacks++;
	else
		w->counters.broken++;
	json_set_int(j, "exit", code);
	if (result->len && json_parse(result->data, result->len, &said) == 0) {
		json_set_int(j, "add", json_get_int(said, "add", 0));
		json_set_int(j, "change", json_get_int(said, "change", 0));
		json_set_int(j, "remove", json_get_int(said, "remove", 0));
	}
	say_end(w, code == EXIT_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, j,
		code == EXIT_OK ? "the document is applied" :
		w->ready ? "the document is not applied: the old one stays" :
			   "the document is not applied");
}

/**
 * child_ended() - A child has ended
 * @source:	Embedded in the child
 * @events:	Unused
 * @now:	Unused
 */
static void child_ended(struct loop_source *source, uint32_t events,
			int64_t now)
{
	struct child *c = container_of(source, struct child, ended);
	struct watch *w = container_of(c, struct watch, child);
	_cleanup_(buf_release) struct buf result = BUF_INIT, text = BUF_INIT;
	_cleanup_close_ int made = TAKE_FD(c->made);
	_cleanup_close_ int said = TAKE_FD(c->said);
	enum child_kind kind = c->kind;
	int status = -1, code;

	(void)events;
	(void)now;
	loop_remove(&w->loop, source);
	code = proc_wait(&c->proc, loop_now(), &status) < 0 ?
		       EXIT_FAILED :
		       proc_exit_code(status);
	proc_release(&c->proc);
	c->kind = CHILD_NONE;
	text = c->text;
	c->text = (struct buf)BUF_INIT;
	if (kind == CHILD_RECOVER) {
		w->counters.recovered += code == EXIT_OK;
		watch_soon(w, code == EXIT_OK ? 0 : NSEC_PER_SEC);
		if (w->stopping)
			loop_quit(&w->loop);
		return;
	}
	if (read_memfd(said, &result) < 0)
		buf_clear(&result);
	if (code == EXIT_OK && made >= 0 && read_memfd(made, &text) < 0)
		code = EXIT_FAILED;
	say_applied(w, code, &result);
	watch_applied(w, code, &text);
}

/**
 * start() - Start netsetup with a verb
 * @w:		Watch
 * @kind:	What for
 * @argv:	Its arguments
 * @in:		Standard input, or PROC_NULL
 *
 * Return: 0 or a negative errno
 */
static int start(struct watch *w, enum child_kind kind,
		 const char *const argv[], int in)
{
	struct child *c = &w->child;
	struct proc_opts opts = PROC_OPTS_INIT;
	int r;

	c->said = memfd_create("said", MFD_CLOEXEC);
	if (c->said < 0)
		return -errno;
	opts.in = in;
	opts.out = c->said;
	(void)setenv("NETSETUP_WATCH", "1", 1); /* who answers for prefixes */
	opts.new_session = true; /* a signal of the terminal is for us */
	r = proc_spawn(argv, &opts, &c->proc);
	if (r < 0) {
		say_end(w, LOG_LEVEL_ERROR, say_new("no-program"),
			"program '%s': %s", argv[0], strerror(-r));
		(void)close(TAKE_FD(c->said));
		return r;
	}
	c->ended = (struct loop_source){ .fd = c->proc.pidfd,
					 .ready = child_ended };
	c->kind = kind;
	return loop_add(&w->loop, &c->ended, EPOLLIN);
}

/* Arguments of a child, ended by NULL. */
struct args {
	const char *item[ARGS_MAX];
	size_t n;
};

/**
 * add_option() - Hand an option on, if it was given
 * @a:		Arguments
 * @name:	"--state"
 * @value:	Its value, or NULL
 */
static void add_option(struct args *a, const char *name, const char *value)
{
	if (!value || a->n + 3 > ARGS_MAX)
		return;
	a->item[a->n++] = name;
	a->item[a->n++] = value;
}

/**
 * provider_args() - The options of the provider form
 * @a:		Arguments
 * @c:		Options
 */
static void provider_args(struct args *a, const struct config *c)
{
	add_option(a, "--provider", c->provider);
	add_option(a, "--shoot", c->shoot);
	add_option(a, "--node-name", c->node_name);
	add_option(a, "--metadata", c->metadata);
	add_option(a, "--nat64", c->nat64);
	add_option(a, "--profiles", c->profiles);
	add_option(a, "--dad", c->dad);
}

/**
 * child_apply() - Apply a document, or what the provider says
 * @w:		Watch; no child runs
 * @text:	Document, taken over; empty in the provider form
 *
 * Return: 0; watch_applied() follows. Or a negative errno
 */
int child_apply(struct watch *w, struct buf *text)
{
	const struct config *c = w->config;
	struct args a = { .item = { w->netsetup, "apply", "--json" }, .n = 3 };
	_cleanup_close_ int in = -1;
	char made[32];

	add_option(&a, "--state", c->state);
	add_option(&a, "--root", c->root);
	add_option(&a, "--hints", c->hints);
	w->child.made = -1;
	if (c->provider) {
		/* Not CLOEXEC: the child opens it by its number. */
		w->child.made = memfd_create("document", 0);
		if (w->child.made < 0)
			return -errno;
		snprintf(made, sizeof(made), "/proc/self/fd/%d", w->child.made);
		provider_args(&a, c);
		add_option(&a, "--save", made);
	} else {
		in = memfd_create("document", MFD_CLOEXEC);
		if (in < 0 ||
		    write(in, text->data, text->len) != (ssize_t)text->len ||
		    lseek(in, 0, SEEK_SET) < 0)
			return errno ? -errno : -EIO;
		a.item[a.n++] = "-";
	}
	w->child.text = *text;
	*text = (struct buf)BUF_INIT;
	return start(w, CHILD_APPLY, a.item, in < 0 ? PROC_NULL : in);
}

/**
 * child_recover() - Take back a transaction that was killed half way
 * @w:		Watch; no child runs
 *
 * Return: 0; an audit follows. Or a negative errno
 */
int child_recover(struct watch *w)
{
	struct args a = { .item = { w->netsetup, "recover" }, .n = 2 };

	add_option(&a, "--state", w->config->state);
	add_option(&a, "--root", w->config->root);
	say_end(w, LOG_LEVEL_WARNING, say_new("recover"),
		"a transaction was killed half way: it is taken back");
	return start(w, CHILD_RECOVER, a.item, PROC_NULL);
}
