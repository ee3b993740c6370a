/* SPDX-License-Identifier: Apache-2.0 */

/*
 * API-3: the API server reaches into the pods of each node
 *
 * Its ways are not those of pods: log, exec and port-forward go by the node's kubelet
 * (TCP 10250), a proxy goes to the pod itself, all of them through a tunnel where the
 * control plane stands elsewhere. What breaks them leaves everything else green. They
 * are tried at the responders, by the identity of the kubeconfig.
 */
#include "scenarios/live/live-private.h"

#include "lib/cleanup.h"
#include "lib/loop.h"
#include "lib/reason.h"
#include "scenarios/live/api-stream.h"
#include "scenarios/live/checks.h"
#include "scenarios/live/judge.h"
#include "scenarios/live/ws.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WAY_S   5 /* for one way into one pod */
#define BULK    "100000" /* bytes: more than any path's MTU, and a window */
#define BULK_N  100000
#define PORT    "8080" /* of the responder, HTTP */
#define FORWARD 0U /* channel of a port that is forwarded; 1: errors */
#define KUBELET 10250
#define SERVICE "web" /* in front of the responders */

static const char forward_request[] = "GET /source?bytes=" BULK " HTTP/1.1\r\n"
				      "Host: responder\r\n"
				      "Connection: close\r\n\r\n";

/* One way into the responder of one node. */
struct inward {
	struct api *api;
	const char *space;
	const struct world_node *node; /* NULL: the service's */
	int64_t deadline_ns;
	struct result *result;
	struct buf words; /* why it failed, where api_error() does not say */
	size_t n; /* bytes that came */
};

/**
 * pod_path() - Path of something of the responder
 * @in:		Way
 * @rest:	What, with its query
 * @ret:	Gets the path
 *
 * Return: 0 or -ENOMEM
 */
static int pod_path(const struct inward *in, const char *rest, struct buf *ret)
{
	buf_printf(ret, "/api/v1/namespaces/%s/pods/%s%s", in->space,
		   in->node->responder_name, rest);
	return buf_error(ret);
}

/**
 * get() - Ask for a path
 * @in:		Way
 * @path:	Path
 * @ret:	Gets the answer
 *
 * Return: 0, or see api.h
 */
static int get(struct inward *in, const struct buf *path, struct buf *ret)
{
	int r = api_get_text(in->api, path->data, in->deadline_ns, ret);

	in->n += ret->len;
	return r;
}

/**
 * note_domain() - Note what the responder says of the cluster's domain
 * @in:		Way; its result gets it
 * @log:	What the responder has printed, see probe-responder(8)
 */
static void note_domain(struct inward *in, const char *log)
{
	static const char words[] = "\ncluster domain ";
	const char *at = strstr(log, words);

	if (at)
		result_fact(in->result, "cluster_domain", "%.*s",
			    (int)strcspn(at + sizeof(words) - 1, "\n"),
			    at + sizeof(words) - 1);
}

/**
 * ask_log() - Read what the responder has printed
 * @in:		Way
 *
 * Return: 0, or see api.h
 */
static int ask_log(struct inward *in)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = pod_path(in, "/log?container=responder&limitBytes=4096", &path);

	if (r == 0)
		r = get(in, &path, &text);
	/* A kubelet that cannot read the log says so in place of it, with 200. */
	if (r == 0 && strncmp(buf_text(&text), "ready\n", 6) != 0) {
		buf_printf(&in->words, "log: wanted 'ready', got '%.*s'",
			   (int)MIN(strcspn(buf_text(&text), "\r\n"), 200UL),
			   buf_text(&text));
		r = -EBADMSG;
	}
	if (r == 0)
		note_domain(in, buf_text(&text));
	return r;
}

/**
 * command_over() - Whether a command has ended well
 * @in:		Way; gets the words where it has not
 * @text:	Status object of channel 3
 *
 * Return: 0, -EBADMSG
 */
static int command_over(struct inward *in, const struct buf *text)
{
	_cleanup_(json_freep) struct json *status = NULL;
	const char *word = NULL, *message = NULL;

	if (json_parse(buf_text(text), text->len, &status) == 0) {
		word = json_get_string(status, "status");
		message = json_get_string(status, "message");
	}
	if (word && strcmp(word, "Success") == 0)
		return 0;
	buf_printf(&in->words, "exec: %s",
		   message ? message : "a status that says nothing");
	return -EBADMSG;
}

/**
 * ask_exec() - Run a command in the responder's container
 * @in:		Way
 *
 * Return: 0, or see api.h
 */
static int ask_exec(struct inward *in)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf data = BUF_INIT;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(api_stream_freep) struct api_stream *s = NULL;
	unsigned int channel = 0;
	int r = pod_path(in,
			 "/exec?container=responder&stdout=true&stderr=true"
			 "&command=/usr/bin/probe-responder&command=--version",
			 &path);

	if (r == 0)
		r = api_stream_open(in->api, path.data,
				    "v5.channel.k8s.io, v4.channel.k8s.io",
				    in->deadline_ns, &s);
	while (r == 0 && channel != API_STATUS) {
		r = api_stream_receive(s, &channel, &data);
		if (r == 0 && channel == API_STDOUT)
			buf_add(&out, buf_text(&data), data.len);
		in->n = out.len;
	}
	if (r == 0)
		r = command_over(in, &data);
	if (r == 0 && strncmp(buf_text(&out), "probe-responder ", 16) != 0) {
		buf_printf(&in->words, "exec: the command printed '%.80s'",
			   buf_text(&out));
		r = -EBADMSG;
	}
	return r;
}

/* What came from a port that is forwarded. */
struct forwarded {
	struct buf data, error; /* each begins with the port's number */
	struct ws_head head; /* of HTTP's answer; .status 0: not there yet */
};

/**
 * take_forwarded() - Take what came on one of the channels
 * @in:		Way; gets the words where it is an error
 * @f:		What came before
 * @channel:	Its number
 * @part:	What came
 *
 * Return: 1 once all of the answer is there, 0 to go on, -EBADMSG; -EREMOTEIO where the
 *	   kubelet does not reach the port
 */
static int take_forwarded(struct inward *in, struct forwarded *f,
			  unsigned int channel, const struct buf *part)
{
	const size_t number = 2; /* bytes of the port's */
	int r = 0;

	if (channel == FORWARD)
		buf_add(&f->data, buf_text(part), part->len);
	else
		buf_add(&f->error, buf_text(part), part->len);
	if (f->error.len > number) {
		buf_printf(&in->words, "port-forward: %.200s",
			   f->error.data + number);
		return -EREMOTEIO;
	}
	if (f->data.len <= number)
		return 0;
	in->n = f->data.len - number;
	if (f->head.status == 0)
		r = ws_head_read(f->data.data + number, in->n, &f->head);
	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		buf_puts(&in->words,
			 "port-forward: the pod's answer is no HTTP/1.1");
	else if (f->head.status != 200)
		buf_printf(&in->words, "port-forward: status %u of the pod",
			   f->head.status);
	if (r < 0 || f->head.status != 200)
		return -EBADMSG;
	return in->n >= f->head.size + BULK_N;
}

/**
 * ask_forward() - Ask the responder by a port that is forwarded
 * @in:		Way
 *
 * Return: 0, or see api.h
 */
static int ask_forward(struct inward *in)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf part = BUF_INIT;
	_cleanup_(api_stream_freep) struct api_stream *s = NULL;
	struct forwarded f = { .data = BUF_INIT, .error = BUF_INIT };
	unsigned int channel;
	int r = pod_path(in, "/portforward?ports=" PORT, &path);

	if (r == 0)
		r = api_stream_open(in->api, path.data, "v4.channel.k8s.io",
				    in->deadline_ns, &s);
	if (r < 0)
		return r;
	r = api_stream_send(s, FORWARD, forward_request,
			    sizeof(forward_request) - 1);
	while (r == 0) {
		r = api_stream_receive(s, &channel, &part);
		if (r == 0)
			r = take_forwarded(in, &f, channel, &part);
	}
	buf_release(&f.data);
	buf_release(&f.error);
	return r < 0 ? r : 0;
}

/**
 * ask_proxy() - Ask the responder by the API's proxy
 * @in:		Way
 *
 * Return: 0, or see api.h
 */
static int ask_proxy(struct inward *in)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = pod_path(in, ":" PORT "/proxy/", &path);

	/* A little first: to be told from a path that large packets do not pass. */
	if (r == 0)
		r = get(in, &path, &text);
	if (r < 0)
		return r;
	buf_clear(&text);
	buf_puts(&path, "source?bytes=" BULK);
	r = buf_error(&path);
	if (r == 0)
		r = get(in, &path, &text);
	if (r == 0 && text.len != BULK_N) {
		buf_printf(&in->words, "proxy: %zu bytes came, wanted " BULK,
			   text.len);
		r = -EBADMSG;
	}
	return r;
}

/**
 * ask_service() - Ask the service in front of the responders by the API's proxy
 * @in:		Way
 *
 * Return: 0, or see api.h
 */
static int ask_service(struct inward *in)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(json_freep) struct json *who = NULL;
	const char *name = NULL;
	int r;

	buf_printf(&path,
		   "/api/v1/namespaces/%s/services/" SERVICE ":http/proxy/",
		   in->space);
	r = buf_error(&path);
	if (r == 0)
		r = get(in, &path, &text);
	if (r < 0)
		return r;
	if (json_parse(buf_text(&text), text.len, &who) == 0)
		name = json_get_string(who, "name");
	if (!name) {
		buf_puts(&in->words, "proxy: the service's answer has no name");
		return -EBADMSG;
	}
	result_fact(in->result, "answered", "%s", name);
	return 0;
}

/* The ways, those by the kubelet first: without it the log is not to be had. */
static const struct way {
	const char *variant;
	const char *proto;
	bool kubelet;
	int (*ask)(struct inward *in);
	const char *does; /* what was seen where it passes */
} ways[] = {
	{ "logs", "http", true, ask_log, "the API reads a pod's log" },
	{ "exec", "ws", true, ask_exec, "the API runs a command in a pod" },
	{ "port-forward", "ws", true, ask_forward,
	  "the API forwards a pod's port, 100 kB" },
	{ "proxy", "http", false, ask_proxy,
	  "the API's proxy reaches a pod, 100 kB" },
	{ "service", "http", false, ask_service,
	  "the API's proxy reaches a service's pod" },
};
#define WAYS_OF_A_NODE 4 /* the rest is tried once */

/**
 * where() - Who is asked in the end
 * @way:	Way
 * @n:		Node
 * @ret:	Gets the address and port that the API server connects to
 */
static void where(const struct way *way, const struct world_node *n,
		  struct result *ret)
{
	if (way->kubelet)
		(void)snprintf(ret->dst, sizeof(ret->dst), "[%s]:%d",
			       n->address, KUBELET);
	else
		(void)snprintf(ret->dst, sizeof(ret->dst), "[%s]:" PORT,
			       n->responder);
}

/**
 * without_urls() - The words that tell why, without the URLs before them
 * @words:	'GET /PATH: 500: Get "https://...": dial tcp ...'
 *
 * Return: where they begin: 'dial tcp ...'; @words where there are no URLs
 */
static const char *without_urls(const char *words)
{
	const char *quoted = strstr(words, "\": ");
	const char *own = strstr(words, ": ");

	if (quoted)
		return quoted + 3;
	return strncmp(words, "GET /", 5) == 0 && own ? own + 2 : words;
}

/**
 * ask_ourselves() - Whether the API server still knows the identity of the run
 * @in:		Way that a 401 was the answer of
 *
 * A kubelet's 401 is handed through as if it were the API server's own. This question is
 * for no kubelet.
 *
 * Return: 0 if so; -EACCES where it does not, and api_error() says so; -ECANCELED, -ENOMEM
 */
static int ask_ourselves(struct inward *in)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	buf_printf(&path, "/api/v1/namespaces/%s/pods?limit=1", in->space);
	r = buf_error(&path);
	if (r == 0)
		r = api_get_text(in->api, path.data, live_deadline(WAY_S),
				 &text);
	return r == -EACCES || r == -ECANCELED || r == -ENOMEM ? r : 0;
}

/**
 * conclude() - What came of a way
 * @in:		Way
 * @way:	Its row
 * @r:		What it returned
 *
 * Return: 0; -ECANCELED, -ENOMEM, or -EACCES for an identity that is not known any more,
 *	   which are no results
 */
static int conclude(struct inward *in, const struct way *way, int r)
{
	struct result *result = in->result;
	const char *answered, *words;
	enum reason reason;
	int own = r;

	if (in->words.len == 0)
		buf_puts(&in->words, api_error(in->api));
	words = buf_text(&in->words);
	if (r == -EACCES)
		own = ask_ourselves(in);
	if (own == -ECANCELED || own == -ENOMEM || own == -EACCES)
		return own;
	if (r == 0) {
		answered = result_get_fact(result, "answered");
		(void)snprintf(result->detail, sizeof(result->detail),
			       "%s on node '%.150s'", way->does,
			       answered ? answered : in->node->name);
		return 0;
	}
	reason = judge_way(r, words, in->n > 0);
	(void)snprintf(result->detail, sizeof(result->detail), "%.255s",
		       without_urls(words));
	live_check_fail(result, reason_token(reason));
	if (reason == REASON_NO_PERMISSION)
		result->verdict = VERDICT_SKIP;
	return 0;
}

/**
 * try_way() - Try one way to one node
 * @live:	Run; gets the result
 * @way:	Which
 * @n:		Node; NULL: the service, see live_name_service()
 * @ret:	Gets the result as well
 *
 * Return: 0, or as conclude()
 */
static int try_way(struct live *live, const struct way *way,
		   const struct world_node *n, struct result *ret)
{
	int64_t begin = loop_now();
	struct inward in = {
		.api = live->api,
		.space = live->space,
		.node = n,
		.deadline_ns = live_deadline(WAY_S),
		.result = ret,
	};
	int r;

	live_check_begin(LIVE_INWARD, way->variant, n ? n->name : "", ret);
	(void)snprintf(ret->proto, sizeof(ret->proto), "%s", way->proto);
	if (n)
		where(way, n, ret);
	r = way->ask(&in);
	ret->duration_ns = loop_now() - begin;
	r = conclude(&in, way, r);
	buf_release(&in.words);
	return r < 0 ? r : results_add(&live->report->results, ret);
}

/**
 * block_way() - Do not try a way that begins with one that was closed
 * @live:	Run; gets the result
 * @way:	Which
 * @n:		Node
 *
 * Return: 0 or -ENOMEM
 */
static int block_way(struct live *live, const struct way *way,
		     const struct world_node *n)
{
	struct result result;

	live_check_begin(LIVE_INWARD, way->variant, n->name, &result);
	where(way, n, &result);
	result.verdict = VERDICT_BLOCKED;
	(void)snprintf(result.reason, sizeof(result.reason), "%s",
		       reason_token(REASON_PREREQUISITE));
	(void)snprintf(result.blocked_by, sizeof(result.blocked_by),
		       "API-3@host:%.30s", n->name);
	(void)snprintf(result.detail, sizeof(result.detail),
		       "the kubelet gave no answer");
	return results_add(&live->report->results, &result);
}

/**
 * learn_domain() - Take the cluster's domain from a responder, unless it is known
 * @w:		World
 * @result:	Result that may have it
 */
static void learn_domain(struct world *w, const struct result *result)
{
	const char *domain = result_get_fact(result, "cluster_domain");

	if (domain && !w->domain[0])
		(void)snprintf(w->domain, sizeof(w->domain), "%s", domain);
}

/**
 * look_into_node() - Try all ways into the responder of a node
 * @live:	Run
 * @n:		Node; is lost where its logs cannot be had, for results are read as such
 *
 * Return: 0, or as conclude()
 */
static int look_into_node(struct live *live, struct world_node *n)
{
	bool silent = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < WAYS_OF_A_NODE; i++) {
		struct result result;

		if (silent && ways[i].kubelet) {
			r = block_way(live, &ways[i], n);
			continue;
		}
		r = try_way(live, &ways[i], n, &result);
		if (r == 0)
			learn_domain(&live->world, &result);
		if (r < 0 || result.verdict != VERDICT_FAIL)
			continue;
		if (ways[i].ask == ask_log)
			n->lost = true;
		silent |= ways[i].kubelet &&
			  reason_is(result.reason, REASON_TIMEOUT);
	}
	return r;
}

/**
 * live_name_service() - Say whose the way to the service was
 * @w:		World
 * @result:	What came of it: of the node whose pod answered, or which the API server
 *		says it could not reach; else of that server, for nobody knows of a node
 */
void live_name_service(const struct world *w, struct result *result)
{
	const char *answered = result_get_fact(result, "answered");

	(void)snprintf(result->vantage, sizeof(result->vantage), VANTAGE_API);
	(void)snprintf(result->dst, sizeof(result->dst), SERVICE ".%.63s",
		       w->web_space);
	for (size_t i = 0; i < w->n_nodes; i++) {
		const struct world_node *n = &w->nodes[i];

		if (answered ? strcmp(answered, n->name) != 0 :
			       !judge_dialled(result->detail, n->responder))
			continue;
		(void)snprintf(result->vantage, sizeof(result->vantage),
			       "host:%.80s", n->name);
		where(&ways[WAYS_OF_A_NODE], n, result);
	}
}

/**
 * look_into_service() - Try the way to the service, which ends at any of its pods
 * @live:	Run
 *
 * Return: 0, or as conclude()
 */
static int look_into_service(struct live *live)
{
	struct results *results = &live->report->results;
	struct result result;
	int r = try_way(live, &ways[WAYS_OF_A_NODE], NULL, &result);

	if (r == 0)
		live_name_service(&live->world,
				  &results->items[results->n - 1]);
	return r;
}

/**
 * live_look_inward() - API-3: try the API's ways into the responders
 * @live:	Run, its responders ready
 *
 * Return: 0, or an errno after saying why
 */
int live_look_inward(struct live *live)
{
	bool any = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < live->world.n_nodes; i++) {
		struct world_node *n = &live->world.nodes[i];

		if (n->lost || !n->responder[0])
			continue;
		any = true;
		r = look_into_node(live, n);
	}
	if (r == 0 && any)
		r = look_into_service(live);
	return r < 0 ? live_told(live, r) : 0;
}
