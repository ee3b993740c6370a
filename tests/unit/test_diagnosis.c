/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/diagnosis/diagnosis.h"

#include <stdlib.h>
#include <string.h>

#define ROUTER "2001:db8:10::1"

/* A result in one line: enough of it for the rules. */
struct seen {
	const char *id, *variant, *vantage, *reason;
	enum verdict verdict;
	const char *dst, *blocked_by, *fact, *value;
	int error, type, code; /* type 0: no ICMPv6 */
	const char *offender;
};

#define FAIL(i, va, v, r, ...)                                     \
	{                                                          \
		.id = i, .variant = va, .vantage = v, .reason = r, \
		.verdict = VERDICT_FAIL, __VA_ARGS__               \
	}
#define PASS(i, va, v)                                              \
	{                                                           \
		.id = i, .variant = va, .vantage = v, .reason = "", \
		.verdict = VERDICT_PASS,                            \
	}
#define WITH(vd, i, v, r, ...)                                     \
	{                                                          \
		.id = i, .variant = "", .vantage = v, .reason = r, \
		.verdict = vd, __VA_ARGS__                         \
	}

/* An API server at its own address. */
#define SERVER(vd, v, d)                                            \
	{                                                           \
		.id = "API-1", .variant = "endpoint", .vantage = v, \
		.reason = "", .verdict = VERDICT_##vd, .dst = d     \
	}

#define CASE_RESULTS 12

struct fault_case {
	const char *name;
	struct seen seen[CASE_RESULTS];
	const char *primary;
	const char *secondary; /* "" none */
	const char *blocked; /* ids, "" none */
	const char *has; /* part of the sentence or the first evidence */
};

#define HOST1       "host:node1"
#define HOST2       "host:node2"
#define POD1        "pod:node1/a"
#define POD2        "pod:node2/a"
#define FROM_ROUTER .error = 101, .type = 1, .code = 0, .offender = ROUTER

/* clang-format off */
static const struct fault_case cases[] = {
	{ "all green", { PASS("RTE-1", "", HOST1), PASS("N64-2", "udp", POD1) },
	  "", "", "", "all checks" },
	{ "warn and skip raise nothing",
	  { WITH(VERDICT_WARN, "POD-2", POD1, "timeout"),
	    WITH(VERDICT_SKIP, "RND-1", POD1, "no-permission"),
	    WITH(VERDICT_UNKNOWN, "POD-1", POD1, "peer-not-ready") },
	  "", "", "", "all checks" },
	{ "ra-lifetime-zero",
	  { FAIL("RND-1", "", HOST1, "ra-lifetime-zero", .fact = "router",
		 .value = "fe80::1"),
	    FAIL("RTE-1", "", HOST1, "no-default-route"),
	    FAIL("RND-1", "", HOST2, "ra-lifetime-zero"),
	    FAIL("CFG-1", "", HOST1, "state-differs"),
	    WITH(VERDICT_BLOCKED, "N64-2", HOST1, "prerequisite",
		 .blocked_by = "RTE-1@host:node1"),
	    FAIL("POD-2", "tcp", POD1, "net-unreachable", .error = 101) },
	  "router-withdrew", "", "N64-2 POD-2", "router fe80::1 advertises" },
	{ "ra-ignored-forwarding",
	  { FAIL("RND-3", "", HOST1, "accept-ra", .fact = "accept_ra",
		 .value = "1"),
	    FAIL("RTE-1", "", HOST1, "no-default-route"),
	    PASS("RTE-1", "", HOST2),
	    FAIL("POD-2", "tcp", POD2, "timeout"),
	    FAIL("DNS-4", "", POD2, "servfail") },
	  "ra-ignored-forwarding", "", "DNS-4 POD-2",
	  "node1 forwards and accept_ra is 1" },
	{ "nat64-no-route",
	  { FAIL("N64-2", "udp", POD1, "net-unreachable",
		 .dst = "2001:db8:64::cb00:710a", FROM_ROUTER,
		 .fact = "prefix", .value = "2001:db8:64::/96"),
	    FAIL("N64-2", "tcp", POD1, "net-unreachable",
		 .dst = "2001:db8:64::cb00:710a", FROM_ROUTER),
	    WITH(VERDICT_BLOCKED, "N64-3", POD1, "prerequisite",
		 .blocked_by = "N64-2@pod:node1/a"),
	    FAIL("MTU-5", "", POD1, "timeout"), PASS("EGR-1", "", POD1) },
	  "nat64-no-route", "", "MTU-5 N64-3",
	  "router " ROUTER " has no route to the NAT64 prefix "
	  "2001:db8:64::/96" },
	{ "dns64-absent",
	  { FAIL("DNS-4", "", POD1, "no-aaaa", .fact = "resolver",
		 .value = "2001:db8:96::a"),
	    FAIL("N64-3", "http", POD1, "no-aaaa"), PASS("N64-2", "", POD1) },
	  "dns64-absent", "", "N64-3", "resolver 2001:db8:96::a" },
	{ "pod-route-missing",
	  { FAIL("POD-2", "udp", POD1, "net-unreachable", FROM_ROUTER,
		 .fact = "peer_node", .value = "node2"),
	    FAIL("EGR-1", "", POD2, "timeout"), PASS("EGR-1", "", HOST2),
	    FAIL("DNS-1", "udp", POD2, "timeout"),
	    FAIL("SVC-2", "tcp", POD1, "endpoint-silent") },
	  "pod-route-missing", "", "DNS-1 EGR-1 SVC-2", "of node2" },
	{ "pmtu-blackhole",
	  { FAIL("MTU-3", "udp", POD1, "blackhole-large", .fact = "mtu_ok",
		 .value = "1280"),
	    FAIL("MTU-4", "tcp", POD1, "stalled"), PASS("MTU-1", "", POD1) },
	  "pmtu-blackhole", "", "", "above 1280 bytes" },
	{ "v4-leak",
	  { FAIL("EGR-5", "tcp", POD1, "v4-reachable", .dst = "203.0.113.10"),
	    FAIL("ADR-3", "", POD1, "v4-address"), PASS("EGR-1", "", POD1) },
	  "v4-leak", "", "", "pod:node1/a reaches 203.0.113.10" },
	{ "vip-not-programmed",
	  { FAIL("SVC-1", "tcp", POD1, "net-unreachable", FROM_ROUTER,
		 .fact = "direct", .value = "pass"),
	    FAIL("DNS-1", "udp", POD1, "timeout"),
	    PASS("POD-2", "tcp", POD1), PASS("SVC-1", "tcp", POD2) },
	  "vip-not-programmed", "", "DNS-1", "node1 does not translate" },
	{ "vip-not-programmed on the other node",
	  { FAIL("SVC-1", "tcp", POD1, "net-unreachable", FROM_ROUTER,
		 .fact = "direct", .value = "pass"),
	    FAIL("SVC-4", "other", POD2, "refused", .fact = "peer_node",
		 .value = "node1"),
	    PASS("SVC-1", "tcp", POD2) },
	  "vip-not-programmed", "", "SVC-4", "node1 does not translate" },
	{ "stale-endpoint",
	  { FAIL("SVC-2", "tcp", POD1, "endpoint-silent", .fact = "endpoint",
		 .value = "2001:db8::9"),
	    PASS("SVC-1", "tcp", POD1) },
	  "stale-endpoint", "", "", "gone: 2001:db8::9" },
	{ "stale-endpoint, which explains single connections that meet it",
	  { FAIL("SVC-1", "tcp", POD2, "net-unreachable", FROM_ROUTER),
	    FAIL("SVC-4", "own", POD2, "no-route"),
	    FAIL("SVC-2", "", POD1, "endpoint-silent", .fact = "endpoint",
		 .value = "2001:db8::9"),
	    PASS("POD-1", "tcp", POD2), PASS("SVC-1", "tcp", POD1) },
	  "stale-endpoint", "", "SVC-1 SVC-4", "gone: 2001:db8::9" },
	{ "hairpin", { FAIL("SVC-3", "tcp", POD1, "timeout"),
		       PASS("SVC-1", "tcp", POD1) },
	  "hairpin", "", "", "cannot reach itself" },
	{ "nat64-down", { FAIL("N64-2", "udp", POD1, "timeout"),
			  PASS("DNS-4", "", POD1) },
	  "nat64-down", "", "", "nothing comes back" },
	{ "nat64-loop", { FAIL("N64-2", "udp", POD1, "hop-limit", .error = 113,
			       .type = 3, .code = 0, .offender = ROUTER) },
	  "nat64-loop", "", "", "ICMPv6" },
	{ "one error explains the silence of others",
	  { FAIL("N64-2", "tcp", POD1, "timeout"),
	    FAIL("N64-2", "udp", POD2, "net-unreachable", FROM_ROUTER) },
	  "nat64-no-route", "", "N64-2", ROUTER },
	{ "dns-upstream-v4",
	  { PASS("DNS-2", "", POD1), FAIL("DNS-4", "", POD1, "servfail"),
	    FAIL("DNS-6", "", POD1, "servfail") },
	  "dns-upstream-v4", "", "", "IPv4 upstream" },
	{ "dns64-servfail",
	  { PASS("DNS-2", "", POD1), FAIL("DNS-4", "", POD1, "servfail"),
	    PASS("DNS-6", "", POD1) },
	  "dns64-servfail", "", "", "SERVFAIL" },
	{ "dns-reverse-absent", { FAIL("DNS-3", "ptr", POD1, "nxdomain"),
				  FAIL("DNS-3", "pod-ptr", POD1, "nxdomain"),
				  PASS("DNS-3", "headless", POD1) },
	  "dns-reverse-absent", "", "", "no reverse zone" },
	{ "dns-records, and pods have no names either",
	  { FAIL("DNS-3", "pod-ptr", POD1, "nxdomain"),
	    FAIL("DNS-3", "headless", POD1, "nxdomain", .fact = "name",
		 .value = "pods.t.svc.cluster.local"),
	    FAIL("DNS-3", "pod-ptr", POD2, "nxdomain"),
	    PASS("DNS-3", "ptr", POD1) },
	  "dns-records", "", "", "of pods.t.svc.cluster.local what" },
	{ "what was not answered is not unknown",
	  { FAIL("DNS-3", "headless", POD1, "timeout"),
	    PASS("DNS-3", "srv", POD1) },
	  "unexplained", "", "", "DNS-3 fails" },
	{ "dns-silent", { FAIL("DNS-1", "udp", POD1, "timeout"),
			  PASS("SVC-1", "", POD1) },
	  "dns-silent", "", "", "does not answer" },
	{ "antispoof", { FAIL("EGR-1", "udp", POD1, "timeout"),
			 PASS("EGR-1", "udp", HOST1) },
	  "antispoof", "", "", "pod sources of node1" },
	{ "api-down, not the service in front of it",
	  { FAIL("API-1", "vip", POD1, "refused", .fact = "endpoint",
		 .value = "2001:db8::7"),
	    FAIL("API-1", "name", POD1, "refused"),
	    SERVER(WARN, POD1, "[2001:db8::7]:6443"),
	    PASS("POD-1", "tcp", POD1), PASS("SVC-1", "tcp", POD1) },
	  "api-down", "", "", "at 2001:db8::7 does not answer" },
	{ "vip-not-programmed of the API alone",
	  { FAIL("API-1", "vip", POD1, "timeout"),
	    SERVER(PASS, POD1, "[2001:db8::7]:6443") },
	  "vip-not-programmed", "", "", "node1 does not translate" },
	{ "nor is a server down that others reach",
	  { FAIL("API-1", "vip", POD1, "timeout"),
	    SERVER(WARN, POD1, "[2001:db8::7]:6443"),
	    SERVER(PASS, POD2, "[2001:db8::7]:6443"),
	    PASS("POD-1", "tcp", POD1) },
	  "unexplained", "", "", "API-1 fails" },
	{ "api-down of one of two",
	  { FAIL("API-1", "vip", POD1, "partial"),
	    SERVER(WARN, POD1, "[2001:db8::7]:6443"),
	    SERVER(PASS, POD1, "[2001:db8::8]:6443"),
	    PASS("POD-1", "tcp", POD1) },
	  "api-down", "", "", "does not answer" },
	{ "api-unreachable: the run itself is served all the time",
	  { FAIL("API-1", "vip", POD1, "timeout", .fact = "endpoint",
		 .value = "2001:db8::7"),
	    FAIL("API-1", "name", POD2, "timeout"),
	    SERVER(WARN, POD1, "[2001:db8::7]:6443"),
	    SERVER(WARN, POD2, "[2001:db8::7]:6443"),
	    PASS("POD-1", "tcp", POD1), PASS("SVC-1", "tcp", POD1),
	    PASS("ADR-4", "", HOST1) },
	  "api-unreachable", "", "", "API server at 2001:db8::7, though" },
	{ "api-unreachable, but by the address of its users",
	  { FAIL("API-1", "vip", POD1, "net-unreachable"),
	    SERVER(WARN, POD1, "[2001:db8::7]:6443"),
	    PASS("API-2", "literal", POD1) },
	  "api-unreachable", "", "", "though it answers others" },
	{ "api-down of one of two that serve the run",
	  { FAIL("API-1", "vip", POD1, "partial"),
	    SERVER(WARN, POD1, "[2001:db8::7]:6443"),
	    SERVER(PASS, POD1, "[2001:db8::8]:6443"),
	    PASS("API-3", "logs", HOST1) },
	  "api-down", "", "", "does not answer" },
	{ "api-cert-san", { FAIL("API-1", "vip", POD1, "tls-name") },
	  "api-cert-san", "", "", "certificate" },
	{ "api-cert-ca", { FAIL("API-1", "vip", POD1, "tls-verify") },
	  "api-cert-ca", "", "", "not signed by the cluster" },
	{ "api-cert-expired", { FAIL("API-1", "vip", POD1, "tls-expired") },
	  "api-cert-expired", "", "", "out of its time" },
	{ "api-token", { FAIL("API-1", "vip", POD1, "unauthorized"),
			 FAIL("API-1", "name", POD1, "unauthorized") },
	  "api-token", "", "", "401" },
	{ "api-rbac", { FAIL("API-1", "read", POD1, "forbidden"),
			PASS("API-1", "vip", POD1) },
	  "api-rbac", "", "", "403" },
	{ "kubelet-unreachable",
	  { FAIL("API-3", "logs", HOST1, "timeout"),
	    PASS("API-3", "proxy", HOST1), PASS("API-1", "vip", POD1) },
	  "kubelet-unreachable", "", "", "kubelet of node1" },
	{ "kubelet-cert", { FAIL("API-3", "exec", HOST1, "tls-name") },
	  "kubelet-cert", "", "", "certificate of the kubelet of node1" },
	{ "kubelet-refuses", { FAIL("API-3", "logs", HOST1, "forbidden") },
	  "kubelet-refuses", "", "", "refuses the API server" },
	{ "api-pod-path",
	  { PASS("API-3", "logs", HOST1),
	    FAIL("API-3", "proxy", HOST1, "timeout") },
	  "api-pod-path", "", "", "pods of node1" },
	{ "api-pod-path by a service: no node is to blame",
	  { PASS("API-3", "logs", HOST1), PASS("API-3", "logs", HOST2),
	    FAIL("API-3", "service", VANTAGE_API, "timeout",
		 .dst = "web.t") },
	  "api-pod-path", "", "", "pods of a node at web.t" },
	{ "a tunnel that large packets do not pass",
	  { FAIL("API-3", "port-forward", HOST1, "stalled"),
	    PASS("API-3", "logs", HOST1) },
	  "pmtu-blackhole", "", "", "" },
	{ "a pod's route, and the API server's way to that pod",
	  { FAIL("POD-2", "udp", POD1, "net-unreachable", FROM_ROUTER),
	    FAIL("API-3", "proxy", HOST1, "timeout") },
	  "pod-route-missing", "", "API-3", ROUTER },
	{ "cni-missing", { FAIL("POD-1", "", HOST1, "cni-missing") },
	  "cni-missing", "", "", "node1 has no CNI" },
	{ "runtime-down", { FAIL("API-3", "logs", HOST1, "runtime-down"),
			    FAIL("API-3", "exec", HOST1, "timeout"),
			    PASS("API-3", "proxy", HOST1) },
	  "runtime-down", "", "API-3", "runtime of node1" },
	{ "image-pull", { FAIL("POD-1", "", HOST1, "image-pull") },
	  "image-pull", "", "", "cannot be pulled" },
	{ "node-ip-family", { FAIL("ADR-4", "", HOST1, "wrong-family") },
	  "node-ip-family", "", "", "kubelet of node1" },
	{ "nothing fits", { FAIL("POD-5", "", POD1, "source-rewritten") },
	  "unexplained", "", "", "POD-5 fails" },

	/* Two at once: both named, the lower one first. */
	{ "nat64-no-route and dns64-absent",
	  { FAIL("DNS-4", "", POD1, "no-aaaa"),
	    FAIL("N64-2", "udp", POD1, "net-unreachable", FROM_ROUTER) },
	  "dns64-absent", "nat64-no-route", "", "synthesise" },
	{ "ra-ignored-forwarding on one node and nat64-no-route",
	  { FAIL("RND-3", "", HOST1, "accept-ra"),
	    FAIL("N64-2", "udp", POD1, "net-unreachable"),
	    FAIL("N64-2", "udp", POD2, "net-unreachable", FROM_ROUTER) },
	  "ra-ignored-forwarding", "nat64-no-route", "N64-2", "node1" },
	{ "pod-route-missing and v4-leak",
	  { FAIL("POD-2", "udp", POD1, "net-unreachable", FROM_ROUTER),
	    FAIL("EGR-5", "tcp", POD2, "v4-reachable") },
	  "pod-route-missing", "v4-leak", "", ROUTER },
	{ "pmtu-blackhole and stale-endpoint",
	  { FAIL("MTU-3", "udp", POD1, "blackhole-large"),
	    FAIL("SVC-2", "tcp", POD1, "endpoint-silent"),
	    PASS("SVC-1", "tcp", POD1) },
	  "pmtu-blackhole", "stale-endpoint", "", "vanish" },
};
/* clang-format on */

/**
 * fill() - Make results of a case
 * @c:		Case
 * @all:	Where they go
 */
static void fill(const struct fault_case *c, struct results *all)
{
	size_t i;

	for (i = 0; i < CASE_RESULTS && c->seen[i].id; i++) {
		const struct seen *s = &c->seen[i];
		struct result r;

		result_init(&r, s->id, s->vantage);
		r.verdict = s->verdict;
		(void)snprintf(r.variant, sizeof(r.variant), "%s", s->variant);
		(void)snprintf(r.reason, sizeof(r.reason), "%s", s->reason);
		(void)snprintf(r.dst, sizeof(r.dst), "%s",
			       s->dst ? s->dst : "");
		(void)snprintf(r.blocked_by, sizeof(r.blocked_by), "%s",
			       s->blocked_by ? s->blocked_by : "");
		(void)snprintf(r.via.offender, sizeof(r.via.offender), "%s",
			       s->offender ? s->offender : "");
		r.via.error = s->error;
		r.via.icmp_type = s->type ? s->type : -1;
		r.via.icmp_code = s->type ? s->code : -1;
		if (s->fact)
			result_fact(&r, s->fact, "%s", s->value);
		CHECK_INT("room", 0, results_add(all, &r));
	}
}

/**
 * test_cases() - Recorded results lead to the cause, and to no other
 */
static void test_cases(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fault_case *c = &cases[i];
		struct results all = { 0 };
		struct diagnosis d;
		char text[2 * DIAGNOSIS_TEXT];

		fill(c, &all);
		if (!CHECK_INT(c->name, 0, diagnose(&all, &d)))
			continue;
		CHECK_STR(c->name, c->primary,
			  cause_info(d.primary.cause)->token);
		CHECK_STR(c->name, c->secondary,
			  d.n_secondary ?
				  cause_info(d.secondary[0].cause)->token :
				  "");
		CHECK_TRUE(c->name, d.n_secondary <= 1);
		CHECK_STR(c->name, c->blocked, d.primary.blocked);
		(void)snprintf(text, sizeof(text), "%s %s",
			       *c->primary ? d.primary.sentence :
					     cause_info(CAUSE_NONE)->sentence,
			       d.primary.evidence[0]);
		CHECK_HAS(c->name, c->has, text);
		diagnosis_release(&d);
		results_release(&all);
	}
}

/**
 * test_block() - Consequences are turned to blocked, evidence stays failed
 */
static void test_block(void)
{
	struct results all = { 0 };
	struct diagnosis d;

	fill(&cases[4], &all);
	if (!CHECK_INT("diagnose", 0, diagnose(&all, &d)))
		return;
	CHECK_INT("turned", 1, diagnosis_block(&d, &all));
	CHECK_INT("evidence", VERDICT_FAIL, all.items[0].verdict);
	CHECK_INT("MTU-5", VERDICT_BLOCKED, all.items[3].verdict);
	CHECK_STR("by", "nat64-no-route", all.items[3].blocked_by);
	CHECK_INT("EGR-1", VERDICT_PASS, all.items[4].verdict);
	diagnosis_release(&d);
	results_release(&all);
}

/**
 * test_print() - The first line names the cause; evidence has errno and ICMPv6
 */
static void test_print(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct results all = { 0 };
	struct diagnosis d;

	fill(&cases[4], &all);
	if (!CHECK_INT("diagnose", 0, diagnose(&all, &d)))
		return;
	diagnosis_print(&d, false, 0, &b);
	CHECK_INT("first line", 0,
		  strncmp("FAIL nat64-no-route  router ", buf_text(&b), 28));
	CHECK_HAS("evidence",
		  "seen      N64-2 udp and tcp to 2001:db8:64::cb00:710a from "
		  "pod:node1/a: ENETUNREACH, ICMPv6 1/0 (no route to "
		  "destination) from " ROUTER,
		  buf_text(&b));
	CHECK_HAS("blocked, in order", "blocked   MTU-5 N64-3\n", buf_text(&b));
	buf_clear(&b);
	diagnosis_print(&d, false, 60, &b);
	CHECK_HAS(
		"folded between words, further lines below the first",
		"\n     seen      N64-2 udp and tcp to 2001:db8:64::cb00:710a\n"
		"               from pod:node1/a: ENETUNREACH, ICMPv6 1/0 (no\n"
		"               route to destination) from " ROUTER "\n",
		buf_text(&b));
	diagnosis_release(&d);
	results_release(&all);
}

/**
 * test_json() - A diagnosis survives the way to JSON and back
 */
static void test_json(void)
{
	_cleanup_(json_freep) struct json *j = NULL;
	struct results all = { 0 };
	struct diagnosis d, back;

	fill(&cases[4], &all);
	if (!CHECK_INT("diagnose", 0, diagnose(&all, &d)))
		return;
	j = diagnosis_to_json(&d);
	CHECK_STR("token", "nat64-no-route", json_get_string(j, "primary"));
	if (CHECK_INT("read", 0, diagnosis_from_json(j, &back))) {
		CHECK_INT("cause", d.primary.cause, back.primary.cause);
		CHECK_STR("sentence", d.primary.sentence,
			  back.primary.sentence);
		CHECK_STR("evidence", d.primary.evidence[0],
			  back.primary.evidence[0]);
		CHECK_STR("blocked", d.primary.blocked, back.primary.blocked);
		diagnosis_release(&back);
	}
	diagnosis_release(&d);
	results_release(&all);
}

/**
 * test_fill() - Placeholders with a value, with words for none, and with neither
 */
static void test_fill(void)
{
	static const struct cause_value values[] = { { "a", "1" },
						     { "b", "" },
						     { NULL, NULL } };
	static const struct {
		const char *template, *want;
	} texts[] = {
		{ "x %(a) y", "x 1 y" },       { "x %(b|two) y", "x two y" },
		{ "x %(c) y", "x y" },         { "x %(c)", "x" },
		{ "50% of %(a)", "50% of 1" }, { "x %(a", "x %(a" },
	};
	char text[64], small[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		cause_fill(texts[i].template, values, text, sizeof(text));
		CHECK_STR(texts[i].template, texts[i].want, text);
	}
	cause_fill("abcdef", values, small, sizeof(small));
	CHECK_STR("cut off", "abc", small);
}

/**
 * test_table() - Every cause has its texts, and its token leads back to it
 */
static void test_table(void)
{
	enum cause cause;
	int i;

	for (i = CAUSE_NONE + 1; i < CAUSE_MAX; i++) {
		const struct cause_info *info = cause_info((enum cause)i);

		CHECK_TRUE(info->token, *info->token && *info->sentence &&
						*info->means && *info->remedy);
		if (CHECK_INT(info->token, 0, cause_parse(info->token, &cause)))
			CHECK_INT(info->token, i, cause);
	}
}

/**
 * plain() - A text of the table without its placeholders, for documentation
 * @template:	Text
 * @b:		Where it goes; placeholders become their words, or their name
 */
static void plain(const char *template, struct buf *b)
{
	const char *p, *end, *bar;

	for (p = template; *p; p++) {
		end = strncmp(p, "%(", 2) ? NULL : strchr(p, ')');
		if (!end) {
			buf_putc(b, *p);
			continue;
		}
		bar = memchr(p, '|', (size_t)(end - p));
		if (bar)
			buf_add(b, bar + 1, (size_t)(end - bar - 1));
		else if (end - p < 5 || strncmp(end - 5, "_text", 5))
			buf_printf(b, "*%.*s*", (int)(end - p - 2), p + 2);
		p = end;
	}
}

/**
 * test_docs() - docs/causes.md is what the table says
 *
 * SHOOT6_WRITE_DOCS=1 build/tests/unit writes it anew.
 */
static void test_docs(void)
{
	_cleanup_(buf_release) struct buf want = BUF_INIT, got = BUF_INIT;
	_cleanup_fclose_ FILE *f = NULL;
	int i;

	buf_puts(&want, "# Causes\n\nWhat a diagnosis can name. Generated from "
			"lib/diagnosis/causes.c: do not edit.\n");
	for (i = CAUSE_NONE + 1; i < CAUSE_MAX; i++) {
		const struct cause_info *info = cause_info((enum cause)i);

		buf_printf(&want, "\n## %s\n\n", info->token);
		plain(info->sentence, &want);
		buf_puts(&want, "\n\n- means: ");
		plain(info->means, &want);
		buf_puts(&want, "\n- do: ");
		plain(info->remedy, &want);
		if (*info->clause)
			buf_printf(&want, "\n- clause: %s", info->clause);
		buf_putc(&want, '\n');
	}
	if (getenv("SHOOT6_WRITE_DOCS")) {
		f = fopen("docs/causes.md", "we");
		if (CHECK_TRUE("docs/causes.md can be written", f != NULL))
			(void)fwrite(want.data, 1, want.len, f);
		return;
	}
	CHECK_INT("docs/causes.md", 0, buf_read_file(&got, "docs/causes.md"));
	CHECK_TRUE("docs/causes.md is current, see SHOOT6_WRITE_DOCS",
		   strcmp(buf_text(&want), buf_text(&got)) == 0);
}

UNIT_SUITE(diagnosis, { "recorded results", test_cases },
	   { "blocked", test_block }, { "text", test_print },
	   { "json", test_json }, { "placeholders", test_fill },
	   { "table of causes", test_table }, { "docs/causes.md", test_docs });
