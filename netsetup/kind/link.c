/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link: interfaces that exist already, of which only what the document states is set, and
 * virtual ones that we make
 *
 * A link of ours carries the altname "netsetup-NAME", so that the owner is kept by the
 * kernel and outlives renaming. Links are made down, get their sysctls, and come up
 * after that: nothing is received before accept_ra says what to do with it.
 */
#include "netsetup/engine.h"

#include "netsetup/kind/linkinfo.h"
#include "netsetup/sysctl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define OWNER_PREFIX "netsetup-"

static const struct choice addrgens[] = {
	{ "eui64", IN6_ADDR_GEN_MODE_EUI64 },
	{ "none", IN6_ADDR_GEN_MODE_NONE },
	{ "stable", IN6_ADDR_GEN_MODE_STABLE_PRIVACY },
	{ "random", IN6_ADDR_GEN_MODE_RANDOM },
	{ 0 },
};

static const struct choice modes[] = {
	{ "private", MACVLAN_MODE_PRIVATE },
	{ "vepa", MACVLAN_MODE_VEPA },
	{ "bridge", MACVLAN_MODE_BRIDGE },
	{ "passthru", MACVLAN_MODE_PASSTHRU },
	{ 0 },
};

#define AT(field) .offset = offsetof(struct link, field)

static const struct field fields[] = {
	{ .name = "name",
	  .type = FIELD_DEV,
	  AT(name),
	  .required = true,
	  .help = "name of the interface" },
	{ .name = "kind",
	  .type = FIELD_TEXT,
	  AT(kind),
	  .choices = linkinfo_kinds,
	  .help = "made by us as a link of this kind; without it the link exists already" },
	{ .name = "mtu",
	  .type = FIELD_U32,
	  AT(mtu),
	  .set = LINK_SET_MTU,
	  .min = 1280,
	  .max = 65536,
	  .help = "bytes, at least 1280 for IPv6" },
	{ .name = "up",
	  .type = FIELD_FLAG,
	  AT(up),
	  .set = LINK_SET_UP,
	  .help = "administratively up" },
	{ .name = "group",
	  .type = FIELD_U32,
	  AT(group),
	  .set = LINK_SET_GROUP,
	  .help = "group number" },
	{ .name = "master",
	  .type = FIELD_DEV,
	  AT(master),
	  .set = LINK_SET_MASTER,
	  .help = "bridge or vrf that it belongs to" },
	{ .name = "addrgen",
	  .type = FIELD_CHOICE,
	  AT(addrgen),
	  .set = LINK_SET_ADDRGEN,
	  .choices = addrgens,
	  .help = "how the kernel makes interface identifiers" },
	{ .name = "secret",
	  .type = FIELD_ADDRESS,
	  AT(secret),
	  .set = LINK_SET_SECRET,
	  .help = "stable secret of RFC 7217, written as an address" },
	{ .name = "mac",
	  .type = FIELD_MAC,
	  AT(mac),
	  .set = LINK_SET_MAC,
	  .help = "link-layer address" },
	{ .name = "altname",
	  .type = FIELD_TEXT,
	  AT(altname),
	  .set = LINK_SET_ALTNAME,
	  .help = "another name for it" },
	{ .name = "peer",
	  .type = FIELD_DEV,
	  AT(peer),
	  .help = "veth: name of the other end" },
	{ .name = "parent",
	  .type = FIELD_DEV,
	  AT(parent),
	  .help = "vlan, macvlan, vxlan: the interface below" },
	{ .name = "id",
	  .type = FIELD_U32,
	  AT(id),
	  .min = 1,
	  .max = 16777215,
	  .help = "vlan, vxlan: number of the network; of a vlan at most 4094" },
	{ .name = "table",
	  .type = FIELD_U32,
	  AT(table),
	  .min = 1,
	  .max = UINT32_MAX,
	  .help = "vrf: routing table" },
	{ .name = "local",
	  .type = FIELD_ADDRESS,
	  AT(local),
	  .help = "vxlan: own address" },
	{ .name = "remote",
	  .type = FIELD_ADDRESS,
	  AT(remote),
	  .help = "vxlan: peer, or multicast group" },
	{ .name = "port",
	  .type = FIELD_U16,
	  AT(port),
	  .min = 1,
	  .help = "vxlan: UDP port, 4789 by default" },
	{ .name = "mode",
	  .type = FIELD_CHOICE,
	  AT(mode),
	  .choices = modes,
	  .help = "macvlan: who may talk to whom" },
	{ 0 },
};

/**
 * cmp() - Order by name
 * @s:		Pool
 * @a:		Link
 * @b:		Link
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return x->name == y->name ?
		       0 :
		       strcmp(strings_get(s, x->name), strings_get(s, y->name));
}

/**
 * check() - What the fields of one link must agree in
 * @s:		Pool
 * @object:	Link
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int check(const struct strings *s, void *object, struct buf *why)
{
	struct link *l = object;
	const char *kind = strings_get(s, l->kind);
	int r = linkinfo_check(kind, l, why);

	if (r < 0)
		return r;
	linkinfo_complete(kind, l);
	l->owned = l->kind ? LINK_OURS : LINK_OTHERS;
	if (!l->kind && l->set & LINK_SET_MAC) {
		buf_puts(why, "mac is for links that we make");
		return -EINVAL;
	}
	return 0;
}

/**
 * mode_waits() - Whether a link's way to make addresses can only be set late
 * @l:		Link
 *
 * The kernel refuses stable addresses where there is no secret, and the secret is a
 * sysctl, which comes when the link is there.
 *
 * Return: true if it is set with what goes up
 */
static bool mode_waits(const struct link *l)
{
	uint32_t both = LINK_SET_ADDRGEN | LINK_SET_SECRET;

	return (l->set & both) == both &&
	       l->addrgen == IN6_ADDR_GEN_MODE_STABLE_PRIVACY;
}

/**
 * link_take() - Take over some attributes
 * @to:		Link
 * @from:	Link that has them
 * @set:	Bits of enum link_set
 */
void link_take(struct link *to, const struct link *from, uint32_t set)
{
	to->set |= set;
	if (set & LINK_SET_MTU)
		to->mtu = from->mtu;
	if (set & LINK_SET_UP)
		to->up = from->up;
	if (set & LINK_SET_GROUP)
		to->group = from->group;
	if (set & LINK_SET_MASTER)
		to->master = from->master;
	if (set & LINK_SET_ADDRGEN)
		to->addrgen = from->addrgen;
	if (set & LINK_SET_ALTNAME)
		to->altname = from->altname;
	if (set & LINK_SET_MAC)
		memcpy(to->mac, from->mac, sizeof(to->mac));
}

/**
 * link_attributes_differ() - Whether a link must be made or changed, beside up and master
 * @want:	Desired link
 * @have:	Observed one, or NULL
 *
 * Return: true if it must
 */
bool link_attributes_differ(const struct link *want, const struct link *have)
{
	uint32_t set = want->set;

	if (mode_waits(want))
		set &= ~(uint32_t)LINK_SET_ADDRGEN;
	if (!have || (want->kind && have->owned != LINK_OURS))
		return true;
	if (want->kind && !(linkinfo_same_nature(want, have) &&
			    linkinfo_same_data(want, have)))
		return true;
	return (set & LINK_SET_OWNER && !want->owned && have->owned) ||
	       (set & LINK_SET_MTU && want->mtu != have->mtu) ||
	       (set & LINK_SET_GROUP && want->group != have->group) ||
	       (set & LINK_SET_ADDRGEN && want->addrgen != have->addrgen) ||
	       (set & LINK_SET_ALTNAME && want->altname != have->altname) ||
	       (set & LINK_SET_MAC && memcmp(want->mac, have->mac, 6) != 0);
}

/**
 * link_state_differs() - Whether a link must change master, or go up or down
 * @want:	Desired link
 * @have:	Observed one, or NULL: it will be down and alone
 *
 * Return: true if it must
 */
bool link_state_differs(const struct link *want, const struct link *have)
{
	uint32_t master = have ? have->master : 0;
	bool up = have && have->up;

	return (want->set & LINK_SET_MASTER && want->master != master) ||
	       (want->set & LINK_SET_UP && want->up != up) ||
	       (mode_waits(want) && (!have || want->addrgen != have->addrgen));
}

/**
 * same() - Whether nothing is to be done
 * @want:	Desired link
 * @have:	Observed one
 *
 * Return: true if it is so
 */
static bool same(const void *want, const void *have)
{
	return !link_attributes_differ(want, have) &&
	       !link_state_differs(want, have);
}

/**
 * stage() - When a link is made or removed
 * @op:		What is done
 * @s:		Unused
 * @want:	After
 * @have:	Unused
 *
 * Return: stage
 */
static enum stage stage(enum op op, const struct strings *s, const void *want,
			const void *have)
{
	const struct link *l = want ? want : have;

	(void)s;
	if (op == OP_REMOVE)
		return l->parent ? STAGE_REMOVE_LINK_UPPER : STAGE_REMOVE_LINK;
	return l->parent || l->owned == LINK_SECOND ? STAGE_LINK_UPPER :
						      STAGE_LINK;
}

/**
 * image() - What is to be kept of a link to be able to put it back
 * @want:	After, or NULL
 * @have:	Before
 * @ret_image:	Gets all of a link that goes, else what is about to change
 */
static void image(const void *want, const void *have, void *ret_image)
{
	const struct link *w = want, *h = have;
	struct link *out = ret_image;

	*out = *h;
	out->owned = h->owned == LINK_OURS;
	/* No master and no other name are values as well. */
	if (w)
		out->set =
			w->set & (h->set | LINK_SET_MASTER | LINK_SET_ALTNAME);
	if (w && w->kind && !out->owned)
		out->set |= LINK_SET_OWNER;
	if (!out->owned)
		out->kind = 0;
}

/**
 * read_altnames() - Owner's tag and the altname that is not ours
 * @e:		Engine
 * @list:	IFLA_PROP_LIST, or NULL
 * @l:		Link
 */
static void read_altnames(struct engine *e, const struct nlattr *list,
			  struct link *l)
{
	const char *at = list ? nl_data(list) : NULL;
	size_t left = list ? nl_len(list) : 0;

	while (left >= NLA_HDRLEN) {
		const struct nlattr *a = (const struct nlattr *)at;
		const char *name;
		size_t step = NLA_ALIGN(a->nla_len);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > left)
			return;
		name = nl_text(a);
		if (strncmp(name, OWNER_PREFIX, sizeof(OWNER_PREFIX) - 1) == 0)
			l->owned = LINK_OURS;
		else if (!l->altname)
			l->altname = strings_add_text(e->strings, name);
		if (step >= left)
			return;
		at += step;
		left -= step;
	}
}

/**
 * read_link() - Take one dumped link
 * @e:		Engine
 * @m:		RTM_NEWLINK
 * @out:	Model that it is appended to
 *
 * Return: 0; -ENOMEM
 */
static int read_link(struct engine *e, const struct nlmsghdr *m,
		     struct model *out)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(m);
	const struct nlattr *at[IFLA_PROP_LIST + 1], *af[AF_INET6 + 1];
	const struct nlattr *in6[IFLA_INET6_ADDR_GEN_MODE + 1];
	struct link *l;

	if (m->nlmsg_type != RTM_NEWLINK)
		return 0;
	l = model_add(out, KIND_LINK);
	if (!l)
		return -ENOMEM;
	nl_parse(m, sizeof(*ifi), at, IFLA_PROP_LIST);
	l->name = device_name(e, ifi->ifi_index);
	l->mtu = nl_u32(at[IFLA_MTU], 0);
	l->up = (ifi->ifi_flags & IFF_UP) != 0;
	l->group = nl_u32(at[IFLA_GROUP], 0);
	l->master = device_name(e, (int)nl_u32(at[IFLA_MASTER], 0));
	if (at[IFLA_LINK] && !at[IFLA_LINK_NETNSID])
		l->parent = device_name(e, (int)nl_u32(at[IFLA_LINK], 0));
	if (at[IFLA_ADDRESS] && nl_len(at[IFLA_ADDRESS]) == sizeof(l->mac))
		memcpy(l->mac, nl_data(at[IFLA_ADDRESS]), sizeof(l->mac));
	nl_parse_nested(at[IFLA_AF_SPEC], af, AF_INET6);
	nl_parse_nested(af[AF_INET6], in6, IFLA_INET6_ADDR_GEN_MODE);
	l->addrgen = nl_u8(in6[IFLA_INET6_ADDR_GEN_MODE], 0);
	read_altnames(e, at[IFLA_PROP_LIST], l);
	linkinfo_read(e, at[IFLA_LINKINFO], l);
	l->set = LINK_SET_MTU | LINK_SET_UP | LINK_SET_GROUP |
		 LINK_SET_ADDRGEN | (l->master ? LINK_SET_MASTER : 0) |
		 (at[IFLA_ADDRESS] ? LINK_SET_MAC : 0) |
		 (l->altname ? LINK_SET_ALTNAME : 0);
	return e->strings->error;
}

/**
 * observe_links() - Dump all links
 * @e:		Engine
 * @scope:	Unused
 * @out:	Model
 *
 * Return: 0 or a negative errno
 */
static int observe_links(struct engine *e, const struct scope *scope,
			 struct model *out)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETLINK, 0);

	(void)scope;
	nl_header(m, sizeof(struct ifinfomsg));
	nl_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return observe_list(e, m, read_link, out, KIND_LINK);
}

/**
 * put_altname() - Queue one more name of a link
 * @b:		Batch
 * @tag:	Step
 * @type:	RTM_NEWLINKPROP or RTM_DELLINKPROP
 * @link:	Name of the link
 * @altname:	Other name
 */
static void put_altname(struct nl_batch *b, uint32_t tag, uint16_t type,
			const char *link, const char *altname)
{
	struct nlmsghdr *m =
		nl_batch_add(b, type,
			     type == RTM_NEWLINKPROP ?
				     NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND :
				     0,
			     tag);
	struct nlattr *nest;

	nl_header(m, sizeof(struct ifinfomsg));
	nl_put_text(m, IFLA_IFNAME, link);
	nest = nl_nest(m, IFLA_PROP_LIST);
	nl_put_text(m, IFLA_ALT_IFNAME, altname);
	nl_nest_end(m, nest);
}

/**
 * put_owner() - Queue the owner's tag
 * @b:		Batch
 * @tag:	Step
 * @type:	RTM_NEWLINKPROP or RTM_DELLINKPROP
 * @name:	Name of the link
 */
static void put_owner(struct nl_batch *b, uint32_t tag, uint16_t type,
		      const char *name)
{
	char owner[sizeof(OWNER_PREFIX) + IFNAMSIZ];

	snprintf(owner, sizeof(owner), OWNER_PREFIX "%.15s", name);
	put_altname(b, tag, type, name, owner);
}

/**
 * put_attributes() - What may be set at any time
 * @m:		Message
 * @l:		Link
 * @set:	Bits of enum link_set
 */
static void put_attributes(struct nlmsghdr *m, const struct link *l,
			   uint32_t set)
{
	if (set & LINK_SET_MTU)
		nl_put_u32(m, IFLA_MTU, l->mtu);
	if (set & LINK_SET_GROUP)
		nl_put_u32(m, IFLA_GROUP, l->group);
	if (set & LINK_SET_MAC)
		nl_put(m, IFLA_ADDRESS, l->mac, sizeof(l->mac));
	if (set & LINK_SET_ADDRGEN) {
		struct nlattr *spec = nl_nest(m, IFLA_AF_SPEC);
		struct nlattr *in6 = nl_nest(m, AF_INET6);

		nl_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, l->addrgen);
		nl_nest_end(m, in6);
		nl_nest_end(m, spec);
	}
}

/**
 * settings_differ() - Which settings must be written
 * @want:	Desired link
 * @have:	Observed one
 *
 * An address that is written again would cost all neighbours.
 *
 * Return: bits of enum link_set
 */
static uint32_t settings_differ(const struct link *want,
				const struct link *have)
{
	uint32_t set = (want->mtu != have->mtu ? LINK_SET_MTU : 0) |
		       (want->group != have->group ? LINK_SET_GROUP : 0) |
		       (memcmp(want->mac, have->mac, 6) ? LINK_SET_MAC : 0);

	if (want->addrgen != have->addrgen && !mode_waits(want))
		set |= LINK_SET_ADDRGEN;
	return set & want->set;
}

/**
 * encode_settings() - Set attributes of a link that is there, and its tag
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @w:		After
 * @h:		Before
 *
 * Return: 0; -ENODEV
 */
static int encode_settings(struct engine *e, struct nl_batch *b, uint32_t tag,
			   const struct link *w, const struct link *h)
{
	const char *name = strings_get(e->strings, w->name);
	int index = device_index(e, w->name);
	uint32_t set = settings_differ(w, h);
	struct ifinfomsg *ifi;
	struct nlmsghdr *m;

	if (!index)
		return engine_fail(e, -ENODEV, "no device '%s'", name);
	if (set) {
		m = nl_batch_add(b, RTM_NEWLINK, 0, tag);
		ifi = nl_header(m, sizeof(*ifi));
		ifi->ifi_index = index;
		put_attributes(m, w, set);
	}
	/* Alone: the kernel takes no MTU beside it. */
	if (w->kind && h->kind && !linkinfo_same_data(w, h)) {
		m = nl_batch_add(b, RTM_NEWLINK, 0, tag);
		ifi = nl_header(m, sizeof(*ifi));
		ifi->ifi_index = index;
		linkinfo_put_data(e, m, w);
	}
	if (w->kind && h->owned != LINK_OURS)
		put_owner(b, tag, RTM_NEWLINKPROP, name);
	if (w->set & LINK_SET_OWNER && !w->owned && h->owned)
		put_owner(b, tag, RTM_DELLINKPROP, name);
	if (!(w->set & LINK_SET_ALTNAME) || w->altname == h->altname)
		return 0;
	if (w->altname)
		put_altname(b, tag, RTM_NEWLINKPROP, name,
			    strings_get(e->strings, w->altname));
	if (h->altname)
		put_altname(b, tag, RTM_DELLINKPROP, name,
			    strings_get(e->strings, h->altname));
	return 0;
}

/**
 * put_late() - Queue what a new link gets once it is there
 * @b:		Batch
 * @tag:	Step
 * @name:	Its name
 * @l:		Link
 * @set:	Bits of enum link_set
 */
static void put_late(struct nl_batch *b, uint32_t tag, const char *name,
		     const struct link *l, uint32_t set)
{
	struct link other = *l;
	struct nlmsghdr *m;

	/* The same MTU again is no change. */
	for (other.mtu--; set; other.mtu++) {
		m = nl_batch_add(b, RTM_NEWLINK, 0, tag);
		nl_header(m, sizeof(struct ifinfomsg));
		nl_put_text(m, IFLA_IFNAME, name);
		put_attributes(m, &other, set);
		if (!(set & LINK_SET_MTU) || other.mtu == l->mtu)
			break;
	}
}

/**
 * encode_new() - Make a link and tag it
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @l:		Link
 *
 * Return: 0; -ENODEV where there is no such link and it says no kind, or no parent
 */
static int encode_new(struct engine *e, struct nl_batch *b, uint32_t tag,
		      const struct link *l)
{
	const char *name = strings_get(e->strings, l->name);
	int parent = device_index(e, l->parent);
	uint32_t late = LINK_SET_ADDRGEN;
	struct nlmsghdr *m;

	if (!l->kind)
		return engine_fail(e, -ENODEV, "no device '%s'", name);
	if (l->owned == LINK_SECOND)
		return encode_settings(e, b, tag, l, &(struct link){ 0 });
	if (l->parent && !parent)
		return engine_fail(e, -ENODEV, "no device '%s'",
				   strings_get(e->strings, l->parent));
	m = nl_batch_add(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, tag);
	nl_header(m, sizeof(struct ifinfomsg));
	nl_put_text(m, IFLA_IFNAME, name);
	/* The kernel takes the mode of a new link from no attribute, and a bridge
	 * follows the MTU of its ports unless its own was changed. */
	if (strcmp(strings_get(e->strings, l->kind), "bridge") == 0)
		late |= LINK_SET_MTU;
	put_attributes(m, l, l->set & ~late);
	if (parent)
		nl_put_u32(m, IFLA_LINK, (uint32_t)parent);
	linkinfo_put(e, m, l);
	put_owner(b, tag, RTM_NEWLINKPROP, name);
	if (l->set & LINK_SET_ALTNAME && l->altname)
		put_altname(b, tag, RTM_NEWLINKPROP, name,
			    strings_get(e->strings, l->altname));
	if (mode_waits(l))
		late &= ~(uint32_t)LINK_SET_ADDRGEN;
	if (l->set & late)
		put_late(b, tag, name, l, l->set & late);
	return 0;
}

/**
 * encode_change() - Set attributes of a link that is there
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @w:		After
 * @h:		Before
 *
 * Return: 0; -ENODEV, -EOPNOTSUPP where it would have to be made anew
 */
static int encode_change(struct engine *e, struct nl_batch *b, uint32_t tag,
			 const struct link *w, const struct link *h)
{
	if (w->kind && !linkinfo_same_nature(w, h))
		return engine_fail(
			e, -EOPNOTSUPP,
			"kind, id, parent, peer, port and table of a link that is not ours cannot change; give the new one another name");
	return encode_settings(e, b, tag, w, h);
}

/**
 * encode_state() - Put a link into its master, and up or down
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @w:		After
 *
 * Return: 0; -ENODEV
 */
static int encode_state(struct engine *e, struct nl_batch *b, uint32_t tag,
			const struct link *w)
{
	int index = device_index(e, w->name);
	int master = device_index(e, w->master);
	struct ifinfomsg *ifi;
	struct nlmsghdr *m;

	if (!index || (w->master && !master))
		return engine_fail(
			e, -ENODEV, "no device '%s'",
			strings_get(e->strings, index ? w->master : w->name));
	/* Before it goes up, or its first address is of the other kind. */
	if (mode_waits(w)) {
		m = nl_batch_add(b, RTM_NEWLINK, 0, tag);
		ifi = nl_header(m, sizeof(*ifi));
		ifi->ifi_index = index;
		put_attributes(m, w, LINK_SET_ADDRGEN);
	}
	m = nl_batch_add(b, RTM_NEWLINK, 0, tag);
	ifi = nl_header(m, sizeof(*ifi));
	ifi->ifi_index = index;
	if (w->set & LINK_SET_UP) {
		ifi->ifi_change = IFF_UP;
		ifi->ifi_flags = w->up ? IFF_UP : 0;
	}
	if (w->set & LINK_SET_MASTER)
		nl_put_u32(m, IFLA_MASTER, (uint32_t)master);
	return 0;
}

/**
 * encode() - Messages of one step
 * @e:		Engine
 * @b:		Batch
 * @tag:	Step
 * @c:		Change
 *
 * Return: 0; -ENODEV, -EOPNOTSUPP
 */
static int encode(struct engine *e, struct nl_batch *b, uint32_t tag,
		  const struct change *c)
{
	const struct link *h = c->have;
	struct nlmsghdr *m;

	if (c->op == OP_REMOVE) {
		m = nl_batch_add(b, RTM_DELLINK, 0, tag);
		nl_header(m, sizeof(struct ifinfomsg));
		nl_put_text(m, IFLA_IFNAME, strings_get(e->strings, h->name));
		return 0;
	}
	if (c->stage == STAGE_LINK_UP)
		return encode_state(e, b, tag, c->want);
	if (!h)
		return encode_new(e, b, tag, c->want);
	return encode_change(e, b, tag, c->want, h);
}

const struct kind kind_link = {
	.name = "link",
	.plural = "links",
	.help = "interfaces: attributes of existing ones, and virtual ones of our own",
	.size = sizeof(struct link),
	.fields = fields,
	.cmp = cmp,
	.check = check,
	.schema = linkinfo_schema,
	.same = same,
	.stage = stage,
	.image = image,
	.observe = observe_links,
	.encode = encode,
};
