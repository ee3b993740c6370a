/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: cgroup - the cgroups of a lab's nodes, in every hierarchy the machine has
 *
 * A lab's are HIERARCHY/shoot6/NAME-INODE/MEMBER, INODE being that of the lab's state
 * folder: labs of the same name of two users are two. They need root; without it there
 * are none.
 *
 * Version 1 (a folder of hierarchies, perhaps with the version 2 one among them) and
 * version 2 (one hierarchy) are told apart by what is mounted. In version 2 no process
 * may be beside the cgroups a kubelet makes, so a node's own are in a leaf, "daemons".
 */

#include "lib/buf.h"

#include <sys/types.h>

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_HELD \
	"/run/shoot6/cgroup" /* the machine's, in the holder alone */

/* On the machine: whether nodes can have theirs; says what is in the way. The second is
 * for one of version 2 that is open. */
must_check int cgroup_check(struct buf *problem);
must_check int cgroup_check_v2(int fd, struct buf *problem);

/* In the holder: makes the cgroups of a member; @dir: the lab's state folder. */
must_check int cgroup_make(const char *dir, const char *lab,
			   const char *member);
/* In the member's first process, before its root changes: moves in and makes what it is
 * in the root of a cgroup namespace. */
must_check int cgroup_enter(const char *dir, const char *lab,
			    const char *member);
/* Then, in that namespace: mounts what the machine has, each with this part of it alone.
 * @at: folder to mount on. */
must_check int cgroup_mount(const char *at);
/* The first process, once they are mounted: out of the way of what a kubelet makes. */
must_check int cgroup_leaf(void);
/* In any process, after setns() to the other namespaces of a member that has cgroups:
 * moves into them if it @stays, and into their namespace. */
must_check int cgroup_join(int pidfd, bool stays);

/* Removes the empty cgroups of a lab that is dead; waits a little for the kernel. */
void cgroup_remove(const char *lab, ino_t inode);
