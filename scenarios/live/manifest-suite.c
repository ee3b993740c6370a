/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ci/kubernetes: the suite as a Job. Its pods are those of `scenario run --live`; what is
 * here are the rights of the Job itself, which are the least that a run in a namespace
 * that is there needs, and the files everything is in.
 */
#include "scenarios/live/manifest.h"

#include "scenarios/live/world.h"

#include <stdio.h>
#include <string.h>

#define API_GROUP "rbac.authorization.k8s.io"
#define NAME      "shoot6-conformance"

/* Rights that the nodes' own network has no use for: those of API-3. */
#define N_INWARD 3

/* One right: verbs on resources. */
struct right {
	const char *group, *resources, *verbs;
	const char *names; /* resourceNames, or NULL */
};

/**
 * add_rules() - The rules of a role
 * @rights:	Ended by a .resources of NULL
 * @out:	Text is appended
 */
static void add_rules(const struct right rights[], struct buf *out)
{
	buf_puts(out, "rules:\n");
	for (const struct right *r = rights; r->resources; r++) {
		buf_printf(out,
			   "- apiGroups: [\"%s\"]\n"
			   "  resources: [%s]\n",
			   r->group, r->resources);
		if (r->names)
			buf_printf(out, "  resourceNames: [%s]\n", r->names);
		buf_printf(out, "  verbs: [%s]\n", r->verbs);
	}
}

/**
 * add_role() - A role in a namespace and its binding to the Job's account
 * @m:		Names; the account is in .space
 * @space:	Namespace of the role
 * @rights:	What it permits
 * @out:	Text is appended
 */
static void add_role(const struct manifest *m, const char *space,
		     const struct right rights[], struct buf *out)
{
	buf_printf(out,
		   "apiVersion: " API_GROUP "/v1\n"
		   "kind: Role\n"
		   "metadata: {name: " NAME ", namespace: %s}\n",
		   space);
	add_rules(rights, out);
	buf_printf(out,
		   "---\n"
		   "apiVersion: " API_GROUP "/v1\n"
		   "kind: RoleBinding\n"
		   "metadata: {name: " NAME ", namespace: %s}\n"
		   "roleRef: {apiGroup: " API_GROUP ", kind: Role,"
		   " name: " NAME "}\n"
		   "subjects: [{kind: ServiceAccount, name: conformance,"
		   " namespace: %s}]\n",
		   space, m->account_space ? m->account_space : m->space);
}

/**
 * conformance_account() - The identity of the Job
 * @m:		Names
 * @out:	Text is appended
 */
static void conformance_account(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: v1\n"
		   "kind: ServiceAccount\n"
		   "metadata: {name: conformance, namespace: %s}\n"
		   "automountServiceAccountToken: false\n",
		   m->space);
}

/**
 * conformance_cluster() - What the Job reads of the cluster as such
 * @m:		Names
 * @out:	Text is appended
 */
static void conformance_cluster(const struct manifest *m, struct buf *out)
{
	static const struct right rights[] = {
		{ "", "nodes", "list", NULL },
		{ "networking.k8s.io", "servicecidrs", "list", NULL },
		{ 0 },
	};

	buf_puts(out, "apiVersion: " API_GROUP "/v1\n"
		      "kind: ClusterRole\n"
		      "metadata: {name: " NAME "}\n");
	add_rules(rights, out);
	buf_printf(out,
		   "---\n"
		   "apiVersion: " API_GROUP "/v1\n"
		   "kind: ClusterRoleBinding\n"
		   "metadata: {name: " NAME "}\n"
		   "roleRef: {apiGroup: " API_GROUP ", kind: ClusterRole,"
		   " name: " NAME "}\n"
		   "subjects: [{kind: ServiceAccount, name: conformance,"
		   " namespace: %s}]\n",
		   m->space);
}

/**
 * conformance_dns() - Where the cluster's DNS and API are
 * @m:		Names
 * @out:	Text is appended
 */
static void conformance_dns(const struct manifest *m, struct buf *out)
{
	static const struct right dns[] = {
		{ "", "services", "list", NULL },
		{ 0 },
	};
	static const struct right api[] = {
		{ "", "services", "get", "kubernetes" },
		{ "discovery.k8s.io", "endpointslices", "get", "kubernetes" },
		{ 0 },
	};

	add_role(m, "kube-system", dns, out);
	buf_puts(out, "---\n");
	add_role(m, "default", api, out);
}

/**
 * conformance_role() - What the Job makes and removes in a namespace of the suite
 * @m:		Names
 * @out:	Text is appended
 */
static void conformance_role(const struct manifest *m, struct buf *out)
{
	/* API-3, into the suite's own pods alone. WebSocket is a GET; Kubernetes 1.35
	 * and later want the right to create as well. */
	static const struct right rights[] = {
		{ "", "pods/exec, pods/portforward", "get, create", NULL },
		{ "", "pods/proxy", "get", NULL },
		{ "", "services/proxy", "get", "\"web:http\"" },
		{ "", "pods", "list, watch, create, patch, deletecollection",
		  NULL },
		{ "", "pods/log", "get", NULL },
		{ "", "configmaps", "create, patch, deletecollection", NULL },
		{ "", "services", "list, create, patch, deletecollection",
		  NULL },
		{ "discovery.k8s.io", "endpointslices", "list", NULL },
		{ 0 },
	};

	add_role(m, m->space, m->host ? rights + N_INWARD : rights, out);
}

/**
 * conformance_job() - The Job; its log ends with the report
 * @m:		Names
 * @out:	Text is appended
 */
static void conformance_job(const struct manifest *m, struct buf *out)
{
	buf_printf(out,
		   "apiVersion: batch/v1\n"
		   "kind: Job\n"
		   "metadata: {name: conformance, namespace: %s}\n"
		   "spec:\n"
		   "  backoffLimit: 0\n"
		   "  activeDeadlineSeconds: 900\n"
		   "  template:\n"
		   "    metadata: {labels: {app: conformance}}\n"
		   "    spec:\n"
		   "      restartPolicy: Never\n"
		   "      serviceAccountName: conformance\n"
		   "      automountServiceAccountToken: true\n"
		   "      terminationGracePeriodSeconds: 90\n",
		   m->space);
	manifest_indent(out, manifest_pod_security);
	buf_printf(out,
		   "      volumes:\n"
		   "      - {name: egress, configMap: {name: egress,"
		   " optional: true}}\n"
		   "      containers:\n"
		   "      - name: conformance\n"
		   "        image: %s\n"
		   "        env: [{name: NAMESPACE, valueFrom: {fieldRef:"
		   " {fieldPath: metadata.namespace}}}]\n"
		   "        args: [/usr/bin/scenario, run, --live, --namespace,"
		   " $(NAMESPACE), --json, --linger, 3s, --profile, %s]\n"
		   "        volumeMounts: [{name: egress,"
		   " mountPath: " WORLD_EGRESS_FOLDER ", readOnly: true}]\n",
		   m->image, m->profile);
	manifest_indent(out, manifest_container_security);
}

/**
 * kustomization() - What belongs to the suite
 * @m:		Not used
 * @out:	Text is appended
 */
static void kustomization(const struct manifest *m, struct buf *out)
{
	(void)m;
	buf_puts(
		out,
		"#\n# An air-gapped cluster: name what there is to reach in its "
		"place, see shoot6-targets(5),\n"
		"#   kubectl -n shoot6 create configmap egress"
		" --from-file=" WORLD_EGRESS_FILE "\n"
		"# or, in a kustomization of yours that has this folder in "
		"its resources:\n"
		"#   configMapGenerator: [{name: egress, namespace: shoot6,"
		" files: [" WORLD_EGRESS_FILE "],\n"
		"#     options: {disableNameSuffixHash: true}}]\n"
		"apiVersion: kustomize.config.k8s.io/v1beta1\n"
		"kind: Kustomization\n"
		"resources: [base]\n");
}

/**
 * base_kustomization() - What the suite needs in any cluster
 * @m:		Not used
 * @out:	Text is appended
 */
static void base_kustomization(const struct manifest *m, struct buf *out)
{
	(void)m;
	buf_puts(out, "apiVersion: kustomize.config.k8s.io/v1beta1\n"
		      "kind: Kustomization\n"
		      "resources: [namespace.yaml, accounts.yaml, rights.yaml,"
		      " responder.yaml, job.yaml]\n");
}

/**
 * host_kustomization() - The suite, from the nodes' own network as well
 * @m:		Not used
 * @out:	Text is appended
 */
static void host_kustomization(const struct manifest *m, struct buf *out)
{
	(void)m;
	buf_puts(out, "apiVersion: kustomize.config.k8s.io/v1beta1\n"
		      "kind: Kustomization\n"
		      "resources: [../base, namespace.yaml, rights.yaml]\n"
		      "patches:\n"
		      "- target: {kind: Job, name: conformance}\n"
		      "  patch: |-\n"
		      "    - {op: add, path:"
		      " /spec/template/spec/containers/0/args/-,"
		      " value: --privileged-namespace}\n");
}

#define PROBER manifest_account, manifest_role, manifest_binding

const struct manifest_file manifest_files[] = {
	{ "kustomization.yaml",
	  "the suite: kubectl apply -k ci/kubernetes",
	  { kustomization } },
	{ "base/kustomization.yaml",
	  "what the suite needs in any cluster",
	  { base_kustomization } },
	{ "base/namespace.yaml",
	  "where it runs, without any privilege",
	  { manifest_namespace } },
	{ "base/accounts.yaml",
	  "who its pods are, and what the probers may",
	  { manifest_responder_account, PROBER } },
	{ "base/rights.yaml",
	  "what the Job may",
	  { conformance_account, conformance_cluster, conformance_dns,
	    conformance_role } },
	{ "base/responder.yaml",
	  "the far ends: one on each node, a service",
	  { manifest_responder, manifest_web, manifest_headless } },
	{ "base/job.yaml",
	  "the run; its log ends with the report",
	  { conformance_job } },
	{ "privileged/kustomization.yaml",
	  "from the nodes' own network as well",
	  { host_kustomization } },
	{ "privileged/namespace.yaml",
	  "where the host's network is allowed",
	  { manifest_namespace } },
	{ "privileged/rights.yaml",
	  "who probes there, and what the Job may",
	  { PROBER, conformance_role } },
};
const size_t n_manifest_files = ARRAY_SIZE(manifest_files);

/**
 * manifest_file_write() - The text of one file
 * @file:	Which
 * @image:	Reference of the suite's image
 * @space:	Namespace of the suite
 * @out:	Text is appended
 */
void manifest_file_write(const struct manifest_file *file, const char *image,
			 const char *space, struct buf *out)
{
	char host_space[72];
	struct manifest m = {
		.space = space,
		.image = image,
		.profile = "ipv6-only-nat64",
		.account_space = space,
		.host = strncmp(file->path, "privileged/", 11) == 0,
	};

	(void)snprintf(host_space, sizeof(host_space), "%.63s-host", space);
	if (m.host)
		m.space = host_space;
	buf_printf(out,
		   "# SPDX-License-Identifier: Apache-2.0\n# %s\n"
		   "# By 'scenario manifests'; not to be edited.\n",
		   file->what);
	for (size_t i = 0; i < ARRAY_SIZE(file->objects) && file->objects[i];
	     i++) {
		if (i > 0)
			buf_puts(out, "---\n");
		file->objects[i](&m, out);
	}
}
