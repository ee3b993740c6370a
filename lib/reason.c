/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/reason.h"

#include <assert.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <string.h>

/* clang-format off */
static const struct {
	const char *token;
	const char *meaning;
	bool silence; /* nobody said why: better evidence may explain it */
} reasons[] = {
	[REASON_NONE] = { "", "nothing is wrong" },

	[REASON_NO_ROUTE] = { "no-route",
		"the own routing table has no route to the destination" },
	[REASON_NET_UNREACHABLE] = { "net-unreachable",
		"a router on the way has no route to the destination" },
	[REASON_ADMIN_PROHIBITED] = { "admin-prohibited",
		"a policy or a prohibit route refuses the packet" },
	[REASON_BEYOND_SCOPE] = { "beyond-scope",
		"the source address must not leave its scope" },
	[REASON_ADDR_UNREACHABLE] = { "addr-unreachable",
		"the last router cannot resolve the destination's neighbour" },
	[REASON_ND_FAILED] = { "nd-failed",
		"the own neighbour discovery got no answer" },
	[REASON_REFUSED] = { "refused",
		"the host is up, and nothing listens there over IPv6" },
	[REASON_POLICY_FAILED] = { "policy-failed",
		"the source is refused, or a translator's pool is empty" },
	[REASON_REJECT_ROUTE] = { "reject-route",
		"a reject route covers the destination" },
	[REASON_PACKET_TOO_BIG] = { "packet-too-big",
		"a link on the way carries less than was sent, and said so" },
	[REASON_HOP_LIMIT] = { "hop-limit",
		"the hop limit ran out: too small, or a loop" },
	[REASON_PARAMETER] = { "parameter-problem",
		"a header field or option was refused" },
	[REASON_ADDR_NOT_USABLE] = { "addr-not-usable",
		"the own address is tentative, duplicate or gone" },
	[REASON_NO_IPV6] = { "no-ipv6", "the kernel has no IPv6 here" },
	[REASON_RESET] = { "reset", "the peer cut the connection" },
	[REASON_NO_PERMISSION] = { "no-permission",
		"the own kernel or its firewall does not permit it" },
	[REASON_OS_ERROR] = { "os-error", "the system call failed" },

	[REASON_TIMEOUT] = { "timeout", "no answer at all", true },
	[REASON_PARTIAL] = { "partial",
		"some of the attempts got no answer", true },
	[REASON_BLACKHOLE_LARGE] = { "blackhole-large",
		"small packets pass, large ones vanish in silence", true },
	[REASON_STALLED] = { "stalled",
		"the connection opens, then bulk data stops moving", true },
	[REASON_LOSS] = { "loss", "more packets are lost than allowed", true },
	[REASON_SLOW] = { "slow", "it answers later than allowed" },
	[REASON_DUPLICATE] = { "duplicate", "packets arrive more than once" },

	[REASON_NO_AAAA] = { "no-aaaa", "the name exists and has no AAAA" },
	[REASON_NXDOMAIN] = { "nxdomain", "the name does not exist" },
	[REASON_SERVFAIL] = { "servfail", "the resolver could not find out" },
	[REASON_DNS_REFUSED] = { "dns-refused",
		"the resolver does not serve this client" },
	[REASON_DNS_MALFORMED] = { "dns-malformed",
		"the answer breaks the DNS protocol" },
	[REASON_WRONG_ANSWER] = { "wrong-answer",
		"the answer is not the expected one" },
	[REASON_SYNTHESISED] = { "synthesised",
		"an address was synthesised where none may be" },
	[REASON_NO_RESOLVER] = { "no-resolver", "no nameserver is configured" },
	[REASON_RESOLVER_V4] = { "resolver-v4",
		"a nameserver is an IPv4 address" },

	[REASON_V4_REACHABLE] = { "v4-reachable",
		"an IPv4 destination answers in an IPv6-only shoot" },
	[REASON_V4_ADDRESS] = { "v4-address",
		"there is an IPv4 address beside 127.0.0.1" },
	[REASON_V4_SLOW] = { "v4-slow",
		"an IPv4 literal fails late instead of at once" },

	[REASON_RA_MISSING] = { "ra-missing",
		"no router advertisement answers a solicitation" },
	[REASON_RA_LIFETIME_ZERO] = { "ra-lifetime-zero",
		"the router advertises a lifetime of 0: do not use me" },
	[REASON_RA_INVALID] = { "ra-invalid",
		"router advertisements must be ignored by their form" },
	[REASON_HOP_LIMIT_LOW] = { "hoplimit-low",
		"the router advertises a hop limit below 64" },
	[REASON_ACCEPT_RA] = { "accept-ra",
		"the kernel ignores router advertisements here" },
	[REASON_NO_DEFAULT_ROUTE] = { "no-default-route",
		"there is no IPv6 default route" },
	[REASON_SEVERAL_ROUTERS] = { "several-routers",
		"several routers offer themselves, not all of them forward" },
	[REASON_ROUTE_MISSING] = { "route-missing",
		"a route that must exist is not there" },
	[REASON_ROUTE_WRONG] = { "route-wrong",
		"a route leads elsewhere than it must, or discards" },
	[REASON_FORWARDING_OFF] = { "forwarding-off",
		"the node does not forward IPv6" },
	[REASON_NO_ADDRESS] = { "no-address",
		"there is no usable global IPv6 address" },
	[REASON_ADDR_TENTATIVE] = { "addr-tentative",
		"an address still waits for duplicate address detection" },
	[REASON_DAD_FAILED] = { "dad-failed",
		"another host has the same address" },
	[REASON_ADDR_DEPRECATED] = { "addr-deprecated",
		"the preferred lifetime of an address has run out" },
	[REASON_ADDR_OUTSIDE] = { "addr-outside",
		"an address lies outside the node's pod prefix" },
	[REASON_WRONG_SOURCE] = { "wrong-source",
		"the kernel chooses the wrong source address" },
	[REASON_WRONG_FAMILY] = { "wrong-family",
		"an address is of the wrong family" },
	[REASON_IPV6_DISABLED] = { "ipv6-disabled",
		"disable_ipv6 is set on the interface" },
	[REASON_LO_IPV6_DISABLED] = { "lo-ipv6-disabled",
		"disable_ipv6 is set on lo: there is no ::1" },
	[REASON_MTU_MISMATCH] = { "mtu-mismatch",
		"the link's MTU is not the expected one" },
	[REASON_MTU_TOO_SMALL] = { "mtu-too-small",
		"the link's MTU is below 1280" },
	[REASON_NEIGH_OVERFLOW] = { "neigh-overflow",
		"the neighbour table is full or nearly so" },
	[REASON_CHECKSUM_ERRORS] = { "checksum-errors",
		"UDP datagrams arrive with refused checksums" },
	[REASON_STATE_DIFFERS] = { "state-differs",
		"the node's network is not in its described state" },

	[REASON_PREFIX_MISMATCH] = { "prefix-mismatch",
		"two sources name different NAT64 prefixes" },
	[REASON_NO_PREFIX] = { "no-prefix", "nobody names a NAT64 prefix" },

	[REASON_ENDPOINT_SILENT] = { "endpoint-silent",
		"some connections to the service get no answer", true },
	[REASON_ENDPOINT_MISSED] = { "endpoint-missed",
		"a ready endpoint never gets a connection" },
	[REASON_SOURCE_REWRITTEN] = { "source-rewritten",
		"the peer sees another source than the pod's address" },
	[REASON_WRONG_PEER] = { "wrong-peer", "somebody else answers" },

	[REASON_TLS_VERIFY] = { "tls-verify",
		"the certificate is not signed by the expected CA" },
	[REASON_TLS_NAME] = { "tls-name",
		"the certificate does not name this address or name" },
	[REASON_TLS_EXPIRED] = { "tls-expired",
		"the certificate's time is over, or has not begun" },
	[REASON_TLS_HANDSHAKE] = { "tls-handshake", "the TLS handshake fails" },
	[REASON_HTTP_STATUS] = { "http-status",
		"the server answers with another HTTP status" },
	[REASON_HTTP_BODY] = { "http-body",
		"the server's answer is not the expected one" },
	[REASON_UNAUTHORIZED] = { "unauthorized",
		"the API server does not accept the token (401)" },
	[REASON_FORBIDDEN] = { "forbidden",
		"the API server knows us and does not permit it (403)" },

	[REASON_POD_NOT_READY] = { "pod-not-ready",
		"the pod did not become ready" },
	[REASON_CNI_MISSING] = { "cni-missing",
		"the node's runtime has no CNI configuration" },
	[REASON_IMAGE_PULL] = { "image-pull",
		"the pod's image cannot be pulled" },
	[REASON_RUNTIME_DOWN] = { "runtime-down",
		"the node's container runtime does not answer the kubelet" },

	[REASON_PREREQUISITE] = { "prerequisite",
		"a check it rests on has failed" },
	[REASON_NOT_IN_PROFILE] = { "not-in-profile",
		"the profile does not ask for it" },
	[REASON_NO_TARGET] = { "no-target", "there is nothing to try it on" },
	[REASON_PEER_NOT_READY] = { "peer-not-ready",
		"the peer is not ready, so nothing can be said" },
	[REASON_DEADLINE] = { "deadline",
		"the time ran out before this check was run" },
	[REASON_INTERNAL] = { "internal", "the probe itself failed" },
};
/* clang-format on */
static_assert(ARRAY_SIZE(reasons) == REASON_MAX, "every reason needs its row");

/* First match; -1 in .type is "no ICMPv6", in .code "any". */
static const struct {
	int error; /* 0: any */
	int type, code;
	enum reason reason;
	enum reason own; /* where the offender is this host; or NONE */
} errors[] = {
	{ 0, ICMP6_DST_UNREACH, 0, REASON_NET_UNREACHABLE, REASON_NO_ROUTE },
	{ 0, ICMP6_DST_UNREACH, 1, REASON_ADMIN_PROHIBITED, REASON_NONE },
	{ 0, ICMP6_DST_UNREACH, 2, REASON_BEYOND_SCOPE, REASON_NONE },
	{ 0, ICMP6_DST_UNREACH, 3, REASON_ADDR_UNREACHABLE, REASON_ND_FAILED },
	{ 0, ICMP6_DST_UNREACH, 4, REASON_REFUSED, REASON_NONE },
	{ 0, ICMP6_DST_UNREACH, 5, REASON_POLICY_FAILED, REASON_NONE },
	{ 0, ICMP6_DST_UNREACH, 6, REASON_REJECT_ROUTE, REASON_NONE },
	{ 0, ICMP6_PACKET_TOO_BIG, -1, REASON_PACKET_TOO_BIG, REASON_NONE },
	{ 0, ICMP6_TIME_EXCEEDED, -1, REASON_HOP_LIMIT, REASON_NONE },
	{ 0, ICMP6_PARAM_PROB, -1, REASON_PARAMETER, REASON_NONE },
	{ ENETUNREACH, -1, -1, REASON_NO_ROUTE, REASON_NONE },
	{ EHOSTUNREACH, -1, -1, REASON_ND_FAILED, REASON_NONE },
	{ ECONNREFUSED, -1, -1, REASON_REFUSED, REASON_NONE },
	{ ECONNRESET, -1, -1, REASON_RESET, REASON_NONE },
	{ EPIPE, -1, -1, REASON_RESET, REASON_NONE },
	{ EMSGSIZE, -1, -1, REASON_PACKET_TOO_BIG, REASON_NONE },
	{ EADDRNOTAVAIL, -1, -1, REASON_ADDR_NOT_USABLE, REASON_NONE },
	{ EAFNOSUPPORT, -1, -1, REASON_NO_IPV6, REASON_NONE },
	{ EACCES, -1, -1, REASON_NO_PERMISSION, REASON_NONE },
	{ EPERM, -1, -1, REASON_NO_PERMISSION, REASON_NONE },
	{ ETIMEDOUT, -1, -1, REASON_TIMEOUT, REASON_NONE },
	{ EAGAIN, -1, -1, REASON_TIMEOUT, REASON_NONE },
};

static const struct {
	int type, code; /* code -1: any */
	const char *name;
} icmp_names[] = {
	{ ICMP6_DST_UNREACH, 0, "no route to destination" },
	{ ICMP6_DST_UNREACH, 1, "administratively prohibited" },
	{ ICMP6_DST_UNREACH, 2, "beyond scope of source address" },
	{ ICMP6_DST_UNREACH, 3, "address unreachable" },
	{ ICMP6_DST_UNREACH, 4, "port unreachable" },
	{ ICMP6_DST_UNREACH, 5, "source address failed policy" },
	{ ICMP6_DST_UNREACH, 6, "reject route" },
	{ ICMP6_PACKET_TOO_BIG, -1, "packet too big" },
	{ ICMP6_TIME_EXCEEDED, 0, "hop limit exceeded" },
	{ ICMP6_TIME_EXCEEDED, 1, "reassembly time exceeded" },
	{ ICMP6_PARAM_PROB, -1, "parameter problem" },
};

/**
 * reason_token() - The token of a reason
 * @reason:	One below REASON_MAX
 *
 * Return: the token; "" for REASON_NONE
 */
const char *reason_token(enum reason reason)
{
	return reasons[reason].token;
}

/**
 * reason_meaning() - What a reason says, for people
 * @reason:	One below REASON_MAX
 *
 * Return: one sentence, lower case, no full stop
 */
const char *reason_meaning(enum reason reason)
{
	return reasons[reason].meaning;
}

/**
 * reason_parse() - The reason of a token
 * @token:	e.g. "net-unreachable"; "" and NULL are REASON_NONE
 * @ret_reason:	Where it goes
 *
 * Return: 0, or -ENOENT where no reason is called so
 */
int reason_parse(const char *token, enum reason *ret_reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (strcmp(token ? token : "", reasons[i].token))
			continue;
		*ret_reason = (enum reason)i;
		return 0;
	}
	return -ENOENT;
}

/**
 * reason_is() - Whether a token is that of a reason
 * @token:	From a result
 * @reason:	The one asked for
 *
 * Return: true where it is
 */
bool reason_is(const char *token, enum reason reason)
{
	return strcmp(token, reasons[reason].token) == 0;
}

/**
 * reason_is_silence() - Whether a token only says that nobody answered
 * @token:	From a result
 *
 * ICMPv6 errors are rate limited (RFC 4443 section 2.4 f), so one seen in a
 * series explains the silence of the others.
 *
 * Return: true for timeouts and their like
 */
bool reason_is_silence(const char *token)
{
	enum reason reason;

	return reason_parse(token, &reason) == 0 && reasons[reason].silence;
}

/**
 * reason_from_error() - The symptom that an errno and an ICMPv6 error make
 * @error:	What the socket and its error queue told
 *
 * Return: the reason; REASON_NONE where there is no error, REASON_OS_ERROR for
 *	   an errno that says nothing about the network
 */
enum reason reason_from_error(const struct reason_error *error)
{
	size_t i;

	if (!error->error && error->icmp_type < 0)
		return REASON_NONE;
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		if (errors[i].error && errors[i].error != error->error)
			continue;
		if (errors[i].type != error->icmp_type)
			continue;
		if (errors[i].code >= 0 && errors[i].code != error->icmp_code)
			continue;
		if (error->own && errors[i].own != REASON_NONE)
			return errors[i].own;
		return errors[i].reason;
	}
	return REASON_OS_ERROR;
}

/**
 * reason_icmp_name() - What an ICMPv6 error is called
 * @type:	ICMPv6 type
 * @code:	ICMPv6 code
 *
 * Return: its name in RFC 4443, or "unknown ICMPv6 error"
 */
const char *reason_icmp_name(int type, int code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(icmp_names); i++)
		if (icmp_names[i].type == type &&
		    (icmp_names[i].code < 0 || icmp_names[i].code == code))
			return icmp_names[i].name;
	return "unknown ICMPv6 error";
}

/**
 * reason_errno_name() - The symbol of an errno
 * @error:	Positive errno
 *
 * Return: e.g. "ENETUNREACH"; "errno" where libc knows none
 */
const char *reason_errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "errno";
}
