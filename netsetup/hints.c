/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/hints.h"

#include "lib/cleanup.h"
#include "lib/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HINTS_MAX (1U << 20) /* bytes of a hints file */

static const char *const sources[NAT64_SOURCE_MAX] = {
	[NAT64_UNKNOWN] = "unknown",   [NAT64_STATIC] = "static",
	[NAT64_PREF64] = "pref64",     [NAT64_RFC7050] = "rfc7050",
	[NAT64_METADATA] = "metadata",
};

/* Facts of one type each: name in JSON, name in hints.env, place. */
enum field_type { FIELD_TEXT, FIELD_ADDR, FIELD_PREFIX, FIELD_UINT };

static const struct field {
	const char *name;
	const char *env;
	enum field_type type;
	size_t offset, size;
} fields[] = {
#define FIELD(field, name_env, field_type)                                   \
	{                                                                    \
#field, name_env, field_type, offsetof(struct hints, field), \
			sizeof(((struct hints *)0)->field)                   \
	}
	FIELD(node_name, "NODE_NAME", FIELD_TEXT),
	FIELD(provider, "PROVIDER", FIELD_TEXT),
	FIELD(uplink, "UPLINK", FIELD_TEXT),
	FIELD(node_ip, "NODE_IP", FIELD_ADDR),
	FIELD(node_prefix, "NODE_PREFIX", FIELD_PREFIX),
	FIELD(pod_cidr, "POD_CIDR", FIELD_PREFIX),
	FIELD(cluster_cidr, "CLUSTER_CIDR", FIELD_PREFIX),
	FIELD(service_cidr, "SERVICE_CIDR", FIELD_PREFIX),
	FIELD(dns_service_ip, "DNS_SERVICE_IP", FIELD_ADDR),
	FIELD(cluster_domain, "CLUSTER_DOMAIN", FIELD_TEXT),
	FIELD(mtu, "MTU", FIELD_UINT),
	FIELD(gateway, "GATEWAY", FIELD_ADDR),
#undef FIELD
};

/**
 * nat64_source_name() - Word for how a prefix was learnt
 * @source:	Source
 *
 * Return: "pref64", ...
 */
const char *nat64_source_name(enum nat64_source source)
{
	return source < NAT64_SOURCE_MAX ? sources[source] : "unknown";
}

/**
 * field_text() - A fact as text
 * @h:		Hints
 * @f:		Which
 * @text:	Place for it
 *
 * Return: text, NULL where it is not known
 */
static const char *field_text(const struct hints *h, const struct field *f,
			      char text[ADDR_STRLEN])
{
	const void *at = (const char *)h + f->offset;
	const struct prefix *p = at;

	switch (f->type) {
	case FIELD_TEXT:
		return *(const char *)at ? at : NULL;
	case FIELD_ADDR:
		return addr_is_set(at) ? addr_format(at, text) : NULL;
	case FIELD_PREFIX:
		return addr_is_set(&p->addr) ? prefix_format(p, text) : NULL;
	case FIELD_UINT:
		(void)snprintf(text, ADDR_STRLEN, "%u",
			       *(const unsigned int *)at);
		return *(const unsigned int *)at ? text : NULL;
	}
	return NULL;
}

/**
 * set_or_null() - Put a text into JSON, null where there is none
 * @o:		Object
 * @name:	Member
 * @text:	Text, or NULL
 */
static void set_or_null(struct json *o, const char *name, const char *text)
{
	if (text)
		json_set_string(o, name, text);
	else
		json_set_null(o, name);
}

/**
 * nat64_to_json() - Put a NAT64 prefix into JSON
 * @root:	Object
 * @name:	Member; null where no prefix is known
 * @n:		Prefix and where it was learnt
 */
void nat64_to_json(struct json *root, const char *name,
		   const struct nat64_hint *n)
{
	struct json *o;

	if (!addr_is_set(&n->prefix.addr)) {
		json_set_null(root, name);
		return;
	}
	o = json_set_object(root, name);
	json_set_string(o, "prefix", PREFIX_TEXT(&n->prefix));
	json_set_string(o, "source", nat64_source_name(n->source));
	if (n->lifetime_s)
		json_set_int(o, "lifetime_s", n->lifetime_s);
	else
		json_set_null(o, "lifetime_s");
	set_or_null(o, "router",
		    addr_is_set(&n->router) ? ADDR_TEXT(&n->router) : NULL);
}

/**
 * hints_print() - Hints as JSON
 * @h:		Hints
 * @b:		Text is appended
 *
 * Return: 0, -ENOMEM
 */
int hints_print(const struct hints *h, struct buf *b)
{
	_cleanup_(json_freep) struct json *root = json_object();
	char text[ADDR_STRLEN];
	const char *value;
	struct json *o;
	size_t i;

	json_set_int(root, "version", 1);
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		value = field_text(h, &fields[i], text);
		if (value && fields[i].type == FIELD_UINT)
			json_set_int(root, fields[i].name, h->mtu);
		else
			set_or_null(root, fields[i].name, value);
	}
	o = json_set_array(root, "dns");
	for (i = 0; i < h->n_dns; i++)
		json_append_string(o, ADDR_TEXT(&h->dns[i]));
	nat64_to_json(root, "nat64", &h->nat64);
	if (h->dns64 == HINT_UNKNOWN)
		json_set_null(root, "dns64");
	else
		json_set_bool(root, "dns64", h->dns64 == HINT_YES);
	if (addr_is_set(&h->ra.router)) {
		o = json_set_object(root, "ra");
		json_set_string(o, "router", ADDR_TEXT(&h->ra.router));
		json_set_int(o, "lifetime_s", h->ra.lifetime_s);
	} else {
		json_set_null(root, "ra");
	}
	return json_print(root, JSON_PRETTY, b);
}

/**
 * hints_print_env() - Hints as lines NAME=value, for units and scripts
 * @h:		Hints
 * @b:		Text is appended
 *
 * Return: 0, -ENOMEM
 */
int hints_print_env(const struct hints *h, struct buf *b)
{
	char text[ADDR_STRLEN];
	const char *value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		value = field_text(h, &fields[i], text);
		/* Names come from others: none may end the quotes. */
		if (value && !strpbrk(value, "\"\\$`\n"))
			buf_printf(b, "%s=\"%s\"\n", fields[i].env, value);
	}
	if (h->n_dns) {
		buf_puts(b, "DNS=\"");
		for (i = 0; i < h->n_dns; i++)
			buf_printf(b, "%s%s", i ? " " : "",
				   ADDR_TEXT(&h->dns[i]));
		buf_puts(b, "\"\n");
	}
	if (addr_is_set(&h->nat64.prefix.addr))
		buf_printf(b, "NAT64_PREFIX=\"%s\"\nNAT64_SOURCE=\"%s\"\n",
			   PREFIX_TEXT(&h->nat64.prefix),
			   nat64_source_name(h->nat64.source));
	return buf_error(b);
}

/**
 * field_parse() - Read a fact
 * @h:		Hints
 * @f:		Which
 * @j:		Its value, or NULL
 *
 * Return: 0, -EBADMSG
 */
static int field_parse(struct hints *h, const struct field *f,
		       const struct json *j)
{
	const char *text = json_string(j);
	void *at = (char *)h + f->offset;
	int64_t number;

	if (!j || json_is_null(j))
		return 0;
	switch (f->type) {
	case FIELD_TEXT:
		if (!text || strlen(text) >= f->size)
			return -EBADMSG;
		memcpy(at, text, strlen(text) + 1);
		return 0;
	case FIELD_ADDR:
		return text && addr_parse6(text, at) == 0 ? 0 : -EBADMSG;
	case FIELD_PREFIX:
		return text && prefix_parse6(text, at) == 0 ? 0 : -EBADMSG;
	case FIELD_UINT:
		if (json_int(j, &number) < 0 || number < 0 || number > 65535)
			return -EBADMSG;
		*(unsigned int *)at = (unsigned int)number;
		return 0;
	}
	return -EBADMSG;
}

/**
 * nat64_from_json() - Read a NAT64 prefix
 * @j:		Object, null, or NULL
 * @n:		Result
 *
 * Return: 0, also where there is none; -EBADMSG
 */
int nat64_from_json(const struct json *j, struct nat64_hint *n)
{
	const char *text = json_get_string(j, "prefix");
	int i;

	if (!json_is_object(j))
		return 0;
	if (!text || prefix_parse6(text, &n->prefix) < 0)
		return -EBADMSG;
	text = json_get_string(j, "source");
	for (i = 0; text && i < NAT64_SOURCE_MAX; i++)
		if (strcmp(text, sources[i]) == 0)
			n->source = i;
	n->lifetime_s = json_get_int(j, "lifetime_s", 0);
	text = json_get_string(j, "router");
	if (text && addr_parse6(text, &n->router) < 0)
		return -EBADMSG;
	return 0;
}

/**
 * hints_parse() - Read hints; pure
 * @text:	JSON
 * @len:	Its bytes
 * @ret_hints:	Result
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
int hints_parse(const char *text, size_t len, struct hints *ret_hints)
{
	_cleanup_(json_freep) struct json *root = NULL;
	struct hints h = HINTS_INIT;
	const struct json *item;
	size_t i;
	int r;

	r = json_parse(text, len, &root);
	if (r < 0)
		return r;
	if (!json_is_object(root))
		return -EBADMSG;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		r = field_parse(&h, &fields[i], json_get(root, fields[i].name));
		if (r < 0)
			return r;
	}
	for (item = json_first(json_get(root, "dns"));
	     item && h.n_dns < HINTS_DNS_MAX; item = json_next(item))
		if (json_string(item) &&
		    addr_parse6(json_string(item), &h.dns[h.n_dns]) == 0)
			h.n_dns++;
	r = nat64_from_json(json_get(root, "nat64"), &h.nat64);
	if (r < 0)
		return r;
	item = json_get(root, "dns64");
	if (item && !json_is_null(item))
		h.dns64 = json_true(item) ? HINT_YES : HINT_NO;
	item = json_get(root, "ra");
	if (json_get_string(item, "router") &&
	    addr_parse6(json_get_string(item, "router"), &h.ra.router) == 0)
		h.ra.lifetime_s = json_get_int(item, "lifetime_s", 0);
	*ret_hints = h;
	return 0;
}

/**
 * hints_read() - Read a hints file
 * @path:	File, NULL: HINTS_PATH
 * @ret_hints:	Result
 *
 * Return: 0, -EBADMSG, -ENOMEM, or what open() and read() say
 */
int hints_read(const char *path, struct hints *ret_hints)
{
	_cleanup_(buf_release) struct buf text = { .max = HINTS_MAX };
	int r;

	r = buf_read_file(&text, path ?: HINTS_PATH);
	if (r < 0)
		return r;
	return hints_parse(buf_text(&text), text.len, ret_hints);
}

/**
 * make_folders() - Make the folders that a file lies in
 * @path:	Of the file; changed for a while
 *
 * Return: 0, or what mkdir() says
 */
static int make_folders(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/**
 * hints_replace() - Replace a file at once, where its content differs
 * @path:	File; changed for a while
 * @text:	Content
 * @changed:	Set to true where it was written
 *
 * Return: 0, -ENOMEM, or what the system calls say
 */
int hints_replace(char *path, const struct buf *text, bool *changed)
{
	_cleanup_(buf_release) struct buf have = { .max = HINTS_MAX };
	_cleanup_(buf_release) struct buf temp = BUF_INIT;
	_cleanup_close_ int fd = -1;
	int r;

	if (buf_read_file(&have, path) == 0 && have.len == text->len &&
	    (text->len == 0 || memcmp(have.data, text->data, text->len) == 0))
		return 0;
	r = make_folders(path);
	if (r < 0)
		return r;
	buf_printf(&temp, "%s.%ld.tmp", path, (long)getpid());
	if (buf_error(&temp) < 0)
		return -ENOMEM;
	fd = open(temp.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, buf_text(text), text->len) != (ssize_t)text->len)
		r = -EIO;
	else if (rename(temp.data, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temp.data);
	else
		*changed = true;
	return r;
}

/**
 * hints_write() - Write hints.json and hints.env, each by a rename
 * @h:		Hints
 * @root:	Put before the path, or NULL
 * @path:	Of hints.json, NULL: HINTS_PATH; hints.env lies beside it
 * @ret_changed: Whether anything was written; may be NULL
 *
 * Return: 0, -ENOMEM, or what the system calls say
 */
int hints_write(const struct hints *h, const char *root, const char *path,
		bool *ret_changed)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT, env = BUF_INIT;
	_cleanup_(buf_release) struct buf at = BUF_INIT, beside = BUF_INIT;
	bool changed = false;
	size_t stem;
	int r;

	r = hints_print(h, &json);
	if (r == 0 && json.len && json.data[json.len - 1] != '\n')
		buf_putc(&json, '\n');
	if (r == 0)
		r = hints_print_env(h, &env);
	buf_printf(&at, "%s%s", root ?: "", path ?: HINTS_PATH);
	stem = at.len;
	if (stem > 5 && strcmp(at.data + stem - 5, ".json") == 0)
		stem -= 5;
	buf_add(&beside, at.data, stem);
	buf_puts(&beside, ".env");
	if (r == 0 && (buf_error(&json) < 0 || buf_error(&beside) < 0))
		r = -ENOMEM;
	if (r == 0)
		r = hints_replace(beside.data, &env, &changed);
	/* Last, because people wait for it. */
	if (r == 0)
		r = hints_replace(at.data, &json, &changed);
	if (r == 0 && ret_changed)
		*ret_changed = changed;
	return r;
}
