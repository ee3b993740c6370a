/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: up - bring a lab up, from the client's side
 *
 * Until up_commit() the lab is the caller's: its death, by SIGKILL too, ends it.
 */

#include "scenarios/holder.h"
#include "scenarios/ui.h"

struct up {
	const char *name;
	const struct lab_case *what;
	unsigned int nodes;
	const char *provider;
	const char *program; /* argv[0], to find our programs by */
	const char *variant; /* --control-plane */
	struct outside outside;
	struct state state;
	struct proc holder;
	int link_fd;
};

/* Return: exit code; EXIT_OK where the lab is up. Says all that is to be said. */
int up_start(struct up *up, struct ui *ui);
int up_commit(struct up *up); /* ends the process with 0, or returns a code */
void up_end(struct up *up); /* the lab ends, nothing is left */
