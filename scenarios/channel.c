/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/channel.h"

#include "lib/loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/**
 * channel_send() - Send one message
 * @fd:		Socket
 * @message:	Object
 * @fd_with:	Descriptor to send along, or -1
 *
 * Return: 0; -EPIPE where nobody reads any more, -EMSGSIZE, -ENOMEM
 */
int channel_send(int fd, const struct json *message, int fd_with)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int r;

	r = json_print(message, JSON_COMPACT, &text);
	if (r < 0)
		return r;
	iov = (struct iovec){ text.data, text.len };
	if (fd_with >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd_with, sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/**
 * channel_tell() - Send {"KEY": "value"}
 * @fd:		Socket; negative: nobody listens
 * @key:	Key
 * @value:	Text, NULL for null
 */
void channel_tell(int fd, const char *key, const char *value)
{
	_cleanup_(json_freep) struct json *message = json_object();

	if (fd < 0)
		return;
	json_set_string(message, key, value);
	/* A reader that has gone is noticed where it matters: by its socket's end. */
	if (channel_send(fd, message, -1) < 0)
		return;
}

/**
 * channel_receive() - Receive one message
 * @fd:		Socket
 * @deadline_ns: CLOCK_MONOTONIC, or LOOP_FOREVER
 * @ret_message: Object; the caller frees it
 * @ret_fd:	Descriptor that came along or -1; NULL: one that comes is closed
 *
 * Return: 0; -EPIPE at the end, -ETIMEDOUT, -EBADMSG, or what recvmsg() said
 */
int channel_receive(int fd, int64_t deadline_ns, struct json **ret_message,
		    int *ret_fd)
{
	_cleanup_free_ char *data = malloc(CHANNEL_MAX);
	_cleanup_close_ int got = -1;
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { data, CHANNEL_MAX };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct cmsghdr *cmsg;
	ssize_t n;
	int ms = -1, r;

	if (!data)
		return -ENOMEM;
	if (deadline_ns != LOOP_FOREVER)
		ms = (int)MAX((deadline_ns - loop_now()) / NSEC_PER_MSEC,
			      (int64_t)0);
	r = poll(&pfd, 1, ms);
	if (r == 0)
		return -ETIMEDOUT;
	if (r < 0)
		return -errno;
	n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return n == 0 || errno == ECONNRESET ? -EPIPE : -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET &&
	    cmsg->cmsg_type == SCM_RIGHTS &&
	    cmsg->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&got, CMSG_DATA(cmsg), sizeof(int));
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EBADMSG;
	r = json_parse(data, (size_t)n, ret_message);
	if (r < 0)
		return -EBADMSG;
	if (ret_fd)
		*ret_fd = TAKE_FD(got);
	return 0;
}
