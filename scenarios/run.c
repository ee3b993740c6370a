/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cleanup.h"
#include "lib/drain.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "scenarios/client.h"
#include "scenarios/lab.h"
#include "scenarios/live/live.h"
#include "scenarios/report/report.h"
#include "scenarios/scenario.h"
#include "scenarios/up.h"
#include "scenarios/vantage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One run. */
struct run {
	const struct scenario *options;
	struct ui ui;
	struct up up; /* where we brought the lab up ourselves */
	bool own;
	struct client_lab lab;
	struct report report;
};

/**
 * told() - Show what the holder tells while it injects or heals
 * @m:		Message
 * @arg:	struct ui
 */
static void told(const struct json *m, void *arg)
{
	if (json_get_string(m, "step"))
		ui_step(arg, json_get_string(m, "step"));
	if (json_get_string(m, "fail"))
		ui_error(arg, json_get_string(m, "fail"));
}

/**
 * check_lab() - Whether the lab that is up is the one that is meant
 * @run:	Run, its lab open
 *
 * Return: exit code
 */
static int check_lab(struct run *run)
{
	_cleanup_(json_freep) struct json *status = NULL;
	int r = client_status(&run->lab, &status);

	if (r == 0)
		return scenario_check_lab(run->options, status);
	log_error("lab: %s", strerror(-r));
	return EXIT_ROLLED_BACK;
}

/**
 * open_or_up() - Take the lab that is up, or bring it up
 * @run:	Run; .lab and .own are set
 * @word:	Case or name of a lab
 *
 * Return: exit code
 */
static int open_or_up(struct run *run, const char *word)
{
	const struct scenario *s = run->options;
	const char *name = s->name ? s->name : word;
	int64_t begin = loop_now();
	int code, r;

	if (state_check_name(name) == 0 && client_open(name, &run->lab) == 0)
		return check_lab(run);
	run->up = (struct up){ .name = name,
			       .nodes = s->nodes,
			       .provider = s->provider,
			       .variant = s->control_plane,
			       .program = s->program };
	run->up.what = scenario_case(s, word);
	if (!run->up.what)
		return EXIT_USAGE;
	code = scenario_check_options(s, run->up.what->engine);
	if (code == EXIT_OK)
		code = up_start(&run->up, &run->ui);
	if (code != EXIT_OK)
		return code;
	run->own = true;
	run->report.up_ns = loop_now() - begin;
	r = client_open(name, &run->lab);
	if (r == 0)
		return EXIT_OK;
	log_error("lab '%s': %s", name, strerror(-r));
	return EXIT_ROLLED_BACK;
}

/**
 * check_lost_nodes() - Ask nodes that the cluster has lost what is wrong with them
 * @run:	Run; what the API says of the nodes is among its results
 * @status:	Members of the lab
 *
 * No pod starts there, but a lab has another way in.
 *
 * Return: 0; -EINTR, or an errno
 */
static int check_lost_nodes(struct run *run, const struct json *status)
{
	struct results *results = &run->report.results;
	size_t n = results->n;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		char vantage[sizeof(results->items[i].vantage)];

		if (strcmp(results->items[i].id, "RUN-1") != 0 ||
		    strcmp(results->items[i].variant, "node") != 0)
			continue;
		memcpy(vantage, results->items[i].vantage, sizeof(vantage));
		r = vantages_check(&run->lab, status, vantage + strlen("host:"),
				   &run->ui, results);
	}
	return r;
}

/**
 * check_cluster() - Check a lab that is a Kubernetes cluster as a foreign one is checked
 * @run:	Run
 * @kubeconfig:	Its kubeconfig
 * @status:	Members of the lab
 *
 * It is ours: the nodes' own network is a vantage as well.
 *
 * Return: 0; -EIO after saying why, -EINTR, or an errno
 */
static int check_cluster(struct run *run, const char *kubeconfig,
			 const struct json *status)
{
	const struct scenario *s = run->options;
	const struct live_options options = {
		.kubeconfig = kubeconfig,
		.profile = s->profile,
		.image = s->image,
		.targets = s->targets,
		.lab = true,
		.domain = s->domain,
		.privileged = true,
		.nodes = s->nodes,
	};
	struct report *report = &run->report;
	char name[sizeof(report->name)];
	int code;

	memcpy(name, report->name, sizeof(name));
	code = live_run(&options, &run->ui, report);
	memcpy(report->name, name, sizeof(name));
	(void)snprintf(report->engine, sizeof(report->engine), "kubernetes");
	return code == EXIT_OK ? check_lost_nodes(run, status) : -EIO;
}

/**
 * check() - Run the checks and put all that is known into the report
 * @run:	Run
 *
 * Return: 0; -EINTR, or an errno
 */
static int check(struct run *run)
{
	_cleanup_(json_freep) struct json *status = NULL;
	struct report *report = &run->report;
	const char *text;
	int r;

	r = client_status(&run->lab, &status);
	if (r < 0)
		return r;
	text = json_get_string(status, "name");
	(void)snprintf(report->name, sizeof(report->name), "%s", text);
	text = json_get_string(status, "case");
	(void)snprintf(report->case_name, sizeof(report->case_name), "%s",
		       text);
	text = json_get_string(status, "engine");
	(void)snprintf(report->engine, sizeof(report->engine), "%s", text);
	text = json_get_string(status, "provider");
	(void)snprintf(report->provider, sizeof(report->provider), "%s",
		       text ? text : "");
	text = json_get_string(status, "profile");
	(void)snprintf(report->profile, sizeof(report->profile), "%s",
		       text ? text : "");
	text = json_get_string(status, "kubernetes.kubeconfig");
	if (text)
		return check_cluster(run, text, status);
	if (!run->report.profile[0]) {
		log_error("case '%s' has nothing to check", report->case_name);
		return -ENOTSUP;
	}
	ui_step(&run->ui, "checking from every node and pod");
	r = vantages_check(&run->lab, status, NULL, &run->ui, &report->results);
	/* Once more: pods may have learnt addresses since. */
	return r < 0 ? r : topology_from_json(status, &report->topology);
}

/**
 * break_and_check() - Inject the fault if there is one, check, heal
 * @run:	Run
 *
 * Return: 0; -EINTR, or an errno after saying why
 */
static int break_and_check(struct run *run)
{
	const char *fault = run->options->fault;
	int r = 0, healed = 0;

	if (fault)
		r = client_request(&run->lab, "inject", "fault", fault, told,
				   &run->ui);
	if (r < 0) {
		if (r != -ENOTSUP)
			log_error("fault '%s' could not be made: %s", fault,
				  strerror(-r));
		return r;
	}
	(void)snprintf(run->report.fault, sizeof(run->report.fault), "%s",
		       fault ? fault : "");
	r = check(run);
	if (r < 0 && r != -EINTR && r != -ENOTSUP)
		log_error("checks could not be run: %s", strerror(-r));
	if (fault && !run->own && r != -EINTR)
		healed = client_request(&run->lab, "heal", NULL, NULL, told,
					&run->ui);
	if (healed < 0)
		log_error("fault '%s' could not be healed: %s", fault,
			  strerror(-healed));
	return r < 0 ? r : healed;
}

/**
 * run_lab() - Everything, with the lab open
 * @run:	Run
 *
 * Return: exit code
 */
static int run_lab(struct run *run)
{
	int r = break_and_check(run);

	if (r == 0)
		r = report_finish(&run->report);
	if (r < 0)
		return r == -ENOTSUP ? EXIT_USAGE : EXIT_ROLLED_BACK;
	if (run->own) {
		ui_step(&run->ui, "taking the lab down");
		client_close(&run->lab);
		up_end(&run->up);
	}
	ui_end(&run->ui);
	run->report.duration_ns = loop_now() - run->ui.begin_ns;
	if (scenario_write(run->options, &run->report) < 0)
		return EXIT_ROLLED_BACK;
	return report_exit_code(&run->report);
}

/**
 * run_live() - The suite in a cluster that is there
 * @run:	Run
 *
 * Return: exit code
 */
static int run_live(struct run *run)
{
	const struct scenario *s = run->options;
	const struct live_options options = {
		.kubeconfig = s->kubeconfig,
		.profile = s->profile,
		.image = s->image,
		.targets = s->targets,
		.domain = s->domain,
		.space = s->space,
		.privileged = s->privileged,
		.nodes = s->nodes,
	};
	int code = live_run(&options, &run->ui, &run->report);

	if (code == EXIT_OK && report_finish(&run->report) < 0)
		code = EXIT_ROLLED_BACK;
	ui_end(&run->ui);
	(void)ui_interrupted(&run->ui);
	if (code != EXIT_OK)
		return code;
	run->report.duration_ns = loop_now() - run->ui.begin_ns;
	if (scenario_write(run->options, &run->report) < 0)
		return EXIT_ROLLED_BACK;
	return report_exit_code(&run->report);
}

/**
 * scenario_run() - scenario run CASE|NAME
 * @config:	struct scenario
 * @n_args:	Number of words
 * @args:	Words
 *
 * Return: exit code
 */
int scenario_run(void *config, int n_args, char **args)
{
	struct run run = { .options = config, .lab = CLIENT_LAB_INIT };
	int code;

	if (n_args != (run.options->live ? 0 : 1)) {
		log_error("usage: scenario run CASE|NAME [--fault NAME], or "
			  "scenario run --live [--kubeconfig FILE]");
		return EXIT_USAGE;
	}
	code = run.options->live ? scenario_check_options(run.options, NULL) :
				   EXIT_OK;
	if (code == EXIT_OK)
		code = scenario_check_files(run.options);
	if (code != EXIT_OK)
		return code;
	lab_be_patient(run.options->patience);
	ui_init(&run.ui);
	report_init(&run.report);
	if (run.options->live) {
		code = run_live(&run);
	} else {
		code = open_or_up(&run, args[0]);
		if (code == EXIT_OK)
			code = run_lab(&run);
	}
	ui_end(&run.ui);
	client_close(&run.lab);
	if (run.own)
		up_end(&run.up);
	report_release(&run.report);
	if (run.options->linger_ns)
		drain_output(STDOUT_FILENO, run.options->linger_ns);
	ui_die(&run.ui);
	return code;
}
