/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The control plane as static pods: node 1's kubelet starts it from manifests, and starts
 * it again whatever happens, with nobody's help.
 *
 * The controller manager and the scheduler elect a leader, though they are alone: they
 * start before the API server does, and an election waits for it as long as it takes.
 */
#include "scenarios/kube/component.h"

#include "lib/cleanup.h"
#include "scenarios/kube/images.h"

#include <stdio.h>

/* Folders of the node that each of the pods sees at the same place. */
static const struct {
	const char *name, *path;
	bool read_only;
} folders[] = {
	{ "etc", CLUSTER_ETC, true },
	{ "etcd", "/var/lib/etcd", false },
	{ "log", "/var/log", false },
};

/**
 * add_folders() - Mounts of the container, volumes of the pod
 * @spec:	Of the pod
 * @container:	Its one container
 */
static void add_folders(struct json *spec, struct json *container)
{
	struct json *volumes = json_set_array(spec, "volumes");
	struct json *mounts = json_set_array(container, "volumeMounts");

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		struct json *v = json_append_object(volumes);
		struct json *m = json_append_object(mounts);

		json_set_string(v, "name", folders[i].name);
		json_set_string(json_set_object(v, "hostPath"), "path",
				folders[i].path);
		json_set_string(m, "name", folders[i].name);
		json_set_string(m, "mountPath", folders[i].path);
		json_set_bool(m, "readOnly", folders[i].read_only);
	}
}

/**
 * add_probe() - Let the kubelet notice when a program serves
 * @container:	Container
 * @p:		Program
 */
static void add_probe(struct json *container, const struct component *p)
{
	struct json *probe = json_set_object(container, "startupProbe");
	struct json *get = json_set_object(probe, "httpGet");

	json_set_int(probe, "periodSeconds", 1);
	json_set_int(probe, "failureThreshold", 120);
	json_set_string(get, "scheme", "HTTPS");
	json_set_string(get, "host", "::1");
	json_set_int(get, "port", p->port);
	json_set_string(get, "path", p->path);
}

/**
 * add_words() - The command line
 * @container:	Container
 * @p:		Program
 */
static void add_words(struct json *container, const struct component *p)
{
	struct json *words = json_set_array(container, "command");
	char path[96];

	(void)snprintf(path, sizeof(path), IMAGE_CONTROL_BIN "/%s", p->name);
	json_append_string(words, path);
	for (const char *const *f = p->flags; *f; f++)
		json_append_string(words, *f);
	if (p->elects)
		json_append_string(words, "--leader-elect=true");
}

/**
 * make_pod() - The manifest of one program
 * @p:		Program
 *
 * Return: object that the caller frees
 */
static struct json *make_pod(const struct component *p)
{
	struct json *pod = json_object(), *o, *spec, *container;

	json_set_string(pod, "apiVersion", "v1");
	json_set_string(pod, "kind", "Pod");
	o = json_set_object(pod, "metadata");
	json_set_string(o, "name", p->name);
	json_set_string(o, "namespace", "kube-system");
	o = json_set_object(o, "labels");
	json_set_string(o, "component", p->name);
	json_set_string(o, "tier", "control-plane");
	spec = json_set_object(pod, "spec");
	json_set_bool(spec, "hostNetwork", true);
	json_set_string(spec, "priorityClassName", "system-node-critical");
	container = json_append_object(json_set_array(spec, "containers"));
	json_set_string(container, "name", p->name);
	json_set_string(container, "image", IMAGE_CONTROL);
	json_set_string(container, "imagePullPolicy", "Never");
	add_words(container, p);
	if (p->port)
		add_probe(container, p);
	add_folders(spec, container);
	return pod;
}

/**
 * cluster_write_manifests() - Write the manifests of all programs into node 1
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_write_manifests(struct cluster *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COMPONENT_MAX; i++) {
		_cleanup_(json_freep) struct json *pod =
			make_pod(&components[i]);
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		char path[96];

		(void)snprintf(path, sizeof(path),
			       CLUSTER_ETC "/manifests/%s.json",
			       components[i].name);
		r = json_print(pod, JSON_PRETTY, &text);
		if (r < 0)
			return lab_fail(c->lab, r, "'%s'", path);
		r = member_write(c->control, path, buf_text(&text), 0600);
	}
	return r;
}
