/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/opt.h"

#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/stdio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SHOOT6_VERSION
#define SHOOT6_VERSION "0"
#endif

/**
 * edit_distance() - Levenshtein distance of two short words
 * @a:		First word
 * @b:		Second word
 *
 * Return: number of edits; a large number for words of 32 bytes and more
 */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int row[33];
	size_t n_a = strlen(a), n_b = strlen(b);

	if (n_a > 32 || n_b > 32)
		return 99;
	for (size_t j = 0; j <= n_b; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= n_b; j++) {
			unsigned int change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(MIN(row[j], row[j - 1]) + 1, change);
		}
	}
	return row[n_b];
}

/**
 * opt_suggest() - The known word that a mistyped one comes closest to
 * @word:	As typed
 * @known:	Known words
 * @n:		Their number
 *
 * Return: one of @known, or NULL where none is close
 */
const char *opt_suggest(const char *word, const char *const *known, size_t n)
{
	unsigned int best = (unsigned int)(strlen(word) / 3) + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned int d = edit_distance(word, known[i]);

		if (d <= best && (!found || d < best)) {
			best = d;
			found = known[i];
		}
	}
	return found;
}

/**
 * opt_hint() - Words about the known word that a mistyped one comes closest to
 * @word:	As the user typed it
 * @known:	Known words
 * @n:		Their number
 * @hint:	Room
 *
 * Return: @hint: empty where none is close
 */
const char *opt_hint(const char *word, const char *const *known, size_t n,
		     char hint[static OPT_HINT])
{
	const char *meant = opt_suggest(word, known, n);

	(void)snprintf(hint, OPT_HINT, meant ? ", did you mean '%s'?" : "%s",
		       meant ? meant : "");
	return hint;
}

/**
 * opt_parse_duration() - A length of time
 * @text:	Digits and a unit: ns, us, ms, s, m, h; seconds without one
 * @ret_ns:	Nanoseconds
 *
 * Return: 0; -EINVAL, or -ERANGE past 292 years
 */
int opt_parse_duration(const char *text, int64_t *ret_ns)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "", 1000000000 },
		{ "m", 60000000000 },
		{ "h", 3600000000000 },
	};
	int64_t value = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *text - '0', &value))
			return -ERANGE;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text, units[i].unit) != 0)
			continue;
		if (__builtin_mul_overflow(value, units[i].ns, &value))
			return -ERANGE;
		*ret_ns = value;
		return 0;
	}
	return -EINVAL;
}

/**
 * parse_uint() - Decimal number within an option's bounds
 * @o:		Option, for its bounds
 * @text:	Digits
 * @ret:	Result
 *
 * Return: 0; -EINVAL after saying why
 */
static int parse_uint(const struct opt *o, const char *text, unsigned int *ret)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' ||
	    value > UINT32_MAX) {
		log_error("option '--%s': '%s' is not a number", o->name, text);
		return -EINVAL;
	}
	if ((o->min || o->max) && (value < o->min || value > o->max)) {
		log_error("option '--%s': %lu is not between %u and %u",
			  o->name, value, o->min, o->max);
		return -EINVAL;
	}
	*ret = (unsigned int)value;
	return 0;
}

/**
 * set_option() - Put an option's value into the program's struct
 * @o:		Option
 * @config:	Program's struct
 * @text:	Its argument, or NULL for a flag
 *
 * Return: 0; -EINVAL after saying why
 */
static int set_option(const struct opt *o, void *config, const char *text)
{
	void *field = (char *)config + o->offset;
	struct opt_list *list = field;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)field = true;
		return 0;
	case OPT_COUNT:
		++*(unsigned int *)field;
		return 0;
	case OPT_STRING:
		*(const char **)field = text;
		return 0;
	case OPT_UINT:
		return parse_uint(o, text, field);
	case OPT_DURATION:
		if (opt_parse_duration(text, field) < 0) {
			log_error(
				"option '--%s': '%s' is not a duration such as 90s, 2m or 150ms",
				o->name, text);
			return -EINVAL;
		}
		return 0;
	case OPT_LIST:
		if (list->n == OPT_LIST_MAX) {
			log_error("option '--%s': given more than %d times",
				  o->name, OPT_LIST_MAX);
			return -EINVAL;
		}
		list->item[list->n++] = text;
		return 0;
	case OPT_CALL:
		return o->parse(text, field);
	}
	return -EINVAL;
}

/**
 * belongs() - Whether an option belongs to a command
 * @o:		Option
 * @command:	Command, or NULL where the program has none
 *
 * Return: true if it does
 */
static bool belongs(const struct opt *o, const struct opt_command *command)
{
	const char *at;
	size_t n;

	if (!o->verbs || !command)
		return true;
	n = strlen(command->name);
	for (at = o->verbs; (at = strstr(at, command->name)); at++)
		if (at > o->verbs && at[-1] == ' ' && at[n] == ' ')
			return true;
	return false;
}

/**
 * print_options() - The option part of --help
 * @p:		Program
 * @command:	Print those of one command; NULL: all
 */
static void print_options(const struct opt_program *p,
			  const struct opt_command *command)
{
	printf("\nOptions:\n");
	for (size_t i = 0; i < p->n_options; i++) {
		const struct opt *o = &p->options[i];
		char head[80];

		if (!belongs(o, command))
			continue;
		(void)snprintf(head, sizeof(head), "%c%c%s--%s%s%s",
			       o->letter ? '-' : ' ',
			       o->letter ? o->letter : ' ',
			       o->letter ? ", " : "  ", o->name,
			       o->arg ? " " : "", o->arg ? o->arg : "");
		printf("  %-28s %s\n", head, o->help);
	}
	printf("  %-28s %s\n", "-h, --help", "print this help");
	printf("  %-28s %s\n", "    --version", "print the version");
}

/**
 * print_help() - Answer --help
 * @p:		Program
 * @command:	For one command; NULL: for the program
 */
static void print_help(const struct opt_program *p,
		       const struct opt_command *command)
{
	if (command)
		printf("Usage: %s %s [OPTION]... %s\n\n%s: %s\n", p->name,
		       command->name, command->args ? command->args : "",
		       command->name, command->help);
	else if (p->commands)
		printf("Usage: %s COMMAND [OPTION]... [ARG]...\n\n%s: %s\n",
		       p->name, p->name, p->summary);
	else
		printf("Usage: %s [OPTION]... %s\n\n%s: %s\n", p->name,
		       p->args ? p->args : "", p->name, p->summary);

	if (p->commands && !command) {
		printf("\nCommands:\n");
		for (size_t i = 0; i < p->n_commands; i++) {
			const struct opt_command *c = &p->commands[i];
			char head[80];

			(void)snprintf(head, sizeof(head), "%s %s", c->name,
				       c->args ? c->args : "");
			printf("  %-28s %s\n", head, c->help);
		}
	}
	print_options(p, command);
	if (p->examples && !command)
		printf("\nExamples:\n%s", p->examples);
	printf("\nSee %s(%u) for exit codes and formats.\n", p->name,
	       p->section);
}

/**
 * man_text() - Print text of a manual page, so that no word of it is taken for a macro
 * @text:	Text; a dash is a minus sign, as options want it
 */
static void man_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		printf("\\&");
	for (; *text; text++) {
		if (*text == '\\')
			printf("\\e");
		else if (*text == '-')
			printf("\\-");
		else
			putchar(*text);
	}
}

/**
 * man_upper() - Print a name in capitals
 * @name:	ASCII
 */
static void man_upper(const char *name)
{
	for (; *name; name++)
		putchar(*name >= 'a' && *name <= 'z' ? *name - 32 : *name);
}

/**
 * man_options() - The options of a manual page
 * @p:		Program
 */
static void man_options(const struct opt_program *p)
{
	printf(".Sh OPTIONS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < p->n_options; i++) {
		const struct opt *o = &p->options[i];

		printf(".It ");
		if (o->letter)
			printf("Fl %c , ", o->letter);
		printf("Fl \\-%s", o->name);
		if (o->arg) {
			printf(" Ar ");
			man_text(o->arg);
		}
		printf("\n");
		man_text(o->help);
		if (o->verbs && p->commands)
			printf("\n.Pq only with: %s", o->verbs + 1);
		printf("\n");
	}
	printf(".It Fl h , Fl \\-help\nprint this help\n"
	       ".It Fl \\-version\nprint the version\n.El\n");
}

/**
 * man_commands() - The commands of a manual page
 * @p:		Program
 */
static void man_commands(const struct opt_program *p)
{
	if (!p->commands)
		return;
	printf(".Sh COMMANDS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < p->n_commands; i++) {
		const struct opt_command *c = &p->commands[i];

		printf(".It Cm %s ", c->name);
		if (c->args && *c->args)
			man_text(c->args);
		printf("\n");
		man_text(c->help);
		printf("\n");
	}
	printf(".El\n");
}

/**
 * man_exit_status() - The exit codes of a manual page
 * @p:		Program
 */
static void man_exit_status(const struct opt_program *p)
{
	static const char *const shared[] = {
		"0",  "as wanted, or nothing to do",
		"1",  "a check failed, or changes or a transaction are pending",
		"2",  "usage, or bad input; nothing was changed",
		"3",  "could not apply; all is as it was",
		"4",  "could not even roll back; says what is left",
		"77", "cannot run here; says what is missing",
		NULL,
	};
	const char *const *e = p->exit_status ? p->exit_status : shared;

	printf(".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
	for (; e[0] && e[1]; e += 2) {
		printf(".It %s\n", e[0]);
		man_text(e[1]);
		printf("\n");
	}
	printf(".El\n");
}

/**
 * print_man() - Answer --dump-man: the tables as a manual page, mdoc(7)
 * @p:		Program
 *
 * ci/man puts the prose of docs/man/NAME.in where the mark stands.
 */
static void print_man(const struct opt_program *p)
{
	printf(".\\\" made by %s --dump-man\n.Dd $Mdocdate$\n.Dt ", p->name);
	man_upper(p->name);
	printf(" %u\n.Os shoot6\n.Sh NAME\n.Nm %s\n.Nd ", p->section, p->name);
	man_text(p->summary);
	printf("\n.Sh SYNOPSIS\n.Nm\n%s.Op Ar OPTION ...\n",
	       p->commands ? ".Ar COMMAND\n" : "");
	if (p->commands)
		printf(".Op Ar ARG ...\n");
	else if (p->args && *p->args)
		printf(".Ar %s\n", p->args);
	printf(".Sh DESCRIPTION\n");
	man_text(p->summary);
	printf(".\n.\\\" @PROSE@\n");
	man_commands(p);
	man_options(p);
	man_exit_status(p);
	if (p->examples) {
		printf(".Sh EXAMPLES\n.Bd -literal\n");
		man_text(p->examples);
		printf("%s.Ed\n", p->examples[strlen(p->examples) - 1] == '\n' ?
					  "" :
					  "\n");
	}
}

/**
 * find_option() - Look an option up by its name
 * @p:		Program
 * @name:	Without dashes, up to @len bytes
 * @len:	Length of the name
 *
 * Return: the option, or NULL
 */
static const struct opt *find_option(const struct opt_program *p,
				     const char *name, size_t len)
{
	for (size_t i = 0; i < p->n_options; i++)
		if (strlen(p->options[i].name) == len &&
		    strncmp(p->options[i].name, name, len) == 0)
			return &p->options[i];
	return NULL;
}

/**
 * unknown_option() - Say that there is no such option, and which was meant
 * @p:		Program
 * @word:	As typed, with dashes
 *
 * Return: -EINVAL
 */
static int unknown_option(const struct opt_program *p, const char *word)
{
	const char *names[128];
	const char *meant = NULL;
	size_t n = 0;

	for (; n < p->n_options && n < ARRAY_SIZE(names); n++)
		names[n] = p->options[n].name;
	if (strncmp(word, "--", 2) == 0)
		meant = opt_suggest(word + 2, names, n);
	log_error("unknown option '%s'%s%s%s; see --help", word,
		  meant ? ", did you mean '--" : "", meant ? meant : "",
		  meant ? "'?" : "");
	return -EINVAL;
}

/* Where opt_parse() stands in argv. */
struct scan {
	const struct opt_program *program;
	void *config;
	char **argv;
	int argc;
	int at; /* next word */
	bool *given; /* by index of option, for belongs() */
};

/**
 * take() - Set one option, with its argument from the same or the next word
 * @s:		Position in argv
 * @o:		Option
 * @text:	Argument in the same word, or NULL
 *
 * Return: 0; -EINVAL after saying why
 */
static int take(struct scan *s, const struct opt *o, const char *text)
{
	bool flag = o->type == OPT_FLAG || o->type == OPT_COUNT;

	if (flag && text) {
		log_error("option '--%s' takes no argument", o->name);
		return -EINVAL;
	}
	if (!flag && !text) {
		if (s->at == s->argc) {
			log_error("option '--%s' needs an argument: %s",
				  o->name, o->arg ? o->arg : "VALUE");
			return -EINVAL;
		}
		text = s->argv[s->at++];
	}
	s->given[o - s->program->options] = true;
	return set_option(o, s->config, text);
}

/**
 * take_short() - Read one word of short options, e.g. "-vvj"
 * @s:		Position in argv
 * @word:	The word
 *
 * Return: 0; -EINVAL after saying why
 */
static int take_short(struct scan *s, const char *word)
{
	const struct opt_program *p = s->program;

	for (const char *c = word + 1; *c; c++) {
		const struct opt *o = NULL;
		bool flag;
		int r;

		for (size_t i = 0; i < p->n_options && !o; i++)
			if (p->options[i].letter == *c)
				o = &p->options[i];
		if (!o)
			return unknown_option(p, word);
		flag = o->type == OPT_FLAG || o->type == OPT_COUNT;
		r = take(s, o, !flag && c[1] ? c + 1 : NULL);
		if (r < 0 || !flag)
			return r;
	}
	return 0;
}

/**
 * find_command() - Look a command up
 * @p:		Program with commands
 * @word:	As typed
 * @ret:	Result
 *
 * Return: 0; -EINVAL after saying which was meant
 */
static int find_command(const struct opt_program *p, const char *word,
			const struct opt_command **ret)
{
	const char *names[64];
	char hint[OPT_HINT];
	size_t n = 0;

	for (; n < p->n_commands && n < ARRAY_SIZE(names); n++) {
		names[n] = p->commands[n].name;
		if (strcmp(word, names[n]) == 0) {
			*ret = &p->commands[n];
			return 0;
		}
	}
	log_error("unknown command '%s'%s; see --help", word,
		  opt_hint(word, names, n, hint));
	return -EINVAL;
}

/**
 * check_given() - Whether each option that was given belongs to the command
 * @p:		Tables
 * @given:	Which ones were
 * @command:	Command, NULL where the program has none
 *
 * Return: 0, or -EINVAL after saying which one does not
 */
static int check_given(const struct opt_program *p, const bool *given,
		       const struct opt_command *command)
{
	for (size_t i = 0; i < p->n_options; i++) {
		if (!given[i] || belongs(&p->options[i], command))
			continue;
		log_error("option '--%s' is not one of '%s'",
			  p->options[i].name, command->name);
		return -EINVAL;
	}
	return 0;
}

/**
 * opt_parse() - Read argv by a program's tables
 * @p:		Tables
 * @config:	Program's struct, already holding the defaults
 * @argc:	As main() has it
 * @argv:	As main() has it; its words are permuted
 * @ret_exit:	Where 1 is returned: the exit code to leave with
 * @ret_command: Command given, NULL where the program has none
 * @ret_n_args:	Number of words that are no options (nor the command)
 * @ret_args:	Those words
 *
 * Words behind a lone "--" are never options; a program with commands sees them all.
 *
 * Return: 0 to go on; 1 to leave with @ret_exit (after --help, or an error was said)
 */
int opt_parse(const struct opt_program *p, void *config, int argc, char **argv,
	      int *ret_exit, const struct opt_command **ret_command,
	      int *ret_n_args, char ***ret_args)
{
	bool given[128] = { false };
	struct scan s = { p, config, argv, argc, 1, given };
	const struct opt_command *command = NULL;
	bool help = false;
	int n = 0, r = 0;

	stdio_begin();
	log_init(p->name);
	*ret_exit = EXIT_USAGE;
	while (s.at < argc && r == 0) {
		char *word = argv[s.at++];

		if (strcmp(word, "--") == 0) {
			while (s.at < argc)
				argv[1 + n++] = argv[s.at++];
		} else if (strcmp(word, "--help") == 0 ||
			   strcmp(word, "-h") == 0) {
			help = true;
		} else if (strcmp(word, "--version") == 0) {
			printf("%s %s\n", p->name, SHOOT6_VERSION);
			*ret_exit = EXIT_OK;
			return 1;
		} else if (strcmp(word, "--dump-man") == 0) {
			print_man(p);
			*ret_exit = EXIT_OK;
			return 1;
		} else if (strncmp(word, "--", 2) == 0) {
			size_t len = strcspn(word + 2, "=");
			const struct opt *o = find_option(p, word + 2, len);

			r = o ? take(&s, o,
				     word[2 + len] ? word + 3 + len : NULL) :
				unknown_option(p, word);
		} else if (word[0] == '-' && word[1]) {
			r = take_short(&s, word);
		} else if (p->commands && !command) {
			r = find_command(p, word, &command);
		} else {
			argv[1 + n++] = word;
		}
	}
	if (r < 0)
		return 1;
	if (help) {
		print_help(p, command);
		*ret_exit = EXIT_OK;
		return 1;
	}
	if (p->commands && !command) {
		print_help(p, NULL);
		return 1;
	}
	if (check_given(p, given, command) < 0)
		return 1;
	*ret_command = command;
	*ret_n_args = n;
	*ret_args = argv + 1;
	return 0;
}

/**
 * opt_main() - Read argv, then run the command it names
 * @p:		Tables, with commands
 * @config:	Program's struct, already holding the defaults
 * @argc:	As main() has it
 * @argv:	As main() has it
 *
 * Return: exit code
 */
int opt_main(const struct opt_program *p, void *config, int argc, char **argv)
{
	const struct opt_command *command;
	char **args;
	int n_args, code;

	if (opt_parse(p, config, argc, argv, &code, &command, &n_args, &args))
		return code;
	return command->run(config, n_args, args);
}
