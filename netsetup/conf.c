/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/conf.h"

#include "lib/doc.h"
#include "lib/opt.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRORS_MAX 20 /* more are not of use to anybody */

/* One reading. */
struct reader {
	const struct doc *doc;
	const char *name; /* of the file */
	struct conf *conf;
	struct strings *strings;
	struct buf *errors;
	unsigned int n_errors;
	bool state; /* output of `show --json`: owners are stated */
	bool lenient; /* objects that no document could state are left out */
};

/**
 * problem() - One line about a place in the document
 * @rd:		Reading
 * @node:	Place
 * @format:	Words
 *
 * Return: -EINVAL
 */
static int printf_like(3, 4)
	problem(struct reader *rd, uint32_t node, const char *format, ...)
{
	va_list args;

	if (rd->lenient || rd->n_errors++ >= ERRORS_MAX)
		return -EINVAL;
	buf_printf(rd->errors, "%s:%u:%u: ", rd->name, doc_line(rd->doc, node),
		   doc_column(rd->doc, node));
	va_start(args, format);
	buf_vprintf(rd->errors, format, args);
	va_end(args);
	buf_putc(rd->errors, '\n');
	return -EINVAL;
}

/**
 * unknown_key() - Say that a key is not known, and which one was meant
 * @rd:		Reading
 * @node:	Member
 * @what:	What it is a member of
 * @known:	Keys that there are
 * @n:		Their number
 *
 * Return: -EINVAL
 */
static int unknown_key(struct reader *rd, uint32_t node, const char *what,
		       const char *const *known, size_t n)
{
	const char *key = doc_key(rd->doc, node);
	char hint[OPT_HINT];

	return problem(rd, node, "%s: unknown key '%s'%s", what, key,
		       opt_hint(key, known, n, hint));
}

/**
 * find_field() - Field by its key
 * @k:		Kind
 * @key:	Key
 * @hint:	Where to begin: members usually come in the table's order
 *
 * Return: field, or NULL
 */
static const struct field *find_field(const struct kind *k, const char *key,
				      const struct field *hint)
{
	for (const struct field *f = hint; f->name; f++)
		if (strcmp(f->name, key) == 0)
			return f;
	for (const struct field *f = k->fields; f != hint; f++)
		if (strcmp(f->name, key) == 0)
			return f;
	return NULL;
}

/**
 * state_key() - A key that only `show --json` writes
 * @rd:		Reading
 * @k:		Kind
 * @node:	Member
 * @object:	Object
 *
 * Return: true if it was one
 */
static bool state_key(const struct reader *rd, const struct kind *k,
		      uint32_t node, char *object)
{
	const char *key = doc_key(rd->doc, node);
	const char *text = doc_scalar(rd->doc, node);

	if (!rd->state || !text)
		return false;
	if (strcmp(key, "protocol") == 0 && k->protocol) {
		object[k->protocol] = (char)strtoul(text, NULL, 10);
		return true;
	}
	if (strcmp(key, "owned") == 0 && k == &kind_link) {
		((struct link *)(void *)object)->owned =
			strcmp(text, "true") == 0 ? LINK_OURS : LINK_OTHERS;
		return true;
	}
	return strcmp(key, "owner") == 0;
}

/**
 * read_members() - Fields of one object
 * @rd:		Reading
 * @k:		Kind
 * @node:	Object in the document
 * @object:	Object to fill
 *
 * Return: 0; -EINVAL, -ENOMEM
 */
static int read_members(struct reader *rd, const struct kind *k, uint32_t node,
			void *object)
{
	_cleanup_(buf_release) struct buf why = BUF_INIT;
	const struct field *hint = k->fields;
	uint32_t seen = 0;

	for (uint32_t m = doc_first(rd->doc, node); m;
	     m = doc_next(rd->doc, m)) {
		const struct field *f =
			find_field(k, doc_key(rd->doc, m), hint);
		const char *known[32];
		size_t n = 0;
		int r;

		if (!f && state_key(rd, k, m, object))
			continue;
		if (!f) {
			for (f = k->fields; f->name; f++)
				known[n++] = f->name;
			return unknown_key(rd, m, k->name, known, n);
		}
		r = field_read(f, rd->strings, rd->doc, m, object, &why);
		if (r == -EINVAL)
			return problem(rd, m, "%s: %s: %s", k->name, f->name,
				       buf_text(&why));
		if (r < 0)
			return r;
		seen |= 1U << (f - k->fields);
		hint = f[1].name ? f + 1 : k->fields;
	}
	for (const struct field *f = k->fields; f->name; f++)
		if (f->required && !(seen & 1U << (f - k->fields)))
			return problem(rd, node, "%s: '%s' is missing", k->name,
				       f->name);
	return 0;
}

/**
 * check_object() - Rules between fields
 * @rd:		Reading
 * @k:		Kind
 * @node:	Where it is
 * @object:	Object
 *
 * Return: 0; -EINVAL
 */
static int check_object(struct reader *rd, const struct kind *k, uint32_t node,
			void *object)
{
	_cleanup_(buf_release) struct buf why = BUF_INIT, what = BUF_INIT;

	if (!k->check || rd->state || k->check(rd->strings, object, &why) == 0)
		return 0;
	object_describe(k, rd->strings, object, &what);
	return problem(rd, node, "%s '%s': %s", k->name, buf_text(&what),
		       buf_text(&why));
}

/**
 * read_list() - All objects of one kind
 * @rd:		Reading
 * @kind:	Kind
 * @node:	List
 *
 * Return: 0, also after problems; -ENOMEM
 */
static int read_list(struct reader *rd, enum kind_id kind, uint32_t node)
{
	const struct kind *k = kinds[kind];

	if (doc_type(rd->doc, node) != DOC_ARRAY) {
		problem(rd, node, "%s: expected a list", k->plural);
		return 0;
	}
	for (uint32_t n = doc_first(rd->doc, node); n;
	     n = doc_next(rd->doc, n)) {
		void *object;
		int r;

		if (doc_type(rd->doc, n) != DOC_OBJECT) {
			problem(rd, n, "%s: expected an object", k->name);
			continue;
		}
		object = model_add(&rd->conf->model, kind);
		if (!object)
			return -ENOMEM;
		kind_init_object(k, object);
		rd->lenient = rd->state;
		r = read_members(rd, k, n, object);
		if (r == -EINVAL && rd->state)
			model_drop_last(&rd->conf->model, kind);
		rd->lenient = false;
		if (r == 0)
			r = check_object(rd, k, n, object);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

/**
 * read_sysctls() - Object of paths and values
 * @rd:		Reading
 * @node:	Object
 *
 * Return: 0, also after problems; -ENOMEM
 */
static int read_sysctls(struct reader *rd, uint32_t node)
{
	if (doc_type(rd->doc, node) == DOC_ARRAY)
		return read_list(rd, KIND_SYSCTL, node);
	if (doc_type(rd->doc, node) != DOC_OBJECT) {
		problem(rd, node,
			"sysctls: expected an object of paths and values");
		return 0;
	}
	for (uint32_t n = doc_first(rd->doc, node); n;
	     n = doc_next(rd->doc, n)) {
		const char *value = doc_scalar(rd->doc, n);
		struct sysctl *c;

		if (!value || doc_type(rd->doc, n) == DOC_NULL) {
			problem(rd, n, "sysctl '%s': expected one value",
				doc_key(rd->doc, n));
			continue;
		}
		c = model_add(&rd->conf->model, KIND_SYSCTL);
		if (!c)
			return -ENOMEM;
		c->path = strings_add_text(rd->strings, doc_key(rd->doc, n));
		c->value = strings_add_text(rd->strings, value);
		(void)check_object(rd, &kind_sysctl, n, c);
	}
	return 0;
}

/**
 * read_nat64() - Section nat64
 * @rd:		Reading
 * @node:	Object
 *
 * Return: 0, also after problems; -ENOMEM
 */
static int read_nat64(struct reader *rd, uint32_t node)
{
	_cleanup_(buf_release) struct buf why = BUF_INIT;
	struct conf_nat64 *n = &rd->conf->nat64;
	int r;

	if (doc_type(rd->doc, node) != DOC_OBJECT) {
		problem(rd, node, "nat64: expected an object");
		return 0;
	}
	n->stated = true;
	n->len = NAT64_UNSTATED;
	r = read_members(rd, &kind_nat64, node, n);
	if (r == 0 && kind_nat64.check(rd->strings, n, &why) < 0)
		problem(rd, node, "nat64: %s", buf_text(&why));
	return r == -ENOMEM ? r : 0;
}

/**
 * read_top() - One member of the document itself
 * @rd:		Reading
 * @node:	Member
 *
 * Return: 0, also after problems; -ENOMEM
 */
static int read_top(struct reader *rd, uint32_t node)
{
	static const struct field uplinks = { .name = "uplinks",
					      .type = FIELD_WORDS };
	const char *key = doc_key(rd->doc, node);
	const char *text = doc_scalar(rd->doc, node);
	const char *known[KIND_MAX + 4] = { "version", "uplinks", "forwarding",
					    "nat64" };
	_cleanup_(buf_release) struct buf why = BUF_INIT;

	for (size_t k = 0; k < KIND_MAX; k++) {
		known[k + 4] = kinds[k]->plural;
		if (strcmp(key, kinds[k]->plural) == 0)
			return k == KIND_SYSCTL ?
				       read_sysctls(rd, node) :
				       read_list(rd, (enum kind_id)k, node);
	}
	if (strcmp(key, "version") == 0) {
		if (!text || strcmp(text, "1") != 0)
			problem(rd, node, "version: only 1 is known");
	} else if (strcmp(key, "uplinks") == 0) {
		if (field_read(&uplinks, rd->strings, rd->doc, node,
			       &rd->conf->uplinks, &why) < 0)
			problem(rd, node, "uplinks: %s", buf_text(&why));
	} else if (strcmp(key, "forwarding") == 0) {
		rd->conf->forwarding = text && strcmp(text, "true") == 0;
		if (!text ||
		    (!rd->conf->forwarding && strcmp(text, "false") != 0))
			problem(rd, node, "forwarding: expected true or false");
	} else if (strcmp(key, "nat64") == 0) {
		return read_nat64(rd, node);
	} else if (!rd->state) {
		(void)unknown_key(rd, node, "document", known,
				  ARRAY_SIZE(known));
	}
	return 0;
}

/**
 * want_sysctl() - Add a sysctl that an intent needs, unless the document states it
 * @c:		Conf
 * @dev:	Interface
 * @name:	Name below net/ipv6/conf/DEV
 * @value:	Value
 *
 * Return: 0; -ENOMEM
 */
static int want_sysctl(struct conf *c, const char *dev, const char *name,
		       const char *value)
{
	struct strings *s = c->model.strings;
	char path[128];
	struct sysctl k = { 0 };

	snprintf(path, sizeof(path), "net/ipv6/conf/%s/%s", dev, name);
	k.path = strings_add_text(s, path);
	k.value = strings_add_text(s, value);
	for (size_t i = 0; i < c->model.tables[KIND_SYSCTL].n; i++)
		if (MODEL_AT(&c->model, KIND_SYSCTL, sysctl, i)->path == k.path)
			return 0;
	return s->error ? s->error : model_put(&c->model, KIND_SYSCTL, &k);
}

/**
 * want_uplinks() - RA on uplinks, and forwarding
 * @c:		Conf
 * @caps:	What the kernel can do
 *
 * accept_ra is 2 in any case: CNI plugins turn on forwarding on their own, and with 1
 * the kernel then drops the RA default route and hears no further RA.
 *
 * Return: 0; -ENOMEM
 */
static int want_uplinks(struct conf *c, unsigned int caps)
{
	_cleanup_(buf_release) struct buf intent = BUF_INIT;
	struct strings *s = c->model.strings;
	size_t at = 0, len = strings_len(s, c->uplinks), n;
	int r = 0;

	while (at < len && r == 0) {
		char dev[64];

		snprintf(dev, sizeof(dev), "%s",
			 strings_get(s, c->uplinks) + at);
		at += strlen(strings_get(s, c->uplinks) + at) + 1;
		n = c->model.tables[KIND_SYSCTL].n;
		r = want_sysctl(c, dev, "accept_ra", "2");
		if (c->model.tables[KIND_SYSCTL].n > n)
			buf_add(&intent, dev, strlen(dev) + 1);
		if (r == 0 && c->forwarding && caps & CAP_FORCE_FORWARDING)
			r = want_sysctl(c, dev, "force_forwarding", "1");
	}
	if (r == 0)
		r = buf_error(&intent);
	if (r == 0)
		c->ra_intent = strings_add(s, intent.data, intent.len);
	if (r == 0 && c->forwarding)
		r = want_sysctl(c, "all", "forwarding", "1");
	if (r == 0 && c->forwarding && caps & CAP_FORCE_FORWARDING)
		r = want_sysctl(c, "default", "force_forwarding", "1");
	return r;
}

/**
 * want_addresses() - What addresses need beside themselves
 * @c:		Conf; AnyIP prefixes become local routes
 *
 * Return: 0; -ENOMEM
 */
static int want_addresses(struct conf *c)
{
	struct table *t = &c->model.tables[KIND_ADDRESS];
	struct strings *s = c->model.strings;
	size_t keep = 0;
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		struct address a =
			*MODEL_AT(&c->model, KIND_ADDRESS, address, i);
		struct route *route;
		char dev[64];

		snprintf(dev, sizeof(dev), "%s", strings_get(s, a.dev));
		if (a.dad == DAD_OPTIMISTIC)
			r = want_sysctl(c, dev, "optimistic_dad", "1");
		if (!a.local) {
			*MODEL_AT(&c->model, KIND_ADDRESS, address, keep++) = a;
			continue;
		}
		route = model_add(&c->model, KIND_ROUTE);
		if (!route)
			return -ENOMEM;
		kind_init_object(&kind_route, route);
		route->dst = a.address;
		route->len = a.len;
		route->type = RTN_LOCAL;
		route->table = RT_TABLE_LOCAL;
		route->dev = strings_add_text(s, "lo");
	}
	t->n = keep;
	return r;
}

/**
 * split_proxies() - Part prefixes, which a program answers for, from the kernel's
 * @c:		Conf; gets .responders
 *
 * Return: 0; -ENOMEM
 */
static int split_proxies(struct conf *c)
{
	struct table *t = &c->model.tables[KIND_PROXY], *to = &c->responders;
	size_t keep = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct proxy p =
			*MODEL_AT(&c->model, KIND_PROXY, proxy, i);
		char *items;

		if (p.len == 128) {
			*MODEL_AT(&c->model, KIND_PROXY, proxy, keep++) = p;
			continue;
		}
		items = reallocarray(to->items, to->n + 1, sizeof(p));
		if (!items)
			return -ENOMEM;
		to->items = items;
		memcpy(items + to->n++ * sizeof(p), &p, sizeof(p));
	}
	t->n = keep;
	return 0;
}

/**
 * want_rest() - Sysctls that proxies and links need
 * @c:		Conf
 *
 * Return: 0; -ENOMEM
 */
static int want_rest(struct conf *c)
{
	struct strings *s = c->model.strings;
	char dev[64];
	int r = 0;

	r = split_proxies(c);
	for (size_t i = 0; i < c->model.tables[KIND_PROXY].n && r == 0; i++) {
		snprintf(
			dev, sizeof(dev), "%s",
			strings_get(s, MODEL_AT(&c->model, KIND_PROXY, proxy, i)
					       ->dev));
		r = want_sysctl(c, dev, "proxy_ndp", "1");
	}
	for (size_t i = 0; i < c->model.tables[KIND_LINK].n && r == 0; i++) {
		struct link *l = MODEL_AT(&c->model, KIND_LINK, link, i);
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		const uint8_t *b = l->secret.s6_addr;

		if (!(l->set & LINK_SET_SECRET))
			continue;
		for (size_t n = 0; n < 16; n += 2)
			buf_printf(&text, "%s%02x%02x", n ? ":" : "", b[n],
				   b[n + 1]);
		snprintf(dev, sizeof(dev), "%s", strings_get(s, l->name));
		r = want_sysctl(c, dev, "stable_secret", buf_text(&text));
	}
	return r;
}

/**
 * report_duplicates() - Name objects that are there twice
 * @rd:		Reading; the model is sorted
 */
static void report_duplicates(struct reader *rd)
{
	for (size_t k = 0; k < KIND_MAX; k++) {
		const struct table *t = &rd->conf->model.tables[k];
		size_t size = kinds[k]->size;

		for (size_t i = 1; i < t->n; i++) {
			_cleanup_(buf_release) struct buf what = BUF_INIT;

			if (kinds[k]->cmp(rd->strings,
					  t->items + (i - 1) * size,
					  t->items + i * size) != 0)
				continue;
			object_describe(kinds[k], rd->strings,
					t->items + i * size, &what);
			problem(rd, doc_root(rd->doc), "%s '%s': stated twice",
				kinds[k]->name, buf_text(&what));
		}
	}
}

/**
 * read_document() - All of a document
 * @rd:		Reading
 *
 * Return: 0; -EINVAL after problems, -ENOMEM
 */
static int read_document(struct reader *rd)
{
	uint32_t root = doc_root(rd->doc);
	int r = 0;

	if (doc_type(rd->doc, root) != DOC_OBJECT)
		return problem(rd, root, "document: expected an object");
	if (!doc_get(rd->doc, root, "version"))
		(void)problem(rd, root,
			      "document: 'version' is missing, it is 1");
	for (uint32_t m = doc_first(rd->doc, root); m && r == 0;
	     m = doc_next(rd->doc, m))
		r = read_top(rd, m);
	return r < 0 ? r : rd->n_errors ? -EINVAL : 0;
}

/**
 * link_problem() - One line about a link
 * @rd:		Reading
 * @l:		Link
 * @why:	What is wrong
 *
 * Return: -EINVAL
 */
static int link_problem(struct reader *rd, const struct link *l,
			const struct buf *why)
{
	const char *name = strings_get(rd->strings, l->name);
	uint32_t node = doc_get(rd->doc, doc_root(rd->doc), "links");

	for (node = doc_first(rd->doc, node); node;
	     node = doc_next(rd->doc, node))
		if (strcmp(doc_get_scalar(rd->doc, node, "name"), name) == 0)
			break;
	return problem(rd, node, "link '%s': %s", name, buf_text(why));
}

/**
 * join_links() - Bring the two ends of a veth together, and hold links against each other
 * @rd:		Reading
 *
 * Return: 0; -EINVAL after problems, -ENOMEM
 */
static int join_links(struct reader *rd)
{
	struct model *m = &rd->conf->model;
	_cleanup_(buf_release) struct buf why = BUF_INIT;
	const struct link *l;
	int r;

	(void)model_sort(m, KIND_LINK);
	for (size_t i = 0; i < m->tables[KIND_LINK].n; i++) {
		l = MODEL_AT(m, KIND_LINK, link, i);
		buf_clear(&why);
		if (conf_join_link(m, l, &why) < 0)
			(void)link_problem(rd, l, &why);
	}
	buf_clear(&why);
	r = conf_find_circle(m, &why, &l);
	if (r == 0 && l)
		(void)link_problem(rd, l, &why);
	return r < 0 ? r : rd->n_errors ? -EINVAL : 0;
}

/**
 * conf_read() - Read a document
 * @s:		Pool for its texts
 * @caps:	What the kernel can do
 * @name:	Name of the file, for messages
 * @text:	Text, YAML or JSON
 * @len:	Its bytes
 * @ret_conf:	Result; the caller ends it by conf_release()
 * @errors:	Gets one line a problem
 *
 * Return: 0; -EINVAL where the document is wrong, -ENOMEM
 */
int conf_read(struct strings *s, unsigned int caps, const char *name,
	      const char *text, size_t len, struct conf *ret_conf,
	      struct buf *errors)
{
	_cleanup_(doc_release) struct doc doc = DOC_INIT;
	_cleanup_(conf_release) struct conf c = { 0 };
	struct reader rd = { .doc = &doc,
			     .name = name,
			     .conf = &c,
			     .strings = s,
			     .errors = errors };
	int r;

	model_init(&c.model, s);
	r = doc_read(&doc, text, len);
	if (r < 0) {
		buf_printf(errors, "%s:%s%s\n", name, doc.error[0] ? "" : " ",
			   doc.error[0] ? doc.error : strerror(-r));
		return r == -ENOMEM ? r : -EINVAL;
	}
	r = read_document(&rd);
	if (r == 0)
		r = join_links(&rd);
	if (r == 0)
		r = want_uplinks(&c, caps);
	if (r == 0)
		r = want_addresses(&c);
	if (r == 0)
		r = want_rest(&c);
	if (r == 0 && model_sort_all(&c.model) == -EEXIST)
		report_duplicates(&rd);
	if (r < 0 || rd.n_errors || s->error)
		return r ? r : s->error ? s->error : -EINVAL;
	*ret_conf = c;
	c = (struct conf){ 0 };
	return 0;
}

/**
 * conf_read_state() - Read what `netsetup show --json` wrote
 * @s:		Pool for its texts
 * @path:	File
 * @ret_state:	Model, sorted; the caller ends it by model_release()
 * @errors:	Gets one line a problem
 *
 * Return: 0; -EINVAL, -ENOMEM
 */
int conf_read_state(struct strings *s, const char *path,
		    struct model *ret_state, struct buf *errors)
{
	_cleanup_(doc_release) struct doc doc = DOC_INIT;
	_cleanup_(conf_release) struct conf c = { 0 };
	struct reader rd = { .doc = &doc,
			     .name = path,
			     .conf = &c,
			     .strings = s,
			     .errors = errors,
			     .state = true };
	int r;

	model_init(&c.model, s);
	r = doc_read_file(&doc, path);
	if (r < 0) {
		buf_printf(errors, "%s:%s%s\n", path, doc.error[0] ? "" : " ",
			   doc.error[0] ? doc.error : strerror(-r));
		return -EINVAL;
	}
	r = read_document(&rd);
	if (r < 0)
		return r;
	(void)model_sort_all(&c.model);
	*ret_state = c.model;
	model_init(&c.model, s);
	return 0;
}

/**
 * conf_release() - End a conf
 * @c:		Conf
 */
void conf_release(struct conf *c)
{
	model_release(&c->model);
	free(c->responders.items);
	c->responders = (struct table){ 0 };
}
