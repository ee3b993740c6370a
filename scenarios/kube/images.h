/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: images - the images of a cluster, and a store of containerd that has them
 *
 * Nothing comes from a registry: images are made of the programs at hand. They are
 * imported once, into a store in the cache whose name is the digest of what went in;
 * each node then gets hard links of it (its databases copied), which takes 0.1 s where
 * importing on each node takes 8. Blobs and committed layers are only ever read.
 *
 * Another cluster that comes up may be made of other programs, and remove this store for
 * one of its own: struct image_store holds the cache's lock from image_store_open() on
 * until image_store_release(), and nodes are linked in between.
 *
 * Functions say what failed in the problem buffer and return a negative errno.
 */

#include "lib/base.h"
#include "lib/buf.h"
#include "scenarios/kube/bin.h"

#define IMAGE_PAUSE       "registry.k8s.io/pause:3.10.1"
#define IMAGE_COREDNS     "registry.k8s.io/coredns/coredns:v1.14.7"
#define IMAGE_SHOOT6      "ghcr.io/shoot6/shoot6:" SHOOT6_VERSION
#define IMAGE_CONTROL     "localhost/shoot6/control-plane:" SHOOT6_VERSION
#define IMAGE_CONTROL_BIN "/usr/local/bin" /* of IMAGE_CONTROL: its programs */

/* The suite's own image, from the programs beside this one. */
must_check int image_shoot6(const char *path, const char *reference,
			    struct buf *problem);

struct image_store {
	int lock; /* held: nobody else makes or removes stores */
	char dir[PATH_MAX];
};
#define IMAGE_STORE_INIT   \
	{                  \
		.lock = -1 \
	}

/* Makes the store if the cache has none for these programs.
 * @control: with IMAGE_CONTROL, in a store of its own. */
must_check int image_store_open(const struct kube_bin *bin, bool control,
				struct image_store *ret, struct buf *problem);
/* Links a store into an empty folder (of the same file system, else copies). */
must_check int image_store_link(const struct image_store *store,
				const char *folder, struct buf *problem);
void image_store_release(struct image_store *store);
