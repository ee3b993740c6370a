/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kubelet-node-ip-family: a kubelet is not told the node's address, and takes an IPv4 one
 *
 * Without --node-ip a kubelet looks its host name up and prefers IPv4: one stray address
 * and a line of /etc/hosts, as cloud images write it, are enough.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"

#include <string.h>

#define STRAY "192.0.2.12"
#define HOSTS "/etc/hosts"
#define LINE  STRAY " node2\n"

/**
 * has_v4() - Whether a node says that its address is the stray one
 * @node:	Node
 *
 * Return: whether
 */
static bool has_v4(const struct json *node)
{
	const struct json *a = json_first(json_get(node, "status.addresses"));

	for (; a; a = json_next(a)) {
		const char *text = json_get_string(a, "address");

		if (text && strcmp(text, STRAY) == 0)
			return true;
	}
	return false;
}

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct cluster *c = lab->data;
	struct member *m = cluster_node(c, 2);
	int r = member_addr_add(m, "eth0", STRAY "/32");

	if (r < 0)
		return r;
	buf_puts(&text, LINE);
	r = member_read(m, HOSTS, &text);
	if (r < 0)
		return lab_fail(lab, r, "'" HOSTS "' of '%s'", m->name);
	r = member_write(m, HOSTS, buf_text(&text), 0644);
	if (r == 0)
		r = cluster_restart_kubelet(c, 2, false);
	return r < 0 ? r :
		       cluster_wait_node(c, 2, has_v4,
					 "node2 to tell its address");
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct cluster *c = lab->data;
	struct member *m = cluster_node(c, 2);
	const char *rest;
	int r = member_read(m, HOSTS, &text);

	if (r < 0)
		return lab_fail(lab, r, "'" HOSTS "' of '%s'", m->name);
	rest = buf_text(&text);
	if (strncmp(rest, LINE, strlen(LINE)) == 0)
		rest += strlen(LINE);
	r = member_write(m, HOSTS, rest, 0644);
	if (r == 0)
		r = member_addr_del(m, "eth0", STRAY "/32");
	if (r == 0)
		r = cluster_restart_kubelet(c, 2, true);
	return r < 0 ? r :
		       cluster_wait_node(c, 2, cluster_node_well,
					 "node2 to tell its address");
}

const struct fault fault_kubelet_node_ip_family = {
	.name = "kubelet-node-ip-family",
	.summary = "node2 has an IPv4 address, its kubelet no --node-ip",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "node-ip-family",
	.red = { "ADR-4" },
};
