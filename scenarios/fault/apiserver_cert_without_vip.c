/* SPDX-License-Identifier: Apache-2.0 */

/*
 * apiserver-cert-without-vip: the API server's certificate lacks the service's address
 *
 * What a certificate looks like that was made for the node alone. Kubelets and kubectl
 * use the node's address and notice nothing; pods that ask [VIP]:443, as every client
 * library does by KUBERNETES_SERVICE_HOST, refuse the server (RFC 6125 section 6).
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include <errno.h>

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	struct cluster *c = lab->data;
	int r = cluster_give_certificate(c, CLUSTER_CERT_BARE);

	return r < 0 ? r : cluster_wait_vip(c, -EKEYREJECTED);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	struct cluster *c = lab->data;
	int r = cluster_give_certificate(c, CLUSTER_CERT);

	return r < 0 ? r : cluster_wait_vip(c, 0);
}

const struct fault fault_apiserver_cert_without_vip = {
	.name = "apiserver-cert-without-vip",
	.summary = "the API server's certificate lacks its service address",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "api-cert-san",
	.red = { "API-1" },
};
