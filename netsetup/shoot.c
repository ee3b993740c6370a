/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/shoot.h"

#include "lib/cleanup.h"
#include "lib/doc.h"
#include "lib/opt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICES_WIDEST     108 /* kube-apiserver before 1.34 refuses wider ones */
#define SERVICES_NARROWEST  124 /* address 1 is kubernetes, address 10 is DNS */
#define WIDE_SERVICES_SINCE 34 /* minor version of Kubernetes */
#define NODE_MASK           64 /* Kubernetes' and Gardener's default for IPv6 */
#define NODES_BITS          16 /* a controller manager's bitmap of nodes */

enum range { RANGE_PODS, RANGE_SERVICES, RANGE_NODES, RANGE_MAX };

static const char *const range_names[RANGE_MAX] = {
	[RANGE_PODS] = "pods",
	[RANGE_SERVICES] = "services",
	[RANGE_NODES] = "nodes",
};

struct reader {
	const char *file;
	struct doc doc;
	bool pods_from_node;
	struct buf *errors, *warnings;
	uint32_t at[RANGE_MAX]; /* where each range stands */
	struct prefix range[RANGE_MAX];
	struct shoot shoot;
};

/**
 * tell() - Put down a problem with its place
 * @rd:		Reader
 * @out:	Errors or warnings
 * @node:	Where
 * @format:	Words, as for printf()
 */
static void printf_like(4, 5) tell(const struct reader *rd, struct buf *out,
				   uint32_t node, const char *format, ...)
{
	va_list args;

	buf_printf(out, "%s:%u:%u: ", rd->file,
		   MAX(doc_line(&rd->doc, node), 1U),
		   MAX(doc_column(&rd->doc, node), 1U));
	va_start(args, format);
	buf_vprintf(out, format, args);
	va_end(args);
	buf_putc(out, '\n');
}

/**
 * tell_parse() - Word why an address or prefix cannot be read
 * @rd:		Reader
 * @node:	Where
 * @name:	What it is
 * @r:		What the parser of lib/addr said
 */
static void tell_parse(const struct reader *rd, uint32_t node, const char *name,
		       int r)
{
	const char *text = doc_scalar(&rd->doc, node);
	struct prefix p;

	if (!text) {
		tell(rd, rd->errors, node, "%s: one text expected", name);
	} else if (r == -EAFNOSUPPORT) {
		tell(rd, rd->errors, node,
		     "%s '%s': IPv4, but these nodes "
		     "have IPv6 only",
		     name, text);
	} else if (r == -ERANGE) {
		tell(rd, rd->errors, node, "%s '%s': prefix length above 128",
		     name, text);
	} else if (r == -EADDRNOTAVAIL && prefix_parse_host(text, &p) == 0) {
		p = prefix_of(&p.addr, p.len);
		tell(rd, rd->errors, node,
		     "%s '%s': bits are set past the prefix length; '%s' is "
		     "the prefix",
		     name, text, PREFIX_TEXT(&p));
	} else {
		tell(rd, rd->errors, node, "%s '%s': not an IPv6 %s", name,
		     text,
		     strchr(text, '/') ?
			     "prefix" :
			     "prefix, which has a length as in '2001:db8::/64'");
	}
}

/**
 * read_prefix() - Read a prefix, where there is one
 * @rd:		Reader
 * @node:	Where, DOC_NONE: nowhere
 * @name:	What it is
 * @out:	Prefix; left alone where there is none or it is bad
 */
static void read_prefix(struct reader *rd, uint32_t node, const char *name,
			struct prefix *out)
{
	const char *text;
	int r;

	/* The status of a Shoot has lists, with one entry for each family. */
	if (doc_type(&rd->doc, node) == DOC_ARRAY)
		node = doc_first(&rd->doc, node);
	if (!node || doc_type(&rd->doc, node) == DOC_NULL)
		return;
	text = doc_scalar(&rd->doc, node);
	if (text && !*text)
		return;
	r = text ? prefix_parse6(text, out) : -EINVAL;
	if (r < 0)
		tell_parse(rd, node, name, r);
}

/**
 * read_address() - Read an address, where there is one
 * @rd:		Reader
 * @path:	Where, in the short form
 * @out:	Address
 */
static void read_address(struct reader *rd, const char *path, struct addr *out)
{
	uint32_t node = doc_get(&rd->doc, doc_root(&rd->doc), path);
	const char *text = doc_scalar(&rd->doc, node);
	int r;

	if (!node)
		return;
	r = text ? addr_parse6(text, out) : -EINVAL;
	if (r == -EAFNOSUPPORT)
		tell_parse(rd, node, path, r);
	else if (r < 0)
		tell(rd, rd->errors, node, "%s '%s': not an IPv6 address", path,
		     text ?: "");
}

/**
 * read_bool() - Read a yes or no
 * @rd:		Reader
 * @path:	Where it lies
 *
 * Return: whether it is there and true; anything but true and false is an error
 */
static bool read_bool(struct reader *rd, const char *path)
{
	uint32_t node = doc_get(&rd->doc, doc_root(&rd->doc), path);
	const char *text = doc_scalar(&rd->doc, node);

	if (node && (!text ||
		     (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)))
		tell(rd, rd->errors, node, "%s: not true or false", path);
	return text && strcmp(text, "true") == 0;
}

/**
 * read_text() - Copy a text, where there is one
 * @rd:		Reader
 * @path:	Where
 * @out:	Place
 * @size:	Its size
 */
static void read_text(struct reader *rd, const char *path, char *out,
		      size_t size)
{
	uint32_t node = doc_get(&rd->doc, doc_root(&rd->doc), path);
	const char *text = doc_scalar(&rd->doc, node);

	if (!node || doc_type(&rd->doc, node) == DOC_NULL)
		return;
	if (!text || strlen(text) >= size)
		tell(rd, rd->errors, node,
		     "%s: one text below %zu bytes "
		     "expected",
		     path, size);
	else
		memcpy(out, text, strlen(text) + 1);
}

/**
 * read_version() - Read the minor version of Kubernetes
 * @rd:		Reader
 * @path:	Where
 */
static void read_version(struct reader *rd, const char *path)
{
	uint32_t node = doc_get(&rd->doc, doc_root(&rd->doc), path);
	const char *text = doc_scalar(&rd->doc, node);
	unsigned int minor;

	if (!text || doc_type(&rd->doc, node) == DOC_NULL)
		return;
	if (*text == 'v')
		text++;
	if (sscanf(text, "1.%3u", &minor) == 1)
		rd->shoot.kubernetes = minor;
	else
		tell(rd, rd->errors, node,
		     "kubernetes '%s': a version as '1.34' expected", text);
}

/**
 * read_families() - IPv6 must be the only family
 * @rd:		Reader
 * @list:	ipFamilies, or DOC_NONE
 */
static void read_families(struct reader *rd, uint32_t list)
{
	uint32_t item;
	const char *text;

	for (item = doc_first(&rd->doc, list); item;
	     item = doc_next(&rd->doc, item)) {
		text = doc_scalar(&rd->doc, item);
		if (!text || strcmp(text, "IPv6") != 0)
			tell(rd, rd->errors, item,
			     "ipFamilies '%s': these nodes have IPv6 only",
			     text ?: "");
	}
}

/**
 * read_mask() - Read the length of a node's part of the pods
 * @rd:		Reader
 */
static void read_mask(struct reader *rd)
{
	static const char *const paths[] = {
		"spec.kubernetes.kubeControllerManager.nodeCIDRMaskSizeIPv6",
		"spec.kubernetes.kubeControllerManager.nodeCIDRMaskSize",
		"nodeMask",
	};
	const char *text = NULL, *end;
	unsigned long mask;
	uint32_t node = DOC_NONE;
	size_t i;

	rd->shoot.node_mask = NODE_MASK;
	for (i = 0; i < ARRAY_SIZE(paths) && !text; i++) {
		node = doc_get(&rd->doc, doc_root(&rd->doc), paths[i]);
		text = doc_scalar(&rd->doc, node);
	}
	if (!text)
		return;
	mask = strtoul(text, (char **)(uintptr_t)&end, 10);
	if (*end || end == text || mask < 1 || mask > 128)
		tell(rd, rd->errors, node,
		     "node mask '%s': a prefix length expected", text);
	else
		rd->shoot.node_mask = (unsigned int)mask;
}

/**
 * read_shoot() - Read a Gardener Shoot
 * @rd:		Reader
 */
static void read_shoot(struct reader *rd)
{
	const struct doc *d = &rd->doc;
	uint32_t root = doc_root(d), node, spec, status;
	int i;

	spec = doc_get(d, root, "spec.networking");
	status = doc_get(d, root, "status.networking");
	if (!spec)
		tell(rd, rd->errors, root, "no 'spec.networking' in here");
	read_families(rd, doc_get(d, spec, "ipFamilies"));
	for (i = 0; i < RANGE_MAX; i++) {
		/* What the cluster got counts, not what was asked for. */
		node = doc_get(d, status, range_names[i]);
		if (!doc_count(d, node))
			node = doc_get(d, spec, range_names[i]);
		if (doc_type(d, node) == DOC_ARRAY)
			node = doc_first(d, node);
		rd->at[i] = node;
	}
	read_version(rd, "spec.kubernetes.version");
}

/**
 * read_short() - Read the short form
 * @rd:		Reader
 */
static void read_short(struct reader *rd)
{
	static const char *const known[] = {
		"pods",       "services", "nodes", "nodeMask",
		"kubernetes", "domain",   "node",
	};
	const struct doc *d = &rd->doc;
	char hint[OPT_HINT];
	uint32_t item;
	size_t i;

	for (item = doc_first(d, doc_root(d)); item; item = doc_next(d, item)) {
		for (i = 0; i < ARRAY_SIZE(known); i++)
			if (strcmp(doc_key(d, item), known[i]) == 0)
				break;
		if (i < ARRAY_SIZE(known))
			continue;
		tell(rd, rd->errors, item, "unknown key '%s'%s",
		     doc_key(d, item),
		     opt_hint(doc_key(d, item), known, ARRAY_SIZE(known),
			      hint));
	}
	for (i = 0; i < RANGE_MAX; i++)
		rd->at[i] = doc_get(d, doc_root(d), range_names[i]);
	read_version(rd, "kubernetes");
	read_text(rd, "domain", rd->shoot.domain, sizeof(rd->shoot.domain));
	read_text(rd, "node.name", rd->shoot.node_name,
		  sizeof(rd->shoot.node_name));
	read_text(rd, "node.uplink", rd->shoot.uplink,
		  sizeof(rd->shoot.uplink));
	read_address(rd, "node.address", &rd->shoot.node_address);
	read_address(rd, "node.gateway", &rd->shoot.node_gateway);
	read_prefix(rd, doc_get(d, doc_root(d), "node.pods"), "node.pods",
		    &rd->shoot.node_pods);
	rd->shoot.node_proxy = read_bool(rd, "node.proxy");
}

/**
 * check_services() - Rules for the range of services
 * @rd:		Reader
 */
static void check_services(const struct reader *rd)
{
	const struct prefix *p = &rd->range[RANGE_SERVICES];
	uint32_t at = rd->at[RANGE_SERVICES];
	bool new = rd->shoot.kubernetes >= WIDE_SERVICES_SINCE;
	struct prefix usual;

	if (!addr_is_set(&p->addr)) {
		if (!doc_scalar(&rd->doc, at) || !*doc_scalar(&rd->doc, at))
			tell(rd, rd->errors, at,
			     "services: missing; a range "
			     "such as '2001:db8:96::/112' is needed");
		return;
	}
	usual = prefix_of(&p->addr, 112);
	if (p->len < SERVICES_WIDEST)
		tell(rd, new ? rd->warnings : rd->errors, at,
		     "services '%s': too wide for Kubernetes before 1.34, /108 "
		     "is the widest (its kube-apiserver refuses it); '%s' is "
		     "usual",
		     PREFIX_TEXT(p), PREFIX_TEXT(&usual));
	if (p->len > SERVICES_NARROWEST)
		tell(rd, rd->errors, at,
		     "services '%s': too narrow, /124 is the narrowest (the "
		     "DNS service takes its tenth address); '%s' is usual",
		     PREFIX_TEXT(p), PREFIX_TEXT(&usual));
}

/**
 * check_pods() - Rules for cutting pods into nodes
 * @rd:		Reader
 */
static void check_pods(const struct reader *rd)
{
	const struct prefix *p = &rd->range[RANGE_PODS];
	unsigned int mask = rd->shoot.node_mask;

	if (!addr_is_set(&p->addr) || rd->pods_from_node)
		return;
	if (p->len > mask)
		tell(rd, rd->errors, rd->at[RANGE_PODS],
		     "pods '%s': narrower than the /%u that each node gets",
		     PREFIX_TEXT(p), mask);
	else if (mask - p->len > NODES_BITS)
		tell(rd, rd->errors, rd->at[RANGE_PODS],
		     "pods '%s': /%u of each node is more than %d bits longer "
		     "(the controller manager refuses it)",
		     PREFIX_TEXT(p), mask, NODES_BITS);
}

/**
 * check_range() - Rules for each range by itself
 * @rd:		Reader
 * @i:		Range
 */
static void check_range(const struct reader *rd, enum range i)
{
	static const char *const vpn_text = "fd8f:6d53:b97a:1::/96";
	const struct prefix *p = &rd->range[i];
	struct prefix vpn, site;

	if (!addr_is_set(&p->addr))
		return;
	if (prefix_parse6(vpn_text, &vpn) == 0 && prefix_overlap(p, &vpn))
		tell(rd, rd->errors, rd->at[i],
		     "%s '%s': overlaps '%s', which Gardener's VPN uses",
		     range_names[i], PREFIX_TEXT(p), vpn_text);
	if (prefix_parse6("fec0::/10", &site) == 0 && prefix_overlap(p, &site))
		tell(rd, rd->warnings, rd->at[i],
		     "%s '%s': site-local addresses are deprecated (RFC 3879)",
		     range_names[i], PREFIX_TEXT(p));
}

/**
 * check_disjoint() - No range may overlap another
 * @rd:		Reader
 */
static void check_disjoint(const struct reader *rd)
{
	int i, k;

	for (i = 0; i < RANGE_MAX; i++) {
		for (k = i + 1; k < RANGE_MAX; k++) {
			const struct prefix *a = &rd->range[i];
			const struct prefix *b = &rd->range[k];

			if (!addr_is_set(&a->addr) || !addr_is_set(&b->addr) ||
			    !prefix_overlap(a, b))
				continue;
			/* There a node's pods are a part of its own prefix. */
			if (i == RANGE_PODS && k == RANGE_NODES &&
			    rd->pods_from_node)
				continue;
			tell(rd, rd->errors, rd->at[k],
			     "%s '%s': overlaps %s '%s' of line %u",
			     range_names[k], PREFIX_TEXT(b), range_names[i],
			     PREFIX_TEXT(a), doc_line(&rd->doc, rd->at[i]));
		}
	}
}

/**
 * read_all() - Read and check a shoot that is well-formed
 * @rd:		Reader
 */
static void read_all(struct reader *rd)
{
	const struct doc *d = &rd->doc;
	int i;

	if (doc_type(d, doc_root(d)) != DOC_OBJECT) {
		tell(rd, rd->errors, doc_root(d), "not a shoot");
		return;
	}
	if (doc_get(d, doc_root(d), "spec") ||
	    doc_get(d, doc_root(d), "apiVersion"))
		read_shoot(rd);
	else
		read_short(rd);
	read_mask(rd);
	for (i = 0; i < RANGE_MAX; i++)
		read_prefix(rd, rd->at[i], range_names[i], &rd->range[i]);
	check_services(rd);
	check_pods(rd);
	for (i = 0; i < RANGE_MAX; i++)
		check_range(rd, i);
	check_disjoint(rd);
	rd->shoot.pods = rd->range[RANGE_PODS];
	rd->shoot.services = rd->range[RANGE_SERVICES];
	rd->shoot.nodes = rd->range[RANGE_NODES];
	if (!*rd->shoot.domain)
		(void)snprintf(rd->shoot.domain, sizeof(rd->shoot.domain),
			       "cluster.local");
}

/**
 * shoot_parse() - Read and check a shoot; pure
 * @file:	Its name, for messages
 * @text:	YAML or JSON
 * @len:	Its bytes
 * @pods_from_node: The provider cuts a node's pods from the node's own prefix
 * @ret_shoot:	Result
 * @errors:	A line per problem
 * @warnings:	A line per doubt
 *
 * Return: 0, -EINVAL where there are problems, -ENOMEM
 */
int shoot_parse(const char *file, const char *text, size_t len,
		bool pods_from_node, struct shoot *ret_shoot,
		struct buf *errors, struct buf *warnings)
{
	struct reader rd = {
		.file = file,
		.pods_from_node = pods_from_node,
		.errors = errors,
		.warnings = warnings,
	};
	size_t before = errors->len;
	int r;

	r = doc_read(&rd.doc, text, len);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		buf_printf(errors, "%s:%s%s\n", file,
			   rd.doc.error[0] ? "" : " ",
			   rd.doc.error[0] ? rd.doc.error : strerror(-r));
		return -EINVAL;
	}
	read_all(&rd);
	doc_release(&rd.doc);
	if (errors->len != before)
		return -EINVAL;
	*ret_shoot = rd.shoot;
	return 0;
}

/**
 * shoot_read() - Read and check a shoot file
 * @path:	File, "-": standard input
 * @pods_from_node: See shoot_parse()
 * @ret_shoot:	Result
 * @errors:	A line per problem
 * @warnings:	A line per doubt
 *
 * Return: 0, -EINVAL, -ENOMEM
 */
int shoot_read(const char *path, bool pods_from_node, struct shoot *ret_shoot,
	       struct buf *errors, struct buf *warnings)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	r = strcmp(path, "-") == 0 ? buf_read_fd(&text, STDIN_FILENO) :
				     buf_read_file(&text, path);
	if (r < 0) {
		buf_printf(errors, "shoot '%s': %s\n", path,
			   strerrordesc_np(-r));
		return -EINVAL;
	}
	return shoot_parse(path, buf_text(&text), text.len, pods_from_node,
			   ret_shoot, errors, warnings);
}
