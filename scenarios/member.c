/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/core.h"

#include "lib/cleanup.h"
#include "scenarios/cgroup.h"
#include "scenarios/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

/* What a new member tells about its start. */
struct birth {
	int r;
	char what[128];
};

/**
 * init_run() - Process 1 of a member: reaps orphans until it is told to end
 *
 * Return: exit status
 */
static int init_run(void)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	for (;;) {
		int signal = sigwaitinfo(&signals, NULL);

		if (signal == SIGTERM || signal == SIGINT)
			return 0;
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
	}
}

/**
 * init_main() - The first thing that runs in a member's namespaces; never returns
 * @m:		Member
 * @opts:	As given to lab_member_new()
 * @tell_fd:	Where struct birth goes
 */
static noreturn void init_main(const struct member *m,
			       const struct member_opts *opts, int tell_fd)
{
	char dir[256];
	struct root root = {
		.hostname = m->base,
		.binds = opts ? opts->binds : NULL,
		.fixed = opts ? opts->fixed : NULL,
		.cgroup = m->cgroup,
		.shared = opts && opts->shared,
		.member_dir = dir,
	};
	struct birth birth = { 0 };

	(void)snprintf(dir, sizeof(dir), "%s/members/%s", m->lab->dir, m->name);
	(void)prctl(PR_SET_NAME, "shoot6-init");
	(void)setsid();
	(void)snprintf(root.what, sizeof(root.what), "enter its cgroups");
	birth.r = m->cgroup ? cgroup_enter(m->lab->dir, m->lab->name, m->name) :
			      0;
	if (birth.r == 0)
		birth.r = root_enter(&root);
	memcpy(birth.what, root.what, sizeof(birth.what));
	/* Version 2: out of the way of the cgroups a kubelet makes. */
	if (birth.r == 0 && m->cgroup)
		birth.r = cgroup_leaf();
	if (birth.r == 0)
		birth.r = member_lo_up();
	if (write(tell_fd, &birth, sizeof(birth)) != sizeof(birth) || birth.r)
		_exit(1);
	/* Nothing of the holder's stays open, its lock least of all. */
	(void)close_range(3, ~0U, 0);
	_exit(init_run());
}

/**
 * member_aim() - Let the next fork start in a member's PID namespace
 * @m:		Member; NULL: nothing to do
 *
 * Return: 0, or what setns() said: -ESRCH where the member is dead
 */
int member_aim(const struct member *m)
{
	return m && setns(m->init.pidfd, CLONE_NEWPID) < 0 ? -errno : 0;
}

/**
 * member_unaim() - Let forks start in the holder's own PID namespace again
 * @m:		As given to member_aim()
 */
void member_unaim(const struct member *m)
{
	if (m && setns(m->lab->holder->pid_fd, CLONE_NEWPID) < 0)
		abort(); /* or the next member would be another one's child */
}

/**
 * member_enter() - Move into a member's namespaces but that of processes
 * @m:		Member
 * @stays:	Into its cgroups as well, where it has some
 *
 * Return: 0, or what setns() said
 */
int member_enter(const struct member *m, bool stays)
{
	int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC;

	if (setns(m->init.pidfd, flags) < 0 || chdir("/") < 0)
		return -errno;
	return m->cgroup ? cgroup_join(m->init.pidfd, stays) : 0;
}

/**
 * clone_args_for() - How an init is cloned
 * @pidfd:	Set to its pidfd
 * @flags:	More flags
 *
 * Return: arguments
 */
static struct clone_args clone_args_for(int *pidfd, uint64_t flags)
{
	return (struct clone_args){
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | CLONE_NEWNET |
			 CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWPID | flags,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
}

/* How a helper tells of the init it has cloned. */
struct cloned {
	int r;
	int pidfd; /* in the table of descriptors it shares with the holder */
};

/**
 * clone_pod() - Make a pod's init; runs in a helper below its node; never returns
 * @m:		Pod
 * @opts:	As given to lab_member_new()
 * @tell_fd:	Where struct birth goes
 * @done_fd:	Where struct cloned goes
 *
 * The kernel makes a PID namespace only below the one its maker is in, so the holder
 * cannot do this itself. The pod is the holder's child none the less (CLONE_PARENT).
 */
static noreturn void clone_pod(const struct member *m,
			       const struct member_opts *opts, int tell_fd,
			       int done_fd)
{
	struct cloned done = { .pidfd = -1 };
	struct clone_args args = clone_args_for(&done.pidfd, CLONE_PARENT);
	long pid;

	if (setns(m->node->init.pidfd, CLONE_NEWNS) < 0) {
		done.r = -errno;
	} else {
		pid = syscall(SYS_clone3, &args, sizeof(args));
		if (pid == 0)
			init_main(m, opts, tell_fd);
		done.r = pid < 0 ? -errno : 0;
	}
	_exit(write(done_fd, &done, sizeof(done)) != sizeof(done));
}

/**
 * clone_below() - Make a pod's init by a helper in its node's PID namespace
 * @m:		Pod; .init is set
 * @opts:	As given to lab_member_new()
 * @tell_fd:	Where struct birth goes
 *
 * Return: 0, or an errno
 */
static int clone_below(struct member *m, const struct member_opts *opts,
		       int tell_fd)
{
	_cleanup_close_ int read_fd = -1, write_fd = -1;
	struct clone_args args = { .flags = CLONE_FILES,
				   .exit_signal = SIGCHLD };
	struct cloned done = { .r = -ESRCH, .pidfd = -1 };
	int fds[2], r;
	long pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = fds[1];
	r = member_aim(m->node);
	if (r < 0)
		return r;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		clone_pod(m, opts, tell_fd, write_fd);
	r = pid < 0 ? -errno : 0;
	member_unaim(m->node);
	if (r < 0)
		return r;
	/* It writes before it ends: no need to wait for the end of the pipe. */
	(void)waitpid((pid_t)pid, NULL, __WALL);
	(void)close(TAKE_FD(write_fd));
	if (read(read_fd, &done, sizeof(done)) != sizeof(done) || done.r < 0)
		return done.r;
	m->init.pidfd = done.pidfd;
	m->init.pid = proc_pid(done.pidfd);
	return m->init.pid < 0 ? -ESRCH : 0;
}

/**
 * clone_init() - Make a member's namespaces with its init
 * @m:		Member; .init is set
 * @opts:	As given to lab_member_new()
 * @tell_fd:	Where struct birth goes
 *
 * A pod is made from inside of its node: from there it takes its files and its place in
 * the tree of PID namespaces.
 *
 * Return: 0, or an errno
 */
static int clone_init(struct member *m, const struct member_opts *opts,
		      int tell_fd)
{
	struct clone_args args = clone_args_for(&m->init.pidfd, 0);
	long pid;

	if (m->node)
		return clone_below(m, opts, tell_fd);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		init_main(m, opts, tell_fd);
	if (pid < 0)
		return -errno;
	m->init.pid = (pid_t)pid;
	return 0;
}

/**
 * await_birth() - Wait until a member's init stands
 * @m:		Member
 * @fd:		Where struct birth comes from
 *
 * Return: 0, or an errno that was told to the user
 */
static int await_birth(struct member *m, int fd)
{
	struct birth birth = { 0 };
	ssize_t n = read(fd, &birth, sizeof(birth));

	if (n != (ssize_t)sizeof(birth))
		return lab_fail(m->lab, -ESRCH, "member '%s' died at its start",
				m->name);
	if (birth.r < 0)
		return lab_fail(m->lab, birth.r, "member '%s': cannot %s",
				m->name, birth.what);
	return 0;
}

/* A network namespace that is to be seen at /run/netns of another member. */
struct netns_name {
	const struct member *pod;
	int fd;
};

/**
 * name_netns() - Show a pod's network namespace to its node; runs in the node
 * @arg:	struct netns_name
 *
 * Return: 0, or an errno
 */
static int name_netns(void *arg)
{
	const struct netns_name *n = arg;
	char from[64], to[128];
	int fd, r;

	r = member_enter(n->pod->node, false);
	if (r < 0)
		return r;
	(void)snprintf(from, sizeof(from), "/proc/self/fd/%d", n->fd);
	(void)snprintf(to, sizeof(to), "/run/netns/%s", n->pod->base);
	fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	if (fd < 0)
		return -errno;
	(void)close(fd);
	return mount(from, to, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

/**
 * nothing() - What a process does that was only to prepare something
 * @arg:	Not used
 *
 * Return: 0
 */
static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

/**
 * publish_pod() - Put a pod's network namespace to /run/netns of its node, for CNI
 * @pod:	Pod
 *
 * Return: 0, or an errno
 */
static int publish_pod(const struct member *pod)
{
	_cleanup_(proc_release) struct proc p = PROC_INIT;
	_cleanup_close_ int fd = -1;
	struct netns_name name = { .pod = pod };
	struct proc_opts opts = PROC_OPTS_INIT;
	char path[64];
	int r, status;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pod->init.pid);
	name.fd = fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	opts.prepare = name_netns;
	opts.run = nothing;
	opts.arg = &name;
	r = member_aim(pod->node);
	if (r < 0)
		return r;
	r = proc_spawn(NULL, &opts, &p);
	member_unaim(pod->node);
	return r < 0 ? r : proc_wait(&p, LOOP_FOREVER, &status);
}

/**
 * member_free() - Forget a member; its processes end
 * @m:		Member, or NULL
 */
static void member_free(struct member *m)
{
	if (!m)
		return;
	daemon_forget_all(m);
	member_rtnl_close(m);
	proc_release(&m->init);
	free(m);
}
DEFINE_CLEANUP(struct member *, member_free)

/**
 * make_dirs() - Make a member's own folders of the state folder
 * @m:		Member
 * @opts:	With binds whose relative sources are made
 *
 * Return: 0, or what mkdir() said
 */
static int make_dirs(const struct member *m, const struct member_opts *opts)
{
	char path[512];

	for (const struct member_bind *b = opts ? opts->binds : NULL;
	     b && b->target; b++) {
		if (b->source[0] == '/')
			continue;
		(void)snprintf(path, sizeof(path), "%s/members/%s/%s/",
			       m->lab->dir, m->name, b->source);
		for (char *c = path; (c = strchr(c + 1, '/'));) {
			*c = '\0';
			if (mkdir(path, 0755) < 0 && errno != EEXIST)
				return -errno;
			*c = '/';
		}
	}
	return 0;
}

/**
 * lab_member_new() - Make a member: its namespaces, root and init
 * @lab:	Lab
 * @name:	Of a pod without its node's part
 * @kind:	Kind
 * @node:	Of a pod, else NULL
 * @opts:	NULL: none
 * @ret:	Owned by the lab
 *
 * Return: 0; -EEXIST for a name that is taken, or an errno, told to the user
 */
int lab_member_new(struct lab *lab, const char *name, enum member_kind kind,
		   struct member *node, const struct member_opts *opts,
		   struct member **ret)
{
	_cleanup_(member_freep) struct member *m = calloc(1, sizeof(*m));
	_cleanup_close_ int read_fd = -1, write_fd = -1;
	struct member **all;
	int fds[2], r;

	all = reallocarray(lab->members, lab->n_members + 1, sizeof(*all));
	if (all)
		lab->members = all;
	if (!m || !all)
		return lab_fail(lab, -ENOMEM, "member '%s'", name);
	m->lab = lab;
	m->kind = kind;
	m->node = node;
	m->init = (struct proc)PROC_INIT;
	m->vantage = kind == MEMBER_NODE || kind == MEMBER_POD;
	m->cgroup = opts && opts->cgroup;
	(void)snprintf(m->base, sizeof(m->base), "%s", name);
	(void)snprintf(m->name, sizeof(m->name), "%.31s%s%.31s",
		       node ? node->name : "", node ? "/" : "", name);
	if (lab_member(lab, m->name))
		return lab_fail(lab, -EEXIST, "member '%s'", m->name);
	r = make_dirs(m, opts);
	if (r < 0)
		return lab_fail(lab, r, "member '%s'", m->name);
	r = m->cgroup ? cgroup_make(lab->dir, lab->name, m->name) : 0;
	if (r < 0)
		return lab_fail(lab, r, "cgroups of '%s'", m->name);

	if (pipe2(fds, O_CLOEXEC) < 0)
		return lab_fail(lab, -errno, "member '%s'", m->name);
	read_fd = fds[0];
	write_fd = fds[1];
	r = clone_init(m, opts, write_fd);
	if (r < 0)
		return lab_fail(lab, r, "member '%s': no namespaces", m->name);
	(void)close(TAKE_FD(write_fd));
	r = await_birth(m, read_fd);
	if (r < 0)
		return r;
	r = node ? publish_pod(m) : 0;
	if (r < 0)
		return lab_fail(lab, r, "pod '%s': no '/run/netns/%s'", m->name,
				m->base);
	lab->members[lab->n_members++] = m;
	*ret = TAKE_PTR(m);
	return 0;
}

/**
 * lab_member() - Look a member up
 * @lab:	Lab
 * @name:	Full name, "node1/a"
 *
 * Return: member, or NULL
 */
struct member *lab_member(const struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->n_members; i++)
		if (strcmp(lab->members[i]->name, name) == 0)
			return lab->members[i];
	return NULL;
}

/**
 * lab_member_end() - Kill a member and forget it; a node's pods go with it
 * @m:		Member; freed
 */
void lab_member_end(struct member *m)
{
	struct lab *lab = m->lab;
	size_t i = 0;

	while (i < lab->n_members) {
		if (lab->members[i]->node != m) {
			i++;
			continue;
		}
		lab_member_end(lab->members[i]);
		i = 0;
	}
	for (i = 0; i < lab->n_links;) {
		if (lab->links[i].a == m || lab->links[i].b == m)
			lab->links[i] = lab->links[--lab->n_links];
		else
			i++;
	}
	for (i = 0; lab->members[i] != m; i++)
		;
	memmove(lab->members + i, lab->members + i + 1,
		(lab->n_members - i - 1) * sizeof(struct member *));
	lab->n_members--;
	member_free(m);
}

/**
 * member_pid_in() - Process id of a member's init as another member sees it
 * @m:		Member
 * @seen_by:	Itself (1) or its node
 *
 * Return: process id, or -ESRCH where it cannot be seen from there
 */
pid_t member_pid_in(const struct member *m, const struct member *seen_by)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[256];
	int outer, inner;

	if (m == seen_by)
		return 1;
	(void)snprintf(path, sizeof(path), "/proc/%d/status", m->init.pid);
	f = fopen(path, "re");
	if (!f || m->node != seen_by)
		return -ESRCH;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "NSpid: %d %d", &outer, &inner) == 2)
			return inner;
	return -ESRCH;
}
