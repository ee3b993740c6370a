/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: resolve - the one door to c-ares: questions to given name servers
 *
 * One struct resolver asks one list of servers, or those of /etc/resolv.conf. Queries
 * run on the caller's loop; each ends by its done(). Addresses and texts of the answer
 * are in the query itself. A struct resolve_query is embedded in its owner and must
 * outlive its done(); resolver_free() ends all that are open, with -ECANCELED.
 */

#include "lib/addr.h"
#include "lib/base.h"
#include "lib/cleanup.h"
#include "lib/loop.h"

#define RESOLVE_MAX 16 /* addresses kept of one answer */

enum resolve_type { RESOLVE_A = 1, RESOLVE_TXT = 16, RESOLVE_AAAA = 28 };

struct resolver;

struct resolver_options {
	const struct addr *servers; /* NULL: of /etc/resolv.conf */
	size_t n_servers;
	uint16_t port; /* 0: 53 */
	bool tcp;
	int64_t timeout_ns; /* of one try; 0: 1 s */
	unsigned int tries; /* 0: 2 */
};

struct resolve_query {
	/* Set by the owner. */
	void (*done)(struct resolve_query *q);

	/* 0; -ENXIO no such name, -ENODATA no such record, -EREMOTEIO SERVFAIL,
	 * -EACCES refused, -ETIMEDOUT, -ECONNREFUSED, -EBADMSG, -ECANCELED */
	int r;
	struct addr addrs[RESOLVE_MAX];
	size_t n_addrs;
	char text[512]; /* TXT, strings joined */
	uint32_t ttl; /* seconds, the shortest */

	/* Private. */
	enum resolve_type type;
};

must_check int resolver_new(struct loop *loop,
			    const struct resolver_options *options,
			    struct resolver **ret_resolver);
void resolver_free(struct resolver *r);
DEFINE_CLEANUP(struct resolver *, resolver_free)
void resolver_ask(struct resolver *r, struct resolve_query *q, const char *name,
		  enum resolve_type type);

/* Asks once and waits: for programs without a loop. */
must_check int resolve(const struct resolver_options *options, const char *name,
		       enum resolve_type type, int64_t deadline_ns,
		       struct resolve_query *ret);
