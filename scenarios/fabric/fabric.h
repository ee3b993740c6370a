/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: fabric - what a cloud has beside its nodes: an internet, names, NAT64, pods
 *
 * All of it real services, configured here and started in members of their own. Every
 * function tells the user itself why it failed.
 */

#include "scenarios/lab.h"

/* Hosts of the IPv6 and the IPv4 internet, unbound before nsd, tayga; and the routes of
 * @router towards them. @dns64: the resolver synthesises. */
must_check int fabric_internet(struct lab *lab, struct member *router);
must_check int fabric_dns64(struct lab *lab, bool on);
/* A resolver that never synthesises, for a cluster whose own DNS does. */
#define FABRIC_PLAIN "2001:db8:53::64"
must_check int fabric_plain_resolver(struct lab *lab);
must_check int fabric_wait(struct lab *lab);

/* A pod by the node's own CNI configuration (netsetup emit cni). */
must_check int fabric_pod(struct member *node, const char *name,
			  struct member **ret);
/* Text that the caller frees: the address others reach a member by; NULL: none. */
char *fabric_address(struct member *m);

/* The pod of the cluster's DNS. */
#define FABRIC_DNS_POD "node1/dns"
/* Services in the shape of kube-proxy: the rules of a node, written or taken away. */
must_check int fabric_services(struct member *node, bool on);
must_check int fabric_cluster_dns(struct lab *lab);
must_check int fabric_use_cluster_dns(struct member *pod);
void fabric_tell_services(struct member *m, struct json *targets);

/* The lab's own authority: who shows what, and who believes it. */
#define FABRIC_CA   "/etc/shoot6/ca.crt"
#define FABRIC_CERT "/etc/shoot6/tls.crt"
#define FABRIC_KEY  "/etc/shoot6/tls.key"
must_check int fabric_certificates(struct lab *lab);
must_check int fabric_show_certificate(struct member *m);
must_check int fabric_trust(struct member *m);

/* Responders in the hosts of the internet. */
must_check int fabric_answer(struct lab *lab);
/* Responders in pods and hosts, and what each vantage is to try. */
must_check int fabric_targets(struct lab *lab);
