/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: metadata - what the provider's metadata service says about this node
 *
 * metadata_fetch() asks: the first request goes to all endpoints of the profile, each a
 * little after the one before, and the first that answers is asked for the rest, all at
 * once. metadata_read() is pure: answers and profile become facts.
 *
 * struct facts is a plain value. Answers are ended by answers_release().
 */

#include "lib/addr.h"
#include "lib/buf.h"
#include "netsetup/hints.h"
#include "netsetup/profile.h"

struct answers {
	struct buf body[PROFILE_MAX]; /* as profile.requests; empty: none */
	char endpoint[256]; /* that answered */
};

struct facts {
	char mac[18]; /* "" where unknown, as all others */
	struct addr address;
	struct prefix prefix; /* of the node */
	struct addr gateway;
	unsigned int mtu;
	struct addr dns[HINTS_DNS_MAX];
	size_t n_dns;
	struct addr forwarded[HINTS_FORWARDED_MAX];
	size_t n_forwarded;
	char name[254];
};

must_check int metadata_fetch(const struct profile *p, const char *endpoint,
			      int64_t deadline_ns, struct answers *ret_answers,
			      struct buf *errors);
must_check int metadata_wait(const struct profile *p, const char *endpoint,
			     void (*armed)(void), struct buf *errors);
void answers_release(struct answers *a);
must_check int metadata_read(const struct profile *p, const struct answers *a,
			     struct facts *ret_facts, struct buf *errors);
