/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: tar - POSIX ustar archives into a buffer, the same bytes for the same files
 *
 * Errors are sticky in the buffer (lib/buf.h), and a name past 255 bytes sets -EFBIG.
 */

#include "lib/base.h"
#include "lib/buf.h"

struct tar_entry {
	const char *path; /* without a leading '/' */
	char type; /* '0' file, '2' symbolic link, '5' folder */
	unsigned int mode;
	const char *link; /* target of a link, or NULL */
	const void *data;
	size_t len; /* bytes of a file */
	uint32_t capabilities; /* of a program, permitted; 0: none */
};

void tar_add(struct buf *tar, const struct tar_entry *entry);
void tar_end(struct buf *tar);
