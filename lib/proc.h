/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: proc - programs by argv, known by pidfd, ended by deadline
 *
 * proc_spawn() returns once the program runs, or with the errno of the execve() that
 * failed: a missing program is -ENOENT here, not an exit status later. No shell, ever.
 *
 * A struct proc is owned by the caller; proc_release() kills what still runs and reaps
 * it, so that no process outlives its owner unseen. proc_detach() lets it go on instead.
 */

#include "lib/base.h"
#include "lib/buf.h"

#include <signal.h>
#include <sys/types.h>

struct proc {
	pid_t pid; /* 0: none */
	int pidfd; /* readable once it has ended; -1: none */
};

#define PROC_INIT                     \
	{                             \
		.pid = 0, .pidfd = -1 \
	}

#define PROC_NULL    (-1) /* for the descriptors below: /dev/null */
#define PROC_INHERIT (-2) /* the caller's own */

struct proc_opts {
	const char *const *env; /* "KEY=value", ended by NULL; NULL: environ */
	int in, out, err; /* descriptors; not closed here */
	/* Runs in the child before execve(), NULL: nothing. Return: 0, or the
	 * negative errno that proc_spawn() is to return. */
	int (*prepare)(void *arg);
	void *arg;
	bool new_session; /* setsid() */
	bool die_with_parent; /* PR_SET_PDEATHSIG, SIGKILL */
	/* Called instead of execve() (argv is then NULL): the child's exit status. */
	int (*run)(void *arg);
};

#define PROC_OPTS_INIT                                                    \
	{                                                                 \
		.in = PROC_NULL, .out = PROC_INHERIT, .err = PROC_INHERIT \
	}

must_check int proc_spawn(const char *const argv[],
			  const struct proc_opts *opts, struct proc *ret);
must_check int proc_wait(struct proc *p, int64_t deadline_ns, int *ret_status);
int proc_signal(const struct proc *p, int signal);
void proc_release(struct proc *p);
void proc_detach(struct proc *p);
/* Process id behind a pidfd, as the caller sees it: -ESRCH once it has ended. */
must_check pid_t proc_pid(int pidfd);

/* The name of a process, as ps shows it: at most 15 bytes. */
#define PROC_COMM_SIZE 16
must_check int proc_comm(pid_t pid, char ret[PROC_COMM_SIZE]);

/* Runs one program to its end; out and err may be NULL (not captured). */
must_check int proc_run(const char *const argv[], const struct proc_opts *opts,
			const char *input, int64_t deadline_ns, struct buf *out,
			struct buf *err, int *ret_status);

/* Whether there is such a program, by its path or below PATH. */
bool proc_found(const char *program);
int proc_exit_code(int status);
