/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: kubeconfig - who and where, from a kubeconfig or from a pod's own files
 *
 * All strings and buffers are owned by the struct and end by kubeconfig_release(). A
 * file that cannot be used fails with -EINVAL and one line in the problem buffer.
 */

#include "lib/base.h"
#include "lib/buf.h"

struct kubeconfig {
	char *server; /* URL without a trailing slash */
	struct buf ca, cert, key; /* PEM; .data NULL: none */
	char *token; /* or NULL */
	char *token_file; /* read for each request, or NULL */
	bool insecure; /* insecure-skip-tls-verify */
};

must_check int kubeconfig_read(const char *path, struct kubeconfig *ret,
			       struct buf *problem);
must_check int kubeconfig_in_cluster(struct kubeconfig *ret,
				     struct buf *problem);
void kubeconfig_release(struct kubeconfig *k);
