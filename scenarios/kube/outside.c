/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a cluster needs of the machine: asked and made before there are namespaces.
 */
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "scenarios/cases/gcp.h"
#include "scenarios/cgroup.h"
#include "scenarios/kube/images.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Instances of inotify: kubelet 7, containerd 1, kube-proxy 1; the control plane's own,
 * the fabric's among it. */
#define INOTIFY_NODE    9
#define INOTIFY_CONTROL 11
#define INOTIFY_LIMIT   "/proc/sys/fs/inotify/max_user_instances"

/**
 * count_inotify() - How many inotify instances a user has
 * @uid:	User
 *
 * What cannot be looked into is somebody else's, or has just ended.
 *
 * Return: number
 */
static unsigned int count_inotify(uid_t uid)
{
	_cleanup_closedir_ DIR *proc = opendir("/proc");
	unsigned int n = 0;
	struct dirent *e;

	while (proc && (e = readdir(proc))) {
		_cleanup_closedir_ DIR *fds = NULL;
		struct dirent *f;
		struct stat st;
		char path[64];

		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%.20s/fd", e->d_name);
		if (stat(path, &st) < 0 || st.st_uid != uid)
			continue;
		fds = opendir(path);
		while (fds && (f = readdir(fds))) {
			char target[32] = "";

			if (readlinkat(dirfd(fds), f->d_name, target,
				       sizeof(target) - 1) > 0 &&
			    strcmp(target, "anon_inode:inotify") == 0)
				n++;
		}
	}
	return n;
}

/**
 * check_inotify() - Whether the machine has inotify instances for so many nodes
 * @nodes:	Their number
 *
 * Without them kubelets come up that see no pods: better not to begin.
 *
 * Return: EXIT_OK; EXIT_USAGE after naming the value that is needed
 */
static int check_inotify(unsigned int nodes)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	unsigned int used = count_inotify(geteuid());
	unsigned int need = used + INOTIFY_NODE * nodes + INOTIFY_CONTROL;
	unsigned int limit;

	if (buf_read_file(&text, INOTIFY_LIMIT) < 0 ||
	    sscanf(buf_text(&text), "%u", &limit) != 1 || limit >= need)
		return EXIT_OK;
	log_error("too few inotify instances for %u nodes: "
		  "'fs.inotify.max_user_instances' is %u, %u are in use, %u "
		  "are needed; as root: sysctl "
		  "fs.inotify.max_user_instances=%u",
		  nodes, limit, used, need, need);
	return EXIT_USAGE;
}

/**
 * check_cgroups() - Whether the machine has the cgroups that kubelets want
 *
 * Return: EXIT_OK; EXIT_USAGE after naming what it lacks
 */
static int check_cgroups(void)
{
	_cleanup_(buf_release) struct buf problem = BUF_INIT;

	if (cgroup_check(&problem) == 0)
		return EXIT_OK;
	log_error("%s", buf_text(&problem));
	return EXIT_USAGE;
}

/**
 * open_listener() - Listen where the user's kubectl connects to
 * @k:		.listen_fd, .tcp6_fd and .port are set
 *
 * The table of sockets is that of the network namespace it was opened in, for ever: by
 * it the forwarder learns who connects.
 *
 * Return: 0, or an errno
 */
static int open_listener(struct cluster_outside *k)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	_cleanup_close_ int fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	_cleanup_close_ int table =
		open("/proc/self/net/tcp6", O_RDONLY | O_CLOEXEC);
	socklen_t len = sizeof(sin6);

	if (fd < 0 || table < 0 ||
	    bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) < 0 ||
	    listen(fd, 64) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sin6, &len) < 0)
		return -errno;
	k->port = ntohs(sin6.sin6_port);
	k->listen_fd = TAKE_FD(fd);
	k->tcp6_fd = TAKE_FD(table);
	return 0;
}

/**
 * link_images() - Give each node its own view of the image store
 * @dir:	The lab's state folder
 * @store:	The store
 * @nodes:	Number of nodes
 * @problem:	Gets one line
 *
 * Here, not in the holder: a hard link does not lead from one mount to another.
 *
 * Return: 0, or an errno after saying why
 */
static int link_images(const char *dir, const struct image_store *store,
		       unsigned int nodes, struct buf *problem)
{
	char path[PATH_MAX];
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/members", dir);
	if (mkdir(path, 0755) < 0)
		r = -errno;
	for (unsigned int n = 1; r == 0 && n <= nodes; n++) {
		(void)snprintf(path, sizeof(path), "%s/members/node%u", dir, n);
		if (mkdir(path, 0755) < 0)
			r = -errno;
		(void)snprintf(path, sizeof(path),
			       "%s/members/node%u/containerd", dir, n);
		if (r == 0 && mkdir(path, 0711) < 0)
			r = -errno;
		if (r == 0)
			r = image_store_link(store, path, problem);
	}
	if (r < 0 && !problem->len)
		buf_printf(problem, "'%s': %s", path, strerror(-r));
	return r;
}

/**
 * find_programs() - Find the programs and make the image store
 * @o:		Outside
 * @k:		.bin is set
 *
 * Return: exit code
 */
static int find_programs(struct outside *o, struct cluster_outside *k)
{
	_cleanup_(image_store_release) struct image_store store =
		IMAGE_STORE_INIT;
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	int r;

	r = kube_bin_find(&k->bin, &problem);
	if (r == 0) {
		o->step(o->step_arg, "preparing images");
		r = image_store_open(&k->bin, k->static_pods, &store, &problem);
	}
	if (r == 0)
		r = link_images(o->dir, &store, k->nodes, &problem);
	if (r == 0)
		return EXIT_OK;
	if (problem.len)
		log_error("%s", buf_text(&problem));
	else
		log_error("Kubernetes programs: %s", strerror(-r));
	return EXIT_USAGE;
}

/**
 * cluster_prepare() - Make ready what a cluster takes from the machine
 * @outside:	.binds, .fds and .data are set
 *
 * Return: exit code
 */
int cluster_prepare(struct outside *outside)
{
	struct cluster_outside *k = calloc(1, sizeof(*k));
	_cleanup_(buf_release) struct buf names = BUF_INIT;
	const struct gcp_cloud *cloud;
	int r;

	if (!k)
		return EXIT_ROLLED_BACK;
	outside->data = k;
	k->nodes = outside->nodes ? outside->nodes : CLUSTER_NODES;
	k->owner = getuid();
	k->static_pods = outside->variant &&
			 strcmp(outside->variant, "static-pods") == 0;
	if (outside->variant && !k->static_pods &&
	    strcmp(outside->variant, "processes") != 0) {
		log_error("control plane '%s': 'processes' or 'static-pods'",
			  outside->variant);
		return EXIT_USAGE;
	}
	(void)snprintf(k->kubeconfig, sizeof(k->kubeconfig), "%s/kubeconfig",
		       outside->dir);
	cloud = gcp_cloud_find(outside->provider);
	if (!cloud) {
		gcp_cloud_names(&names);
		log_error("provider '%s': clusters are played on %s",
			  outside->provider, buf_text(&names));
		return EXIT_USAGE;
	}
	outside->provider = cloud->provider;
	r = check_cgroups();
	if (r == EXIT_OK)
		r = check_inotify(k->nodes);
	if (r == EXIT_OK)
		r = find_programs(outside, k);
	if (r != EXIT_OK)
		return r;
	r = open_listener(k);
	if (r < 0) {
		log_error("no port of [::1] for the API server: %s",
			  strerror(-r));
		return EXIT_ROLLED_BACK;
	}
	outside->kubernetes = k->bin.version;
	outside->fds[0] = k->listen_fd;
	outside->fds[1] = k->tcp6_fd;
	outside->binds[0] = (struct member_bind){ CGROUP_ROOT, CGROUP_HELD };
	outside->binds[1] = (struct member_bind){ k->bin.dir, CLUSTER_BIN,
						  .read_only = true };
	return EXIT_OK;
}
