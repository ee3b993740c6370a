/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "netsetup/shoot.h"

#include <errno.h>
#include <string.h>

#define NET "spec:\n  networking:\n"

/**
 * test_shoot_problems() - What is wrong with a plan, and where
 */
static void test_shoot_problems(void)
{
	static const struct {
		const char *text;
		bool from_node;
		const char *error; /* NULL: none */
		const char *warning; /* NULL: any */
	} cases[] = {
		{ NET "    services: 2001:db8:96::/112\n", true, NULL, NULL },
		{ NET "    services: 2001:db8:96::/96\n", true,
		  "s.yaml:3:15: services '2001:db8:96::/96': too wide for "
		  "Kubernetes before 1.34, /108 is the widest",
		  NULL },
		{ NET "    services: 2001:db8:96::/96\n"
		      "  kubernetes: {version: \"1.34.0\"}\n",
		  true, NULL, "s.yaml:3:15: services" },
		{ NET "    services: 2001:db8:96::/96\n"
		      "  kubernetes: {version: \"1.33.9\"}\n",
		  true, "too wide", NULL },
		{ NET "    services: 2001:db8:96::/125\n", true, "too narrow",
		  NULL },
		{ NET "    services: 100.64.0.0/13\n", true,
		  "services '100.64.0.0/13': IPv4", NULL },
		{ NET "    services: 2001:db8:96::5/112\n", true,
		  "'2001:db8:96::/112' is the prefix", NULL },
		{ NET "    services: 2001:db8:96::/129\n", true, "above 128",
		  NULL },
		{ NET "    services: nonsense\n", true, "not an IPv6 prefix",
		  NULL },
		{ NET "    pods: \"\"\n", true, "services: missing", NULL },
		{ NET "    ipFamilies: [IPv4, IPv6]\n"
		      "    services: 2001:db8:96::/112\n",
		  true, "s.yaml:3:18: ipFamilies 'IPv4'", NULL },
		{ NET "    pods: 2001:db8::/48\n"
		      "    services: 2001:db8:0:96::/112\n",
		  true,
		  "s.yaml:4:15: services '2001:db8:0:96::/112': overlaps pods "
		  "'2001:db8::/48' of line 3",
		  NULL },
		/* Pods of a node are cut from its own prefix there. */
		{ NET "    pods: 2001:db8:1::/64\n    nodes: 2001:db8:1::/64\n"
		      "    services: 2001:db8:96::/112\n",
		  true, NULL, NULL },
		{ NET "    pods: 2001:db8:1::/64\n    nodes: 2001:db8:1::/64\n"
		      "    services: 2001:db8:96::/112\n",
		  false, "nodes '2001:db8:1::/64': overlaps pods", NULL },
		{ NET "    pods: 2001:db8::/40\n"
		      "    services: 2001:db9:96::/112\n",
		  false, "more than 16 bits longer", NULL },
		{ NET "    pods: 2001:db8::/72\n"
		      "    services: 2001:db9:96::/112\n",
		  false, "narrower than the /64", NULL },
		{ NET "    services: fd8f:6d53:b97a:1::/112\n", true,
		  "which Gardener's VPN uses", NULL },
		{ NET "    services: fec0::/112\n", true, NULL,
		  "site-local addresses are deprecated" },
		{ NET "    services: 2001:db8:96::/112\n"
		      "status:\n  networking:\n"
		      "    services: [\"2001:db8:97::/96\"]\n",
		  true, "services '2001:db8:97::/96': too wide", NULL },
		{ "services: 2001:db8:96::/112\npod: x\n", true,
		  "s.yaml:2:6: unknown key 'pod', did you mean 'pods'?", NULL },
		{ "services: \"2001:db8:96::/112\"\n"
		  "node: {address: 192.0.2.1}\n",
		  true, "IPv4", NULL },
		{ "services: \"2001:db8:96::/112\"\nnode: {proxy: perhaps}\n",
		  true, "node.proxy: not true or false", NULL },
		{ "services: \"2001:db8:96::/112\"\nnode: {proxy: false}\n",
		  true, NULL, NULL },
		{ "a: [", true, "s.yaml:2:1: ", NULL },
		{ "- x", true, "not a shoot", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf errors = BUF_INIT, warnings = BUF_INIT;
		const char *text = cases[i].text;
		struct shoot s = { .kubernetes = 99 };

		CHECK_INT(text, cases[i].error ? -EINVAL : 0,
			  shoot_parse("s.yaml", text, strlen(text),
				      cases[i].from_node, &s, &errors,
				      &warnings));
		if (cases[i].error) {
			CHECK_HAS(text, cases[i].error, buf_text(&errors));
			CHECK_INT("untouched on failure", 99, s.kubernetes);
		} else {
			CHECK_STR(text, "", buf_text(&errors));
		}
		if (cases[i].warning)
			CHECK_HAS(text, cases[i].warning, buf_text(&warnings));
		buf_release(&errors);
		buf_release(&warnings);
	}
}

/**
 * test_shoot_all_at_once() - All problems are told, not the first alone
 */
static void test_shoot_all_at_once(void)
{
	static const char text[] = NET "    ipFamilies: [IPv4]\n"
				       "    pods: 10.0.0.0/8\n"
				       "    services: 2001:db8::/64\n";
	struct buf errors = BUF_INIT, warnings = BUF_INIT;
	struct shoot s = { 0 };

	CHECK_INT(text, -EINVAL,
		  shoot_parse("s", text, strlen(text), true, &s, &errors,
			      &warnings));
	CHECK_HAS("family", "s:3:18: ipFamilies", buf_text(&errors));
	CHECK_HAS("pods", "s:4:11: pods", buf_text(&errors));
	CHECK_HAS("services", "s:5:15: services", buf_text(&errors));
	buf_release(&errors);
	buf_release(&warnings);
}

UNIT_SUITE(shoot, { "problems", test_shoot_problems },
	   { "all at once", test_shoot_all_at_once });
