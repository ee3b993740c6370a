/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: sysctl - what is special about a few sysctls and links
 *
 * Used by the plan, which must know what the kernel does by itself, and by those who
 * word what is missing. Nothing to free.
 */

#include "lib/buf.h"
#include "netsetup/model.h"

#include <net/if.h>

bool sysctl_writes_through(const struct strings *s, uint32_t path);
bool sysctl_follows(const struct strings *s, uint32_t all, uint32_t path);
bool sysctl_device(const char *path, char dev[IFNAMSIZ]);
uint32_t sysctl_all_of(const struct strings *s, uint32_t path);
bool sysctl_is_led(const struct model *want, const struct sysctl *c);
bool link_attributes_differ(const struct link *want, const struct link *have);
void link_take(struct link *to, const struct link *from, uint32_t set);
bool link_state_differs(const struct link *want, const struct link *have);
void sysctl_lacking(const char *path, struct buf *out);
