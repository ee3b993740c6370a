/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: engine - runs probes: order, time and blocking; it knows no protocol
 *
 * One thread, one loop. Checks form a DAG by their needs: a probe starts when all its
 * check's needs that run here are done, so what does not depend on each other runs at
 * once. A failed need (of this run, or of results gathered before) makes the probe
 * blocked by name. Each probe ends at its own deadline, the run at its own.
 *
 * The owner fills in the first part of struct engine, calls engine_run(), and reads
 * .done. engine_release() ends the probes.
 */

#include "probes/probe.h"
#include "probes/targets.h"
#include "probes/nodestate.h"

struct engine {
	/* Filled in by the owner. */
	const struct check *checks;
	size_t n_checks;
	const struct targets *targets;
	const struct node_state *state;
	const struct results *prior; /* gathered before */
	const char *vantage; /* "pod:NODE/POD", "host:NODE" */
	unsigned int vantage_bit;
	unsigned int profile;
	const char *const *only; /* ids; with n_only 0: all */
	size_t n_only;
	int64_t deadline_ns; /* for the whole run, length */
	int (*emit)(void *context, const struct result *result);
	void *context;

	/* The engine's own. */
	struct loop loop;
	struct loop_timer timer;
	struct probe **probes;
	size_t n_probes, size;
	size_t n_running;
	struct results done;
	int64_t now;
	int error; /* sticky: memory, or what emit() said */
	bool over; /* past the deadline */
};

must_check int engine_run(struct engine *e);
void engine_release(struct engine *e);

/* Whether a check is to be blocked; pure. @all: what is known. @peer_node: node of the
 * destination, or NULL. */
bool engine_blocked(const struct check *check, const struct results *all,
		    const char *vantage, const char *peer_node,
		    char ret_by[48]);
