/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: bin - where the Kubernetes programs are, and of which version
 *
 * Looked for in this order: the folder KUBE_BIN names; the folders of PATH; the cache,
 * filled from ../shared/kube where that lies beside the source tree. The cache is
 * build/kube in a source tree, else $XDG_CACHE_HOME/shoot6/kube.
 *
 * struct kube_bin is a plain value: nothing to free.
 */

#include "lib/base.h"
#include "lib/buf.h"

#include <limits.h>

struct kube_bin {
	char dir[PATH_MAX - 64]; /* folder of the programs */
	char cache[PATH_MAX - 64]; /* folder for images and stores of ours */
	char version[32]; /* "1.34.4" */
};

must_check int kube_bin_find(struct kube_bin *ret, struct buf *problem);
must_check int kube_cache_dir(char path[PATH_MAX - 64]);
must_check int kube_exe_dir(char path[PATH_MAX - 64]);
