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

bool sysctl_writes_through(const struct strings *s, uint32_t path);
bool sysctl_follows(const struct strings *s, uint32_t all, uint32_t path);
bool link_attributes_differ(const struct link *want, const struct link *have);
bool link_state_differs(const struct link *want, const struct link *have);
void sysctl_lacking(const char *path, struct buf *out);
