/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: holder - the process whose end is the end of the lab, and who starts it
 *
 * holder_start() is the client's side: it makes the process in namespaces of its own,
 * with PR_SET_PDEATHSIG, so that the lab goes with the client until holder_commit().
 * The client then talks to it through the link, until all is up, and through the control
 * socket afterwards.
 */

#include "lib/proc.h"
#include "scenarios/lab.h"
#include "scenarios/state.h"

struct holder_request {
	const char *name; /* of the lab */
	const struct lab_case *what;
	unsigned int nodes;
	const char *provider;
	const struct outside *outside;
	int bin_fd; /* folder of our programs */
	struct state *state;
	bool rootless; /* set by holder_start() */
};

must_check int holder_start(struct holder_request *request,
			    struct proc *ret_proc, int *ret_link_fd);
/* Lets the lab outlive the caller: the last act of a successful `up`, ends by _exit(0). */
must_check int holder_commit(int link_fd);
/* Whether namespaces need a user namespace first. */
bool holder_rootless(void);
