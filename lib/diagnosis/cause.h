/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: cause - the table of all causes a diagnosis can name
 *
 * A cause says what is broken, not what was seen (lib/reason.h) and not how a
 * lab broke it (scenarios/fault). One row each: token, sentence, meaning,
 * remedy, clause. Reports, the manual page and docs/causes.md come from here.
 *
 * %(name) in a text is a placeholder; cause_fill() puts in what the evidence
 * knows, and words of the table where it does not. Owns nothing, allocates
 * nothing.
 */

#include "lib/base.h"

enum cause {
	CAUSE_NONE,
	/* Link and addresses. */
	CAUSE_IPV6_DISABLED,
	CAUSE_LO_IPV6_DISABLED,
	CAUSE_DAD_FAILED,
	CAUSE_DAD_TENTATIVE,
	CAUSE_NODE_IP_FAMILY,
	CAUSE_ADDR_DEPRECATED,
	CAUSE_OVERLAY_MTU,
	CAUSE_UDP6_ZERO_CSUM,
	CAUSE_CNI_MISSING,
	CAUSE_IMAGE_PULL,
	CAUSE_RUNTIME_DOWN,
	/* Router advertisements and neighbours. */
	CAUSE_RA_IGNORED_FORWARDING,
	CAUSE_ROUTER_WITHDREW,
	CAUSE_RA_NOT_ONLINK,
	CAUSE_RA_MISSING,
	CAUSE_HOPLIMIT_LOW,
	CAUSE_ROGUE_ROUTER,
	CAUSE_ND_FILTERED,
	CAUSE_NEIGH_OVERFLOW,
	CAUSE_NO_PROXY_NDP,
	/* Routes. */
	CAUSE_NO_DEFAULT_ROUTE,
	CAUSE_ROUTE_BLACKHOLE,
	CAUSE_ROUTE_UNREACHABLE,
	CAUSE_ROUTE_PROHIBIT,
	CAUSE_POD_ROUTE_MISSING,
	CAUSE_ANTISPOOF,
	CAUSE_RPFILTER,
	CAUSE_ASYM_STATEFUL,
	CAUSE_ECMP_MEMBER,
	CAUSE_ULA_EGRESS,
	CAUSE_NO_UPSTREAM,
	/* ICMPv6 and MTU. */
	CAUSE_ICMPV6_FILTERED,
	CAUSE_ECHO_FILTERED,
	CAUSE_PMTU_BLACKHOLE,
	CAUSE_PMTU_CLAMPED,
	CAUSE_PTB_RATELIMITED,
	CAUSE_SVC_PTB_LOST,
	CAUSE_FRAG_DROP,
	CAUSE_EH_DROP,
	/* Services. */
	CAUSE_VIP_NOT_PROGRAMMED,
	CAUSE_STALE_ENDPOINT,
	CAUSE_NO_ENDPOINT_DROP,
	CAUSE_HAIRPIN,
	CAUSE_LISTENER_V4_ONLY,
	/* DNS. */
	CAUSE_DNS_UPSTREAM_V4,
	CAUSE_DNS_SILENT,
	CAUSE_DNS64_SERVFAIL,
	CAUSE_DNS64_ABSENT,
	CAUSE_DNS_RECORDS,
	CAUSE_DNS_REVERSE,
	/* NAT64. */
	CAUSE_NAT64_PREFIX_MISMATCH,
	CAUSE_NAT64_NO_ROUTE,
	CAUSE_NAT64_LOOP,
	CAUSE_NAT64_POOL,
	CAUSE_NAT64_PORTS,
	CAUSE_NAT64_MTU,
	CAUSE_NAT64_DOWN,
	/* IPv4. */
	CAUSE_V4_LEAK,
	CAUSE_V4_LITERAL,
	CAUSE_DEST_V4_ONLY,
	/* Policy, state, API. */
	CAUSE_POLICY_V4_ONLY,
	CAUSE_CONNTRACK_FULL,
	CAUSE_IDLE_EXPIRED,
	CAUSE_API_DOWN,
	CAUSE_API_UNREACHABLE,
	CAUSE_API_CERT_SAN,
	CAUSE_API_CERT_CA,
	CAUSE_API_CERT_EXPIRED,
	CAUSE_API_TOKEN,
	CAUSE_API_RBAC,
	CAUSE_KUBELET_CERT,
	CAUSE_KUBELET_REFUSES,
	CAUSE_KUBELET_UNREACHABLE,
	CAUSE_API_POD_PATH,
	CAUSE_NODE_STATE,
	/* Nothing of the above fits. */
	CAUSE_UNEXPLAINED,
	CAUSE_MAX
};

struct cause_info {
	const char *token;
	const char *sentence;
	const char *means;
	const char *remedy;
	const char *clause;
};

/* What the evidence knows of a placeholder: pairs, ended by a NULL key. */
struct cause_value {
	const char *key;
	const char *value;
};

const struct cause_info *cause_info(enum cause cause);
must_check int cause_parse(const char *token, enum cause *ret_cause);
void cause_fill(const char *template, const struct cause_value *values,
		char *ret_text, size_t size);
