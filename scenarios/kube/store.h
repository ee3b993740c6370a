/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: store - folders of containerd: filled once, linked, removed
 *
 * store_import() runs a containerd of its own, in a mount namespace of its own, for as
 * long as the import takes; it dies with the caller. The others only walk folders.
 * All return a negative errno; store_import() says why in the problem buffer.
 */

#include "lib/base.h"
#include "lib/buf.h"

must_check int store_import(const char *folder, const char *const archives[],
			    struct buf *problem);
must_check int store_link(const char *from, const char *to);
int store_remove(const char *folder);
/* Removes the folders in @parent whose name is not @keep. */
int store_remove_others(const char *parent, const char *keep);
