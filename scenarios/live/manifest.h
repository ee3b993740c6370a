/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: manifest - the objects a live run makes, as YAML for a server-side apply
 *
 * Pure functions: names in, text out. Pods satisfy the restricted Pod Security level,
 * run on every node whatever its taints, and never pull an image that is there.
 */

#include "lib/buf.h"

struct manifest {
	const char *space; /* namespace */
	const char *image;
	const char *profile; /* "ipv6-only-nat64" */
	bool host; /* in the node's own network */
};

void manifest_namespace(const struct manifest *m, struct buf *out);
void manifest_account(const struct manifest *m, struct buf *out);
void manifest_role(const struct manifest *m, struct buf *out);
void manifest_binding(const struct manifest *m, struct buf *out);
void manifest_responder(const struct manifest *m, struct buf *out);
void manifest_web(const struct manifest *m, struct buf *out);
/* The service whose one endpoint is the prober of node @i itself. */
void manifest_self(const struct manifest *m, size_t i, struct buf *out);
must_check int manifest_targets(const struct manifest *m, size_t i,
				const char *targets, const char *hints,
				const char *ca, struct buf *out);
/* @await: addresses to wait for, ended by NULL. */
void manifest_prober(const struct manifest *m, size_t i, const char *node,
		     const char *const await[], struct buf *out);
