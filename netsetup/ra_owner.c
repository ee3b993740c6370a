/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/ra.h"

#include "netsetup/uplink.h"

#include "lib/cleanup.h"
#include "lib/proc.h"
#include "lib/sysctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 512

/**
 * ra_conf() - A number below net/ipv6/conf
 * @dev:	Interface
 * @name:	Sysctl
 *
 * Return: its value; 0 where it cannot be read
 */
long ra_conf(const char *dev, const char *name)
{
	_cleanup_(buf_release) struct buf value = BUF_INIT;
	char key[128];

	snprintf(key, sizeof(key), "net/ipv6/conf/%s/%s", dev, name);
	return sysctl_read(key, &value) < 0 ?
		       0 :
		       strtol(buf_text(&value), NULL, 10);
}

/**
 * read_key() - Value of a "KEY=VALUE" line of a file
 * @e:		Engine, for --root
 * @path:	File
 * @key:	"KEY="
 * @ret:	Gets the value of the first such line
 *
 * Return: true where there is one
 */
static bool read_key(const struct engine *e, const char *path, const char *key,
		     char ret[PATH_SIZE])
{
	_cleanup_(buf_release) struct buf text = { .max = 1U << 20 };
	char full[PATH_SIZE];
	char *rest, *line;

	snprintf(full, sizeof(full), "%s%s",
		 e->options.root ? e->options.root : "", path);
	if (buf_read_file(&text, full) < 0)
		return false;
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n"))) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		snprintf(ret, PATH_SIZE, "%s", line + strlen(key));
		return true;
	}
	return false;
}

/**
 * is_no() - Whether a value of a configuration file says no
 * @text:	Value
 *
 * Return: true if it does
 */
static bool is_no(const char *text)
{
	static const char *const words[] = { "no", "false", "off", "0", "n" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/**
 * is_networkd() - Whether systemd-networkd hears RAs on a link
 * @e:		Engine
 * @index:	Link
 *
 * It does on each link that it configures, unless the .network file says otherwise.
 *
 * Return: true if it does
 */
static bool is_networkd(const struct engine *e, int index)
{
	char path[64], state[PATH_SIZE], file[PATH_SIZE], value[PATH_SIZE];

	snprintf(path, sizeof(path), "/run/systemd/netif/links/%d", index);
	if (!read_key(e, path, "ADMIN_STATE=", state) ||
	    strncmp(state, "config", 6) != 0)
		return false;
	return !read_key(e, path, "NETWORK_FILE=", file) ||
	       !read_key(e, file, "IPv6AcceptRA=", value) || !is_no(value);
}

/**
 * is_networkmanager() - Whether NetworkManager hears RAs on a link
 * @e:		Engine
 * @dev:	Interface
 * @index:	Its number
 *
 * It turns the kernel off where it does; where the kernel is on, the connection
 * ignores IPv6.
 *
 * Return: true if it does
 */
static bool is_networkmanager(const struct engine *e, const char *dev,
			      int index)
{
	char path[64], value[PATH_SIZE];

	snprintf(path, sizeof(path), "/run/NetworkManager/devices/%d", index);
	return read_key(e, path, "managed=", value) && !is_no(value) &&
	       strcmp(value, "unmanaged") != 0 &&
	       ra_conf(dev, "accept_ra") == 0;
}

/**
 * is_dhcpcd() - Whether dhcpcd hears RAs on a link
 * @e:		Engine, for --root
 * @dev:	Interface
 *
 * It runs for one interface or for all; it turns the kernel off where it hears RAs.
 *
 * Return: true if it does
 */
static bool is_dhcpcd(const struct engine *e, const char *dev)
{
	static const char *const files[] = {
		"/run/dhcpcd/%s-6.pid", "/run/dhcpcd/%s.pid",
		"/run/dhcpcd-%s.pid",   "/run/dhcpcd/pid",
		"/run/dhcpcd.pid",
	};
	const char *root = e->options.root ? e->options.root : "";

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(buf_release) struct buf pid = { .max = 64 };
		char path[PATH_SIZE], comm[PROC_COMM_SIZE];
		const char *name = strstr(files[i], "%s");
		int before = (int)(name ? name - files[i] :
					  (ptrdiff_t)strlen(files[i]));

		snprintf(path, sizeof(path), "%s%.*s%s%s", root, before,
			 files[i], name ? dev : "", name ? name + 2 : "");
		if (buf_read_file(&pid, path) < 0)
			continue;
		if (proc_comm((pid_t)strtol(buf_text(&pid), NULL, 10), comm) ==
			    0 &&
		    strcmp(comm, "dhcpcd") == 0)
			return ra_conf(dev, "accept_ra") == 0;
	}
	return false;
}

/**
 * ra_owners() - Who hears router advertisements on an interface
 * @e:		Engine
 * @dev:	Interface
 *
 * Return: bits of enum ra_owner
 */
unsigned int ra_owners(const struct engine *e, const char *dev)
{
	int index = device_index(e, strings_find(e->strings, dev, strlen(dev)));
	long accept = ra_conf(dev, "accept_ra");
	unsigned int owners = 0;

	if (!index)
		return 0;
	if (accept == 2 || (accept == 1 && !ra_conf(dev, "forwarding")))
		owners |= RA_KERNEL;
	if (is_networkd(e, index))
		owners |= RA_NETWORKD;
	if (is_networkmanager(e, dev, index))
		owners |= RA_NETWORKMANAGER;
	if (is_dhcpcd(e, dev))
		owners |= RA_DHCPCD;
	return owners;
}

/**
 * ra_witnesses() - The same, with a program that is known by its routes alone
 * @e:		Engine
 * @dev:	Interface
 *
 * Nothing is left to it: it may be dead.
 *
 * Return: bits of enum ra_owner
 */
unsigned int ra_witnesses(const struct engine *e, const char *dev)
{
	unsigned int owners = ra_owners(e, dev);

	if (!(owners & ~(unsigned int)RA_KERNEL) && uplink_has_others(dev))
		owners |= RA_PROGRAM;
	return owners;
}

/**
 * ra_lasts() - Whether default routes heard on an interface outlive all.forwarding=1
 * @dev:	Interface
 * @owners:	Bits of enum ra_owner
 *
 * The kernel drops its own when an interface begins to forward, unless accept_ra is 2.
 *
 * Return: true if they do
 */
bool ra_lasts(const char *dev, unsigned int owners)
{
	return ra_conf(dev, "accept_ra") == 2 ||
	       (owners && !(owners & RA_KERNEL));
}

/**
 * ra_yield() - Want accept_ra as it is where a program hears RAs
 * @e:		Engine
 * @conf:	Document
 * @want:	Desired model, sorted; what the intent alone had put there changes
 *
 * What it held before it was ours is no better: the kernel would hear beside the program.
 */
void ra_yield(const struct engine *e, const struct conf *conf,
	      struct model *want)
{
	struct strings *s = want->strings;

	for (size_t at = 0; at < strings_len(s, conf->ra_intent);
	     at += strlen(strings_get(s, conf->ra_intent) + at) + 1) {
		const char *dev = strings_get(s, conf->ra_intent) + at;
		char path[128], value[24];
		struct sysctl key = { 0 };
		const struct sysctl *found;
		size_t i;

		if (!(ra_owners(e, dev) & ~(unsigned int)RA_KERNEL))
			continue;
		snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", dev);
		snprintf(value, sizeof(value), "%ld",
			 ra_conf(dev, "accept_ra"));
		key.path = strings_find(s, path, strlen(path));
		found = model_find(want, KIND_SYSCTL, &key);
		if (!found)
			continue;
		i = (size_t)(found - MODEL_AT(want, KIND_SYSCTL, sysctl, 0));
		MODEL_AT(want, KIND_SYSCTL, sysctl, i)->value =
			strings_add_text(s, value);
	}
}

/**
 * ra_owners_text() - Names of owners
 * @owners:	Bits of enum ra_owner
 * @out:	Gets them
 */
void ra_owners_text(unsigned int owners, struct buf *out)
{
	static const char *const names[] = { "kernel", "systemd-networkd",
					     "NetworkManager", "dhcpcd",
					     "another program" };
	const char *sep = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(owners & 1U << i))
			continue;
		buf_printf(out, "%s%s", sep, names[i]);
		sep = ", ";
	}
}
