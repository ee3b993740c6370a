/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/profile.h"

#include "lib/cleanup.h"
#include "lib/opt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fact_names[FACT_MAX] = {
	[FACT_MAC] = "mac",         [FACT_ADDRESS] = "address",
	[FACT_LENGTH] = "length",   [FACT_PREFIX] = "prefix",
	[FACT_GATEWAY] = "gateway", [FACT_MTU] = "mtu",
	[FACT_DNS] = "dns",         [FACT_FORWARDED] = "forwarded",
	[FACT_NAME] = "name",
};

/* Each profile's text lies in the program between two symbols. */
#define BUILTIN(id)                                        \
	asm(".section .rodata\n"                           \
	    "profile_" #id "_start:\n"                     \
	    ".incbin \"netsetup/profiles/" #id ".json\"\n" \
	    "profile_" #id "_end:\n"                       \
	    ".byte 0\n"                                    \
	    ".previous\n");                                \
	extern const char profile_##id##_start[], profile_##id##_end[];
#define PROFILES(X) \
	X(digitalocean) X(gcp) X(ironcore) X(local) X(oci) X(scaleway) X(vultr)

PROFILES(BUILTIN)

static const struct {
	const char *name, *start, *end;
} builtins[] = {
#define ROW(id) { #id, profile_##id##_start, profile_##id##_end },
	PROFILES(ROW)
#undef ROW
};

/**
 * profile_builtin_name() - Name of a profile built in
 * @index:	From 0
 *
 * Return: name, NULL past the last
 */
const char *profile_builtin_name(size_t index)
{
	return index < ARRAY_SIZE(builtins) ? builtins[index].name : NULL;
}

/**
 * profile_builtin_text() - JSON of a profile built in
 * @index:	From 0, in range
 * @ret_len:	Its bytes
 *
 * Return: text
 */
const char *profile_builtin_text(size_t index, size_t *ret_len)
{
	*ret_len = (size_t)(builtins[index].end - builtins[index].start);
	return builtins[index].start;
}

/**
 * profile_release() - End a profile
 * @p:		Profile
 */
void profile_release(struct profile *p)
{
	doc_release(&p->doc);
	*p = (struct profile){ 0 };
}

/**
 * problem() - Put down one problem of a profile
 * @p:		Profile
 * @node:	Where
 * @errors:	One line is appended
 * @what:	Words
 */
static void problem(const struct profile *p, uint32_t node, struct buf *errors,
		    const char *what)
{
	buf_printf(errors, "profile '%s':%u:%u: %s\n", p->name ?: "?",
		   doc_line(&p->doc, node), doc_column(&p->doc, node), what);
}

/**
 * read_texts() - Read an array of texts
 * @p:		Profile
 * @path:	Where it lies
 * @out:	PROFILE_MAX + 1 places, zeroed
 * @errors:	Lines are appended
 */
static void read_texts(const struct profile *p, const char *path,
		       const char **out, struct buf *errors)
{
	uint32_t array = doc_get(&p->doc, doc_root(&p->doc), path), item;
	size_t n = 0;

	for (item = doc_first(&p->doc, array); item;
	     item = doc_next(&p->doc, item)) {
		if (n == PROFILE_MAX || doc_type(&p->doc, item) != DOC_STRING)
			problem(p, item, errors, "not a text, or too many");
		else
			out[n++] = doc_scalar(&p->doc, item);
	}
}

/**
 * is_true() - Whether a member is there and true
 * @p:		Profile
 * @node:	Object
 * @path:	Member
 */
static bool is_true(const struct profile *p, uint32_t node, const char *path)
{
	const char *text = doc_get_scalar(&p->doc, node, path);

	return text && strcmp(text, "true") == 0;
}

/**
 * read_requests() - Read what is asked of the metadata service
 * @p:		Profile
 * @errors:	Lines are appended
 */
static void read_requests(struct profile *p, struct buf *errors)
{
	const struct doc *d = &p->doc;
	uint32_t item, array = doc_get(d, doc_root(d), "metadata.requests");
	struct profile_request *q;
	const char *format;

	for (item = doc_first(d, array); item; item = doc_next(d, item)) {
		if (p->n_requests == PROFILE_MAX) {
			problem(p, item, errors, "too many requests");
			return;
		}
		q = &p->requests[p->n_requests++];
		q->name = doc_get_scalar(d, item, "name");
		q->path = doc_get_scalar(d, item, "path");
		q->wait = doc_get_scalar(d, item, "wait");
		q->optional = is_true(p, item, "optional");
		format = doc_get_scalar(d, item, "format");
		q->json = format && strcmp(format, "json") == 0;
		if (!q->name || !q->path)
			problem(p, item, errors,
				"a request needs name and path");
	}
}

/**
 * read_number() - Read a small number
 * @p:		Profile
 * @path:	Where it lies
 *
 * Return: number, 0 where it is missing
 */
static unsigned int read_number(const struct profile *p, const char *path)
{
	const char *text = doc_get_scalar(&p->doc, doc_root(&p->doc), path);

	return text ? (unsigned int)strtoul(text, NULL, 10) : 0;
}

/**
 * read_node() - Read what netsetup makes of the facts
 * @p:		Profile
 * @errors:	Lines are appended
 */
static void read_node(struct profile *p, struct buf *errors)
{
	uint32_t root = doc_root(&p->doc);
	const char *text;

	p->dad = doc_get_scalar(&p->doc, root, "node.dad");
	p->ra = is_true(p, root, "node.ra");
	p->default_route = is_true(p, root, "node.default_route");
	p->mtu = read_number(p, "node.mtu");
	p->dns = doc_get(&p->doc, root, "node.dns");
	p->sysctls = doc_get(&p->doc, root, "node.sysctls");
	text = doc_get_scalar(&p->doc, root, "pods.from");
	p->pods_from_node = text && strcmp(text, "node") == 0;
	p->pods_proxy = is_true(p, root, "pods.proxy");
	p->pods_length = read_number(p, "pods.length");
	text = doc_get_scalar(&p->doc, root, "node.gateway");
	if (text && addr_parse6(text, &p->gateway) < 0)
		problem(p, doc_get(&p->doc, root, "node.gateway"), errors,
			"not an IPv6 address");
	text = doc_get_scalar(&p->doc, root, "nat64");
	if (text && prefix_parse6(text, &p->nat64) < 0)
		problem(p, doc_get(&p->doc, root, "nat64"), errors,
			"not an IPv6 prefix");
}

/**
 * profile_parse() - Read a profile
 * @text:	JSON or YAML
 * @len:	Its bytes
 * @ret_profile: Result; the caller ends it by profile_release()
 * @errors:	A line per problem
 *
 * Return: 0, -EINVAL, -ENOMEM
 */
int profile_parse(const char *text, size_t len, struct profile *ret_profile,
		  struct buf *errors)
{
	struct profile p = { 0 };
	size_t before = errors->len;
	uint32_t facts;
	int r, i;

	r = doc_read(&p.doc, text, len);
	if (r < 0) {
		buf_printf(errors, "profile: %s\n", p.doc.error);
		return r == -ENOMEM ? r : -EINVAL;
	}
	p.name = doc_get_scalar(&p.doc, doc_root(&p.doc), "name");
	p.summary = doc_get_scalar(&p.doc, doc_root(&p.doc), "summary");
	if (!p.name)
		problem(&p, doc_root(&p.doc), errors, "a profile needs a name");
	read_texts(&p, "metadata.endpoints", p.endpoints, errors);
	read_texts(&p, "metadata.headers", p.headers, errors);
	read_requests(&p, errors);
	facts = doc_get(&p.doc, doc_root(&p.doc), "metadata.facts");
	for (i = 0; i < FACT_MAX; i++)
		p.facts[i] = doc_get(&p.doc, facts, fact_names[i]);
	read_node(&p, errors);
	if (errors->len != before) {
		profile_release(&p);
		return -EINVAL;
	}
	*ret_profile = p;
	return 0;
}

/**
 * unknown() - Word the error for a profile that there is not
 * @name:	What was asked for
 * @errors:	One line is appended
 */
static void unknown(const char *name, struct buf *errors)
{
	const char *names[ARRAY_SIZE(builtins)];
	char hint[OPT_HINT];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(builtins); i++)
		names[i] = builtins[i].name;
	buf_printf(errors, "unknown provider '%s'%s (known:", name,
		   opt_hint(name, names, ARRAY_SIZE(builtins), hint));
	for (i = 0; i < ARRAY_SIZE(builtins); i++)
		buf_printf(errors, " %s", names[i]);
	buf_puts(errors, ")\n");
}

/**
 * profile_load() - Find a profile by name and read it
 * @name:	Its name
 * @folder:	Where own ones lie as NAME.json, or NULL
 * @ret_profile: Result; the caller ends it by profile_release()
 * @errors:	A line per problem
 *
 * Return: 0, -EINVAL, -ENOMEM
 */
int profile_load(const char *name, const char *folder,
		 struct profile *ret_profile, struct buf *errors)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT, path = BUF_INIT;
	size_t i, len;

	if (folder && !strchr(name, '/')) {
		buf_printf(&path, "%s/%s.json", folder, name);
		if (buf_read_file(&text, buf_text(&path)) == 0)
			return profile_parse(buf_text(&text), text.len,
					     ret_profile, errors);
	}
	for (i = 0; i < ARRAY_SIZE(builtins); i++) {
		if (strcmp(builtins[i].name, name) != 0)
			continue;
		len = (size_t)(builtins[i].end - builtins[i].start);
		return profile_parse(builtins[i].start, len, ret_profile,
				     errors);
	}
	unknown(name, errors);
	return -EINVAL;
}
