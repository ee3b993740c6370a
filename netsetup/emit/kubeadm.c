/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kubeadm: what `kubeadm init` and `kubeadm join` need for an IPv6-only cluster
 *
 * `type` init (the first) prints InitConfiguration and ClusterConfiguration, join prints
 * JoinConfiguration with this node's address; endpoint=HOST:PORT, token=TOKEN and
 * hash=sha256:... fill in what only the first node knows.
 */
#include "netsetup/emit/emit.h"

#include <errno.h>
#include <string.h>

#define KUBEADM "apiVersion: kubeadm.k8s.io/v1beta4\nkind: "

static const char *const types[] = { "init", "join", NULL };

/**
 * registration() - The part both forms share: this node's name and address
 * @h:		Hints
 * @out:	Gets the text
 */
static void registration(const struct hints *h, struct buf *out)
{
	buf_printf(out,
		   "nodeRegistration:\n"
		   "  name: %s\n"
		   "  kubeletExtraArgs:\n"
		   "  - {name: node-ip, value: \"%s\"}\n",
		   h->node_name, ADDR_TEXT(&h->node_ip));
}

/**
 * emit_init() - Print the files of `kubeadm init`
 * @h:		Hints, complete
 * @out:	Gets the text
 */
static void emit_init(const struct hints *h, struct buf *out)
{
	buf_printf(out,
		   KUBEADM "InitConfiguration\n"
			   "localAPIEndpoint: {advertiseAddress: \"%s\"}\n",
		   ADDR_TEXT(&h->node_ip));
	registration(h, out);
	buf_printf(out,
		   "---\n" KUBEADM "ClusterConfiguration\n"
		   "networking:\n"
		   "  serviceSubnet: \"%s\"\n"
		   "  dnsDomain: %s\n",
		   PREFIX_TEXT(&h->service_cidr),
		   h->cluster_domain[0] ? h->cluster_domain : "cluster.local");
	if (h->cluster_cidr.len)
		buf_printf(out, "  podSubnet: \"%s\"\n",
			   PREFIX_TEXT(&h->cluster_cidr));
	buf_puts(out, "apiServer:\n"
		      "  certSANs: [\"::1\"]\n"
		      "controllerManager:\n"
		      "  extraArgs:\n"
		      "  - {name: bind-address, value: \"::1\"}\n"
		      "scheduler:\n"
		      "  extraArgs:\n"
		      "  - {name: bind-address, value: \"::1\"}\n");
}

/**
 * emit() - Print the file
 * @h:		Hints; name, address and service range are needed
 * @args:	.type: init or join; for join endpoint=, token=, hash=
 * @out:	Gets the text
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	if (!addr_is_set(&h->node_ip))
		return emit_missing(args, "kubeadm", "node_ip");
	if (!h->service_cidr.len)
		return emit_missing(args, "kubeadm", "service_cidr");

	if (args->type && strcmp(args->type, "join") == 0) {
		buf_printf(out,
			   KUBEADM "JoinConfiguration\n"
				   "discovery:\n"
				   "  bootstrapToken:\n"
				   "    apiServerEndpoint: \"%s\"\n"
				   "    token: \"%s\"\n"
				   "    caCertHashes: [\"%s\"]\n",
			   emit_more(args, "endpoint", "[::1]:6443"),
			   emit_more(args, "token", ""),
			   emit_more(args, "hash", ""));
		registration(h, out);
	} else {
		emit_init(h, out);
	}
	return buf_error(out);
}

const struct emit_format emit_kubeadm = {
	.name = "kubeadm",
	.summary = "kubeadm's configuration of an IPv6-only cluster",
	.path = NULL,
	.types = types,
	.emit = emit,
};
