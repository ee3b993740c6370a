/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: live - the suite in a cluster that is there: only a kubeconfig is given
 *
 * live_run() makes a namespace in which the restricted Pod Security level is enforced, a
 * responder on each node, services in front of them, and a pod on each node that runs
 * the probes; it waits by watching, reads the results from the pods' logs, and deletes
 * what it made, also when it fails or is interrupted. What needs the host network goes
 * into a second namespace and only where the user allows it.
 *
 * It owns all it makes in the cluster and leaves nothing; it tells the user by log and
 * progress lines on standard error and returns an exit code of lib/exitcode.h.
 */

#include "lib/base.h"
#include "scenarios/report/report.h"
#include "scenarios/ui.h"

struct live_options {
	const char *kubeconfig; /* path; NULL: KUBECONFIG, or the pod's own */
	const char *profile; /* "ipv6-only-nat64" */
	const char *image; /* reference of the suite's image */
	const char *space; /* namespace of ci/kubernetes to run in, or NULL */
	const char *domain; /* of the cluster, or NULL: as its pods say */
	/* File with egress targets; NULL: that of the machine or Job, if there is one and
	 * .lab does not say otherwise, else the default list. */
	const char *targets;
	bool lab; /* one of ours: a file of the machine is not meant for it */
	bool privileged; /* probe from the host network as well */
	unsigned int nodes; /* probe from so many nodes at most; 0: 16 */
};

/* Fills @report, report_init() done before, up to what report_finish() does. */
must_check int live_run(const struct live_options *options, struct ui *ui,
			struct report *report);
