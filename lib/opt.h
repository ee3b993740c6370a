/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: opt - one table of options and commands: parser, --help and manual page
 *
 * A program states its options and commands as constant tables. opt_parse() reads argv
 * by them (GNU style: long, short, "--name=value", options anywhere, "--" ends them),
 * answers --help and --version itself, and writes errors in the words users know.
 * The hidden option --dump-man prints the tables as mdoc for docs/man (see ci/man).
 *
 * Parsers get the text and write into the program's own struct at an offset; text is not
 * copied, so argv must outlive it. Nothing is allocated, nothing to free.
 */

#include "lib/base.h"

enum opt_type {
	OPT_FLAG, /* bool: set to true */
	OPT_COUNT, /* unsigned int: counts, as -v -v does */
	OPT_STRING, /* const char * */
	OPT_UINT, /* unsigned int, decimal, checked against .min and .max */
	OPT_DURATION, /* int64_t nanoseconds: "90s", "2m", "150ms", "1h" */
	OPT_LIST, /* struct opt_list: may be given up to OPT_LIST_MAX times */
	OPT_CALL, /* calls .parse */
};

#define OPT_LIST_MAX 32

struct opt_list {
	const char *item[OPT_LIST_MAX];
	size_t n;
};

struct opt {
	const char *name; /* long name, without dashes */
	char letter; /* short name, or 0 */
	enum opt_type type;
	const char *arg; /* name of its argument in the help, or NULL */
	size_t offset; /* of the field in the program's struct */
	unsigned int min, max; /* for OPT_UINT; both 0: any */
	/* For OPT_CALL: reads @text into @out. Return: 0, or -EINVAL after printing
	 * one line by log_error(). */
	int (*parse)(const char *text, void *out);
	const char *help; /* one sentence, lower case, no full stop */
	const char
		*verbs; /* " plan apply ": commands it belongs to; NULL: all */
};

struct opt_command {
	const char *name;
	const char *args; /* synopsis behind the name, e.g. "[DOCUMENT]" */
	const char *help; /* one sentence, lower case, no full stop */
	/* Runs it. @args: what is left of argv, without the command's name.
	 * Return: an exit code of lib/exitcode.h */
	int (*run)(void *config, int n_args, char **args);
};

struct opt_program {
	const char *name;
	const char
		*summary; /* one sentence, for --help and the manual's NAME */
	const char *args; /* synopsis behind the options, where no commands */
	unsigned int section; /* of the manual, 1 or 8 */
	const struct opt *options;
	size_t n_options;
	const struct opt_command *commands; /* NULL where there are none */
	size_t n_commands;
	const char *examples; /* lines for --help and the manual, or NULL */
	const char *const
		*exit_status; /* "0", "text", ..., NULL; NULL: the shared */
};

must_check int opt_parse(const struct opt_program *program, void *config,
			 int argc, char **argv, int *ret_exit,
			 const struct opt_command **ret_command,
			 int *ret_n_args, char ***ret_args);
int opt_main(const struct opt_program *program, void *config, int argc,
	     char **argv);
must_check int opt_parse_duration(const char *text, int64_t *ret_ns);
const char *opt_suggest(const char *word, const char *const *known, size_t n);
/* What to put behind a word that nobody knows: ", did you mean 'x'?", or "". */
#define OPT_HINT 96
const char *opt_hint(const char *word, const char *const *known, size_t n,
		     char hint[static OPT_HINT]);
