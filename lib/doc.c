/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/doc.h"

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/doc-build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * doc_release() - End a document; it is then empty and may be read into again
 * @d:		Document
 */
void doc_release(struct doc *d)
{
	free(d->nodes);
	free(d->text);
	*d = (struct doc)DOC_INIT;
}

/**
 * looks_like_json() - Which of both parsers a text is for
 * @text:	Text
 * @len:	Its bytes
 *
 * Return: true where the first character that is not white space opens an object or
 *	   an array
 */
static bool looks_like_json(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && text[i] && strchr(" \t\r\n", text[i]))
		i++;
	return i < len && (text[i] == '{' || text[i] == '[');
}

/**
 * trim() - Give memory back that growing by steps took too much of
 * @d:		Document that is complete
 */
static void trim(struct doc *d)
{
	void *p;

	p = realloc(d->nodes, (d->n_nodes + 1) * sizeof(*d->nodes));
	if (p)
		d->nodes = p;
	p = realloc(d->text, d->text_len);
	if (p)
		d->text = p;
}

/**
 * doc_read() - Read a document
 * @d:		Result; must be empty. After a failure it is empty but for .error
 * @text:	YAML or JSON; need not end in NUL
 * @len:	Its bytes
 *
 * Return: 0; -EBADMSG where it is malformed, -EFBIG past DOC_BYTES, -ENOMEM; .error
 *	   then has the words
 */
int doc_read(struct doc *d, const char *text, size_t len)
{
	_cleanup_free_ struct doc_builder *b = NULL;
	struct doc made = DOC_INIT;
	int r;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3; /* a byte order mark says nothing in UTF-8 */
		len -= 3;
	}
	b = calloc(1, sizeof(*b));
	if (!b) {
		r = -ENOMEM;
	} else if (len > DOC_BYTES) {
		r = -EFBIG;
	} else {
		b->doc = &made;
		r = looks_like_json(text, len) ? doc_read_json(b, text, len) :
						 doc_read_yaml(b, text, len);
	}
	if (r < 0) {
		memcpy(d->error, made.error, sizeof(d->error));
		if (!*d->error)
			(void)snprintf(d->error, sizeof(d->error), "%s",
				       strerrordesc_np(-r));
		doc_release(&made);
		return r;
	}
	trim(&made);
	*d = made;
	return 0;
}

/**
 * doc_read_file() - Read a document from a file
 * @d:		Result, see doc_read()
 * @path:	File, or "-" for standard input
 *
 * Return: as doc_read(), or what open() and read() say
 */
int doc_read_file(struct doc *d, const char *path)
{
	_cleanup_(buf_release) struct buf text = { .max = DOC_BYTES };
	int r;

	if (strcmp(path, "-") == 0)
		r = buf_read_fd(&text, STDIN_FILENO);
	else
		r = buf_read_file(&text, path);
	if (r < 0) {
		(void)snprintf(d->error, sizeof(d->error), "%s",
			       strerrordesc_np(-r));
		return r;
	}
	return doc_read(d, buf_text(&text), text.len);
}

/**
 * doc_root() - The outermost value
 * @d:		Document
 *
 * Return: its node, DOC_NONE for an empty document
 */
uint32_t doc_root(const struct doc *d)
{
	return d->n_nodes ? 1 : DOC_NONE;
}

/**
 * doc_type() - Type of a node
 * @d:		Document
 * @node:	Node, or DOC_NONE
 *
 * Return: its type; DOC_NULL for DOC_NONE
 */
enum doc_type doc_type(const struct doc *d, uint32_t node)
{
	return node ? d->nodes[node].type : DOC_NULL;
}

/**
 * is_container() - Whether a node has children rather than a text
 * @d:		Document
 * @node:	Node, or DOC_NONE
 */
static bool is_container(const struct doc *d, uint32_t node)
{
	return node && d->nodes[node].type >= DOC_ARRAY;
}

/**
 * doc_first() - First child
 * @d:		Document
 * @node:	Node, or DOC_NONE
 *
 * Return: node, or DOC_NONE
 */
uint32_t doc_first(const struct doc *d, uint32_t node)
{
	return is_container(d, node) ? d->nodes[node].value : DOC_NONE;
}

/**
 * doc_next() - Next sibling
 * @d:		Document
 * @node:	Node, or DOC_NONE
 *
 * Return: node, or DOC_NONE
 */
uint32_t doc_next(const struct doc *d, uint32_t node)
{
	return node ? d->nodes[node].next : DOC_NONE;
}

/**
 * doc_count() - Number of children
 * @d:		Document
 * @node:	Node, or DOC_NONE
 */
size_t doc_count(const struct doc *d, uint32_t node)
{
	return node ? d->nodes[node].count : 0;
}

/**
 * doc_key() - Name of a member
 * @d:		Document
 * @node:	Node, or DOC_NONE
 *
 * Return: name, NULL for what is no member of an object
 */
const char *doc_key(const struct doc *d, uint32_t node)
{
	if (!node || !d->nodes[node].key)
		return NULL;
	return d->text + d->nodes[node].key;
}

/**
 * doc_scalar() - Text of a value
 * @d:		Document
 * @node:	Node, or DOC_NONE
 *
 * Return: text as written; NULL for arrays, objects and DOC_NONE
 */
const char *doc_scalar(const struct doc *d, uint32_t node)
{
	if (!node || is_container(d, node))
		return NULL;
	return d->text + d->nodes[node].value;
}

/**
 * doc_line() - Line in which a value begins
 * @d:		Document
 * @node:	Node, or DOC_NONE
 *
 * Return: from 1; 0 for DOC_NONE
 */
unsigned int doc_line(const struct doc *d, uint32_t node)
{
	return node ? d->nodes[node].line : 0;
}

/**
 * doc_column() - Column in which a value begins
 * @d:		Document
 * @node:	Node, or DOC_NONE
 *
 * Return: from 1, in bytes (JSON) or characters (YAML); 0 for DOC_NONE
 */
unsigned int doc_column(const struct doc *d, uint32_t node)
{
	return node ? d->nodes[node].column : 0;
}

/**
 * member() - Find a member by name
 * @d:		Document
 * @node:	Object, or anything else
 * @key:	Name; need not end in NUL
 * @len:	Its bytes
 *
 * Return: node, or DOC_NONE
 */
static uint32_t member(const struct doc *d, uint32_t node, const char *key,
		       size_t len)
{
	const char *have;
	uint32_t child;

	if (doc_type(d, node) != DOC_OBJECT)
		return DOC_NONE;
	for (child = doc_first(d, node); child; child = doc_next(d, child)) {
		have = d->text + d->nodes[child].key;
		if (strncmp(have, key, len) == 0 && !have[len])
			return child;
	}
	return DOC_NONE;
}

/**
 * doc_get() - Find a value by path
 * @d:		Document
 * @node:	Where the path begins, or DOC_NONE
 * @path:	Names joined by dots, "spec.networking.pods"
 *
 * Return: node, or DOC_NONE
 */
uint32_t doc_get(const struct doc *d, uint32_t node, const char *path)
{
	size_t len;

	while (node) {
		len = strcspn(path, ".");
		node = member(d, node, path, len);
		if (!path[len])
			break;
		path += len + 1;
	}
	return node;
}

/**
 * doc_get_scalar() - Text of a value found by path
 * @d:		Document
 * @node:	Where the path begins, or DOC_NONE
 * @path:	See doc_get()
 *
 * Return: text, NULL where it is missing, null, or no scalar
 */
const char *doc_get_scalar(const struct doc *d, uint32_t node, const char *path)
{
	uint32_t found = doc_get(d, node, path);

	return doc_type(d, found) == DOC_NULL ? NULL : doc_scalar(d, found);
}
