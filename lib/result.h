/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: result - what one check found, from one vantage, about one destination
 *
 * The one record that probes write (one JSON object a line), scenario collects, the
 * diagnosis reads and every report prints. A plain value of fixed size: nothing to free.
 * An empty string stands for null. docs/man/shoot6-results(5) describes the JSON.
 */

#include "lib/addr.h"
#include "lib/json.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_WARN, /* a SHOULD is broken */
	VERDICT_BLOCKED, /* a named prerequisite failed; .blocked_by */
	VERDICT_SKIP, /* not in the profile, or a privilege is missing */
	VERDICT_UNKNOWN, /* peer not ready, prober late */
	VERDICT_MAX,
};

enum check_level { LEVEL_MUST, LEVEL_SHOULD, LEVEL_INFO };

#define RESULT_FACTS 12

/* What a node or a packet told beside the verdict; read by the diagnosis. */
struct result_fact {
	char key[32]; /* "accept_ra", "prefix", "ra_lifetime", ... */
	char value[96];
};

/* Of what the API server reaches for itself, where nobody knows of a node. */
#define VANTAGE_API "host:kube-apiserver"

struct result {
	char id[16]; /* "N64-2" */
	char variant
		[24]; /* tells apart results of one check: "tcp", "https"; or "" */
	char what[96]; /* what must be true, for people; or "" */
	enum verdict verdict;
	enum check_level level;
	char vantage[96]; /* "pod:NODE/POD" or "host:NODE" */
	char src[ADDR_STRLEN]; /* RFC 5952, or "" */
	char dst[128]; /* address, "[address]:port" or name */
	char proto[8]; /* "icmp6", "tcp", "udp", "dns", "http", ... */
	char reason[32]; /* token of lib/reason.h; "" where it passed */
	char blocked_by[48]; /* "RTE-1@host:node1" */
	char detail[256]; /* one line: what was expected, what was seen */
	char clause[48]; /* "RFC 6146 3.5" */
	struct {
		int error; /* errno, 0 none */
		int icmp_type; /* ICMPv6, -1 none */
		int icmp_code;
		char offender[ADDR_STRLEN]; /* who sent the ICMPv6 error */
		unsigned int mtu; /* of a Packet Too Big, bytes; 0 none */
	} via;
	struct {
		unsigned int n, lost; /* 0, 0: not a series */
		int64_t min_ns, avg_ns, max_ns;
	} samples;
	int64_t duration_ns;
	struct result_fact facts[RESULT_FACTS];
	size_t n_facts;
};

struct results {
	struct result *items;
	size_t n;
	size_t size;
};

void result_init(struct result *r, const char *id, const char *vantage);
void result_fact(struct result *r, const char *key, const char *format, ...)
	printf_like(3, 4);
const char *result_get_fact(const struct result *r, const char *key);
struct json *result_to_json(const struct result *r);
must_check int result_from_json(const struct json *j, struct result *ret);

must_check int results_add(struct results *all, const struct result *r);
must_check int results_read_lines(struct results *all, const char *text,
				  size_t len);
void results_release(struct results *all);

const char *verdict_name(enum verdict v);
must_check int verdict_parse(const char *text, enum verdict *ret);
