/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/nodestate.h"
#include "tests/unit/unit.h"

#include <errno.h>

static const struct {
	const char *what, *resolv;
	int r;
	const char *domain;
} domains[] = {
	{ "a pod",
	  "nameserver ::1\nsearch t.svc.cluster.local svc.cluster.local"
	  " cluster.local example\noptions ndots:5\n",
	  0, "cluster.local" },
	{ "a pod of another cluster",
	  "search t.svc.k8s.example.org svc.k8s.example.org k8s.example.org\n",
	  0, "k8s.example.org" },
	{ "tabs", "search\tt.svc.a\tsvc.a\ta\n", 0, "a" },
	{ "the last line counts", "search svc.a\nsearch svc.b\n", 0, "b" },
	{ "just short enough", "search svc.01234567890123456789012\n", 0,
	  "01234567890123456789012" },
	{ "absolute", "search t.svc.k8s.test. svc.k8s.test. k8s.test.\n", 0,
	  "k8s.test" },
	{ "a machine", "search example.org\n", -ENOENT, "" },
	{ "no search", "nameserver ::1\n", -ENOENT, "" },
	{ "nothing behind it", "search svc. t\n", -ENOENT, "" },
	{ "too long", "search svc.012345678901234567890123\n", -ENOENT, "" },
};

/**
 * test_domains() - The cluster's domain, from a pod's resolv.conf
 */
static void test_domains(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		struct node_state s = { .n_servers = 0 };
		char domain[24] = "";

		state_parse_resolv(domains[i].resolv, &s);
		CHECK_INT(
			domains[i].what, domains[i].r,
			state_cluster_domain(s.search, domain, sizeof(domain)));
		CHECK_STR(domains[i].what, domains[i].domain, domain);
	}
}

UNIT_SUITE(node_state, { "domains", test_domains });
