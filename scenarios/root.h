/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: root - the file system a holder or member lives in
 *
 * A tmpfs with read-only binds of the machine's programs, a selection of its /etc, and
 * own /proc, /sys, /dev, /run, /tmp and /var. No overlay: that of / is refused in a user
 * namespace. Runs in the new mount namespace, as process 1 of the new PID namespace,
 * and leaves nothing of the machine's mounts behind.
 */

#include "lib/base.h"
#include "scenarios/lab.h"

#define ROOT_STATE "/run/shoot6/state" /* state folder, in the holder alone */
#define ROOT_BIN   "/opt/shoot6/bin"

struct root {
	const char *hostname;
	/* Holder alone: the folder of our programs is the working directory. */
	bool holder;
	const char *state; /* holder: path of the state folder on the machine */
	const struct member_bind *binds; /* NULL: none */
	const struct member_fixed *fixed; /* of a member; NULL: none */
	bool cgroup; /* of a member: mount its cgroups, see cgroup.h */
	const char *member_dir; /* of a member: what relative binds begin at */
	bool shared;
	/* out: what failed, for the user */
	char what[128];
};

must_check int root_enter(struct root *root);
