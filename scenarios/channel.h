/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: channel - JSON objects between the holder of a lab and its clients
 *
 * One message is one packet of a SOCK_SEQPACKET socket, with at most one descriptor
 * beside it. The caller owns what is received.
 */

#include "lib/json.h"

#define CHANNEL_MAX (192U << 10) /* bytes of a message */

/* @fd_with: descriptor to send along, or -1. Not blocking for ever: -EPIPE where nobody
 * reads any more. */
must_check int channel_send(int fd, const struct json *message, int fd_with);
/* The usual message: {"KEY": "value"}; failures are the reader's to notice. */
void channel_tell(int fd, const char *key, const char *value);
/* -EPIPE at the end, -ETIMEDOUT, -EBADMSG. @ret_fd: -1 where none came; NULL: refuse. */
must_check int channel_receive(int fd, int64_t deadline_ns,
			       struct json **ret_message, int *ret_fd);
