/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cni-conf-missing: a node has no CNI configuration
 *
 * What a node looks like whose network add-on never came: the runtime says so, the
 * kubelet reports the node not ready, and no pod with a network of its own starts there.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"

#define CONF "/etc/cni/net.d/10-shoot6.conflist"
#define KEPT "/etc/cni/10-shoot6.conflist"

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	static const char *const away[] = { "mv", CONF, KEPT, NULL };
	struct cluster *c = lab->data;
	int r = member_do(cluster_node(c, 2), away);

	return r < 0 ? r :
		       cluster_wait_node(c, 2, cluster_node_ill,
					 "the kubelet to notice");
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Written anew, as an add-on does: containerd does not see a file that is moved in.
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	static const char *const rm[] = { "rm", "-f", KEPT, NULL };
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct cluster *c = lab->data;
	struct member *m = cluster_node(c, 2);
	int r = member_read(m, KEPT, &text);

	if (r < 0)
		return lab_fail(lab, r, "'" KEPT "' of '%s'", m->name);
	r = member_write(m, CONF, buf_text(&text), 0644);
	if (r == 0)
		r = member_do(m, rm);
	return r < 0 ? r :
		       cluster_wait_node(c, 2, cluster_node_well,
					 "node2 to be ready");
}

const struct fault fault_cni_conf_missing = {
	.name = "cni-conf-missing",
	.summary = "node2 has no CNI configuration",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "cni-missing",
	.red = { "RUN-1" },
};
