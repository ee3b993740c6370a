/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/kind/linkinfo.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>

#define VLAN_TOP   4094 /* IEEE 802.1Q: 4095 is reserved */
#define VXLAN_PORT 4789 /* IANA's; the kernel's default is another one */

/**
 * read_vlan() - Number of a VLAN
 * @e:		Unused
 * @data:	IFLA_INFO_DATA
 * @l:		Link
 */
static void read_vlan(struct engine *e, const struct nlattr *data,
		      struct link *l)
{
	const struct nlattr *at[IFLA_VLAN_ID + 1];

	(void)e;
	nl_parse_nested(data, at, IFLA_VLAN_ID);
	l->id = nl_u16(at[IFLA_VLAN_ID], 0);
}

/**
 * put_vlan() - The same, written
 * @e:		Unused
 * @m:		Message
 * @l:		Link
 */
static void put_vlan(struct engine *e, struct nlmsghdr *m, const struct link *l)
{
	(void)e;
	nl_put_u16(m, IFLA_VLAN_ID, (uint16_t)l->id);
}

/**
 * read_vxlan() - Network, ends and port of a VXLAN
 * @e:		Engine
 * @data:	IFLA_INFO_DATA
 * @l:		Link
 */
static void read_vxlan(struct engine *e, const struct nlattr *data,
		       struct link *l)
{
	const struct nlattr *at[IFLA_VXLAN_LOCAL6 + 1];

	nl_parse_nested(data, at, IFLA_VXLAN_LOCAL6);
	l->id = nl_u32(at[IFLA_VXLAN_ID], 0);
	/* Told here alone: it is no IFLA_LINK of the link. */
	if (at[IFLA_VXLAN_LINK])
		l->parent = device_name(e, (int)nl_u32(at[IFLA_VXLAN_LINK], 0));
	l->local = nl_in6(at[IFLA_VXLAN_LOCAL6]);
	l->remote = nl_in6(at[IFLA_VXLAN_GROUP6]);
	l->port = ntohs(nl_u16(at[IFLA_VXLAN_PORT], 0));
	if (l->port == VXLAN_PORT)
		l->port = 0;
}

/**
 * put_vxlan() - The same, written
 * @e:		Engine
 * @m:		Message
 * @l:		Link
 */
static void put_vxlan(struct engine *e, struct nlmsghdr *m,
		      const struct link *l)
{
	nl_put_u32(m, IFLA_VXLAN_ID, l->id);
	if (!IN6_IS_ADDR_UNSPECIFIED(&l->local))
		nl_put_in6(m, IFLA_VXLAN_LOCAL6, &l->local);
	if (!IN6_IS_ADDR_UNSPECIFIED(&l->remote))
		nl_put_in6(m, IFLA_VXLAN_GROUP6, &l->remote);
	nl_put_u16(m, IFLA_VXLAN_PORT, htons(l->port ? l->port : VXLAN_PORT));
	nl_put_u8(m, IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 0);
	if (l->parent)
		nl_put_u32(m, IFLA_VXLAN_LINK,
			   (uint32_t)device_index(e, l->parent));
}

/**
 * put_veth() - The other end
 * @e:		Engine
 * @m:		Message
 * @l:		Link
 */
static void put_veth(struct engine *e, struct nlmsghdr *m, const struct link *l)
{
	struct nlattr *peer = nl_nest(m, VETH_INFO_PEER);

	peer->nla_type = VETH_INFO_PEER;
	nl_header(m, sizeof(struct ifinfomsg));
	nl_put_text(m, IFLA_IFNAME, strings_get(e->strings, l->peer));
	nl_nest_end(m, peer);
}

/**
 * read_macvlan() - Mode of a MACVLAN
 * @e:		Unused
 * @data:	IFLA_INFO_DATA
 * @l:		Link
 */
static void read_macvlan(struct engine *e, const struct nlattr *data,
			 struct link *l)
{
	const struct nlattr *at[IFLA_MACVLAN_MODE + 1];

	(void)e;
	nl_parse_nested(data, at, IFLA_MACVLAN_MODE);
	l->mode = (uint8_t)nl_u32(at[IFLA_MACVLAN_MODE], 0);
}

/**
 * put_macvlan() - The same, written
 * @e:		Unused
 * @m:		Message
 * @l:		Link
 */
static void put_macvlan(struct engine *e, struct nlmsghdr *m,
			const struct link *l)
{
	(void)e;
	nl_put_u32(m, IFLA_MACVLAN_MODE, l->mode);
}

/**
 * read_vrf() - Table of a VRF
 * @e:		Unused
 * @data:	IFLA_INFO_DATA
 * @l:		Link
 */
static void read_vrf(struct engine *e, const struct nlattr *data,
		     struct link *l)
{
	const struct nlattr *at[IFLA_VRF_TABLE + 1];

	(void)e;
	nl_parse_nested(data, at, IFLA_VRF_TABLE);
	l->table = nl_u32(at[IFLA_VRF_TABLE], 0);
}

/**
 * put_vrf() - The same, written
 * @e:		Unused
 * @m:		Message
 * @l:		Link
 */
static void put_vrf(struct engine *e, struct nlmsghdr *m, const struct link *l)
{
	(void)e;
	nl_put_u32(m, IFLA_VRF_TABLE, l->table);
}

/**
 * put_vxlan_ends() - Ends of a VXLAN, all that can change later
 * @m:		Message
 * @l:		Link
 */
static void put_vxlan_ends(struct nlmsghdr *m, const struct link *l)
{
	nl_put_in6(m, IFLA_VXLAN_LOCAL6, &l->local);
	nl_put_in6(m, IFLA_VXLAN_GROUP6, &l->remote);
}

/**
 * put_macvlan_mode() - Mode of a MACVLAN, which can change later
 * @m:		Message
 * @l:		Link
 */
static void put_macvlan_mode(struct nlmsghdr *m, const struct link *l)
{
	nl_put_u32(m, IFLA_MACVLAN_MODE, l->mode);
}

enum need { NEED_ID = 1, NEED_PARENT = 2, NEED_PEER = 4, NEED_TABLE = 8 };

static const struct {
	const char *kind;
	const char *option; /* of the kernel's configuration */
	unsigned int needs; /* fields that must be stated */
	unsigned int takes; /* fields that may be */
	uint32_t top_id; /* the largest one; 0: any that the field takes */
	bool ports; /* other links may have it for their master */
	void (*read)(struct engine *e, const struct nlattr *data,
		     struct link *l);
	void (*put)(struct engine *e, struct nlmsghdr *m, const struct link *l);
	/* What of it can change; NULL: nothing. */
	void (*put_data)(struct nlmsghdr *m, const struct link *l);
} infos[] = {
	{ "", "NET", .ports = true },
	{ "bridge", "BRIDGE", .ports = true },
	{ "dummy", "DUMMY" },
	{ "veth", "VETH", NEED_PEER, .put = put_veth },
	{ "vlan", "VLAN_8021Q", NEED_ID | NEED_PARENT, .top_id = VLAN_TOP,
	  .read = read_vlan, .put = put_vlan },
	{ "vxlan", "VXLAN", NEED_ID, NEED_PARENT, .read = read_vxlan,
	  .put = put_vxlan, .put_data = put_vxlan_ends },
	{ "macvlan", "MACVLAN", NEED_PARENT, .read = read_macvlan,
	  .put = put_macvlan, .put_data = put_macvlan_mode },
	{ "vrf", "NET_VRF", NEED_TABLE, .ports = true, .read = read_vrf,
	  .put = put_vrf },
};

const struct choice linkinfo_kinds[] = {
	{ "", 0 },        { "bridge", 0 }, { "dummy", 0 },
	{ "veth", 0 },    { "vlan", 0 },   { "vxlan", 0 },
	{ "macvlan", 0 }, { "vrf", 0 },    { NULL, 0 },
};
static_assert(ARRAY_SIZE(linkinfo_kinds) == ARRAY_SIZE(infos) + 1,
	      "the same kinds, and the end");

/**
 * linkinfo_check() - Whether a link states what its kind needs and nothing that it has not
 * @kind:	Kind, or ""
 * @l:		Link
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
int linkinfo_check(const char *kind, const struct link *l, struct buf *why)
{
	static const char *const names[] = { "id", "parent", "peer", "table" };
	unsigned int has =
		(l->id ? NEED_ID : 0) | (l->parent ? NEED_PARENT : 0) |
		(l->peer ? NEED_PEER : 0) | (l->table ? NEED_TABLE : 0);

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		unsigned int missing = infos[i].needs & ~has;
		unsigned int extra = has & ~(infos[i].needs | infos[i].takes);

		if (strcmp(infos[i].kind, kind) != 0)
			continue;
		for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
			if (missing & 1U << n)
				buf_printf(why, "kind %s needs %s", kind,
					   names[n]);
			else if (extra & 1U << n)
				buf_printf(why, "%s%s has no %s",
					   *kind ? "kind " : "an existing link",
					   kind, names[n]);
			if ((missing | extra) & 1U << n)
				return -EINVAL;
		}
		if (!infos[i].top_id || l->id <= infos[i].top_id)
			return 0;
		buf_printf(why, "id: %u is not between 1 and %u", l->id,
			   infos[i].top_id);
		return -EINVAL;
	}
	buf_printf(why, "unknown kind '%s', one of", kind);
	for (size_t i = 1; i < ARRAY_SIZE(infos); i++)
		buf_printf(why, " %s", infos[i].kind);
	return -EINVAL;
}

/**
 * linkinfo_schema() - Bounds of JSON Schema that depend on a link's kind
 * @items:	Schema of a link
 */
void linkinfo_schema(struct json *items)
{
	struct json *rules = json_set_array(items, "allOf");

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		struct json *rule, *when, *at;

		if (!infos[i].top_id)
			continue;
		rule = json_append_object(rules);
		when = json_set_object(rule, "if");
		json_append_string(json_set_array(when, "required"), "kind");
		at = json_set_object(when, "properties");
		json_set_string(json_set_object(at, "kind"), "const",
				infos[i].kind);
		at = json_set_object(rule, "then");
		at = json_set_object(json_set_object(at, "properties"), "id");
		json_set_int(at, "maximum", infos[i].top_id);
	}
}

/**
 * linkinfo_takes_ports() - Whether links may have one of a kind for their master
 * @kind:	Kind of infos[], or ""
 *
 * Return: true if they may
 */
bool linkinfo_takes_ports(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(infos); i++)
		if (strcmp(infos[i].kind, kind) == 0)
			return infos[i].ports;
	return false;
}

/**
 * linkinfo_complete() - Give a link what its kind has where the document says nothing
 * @kind:	Kind, or ""
 * @l:		Link; in the form of an observed one afterwards
 */
void linkinfo_complete(const char *kind, struct link *l)
{
	if (strcmp(kind, "macvlan") == 0 && !l->mode)
		l->mode = MACVLAN_MODE_BRIDGE;
	if (l->port == VXLAN_PORT)
		l->port = 0;
}

/**
 * linkinfo_same_nature() - Whether two links agree in what cannot change
 * @want:	Desired link, of a kind
 * @have:	Observed one
 *
 * The name that a veth's other end has in another namespace is not known, and is as good
 * as any.
 *
 * Return: true if they do
 */
bool linkinfo_same_nature(const struct link *want, const struct link *have)
{
	return want->kind == have->kind && want->id == have->id &&
	       want->parent == have->parent && want->table == have->table &&
	       want->port == have->port &&
	       (want->peer == have->peer || !want->peer || !have->peer);
}

/**
 * linkinfo_excludes() - Whether one link cannot be made while another one is there
 * @want:	Link to be made, of a kind
 * @have:	Observed one of another name
 *
 * The kernel refuses a second VXLAN or VLAN of a number.
 *
 * Return: true if so
 */
bool linkinfo_excludes(const struct link *want, const struct link *have)
{
	return want->id && linkinfo_same_nature(want, have);
}

/**
 * linkinfo_same_data() - Whether they agree in what of their kind can change
 * @want:	Desired link, of a kind
 * @have:	Observed one of the same nature
 *
 * Return: true if they do
 */
bool linkinfo_same_data(const struct link *want, const struct link *have)
{
	return want->mode == have->mode &&
	       IN6_ARE_ADDR_EQUAL(&want->local, &have->local) &&
	       IN6_ARE_ADDR_EQUAL(&want->remote, &have->remote);
}

/**
 * linkinfo_lacking() - What the kernel lacks that refused to make a link
 * @kind:	Kind, of infos[]
 * @out:	Gets the words
 */
void linkinfo_lacking(const char *kind, struct buf *out)
{
	buf_printf(out, "this kernel makes no links of kind '%s'", kind);
	for (size_t i = 0; i < ARRAY_SIZE(infos); i++)
		if (strcmp(infos[i].kind, kind) == 0)
			buf_printf(out,
				   " (no CONFIG_%s, or its module is missing)",
				   infos[i].option);
}

/**
 * linkinfo_read() - Kind of an observed link and what belongs to it
 * @e:		Engine
 * @info:	IFLA_LINKINFO, or NULL
 * @l:		Link
 */
void linkinfo_read(struct engine *e, const struct nlattr *info, struct link *l)
{
	const struct nlattr *at[IFLA_INFO_DATA + 1];
	const char *kind;

	nl_parse_nested(info, at, IFLA_INFO_DATA);
	kind = nl_text(at[IFLA_INFO_KIND]);
	l->kind = strings_add_text(e->strings, kind);
	if (strcmp(kind, "veth") == 0) {
		l->peer = l->parent;
		l->parent = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(infos); i++)
		if (infos[i].read && strcmp(infos[i].kind, kind) == 0)
			infos[i].read(e, at[IFLA_INFO_DATA], l);
}

/**
 * linkinfo_put_data() - IFLA_LINKINFO with what of it can change
 * @e:		Engine
 * @m:		Message
 * @l:		Link
 */
void linkinfo_put_data(struct engine *e, struct nlmsghdr *m,
		       const struct link *l)
{
	const char *kind = strings_get(e->strings, l->kind);
	struct nlattr *info = nl_nest(m, IFLA_LINKINFO), *data;

	nl_put_text(m, IFLA_INFO_KIND, kind);
	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		if (!infos[i].put_data || strcmp(infos[i].kind, kind) != 0)
			continue;
		data = nl_nest(m, IFLA_INFO_DATA);
		infos[i].put_data(m, l);
		nl_nest_end(m, data);
	}
	nl_nest_end(m, info);
}

/**
 * linkinfo_put() - IFLA_LINKINFO of a link to be made
 * @e:		Engine
 * @m:		Message
 * @l:		Link
 */
void linkinfo_put(struct engine *e, struct nlmsghdr *m, const struct link *l)
{
	const char *kind = strings_get(e->strings, l->kind);
	struct nlattr *info = nl_nest(m, IFLA_LINKINFO), *data;

	nl_put_text(m, IFLA_INFO_KIND, kind);
	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		if (!infos[i].put || strcmp(infos[i].kind, kind) != 0)
			continue;
		data = nl_nest(m, IFLA_INFO_DATA);
		infos[i].put(e, m, l);
		nl_nest_end(m, data);
	}
	nl_nest_end(m, info);
}
