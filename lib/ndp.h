/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: ndp - read a Neighbor Solicitation off the wire, write its Advertisement
 *
 * Pure functions over frames, for the responder of whole prefixes: where a provider
 * holds a node's prefix for on-link instead of routing it, somebody must answer for
 * every address in it, and the kernel's proxy table takes single addresses only.
 *
 * Nothing here allocates; frames are bounded by the caller's buffers.
 */

#include "lib/addr.h"

#define NDP_FRAME_MAX 128 /* bytes; what ndp_write_na() needs at most */

struct ndp_solicitation {
	uint8_t lladdr[6]; /* source of the frame */
	struct addr source; /* :: for duplicate address detection */
	struct addr target;
};

must_check int ndp_read_ns(const uint8_t *frame, size_t len,
			   struct ndp_solicitation *ret);
size_t ndp_write_na(const struct ndp_solicitation *ns, const uint8_t lladdr[6],
		    uint8_t frame[NDP_FRAME_MAX]);
uint16_t ndp_checksum(const uint8_t source[16], const uint8_t destination[16],
		      const uint8_t *icmp, size_t len);
