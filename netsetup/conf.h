/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: conf - a document becomes a desired model
 *
 * conf_read() collects all problems, one line each with line and column, so that a user
 * mends them in one go. Intents (uplinks, forwarding, AnyIP, optimistic DAD, proxies)
 * become the objects that they mean. The caller ends it by conf_release().
 */

#include "netsetup/engine.h"
#include "netsetup/hints.h"

#define NAT64_UNSTATED UINT8_MAX /* length of a prefix until one is read */

/* Where NAT64's prefix is learnt. */
struct conf_nat64 {
	struct in6_addr prefix;
	uint32_t resolvers; /* words: addresses */
	uint8_t len; /* of the prefix; once checked 0: none is stated */
	uint8_t rfc7050; /* ask for ipv4only.arpa */
	uint8_t stated; /* the section is there */
	uint8_t pad;
};

struct conf {
	struct model model; /* sorted */
	struct conf_nat64 nat64;
	uint32_t uplinks; /* words */
	uint32_t ra_intent; /* words: those whose accept_ra nobody states */
	bool forwarding;
	/* struct proxy: prefixes that `watch` answers for; no object of the kernel */
	struct table responders;
};

must_check int conf_read(struct strings *s, unsigned int caps, const char *name,
			 const char *text, size_t len, struct conf *ret_conf,
			 struct buf *errors);
must_check int conf_read_state(struct strings *s, const char *path,
			       struct model *ret_state, struct buf *errors);
void conf_release(struct conf *c);

/* conf_links.c: rules between links */
must_check int conf_join_link(struct model *m, const struct link *l,
			      struct buf *why);
must_check int conf_find_circle(const struct model *m, struct buf *why,
				const struct link **ret_link);

/* conf_nat64.c: the section, and what it means */
extern const struct kind kind_nat64;
int conf_resolvers(const struct strings *s, const struct conf_nat64 *n,
		   struct addr ret_dns[HINTS_DNS_MAX], const char **ret_bad);
