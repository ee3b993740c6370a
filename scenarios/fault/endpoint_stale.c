/* SPDX-License-Identifier: Apache-2.0 */

/*
 * endpoint-stale: services go on sending connections to a pod that is gone
 *
 * An EndpointSlice belongs to whom its label says. One that a controller has left behind,
 * or somebody has written by hand, is nobody's to correct: kube-proxy believes it, and a
 * fixed share of the connections dies. A process of the lab plays that controller: it
 * puts such a slice beside those of each service the suite makes. The address is one of
 * node2's pods that there is not.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"

#include <stdio.h>
#include <string.h>

#define CONTROLLER "stale-controller"
#define OWNER      "left-behind.shoot6"
#define SLICES     "/apis/discovery.k8s.io/v1/endpointslices"
#define ADMIN      CLUSTER_ETC "/pki/admin.conf"
#define CALL_S     10
#define FOR_EVER_S 86400
#define SPACE      "shoot6-" /* what namespaces of the suite begin with */

/* Namespace, service, node's pods without the "::/112". */
static const char slice[] =
	"{\"apiVersion\": \"discovery.k8s.io/v1\", \"kind\": \"EndpointSlice\","
	" \"metadata\": {\"namespace\": \"%s\", \"name\": \"%s-left-behind\","
	" \"labels\": {\"kubernetes.io/service-name\": \"%s\","
	" \"endpointslice.kubernetes.io/managed-by\": \"" OWNER "\"}},"
	" \"addressType\": \"IPv6\","
	" \"endpoints\": [{\"addresses\": [\"2001:db8:10:0:2::dead\"],"
	" \"nodeName\": \"node2\", \"conditions\": {\"ready\": true}}],"
	" \"ports\": ["
	"{\"name\": \"http\", \"port\": 8080, \"protocol\": \"TCP\"},"
	" {\"name\": \"echo\", \"port\": 7777, \"protocol\": \"UDP\"}]}";

/**
 * see_service() - A service is there or has changed
 * @arg:	struct api, another than the one that watches
 * @event:	"ADDED", ...
 * @service:	The service
 *
 * Return: 0 to go on, or see api.h
 */
static int see_service(void *arg, const char *event, const struct json *service)
{
	const char *space = json_get_string(service, "metadata.namespace");
	const char *name = json_get_string(service, "metadata.name");
	const char *type = json_get_string(service, "spec.type");
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	if (!space || !name || !type || strcmp(event, "ADDED") != 0 ||
	    strncmp(space, SPACE, strlen(SPACE)) != 0 ||
	    strcmp(type, "NodePort") != 0)
		return 0;
	buf_printf(&text, slice, space, name, name);
	r = buf_error(&text);
	if (r == 0)
		r = api_apply(arg, buf_text(&text), lab_deadline(CALL_S));
	if (r < 0)
		printf("%s/%s: %s\n", space, name, api_error(arg));
	return r;
}

/**
 * control() - The life of the controller, in node 1
 * @arg:	Not used
 *
 * Return: exit status
 */
static int control(void *arg)
{
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	_cleanup_(api_freep) struct api *api = NULL;
	_cleanup_(api_freep) struct api *write = NULL;
	int r;

	(void)arg;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	r = api_open(ADMIN, &api, &problem);
	if (r == 0)
		r = api_open(ADMIN, &write, &problem);
	if (r < 0) {
		puts(buf_text(&problem));
		return 1;
	}
	puts("watching");
	r = api_watch(api, "/api/v1/services", lab_deadline(FOR_EVER_S),
		      see_service, write);
	if (r < 0)
		puts(api_error(api));
	return r < 0;
}

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	static const struct spawn_opts opts = { .ready = "watching" };
	struct cluster *c = lab->data;
	struct daemon *d;
	int r = member_fork(c->control, CONTROLLER, control, NULL, &opts, &d);

	return r < 0 ? r : daemon_wait(d, lab_deadline(20));
}

/**
 * remove_slices() - Remove what the controller has left behind
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
static int remove_slices(struct cluster *c)
{
	_cleanup_(json_freep) struct json *list = NULL;
	int r = api_get(c->api,
			SLICES "?labelSelector=endpointslice.kubernetes.io"
			       "%2Fmanaged-by%3D" OWNER,
			lab_deadline(CALL_S), &list);
	const struct json *item = json_first(json_get(list, "items"));

	for (; r == 0 && item; item = json_next(item)) {
		char path[640];

		(void)snprintf(path, sizeof(path),
			       "/apis/discovery.k8s.io/v1/namespaces/%.253s/"
			       "endpointslices/%.253s",
			       json_get_string(item, "metadata.namespace"),
			       json_get_string(item, "metadata.name"));
		r = api_delete(c->api, path, lab_deadline(CALL_S));
	}
	return r < 0 ? cluster_failed(c, r, "stale slices to be removed") : 0;
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	struct cluster *c = lab->data;

	daemon_stop(member_daemon(c->control, CONTROLLER));
	return remove_slices(c);
}

const struct fault fault_endpoint_stale = {
	.name = "endpoint-stale",
	.summary = "services of the suite keep an endpoint that is gone",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "stale-endpoint",
	.red = { "SVC-2" },
	.blocked = { "SVC-1", "SVC-4" },
};
