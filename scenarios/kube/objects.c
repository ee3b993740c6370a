/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a new cluster holds: nodes with the ranges the cloud routes to them, CoreDNS.
 *
 * The lab is the cloud's controller: it writes a node's podCIDR, which is what the
 * provider delegates to that node and the router has a route for. The kubelet adopts the
 * object.
 */
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"
#include "scenarios/fabric/fabric.h"
#include "scenarios/kube/images.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define APPLY_S 60

static const char *const manifests[] = {
	"apiVersion: rbac.authorization.k8s.io/v1\n"
	"kind: ClusterRoleBinding\n"
	"metadata: {name: apiserver-kubelet-client}\n"
	"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole,"
	" name: \"system:kubelet-api-admin\"}\n"
	"subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io,"
	" name: kube-apiserver-kubelet-client}]\n",

	"apiVersion: v1\n"
	"kind: ServiceAccount\n"
	"metadata: {name: coredns, namespace: kube-system}\n",

	"apiVersion: rbac.authorization.k8s.io/v1\n"
	"kind: ClusterRole\n"
	"metadata: {name: \"system:coredns\"}\n"
	"rules:\n"
	"- {apiGroups: [\"\"], verbs: [list, watch],"
	" resources: [endpoints, services, pods, namespaces]}\n"
	"- {apiGroups: [discovery.k8s.io], verbs: [list, watch],"
	" resources: [endpointslices]}\n",

	"apiVersion: rbac.authorization.k8s.io/v1\n"
	"kind: ClusterRoleBinding\n"
	"metadata: {name: \"system:coredns\"}\n"
	"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole,"
	" name: \"system:coredns\"}\n"
	"subjects: [{kind: ServiceAccount, name: coredns,"
	" namespace: kube-system}]\n",
};

static const char kube_dns[] =
	"apiVersion: v1\n"
	"kind: Service\n"
	"metadata:\n"
	"  name: kube-dns\n"
	"  namespace: kube-system\n"
	"  labels: {k8s-app: kube-dns, kubernetes.io/cluster-service: \"true\","
	" kubernetes.io/name: CoreDNS}\n"
	"spec:\n"
	"  selector: {k8s-app: kube-dns}\n"
	"  clusterIP: \"" CLUSTER_DNS_VIP "\"\n"
	"  ipFamilies: [IPv6]\n"
	"  ipFamilyPolicy: SingleStack\n"
	"  ports:\n"
	"  - {name: dns, port: 53, protocol: UDP}\n"
	"  - {name: dns-tcp, port: 53, protocol: TCP}\n"
	"  - {name: metrics, port: 9153, protocol: TCP}\n";

/* Tolerations: it may be given to a node before that is ready, and starts as soon as it
 * is. */
static const char coredns[] =
	"apiVersion: apps/v1\n"
	"kind: Deployment\n"
	"metadata: {name: coredns, namespace: kube-system,"
	" labels: {k8s-app: kube-dns}}\n"
	"spec:\n"
	"  replicas: %u\n"
	"  selector: {matchLabels: {k8s-app: kube-dns}}\n"
	"  template:\n"
	"    metadata: {labels: {k8s-app: kube-dns}}\n"
	"    spec:\n"
	"      serviceAccountName: coredns\n"
	"      priorityClassName: system-cluster-critical\n"
	"      dnsPolicy: Default\n"
	"      tolerations:\n"
	"      - {key: node.kubernetes.io/not-ready, operator: Exists,"
	" effect: NoSchedule}\n"
	"      containers:\n"
	"      - name: coredns\n"
	"        image: " IMAGE_COREDNS "\n"
	"        imagePullPolicy: IfNotPresent\n"
	"        args: [-conf, /etc/coredns/Corefile]\n"
	"        ports:\n"
	"        - {containerPort: 53, name: dns, protocol: UDP}\n"
	"        - {containerPort: 53, name: dns-tcp, protocol: TCP}\n"
	"        - {containerPort: 9153, name: metrics, protocol: TCP}\n"
	"        livenessProbe: {httpGet: {path: /health, port: 8080},"
	" initialDelaySeconds: 30}\n"
	"        readinessProbe: {httpGet: {path: /ready, port: 8181},"
	" periodSeconds: 1}\n"
	"        securityContext:\n"
	"          allowPrivilegeEscalation: false\n"
	"          readOnlyRootFilesystem: true\n"
	"          capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}\n"
	"        volumeMounts:\n"
	"        - {name: config, mountPath: /etc/coredns, readOnly: true}\n"
	"      volumes: [{name: config, configMap: {name: coredns}}]\n";

/**
 * apply() - Server-side apply of one object
 * @c:		Cluster
 * @text:	Object
 *
 * Return: 0, or an errno that was told to the user
 */
static int apply(struct cluster *c, const char *text)
{
	int r = api_apply(c->api, text, lab_deadline(APPLY_S));

	return r < 0 ? cluster_failed(c, r, "an object to be made") : 0;
}

/**
 * apply_node() - A node with the range that is routed to it
 * @c:		Cluster
 * @n:		Its number
 *
 * Return: 0, or an errno that was told to the user
 */
static int apply_node(struct cluster *c, unsigned int n)
{
	_cleanup_(json_freep) struct json *j = json_object();
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	bool control = n == 1;
	struct json *o, *spec;
	char range[64];
	int r;

	(void)snprintf(range, sizeof(range), "2001:db8:10:0:%u::/112", n);
	json_set_string(j, "apiVersion", "v1");
	json_set_string(j, "kind", "Node");
	o = json_set_object(j, "metadata");
	json_set_format(o, "name", "node%u", n);
	json_set_string(json_set_object(o, "labels"),
			control ? "node-role.kubernetes.io/control-plane" :
				  "node-role.kubernetes.io/worker",
			"");
	spec = json_set_object(j, "spec");
	json_set_string(spec, "podCIDR", range);
	json_append_string(json_set_array(spec, "podCIDRs"), range);
	if (control && c->n_nodes > 1) {
		o = json_append_object(json_set_array(spec, "taints"));
		json_set_string(o, "key",
				"node-role.kubernetes.io/control-plane");
		json_set_string(o, "effect", "NoSchedule");
	}
	r = json_print(j, JSON_COMPACT, &text);
	return r < 0 ? r : apply(c, buf_text(&text));
}

/**
 * replace() - Put another text in all places of one
 * @text:	Text
 * @cut:	What is looked for; not empty
 * @put:	What stands there afterwards
 * @out:	Gets all of it
 *
 * Return: number of places
 */
static unsigned int replace(const char *text, const char *cut, const char *put,
			    struct buf *out)
{
	unsigned int n = 0;
	const char *at;

	for (; (at = strstr(text, cut)); text = at + strlen(cut), n++) {
		buf_add(out, text, (size_t)(at - text));
		buf_puts(out, put);
	}
	buf_puts(out, text);
	return n;
}

/**
 * apply_corefile() - CoreDNS' configuration, from netsetup
 * @c:		Cluster
 * @cut:	What is wrong in it on purpose; NULL: nothing
 * @put:	What is there in its place
 *
 * CoreDNS synthesises, and asks a resolver that does not.
 *
 * Return: 0, or an errno that was told to the user
 */
static int apply_corefile(struct cluster *c, const char *cut, const char *put)
{
	static const char *const argv[] = {
		"netsetup", "emit",  "corefile",
		"--type",   "dns64", "upstream=" FABRIC_PLAIN,
		NULL
	};
	_cleanup_(buf_release) struct buf out = BUF_INIT, err = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT, other = BUF_INIT;
	_cleanup_(json_freep) struct json *j = json_object();
	struct json *o;
	int r, status = 0;

	r = member_run(c->control, argv, NULL, lab_deadline(20), &out, &err,
		       &status);
	if (r < 0 || status)
		return lab_fail(c->lab, r < 0 ? r : -EIO,
				"netsetup emit corefile: %s", buf_text(&err));
	if (cut && !replace(buf_text(&out), cut, put, &other))
		return lab_fail(c->lab, -ENOENT, "Corefile: '%s'", cut);
	json_set_string(j, "apiVersion", "v1");
	json_set_string(j, "kind", "ConfigMap");
	o = json_set_object(j, "metadata");
	json_set_string(o, "name", "coredns");
	json_set_string(o, "namespace", "kube-system");
	json_set_string(json_set_object(j, "data"), "Corefile",
			buf_text(cut ? &other : &out));
	r = json_print(j, JSON_COMPACT, &text);
	return r < 0 ? r : apply(c, buf_text(&text));
}

/**
 * cluster_objects() - Make nodes and CoreDNS
 * @c:		Cluster, its API serving
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_objects(struct cluster *c)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = 0;

	for (unsigned int n = 1; r == 0 && n <= c->n_nodes; n++)
		r = apply_node(c, n);
	if (r == 0)
		r = apply_corefile(c, NULL, NULL);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(manifests); i++)
		r = apply(c, manifests[i]);
	buf_printf(&text, coredns, c->n_nodes > 2 ? 2 : 1);
	return r < 0 ? r : apply(c, buf_text(&text));
}

/**
 * cluster_services() - Make the service of the cluster's DNS
 * @c:		Cluster, its API ready: before that it has no addresses to give
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_services(struct cluster *c)
{
	return apply(c, kube_dns);
}

/**
 * see_rollout() - CoreDNS has changed
 * @arg:	Not used
 * @event:	Not used
 * @object:	Deployment
 *
 * Return: 1 once all its pods are of the last template and available, 0 to go on
 */
static int see_rollout(void *arg, const char *event, const struct json *object)
{
	int64_t want = json_get_int(object, "spec.replicas", 1);

	(void)arg;
	(void)event;
	return json_get_int(object, "status.observedGeneration", 0) >=
		       json_get_int(object, "metadata.generation", 1) &&
	       json_get_int(object, "status.updatedReplicas", 0) == want &&
	       json_get_int(object, "status.replicas", 0) == want &&
	       json_get_int(object, "status.availableReplicas", 0) == want;
}

/**
 * cluster_restart_dns() - Start CoreDNS anew, with its present configuration; wait for it
 * @c:		Cluster
 *
 * It is ready once it has all there is; one that has lost its connection to the API
 * server is ready as well, and gives out what it knew then for up to a minute.
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_restart_dns(struct cluster *c)
{
	static const char path[] =
		"/apis/apps/v1/namespaces/kube-system/deployments";
	_cleanup_(buf_release) struct buf patch = BUF_INIT;
	char one[96];
	int r;

	lab_step(c->lab, "starting CoreDNS anew");
	buf_printf(&patch,
		   "{\"spec\": {\"template\": {\"metadata\": "
		   "{\"annotations\": {\"shoot6/restarted\": \"%jd\"}}}}}",
		   (intmax_t)loop_now());
	(void)snprintf(one, sizeof(one), "%s/coredns", path);
	r = api_patch(c->api, one, buf_text(&patch), lab_deadline(APPLY_S));
	if (r == 0)
		r = api_watch(c->api, path, lab_deadline(60), see_rollout,
			      NULL);
	return r < 0 ? cluster_failed(c, r, "CoreDNS to start anew") : 0;
}

/**
 * cluster_break_dns() - Give CoreDNS a configuration with something wrong in it
 * @c:		Cluster
 * @cut:	Text of the Corefile
 * @put:	Text in its place
 *
 * Return: 0 once it runs with that, or an errno that was told to the user
 */
int cluster_break_dns(struct cluster *c, const char *cut, const char *put)
{
	int r = apply_corefile(c, cut, put);

	return r < 0 ? r : cluster_restart_dns(c);
}

/**
 * cluster_mend_dns() - Give CoreDNS its configuration back
 * @lab:	Lab
 *
 * Return: 0 once it runs with that, or an errno that was told to the user
 */
int cluster_mend_dns(struct lab *lab)
{
	return cluster_break_dns(lab->data, NULL, NULL);
}
