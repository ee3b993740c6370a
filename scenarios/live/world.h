/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: world - what a cluster looks like, and what its pods are to try
 *
 * world_read_nodes() and world_read_services() ask the API; world_targets() is a pure
 * function that writes the targets file of one vantage. struct world owns its arrays;
 * world_release() ends them.
 */

#include "lib/buf.h"
#include "lib/json.h"
#include "lib/result.h"
#include "scenarios/live/api.h"

/* Read where it is there and the user names no file: in the Job, a ConfigMap. */
#define WORLD_EGRESS_FOLDER "/etc/shoot6"
#define WORLD_EGRESS_FILE   "egress.json"

#define WORLD_NAME   254
#define WORLD_OTHERS 8

struct world_node {
	char name[WORLD_NAME];
	char address[64]; /* InternalIP, IPv6 */
	char pod_cidr[64]; /* or "" */
	char responder[64]; /* address of its responder's pod, or "" */
	char responder_name[WORLD_NAME];
	char self_vip[64]; /* service whose one endpoint is the prober itself */
	bool ready;
	bool v4_address; /* has an IPv4 InternalIP too */
	bool responds; /* its responder is ready, or was given up */
	bool probed; /* its prober has ended, or was given up */
	bool lost; /* pods cannot start there: is not probed */
};

struct world {
	struct world_node *nodes;
	size_t n_nodes; /* probed, those lost among them */
	size_t n_all; /* in the cluster */
	char dns[64]; /* the cluster's DNS service */
	char domain[128]; /* "cluster.local"; "": not known yet */
	char service_cidr[64]; /* or "" */
	char api_vip[64]; /* of service 'kubernetes'; "": it has IPv4 alone */
	char api_host[WORLD_NAME]; /* where its users reach it, or "" */
	unsigned int api_port, api_host_port;
	bool api_ca; /* the kubeconfig has an authority for that */
	char servers[WORLD_OTHERS][64]; /* API servers, no service between */
	size_t n_servers;
	unsigned int server_port;
	char web_vip[64];
	char web_space[64]; /* namespace of our services */
	bool headless; /* a service without an address has the same pods */
	char image[256]; /* of the responders */
	unsigned int node_port; /* of the web service, TCP */
	/* Endpoints of the web service that are no responder's, as the API has them. */
	char others[WORLD_OTHERS][64];
	size_t n_others;
	struct json *egress; /* default list or the user's */
};

must_check int world_read_nodes(struct api *api, unsigned int max,
				int64_t deadline_ns, struct world *w);
/* What the API says of every node, see judge.h. */
must_check int world_judge(struct api *api, const char *profile,
			   int64_t deadline_ns, struct results *results);
must_check int world_read_dns(struct api *api, int64_t deadline_ns,
			      struct world *w);
must_check int world_read_api(struct api *api, int64_t deadline_ns,
			      struct world *w);
/* endpoints.c */
void world_read_servers(struct api *api, int64_t deadline_ns, struct world *w);
must_check int world_read_services(struct api *api, const char *space,
				   int64_t deadline_ns, struct world *w);
must_check int world_read_egress(const char *file, struct world *w,
				 struct buf *problem);
/* @node: index; @space: namespace of the prober; @host: from the node's own network, not
 * from a pod. */
must_check int world_targets(const struct world *w, size_t node,
			     const char *space, bool host, const char *profile,
			     struct buf *out);
must_check int world_hints(const struct world *w, size_t node, struct buf *out);
/* A node on which pods cannot start: nobody tries to reach it. */
void world_lose(struct world *w, const char *node);
size_t world_left(const struct world *w);
/* What names end in; "cluster.local" where nobody says otherwise. */
const char *world_domain(const struct world *w);
void world_release(struct world *w);
