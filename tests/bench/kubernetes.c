/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster of three nodes from nothing to CoreDNS available: ours against the shell of
 * ../shared/kube/lab. Ours then also has an answer of the cluster's DNS to a pod and a
 * forwarder for kubectl. Images are unpacked before, for both.
 */
#include "tests/bench/bench.h"

#include "lib/base.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#define PEER     "tests/bench/kube-peer"
#define SCENARIO "build/bin/scenario"
#define LAB      "bench"
#define ROUNDS   3

static const char *const argv_peer_prepare[] = { PEER, "prepare", NULL };
static const char *const argv_peer_up[] = { PEER, "up", "2", NULL };
static const char *const argv_peer_down[] = { PEER, "down", NULL };
static const char *const argv_our_up[] = { SCENARIO, "up", "shoot",
					   "--name", LAB,  "--nodes",
					   "3",      NULL };
static const char *const lo_up[] = { "ip", "link", "set", "lo", "up", NULL };
static const char *const argv_our_down[] = { SCENARIO, "down", LAB, NULL };

/**
 * free_mib() - Memory that is there for more programs
 *
 * Return: MiB; 0 where it is not known
 */
static double free_mib(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	double kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lf kB", &kib) == 1)
			break;
	if (f)
		(void)fclose(f);
	return kib / 1024;
}

/**
 * by_value() - Order of two numbers, for qsort()
 * @a:		Number
 * @b:		Number
 *
 * Return: as strcmp()
 */
static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/**
 * once() - Up and down once
 * @row:	For the problem
 * @up:		Words
 * @down:	Words
 * @ret_s:	Seconds of the first
 * @ret_down_s:	Seconds of the second
 * @ret_mib:	Memory that went, or NULL
 *
 * Return: 0, or a negative errno
 */
static int once(struct bench_row *row, const char *const up[],
		const char *const down[], double *ret_s, double *ret_down_s,
		double *ret_mib)
{
	double before = free_mib();
	struct usage u;
	int r = bench_run(up, &u);

	*ret_s = u.seconds;
	if (ret_mib)
		*ret_mib = before - free_mib();
	if (r < 0)
		r = bench_problem(row, "'%s %s' failed, see %s", up[0], up[1],
				  BENCH_FILE("stderr"));
	if (bench_run(down, &u) < 0 && r == 0)
		r = bench_problem(row, "'%s %s' failed", down[0], down[1]);
	*ret_down_s = u.seconds;
	return r;
}

/**
 * run() - Both in turn, the median of three
 * @row:	Row
 *
 * Return: 0, or a negative errno
 */
static int run(struct bench_row *row)
{
	double ours[ROUNDS], peer[ROUNDS], ours_down = 0, peer_down = 0,
					   mib = 0;
	char here[PATH_MAX - 32], state[PATH_MAX];
	struct usage u;
	int r;

	row->peer_name = "the shell of ../shared/kube/lab";
	row->least = 1.2;
	/* The peer's named namespaces stay out of the machine's /run. */
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("bench", "/run", "tmpfs", 0, "mode=0755") < 0)
		return bench_problem(row, "namespaces: %m");
	if (!getcwd(here, sizeof(here)))
		return -errno;
	(void)snprintf(state, sizeof(state), "%s/build/bench/state", here);
	if (setenv("XDG_STATE_HOME", state, 1) < 0 || bench_run(lo_up, &u) < 0)
		return bench_problem(row, "no loopback");
	/* Once for the programs and images. */
	r = once(row, argv_our_up, argv_our_down, &ours[0], &ours_down, NULL);
	if (r < 0)
		return r;
	if (bench_run(argv_peer_prepare, &u) < 0)
		return bench_problem(row, "no ../shared/kube/lab here");
	for (int i = 0; i < ROUNDS && r == 0; i++) {
		r = once(row, argv_peer_up, argv_peer_down, &peer[i],
			 &peer_down, NULL);
		if (r == 0)
			r = once(row, argv_our_up, argv_our_down, &ours[i],
				 &ours_down, &mib);
	}
	if (r < 0)
		return r;
	qsort(ours, ROUNDS, sizeof(*ours), by_value);
	qsort(peer, ROUNDS, sizeof(*peer), by_value);
	row->ours = ours[ROUNDS / 2];
	row->peer = peer[ROUNDS / 2];
	bench_figure(row, "ours_best_s", ours[0], -1);
	bench_figure(row, "ours_worst_s", ours[ROUNDS - 1], -1);
	bench_figure(row, "peer_best_s", peer[0], -1);
	bench_figure(row, "ours_down_s", ours_down, -1);
	bench_figure(row, "peer_down_s", peer_down, -1);
	bench_figure(row, "memory_mib", mib, -1);
	return 0;
}

const struct bench bench_kubernetes = {
	.name = "kubernetes-3-nodes-vs-shell",
	.run = run,
};
