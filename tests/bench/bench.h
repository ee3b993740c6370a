/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: bench - us and a peer in one run, printed as a ratio
 *
 * An entry runs in network namespaces of its own, fills a row and returns 0; figures
 * with a goal that is missed are printed as missed. `make bench` writes all rows to
 * build/bench/report.json. A row is a plain value: names are constants, nothing to free.
 */

#include "lib/base.h"

#include <sys/types.h>

#define BENCH_FIGURES    20
#define BENCH_FILE(name) "build/bench/" name

struct bench_figure {
	const char *name;
	double value;
	double most; /* the goal; negative: none */
};

struct bench_row {
	double ours, peer; /* in .unit; peer 0: there is none */
	const char *peer_name;
	const char *unit;
	double least; /* goal of the ratio peer / ours; 0: none */
	struct bench_figure figures[BENCH_FIGURES];
	size_t n_figures;
	char problem[256]; /* why it could not run, or "" */
};

struct bench {
	const char *name;
	int (*run)(struct bench_row *row);
};

/* What a program used. */
struct usage {
	int status; /* exit status; 128 + signal */
	double seconds; /* wall clock, start to end */
	double cpu; /* seconds of user and system */
	double rss_mb; /* largest */
};

extern const struct bench bench_ip_batch, bench_raw_floor, bench_million,
	bench_noop, bench_networkd, bench_gateway, bench_node, bench_repair,
	bench_churn, bench_kubernetes;

int64_t bench_now(void);
void bench_figure(struct bench_row *row, const char *name, double value,
		  double most);
int bench_problem(struct bench_row *row, const char *format, ...)
	printf_like(2, 3);
must_check int bench_namespace(void);
pid_t bench_start(const char *const argv[], const char *output);
int bench_run(const char *const argv[], struct usage *ret);
void bench_stop(pid_t pid);
const char *bench_netsetup(void);

/* The routes that the entries set: 2001:db8:0:0::/64 and on, through fe80::1 on v0. */
#define ROUTE_DEV "v0"
struct mnl_socket;
must_check int bench_document(const char *name, unsigned int n_routes,
			      const char *gateway, const char *more,
			      bool nexthop);
must_check int bench_raw_routes(unsigned int n);
must_check int bench_raw_churn(unsigned int n);
must_check int bench_monitor(bool nexthops_only, struct mnl_socket **ret);
long bench_monitor_count(struct mnl_socket *s, uint16_t type, long until,
			 int timeout_ms);
must_check int bench_apply(struct bench_row *row, const char *document,
			   struct usage *ret);
