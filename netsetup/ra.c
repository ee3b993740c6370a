/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/ra.h"

#include "netsetup/uplink.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/**
 * ra_result() - Begin a result
 * @r:		Result
 * @id:		Check
 * @what:	What must be true
 * @dev:	Uplink; "": all of them
 */
void ra_result(struct result *r, const char *id, const char *what,
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
 * ra_fail() - Turn a result
 * @r:		Result
 * @verdict:	VERDICT_FAIL, VERDICT_WARN or VERDICT_SKIP
 * @reason:	Token of lib/reason.h
 */
void ra_fail(struct result *r, enum verdict verdict, const char *reason)
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

	ra_owners_text(owners, &names);
	ra_result(&r, "RA-1", "exactly one hears router advertisements", dev);
	result_fact(&r, "ra_owner", "%s", owners ? buf_text(&names) : "none");
	result_fact(&r, "accept_ra", "%ld", ra_conf(dev, "accept_ra"));
	if (!owners || owners & (owners - 1))
		ra_fail(&r, VERDICT_FAIL, "accept-ra");
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
	long accept = ra_conf(dev, "accept_ra");
	long forwarding = ra_conf(dev, "forwarding");
	struct result r;

	ra_result(&r, "RA-2", "the default route outlives forwarding", dev);
	result_fact(&r, "accept_ra", "%ld", accept);
	result_fact(&r, "forwarding", "%ld", forwarding);
	result_fact(&r, "force_forwarding", "%ld",
		    ra_conf(dev, "force_forwarding"));
	snprintf(r.clause, sizeof(r.clause), "kernel ip-sysctl, accept_ra");
	if (!ra_lasts(dev, owners)) {
		ra_fail(&r, VERDICT_FAIL, "accept-ra");
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

	ra_result(&r, "RA-3", "a router has announced itself as default", dev);
	r.level = LEVEL_SHOULD;
	if (uplink_router(dev, &router, &lifetime) < 0) {
		ra_fail(&r, VERDICT_WARN, "ra-missing");
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
		unsigned int owners = ra_witnesses(e, dev);

		r = verify_owner(dev, owners, out);
		if (r == 0)
			r = verify_lasting(dev, owners, out);
		if (r == 0)
			r = verify_route(dev, out);
	}
	return r;
}
