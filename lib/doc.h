/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: doc - documents that people write: YAML or JSON, with line and column
 *
 * One read-only tree for both forms. JSON is read by a cursor parser of our own (a
 * document may hold a million routes, and cJSON keeps neither positions nor bounds
 * memory to what a document needs); YAML by libyaml, the only door to it. A text whose
 * first character that is not white space is '{' or '[' is JSON.
 *
 * Nodes are indices into one array, strings lie in one arena: 24 bytes a node. All is
 * owned by the document and ends with doc_release(). A malformed text fails with
 * -EBADMSG and an error that says where, line and column: "3:7: expected ':'".
 *
 * Refused: duplicate keys, anchors and aliases, tags, more than one document, nesting
 * past DOC_DEPTH, texts past DOC_BYTES.
 */

#include "lib/base.h"

#define DOC_DEPTH 64
#define DOC_BYTES (512UL << 20)
#define DOC_NONE  0 /* no node; the root is node 1 */

enum doc_type {
	DOC_NULL,
	DOC_BOOL,
	DOC_NUMBER,
	DOC_STRING, /* YAML: also plain scalars that are no other type */
	DOC_ARRAY,
	DOC_OBJECT,
};

struct doc {
	struct doc_node *nodes;
	size_t n_nodes;
	char *text; /* arena of all keys and scalars, NUL-terminated each */
	size_t text_len;
	char error[160]; /* after a failed read */
};

#define DOC_INIT  \
	{         \
		0 \
	}

must_check int doc_read(struct doc *d, const char *text, size_t len);
must_check int doc_read_file(struct doc *d, const char *path); /* "-": stdin */
void doc_release(struct doc *d);

uint32_t doc_root(const struct doc *d);
enum doc_type doc_type(const struct doc *d, uint32_t node);
uint32_t doc_first(const struct doc *d, uint32_t node);
uint32_t doc_next(const struct doc *d, uint32_t node);
size_t doc_count(const struct doc *d, uint32_t node);
const char *doc_key(const struct doc *d, uint32_t node);
/* Text of any scalar as written; NULL for arrays and objects. */
const char *doc_scalar(const struct doc *d, uint32_t node);
unsigned int doc_line(const struct doc *d, uint32_t node); /* from 1 */
unsigned int doc_column(const struct doc *d, uint32_t node); /* from 1 */
/* Member by path "a.b.c" from @node; DOC_NONE where missing. */
uint32_t doc_get(const struct doc *d, uint32_t node, const char *path);
const char *doc_get_scalar(const struct doc *d, uint32_t node,
			   const char *path);
