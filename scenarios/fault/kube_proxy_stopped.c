/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kube-proxy-stopped: a node's kube-proxy stands still, and a service is made afterwards
 *
 * Rules that were written stay and old services go on working, so that nobody looks here:
 * what is made later has no rules on this node. The checks make services of their own.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include <signal.h>

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return lab_signal(lab, "node2", "kube-proxy", SIGSTOP);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return lab_signal(lab, "node2", "kube-proxy", SIGCONT);
}

const struct fault fault_kube_proxy_stopped = {
	.name = "kube-proxy-stopped",
	.summary = "kube-proxy of node2 stands still, then services are made",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "vip-not-programmed",
	.red = { "SVC-1" },
	.blocked = { "SVC-2" },
};
