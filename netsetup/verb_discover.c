/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be learnt of NAT64: for the document form's hints, and as a verb of its own,
 * which people ask and which `watch` runs each time that an answer's TTL is over
 */
#include "netsetup/session.h"

#include "netsetup/nat64.h"
#include "netsetup/uplink.h"
#include "netsetup/verb_discover.h"
#include "lib/exitcode.h"
#include "lib/json.h"
#include "lib/loop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEADLINE_NS (10 * NSEC_PER_SEC)

/**
 * deadline() - Until when something is learnt
 * @c:		Options
 *
 * Return: time, monotonic
 */
static int64_t deadline(const struct config *c)
{
	return loop_now() + (c->deadline ? c->deadline : DEADLINE_NS);
}

/**
 * discover_document() - Complete the hints of a document with a section nat64
 * @s:		Session; its document is applied, its .hints are those of before
 * @warnings:	A line per doubt
 *
 * Return: 0; that nothing was found is no failure. -EINVAL, or what nat64_listen() says
 */
int discover_document(struct session *s, struct buf *warnings)
{
	_cleanup_(nat64_freep) struct nat64 *n = NULL;
	const struct conf_nat64 *c = &s->conf.nat64;
	struct hints *h = &s->hints;
	int r = conf_resolvers(s->e.strings, c, h->dns, NULL);

	h->n_dns = (size_t)MAX(r, 0);
	if (!*h->uplink)
		(void)snprintf(h->uplink, sizeof(h->uplink), "%s",
			       strings_get(s->e.strings, s->conf.uplinks));
	h->nat64 = (struct nat64_hint){ 0 };
	if (s->config->nat64)
		r = nat64_parse(s->config->nat64, &h->nat64.prefix);
	else
		h->nat64.prefix =
			(struct prefix){ addr_from_in6(&c->prefix), c->len };
	if (r < 0) {
		buf_printf(warnings, "nat64 '%s': " NAT64_NO_PREFIX "\n",
			   s->config->nat64);
		return r;
	}
	if (h->nat64.prefix.len) {
		h->nat64.source = NAT64_STATIC;
	} else {
		h->nat64.prefix = (struct prefix){ 0 };
		r = nat64_listen(c->rfc7050, &n);
		if (r == 0)
			r = nat64_discover(n, deadline(s->config), h, warnings);
	}
	if (*h->uplink &&
	    uplink_router(h->uplink, &h->ra.router, &h->ra.lifetime_s) == 0)
		h->gateway = h->ra.router;
	return r;
}

/**
 * read_resolvers() - Those of the command line
 * @n:		Arguments
 * @args:	Addresses
 * @h:		Gets them
 *
 * Return: 0; -EINVAL after saying why
 */
static int read_resolvers(int n, char **args, struct hints *h)
{
	if (n > HINTS_DNS_MAX) {
		log_error("more than %d resolvers", HINTS_DNS_MAX);
		return -EINVAL;
	}
	for (int i = 0; i < n; i++) {
		if (addr_parse6(args[i], &h->dns[h->n_dns++]) == 0)
			continue;
		log_error("resolver '%s': not an IPv6 address", args[i]);
		return -EINVAL;
	}
	return 0;
}

/**
 * print_answer() - What was learnt, for people
 * @hint:	Of one source
 * @h:		Who was asked
 */
static void print_answer(const struct nat64_hint *hint, const struct hints *h)
{
	if (!hint->source)
		return;
	printf("%-8s %s for %lld s", nat64_source_name(hint->source),
	       PREFIX_TEXT(&hint->prefix), (long long)hint->lifetime_s);
	if (addr_is_set(&hint->router))
		printf(", by router '%s'", ADDR_TEXT(&hint->router));
	for (size_t i = 0; hint->source == NAT64_RFC7050 && i < h->n_dns; i++)
		printf("%s '%s'", i ? "," : ", by", ADDR_TEXT(&h->dns[i]));
	putchar('\n');
}

/**
 * print_json() - What was learnt, for programs
 * @heard:	PREF64
 * @asked:	RFC 7050
 * @h:		The rest
 * @failure:	Why no resolver answered, or 0
 *
 * Return: 0, -ENOMEM
 */
static int print_json(const struct nat64_hint *heard,
		      const struct nat64_hint *asked, const struct hints *h,
		      int failure)
{
	_cleanup_(json_freep) struct json *root = json_object();
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct json *dns;
	int r;

	json_set_int(root, "version", 1);
	nat64_to_json(root, "pref64", heard);
	nat64_to_json(root, "rfc7050", asked);
	if (h->dns64 == HINT_UNKNOWN)
		json_set_null(root, "dns64");
	else
		json_set_bool(root, "dns64", h->dns64 == HINT_YES);
	dns = json_set_array(root, "dns");
	for (size_t i = 0; i < h->n_dns; i++)
		json_append_string(dns, ADDR_TEXT(&h->dns[i]));
	if (failure)
		json_set_string(root, "why", strerror(-failure));
	else
		json_set_null(root, "why");
	r = json_print(root, JSON_PRETTY, &text);
	if (r == 0)
		puts(buf_text(&text));
	return r;
}

/**
 * verb_discover() - netsetup discover
 * @config:	Options
 * @n:		Arguments
 * @args:	Resolvers
 *
 * Return: exit code; 1 where nobody names a prefix
 */
int verb_discover(void *config, int n, char **args)
{
	const struct config *c = config;
	_cleanup_(buf_release) struct buf warnings = BUF_INIT;
	_cleanup_(nat64_freep) struct nat64 *nat64 = NULL;
	struct nat64_hint heard, asked;
	struct hints h = HINTS_INIT;
	int r;

	if (read_resolvers(n, args, &h) < 0)
		return EXIT_USAGE;
	r = nat64_listen(true, &nat64);
	if (r == 0)
		r = nat64_discover(nat64, deadline(c), &h, &warnings);
	if (r < 0) {
		log_error("nat64: %s", strerror(-r));
		return EXIT_FAILED;
	}
	if (warnings.len)
		session_print(LOG_LEVEL_WARNING, warnings.data);
	heard = nat64_said(nat64, NAT64_PREF64);
	asked = nat64_said(nat64, NAT64_RFC7050);
	r = nat64_failure(nat64);
	if (c->json) {
		if (print_json(&heard, &asked, &h, r) < 0)
			return EXIT_FAILED;
	} else {
		print_answer(&heard, &h);
		print_answer(&asked, &h);
	}
	if (heard.source || asked.source)
		return EXIT_OK;
	log_error("no router announces a NAT64 prefix; resolvers: %s",
		  r ? strerror(-r) : "ipv4only.arpa has no AAAA (no DNS64)");
	return EXIT_FAILED;
}
