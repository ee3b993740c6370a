/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netsetup - bring a node's IPv6 to a described state, or leave it as it was
 */
#include "netsetup/session.h"

#include "netsetup/explain.h"
#include "netsetup/show.h"
#include "netsetup/verb_discover.h"
#include "netsetup/verb_emit.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/opt.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STDOUT_SIZE \
	(1UL << 20) /* bytes; what is more has been printed by then */

/**
 * run_plan() - netsetup plan
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
static int run_plan(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s = { 0 };
	_cleanup_(work_release) struct work w = { 0 };

	if (session_begin(&s, config) < 0)
		return EXIT_USAGE;
	if (session_plan(&s, n, args, &w) < 0)
		return EXIT_USAGE;
	show_plan(&s.e, &w, s.config->json, &s.seen, NULL);
	return w.plan.n || session_is_open(&s) ? EXIT_FAILED : EXIT_OK;
}

/**
 * run_check() - netsetup check
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
static int run_check(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s = { 0 };

	if (session_begin(&s, config) < 0)
		return EXIT_USAGE;
	s.reads = true;
	return session_read(&s, n, args) < 0 ? EXIT_USAGE : EXIT_OK;
}

/**
 * run_show() - netsetup show
 * @config:	Options
 * @n:		Arguments
 * @args:	Unused
 *
 * Return: exit code
 */
static int run_show(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s = { 0 };
	int r;

	(void)args;
	if (n || session_begin(&s, config) < 0)
		return EXIT_USAGE;
	r = session_peek(&s);
	if (r < 0)
		return EXIT_FAILED;
	r = show_state(&s.e, s.config->json, &s.seen);
	if (r < 0) {
		session_why(&s, r, "");
		return EXIT_FAILED;
	}
	return session_is_open(&s) ? EXIT_FAILED : EXIT_OK;
}

/**
 * run_explain() - netsetup explain
 * @config:	Options; .from is the source address here
 * @n:		Arguments
 * @args:	Destination
 *
 * Return: exit code
 */
static int run_explain(void *config, int n, char **args)
{
	struct config c = *(const struct config *)config;
	_cleanup_(session_end) struct session s = { 0 };
	struct explain_request req = {
		.dst = args[0],
		.from = c.from,
		.hints = &s.hints,
		.json = c.json,
	};
	int code;

	c.from = NULL;
	if (n != 1) {
		log_error("explain needs one destination");
		return EXIT_USAGE;
	}
	if (session_begin(&s, &c) < 0)
		return EXIT_USAGE;
	if (hints_read(c.hints ? c.hints : HINTS_PATH, &s.hints) < 0)
		s.hints = (struct hints){ 0 };
	if (session_peek(&s) < 0)
		return EXIT_FAILED;
	code = explain(&s.e, &req);
	return code == EXIT_OK && session_is_open(&s) ? EXIT_FAILED : code;
}

/**
 * run_schema() - netsetup schema
 * @config:	Unused
 * @n:		Arguments
 * @args:	Nothing, or "mdoc"
 *
 * Return: exit code
 */
static int run_schema(void *config, int n, char **args)
{
	(void)config;
	if (n == 1 && strcmp(args[0], "mdoc") == 0)
		show_schema_mdoc();
	else if (n == 0)
		show_schema();
	else
		return EXIT_USAGE;
	return EXIT_OK;
}

/**
 * run_emit() - netsetup emit
 * @config:	Options
 * @n:		Arguments
 * @args:	Format and its own words
 *
 * Return: exit code
 */
static int run_emit(void *config, int n, char **args)
{
	struct config *c = config;

	c->emit.hints = c->hints;
	c->emit.json = c->json;
	return verb_emit(&c->emit, n, args);
}

/**
 * run_profiles() - netsetup profiles
 * @config:	Options
 * @n:		Arguments
 * @args:	"list", or "show" and a name
 *
 * Return: exit code
 */
static int run_profiles(void *config, int n, char **args)
{
	return verb_profiles(((const struct config *)config)->json, n, args);
}

/**
 * say_armed() - Tell `watch` that changes are noticed from now on
 */
static void say_armed(void)
{
	puts("armed");
	fflush(stdout);
}

/**
 * run_wait() - netsetup wait
 * @config:	Options
 * @n:		Arguments
 * @args:	Unused
 *
 * Return: exit code; 77 where the provider's metadata cannot be waited for
 */
static int run_wait(void *config, int n, char **args)
{
	const struct config *c = config;
	const struct provider_request req = {
		.provider = c->provider,
		.metadata = c->metadata,
		.profiles = c->profiles,
		.offline = true,
	};
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	_cleanup_(provider_freep) struct provider *p = NULL;
	int r;

	(void)args;
	if (n || !c->provider) {
		log_error("wait needs --provider");
		return EXIT_USAGE;
	}
	r = provider_new(&req, &p);
	if (r == 0)
		r = provider_wait(p, say_armed, &errors);
	if (errors.len)
		session_print(r < 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
			      errors.data);
	if (r == -EOPNOTSUPP)
		log_info("provider '%s': tells no changes of its metadata",
			 c->provider);
	return r == 0 ? EXIT_OK : r == -EOPNOTSUPP ? EXIT_SKIPPED : EXIT_FAILED;
}

/**
 * run_watch() - netsetup watch
 * @config:	Options
 * @n:		Unused: checked by the other program
 * @args:	Unused
 *
 * What stays for months is a program of its own that holds no library for metadata,
 * resolving and TLS: a tenth of the memory.
 *
 * Return: exit code; not at all where all is well
 */
static int run_watch(void *config, int n, char **args)
{
	const struct config *c = config;
	char self[PATH_MAX], path[PATH_MAX + 16];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)n;
	(void)args;
	self[len > 0 ? len : 0] = '\0';
	snprintf(path, sizeof(path), "%s-watch", self);
	(void)execv(path, c->argv);
	log_error("program '%s': %s", path, strerror(errno));
	return EXIT_USAGE;
}

static const struct opt_command commands[] = {
	{ "plan", "[DOCUMENT|-]",
	  "print the steps to the described state, change nothing", run_plan },
	{ "apply", "[DOCUMENT|-]",
	  "bring the node to the described state, or leave it as it was",
	  verb_apply },
	{ "adopt", "[DOCUMENT|-]",
	  "the same, taking over objects of others that it names", verb_adopt },
	{ "confirm", "", "keep what 'apply --confirm' did", verb_confirm },
	{ "verify", "[DOCUMENT|-]", "say whether the node is as described",
	  verb_verify },
	{ "check", "[DOCUMENT|-]", "say whether the document is right",
	  run_check },
	{ "undo", "", "bring back what the last apply changed", verb_undo },
	{ "recover", "", "take back a transaction that was killed half way",
	  verb_recover },
	{ "show", "", "print what there is and who owns it", run_show },
	{ "explain", "DESTINATION",
	  "say which way a packet would take, from which address, and why",
	  run_explain },
	{ "watch", "[DOCUMENT]",
	  "apply, then stay: repair what is ours, follow the document",
	  run_watch },
	{ "discover", "[RESOLVER]...",
	  "print the NAT64 prefix that routers and resolvers name",
	  verb_discover },
	{ "wait", "", "return when the provider's metadata changes", run_wait },
	{ "emit", "[FORMAT [NAME=VALUE]...]",
	  "print what was learnt in the words of another program", run_emit },
	{ "profiles", "[list|show NAME]", "print what is known of providers",
	  run_profiles },
	{ "schema", "[mdoc]",
	  "print the JSON Schema of documents, or its part of the manual",
	  run_schema },
};

static const struct opt_program program = {
	.name = "netsetup",
	.summary =
		"bring a node's IPv6 to a described state, or leave it as it was",
	.section = 8,
	.options = netsetup_options,
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.examples = "netsetup plan node.yaml\n"
		    "netsetup apply --provider gcp --shoot shoot.yaml\n"
		    "netsetup undo\n",
};

/* What was complained of, for programs. */
struct complaints {
	struct json *errors, *warnings;
};

/**
 * keep_complaint() - Note a message of the log
 * @arg:	struct complaints
 * @level:	Its level
 * @text:	Text
 */
static void keep_complaint(void *arg, enum log_level level, const char *text)
{
	struct complaints *c = arg;

	if (level == LOG_LEVEL_ERROR)
		json_append_string(c->errors, text);
	else if (level == LOG_LEVEL_WARNING)
		json_append_string(c->warnings, text + strlen("warning: "));
}

/**
 * tell_end() - How a verb has ended that printed nothing, for programs
 * @code:	Exit code
 * @answer:	Has its errors and warnings
 */
static void tell_end(int code, struct json *answer)
{
	static const char *const words[] = {
		[EXIT_OK] = "ok",         [EXIT_FAILED] = "failed",
		[EXIT_USAGE] = "refused", [EXIT_ROLLED_BACK] = "rolled-back",
		[EXIT_STUCK] = "stuck",
	};
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	bool known = code >= 0 && code < (int)ARRAY_SIZE(words);

	json_set_int(answer, "version", 1);
	json_set_int(answer, "exit", code);
	json_set_string(answer, "result", known ? words[code] : "skipped");
	if (json_print(answer, JSON_PRETTY, &text) == 0)
		puts(buf_text(&text));
}

/**
 * main() - Entry
 * @argc:	Number of arguments
 * @argv:	Arguments
 *
 * Return: exit code, lib/exitcode.h
 */
int main(int argc, char **argv)
{
	size_t n = (size_t)argc + 1;
	_cleanup_free_ char **copy = reallocarray(NULL, n, sizeof(*copy));
	struct config config = { .argv = copy };
	struct opt_program p = program;
	_cleanup_(json_freep) struct json *answer = json_object();
	struct complaints complaints = {
		.errors = json_set_array(answer, "errors"),
		.warnings = json_set_array(answer, "warnings"),
	};
	int code;

	/* The parser reorders them. */
	if (!copy)
		return EXIT_FAILED;
	memcpy(copy, argv, n * sizeof(*copy));
	p.n_options = netsetup_n_options;
	log_init("netsetup");
	log_keep(keep_complaint, &complaints);
	/* Printed at the end, so that it can be seen whether there is anything. */
	(void)setvbuf(stdout, NULL, _IOFBF, STDOUT_SIZE);
	code = opt_main(&p, &config, argc, argv);
	if (config.json && !__fpending(stdout))
		tell_end(code, answer);
	log_keep(NULL, NULL);
	return code;
}
