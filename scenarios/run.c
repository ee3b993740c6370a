/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/scenario.h"
#include "lib/exitcode.h"
int scenario_run(void *config, int n_args, char **args) { (void)config; (void)n_args; (void)args; return EXIT_USAGE; }
