/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: core - what the parts of the holder share among themselves
 *
 * Cases, fabric and faults see lab.h alone.
 */

#include "scenarios/lab.h"

struct holder {
	struct loop loop;
	struct lab lab;
	int link_fd; /* to the up or run that made us; -1: committed */
	int talk_fd; /* who hears lab_step() and lab_fail(); -1: nobody */
	int listen_fd; /* control socket */
	int pid_fd; /* our own PID namespace, to come back to */
	bool failed; /* lab_fail() has told why */
};

struct fault;

/* Namespaces of a member for what is forked next, and back (member.c). */
must_check int member_aim(const struct member *m);
void member_unaim(const struct member *m);
/* In the child: everything but the PID namespace. */
must_check int member_enter(const struct member *m, bool stays);
/* Wait status of a child that was reaped by the loop (daemon.c). */
bool daemon_reaped(struct lab *lab, pid_t pid, int status);
void daemon_forget_all(struct member *m);

void member_rtnl_close(struct member *m);
must_check int member_lo_up(void);
