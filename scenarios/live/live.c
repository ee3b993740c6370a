/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/live-private.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "scenarios/kube/images.h"
#include "scenarios/live/judge.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PODS_S       120 /* until responders are ready; until probes have ended */
#define LOG_S        5 /* until the log of a prober that has ended is whole */
#define LOG_AGAIN_MS 100
#define NODES_MAX    16 /* probed, where nothing else is said */

/**
 * step() - Show what is being done
 * @live:	Run
 * @text:	What
 */
static void step(struct live *live, const char *text)
{
	if (live->ui)
		ui_step(live->ui, text);
}

/**
 * targets_file() - Where it stands what is to be tried outside the cluster
 * @options:	Of the run
 *
 * The user is told of a file that he has not named.
 *
 * Return: path; NULL: the default list
 */
static const char *targets_file(const struct live_options *options)
{
	static const char usual[] = WORLD_EGRESS_FOLDER "/" WORLD_EGRESS_FILE;

	if (options->targets || options->lab || access(usual, F_OK) != 0)
		return options->targets;
	log_info("egress targets: '%s', since --targets names no other", usual);
	return usual;
}

/**
 * look() - What the cluster is
 * @live:	Run
 *
 * Return: 0, or an errno after saying why
 */
static int look(struct live *live)
{
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	unsigned int max =
		live->options->nodes ? live->options->nodes : NODES_MAX;
	int r;

	if (live->options->domain)
		(void)snprintf(live->world.domain, sizeof(live->world.domain),
			       "%s", live->options->domain);
	r = world_read_egress(targets_file(live->options), &live->world,
			      &problem);
	if (r < 0) {
		log_error("%s", buf_text(&problem));
		return r;
	}
	r = world_read_nodes(live->api, max, live_deadline(CALL_S),
			     &live->world);
	if (r == 0)
		r = world_judge(live->api, live->m.profile,
				live_deadline(CALL_S), &live->report->results);
	if (r == 0)
		r = world_read_dns(live->api, live_deadline(CALL_S),
				   &live->world);
	if (r == 0)
		r = world_read_api(live->api, live_deadline(CALL_S),
				   &live->world);
	if (r < 0)
		return live_told(live, r);
	if (live->world.n_nodes == 0) {
		log_error("'%s': no node is ready", api_server(live->api));
		return -EINVAL;
	}
	if (live->world.n_nodes < live->world.n_all)
		log_warning("%zu of %zu nodes are probed", live->world.n_nodes,
			    live->world.n_all);
	return 0;
}

/**
 * give_up() - Whether a pod can never start: then its node is left out
 * @live:	Run; gets a result, and .problem
 * @pod:	Pod
 *
 * Return: 1 if so, 0 if there is hope, or an errno
 */
static int give_up(struct live *live, const struct json *pod)
{
	const char *node = json_get_string(pod, "spec.nodeName");
	struct results *results = &live->report->results;
	int r = judge_pod(pod, results);

	if (r != 1)
		return r;
	(void)snprintf(live->problem, sizeof(live->problem),
		       "image '%.200s' on node '%.253s': %.120s", live->m.image,
		       node, results->items[results->n - 1].detail);
	world_lose(&live->world, node);
	return 1;
}

/* Responders that are waited for. */
struct responders {
	struct live *live;
	size_t n;
};

/**
 * see_responder() - A responder has changed
 * @arg:	struct responders
 * @event:	Not used
 * @pod:	Pod
 *
 * Return: 1 once those of all nodes are ready or given up, 0 to go on, or an errno
 */
static int see_responder(void *arg, const char *event, const struct json *pod)
{
	const char *node = json_get_string(pod, "spec.nodeName");
	const struct json *c =
		json_first(json_get(pod, "status.containerStatuses"));
	struct responders *w = arg;
	struct world *world = &w->live->world;
	int r;

	(void)event;
	for (size_t i = 0; node && i < world->n_nodes; i++) {
		struct world_node *n = &world->nodes[i];

		if (strcmp(n->name, node) != 0 || n->responds)
			continue;
		r = json_get_bool(c, "ready", false) ? 1 :
						       give_up(w->live, pod);
		if (r < 0)
			return r;
		n->responds = r;
		w->n += (size_t)r;
	}
	return w->n == world->n_nodes;
}

/**
 * make_services() - Responders and the services in front of them
 * @live:	Run; where its namespace is not ours, they are there
 *
 * Return: 0, or an errno after saying why
 */
static int make_services(struct live *live)
{
	static live_object_fn *const objects[] = {
		manifest_responder_account,
		manifest_responder,
		manifest_web,
		manifest_headless,
	};
	int r = 0;

	if (!live->options->space)
		r = live_make(live, &live->m, objects, ARRAY_SIZE(objects));
	for (size_t i = 0; r == 0 && i < live->world.n_nodes; i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		manifest_self(&live->m, i, &text);
		r = live_apply(live, &text);
	}
	return r;
}

/**
 * make_far_ends() - What the probers are to reach
 * @live:	Run
 *
 * Return: 0 once all are ready, or an errno after saying why
 */
static int make_far_ends(struct live *live)
{
	struct responders w = { .live = live };
	char path[192];
	int r;

	step(live, live->options->space ?
			   "waiting for the responder of each node" :
			   "starting a responder on each node");
	r = make_services(live);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/%s/pods"
		       "?labelSelector=app%%3Dresponder",
		       live->space);
	r = api_watch(live->api, path, live_deadline(PODS_S), see_responder,
		      &w);
	if (r == -ETIMEDOUT)
		(void)snprintf(live->problem, sizeof(live->problem),
			       "%zu of %zu responders are ready after %d s",
			       w.n, live->world.n_nodes, PODS_S);
	if (r < 0 || world_left(&live->world) == 0)
		return live_told(live, r < 0 ? r : -EIO);
	r = live_told(live,
		      world_read_services(live->api, live->space,
					  live_deadline(CALL_S), &live->world));
	/* Pods of one suite are of one image, whatever a kustomization made it. */
	if (r == 0 && live->options->space && !live->options->image)
		live->m.image = live->world.image;
	return r;
}

/**
 * make_prober() - One node's prober
 * @live:	Run
 * @m:		Where
 * @i:		Index of the node
 *
 * Return: 0, or an errno after saying why
 */
static int make_prober(struct live *live, const struct manifest *m, size_t i)
{
	_cleanup_(buf_release) struct buf targets = BUF_INIT;
	_cleanup_(buf_release) struct buf hints = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct world_node *node = &live->world.nodes[i];
	const char *await[] = { live->world.web_vip, node->self_vip, NULL };
	int r;

	if (m->host)
		await[1] = NULL;
	r = world_targets(&live->world, i, m->space, m->host, m->profile,
			  &targets);
	if (r == 0)
		r = world_hints(&live->world, i, &hints);
	if (r == 0)
		r = manifest_targets(
			m, i, buf_text(&targets), buf_text(&hints),
			live->world.api_host[0] ? api_ca(live->api) : NULL,
			&text);
	if (r == 0)
		r = live_apply(live, &text);
	if (r < 0)
		return r;
	buf_clear(&text);
	manifest_prober(m, i, node->name, await, &text);
	return live_apply(live, &text);
}

/**
 * container_of_pod() - The status of the container that probes
 * @pod:	Pod
 *
 * Return: its status, or NULL
 */
static const struct json *container_of_pod(const struct json *pod)
{
	const struct json *c =
		json_first(json_get(pod, "status.containerStatuses"));

	for (; c; c = json_next(c)) {
		const char *name = json_get_string(c, "name");

		if (name && strcmp(name, "probe") == 0)
			return c;
	}
	return NULL;
}

/* Probers that are waited for. */
struct probers {
	struct live *live;
	const struct manifest *m;
	size_t n, all;
};

/**
 * see_prober() - A prober has changed
 * @arg:	struct probers
 * @event:	Not used
 * @pod:	Pod
 *
 * Return: 1 once all have ended or never will run, 0 to go on, or an errno
 */
static int see_prober(void *arg, const char *event, const struct json *pod)
{
	const struct json *c = container_of_pod(pod);
	const char *name = json_get_string(pod, "metadata.name");
	struct probers *p = arg;
	size_t i;
	int r;

	(void)event;
	if (!name || sscanf(name, "probe-%zu", &i) != 1 ||
	    i >= p->live->world.n_nodes || p->live->world.nodes[i].probed)
		return 0;
	r = json_get(c, "state.terminated") ? 1 : give_up(p->live, pod);
	if (r <= 0)
		return r;
	p->live->world.nodes[i].probed = true;
	return ++p->n == p->all;
}

/**
 * read_log() - Read what a prober has printed, all of it
 * @live:	Run
 * @m:		Where it is
 * @i:		Index of its node
 * @ret:	Gets its results, a line each
 *
 * The kubelet may know that a container has ended before its log is written.
 *
 * Return: 0, or an errno after saying why
 */
static int read_log(struct live *live, const struct manifest *m, size_t i,
		    struct buf *ret)
{
	int64_t deadline = live_deadline(LOG_S);
	char path[192];
	int r;

	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/%s/pods/probe-%zu/log"
		       "?container=probe",
		       m->space, i);
	for (;;) {
		buf_clear(ret);
		r = live_told(live, api_get_text(live->api, path,
						 live_deadline(CALL_S), ret));
		if (r < 0 || judge_log(ret))
			return r;
		if (loop_now() > deadline)
			break;
		(void)poll(NULL, 0, LOG_AGAIN_MS);
	}
	log_error("results of node '%s' are cut off after %zu bytes: %.200s",
		  live->world.nodes[i].name, ret->len,
		  ret->len > 200 ? ret->data + ret->len - 200 : buf_text(ret));
	return -EIO;
}

/**
 * collect() - Read what the probers have printed
 * @live:	Run
 * @m:		Where they are
 *
 * Return: 0, or an errno after saying why
 */
static int collect(struct live *live, const struct manifest *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < live->world.n_nodes; i++) {
		_cleanup_(buf_release) struct buf log = BUF_INIT;

		if (live->world.nodes[i].lost)
			continue;
		r = read_log(live, m, i, &log);
		if (r < 0)
			return r;
		r = results_read_lines(&live->report->results, buf_text(&log),
				       log.len);
		if (r < 0)
			log_error("results of node '%s': %.200s",
				  live->world.nodes[i].name, buf_text(&log));
	}
	return r;
}

/**
 * probe() - Run the suite from all nodes
 * @live:	Run
 * @m:		Where
 *
 * Return: 0, or an errno after saying why
 */
static int probe(struct live *live, const struct manifest *m)
{
	struct probers p = { .live = live,
			     .m = m,
			     .all = world_left(&live->world) };
	char path[192];
	int r = 0;

	if (p.all == 0)
		return 0; /* and results say why */
	for (size_t i = 0; r == 0 && i < live->world.n_nodes; i++) {
		live->world.nodes[i].probed = false;
		if (!live->world.nodes[i].lost)
			r = make_prober(live, m, i);
	}
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/%s/pods?labelSelector=app%%3Dprobe",
		       m->space);
	r = api_watch(live->api, path, live_deadline(PODS_S), see_prober, &p);
	return r < 0 ? live_told(live, r) : collect(live, m);
}

/**
 * skip_host() - What was not tried from the nodes' own network, and why
 * @live:	Run
 *
 * Return: 0 or -ENOMEM
 */
static int skip_host(struct live *live)
{
	static const char *const checks[] = { "RND-1", "RND-3", "RTE-2" };
	int r = 0;

	for (size_t i = 0; i < live->world.n_nodes; i++) {
		for (size_t j = 0; r == 0 && j < ARRAY_SIZE(checks); j++) {
			struct result result;
			char vantage[96];

			(void)snprintf(vantage, sizeof(vantage), "host:%.80s",
				       live->world.nodes[i].name);
			result_init(&result, checks[j], vantage);
			result.verdict = VERDICT_SKIP;
			(void)snprintf(result.detail, sizeof(result.detail),
				       "needs the node's own network: "
				       "--privileged-namespace");
			r = results_add(&live->report->results, &result);
		}
	}
	return r;
}

/**
 * draw() - Nodes and probers as the report shows them
 * @live:	Run
 *
 * Return: 0, or as topology_from_json()
 */
static int draw(struct live *live)
{
	_cleanup_(json_freep) struct json *status = json_object();
	struct json *members = json_set_array(status, "members");

	json_set_array(status, "links");
	for (size_t i = 0; i < live->world.n_nodes; i++) {
		const struct world_node *n = &live->world.nodes[i];
		struct json *o = json_append_object(members);

		json_set_string(o, "name", n->name);
		json_set_string(o, "kind", "node");
		json_append_string(json_set_array(o, "addresses"), n->address);
		o = json_append_object(members);
		json_set_format(o, "name", "%s/probe-%zu", n->name, i);
		json_set_string(o, "kind", "pod");
		json_set_string(o, "node", n->name);
	}
	return topology_from_json(status, &live->report->topology);
}

/**
 * run() - All of it
 * @live:	Run, its API open
 *
 * Return: 0, or an errno after saying why
 */
static int run(struct live *live)
{
	struct manifest host = live->m;
	int r;

	step(live, "looking at the cluster");
	r = look(live);
	if (r == 0)
		r = live_make_spaces(live);
	if (r == 0)
		r = make_far_ends(live);
	if (r == 0) {
		step(live, "reaching into a pod on each node");
		r = live_look_inward(live);
	}
	if (r < 0)
		return r;
	step(live, "probing from a pod on each node");
	host.space = live->host_space;
	host.host = true;
	/* The node first: what fails there explains what fails in its pods. */
	if (live->options->privileged)
		r = probe(live, &host);
	else
		r = skip_host(live);
	if (r == 0 && live->options->privileged)
		r = live_drop_host_space(live);
	if (r == 0)
		r = probe(live, &live->m);
	return r < 0 ? r : draw(live);
}

/**
 * catch_signals() - Let Ctrl-C and the like end requests, not us
 *
 * Return: signalfd, or an errno
 */
static int catch_signals(void)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	/* What our starter ignores (nohup, a shell's &) is not for us. */
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (sigaction(wanted[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			(void)sigaddset(&set, wanted[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* What a cluster may promise; the first one if nothing is said. */
static const char *const profiles[] = { "ipv6-only-nat64", "true-ipv6-only",
					"dual-stack" };

/**
 * is_domain() - Whether a cluster's domain can be one
 * @text:	As the user gave it
 *
 * Names in answers have no dot at their end, so it must not either.
 *
 * Return: whether
 */
static bool is_domain(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= 120 && text[0] != '.' && text[n - 1] != '.' &&
	       !text[strcspn(text, " \t\n/:")];
}

/**
 * check_options() - Whether the options make sense, before anything is made
 * @options:	Where and how
 *
 * Return: whether; false after saying what is wrong
 */
static bool check_options(const struct live_options *options)
{
	size_t i = 0;

	while (options->profile && i < ARRAY_SIZE(profiles) &&
	       strcmp(profiles[i], options->profile) != 0)
		i++;
	if (i == ARRAY_SIZE(profiles)) {
		log_error("profile '%s': must be %s, %s or %s",
			  options->profile, profiles[0], profiles[1],
			  profiles[2]);
		return false;
	}
	if (options->domain && !is_domain(options->domain)) {
		log_error("cluster domain '%s': must have 1 to 120 characters, "
			  "as 'cluster.local', and no dot at its ends",
			  options->domain);
		return false;
	}
	return true;
}

/**
 * live_run() - Run the suite in the cluster of a kubeconfig
 * @options:	Where and how
 * @ui:		Where to show what is done, or NULL
 * @report:	Initialised; results and topology are added
 *
 * Return: EXIT_OK where it ran, whatever it found; EXIT_USAGE, EXIT_ROLLED_BACK after
 *	   saying why
 */
int live_run(const struct live_options *options, struct ui *ui,
	     struct report *report)
{
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	_cleanup_close_ int signals = catch_signals();
	struct live live = {
		.options = options,
		.report = report,
		.ui = ui,
	};
	int r, left;

	if (!check_options(options))
		return EXIT_USAGE;
	r = api_open(options->kubeconfig, &live.api, &problem);
	if (r < 0) {
		log_error("%s", buf_text(&problem));
		return EXIT_USAGE;
	}
	live.m = (struct manifest){
		.space = live.space,
		.image = options->image ? options->image : IMAGE_SHOOT6,
		.profile = options->profile ? options->profile : profiles[0],
	};
	(void)snprintf(report->name, sizeof(report->name), "%s",
		       api_server(live.api));
	(void)snprintf(report->engine, sizeof(report->engine), "live");
	(void)snprintf(report->profile, sizeof(report->profile), "%s",
		       live.m.profile);
	api_cancel_by(live.api, signals);
	r = run(&live);
	if (r == -ECANCELED)
		log_error("interrupted");
	api_cancel_by(live.api, -1);
	if (live.made)
		step(&live, "removing what was made");
	left = live_clean_up(&live);
	world_release(&live.world);
	api_free(live.api);
	if (r == -EINVAL)
		return EXIT_USAGE;
	return r < 0 || left < 0 ? EXIT_ROLLED_BACK : EXIT_OK;
}
