/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/fault/fault.h"

#include <string.h>

extern const struct fault fault_nat64_no_route;
extern const struct fault fault_dns64_absent;
extern const struct fault fault_pod_route_missing;
extern const struct fault fault_pmtu_blackhole;
extern const struct fault fault_ra_ignored_forwarding;
extern const struct fault fault_ra_lifetime_zero;
extern const struct fault fault_v4_leak;
extern const struct fault fault_vip_not_programmed;
extern const struct fault fault_kube_proxy_stopped;
extern const struct fault fault_nat64_down;
extern const struct fault fault_coredns_no_dns64;
extern const struct fault fault_coredns_v4_upstream;
extern const struct fault fault_coredns_no_reverse;
extern const struct fault fault_coredns_no_endpoints;
extern const struct fault fault_kubelet_node_ip_family;
extern const struct fault fault_kubelet_port_filtered;
extern const struct fault fault_kubelet_foreign_ca;
extern const struct fault fault_cni_conf_missing;
extern const struct fault fault_image_not_pullable;
extern const struct fault fault_endpoint_stale;
extern const struct fault fault_accept_ra_lost;
extern const struct fault fault_apiserver_cert_without_vip;

const struct fault *const faults[] = {
	&fault_nat64_no_route,
	&fault_dns64_absent,
	&fault_pod_route_missing,
	&fault_pmtu_blackhole,
	&fault_ra_ignored_forwarding,
	&fault_ra_lifetime_zero,
	&fault_v4_leak,
	&fault_vip_not_programmed,
	&fault_kube_proxy_stopped,
	&fault_nat64_down,
	&fault_coredns_no_dns64,
	&fault_coredns_v4_upstream,
	&fault_coredns_no_reverse,
	&fault_coredns_no_endpoints,
	&fault_kubelet_node_ip_family,
	&fault_kubelet_port_filtered,
	&fault_kubelet_foreign_ca,
	&fault_cni_conf_missing,
	&fault_image_not_pullable,
	&fault_endpoint_stale,
	&fault_accept_ra_lost,
	&fault_apiserver_cert_without_vip,
};
const size_t n_faults = ARRAY_SIZE(faults);

/**
 * fault_find() - Look a fault up
 * @name:	Its name
 *
 * Return: fault, or NULL
 */
const struct fault *fault_find(const char *name)
{
	for (size_t i = 0; i < n_faults; i++)
		if (strcmp(faults[i]->name, name) == 0)
			return faults[i];
	return NULL;
}
