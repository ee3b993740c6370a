/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kube-proxy: KubeProxyConfiguration in nftables mode, for IPv6 alone
 *
 * NodePorts listen on the node's primary address only, and the size of the connection
 * table is left alone: it belongs to the machine.
 */
#include "netsetup/emit/emit.h"

#include <errno.h>

/**
 * emit() - Print the file
 * @h:		Hints; the range of all pods is used where it is known
 * @args:	.dir: where proxy.conf lies, /etc/kubernetes; mode=nftables|iptables;
 *		sync=DURATION: least time between two writes of all rules, where one
 *		second (kube-proxy's own choice, for thousands of services) is too much
 * @out:	Gets the text
 *
 * kubeproxy.config.k8s.io/v1alpha1.
 *
 * Return: 0 or -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	const char *dir = args->dir ? args->dir : "/etc/kubernetes";
	const char *sync = emit_more(args, "sync", NULL);

	buf_printf(out,
		   "apiVersion: kubeproxy.config.k8s.io/v1alpha1\n"
		   "kind: KubeProxyConfiguration\n"
		   "mode: %s\n"
		   "bindAddress: \"::\"\n"
		   "healthzBindAddress: \"[::1]:10256\"\n"
		   "metricsBindAddress: \"[::1]:10249\"\n"
		   "clientConnection: {kubeconfig: %s/proxy.conf}\n"
		   "conntrack: {maxPerCore: 0}\n"
		   "nodePortAddresses: [\"primary\"]\n",
		   emit_more(args, "mode", "nftables"), dir);
	if (sync)
		buf_printf(out, "nftables: {minSyncPeriod: %s}\n", sync);
	if (h->cluster_cidr.len)
		buf_printf(out, "clusterCIDR: \"%s\"\n",
			   PREFIX_TEXT(&h->cluster_cidr));
	return buf_error(out);
}

const struct emit_format emit_kube_proxy = {
	.name = "kube-proxy",
	.summary = "KubeProxyConfiguration, nftables mode, IPv6 alone",
	.path = "/etc/kubernetes/proxy.yaml",
	.emit = emit,
};
