/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/live.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "scenarios/kube/images.h"
#include "scenarios/live/judge.h"
#include "scenarios/live/manifest.h"
#include "scenarios/live/world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>

#define CALL_S    30 /* for one request */
#define PODS_S    120 /* until responders are ready; until probes have ended */
#define GONE_S    90 /* until what we made has gone */
#define NODES_MAX 16 /* probed, where nothing else is said */

/* One run. */
struct live {
	const struct live_options *options;
	struct report *report;
	struct ui *ui;
	struct api *api;
	struct world world;
	struct manifest m; /* of the pods' own network */
	char space[32], host_space[40];
	bool made, host_made; /* the namespaces */
	char problem[640];
};

/**
 * deadline() - So many seconds from now
 * @seconds:	Number
 *
 * Return: for loop_now()
 */
static int64_t deadline(unsigned int seconds)
{
	return loop_now() + seconds * NSEC_PER_SEC;
}

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
 * apply() - Make an object
 * @live:	Run
 * @text:	Object
 *
 * Return: 0, or an errno after saying why
 */
static int apply(struct live *live, const struct buf *text)
{
	int r = buf_error(text);

	if (r == 0)
		r = api_apply(live->api, buf_text(text), deadline(CALL_S));
	if (r < 0 && r != -ECANCELED)
		log_error("%s", api_error(live->api));
	return r;
}

/**
 * told() - Say why a request failed
 * @live:	Run
 * @r:		What it returned
 *
 * Return: @r
 */
static int told(struct live *live, int r)
{
	if (r < 0 && r != -ECANCELED)
		log_error("%s", live->problem[0] ? live->problem :
						   api_error(live->api));
	return r;
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

	r = world_read_egress(live->options->targets, &live->world, &problem);
	if (r < 0) {
		log_error("%s", buf_text(&problem));
		return r;
	}
	r = world_read_nodes(live->api, max, deadline(CALL_S), &live->world);
	if (r == 0)
		r = world_judge(live->api, live->m.profile, deadline(CALL_S),
				&live->report->results);
	if (r == 0)
		r = world_read_dns(live->api, deadline(CALL_S), &live->world);
	if (r == 0)
		r = world_read_api(live->api, deadline(CALL_S), &live->world);
	if (r < 0)
		return told(live, r);
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
 * make_space() - Make a namespace, and the identity of the probers in it
 * @live:	Run
 * @m:		Names
 * @made:	Set once it may be there, also where the answer does not reach us
 *
 * Return: 0, or an errno after saying why
 */
static int make_space(struct live *live, const struct manifest *m, bool *made)
{
	static void (*const objects[])(const struct manifest *m,
				       struct buf *out) = {
		manifest_namespace,
		manifest_account,
		manifest_role,
		manifest_binding,
	};
	int r = 0;

	*made = true;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(objects); i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		objects[i](m, &text);
		r = apply(live, &text);
	}
	return r;
}

/**
 * make_spaces() - Make the namespaces
 * @live:	Run
 *
 * Return: 0, or an errno after saying why
 */
static int make_spaces(struct live *live)
{
	struct manifest host = { .space = live->host_space, .host = true };
	uint32_t number;
	int r;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	(void)snprintf(live->space, sizeof(live->space), "shoot6-%08x", number);
	(void)snprintf(live->host_space, sizeof(live->host_space), "%s-host",
		       live->space);
	r = make_space(live, &live->m, &live->made);
	if (r < 0 || !live->options->privileged)
		return r;
	return make_space(live, &host, &live->host_made);
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
	bool ready[NODES_MAX * 8]; /* or never will be */
	size_t n;
};

/**
 * see_responder() - A responder has changed
 * @arg:	struct responders
 * @event:	Not used
 * @pod:	Pod
 *
 * Return: 1 once each node has one that is ready or never will be, 0 to go on; an errno
 */
static int see_responder(void *arg, const char *event, const struct json *pod)
{
	const char *node = json_get_string(pod, "spec.nodeName");
	const struct json *c =
		json_first(json_get(pod, "status.containerStatuses"));
	struct responders *w = arg;
	const struct world *world = &w->live->world;
	int r;

	(void)event;
	for (size_t i = 0; node && i < world->n_nodes; i++) {
		if (strcmp(world->nodes[i].name, node) != 0 ||
		    i >= ARRAY_SIZE(w->ready) || w->ready[i])
			continue;
		r = json_get_bool(c, "ready", false) ? 1 :
						       give_up(w->live, pod);
		if (r < 0)
			return r;
		w->ready[i] = r;
		w->n += (size_t)r;
	}
	return w->n == world->n_nodes;
}

/**
 * make_far_ends() - Responders, and the services in front of them
 * @live:	Run
 *
 * Return: 0 once all are ready, or an errno after saying why
 */
static int make_far_ends(struct live *live)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct responders w = { .live = live };
	char path[128];
	int r;

	step(live, "starting a responder on each node");
	manifest_responder(&live->m, &text);
	r = apply(live, &text);
	buf_clear(&text);
	manifest_web(&live->m, &text);
	if (r == 0)
		r = apply(live, &text);
	for (size_t i = 0; r == 0 && i < live->world.n_nodes; i++) {
		buf_clear(&text);
		manifest_self(&live->m, i, &text);
		r = apply(live, &text);
	}
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/%s/pods"
		       "?labelSelector=app%%3Dresponder",
		       live->space);
	r = api_watch(live->api, path, deadline(PODS_S), see_responder, &w);
	if (r < 0 || world_left(&live->world) == 0)
		return told(live, r < 0 ? r : -EIO);
	return told(live, world_read_services(live->api, live->space,
					      deadline(CALL_S), &live->world));
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
		r = apply(live, &text);
	if (r < 0)
		return r;
	buf_clear(&text);
	manifest_prober(m, i, node->name, await, &text);
	return apply(live, &text);
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
	bool done[NODES_MAX * 8];
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
	    i >= ARRAY_SIZE(p->done))
		return 0;
	if (p->done[i])
		return 0;
	r = json_get(c, "state.terminated") ? 1 : give_up(p->live, pod);
	if (r <= 0)
		return r;
	p->done[i] = true;
	return ++p->n == p->all;
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
		char path[192];

		if (live->world.nodes[i].lost)
			continue;
		(void)snprintf(path, sizeof(path),
			       "/api/v1/namespaces/%s/pods/probe-%zu/log"
			       "?container=probe",
			       m->space, i);
		r = told(live,
			 api_get_text(live->api, path, deadline(CALL_S), &log));
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
	char path[128];
	int r = 0;

	for (size_t i = 0; r == 0 && i < live->world.n_nodes; i++)
		if (!live->world.nodes[i].lost)
			r = make_prober(live, m, i);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/%s/pods?labelSelector=app%%3Dprobe",
		       m->space);
	r = api_watch(live->api, path, deadline(PODS_S), see_prober, &p);
	return r < 0 ? told(live, r) : collect(live, m);
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
 * see_gone() - A namespace has changed
 * @arg:	Not used
 * @event:	What happened
 * @object:	Not used
 *
 * Return: 1 once it is deleted
 */
static int see_gone(void *arg, const char *event, const struct json *object)
{
	(void)arg;
	(void)object;
	return strcmp(event, "DELETED") == 0;
}

/**
 * remove_space() - Delete a namespace with all in it, and wait for that
 * @live:	Run
 * @space:	Its name
 *
 * Return: 0, or an errno after saying so
 */
static int remove_space(struct live *live, const char *space)
{
	_cleanup_(json_freep) struct json *there = NULL;
	char path[128];
	int r;

	(void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s", space);
	r = api_delete(live->api, path, deadline(CALL_S));
	if (r == 0 &&
	    api_get(live->api, path, deadline(CALL_S), &there) == -ENOENT)
		return 0;
	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces?fieldSelector=metadata.name%%3D%s",
		       space);
	if (r == 0)
		r = api_watch(live->api, path, deadline(GONE_S), see_gone,
			      NULL);
	if (r < 0)
		log_error("namespace '%s' could not be removed: %s", space,
			  api_error(live->api));
	return r;
}

/**
 * clean_up() - Delete what was made, also after a failure or Ctrl-C
 * @live:	Run
 *
 * Return: 0, or an errno after saying what is left
 */
static int clean_up(struct live *live)
{
	int r = 0, last = 0;

	if (!live->made)
		return 0;
	step(live, "removing what was made");
	/* Once more Ctrl-C: the user does not want to wait for this either. */
	if (live->host_made)
		last = remove_space(live, live->host_space);
	r = remove_space(live, live->space);
	return r < 0 ? r : last;
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
		r = make_spaces(live);
	if (r == 0)
		r = make_far_ends(live);
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

	r = api_open(options->kubeconfig, &live.api, &problem);
	if (r < 0) {
		log_error("%s", buf_text(&problem));
		return EXIT_USAGE;
	}
	live.m = (struct manifest){
		.space = live.space,
		.image = options->image ? options->image : IMAGE_SHOOT6,
		.profile =
			options->profile ? options->profile : "ipv6-only-nat64",
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
	left = clean_up(&live);
	world_release(&live.world);
	api_free(live.api);
	if (r == -EINVAL)
		return EXIT_USAGE;
	return r < 0 || left < 0 ? EXIT_ROLLED_BACK : EXIT_OK;
}
