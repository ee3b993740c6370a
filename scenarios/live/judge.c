/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/judge.h"

#include "lib/addr.h"
#include "scenarios/live/checks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Words of a kubelet's message that tell why a node is not ready. */
static const struct {
	const char *words;
	enum reason reason;
} messages[] = {
	{ "NetworkPluginNotReady", REASON_CNI_MISSING },
	{ "cni plugin not initialized", REASON_CNI_MISSING },
	{ "container runtime is down", REASON_RUNTIME_DOWN },
	{ "", REASON_POD_NOT_READY },
};

/* Why a container waits, where waiting longer is no use. */
static const char *const hopeless[] = { "ErrImagePull", "ImagePullBackOff",
					"InvalidImageName",
					"ErrImageNeverPull" };

/**
 * judge_addresses() - ADR-4: a node's addresses are IPv6
 * @node:	Node of the API
 * @name:	Its name
 * @dual_stack:	IPv4 may be there as well
 * @results:	Gets one
 *
 * Return: 0, or as results_add()
 */
static int judge_addresses(const struct json *node, const char *name,
			   bool dual_stack, struct results *results)
{
	const struct json *a = json_first(json_get(node, "status.addresses"));
	const char *wrong = NULL, *right = NULL;
	struct result r;
	struct addr addr;

	for (; a; a = json_next(a)) {
		const char *type = json_get_string(a, "type");
		const char *text = json_get_string(a, "address");

		if (!type || !text || strcmp(type, "InternalIP") != 0 ||
		    addr_parse(text, &addr) < 0)
			continue;
		if (addr.family == AF_INET6)
			right = text;
		else
			wrong = text;
	}
	live_check_begin(LIVE_ADDRESS, "", name, &r);
	if (!wrong && !right)
		return 0; /* no kubelet has been there yet */
	if (right && (dual_stack || !wrong)) {
		(void)snprintf(r.detail, sizeof(r.detail),
			       "the InternalIP is %s", right);
		return results_add(results, &r);
	}
	(void)snprintf(r.detail, sizeof(r.detail),
		       "wanted an IPv6 InternalIP alone, got %s%s%s", wrong,
		       right ? " and " : "", right ? right : "");
	result_fact(&r, "address", "%s", wrong);
	live_check_fail(&r, reason_token(REASON_WRONG_FAMILY));
	return results_add(results, &r);
}

/**
 * judge_ready() - RUN-1: a node that is not ready
 * @node:	Node of the API
 * @name:	Its name
 * @results:	Gets one if it is not
 *
 * Return: 0, or as results_add()
 */
static int judge_ready(const struct json *node, const char *name,
		       struct results *results)
{
	const struct json *c = json_first(json_get(node, "status.conditions"));
	const char *status = NULL, *text = NULL;
	struct result r;
	size_t i = 0;

	for (; c; c = json_next(c)) {
		const char *type = json_get_string(c, "type");

		if (type && strcmp(type, "Ready") == 0)
			break;
	}
	status = json_get_string(c, "status");
	text = json_get_string(c, "message");
	if (!status || strcmp(status, "True") == 0)
		return 0;
	live_check_begin(LIVE_RUN, "node", name, &r);
	while (!strstr(text ? text : "", messages[i].words))
		i++;
	(void)snprintf(r.detail, sizeof(r.detail),
		       "the node is not ready: %.220s", text ? text : status);
	live_check_fail(&r, reason_token(messages[i].reason));
	return results_add(results, &r);
}

/**
 * judge_node() - What is wrong with a node
 * @node:	Node of the API
 * @dual_stack:	IPv4 may be there as well
 * @results:	Gets what was found
 *
 * Return: 0, or as results_add()
 */
int judge_node(const struct json *node, bool dual_stack,
	       struct results *results)
{
	const char *name = json_get_string(node, "metadata.name");
	int r;

	if (!name)
		return 0;
	r = judge_addresses(node, name, dual_stack, results);
	return r < 0 ? r : judge_ready(node, name, results);
}

/**
 * judge_pod() - Whether a pod can never start for want of its image
 * @pod:	Pod of the API
 * @results:	Gets one if so
 *
 * Return: 1 if so, 0 if there is hope, or as results_add()
 */
int judge_pod(const struct json *pod, struct results *results)
{
	const struct json *c =
		json_first(json_get(pod, "status.containerStatuses"));
	const char *node = json_get_string(pod, "spec.nodeName");

	for (; node && c; c = json_next(c)) {
		const char *why = json_get_string(c, "state.waiting.reason");
		const char *text = json_get_string(c, "state.waiting.message");
		const char *image = json_get_string(c, "image");
		struct result r;
		int e;

		for (size_t i = 0; why && i < ARRAY_SIZE(hopeless); i++) {
			if (strcmp(hopeless[i], why) != 0)
				continue;
			live_check_begin(LIVE_RUN, "pod", node, &r);
			(void)snprintf(r.detail, sizeof(r.detail), "%s: %.220s",
				       why, text ? text : "");
			result_fact(&r, "image", "%s", image ? image : "");
			live_check_fail(&r, reason_token(REASON_IMAGE_PULL));
			e = results_add(results, &r);
			return e < 0 ? e : 1;
		}
	}
	return 0;
}

/*
 * What the API server says of its own connections (Go's words), the more telling first.
 * A kubelet's own refusals name what it was asked for: resource=nodes.
 */
static const struct {
	const char *words;
	enum reason reason;
} way_words[] = {
	{ "resource=nodes", REASON_FORBIDDEN },
	{ "client to provide credentials", REASON_UNAUTHORIZED },
	{ "upgrade connection: Unauthorized", REASON_UNAUTHORIZED },
	{ "certificate is valid for", REASON_TLS_NAME },
	{ "contain any IP SANs", REASON_TLS_NAME },
	{ "not valid for any names", REASON_TLS_NAME },
	{ "has expired or is not yet valid", REASON_TLS_EXPIRED },
	{ "x509: ", REASON_TLS_VERIFY },
	{ "TLS handshake timeout", REASON_TIMEOUT },
	{ "tls: ", REASON_TLS_HANDSHAKE },
	{ "connection refused", REASON_REFUSED },
	{ "network is unreachable", REASON_NET_UNREACHABLE },
	{ "no route to host", REASON_ADDR_UNREACHABLE },
	{ "connect: permission denied", REASON_ADMIN_PROHIBITED },
	{ "connection reset", REASON_RESET },
	{ "i/o timeout", REASON_TIMEOUT },
	{ "connection timed out", REASON_TIMEOUT },
	{ "deadline exceeded", REASON_TIMEOUT },
	{ "No agent available", REASON_TIMEOUT }, /* konnectivity's tunnel */
};

/**
 * of_runtime() - Whether a kubelet says that its runtime does not answer
 * @words:	What the API server hands through: 'rpc error: ... dial unix
 *		/run/containerd/containerd.sock: connect: connection refused', or a log
 *		that is none
 *
 * The API server has sockets of that kind too, to a tunnel (konnectivity); then it says
 * that it is dialling.
 *
 * Return: whether
 */
static bool of_runtime(const char *words)
{
	return strstr(words, "unable to retrieve container logs for ") ||
	       (strstr(words, "dial unix ") &&
		!strstr(words, "error dialing backend") &&
		!strstr(words, "Get \"https://"));
}

/**
 * judge_way() - Why the API's way into a pod failed
 * @r:		What the call returned, see api.h; -EREMOTEIO: the kubelet itself says what
 *		happened in the pod, so it was reached
 * @words:	What the API server says
 * @some:	Whether bytes had come
 *
 * Return: reason
 */
enum reason judge_way(int r, const char *words, bool some)
{
	if (of_runtime(words))
		return REASON_RUNTIME_DOWN;
	for (size_t i = 0; r != -EREMOTEIO && i < ARRAY_SIZE(way_words); i++)
		if (strstr(words, way_words[i].words))
			return way_words[i].reason;
	switch (r) {
	case -EPERM:
		return REASON_NO_PERMISSION;
	case -EACCES:
		return REASON_UNAUTHORIZED;
	case -ETIMEDOUT:
		return some ? REASON_STALLED : REASON_TIMEOUT;
	case -ECONNRESET:
	case -EPIPE:
		return REASON_RESET;
	default:
		return REASON_HTTP_STATUS;
	}
}

/**
 * judge_dialled() - Whether the API server says that it tried to reach an address
 * @words:	What it says: "dial tcp [2001:db8::2]:8080: i/o timeout"
 * @address:	IPv6 address, as text
 *
 * Return: whether; not for one that @address is only the beginning of
 */
bool judge_dialled(const char *words, const char *address)
{
	char wanted[ADDR_STRLEN + 8];

	(void)snprintf(wanted, sizeof(wanted), "[%s]:", address);
	return *address && strstr(words, wanted);
}

/**
 * judge_log() - Whether a prober's log ends as it should
 * @log:	The log; its last line is taken off where it does
 *
 * Return: whether the last line says how many results are before it
 */
bool judge_log(struct buf *log)
{
	_cleanup_(json_freep) struct json *end = NULL;
	const char *line;
	size_t n = 0, at;

	if (log->len == 0 || log->data[log->len - 1] != '\n')
		return false;
	line = memrchr(log->data, '\n', log->len - 1);
	at = line ? (size_t)(line + 1 - log->data) : 0;
	for (size_t i = 0; i < at; i++)
		n += log->data[i] == '\n';
	if (json_parse(log->data + at, log->len - at, &end) < 0 ||
	    json_get_int(end, "results", -1) != (int64_t)n)
		return false;
	buf_truncate(log, at);
	return true;
}
