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
	const char *account_space; /* of the Job's account; NULL: .space */
	bool host; /* in the node's own network */
};

void manifest_namespace(const struct manifest *m, struct buf *out);
void manifest_account(const struct manifest *m, struct buf *out);
void manifest_role(const struct manifest *m, struct buf *out);
void manifest_binding(const struct manifest *m, struct buf *out);
void manifest_responder_account(const struct manifest *m, struct buf *out);
void manifest_responder(const struct manifest *m, struct buf *out);
void manifest_web(const struct manifest *m, struct buf *out);
/* The same pods by a service without an address. */
void manifest_headless(const struct manifest *m, struct buf *out);
/* The service whose one endpoint is the prober of node @i itself. */
void manifest_self(const struct manifest *m, size_t i, struct buf *out);
must_check int manifest_targets(const struct manifest *m, size_t i,
				const char *targets, const char *hints,
				const char *ca, struct buf *out);
/* @await: addresses to wait for, ended by NULL. */
void manifest_prober(const struct manifest *m, size_t i, const char *node,
		     const char *const await[], struct buf *out);

/* ci/kubernetes: the same objects and a Job, as files and for the user to change. */
struct manifest_file {
	const char *path; /* below the folder */
	const char *what; /* one line */
	/* Objects of the file; NULL ends them. */
	void (*objects[6])(const struct manifest *m, struct buf *out);
};
extern const struct manifest_file manifest_files[];
extern const size_t n_manifest_files;
void manifest_file_write(const struct manifest_file *file, const char *image,
			 const char *space, struct buf *out);

/* Pieces of a pod at the indentation of a pod; four columns further in. */
extern const char manifest_pod_security[];
extern const char manifest_container_security[];
void manifest_indent(struct buf *out, const char *text);
