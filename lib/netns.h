/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: netns - do something in another network namespace, then come back
 *
 * A socket belongs for ever to the network namespace it was made in, so a caller enters,
 * makes its sockets and leaves. Only the calling thread moves.
 */

#include "lib/base.h"

/* Descriptor of the namespace the caller is in; the caller closes it. */
must_check int netns_self(void);
must_check int netns_enter(int netns_fd, int *ret_back_fd);
void netns_leave(int *back_fd); /* for _cleanup_(); nothing to do for -1 */
