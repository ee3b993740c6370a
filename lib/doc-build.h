/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: doc-build - how the parsers of lib/doc make the tree
 *
 * Private to lib/doc*.c. A parser announces what it meets, in the order of the text;
 * the builder links nodes, keeps texts, refuses nesting past DOC_DEPTH and keys given
 * twice. Errors are negative errno with the words in doc->error; the parser hands
 * them up at once, and doc_read() drops the half tree.
 */

#include "lib/base.h"
#include "lib/doc.h"

/* 24 bytes: a million routes of four members are 120 MB, not gigabytes. */
struct doc_node {
	uint32_t key; /* offset of the member's name; 0: not a member */
	uint32_t value; /* scalar: offset of its text; else first child */
	uint32_t next; /* next sibling, or DOC_NONE */
	uint32_t count; /* children */
	uint32_t line; /* from 1 */
	uint32_t column : 29; /* from 1; the last value stands for all above */
	uint32_t type : 3; /* enum doc_type */
};

#define DOC_INTERN 256 /* power of two */

struct doc_builder {
	struct doc *doc;
	size_t max_nodes; /* allocated */
	size_t max_text;
	uint32_t key; /* of the next value; 0: none */
	unsigned int depth; /* open containers */
	struct {
		uint32_t node;
		uint32_t last; /* last child, DOC_NONE while there is none */
	} open[DOC_DEPTH];
	/* Texts seen lately: names like "dst" or "eth0" are stored once. */
	struct {
		uint32_t offset;
		uint32_t len;
	} seen[DOC_INTERN];
};

struct doc_pos {
	size_t line; /* from 1 */
	size_t column; /* from 1 */
};

must_check int doc_fail(struct doc *d, struct doc_pos pos, const char *format,
			...) printf_like(3, 4);
must_check int doc_build_key(struct doc_builder *b, const char *text,
			     size_t len);
must_check int doc_build_scalar(struct doc_builder *b, enum doc_type type,
				const char *text, size_t len,
				struct doc_pos pos);
must_check int doc_build_open(struct doc_builder *b, enum doc_type type,
			      struct doc_pos pos);
must_check int doc_build_close(struct doc_builder *b);
enum doc_type doc_build_in(const struct doc_builder *b);

must_check int doc_read_json(struct doc_builder *b, const char *text,
			     size_t len);
must_check int doc_read_yaml(struct doc_builder *b, const char *text,
			     size_t len);
