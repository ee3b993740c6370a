/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kubelet-foreign-ca: a node's kubelet trusts another authority than its clients are of
 *
 * A node of an older cluster, or one that missed the change of the authority. Its own
 * connection goes on, so it is Ready; the API server is answered 401. The kubelet reads
 * the file anew when it changes, and needs no restart.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include <errno.h>

#define CA   CLUSTER_ETC "/ca.crt"
#define KEPT CLUSTER_ETC "/ca.crt.kept"

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	static const char *const keep[] = { "cp", CA, KEPT, NULL };
	/* A certificate that nobody's is signed by: the kubelet's own. */
	static const char *const put[] = { "cp", CLUSTER_ETC "/kubelet.crt", CA,
					   NULL };
	struct member *m = cluster_node(lab->data, 2);
	int r = member_do(m, keep);

	if (r == 0)
		r = member_do(m, put);
	return r < 0 ? r : cluster_wait_kubelet(lab->data, 2, -EACCES);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	static const char *const put[] = { "mv", KEPT, CA, NULL };
	int r = member_do(cluster_node(lab->data, 2), put);

	return r < 0 ? r : cluster_wait_kubelet(lab->data, 2, 0);
}

const struct fault fault_kubelet_foreign_ca = {
	.name = "kubelet-foreign-ca",
	.summary = "node2's kubelet knows another authority than the cluster's",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "kubelet-refuses",
	.red = { "API-3" },
};
