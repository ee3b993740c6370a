/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kubelet: KubeletConfiguration of an IPv6-only node
 *
 * The node's address is no field of it: start the kubelet with --node-ip and
 * --hostname-override as the comment in the first lines says. Addresses to listen on
 * are IPv6; the limits are those of a small or a simulated machine.
 */
#include "netsetup/emit/emit.h"

#include <errno.h>

/**
 * emit() - Print the file
 * @h:		Hints; the address of the cluster's DNS and the node's own are needed
 * @args:	.dir: where certificates lie, /etc/kubernetes; cgroups=cgroupfs|systemd;
 *		changes=Watch|Cache|Get: how ConfigMaps and Secrets are learnt, where the
 *		kubelet's own choice (Watch) is not wanted: a watch that begins before
 *		the API server knows of the pod is refused, and tried again a second later
 * @out:	Gets the text
 *
 * kubelet.config.k8s.io/v1beta1. failCgroupV1 is known since 1.31 and matters from 1.35.
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	const char *dir = args->dir ? args->dir : "/etc/kubernetes";
	const char *changes = emit_more(args, "changes", NULL);

	if (!addr_is_set(&h->dns_service_ip))
		return emit_missing(args, "kubelet", "dns_service_ip");
	if (!addr_is_set(&h->node_ip))
		return emit_missing(args, "kubelet", "node_ip");

	buf_printf(out,
		   "# kubelet --config=FILE --node-ip=%s "
		   "--hostname-override=%s\n"
		   "apiVersion: kubelet.config.k8s.io/v1beta1\n"
		   "kind: KubeletConfiguration\n"
		   "address: \"::\"\n"
		   "healthzBindAddress: \"::1\"\n"
		   "containerRuntimeEndpoint: "
		   "unix:///run/containerd/containerd.sock\n"
		   "staticPodPath: %s/manifests\n",
		   ADDR_TEXT(&h->node_ip), h->node_name, dir);
	buf_printf(out,
		   "tlsCertFile: %s/kubelet.crt\n"
		   "tlsPrivateKeyFile: %s/kubelet.key\n"
		   "cgroupDriver: %s\n"
		   "failSwapOn: false\n"
		   "failCgroupV1: false\n",
		   dir, dir, emit_more(args, "cgroups", "cgroupfs"));
	buf_puts(out, "imageGCHighThresholdPercent: 100\n"
		      "evictionHard:\n"
		      "  memory.available: 50Mi\n"
		      "  nodefs.available: 0%\n"
		      "  nodefs.inodesFree: 0%\n"
		      "  imagefs.available: 0%\n");
	buf_printf(out,
		   "clusterDNS: [\"%s\"]\n"
		   "clusterDomain: %s\n"
		   "resolvConf: /etc/resolv.conf\n"
		   "authentication:\n"
		   "  anonymous: {enabled: false}\n"
		   "  webhook: {enabled: true}\n"
		   "  x509: {clientCAFile: %s/ca.crt}\n"
		   "authorization: {mode: Webhook}\n",
		   ADDR_TEXT(&h->dns_service_ip),
		   h->cluster_domain[0] ? h->cluster_domain : "cluster.local",
		   dir);
	if (changes)
		buf_printf(out,
			   "configMapAndSecretChangeDetectionStrategy: %s\n",
			   changes);
	return buf_error(out);
}

const struct emit_format emit_kubelet = {
	.name = "kubelet",
	.summary = "KubeletConfiguration of an IPv6-only node",
	.path = "/etc/kubernetes/kubelet.yaml",
	.emit = emit,
};
