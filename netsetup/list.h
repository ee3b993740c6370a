/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: list - fields that are lists: words, hops of a multipath route, group members
 *
 * A list is one string of struct strings: words each ended by a NUL, or an array of
 * struct hop or struct group_member as it is. Equal lists have equal numbers.
 */

#include "netsetup/kind.h"

#define LIST_MAX 256 /* entries of hops and groups; they fit one message */

const struct field *list_fields(enum field_type type);
must_check int list_read(enum field_type type, struct strings *s,
			 const struct doc *d, uint32_t node, uint32_t *ret_id,
			 struct buf *why);
void list_print(enum field_type type, const struct strings *s, uint32_t id,
		struct buf *out);
struct json *list_to_json(enum field_type type, const struct strings *s,
			  uint32_t id);
