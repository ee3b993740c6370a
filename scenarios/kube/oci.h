/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: oci - container images from plain files, without docker
 *
 * An image is a list of files; oci_write() puts it into one tar file in the OCI image
 * layout, which `ctr images import` and `skopeo inspect oci-archive:` read. The same files
 * give the same bytes: entries are sorted, times are 0, owners are 0.
 *
 * oci_add_program() adds a program with the shared libraries its loader names. Errors are
 * sticky: oci_write() returns the first one, the problem buffer says what it was.
 * The owner ends an image by oci_release(); texts given are copied.
 */

#include "lib/base.h"
#include "lib/buf.h"

struct oci_entry;

struct oci {
	const char *reference; /* "ghcr.io/x/y:tag" */
	const char *entrypoint[4]; /* NULL ends it; all NULL: none */
	const char *user; /* "65532:65532", or NULL: root */
	bool compress; /* gzip the layer */

	struct oci_entry *entries;
	size_t n_entries;
	int error;
	struct buf problem; /* one line where error is set */
};

void oci_add_file(struct oci *image, const char *path, unsigned int mode,
		  const char *source);
void oci_add_text(struct oci *image, const char *path, unsigned int mode,
		  const char *text);
void oci_add_folder(struct oci *image, const char *path, unsigned int mode);
void oci_add_link(struct oci *image, const char *path, const char *target);
void oci_add_program(struct oci *image, const char *path, const char *source);
/* Of a program that is in it, below 32; see tar.h. */
void oci_permit(struct oci *image, const char *path, uint32_t capabilities);
must_check int oci_write(struct oci *image, const char *path);
void oci_release(struct oci *image);
