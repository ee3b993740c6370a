/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: reason - what a check saw: the symptom, one token each
 *
 * A reason is a symptom, not a cause: it says what the socket, the node or the
 * answer told, and lib/diagnosis makes a cause of several of them. The tokens
 * stand in struct result's .reason and in every report, so they never change
 * their meaning.
 *
 * Owns nothing, allocates nothing. To add one: a line here, a row in reason.c.
 */

#include "lib/base.h"

enum reason {
	REASON_NONE, /* "": nothing is wrong */

	/* What a socket says; see reason_from_error(). */
	REASON_NO_ROUTE,
	REASON_NET_UNREACHABLE,
	REASON_ADMIN_PROHIBITED,
	REASON_BEYOND_SCOPE,
	REASON_ADDR_UNREACHABLE,
	REASON_ND_FAILED,
	REASON_REFUSED,
	REASON_POLICY_FAILED,
	REASON_REJECT_ROUTE,
	REASON_PACKET_TOO_BIG,
	REASON_HOP_LIMIT,
	REASON_PARAMETER,
	REASON_ADDR_NOT_USABLE,
	REASON_NO_IPV6,
	REASON_RESET,
	REASON_NO_PERMISSION,
	REASON_OS_ERROR,

	/* Silence, and what is wrong with a series. */
	REASON_TIMEOUT,
	REASON_PARTIAL,
	REASON_BLACKHOLE_LARGE,
	REASON_STALLED,
	REASON_LOSS,
	REASON_SLOW,
	REASON_DUPLICATE,

	/* Names. */
	REASON_NO_AAAA,
	REASON_NXDOMAIN,
	REASON_SERVFAIL,
	REASON_DNS_REFUSED,
	REASON_DNS_MALFORMED,
	REASON_WRONG_ANSWER,
	REASON_SYNTHESISED,
	REASON_NO_RESOLVER,
	REASON_RESOLVER_V4,

	/* IPv4 where none may be. */
	REASON_V4_REACHABLE,
	REASON_V4_ADDRESS,
	REASON_V4_SLOW,

	/* The node's own state. */
	REASON_RA_MISSING,
	REASON_RA_LIFETIME_ZERO,
	REASON_RA_INVALID,
	REASON_HOP_LIMIT_LOW,
	REASON_ACCEPT_RA,
	REASON_NO_DEFAULT_ROUTE,
	REASON_SEVERAL_ROUTERS,
	REASON_ROUTE_MISSING,
	REASON_ROUTE_WRONG,
	REASON_FORWARDING_OFF,
	REASON_NO_ADDRESS,
	REASON_ADDR_TENTATIVE,
	REASON_DAD_FAILED,
	REASON_ADDR_DEPRECATED,
	REASON_ADDR_OUTSIDE,
	REASON_WRONG_SOURCE,
	REASON_WRONG_FAMILY,
	REASON_IPV6_DISABLED,
	REASON_LO_IPV6_DISABLED,
	REASON_MTU_MISMATCH,
	REASON_MTU_TOO_SMALL,
	REASON_NEIGH_OVERFLOW,
	REASON_CHECKSUM_ERRORS,
	REASON_STATE_DIFFERS,

	/* NAT64. */
	REASON_PREFIX_MISMATCH,
	REASON_NO_PREFIX,

	/* Services. */
	REASON_ENDPOINT_SILENT,
	REASON_ENDPOINT_MISSED,
	REASON_SOURCE_REWRITTEN,
	REASON_WRONG_PEER,

	/* TLS, HTTP and the Kubernetes API. */
	REASON_TLS_VERIFY,
	REASON_TLS_NAME,
	REASON_TLS_EXPIRED,
	REASON_TLS_HANDSHAKE,
	REASON_HTTP_STATUS,
	REASON_HTTP_BODY,
	REASON_UNAUTHORIZED,
	REASON_FORBIDDEN,

	/* Pods of a real cluster that did not come up. */
	REASON_POD_NOT_READY,
	REASON_CNI_MISSING,
	REASON_IMAGE_PULL,
	REASON_RUNTIME_DOWN,

	/* Why nothing can be said: skip, blocked and unknown. */
	REASON_PREREQUISITE,
	REASON_NOT_IN_PROFILE,
	REASON_NO_TARGET,
	REASON_PEER_NOT_READY,
	REASON_DEADLINE,
	REASON_INTERNAL,

	REASON_MAX
};

/* What an error queue told beside the errno. */
struct reason_error {
	int error; /* errno, positive; 0 none */
	int icmp_type; /* ICMPv6, -1 none */
	int icmp_code;
	bool own; /* the offender is an address of this host */
};

const char *reason_token(enum reason reason);
const char *reason_meaning(enum reason reason);
must_check int reason_parse(const char *token, enum reason *ret_reason);
bool reason_is(const char *token, enum reason reason);
bool reason_is_silence(const char *token);
enum reason reason_from_error(const struct reason_error *error);

const char *reason_icmp_name(int type, int code);
const char *reason_errno_name(int error);
