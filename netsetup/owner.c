/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/kind.h"

#include "lib/cleanup.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/**
 * protocol_name() - Who owns objects of a protocol number (/etc/iproute2/rt_protos)
 * @protocol:	Number
 * @text:	Room for a number
 *
 * Return: name
 */
const char *protocol_name(uint8_t protocol, char text[OWNER_SIZE])
{
	static const struct {
		uint8_t protocol;
		const char *name;
	} names[] = {
		{ 0, "unspec" },
		{ 1, "redirect" },
		{ 2, "kernel" },
		{ 3, "boot" },
		{ 4, "static" },
		{ 8, "gated" },
		{ 9, "ra" },
		{ 10, "mrt" },
		{ 11, "zebra" },
		{ 12, "bird" },
		{ 13, "dnrouted" },
		{ 14, "xorp" },
		{ 15, "ntk" },
		{ 16, "dhcp" },
		{ 18, "keepalived" },
		{ 42, "babel" },
		{ 66, "gcp-agent" },
		{ 99, "openr" },
		{ NETSETUP_PROTO, "netsetup" },
		{ 186, "bgp" },
		{ 187, "isis" },
		{ 188, "ospf" },
		{ 189, "rip" },
		{ 192, "eigrp" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].protocol == protocol)
			return names[i].name;
	snprintf(text, OWNER_SIZE, "%u", protocol);
	return text;
}

/**
 * file_name() - Name of a protocol number in a file of iproute2
 * @path:	File of lines "NUMBER NAME"
 * @protocol:	Number
 * @text:	Gets the name
 *
 * Return: true where it is there
 */
static bool file_name(const char *path, uint8_t protocol, char text[OWNER_SIZE])
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[256], name[OWNER_SIZE];
	unsigned int number;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%u %23s", &number, name) == 2 &&
		    number == protocol) {
			snprintf(text, OWNER_SIZE, "%s", name);
			return true;
		}
	return false;
}

/**
 * local_name() - Name that this machine has for a protocol number
 * @protocol:	Number
 * @text:	Gets the name
 *
 * Return: true where it has one
 */
static bool local_name(uint8_t protocol, char text[OWNER_SIZE])
{
	_cleanup_closedir_ DIR *d = opendir("/etc/iproute2/rt_protos.d");
	const struct dirent *entry;
	char path[512];

	while (d && (entry = readdir(d))) {
		if (!strstr(entry->d_name, ".conf"))
			continue;
		snprintf(path, sizeof(path), "/etc/iproute2/rt_protos.d/%s",
			 entry->d_name);
		if (file_name(path, protocol, text))
			return true;
	}
	return file_name("/etc/iproute2/rt_protos", protocol, text) ||
	       file_name("/usr/share/iproute2/rt_protos", protocol, text);
}

/**
 * owner_name() - Who owns an object, in the words of its kind and of this machine
 * @k:		Kind
 * @object:	Object
 * @text:	Room for a name
 *
 * Addresses count otherwise (IFAPROT_*, linux/if_addr.h).
 *
 * Return: name
 */
const char *owner_name(const struct kind *k, const void *object,
		       char text[OWNER_SIZE])
{
	static const char *const address_names[] = { "somebody else",
						     "kernel_lo", "kernel_ra",
						     "kernel_ll" };
	const char *name;
	uint8_t protocol;

	if (!k->protocol)
		return "somebody else";
	protocol = object_protocol(k, object);
	if (k == &kind_address && protocol < ARRAY_SIZE(address_names))
		return address_names[protocol];
	name = protocol_name(protocol, text);
	if (name == text)
		(void)local_name(protocol, text);
	return name;
}

/**
 * device_owner() - Whose devices have such a name as the one that an object is on
 * @k:		Kind
 * @s:		Pool
 * @object:	Object
 *
 * Pod networks tag what they make as the kernel's own, or not at all; their devices'
 * names tell them.
 *
 * Return: name, or NULL
 */
const char *device_owner(const struct kind *k, const struct strings *s,
			 const void *object)
{
	static const struct {
		const char *prefix, *name;
	} names[] = {
		{ "cilium_", "cilium" },
		{ "lxc", "cilium" },
		{ "cali", "calico" },
		{ "flannel", "flannel" },
		{ "antrea-", "antrea" },
		{ "ovn-", "ovn-kubernetes" },
		{ "kube-ipvs", "kube-proxy" },
		{ "docker", "docker" },
		{ "cni", "cni" },
	};

	for (const struct field *f = k->fields; f->name; f++) {
		const char *dev;
		uint32_t id;

		if (f->type != FIELD_DEV)
			continue;
		memcpy(&id, (const char *)object + f->offset, sizeof(id));
		dev = strings_get(s, id);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (strncmp(dev, names[i].prefix,
				    strlen(names[i].prefix)) == 0)
				return names[i].name;
	}
	return NULL;
}
