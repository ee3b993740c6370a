/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: drain - stay until what was printed has been read
 *
 * A process that prints and ends leaves what it printed last in a pipe. Who reads that is
 * not always the one who keeps it: containerd 1.6 hands a container's output on through
 * three buffers of up to 64 KiB, and drops what is in them when the container's end is
 * handled first, as on a busy machine. So a program that runs in a container stays
 * until its pipe is empty, and then for a while that its user names.
 *
 * Owns nothing and cannot fail: what is no pipe has nothing to wait for.
 */

#include "lib/base.h"

#define DRAIN_MAX_S 30 /* for a reader who does not read */

void drain_output(int fd, int64_t linger_ns);
