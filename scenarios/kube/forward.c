/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The forwarder: a process of the lab that accepts on [::1]:PORT of the machine and
 * connects to the API server inside.
 *
 * Nothing of the machine's network changes: the listener was opened before there were
 * namespaces, and a socket stays where it was made. Only the owner of the lab may
 * connect: the machine's own table of sockets says which user has the other end, and a
 * connection that is not in it as established is nobody's. The API server asks for a
 * client certificate as well, which lies in a file that only the owner can read.
 */
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define LISTEN_FD 3 /* in the forwarder: all others are closed */
#define TABLE_FD  4
#define CHUNK     (64U << 10)

/* One direction of a connection: read here, written to the peer. */
struct half {
	struct loop_source source;
	struct half *peer;
	struct forwarder *f;
	size_t len, done; /* bytes read, bytes of them written */
	bool ended; /* no more to read */
	char data[CHUNK];
};

/* Both directions, one allocation. */
struct connection {
	struct half outer, inner;
};

struct forwarder {
	struct loop loop;
	struct loop_source listener;
	uid_t owner;
};

/**
 * peer_uid() - Which user has the other end of a connection
 * @local:	Our end
 * @remote:	The other end
 * @ret:	Its user
 *
 * A row is: slot, local address:port, remote address:port, state, queues, timer,
 * retransmits, uid, timeout, inode (Documentation/networking/proc_net_tcp.rst). A socket
 * whose owner has closed it has no inode and is root's by its number: such rows do not count.
 *
 * Return: 0; -ENOENT where there is no such end on this machine, or an errno
 */
static int peer_uid(const struct sockaddr_in6 *local,
		    const struct sockaddr_in6 *remote, uid_t *ret)
{
	_cleanup_(buf_release) struct buf table = BUF_INIT;
	char want[96];
	const uint32_t *a = remote->sin6_addr.s6_addr32;
	const uint32_t *b = local->sin6_addr.s6_addr32;
	const char *at;
	unsigned long inode;
	unsigned int uid, state;
	int r;

	if (lseek(TABLE_FD, 0, SEEK_SET) < 0)
		return -errno;
	r = buf_read_fd(&table, TABLE_FD);
	if (r < 0)
		return r;
	(void)snprintf(want, sizeof(want),
		       " %08X%08X%08X%08X:%04X %08X%08X%08X%08X:%04X ", a[0],
		       a[1], a[2], a[3], ntohs(remote->sin6_port), b[0], b[1],
		       b[2], b[3], ntohs(local->sin6_port));
	at = strstr(buf_text(&table), want);
	if (!at ||
	    sscanf(at + strlen(want), "%x %*x:%*x %*x:%*x %*x %u %*u %lu",
		   &state, &uid, &inode) != 3 ||
	    state != 1 || inode == 0)
		return -ENOENT;
	*ret = uid;
	return 0;
}

/**
 * wanted_events() - What to wait for at one end
 * @h:		End
 *
 * Return: EPOLLIN while there is room, EPOLLOUT while there is something to write
 */
static uint32_t wanted_events(const struct half *h)
{
	return (h->len == 0 && !h->ended ? EPOLLIN : 0U) |
	       (h->peer->len ? EPOLLOUT : 0U);
}

/**
 * connection_end() - Close both ends
 * @h:		One of them
 */
static void connection_end(struct half *h)
{
	struct forwarder *f = h->f;
	struct half *outer = h;

	if (h->peer < h)
		outer = h->peer;
	loop_remove(&f->loop, &h->source);
	loop_remove(&f->loop, &h->peer->source);
	(void)close(h->source.fd);
	(void)close(h->peer->source.fd);
	free(container_of(outer, struct connection, outer));
}

/**
 * half_write() - Write what the other end has read
 * @h:		End to write to
 *
 * Return: 0, or what send() said
 */
static int half_write(struct half *h)
{
	struct half *from = h->peer;

	while (from->len > from->done) {
		ssize_t n = send(h->source.fd, from->data + from->done,
				 from->len - from->done,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == ENOTCONN ? 0 :
								      -errno;
		from->done += (size_t)n;
	}
	from->len = from->done = 0;
	if (from->ended && shutdown(h->source.fd, SHUT_WR) < 0)
		return -errno;
	return 0;
}

/**
 * half_read() - Read what has come
 * @h:		End to read from
 *
 * Return: 0, or what recv() said
 */
static int half_read(struct half *h)
{
	ssize_t n = recv(h->source.fd, h->data, sizeof(h->data), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	h->len = (size_t)n;
	h->done = 0;
	h->ended = n == 0;
	return half_write(h->peer);
}

/**
 * half_ready() - Something happens at one end
 * @source:	Of struct half
 * @events:	What
 * @now:	Not used
 */
static void half_ready(struct loop_source *source, uint32_t events, int64_t now)
{
	struct half *h = container_of(source, struct half, source);
	int r = 0;

	(void)now;
	if (events & EPOLLERR)
		r = -ECONNRESET;
	if (r == 0 && events & EPOLLOUT)
		r = half_write(h);
	if (r == 0 && events & (EPOLLIN | EPOLLHUP) && h->len == 0 && !h->ended)
		r = half_read(h);
	if (r == 0 && h->ended && h->peer->ended && !h->len && !h->peer->len)
		r = -EPIPE;
	if (r == 0)
		r = loop_change(&h->f->loop, &h->source, wanted_events(h));
	if (r == 0)
		r = loop_change(&h->f->loop, &h->peer->source,
				wanted_events(h->peer));
	if (r < 0)
		connection_end(h);
}

/**
 * connect_inside() - Begin to connect to the API server
 *
 * Return: descriptor, or an errno
 */
static int connect_inside(void)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons(CLUSTER_PORT),
	};
	_cleanup_close_ int fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    (connect(fd, (struct sockaddr *)&sin6, sizeof(sin6)) < 0 &&
	     errno != EINPROGRESS))
		return -errno;
	return TAKE_FD(fd);
}

/**
 * connection_new() - Join two sockets
 * @f:		Forwarder
 * @outer:	The client's; closed in any case
 *
 * Return: 0, or an errno
 */
static int connection_new(struct forwarder *f, int outer)
{
	struct connection *c = calloc(1, sizeof(*c));
	_cleanup_close_ int client = outer, server = connect_inside();
	int r = server < 0 ? server : c ? 0 : -ENOMEM;

	if (r < 0) {
		free(c);
		return r;
	}
	c->outer = (struct half){ .source = { client, half_ready },
				  .peer = &c->inner,
				  .f = f };
	c->inner = (struct half){ .source = { server, half_ready },
				  .peer = &c->outer,
				  .f = f };
	r = loop_add(&f->loop, &c->outer.source, EPOLLIN);
	if (r == 0) {
		r = loop_add(&f->loop, &c->inner.source, EPOLLIN);
		if (r < 0)
			loop_remove(&f->loop, &c->outer.source);
	}
	if (r < 0) {
		free(c);
		return r;
	}
	(void)TAKE_FD(client);
	(void)TAKE_FD(server);
	return 0;
}

/**
 * accept_client() - Somebody connects
 * @source:	Listener
 * @events:	Not used
 * @now:	Not used
 */
static void accept_client(struct loop_source *source, uint32_t events,
			  int64_t now)
{
	struct forwarder *f = container_of(source, struct forwarder, listener);
	struct sockaddr_in6 local, remote;
	socklen_t len = sizeof(remote), local_len = sizeof(local);
	uid_t uid = (uid_t)-1;
	int fd = accept4(source->fd, (struct sockaddr *)&remote, &len,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	int r = fd < 0 ? -errno : 0;

	(void)events;
	(void)now;
	if (r == 0 &&
	    getsockname(fd, (struct sockaddr *)&local, &local_len) < 0)
		r = -errno;
	if (r == 0)
		r = peer_uid(&local, &remote, &uid);
	if (r == 0 && uid != f->owner)
		r = -EACCES;
	if (r < 0) {
		log_warning("a connection by user %d was refused: %s", (int)uid,
			    strerror(-r));
		cleanup_close(&fd);
		return;
	}
	r = connection_new(f, fd);
	if (r < 0)
		log_warning("API server: %s", strerror(-r));
}

/**
 * forwarder_run() - The life of the forwarder
 * @arg:	struct cluster
 *
 * Return: exit status
 */
static int forwarder_run(void *arg)
{
	const struct cluster *c = arg;
	struct forwarder f = {
		.listener = { LISTEN_FD, accept_client },
		.owner = c->outside->owner,
	};
	/* Above the two numbers first, for they may be each other's. */
	int listener = fcntl(c->outside->listen_fd, F_DUPFD_CLOEXEC, 16);
	int table = fcntl(c->outside->tcp6_fd, F_DUPFD_CLOEXEC, 16);

	if (setns(c->control->init.pidfd, CLONE_NEWNET) < 0 ||
	    dup2(listener, LISTEN_FD) < 0 || dup2(table, TABLE_FD) < 0 ||
	    close_range(TABLE_FD + 1, ~0U, 0) < 0)
		return 1;
	(void)prctl(PR_SET_NAME, "shoot6-forward");
	if (loop_init(&f.loop) < 0 ||
	    loop_add(&f.loop, &f.listener, EPOLLIN) < 0)
		return 1;
	return loop_run(&f.loop) < 0;
}

/**
 * cluster_forward() - Start the forwarder
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_forward(struct cluster *c)
{
	struct proc_opts opts = PROC_OPTS_INIT;
	int r;

	opts.run = forwarder_run;
	opts.arg = c;
	opts.die_with_parent = true;
	r = proc_spawn(NULL, &opts, &c->forwarder);
	return r < 0 ? lab_fail(c->lab, r, "forwarder") : 0;
}
