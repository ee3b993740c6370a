/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/opt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct config {
	bool json;
	unsigned int verbose, count;
	const char *state;
	int64_t deadline;
	struct opt_list checks;
};

/**
 * run_nothing() - A command for the table
 * @config:	Unused
 * @n_args:	Unused
 * @args:	Unused
 *
 * Return: 0
 */
static int run_nothing(void *config, int n_args, char **args)
{
	(void)config;
	(void)n_args;
	(void)args;
	return 0;
}

#define FIELD(name) offsetof(struct config, name)

static const struct opt options[] = {
	{ .name = "json",
	  .letter = 'j',
	  .type = OPT_FLAG,
	  .offset = FIELD(json),
	  .help = "print JSON" },
	{ .name = "verbose",
	  .letter = 'v',
	  .type = OPT_COUNT,
	  .offset = FIELD(verbose),
	  .help = "say more" },
	{ .name = "state",
	  .letter = 's',
	  .type = OPT_STRING,
	  .arg = "DIR",
	  .offset = FIELD(state),
	  .help = "state" },
	{ .name = "count",
	  .type = OPT_UINT,
	  .arg = "N",
	  .min = 1,
	  .max = 9,
	  .offset = FIELD(count),
	  .help = "count",
	  .verbs = " apply " },
	{ .name = "deadline",
	  .type = OPT_DURATION,
	  .arg = "TIME",
	  .offset = FIELD(deadline),
	  .help = "deadline" },
	{ .name = "check",
	  .type = OPT_LIST,
	  .arg = "ID",
	  .offset = FIELD(checks),
	  .help = "check" },
};

static const struct opt_command commands[] = {
	{ .name = "plan",
	  .args = "[DOCUMENT]",
	  .help = "plan",
	  .run = run_nothing },
	{ .name = "apply",
	  .args = "[DOCUMENT]",
	  .help = "apply",
	  .run = run_nothing },
};

static const struct opt_program program = {
	.name = "tool",
	.summary = "a tool",
	.section = 8,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
};

#define WORDS 8

/* What parsing some words came to. */
struct outcome {
	struct config config;
	int r, exit, n_args;
	const struct opt_command *command;
	char *argv[WORDS + 2];
	char **args;
	char err[512]; /* what went to standard error */
};

/**
 * parse() - Read words as the program would, its chatter into a text
 * @words:	Words behind the program's name, ending in NULL
 * @o:		Result
 */
static void parse(const char *const words[WORDS], struct outcome *o)
{
	_cleanup_close_ int fd = memfd_create("err", MFD_CLOEXEC);
	_cleanup_close_ int saved = dup(STDERR_FILENO);
	int argc = 1;

	*o = (struct outcome){ .exit = -1 };
	o->argv[0] = (char *)"tool";
	for (; argc <= WORDS && words[argc - 1]; argc++)
		o->argv[argc] = (char *)words[argc - 1];
	(void)dup2(fd, STDERR_FILENO);
	o->r = opt_parse(&program, &o->config, argc, o->argv, &o->exit,
			 &o->command, &o->n_args, &o->args);
	(void)fflush(stderr);
	(void)dup2(saved, STDERR_FILENO);
	if (pread(fd, o->err, sizeof(o->err) - 1, 0) < 0)
		o->err[0] = '\0';
}

/**
 * test_good() - Options anywhere, long and short, with values joined or not
 */
static void test_good(void)
{
	static const struct {
		const char *what;
		const char *words[WORDS];
	} cases[] = {
		{ "options first",
		  { "--json", "-vv", "--state=/x", "--count", "3", "apply",
		    "doc" } },
		{ "options last", { "apply", "doc", "-jvvs/x", "--count=3" } },
		{ "between",
		  { "-s", "/x", "apply", "-v", "-v", "doc", "--count=3",
		    "-j" } },
	};
	struct outcome o;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *what = cases[i].what;

		parse(cases[i].words, &o);
		if (!CHECK_INT(what, 0, o.r) || !CHECK_STR(what, "", o.err))
			continue;
		CHECK_STR(what, "apply", o.command->name);
		CHECK_TRUE(what, o.config.json);
		CHECK_INT(what, 2, o.config.verbose);
		CHECK_INT(what, 3, o.config.count);
		CHECK_STR(what, "/x", o.config.state);
		CHECK_INT(what, 1, o.n_args);
		CHECK_STR(what, "doc", o.args[0]);
	}
}

/**
 * test_list() - An option that may be given again; "--" ends options
 */
static void test_list(void)
{
	static const char *const words[WORDS] = {
		"plan", "--check", "A-1", "--check=B-2", "--", "-j", "--json"
	};
	struct outcome o;

	parse(words, &o);
	CHECK_INT("parsed", 0, o.r);
	CHECK_INT("two checks", 2, o.config.checks.n);
	CHECK_STR("first", "A-1", o.config.checks.item[0]);
	CHECK_STR("second", "B-2", o.config.checks.item[1]);
	CHECK_TRUE("behind '--' nothing is an option", !o.config.json);
	CHECK_INT("two words left", 2, o.n_args);
}

/**
 * test_bad() - What is wrong is said in one line, with what was meant
 */
static void test_bad(void)
{
	static const struct {
		const char *words[WORDS];
		const char *err;
	} cases[] = {
		{ { "--jsn", "plan" }, "did you mean '--json'" },
		{ { "-x", "plan" }, "unknown option '-x'" },
		{ { "plam" }, "unknown command 'plam', did you mean 'plan'" },
		{ { "plan", "--state" }, "'--state' needs an argument: DIR" },
		{ { "plan", "--json=1" }, "'--json' takes no argument" },
		{ { "apply", "--count", "10" }, "10 is not between 1 and 9" },
		{ { "apply", "--count", "0" }, "0 is not between 1 and 9" },
		{ { "apply", "--count", "-1" }, "'-1' is not a number" },
		{ { "apply", "--count", "3x" }, "'3x' is not a number" },
		{ { "plan", "--count", "3" },
		  "'--count' is not one of 'plan'" },
		{ { "plan", "--deadline", "3w" }, "'3w' is not a duration" },
	};
	struct outcome o;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse(cases[i].words, &o);
		CHECK_INT(cases[i].err, 1, o.r);
		CHECK_INT(cases[i].err, EXIT_USAGE, o.exit);
		CHECK_HAS(cases[i].err, cases[i].err, o.err);
		CHECK_TRUE("one line",
			   strchr(o.err, '\n') == o.err + strlen(o.err) - 1);
	}
}

/**
 * test_man() - The manual page is asked for by an option that --help does not show
 */
static void test_man(void)
{
	static const char *const words[WORDS] = { "--dump-man" };
	_cleanup_close_ int fd = memfd_create("out", MFD_CLOEXEC);
	_cleanup_close_ int saved = dup(STDOUT_FILENO);
	char text[4096] = "";
	struct outcome o;

	(void)fflush(stdout);
	(void)dup2(fd, STDOUT_FILENO);
	parse(words, &o);
	(void)fflush(stdout);
	(void)dup2(saved, STDOUT_FILENO);
	CHECK_TRUE("was written", pread(fd, text, sizeof(text) - 1, 0) > 0);
	CHECK_INT("leaves", 1, o.r);
	CHECK_INT("well", EXIT_OK, o.exit);
	CHECK_HAS("title", ".Dt TOOL 8\n", text);
	CHECK_HAS("command", ".It Cm apply [DOCUMENT]\napply\n", text);
	CHECK_HAS("option", ".It Fl s , Fl \\-state Ar DIR\nstate\n", text);
	CHECK_HAS("only with", ".Pq only with: apply", text);
}

/**
 * test_duration() - Lengths of time
 */
static void test_duration(void)
{
	static const struct {
		const char *text;
		int r;
		int64_t ns;
	} cases[] = {
		{ "0", 0, 0 },
		{ "7", 0, 7000000000 },
		{ "7s", 0, 7000000000 },
		{ "150ms", 0, 150000000 },
		{ "20us", 0, 20000 },
		{ "20ns", 0, 20 },
		{ "2m", 0, 120000000000 },
		{ "1h", 0, 3600000000000 },
		{ "", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "1.5s", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "9223372037s", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ns = -7;
		int r = opt_parse_duration(cases[i].text, &ns);

		CHECK_INT(cases[i].text, cases[i].r, r);
		CHECK_INT(cases[i].text, r < 0 ? -7 : cases[i].ns, ns);
	}
}

/**
 * test_suggest() - The word that was meant
 */
static void test_suggest(void)
{
	static const char *const known[] = { "address", "route", "rule" };
	static const struct {
		const char *word, *meant;
	} cases[] = {
		{ "adress", "address" }, { "addresses", "address" },
		{ "routes", "route" },   { "rul", "rule" },
		{ "neighbour", NULL },   { "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_STR(cases[i].word, cases[i].meant,
			  opt_suggest(cases[i].word, known, ARRAY_SIZE(known)));
}

UNIT_SUITE(opt, { "good words", test_good }, { "list", test_list },
	   { "bad words", test_bad }, { "manual page", test_man },
	   { "duration", test_duration }, { "suggest", test_suggest });
