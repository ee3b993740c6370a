/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: verb_emit - the verbs `emit` and `profiles` of netsetup
 *
 * They read hints and what is built in, and touch nothing. Both print on standard
 * output, problems on standard error, and return an exit code.
 */

#include "lib/base.h"

struct emit_options {
	const char *hints; /* file, NULL: the default */
	const char *type; /* variant of the format, or NULL */
	const char *dir; /* of the other program's files, or NULL */
	bool json; /* the list of formats, for programs */
};

int verb_emit(const struct emit_options *o, int n_args, char **args);
int verb_profiles(bool json, int n_args, char **args);
