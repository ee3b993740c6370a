/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cleanup.h"
#include "scenarios/live/judge.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define V6     "{\"type\":\"InternalIP\",\"address\":\"2001:db8::1\"}"
#define V4     "{\"type\":\"InternalIP\",\"address\":\"192.0.2.1\"}"
#define NAME   "{\"type\":\"Hostname\",\"address\":\"n\"}"
#define READY  "{\"type\":\"Ready\",\"status\":\"True\",\"message\":\"ok\"}"
#define NOT(m) "{\"type\":\"Ready\",\"status\":\"False\",\"message\":\"" m "\"}"
#define NODE(addresses, condition)                                             \
	"{\"metadata\":{\"name\":\"n\"},\"status\":{\"addresses\":[" addresses \
	"],\"conditions\":[" condition "]}}"

static const struct {
	const char *what, *node;
	bool dual_stack;
	const char *wanted; /* "ID verdict reason" of each, a space after */
} nodes[] = {
	{ "well", NODE(V6 "," NAME, READY), false, "ADR-4 pass  " },
	{ "IPv4 alone", NODE(V4 "," NAME, READY), false,
	  "ADR-4 fail wrong-family " },
	{ "IPv4 alone in dual stack", NODE(V4, READY), true,
	  "ADR-4 fail wrong-family " },
	{ "both", NODE(V4 "," V6, READY), false, "ADR-4 fail wrong-family " },
	{ "both in dual stack", NODE(V6 "," V4, READY), true, "ADR-4 pass  " },
	{ "no CNI", NODE(V6, NOT("reason:NetworkPluginNotReady message:x")),
	  false, "ADR-4 pass  RUN-1 fail cni-missing " },
	{ "no runtime", NODE(V6, NOT("[container runtime is down, PLEG is x]")),
	  false, "ADR-4 pass  RUN-1 fail runtime-down " },
	{ "some other reason", NODE(V6, NOT("PLEG is not healthy")), false,
	  "ADR-4 pass  RUN-1 fail pod-not-ready " },
	{ "no kubelet yet", NODE("", ""), false, "" },
	{ "no node", "{}", false, "" },
};

#define POD(state)                                                         \
	"{\"spec\":{\"nodeName\":\"n\"},\"status\":{\"containerStatuses\"" \
	":[{\"image\":\"x:1\",\"state\":{" state "}}]}}"
#define WAITS(why) "\"waiting\":{\"reason\":\"" why "\",\"message\":\"m\"}"

static const struct {
	const char *what, *pod;
	int r;
	const char *wanted;
} pods[] = {
	{ "runs", POD("\"running\":{}"), 0, "" },
	{ "is made", POD(WAITS("ContainerCreating")), 0, "" },
	{ "no image", POD(WAITS("ErrImagePull")), 1, "RUN-1 fail image-pull " },
	{ "no image again", POD(WAITS("ImagePullBackOff")), 1,
	  "RUN-1 fail image-pull " },
	{ "nowhere yet", "{\"status\":{}}", 0, "" },
};

/* The words are those of real API servers, 1.32 to 1.35. */
static const struct {
	const char *words;
	int r;
	bool some;
	enum reason wanted;
} ways[] = {
	{ "500: Get \"https://[2001:db8::2]:10250/containerLogs/t/a/c\": dial "
	  "tcp [2001:db8::2]:10250: connect: connection refused",
	  -EIO, false, REASON_REFUSED },
	{ "500: error dialing backend: dial tcp [2001:db8::2]:10250: i/o "
	  "timeout",
	  -EIO, false, REASON_TIMEOUT },
	{ "GET /x: timed out", -ETIMEDOUT, false, REASON_TIMEOUT },
	{ "GET /x: timed out", -ETIMEDOUT, true, REASON_STALLED },
	{ "500: tls: failed to verify certificate: x509: certificate is valid "
	  "for 192.0.2.1, not 2001:db8::2",
	  -EIO, false, REASON_TLS_NAME },
	{ "500: x509: cannot validate certificate for 2001:db8::2 because it "
	  "doesn't contain any IP SANs",
	  -EIO, false, REASON_TLS_NAME },
	{ "500: tls: failed to verify certificate: x509: certificate signed "
	  "by unknown authority",
	  -EIO, false, REASON_TLS_VERIFY },
	{ "500: x509: certificate has expired or is not yet valid", -EIO, false,
	  REASON_TLS_EXPIRED },
	{ "500: remote error: tls: bad certificate", -EIO, false,
	  REASON_TLS_HANDSHAKE },
	{ "403: Forbidden (user=kube-apiserver, verb=get, resource=nodes, "
	  "subresource(s)=[proxy])",
	  -EPERM, false, REASON_FORBIDDEN },
	{ "401: the server has asked for the client to provide credentials",
	  -EACCES, false, REASON_UNAUTHORIZED },
	{ "exec: Internal error occurred: unable to upgrade connection: "
	  "Unauthorized",
	  -EBADMSG, false, REASON_UNAUTHORIZED },
	{ "403: pods \"a\" is forbidden: User \"u\" cannot get resource "
	  "\"pods/exec\" in API group \"\" in the namespace \"t\"",
	  -EPERM, false, REASON_NO_PERMISSION },
	{ "503: error trying to reach service: dial tcp [2001:db8:5::2]:8080: "
	  "connect: network is unreachable",
	  -EAGAIN, false, REASON_NET_UNREACHABLE },
	{ "503: error trying to reach service: dial tcp [2001:db8:5::2]:8080: "
	  "connect: no route to host",
	  -EAGAIN, false, REASON_ADDR_UNREACHABLE },
	{ "500: No agent available", -EIO, false, REASON_TIMEOUT },
	{ "GET /x: closed by the server", -ECONNRESET, true, REASON_RESET },
	{ "exec: Internal error occurred: error dialing backend: dial tcp "
	  "[2001:db8::2]:10250: connect: permission denied",
	  -EBADMSG, false, REASON_ADMIN_PROHIBITED },
	{ "exec: Internal error occurred: unable to upgrade connection: rpc "
	  "error: code = Unavailable desc = connection error: desc = "
	  "\"transport: Error while dialing: dial unix "
	  "/run/containerd/containerd.sock: connect: connection refused\"",
	  -EBADMSG, false, REASON_RUNTIME_DOWN },
	{ "log: wanted 'ready', got 'unable to retrieve container logs for "
	  "containerd://667921d5a818'",
	  -EBADMSG, false, REASON_RUNTIME_DOWN },
	{ "500: error dialing backend: dial unix /run/konnectivity.sock: "
	  "connect: connection refused",
	  -EIO, false, REASON_REFUSED },
	/* What the kubelet and its runtime say: the way to them is open. */
	{ "port-forward: error forwarding port 8080 to pod a: failed to connect "
	  "to localhost:8080: dial tcp6 [::1]:8080: connect: connection refused",
	  -EREMOTEIO, false, REASON_HTTP_STATUS },
	{ "exec: Internal error occurred: error executing command in container: "
	  "unable to start container process: exec: \"/x\": permission denied",
	  -EBADMSG, false, REASON_HTTP_STATUS },
	{ "404: container c not found in pod a", -ENOENT, false,
	  REASON_HTTP_STATUS },
};

/**
 * test_ways() - Why the API's way into a pod failed
 */
static void test_ways(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		CHECK_STR(ways[i].words, reason_token(ways[i].wanted),
			  reason_token(judge_way(ways[i].r, ways[i].words,
						 ways[i].some)));
}

/**
 * test_dialled() - Whose address the API server could not reach
 */
static void test_dialled(void)
{
	static const char words[] =
		"dial tcp [2001:db8:5::12]:8080: i/o timeout";

	CHECK_TRUE("it", judge_dialled(words, "2001:db8:5::12"));
	CHECK_TRUE("its beginning", !judge_dialled(words, "2001:db8:5::1"));
	CHECK_TRUE("no address", !judge_dialled(words, ""));
}

/**
 * parse() - Read a constant
 * @text:	JSON
 *
 * Return: it; the caller frees it
 */
static struct json *parse(const char *text)
{
	struct json *j = NULL;

	CHECK_INT(text, 0, json_parse(text, strlen(text), &j));
	return j;
}

/**
 * check_results() - Compare what was found
 * @what:	Case
 * @wanted:	See nodes[]
 * @all:	Results; released
 */
static void check_results(const char *what, const char *wanted,
			  struct results *all)
{
	_cleanup_(buf_release) struct buf got = BUF_INIT;

	for (size_t i = 0; i < all->n; i++) {
		const struct result *r = &all->items[i];

		buf_printf(&got, "%s %s %s ", r->id,
			   r->verdict == VERDICT_PASS ? "pass" : "fail",
			   r->reason);
		CHECK_STR(what, "host:n", r->vantage);
	}
	CHECK_STR(what, wanted, buf_text(&got));
	results_release(all);
}

/**
 * test_nodes() - What is found of each node
 */
static void test_nodes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		_cleanup_(json_freep) struct json *j = parse(nodes[i].node);
		struct results all = { 0 };

		CHECK_INT(nodes[i].what, 0,
			  judge_node(j, nodes[i].dual_stack, &all));
		check_results(nodes[i].what, nodes[i].wanted, &all);
	}
}

/**
 * test_pods() - Which pods there is no hope for
 */
static void test_pods(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		_cleanup_(json_freep) struct json *j = parse(pods[i].pod);
		struct results all = { 0 };

		CHECK_INT(pods[i].what, pods[i].r, judge_pod(j, &all));
		check_results(pods[i].what, pods[i].wanted, &all);
	}
}

static const struct {
	const char *what, *log;
	bool whole;
	const char *rest;
} logs[] = {
	{ "two results", "{}\n{}\n{\"results\":2}\n", true, "{}\n{}\n" },
	{ "none", "{\"results\":0}\n", true, "" },
	{ "nothing", "", false, "" },
	{ "cut off at the end of a line", "{}\n", false, "{}\n" },
	{ "cut off in the middle of one", "{}\n{\"id", false, "{}\n{\"id" },
	{ "the last line cut off", "{}\n{\"results\":1}", false,
	  "{}\n{\"results\":1}" },
	{ "one is missing", "{}\n{\"results\":2}\n", false,
	  "{}\n{\"results\":2}\n" },
	{ "what a program says that cannot start", "probe-suite: x\n", false,
	  "probe-suite: x\n" },
};

/**
 * test_logs() - Logs of probers, whole and cut off
 */
static void test_logs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		_cleanup_(buf_release) struct buf log = BUF_INIT;

		buf_puts(&log, logs[i].log);
		CHECK_INT(logs[i].what, logs[i].whole, judge_log(&log));
		CHECK_STR(logs[i].what, logs[i].rest, buf_text(&log));
	}
}

UNIT_SUITE(judge, { "nodes", test_nodes }, { "pods", test_pods },
	   { "ways of the API", test_ways }, { "dialled", test_dialled },
	   { "logs", test_logs });
