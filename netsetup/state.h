/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: state - the folder in which transactions are kept, one per boot and namespace
 *
 * DIR/BOOT-NETNS/ holds "lock", "journal" and "last". What the kernel held is gone with
 * its boot, so that journals are never carried over; files last longer than a boot,
 * which is why the folders of former boots are looked at, too.
 *
 * Descriptors belong to the caller. Functions return 0 or a negative errno.
 */

#include "netsetup/engine.h"

#define BOOT_SIZE 37 /* a UUID and NUL */

typedef int state_old_fn(struct engine *e, int dir, bool ours, void *context);

must_check int state_boot_id(char id[BOOT_SIZE]);
uint64_t state_netns(void);
int64_t state_clock(void);
must_check int state_open(struct engine *e, bool make);
must_check int state_lock(struct engine *e, int dir, const char *verb,
			  bool wait);
must_check int state_each_old(struct engine *e, state_old_fn *fn,
			      void *context);
void state_drop_old(struct engine *e);
