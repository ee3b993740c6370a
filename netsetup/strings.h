/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: strings - byte strings, each kept once and named by a number
 *
 * Objects of the model are plain bytes without pointers: a device name, a file's
 * content or a list of nexthops is the number of its string, so that two objects are
 * equal when their bytes are. Number 0 is the empty string. Strings are never
 * dropped before strings_free(); pointers from strings_get() last until the next
 * strings_add().
 *
 * Errors are sticky: after memory ran out strings_add() returns 0 and .error is set.
 */

#include "lib/base.h"
#include "lib/cleanup.h"

struct string_entry {
	size_t at; /* in bytes */
	uint32_t len; /* bytes, without the NUL that follows */
	uint32_t hash;
};

struct strings {
	char *bytes;
	size_t len, room;
	struct string_entry *entries; /* [0] is the empty string */
	uint32_t n, n_room;
	uint32_t *slots; /* open hash table of entry numbers; 0 free */
	uint32_t n_slots; /* a power of two */
	int error; /* 0 or -ENOMEM; sticky */
};

struct strings *strings_new(void);
void strings_free(struct strings *s);
DEFINE_CLEANUP(struct strings *, strings_free)
uint32_t strings_add(struct strings *s, const void *data, size_t len);
uint32_t strings_add_text(struct strings *s, const char *text);
uint32_t strings_find(const struct strings *s, const void *data, size_t len);
const char *strings_get(const struct strings *s, uint32_t id);
size_t strings_len(const struct strings *s, uint32_t id);
