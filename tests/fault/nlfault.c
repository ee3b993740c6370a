/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nlfault - what goes wrong between a program and the kernel's netlink, by LD_PRELOAD
 *
 * NLFAULT="KIND:N" makes the Nth occasion go wrong, counted from 1:
 *	enobufs		a receive fails: the kernel has dropped something
 *	eintr		a receive is interrupted by a signal
 *	eintr-send	a send is
 *	trunc		a datagram did not fit
 *	dump-intr	a list changed while it was read
 *	dump-intr-all	and does so each time from then on
 *	ebusy, eexist	the kernel refuses the Nth message that would change something,
 *			with words; it does not get to see it
 * NLFAULT_LOG=FILE gets one character for each fault that was injected.
 *
 * Only sockets of AF_NETLINK are meddled with.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORDS        "injected by a test"
#define DATAGRAM_MAX (256 << 10)

struct fault {
	bool is_read; /* the environment has been */
	char kind[32];
	unsigned long at; /* occasion that goes wrong */
	unsigned long receives, sends, mutations, dumps;
	int pending_fd; /* gets .pending at its next receive */
	size_t pending_len;
	char pending[256];
};

/**
 * state() - The one state of the process
 *
 * Return: state, with the environment read
 */
static struct fault *state(void)
{
	static struct fault f = { .pending_fd = -1 };
	const char *text = getenv("NLFAULT");

	if (!f.is_read && text)
		(void)sscanf(text, "%31[^:]:%lu", f.kind, &f.at);
	f.is_read = true;
	return &f;
}

/**
 * is_kind() - Whether a kind of fault is asked for
 * @f:		State
 * @kind:	Kind
 *
 * Return: true if it is
 */
static bool is_kind(const struct fault *f, const char *kind)
{
	return strcmp(f->kind, kind) == 0;
}

/**
 * note() - Count an injected fault where the test can see it
 */
static void note(void)
{
	const char *path = getenv("NLFAULT_LOG");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			     0600) :
			-1;

	if (fd < 0)
		return;
	(void)!write(fd, "x", 1);
	(void)close(fd);
}

/**
 * is_netlink() - Whether a socket is of rtnetlink
 * @fd:		Socket
 *
 * Return: true if it is
 */
static bool is_netlink(int fd)
{
	int domain = 0, protocol = -1;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	       domain == AF_NETLINK &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == NETLINK_ROUTE;
}

/**
 * refuse() - Take a message out of a datagram, and prepare the refusal
 * @f:		State
 * @fd:		Socket
 * @m:		Message; becomes one that the kernel passes over
 * @error:	errno
 */
static void refuse(struct fault *f, int fd, struct nlmsghdr *m, int error)
{
	struct nlmsghdr *out = (struct nlmsghdr *)(void *)f->pending;
	struct nlmsgerr *e = NLMSG_DATA(out);
	struct nlattr *a = (struct nlattr *)(void *)(e + 1);

	memset(f->pending, 0, sizeof(f->pending));
	e->error = -error;
	e->msg = *m;
	a->nla_type = NLMSGERR_ATTR_MSG;
	a->nla_len = (uint16_t)(sizeof(*a) + sizeof(WORDS));
	memcpy(a + 1, WORDS, sizeof(WORDS));
	out->nlmsg_type = NLMSG_ERROR;
	out->nlmsg_flags = NLM_F_CAPPED | NLM_F_ACK_TLVS;
	out->nlmsg_seq = m->nlmsg_seq;
	out->nlmsg_len =
		(uint32_t)(NLMSG_LENGTH(sizeof(*e)) + NLMSG_ALIGN(a->nla_len));
	f->pending_len = out->nlmsg_len;
	f->pending_fd = fd;
	m->nlmsg_type = NLMSG_NOOP;
	note();
}

/**
 * meddle_send() - Look for the message that is to be refused
 * @f:		State
 * @fd:		Socket
 * @data:	Datagram, ours to change
 * @len:	Its bytes
 */
static void meddle_send(struct fault *f, int fd, void *data, size_t len)
{
	int error = is_kind(f, "ebusy")  ? EBUSY :
		    is_kind(f, "eexist") ? EEXIST :
					   0;
	int left = (int)len;

	for (struct nlmsghdr *m = data; error && NLMSG_OK(m, left);
	     m = NLMSG_NEXT(m, left))
		if (m->nlmsg_type >= RTM_BASE && (m->nlmsg_type & 3) != 2 &&
		    ++f->mutations == f->at)
			refuse(f, fd, m, error);
}

/**
 * sendto() - Instead of libc's
 * @fd:		Socket
 * @data:	Datagram
 * @len:	Its bytes
 * @flags:	MSG_*
 * @to:		Destination
 * @to_len:	Its bytes
 *
 * Return: bytes, or -1 with errno
 */
ssize_t sendto(int fd, const void *data, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *,
			socklen_t) = NULL;
	struct fault *f = state();
	void *copy = NULL;
	ssize_t n;

	*(void **)&real = dlsym(RTLD_NEXT, "sendto");
	if (!is_netlink(fd) || len > DATAGRAM_MAX)
		return real(fd, data, len, flags, to, to_len);
	if (is_kind(f, "eintr-send") && ++f->sends == f->at) {
		note();
		errno = EINTR;
		return -1;
	}
	copy = malloc(len);
	if (!copy)
		abort();
	memcpy(copy, data, len);
	meddle_send(f, fd, copy, len);
	n = real(fd, copy, len, flags, to, to_len);
	free(copy);
	return n;
}

/**
 * meddle_dump() - Mark a part of a list as not consistent
 * @f:		State
 * @data:	Datagram
 * @len:	Its bytes
 */
static void meddle_dump(struct fault *f, void *data, ssize_t len)
{
	bool all = is_kind(f, "dump-intr-all");
	struct nlmsghdr *m = data;

	if (len < (ssize_t)sizeof(*m) || !(m->nlmsg_flags & NLM_F_MULTI) ||
	    (!all && !is_kind(f, "dump-intr")))
		return;
	f->dumps++;
	if (f->dumps == f->at || (all && f->dumps > f->at)) {
		m->nlmsg_flags |= NLM_F_DUMP_INTR;
		note();
	}
}

/**
 * fails() - Whether this receive is the one that fails
 * @f:		State
 *
 * Return: errno; 0 where it goes on
 */
static int fails(struct fault *f)
{
	int error = is_kind(f, "enobufs") ? ENOBUFS :
		    is_kind(f, "eintr")   ? EINTR :
					    0;

	if (!error || ++f->receives != f->at)
		return 0;
	note();
	return error;
}

/**
 * recvmsg() - Instead of libc's
 * @fd:		Socket
 * @msg:	Room
 * @flags:	MSG_*
 *
 * Return: bytes, or -1 with errno
 */
ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t (*real)(int, struct msghdr *, int) = NULL;
	struct fault *f = state();
	ssize_t n;

	*(void **)&real = dlsym(RTLD_NEXT, "recvmsg");
	if (!is_netlink(fd) || msg->msg_iovlen != 1)
		return real(fd, msg, flags);
	errno = fails(f);
	if (errno)
		return -1;
	if (f->pending_len && f->pending_fd == fd) {
		struct sockaddr_nl *from = msg->msg_name;

		memcpy(msg->msg_iov[0].iov_base, f->pending, f->pending_len);
		if (from)
			*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
		msg->msg_flags = 0;
		n = (ssize_t)f->pending_len;
		f->pending_len = 0;
		return n;
	}
	n = real(fd, msg, flags);
	if (n < 0)
		return n;
	meddle_dump(f, msg->msg_iov[0].iov_base, n);
	if (is_kind(f, "trunc") && ++f->receives == f->at) {
		msg->msg_flags |= MSG_TRUNC;
		note();
	}
	return n;
}
