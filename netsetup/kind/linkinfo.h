/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: linkinfo - what differs between kinds of virtual links (IFLA_LINKINFO)
 *
 * One row a kind. Nothing to free.
 */

#include "netsetup/engine.h"

extern const struct choice linkinfo_kinds[]; /* names alone */

must_check int linkinfo_check(const char *kind, const struct link *l,
			      struct buf *why);
void linkinfo_complete(const char *kind, struct link *l);
bool linkinfo_takes_ports(const char *kind);
bool linkinfo_same_nature(const struct link *want, const struct link *have);
bool linkinfo_excludes(const struct link *want, const struct link *have);
bool linkinfo_same_data(const struct link *want, const struct link *have);
void linkinfo_schema(struct json *items);
void linkinfo_put_data(struct engine *e, struct nlmsghdr *m,
		       const struct link *l);
void linkinfo_lacking(const char *kind, struct buf *out);
void linkinfo_read(struct engine *e, const struct nlattr *info, struct link *l);
void linkinfo_put(struct engine *e, struct nlmsghdr *m, const struct link *l);
