/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/vantage.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define AT_ONCE     8 /* programs: more only wait for the processors */
#define VERIFY_ARGS 15
#define STEP_NS     (60 * NSEC_PER_SEC) /* of one program, past its own deadline */

struct vantage;

/* The programs of a vantage, in this order. */
static const struct step {
	const char *program; /* NULL: what the case says that verifies a node */
	/* Makes results of what it printed and how it ended. */
	int (*read)(struct vantage *v, const struct step *step, struct buf *out,
		    struct buf *err, int code);
} steps[];

/* A member that checks. */
struct vantage {
	char name[96]; /* "host:node1", "pod:node1/a" */
	struct client_exec exec; /* .pidfd */
	const struct vantage *node; /* of a pod */
	const char *verify[VERIFY_ARGS + 1]; /* of a node; none: [0] NULL */
	size_t step; /* index in steps[]; all done at their number */
	struct proc proc;
	int out, err; /* what the program prints */
	int64_t deadline_ns;
	struct results results;
};

/**
 * last_line() - The last line of a text
 * @b:		Text; its last newline is cut off
 *
 * Return: where it begins
 */
static const char *last_line(struct buf *b)
{
	const char *newline;

	while (b->len && b->data[b->len - 1] == '\n')
		buf_truncate(b, b->len - 1);
	newline = strrchr(buf_text(b), '\n');
	return newline ? newline + 1 : buf_text(b);
}

/**
 * read_lines() - Results as a probe prints them
 * @v:		Vantage
 * @step:	Program
 * @out:	One JSON object a line
 * @err:	What it said
 * @code:	Exit code
 *
 * A probe that says nothing is a failure of its own: silence must not look like success.
 *
 * Return: 0, or as results_add()
 */
static int read_lines(struct vantage *v, const struct step *step,
		      struct buf *out, struct buf *err, int code)
{
	struct result r;
	size_t before = v->results.n;
	int e = results_read_lines(&v->results, buf_text(out), out->len);

	if (e == 0 && (code == 0 || code == 1 || code == 77) &&
	    (v->results.n > before || code == 77))
		return 0;
	result_init(&r, "RUN-1", v->name);
	(void)snprintf(r.what, sizeof(r.what), "each probe runs to its end");
	r.verdict = VERDICT_FAIL;
	(void)snprintf(r.variant, sizeof(r.variant), "%.23s", step->program);
	(void)snprintf(r.reason, sizeof(r.reason), "probe-died");
	(void)snprintf(r.detail, sizeof(r.detail),
		       "'%s' ended with exit code %d: %.160s", step->program,
		       code, last_line(err));
	return results_add(&v->results, &r);
}

/**
 * put_complaints() - All that a program complained of, in one line
 * @err:	Its standard error, "NAME: TEXT" in each line
 * @out:	Text is put at the end of it
 */
static void put_complaints(const struct buf *err, struct buf *out)
{
	const char *line = buf_text(err);
	const char *end;

	for (; *line; line = end + (*end == '\n')) {
		const char *text = strstr(line, ": ");

		end = strchrnul(line, '\n');
		text = text && text < end ? text + 2 : line;
		buf_printf(out, "%s%.*s", out->len ? "; " : "",
			   (int)(end - text), text);
	}
}

/**
 * put_differences() - What netsetup found to differ, in one line
 * @json:	What `netsetup verify --json` printed
 * @out:	Text is put at the end of it
 */
static void put_differences(const struct buf *json, struct buf *out)
{
	_cleanup_(json_freep) struct json *j = NULL;
	const struct json *item;

	if (json_parse(buf_text(json), json->len, &j) < 0)
		return;
	item = json_first(json_get(j, "results"));
	for (; item; item = json_next(item)) {
		const char *verdict = json_get_string(item, "verdict");
		const char *detail = json_get_string(item, "detail");

		if (verdict && detail && strcmp(verdict, "fail") == 0)
			buf_printf(out, "%s%s", out->len ? "; " : "", detail);
	}
	item = json_first(json_get(j, "steps"));
	for (; item; item = json_next(item)) {
		const char *object = json_get_string(item, "object");
		const char *kind = json_get_string(item, "kind");

		if (object && kind)
			buf_printf(out, "%s%s %s differs", out->len ? "; " : "",
				   kind, object);
	}
}

/**
 * read_verify() - What netsetup says of the node's state, as one result
 * @v:		Vantage
 * @step:	Program
 * @out:	What it printed
 * @err:	What it said
 * @code:	Exit code
 *
 * Return: 0, or as results_add()
 */
static int read_verify(struct vantage *v, const struct step *step,
		       struct buf *out, struct buf *err, int code)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct result r;

	(void)step;
	result_init(&r, "CFG-1", v->name);
	(void)snprintf(r.what, sizeof(r.what),
		       "the node is as netsetup set it up");
	r.verdict = code == 0 ? VERDICT_PASS : VERDICT_FAIL;
	if (code) {
		(void)snprintf(r.reason, sizeof(r.reason), "node-state");
		put_differences(out, &text);
		if (!text.len)
			put_complaints(err, &text);
		(void)snprintf(r.detail, sizeof(r.detail), "%.255s",
			       text.len ? buf_text(&text) : last_line(out));
	}
	return results_add(&v->results, &r);
}

static const struct step steps[] = {
	{ NULL, read_verify },
	{ "probe-pod", read_lines },
	{ "probe-service", read_lines },
	{ "probe-egress", read_lines },
};

/**
 * prior_file() - What was found so far, as a file for a probe
 * @v:		Vantage
 *
 * Return: descriptor, or an errno
 */
static int prior_file(const struct vantage *v)
{
	const struct results *all[] = { v->node ? &v->node->results : NULL,
					&v->results };
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_close_ int fd = memfd_create("prior", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		for (size_t j = 0; all[i] && j < all[i]->n; j++) {
			_cleanup_(json_freep) struct json *json =
				result_to_json(&all[i]->items[j]);

			r = json_print(json, JSON_COMPACT, &text);
			if (r < 0)
				return r;
			buf_putc(&text, '\n');
		}
	}
	if (text.len && write(fd, text.data, text.len) < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/**
 * start() - Start the present program of a vantage
 * @v:		Vantage
 *
 * Return: 0, or an errno
 */
static int start(struct vantage *v)
{
	const struct step *s = &steps[v->step];
	const char *probe[] = { s->program, "--json",     "--vantage", v->name,
				"--prior",  "/dev/stdin", NULL };
	_cleanup_close_ int prior = prior_file(v);
	struct proc_opts opts = { .in = prior,
				  .run = client_exec,
				  .arg = &v->exec,
				  .die_with_parent = true };

	if (prior < 0)
		return prior;
	v->out = memfd_create("out", MFD_CLOEXEC);
	v->err = memfd_create("err", MFD_CLOEXEC);
	if (v->out < 0 || v->err < 0)
		return -errno;
	opts.out = v->out;
	opts.err = v->err;
	v->exec.argv = s->program ? probe : v->verify;
	v->deadline_ns = loop_now() + STEP_NS;
	return proc_spawn(NULL, &opts, &v->proc);
}

/**
 * read_back() - Read what a program has printed
 * @fd:		File; closed, then -1
 * @b:		Where to
 *
 * Return: 0, or an errno
 */
static int read_back(int *fd, struct buf *b)
{
	int r = lseek(*fd, 0, SEEK_SET) < 0 ? -errno : buf_read_fd(b, *fd);

	(void)close(TAKE_FD(*fd));
	return r;
}

/**
 * finish() - A program has ended: take its results, go on to the next
 * @v:		Vantage
 *
 * Return: 0, or an errno
 */
static int finish(struct vantage *v)
{
	const struct step *s = &steps[v->step];
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf err = BUF_INIT;
	int status = 0, r;

	r = proc_wait(&v->proc, loop_now(), &status);
	if (r == -ETIMEDOUT) {
		proc_release(&v->proc);
		status = SIGKILL; /* as a wait status: ended by it */
		r = 0;
	}
	if (r == 0)
		r = read_back(&v->out, &out);
	if (r == 0)
		r = read_back(&v->err, &err);
	if (r == 0)
		r = s->read(v, s, &out, &err, proc_exit_code(status));
	v->step++;
	return r;
}

/**
 * may_start() - Whether a vantage has something to start now
 * @v:		Vantage; steps that are not for it are passed over
 *
 * Return: whether
 */
static bool may_start(struct vantage *v)
{
	while (v->step < ARRAY_SIZE(steps) && !steps[v->step].program &&
	       !v->verify[0])
		v->step++;
	return !v->proc.pid && v->step < ARRAY_SIZE(steps) &&
	       (!v->node || v->node->step == ARRAY_SIZE(steps));
}

/**
 * check_all() - Run all programs of all vantages
 * @all:	Vantages
 * @n:		Their number
 * @ui:		Painted meanwhile
 *
 * Return: 0; -EINTR where the user wants no more, or an errno
 */
static int check_all(struct vantage *all, size_t n, struct ui *ui)
{
	for (;;) {
		struct pollfd fds[AT_ONCE];
		struct vantage *who[AT_ONCE];
		size_t running = 0;
		int r;

		for (size_t i = 0; i < n && running < AT_ONCE; i++) {
			if (!all[i].proc.pid && !may_start(&all[i]))
				continue;
			r = all[i].proc.pid ? 0 : start(&all[i]);
			if (r < 0)
				return r;
			who[running] = &all[i];
			fds[running++] =
				(struct pollfd){ .fd = all[i].proc.pidfd,
						 .events = POLLIN };
		}
		if (!running)
			return 0;
		r = poll(fds, running, (int)(UI_PERIOD_NS / NSEC_PER_MSEC));
		if (r < 0 && errno != EINTR)
			return -errno;
		ui_tick(ui);
		if (ui_interrupted(ui))
			return -EINTR;
		for (size_t i = 0; i < running; i++) {
			if (!fds[i].revents && loop_now() < who[i]->deadline_ns)
				continue;
			r = finish(who[i]);
			if (r < 0)
				return r;
		}
	}
}

/**
 * find_node() - The vantage of a pod's node
 * @all:	Vantages so far; nodes stand before their pods
 * @n:		Their number
 * @node:	Node's name, or NULL
 *
 * Return: vantage, or NULL
 */
static const struct vantage *find_node(const struct vantage *all, size_t n,
				       const char *node)
{
	for (size_t i = 0; node && i < n; i++)
		if (strcmp(all[i].name + strlen("host:"), node) == 0 &&
		    strncmp(all[i].name, "host:", 5) == 0)
			return &all[i];
	return NULL;
}

/**
 * read_argv() - How a node is verified
 * @status:	With "verify"; the texts stay its own
 * @v:		Vantage
 */
static void read_argv(const struct json *status, struct vantage *v)
{
	const struct json *word = json_first(json_get(status, "verify"));

	for (size_t i = 0; word && i < VERIFY_ARGS; i++) {
		v->verify[i] = json_string(word);
		word = json_next(word);
	}
}

/**
 * enlist() - Get hold of the members that are vantages
 * @lab:	Lab
 * @status:	Its members
 * @only:	Name of the one that is wanted; NULL: all
 * @all:	Vantages
 * @ret_n:	Their number
 *
 * Return: 0, or as client_member()
 */
static int enlist(struct client_lab *lab, const struct json *status,
		  const char *only, struct vantage *all, size_t *ret_n)
{
	const struct json *m = json_first(json_get(status, "members"));
	size_t n = 0;

	for (; m; m = json_next(m)) {
		struct vantage *v = &all[n];
		const char *name = json_get_string(m, "name");
		const char *kind = json_get_string(m, "kind");
		int r;

		*v = (struct vantage){ .proc = PROC_INIT,
				       .out = -1,
				       .err = -1,
				       .exec = { .pidfd = -1 } };
		if (!json_get_bool(m, "vantage", false) || !name || !kind ||
		    (only && strcmp(name, only) != 0))
			continue;
		r = client_member(lab, name, &v->exec);
		if (r == -ESRCH)
			log_error("member '%s' has ended", name);
		if (r < 0)
			return r;
		(void)snprintf(v->name, sizeof(v->name), "%s:%s",
			       strcmp(kind, "pod") == 0 ? "pod" : "host", name);
		v->node = find_node(all, n, json_get_string(m, "node"));
		if (strcmp(kind, "node") == 0)
			read_argv(status, v);
		*ret_n = ++n;
	}
	return 0;
}

/**
 * vantages_check() - Run the checks in every member that is a vantage
 * @lab:	Lab
 * @status:	From client_status()
 * @only:	Name of the one that is wanted; NULL: all
 * @ui:		Painted meanwhile
 * @ret:	Results are added, vantage by vantage
 *
 * Return: 0; -EINTR where the user wants no more, or an errno
 */
int vantages_check(struct client_lab *lab, const struct json *status,
		   const char *only, struct ui *ui, struct results *ret)
{
	size_t n = 0, size = json_count(json_get(status, "members")) + 1;
	_cleanup_free_ struct vantage *all = calloc(size, sizeof(*all));
	int r;

	if (!all)
		return -ENOMEM;
	r = enlist(lab, status, only, all, &n);
	if (r == 0)
		r = check_all(all, n, ui);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < all[i].results.n && r == 0; j++)
			r = results_add(ret, &all[i].results.items[j]);
		proc_release(&all[i].proc);
		cleanup_close(&all[i].exec.pidfd);
		cleanup_close(&all[i].out);
		cleanup_close(&all[i].err);
		results_release(&all[i].results);
	}
	return r;
}
