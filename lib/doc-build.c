/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/doc-build.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERN_LEN  24 /* longer texts are seldom the same */
#define FEW_MEMBERS 12 /* up to here each is compared with each */
#define COLUMN_MAX  ((1U << 29) - 1)

/**
 * doc_fail() - Word the error of a document
 * @d:		Document; .error is written
 * @pos:	Where it is
 * @format:	What is wrong, as for printf()
 *
 * Return: -EBADMSG
 */
int doc_fail(struct doc *d, struct doc_pos pos, const char *format, ...)
{
	va_list args;
	int n;

	n = snprintf(d->error, sizeof(d->error), "%zu:%zu: ", pos.line,
		     pos.column);
	va_start(args, format);
	(void)vsnprintf(d->error + n, sizeof(d->error) - (size_t)n, format,
			args);
	va_end(args);
	return -EBADMSG;
}

/**
 * seen_slot() - Where a short text would be remembered
 * @text:	Text
 * @len:	Its bytes, at least 1
 *
 * Return: index into doc_builder.seen
 */
static size_t seen_slot(const char *text, size_t len)
{
	size_t h = len * 31 + (unsigned char)text[0] * 7 +
		   (unsigned char)text[len - 1] * 13 +
		   (unsigned char)text[len / 2] * 3;

	return h & (DOC_INTERN - 1);
}

/**
 * text_reserve() - Make room in the arena
 * @b:		Builder
 * @more:	Bytes
 *
 * Return: 0, -ENOMEM
 */
static int text_reserve(struct doc_builder *b, size_t more)
{
	struct doc *d = b->doc;
	size_t size = b->max_text;
	char *text;

	if (d->text_len + more <= size)
		return 0;
	while (size < d->text_len + more)
		size = size ? size * 2 : 4096;
	text = realloc(d->text, size);
	if (!text)
		return -ENOMEM;
	d->text = text;
	b->max_text = size;
	return 0;
}

/**
 * text_add() - Store a text in the arena, or find it there
 * @b:		Builder
 * @text:	Text
 * @len:	Its bytes
 * @ret_offset:	Where it lies; never 0
 *
 * Return: 0, -ENOMEM
 */
static int text_add(struct doc_builder *b, const char *text, size_t len,
		    uint32_t *ret_offset)
{
	bool shorty = len > 0 && len <= INTERN_LEN;
	size_t slot = shorty ? seen_slot(text, len) : 0;
	struct doc *d = b->doc;
	int r;

	if (shorty && b->seen[slot].len == len &&
	    memcmp(d->text + b->seen[slot].offset, text, len) == 0) {
		*ret_offset = b->seen[slot].offset;
		return 0;
	}

	r = text_reserve(b, len + 2);
	if (r < 0)
		return r;
	if (d->text_len == 0)
		d->text[d->text_len++] = '\0';
	*ret_offset = (uint32_t)d->text_len;
	if (len)
		memcpy(d->text + d->text_len, text, len);
	d->text[d->text_len + len] = '\0';
	d->text_len += len + 1;
	if (shorty) {
		b->seen[slot].offset = *ret_offset;
		b->seen[slot].len = (uint32_t)len;
	}
	return 0;
}

/**
 * node_add() - Make a node and link it behind its sibling
 * @b:		Builder
 * @type:	Its type
 * @pos:	Where it begins
 * @ret_node:	The node
 *
 * Return: 0, -ENOMEM
 */
static int node_add(struct doc_builder *b, enum doc_type type,
		    struct doc_pos pos, uint32_t *ret_node)
{
	struct doc *d = b->doc;
	struct doc_node *nodes;
	uint32_t node, last, parent;
	size_t max;

	/* Node 0 is "no node". */
	if (d->n_nodes + 1 >= b->max_nodes) {
		max = b->max_nodes ? b->max_nodes + b->max_nodes / 2 : 256;
		nodes = realloc(d->nodes, max * sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		if (!d->nodes)
			nodes[0] = (struct doc_node){ 0 };
		d->nodes = nodes;
		b->max_nodes = max;
	}
	node = (uint32_t)++d->n_nodes;
	d->nodes[node] = (struct doc_node){
		.key = b->key,
		.line = (uint32_t)pos.line,
		.column = (uint32_t)MIN(pos.column, (size_t)COLUMN_MAX),
		.type = type,
	};
	b->key = 0;

	if (b->depth) {
		parent = b->open[b->depth - 1].node;
		last = b->open[b->depth - 1].last;
		if (last)
			d->nodes[last].next = node;
		else
			d->nodes[parent].value = node;
		d->nodes[parent].count++;
		b->open[b->depth - 1].last = node;
	}
	*ret_node = node;
	return 0;
}

/**
 * doc_build_in() - What the next value lies in
 * @b:		Builder
 *
 * Return: DOC_ARRAY, DOC_OBJECT, or DOC_NULL at the top
 */
enum doc_type doc_build_in(const struct doc_builder *b)
{
	if (!b->depth)
		return DOC_NULL;
	return b->doc->nodes[b->open[b->depth - 1].node].type;
}

/**
 * doc_build_key() - Announce the name of the next value
 * @b:		Builder
 * @text:	Name
 * @len:	Its bytes
 *
 * Return: 0, -ENOMEM
 */
int doc_build_key(struct doc_builder *b, const char *text, size_t len)
{
	return text_add(b, text, len, &b->key);
}

/**
 * doc_build_scalar() - Add a value that is neither array nor object
 * @b:		Builder
 * @type:	Its type
 * @text:	As written, without quotes and escapes
 * @len:	Its bytes
 * @pos:	Where it begins
 *
 * Return: 0, -ENOMEM
 */
int doc_build_scalar(struct doc_builder *b, enum doc_type type,
		     const char *text, size_t len, struct doc_pos pos)
{
	uint32_t node, offset;
	int r;

	r = text_add(b, text, len, &offset);
	if (r < 0)
		return r;
	r = node_add(b, type, pos, &node);
	if (r < 0)
		return r;
	b->doc->nodes[node].value = offset;
	return 0;
}

/**
 * doc_build_open() - Begin an array or an object
 * @b:		Builder
 * @type:	DOC_ARRAY or DOC_OBJECT
 * @pos:	Where it begins
 *
 * Return: 0, -EBADMSG where it is too deep, -ENOMEM
 */
int doc_build_open(struct doc_builder *b, enum doc_type type,
		   struct doc_pos pos)
{
	uint32_t node;
	int r;

	if (b->depth == DOC_DEPTH)
		return doc_fail(b->doc, pos, "nested deeper than %d",
				DOC_DEPTH);
	r = node_add(b, type, pos, &node);
	if (r < 0)
		return r;
	b->open[b->depth].node = node;
	b->open[b->depth].last = DOC_NONE;
	b->depth++;
	return 0;
}

/**
 * fail_twice() - Word the error for a key given twice
 * @d:		Document
 * @node:	The later of both members
 *
 * Return: -EBADMSG
 */
static int fail_twice(struct doc *d, uint32_t node)
{
	const struct doc_node *n = &d->nodes[node];

	return doc_fail(d, (struct doc_pos){ n->line, n->column },
			"'%s' is given twice", d->text + n->key);
}

/**
 * same_key() - Whether two members have one name
 * @d:		Document
 * @a:		Member
 * @b:		Member
 */
static bool same_key(const struct doc *d, uint32_t a, uint32_t b)
{
	const char *key_a = d->text + d->nodes[a].key;
	const char *key_b = d->text + d->nodes[b].key;

	return key_a == key_b ||
	       (*key_a == *key_b && strcmp(key_a, key_b) == 0);
}

/**
 * check_few() - Look for a key given twice, each against each
 * @d:		Document
 * @first:	First member
 *
 * Return: 0, -EBADMSG
 */
static int check_few(struct doc *d, uint32_t first)
{
	uint32_t a, b;

	for (a = first; a; a = d->nodes[a].next)
		for (b = d->nodes[a].next; b; b = d->nodes[b].next)
			if (same_key(d, a, b))
				return fail_twice(d, b);
	return 0;
}

/**
 * by_key() - Order of members by name, then by place, for qsort_r()
 * @a:		Index of a node
 * @b:		Index of a node
 * @arg:	Document
 */
static int by_key(const void *a, const void *b, void *arg)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct doc *d = arg;
	int c = strcmp(d->text + d->nodes[x].key, d->text + d->nodes[y].key);

	return c ? c : CMP(x, y);
}

/**
 * check_many() - Look for a key given twice by sorting
 * @d:		Document
 * @object:	Object
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int check_many(struct doc *d, const struct doc_node *object)
{
	_cleanup_free_ uint32_t *members = NULL;
	uint32_t node, i = 0;

	members = calloc(object->count, sizeof(*members));
	if (!members)
		return -ENOMEM;
	for (node = object->value; node; node = d->nodes[node].next)
		members[i++] = node;
	qsort_r(members, i, sizeof(*members), by_key, d);
	for (i = 1; i < object->count; i++)
		if (same_key(d, members[i - 1], members[i]))
			return fail_twice(d, members[i]);
	return 0;
}

/**
 * doc_build_close() - End the innermost array or object
 * @b:		Builder
 *
 * Return: 0, -EBADMSG for a key given twice, -ENOMEM
 */
int doc_build_close(struct doc_builder *b)
{
	const struct doc_node *n = &b->doc->nodes[b->open[--b->depth].node];

	if (n->type != DOC_OBJECT)
		return 0;
	if (n->count <= FEW_MEMBERS)
		return check_few(b->doc, n->value);
	return check_many(b->doc, n);
}
