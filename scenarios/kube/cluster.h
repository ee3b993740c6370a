/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: cluster - a real Kubernetes cluster on the nodes of a lab
 *
 * cluster_prepare() runs in the client, on the machine itself: it finds the programs,
 * makes the image store if there is none, gives each node its links to it, checks the
 * machine's limits and opens the listener for the user's kubectl. All else runs in the
 * holder. Node 1 is the control plane; it runs a kubelet as all others do.
 *
 * What is only started is waited for later, so that the API server (2-3 s of one
 * processor) starts while the cloud, the nodes and their containerds do. Each wait ends
 * early when one of the daemons does, with the last lines of its log.
 *
 * The holder owns struct cluster as long as it lives; functions tell the user themselves
 * why they failed.
 */

#include "scenarios/kube/bin.h"
#include "scenarios/lab.h"
#include "scenarios/live/api.h"

#define CLUSTER_NODES    3 /* where --nodes is not given */
#define CLUSTER_BIN      "/opt/shoot6/kube" /* the programs, in holder and nodes */
#define CLUSTER_ETC      "/etc/kubernetes" /* of a node */
#define CLUSTER_SERVICES "2001:db8:96::/112"
#define CLUSTER_API_VIP  "2001:db8:96::1"
#define CLUSTER_DNS_VIP  "2001:db8:96::a"
#define CLUSTER_PODS     "2001:db8:10::/64" /* the ranges of all nodes lie in it */
#define CLUSTER_PORT     6443
#define CLUSTER_BALANCER "2001:db8:20::%x" /* of load balancers, from 1 */

enum component_name {
	COMPONENT_ETCD,
	COMPONENT_API,
	COMPONENT_MANAGER,
	COMPONENT_SCHEDULER,
	COMPONENT_MAX,
};

/* What was made ready outside. */
struct cluster_outside {
	struct kube_bin bin;
	unsigned int nodes;
	bool static_pods;
	int listen_fd; /* [::1]:.port of the machine */
	int tcp6_fd; /* the machine's /proc/net/tcp6 */
	unsigned int port;
	uid_t owner; /* who may connect */
	char kubeconfig[PATH_MAX]; /* as the machine sees it */
};

struct cluster {
	struct lab *lab;
	const struct cluster_outside *outside;
	unsigned int n_nodes;
	struct member *control; /* node 1 */
	struct api *api; /* as admin, by [::1] of node 1 */
	int pki_fd; /* folder of keys and certificates */
	int guard_fd; /* epoll: readable when a daemon has ended */
	struct proc forwarder;
	struct proc balancer;
};

/* outside.c: exit code after saying what is wrong. */
int cluster_prepare(struct outside *outside);

/* Node N, from 1; and its address. */
struct member *cluster_node(const struct cluster *c, unsigned int n);
#define CLUSTER_ADDRESS "2001:db8:10:0:%u::1"

/* identity.c: everybody's keys, certificates and kubeconfigs, each where it belongs. */
must_check int cluster_identities(struct cluster *c);
must_check int cluster_give_control(struct cluster *c);
must_check int cluster_give_node(struct cluster *c, unsigned int n);
#define CLUSTER_CERT      "apiserver"
#define CLUSTER_CERT_BARE "apiserver-bare" /* without CLUSTER_API_VIP */
#define CLUSTER_VIP_CONF  "vip.conf" /* kubeconfig: by CLUSTER_API_VIP */
must_check int cluster_give_certificate(struct cluster *c, const char *file);

/* control.c */
extern const struct spawn_opts cluster_spawn; /* of all Kubernetes programs */
must_check int cluster_write_policy(struct cluster *c);
must_check int cluster_start(struct cluster *c, enum component_name which);
must_check int cluster_api(struct cluster *c, struct api **ret_api,
			   struct buf *ret_problem);
must_check int cluster_open_api(struct cluster *c); /* waits until it serves */
must_check int cluster_wait_api(struct cluster *c); /* waits for /readyz */
/* Until a new connection by the service's address ends in @wanted: 0, -EKEYREJECTED. */
must_check int cluster_wait_vip(struct cluster *c, int wanted);

/* static.c: the same as pods of node 1's kubelet. */
must_check int cluster_write_manifests(struct cluster *c);

/* nodes.c: files by netsetup emit; containerd; kubelet and kube-proxy. The kubelet's
 * rights are the API server's own, kube-proxy's are there once it is ready. */
must_check int cluster_link_plugins(struct cluster *c);
must_check int cluster_configure_nodes(struct cluster *c);
must_check int cluster_start_runtimes(struct cluster *c);
must_check int cluster_start_kubelet(struct cluster *c, unsigned int n);
/* Ends it and starts it; @node_ip: with the flag that says which address is the node's. */
must_check int cluster_restart_kubelet(struct cluster *c, unsigned int n,
				       bool node_ip);
must_check int cluster_start_proxies(struct cluster *c);
must_check int cluster_restart_proxy(struct cluster *c, unsigned int n);

/* objects.c */
must_check int cluster_objects(struct cluster *c); /* once the API serves */
must_check int cluster_services(struct cluster *c); /* once it is ready */
/* CoreDNS with @put where its Corefile has @cut, and as it was: once it runs with that. */
must_check int cluster_break_dns(struct cluster *c, const char *cut,
				 const char *put);
must_check int cluster_mend_dns(struct lab *lab);
must_check int cluster_restart_dns(struct cluster *c);

/* ready.c */
must_check int cluster_guard(struct cluster *c, struct daemon *d);
/* Before it is stopped on purpose. */
void cluster_unguard(struct cluster *c, const struct daemon *d);
must_check int cluster_wait_nodes(struct cluster *c, int64_t deadline_ns);
/* Until @is says so of node @n; @what: for the message. */
must_check int cluster_wait_node(struct cluster *c, unsigned int n,
				 bool (*is)(const struct json *node),
				 const char *what);
/* Ready, with its one IPv6 address; and: not ready. */
bool cluster_node_well(const struct json *node);
bool cluster_node_ill(const struct json *node);
/* Until its kubelet answers the API server: 0; or refuses it: -EACCES. */
must_check int cluster_wait_kubelet(struct cluster *c, unsigned int n,
				    int answer);
must_check int cluster_wait_dns(struct cluster *c, int64_t deadline_ns);

/* failed.c: each tells the user and returns an errno. */
struct daemon *cluster_ended(const struct cluster *c); /* NULL: all run */
/* Which daemon has ended, or that @what was waited for in vain. */
int cluster_failed(struct cluster *c, int error, const char *what);
int cluster_node_failed(struct cluster *c, unsigned int n);
/* Where it is @late, or waiting longer is no use; else 0. */
int cluster_pods_failed(struct cluster *c, const char *what,
			const char *selector, bool late);

/* pods.c: seen from inside the pods. */
must_check int cluster_check_v4(struct cluster *c);
must_check int cluster_wait_name(struct cluster *c, int64_t deadline_ns);

/* balancer.c: addresses of services of type LoadBalancer. */
must_check int cluster_balance(struct cluster *c);

/* forward.c: [::1]:.port outside -> the API server. */
must_check int cluster_forward(struct cluster *c);
