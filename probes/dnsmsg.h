/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: dnsmsg - DNS messages (RFC 1035): one question, and what the answer says
 *
 * A resolver library picks servers, retries and hides ICMPv6 errors; a probe wants to
 * ask exactly this server in exactly this way, and see all of that. So this is only the
 * message: pure functions over bytes that nobody vouches for. Nothing is allocated.
 */

#include "lib/addr.h"

#define DNS_MESSAGE     4096 /* bytes; what we offer by EDNS (RFC 6891) */
#define DNS_MESSAGE_TCP 65535 /* bytes; RFC 1035 4.2.2 */
#define DNS_ADDRS       40
#define DNS_PORT        53
#define DNS_NAME        256 /* bytes of a name as text */

enum dns_type {
	DNS_A = 1,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
};

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_REFUSED = 5,
};

struct dns_answer {
	uint8_t rcode;
	bool truncated; /* TC: ask again over TCP */
	bool authoritative;
	bool cname; /* an alias was followed */
	uint16_t n_answers; /* records of the answer section */
	struct addr addrs[DNS_ADDRS]; /* of the type asked for */
	size_t n_addrs;
	char target
		[DNS_NAME]; /* of the last PTR or SRV, where one was asked for */
	uint16_t port; /* of that SRV */
	uint32_t ttl; /* smallest of them, seconds */
	size_t size; /* bytes of the message */
};

must_check int dns_build(uint8_t *ret_message, size_t size, uint16_t id,
			 const char *name, uint16_t qtype);
must_check int dns_parse(const uint8_t *message, size_t len, uint16_t id,
			 const char *name, uint16_t qtype,
			 struct dns_answer *ret);
