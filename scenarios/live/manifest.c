/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/manifest.h"

#include "lib/json.h"

/* What the restricted Pod Security level wants of a pod, and ping sockets. */
const char manifest_pod_security[] =
	"  tolerations: [{operator: Exists}]\n"
	"  securityContext:\n"
	"    runAsNonRoot: true\n"
	"    runAsUser: 65532\n"
	"    runAsGroup: 65532\n"
	"    seccompProfile: {type: RuntimeDefault}\n";

/* A sysctl belongs to a network namespace: not to that of a node. */
static const char ping_sysctl[] =
	"    sysctls: [{name: net.ipv4.ping_group_range, value: \"0 65535\"}]\n";

/*
 * The pod's own identity, where programs in a cluster look for it. The kubelet swaps the
 * token at four fifths of its time.
 */
#define IDENTITY "/var/run/secrets/kubernetes.io/serviceaccount"
static const char identity_volume[] =
	"  - name: identity\n"
	"    projected:\n"
	"      sources:\n"
	"      - serviceAccountToken: {path: token, expirationSeconds: 600}\n"
	"      - configMap:\n"
	"          name: kube-root-ca.crt\n"
	"          items: [{key: ca.crt, path: ca.crt}]\n";

const char manifest_container_security[] =
	"    imagePullPolicy: IfNotPresent\n"
	"    securityContext:\n"
	"      allowPrivilegeEscalation: false\n"
	"      readOnlyRootFilesystem: true\n"
	"      capabilities: {drop: [ALL]}\n";

/* The variant 'net-raw', in a privileged namespace alone: still not root. The program has
 * a file capability, which allowPrivilegeEscalation: false would take away. */
static const char net_raw_security[] =
	"    imagePullPolicy: IfNotPresent\n"
	"    securityContext:\n"
	"      allowPrivilegeEscalation: true\n"
	"      readOnlyRootFilesystem: true\n"
	"      capabilities: {drop: [ALL], add: [NET_RAW]}\n";

static const char responder_args[] =
	"    args: [/usr/bin/probe-responder, --name, $(NODE), --tcp, \"7777\","
	" --udp, \"7777\", --http, \"8080\"]\n"
	"    env: [{name: NODE, valueFrom: {fieldRef: {fieldPath:"
	" spec.nodeName}}}]\n"
	"    readinessProbe: {httpGet: {path: /, port: 8080},"
	" periodSeconds: 1}\n";

/**
 * manifest_namespace() - The namespace everything is in
 * @m:		Names; .host: it must allow the host's network
 * @out:	Text is appended
 */
void manifest_namespace(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: v1\n"
		   "kind: Namespace\n"
		   "metadata:\n"
		   "  name: %s\n"
		   "  labels:\n"
		   "    app.kubernetes.io/managed-by: shoot6\n"
		   "    pod-security.kubernetes.io/enforce: %s\n",
		   m->space, m->host ? "privileged" : "restricted");
}

/**
 * manifest_account() - The identity of the probers, which may do next to nothing
 * @m:		Names
 * @out:	Text is appended
 */
void manifest_account(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: v1\n"
		   "kind: ServiceAccount\n"
		   "metadata: {name: probe, namespace: %s}\n"
		   "automountServiceAccountToken: false\n",
		   m->space);
}

/**
 * manifest_responder_account() - The identity of the responders, who call nobody
 * @m:		Names
 * @out:	Text is appended
 */
void manifest_responder_account(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: v1\n"
		   "kind: ServiceAccount\n"
		   "metadata: {name: responder, namespace: %s}\n"
		   "automountServiceAccountToken: false\n",
		   m->space);
}

/**
 * manifest_role() - The one call that a prober makes beside /readyz
 * @m:		Names
 * @out:	Text is appended
 */
void manifest_role(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: rbac.authorization.k8s.io/v1\n"
		   "kind: Role\n"
		   "metadata: {name: probe, namespace: %s}\n"
		   "rules:\n"
		   "- apiGroups: [discovery.k8s.io]\n"
		   "  resources: [endpointslices]\n"
		   "  verbs: [list]\n",
		   m->space);
}

/**
 * manifest_binding() - Give the probers their role
 * @m:		Names
 * @out:	Text is appended
 */
void manifest_binding(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: rbac.authorization.k8s.io/v1\n"
		   "kind: RoleBinding\n"
		   "metadata: {name: probe, namespace: %s}\n"
		   "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role,"
		   " name: probe}\n"
		   "subjects: [{kind: ServiceAccount, name: probe,"
		   " namespace: %s}]\n",
		   m->space, m->space);
}

/**
 * manifest_indent() - Append lines further to the right
 * @out:	Where to
 * @text:	Lines
 *
 * A DaemonSet's pod is four columns further in than a pod.
 */
void manifest_indent(struct buf *out, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start)
			buf_puts(out, "    ");
		buf_putc(out, *text);
		start = *text == '\n';
	}
}

/**
 * manifest_responder() - A responder on every node
 * @m:		Names
 * @out:	Text is appended
 */
void manifest_responder(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: apps/v1\n"
		   "kind: DaemonSet\n"
		   "metadata: {name: responder, namespace: %s}\n"
		   "spec:\n"
		   "  selector: {matchLabels: {app: responder}}\n"
		   "  template:\n"
		   "    metadata: {labels: {app: responder}}\n"
		   "    spec:\n"
		   "      serviceAccountName: responder\n"
		   "      automountServiceAccountToken: false\n"
		   "      terminationGracePeriodSeconds: 0\n",
		   m->space);
	manifest_indent(out, manifest_pod_security);
	buf_printf(out,
		   "      containers:\n"
		   "      - name: responder\n"
		   "        image: %s\n",
		   m->image);
	manifest_indent(out, manifest_container_security);
	manifest_indent(out, responder_args);
}

/**
 * manifest_web() - The service in front of all responders
 * @m:		Names
 * @out:	Text is appended
 */
void manifest_web(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: v1\n"
		   "kind: Service\n"
		   "metadata: {name: web, namespace: %s}\n"
		   "spec:\n"
		   "  type: NodePort\n"
		   "  ipFamilies: [IPv6]\n"
		   "  selector: {app: responder}\n"
		   "  ports:\n"
		   "  - {name: http, port: 80, targetPort: 8080}\n"
		   "  - {name: echo, port: 80, targetPort: 7777,"
		   " protocol: UDP}\n",
		   m->space);
}

/**
 * manifest_headless() - A name that leads to all responders
 * @m:		Names
 * @out:	Text is appended
 */
void manifest_headless(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: v1\n"
		   "kind: Service\n"
		   "metadata: {name: pods, namespace: %s}\n"
		   "spec:\n"
		   "  clusterIP: None\n"
		   "  ipFamilies: [IPv6]\n"
		   "  selector: {app: responder}\n"
		   "  ports:\n"
		   "  - {name: http, port: 8080}\n",
		   m->space);
}

/**
 * manifest_self() - The service whose one endpoint is a prober itself
 * @m:		Names
 * @i:		Index of its node
 * @out:	Text is appended
 */
void manifest_self(const struct manifest *m, size_t i, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: v1\n"
		   "kind: Service\n"
		   "metadata: {name: self-%zu, namespace: %s,"
		   " labels: {app: probe}}\n"
		   "spec:\n"
		   "  ipFamilies: [IPv6]\n"
		   "  selector: {probe: \"%zu\"}\n"
		   "  ports:\n"
		   "  - {name: http, port: 80, targetPort: 8080}\n",
		   i, m->space, i);
}

/**
 * manifest_targets() - What a prober is to try, as files
 * @m:		Names
 * @i:		Index of its node
 * @targets:	JSON
 * @hints:	JSON
 * @ca:		Authority of the server that users know, PEM; or NULL
 * @out:	Text is appended
 *
 * Return: 0 or -ENOMEM
 */
int manifest_targets(const struct manifest *m, size_t i, const char *targets,
		     const char *hints, const char *ca, struct buf *out)
{
	_cleanup_(json_freep) struct json *j = json_object();
	struct json *o;

	json_set_string(j, "apiVersion", "v1");
	json_set_string(j, "kind", "ConfigMap");
	o = json_set_object(j, "metadata");
	json_set_format(o, "name", "targets-%zu", i);
	json_set_string(o, "namespace", m->space);
	json_set_string(json_set_object(o, "labels"), "app", "probe");
	o = json_set_object(j, "data");
	json_set_string(o, "targets.json", targets);
	json_set_string(o, "hints.json", hints);
	if (ca)
		json_set_string(o, "external-ca.crt", ca);
	return json_print(j, JSON_COMPACT, out);
}

/**
 * add_suite() - The container that probes
 * @m:		Names
 * @await:	Addresses to wait for
 * @out:	Text is appended
 */
static void add_suite(const struct manifest *m, const char *const await[],
		      struct buf *out)
{
	buf_printf(out,
		   "  - name: probe\n"
		   "    image: %s\n"
		   "    args: [/usr/bin/probe-suite, --profile, %s,"
		   " --hints, /etc/shoot6/hints.json, --linger, 300ms",
		   m->image, m->profile);
	for (; *await; await++)
		buf_printf(out, ", --await, \"%s\"", *await);
	buf_puts(out, "]\n");
	buf_puts(out, m->host ? net_raw_security : manifest_container_security);
	buf_puts(out, "    volumeMounts:\n"
		      "    - {name: targets, mountPath: /etc/shoot6,"
		      " readOnly: true}\n"
		      "    - {name: identity, mountPath: " IDENTITY ","
		      " readOnly: true}\n"
		      "    - {name: tmp, mountPath: /tmp}\n");
}

/**
 * manifest_prober() - The pod that probes from a node
 * @m:		Names; .host: from the node's own network
 * @i:		Index of the node
 * @node:	Its name
 * @await:	Addresses to wait for, ended by NULL
 * @out:	Text is appended
 */
void manifest_prober(const struct manifest *m, size_t i, const char *node,
		     const char *const await[], struct buf *out)
{
	buf_printf(out,
		   "apiVersion: v1\n"
		   "kind: Pod\n"
		   "metadata: {name: probe-%zu, namespace: %s,"
		   " labels: {app: probe, probe: \"%zu\", variant: %s}}\n"
		   "spec:\n"
		   "  nodeName: %s\n"
		   "  restartPolicy: Never\n"
		   "  activeDeadlineSeconds: 600\n"
		   "  serviceAccountName: probe\n"
		   "  automountServiceAccountToken: false\n"
		   "  terminationGracePeriodSeconds: 0\n",
		   i, m->space, i, m->host ? "net-raw" : "restricted", node);
	if (m->host)
		buf_puts(out, "  hostNetwork: true\n"
			      "  dnsPolicy: Default\n");
	buf_puts(out, manifest_pod_security);
	if (!m->host)
		buf_puts(out, ping_sysctl);
	buf_printf(out,
		   "  volumes:\n"
		   "  - {name: targets, configMap: {name: targets-%zu}}\n"
		   "  - {name: tmp, emptyDir: {}}\n"
		   "%s"
		   "  containers:\n",
		   i, identity_volume);
	add_suite(m, await, out);
	if (m->host)
		return;
	/* The far end of its own service. */
	buf_printf(out,
		   "  - name: responder\n"
		   "    image: %s\n",
		   m->image);
	buf_puts(out, manifest_container_security);
	buf_puts(out, responder_args);
}
