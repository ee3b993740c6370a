/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: unpack - programs packed by xz, checked by SHA-256
 *
 * Nothing stays open and nothing is allocated for the caller. A file is there whole and
 * right, or not at all.
 */

#include "lib/base.h"

/* Unpacks @source to @target (0755); @sums is the folder of SHA256SUMS, which must
 * list @name. -EBADMSG where the sum is another or the file is no xz. */
must_check int unpack_checked(const char *source, const char *target,
			      const char *name, const char *sums);
