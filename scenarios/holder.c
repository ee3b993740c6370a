/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/holder.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "scenarios/channel.h"
#include "scenarios/core.h"
#include "scenarios/root.h"
#include "scenarios/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/**
 * lab_step() - Say what is being done now
 * @lab:	Lab
 * @format:	As for printf(), no newline
 */
void lab_step(struct lab *lab, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_info("%s", text);
	channel_tell(lab->holder->talk_fd, "step", text);
}

/**
 * lab_fail() - Say why something failed
 * @lab:	Lab
 * @error:	Negative errno, or 0 where the text says it all
 * @format:	As for printf(), no newline
 *
 * Return: @error
 */
int lab_fail(struct lab *lab, int error, const char *format, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (error && n > 0 && n < (int)sizeof(text))
		(void)snprintf(text + n, sizeof(text) - (size_t)n, ": %s",
			       strerror(-error));
	log_error("%s", text);
	lab->holder->failed = true;
	channel_tell(lab->holder->talk_fd, "fail", text);
	return error;
}

/**
 * holder_rootless() - Whether the caller may not make namespaces as it is
 *
 * Return: true without CAP_SYS_ADMIN or CAP_NET_ADMIN
 */
bool holder_rootless(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };
	uint32_t wanted = 1U << CAP_SYS_ADMIN | 1U << CAP_NET_ADMIN;

	if (syscall(SYS_capget, &header, data) < 0)
		return true;
	return (data[0].effective & wanted) != wanted;
}

/**
 * detach_stdio() - Let go of the caller's terminal and files; write to the log
 * @state:	State folder
 *
 * Return: 0, or an errno
 */
static int detach_stdio(const struct state *state)
{
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int log =
		openat(state->fd, "log/holder.log",
		       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (null < 0 || log < 0 || setsid() < 0)
		return -errno;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0)
		return -errno;
	return 0;
}

/**
 * close_foreign() - Close every descriptor but our own few
 * @keep:	Descriptors to keep
 * @n:		Their number
 *
 * The caller may have given us pipes it waits for the end of.
 */
static void close_foreign(const int *keep, size_t n)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		int fd = (int)strtol(e->d_name, NULL, 10);
		bool kept = e->d_name[0] == '.' || fd <= STDERR_FILENO ||
			    fd == dirfd(dir);

		for (size_t i = 0; i < n; i++)
			kept = kept || fd == keep[i];
		if (!kept)
			(void)close(fd);
	}
}

/**
 * environment() - The environment of everything in the lab
 *
 * Return: 0; -ENOMEM
 */
static int environment(void)
{
	const char *had = getenv(LAB_PATIENCE);
	_cleanup_free_ char *patience = had ? strdup(had) : NULL;

	if ((had && !patience) || clearenv() != 0 ||
	    (patience && setenv(LAB_PATIENCE, patience, 1) < 0) ||
	    setenv("PATH",
		   ROOT_BIN ":/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			    "/usr/bin:/sbin:/bin",
		   1) < 0 ||
	    setenv("HOME", "/root", 1) < 0 ||
	    setenv("LANG", "C.UTF-8", 1) < 0 ||
	    setenv("CNI_PATH", "/opt/cni/bin", 1) < 0)
		return -ENOMEM;
	return 0;
}

/**
 * settle() - Make the new process a holder: its files, its way back, its environment
 * @h:		Holder
 * @request:	What was asked for
 *
 * Return: 0, or an errno, told to the user
 */
static int settle(struct holder *h, const struct holder_request *request)
{
	char hostname[64];
	struct root root = {
		.hostname = hostname,
		.holder = true,
		.state = request->state->path,
		.binds = request->outside->binds,
	};
	int keep[3 + ARRAY_SIZE(request->outside->fds)] = {
		h->link_fd, h->listen_fd, request->state->fd
	};
	int r;

	(void)snprintf(hostname, sizeof(hostname), "lab-%s", request->name);
	r = detach_stdio(request->state);
	if (r < 0)
		return lab_fail(&h->lab, r, "cannot write logs");
	memcpy(keep + 3, request->outside->fds, sizeof(request->outside->fds));
	close_foreign(keep, ARRAY_SIZE(keep));
	r = root_enter(&root);
	if (r < 0 && h->lab.rootless && (r == -EPERM || r == -EACCES))
		return lab_fail(&h->lab, r,
				"missing permission in a user namespace: "
				"cannot %s",
				root.what);
	if (r < 0)
		return lab_fail(&h->lab, r, "cannot %s", root.what);
	r = environment();
	if (r == 0) {
		h->pid_fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
		r = h->pid_fd < 0 ? -errno : 0;
	}
	if (r == 0 && listen(h->listen_fd, 64) < 0)
		r = -errno;
	if (r == 0)
		r = loop_init(&h->loop);
	return r < 0 ? lab_fail(&h->lab, r, "cannot hold a lab") : 0;
}

/**
 * await_go() - Wait until the client has mapped our user, and see that it lives
 * @h:		Holder
 *
 * Return: 0; -EPIPE where the client has gone
 */
static int await_go(struct holder *h)
{
	_cleanup_(json_freep) struct json *go = NULL;

	/* First, so that no death of the client goes unnoticed. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	return channel_receive(h->link_fd, LOOP_FOREVER, &go, NULL);
}

/**
 * holder_main() - The life of a holder; never returns
 * @request:	What was asked for
 * @link_fd:	To the client
 * @listen_fd:	Control socket
 */
static noreturn void holder_main(const struct holder_request *request,
				 int link_fd, int listen_fd)
{
	struct holder h = {
		.lab = {
			.name = request->name,
			.engine = request->what->engine,
			.what = request->what,
			.nodes = request->nodes,
			.provider = request->provider,
			.outside = request->outside,
			.dir = ROOT_STATE,
			.rootless = request->rootless,
			.holder = &h,
		},
		.link_fd = link_fd,
		.talk_fd = link_fd,
		.listen_fd = listen_fd,
	};
	_cleanup_(json_freep) struct json *up = json_object();
	int r;

	r = await_go(&h);
	if (r == 0)
		r = settle(&h, request);
	if (r == 0) {
		r = request->what->up(&h.lab);
		if (r < 0 && !h.failed)
			(void)lab_fail(&h.lab, r, "case '%s'",
				       request->what->name);
	}
	json_set_int(up, "up", r);
	if (channel_send(link_fd, up, -1) < 0 || r < 0)
		_exit(1);
	_exit(serve(&h) < 0);
}

/**
 * write_map() - Write one of a process's files that map its user
 * @pid:	Process
 * @file:	"uid_map" and others
 * @format:	Of the content, with one number
 * @id:		That number
 *
 * Return: 0, or an errno
 */
static int write_map(pid_t pid, const char *file, const char *format,
		     unsigned int id)
{
	char path[64], text[64];
	_cleanup_close_ int fd = -1;
	int n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = strcmp(format, "deny") == 0 ?
		    snprintf(text, sizeof(text), "deny") :
		    snprintf(text, sizeof(text), "0 %u 1", id);
	return write(fd, text, (size_t)n) < 0 ? -errno : 0;
}

/**
 * map_user() - Make the caller root of the holder's user namespace
 * @pid:	Holder
 *
 * Return: 0, or an errno
 */
static int map_user(pid_t pid)
{
	int r;

	r = write_map(pid, "setgroups", "deny", 0);
	if (r == 0)
		r = write_map(pid, "uid_map", "map", geteuid());
	if (r == 0)
		r = write_map(pid, "gid_map", "map", getegid());
	return r;
}

/**
 * clone_holder() - Make the process
 * @request:	What is asked for
 * @link_fds:	Our end of the link and its
 * @listen_fd:	Control socket
 * @ret:	Process
 *
 * Its working directory is the folder of our programs: it is found again in the new
 * mount namespace even where its path is closed to us.
 *
 * Return: 0, or an errno
 */
static int clone_holder(const struct holder_request *request,
			const int link_fds[2], int listen_fd, struct proc *ret)
{
	_cleanup_close_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct proc p = PROC_INIT;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | CLONE_NEWNET |
			 CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWPID | (request->rootless ? CLONE_NEWUSER : 0),
		.pidfd = (uint64_t)(uintptr_t)&p.pidfd,
		.exit_signal = SIGCHLD,
	};
	int r;

	if (here < 0 || fchdir(request->bin_fd) < 0)
		return -errno;
	p.pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	r = p.pid < 0 ? -errno : 0;
	if (p.pid == 0) {
		(void)close(link_fds[0]); /* or we would never see its end */
		holder_main(request, link_fds[1], listen_fd);
	}
	if (fchdir(here) < 0 && r == 0)
		r = -errno;
	if (r == 0)
		*ret = p;
	return r;
}

/**
 * holder_start() - Start bringing a lab up
 * @request:	What is asked for
 * @ret_proc:	Holder; killed by proc_release(), forgotten by proc_detach()
 * @ret_link_fd: What it tells comes from here
 *
 * Return: 0, or an errno
 */
int holder_start(struct holder_request *request, struct proc *ret_proc,
		 int *ret_link_fd)
{
	_cleanup_(proc_release) struct proc p = PROC_INIT;
	_cleanup_(json_freep) struct json *go = json_object();
	_cleanup_close_ int near = -1, far = -1, control = -1;
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	near = fds[0];
	far = fds[1];
	request->rootless = holder_rootless();
	r = state_bind(request->state, &control);
	if (r == 0)
		r = clone_holder(request, fds, control, &p);
	if (r == 0 && request->rootless)
		r = map_user(p.pid);
	if (r == 0)
		r = channel_send(near, go, -1);
	if (r < 0)
		return r;
	*ret_proc = p;
	p = (struct proc)PROC_INIT;
	*ret_link_fd = TAKE_FD(near);
	return 0;
}

/**
 * holder_commit() - Let the lab outlive the caller
 * @link_fd:	To the holder
 *
 * Two steps: first the holder lets go of PR_SET_PDEATHSIG but still ends with the link,
 * then one more word releases it from the link, too, and the caller leaves within the
 * next instruction: nothing that could fail or be killed lies between the two.
 *
 * Return: only after a failure: -EPIPE where the holder has died
 */
int holder_commit(int link_fd)
{
	_cleanup_(json_freep) struct json *commit = json_object();
	_cleanup_(json_freep) struct json *answer = NULL;
	int r;

	json_set_bool(commit, "commit", true);
	r = channel_send(link_fd, commit, -1);
	if (r == 0)
		r = channel_receive(link_fd, lab_deadline(30), &answer, NULL);
	if (r == 0 && send(link_fd, "{}", 2, MSG_NOSIGNAL) == 2)
		_exit(EXIT_SUCCESS);
	return r < 0 ? r : -errno;
}
