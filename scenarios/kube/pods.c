/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A look from inside the pods: no IPv4 anywhere, and names are resolved.
 *
 * The runtime shows each pod's network namespace at /run/netns of its node; the holder
 * goes in there for a socket, so that nothing has to be installed in a pod.
 */
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"
#include "lib/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define QUERY_MS 250 /* until an unanswered query is asked again */

/* DNS, RFC 1035 4.1: header, then AAAA IN of kubernetes.default.svc.cluster.local. */
static const unsigned char query[] = "\x53\x36\x01\x00\x00\x01\x00\x00"
				     "\x00\x00\x00\x00\x0akubernetes\x07"
				     "default\x03svc\x07"
				     "cluster\x05local\x00\x00\x1c\x00\x01";

/**
 * visit_pods() - Go into the network namespace of every pod of a node
 * @c:		Cluster
 * @m:		Node
 * @fn:		Called there with "node2/cni-..."; other than 0 ends the visit
 *
 * Return: what @fn returned last, or an errno
 */
static int visit_pods(struct cluster *c, const struct member *m,
		      int (*fn)(struct cluster *c, const char *where))
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[64], where[352];
	struct dirent *e;
	int r = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/root/run/netns",
		       m->init.pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r == 0 && (e = readdir(dir))) {
		_cleanup_(netns_leave) int back = -1;
		_cleanup_close_ int fd = -1;

		if (e->d_name[0] == '.')
			continue;
		fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC);
		/* A pod that goes away meanwhile has none. */
		if (fd < 0 || netns_enter(fd, &back) < 0)
			continue;
		(void)snprintf(where, sizeof(where), "%s/%s", m->name,
			       e->d_name);
		r = fn(c, where);
	}
	return r;
}

/**
 * find_v4() - Whether there is an IPv4 address beside 127.0.0.1 of lo
 * @c:		Cluster
 * @where:	For the message
 *
 * Return: 0; -EAFNOSUPPORT, told to the user; or an errno
 */
static int find_v4(struct cluster *c, const char *where)
{
	struct ifaddrs *all;
	int r = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *a = all; a && r == 0; a = a->ifa_next) {
		const struct sockaddr_in *sin = (const void *)a->ifa_addr;

		if (!sin || sin->sin_family != AF_INET)
			continue;
		if (strcmp(a->ifa_name, "lo") != 0 ||
		    sin->sin_addr.s_addr != htonl(INADDR_LOOPBACK))
			r = lab_fail(c->lab, -EAFNOSUPPORT,
				     "'%s' of '%s' has an IPv4 address",
				     a->ifa_name, where);
	}
	freeifaddrs(all);
	return r;
}

/* A node for member_in_netns(). */
struct look {
	struct cluster *c;
	const char *where;
};

/**
 * find_v4_node() - find_v4() as member_in_netns() calls it
 * @arg:	struct look
 *
 * Return: as find_v4()
 */
static int find_v4_node(void *arg)
{
	const struct look *l = arg;

	return find_v4(l->c, l->where);
}

/**
 * cluster_check_v4() - Make sure that no node and no pod has IPv4
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_check_v4(struct cluster *c)
{
	int r = 0;

	for (unsigned int n = 1; r == 0 && n <= c->n_nodes; n++) {
		struct member *m = cluster_node(c, n);
		struct look l = { c, m->name };

		r = member_in_netns(m, find_v4_node, &l);
		if (r == 0)
			r = visit_pods(c, m, find_v4);
	}
	return r;
}

/**
 * resolve() - Ask the cluster's DNS by its service address for a name
 * @c:		Not used
 * @where:	Not used
 *
 * Return: 1 for an answer with an address, 0 for none within QUERY_MS, or an errno
 */
static int resolve(struct cluster *c, const char *where)
{
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct sockaddr_storage to;
	unsigned char answer[512];
	struct addr vip;
	ssize_t n;
	int r = addr_parse6(CLUSTER_DNS_VIP, &vip);

	(void)c;
	(void)where;
	if (r < 0)
		return r;
	if (fd < 0 || connect(fd, (struct sockaddr *)&to,
			      addr_to_sockaddr(&vip, 53, 0, &to)) < 0)
		return -errno;
	/* The NUL of the text is not part of the query. */
	if (send(fd, query, sizeof(query) - 1, 0) < 0 ||
	    poll(&p, 1, QUERY_MS) <= 0)
		return 0;
	n = recv(fd, answer, sizeof(answer), 0);
	/* Its number, no error, at least one record of an answer. */
	return n > 12 && memcmp(answer, query, 2) == 0 &&
	       (answer[3] & 15) == 0 && answer[7] > 0;
}

/**
 * cluster_wait_name() - Wait until a name is resolved from inside a pod
 * @c:		Cluster, CoreDNS available
 * @deadline_ns: When to give up
 *
 * kube-proxy learns of CoreDNS' readiness when we do, and tells nobody when it has
 * written its rules: hence the repeated question, as any client's.
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_wait_name(struct cluster *c, int64_t deadline_ns)
{
	struct pollfd guard = { .fd = c->guard_fd, .events = POLLIN };

	lab_step(c->lab, "waiting for a name to be resolved from a pod");
	for (;;) {
		for (unsigned int n = c->n_nodes; n >= 1; n--) {
			int r = visit_pods(c, cluster_node(c, n), resolve);

			if (r > 0)
				return 0;
			if (r < 0 && r != -ECONNREFUSED)
				return lab_fail(c->lab, r,
						"cannot ask the cluster's DNS");
		}
		/* A refusal comes at once: not again before a moment has gone. */
		if (poll(&guard, 1, 20) > 0 || loop_now() > deadline_ns)
			return cluster_failed(
				c, -ETIMEDOUT,
				"an answer of the cluster's DNS to a pod");
	}
}
