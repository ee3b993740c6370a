/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: scenario - options and commands of the program
 *
 * Each command returns an exit code of lib/exitcode.h after saying what there is to say.
 */

#include "lib/json.h"

struct scenario {
	const char *program; /* argv[0] */
	const char *name;
	const char *engine;
	const char *provider;
	unsigned int nodes;
	const char *control_plane;
	unsigned int
		patience; /* deadlines are so many times as long; 0: once */
	const char *fault;
	bool json;
	const char *html, *junit, *tap, *svg, *out;
	unsigned int verbose; /* a row for each result */
	bool live, privileged; /* run --live, --privileged-namespace */
	const char *kubeconfig, *profile, *image, *targets, *space,
		*domain; /* of it */
	int64_t linger_ns; /* after its report */
};

/* Whether --image and --namespace are such names: as below. */
int scenario_check_names(const struct scenario *s);
/* Whether each option means something to a run on this engine (NULL: --live), or to one
 * of a lab that is up: EXIT_OK, or EXIT_USAGE after a line for each that does not. */
int scenario_check_options(const struct scenario *s, const char *engine);
int scenario_check_lab(const struct scenario *s, const struct json *status);
/* Whether the report could be written where it is to go: as above. */
int scenario_check_files(const struct scenario *s);
struct report;
/* Writes each form of the report that was asked for; says what fails. */
must_check int scenario_write(const struct scenario *s,
			      const struct report *report);
int scenario_report(void *config, int n_args, char **args);
int scenario_run(void *config, int n_args, char **args);
int scenario_manifests(void *config, int n_args, char **args);
/* The case for a word of the command line; says what is wrong. NULL: none. */
const struct lab_case *scenario_case(const struct scenario *s,
				     const char *word);
