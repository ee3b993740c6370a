/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cloud's controller, as far as services of type LoadBalancer are its business.
 *
 * A process of the holder watches services. One that wants a load balancer is given an
 * address of the lab's range: the router sends it to a node that is ready, the node
 * learns of it by its metadata and netsetup makes it the node's own, and only then the
 * service's status says so, whence kube-proxy knows it. It goes as it came.
 */
#include "scenarios/cases/gcp.h"
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "scenarios/core.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#define ADDRESSES  32
#define CALL_S     10
#define FOR_EVER_S 86400
#define AGAIN_MS   500 /* after the API has not answered */

struct balancer {
	struct cluster *c;
	struct api *watch, *write;
	/* Who has address number i, "namespace/name"; "": nobody. */
	char owner[ADDRESSES][512];
	unsigned int node[ADDRESSES];
};

/**
 * list() - All addresses that are given out
 * @b:		Balancer
 * @all:	ADDRESSES places
 *
 * Return: their number
 */
static size_t list(const struct balancer *b, struct gcp_forward *all)
{
	size_t n = 0;

	for (unsigned int i = 0; i < ADDRESSES; i++) {
		if (!b->owner[i][0])
			continue;
		(void)snprintf(all[n].address, sizeof(all[n].address),
			       CLUSTER_BALANCER, i + 1);
		all[n++].node = b->node[i];
	}
	return n;
}

/**
 * find() - The address that a service has
 * @b:		Balancer
 * @owner:	Service; "": the first that is free
 *
 * Return: its number; ADDRESSES: none
 */
static unsigned int find(const struct balancer *b, const char *owner)
{
	unsigned int i = 0;

	while (i < ADDRESSES && strcmp(b->owner[i], owner) != 0)
		i++;
	return i;
}

/**
 * choose_node() - A node to send an address to
 * @b:		Balancer
 * @i:		Number of the address: they are spread
 *
 * The control plane's node is the last choice.
 *
 * Return: number of the node, from 1; 0 where none is ready
 */
static unsigned int choose_node(const struct balancer *b, unsigned int i)
{
	unsigned int workers = b->c->n_nodes - 1;

	for (unsigned int k = 0; k <= workers; k++) {
		_cleanup_(json_freep) struct json *node = NULL;
		unsigned int n = k < workers ? 2 + (i + k) % workers : 1;
		char path[64];

		(void)snprintf(path, sizeof(path), "/api/v1/nodes/node%u", n);
		if (api_get(b->write, path, lab_deadline(CALL_S), &node) == 0 &&
		    cluster_node_well(node))
			return n;
	}
	return 0;
}

/**
 * set_forward() - Have the cloud send an address to its node, or no more
 * @b:		Balancer
 * @i:		Number of the address
 * @on:		Send it
 *
 * Return: 0, or an errno that was logged
 */
static int set_forward(struct balancer *b, unsigned int i, bool on)
{
	struct gcp_forward all[ADDRESSES], one = { .node = b->node[i] };

	(void)snprintf(one.address, sizeof(one.address), CLUSTER_BALANCER,
		       i + 1);
	return gcp_forward(b->c->lab, all, list(b, all), &one, on);
}

/**
 * release() - Take the address of a service back
 * @b:		Balancer
 * @owner:	Service
 *
 * Return: 0, or an errno that was logged
 */
static int release(struct balancer *b, const char *owner)
{
	unsigned int i = find(b, owner);

	if (i == ADDRESSES)
		return 0;
	log_info("load balancer of '%s': its address is free", owner);
	b->owner[i][0] = '\0';
	return set_forward(b, i, false);
}

/**
 * publish() - Write the address into the status of its service
 * @b:		Balancer
 * @service:	Service
 * @i:		Number of the address; ADDRESSES: it has none
 *
 * Return: 0, or see api.h
 */
static int publish(struct balancer *b, const struct json *service,
		   unsigned int i)
{
	char path[640], json[192], address[ADDR_STRLEN];
	int r;

	(void)snprintf(address, sizeof(address), CLUSTER_BALANCER, i + 1);
	(void)snprintf(json, sizeof(json),
		       i == ADDRESSES ?
			       "{\"status\": {\"loadBalancer\": null}}" :
			       "{\"status\": {\"loadBalancer\": {\"ingress\": "
			       "[{\"ip\": \"%s\"}]}}}",
		       address);
	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/%.253s/services/%.253s/status",
		       json_get_string(service, "metadata.namespace"),
		       json_get_string(service, "metadata.name"));
	r = api_patch(b->write, path, json, lab_deadline(CALL_S));
	if (r < 0 && r != -ENOENT)
		log_warning("load balancer: %s", api_error(b->write));
	return r == -ENOENT ? 0 :
			      r; /* deleted meanwhile: an event will say so */
}

/**
 * give() - Give a service an address
 * @b:		Balancer
 * @service:	Service
 * @owner:	Its name
 *
 * Return: 0, also where there is none to give, or an errno that was logged
 */
static int give(struct balancer *b, const struct json *service,
		const char *owner)
{
	const char *policy =
		json_get_string(service, "spec.externalTrafficPolicy");
	unsigned int i = find(b, "");
	int r;

	if (policy && strcmp(policy, "Local") == 0) {
		log_warning("load balancer of '%s': externalTrafficPolicy "
			    "'Local' is not played here",
			    owner);
		return 0;
	}
	if (i < ADDRESSES)
		b->node[i] = choose_node(b, i);
	if (i == ADDRESSES || !b->node[i]) {
		log_warning("load balancer of '%s': no %s", owner,
			    i == ADDRESSES ? "address left" : "node is ready");
		return 0;
	}
	(void)snprintf(b->owner[i], sizeof(b->owner[i]), "%s", owner);
	r = set_forward(b, i, true);
	if (r < 0) {
		b->owner[i][0] = '\0';
		return r;
	}
	log_info("load balancer of '%s': address %u, at node%u", owner, i + 1,
		 b->node[i]);
	return publish(b, service, i);
}

/**
 * see_service() - A service has changed
 * @arg:	Balancer
 * @event:	"ADDED", "DELETED", ...
 * @service:	Service
 *
 * Return: 0 to go on, or an errno
 */
static int see_service(void *arg, const char *event, const struct json *service)
{
	const char *space = json_get_string(service, "metadata.namespace");
	const char *name = json_get_string(service, "metadata.name");
	const char *type = json_get_string(service, "spec.type");
	struct balancer *b = arg;
	char owner[512];
	bool wants, has;
	unsigned int i;
	int r;

	if (!space || !name)
		return 0;
	(void)snprintf(owner, sizeof(owner), "%.253s/%.253s", space, name);
	i = find(b, owner);
	has = i < ADDRESSES;
	wants = type && strcmp(type, "LoadBalancer") == 0 &&
		strcmp(event, "DELETED") != 0;
	if (wants && has &&
	    !json_first(json_get(service, "status.loadBalancer.ingress")))
		return publish(b, service, i); /* the API had no time for it */
	if (wants == has)
		return 0;
	if (wants)
		return give(b, service, owner);
	r = release(b, owner);
	return r < 0 || strcmp(event, "DELETED") == 0 ?
		       r :
		       publish(b, service, ADDRESSES);
}

/**
 * open_api() - One of the two connections: a watch keeps its own busy
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

	(void)prctl(PR_SET_NAME, "shoot6-balancer");
	let_go(b.c->lab);
	if (open_api(b.c, &b.watch) < 0 || open_api(b.c, &b.write) < 0)
		return 1;
	for (;;) {
		if (api_watch(b.watch, "/api/v1/services",
			      lab_deadline(FOR_EVER_S), see_service, &b) < 0)
			log_debug("load balancers: %s", api_error(b.watch));
		(void)poll(NULL, 0, AGAIN_MS);
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
