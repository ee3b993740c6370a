/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/cli.h"

#include "lib/diagnosis/diagnosis.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/opt.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct config {
	const char *targets, *hints, *vantage, *prior, *profile, *explain;
	struct opt_list checks;
	int64_t deadline_ns, every_ns;
	bool list, json;
	unsigned int verbose;
};

#define OPT(field) offsetof(struct config, field)

static const struct opt options[] = {
	{ "targets", 't', OPT_STRING, "FILE", OPT(targets), 0, 0, NULL,
	  "what there is to try (default /etc/shoot6/targets.json)", NULL },
	{ "hints", 0, OPT_STRING, "FILE", OPT(hints), 0, 0, NULL,
	  "what netsetup knows of the node (default /run/netsetup/hints.json)",
	  NULL },
	{ "vantage", 0, OPT_STRING, "WHERE", OPT(vantage), 0, 0, NULL,
	  "pod:NODE/POD or host:NODE (default: as the targets say)", NULL },
	{ "prior", 0, OPT_STRING, "FILE", OPT(prior), 0, 0, NULL,
	  "results gathered before: their failures block checks here", NULL },
	{ "profile", 'p', OPT_STRING, "NAME", OPT(profile), 0, 0, NULL,
	  "true-ipv6-only, ipv6-only-nat64 or dual-stack", NULL },
	{ "check", 'c', OPT_LIST, "ID", OPT(checks), 0, 0, NULL,
	  "run this check alone; may be repeated", NULL },
	{ "deadline", 0, OPT_DURATION, "TIME", OPT(deadline_ns), 0, 0, NULL,
	  "for the whole run (default 20s)", NULL },
	{ "every", 0, OPT_DURATION, "TIME", OPT(every_ns), 0, 0, NULL,
	  "run again and again, that long apart, until ended by a signal",
	  NULL },
	{ "list", 'l', OPT_FLAG, NULL, OPT(list), 0, 0, NULL, "list the checks",
	  NULL },
	{ "explain", 0, OPT_STRING, "ID", OPT(explain), 0, 0, NULL,
	  "say what a check is for and how it measures", NULL },
	{ "json", 'j', OPT_FLAG, NULL, OPT(json), 0, 0, NULL,
	  "one JSON object a line for each result, as it comes", NULL },
	{ "verbose", 'v', OPT_COUNT, NULL, OPT(verbose), 0, 0, NULL, "say more",
	  NULL },
};

static const struct {
	const char *name;
	unsigned int bit;
} profiles[] = {
	{ "ipv6-only-nat64", PROFILE_NAT64 },
	{ "true-ipv6-only", PROFILE_TRUE },
	{ "dual-stack", PROFILE_DUAL },
};

static const char *const level_names[] = {
	[LEVEL_MUST] = "must",
	[LEVEL_SHOULD] = "should",
	[LEVEL_INFO] = "info",
};

/**
 * print_list() - Answer --list
 * @program:	Program
 */
static void print_list(const struct probe_program *program)
{
	for (size_t i = 0; i < program->n_checks; i++) {
		const struct check *c = &program->checks[i];

		printf("%-6s %-6s %-8s %s\n", c->id, level_names[c->level],
		       c->vantages == VANTAGE_BOTH ? "pod,host" :
		       c->vantages == VANTAGE_POD  ? "pod" :
						     "host",
		       c->what);
	}
}

/**
 * print_explain() - Answer --explain
 * @program:	Program
 * @id:		Check
 *
 * Return: exit code
 */
static int print_explain(const struct probe_program *program, const char *id)
{
	for (size_t i = 0; i < program->n_checks; i++) {
		const struct check *c = &program->checks[i];

		if (strcmp(c->id, id) != 0)
			continue;
		printf("%s (%s): %s\n", c->id, level_names[c->level], c->what);
		printf("  clause   %s\n  why      %s\n  how      %s\n",
		       c->clause, c->why, c->how);
		printf("  rests on");
		for (size_t k = 0; k < CHECK_NEEDS && c->needs[k]; k++)
			printf(" %s", c->needs[k]);
		printf("%s\n", c->needs[0] ? "" : " nothing");
		return EXIT_OK;
	}
	log_error("no check '%s' in this program; see --list", id);
	return EXIT_USAGE;
}

/**
 * emit_json() - Print a result at once
 * @context:	Unused
 * @result:	Result
 *
 * Return: 0; -ENOMEM, or what standard output said
 */
static int emit_json(void *context, const struct result *result)
{
	_cleanup_(json_freep) struct json *j = result_to_json(result);
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	int r;

	(void)context;
	if (!j)
		return -ENOMEM;
	r = json_print(j, JSON_COMPACT, &b);
	if (r < 0)
		return r;
	return puts(buf_text(&b)) < 0 || fflush(stdout) ? -EIO : 0;
}

/**
 * print_table() - Print what was found, for people
 * @done:	Results
 */
static void print_table(const struct results *done)
{
	size_t count[VERDICT_MAX] = { 0 };

	for (size_t i = 0; i < done->n; i++) {
		const struct result *r = &done->items[i];
		char id[48];

		count[r->verdict]++;
		(void)snprintf(id, sizeof(id), "%s%s%s", r->id,
			       r->variant[0] ? " " : "", r->variant);
		printf("%-7s %-18s %-40s %s%s%s\n", verdict_name(r->verdict),
		       id, r->dst, r->detail, r->blocked_by[0] ? "by " : "",
		       r->blocked_by);
	}
	printf("\n%zu results:", done->n);
	for (unsigned int v = 0; v < VERDICT_MAX; v++)
		if (count[v])
			printf(" %zu %s", count[v],
			       verdict_name((enum verdict)v));
	printf("\n");
}

/**
 * print_diagnosis() - Name the cause of what failed, for people
 * @done:	Results of this run
 * @prior:	Results gathered before
 */
static void print_diagnosis(const struct results *done,
			    const struct results *prior)
{
	_cleanup_(results_release) struct results all = { 0 };
	_cleanup_(diagnosis_release) struct diagnosis d = DIAGNOSIS_INIT;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	for (size_t i = 0; i < prior->n; i++)
		if (results_add(&all, &prior->items[i]) < 0)
			return;
	for (size_t i = 0; i < done->n; i++)
		if (results_add(&all, &done->items[i]) < 0)
			return;
	if (diagnose(&all, &d) < 0)
		return;
	diagnosis_print(&d, log_colour(STDOUT_FILENO),
			log_columns(STDOUT_FILENO), &b);
	if (b.len)
		printf("\n%s", buf_text(&b));
}

/**
 * verdict_of() - The exit code of what was found
 * @done:	Results
 *
 * Return: EXIT_OK where nothing failed and something was tried
 */
static int verdict_of(const struct results *done)
{
	for (size_t i = 0; i < done->n; i++)
		if (done->items[i].verdict == VERDICT_FAIL ||
		    done->items[i].verdict == VERDICT_BLOCKED ||
		    done->items[i].verdict == VERDICT_UNKNOWN)
			return EXIT_FAILED;
	return EXIT_OK;
}

/**
 * choose_vantage() - Where the program runs
 * @config:	Options
 * @t:		Targets
 * @ret:	"pod:NODE/POD" or "host:NODE"
 *
 * Return: the vantage's bit; 0 after saying that it is none
 */
static unsigned int choose_vantage(const struct config *config,
				   const struct targets *t, char ret[96])
{
	char host[64] = "localhost";

	(void)gethostname(host, sizeof(host) - 1);
	if (config->vantage)
		(void)snprintf(ret, 96, "%s", config->vantage);
	else if (t->pod)
		(void)snprintf(ret, 96, "pod:%.40s/%.40s",
			       t->node ? t->node : host, t->pod);
	else
		(void)snprintf(ret, 96, "host:%.60s", t->node ? t->node : host);
	if (strncmp(ret, "pod:", 4) == 0)
		return VANTAGE_POD;
	if (strncmp(ret, "host:", 5) == 0)
		return VANTAGE_HOST;
	log_error("vantage '%s': must be pod:NODE/POD or host:NODE", ret);
	return 0;
}

/**
 * choose_profile() - Which promises count
 * @config:	Options
 * @t:		Targets
 *
 * Return: the profile's bit; 0 after saying that there is none of that name
 */
static unsigned int choose_profile(const struct config *config,
				   const struct targets *t)
{
	const char *name = config->profile;

	if (!name)
		name = json_get_string(t->json, "profile");
	if (!name)
		name = profiles[0].name;
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return profiles[i].bit;
	log_error(
		"profile '%s': must be true-ipv6-only, ipv6-only-nat64 or dual-stack",
		name);
	return 0;
}

/**
 * add_server() - Have a nameserver where resolv.conf names none
 * @e:		Engine, its vantage known
 * @t:		Targets
 * @s:		State
 */
static void add_server(const struct engine *e, const struct targets *t,
		       struct node_state *s)
{
	const struct addr *server =
		e->vantage_bit == VANTAGE_POD ? &t->cluster_dns : &t->resolver;

	if (!s->n_servers && addr_is_set(server))
		s->servers[s->n_servers++] = *server;
}

/**
 * read_prior() - Read --prior
 * @path:	File, or NULL
 * @prior:	Where it goes
 *
 * Return: 0, or a negative errno after saying why
 */
static int read_prior(const char *path, struct results *prior)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	int r;

	if (!path)
		return 0;
	r = buf_read_file(&b, path);
	if (r == 0)
		r = results_read_lines(prior, buf_text(&b), b.len);
	if (r < 0)
		log_error("results '%s': %s", path, strerror(-r));
	return r;
}

/**
 * check_ids() - Whether all of --check are checks of this program
 * @program:	Program
 * @ids:	Of --check
 *
 * Return: 0; -EINVAL after saying which is none
 */
static int check_ids(const struct probe_program *program,
		     const struct opt_list *ids)
{
	for (size_t i = 0; i < ids->n; i++) {
		size_t k = 0;

		while (k < program->n_checks &&
		       strcmp(program->checks[k].id, ids->item[i]) != 0)
			k++;
		if (k < program->n_checks)
			continue;
		log_error("no check '%s' in this program; see --list",
			  ids->item[i]);
		return -EINVAL;
	}
	return 0;
}

/**
 * run() - Run the catalogue, with what was read
 * @program:	Program
 * @config:	Options
 * @t:		Targets
 * @prior:	Results gathered before
 *
 * Return: exit code
 */
static int run(const struct probe_program *program, const struct config *config,
	       const struct targets *t, const struct results *prior)
{
	char vantage[96];
	struct node_state state;
	struct engine e = {
		.checks = program->checks,
		.n_checks = program->n_checks,
		.targets = t,
		.state = &state,
		.prior = prior,
		.vantage = vantage,
		.only = config->checks.item,
		.n_only = config->checks.n,
		.deadline_ns = config->deadline_ns,
		.emit = config->json ? emit_json : NULL,
	};
	int code, r;

	e.vantage_bit = choose_vantage(config, t, vantage);
	e.profile = choose_profile(config, t);
	if (!e.vantage_bit || !e.profile)
		return EXIT_USAGE;
	state_read(json_get_string(t->hints, "uplink"), &state);
	add_server(&e, t, &state);
	r = engine_run(&e);
	if (r < 0) {
		log_error("run: %s", strerror(-r));
		engine_release(&e);
		return EXIT_FAILED;
	}
	if (!config->json) {
		print_table(&e.done);
		print_diagnosis(&e.done, prior);
	}
	code = verdict_of(&e.done);
	engine_release(&e);
	return code;
}

/**
 * run_again() - Run the catalogue again and again
 * @program:	Program
 * @config:	Options
 * @t:		Targets
 * @prior:	Results gathered before
 *
 * What may change is read anew each time: resolv.conf, addresses, tokens.
 *
 * Return: exit code, where it cannot go on; else a signal ends it
 */
static int run_again(const struct probe_program *program,
		     const struct config *config, const struct targets *t,
		     const struct results *prior)
{
	int code = run(program, config, t, prior);

	while (config->every_ns > 0 &&
	       (code == EXIT_OK || code == EXIT_FAILED)) {
		int64_t left = config->every_ns / NSEC_PER_MSEC;

		(void)poll(NULL, 0, (int)MIN(left, (int64_t)INT_MAX));
		code = run(program, config, t, prior);
	}
	return code;
}

/**
 * probe_main() - All that main() of a probe program does
 * @program:	Its name and catalogue
 * @argc:	Of main()
 * @argv:	Of main()
 *
 * Return: exit code
 */
int probe_main(const struct probe_program *program, int argc, char **argv)
{
	const struct opt_program table = {
		.name = program->name,
		.summary = program->summary,
		.section = 1,
		.options = options,
		.n_options = ARRAY_SIZE(options),
	};
	struct config config = {
		.targets = "/etc/shoot6/targets.json",
		.hints = "/run/netsetup/hints.json",
		.deadline_ns = 20 * NSEC_PER_SEC,
	};
	_cleanup_(targets_release) struct targets t = { 0 };
	_cleanup_(results_release) struct results prior = { 0 };
	const struct opt_command *command;
	char error[160], **args;
	int code, n_args;

	if (opt_parse(&table, &config, argc, argv, &code, &command, &n_args,
		      &args))
		return code;
	if (n_args) {
		log_error("unexpected argument '%s'; see --help", args[0]);
		return EXIT_USAGE;
	}
	if (config.list) {
		print_list(program);
		return EXIT_OK;
	}
	if (config.explain)
		return print_explain(program, config.explain);
	if (check_ids(program, &config.checks) < 0)
		return EXIT_USAGE;
	if (targets_read(config.targets, config.hints, &t, error) < 0) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	if (read_prior(config.prior, &prior) < 0)
		return EXIT_USAGE;
	return run_again(program, &config, &t, &prior);
}
