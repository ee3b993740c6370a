/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries that need a running watch or a provider's fabric.
 */
#include "tests/bench/bench.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SCENARIO      "build/bin/scenario"
#define NODE_RUNS     11
#define KINDS         5
#define DELETIONS     1000
#define CHURN_SECONDS 5
#define IDLE_SECONDS  30
#define CHURN_RATE    50000

/* An owned object: how it is deleted, and what tells that it is back. */
struct kind {
	const char *name, *p50, *p99;
	const char *delete_words[12];
	uint16_t back;
};

static const struct kind kinds[KINDS] = {
	{ "route",
	  "route_p50_ms",
	  "route_p99_ms",
	  { "ip", "-6", "route", "del", "2001:db8:f::/64" },
	  RTM_NEWROUTE },
	{ "address",
	  "address_p50_ms",
	  "address_p99_ms",
	  { "ip", "-6", "address", "del", "2001:db8:e::1/64", "dev", "v0" },
	  RTM_NEWADDR },
	{ "rule",
	  "rule_p50_ms",
	  "rule_p99_ms",
	  { "ip", "-6", "rule", "del", "priority", "777" },
	  RTM_NEWRULE },
	{ "neighbour",
	  "neighbour_p50_ms",
	  "neighbour_p99_ms",
	  { "ip", "-6", "neigh", "del", "2001:db8:e::9", "dev", "v0" },
	  RTM_NEWNEIGH },
	{ "nexthop",
	  "nexthop_p50_ms",
	  "nexthop_p99_ms",
	  { "ip", "-6", "nexthop", "del", "id", "77" },
	  RTM_NEWNEXTHOP },
};

static const char document[] =
	"{\"version\": 1,\n"
	"\"addresses\": [{\"address\": \"2001:db8:e::1/64\", \"dev\": \"v0\", \"dad\": \"skip\"}],\n"
	"\"nexthops\": [{\"id\": 77, \"via\": \"fe80::7\", \"dev\": \"v0\"}],\n"
	"\"routes\": [{\"dst\": \"2001:db8:f::/64\", \"via\": \"fe80::1\", \"dev\": \"v0\"}],\n"
	"\"rules\": [{\"priority\": 777, \"from\": \"2001:db8:e::/64\", \"table\": 100}],\n"
	"\"neighbours\": [{\"address\": \"2001:db8:e::9\", \"dev\": \"v0\", \"lladdr\": \"02:00:00:00:00:09\"}]}\n";

/**
 * by_value() - Order of two times, for qsort()
 * @a:		First
 * @b:		Second
 *
 * Return: below, equal to or above 0
 */
static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return CMP(*x, *y);
}

/**
 * has_watch() - Whether netsetup can watch
 *
 * Return: true if it knows the verb
 */
static bool has_watch(void)
{
	const char *const argv[] = { bench_netsetup(), "watch", "--help",
				     NULL };
	struct usage u;

	return argv[0] && bench_run(argv, &u) == 0;
}

/**
 * start_watch() - Start netsetup watch, and wait until it says that it is ready
 * @row:	For the problem
 * @ret:	Its process id
 *
 * Return: 0, or -ECANCELED
 */
static int start_watch(struct bench_row *row, pid_t *ret)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *const argv[] = {
		bench_netsetup(),     "watch",   "--state",
		BENCH_FILE("state"),  "--burst", "1000000", /* no fight */
		BENCH_FILE("w.json"), NULL
	};
	struct pollfd p = { .fd = fd, .events = POLLIN };
	_cleanup_fclose_ FILE *f = fopen(BENCH_FILE("w.json"), "we");
	char said[256];
	pid_t pid;

	if (!argv[0])
		return bench_problem(row, "no build/bin/netsetup");
	if (!f || fputs(document, f) == EOF || fflush(f) == EOF)
		return bench_problem(row, "document: %s", strerror(errno));
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s",
		       BENCH_FILE("notify"));
	(void)unlink(sun.sun_path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return bench_problem(row, "notify socket: %s", strerror(errno));
	_cleanup_free_ char *full = realpath(sun.sun_path, NULL);

	(void)setenv("NOTIFY_SOCKET", full ? full : sun.sun_path, 1);
	pid = bench_start(argv, BENCH_FILE("watch.out"));
	(void)unsetenv("NOTIFY_SOCKET");
	while (pid > 0 && poll(&p, 1, 20000) > 0) {
		ssize_t n = recv(fd, said, sizeof(said) - 1, 0);

		said[n > 0 ? n : 0] = '\0';
		if (strstr(said, "READY=1")) {
			*ret = pid;
			return 0;
		}
	}
	bench_stop(pid);
	return bench_problem(row, "netsetup watch did not become ready");
}

/**
 * proc_number() - A number of a process
 * @pid:	Process
 * @file:	"schedstat" for CPU nanoseconds, "status" for resident kB
 *
 * Return: the number, 0 where there is none
 */
static double proc_number(pid_t pid, const char *file)
{
	unsigned long ns = 0, kb = 0;
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[512];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strcmp(file, "schedstat") == 0 &&
		    sscanf(line, "%lu", &ns) == 1)
			return (double)ns;
		if (sscanf(line, "VmRSS: %lu", &kb) == 1)
			return (double)kb;
	}
	return 0;
}

/**
 * repair_once() - Delete an object and time how long it stays away
 * @k:		Its kind
 * @monitor:	From bench_monitor()
 * @ret_ms:	From the end of the deletion's command to the kernel's word
 *
 * The command's own end is later than the deletion, so that the time is a lower bound
 * by the fraction of a millisecond that ip takes to exit.
 *
 * Return: 0; -EIO where it could not be deleted, -ETIMEDOUT where it stays away
 */
static int repair_once(const struct kind *k, struct mnl_socket *monitor,
		       double *ret_ms)
{
	uint16_t gone = (uint16_t)(k->back + 1);
	int64_t begin;
	pid_t pid;

	pid = bench_start(k->delete_words, NULL);
	if (pid < 0)
		return pid;
	if (bench_monitor_count(monitor, gone, 1, 2000) < 1) {
		bench_stop(pid);
		return -EIO;
	}
	begin = bench_now();
	if (bench_monitor_count(monitor, k->back, 1, 2000) < 1) {
		bench_stop(pid);
		return -ETIMEDOUT;
	}
	*ret_ms = (double)(bench_now() - begin) / 1e6;
	bench_stop(pid);
	return 0;
}

/**
 * run_repair() - Owned objects deleted again and again, and back
 * @row:	Result
 *
 * Return: 0, or a negative errno
 */
static int run_repair(struct bench_row *row)
{
	struct mnl_socket *monitor = NULL;
	double idle;
	pid_t pid;
	int r;

	row->unit = "ms";
	if (!has_watch())
		return bench_problem(row, "netsetup has no watch yet");
	r = bench_namespace();
	if (r < 0)
		return r;
	r = start_watch(row, &pid);
	if (r < 0)
		return r;
	for (size_t i = 0; i < KINDS && r == 0; i++) {
		static double ms[DELETIONS];

		/* A socket of its own for each kind: nothing of the last is left. */
		r = bench_monitor(false, &monitor);
		for (size_t n = 0; n < DELETIONS && r == 0; n++)
			r = repair_once(&kinds[i], monitor, &ms[n]);
		(void)mnl_socket_close(monitor);
		if (r < 0) {
			r = bench_problem(row, "%s: errno %d", kinds[i].name,
					  -r);
			break;
		}
		qsort(ms, DELETIONS, sizeof(*ms), by_value);
		bench_figure(row, kinds[i].p50, ms[DELETIONS / 2], -1);
		bench_figure(row, kinds[i].p99, ms[DELETIONS * 99 / 100], 10);
		row->ours = MAX(row->ours, ms[DELETIONS * 99 / 100]);
	}
	/* What is measured is the idle time itself; it holds one audit. */
	idle = proc_number(pid, "schedstat");
	(void)poll(NULL, 0, IDLE_SECONDS * 1000);
	idle = (proc_number(pid, "schedstat") - idle) / 1e6 * 60 / IDLE_SECONDS;
	bench_figure(row, "idle_cpu_ms_per_min", idle, 5);
	bench_figure(row, "rss_mb", proc_number(pid, "status") / 1024, 6);
	bench_stop(pid);
	return r;
}

/**
 * run_churn() - Foreign routes come and go while an owned one is watched
 * @row:	Result
 *
 * Return: 0, or a negative errno
 */
static int run_churn(struct bench_row *row)
{
	const unsigned int step = CHURN_RATE / 10;
	struct mnl_socket *monitor = NULL;
	int64_t begin, next;
	double ns, ms;
	long missed = 0, events = 0;
	pid_t pid;
	int r;

	row->unit = "%";
	if (!has_watch())
		return bench_problem(row, "netsetup has no watch yet");
	r = bench_namespace();
	if (r < 0)
		return r;
	r = start_watch(row, &pid);
	if (r < 0)
		return r;
	ns = proc_number(pid, "schedstat");
	begin = next = bench_now();
	while (r == 0 && bench_now() - begin < CHURN_SECONDS * 1000000000LL) {
		int64_t left;

		r = bench_raw_churn(step / 2);
		events += step;
		next += 100000000;
		left = next - bench_now();
		if (left > 0)
			(void)poll(NULL, 0, (int)(left / 1000000));
	}
	ns = (proc_number(pid, "schedstat") - ns) * 100.0 /
	     (double)(bench_now() - begin);
	for (size_t i = 0; i < KINDS && r == 0; i++) {
		r = bench_monitor(false, &monitor);
		if (r == 0 && repair_once(&kinds[i], monitor, &ms) < 0)
			missed++;
		(void)mnl_socket_close(monitor);
	}
	bench_stop(pid);
	row->ours = ns;
	bench_figure(row, "cpu_percent", ns, 10);
	bench_figure(row, "missed", (double)missed, 0);
	bench_figure(row, "events_per_s",
		     (double)events * 1e9 / (double)(bench_now() - begin), -1);
	return r;
}

/**
 * node_times() - Bring a node of a running lab up again and again
 * @row:	For the problem
 * @ms:		NODE_RUNS times in milliseconds
 *
 * Each: undo, then apply in the provider form, which ends when all is verified.
 *
 * Return: 0, or -ECANCELED
 */
static int node_times(struct bench_row *row, double ms[NODE_RUNS])
{
	static const char *const undo[] = { SCENARIO, "exec", "gcp",
					    "node1",  "--",   "netsetup",
					    "undo",   NULL };
	static const char *const apply[] = { SCENARIO,
					     "exec",
					     "gcp",
					     "node1",
					     "--",
					     "netsetup",
					     "apply",
					     "--provider",
					     "gcp",
					     "--shoot",
					     "/etc/shoot6/shoot.yaml",
					     "--dad",
					     "optimistic",
					     NULL };
	struct usage u = { 0 };

	for (size_t i = 0; i < NODE_RUNS; i++) {
		if (bench_run(undo, &u) < 0)
			return bench_problem(row, "undo: status %d", u.status);
		if (bench_run(apply, &u) < 0)
			return bench_problem(row, "apply: status %d", u.status);
		ms[i] = u.seconds * 1e3;
	}
	return 0;
}

/**
 * run_node() - A node from its provider's metadata to verified
 * @row:	Result
 *
 * Return: 0, or -ECANCELED
 */
static int run_node(struct bench_row *row)
{
	static const char *const up[] = { SCENARIO, "up", "gcp", NULL };
	static const char *const down[] = { SCENARIO, "down", "gcp", NULL };
	_cleanup_free_ char *state = realpath("build/bench", NULL);
	double ms[NODE_RUNS];
	struct usage u = { 0 };
	int r;

	row->unit = "ms";
	if (access(SCENARIO, X_OK) < 0)
		return bench_problem(row, "no " SCENARIO);
	if (!state || setenv("XDG_STATE_HOME", state, 1) < 0)
		return bench_problem(row, "state: %s", strerror(errno));
	if (bench_run(up, &u) < 0)
		return bench_problem(row, "scenario up gcp: status %d",
				     u.status);
	r = node_times(row, ms);
	(void)bench_run(down, &u);
	if (r < 0)
		return r;
	qsort(ms, NODE_RUNS, sizeof(*ms), by_value);
	row->ours = ms[NODE_RUNS / 2];
	bench_figure(row, "median_ms", row->ours, 150);
	bench_figure(row, "worst_ms", ms[NODE_RUNS - 1], -1);
	return 0;
}

const struct bench bench_node = { "node-from-metadata", run_node };
const struct bench bench_repair = { "watch-repair", run_repair };
const struct bench bench_churn = { "watch-foreign-churn", run_churn };
