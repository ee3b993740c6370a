/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is said where something does not come: who has failed, why, and their last lines.
 */
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#define TAIL_LINES 4
#define TAIL_BYTES 700 /* of these lines */
#define ASK_S      5 /* the API, for what it knows */

/**
 * add_lines() - The last lines of a text
 * @out:	They are appended, each on a line of its own
 * @who:	Whose, e.g. "kubelet"
 * @text:	Text, not NULL
 */
static void add_lines(struct buf *out, const char *who, const char *text)
{
	size_t len = strlen(text), at;
	int lines = 0;

	while (len && text[len - 1] == '\n')
		len--;
	for (at = len; at > 0 && len - at < TAIL_BYTES; at--)
		if (text[at - 1] == '\n' && ++lines == TAIL_LINES)
			break;
	if (!len)
		return;
	buf_printf(out, "; last lines of '%s':", who);
	while (at < len) {
		size_t n = strcspn(text + at, "\n");

		n = MIN(n, len - at);
		buf_printf(out, "\n  %.*s", (int)n, text + at);
		at += n + 1;
	}
}

/**
 * add_tail() - The last lines of a daemon's log
 * @out:	They are appended
 * @d:		Daemon, or NULL
 */
static void add_tail(struct buf *out, const struct daemon *d)
{
	_cleanup_(buf_release) struct buf log = BUF_INIT;

	if (d && buf_read_file(&log, d->log) == 0)
		add_lines(out, d->name, buf_text(&log));
}

/**
 * add_end() - How a daemon has ended
 * @out:	Gets words
 * @d:		Daemon that has
 */
static void add_end(struct buf *out, const struct daemon *d)
{
	siginfo_t info = { 0 };

	/* Left to the holder's loop to reap. */
	if (waitid(P_PIDFD, (id_t)d->proc.pidfd, &info,
		   WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    !info.si_pid)
		return;
	if (info.si_code == CLD_EXITED)
		buf_printf(out, " with exit code %d", info.si_status);
	else
		buf_printf(out, " by signal %d", info.si_status);
}

/**
 * cluster_ended() - A daemon of the cluster that has ended
 * @c:		Cluster
 *
 * Return: daemon, or NULL where all run
 */
struct daemon *cluster_ended(const struct cluster *c)
{
	struct epoll_event event;

	return epoll_wait(c->guard_fd, &event, 1, 0) == 1 ? event.data.ptr :
							    NULL;
}

/**
 * add_static_pods() - The last lines of the static pods of node 1
 * @c:		Cluster
 * @out:	They are appended
 *
 * The API cannot tell of them as long as one of them is the API server.
 */
static void add_static_pods(const struct cluster *c, struct buf *out)
{
	static const char *const names[] = { "etcd", "kube-apiserver" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(buf_release) struct buf log = BUF_INIT;
		glob_t found = { 0 };
		char path[160];

		(void)snprintf(path, sizeof(path),
			       "/proc/%d/root/var/log/pods/kube-system_%s-*/*/"
			       "*.log",
			       c->control->init.pid, names[i]);
		if (glob(path, 0, NULL, &found) == 0 &&
		    buf_read_file(&log, found.gl_pathv[found.gl_pathc - 1]) ==
			    0)
			add_lines(out, names[i], buf_text(&log));
		globfree(&found);
	}
}

/**
 * cluster_failed() - Say what a wait ended with
 * @c:		Cluster
 * @error:	-ECANCELED where a daemon may have ended, -ETIMEDOUT, or what the API said
 * @what:	What was waited for
 *
 * Return: @error; -ECHILD where a daemon has ended
 */
int cluster_failed(struct cluster *c, int error, const char *what)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct daemon *d = cluster_ended(c);

	if (d) {
		add_end(&text, d);
		add_tail(&text, d);
		(void)lab_fail(c->lab, 0, "'%s' of '%s' has ended%s", d->name,
			       d->member->name, buf_text(&text));
		return -ECHILD;
	}
	if (error != -ETIMEDOUT && c->api)
		buf_printf(&text, ": %s", api_error(c->api));
	else if (c->outside->static_pods)
		add_static_pods(c, &text);
	else
		add_tail(&text, member_daemon(c->control, "kube-apiserver"));
	(void)lab_fail(c->lab, 0, "waited in vain for %s%s", what,
		       buf_text(&text));
	return error;
}

/**
 * condition() - A condition of an object
 * @object:	Object of the API
 * @type:	Its type
 *
 * Return: condition, or NULL
 */
static const struct json *condition(const struct json *object, const char *type)
{
	const struct json *j =
		json_first(json_get(object, "status.conditions"));

	for (; j; j = json_next(j)) {
		const char *name = json_get_string(j, "type");

		if (name && strcmp(name, type) == 0)
			return j;
	}
	return NULL;
}

/**
 * cluster_node_failed() - Say why a node is not ready
 * @c:		Cluster
 * @n:		Its number
 *
 * Return: -ETIMEDOUT
 */
int cluster_node_failed(struct cluster *c, unsigned int n)
{
	_cleanup_(json_freep) struct json *node = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const char *why = NULL;
	char path[48];

	(void)snprintf(path, sizeof(path), "/api/v1/nodes/node%u", n);
	if (api_get(c->api, path, lab_deadline(ASK_S), &node) == 0)
		why = json_get_string(condition(node, "Ready"), "message");
	add_tail(&text, member_daemon(cluster_node(c, n), "kubelet"));
	(void)lab_fail(c->lab, 0, "waited in vain for 'node%u': %.300s%s", n,
		       why ? why : "its kubelet has never reported",
		       buf_text(&text));
	return -ETIMEDOUT;
}

/* Why a container waits, where waiting longer is no use. */
static const char *const hopeless[] = { "CrashLoopBackOff", "ErrImagePull",
					"ImagePullBackOff", "ErrImageNeverPull",
					"CreateContainerConfigError" };

/**
 * pod_trouble() - What keeps a pod from being ready
 * @pod:	Pod of the API
 * @ret_why:	One word, or NULL where there is none
 * @ret_text:	What more is said of it, or NULL
 *
 * Return: whether waiting longer is no use
 */
static bool pod_trouble(const struct json *pod, const char **ret_why,
			const char **ret_text)
{
	const struct json *c =
		json_at(json_get(pod, "status.containerStatuses"), 0);
	const struct json *scheduled = condition(pod, "PodScheduled");

	*ret_why = json_get_string(c, "state.waiting.reason");
	*ret_text = json_get_string(c, "state.waiting.message");
	for (size_t i = 0; *ret_why && i < ARRAY_SIZE(hopeless); i++)
		if (strcmp(*ret_why, hopeless[i]) == 0)
			return true;
	if (!c && scheduled) {
		*ret_why = json_get_string(scheduled, "reason");
		*ret_text = json_get_string(scheduled, "message");
	}
	return false;
}

/**
 * add_pod_log() - The last lines a pod has printed, before it was started again
 * @c:		Cluster
 * @name:	Pod of kube-system
 * @out:	They are appended
 */
static void add_pod_log(struct cluster *c, const char *name, struct buf *out)
{
	static const char *const which[] = { "&previous=true", "" };

	for (size_t i = 0; i < ARRAY_SIZE(which); i++) {
		_cleanup_(buf_release) struct buf log = BUF_INIT;
		char path[384];

		(void)snprintf(path, sizeof(path),
			       "/api/v1/namespaces/kube-system/pods/%.253s/log"
			       "?tailLines=%d%s",
			       name, TAIL_LINES, which[i]);
		if (api_get_text(c->api, path, lab_deadline(ASK_S), &log) < 0 ||
		    !log.len)
			continue;
		add_lines(out, name, buf_text(&log));
		return;
	}
}

/**
 * cluster_pods_failed() - Say what is wrong with pods that do not become ready
 * @c:		Cluster
 * @what:	What was waited for
 * @selector:	Their label, "k8s-app%3Dkube-dns"
 * @late:	Say something in any case; false: only where waiting longer is no use
 *
 * Return: -ETIMEDOUT where it was said, 0 where there is hope
 */
int cluster_pods_failed(struct cluster *c, const char *what,
			const char *selector, bool late)
{
	_cleanup_(json_freep) struct json *list = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const char *name, *why, *more, *node;
	const struct json *pod;
	char path[192];

	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces/kube-system/pods?labelSelector=%s",
		       selector);
	if (api_get(c->api, path, lab_deadline(ASK_S), &list) < 0)
		return late ? cluster_failed(c, -ETIMEDOUT, what) : 0;
	for (pod = json_first(json_get(list, "items")); pod;
	     pod = json_next(pod)) {
		bool ready = json_get_bool(
			json_at(json_get(pod, "status.containerStatuses"), 0),
			"ready", false);

		if (ready || (!pod_trouble(pod, &why, &more) && !late))
			continue;
		name = json_get_string(pod, "metadata.name");
		node = json_get_string(pod, "spec.nodeName");
		add_pod_log(c, name, &text);
		(void)lab_fail(c->lab, 0,
			       "waited in vain for %s: pod '%s' on '%s': "
			       "%s%s%.200s%s",
			       what, name, node ? node : "no node",
			       why ? why : "not ready", more ? ": " : "",
			       more ? more : "", buf_text(&text));
		return -ETIMEDOUT;
	}
	return late ? cluster_failed(c, -ETIMEDOUT, what) : 0;
}
