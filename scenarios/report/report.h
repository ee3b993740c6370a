/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: report - one run as people and machines want to read it
 *
 * The runner fills a struct report by report_init() and the members marked
 * "in", calls report_finish(), which diagnoses, blocks and counts, and then
 * report_render() or report_write() for each form wanted. Renderers are pure:
 * report in, text out; one file each, closed by a constant in report_formats[].
 *
 * The report owns .results, .topology and .diagnosis; report_release() ends
 * them. Strings are copied into it. `scenario report FILE` reads a report.json
 * back by report_from_json(), so each form can be made again from it.
 */

#include "lib/buf.h"
#include "lib/diagnosis/diagnosis.h"
#include "lib/result.h"
#include "scenarios/report/topology.h"

#include <stdio.h>
#include <time.h>

struct report {
	/* in: by the runner; empty texts are left out of the report */
	char name[64]; /* of the lab */
	char case_name[64]; /* "demo" */
	char engine[32]; /* "netns", "kubernetes", "live" */
	char provider[32]; /* "gcp" */
	char profile[32]; /* "ipv6-only-nat64" */
	char fault[64]; /* injected fault, "" none */
	struct timespec started; /* CLOCK_REALTIME */
	int64_t duration_ns; /* of all, without installation and build */
	int64_t up_ns; /* of bringing the lab up; 0: it was up */
	struct results results;
	struct topology topology;

	/* out: by report_finish() */
	char version[32], kernel[160], machine[72];
	struct diagnosis diagnosis;
	unsigned int summary[VERDICT_MAX];
};

struct report_options {
	bool colour; /* escape sequences, for terminals */
	unsigned int width; /* columns of text forms; 0: 100 */
	bool all; /* text: each result in a line of its own */
};

struct report_format {
	const char *name; /* "json", "html", "junit", "table", "tap", "svg" */
	const char *summary;
	int (*render)(const struct report *report,
		      const struct report_options *options, struct buf *out);
};

extern const struct report_format *const report_formats[];
extern const size_t n_report_formats;

void report_init(struct report *report);
must_check int report_finish(struct report *report);
void report_release(struct report *report);
/* EXIT_OK where nothing failed, else EXIT_FAILED (lib/exitcode.h). */
int report_exit_code(const struct report *report);

const struct report_format *report_format(const char *name);
must_check int report_render(const struct report *report, const char *format,
			     const struct report_options *options,
			     struct buf *out);
/* Whether report_write() could write there: 0, or the errno it would return. */
must_check int report_check(const char *path);
/* Whole or not at all: written beside, renamed. @path "-": standard output. */
must_check int report_write(const struct report *report, const char *format,
			    const char *path);
must_check int report_from_json(const struct json *j, struct report *ret);
