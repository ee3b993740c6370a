/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/pref64.h"

#include "netsetup/emit/emit.h"
#include "netsetup/nat64.h"
#include "netsetup/uplink.h"
#include "netsetup/watch/say.h"
#include "netsetup/watch/watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/**
 * hints_path() - Where the hints lie
 * @w:		Watch
 *
 * Return: path, below the root
 */
static const char *hints_path(const struct watch *w)
{
	return w->config->hints ? w->config->hints : HINTS_PATH;
}

/**
 * run_units() - Run the units that depend on a file
 * @w:		Watch
 * @input:	Its path, or "hints"
 */
static void run_units(struct watch *w, const char *input)
{
	const struct table *t = &w->conf.model.tables[KIND_UNIT];

	for (size_t i = 0; i < t->n; i++) {
		const struct unit *u =
			MODEL_AT(&w->conf.model, KIND_UNIT, unit, i);
		const char *at = strings_get(w->e.strings, u->inputs);
		const char *end = at + strings_len(w->e.strings, u->inputs);
		struct change c = { .op = OP_RUN, .want = u };
		bool found = false;

		for (; at < end && !found; at += strlen(at) + 1)
			found = strcmp(at, input) == 0;
		buf_clear(&w->e.why);
		if (found && kind_unit.execute(&w->e, &c) < 0)
			log_warning("%s", buf_text(&w->e.why));
	}
}

/**
 * write_snippet() - Write one file of another program
 * @w:		Watch
 * @text:	"FORMAT=FILE"
 */
static void write_snippet(struct watch *w, const char *text)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT, errors = BUF_INIT;
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	const char *equals = strchr(text, '=');
	const struct emit_args args = { .errors = &errors };
	char format[32];
	bool changed = false;
	int r;

	snprintf(format, sizeof(format), "%.*s", (int)(equals - text), text);
	r = emit_print(format, &w->pref64.hints, &args, &out);
	buf_printf(&path, "%s%s", w->config->root ? w->config->root : "",
		   equals + 1);
	if (r == 0 && buf_error(&path) == 0)
		r = hints_replace(path.data, &out, &changed);
	if (r < 0)
		log_warning("snippet '%s': %s", equals + 1,
			    errors.len ? buf_text(&errors) : strerror(-r));
	if (changed)
		run_units(w, equals + 1);
}

/**
 * publish() - Write all that others read
 * @w:		Watch
 */
static void publish(struct watch *w)
{
	const struct opt_list *l = &w->config->snippets;
	bool changed = false;
	int r = hints_write(&w->pref64.hints,
			    w->config->root ? w->config->root : "",
			    hints_path(w), &changed);

	if (r < 0)
		log_warning("hints: %s", strerror(-r));
	if (changed)
		run_units(w, "hints");
	for (size_t i = 0; i < l->n; i++)
		write_snippet(w, l->item[i]);
}

/**
 * say_nat64() - Say which prefix is in use now
 * @w:		Watch
 */
static void say_nat64(struct watch *w)
{
	const struct nat64_hint *h = &w->pref64.table.now;
	bool any = h->source != NAT64_UNKNOWN;
	const char *prefix = any ? PREFIX_TEXT(&h->prefix) : "none";
	struct json *j = say_new("nat64");

	w->counters.pref64_changes++;
	if (any)
		json_set_string(j, "prefix", prefix);
	else
		json_set_null(j, "prefix");
	json_set_string(j, "source", nat64_source_name(h->source));
	if (addr_is_set(&h->router))
		json_set_string(j, "router", ADDR_TEXT(&h->router));
	json_set_int(j, "lifetime_s", h->lifetime_s);
	say_end(w, LOG_LEVEL_INFO, j, "nat64 prefix '%s', by %s", prefix,
		nat64_source_name(h->source));
}

/**
 * settle() - Decide which prefix is in use, and tell
 * @w:		Watch
 * @now:	Time
 */
static void settle(struct watch *w, int64_t now)
{
	struct pref64 *p = &w->pref64;
	int64_t next;

	if (nat64_settle(&p->table, now))
		say_nat64(w);
	/* A child that runs writes the file, too; what it writes is read then. */
	if (w->child.kind != CHILD_APPLY &&
	    memcmp(&p->hints.nat64, &p->table.now, sizeof(p->table.now)) != 0) {
		p->hints.nat64 = p->table.now;
		publish(w);
		translator_sync(w);
	}
	next = nat64_next(&p->table, now);
	if (next == NAT64_NEVER)
		loop_timer_cancel(&w->loop, &p->next);
	else
		(void)!loop_timer_set(&w->loop, &p->next, next);
}

/**
 * on_next() - A lifetime or a hold has ended
 * @timer:	Embedded in the watch
 * @now:	Time
 */
static void on_next(struct loop_timer *timer, int64_t now)
{
	struct pref64 *p = container_of(timer, struct pref64, next);

	settle(container_of(p, struct watch, pref64), now);
}

/**
 * is_uplink() - Whether routers are listened to on an interface
 * @w:		Watch
 * @index:	Its number
 *
 * Not on those of pods: what a pod says about NAT64 is of no weight.
 *
 * Return: true if they are
 */
static bool is_uplink(const struct watch *w, int index)
{
	const char *at = strings_get(w->e.strings, w->conf.uplinks);
	const char *end = at + strings_len(w->e.strings, w->conf.uplinks);
	const char *hint = w->pref64.hints.uplink;
	char name[IF_NAMESIZE] = "";

	if (!if_indextoname((unsigned int)index, name))
		return false;
	if (at == end && !*hint)
		return true;
	for (; at < end; at += strlen(at) + 1)
		if (strcmp(at, name) == 0)
			return true;
	return strcmp(hint, name) == 0;
}

/**
 * pref64_event() - A router speaks
 * @w:		Watch
 * @m:		RTM_NEWNDUSEROPT
 */
void pref64_event(struct watch *w, const struct nlmsghdr *m)
{
	const struct nduseroptmsg *nd = NLMSG_DATA(m);
	struct nat64_hint hint;
	struct addr router = { 0 };
	const uint8_t *option;
	size_t len;

	if (!w->pref64.on ||
	    nat64_read_message(m, &router, &option, &len) < 0 ||
	    nat64_read_option(option, len, &hint) < 0 ||
	    !is_uplink(w, nd->nduseropt_ifindex))
		return;
	hint.router = router;
	nat64_offer(&w->pref64.table, &hint, loop_now());
	settle(w, loop_now());
}

/**
 * on_router() - Tell which router there is, if it is another one
 * @timer:	Embedded in the watch
 * @now:	Unused
 *
 * What was known of its lifetime is told as it was: it is another one at each moment.
 */
static void on_router(struct loop_timer *timer, int64_t now)
{
	struct pref64 *p = container_of(timer, struct pref64, router);
	struct watch *w = container_of(p, struct watch, pref64);
	struct hints *h = &p->hints;
	struct addr router = { 0 };
	int64_t lifetime_s = 0;
	struct json *j;
	const char *name;

	(void)now;
	if (uplink_router(h->uplink, &router, &lifetime_s) < 0)
		router = (struct addr){ 0 };
	if (addr_equal(&router, &h->ra.router))
		return;
	/* A gateway that metadata gave is not the router's to change. */
	if (addr_equal(&h->gateway, &h->ra.router))
		h->gateway = router;
	h->ra.router = router;
	h->ra.lifetime_s = lifetime_s;
	j = say_new("router");
	name = addr_is_set(&router) ? ADDR_TEXT(&router) : "none";
	json_set_string(j, "router", name);
	json_set_int(j, "lifetime_s", lifetime_s);
	say_end(w, LOG_LEVEL_INFO, j, "router of '%s': '%s'", h->uplink, name);
	publish(w);
}

/**
 * pref64_route() - A route comes or goes
 * @w:		Watch
 * @m:		RTM_NEWROUTE, RTM_DELROUTE
 */
void pref64_route(struct watch *w, const struct nlmsghdr *m)
{
	const struct rtmsg *rt = NLMSG_DATA(m);

	/* One router that follows another is several events: one look at the end. */
	if (w->pref64.on && rt->rtm_family == AF_INET6 &&
	    rt->rtm_dst_len == 0 && rt->rtm_protocol == RTPROT_RA)
		(void)!loop_timer_set(&w->loop, &w->pref64.router, loop_now());
}

/**
 * pref64_answer() - Resolvers have answered
 * @w:		Watch
 * @hint:	Prefix, or NULL: they make none
 */
void pref64_answer(struct watch *w, const struct nat64_hint *hint)
{
	struct nat64_table *t = &w->pref64.table;

	if (hint)
		nat64_offer(t, hint, loop_now());
	else
		nat64_withdraw(t, NAT64_RFC7050);
	settle(w, loop_now());
	publish(w);
}

/**
 * is_wanted() - Whether anybody wants hints
 * @w:		Watch
 *
 * Return: true where an option or the document does
 */
static bool is_wanted(const struct watch *w)
{
	const struct config *c = w->config;

	return c->provider || c->hints || c->snippets.n || c->clat ||
	       w->conf.nat64.stated;
}

/**
 * listen_to_routers() - Begin to, and solicit, where it was not done yet
 * @w:		Watch; .events is open
 *
 * Return: 0 or a negative errno
 */
static int listen_to_routers(struct watch *w)
{
	int r = 0;

	if (!w->pref64.listens)
		r = nl_subscribe(&w->events, RTNLGRP_ND_USEROPT);
	if (r == 0 && !w->pref64.listens)
		nat64_solicit();
	w->pref64.listens = r == 0;
	return r;
}

/**
 * end() - Take back what was told: the document's section has gone
 * @w:		Watch
 */
static void end(struct watch *w)
{
	struct pref64 *p = &w->pref64;

	for (int i = NAT64_UNKNOWN + 1; i < NAT64_SOURCE_MAX; i++)
		nat64_withdraw(&p->table, i);
	settle(w, loop_now());
	p->on = false;
}

/**
 * take_document() - What the document says of NAT64
 * @w:		Watch
 */
static void take_document(struct watch *w)
{
	const struct conf_nat64 *c = &w->conf.nat64;
	struct pref64 *p = &w->pref64;
	struct hints *h = &p->hints;
	struct nat64_hint fixed = {
		.prefix = { addr_from_in6(&c->prefix), c->len },
		.source = NAT64_STATIC,
	};
	int n = conf_resolvers(w->e.strings, c, h->dns, NULL);

	if (n > 0)
		h->n_dns = (size_t)n;
	if (!*h->uplink)
		snprintf(h->uplink, sizeof(h->uplink), "%s",
			 strings_get(w->e.strings, w->conf.uplinks));
	/* What a file says is as good as ever where no document has a say. */
	if (c->len)
		nat64_offer(&p->table, &fixed, loop_now());
	else if (c->stated || p->stated)
		nat64_withdraw(&p->table, NAT64_STATIC);
	if (!c->rfc7050 && (c->stated || p->stated))
		nat64_withdraw(&p->table, NAT64_RFC7050);
	p->stated = c->stated;
}

/**
 * take_file() - What an earlier program, or the provider form's child, has learnt
 * @w:		Watch
 * @h:		Content of the hints file
 */
static void take_file(struct watch *w, const struct hints *h)
{
	struct pref64 *p = &w->pref64;
	enum nat64_source source = h->nat64.source;
	bool heard = p->table.offers[source].hint.source != NAT64_UNKNOWN;

	/* An advertisement or answer heard here is newer than the file. */
	if (!heard || (w->config->provider && source != NAT64_PREF64))
		nat64_offer(&p->table, &h->nat64, loop_now());
	p->hints = *h;
}

/**
 * pref64_reload() - Take up what a child has learnt, and what the document wants
 * @w:		Watch
 */
void pref64_reload(struct watch *w)
{
	struct pref64 *p = &w->pref64;
	struct nat64_hint fixed = { .source = NAT64_STATIC };
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	struct hints h;
	bool known;

	if (p->on && !is_wanted(w))
		end(w);
	p->on = is_wanted(w);
	if (p->on && listen_to_routers(w) < 0)
		log_warning("nat64: routers cannot be listened to");
	if (!p->on) {
		asker_sync(w);
		return;
	}
	buf_printf(&path, "%s%s", w->config->root ? w->config->root : "",
		   hints_path(w));
	known = hints_read(buf_text(&path), &h) == 0;
	if (known)
		take_file(w, &h);
	if (!w->config->provider)
		take_document(w);
	if (w->config->nat64 &&
	    nat64_parse(w->config->nat64, &fixed.prefix) == 0)
		nat64_offer(&p->table, &fixed, loop_now());
	settle(w, loop_now());
	/* Where nobody knows anything there is nothing to tell. */
	if (known || p->table.now.source != NAT64_UNKNOWN)
		publish(w);
	translator_sync(w);
	asker_sync(w);
	(void)!loop_timer_set(&w->loop, &p->router, loop_now());
}

/**
 * check_snippets() - Whether --snippet makes sense
 * @w:		Watch
 *
 * Return: 0; -EINVAL, w->e.why has the words
 */
static int check_snippets(struct watch *w)
{
	const struct opt_list *l = &w->config->snippets;
	struct prefix p;

	for (size_t i = 0; i < l->n; i++) {
		const char *equals = strchr(l->item[i], '=');
		char format[32];

		snprintf(format, sizeof(format), "%.*s",
			 equals ? (int)(equals - l->item[i]) : 0, l->item[i]);
		if (!equals || equals[1] != '/' || !emit_find(format))
			return engine_fail(
				&w->e, -EINVAL,
				"option '--snippet': '%s': not FORMAT=/PATH with a format of 'netsetup emit'",
				l->item[i]);
	}
	if (w->config->nat64 && nat64_parse(w->config->nat64, &p) < 0)
		return engine_fail(&w->e, -EINVAL,
				   "option '--nat64': '%s': no NAT64 prefix",
				   w->config->nat64);
	return 0;
}

/**
 * pref64_open() - Begin to listen to routers, and solicit
 * @w:		Watch; .events is open
 *
 * Return: 0 or a negative errno
 */
int pref64_open(struct watch *w)
{
	int r = check_snippets(w);

	w->pref64.next.expired = on_next;
	w->pref64.router.expired = on_router;
	w->pref64.on = is_wanted(w);
	return r == 0 && w->pref64.on ? listen_to_routers(w) : r;
}

/**
 * pref64_print() - The metric
 * @w:		Watch
 * @out:	Gets it
 */
void pref64_print(const struct watch *w, struct buf *out)
{
	const struct nat64_offer *o = &w->pref64.table.offers[NAT64_PREF64];

	buf_puts(
		out,
		"# HELP netsetup_pref64_lifetime_seconds how long the advertised NAT64 prefix still holds\n"
		"# TYPE netsetup_pref64_lifetime_seconds gauge\n");
	if (o->hint.source)
		buf_printf(
			out,
			"netsetup_pref64_lifetime_seconds{prefix=\"%s\",router=\"%s\"} %lld\n",
			PREFIX_TEXT(&o->hint.prefix),
			ADDR_TEXT(&o->hint.router),
			(long long)(MAX(o->until_ns - loop_now(), 0) /
				    NSEC_PER_SEC));
}
