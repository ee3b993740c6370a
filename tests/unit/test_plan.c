/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/conf.h"
#include "netsetup/plan.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/**
 * read_text() - A document into a conf
 * @s:		Pool
 * @text:	Document
 * @ret:	Conf
 * @errors:	Problems
 *
 * Return: from conf_read()
 */
static int read_text(struct strings *s, const char *text, struct conf *ret,
		     struct buf *errors)
{
	return conf_read(s, CAP_ALL, "doc", text, strlen(text), ret, errors);
}

/**
 * test_problems() - Documents that are wrong, and what is said
 */
static void test_problems(void)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "version: 1\nroute: []\n",
		  "doc:2:8: document: unknown key 'route', did you mean 'routes'?" },
		{ "version: 2\n", "only 1 is known" },
		{ "uplinks: [eth0]\n", "'version' is missing" },
		{ "version: 1\nroutes: [{dst: 10.0.0.0/8, dev: a}]\n",
		  "is IPv4" },
		{ "version: 1\nroutes: [{dst: \"2001:db8::1/64\", dev: a}]\n",
		  "bits set past" },
		{ "version: 1\nroutes: [{dst: default}]\n",
		  "needs one of dev" },
		{ "version: 1\nroutes: [{dst: default, via: \"fe80::1\"}]\n",
		  "via needs dev" },
		{ "version: 1\nroutes: [{dev: a}]\n", "'dst' is missing" },
		{ "version: 1\nroutes: [{dst: default, dev: a, type: unicst}]\n",
		  "did you mean 'unicast'" },
		{ "version: 1\nroutes: [{dst: default, dev: a}, {dst: default, dev: b}]\n",
		  "stated twice" },
		{ "version: 1\nlinks: [{name: a, mtu: 1279}]\n",
		  "not between 1280" },
		{ "version: 1\nlinks: [{name: a/b}]\n",
		  "not the name of an interface" },
		{ "version: 1\nlinks: [{name: a, kind: veth}]\n",
		  "kind veth needs peer" },
		{ "version: 1\nlinks:\n- {name: a, kind: veth, peer: a}\n",
		  "doc:3:3: link 'a': it cannot be its own peer" },
		{ "version: 1\nlinks:\n- {name: a, kind: veth, peer: p}\n- {name: b, kind: veth, peer: p}\n",
		  "doc:4:3: link 'b': its peer 'p' is that of 'a' already" },
		{ "version: 1\nlinks:\n- {name: p, kind: bridge}\n- {name: a, kind: veth, peer: p}\n",
		  "doc:4:3: link 'a': its peer 'p' is none of its own" },
		{ "version: 1\nlinks:\n- {name: a, kind: macvlan, parent: a}\n",
		  "doc:3:3: link 'a': it rests on itself\n" },
		{ "version: 1\nlinks: [{name: a, master: a}]\n",
		  "doc:2:9: link 'a': it rests on itself\n" },
		{ "version: 1\nlinks:\n- {name: c, kind: macvlan, parent: b}\n- {name: b, kind: vlan, id: 1, parent: a}\n- {name: a, kind: vlan, id: 1, parent: b}\n",
		  "it rests on itself, by '" },
		{ "version: 1\nlinks:\n- {name: b, kind: bridge}\n- {name: a, kind: bridge, master: c}\n- {name: c, master: a}\n",
		  "doc:4:3: link 'a': it rests on itself, by 'c'\n" },
		{ "version: 1\nlinks:\n- {name: b, kind: bridge}\n- {name: v, kind: vlan, id: 1, parent: b, master: b}\n- {name: b1, kind: bridge, master: v}\n",
		  "its master 'v' is of kind vlan, which has none" },
		{ "version: 1\nlinks:\n- {name: b, kind: bridge, master: m}\n- {name: m, kind: macvlan, parent: b}\n",
		  "its master 'm' is of kind macvlan" },
		{ "version: 1\nlinks: [{name: v, kind: vlan, id: 4095, parent: a}]\n",
		  "doc:2:9: link 'v kind vlan parent a id 4095': id: 4095 is not between 1 and 4094" },
		{ "version: 1\nlinks: [{name: v, kind: vlan, id: 0, parent: a}]\n",
		  "0 is not between 1 and" },
		{ "version: 1\nlinks:\n- {name: v, kind: vlan, id: 7, parent: a}\n- {name: w, kind: vlan, id: 7, parent: a}\n",
		  "doc:4:3: link 'w': its id 7 is that of 'v' already" },
		{ "version: 1\nlinks:\n- {name: v, kind: vlan, id: 7, parent: a}\n- {name: v, kind: vlan, id: 7, parent: a}\n",
		  "stated twice" },
		{ "version: 1\nnat64: {prefix: \"::/0\"}\n",
		  "doc:2:8: nat64: prefix '::/0': not a prefix that NAT64" },
		{ "version: 1\nnat64: {prefix: default}\n", "prefix '::/0'" },
		{ "version: 1\nnat64: {rfc7050: true, resolvers: [\"::\"]}\n",
		  "doc:2:8: nat64: resolver '::' is the address of no host" },
		{ "version: 1\nnat64: {rfc7050: true, resolvers: [\"2001:db8::53\", \"ff02::1\"]}\n",
		  "resolver 'ff02::1' is the address of no host" },
		{ "version: 1\nnat64: {rfc7050: true, resolvers: [\"fe80::53\"]}\n",
		  "resolver 'fe80::53' is link-local, and nothing says" },
		{ "version: 1\nsysctls: {kernel/hostname: x}\n",
		  "begins with net/" },
		{ "version: 1\nfiles: [{path: x, content: y}]\n", "absolute" },
		{ "version: 1\naddresses: [{address: \"ff02::1/64\", dev: a}]\n",
		  "cannot be the address" },
		{ "version: 1\nproxies: [{prefix: \"2001::/31\", dev: a}]\n",
		  "wider than /32" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strings_freep) struct strings *s = strings_new();
		_cleanup_(buf_release) struct buf errors = BUF_INIT;
		struct conf c;

		CHECK_INT(cases[i].text, -EINVAL,
			  read_text(s, cases[i].text, &c, &errors));
		CHECK_HAS(cases[i].text, cases[i].said, buf_text(&errors));
	}
}

/* Steps between two documents, in order. */
static const struct {
	const char *have, *want, *steps;
} steps_cases[] = {
	{ "version: 1\n", "version: 1\n", "" },
	{ "version: 1\nroutes: [{dst: default, dev: a}]\n",
	  "version: 1\nroutes: [{dst: default, dev: a}]\n", "" },
	{ "version: 1\n", "version: 1\nroutes: [{dst: default, dev: a}]\n",
	  "0 route;" },
	{ "version: 1\nroutes: [{dst: default, dev: a}]\n",
	  "version: 1\nroutes: [{dst: default, dev: a, mtu: 1400}]\n",
	  "1 route;" },
	/* What is new comes before what goes. */
	{ "version: 1\nroutes: [{dst: \"2001:db8::/32\", dev: a}]\n",
	  "version: 1\nroutes: [{dst: default, dev: a}]\n",
	  "0 route;2 route;" },
	/* A gateway's own route comes before the route by it. */
	{ "version: 1\n",
	  "version: 1\nroutes: [{dst: default, via: \"2001:db8::1\", dev: a}, {dst: \"2001:db8::1/128\", dev: a}]\naddresses: [{address: \"2001:db8::2/128\", dev: a}]\n",
	  "0 address;0 route;0 route;" },
	/* A route from an address that changes its length is put again. */
	{ "version: 1\naddresses: [{address: \"2001:db8::1/64\", dev: a}]\n"
	  "routes: [{dst: default, dev: a, src: \"2001:db8::1\"}, {dst: \"2001:db8:1::/64\", dev: a}]\n",
	  "version: 1\naddresses: [{address: \"2001:db8::1/80\", dev: a}]\n"
	  "routes: [{dst: default, dev: a, src: \"2001:db8::1\"}, {dst: \"2001:db8:1::/64\", dev: a}]\n",
	  "1 address;1 route;" },
	/* From one that changes its interface: after it has gone from the old one. */
	{ "version: 1\naddresses: [{address: \"2001:db8::1/64\", dev: a}]\n"
	  "routes: [{dst: default, dev: a, src: \"2001:db8::1\"}]\n",
	  "version: 1\naddresses: [{address: \"2001:db8::1/64\", dev: b}]\n"
	  "routes: [{dst: default, dev: a, src: \"2001:db8::1\"}, {dst: \"2001:db8:1::/64\", dev: b, src: \"2001:db8::1\"}]\n",
	  "0 address;0 route;2 address;1 route;1 route;" },
	/* A link that is made anew goes first; what was on it, or from it, is put again. */
	{ "version: 1\nlinks: [{name: v, kind: vxlan, id: 1}, {name: m, kind: macvlan, parent: v}]\n"
	  "addresses: [{address: \"2001:db8::1/64\", dev: m}, {address: \"2001:db8::2/64\", dev: a}]\n"
	  "routes: [{dst: default, dev: a, src: \"2001:db8::1\"}, {dst: \"2001:db8:1::/64\", dev: v}, {dst: \"2001:db8:2::/64\", dev: a}]\n",
	  "version: 1\nlinks: [{name: v, kind: vxlan, id: 2}, {name: m, kind: macvlan, parent: v}]\n"
	  "addresses: [{address: \"2001:db8::1/64\", dev: m}, {address: \"2001:db8::2/64\", dev: a}]\n"
	  "routes: [{dst: default, dev: a, src: \"2001:db8::1\"}, {dst: \"2001:db8:1::/64\", dev: v}, {dst: \"2001:db8:2::/64\", dev: a}]\n",
	  "2 link;2 link;0 link;0 link;1 address;1 route;1 route;" },
	/* What goes with it is told, and is not removed once more. */
	{ "version: 1\nlinks: [{name: v, kind: vxlan, id: 1}]\nroutes: [{dst: default, dev: v}]\n",
	  "version: 1\nlinks: [{name: v, kind: vxlan, id: 2}]\n",
	  "2 link;0 link;3 route;" },
	/* A nexthop that comes again on another link: routes by it are put again. */
	{ "version: 1\nlinks: [{name: v, kind: vxlan, id: 1}]\nnexthops: [{id: 10, dev: v}]\n"
	  "routes: [{dst: default, nexthop: 10}]\n",
	  "version: 1\nlinks: [{name: v, kind: vxlan, id: 2}]\nnexthops: [{id: 10, dev: a}]\n"
	  "routes: [{dst: default, nexthop: 10}]\n",
	  "2 link;0 link;1 nexthop;1 route;" },
	/* One that is in the way of a new one goes before it, otherwise late. */
	{ "version: 1\nlinks: [{name: v, kind: vxlan, id: 1}]\nroutes: [{dst: default, dev: v}]\n",
	  "version: 1\nlinks: [{name: w, kind: vxlan, id: 1}]\nroutes: [{dst: default, dev: w}]\n",
	  "2 link;0 link;1 route;" },
	{ "version: 1\nlinks: [{name: v, kind: vxlan, id: 1}]\n",
	  "version: 1\nlinks: [{name: w, kind: vxlan, id: 2}]\n",
	  "0 link;2 link;" },
	/* With a veth its other end goes, and what was on that. */
	{ "version: 1\nlinks: [{name: v, kind: veth, peer: w}]\naddresses: [{address: \"2001:db8::1/64\", dev: w}]\n",
	  "version: 1\nlinks: [{name: v, kind: vxlan, id: 2}]\n",
	  "2 link;0 link;3 address;" },
	/* Nor does a veth's other end get another name. */
	{ "version: 1\nlinks: [{name: v, kind: veth, peer: w}]\nroutes: [{dst: default, dev: v}]\n",
	  "version: 1\nlinks: [{name: v, kind: veth, peer: x}]\nroutes: [{dst: default, dev: v}]\n",
	  "2 link;0 link;1 route;" },
	/* A link with the name of a new other end is in its way. */
	{ "version: 1\nlinks: [{name: x, kind: bridge}]\n",
	  "version: 1\nlinks: [{name: v, kind: veth, peer: x}]\n",
	  "2 link;0 link;" },
	/* A link that moves from one vrf to another is bare afterwards; a bridge's port is not. */
	{ "version: 1\nlinks: [{name: r, kind: vrf, table: 9}, {name: s, kind: vrf, table: 8}, {name: a, master: r}]\n"
	  "addresses: [{address: \"2001:db8::1/64\", dev: a}]\nroutes: [{dst: default, dev: a}]\n",
	  "version: 1\nlinks: [{name: r, kind: vrf, table: 9}, {name: s, kind: vrf, table: 8}, {name: a, master: s}]\n"
	  "addresses: [{address: \"2001:db8::1/64\", dev: a}]\nroutes: [{dst: default, dev: a}]\n",
	  "1 link;1 address;1 route;" },
	{ "version: 1\nlinks: [{name: r, kind: bridge}, {name: s, kind: bridge}, {name: a, master: r}]\n"
	  "addresses: [{address: \"2001:db8::1/64\", dev: a}]\n",
	  "version: 1\nlinks: [{name: r, kind: bridge}, {name: s, kind: bridge}, {name: a, master: s}]\n"
	  "addresses: [{address: \"2001:db8::1/64\", dev: a}]\n",
	  "1 link;" },
	/* accept_ra comes before forwarding. */
	{ "version: 1\n", "version: 1\nuplinks: [a]\nforwarding: true\n",
	  "0 sysctl;0 sysctl;0 sysctl;0 sysctl;" },
};

/**
 * test_steps() - Steps between two documents, in order
 */
static void test_steps(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps_cases); i++) {
		_cleanup_(strings_freep) struct strings *s = strings_new();
		_cleanup_(buf_release) struct buf errors = BUF_INIT;
		_cleanup_(buf_release) struct buf got = BUF_INIT;
		_cleanup_(conf_release) struct conf have = { 0 };
		_cleanup_(conf_release) struct conf want = { 0 };
		_cleanup_(plan_release) struct plan plan = { 0 };
		struct plan_input in = { .want = &want.model,
					 .have = &have.model };
		struct conflict conflict;

		CHECK_INT("have", 0,
			  read_text(s, steps_cases[i].have, &have, &errors));
		CHECK_INT("want", 0,
			  read_text(s, steps_cases[i].want, &want, &errors));
		CHECK_INT("plan", 0, plan_compute(&in, &conflict, &plan));
		for (size_t n = 0; n < plan.n; n++)
			buf_printf(&got, "%u %s;", plan.steps[n].op,
				   kinds[plan.steps[n].kind]->name);
		CHECK_STR(steps_cases[i].want, steps_cases[i].steps,
			  buf_text(&got));
		if (want.forwarding)
			CHECK_HAS("first", "accept_ra",
				  strings_get(
					  s,
					  ((const struct sysctl *)step_want(
						   &plan.steps[0], &want.model))
						  ->path));
	}
}

/**
 * say_names() - Links of a plan in the order of its steps
 * @p:		Plan
 * @want:	Desired model
 * @have:	Observed model
 * @out:	Gets the operations and names
 */
static void say_names(const struct plan *p, const struct model *want,
		      const struct model *have, struct buf *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct link *w = step_want(&p->steps[i], want);
		const struct link *h = step_have(&p->steps[i], have);

		buf_printf(out, "%u %s;", p->steps[i].op,
			   strings_get(want->strings, (w ? w : h)->name));
	}
}

/**
 * test_stack() - Links that rest on each other come from below, and go from above
 */
static void test_stack(void)
{
	static const char two[] =
		"version: 1\nlinks:\n"
		"- {name: a, kind: vlan, id: 1, parent: b, up: true}\n"
		"- {name: b, kind: macvlan, parent: c, up: true}\n"
		"- {name: c, kind: vxlan, id: 7, parent: e, up: true}\n";
	_cleanup_(strings_freep) struct strings *s = strings_new();
	_cleanup_(buf_release) struct buf errors = BUF_INIT, got = BUF_INIT;
	_cleanup_(conf_release) struct conf none = { 0 }, all = { 0 };
	_cleanup_(plan_release) struct plan plan = { 0 }, back = { 0 };
	struct plan_input in = { .want = &all.model, .have = &none.model };
	struct conflict conflict;

	CHECK_INT("none", 0, read_text(s, "version: 1\n", &none, &errors));
	CHECK_INT("all", 0, read_text(s, two, &all, &errors));
	CHECK_INT("plan", 0, plan_compute(&in, &conflict, &plan));
	say_names(&plan, &all.model, &none.model, &got);
	CHECK_STR("made and put up", "0 c;0 b;0 a;1 c;1 b;1 a;",
		  buf_text(&got));
	in = (struct plan_input){ .want = &none.model, .have = &all.model };
	CHECK_INT("plan", 0, plan_compute(&in, &conflict, &back));
	buf_clear(&got);
	say_names(&back, &none.model, &all.model, &got);
	CHECK_STR("removed", "2 a;2 b;2 c;", buf_text(&got));
}

/**
 * test_foreign() - Objects of others are neither changed nor removed
 */
static void test_foreign(void)
{
	_cleanup_(strings_freep) struct strings *s = strings_new();
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	_cleanup_(conf_release) struct conf have = { 0 }, want = { 0 };
	_cleanup_(conf_release) struct conf other = { 0 };
	_cleanup_(plan_release) struct plan plan = { 0 };
	struct plan_input in = { .want = &other.model, .have = &have.model };
	struct conflict conflict;

	CHECK_INT("have", 0,
		  read_text(s, "version: 1\nroutes: [{dst: default, dev: a}]\n",
			    &have, &errors));
	CHECK_INT("want", 0,
		  read_text(s, "version: 1\nroutes: [{dst: default, dev: b}]\n",
			    &want, &errors));
	CHECK_INT("none", 0, read_text(s, "version: 1\n", &other, &errors));
	MODEL_AT(&have.model, KIND_ROUTE, route, 0)->protocol = 12;
	CHECK_INT("not removed", 0, plan_compute(&in, &conflict, &plan));
	CHECK_INT("not removed", 0, plan.n);
	in.want = &want.model;
	CHECK_INT("not changed", -EPERM, plan_compute(&in, &conflict, &plan));
	in.adopt = true;
	CHECK_INT("adopted", 0, plan_compute(&in, &conflict, &plan));
	CHECK_INT("adopted", 1, plan.n);
}

UNIT_SUITE(plan, { "problems of documents", test_problems },
	   { "steps and their order", test_steps },
	   { "links on links", test_stack },
	   { "objects of others", test_foreign });
