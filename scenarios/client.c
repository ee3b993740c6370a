/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/client.h"

#include "lib/cleanup.h"
#include "lib/loop.h"
#include "scenarios/cgroup.h"
#include "scenarios/channel.h"
#include "scenarios/root.h"
#include "scenarios/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANSWER_S 120 /* a holder that brings up a lab answers afterwards */

/**
 * client_close() - Let go of a lab
 * @c:		Connection, then none
 */
void client_close(struct client_lab *c)
{
	cleanup_close(&c->fd);
	c->fd = -1;
	proc_detach(&c->holder);
}

/**
 * client_open() - Connect to the holder of a lab
 * @name:	Lab
 * @ret:	End it by client_close()
 *
 * Return: 0; -ENOENT where there is no such lab, -ECONNREFUSED where it is dead
 */
int client_open(const char *name, struct client_lab *ret)
{
	_cleanup_(client_close) struct client_lab c = CLIENT_LAB_INIT;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct pollfd pfd;
	int r;

	r = state_connect(name, &c.fd);
	if (r < 0)
		return r;
	if (getsockopt(c.fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	c.holder.pidfd = (int)syscall(SYS_pidfd_open, cred.pid, 0);
	if (c.holder.pidfd < 0)
		return -ECONNREFUSED;
	c.holder.pid = cred.pid;
	/* Still listening: the number has not become another's in between. */
	pfd = (struct pollfd){ .fd = c.fd };
	if (poll(&pfd, 1, 0) < 0 || pfd.revents & (POLLHUP | POLLERR))
		return -ECONNREFUSED;
	*ret = c;
	c = (struct client_lab)CLIENT_LAB_INIT;
	return 0;
}

/**
 * send_op() - Send a request
 * @c:		Lab
 * @op:		What
 * @key:	Of its argument, or NULL
 * @value:	Argument
 *
 * Return: 0, or as channel_send()
 */
static int send_op(struct client_lab *c, const char *op, const char *key,
		   const char *value)
{
	_cleanup_(json_freep) struct json *request = json_object();

	json_set_string(request, "op", op);
	if (key)
		json_set_string(request, key, value);
	return channel_send(c->fd, request, -1);
}

/**
 * add_member() - Put a member's answer into the status
 * @members:	Array
 * @answer:	With "member"
 * @pidfd:	Its init
 */
static void add_member(struct json *members, const struct json *answer,
		       int pidfd)
{
	struct json *m = json_copy(json_get(answer, "member"));
	pid_t pid = proc_pid(pidfd);

	if (pid > 0)
		json_set_int(m, "pid", pid);
	else
		json_set_null(m, "pid");
	json_append(members, m);
}

/**
 * client_status() - Ask what the lab is made of
 * @c:		Lab
 * @ret:	The caller frees it
 *
 * Return: 0, or as channel_receive()
 */
int client_status(struct client_lab *c, struct json **ret)
{
	_cleanup_(json_freep) struct json *status = NULL;
	struct json *members = NULL;
	int r;

	r = send_op(c, "status", NULL, NULL);
	while (r == 0) {
		_cleanup_(json_freep) struct json *answer = NULL;
		_cleanup_close_ int fd = -1;

		r = channel_receive(c->fd, loop_now() + ANSWER_S * NSEC_PER_SEC,
				    &answer, &fd);
		if (r < 0)
			return r;
		if (json_get(answer, "lab") && !status) {
			status = json_copy(json_get(answer, "lab"));
			json_set_int(status, "pid", c->holder.pid);
			members = json_set_array(status, "members");
		}
		if (members && json_get(answer, "member"))
			add_member(members, answer, fd);
		if (json_get_bool(answer, "end", false))
			break;
	}
	if (r == 0 && !status)
		return -EBADMSG;
	*ret = TAKE_PTR(status);
	return r;
}

/**
 * client_request() - Ask for something that takes its time
 * @c:		Lab
 * @op:		"inject", "heal"
 * @key:	Of its argument, or NULL
 * @value:	Argument
 * @fn:		Given what is told meanwhile
 * @arg:	For @fn
 *
 * Return: what the holder made of it, or as channel_receive()
 */
int client_request(struct client_lab *c, const char *op, const char *key,
		   const char *value,
		   void (*fn)(const struct json *m, void *arg), void *arg)
{
	int64_t done;
	int r;

	r = send_op(c, op, key, value);
	while (r == 0) {
		_cleanup_(json_freep) struct json *answer = NULL;

		r = channel_receive(c->fd, loop_now() + ANSWER_S * NSEC_PER_SEC,
				    &answer, NULL);
		if (r < 0)
			break;
		if (json_get(answer, "done") &&
		    json_int(json_get(answer, "done"), &done) == 0)
			return (int)done;
		fn(answer, arg);
	}
	return r;
}

/**
 * client_member() - Get hold of a member
 * @c:		Lab
 * @member:	Name
 * @ret:	.pidfd is the caller's to close
 *
 * Return: 0; -ENOENT where there is no such member, -ESRCH for one that has ended, or as
 *	   channel_receive()
 */
int client_member(struct client_lab *c, const char *member,
		  struct client_exec *ret)
{
	_cleanup_(json_freep) struct json *answer = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	r = send_op(c, "enter", "member", member);
	if (r == 0)
		r = channel_receive(c->fd, loop_now() + ANSWER_S * NSEC_PER_SEC,
				    &answer, &fd);
	if (r < 0)
		return r;
	if (fd < 0)
		return json_get(answer, "ended") ? -ESRCH : -ENOENT;
	ret->rootless = json_get_bool(answer, "rootless", false);
	ret->cgroup = json_get_bool(answer, "member.cgroup", false);
	ret->pidfd = TAKE_FD(fd);
	return 0;
}

/**
 * become_member() - Move into a member: what is forked next is one of its processes
 * @e:		Member
 *
 * Return: 0, or what setns() said
 */
static int become_member(const struct client_exec *e)
{
	int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
		    CLONE_NEWPID | (e->rootless ? CLONE_NEWUSER : 0);
	int r = 0;

	if (setns(e->pidfd, flags) < 0 || chdir("/") < 0)
		return -errno;
	if (e->cgroup)
		r = cgroup_join(e->pidfd, true);
	if (r < 0)
		return r;
	if (setenv("PATH",
		   ROOT_BIN ":/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			    "/usr/bin:/sbin:/bin",
		   1) < 0 ||
	    setenv("HOME", "/root", 1) < 0 ||
	    setenv("CNI_PATH", "/opt/cni/bin", 1) < 0)
		return -errno;
	return 0;
}

/**
 * client_exec() - Run a program in a member to its end
 * @arg:	struct client_exec
 *
 * To be called in a process of its own, which stays in the caller's PID namespace and
 * waits; the program dies with it, and with the member.
 *
 * Return: exit status of the program; 126 or 127 where it cannot be run
 */
int client_exec(void *arg)
{
	const struct client_exec *e = arg;
	_cleanup_(proc_release) struct proc p = PROC_INIT;
	struct proc_opts opts = {
		.in = PROC_INHERIT,
		.out = PROC_INHERIT,
		.err = PROC_INHERIT,
		.die_with_parent = true,
	};
	int r, status;

	r = become_member(e);
	/* A change of the user namespace has cleared it. */
	if (r == 0 && e->rootless && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = -errno;
	if (r == 0)
		r = proc_spawn(e->argv, &opts, &p);
	if (r == 0)
		r = proc_wait(&p, LOOP_FOREVER, &status);
	if (r < 0) {
		(void)dprintf(STDERR_FILENO, "scenario: '%s': %s\n", e->argv[0],
			      strerror(-r));
		return r == -ENOENT ? 127 : 126;
	}
	return proc_exit_code(status);
}

/**
 * client_kill() - End a lab
 * @c:		Lab
 *
 * Process 1 of a PID namespace is not gone before all of the namespace are: its pidfd
 * tells that everything has ended.
 *
 * Return: 0; -ETIMEDOUT, or an errno
 */
int client_kill(struct client_lab *c)
{
	struct pollfd pfd = { .fd = c->holder.pidfd, .events = POLLIN };
	int r;

	r = proc_signal(&c->holder, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return r;
	r = poll(&pfd, 1, 30000);
	return r == 0 ? -ETIMEDOUT : r < 0 ? -errno : 0;
}
