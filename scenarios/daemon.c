/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/core.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_AT_ONCE 8 /* of lab_jobs(): more only wait for each other */

/* How to start something in a member. */
struct entry {
	const struct member *member;
	const char *const *env;
	int (*run)(void *arg);
	void *arg;
	bool stays; /* a daemon: belongs into the member's cgroups */
};

/**
 * enter_child() - In the child: move into the member, take its environment
 * @arg:	struct entry
 *
 * Return: 0, or an errno
 */
static int enter_child(void *arg)
{
	const struct entry *e = arg;
	int r;

	r = member_enter(e->member, e->stays);
	for (const char *const *v = e->env; r == 0 && v && *v; v++)
		if (putenv((char *)*v) != 0)
			r = -errno;
	return r;
}

/**
 * run_child() - In the child: close what is the holder's, call the function
 * @arg:	struct entry
 *
 * Return: exit status
 */
static int run_child(void *arg)
{
	const struct entry *e = arg;

	(void)close_range(3, ~0U, 0);
	return e->run(e->arg);
}

/**
 * start() - Start a program or function in a member
 * @e:		What and where
 * @argv:	Program, or NULL for e->run
 * @opts:	Descriptors
 * @ret:	Process
 *
 * Return: 0, or as proc_spawn()
 */
static int start(struct entry *e, const char *const argv[],
		 struct proc_opts opts, struct proc *ret)
{
	int r;

	opts.prepare = enter_child;
	opts.arg = e;
	opts.run = e->run ? run_child : NULL;
	opts.new_session = true;
	r = member_aim(e->member);
	if (r < 0)
		return r;
	r = proc_spawn(argv, &opts, ret);
	member_unaim(e->member);
	return r;
}

/**
 * daemon_free() - End a daemon's process and forget it
 * @d:		Daemon, or NULL
 */
static void daemon_free(struct daemon *d)
{
	if (!d)
		return;
	proc_release(&d->proc);
	free(d->ready);
	free(d);
}
DEFINE_CLEANUP(struct daemon *, daemon_free)

/**
 * log_name() - Name of a daemon and of its log
 * @d:		Daemon with .member; .name and .log are set
 * @name:	Name wanted, or a path whose last part it is
 */
static void log_name(struct daemon *d, const char *name)
{
	const char *slash = strrchr(name, '/');
	char member[64];

	(void)snprintf(member, sizeof(member), "%s", d->member->name);
	for (char *c = member; (c = strchr(c, '/'));)
		*c = '-';
	(void)snprintf(d->name, sizeof(d->name), "%.40s",
		       slash ? slash + 1 : name);
	(void)snprintf(d->log, sizeof(d->log), "%.30s/log/%.64s-%s.log",
		       d->member->lab->dir, member, d->name);
}

/**
 * daemon_start() - Start a daemon with its output in its log
 * @e:		What and where
 * @argv:	Program, or NULL
 * @name:	Of the daemon
 * @opts:	As given by the user, or NULL
 * @ret:	Daemon, may be NULL
 *
 * Return: 0, or an errno that was told to the user
 */
static int daemon_start(struct entry *e, const char *const argv[],
			const char *name, const struct spawn_opts *opts,
			struct daemon **ret)
{
	struct member *m = (struct member *)e->member;
	_cleanup_(daemon_freep) struct daemon *d = calloc(1, sizeof(*d));
	struct proc_opts po = PROC_OPTS_INIT;
	_cleanup_close_ int log = -1;
	struct daemon **all;
	int r;

	all = reallocarray(m->daemons, m->n_daemons + 1, sizeof(*all));
	if (all)
		m->daemons = all;
	if (!d || !all)
		return lab_fail(m->lab, -ENOMEM, "'%s'", name);
	d->member = m;
	d->proc = (struct proc)PROC_INIT;
	log_name(d, opts && opts->log ? opts->log : name);
	if (opts && opts->ready) {
		d->ready = strdup(opts->ready);
		if (!d->ready)
			return lab_fail(m->lab, -ENOMEM, "'%s'", name);
	}
	log = open(d->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		   0600);
	if (log < 0)
		return lab_fail(m->lab, -errno, "'%s'", d->log);
	e->env = opts ? opts->env : NULL;
	po.out = po.err = log;
	r = start(e, argv, po, &d->proc);
	if (r < 0)
		return lab_fail(m->lab, r, "'%s' in '%s'", name, m->name);
	m->daemons[m->n_daemons++] = d;
	if (ret)
		*ret = d;
	TAKE_PTR(d);
	return 0;
}

/**
 * member_spawn() - Start a program that is to run on
 * @m:		Member
 * @argv:	Program and arguments
 * @opts:	NULL: none
 * @ret:	Owned by the member; may be NULL
 *
 * Return: 0 once it runs, or an errno that was told to the user
 */
int member_spawn(struct member *m, const char *const argv[],
		 const struct spawn_opts *opts, struct daemon **ret)
{
	struct entry e = { .member = m, .stays = true };

	return daemon_start(&e, argv, argv[0], opts, ret);
}

/**
 * member_fork() - Start a function that is to run on
 * @m:		Member
 * @name:	Of the daemon
 * @run:	Function; returns the exit status
 * @arg:	For it
 * @opts:	NULL: none
 * @ret:	Owned by the member; may be NULL
 *
 * Return: 0 once it runs, or an errno that was told to the user
 */
int member_fork(struct member *m, const char *name, int (*run)(void *arg),
		void *arg, const struct spawn_opts *opts, struct daemon **ret)
{
	struct entry e = { .member = m, .run = run, .arg = arg, .stays = true };

	return daemon_start(&e, NULL, name, opts, ret);
}

/**
 * log_has() - Whether a daemon's log has its word
 * @d:		Daemon
 * @log:	The log is read into it
 *
 * Return: whether
 */
static bool log_has(const struct daemon *d, struct buf *log)
{
	buf_clear(log);
	return buf_read_file(log, d->log) == 0 &&
	       strstr(buf_text(log), d->ready);
}

/**
 * last_lines() - The end of a text, for a message
 * @log:	Text; its last newlines are cut off
 *
 * Return: where its last three lines begin
 */
static const char *last_lines(struct buf *log)
{
	const char *text, *end, *at;
	int lines = 0;

	while (log->len && log->data[log->len - 1] == '\n')
		buf_truncate(log, log->len - 1);
	text = buf_text(log);
	at = end = text + log->len;
	while (at > text && end - at < 600) {
		if (at[-1] == '\n' && ++lines == 3)
			break;
		at--;
	}
	return at;
}

/**
 * daemon_wait() - Wait until a daemon serves
 * @d:		Daemon
 * @deadline_ns: From lab_deadline()
 *
 * Return: 0; -ETIMEDOUT, -ECHILD where it has ended before, told to the user
 */
int daemon_wait(struct daemon *d, int64_t deadline_ns)
{
	_cleanup_(buf_release) struct buf log = BUF_INIT;
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[4096];
	struct lab *lab = d->member->lab;

	if (!d->ready)
		return 0;
	if (fd < 0 || inotify_add_watch(fd, d->log, IN_MODIFY) < 0)
		return lab_fail(lab, -errno, "cannot watch '%s'", d->log);
	while (!log_has(d, &log)) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
					{ .fd = d->proc.pidfd,
					  .events = POLLIN } };
		int64_t left = deadline_ns - loop_now();
		int n = poll(fds, 2,
			     (int)MAX(left / NSEC_PER_MSEC, (int64_t)0));

		if (n == 0)
			return lab_fail(lab, -ETIMEDOUT,
					"'%s' in '%s' does not serve: %s",
					d->name, d->member->name,
					last_lines(&log));
		if (fds[1].revents && !log_has(d, &log))
			return lab_fail(lab, -ECHILD,
					"'%s' in '%s' has ended: %s", d->name,
					d->member->name, last_lines(&log));
		while (read(fd, events, sizeof(events)) > 0)
			;
	}
	return 0;
}

/**
 * daemon_stop() - End a daemon and forget it
 * @d:		Daemon, or NULL
 */
void daemon_stop(struct daemon *d)
{
	struct member *m = d ? d->member : NULL;
	int status;

	if (!d)
		return;
	if (proc_signal(&d->proc, SIGTERM) == 0 &&
	    proc_wait(&d->proc, lab_deadline(2), &status) < 0)
		(void)proc_signal(&d->proc, SIGKILL);
	for (size_t i = 0; i < m->n_daemons; i++)
		if (m->daemons[i] == d)
			m->daemons[i] = m->daemons[--m->n_daemons];
	daemon_free(d);
}

/**
 * member_daemon() - Look a daemon up
 * @m:		Member
 * @name:	Its name
 *
 * Return: daemon, or NULL
 */
struct daemon *member_daemon(const struct member *m, const char *name)
{
	for (size_t i = 0; i < m->n_daemons; i++)
		if (strcmp(m->daemons[i]->name, name) == 0)
			return m->daemons[i];
	return NULL;
}

/**
 * lab_signal() - Send a daemon a signal
 * @lab:	Lab
 * @member:	Name of the member it runs in
 * @daemon:	Its name
 * @signal:	SIGSTOP, SIGCONT, ...
 *
 * Return: 0, or an errno that was told to the user; -ENOENT: there is no such one
 */
int lab_signal(struct lab *lab, const char *member, const char *daemon,
	       int signal)
{
	struct member *m = lab_member(lab, member);
	struct daemon *d = m ? member_daemon(m, daemon) : NULL;
	int r = d ? proc_signal(&d->proc, signal) : -ENOENT;

	return r < 0 ? lab_fail(lab, r, "'%s' of '%s'", daemon, member) : 0;
}

/**
 * daemon_reaped() - A child has ended: note it, if it was a daemon or an init
 * @lab:	Lab
 * @pid:	Child
 * @status:	As from waitpid()
 *
 * Return: whether it was known
 */
bool daemon_reaped(struct lab *lab, pid_t pid, int status)
{
	for (size_t i = 0; i < lab->n_members; i++) {
		struct member *m = lab->members[i];

		if (m->init.pid == pid) {
			lab_step(lab, "member '%s' has ended", m->name);
			proc_detach(&m->init);
			return true;
		}
		for (size_t j = 0; j < m->n_daemons; j++) {
			struct daemon *d = m->daemons[j];

			if (d->proc.pid != pid)
				continue;
			lab_step(lab, "'%s' in '%s' has ended: exit code %d",
				 d->name, m->name, proc_exit_code(status));
			proc_detach(&d->proc);
			return true;
		}
	}
	return false;
}

/**
 * daemon_forget_all() - End all daemons of a member
 * @m:		Member
 */
void daemon_forget_all(struct member *m)
{
	while (m->n_daemons)
		daemon_free(m->daemons[--m->n_daemons]);
	free(m->daemons);
	m->daemons = NULL;
}

/**
 * member_run() - Run a program to its end
 * @m:		Member
 * @argv:	Program and arguments
 * @input:	Standard input, or NULL
 * @deadline_ns: From lab_deadline(); past it the program is killed
 * @ret_out:	Standard output is appended; NULL: not wanted
 * @ret_err:	Standard error is appended; NULL: goes where output goes
 * @ret_status:	Exit code, 128 + signal
 *
 * Return: 0; -ETIMEDOUT, -ENOENT without such a program, or as proc_run()
 */
int member_run(struct member *m, const char *const argv[], const char *input,
	       int64_t deadline_ns, struct buf *ret_out, struct buf *ret_err,
	       int *ret_status)
{
	struct entry e = { .member = m };
	struct proc_opts opts = {
		.in = PROC_NULL,
		.out = PROC_NULL,
		.err = PROC_NULL,
		.prepare = enter_child,
		.arg = &e,
		.new_session = true,
	};
	int r, status;

	r = member_aim(m);
	if (r < 0)
		return r;
	r = proc_run(argv, &opts, input, deadline_ns, ret_out, ret_err,
		     &status);
	member_unaim(m);
	if (r == 0)
		*ret_status = proc_exit_code(status);
	return r;
}

/**
 * member_do() - Run a program that has to succeed, within 30 s
 * @m:		Member
 * @argv:	Program and arguments
 *
 * Return: 0; -EIO where it exits with another code, or an errno; told to the user
 */
int member_do(struct member *m, const char *const argv[])
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf err = BUF_INIT;
	int r, status = 0;

	r = member_run(m, argv, NULL, lab_deadline(30), &out, &err, &status);
	if (r == 0 && status == 0)
		return 0;
	return lab_fail(m->lab, r < 0 ? r : -EIO, "'%s' in '%s': %s", argv[0],
			m->name, last_lines(err.len ? &err : &out));
}

/* A job's temporary files: no pipe to be served while it runs. */
struct job_files {
	int in, out, err;
};

/**
 * temporary() - An anonymous file, perhaps with something in it
 * @text:	Content, or NULL
 *
 * Return: descriptor at offset 0, or what memfd_create() said
 */
static int temporary(const char *text)
{
	_cleanup_close_ int fd = memfd_create("job", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (text &&
	    (write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		return -errno;
	return TAKE_FD(fd);
}

/**
 * job_start() - Start one job
 * @job:	Job
 * @f:		Its files are made
 *
 * Return: 0, or an errno
 */
static int job_start(struct lab_job *job, struct job_files *f)
{
	struct entry e = { .member = job->member, .env = job->env };
	struct proc_opts opts;

	f->in = job->input ? temporary(job->input) : PROC_NULL;
	f->out = temporary(NULL);
	f->err = temporary(NULL);
	if ((job->input && f->in < 0) || f->out < 0 || f->err < 0)
		return -EMFILE;
	opts = (struct proc_opts){ .in = f->in, .out = f->out, .err = f->err };
	return start(&e, job->argv, opts, &job->proc);
}

/**
 * job_end() - Collect what a job has printed
 * @job:	Job
 * @f:		Its files; closed
 */
static void job_end(struct lab_job *job, struct job_files *f)
{
	if (f->out >= 0 && (lseek(f->out, 0, SEEK_SET) < 0 ||
			    buf_read_fd(&job->out, f->out) < 0))
		job->status = job->status ? job->status : -EIO;
	if (f->err >= 0 && (lseek(f->err, 0, SEEK_SET) < 0 ||
			    buf_read_fd(&job->err, f->err) < 0))
		job->status = job->status ? job->status : -EIO;
	cleanup_close(&f->in);
	cleanup_close(&f->out);
	cleanup_close(&f->err);
	*f = (struct job_files){ -1, -1, -1 };
	proc_release(&job->proc);
}

/**
 * jobs_wait() - Wait until one of the jobs that run has ended, and collect it
 * @jobs:	Jobs
 * @files:	Their files
 * @n:		Number started
 * @deadline_ns: From lab_deadline()
 *
 * Return: 0; -ETIMEDOUT, or what poll() said
 */
static int jobs_wait(struct lab_job *jobs, struct job_files *files, size_t n,
		     int64_t deadline_ns)
{
	struct pollfd fds[JOBS_AT_ONCE];
	size_t at[JOBS_AT_ONCE], running = 0;
	int64_t left = deadline_ns - loop_now();
	int r, status;

	for (size_t i = 0; i < n && running < JOBS_AT_ONCE; i++) {
		if (!jobs[i].proc.pid)
			continue;
		at[running] = i;
		fds[running++] = (struct pollfd){ .fd = jobs[i].proc.pidfd,
						  .events = POLLIN };
	}
	r = poll(fds, running, (int)MAX(left / NSEC_PER_MSEC, (int64_t)0));
	if (r <= 0)
		return r == 0 ? -ETIMEDOUT : -errno;
	for (size_t i = 0; i < running; i++) {
		struct lab_job *job = &jobs[at[i]];

		if (!fds[i].revents)
			continue;
		if (proc_wait(&job->proc, LOOP_FOREVER, &status) == 0)
			job->status = proc_exit_code(status);
		job_end(job, &files[at[i]]);
	}
	return 0;
}

/**
 * lab_jobs() - Run many programs at once
 * @lab:	Lab
 * @jobs:	Jobs; .status, .out and .err are set
 * @n:		Their number
 * @deadline_ns: From lab_deadline(); past it what still runs is killed
 *
 * Return: 0 where all exited with 0, -EIO where some did not, -ETIMEDOUT, or an errno
 */
int lab_jobs(struct lab *lab, struct lab_job *jobs, size_t n,
	     int64_t deadline_ns)
{
	_cleanup_free_ struct job_files *files = calloc(n + 1, sizeof(*files));
	size_t started = 0, running;
	int r = 0;

	(void)lab;
	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		jobs[i].proc = (struct proc)PROC_INIT;
		jobs[i].status = -ECANCELED;
		files[i] = (struct job_files){ -1, -1, -1 };
	}
	for (;;) {
		running = 0;
		for (size_t i = 0; i < started; i++)
			running += jobs[i].proc.pid != 0;
		for (; started < n && running < JOBS_AT_ONCE; started++) {
			struct lab_job *job = &jobs[started];

			r = job_start(job, &files[started]);
			if (r < 0) {
				job_end(job, &files[started]);
				job->status = r;
			} else {
				running++;
			}
		}
		if (!running)
			break;
		r = jobs_wait(jobs, files, started, deadline_ns);
		if (r < 0 && r != -EINTR)
			break;
	}
	for (size_t i = 0; i < started; i++) {
		if (jobs[i].proc.pid)
			jobs[i].status = r;
		job_end(&jobs[i], &files[i]);
	}
	for (size_t i = 0; i < n && !(r < 0 && running); i++)
		if (jobs[i].status)
			return -EIO;
	return running ? r : 0;
}
