/* SPDX-License-Identifier: Apache-2.0 */

/*
 * demo: the cloud of case gcp with an internet, names, NAT64, pods and services
 */
#include "scenarios/cases/gcp.h"
#include "scenarios/fabric/fabric.h"

extern const struct lab_case case_gcp;

static const char *const needs[] = {
	"radvd",  "unbound",    "nsd",     "tayga", "nft",
	"bridge", "host-local", "portmap", NULL,
};

static const char *const netsetup_verify[] = {
	"netsetup", "verify",  "--provider",
	"gcp",      "--shoot", "/etc/shoot6/shoot.yaml",
	"--json",   NULL,
};

/**
 * make_pods() - The pods of all nodes
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int make_pods(struct lab *lab)
{
	static const struct {
		const char *node, *name;
	} pods[] = {
		{ "node1", "a" },
		{ "node1", "b" },
		{ "node2", "a" },
		{ "node2", "b" },
	};
	struct member *pod;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pods) && r == 0; i++) {
		r = fabric_pod(lab_member(lab, pods[i].node), pods[i].name,
			       &pod);
		if (r == 0)
			r = fabric_use_cluster_dns(pod);
	}
	/* It serves the others, and has the node's own resolver. */
	if (r == 0)
		r = fabric_pod(lab_member(lab, "node1"), "dns", &pod);
	if (r == 0)
		pod->vantage = false;
	return r;
}

/**
 * make_services() - The cluster's DNS, and every node's rules of services
 * @lab:	Lab; its pods are there
 *
 * Return: 0, or an errno that was told to the user
 */
static int make_services(struct lab *lab)
{
	int r = fabric_cluster_dns(lab);

	for (size_t i = 0; i < lab->n_members && r == 0; i++)
		if (lab->members[i]->kind == MEMBER_NODE)
			r = fabric_services(lab->members[i], true);
	return r;
}

/**
 * up() - Bring it up
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int up(struct lab *lab)
{
	int r;

	r = case_gcp.up(lab);
	if (r < 0)
		return r;
	lab_step(lab, "starting DNS64, NAT64 and the hosts of the internet");
	r = fabric_internet(lab, lab_member(lab, "router"));
	for (size_t i = 0; i < lab->n_members && r == 0; i++)
		if (lab->members[i]->kind == MEMBER_NODE)
			r = member_write(lab->members[i], "/etc/resolv.conf",
					 "nameserver 2001:db8:53::53\n", 0644);
	if (r == 0) {
		lab_step(lab, "making pods by the CNI plugins");
		r = make_pods(lab);
	}
	if (r == 0) {
		lab_step(lab, "programming services, as kube-proxy does");
		r = make_services(lab);
	}
	if (r == 0)
		r = fabric_targets(lab);
	if (r < 0)
		return r;
	lab_step(lab, "waiting for the services");
	return fabric_wait(lab);
}

const struct lab_case case_demo = {
	.name = "demo",
	.summary = "an IPv6-only shoot on a GCP-shaped cloud, and its internet",
	.engine = "netns",
	.provider = "gcp",
	.profile = "ipv6-only-nat64",
	.min_nodes = 2,
	.max_nodes = GCP_NODES_MAX,
	.needs_tun = true,
	.needs = needs,
	.verify = netsetup_verify,
	.up = up,
};
