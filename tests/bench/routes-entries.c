/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries on routes: against ip, against the raw floor, against networkd.
 */
#include "tests/bench/bench.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define N           100000
#define ROUNDS      5 /* in turn with the peer; the best of each counts */
/* A node's own address and its gateway, in the comparison with networkd. */
#define NETWORKD_N  10000
#define OWN_ADDRESS "2001:db8:ffff::2/64"
#define GATEWAY     "2001:db8:ffff::1"

#define FOREVER 60000 /* ms without any event before one is given up */

/**
 * set_routes() - Apply a document of routes in a new namespace
 * @row:	For the problem
 * @n:		Number of routes
 * @ret:	What netsetup used
 *
 * Return: 0, or a negative errno
 */
static int set_routes(struct bench_row *row, unsigned int n, struct usage *ret)
{
	int r;

	r = bench_document(BENCH_FILE("routes.json"), n, "fe80::1", "", false);
	if (r == 0)
		r = bench_namespace();
	if (r < 0)
		return bench_problem(row, "namespace or document: errno %d",
				     -r);
	return bench_apply(row, BENCH_FILE("routes.json"), ret);
}

/**
 * keep_best() - Keep the better of two runs
 * @best:	Best one so far; seconds 0: none
 * @u:		Another
 *
 * The machine is shared: what else runs only ever adds to a time.
 */
static void keep_best(struct usage *best, const struct usage *u)
{
	if (best->seconds <= 0 || u->seconds < best->seconds)
		*best = *u;
}

/**
 * write_batch() - Write the file for ip -batch
 * @n:		Number of routes
 *
 * Return: 0, or a negative errno
 */
static int write_batch(unsigned int n)
{
	_cleanup_fclose_ FILE *f = fopen(BENCH_FILE("routes.batch"), "we");

	if (!f)
		return -errno;
	for (unsigned int i = 0; i < n; i++)
		fprintf(f, "route add 2001:db8:%x:%x::/64 via fe80::1 dev %s\n",
			i >> 16, i & 0xffff, ROUTE_DEV);
	return fflush(f) == EOF ? -errno : 0;
}

/**
 * time_raw() - The same messages as netsetup's with nothing around, in a new namespace
 * @ret:	Its time
 *
 * Return: 0, or a negative errno
 */
static int time_raw(struct usage *ret)
{
	int64_t begin;
	int r;

	r = bench_namespace();
	if (r < 0)
		return r;
	begin = bench_now();
	r = bench_raw_routes(N);
	if (r == 0)
		ret->seconds = (double)(bench_now() - begin) / 1e9;
	return r;
}

/**
 * run_ip_batch() - 100,000 routes, plan and verify included, against ip -batch
 * @row:	Result
 *
 * The figure bare_writer_ratio is as far as it goes: netsetup's own messages, written by
 * nobody who plans or reads back, are that much faster than the peer. Where it is below
 * the goal, the goal is beyond this kernel.
 *
 * Return: 0, or a negative errno
 */
static int run_ip_batch(struct bench_row *row)
{
	const char *const argv[] = { "ip", "-6", "-batch",
				     BENCH_FILE("routes.batch"), NULL };
	struct usage ours = { 0 }, peer = { 0 }, raw = { 0 }, u = { 0 };
	int r = write_batch(N);

	row->peer_name = "ip -6 -batch";
	row->least = 10;
	for (size_t i = 0; i < ROUNDS && r == 0; i++) {
		r = bench_namespace();
		if (r == 0)
			r = bench_run(argv, &u);
		keep_best(&peer, &u);
		if (r == 0)
			r = time_raw(&u);
		keep_best(&raw, &u);
		if (r < 0)
			return bench_problem(row, "peers: errno %d", -r);
		r = set_routes(row, N, &u);
		keep_best(&ours, &u);
	}
	row->ours = ours.seconds;
	row->peer = peer.seconds;
	bench_figure(row, "routes_per_s", N / MAX(ours.seconds, 1e-9), -1);
	bench_figure(row, "rss_mb", ours.rss_mb, -1);
	bench_figure(row, "bare_writer_ratio",
		     peer.seconds / MAX(raw.seconds, 1e-9), -1);
	return r;
}

/**
 * run_raw_floor() - 100,000 routes against the same messages with nothing around
 * @row:	Result
 *
 * Return: 0, or a negative errno
 */
static int run_raw_floor(struct bench_row *row)
{
	struct usage ours = { 0 }, raw = { 0 }, u = { 0 };
	int r = 0;

	row->peer_name = "raw batched writer";
	row->least = 1.0 / 3;
	for (size_t i = 0; i < ROUNDS && r == 0; i++) {
		r = time_raw(&u);
		if (r < 0)
			return bench_problem(row, "raw writer: errno %d", -r);
		keep_best(&raw, &u);
		r = set_routes(row, N, &u);
		keep_best(&ours, &u);
	}
	row->peer = raw.seconds;
	row->ours = ours.seconds;
	return r;
}

/**
 * run_million() - 1,000,000 routes: time and memory
 * @row:	Result
 *
 * Return: 0, or a negative errno
 */
static int run_million(struct bench_row *row)
{
	struct usage ours = { 0 };
	int r;

	r = set_routes(row, 1000000, &ours);
	row->ours = ours.seconds;
	bench_figure(row, "seconds", ours.seconds, 10);
	bench_figure(row, "rss_mb", ours.rss_mb, 500);
	return r;
}

/**
 * run_noop() - A second apply, which must change nothing
 * @row:	Result
 *
 * Return: 0, or a negative errno
 */
static int run_noop(struct bench_row *row)
{
	static const char *const argv[] = { "ip", "-6", "route", "show", NULL };
	struct usage first = { 0 }, ours = { 0 }, peer = { 0 }, u = { 0 };
	struct mnl_socket *monitor = NULL;
	long mutating;
	int r;

	row->peer_name = "ip -6 route show";
	row->least = 1 / 1.5;
	r = set_routes(row, N, &first);
	if (r < 0)
		return r;
	r = bench_monitor(false, &monitor);
	for (size_t i = 0; i < ROUNDS && r == 0; i++) {
		r = bench_apply(row, BENCH_FILE("routes.json"), &u);
		keep_best(&ours, &u);
		if (r == 0)
			r = bench_run(argv, &u);
		keep_best(&peer, &u);
	}
	if (!monitor)
		return r;
	mutating = bench_monitor_count(monitor, 0, 1000000, 100);
	(void)mnl_socket_close(monitor);
	row->ours = ours.seconds;
	row->peer = peer.seconds;
	bench_figure(row, "mutating", (double)mutating, 0);
	bench_figure(row, "first_seconds", first.seconds, -1);
	return r;
}

/**
 * write_network() - Write the .network file, and mount /sys read-only for networkd
 * @n:		Number of routes
 *
 * Return: 0, or a negative errno
 */
static int write_network(unsigned int n)
{
	_cleanup_fclose_ FILE *f = NULL;

	if (mount("tmpfs", "/run/systemd", "tmpfs", 0, "mode=0755") < 0 ||
	    mkdir("/run/systemd/network", 0755) < 0 ||
	    mount("sysfs", "/sys", "sysfs", MS_RDONLY, NULL) < 0)
		return -errno;
	f = fopen("/run/systemd/network/10-v0.network", "we");
	if (!f)
		return -errno;
	fprintf(f, "[Match]\nName=" ROUTE_DEV
		   "\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\n"
		   "Address=" OWN_ADDRESS "\n");
	for (unsigned int i = 0; i < n; i++)
		fprintf(f,
			"[Route]\nDestination=2001:db8:%x:%x::/64\nGateway=" GATEWAY
			"\n",
			i >> 16, i & 0xffff);
	return fflush(f) == EOF ? -errno : 0;
}

/**
 * time_networkd() - One start of networkd until all routes are in place
 * @row:	For the problem
 * @ret:	Its time
 *
 * The link is up and duplicate detection is off, for both of us.
 *
 * Return: 0, or a negative errno
 */
static int time_networkd(struct bench_row *row, struct usage *ret)
{
	static const char *const argv[] = { "/lib/systemd/systemd-networkd",
					    NULL };
	struct mnl_socket *monitor = NULL;
	int64_t begin;
	long seen;
	pid_t pid;
	int r;

	r = bench_namespace();
	if (r == 0)
		r = bench_monitor(false, &monitor);
	if (r == 0)
		r = write_network(NETWORKD_N);
	if (r < 0)
		return bench_problem(row, "networkd's ground: errno %d", -r);
	begin = bench_now();
	pid = bench_start(argv, NULL);
	/* Its own link's and address's routes are the first three. */
	seen = pid < 0 ? pid :
			 bench_monitor_count(monitor, RTM_NEWROUTE,
					     NETWORKD_N + 2, FOREVER);
	ret->seconds = (double)(bench_now() - begin) / 1e9;
	bench_stop(pid);
	(void)umount("/sys");
	(void)umount("/run/systemd");
	(void)mnl_socket_close(monitor);
	if (seen < NETWORKD_N)
		return bench_problem(row, "networkd set %ld of %u routes", seen,
				     NETWORKD_N);
	return 0;
}

/**
 * run_networkd() - A node's file: an address and 10,000 routes through its gateway
 * @row:	Result
 *
 * Return: 0, or a negative errno
 */
static int run_networkd(struct bench_row *row)
{
	struct usage ours = { 0 }, peer = { 0 }, u = { 0 };
	int r;

	row->peer_name = "systemd-networkd";
	row->least = 10;
	r = bench_document(BENCH_FILE("node.json"), NETWORKD_N, GATEWAY,
			   "\"addresses\": [{\"address\": \"" OWN_ADDRESS
			   "\", \"dev\": \"" ROUTE_DEV
			   "\", \"dad\": \"skip\"}],\n",
			   false);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		r = time_networkd(row, &u);
		keep_best(&peer, &u);
		if (r == 0)
			r = bench_namespace();
		if (r == 0)
			r = bench_apply(row, BENCH_FILE("node.json"), &u);
		keep_best(&ours, &u);
	}
	row->ours = ours.seconds;
	row->peer = peer.seconds;
	return r;
}

/**
 * run_gateway() - 100,000 routes moved to another gateway by their nexthop object
 * @row:	Result
 *
 * The document also turns off that the kernel tells of each route again. The figure
 * bare_ms is what `ip nexthop replace`, which reads and compares nothing, needs for
 * the same message: the kernel goes through all routes of an object that changes.
 *
 * Return: 0, or a negative errno
 */
static int run_gateway(struct bench_row *row)
{
	static const char quiet[] =
		"\"sysctls\": {\"net/ipv4/nexthop_compat_mode\": 0},\n";
	static const char *const documents[] = { BENCH_FILE("gateway-1.json"),
						 BENCH_FILE("gateway-2.json") };
	static const char *const bare[] = { "ip",      "nexthop", "replace",
					    "id",      "10",      "via",
					    "fe80::3", "dev",     ROUTE_DEV,
					    NULL };
	struct usage ours = { 0 }, alone = { 0 }, u = { 0 };
	struct mnl_socket *monitor = NULL;
	long messages;
	int r;

	row->unit = "ms";
	r = bench_document(documents[0], N, "fe80::1", quiet, true);
	if (r == 0)
		r = bench_document(documents[1], N, "fe80::2", quiet, true);
	if (r == 0)
		r = bench_namespace();
	if (r == 0)
		r = bench_apply(row, documents[0], &u);
	if (r == 0)
		r = bench_monitor(true, &monitor);
	for (size_t i = 1; i <= ROUNDS && r == 0; i++) {
		r = bench_apply(row, documents[i % 2], &u);
		keep_best(&ours, &u);
	}
	if (!monitor)
		return r;
	messages = bench_monitor_count(monitor, RTM_NEWNEXTHOP, 1000000, 100);
	(void)mnl_socket_close(monitor);
	if (r == 0)
		r = bench_run(bare, &alone);
	row->ours = ours.seconds * 1e3;
	bench_figure(row, "ms", row->ours, 100);
	bench_figure(row, "messages", (double)messages / ROUNDS, 1);
	bench_figure(row, "bare_ms", alone.seconds * 1e3, -1);
	return r;
}

const struct bench bench_ip_batch = { "routes-100k-vs-ip-batch", run_ip_batch };
const struct bench bench_raw_floor = { "routes-100k-vs-raw-floor",
				       run_raw_floor };
const struct bench bench_million = { "routes-1m", run_million };
const struct bench bench_noop = { "noop-100k-vs-ip-show", run_noop };
const struct bench bench_networkd = { "routes-10k-vs-networkd", run_networkd };
const struct bench bench_gateway = { "gateway-move-100k", run_gateway };
