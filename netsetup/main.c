/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netsetup - bring a node's IPv6 to a described state, or leave it as it was
 */
#include "netsetup/conf.h"
#include "netsetup/provider.h"
#include "netsetup/verb_emit.h"
#include "netsetup/show.h"

#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/opt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_DIR "/var/lib/netsetup"

struct config {
	const char *state, *root, *from, *hints, *metadata;
	const char *provider, *shoot, *node_name, *nat64, *profiles, *dad;
	struct emit_options emit;
	int64_t deadline;
	bool json;
	unsigned int verbose;
};

#define AT(field) .offset = offsetof(struct config, field)
#define FORMS     " plan apply verify check adopt "

static const struct opt options[] = {
	{ .name = "provider",
	  .type = OPT_STRING,
	  .arg = "NAME",
	  AT(provider),
	  .verbs = FORMS,
	  .help = "make the document from this provider's metadata" },
	{ .name = "shoot",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  AT(shoot),
	  .verbs = FORMS,
	  .help = "shoot whose node this is, for --provider" },
	{ .name = "node-name",
	  .type = OPT_STRING,
	  .arg = "NAME",
	  AT(node_name),
	  .verbs = FORMS,
	  .help = "name of this node" },
	{ .name = "metadata",
	  .type = OPT_STRING,
	  .arg = "URL",
	  AT(metadata),
	  .verbs = FORMS,
	  .help = "metadata service instead of the provider's" },
	{ .name = "nat64",
	  .type = OPT_STRING,
	  .arg = "PREFIX",
	  AT(nat64),
	  .verbs = FORMS,
	  .help = "NAT64 prefix instead of a discovered one" },
	{ .name = "profiles",
	  .type = OPT_STRING,
	  .arg = "DIR",
	  AT(profiles),
	  .verbs = FORMS,
	  .help = "folder of further profiles" },
	{ .name = "dad",
	  .type = OPT_STRING,
	  .arg = "POLICY",
	  AT(dad),
	  .verbs = FORMS,
	  .help = "duplicate address detection: wait, optimistic or skip" },
	{ .name = "deadline",
	  .type = OPT_DURATION,
	  .arg = "TIME",
	  AT(deadline),
	  .verbs = FORMS,
	  .help = "time for metadata and discovery" },
	{ .name = "hints",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  AT(hints),
	  .help = "hints file (default " HINTS_PATH ")" },
	{ .name = "type",
	  .type = OPT_STRING,
	  .arg = "TYPE",
	  AT(emit.type),
	  .verbs = " emit ",
	  .help = "variant of the format" },
	{ .name = "dir",
	  .type = OPT_STRING,
	  .arg = "DIR",
	  AT(emit.dir),
	  .verbs = " emit ",
	  .help = "folder of the other program's files" },
	{ .name = "state",
	  .type = OPT_STRING,
	  .arg = "DIR",
	  AT(state),
	  .help = "state of transactions (default " STATE_DIR ")" },
	{ .name = "root",
	  .type = OPT_STRING,
	  .arg = "DIR",
	  AT(root),
	  .help = "put before the paths of files" },
	{ .name = "from",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  AT(from),
	  .verbs = " plan ",
	  .help = "plan against a saved 'show --json'" },
	{ .name = "json",
	  .type = OPT_FLAG,
	  AT(json),
	  .help = "JSON on standard output" },
	{ .name = "verbose",
	  .letter = 'v',
	  .type = OPT_COUNT,
	  AT(verbose),
	  .help = "say more; may be repeated" },
};

/* One command under way. */
struct session {
	const struct config *config;
	struct engine e;
	struct conf conf;
	struct hints hints;
	struct provider *provider;
	bool is_open; /* somebody's transaction */
};

/**
 * print_lines() - Problems on standard error, each as a message
 * @level:	Level
 * @text:	Lines; cut up
 */
static void print_lines(enum log_level level, char *text)
{
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			log_print(level, "%s", line);
}

/**
 * session_end() - End a session
 * @s:		Session
 */
static void session_end(struct session *s)
{
	conf_release(&s->conf);
	engine_close(&s->e);
	if (s->provider)
		provider_free(s->provider);
}

/**
 * session_begin() - Open the engine
 * @s:		Session
 * @c:		Options
 *
 * Return: 0, or a negative errno after saying why
 */
static int session_begin(struct session *s, const struct config *c)
{
	const char *crash = getenv("SHOOT6_CRASH_AT");
	struct engine_options o = {
		.state = c->state ? c->state : STATE_DIR,
		.root = c->root,
		.offline = c->from != NULL,
		.crash_at = crash ? (unsigned int)strtoul(crash, NULL, 10) : 0,
	};
	int r;

	*s = (struct session){ .config = c };
	if (c->verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	r = engine_open(&s->e, &o);
	if (r < 0)
		log_error("%s",
			  s->e.why.len ? buf_text(&s->e.why) : strerror(-r));
	return r;
}

/**
 * provider_text() - Document of the provider form
 * @s:		Session
 * @text:	Gets the document
 *
 * Return: 0, or a negative errno after saying why
 */
static int provider_text(struct session *s, struct buf *text)
{
	const struct config *c = s->config;
	const struct provider_request req = {
		.provider = c->provider,
		.shoot = c->shoot,
		.node_name = c->node_name,
		.metadata = c->metadata,
		.nat64 = c->nat64,
		.profiles = c->profiles,
		.dad = c->dad,
		.deadline_ns = c->deadline,
	};
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	int r;

	if (!c->shoot) {
		log_error("option '--provider' needs '--shoot'");
		return -EINVAL;
	}
	r = provider_new(&req, &s->provider);
	if (r == 0)
		r = provider_document(s->provider, text, &s->hints, &errors);
	if (errors.len)
		print_lines(LOG_LEVEL_ERROR, errors.data);
	else if (r < 0)
		log_error("provider '%s': %s", c->provider, strerror(-r));
	return r;
}

/**
 * read_document() - Document by argument, standard input or provider
 * @s:		Session
 * @n:		Arguments
 * @args:	The document's path, or nothing in the provider form
 *
 * Return: 0, or a negative errno after saying why
 */
static int read_document(struct session *s, int n, char **args)
{
	_cleanup_(buf_release) struct buf text = { .max = 1UL << 30 };
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	const char *name = n ? args[0] : "provider";
	int r;

	if (n > 1 || (n == 1) == (s->config->provider != NULL)) {
		log_error(
			"needs a document, '-' for standard input, or --provider and --shoot");
		return -EINVAL;
	}
	if (n == 0)
		r = provider_text(s, &text);
	else
		r = strcmp(name, "-") == 0 ? buf_read_fd(&text, 0) :
					     buf_read_file(&text, name);
	if (r < 0) {
		if (n)
			log_error("%s: %s", name, strerror(-r));
		return r;
	}
	r = conf_read(s->e.strings, s->e.caps,
		      strcmp(name, "-") == 0 ? "stdin" : name, text.data,
		      text.len, &s->conf, &errors);
	if (errors.len)
		print_lines(LOG_LEVEL_ERROR, errors.data);
	return r;
}

/**
 * say_why() - The engine's line
 * @s:		Session
 * @r:		Negative errno
 * @after:	What follows from it, or ""
 */
static void say_why(struct session *s, int r, const char *after)
{
	log_error("%s%s", s->e.why.len ? buf_text(&s->e.why) : strerror(-r),
		  after);
}

/**
 * plan_here() - Plan for a verb that only reads
 * @s:		Session
 * @n:		Arguments
 * @args:	Arguments
 * @w:		Work
 *
 * Return: 0, or a negative errno after saying why
 */
static int plan_here(struct session *s, int n, char **args, struct work *w)
{
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	struct model have;
	int r = read_document(s, n, args);

	if (r < 0)
		return r;
	if (s->config->from) {
		r = conf_read_state(s->e.strings, s->config->from, &have,
				    &errors);
		if (r < 0) {
			print_lines(LOG_LEVEL_ERROR, errors.data);
			return r;
		}
		r = engine_plan_offline(&s->e, &s->conf, &have, w);
	} else {
		r = txn_peek(&s->e, &s->is_open);
		if (r == 0)
			r = engine_plan(&s->e, &s->conf, 0, w);
	}
	if (r < 0)
		say_why(s, r, "");
	if (s->is_open)
		log_warning(
			"a transaction is open: 'netsetup recover' takes it back");
	return r;
}

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
	_cleanup_(session_end) struct session s;
	_cleanup_(work_release) struct work w = { 0 };

	if (session_begin(&s, config) < 0)
		return EXIT_USAGE;
	if (plan_here(&s, n, args, &w) < 0)
		return EXIT_USAGE;
	show_plan(&s.e, &w, s.config->json, s.is_open);
	return w.plan.n || s.is_open ? EXIT_FAILED : EXIT_OK;
}

/**
 * run_verify() - netsetup verify
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
static int run_verify(void *config, int n, char **args)
{
	int code = run_plan(config, n, args);

	if (code == EXIT_FAILED)
		log_error("the node is not as the document says");
	return code;
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
	_cleanup_(session_end) struct session s;

	if (session_begin(&s, config) < 0)
		return EXIT_USAGE;
	return read_document(&s, n, args) < 0 ? EXIT_USAGE : EXIT_OK;
}

/**
 * write_hints() - Complete and write the hints of the provider form
 * @s:		Session
 */
static void write_hints(struct session *s)
{
	_cleanup_(buf_release) struct buf warnings = BUF_INIT;
	bool changed;
	int r = provider_finish(s->provider, &s->hints, &warnings);

	if (warnings.len)
		print_lines(LOG_LEVEL_WARNING, warnings.data);
	if (r == 0)
		r = hints_write(
			&s->hints, s->config->root ? s->config->root : "",
			s->config->hints ? s->config->hints : HINTS_PATH,
			&changed);
	if (r < 0)
		log_warning("hints: %s", strerror(-r));
}

/**
 * report_applied() - What an apply did
 * @s:		Session
 * @w:		Work
 * @json:	As JSON
 */
static void report_applied(const struct session *s, const struct work *w,
			   bool json)
{
	if (json) {
		printf("{\"version\":1,\"add\":%zu,\"change\":%zu,\"remove\":%zu,\"mutating\":%llu,\"mutating_messages\":%llu}\n",
		       w->plan.n_op[OP_ADD], w->plan.n_op[OP_CHANGE],
		       w->plan.n_op[OP_REMOVE],
		       (unsigned long long)engine_mutations(&s->e),
		       (unsigned long long)s->e.nl.n_mutating);
		return;
	}
	if (w->plan.n == 0)
		printf("nothing to do: all is as described, 0 mutating messages sent\n");
	else
		printf("applied: %zu added, %zu changed, %zu removed\n",
		       w->plan.n_op[OP_ADD], w->plan.n_op[OP_CHANGE],
		       w->plan.n_op[OP_REMOVE]);
}

/**
 * apply_locked() - Plan and do
 * @s:		Session; its document is read
 * @flags:	enum engine_flags
 * @verb:	For the lock
 *
 * Return: exit code
 */
static int apply_locked(struct session *s, unsigned int flags, const char *verb)
{
	_cleanup_(txn_close) struct txn t = { .dir = -1, .lock = -1 };
	_cleanup_(work_release) struct work w = { 0 };
	int r = txn_open(&s->e, verb, &t);

	if (r < 0) {
		say_why(s, r, "");
		return t.stuck ? EXIT_STUCK : EXIT_USAGE;
	}
	if (t.recovered)
		log_info("took back a transaction that was left open");
	r = engine_plan(&s->e, &s->conf, flags, &w);
	if (r < 0) {
		say_why(s, r, "; nothing changed");
		return EXIT_USAGE;
	}
	if (s->config->verbose)
		show_plan_lines(&w);
	r = txn_apply(&t, &w, 0);
	if (r < 0) {
		say_why(s, r, t.stuck ? "" : "; rolled back, nothing changed");
		return t.stuck ? EXIT_STUCK : EXIT_ROLLED_BACK;
	}
	report_applied(s, &w, s->config->json);
	return EXIT_OK;
}

/**
 * apply_verb() - netsetup apply, netsetup adopt
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 * @flags:	enum engine_flags
 * @verb:	"apply" or "adopt"
 *
 * Return: exit code
 */
static int apply_verb(void *config, int n, char **args, unsigned int flags,
		      const char *verb)
{
	_cleanup_(session_end) struct session s;
	int code;

	if (session_begin(&s, config) < 0)
		return EXIT_USAGE;
	if (read_document(&s, n, args) < 0)
		return EXIT_USAGE;
	code = apply_locked(&s, flags, verb);
	if (code == EXIT_OK && s.provider)
		write_hints(&s);
	return code;
}

/**
 * run_apply() - netsetup apply
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
static int run_apply(void *config, int n, char **args)
{
	return apply_verb(config, n, args, 0, "apply");
}

/**
 * run_adopt() - netsetup adopt
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
static int run_adopt(void *config, int n, char **args)
{
	return apply_verb(config, n, args, PLAN_ADOPT, "adopt");
}

/**
 * run_undo() - netsetup undo
 * @config:	Options
 * @n:		Arguments
 * @args:	Unused
 *
 * Return: exit code
 */
static int run_undo(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s;
	_cleanup_(txn_close) struct txn t = { .dir = -1, .lock = -1 };
	int r;

	(void)args;
	if (n || session_begin(&s, config) < 0)
		return EXIT_USAGE;
	r = txn_open(&s.e, "undo", &t);
	if (r == 0 && !t.recovered)
		r = txn_undo(&t);
	if (r == -ENODATA) {
		puts("nothing to undo");
		return EXIT_OK;
	}
	if (r < 0) {
		say_why(&s, r, "");
		return t.stuck ? EXIT_STUCK : EXIT_ROLLED_BACK;
	}
	puts(t.recovered ? "took back the transaction that was open" :
			   "undone");
	return EXIT_OK;
}

/**
 * run_recover() - netsetup recover
 * @config:	Options
 * @n:		Arguments
 * @args:	Unused
 *
 * Return: exit code
 */
static int run_recover(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s;
	_cleanup_(txn_close) struct txn t = { .dir = -1, .lock = -1 };
	int r;

	(void)args;
	if (n || session_begin(&s, config) < 0)
		return EXIT_USAGE;
	r = txn_open(&s.e, "recover", &t);
	if (r < 0) {
		say_why(&s, r, "");
		return t.stuck ? EXIT_STUCK : EXIT_USAGE;
	}
	puts(t.recovered ? "took back the transaction that was open" :
			   "no transaction is open");
	return EXIT_OK;
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
	_cleanup_(session_end) struct session s;
	int r;

	(void)args;
	if (n || session_begin(&s, config) < 0)
		return EXIT_USAGE;
	r = txn_peek(&s.e, &s.is_open);
	if (r == 0)
		r = show_state(&s.e, s.config->json, s.is_open);
	if (r < 0) {
		say_why(&s, r, "");
		return EXIT_FAILED;
	}
	if (s.is_open)
		log_warning(
			"a transaction is open: 'netsetup recover' takes it back");
	return s.is_open ? EXIT_FAILED : EXIT_OK;
}

/**
 * run_schema() - netsetup schema
 * @config:	Unused
 * @n:		Unused
 * @args:	Unused
 *
 * Return: exit code
 */
static int run_schema(void *config, int n, char **args)
{
	(void)config;
	(void)n;
	(void)args;
	show_schema();
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

static const struct opt_command commands[] = {
	{ "plan", "[DOCUMENT|-]",
	  "print the steps to the described state, change nothing", run_plan },
	{ "apply", "[DOCUMENT|-]",
	  "bring the node to the described state, or leave it as it was",
	  run_apply },
	{ "adopt", "[DOCUMENT|-]",
	  "the same, taking over objects of others that it names", run_adopt },
	{ "verify", "[DOCUMENT|-]", "say whether the node is as described",
	  run_verify },
	{ "check", "[DOCUMENT|-]", "say whether the document is right",
	  run_check },
	{ "undo", "", "bring back what the last apply changed", run_undo },
	{ "recover", "", "take back a transaction that was killed half way",
	  run_recover },
	{ "show", "", "print what there is and who owns it", run_show },
	{ "emit", "[FORMAT [NAME=VALUE]...]",
	  "print what was learnt in the words of another program", run_emit },
	{ "profiles", "[list|show NAME]", "print what is known of providers",
	  run_profiles },
	{ "schema", "", "print the JSON Schema of documents", run_schema },
};

static const struct opt_program program = {
	.name = "netsetup",
	.summary =
		"bring a node's IPv6 to a described state, or leave it as it was",
	.section = 8,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.examples = "netsetup plan node.yaml\n"
		    "netsetup apply --provider gcp --shoot shoot.yaml\n"
		    "netsetup undo\n",
};

/**
 * main() - Entry
 * @argc:	Number of arguments
 * @argv:	Arguments
 *
 * Return: exit code, lib/exitcode.h
 */
int main(int argc, char **argv)
{
	struct config config = { 0 };

	log_init("netsetup");
	return opt_main(&program, &config, argc, argv);
}
