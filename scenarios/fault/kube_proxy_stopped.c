/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kube-proxy-stopped: a node's kube-proxy stands still, and a service is made afterwards
 *
 * Rules that were written stay and old services go on working, so that nobody looks here:
 * what is made later has no rules on this node. The checks make services of their own.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include <errno.h>
#include <signal.h>

/**
 * signal_proxy() - Send node 2's kube-proxy a signal
 * @lab:	Lab
 * @signal:	SIGSTOP, SIGCONT
 *
 * Return: 0, or an errno that was told to the user
 */
static int signal_proxy(struct lab *lab, int signal)
{
	struct member *node = lab_member(lab, "node2");
	struct daemon *d = node ? member_daemon(node, "kube-proxy") : NULL;
	int r = d ? proc_signal(&d->proc, signal) : -ENOENT;

	return r < 0 ? lab_fail(lab, r, "kube-proxy of 'node2'") : 0;
}

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return signal_proxy(lab, SIGSTOP);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return signal_proxy(lab, SIGCONT);
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
