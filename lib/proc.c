/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/proc.h"

#include "lib/cleanup.h"
#include "lib/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/**
 * fork_pidfd() - fork() that returns a pidfd as well
 * @ret_pidfd:	Set in the parent
 *
 * Signal handlers are reset in the child.
 *
 * Return: process id in the parent, 0 in the child, or a negative errno
 */
static pid_t fork_pidfd(int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : (pid_t)pid;
}

/**
 * redirect() - Make one of the three standard descriptors of a child
 * @fd:		Wanted, PROC_NULL or PROC_INHERIT
 * @standard:	0, 1 or 2
 *
 * Return: 0, or what open() or dup2() said
 */
static int redirect(int fd, int standard)
{
	_cleanup_close_ int null = -1;

	if (fd == PROC_INHERIT || fd == standard)
		return 0;
	if (fd == PROC_NULL) {
		fd = null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null < 0)
			return -errno;
		if (null == standard)
			return fcntl(TAKE_FD(null), F_SETFD, 0) < 0 ? -errno :
								      0;
	}
	return dup2(fd, standard) < 0 ? -errno : 0;
}

/**
 * raise_fd() - Move a descriptor out of the way of the three standard ones
 * @fd:		Descriptor, or a negative number
 *
 * Return: the descriptor itself or a duplicate above 2, or what fcntl() said
 */
static int raise_fd(int fd)
{
	int r;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	r = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return r < 0 ? -errno : r;
}

/**
 * standard_fds() - Give a child its standard input, output and error
 * @opts:	Which
 *
 * A descriptor wanted in one place may stand in another one's: all move away first.
 *
 * Return: 0, or an errno
 */
static int standard_fds(const struct proc_opts *opts)
{
	int fds[] = { opts->in, opts->out, opts->err };
	int r;

	for (int i = 0; i < (int)ARRAY_SIZE(fds); i++) {
		if (fds[i] < 0 || fds[i] == i)
			continue;
		r = raise_fd(fds[i]);
		if (r < 0)
			return r;
		fds[i] = r;
	}
	for (int i = 0; i < (int)ARRAY_SIZE(fds); i++) {
		r = redirect(fds[i], i);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * child() - What the new process does; never returns
 * @argv:	Program and arguments
 * @opts:	As given to proc_spawn()
 * @tell_fd:	Pipe for the errno of what fails; closed by a successful execve()
 */
static noreturn void child(const char *const argv[],
			   const struct proc_opts *opts, int tell_fd)
{
	sigset_t none;
	int r = 0;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (opts->die_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = -errno;
	if (r == 0 && opts->new_session && setsid() < 0)
		r = -errno;
	if (r == 0)
		r = standard_fds(opts);
	if (r == 0 && opts->prepare)
		r = opts->prepare(opts->arg);
	if (r == 0 && opts->run) {
		(void)close(tell_fd);
		_exit(opts->run(opts->arg));
	}
	if (r == 0) {
		char *const *env =
			opts->env ? (char *const *)opts->env : environ;

		(void)execvpe(argv[0], (char *const *)argv, env);
		r = -errno;
	}
	if (write(tell_fd, &r, sizeof(r)) < 0)
		_exit(126); /* the parent has gone */
	_exit(127);
}

/**
 * proc_spawn() - Start a program
 * @argv:	Name (looked up in PATH) and arguments, ended by NULL
 * @opts:	How, see struct proc_opts; NULL: PROC_OPTS_INIT
 * @ret:	The process; end it by proc_release() or proc_detach()
 *
 * Return: 0 once the program runs; -ENOENT, -EACCES and others of execve(), what
 *	   opts->prepare() returned, or what clone() or pipe() said
 */
int proc_spawn(const char *const argv[], const struct proc_opts *opts,
	       struct proc *ret)
{
	static const struct proc_opts plain = PROC_OPTS_INIT;
	_cleanup_close_ int read_fd = -1, write_fd = -1;
	struct proc p = PROC_INIT;
	int fds[2], error = 0;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = raise_fd(fds[1]);
	if (write_fd < 0)
		return write_fd;
	if (write_fd != fds[1])
		(void)close(fds[1]);

	p.pid = fork_pidfd(&p.pidfd);
	if (p.pid < 0)
		return p.pid;
	if (p.pid == 0)
		child(argv, opts ? opts : &plain, write_fd);

	(void)close(TAKE_FD(write_fd));
	do {
		n = read(read_fd, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(error)) {
		proc_release(&p);
		return error;
	}
	*ret = p;
	return 0;
}

/**
 * proc_wait() - Wait for the end of a process and reap it
 * @p:		Process; then none
 * @deadline_ns: CLOCK_MONOTONIC, or LOOP_FOREVER
 * @ret_status:	As from waitpid(); see proc_exit_code()
 *
 * Return: 0; -ETIMEDOUT, -ECHILD where it was reaped by others, or what poll() said
 */
int proc_wait(struct proc *p, int64_t deadline_ns, int *ret_status)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };
	int status;

	if (!p->pid)
		return -ECHILD;
	for (;;) {
		int64_t left = deadline_ns == LOOP_FOREVER ?
				       LOOP_FOREVER :
				       deadline_ns - loop_now();
		struct timespec ts = { left / NSEC_PER_SEC,
				       left % NSEC_PER_SEC };
		int n;

		if (left < 0)
			ts = (struct timespec){ 0 };
		n = ppoll(&pfd, 1, left == LOOP_FOREVER ? NULL : &ts, NULL);
		if (n > 0)
			break;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
	if (waitpid(p->pid, &status, __WALL) < 0)
		return -errno;
	proc_detach(p);
	*ret_status = status;
	return 0;
}

/**
 * proc_signal() - Send a signal, never to another process of the same number
 * @p:		Process
 * @signal:	SIGTERM and others
 *
 * Return: 0; -ESRCH where it has ended
 */
int proc_signal(const struct proc *p, int signal)
{
	if (!p->pid)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, p->pidfd, signal, NULL, 0) < 0 ?
		       -errno :
		       0;
}

/**
 * proc_release() - Kill a process if it still runs, and reap it
 * @p:		Process; then none
 */
void proc_release(struct proc *p)
{
	if (p->pid) {
		(void)proc_signal(p, SIGKILL);
		while (waitpid(p->pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	proc_detach(p);
}

/**
 * proc_detach() - Forget a process without ending it; somebody else reaps it
 * @p:		Process; then none
 */
void proc_detach(struct proc *p)
{
	if (p->pidfd >= 0)
		(void)close(p->pidfd);
	*p = (struct proc)PROC_INIT;
}

/**
 * proc_pid() - Process id behind a pidfd
 * @pidfd:	Descriptor
 *
 * Return: process id in the caller's PID namespace, or -ESRCH where it has ended or is of
 *	   another
 */
pid_t proc_pid(int pidfd)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[128];
	int pid;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pid: %d", &pid) == 1)
			return pid > 0 ? pid : -ESRCH;
	return -ESRCH;
}

/**
 * proc_comm() - Name of a process
 * @pid:	Process
 * @ret:	Gets it
 *
 * Return: 0; a negative errno where there is no such process
 */
int proc_comm(pid_t pid, char ret[PROC_COMM_SIZE])
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[32];
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fread(ret, 1, PROC_COMM_SIZE, f); /* a line */
	if (n < 2)
		return -ESRCH;
	ret[n - 1] = '\0';
	return 0;
}

/* The three pipes of a captured process; each -1 once it is closed. */
struct pipes {
	int in, out, err;
	const char *input; /* what is still to be written */
	struct buf *out_buf, *err_buf;
};

/**
 * pipes_close() - Close what is open
 * @p:		Pipes
 */
static void pipes_close(struct pipes *p)
{
	cleanup_close(&p->in);
	cleanup_close(&p->out);
	cleanup_close(&p->err);
	p->in = p->out = p->err = -1;
}

/**
 * pipe_pair() - A pipe whose near end does not block
 * @near_writes: We write, the process reads
 * @ret_near:	Our end
 * @ret_far:	The process's end
 *
 * Return: 0, or what pipe2() said
 */
static int pipe_pair(bool near_writes, int *ret_near, int *ret_far)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret_near = fds[near_writes];
	*ret_far = fds[!near_writes];
	if (fcntl(*ret_near, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/**
 * feed() - Write what the pipe takes
 * @p:		Pipes; .in is closed at the end of the input or if nobody reads
 */
static void feed(struct pipes *p)
{
	const struct timespec at_once = { 0 };
	size_t len = strlen(p->input);
	sigset_t sigpipe, before;
	ssize_t n;
	int r = 0;

	/* A reader that has gone is no reason to die of a signal. */
	(void)sigemptyset(&sigpipe);
	(void)sigaddset(&sigpipe, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &sigpipe, &before);
	n = write(p->in, p->input, len);
	if (n < 0)
		r = -errno;
	if (r == -EPIPE)
		(void)sigtimedwait(&sigpipe, NULL, &at_once);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);

	if (n > 0)
		p->input += n;
	if ((r < 0 && r != -EAGAIN && r != -EINTR) || !*p->input)
		(void)close(TAKE_FD(p->in));
}

/**
 * drain() - Read what there is
 * @fd:		Near end; closed and set to -1 at its end
 * @b:		Where to; a full buffer throws the rest away, its error stays
 */
static void drain(int *fd, struct buf *b)
{
	char data[16384];
	ssize_t n = read(*fd, data, sizeof(data));

	if (n > 0)
		buf_add(b, data, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		(void)close(TAKE_FD(*fd));
}

/**
 * pump() - Move data until the process has ended and its pipes are empty
 * @p:		Process
 * @io:		Pipes
 * @deadline_ns: CLOCK_MONOTONIC
 *
 * A process that has ended ends it, too: its own children may hold the pipes for ever.
 *
 * Return: 0; -ETIMEDOUT, or what poll() said
 */
static int pump(const struct proc *p, struct pipes *io, int64_t deadline_ns)
{
	bool ended = false;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = io->out, .events = POLLIN },
			{ .fd = io->err, .events = POLLIN },
			{ .fd = io->in, .events = POLLOUT },
			{ .fd = ended ? -1 : p->pidfd, .events = POLLIN },
		};
		int64_t left = deadline_ns - loop_now();
		int ms = (int)MIN(MAX(left / NSEC_PER_MSEC + 1, (int64_t)0),
				  (int64_t)INT32_MAX);
		int n = poll(fds, ARRAY_SIZE(fds), ended ? 0 : ms);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return ended ? 0 : -ETIMEDOUT;
		if (fds[0].revents)
			drain(&io->out, io->out_buf);
		if (fds[1].revents)
			drain(&io->err, io->err_buf);
		if (fds[2].revents)
			feed(io);
		if (fds[3].revents)
			ended = true;
		else if (ended && !fds[0].revents && !fds[1].revents)
			return 0;
	}
}

/**
 * proc_run() - Run a program to its end, with input and output as text
 * @argv:	As for proc_spawn()
 * @opts:	As for proc_spawn(); descriptors that are captured here are not used
 * @input:	For standard input, or NULL: opts->in
 * @deadline_ns: CLOCK_MONOTONIC; past it the process is killed
 * @out:	Standard output is appended, or NULL: opts->out
 * @err:	Standard error is appended, or NULL: opts->err
 * @ret_status:	As from waitpid()
 *
 * Return: 0; -ETIMEDOUT, -EFBIG or -ENOMEM for output past the buffer's cap, or as
 *	   proc_spawn()
 */
int proc_run(const char *const argv[], const struct proc_opts *opts,
	     const char *input, int64_t deadline_ns, struct buf *out,
	     struct buf *err, int *ret_status)
{
	_cleanup_(pipes_close) struct pipes near = {
		-1, -1, -1, input, out, err
	};
	_cleanup_(pipes_close) struct pipes far = { .in = -1,
						    .out = -1,
						    .err = -1 };
	_cleanup_(proc_release) struct proc p = PROC_INIT;
	struct proc_opts o = opts ? *opts : (struct proc_opts)PROC_OPTS_INIT;
	int r = 0;

	if (input)
		r = pipe_pair(true, &near.in, &far.in);
	if (r == 0 && out)
		r = pipe_pair(false, &near.out, &far.out);
	if (r == 0 && err)
		r = pipe_pair(false, &near.err, &far.err);
	if (r < 0)
		return r;
	o.in = input ? far.in : o.in;
	o.out = out ? far.out : o.out;
	o.err = err ? far.err : o.err;
	r = proc_spawn(argv, &o, &p);
	if (r < 0)
		return r;
	pipes_close(&far);
	r = pump(&p, &near, deadline_ns);
	if (r < 0)
		return r;
	r = proc_wait(&p, LOOP_FOREVER, ret_status);
	if (r == 0 && out)
		r = buf_error(out);
	if (r == 0 && err)
		r = buf_error(err);
	return r;
}

/**
 * proc_exit_code() - One number for how a process ended, as shells have it
 * @status:	As from waitpid()
 *
 * Return: exit status, or 128 + the signal that ended it
 */
int proc_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/**
 * proc_found() - Whether there is a program to run
 * @program:	Path, or a name to be looked up below PATH
 *
 * Return: true where execvp() would find it
 */
bool proc_found(const char *program)
{
	const char *at = getenv("PATH");
	char path[PATH_MAX];

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	for (at = at ? at : "/usr/bin:/bin"; *at; at += strspn(at, ":")) {
		size_t len = strcspn(at, ":");

		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)len, at,
			       program);
		if (access(path, X_OK) == 0)
			return true;
		at += len;
	}
	return false;
}
