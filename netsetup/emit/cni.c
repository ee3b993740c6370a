/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cni: a network configuration list of the standard plugins, IPv6 alone
 *
 * bridge: all pods of a node on cni0, with hairpin, so that a pod reaches itself by a
 * service. ptp: a link for each pod, no bridge, so that nothing depends on br_netfilter.
 * Addresses come from the node's pods by host-local. Some providers put the node's own
 * address among them: then the range begins behind it. A pod on a ptp link waits one to
 * two seconds for duplicate address detection, unless cni-settled comes first.
 */
#include "netsetup/emit/emit.h"

#include "lib/json.h"

#include <errno.h>
#include <string.h>

/* Where the node's address is among the pods': the first address that pods get, and the
 * gateway before it. */
#define FIRST_POD 16
#define GATEWAY   2

/**
 * add_range() - Put the node's pods into the plugin's address management
 * @ipam:	Object
 * @h:		Hints
 */
static void add_range(struct json *ipam, const struct hints *h)
{
	struct json *set = json_array(), *range = json_append_object(set);
	const struct prefix *p = &h->pod_cidr;
	struct addr first = prefix_nth(p, FIRST_POD);
	struct addr gateway = prefix_nth(p, GATEWAY);

	json_set_string(range, "subnet", PREFIX_TEXT(p));
	if (addr_is_set(&h->node_ip) && prefix_contains(p, &h->node_ip)) {
		/* A node that sits higher up pushes the range on. */
		if (addr_cmp(&h->node_ip, &first) >= 0)
			first = prefix_nth(&(struct prefix){ h->node_ip, 128 },
					   1);
		if (addr_equal(&h->node_ip, &gateway))
			gateway = prefix_nth(p, GATEWAY + 1);
		json_set_string(range, "rangeStart", ADDR_TEXT(&first));
		json_set_string(range, "gateway", ADDR_TEXT(&gateway));
	}
	json_append(json_set_array(ipam, "ranges"), set);
}

/**
 * add_plugin() - Put the plugin that makes a pod's interface into the list
 * @plugins:	Array
 * @h:		Hints
 * @args:	.type
 */
static void add_plugin(struct json *plugins, const struct hints *h,
		       const struct emit_args *args)
{
	struct json *plugin = json_append_object(plugins), *ipam;
	bool ptp = args->type && strcmp(args->type, "ptp") == 0;

	json_set_string(plugin, "type", ptp ? "ptp" : "bridge");
	if (!ptp) {
		json_set_string(plugin, "bridge", "cni0");
		json_set_bool(plugin, "isDefaultGateway", true);
		json_set_bool(plugin, "hairpinMode", true);
	}
	json_set_bool(plugin, "ipMasq", false);
	if (h->mtu)
		json_set_int(plugin, "mtu", h->mtu);
	ipam = json_set_object(plugin, "ipam");
	json_set_string(ipam, "type", "host-local");
	if (args->dir)
		json_set_string(ipam, "dataDir", args->dir);
	add_range(ipam, h);
	/* The bridge makes its default route itself, and twice is an error. */
	if (ptp)
		json_set_string(
			json_append_object(json_set_array(ipam, "routes")),
			"dst", "::/0");
}

/**
 * emit() - Print the list
 * @h:		Hints; the node's pods are needed
 * @args:	.type: "bridge", "ptp"; .dir: where host-local keeps addresses;
 *		settled=yes: pods skip duplicate address detection, by a plugin of ours
 * @out:	Gets the text
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	_cleanup_(json_freep) struct json *root = json_object();
	struct json *plugins, *portmap;
	int r;

	if (!addr_is_set(&h->pod_cidr.addr))
		return emit_missing(args, "cni", "pod_cidr");
	json_set_string(root, "cniVersion",
			emit_more(args, "version", "0.4.0"));
	json_set_string(root, "name", emit_more(args, "name", "shoot6"));
	plugins = json_set_array(root, "plugins");
	if (strcmp(emit_more(args, "settled", "no"), "yes") == 0)
		json_set_string(json_append_object(plugins), "type",
				"cni-settled");
	add_plugin(plugins, h, args);
	portmap = json_append_object(plugins);
	json_set_string(portmap, "type", "portmap");
	json_set_bool(json_set_object(portmap, "capabilities"), "portMappings",
		      true);
	r = json_print(root, JSON_PRETTY, out);
	if (r == 0 && out->len && out->data[out->len - 1] != '\n')
		buf_putc(out, '\n');
	return r < 0 ? r : buf_error(out);
}

static const char *const types[] = { "bridge", "ptp", NULL };

const struct emit_format emit_cni = {
	.name = "cni",
	.summary = "network configuration list of the standard CNI plugins",
	.path = "/etc/cni/net.d/10-shoot6.conflist",
	.types = types,
	.emit = emit,
};
