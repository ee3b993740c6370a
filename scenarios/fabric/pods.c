/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/fabric/fabric.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/**
 * plugin_input() - Configuration of one plugin of a list, as CNI gives it
 * @list:	Configuration list
 * @plugin:	One of its plugins
 * @before:	Result of the one before, or NULL
 * @text:	Where to
 *
 * Return: 0, or as json_print()
 */
static int plugin_input(const struct json *list, const struct json *plugin,
			const struct json *before, struct buf *text)
{
	_cleanup_(json_freep) struct json *j = json_copy(plugin);

	json_set_string(j, "cniVersion", json_get_string(list, "cniVersion"));
	json_set_string(j, "name", json_get_string(list, "name"));
	if (before)
		json_set(j, "prevResult", json_copy(before));
	return json_print(j, JSON_COMPACT, text);
}

/**
 * run_plugin() - Run one CNI plugin for a pod, with ADD
 * @pod:	Pod
 * @type:	Name of the plugin
 * @input:	Its configuration
 * @ret:	Its result; the caller frees it
 *
 * Return: 0, or an errno that was told to the user
 */
static int run_plugin(struct member *pod, const char *type, const char *input,
		      struct json **ret)
{
	char program[96], netns[96], id[96];
	const char *const argv[] = { program, NULL };
	const char *const env[] = { "CNI_COMMAND=ADD", "CNI_IFNAME=eth0", netns,
				    id, NULL };
	struct lab_job job = {
		.member = pod->node, .argv = argv, .env = env, .input = input
	};
	int r;

	(void)snprintf(program, sizeof(program), "/opt/cni/bin/%s", type);
	(void)snprintf(netns, sizeof(netns), "CNI_NETNS=/run/netns/%s",
		       pod->base);
	(void)snprintf(id, sizeof(id), "CNI_CONTAINERID=%s", pod->base);
	r = lab_jobs(pod->lab, &job, 1, lab_deadline(30));
	if (r == 0)
		r = json_parse(buf_text(&job.out), job.out.len, ret);
	if (r < 0)
		(void)lab_fail(pod->lab, r, "pod '%s': CNI plugin '%s': %s%s",
			       pod->name, type, buf_text(&job.out),
			       buf_text(&job.err));
	buf_release(&job.out);
	buf_release(&job.err);
	return r;
}

/**
 * read_list() - The node's CNI configuration, from netsetup
 * @node:	Node
 * @ret:	The caller frees it
 *
 * Return: 0, or an errno that was told to the user
 */
static int read_list(struct member *node, struct json **ret)
{
	static const char *const argv[] = { "netsetup", "emit", "cni",
					    "--type",   "ptp",  NULL };
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf err = BUF_INIT;
	int r, status = 0;

	r = member_run(node, argv, NULL, lab_deadline(20), &out, &err, &status);
	if (r == 0)
		r = status ? -EIO : json_parse(buf_text(&out), out.len, ret);
	return r < 0 ? lab_fail(node->lab, r, "%s: netsetup emit cni: %s",
				node->name, buf_text(&err)) :
		       0;
}

/**
 * fabric_pod() - Make a pod and give it its network by the CNI plugins
 * @node:	Node
 * @name:	Its name there
 * @ret:	Owned by the lab
 *
 * Return: 0, or an errno that was told to the user
 */
int fabric_pod(struct member *node, const char *name, struct member **ret)
{
	_cleanup_(json_freep) struct json *list = NULL;
	_cleanup_(json_freep) struct json *result = NULL;
	const struct json *plugin;
	int r;

	r = lab_member_new(node->lab, name, MEMBER_POD, node, NULL, ret);
	/* host-local gives each address once: nobody can have it already. */
	if (r == 0)
		r = member_sysctl(*ret, "net/ipv6/conf/default/accept_dad",
				  "0");
	if (r == 0)
		r = read_list(node, &list);
	if (r < 0)
		return r;
	plugin = json_first(json_get(list, "plugins"));
	for (; plugin && r == 0; plugin = json_next(plugin)) {
		_cleanup_(buf_release) struct buf input = BUF_INIT;
		struct json *next = NULL;

		r = plugin_input(list, plugin, result, &input);
		if (r == 0)
			r = run_plugin(*ret, json_get_string(plugin, "type"),
				       buf_text(&input), &next);
		if (r == 0) {
			json_free(result);
			result = next;
		}
	}
	if (r == 0)
		r = member_write(*ret, "/etc/resolv.conf",
				 "nameserver 2001:db8:53::53\n", 0644);
	return r;
}
