/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: kind - what the engine must know about one kind of object
 *
 * One file of netsetup/kind/ a kind, ending in one constant; kinds[] lists them. The
 * fields of a kind are one table: it reads documents and `show --json`, prints plans and
 * JSON, and makes `netsetup schema` and the manual page.
 *
 * Functions that a kind does not need are NULL. Those that fail return a negative errno;
 * engine_fail() keeps the words.
 */

#include "netsetup/model.h"
#include "lib/buf.h"
#include "lib/json.h"
#include "lib/nl/nl.h"

struct engine;
struct doc;

enum field_type {
	FIELD_FLAG, /* uint8_t: true, false */
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_CHOICE, /* uint8_t by name, .choices */
	FIELD_SECONDS, /* uint32_t: "90s", "2m", "1h", "forever" */
	FIELD_MODE, /* uint32_t: "0644" */
	FIELD_TEXT, /* string number */
	FIELD_DEV, /* string number: name of an interface */
	FIELD_ADDRESS, /* struct in6_addr */
	FIELD_PREFIX, /* struct in6_addr; length at .extra; "default" */
	FIELD_HOST, /* the same, bits past the length allowed */
	FIELD_MAC, /* uint8_t[6] */
	FIELD_WORDS, /* string number: words, each ended by NUL */
	FIELD_HOPS, /* string number: struct hop[] */
	FIELD_GROUP, /* string number: struct group_member[] */
	FIELD_MAX,
};

struct choice {
	const char *name;
	uint8_t value;
};

struct field {
	const char *name;
	enum field_type type;
	uint16_t offset;
	uint16_t extra; /* offset of a prefix's length */
	uint32_t set; /* enum link_set: bit for a stated field */
	uint32_t initial; /* where the document says nothing; not shown */
	uint32_t min, max; /* numbers; both 0: any */
	const struct choice *choices; /* ended by a NULL name */
	bool required;
	const char *help; /* for schema and manual page */
};

enum op {
	OP_ADD,
	OP_CHANGE,
	OP_REMOVE,
	OP_SIDE, /* the kernel does it as a consequence; undone by us */
	OP_RUN, /* a unit is restarted */
	OP_MAX,
};

/* Order of execution: what others rest on first; what goes away last, in reverse. */
enum stage {
	STAGE_UNMAKE_UPPER, /* links that are made anew go, first of all */
	STAGE_UNMAKE,
	STAGE_LINK,
	STAGE_LINK_UPPER, /* links that rest on another one */
	STAGE_SYSCTL_OFF, /* forwarding goes off before accept_ra changes */
	STAGE_SYSCTL_RA, /* accept_ra comes before forwarding goes on */
	STAGE_SYSCTL_ALL, /* conf/all writes through to each interface */
	STAGE_SYSCTL,
	STAGE_LINK_UP,
	STAGE_ADDRESS,
	STAGE_DAD, /* no steps: waits for the addresses before */
	STAGE_ROUTE_DEV, /* routes without a gateway: gateways rest on them */
	STAGE_NEXTHOP,
	STAGE_NEXTHOP_GROUP,
	STAGE_ROUTE,
	STAGE_RULE,
	STAGE_NEIGHBOUR,
	STAGE_PROXY,
	STAGE_MASQUERADE,
	STAGE_FILE,
	STAGE_REMOVE_MASQUERADE,
	STAGE_REMOVE_PROXY,
	STAGE_REMOVE_NEIGHBOUR,
	STAGE_REMOVE_RULE,
	STAGE_REMOVE_ROUTE,
	STAGE_REMOVE_NEXTHOP_GROUP,
	STAGE_REMOVE_NEXTHOP,
	STAGE_REMOVE_ROUTE_DEV,
	STAGE_REMOVE_ADDRESS,
	STAGE_ROUTE_SOURCE, /* routes from an address that went elsewhere, again */
	STAGE_REMOVE_LINK_UPPER,
	STAGE_REMOVE_LINK,
	STAGE_REMOVE_FILE,
	STAGE_UNIT, /* restarted when all else is as it should be */
	STAGE_MAX,
};

/* One step, resolved. */
struct change {
	enum op op;
	enum stage stage;
	const void *want; /* after, or NULL */
	const void *have; /* before, or NULL */
};

/* What an observation is for. */
struct scope {
	const struct model *keys; /* objects that somebody asks for */
	const struct model *touched; /* its kinds alone are read; NULL: all */
	const struct model
		*nexthops; /* routes of others by ours of these, too */
	bool foreign; /* routes of others, too, if asked for */
	bool all; /* whatever there is */
};

/* Take one object of a message RTM_NEW...; what is none of the kind is left out.
 * Return: 0; -ENOMEM */
typedef int kind_read_fn(struct engine *e, const struct nlmsghdr *m,
			 struct model *out);

struct kind {
	const char *name; /* "route" */
	const char *plural; /* "routes": key of the document */
	const char *help;
	size_t size; /* bytes of an object */
	const struct field *fields; /* ended by a NULL name */
	uint16_t protocol; /* offset of the kernel's owner tag; 0: has none */

	int (*cmp)(const struct strings *s, const void *a, const void *b);
	int (*check)(const struct strings *s, void *object, struct buf *why);
	void (*describe)(const struct strings *s, const void *object,
			 struct buf *out);
	/* Bounds that depend on other fields, into the schema of an object. */
	void (*schema)(struct json *items);
	bool (*same)(const void *want, const void *have);
	enum stage (*stage)(enum op op, const struct strings *s,
			    const void *want, const void *have);
	void (*image)(const void *want, const void *have, void *ret_image);
	int (*observe)(struct engine *e, const struct scope *scope,
		       struct model *out);
	kind_read_fn *read;
	/* Either queue messages under @tag, or do it at once. */
	int (*encode)(struct engine *e, struct nl_batch *b, uint32_t tag,
		      const struct change *c);
	int (*execute)(struct engine *e, const struct change *c);
};

extern const struct kind *const kinds[KIND_MAX];
extern const struct kind kind_link, kind_sysctl, kind_address, kind_nexthop,
	kind_route, kind_rule, kind_neighbour, kind_proxy, kind_masquerade,
	kind_file, kind_unit;

const char *rule_action_name(uint8_t action);
bool unit_found(const struct strings *s, const struct unit *u);
/* Removes what a kill left of half written files. */
must_check int files_clean(struct engine *e, const struct model *keys);
must_check int files_want_folders(struct engine *e, struct model *want);

/* field.c: the table at work. */
uint32_t field_top(const struct field *f);
void kind_init_object(const struct kind *k, void *object);
must_check int field_read(const struct field *f, struct strings *s,
			  const struct doc *d, uint32_t node, void *object,
			  struct buf *why);
void field_print(const struct field *f, const struct strings *s,
		 const void *object, struct buf *out);
void field_to_json(const struct field *f, const struct strings *s,
		   const void *object, struct json *out);
bool field_equal(const struct field *f, const void *a, const void *b);
bool field_is_initial(const struct field *f, const void *object);
struct json *object_to_json(const struct kind *k, const struct strings *s,
			    const void *object);
void object_describe(const struct kind *k, const struct strings *s,
		     const void *object, struct buf *out);
uint8_t object_protocol(const struct kind *k, const void *object);

/* owner.c: whose an object is. */
#define OWNER_SIZE 24
const char *protocol_name(uint8_t protocol, char text[OWNER_SIZE]);
const char *owner_name(const struct kind *k, const void *object,
		       char text[OWNER_SIZE]);
const char *device_owner(const struct kind *k, const struct strings *s,
			 const void *object);
#define PROTOCOL_NAME(p) protocol_name((p), (char[OWNER_SIZE]){ 0 })
/* owner_dhcp.c */
#define DHCP_OWNER_SIZE  32
const char *dhcp_owner(const struct kind *k, const void *object,
		       char text[DHCP_OWNER_SIZE]);
#define OWNER_NAME(k, o) owner_name((k), (o), (char[OWNER_SIZE]){ 0 })
