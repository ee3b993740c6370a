/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/diagnosis/rule.h"

#include "lib/addr.h"
#include "lib/reason.h"

#include <string.h>

#define SILENCE       "timeout partial loss"
#define SILENCE_LARGE "blackhole-large stalled"
/* Variants of API-3 that are the kubelet's. */
#define BY_KUBELET    "logs exec port-forward"
/* What connect() is told, silence or not. */
#define NO_CONNECTION                                                   \
	SILENCE " net-unreachable no-route hop-limit admin-prohibited " \
		"addr-unreachable nd-failed refused"

/**
 * any_like() - Whether some result near another has a verdict and a form
 * @all:	All results
 * @near:	The one it must be near to
 * @scope:	How near
 * @verdict:	Verdict wanted
 * @p:		Form wanted
 *
 * Return: true where there is one
 */
static bool any_like(const struct results *all, const struct result *near,
		     enum scope scope, enum verdict verdict,
		     const struct pattern *p)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->items[i].verdict == verdict &&
		    scope_joins(scope, near, &all->items[i]) &&
		    pattern_fits(p, &all->items[i]))
			return true;
	return false;
}

/* API servers at their own addresses; as a SHOULD, a failure of theirs is a warning. */
static const struct pattern api_servers = { .ids = "API-1",
					    .variants = "endpoint" };

/**
 * server_reached() - Whether some vantage had an answer of an API server itself
 * @all:	All results
 * @dst:	Where it is; NULL: any server
 *
 * Return: true where one had
 */
static bool server_reached(const struct results *all, const char *dst)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct result *r = &all->items[i];

		if (r->verdict == VERDICT_PASS &&
		    pattern_fits(&api_servers, r) &&
		    (!dst || strcmp(r->dst, dst) == 0))
			return true;
	}
	return false;
}

/**
 * server_silent() - An API server was asked itself, and no vantage had an answer of it
 * @all:	All results
 *
 * Return: true where there is such a server
 */
static bool server_silent(const struct results *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct result *r = &all->items[i];

		if (r->verdict == VERDICT_WARN &&
		    pattern_fits(&api_servers, r) &&
		    !server_reached(all, r->dst))
			return true;
	}
	return false;
}

/**
 * api_is_cut_off() - The API serves somebody, but no vantage at a server's own address
 * @all:	All results
 * @seen:	Failed API-1
 *
 * Whom it serves: the run against a cluster, which has these results of the API, or who
 * comes by the address of its users.
 *
 * Return: true where it is so
 */
static bool api_is_cut_off(const struct results *all, const struct result *seen)
{
	static const struct pattern told = { .ids = "ADR-4 API-2 API-3" };

	return server_silent(all) && !server_reached(all, NULL) &&
	       any_like(all, seen, SCOPE_ALL, VERDICT_PASS, &told);
}

/**
 * api_is_down() - An API server does not answer, and it is not the way to it
 * @all:	All results
 * @seen:	Failed API-1
 *
 * Return: true where there is such a server
 */
static bool api_is_down(const struct results *all, const struct result *seen)
{
	return server_silent(all) && !api_is_cut_off(all, seen);
}

/**
 * endpoint_answers() - Whether a service's endpoint answers when asked directly
 * @all:	All results
 * @seen:	Failed result about the service
 *
 * Where the check did not try it, pods reached from the same vantage count; for the API
 * its servers do, where they were asked.
 *
 * Return: true where it does
 */
static bool endpoint_answers(const struct results *all,
			     const struct result *seen)
{
	static const struct pattern pods = { .ids = "POD-*" };
	const char *direct = result_get_fact(seen, "direct");

	if (direct)
		return strcmp(direct, "pass") == 0;
	if (strcmp(seen->id, "API-1") == 0 &&
	    any_like(all, seen, SCOPE_NODE, VERDICT_WARN, &api_servers))
		return false;
	if (strcmp(seen->id, "API-1") == 0 &&
	    any_like(all, seen, SCOPE_NODE, VERDICT_PASS, &api_servers))
		return true;
	return any_like(all, seen, SCOPE_NODE, VERDICT_PASS, &pods) &&
	       !any_like(all, seen, SCOPE_VANTAGE, VERDICT_FAIL, &pods);
}

/**
 * vip_alone_fails() - A service address fails where its endpoint answers
 * @all:	All results
 * @seen:	Failed SVC-* or DNS-1
 *
 * For the resolver only where other services fail too, else it is the resolver.
 *
 * Return: true where it is the translation that is missing
 */
static bool vip_alone_fails(const struct results *all,
			    const struct result *seen)
{
	static const struct pattern other = { .ids = "SVC-1" };

	if (strcmp(seen->id, "DNS-1") == 0 &&
	    !any_like(all, seen, SCOPE_NODE, VERDICT_FAIL, &other))
		return false;
	return endpoint_answers(all, seen);
}

/**
 * service_stands() - The service works for others, or for other connections
 * @all:	All results
 * @seen:	Failed SVC-2 or SVC-3
 *
 * Return: true where SVC-1 does not fail on this node
 */
static bool service_stands(const struct results *all, const struct result *seen)
{
	static const struct pattern first = { .ids = "SVC-1" };

	return !any_like(all, seen, SCOPE_NODE, VERDICT_FAIL, &first);
}

/**
 * direct_path_large() - Full-size packets pass when no service is in the way
 * @all:	All results
 * @seen:	Failed MTU-2
 *
 * Return: true where MTU-1 passes from the same node
 */
static bool direct_path_large(const struct results *all,
			      const struct result *seen)
{
	static const struct pattern direct = { .ids = "MTU-1" };

	return any_like(all, seen, SCOPE_NODE, VERDICT_PASS, &direct);
}

/**
 * echo_fails_too() - Large packets and echo vanish, small TCP passes
 * @all:	All results
 * @seen:	Failed result of echo
 *
 * Return: true where TCP of the same check passes and a large packet is lost
 */
static bool echo_fails_too(const struct results *all, const struct result *seen)
{
	const struct pattern tcp = { .ids = seen->id, .variants = "tcp" };
	static const struct pattern large = { .reasons = SILENCE_LARGE };

	return any_like(all, seen, SCOPE_VANTAGE, VERDICT_PASS, &tcp) &&
	       any_like(all, seen, SCOPE_NODE, VERDICT_FAIL, &large);
}

/**
 * udp_passes() - TCP is lost where UDP of the same check passes
 * @all:	All results
 * @seen:	Failed result of TCP
 *
 * Return: true where it does
 */
static bool udp_passes(const struct results *all, const struct result *seen)
{
	const struct pattern udp = { .ids = seen->id, .variants = "udp" };

	return any_like(all, seen, SCOPE_VANTAGE, VERDICT_PASS, &udp);
}

/**
 * pods_alone() - A pod gets no answer where its node does
 * @all:	All results
 * @seen:	Failed result of a pod
 *
 * Return: true where the node's own native egress passes
 */
static bool pods_alone(const struct results *all, const struct result *seen)
{
	static const struct pattern egress = { .ids = "EGR-1" };
	size_t i;

	if (!result_of_pod(seen))
		return false;
	for (i = 0; i < all->n; i++)
		if (all->items[i].verdict == VERDICT_PASS &&
		    !result_of_pod(&all->items[i]) &&
		    scope_joins(SCOPE_NODE, seen, &all->items[i]) &&
		    pattern_fits(&egress, &all->items[i]))
			return true;
	return false;
}

/**
 * source_is_ula() - The packet left with a unique local source (RFC 4193)
 * @all:	All results
 * @seen:	Failed result
 *
 * Return: true where it did
 */
static bool source_is_ula(const struct results *all, const struct result *seen)
{
	struct addr src;

	(void)all;
	return addr_parse6(seen->src, &src) == 0 &&
	       addr_scope(&src) == ADDR_ULA;
}

/**
 * native_names_fail() - Names with AAAA cannot be resolved either
 * @all:	All results
 * @seen:	Failed result of a name outside the cluster
 *
 * Return: true where the cluster's own names are fine and native names are not
 */
static bool native_names_fail(const struct results *all,
			      const struct result *seen)
{
	static const struct pattern own = { .ids = "DNS-2" };
	static const struct pattern native = { .ids = "DNS-6 DNS-8 EGR-1",
					       .reasons = "servfail" };

	return any_like(all, seen, SCOPE_ALL, VERDICT_PASS, &own) &&
	       any_like(all, seen, SCOPE_ALL, VERDICT_FAIL, &native);
}

/**
 * to_pod() - The destination is a pod of another node
 * @all:	All results
 * @seen:	Failed result
 *
 * Return: true unless the check says that it asked the node itself
 */
static bool to_pod(const struct results *all, const struct result *seen)
{
	(void)all;
	return !words_have("node host", seen->variant);
}

/* clang-format off */
const struct rule rules[] = {
	/* Pods that did not start at all. */
	{ .cause = CAUSE_CNI_MISSING, .scope = SCOPE_NODE,
	  .seen = { .reasons = "cni-missing" },
	  .blocks = "*" },
	{ .cause = CAUSE_RUNTIME_DOWN, .scope = SCOPE_NODE,
	  .seen = { .reasons = "runtime-down" },
	  .blocks = "RUN-1 API-3" },
	{ .cause = CAUSE_IMAGE_PULL, .scope = SCOPE_NODE,
	  .seen = { .reasons = "image-pull" },
	  .blocks = "*" },

	/* Link and addresses. */
	{ .cause = CAUSE_IPV6_DISABLED, .scope = SCOPE_VANTAGE,
	  .seen = { .reasons = "ipv6-disabled" },
	  .red = "LNK-2 ADR-1", .blocks = "*", .silences = "POD-* SVC-*" },
	{ .cause = CAUSE_LO_IPV6_DISABLED, .scope = SCOPE_VANTAGE,
	  .seen = { .reasons = "lo-ipv6-disabled" } },
	{ .cause = CAUSE_DAD_FAILED, .scope = SCOPE_VANTAGE,
	  .seen = { .reasons = "dad-failed" },
	  .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_DAD_TENTATIVE, .scope = SCOPE_VANTAGE,
	  .seen = { .reasons = "addr-tentative" },
	  .blocks = "*", .silences = "POD-* SVC-*" },
	{ .cause = CAUSE_NODE_IP_FAMILY, .scope = SCOPE_NODE,
	  .seen = { .ids = "ADR-4", .reasons = "wrong-family" },
	  .blocks = "API-3" },
	{ .cause = CAUSE_UDP6_ZERO_CSUM, .scope = SCOPE_NODE,
	  .seen = { .reasons = "checksum-errors" },
	  .blocks = "POD-* SVC-* RTE-2 MTU-1 MTU-2", .silences = "*" },

	/* Router advertisements: without a default route little is said. */
	{ .cause = CAUSE_RA_IGNORED_FORWARDING, .scope = SCOPE_NODE,
	  .seen = { .reasons = "accept-ra" },
	  .red = "RTE-1 CFG-1", .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_ROUTER_WITHDREW, .scope = SCOPE_NODE,
	  .seen = { .reasons = "ra-lifetime-zero" },
	  .red = "RTE-1 CFG-1", .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_RA_NOT_ONLINK, .scope = SCOPE_NODE,
	  .seen = { .reasons = "ra-invalid" },
	  .red = "RTE-1 CFG-1", .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_ROGUE_ROUTER, .scope = SCOPE_NODE,
	  .seen = { .reasons = "several-routers" },
	  .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_HOPLIMIT_LOW, .scope = SCOPE_NODE,
	  .seen = { .reasons = "hoplimit-low" },
	  .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_ND_FILTERED, .scope = SCOPE_NODE,
	  .seen = { .ids = "RND-5 RTE-1", .reasons = "nd-failed" },
	  .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_RA_MISSING, .scope = SCOPE_NODE,
	  .seen = { .reasons = "ra-missing" },
	  .red = "RTE-1 CFG-1", .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_NO_DEFAULT_ROUTE, .scope = SCOPE_NODE,
	  .seen = { .ids = "RTE-1", .reasons = "no-default-route" },
	  .red = "CFG-1", .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_NEIGH_OVERFLOW, .scope = SCOPE_NODE,
	  .seen = { .reasons = "neigh-overflow" },
	  .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_NODE_STATE, .scope = SCOPE_NODE,
	  .seen = { .reasons = "forwarding-off" },
	  .red = "CFG-1", .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_ADDR_DEPRECATED, .scope = SCOPE_VANTAGE,
	  .seen = { .reasons = "addr-deprecated" } },

	/* Routes. */
	{ .cause = CAUSE_ROUTE_BLACKHOLE, .scope = SCOPE_NODE,
	  .seen = { .ids = "RTE-*",
		    .reasons = "route-wrong",
		    .fact = "type=blackhole" },
	  .red = "CFG-1", .blocks = "*", .silences = "POD-* RTE-* SVC-*" },
	{ .cause = CAUSE_ROUTE_UNREACHABLE, .scope = SCOPE_NODE,
	  .seen = { .ids = "RTE-*",
		    .reasons = "route-wrong",
		    .fact = "type=unreachable" },
	  .red = "CFG-1", .blocks = "*", .silences = "POD-* RTE-* SVC-*" },
	{ .cause = CAUSE_ROUTE_PROHIBIT, .scope = SCOPE_NODE,
	  .seen = { .ids = "RTE-*",
		    .reasons = "route-wrong",
		    .fact = "type=prohibit" },
	  .red = "CFG-1", .blocks = "*", .silences = "POD-* RTE-* SVC-*" },
	{ .cause = CAUSE_POD_ROUTE_MISSING, .scope = SCOPE_ALL,
	  .seen = { .ids = "RTE-2 POD-2 POD-3 POD-4",
		    .reasons = "net-unreachable route-missing" },
	  .holds = to_pod,
	  .blocks = "POD-* RTE-2 SVC-* MTU-1 MTU-2 API-3",
	  .silences = "*" },
	{ .cause = CAUSE_NO_PROXY_NDP, .scope = SCOPE_ALL,
	  .seen = { .ids = "RTE-2 POD-2 POD-4 RND-5",
		    .reasons = "addr-unreachable" },
	  .blocks = "POD-* RTE-2 SVC-* MTU-1 MTU-2", .silences = "*" },
	{ .cause = CAUSE_ROUTE_PROHIBIT, .scope = SCOPE_ALL,
	  .seen = { .ids = "RTE-* POD-* EGR-1", .reasons = "admin-prohibited" },
	  .blocks = "POD-* RTE-* SVC-* MTU-* EGR-* N64-*" },
	{ .cause = CAUSE_RPFILTER, .scope = SCOPE_ALL,
	  .seen = { .ids = "RTE-3", .reasons = SILENCE, .fact = "rpfilter=1" },
	  .silences = "*" },
	{ .cause = CAUSE_ASYM_STATEFUL, .scope = SCOPE_ALL,
	  .seen = { .ids = "POD-* RTE-3 EGR-1",
		    .reasons = SILENCE,
		    .variants = "tcp" },
	  .holds = udp_passes, .silences = "*" },
	{ .cause = CAUSE_ECMP_MEMBER, .scope = SCOPE_ALL,
	  .seen = { .ids = "RTE-4", .reasons = SILENCE },
	  .silences = "*" },
	{ .cause = CAUSE_ULA_EGRESS, .scope = SCOPE_ALL,
	  .seen = { .ids = "EGR-1 EGR-2", .reasons = "timeout" },
	  .holds = source_is_ula, .red = "ADR-5", .blocks = "EGR-* N64-*",
	  .silences = "EGR-* N64-* MTU-3 MTU-4 MTU-5" },
	{ .cause = CAUSE_ULA_EGRESS, .scope = SCOPE_ALL,
	  .seen = { .ids = "ADR-5 EGR-2", .reasons = "wrong-source" },
	  .blocks = "EGR-* N64-*", .silences = "EGR-* N64-*" },
	{ .cause = CAUSE_ANTISPOOF, .scope = SCOPE_NODE,
	  .seen = { .ids = "POD-2 POD-4 RTE-3 EGR-1", .reasons = "timeout" },
	  .holds = pods_alone, .blocks = "*", .silences = "*" },
	{ .cause = CAUSE_NO_UPSTREAM, .scope = SCOPE_ALL,
	  .seen = { .ids = "EGR-1", .reasons = "net-unreachable no-route" },
	  .blocks = "EGR-* MTU-3 MTU-4" },

	/* ICMPv6 and packet sizes. */
	{ .cause = CAUSE_ICMPV6_FILTERED, .scope = SCOPE_ALL,
	  .seen = { .ids = "POD-* EGR-1 SEC-3",
		    .reasons = SILENCE,
		    .variants = "icmp icmp6 echo" },
	  .holds = echo_fails_too, .blocks = "MTU-*", .silences = "*" },
	{ .cause = CAUSE_SVC_PTB_LOST, .scope = SCOPE_ALL,
	  .seen = { .ids = "MTU-2", .reasons = SILENCE_LARGE " timeout" },
	  .holds = direct_path_large },
	{ .cause = CAUSE_OVERLAY_MTU, .scope = SCOPE_ALL,
	  .seen = { .ids = "MTU-1 LNK-1",
		    .reasons = SILENCE_LARGE " mtu-mismatch mtu-too-small" },
	  .red = "LNK-1", .blocks = "MTU-*", .silences = "*" },
	{ .cause = CAUSE_PTB_RATELIMITED, .scope = SCOPE_ALL,
	  .seen = { .ids = "MTU-3", .reasons = "partial" },
	  .silences = "MTU-*" },
	{ .cause = CAUSE_PMTU_BLACKHOLE, .scope = SCOPE_ALL,
	  .seen = { .ids = "MTU-3 MTU-4 API-3", .reasons = SILENCE_LARGE },
	  .silences = "MTU-* EGR-* N64-3 API-*" },
	{ .cause = CAUSE_FRAG_DROP, .scope = SCOPE_ALL,
	  .seen = { .ids = "MTU-6 DNS-7",
		    .reasons = SILENCE_LARGE " " SILENCE } },
	{ .cause = CAUSE_EH_DROP, .scope = SCOPE_ALL,
	  .seen = { .ids = "SEC-6", .reasons = SILENCE } },

	/* Services. */
	{ .cause = CAUSE_HAIRPIN, .scope = SCOPE_NODE,
	  .seen = { .ids = "SVC-3", .reasons = SILENCE },
	  .holds = service_stands },
	{ .cause = CAUSE_STALE_ENDPOINT, .scope = SCOPE_ALL,
	  .seen = { .ids = "SVC-*", .reasons = "endpoint-silent partial" },
	  .blocks = "SVC-1 SVC-4 MTU-2", .silences = "SVC-* MTU-2" },
	{ .cause = CAUSE_NO_ENDPOINT_DROP, .scope = SCOPE_ALL,
	  .seen = { .ids = "SVC-7", .reasons = SILENCE } },
	{ .cause = CAUSE_API_UNREACHABLE, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-1", .reasons = NO_CONNECTION " reset" },
	  .holds = api_is_cut_off, .blocks = "API-1 API-2 API-4" },
	{ .cause = CAUSE_API_DOWN, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-1",
		    .reasons = SILENCE " refused reset net-unreachable no-route "
			       "addr-unreachable nd-failed" },
	  .holds = api_is_down, .blocks = "API-*" },
	/* Twice: the plain check is the evidence where it fails, not its followers. */
	{ .cause = CAUSE_VIP_NOT_PROGRAMMED, .scope = SCOPE_NODE,
	  .seen = { .ids = "SVC-1 API-1",
		    .reasons = NO_CONNECTION },
	  .holds = endpoint_answers,
	  .blocks = "SVC-* DNS-* MTU-2 N64-3 EGR-* API-*" },
	{ .cause = CAUSE_VIP_NOT_PROGRAMMED, .scope = SCOPE_NODE,
	  .seen = { .ids = "SVC-* DNS-1 API-1",
		    .reasons = NO_CONNECTION },
	  .holds = vip_alone_fails, .red = "SVC-1",
	  .blocks = "SVC-* DNS-* MTU-2 N64-3 EGR-* API-*" },
	{ .cause = CAUSE_LISTENER_V4_ONLY, .scope = SCOPE_ALL,
	  .seen = { .ids = "SVC-1 SVC-8 POD-*", .reasons = "refused" },
	  .blocks = "SVC-* POD-*" },

	/* Names. */
	{ .cause = CAUSE_DNS_SILENT, .scope = SCOPE_ALL,
	  .seen = { .ids = "DNS-1",
		    .reasons = SILENCE " refused net-unreachable "
			       "addr-unreachable" },
	  .blocks = "DNS-* N64-1 N64-3 EGR-* SVC-* API-*", .silences = "*" },
	{ .cause = CAUSE_DNS_UPSTREAM_V4, .scope = SCOPE_ALL,
	  .seen = { .reasons = "servfail", .fact = "upstream_family=4" },
	  .blocks = "DNS-* N64-1 N64-3 EGR-*" },
	{ .cause = CAUSE_DNS_UPSTREAM_V4, .scope = SCOPE_ALL,
	  .seen = { .ids = "DNS-* N64-* EGR-*", .reasons = "servfail" },
	  .holds = native_names_fail, .blocks = "DNS-* N64-1 N64-3 EGR-*" },
	{ .cause = CAUSE_DNS64_SERVFAIL, .scope = SCOPE_ALL,
	  .seen = { .ids = "DNS-4 DNS-6", .reasons = "servfail" },
	  .blocks = "DNS-* N64-1 N64-3 EGR-3" },
	{ .cause = CAUSE_DNS64_ABSENT, .scope = SCOPE_ALL,
	  .seen = { .ids = "DNS-4", .reasons = "no-aaaa nxdomain" },
	  .blocks = "N64-1 N64-3 EGR-3" },
	{ .cause = CAUSE_DNS64_ABSENT, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-3", .reasons = "no-aaaa" },
	  .blocks = "N64-1 EGR-3" },
	/* The first explains a pod that has no name either. */
	{ .cause = CAUSE_DNS_RECORDS, .scope = SCOPE_ALL,
	  .seen = { .ids = "DNS-3", .variants = "headless srv",
		    .reasons = "nxdomain no-aaaa servfail wrong-answer" },
	  .red = "DNS-3" },
	{ .cause = CAUSE_DNS_REVERSE, .scope = SCOPE_ALL,
	  .seen = { .ids = "DNS-3", .variants = "ptr pod-ptr" } },

	/* NAT64. */
	{ .cause = CAUSE_NAT64_PREFIX_MISMATCH, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-1 DNS-4", .reasons = "prefix-mismatch" },
	  .red = "N64-2", .blocks = "N64-* MTU-5" },
	{ .cause = CAUSE_NAT64_NO_ROUTE, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-2 N64-3",
		    .reasons = "net-unreachable no-route" },
	  .blocks = "N64-* MTU-5 EGR-3", .silences = "N64-* MTU-5" },
	{ .cause = CAUSE_NAT64_LOOP, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-2 N64-3", .reasons = "hop-limit" },
	  .blocks = "N64-* MTU-5 EGR-3" },
	{ .cause = CAUSE_NAT64_POOL, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-*", .reasons = "policy-failed" },
	  .blocks = "N64-* MTU-5 EGR-3" },
	{ .cause = CAUSE_NAT64_PORTS, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-5", .reasons = SILENCE } },
	{ .cause = CAUSE_NAT64_MTU, .scope = SCOPE_ALL,
	  .seen = { .ids = "MTU-5", .reasons = SILENCE_LARGE " " SILENCE } },
	{ .cause = CAUSE_IDLE_EXPIRED, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-6 API-4", .reasons = SILENCE " reset" } },
	{ .cause = CAUSE_NAT64_DOWN, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-2 N64-3",
		    .reasons = SILENCE " addr-unreachable nd-failed refused "
			       "admin-prohibited" },
	  .blocks = "N64-* MTU-5 EGR-3", .silences = "N64-* MTU-5" },

	/* IPv4. */
	{ .cause = CAUSE_V4_LEAK, .scope = SCOPE_ALL,
	  .seen = { .ids = "EGR-5", .reasons = "v4-reachable" },
	  .red = "ADR-3 EGR-5 N64-7 CFG-1" },
	{ .cause = CAUSE_V4_LEAK, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-7", .reasons = "v4-reachable" },
	  .red = "ADR-3 EGR-5" },
	{ .cause = CAUSE_V4_LITERAL, .scope = SCOPE_ALL,
	  .seen = { .ids = "N64-7", .reasons = "v4-slow timeout" },
	  .red = "ADR-3" },
	{ .cause = CAUSE_DEST_V4_ONLY, .scope = SCOPE_ALL,
	  .seen = { .ids = "EGR-3 EGR-4", .reasons = "no-aaaa" } },

	/* Policy, API, state. */
	{ .cause = CAUSE_POLICY_V4_ONLY, .scope = SCOPE_ALL,
	  .seen = { .ids = "SEC-1 SEC-2" } },
	{ .cause = CAUSE_CONNTRACK_FULL, .scope = SCOPE_NODE,
	  .seen = { .ids = "POD-6", .reasons = SILENCE } },
	/* The API server's own connections, which API-3 sees. */
	{ .cause = CAUSE_KUBELET_CERT, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-3", .variants = BY_KUBELET,
		    .reasons = "tls-name tls-verify tls-expired tls-handshake" } },
	{ .cause = CAUSE_KUBELET_REFUSES, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-3", .variants = BY_KUBELET,
		    .reasons = "unauthorized forbidden" } },
	{ .cause = CAUSE_KUBELET_UNREACHABLE, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-3", .variants = BY_KUBELET,
		    .reasons = NO_CONNECTION " reset" } },
	{ .cause = CAUSE_API_POD_PATH, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-3", .variants = "proxy service",
		    .reasons = NO_CONNECTION " reset" } },
	{ .cause = CAUSE_API_CERT_SAN, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-*", .reasons = "tls-name" },
	  .blocks = "API-*" },
	{ .cause = CAUSE_API_CERT_EXPIRED, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-*", .reasons = "tls-expired" },
	  .blocks = "API-*" },
	{ .cause = CAUSE_API_CERT_CA, .scope = SCOPE_ALL,
	  .seen = { .ids = "API-*", .reasons = "tls-verify" },
	  .blocks = "API-*" },
	{ .cause = CAUSE_API_TOKEN, .scope = SCOPE_ALL,
	  .seen = { .reasons = "unauthorized" },
	  .blocks = "API-*" },
	{ .cause = CAUSE_API_RBAC, .scope = SCOPE_ALL,
	  .seen = { .reasons = "forbidden" } },
	{ .cause = CAUSE_NODE_STATE, .scope = SCOPE_NODE,
	  .seen = { .ids = "CFG-1" } },

	/* What is left. */
	{ .cause = CAUSE_UNEXPLAINED, .scope = SCOPE_ALL,
	  .seen = { .ids = "*" } },
};
/* clang-format on */
const size_t n_rules = ARRAY_SIZE(rules);
