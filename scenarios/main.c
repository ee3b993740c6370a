/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/opt.h"
#include "scenarios/client.h"
#include "scenarios/fault/fault.h"
#include "scenarios/lab.h"
#include "scenarios/live/checks.h"
#include "scenarios/scenario.h"
#include "scenarios/state.h"
#include "scenarios/up.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/**
 * usage() - Say how a command is called
 * @text:	Its synopsis
 *
 * Return: EXIT_USAGE
 */
static int usage(const char *text)
{
	log_error("usage: scenario %s", text);
	return EXIT_USAGE;
}

/**
 * scenario_case() - The case for a word of the command line
 * @s:		Options
 * @word:	Its name
 *
 * Return: case, or NULL after saying what is wrong
 */
const struct lab_case *scenario_case(const struct scenario *s, const char *word)
{
	const char *names[64];
	char hint[OPT_HINT];
	size_t n = 0;

	for (; n < n_lab_cases && n < ARRAY_SIZE(names); n++) {
		names[n] = lab_cases[n]->name;
		if (strcmp(names[n], word) != 0)
			continue;
		if (!s->engine || strcmp(s->engine, lab_cases[n]->engine) == 0)
			return lab_cases[n];
		log_error("case '%s' runs on engine '%s', not on '%s'", word,
			  lab_cases[n]->engine, s->engine);
		return NULL;
	}
	log_error("no case or lab '%s'%s; see 'scenario list'", word,
		  opt_hint(word, names, n, hint));
	return NULL;
}

/**
 * say_closed() - Say why there is no connection to a lab
 * @name:	Lab
 * @error:	Of client_open() or state_check_name()
 */
static void say_closed(const char *name, int error)
{
	if (error == -ENOENT || error == -EINVAL || error == -ECONNREFUSED)
		log_error("lab '%s' is not up", name);
	else
		log_error("lab '%s': %s", name, state_error(error));
}

/**
 * open_lab() - Connect to a lab that is up
 * @name:	Lab
 * @ret:	Connection
 *
 * Return: EXIT_OK, or EXIT_USAGE after saying what is wrong
 */
static int open_lab(const char *name, struct client_lab *ret)
{
	int r = state_check_name(name);

	if (r == 0)
		r = client_open(name, ret);
	if (r == 0)
		return EXIT_OK;
	say_closed(name, r);
	return EXIT_USAGE;
}

/**
 * print_status() - Status for people
 * @status:	From client_status()
 */
static void print_status(const struct json *status)
{
	const struct json *m = json_first(json_get(status, "members"));

	printf("lab %s, engine %s, holder %jd\n",
	       json_get_string(status, "name"),
	       json_get_string(status, "engine"),
	       (intmax_t)json_get_int(status, "pid", 0));
	if (json_get(status, "kubernetes"))
		printf("  Kubernetes %s at %s, kubeconfig %s\n",
		       json_get_string(status, "kubernetes.version"),
		       json_get_string(status, "kubernetes.server"),
		       json_get_string(status, "kubernetes.kubeconfig"));
	for (; m; m = json_next(m)) {
		const struct json *a = json_first(json_get(m, "addresses"));

		printf("  %-14s %-7s ", json_get_string(m, "name"),
		       json_get_string(m, "kind"));
		if (json_is_null(json_get(m, "pid")))
			printf("   ended ");
		else
			printf("%8jd ", (intmax_t)json_get_int(m, "pid", 0));
		for (; a; a = json_next(a))
			printf(" %s", json_string(a));
		printf("\n");
	}
}

/**
 * print_json() - Print a value on standard output
 * @j:		Value
 *
 * Return: EXIT_OK, or EXIT_FAILED where it cannot be written
 */
static int print_json(const struct json *j)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	if (json_print(j, JSON_PRETTY, &text) < 0)
		return EXIT_FAILED;
	printf("%s%s", buf_text(&text),
	       text.len && text.data[text.len - 1] == '\n' ? "" : "\n");
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

/**
 * show_status() - Print what a lab says of itself
 * @name:	Lab
 * @as_json:	For programs
 *
 * Return: exit code
 */
static int show_status(const char *name, bool as_json)
{
	_cleanup_(client_close) struct client_lab lab = CLIENT_LAB_INIT;
	_cleanup_(json_freep) struct json *status = NULL;
	int r = open_lab(name, &lab);

	if (r != EXIT_OK)
		return r;
	r = client_status(&lab, &status);
	if (r < 0) {
		log_error("lab '%s': %s", name, strerror(-r));
		return EXIT_FAILED;
	}
	if (as_json)
		return print_json(status);
	print_status(status);
	return EXIT_OK;
}

/**
 * case_of_engine() - The case that is meant where an engine alone is named
 * @engine:	Its name, or NULL
 *
 * Return: name of the first case on that engine; NULL without one
 */
static const char *case_of_engine(const char *engine)
{
	for (size_t i = 0; engine && i < n_lab_cases; i++)
		if (strcmp(lab_cases[i]->engine, engine) == 0)
			return lab_cases[i]->name;
	return NULL;
}

/**
 * command_up() - scenario up CASE
 * @config:	struct scenario
 * @n_args:	Number of words
 * @args:	Words
 *
 * Return: exit code
 */
static int command_up(void *config, int n_args, char **args)
{
	const struct scenario *s = config;
	const char *word = n_args ? args[0] : case_of_engine(s->engine);
	struct up up = { .nodes = s->nodes,
			 .provider = s->provider,
			 .variant = s->control_plane,
			 .program = s->program };
	struct ui ui;
	int code;

	if (n_args > 1 || (!n_args && !s->engine))
		return usage("up CASE [--name NAME]");
	if (!word) {
		log_error("no engine '%s': 'netns' or 'kubernetes'", s->engine);
		return EXIT_USAGE;
	}
	up.what = scenario_case(s, word);
	if (!up.what)
		return EXIT_USAGE;
	up.name = s->name ? s->name : up.what->name;
	lab_be_patient(s->patience);
	ui_init(&ui);
	code = up_start(&up, &ui);
	ui_end(&ui);
	ui_die(&ui);
	if (code != EXIT_OK)
		return code;
	log_info("lab '%s' is up; 'scenario down %s' ends it", up.name,
		 up.name);
	if (s->json) {
		code = show_status(up.name, true);
		if (code != EXIT_OK) {
			up_end(&up);
			return code;
		}
	}
	/* Nothing may come between the two: until now our death is the lab's. */
	return up_commit(&up);
}

/**
 * on_signal() - A signal that is the program's in the member to answer
 * @signal:	Not used
 */
static void on_signal(int signal)
{
	(void)signal;
}

/**
 * no_member() - Say that a lab has no such member, and which one may be meant
 * @lab:	Lab
 * @name:	Its name
 * @word:	What the user called the member
 *
 * Return: EXIT_USAGE
 */
static int no_member(struct client_lab *lab, const char *name, const char *word)
{
	_cleanup_(json_freep) struct json *status = NULL;
	const char *names[256];
	char hint[OPT_HINT];
	const struct json *m;
	size_t n = 0;

	if (client_status(lab, &status) == 0) {
		m = json_first(json_get(status, "members"));
		for (; m && n < ARRAY_SIZE(names); m = json_next(m))
			names[n++] = json_get_string(m, "name");
	}
	log_error("lab '%s' has no member '%s'%s; see 'scenario status %s'",
		  name, word, opt_hint(word, names, n, hint), name);
	return EXIT_USAGE;
}

/**
 * command_exec() - scenario exec NAME MEMBER -- CMD...
 * @config:	Not used
 * @n_args:	Number of words
 * @args:	Words
 *
 * Return: exit status of the command
 */
static int command_exec(void *config, int n_args, char **args)
{
	_cleanup_(client_close) struct client_lab lab = CLIENT_LAB_INIT;
	struct client_exec e = { .argv = (const char *const *)args + 2 };
	struct sigaction action = { .sa_handler = on_signal };
	int r;

	(void)config;
	if (n_args < 3)
		return usage("exec NAME MEMBER -- CMD...");
	args[n_args] = NULL;
	r = open_lab(args[0], &lab);
	if (r != EXIT_OK)
		return r;
	r = client_member(&lab, args[1], &e);
	if (r == -ENOENT)
		return no_member(&lab, args[0], args[1]);
	if (r < 0) {
		log_error("member '%s' of lab '%s'%s%s", args[1], args[0],
			  r == -ESRCH ? " has ended" : ": ",
			  r == -ESRCH ? "" : strerror(-r));
		return EXIT_USAGE;
	}
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGQUIT, &action, NULL);
	r = client_exec(&e);
	/* What is forked now is born in the member: the sanitizers' look for leaks
	 * at exit waits for ever for a helper that it cannot see. */
	(void)fflush(NULL);
	_exit(r);
}

/**
 * command_status() - scenario status NAME
 * @config:	struct scenario
 * @n_args:	Number of words
 * @args:	Words
 *
 * Return: exit code
 */
static int command_status(void *config, int n_args, char **args)
{
	const struct scenario *s = config;

	if (n_args != 1)
		return usage("status NAME [--json]");
	return show_status(args[0], s->json);
}

/**
 * print_word() - Print the one thing that a command has to tell
 * @s:		Whether it is to be JSON
 * @key:	Its name there
 * @text:	The thing
 *
 * Return: EXIT_OK, or EXIT_FAILED where it cannot be written
 */
static int print_word(const struct scenario *s, const char *key,
		      const char *text)
{
	_cleanup_(json_freep) struct json *j = json_object();

	if (s->json) {
		json_set_string(j, key, text);
		return print_json(j);
	}
	printf("%s\n", text);
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

/**
 * command_kubeconfig() - scenario kubeconfig NAME
 * @config:	struct scenario
 * @n_args:	Number of words
 * @args:	Words
 *
 * Return: exit code
 */
static int command_kubeconfig(void *config, int n_args, char **args)
{
	_cleanup_(client_close) struct client_lab lab = CLIENT_LAB_INIT;
	_cleanup_(json_freep) struct json *status = NULL;
	const char *path;
	int r;

	if (n_args != 1)
		return usage("kubeconfig NAME");
	r = open_lab(args[0], &lab);
	if (r != EXIT_OK)
		return r;
	r = client_status(&lab, &status);
	path = r < 0 ? NULL : json_get_string(status, "kubernetes.kubeconfig");
	if (!path) {
		log_error("lab '%s': %s", args[0],
			  r < 0 ? strerror(-r) : "no Kubernetes cluster");
		return r < 0 ? EXIT_FAILED : EXIT_USAGE;
	}
	return print_word(config, "kubeconfig", path);
}

/**
 * command_down() - scenario down NAME
 * @config:	struct scenario
 * @n_args:	Number of words
 * @args:	Words
 *
 * Return: exit code
 */
static int command_down(void *config, int n_args, char **args)
{
	_cleanup_(client_close) struct client_lab lab = CLIENT_LAB_INIT;
	const struct scenario *s = config;
	int r;

	if (n_args != 1)
		return usage("down NAME");
	r = state_check_name(args[0]);
	if (r == 0)
		r = client_open(args[0], &lab);
	if (r == 0) {
		r = client_kill(&lab);
		if (r < 0) {
			log_error("lab '%s' does not end: %s", args[0],
				  strerror(-r));
			return EXIT_FAILED;
		}
	} else if (r == -ECONNREFUSED) {
		log_info("lab '%s' had died; removing what it left", args[0]);
	} else {
		say_closed(args[0], r);
	}
	if (state_sweep() < 0 && r == 0)
		return EXIT_FAILED;
	if (r < 0 && r != -ECONNREFUSED)
		return EXIT_USAGE;
	return s->json ? print_word(s, "ended", args[0]) : EXIT_OK;
}

/**
 * add_lab() - Put the name of a lab that is up into a list
 * @name:	Its name
 * @arg:	Array
 */
static void add_lab(const char *name, void *arg)
{
	json_append_string(arg, name);
}

/**
 * set_ids() - Put identifiers of checks into an object
 * @o:		Object
 * @key:	Of the array
 * @ids:	Identifiers; NULL behind the last one, if there is room
 */
static void set_ids(struct json *o, const char *key,
		    const char *const ids[static FAULT_IDS])
{
	struct json *list = json_set_array(o, key);

	for (size_t i = 0; i < FAULT_IDS && ids[i]; i++)
		json_append_string(list, ids[i]);
}

/**
 * list_checks() - What is checked of a cluster beside what the probes check
 * @list:	Array; the probes list their own
 */
static void list_checks(struct json *list)
{
	for (size_t i = 0; i < ARRAY_SIZE(live_checks); i++) {
		const struct live_check *c = &live_checks[i];
		struct json *o = json_append_object(list);

		json_set_string(o, "name", c->id);
		json_set_string(o, "summary", c->what);
		json_set_string(o, "why", c->why);
		json_set_string(o, "how", c->how);
		json_set_string(o, "clause", c->clause);
	}
}

/**
 * list_json() - Cases, faults, checks and labs that are up
 *
 * Return: object that the caller frees
 */
static struct json *list_json(void)
{
	struct json *j = json_object();
	struct json *list = json_set_array(j, "cases");

	for (size_t i = 0; i < n_lab_cases; i++) {
		struct json *o = json_append_object(list);

		json_set_string(o, "name", lab_cases[i]->name);
		json_set_string(o, "engine", lab_cases[i]->engine);
		json_set_string(o, "summary", lab_cases[i]->summary);
	}
	list = json_set_array(j, "faults");
	for (size_t i = 0; i < n_faults; i++) {
		struct json *o = json_append_object(list);

		json_set_string(o, "name", faults[i]->name);
		json_set_string(o, "engine", faults[i]->engine);
		json_set_string(o, "cause", faults[i]->cause);
		json_set_string(o, "summary", faults[i]->summary);
		set_ids(o, "red", faults[i]->red);
		set_ids(o, "blocked", faults[i]->blocked);
	}
	list_checks(json_set_array(j, "checks"));
	if (state_each(add_lab, json_set_array(j, "labs")) < 0)
		log_warning("no list of the labs that are up");
	return j;
}

/**
 * command_list() - scenario list
 * @config:	struct scenario
 * @n_args:	Number of words
 * @args:	Words
 *
 * Return: exit code
 */
static int command_list(void *config, int n_args, char **args)
{
	static const char *const parts[] = { "cases", "faults", "checks",
					     "labs" };
	const struct scenario *s = config;
	_cleanup_(json_freep) struct json *j = NULL;

	(void)args;
	if (n_args)
		return usage("list [--json]");
	j = list_json();
	if (s->json)
		return print_json(j);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct json *o = json_first(json_get(j, parts[i]));

		if (o)
			printf("%s:\n", parts[i]);
		for (; o; o = json_next(o))
			printf("  %-22s %s\n",
			       json_string(o) ? json_string(o) :
						json_get_string(o, "name"),
			       json_string(o) ? "up" :
						json_get_string(o, "summary"));
	}
	return EXIT_OK;
}

#define OPTION(field) offsetof(struct scenario, field)

static const struct opt options[] = {
	{ .name = "name",
	  .letter = 'n',
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = OPTION(name),
	  .verbs = " up run ",
	  .help = "name of the lab (that of the case if not given)" },
	{ .name = "engine",
	  .type = OPT_STRING,
	  .arg = "ENGINE",
	  .offset = OPTION(engine),
	  .verbs = " up run ",
	  .help = "'netns' or 'kubernetes'; without a case 'demo' or "
		  "'shoot'" },
	{ .name = "nodes",
	  .type = OPT_UINT,
	  .arg = "N",
	  .min = 1,
	  .max = 100,
	  .offset = OPTION(nodes),
	  .verbs = " up run ",
	  .help = "number of nodes, where the case leaves it open" },
	{ .name = "provider",
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = OPTION(provider),
	  .verbs = " up run ",
	  .help = "cloud to play; of a cluster 'gcp' (the default) or 'local'" },
	{ .name = "control-plane",
	  .type = OPT_STRING,
	  .arg = "FORM",
	  .offset = OPTION(control_plane),
	  .verbs = " up run ",
	  .help = "of a cluster: 'processes' (the default) or 'static-pods'" },
	{ .name = "patience",
	  .type = OPT_UINT,
	  .arg = "N",
	  .min = 1,
	  .max = LAB_PATIENCE_MAX,
	  .offset = OPTION(patience),
	  .verbs = " up run ",
	  .help = "wait N times as long before anything counts as late: for emulated or crowded machines (default: SHOOT6_PATIENCE, or 1)" },
	{ .name = "fault",
	  .letter = 'f',
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = OPTION(fault),
	  .verbs = " run ",
	  .help = "break the lab like this before the checks" },
	{ .name = "live",
	  .type = OPT_FLAG,
	  .offset = OPTION(live),
	  .verbs = " run ",
	  .help = "run the suite in the cluster of a kubeconfig instead" },
	{ .name = "kubeconfig",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPTION(kubeconfig),
	  .verbs = " run ",
	  .help = "of that cluster (default: what KUBECONFIG names)" },
	{ .name = "profile",
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = OPTION(profile),
	  .verbs = " run ",
	  .help = "what that cluster promises: 'ipv6-only-nat64' (the "
		  "default), 'true-ipv6-only' or 'dual-stack'" },
	{ .name = "image",
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = OPTION(image),
	  .verbs = " run manifests ",
	  .help = "the suite's image, where that cluster gets it from" },
	{ .name = "namespace",
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = OPTION(space),
	  .verbs = " run manifests ",
	  .help = "run in this namespace of ci/kubernetes, with the "
		  "responders there, instead of one made for the run" },
	{ .name = "targets",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPTION(targets),
	  .verbs = " run ",
	  .help = "what to try outside that cluster, as 'egress' of "
		  "shoot6-targets (default for --live: "
		  "/etc/shoot6/egress.json if that is there, which is then "
		  "said; else names of the internet, which a lab has too)" },
	{ .name = "cluster-domain",
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = OPTION(domain),
	  .verbs = " run ",
	  .help = "what names of that cluster end in (default: as the "
		  "resolv.conf of its pods says)" },
	{ .name = "privileged-namespace",
	  .type = OPT_FLAG,
	  .offset = OPTION(privileged),
	  .verbs = " run ",
	  .help = "probe from the nodes' own network as well, in a "
		  "namespace that allows it" },
	{ .name = "linger",
	  .type = OPT_DURATION,
	  .arg = "TIME",
	  .offset = OPTION(linger_ns),
	  .verbs = " run ",
	  .help = "stay so long after a pipe that the report was printed to "
		  "is empty: container runtimes lose what comes last" },
	{ .name = "json",
	  .letter = 'j',
	  .type = OPT_FLAG,
	  .offset = OPTION(json),
	  .verbs = " up run report status list kubeconfig down ",
	  .help = "print one JSON object" },
	{ .name = "verbose",
	  .letter = 'v',
	  .type = OPT_COUNT,
	  .offset = OPTION(verbose),
	  .verbs = " run report ",
	  .help = "a row for each result, with what was seen" },
	{ .name = "out",
	  .type = OPT_STRING,
	  .arg = "FOLDER",
	  .offset = OPTION(out),
	  .verbs = " run report manifests ",
	  .help = "write report.json, or the manifests, into this "
		  "folder" },
	{ .name = "html",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPTION(html),
	  .verbs = " run report ",
	  .help = "write the report as one HTML page; '-' as any FILE is "
		  "standard output" },
	{ .name = "junit",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPTION(junit),
	  .verbs = " run report ",
	  .help = "write the report as JUnit XML" },
	{ .name = "tap",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPTION(tap),
	  .verbs = " run report ",
	  .help = "write the report as TAP, a line for each result" },
	{ .name = "svg",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPTION(svg),
	  .verbs = " run report ",
	  .help = "write the picture of the lab" },
};

static const struct opt_command commands[] = {
	{ "list", "",
	  "show cases, faults, checks of a cluster, the labs that are up",
	  command_list },
	{ "up", "[CASE]", "bring a lab up", command_up },
	{ "run", "CASE|NAME|--live",
	  "check a lab; bring it up for that if it is not", scenario_run },
	{ "report", "FILE",
	  "show a report.json again, or make other forms of it",
	  scenario_report },
	{ "exec", "NAME MEMBER -- CMD...", "run a command in a member",
	  command_exec },
	{ "status", "NAME", "show the members of a lab", command_status },
	{ "kubeconfig", "NAME", "print the path of a cluster's kubeconfig",
	  command_kubeconfig },
	{ "manifests", "",
	  "print the objects by which any cluster runs the suite",
	  scenario_manifests },
	{ "down", "NAME", "end a lab", command_down },
};

static const struct opt_program program = {
	.name = "scenario",
	.summary = "IPv6-only clouds of namespaces: build, break, check",
	.section = 1,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.examples = "  scenario up demo\n"
		    "  scenario exec demo node1 -- ip -6 route\n"
		    "  scenario run demo --fault nat64-no-route\n"
		    "  scenario report build/demo/report.json --tap -\n"
		    "  scenario up shoot --nodes 5\n"
		    "  kubectl --kubeconfig $(scenario kubeconfig shoot) get "
		    "nodes\n"
		    "  scenario run --live --kubeconfig $(scenario kubeconfig "
		    "shoot)\n"
		    "  scenario manifests --image registry.example/shoot6:1 | "
		    "kubectl apply -f -\n"
		    "  scenario down demo\n",
};

/**
 * main() - The program scenario
 * @argc:	Number of words
 * @argv:	Words
 *
 * Return: exit code
 */
int main(int argc, char **argv)
{
	struct scenario s = { .program = argv[0] };

	return opt_main(&program, &s, argc, argv);
}
