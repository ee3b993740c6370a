/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is waited for, and what is said where it does not come.
 */
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

/* Longer than the grace period after which a silent node is not ready (50 s). */
#define NODE_S 120
#define LOOK_S 3 /* between two looks at the pods of CoreDNS */
#define ASK_S  2 /* for one question to a kubelet */
#define ASK_MS 50 /* between two of them */

/**
 * cluster_guard() - Let waits end when a daemon does
 * @c:		Cluster
 * @d:		Daemon
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_guard(struct cluster *c, struct daemon *d)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = d };

	return epoll_ctl(c->guard_fd, EPOLL_CTL_ADD, d->proc.pidfd, &event) <
			       0 ?
		       lab_fail(c->lab, -errno, "cannot watch '%s'", d->name) :
		       0;
}

/**
 * cluster_unguard() - Let waits go on when a daemon ends
 * @c:		Cluster
 * @d:		Daemon
 */
void cluster_unguard(struct cluster *c, const struct daemon *d)
{
	(void)epoll_ctl(c->guard_fd, EPOLL_CTL_DEL, d->proc.pidfd, NULL);
}

/**
 * has_condition() - Whether a condition of an object is True
 * @object:	Object
 * @type:	Condition
 *
 * Return: whether
 */
static bool has_condition(const struct json *object, const char *type)
{
	const struct json *j =
		json_first(json_get(object, "status.conditions"));

	for (; j; j = json_next(j)) {
		const char *name = json_get_string(j, "type");
		const char *status = json_get_string(j, "status");

		if (name && status && strcmp(name, type) == 0)
			return strcmp(status, "True") == 0;
	}
	return false;
}

/* Nodes that are waited for. */
struct nodes_wait {
	struct cluster *c;
	bool ready[128]; /* by number */
	unsigned int n;
};

/**
 * addresses_fit() - Whether a node has its one IPv6 address and no other
 * @node:	Node
 * @n:		Its number
 *
 * Return: whether
 */
static bool addresses_fit(const struct json *node, unsigned int n)
{
	const struct json *a = json_first(json_get(node, "status.addresses"));
	char want[ADDR_STRLEN];
	unsigned int right = 0, wrong = 0;

	(void)snprintf(want, sizeof(want), CLUSTER_ADDRESS, n);
	for (; a; a = json_next(a)) {
		const char *type = json_get_string(a, "type");
		const char *address = json_get_string(a, "address");

		if (!type || !address || strcmp(type, "Hostname") == 0)
			continue;
		if (strcmp(type, "InternalIP") == 0 &&
		    strcmp(address, want) == 0)
			right++;
		else
			wrong++;
	}
	return right == 1 && wrong == 0;
}

/**
 * see_node() - A node has changed
 * @arg:	struct nodes_wait
 * @event:	Not used
 * @node:	Node
 *
 * Return: 1 once all are ready, 0 to go on; -EADDRNOTAVAIL for a wrong address
 */
static int see_node(void *arg, const char *event, const struct json *node)
{
	const char *name = json_get_string(node, "metadata.name");
	struct nodes_wait *w = arg;
	unsigned int n, all = w->c->n_nodes;
	bool ready;

	(void)event;
	if (!name || sscanf(name, "node%u", &n) != 1 ||
	    n >= ARRAY_SIZE(w->ready))
		return 0;
	ready = has_condition(node, "Ready");
	if (ready && !addresses_fit(node, n))
		return lab_fail(w->c->lab, -EADDRNOTAVAIL,
				"'%s' has other addresses than its one IPv6 "
				"InternalIP",
				name);
	if (ready == w->ready[n])
		return 0;
	w->ready[n] = ready;
	w->n += ready ? 1U : -1U;
	lab_step(w->c->lab, "waiting for nodes: %u of %u ready", w->n, all);
	return w->n == all;
}

/**
 * cluster_wait_nodes() - Wait until all nodes are Ready, each with its one address
 * @c:		Cluster
 * @deadline_ns: When to give up
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_wait_nodes(struct cluster *c, int64_t deadline_ns)
{
	struct nodes_wait w = { .c = c };
	int r;

	lab_step(c->lab, "waiting for nodes: 0 of %u ready", c->n_nodes);
	r = api_watch(c->api, "/api/v1/nodes", deadline_ns, see_node, &w);
	for (unsigned int n = 1; r == -ETIMEDOUT && n <= c->n_nodes; n++)
		if (!w.ready[n] && !cluster_ended(c))
			return cluster_node_failed(c, n);
	return r < 0 && r != -EADDRNOTAVAIL ? cluster_failed(c, r, "nodes") : r;
}

/**
 * cluster_node_well() - Whether a node is ready and has its one address
 * @node:	Node
 *
 * Return: whether
 */
bool cluster_node_well(const struct json *node)
{
	const char *name = json_get_string(node, "metadata.name");
	unsigned int n;

	return name && sscanf(name, "node%u", &n) == 1 &&
	       has_condition(node, "Ready") && addresses_fit(node, n);
}

/**
 * cluster_node_ill() - Whether a node is not ready
 * @node:	Node
 *
 * Return: whether
 */
bool cluster_node_ill(const struct json *node)
{
	return !has_condition(node, "Ready");
}

/* A node that is waited for. */
struct node_wait {
	bool (*is)(const struct json *node);
};

/**
 * see_one() - The node has changed
 * @arg:	struct node_wait
 * @event:	Not used
 * @node:	Node
 *
 * Return: 1 once it is as wanted, 0 to go on
 */
static int see_one(void *arg, const char *event, const struct json *node)
{
	const struct node_wait *w = arg;

	(void)event;
	return w->is(node);
}

/**
 * cluster_wait_node() - Wait until a node is as wanted
 * @c:		Cluster
 * @n:		Its number
 * @is:		Whether it is
 * @what:	For the message
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_wait_node(struct cluster *c, unsigned int n,
		      bool (*is)(const struct json *node), const char *what)
{
	struct node_wait w = { is };
	char path[96];
	int r;

	(void)snprintf(path, sizeof(path),
		       "/api/v1/nodes?fieldSelector=metadata.name%%3Dnode%u",
		       n);
	lab_step(c->lab, "waiting for %s", what);
	r = api_watch(c->api, path, lab_deadline(NODE_S), see_one, &w);
	return r < 0 ? cluster_failed(c, r, what) : 0;
}

/**
 * cluster_wait_kubelet() - Wait until the API server reaches a node's kubelet
 * @c:		Cluster
 * @n:		Number of the node
 * @answer:	0: which serves it; -EACCES: which does not know it (401)
 *
 * A connection that was silent for a while is sent on only as TCP's timer says, and given
 * up by the API server after 45 s without an answer to its pings.
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_wait_kubelet(struct cluster *c, unsigned int n, int answer)
{
	struct pollfd guard = { .fd = c->guard_fd, .events = POLLIN };
	int64_t deadline = lab_deadline(NODE_S);
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/api/v1/nodes/node%u/proxy/healthz",
		       n);
	lab_step(c->lab, "waiting for the API server to reach node%u", n);
	for (;;) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		r = api_get_text(c->api, path, lab_deadline(ASK_S), &text);
		if (r == answer)
			return 0;
		if (poll(&guard, 1, ASK_MS) > 0 || loop_now() > deadline)
			return cluster_failed(c, r < 0 ? r : -ETIMEDOUT,
					      "the kubelet's port");
	}
}

/**
 * see_deployment() - CoreDNS has changed
 * @arg:	Not used
 * @event:	Not used
 * @object:	Deployment
 *
 * Return: 1 once all its pods are available, 0 to go on
 */
static int see_deployment(void *arg, const char *event,
			  const struct json *object)
{
	int64_t want = json_get_int(object, "spec.replicas", 1);

	(void)arg;
	(void)event;
	return json_get_int(object, "status.availableReplicas", 0) >= want &&
	       has_condition(object, "Available");
}

/**
 * cluster_wait_dns() - Wait until CoreDNS is available
 * @c:		Cluster
 * @deadline_ns: When to give up
 *
 * A Deployment says nothing of a pod that ends again and again: every LOOK_S the pods
 * themselves are asked.
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_wait_dns(struct cluster *c, int64_t deadline_ns)
{
	static const char label[] = "k8s-app%3Dkube-dns";
	bool late = false;
	int r = -ETIMEDOUT;

	lab_step(c->lab, "waiting for CoreDNS");
	while (r == -ETIMEDOUT && !late) {
		r = api_watch(c->api,
			      "/apis/apps/v1/namespaces/kube-system/deployments"
			      "?fieldSelector=metadata.name%3Dcoredns",
			      MIN(deadline_ns, lab_deadline(LOOK_S)),
			      see_deployment, NULL);
		if (r != -ETIMEDOUT || cluster_ended(c))
			break;
		late = loop_now() >= deadline_ns;
		r = cluster_pods_failed(c, "CoreDNS", label, late);
		if (r < 0)
			return r;
		r = -ETIMEDOUT;
	}
	return r < 0 ? cluster_failed(c, r, "CoreDNS") : 0;
}
