/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: pki - keys, certificates and kubeconfigs of a cluster, by OpenSSL's API
 *
 * Three authorities (cluster, etcd, front proxy) are made by pki_new(); pki_issue() signs
 * what a table of requests asks for. All keys are EC P-256: a P-256 key costs 50 us
 * where RSA 2048 costs 100 ms, and the API server signs service account tokens with ES256
 * as willingly. Files appear in the directory whose descriptor is given, as NAME.crt and
 * NAME.key (keys 0600), in the PEM form the Kubernetes programs read.
 *
 * The owner ends a struct pki by pki_free(); the files stay. Failures are -ENOMEM for
 * what OpenSSL could not make, -EINVAL for an address that is none, or errno of a file.
 */

#include "lib/base.h"
#include "lib/cleanup.h"

struct pki;

enum pki_ca {
	PKI_CLUSTER, /* ca.crt, ca.key */
	PKI_ETCD, /* etcd-ca.crt */
	PKI_FRONT_PROXY, /* front-proxy-ca.crt */
	PKI_CA_MAX,
};

#define PKI_SERVER 1U
#define PKI_CLIENT 2U
#define PKI_NAMES  12

struct pki_request {
	const char *file; /* NAME of NAME.crt and NAME.key */
	enum pki_ca ca;
	unsigned int usage; /* PKI_SERVER, PKI_CLIENT */
	const char *name; /* subject's CN */
	const char *group; /* subject's O, or NULL */
	const char *dns[PKI_NAMES]; /* alternative names, NULL ends them */
	const char *ip[PKI_NAMES]; /* alternative addresses, RFC 5952 text */
};

must_check int pki_new(int dir_fd, struct pki **ret_pki);
must_check int pki_issue(const struct pki *pki, const struct pki_request *want);
must_check int pki_service_account(const struct pki *pki);
must_check int pki_kubeconfig(const struct pki *pki, const char *file,
			      const char *server, const char *identity);
void pki_free(struct pki *pki);
DEFINE_CLEANUP(struct pki *, pki_free)
