/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: rule - how results become causes; private to lib/diagnosis
 *
 * One row per rule in rules[], in the order in which they are tried: lowest
 * layer first, and within a layer the most specific evidence first. A rule looks
 * at failed results only that no earlier finding explains, so one broken thing at
 * the bottom does not get a second name further up.
 */

#include "lib/diagnosis/cause.h"
#include "lib/result.h"

/* How far a finding reaches from its evidence. */
enum scope {
	SCOPE_VANTAGE, /* results of the same vantage */
	SCOPE_NODE, /* results of the same node, its pods included */
	SCOPE_ALL, /* the fabric: all results */
};

/* What a result must look like; a NULL member does not ask. */
struct pattern {
	const char *ids; /* words, "N64-2 N64-*" */
	const char *reasons; /* words, "timeout net-unreachable" */
	const char *variants; /* words, "tcp https" */
	const char *fact; /* "accept_ra=1": a fact and its value */
};

struct rule {
	enum cause cause;
	enum scope scope;
	struct pattern seen; /* a failed result: the evidence */
	/* Whether a candidate stands, given all others; NULL: it does. */
	bool (*holds)(const struct results *all, const struct result *seen);
	const char *red; /* ids that stay failed beside the evidence */
	const char *blocks; /* ids explained within scope, "*" all */
	const char *silences; /* ids whose silence it explains anywhere */
};

/* One row per cause, see cause.h. */
extern const struct cause_info causes[CAUSE_MAX];

extern const struct rule rules[];
extern const size_t n_rules;

bool words_have(const char *words, const char *word);
bool pattern_fits(const struct pattern *p, const struct result *r);
bool scope_joins(enum scope scope, const struct result *a,
		 const struct result *b);
size_t result_node(const struct result *r, const char **ret_node);
bool result_of_pod(const struct result *r);
