/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cloud's controller, as far as services of type LoadBalancer are its business.
 *
 * A process of the holder watches services, their endpoints and nodes. A service that wants
 * a load balancer is given an address of the lab's range: the router sends it to a node
 * that is ready (and has a ready endpoint, where externalTrafficPolicy is Local), the node
 * learns of it by its metadata and netsetup makes it the node's own, and only then the
 * service's status says so, whence kube-proxy knows it. It goes as it came, and moves to
 * another node where its own is no longer fit.
 *
 * Three children watch and say that something has changed; what there is is then looked
 * at as a whole, so that no order of events matters.
 */
#include "scenarios/cases/gcp.h"
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "scenarios/core.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define A_NODE     32 /* addresses: what netsetup takes of a node's metadata */
#define CALL_S     10
#define FOR_EVER_S 86400
#define AGAIN_MS   500 /* after the API has not answered */
#define OWNER      512 /* bytes of "namespace/name" */

/* Number i has address i + 1 of the range. */
struct balanced {
	char owner[OWNER]; /* service, "namespace/name"; "": nobody */
	unsigned int node; /* that has the address */
	bool seen; /* its service is still there */
};

struct balancer {
	struct cluster *c;
	struct api *api;
	struct balanced *all;
	size_t n;
	bool ready[GCP_NODES_MAX + 1]; /* nodes, by number */
};

/* Who watches one collection. */
struct teller {
	struct cluster *c;
	const char *path;
	int fd; /* gets a byte for each change */
};

/**
 * list() - All addresses that are given out
 * @b:		Balancer
 * @ret:	Gets them; the caller frees it
 *
 * Return: their number, or -ENOMEM
 */
static ssize_t list(const struct balancer *b, struct gcp_forward **ret)
{
	struct gcp_forward *all = calloc(b->n + 1, sizeof(*all));
	ssize_t n = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		if (!b->all[i].owner[0])
			continue;
		(void)snprintf(all[n].address, sizeof(all[n].address),
			       CLUSTER_BALANCER, (unsigned int)i + 1);
		all[n++].node = b->all[i].node;
	}
	*ret = all;
	return n;
}

/**
 * find() - The number that a service has
 * @b:		Balancer
 * @owner:	Service; "": the first that is free
 *
 * Return: number; b->n: none
 */
static size_t find(const struct balancer *b, const char *owner)
{
	size_t i = 0;

	while (i < b->n && strcmp(b->all[i].owner, owner) != 0)
		i++;
	return i;
}

/**
 * make_room() - A number that is free
 * @b:		Balancer
 * @ret:	Gets it
 *
 * Return: 0 or -ENOMEM
 */
static int make_room(struct balancer *b, size_t *ret)
{
	size_t i = find(b, "");
	struct balanced *more;

	if (i == b->n) {
		more = reallocarray(b->all, b->n + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		b->all = more;
		b->all[b->n++] = (struct balanced){ 0 };
	}
	*ret = i;
	return 0;
}

/**
 * count_at() - How many addresses a node has
 * @b:		Balancer
 * @node:	Its number
 *
 * Return: number
 */
static unsigned int count_at(const struct balancer *b, unsigned int node)
{
	unsigned int n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->all[i].owner[0] && b->all[i].node == node;
	return n;
}

/**
 * read_nodes() - Which nodes are ready
 * @b:		Balancer
 *
 * Return: 0, or see api.h
 */
static int read_nodes(struct balancer *b)
{
	_cleanup_(json_freep) struct json *nodes = NULL;
	const struct json *node;
	unsigned int n;
	int r = api_get(b->api, "/api/v1/nodes", lab_deadline(CALL_S), &nodes);

	if (r < 0)
		return r;
	memset(b->ready, 0, sizeof(b->ready));
	for (node = json_first(json_get(nodes, "items")); node;
	     node = json_next(node))
		if (cluster_node_well(node) &&
		    sscanf(json_get_string(node, "metadata.name"), "node%u",
			   &n) == 1 &&
		    n <= GCP_NODES_MAX)
			b->ready[n] = true;
	return 0;
}

/**
 * read_local() - Which nodes have a ready endpoint of a service
 * @b:		Balancer
 * @service:	Service
 * @here:	Gets them, by number
 *
 * Return: 0, or see api.h
 */
static int read_local(struct balancer *b, const struct json *service,
		      bool here[GCP_NODES_MAX + 1])
{
	_cleanup_(json_freep) struct json *slices = NULL;
	const struct json *slice, *e;
	const char *name;
	char path[768];
	unsigned int n;
	int r;

	(void)snprintf(path, sizeof(path),
		       "/apis/discovery.k8s.io/v1/namespaces/%.253s/"
		       "endpointslices?labelSelector="
		       "kubernetes.io%%2Fservice-name%%3D%.253s",
		       json_get_string(service, "metadata.namespace"),
		       json_get_string(service, "metadata.name"));
	r = api_get(b->api, path, lab_deadline(CALL_S), &slices);
	for (slice = json_first(json_get(slices, "items")); slice;
	     slice = json_next(slice))
		for (e = json_first(json_get(slice, "endpoints")); e;
		     e = json_next(e)) {
			name = json_get_string(e, "nodeName");
			if (json_get_bool(e, "conditions.ready", true) &&
			    name && sscanf(name, "node%u", &n) == 1 &&
			    n <= GCP_NODES_MAX)
				here[n] = true;
		}
	return r;
}

/**
 * choose_node() - A node to send an address to
 * @b:		Balancer
 * @i:		Number of the address: they are spread
 * @here:	Nodes that may have it, by number
 *
 * The one that has it, if it is fit; the control plane's is the last choice.
 *
 * Return: number of the node, from 1; 0 where none is fit
 */
static unsigned int choose_node(const struct balancer *b, size_t i,
				const bool here[GCP_NODES_MAX + 1])
{
	unsigned int workers = b->c->n_nodes - 1, own = b->all[i].node;

	if (own && b->ready[own] && here[own])
		return own;
	for (unsigned int k = 0; k <= workers; k++) {
		unsigned int n =
			k < workers ? 2 + ((unsigned int)i + k) % workers : 1;

		if (b->ready[n] && here[n] && count_at(b, n) < A_NODE)
			return n;
	}
	return 0;
}

/**
 * send_to() - Have the cloud send an address to another node
 * @b:		Balancer
 * @i:		Number of the address
 * @node:	The node; 0: to none any more
 *
 * The node that had it may be dead: what it does not hear is logged, no more.
 *
 * Return: 0, or an errno that was logged
 */
static int send_to(struct balancer *b, size_t i, unsigned int node)
{
	_cleanup_free_ struct gcp_forward *all = NULL;
	struct balanced *own = &b->all[i];
	struct gcp_forward to = { .node = node }, from = { .node = own->node };
	ssize_t n;
	int r = 0;

	(void)snprintf(to.address, sizeof(to.address), CLUSTER_BALANCER,
		       (unsigned int)i + 1);
	memcpy(from.address, to.address, sizeof(from.address));
	own->node = node;
	n = list(b, &all);
	if (n < 0)
		return (int)n;
	if (node)
		r = gcp_forward(b->c->lab, all, (size_t)n, &to);
	if (r < 0) {
		own->node = from.node; /* and once more */
		return r;
	}
	if (from.node &&
	    gcp_unforward(b->c->lab, all, (size_t)n, &from, node != 0) < 0)
		log_warning("load balancer: node%u was not told that %s is "
			    "its own no more",
			    from.node, from.address);
	return 0;
}

/**
 * publish() - Write the address into the status of its service
 * @b:		Balancer
 * @service:	Service
 * @i:		Number of the address; b->n: it has none
 *
 * Return: 0, or see api.h
 */
static int publish(struct balancer *b, const struct json *service, size_t i)
{
	char path[640], json[192], address[ADDR_STRLEN];
	int r;

	(void)snprintf(address, sizeof(address), CLUSTER_BALANCER,
		       (unsigned int)i + 1);
	(void)snprintf(json, sizeof(json),
		       i == b->n ?
			       "{\"status\": {\"loadBalancer\": null}}" :
			       "{\"status\": {\"loadBalancer\": {\"ingress\": "
			       "[{\"ip\": \"%s\"}]}}}",
		       address);
	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/%.253s/services/%.253s/status",
		       json_get_string(service, "metadata.namespace"),
		       json_get_string(service, "metadata.name"));
	r = api_patch(b->api, path, json, lab_deadline(CALL_S));
	if (r < 0 && r != -ENOENT)
		log_warning("load balancer: %s", api_error(b->api));
	return r == -ENOENT ? 0 :
			      r; /* deleted meanwhile: an event will say so */
}

/**
 * place() - See that a service's address is at a node that is fit
 * @b:		Balancer
 * @service:	Service
 * @owner:	Its name
 *
 * Return: 0, also where there is no such node, or an errno
 */
static int place(struct balancer *b, const struct json *service,
		 const char *owner)
{
	const char *policy =
		json_get_string(service, "spec.externalTrafficPolicy");
	bool local = policy && strcmp(policy, "Local") == 0;
	bool here[GCP_NODES_MAX + 1];
	size_t i = find(b, owner);
	unsigned int node;
	int r = 0;

	memset(here, !local, sizeof(here));
	if (i < b->n) /* also where no more can be learnt of it now */
		b->all[i].seen = true;
	if (local)
		r = read_local(b, service, here);
	if (r == 0 && i == b->n)
		r = make_room(b, &i);
	if (r < 0)
		return r;
	b->all[i].seen = true;
	node = choose_node(b, i, here);
	if (node && node != b->all[i].node) {
		(void)snprintf(b->all[i].owner, OWNER, "%s", owner);
		log_info("load balancer of '%s': address %zu, %s node%u", owner,
			 i + 1, b->all[i].node ? "moves to" : "at", node);
		r = send_to(b, i, node);
		if (r < 0)
			return r;
	}
	/* An address that has no fit node stays where it is. */
	if (!b->all[i].node ||
	    json_first(json_get(service, "status.loadBalancer.ingress")))
		return 0;
	return publish(b, service, i);
}

/**
 * release_unseen() - Take the addresses of services back that are there no more
 * @b:		Balancer
 *
 * Return: 0, or the last errno, which was logged
 */
static int release_unseen(struct balancer *b)
{
	int r, last = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (b->all[i].seen || !b->all[i].owner[0])
			continue;
		log_info("load balancer of '%s': its address is free",
			 b->all[i].owner);
		b->all[i].owner[0] = '\0';
		r = send_to(b, i, 0);
		last = r < 0 ? r : last;
	}
	return last;
}

/**
 * see_service() - Look at one service
 * @b:		Balancer
 * @service:	Service
 *
 * Return: 0, or an errno
 */
static int see_service(struct balancer *b, const struct json *service)
{
	const char *space = json_get_string(service, "metadata.namespace");
	const char *name = json_get_string(service, "metadata.name");
	const char *type = json_get_string(service, "spec.type");
	char owner[OWNER];

	if (!space || !name || !type)
		return 0;
	(void)snprintf(owner, sizeof(owner), "%.253s/%.253s", space, name);
	if (strcmp(type, "LoadBalancer") == 0)
		return place(b, service, owner);
	return find(b, owner) == b->n ? 0 : publish(b, service, b->n);
}

/**
 * look() - Look at all there is, and set right what is not as it should be
 * @b:		Balancer
 *
 * Return: 0, or the last errno: to be tried again
 */
static int look(struct balancer *b)
{
	_cleanup_(json_freep) struct json *services = NULL;
	const struct json *service;
	int r, last = 0;

	r = read_nodes(b);
	if (r == 0)
		r = api_get(b->api, "/api/v1/services", lab_deadline(CALL_S),
			    &services);
	if (r < 0)
		return r;
	for (size_t i = 0; i < b->n; i++)
		b->all[i].seen = false;
	for (service = json_first(json_get(services, "items")); service;
	     service = json_next(service)) {
		r = see_service(b, service);
		last = r < 0 ? r : last;
	}
	r = release_unseen(b);
	return r < 0 ? r : last;
}

/**
 * open_api() - A connection of one's own
 * @c:		Cluster
 * @ret:	The caller ends it
 *
 * Return: 0, or an errno that was logged
 */
static int open_api(struct cluster *c, struct api **ret)
{
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	int r = cluster_api(c, ret, &problem);

	if (r < 0)
		log_error("load balancers: %s", buf_text(&problem));
	return r;
}

/**
 * see_change() - Say that something has changed
 * @arg:	Teller
 * @event:	Not used
 * @object:	Not used
 *
 * A pipe that is full says so already.
 *
 * Return: 0 to go on
 */
static int see_change(void *arg, const char *event, const struct json *object)
{
	const struct teller *t = arg;

	(void)event;
	(void)object;
	return write(t->fd, "", 1) < 0 && errno != EAGAIN ? -errno : 0;
}

/**
 * tell() - The life of a teller
 * @arg:	struct teller
 *
 * Return: exit status
 */
static int tell(void *arg)
{
	struct teller *t = arg;
	struct api *api;

	(void)prctl(PR_SET_NAME, "shoot6-balancer");
	if (open_api(t->c, &api) < 0)
		return 1;
	for (;;) {
		if (api_watch(api, t->path, lab_deadline(FOR_EVER_S),
			      see_change, t) < 0)
			log_debug("load balancers: %s", api_error(api));
		(void)poll(NULL, 0, AGAIN_MS);
	}
}

/**
 * start_tellers() - Start those who watch
 * @c:		Cluster
 * @ret_fd:	Becomes readable when something has changed
 *
 * Return: 0, or an errno
 */
static int start_tellers(struct cluster *c, int *ret_fd)
{
	static const char *const paths[] = {
		"/api/v1/services",
		"/api/v1/nodes",
		"/apis/discovery.k8s.io/v1/endpointslices",
	};
	struct proc_opts opts = PROC_OPTS_INIT;
	int fds[2], r = 0;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths); i++) {
		struct teller t = { c, paths[i], fds[1] };
		struct proc child = PROC_INIT;

		opts.run = tell;
		opts.arg = &t;
		opts.die_with_parent = true;
		r = proc_spawn(NULL, &opts, &child);
		if (r == 0)
			proc_detach(&child);
	}
	*ret_fd = fds[0];
	return r;
}

/**
 * let_go() - Leave to the holder what is the holder's alone
 * @lab:	Lab
 *
 * What both would read from; and the descriptors of daemons, which an epoll of the
 * holder forgets when the last copy is closed.
 */
static void let_go(struct lab *lab)
{
	lab->holder->talk_fd = -1;
	for (size_t i = 0; i < lab->n_members; i++) {
		struct member *m = lab->members[i];

		m->rtnl = NULL;
		for (size_t k = 0; k < m->n_daemons; k++)
			cleanup_close(&m->daemons[k]->proc.pidfd);
	}
}

/**
 * balance() - The life of the controller
 * @arg:	struct cluster, a copy of the holder's
 *
 * Return: exit status
 */
static int balance(void *arg)
{
	struct balancer b = { .c = arg };
	struct pollfd changed = { .events = POLLIN };
	char bytes[256];
	int wait_ms = 0;

	(void)prctl(PR_SET_NAME, "shoot6-balancer");
	let_go(b.c->lab);
	if (open_api(b.c, &b.api) < 0 || start_tellers(b.c, &changed.fd) < 0)
		return 1;
	for (;;) {
		(void)poll(&changed, 1, wait_ms);
		while (read(changed.fd, bytes, sizeof(bytes)) > 0)
			;
		wait_ms = look(&b) < 0 ? AGAIN_MS : -1;
	}
}

/**
 * cluster_balance() - Start the controller of load balancers
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_balance(struct cluster *c)
{
	struct proc_opts opts = PROC_OPTS_INIT;
	int r;

	opts.run = balance;
	opts.arg = c;
	opts.die_with_parent = true;
	r = proc_spawn(NULL, &opts, &c->balancer);
	return r < 0 ? lab_fail(c->lab, r, "controller of load balancers") : 0;
}
