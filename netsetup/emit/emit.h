/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: emit - what netsetup knows, in the words of other programs
 *
 * One file per format, ending in one constant `emit_NAME`; list.c names them all. A
 * format reads hints and arguments and appends text; it opens no file and asks nobody,
 * so that it is tested by its output. Each IPv6 address in YAML is quoted.
 *
 * A format that misses a fact fails with -ENODATA and says which by emit_missing().
 */

#include "lib/base.h"
#include "lib/buf.h"
#include "netsetup/hints.h"

struct emit_args {
	const char *type; /* variant, one of .types; NULL: the first */
	const char *dir; /* folder the program's files lie in, or NULL */
	int n_more; /* "name=value" words behind the format's name */
	char **more;
	struct buf *errors; /* one line per problem */
};

struct emit_format {
	const char *name; /* "cni" */
	const char *summary; /* one sentence, lower case, no full stop */
	const char *path; /* where it usually lies on a node, or NULL */
	const char *const *types; /* variants, ending in NULL; or NULL */
	/* Appends the text to @out. Return: 0; -ENODATA where a fact is missing,
	 * -EINVAL for arguments it cannot use; @args->errors then says why. */
	int (*emit)(const struct hints *h, const struct emit_args *args,
		    struct buf *out);
};

extern const struct emit_format *const emit_formats[]; /* ends in NULL */

const struct emit_format *emit_find(const char *name);
int emit_missing(const struct emit_args *args, const char *format,
		 const char *fact);
const char *emit_more(const struct emit_args *args, const char *name,
		      const char *none);
must_check int emit_print(const char *name, const struct hints *h,
			  const struct emit_args *args, struct buf *out);
