/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: saddr - which source address goes with a destination, and by which rule (RFC 6724)
 *
 * The rules of section 5 in the order in which Linux asks them (net/ipv6/addrconf.c,
 * ipv6_get_saddr_eval()). Pure functions over plain values; nothing to free.
 */

#include "lib/base.h"

#include <netinet/in.h>

enum saddr_rule {
	SADDR_EQUAL, /* no rule tells them apart: the first one stays */
	SADDR_SAME, /* 1: the destination itself */
	SADDR_SCOPE, /* 2 */
	SADDR_DEPRECATED, /* 3 */
	SADDR_INTERFACE, /* 5 */
	SADDR_LABEL, /* 6 */
	SADDR_TEMPORARY, /* 7 */
	SADDR_PREFIX, /* 8 */
	SADDR_OPTIMISTIC, /* RFC 4429: not yet proven to be unique */
	SADDR_MAX,
};

struct saddr {
	struct in6_addr address;
	int index; /* interface */
	uint8_t len; /* of its prefix */
	bool deprecated, temporary, optimistic;
};

/* One entry of the policy table (`ip addrlabel`). */
struct saddr_label {
	struct in6_addr prefix;
	uint8_t len;
	int index; /* 0: any interface */
	uint32_t label;
};

struct saddr_query {
	struct in6_addr dst;
	int index; /* outgoing interface */
	bool prefer_temporary; /* net/ipv6/conf/DEV/use_tempaddr is 2 */
	const struct saddr_label *labels;
	size_t n_labels;
};

uint32_t saddr_label_of(const struct saddr_query *q, const struct in6_addr *a,
			int index);
int saddr_compare(const struct saddr_query *q, const struct saddr *a,
		  const struct saddr *b, enum saddr_rule *ret_rule);
const struct saddr *saddr_choose(const struct saddr_query *q,
				 const struct saddr *all, size_t n);
const char *saddr_rule_text(enum saddr_rule rule);
