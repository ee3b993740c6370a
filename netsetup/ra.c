/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/ra.h"

#include "netsetup/uplink.h"

#include "lib/sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 512

/**
 * conf_value() - A number below net/ipv6/conf
 * @dev:	Interface
 * @name:	Sysctl
 *
 * Return: its value; 0 where it cannot be read
 */
static long conf_value(const char *dev, const char *name)
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
	       conf_value(dev, "accept_ra") == 0;
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
	long accept = conf_value(dev, "accept_ra");
	unsigned int owners = 0;

	if (!index)
		return 0;
	if (accept == 2 || (accept == 1 && !conf_value(dev, "forwarding")))
		owners |= RA_KERNEL;
	if (is_networkd(e, index))
		owners |= RA_NETWORKD;
	if (is_networkmanager(e, dev, index))
		owners |= RA_NETWORKMANAGER;
	return owners;
}

/**
 * ra_yield() - Want no accept_ra of our own where a program hears RAs
 * @e:		Engine
 * @conf:	Document
 * @want:	Desired model, sorted; loses what the intent alone had put there
 */
void ra_yield(const struct engine *e, const struct conf *conf,
	      struct model *want)
{
	const struct strings *s = conf->model.strings;
	struct table *t = &want->tables[KIND_SYSCTL];

	for (size_t at = 0; at < strings_len(s, conf->ra_intent);
	     at += strlen(strings_get(s, conf->ra_intent) + at) + 1) {
		const char *dev = strings_get(s, conf->ra_intent) + at;
		const struct sysctl *found;
		char path[128];
		struct sysctl key = { 0 };
		size_t i;

		if (!(ra_owners(e, dev) & ~(unsigned int)RA_KERNEL))
			continue;
		snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", dev);
		key.path = strings_find(s, path, strlen(path));
		found = model_find(want, KIND_SYSCTL, &key);
		if (!found)
			continue;
		i = (size_t)(found - MODEL_AT(want, KIND_SYSCTL, sysctl, 0));
		memmove(MODEL_AT(want, KIND_SYSCTL, sysctl, i),
			MODEL_AT(want, KIND_SYSCTL, sysctl, i + 1),
			(t->n - i - 1) * sizeof(key));
		t->n--;
	}
}

/**
 * owners_text() - Names of owners
 * @owners:	Bits of enum ra_owner
 * @out:	Gets them
 */
static void owners_text(unsigned int owners, struct buf *out)
{
	static const char *const names[] = { "kernel", "systemd-networkd",
					     "NetworkManager" };
	const char *sep = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(owners & 1U << i))
			continue;
		buf_printf(out, "%s%s", sep, names[i]);
		sep = ", ";
	}
}

/**
 * begin() - A result about an uplink
 * @r:		Result
 * @id:		Check
 * @what:	What must be true
 * @dev:	Uplink
 */
static void begin(struct result *r, const char *id, const char *what,
		  const char *dev)
{
	char host[64] = "", vantage[96];

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	snprintf(vantage, sizeof(vantage), "host:%s", host);
	result_init(r, id, vantage);
	snprintf(r->variant, sizeof(r->variant), "%s", dev);
	snprintf(r->what, sizeof(r->what), "%s", what);
	snprintf(r->proto, sizeof(r->proto), "icmp6");
	r->verdict = VERDICT_PASS;
}

/**
 * fail() - Turn a result
 * @r:		Result
 * @verdict:	VERDICT_FAIL or VERDICT_WARN
 * @reason:	Token of lib/reason.h
 */
static void fail(struct result *r, enum verdict verdict, const char *reason)
{
	r->verdict = verdict;
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
}

/**
 * verify_owner() - RA-1: exactly one hears router advertisements
 * @dev:	Uplink
 * @owners:	Bits of enum ra_owner
 * @out:	Gets the result
 *
 * Return: 0; -ENOMEM
 */
static int verify_owner(const char *dev, unsigned int owners,
			struct results *out)
{
	_cleanup_(buf_release) struct buf names = BUF_INIT;
	struct result r;

	owners_text(owners, &names);
	begin(&r, "RA-1", "exactly one hears router advertisements", dev);
	result_fact(&r, "ra_owner", "%s", owners ? buf_text(&names) : "none");
	result_fact(&r, "accept_ra", "%ld", conf_value(dev, "accept_ra"));
	if (!owners || owners & (owners - 1))
		fail(&r, VERDICT_FAIL, "accept-ra");
	snprintf(
		r.detail, sizeof(r.detail),
		!owners ?
			"nobody hears router advertisements on '%s'%s" :
		owners & (owners - 1) ?
			"'%s' has more than one that hears router advertisements: %s" :
			"router advertisements on '%s' are heard by: %s",
		dev, buf_text(&names));
	snprintf(r.clause, sizeof(r.clause), "RFC 4861 6.3.4");
	return results_add(out, &r);
}

/**
 * verify_lasting() - RA-2: a default route by RA outlives all.forwarding=1
 * @dev:	Uplink
 * @owners:	Bits of enum ra_owner
 * @out:	Gets the result
 *
 * The kernel drops the routes of routers when an interface begins to forward, and hears
 * no more of them, unless accept_ra is 2.
 *
 * Return: 0; -ENOMEM
 */
static int verify_lasting(const char *dev, unsigned int owners,
			  struct results *out)
{
	long accept = conf_value(dev, "accept_ra");
	long forwarding = conf_value(dev, "forwarding");
	struct result r;

	begin(&r, "RA-2", "the default route outlives forwarding", dev);
	result_fact(&r, "accept_ra", "%ld", accept);
	result_fact(&r, "forwarding", "%ld", forwarding);
	result_fact(&r, "force_forwarding", "%ld",
		    conf_value(dev, "force_forwarding"));
	snprintf(r.clause, sizeof(r.clause), "kernel ip-sysctl, accept_ra");
	if (accept != 2 && !(owners & ~(unsigned int)RA_KERNEL)) {
		fail(&r, VERDICT_FAIL, "accept-ra");
		snprintf(
			r.detail, sizeof(r.detail),
			"accept_ra of '%s' is %ld: %s", dev, accept,
			forwarding ?
				"it forwards, and hears no router" :
				"the first all.forwarding=1, as CNI plugins write it, drops its default route");
	} else {
		snprintf(
			r.detail, sizeof(r.detail),
			accept == 2 ?
				"accept_ra of '%s' is 2: its default route outlives all.forwarding=1" :
				"the default route of '%s' is kept by a program, whatever all.forwarding is",
			dev);
	}
	return results_add(out, &r);
}

/**
 * verify_route() - RA-3: a router has announced itself, and its lifetime runs
 * @dev:	Uplink
 * @out:	Gets the result
 *
 * No router is no fault of this node, so that it is a warning.
 *
 * Return: 0; -ENOMEM
 */
static int verify_route(const char *dev, struct results *out)
{
	struct addr router;
	int64_t lifetime;
	struct result r;

	begin(&r, "RA-3", "a router has announced itself as default", dev);
	r.level = LEVEL_SHOULD;
	if (uplink_router(dev, &router, &lifetime) < 0) {
		fail(&r, VERDICT_WARN, "ra-missing");
		snprintf(r.detail, sizeof(r.detail),
			 "no router has announced itself as default on '%s'",
			 dev);
		return results_add(out, &r);
	}
	result_fact(&r, "router", "%s", ADDR_TEXT(&router));
	result_fact(&r, "ra_lifetime", "%lld", (long long)lifetime);
	snprintf(r.detail, sizeof(r.detail),
		 "default route by %s on '%s', %lld s left", ADDR_TEXT(&router),
		 dev, (long long)lifetime);
	return results_add(out, &r);
}

/**
 * ra_verify() - What is to be said of each uplink
 * @e:		Engine
 * @conf:	Document
 * @out:	Gets the results
 *
 * Return: 0; -ENOMEM
 */
int ra_verify(const struct engine *e, const struct conf *conf,
	      struct results *out)
{
	const struct strings *s = conf->model.strings;
	int r = 0;

	for (size_t at = 0; at < strings_len(s, conf->uplinks) && r == 0;
	     at += strlen(strings_get(s, conf->uplinks) + at) + 1) {
		const char *dev = strings_get(s, conf->uplinks) + at;
		unsigned int owners = ra_owners(e, dev);

		r = verify_owner(dev, owners, out);
		if (r == 0)
			r = verify_lasting(dev, owners, out);
		if (r == 0)
			r = verify_route(dev, out);
	}
	return r;
}
