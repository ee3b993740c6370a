/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/toggle.h"

#include "netsetup/nat64.h"
#include "netsetup/ra.h"

#include "lib/loop.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FORWARDING "net/ipv6/conf/all/forwarding"
#define ROUTER_WAIT \
	(4 * NSEC_PER_SEC) /* of a host that solicits, RFC 4861 10 */
#define AGAIN_MS 200
#define IS_TAKE_BACK \
	(-ECANCELED) /* what the check says, so that nothing is kept */

/* One proof. */
struct proof {
	struct engine *e;
	struct model before; /* default routes of routers, and addresses */
	const char *from,
		*to; /* all.forwarding as it was, and the other value */
	const char *when; /* value at which something went, or NULL */
	struct buf lost; /* what did */
};

/**
 * read_default() - Take a default route by router advertisements
 * @e:		Engine
 * @m:		RTM_NEWROUTE
 * @out:	Model that it is appended to
 *
 * Return: 0; -ENOMEM
 */
static int read_default(struct engine *e, const struct nlmsghdr *m,
			struct model *out)
{
	const struct rtmsg *rt = NLMSG_DATA(m);

	if (rt->rtm_protocol != RTPROT_RA || rt->rtm_dst_len != 0)
		return 0;
	return route_read(e, m, out);
}

/**
 * look() - Read what routers have announced, and all addresses
 * @e:		Engine
 * @out:	Empty model
 *
 * Return: 0 or a negative errno
 */
static int look(struct engine *e, struct model *out)
{
	const struct scope scope = { 0 };
	char buffer[256];
	struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETROUTE, 0);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));
	int r;

	rt->rtm_family = AF_INET6;
	rt->rtm_protocol = RTPROT_RA;
	r = observe_list(e, m, read_default, out, KIND_ROUTE);
	if (r < 0)
		return engine_fail(e, r, "list of routes: %s", strerror(-r));
	return observe_kind(e, KIND_ADDRESS, &scope, out);
}

/**
 * has_route() - Whether a default route is still there
 * @m:		Model
 * @route:	Route
 *
 * Two routers may have announced routes that differ in nothing but the gateway.
 *
 * Return: true if it is
 */
static bool has_route(const struct model *m, const struct route *route)
{
	for (size_t i = 0; i < m->tables[KIND_ROUTE].n; i++) {
		const struct route *r = MODEL_AT(m, KIND_ROUTE, route, i);

		if (r->dev == route->dev && r->table == route->table &&
		    IN6_ARE_ADDR_EQUAL(&r->via, &route->via))
			return true;
	}
	return false;
}

/**
 * compare() - Note what has gone
 * @p:		Proof
 * @lost:	Gets the words
 *
 * Return: 0 or a negative errno
 */
static int compare(struct proof *p, struct buf *lost)
{
	const struct strings *s = p->e->strings;
	_cleanup_(model_release) struct model now;
	int r;

	model_init(&now, p->e->strings);
	r = look(p->e, &now);
	for (size_t i = 0; r == 0 && i < p->before.tables[KIND_ROUTE].n; i++) {
		const struct route *o =
			MODEL_AT(&p->before, KIND_ROUTE, route, i);
		struct addr via = addr_from_in6(&o->via);

		if (!has_route(&now, o))
			buf_printf(lost, "%sthe default route by %s on '%s'",
				   lost->len ? ", " : "", ADDR_TEXT(&via),
				   strings_get(s, o->dev));
	}
	for (size_t i = 0; r == 0 && i < p->before.tables[KIND_ADDRESS].n;
	     i++) {
		const struct address *o =
			MODEL_AT(&p->before, KIND_ADDRESS, address, i);
		struct addr a = addr_from_in6(&o->address);

		if (!model_find(&now, KIND_ADDRESS, o))
			buf_printf(lost, "%saddress %s/%u on '%s'",
				   lost->len ? ", " : "", ADDR_TEXT(&a), o->len,
				   strings_get(s, o->dev));
	}
	return r;
}

/**
 * look_toggled() - See what is there while all.forwarding is the other value
 * @e:		Unused
 * @context:	struct proof
 *
 * Return: IS_TAKE_BACK, or what reading said
 */
static int look_toggled(struct engine *e, void *context)
{
	struct proof *p = context;
	int r = compare(p, &p->lost);

	(void)e;
	if (p->lost.len)
		p->when = p->to;
	return r < 0 ? r : IS_TAKE_BACK;
}

/**
 * would_lose() - A default route that a change of all.forwarding would cost
 * @p:		Proof, .before filled
 *
 * Return: route; NULL where all of them are safe
 */
static const struct route *would_lose(const struct proof *p)
{
	for (size_t i = 0; i < p->before.tables[KIND_ROUTE].n; i++) {
		const struct route *r =
			MODEL_AT(&p->before, KIND_ROUTE, route, i);
		const char *dev = strings_get(p->e->strings, r->dev);

		if (!ra_lasts(dev, ra_witnesses(p->e, dev)))
			return r;
	}
	return NULL;
}

/**
 * plan_toggle() - Plan to write the other value
 * @p:		Proof, .to filled
 * @w:		Gets the plan
 *
 * Return: 0 or a negative errno
 */
static int plan_toggle(const struct proof *p, struct work *w)
{
	_cleanup_(model_release) struct model other;
	struct strings *s = p->e->strings;
	const struct sysctl c = { strings_add_text(s, FORWARDING),
				  strings_add_text(s, p->to) };
	int r;

	model_init(&other, s);
	r = model_put(&other, KIND_SYSCTL, &c);
	return r < 0 ? r : engine_plan_images(p->e, &other, &other, w);
}

/**
 * toggle() - Write the other value, look, put it back, and look again
 * @p:		Proof
 * @t:		Open transaction
 *
 * Return: 0, also where something was lost (.when); a negative errno where it could not be
 *	   done, and all is as it was, or .stuck of @t is set
 */
static int toggle(struct proof *p, struct txn *t)
{
	_cleanup_(work_release) struct work w = { 0 };
	sigset_t ends, old;
	int r = plan_toggle(p, &w);

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	t->check = look_toggled;
	t->check_context = p;
	/* Who grows impatient does not leave a node that forwards nothing. */
	(void)sigprocmask(SIG_BLOCK, &ends, &old);
	if (r == 0)
		r = txn_apply(t, &w, 0);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (r != IS_TAKE_BACK || t->stuck)
		return r < 0 ? r : -EIO;
	buf_clear(&p->e->why);
	if (p->when)
		return 0;
	r = compare(p, &p->lost);
	if (p->lost.len)
		p->when = p->from;
	return r;
}

/**
 * wait_back() - Ask routers to announce themselves once more, and wait for what was lost
 * @p:		Proof
 *
 * Return: true where all of it is back
 */
static bool wait_back(struct proof *p)
{
	int64_t deadline = loop_now() + ROUTER_WAIT;

	nat64_solicit();
	for (;;) {
		_cleanup_(buf_release) struct buf missing = BUF_INIT;

		if (compare(p, &missing) == 0 && missing.len == 0)
			return true;
		if (loop_now() >= deadline)
			return false;
		(void)poll(NULL, 0, AGAIN_MS);
	}
}

/**
 * conclude() - Say what came out
 * @p:		Proof that was tried
 * @res:	Result
 */
static void conclude(struct proof *p, struct result *res)
{
	if (!p->when) {
		snprintf(
			res->detail, sizeof(res->detail),
			"all.forwarding went from %s to %s and back: %zu default routes of routers and %zu addresses stayed",
			p->from, p->to, p->before.tables[KIND_ROUTE].n,
			p->before.tables[KIND_ADDRESS].n);
		return;
	}
	ra_fail(res, VERDICT_FAIL, "accept-ra");
	snprintf(res->detail, sizeof(res->detail),
		 "when all.forwarding became %s, this went: %s; %s", p->when,
		 buf_text(&p->lost),
		 wait_back(p) ? "it is back, announced once more" :
				"no router has announced it since");
}

/**
 * prove() - Toggle, unless that would break the node or prove nothing
 * @p:		Proof, .before filled
 * @t:		Open transaction
 * @res:	Result to fill
 *
 * Return: 0 or a negative errno
 */
static int prove(struct proof *p, struct txn *t, struct result *res)
{
	const struct route *route = would_lose(p);
	struct addr via;
	int r;

	if (p->before.tables[KIND_ROUTE].n == 0) {
		ra_fail(res, VERDICT_SKIP, "ra-missing");
		snprintf(
			res->detail, sizeof(res->detail),
			"all.forwarding was not toggled: no router has announced itself as default, so that there is nothing to prove");
		return 0;
	}
	if (route) {
		via = addr_from_in6(&route->via);
		ra_fail(res, VERDICT_FAIL, "accept-ra");
		snprintf(
			res->detail, sizeof(res->detail),
			"all.forwarding was not toggled: accept_ra of '%s' is %ld, and the default route by %s would be lost",
			strings_get(p->e->strings, route->dev),
			ra_conf(strings_get(p->e->strings, route->dev),
				"accept_ra"),
			ADDR_TEXT(&via));
		return 0;
	}
	r = toggle(p, t);
	if (r == 0)
		conclude(p, res);
	return r;
}

/**
 * toggle_verify() - RA-4: a default route by RA has outlived all.forwarding toggled
 * @t:		Open transaction; none is open afterwards, unless it is .stuck
 * @out:	Gets the result
 *
 * Return: 0; a negative errno where it could not be tried (.why of the engine)
 */
int toggle_verify(struct txn *t, struct results *out)
{
	bool on = ra_conf("all", "forwarding") != 0;
	struct proof p = {
		.e = t->e,
		.from = on ? "1" : "0",
		.to = on ? "0" : "1",
		.lost = BUF_INIT,
	};
	struct result res;
	int r;

	ra_result(&res, "RA-4", "the default route has outlived forwarding",
		  "");
	snprintf(res.clause, sizeof(res.clause), "kernel ip-sysctl, accept_ra");
	model_init(&p.before, t->e->strings);
	r = look(t->e, &p.before);
	if (r == 0)
		r = prove(&p, t, &res);
	model_release(&p.before);
	buf_release(&p.lost);
	return r < 0 ? r : results_add(out, &res);
}
