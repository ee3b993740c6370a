/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: model - the objects of a node as sorted tables of plain bytes
 *
 * One table a kind. An object is a struct below: fixed size, zeroed before it is filled,
 * no pointers (text is a number of struct strings), so that equal objects have equal
 * bytes, a million routes take 80 MB, and the journal can write them as they are.
 *
 * Desired and observed models share one struct strings, which must outlive them. The
 * owner of a model ends it by model_release(); pointers to objects last until the next
 * model_add() or model_sort() of the same kind.
 */

#include "lib/base.h"
#include "netsetup/strings.h"

#include <netinet/in.h>

#define NETSETUP_PROTO 166 /* ours, in all of the kernel's protocol fields */
#define FOREVER        UINT32_MAX /* seconds of a lifetime */

/* In the order that `show` and the schema list them. */
enum kind_id {
	KIND_LINK,
	KIND_SYSCTL,
	KIND_ADDRESS,
	KIND_NEXTHOP,
	KIND_ROUTE,
	KIND_RULE,
	KIND_NEIGHBOUR,
	KIND_PROXY,
	KIND_MASQUERADE,
	KIND_FILE,
	KIND_UNIT,
	KIND_MAX,
};

/* Bits of link.set: attributes that the document states; others are left alone. */
enum link_set {
	LINK_SET_MTU = 1 << 0,
	LINK_SET_UP = 1 << 1,
	LINK_SET_GROUP = 1 << 2,
	LINK_SET_MASTER = 1 << 3,
	LINK_SET_ADDRGEN = 1 << 4,
	LINK_SET_SECRET = 1 << 5,
	LINK_SET_MAC = 1 << 6,
	LINK_SET_ALTNAME = 1 << 7,
	LINK_SET_OWNER = 1 << 8, /* an image's: our tag goes with it */
	/* What the kernel chooses for a new link. */
	LINK_SET_CHOSEN = LINK_SET_MTU | LINK_SET_ADDRGEN | LINK_SET_MAC,
};

/* Whose a link is, and how it comes to be there. */
enum link_owner {
	LINK_OTHERS,
	LINK_OURS, /* carries our altname; wanted: made by us */
	LINK_SECOND, /* wanted: there as soon as its other end is made */
	LINK_BY_PEER, /* observed: no altname, but its other end is ours */
};

struct link {
	uint32_t name;
	uint32_t kind; /* "bridge"; 0: must exist already */
	uint32_t set; /* enum link_set */
	uint32_t mtu;
	uint32_t group;
	uint32_t master; /* name, or 0: none */
	uint32_t altname;
	uint32_t peer; /* veth: the other end's name */
	uint32_t parent; /* vlan, macvlan, vxlan: name of the lower device */
	uint32_t id; /* vlan, vxlan */
	uint32_t table; /* vrf */
	struct in6_addr local, remote, secret;
	uint16_t port; /* vxlan, UDP */
	uint8_t mac[6];
	uint8_t up;
	uint8_t addrgen; /* IN6_ADDR_GEN_MODE_* */
	uint8_t mode; /* macvlan */
	uint8_t owned; /* enum link_owner */
};

struct sysctl {
	uint32_t path; /* below /proc/sys, slash form */
	uint32_t value; /* without the newline */
};

enum dad { DAD_WAIT, DAD_OPTIMISTIC, DAD_SKIP };

struct address {
	struct in6_addr address;
	uint32_t dev;
	uint32_t valid, preferred; /* seconds, FOREVER */
	uint8_t len;
	uint8_t protocol;
	uint8_t dad; /* enum dad */
	uint8_t local; /* AnyIP: a local route, no address */
	uint8_t failed; /* observed: a duplicate was found */
	uint8_t tentative; /* observed: not usable yet */
	uint8_t pad[2];
};

struct nexthop {
	struct in6_addr via;
	uint32_t id;
	uint32_t dev;
	uint32_t group; /* string of struct group_member; 0: not a group */
	uint8_t blackhole;
	uint8_t onlink;
	uint8_t protocol;
	uint8_t pad;
};

struct group_member {
	uint32_t id;
	uint32_t weight; /* 1..256 */
};

struct route {
	struct in6_addr dst;
	uint32_t table;
	uint32_t metric;
	uint8_t len;
	uint8_t type; /* RTN_* */
	uint8_t protocol;
	uint8_t preference; /* ICMPV6_ROUTER_PREF_* */
	uint32_t dev;
	struct in6_addr via;
	struct in6_addr src;
	uint32_t nexthop; /* id, or 0 */
	uint32_t hops; /* string of struct hop; 0: not multipath */
	uint32_t mtu;
	uint8_t hoplimit;
	uint8_t onlink;
	uint8_t pad[2];
};

struct hop {
	struct in6_addr via;
	uint32_t dev;
	uint32_t weight; /* 1..256 */
};

struct rule {
	uint32_t priority;
	uint32_t table;
	struct in6_addr from, to;
	uint32_t iif, oif;
	uint32_t fwmark;
	uint8_t from_len, to_len;
	uint8_t action; /* FR_ACT_* */
	uint8_t protocol;
};

struct neighbour {
	struct in6_addr address;
	uint32_t dev;
	uint8_t lladdr[6];
	uint8_t protocol;
	uint8_t pad;
};

struct proxy {
	struct in6_addr prefix;
	uint32_t dev;
	uint8_t len;
	uint8_t protocol;
	uint8_t pad[2];
};

struct masquerade {
	struct in6_addr from, except;
	uint32_t out;
	uint8_t len, except_len;
	uint8_t pad[2];
};

struct file {
	uint32_t path;
	uint32_t content;
	uint32_t mode;
};

struct unit {
	uint32_t name;
	uint32_t restart; /* argv, each ended by NUL */
	uint32_t inputs; /* paths and kinds, each ended by NUL */
};

struct table {
	char *items;
	size_t n, room;
};

struct model {
	struct strings *strings;
	struct table tables[KIND_MAX];
};

void model_init(struct model *m, struct strings *strings);
void model_release(struct model *m);
void *model_add(struct model *m, enum kind_id kind);
must_check int model_put(struct model *m, enum kind_id kind,
			 const void *object);
void model_drop_last(struct model *m, enum kind_id kind);
int model_sort(struct model *m, enum kind_id kind);
int model_sort_all(struct model *m);
const void *model_find(const struct model *m, enum kind_id kind,
		       const void *key);
size_t model_count(const struct model *m);

/**
 * model_at() - Object by its place
 * @m:		Model
 * @kind:	Kind
 * @size:	Bytes of an object of the kind
 * @i:		Place, below .n of the table
 *
 * Return: object
 */
static inline void *model_at(const struct model *m, enum kind_id kind,
			     size_t size, size_t i)
{
	return m->tables[kind].items + i * size;
}
#define MODEL_AT(m, kind, type, i) \
	((struct type *)model_at((m), (kind), sizeof(struct type), (i)))
