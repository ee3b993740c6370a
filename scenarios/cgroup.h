/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: cgroup - the cgroups of a lab's nodes, in every hierarchy the machine has
 *
 * A lab's are HIERARCHY/shoot6/NAME-INODE/MEMBER, INODE being that of the lab's state
 * folder: labs of the same name of two users are two. They need root; without it there
 * are none.
 */

#include "lib/base.h"

#include <sys/types.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

/* Removes the empty cgroups of a lab that is dead; waits a little for the kernel. */
void cgroup_remove(const char *lab, ino_t inode);
