/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/fabric/metadata/tree.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY_MAX 128

/**
 * lists() - Whether an array of strings has one
 * @array:	Array, or NULL
 * @text:	Wanted
 *
 * Return: true if it has
 */
static bool lists(const struct json *array, const char *text)
{
	const struct json *item;

	for (item = json_first(array); item; item = json_next(item)) {
		const char *s = json_string(item);

		if (s && strcmp(s, text) == 0)
			return true;
	}
	return false;
}

/**
 * tree_instance() - Which instance is asking
 * @config:	Configuration
 * @interface:	A link-local client came in by, or NULL
 * @client:	Its address
 *
 * Return: the instance's object, or NULL where nobody knows the client
 */
const struct json *tree_instance(const struct json *config,
				 const char *interface,
				 const struct addr *client)
{
	const struct json *i = json_first(json_get(config, "instances"));

	for (; i; i = json_next(i)) {
		const char *at = json_get_string(i, "interface");

		if (interface && at && strcmp(at, interface) == 0)
			return i;
		if (lists(json_get(i, "addresses"), ADDR_TEXT(client)))
			return i;
	}
	return NULL;
}

/**
 * kebab() - "gatewayIpv6" as "gateway-ipv6"
 * @key:	Key of the JSON form
 * @ret:	Key of the path form, cut at KEY_MAX
 */
static void kebab(const char *key, char ret[KEY_MAX])
{
	size_t n = 0;

	for (; *key && n + 3 < KEY_MAX; key++) {
		if (isupper((unsigned char)*key) && n)
			ret[n++] = '-';
		ret[n++] = (char)tolower((unsigned char)*key);
	}
	ret[n] = '\0';
}

/**
 * spell() - A child's name as it stands in a path
 * @parent:	Object or array
 * @c:		Child
 * @index:	Its place
 * @spelt:	Keys are written as in a path ("kebab")
 * @ret:	The name
 */
static void spell(const struct json *parent, const struct json *c, size_t index,
		  bool spelt, char ret[KEY_MAX])
{
	if (json_is_array(parent))
		(void)snprintf(ret, KEY_MAX, "%zu", index);
	else if (spelt)
		kebab(json_key(c), ret);
	else
		(void)snprintf(ret, KEY_MAX, "%s", json_key(c));
}

/**
 * child() - The child of a value that a path component names
 * @parent:	Object or array
 * @name:	Component
 * @spelt:	Keys are written as in a path
 *
 * Return: the child, or NULL
 */
static const struct json *child(const struct json *parent, const char *name,
				bool spelt)
{
	const struct json *c = json_first(parent);
	size_t index = 0;

	for (; c; c = json_next(c), index++) {
		char text[KEY_MAX];

		spell(parent, c, index, spelt, text);
		if (strcmp(text, name) == 0)
			return c;
	}
	return NULL;
}

/**
 * find() - Walk a path through the tree
 * @config:	Configuration, for the spelling of keys
 * @tree:	Root
 * @path:	"/a/b/"
 * @ret_spelt:	How the keys of the value found are spelt
 *
 * Return: the value, or NULL
 */
static const struct json *find(const struct json *config,
			       const struct json *tree, const char *path,
			       bool *ret_spelt)
{
	const char *keys = json_get_string(config, "keys");
	bool below = keys && strcmp(keys, "kebab") == 0;
	bool spelt = false;

	/* The service's own root is written as it is: "/computeMetadata/v1". */
	while (tree && *(path += strspn(path, "/"))) {
		size_t n = strcspn(path, "/");
		char name[KEY_MAX];

		if (n >= sizeof(name))
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		path += n;
		tree = child(tree, name, spelt);
		if (lists(json_get(config, "verbatim"), name))
			below = false;
		spelt = below;
	}
	*ret_spelt = spelt;
	return tree;
}

/**
 * is_folder() - Whether a value has a listing rather than a text
 * @j:		Value
 *
 * An array of plain values is a text of one line each; one of objects is a folder.
 *
 * Return: true if it has
 */
static bool is_folder(const struct json *j)
{
	const struct json *first = json_first(j);

	return json_is_object(j) ||
	       (json_is_array(j) &&
		(json_is_object(first) || json_is_array(first)));
}

/**
 * scalar() - Text of a plain value, without quotes
 * @j:		String, number or truth value
 * @b:		Text is put at the end of it
 *
 * Return: 0 or -ENOMEM
 */
static int scalar(const struct json *j, struct buf *b)
{
	const char *text = json_string(j);

	if (!text)
		return json_print(j, JSON_COMPACT, b);
	buf_puts(b, text);
	return buf_error(b);
}

/**
 * list_folder() - Names of all children, folders with a slash behind
 * @folder:	Object or array
 * @spelt:	Keys are written as in a path
 * @b:		Listing is put at the end of it
 */
static void list_folder(const struct json *folder, bool spelt, struct buf *b)
{
	const struct json *c = json_first(folder);
	size_t index = 0;

	for (; c; c = json_next(c), index++) {
		char text[KEY_MAX];

		spell(folder, c, index, spelt, text);
		buf_printf(b, "%s%s\n", text, is_folder(c) ? "/" : "");
	}
}

/**
 * print_text() - A leaf as text, an array of plain values one a line
 * @leaf:	Value
 * @b:		Text is put at the end of it
 *
 * Return: 0 or -ENOMEM
 */
static int print_text(const struct json *leaf, struct buf *b)
{
	const struct json *c = json_first(leaf);
	int r = 0;

	if (!json_is_array(leaf))
		return scalar(leaf, b);
	for (; c && r == 0; c = json_next(c)) {
		r = scalar(c, b);
		if (json_next(c))
			buf_putc(b, '\n');
	}
	return r;
}

/**
 * flatten() - All leaves below a value, each in a line: its path, a space, its text
 * @config:	Configuration, for the spelling of keys
 * @j:		Value
 * @spelt:	Keys are written as in a path
 * @path:	Of the value, "a/b"; as it was when this returns
 * @b:		Lines are put at the end of it
 *
 * Return: 0 or -ENOMEM
 */
static int flatten(const struct json *config, const struct json *j, bool spelt,
		   struct buf *path, struct buf *b)
{
	const struct json *c = json_first(j);
	size_t index = 0, len = path->len;
	int r = 0;

	if (!json_is_object(j) && !json_is_array(j)) {
		buf_printf(b, "%s ", buf_text(path));
		r = scalar(j, b);
		buf_putc(b, '\n');
		return r;
	}
	for (; c && r == 0; c = json_next(c), index++) {
		bool below = spelt;
		char text[KEY_MAX];

		if (is_folder(j)) {
			spell(j, c, index, spelt, text);
			below = spelt &&
				!lists(json_get(config, "verbatim"), text);
			buf_printf(path, "%s%s", len ? "/" : "", text);
		}
		r = buf_error(path) ?: flatten(config, c, below, path, b);
		buf_truncate(path, len);
	}
	return r;
}

/**
 * refuse() - An error page
 * @status:	HTTP
 * @text:	What is wrong
 * @a:		Answer
 *
 * Return: 0 or -ENOMEM
 */
static int refuse(unsigned int status, const char *text, struct tree_answer *a)
{
	a->status = status;
	a->type = "text/html; charset=UTF-8";
	buf_printf(&a->body,
		   "<!DOCTYPE html>\n<html lang=en>\n<title>Error %u</title>\n"
		   "<p><b>%u.</b> %s\n",
		   status, status, text);
	return buf_error(&a->body);
}

/**
 * missing_header() - The first header that keeps a request out
 * @config:	Configuration
 * @q:		Request
 *
 * Demanded headers keep browsers and careless proxies out: they cannot be made to send
 * them, or send one that is refused.
 *
 * Return: its name, or NULL where the request is let in
 */
static const char *missing_header(const struct json *config,
				  const struct tree_request *q)
{
	const struct json *h = json_first(json_get(config, "refuse"));

	if (lists(json_get(config, "free"), q->path))
		return NULL;
	for (; h; h = json_next(h))
		if (json_string(h) && q->header(q->arg, json_string(h)))
			return json_string(h);
	h = json_first(json_get(config, "headers"));
	for (; h; h = json_next(h)) {
		const char *name = json_get_string(h, "name");
		const char *want = json_get_string(h, "value");
		const char *got = name ? q->header(q->arg, name) : NULL;

		if (name && (!got || (want && strcmp(want, got) != 0)))
			return name;
	}
	return NULL;
}

/**
 * print_folder() - A folder as text
 * @config:	Configuration
 * @found:	Folder
 * @spelt:	Keys are written as in a path
 * @q:		Request
 * @a:		Answer
 *
 * Return: 0 or -ENOMEM
 */
static int print_folder(const struct json *config, const struct json *found,
			bool spelt, const struct tree_request *q,
			struct tree_answer *a)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;

	if (q->path[strlen(q->path) - 1] != '/') {
		a->status = 301;
		a->type = "text/html; charset=UTF-8";
		buf_printf(&a->body, "%s/", q->path);
		return buf_error(&a->body);
	}
	if (q->recursive)
		return flatten(config, found, spelt, &path, &a->body);
	list_folder(found, spelt, &a->body);
	return buf_error(&a->body);
}

/**
 * print_answer() - The value that was found, in the form that was asked for
 * @config:	Configuration
 * @found:	Value
 * @spelt:	Keys are written as in a path
 * @q:		Request
 * @a:		Answer
 *
 * Return: 0 or -ENOMEM
 */
static int print_answer(const struct json *config, const struct json *found,
			bool spelt, const struct tree_request *q,
			struct tree_answer *a)
{
	bool json = q->alt ? strcmp(q->alt, "json") == 0 : q->recursive;

	a->status = 200;
	a->type = json ? "application/json" : "application/text";
	if (json)
		return json_print(found, JSON_COMPACT, &a->body);
	if (!is_folder(found))
		return print_text(found, &a->body);
	return print_folder(config, found, spelt, q, a);
}

/**
 * tree_answer() - What a metadata service answers
 * @config:	Configuration
 * @instance:	Who asks, from tree_instance(); NULL where nobody knows
 * @request:	What is asked for
 * @ret:	Answer; the caller releases its body
 *
 * Return: 0 (also for an error page) or -ENOMEM
 */
int tree_answer(const struct json *config, const struct json *instance,
		const struct tree_request *request, struct tree_answer *ret)
{
	struct tree_answer a = { .body = BUF_INIT };
	const char *header = missing_header(config, request);
	const struct json *found;
	bool spelt = false;
	char text[200];
	int r;

	if (strcmp(request->method, "GET") && strcmp(request->method, "HEAD")) {
		r = refuse(405,
			   "The request method is inappropriate for the URL",
			   &a);
	} else if (header) {
		(void)snprintf(
			text, sizeof(text),
			"Your client does not have permission: header '%s'",
			header);
		r = refuse(403, text, &a);
	} else {
		found = find(config, json_get(instance, "tree"), request->path,
			     &spelt);
		r = found ? print_answer(config, found, spelt, request, &a) :
			    refuse(404, "That's an error: not found", &a);
	}
	if (r < 0) {
		buf_release(&a.body);
		return r;
	}
	*ret = a;
	return 0;
}
