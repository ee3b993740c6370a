/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: evidence - what the kernel knows about a failed packet, beyond "timeout"
 *
 * A socket with IPV6_RECVERR keeps each ICMPv6 error with errno, type, code, MTU and
 * the address of who sent it. Routers limit the rate of their errors (RFC 4443 section
 * 2.4 f), so one error explains the silence of its whole series.
 *
 * A plain value; nothing to free.
 */

#include "lib/addr.h"
#include "lib/reason.h"
#include "lib/result.h"

struct evidence {
	int error; /* errno, positive; 0: nothing is known */
	int icmp_type; /* ICMPv6, -1 none */
	int icmp_code;
	struct addr offender; /* who sent the ICMPv6 error */
	unsigned int mtu; /* of Packet Too Big, bytes */
};

#define EVIDENCE_NONE                            \
	{                                        \
		.icmp_type = -1, .icmp_code = -1 \
	}

struct msghdr;

must_check int evidence_listen(int fd);
must_check int evidence_read(int fd, struct evidence *ret);
must_check int evidence_parse(struct msghdr *message, struct evidence *ret);
struct evidence evidence_errno(int error);
struct evidence evidence_of(int fd, int error);
enum reason evidence_reason(const struct evidence *e, const char *src);
void evidence_note(const struct evidence *e, struct result *r);
