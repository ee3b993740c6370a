/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: state - the folder of a lab: ${XDG_STATE_HOME:-~/.local/state}/shoot6/NAME
 *
 * It holds the control socket, logs and what nodes keep on a real disk. A lab lives
 * exactly as long as its holder keeps the folder locked (flock of the folder itself,
 * let go by the kernel however the holder ends), so no pid file can be wrong. Folders
 * nobody holds are removed by the next up or down of any lab.
 */

#include "lib/base.h"

#include <limits.h>

struct state {
	char path[PATH_MAX - 64]; /* of the lab's folder, absolute */
	int fd; /* the folder, locked; -1: none */
};

#define STATE_INIT       \
	{                \
		.fd = -1 \
	}

must_check int state_check_name(const char *name);
const char *state_error(int error); /* words for what the others return */
/* Sweeps, then makes and locks a lab's folder: -EEXIST where that lab is up, -ENOSPC on
 * a disk that is all but full. */
must_check int state_create(const char *name, struct state *ret);
void state_release(struct state *state);
/* Removes what labs that are no more have left. */
must_check int state_sweep(void);
/* Removes a folder of ours at once: the lab is known to be dead. */
void state_remove(struct state *state);

/* Binds the control socket in the folder; the holder listens. */
must_check int state_bind(const struct state *state, int *ret_fd);
/* -ENOENT: no such lab; -ECONNREFUSED: its holder is dead. */
must_check int state_connect(const char *name, int *ret_fd);
/* Calls @fn for each lab that is up. */
must_check int state_each(void (*fn)(const char *name, void *arg), void *arg);
