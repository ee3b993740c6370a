/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/engine.h"

#include "netsetup/conf.h"
#include "netsetup/early.h"
#include "netsetup/gone.h"
#include "netsetup/kind/linkinfo.h"
#include "netsetup/ra.h"
#include "netsetup/rest.h"
#include "netsetup/sysctl.h"
#include "netsetup/veth.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define DUMP_TRIES 20 /* of a list that changes while it is read */

/**
 * kernel_caps() - What the running kernel can do
 *
 * Return: bits of enum cap
 */
static unsigned int kernel_caps(void)
{
	unsigned int caps = CAP_NEXTHOP, major = 0, minor = 0, mask;
	const char *text = getenv("SHOOT6_CAPS_MASK");
	struct utsname u;

	if (uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	    (major > 5 || (major == 5 && minor >= 18)))
		caps |= CAP_IFA_PROTO;
	if (access("/proc/sys/net/ipv6/conf/default/force_forwarding", F_OK) ==
	    0)
		caps |= CAP_FORCE_FORWARDING;
	if (text && sscanf(text, "%x", &mask) == 1)
		caps &= mask;
	return caps;
}

/**
 * engine_open() - Open the socket and learn what the kernel can do
 * @e:		Engine to fill
 * @options:	Options; their texts must outlive it
 *
 * Return: 0 or a negative errno
 */
int engine_open(struct engine *e, const struct engine_options *options)
{
	int r;

	*e = (struct engine){ .options = *options };
	e->strings = strings_new();
	if (!e->strings)
		return -ENOMEM;
	model_init(&e->owned, e->strings);
	model_init(&e->owned_keys, e->strings);
	e->caps = options->offline ? CAP_ALL : kernel_caps();
	if (options->offline)
		return 0;
	r = nl_open(&e->nl, NETLINK_ROUTE);
	if (r < 0) {
		engine_fail(e, r, "netlink socket: %s", strerror(-r));
		return r;
	}
	e->is_open = true;
	return devices_load(e);
}

/**
 * engine_close() - End an engine
 * @e:		Engine
 */
void engine_close(struct engine *e)
{
	if (e->is_open)
		nl_close(&e->nl);
	model_release(&e->owned);
	model_release(&e->owned_keys);
	free(e->devices.items);
	buf_release(&e->why);
	strings_free(e->strings);
	*e = (struct engine){ 0 };
}

/**
 * engine_fail() - Keep the words of a failure, unless there are some already
 * @e:		Engine
 * @error:	Negative errno
 * @format:	Words: subject quoted, cause last
 *
 * Return: @error
 */
int engine_fail(struct engine *e, int error, const char *format, ...)
{
	va_list args;

	if (e->why.len)
		return error;
	va_start(args, format);
	buf_vprintf(&e->why, format, args);
	va_end(args);
	return error;
}

/**
 * engine_mutations() - How much was changed so far
 * @e:		Engine
 *
 * Return: mutating netlink messages sent, and sysctls and files written
 */
uint64_t engine_mutations(const struct engine *e)
{
	return e->nl.n_mutating + e->n_writes;
}

/**
 * engine_point() - One more instant at which a test may kill us, or stop us
 * @e:		Engine
 */
void engine_point(struct engine *e)
{
	e->point++;
	if (e->point == e->options.stop_at)
		(void)raise(SIGSTOP);
	if (e->point == e->options.crash_at) {
		fflush(NULL);
		_exit(137);
	}
}

/**
 * seen_device() - Take the name of one interface
 * @m:		RTM_NEWLINK
 * @context:	struct engine
 *
 * Return: 0; -ENOMEM
 */
static int seen_device(const struct nlmsghdr *m, void *context)
{
	struct engine *e = context;
	const struct ifinfomsg *ifi = NLMSG_DATA(m);
	const struct nlattr *at[IFLA_MTU + 1];
	struct device *items;

	if (m->nlmsg_type != RTM_NEWLINK)
		return 0;
	items = reallocarray(e->devices.items, e->devices.n + 1,
			     sizeof(*items));
	if (!items)
		return -ENOMEM;
	e->devices.items = items;
	nl_parse(m, sizeof(*ifi), at, IFLA_MTU);
	items[e->devices.n++] = (struct device){
		.name = strings_add_text(e->strings, nl_text(at[IFLA_IFNAME])),
		.index = ifi->ifi_index,
		.flags = ifi->ifi_flags,
		.mtu = nl_u32(at[IFLA_MTU], 0),
	};
	return e->strings->error;
}

/**
 * devices_load() - Learn the names of all interfaces
 * @e:		Engine
 *
 * Return: 0 or a negative errno
 */
int devices_load(struct engine *e)
{
	char buffer[256];
	int r;

	for (int i = 0; i < DUMP_TRIES; i++) {
		struct nlmsghdr *m = nl_request(&e->nl, buffer, RTM_GETLINK, 0);

		nl_header(m, sizeof(struct ifinfomsg));
		nl_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		e->devices.n = 0;
		r = nl_dump(&e->nl, m, seen_device, e);
		if (r != -EINTR)
			break;
	}
	return r < 0 ? engine_fail(e, r, "list of interfaces: %s",
				   strerror(-r)) :
		       0;
}

/**
 * device_index() - Number of an interface
 * @e:		Engine
 * @name:	Its name
 *
 * Return: number; 0 where there is none, or no name
 */
int device_index(const struct engine *e, uint32_t name)
{
	for (size_t i = 0; name && i < e->devices.n; i++)
		if (e->devices.items[i].name == name)
			return e->devices.items[i].index;
	return 0;
}

/**
 * device_name() - Name of an interface
 * @e:		Engine
 * @index:	Its number
 *
 * Return: number of its name; 0 where it is not known
 */
uint32_t device_name(const struct engine *e, int index)
{
	for (size_t i = 0; index && i < e->devices.n; i++)
		if (e->devices.items[i].index == index)
			return e->devices.items[i].name;
	return 0;
}

/**
 * observe_dump() - List objects, again where the list changed meanwhile
 * @e:		Engine
 * @request:	Request; used again, as often as it takes
 * @fn:		Appends to @table
 * @context:	For @fn
 * @table:	Table, cut back before each new try
 *
 * Return: 0 or a negative errno
 */
int observe_dump(struct engine *e, struct nlmsghdr *request, nl_message_fn *fn,
		 void *context, struct table *table)
{
	size_t n = table->n;
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		table->n = n;
		request->nlmsg_seq = ++e->nl.seq;
		r = nl_dump(&e->nl, request, fn, context);
	}
	return r;
}

/* Who takes the messages of a list. */
struct reading {
	struct engine *e;
	kind_read_fn *read;
	struct model *out;
};

/**
 * read_one() - Hand over one message of a list
 * @m:		Message
 * @context:	struct reading
 *
 * Return: what the reader returns
 */
static int read_one(const struct nlmsghdr *m, void *context)
{
	const struct reading *r = context;

	return r->read(r->e, m, r->out);
}

/**
 * observe_list() - List objects by the function that reads one of them
 * @e:		Engine
 * @request:	Request; used again, as often as it takes
 * @read:	Reads a message
 * @out:	Model that objects are appended to
 * @kind:	Their kind
 *
 * Return: 0 or a negative errno
 */
int observe_list(struct engine *e, struct nlmsghdr *request, kind_read_fn *read,
		 struct model *out, enum kind_id kind)
{
	struct reading r = { e, read, out };

	return observe_dump(e, request, read_one, &r, &out->tables[kind]);
}

/**
 * observe_kind() - Read one kind of objects
 * @e:		Engine
 * @kind:	Kind
 * @scope:	What it is for
 * @out:	Model that they are appended to; sorted afterwards
 *
 * Return: 0 or a negative errno
 */
int observe_kind(struct engine *e, enum kind_id kind, const struct scope *scope,
		 struct model *out)
{
	int r = -ENODATA;

	if (kind == KIND_ROUTE && e->early && !scope->foreign && !scope->all) {
		r = early_take(e->early, e->strings, out);
		e->early = NULL;
	}
	if (r == -ENODATA)
		r = kinds[kind]->observe ? kinds[kind]->observe(e, scope, out) :
					   0;
	if (r < 0)
		return engine_fail(e, r, "list of %s: %s%s%s",
				   kinds[kind]->plural, e->nl.error.text,
				   e->nl.error.text[0] ? ", " : "",
				   strerror(-r));
	(void)model_sort(out, kind);
	return 0;
}

/**
 * observe() - Read the node's state
 * @e:		Engine
 * @scope:	What it is for
 * @ret_observed: Model, sorted; the caller ends it by model_release()
 *
 * Return: 0 or a negative errno
 */
int observe(struct engine *e, const struct scope *scope,
	    struct model *ret_observed)
{
	_cleanup_(model_release) struct model m;
	int r = devices_load(e);

	model_init(&m, e->strings);
	for (size_t k = 0; k < KIND_MAX && r == 0; k++)
		if (!scope->touched || scope->touched->tables[k].n)
			r = observe_kind(e, (enum kind_id)k, scope, &m);
	if (r < 0)
		return r;
	*ret_observed = m;
	model_init(&m, e->strings);
	return 0;
}

/**
 * work_release() - End a piece of work
 * @w:		Work
 */
void work_release(struct work *w)
{
	plan_release(&w->plan);
	model_release(&w->want);
	model_release(&w->have);
}

/**
 * conflict_error() - Say whose object is in the way
 * @e:		Engine
 * @c:		Conflict
 *
 * Return: -EPERM
 */
static int conflict_error(struct engine *e, const struct conflict *c)
{
	const struct kind *k = kinds[c->kind];
	_cleanup_(buf_release) struct buf want = BUF_INIT, have = BUF_INIT;
	char client[DHCP_OWNER_SIZE];
	const char *device, *owner;
	bool fixed;

	object_describe(k, e->strings, c->have, &have);
	if (!c->want)
		return engine_fail(
			e, -EPERM, "%s '%s': belongs to '%s', and %s", k->name,
			buf_text(&have), OWNER_NAME(k, c->have),
			c->kind == KIND_LINK ?
				"rests on a link that would be made anew" :
				"uses a nexthop that would go");
	object_describe(k, e->strings, c->want, &want);
	device = device_owner(k, e->strings, c->have);
	owner = dhcp_owner(k, c->have, client);
	fixed = c->kind == KIND_LINK && !linkinfo_same_nature(c->want, c->have);
	return engine_fail(
		e, -EPERM,
		"%s '%s': belongs to '%s' already%s%s%s, as '%s'; %s", k->name,
		buf_text(&want), owner ?: OWNER_NAME(k, c->have),
		device ? ", on a device of '" : "", device ? device : "",
		device ? "'" : "", buf_text(&have),
		fixed ? "its kind, id, parent, peer, port and table cannot change, give the new one another name" :
			"'netsetup adopt' would take it over");
}

/* What goes_away() looks at. */
struct going {
	const struct engine *e;
	const struct model *named; /* by the document */
};

/**
 * goes_away() - Whether an interface goes with a link of ours that nobody names
 * @test:	.context: struct going
 * @dev:	Its name, or 0
 *
 * Return: true if it does
 */
static bool goes_away(const struct rest_test *test, uint32_t dev)
{
	const struct going *g = test->context;
	const struct table *t = &g->e->owned_keys.tables[KIND_LINK];
	const struct link key = { .name = dev };
	const struct link *named = model_find(g->named, KIND_LINK, &key);

	if (!dev || (named && named->kind))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		const struct link *o =
			MODEL_AT(&g->e->owned_keys, KIND_LINK, link, i);

		if (o->kind && (o->name == dev || o->peer == dev) &&
		    !model_find(g->named, KIND_LINK, o))
			return true;
	}
	return false;
}

/**
 * is_back() - Whether an original has to come back now
 * @e:		Engine, with the list of interfaces
 * @named:	What the document names
 * @kind:	Kind
 * @original:	What an object held before it was ours
 *
 * Not where the document names it still, nor where its interface is gone, nor a link that
 * we have made: it goes, with what is on it.
 *
 * Return: true if it has to
 */
static bool is_back(const struct engine *e, const struct model *named,
		    enum kind_id kind, const void *original)
{
	const struct going going = { e, named };
	const struct rest_test test = { goes_away, e->strings, &going };
	const struct link *ours =
		kind == KIND_LINK ?
			model_find(&e->owned_keys, KIND_LINK, original) :
			NULL;

	return !model_find(named, kind, original) && !(ours && ours->kind) &&
	       !rest_on(&test, kind, original) &&
	       !gone_rests(e, named, kind, original);
}

/**
 * put_back() - Want back what an object held before it was ours
 * @e:		Engine
 * @named:	What the document names
 * @kind:	Kind
 * @original:	What it held
 * @w:		Work; its observed model is there, its desired one gets the object
 *
 * A sysctl that follows one of conf/all which the document names stays as it is, unless an
 * earlier document stated an exception: then it holds what it would without that.
 *
 * Return: 0; -ENOMEM
 */
static int put_back(const struct engine *e, const struct model *named,
		    enum kind_id kind, const void *original, struct work *w)
{
	const struct sysctl *was, *all, *key;
	struct sysctl c;

	if (kind != KIND_SYSCTL || !sysctl_is_led(named, original))
		return model_put(&w->want, kind, original);
	key = model_find(&e->owned_keys, KIND_SYSCTL, original);
	if (!key || !key->value)
		return 0;
	c = *(const struct sysctl *)original;
	c.path = sysctl_all_of(e->strings, key->path);
	all = model_find(named, KIND_SYSCTL, &c);
	was = model_find(&e->owned, KIND_SYSCTL, &c) ?:
		      model_find(&w->have, KIND_SYSCTL, &c);
	c.path = key->path;
	if (was && was->value != all->value)
		c.value = all->value;
	return model_put(&w->want, KIND_SYSCTL, &c);
}

/**
 * restore_originals() - Want back what untagged objects held before they were ours
 * @e:		Engine
 * @w:		Work; its desired model gets those that the document no longer names
 *
 * Return: 0; -ENOMEM
 */
static int restore_originals(const struct engine *e, struct work *w)
{
	struct model *want = &w->want;
	int r = 0;

	for (size_t k = 0; k < KIND_MAX && r == 0; k++) {
		const struct table *t = &e->owned.tables[k];
		size_t n = want->tables[k].n;

		for (size_t i = 0; i < t->n && r == 0; i++) {
			const char *o = t->items + i * kinds[k]->size;
			struct model named = *want;

			named.tables[k].n = n;
			if (is_back(e, &named, (enum kind_id)k, o))
				r = put_back(e, &named, (enum kind_id)k, o, w);
		}
		(void)model_sort(want, (enum kind_id)k);
	}
	return r;
}

/**
 * copy_model() - Copy all tables
 * @from:	Model
 * @to:		Empty model
 *
 * Return: 0; -ENOMEM
 */
static int copy_model(const struct model *from, struct model *to)
{
	for (size_t k = 0; k < KIND_MAX; k++) {
		const struct table *t = &from->tables[k];

		if (t->n == 0)
			continue;
		to->tables[k].items = malloc(t->n * kinds[k]->size);
		if (!to->tables[k].items)
			return -ENOMEM;
		memcpy(to->tables[k].items, t->items, t->n * kinds[k]->size);
		to->tables[k].n = to->tables[k].room = t->n;
	}
	return 0;
}

/**
 * keys_of() - Objects to be read beside the listed ones: wanted and owned ones
 * @e:		Engine
 * @want:	Desired model
 * @keys:	Empty model for the untagged kinds' keys, sorted
 *
 * Return: 0; -ENOMEM
 */
static int keys_of(const struct engine *e, const struct model *want,
		   struct model *keys)
{
	static const enum kind_id read[] = { KIND_SYSCTL, KIND_MASQUERADE,
					     KIND_FILE };
	const struct model *from[] = { want, &e->owned_keys };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(read); i++) {
		for (size_t m = 0; m < 2; m++) {
			const struct table *t = &from[m]->tables[read[i]];
			size_t size = kinds[read[i]]->size;

			for (size_t n = 0; n < t->n && r == 0; n++) {
				(void)model_sort(keys, read[i]);
				if (!model_find(keys, read[i],
						t->items + n * size))
					r = model_put(keys, read[i],
						      t->items + n * size);
			}
		}
	}
	return r;
}

/**
 * plan_again() - Plan, and once more with foreign routes where new ones are to come
 * @e:		Engine
 * @in:		Input
 * @scope:	What was observed
 * @w:		Work; its plan is filled
 *
 * Reading the routes of others costs what they are worth, so that it is done only when a
 * new route might meet one of them, or a nexthop goes that one of them might use.
 *
 * Return: 0; -EPERM, -ENOMEM, or what the dump said
 */
static int plan_again(struct engine *e, struct plan_input *in,
		      struct scope *scope, struct work *w)
{
	struct conflict conflict;
	bool adds = false;
	int r = plan_compute(in, &conflict, &w->plan);

	for (size_t i = 0; r == 0 && i < w->plan.n && !adds; i++)
		adds = (w->plan.steps[i].kind == KIND_ROUTE &&
			w->plan.steps[i].op == OP_ADD) ||
		       (w->plan.steps[i].kind == KIND_NEXTHOP &&
			w->plan.steps[i].op == OP_REMOVE);
	if (adds && !scope->foreign) {
		scope->foreign = true;
		scope->nexthops = &w->have;
		plan_release(&w->plan);
		w->have.tables[KIND_ROUTE].n = 0;
		r = observe_kind(e, KIND_ROUTE, scope, &w->have);
		if (r == 0)
			r = plan_compute(in, &conflict, &w->plan);
	}
	return r == -EPERM ? conflict_error(e, &conflict) : r;
}

/**
 * release_links() - Want back what links have, and the document states no more
 * @e:		Engine
 * @want:	Desired model
 *
 * Those of others get what they held before. Ours go down and get no master, group and other
 * name, as they are made; and of the rest what the kernel had chosen, where a later document than the one that made
 * the link was the first to state it: otherwise nobody has seen that value.
 */
static void release_links(const struct engine *e, struct model *want)
{
	const uint32_t plain = LINK_SET_MASTER | LINK_SET_GROUP |
			       LINK_SET_ALTNAME | LINK_SET_UP;
	const struct table *t = &want->tables[KIND_LINK];

	for (size_t i = 0; i < t->n; i++) {
		struct link *l = MODEL_AT(want, KIND_LINK, link, i);
		const struct link *was =
			model_find(&e->owned_keys, KIND_LINK, l);
		const struct link *old = model_find(&e->owned, KIND_LINK, l);

		if (l->kind && was && was->kind == l->kind)
			l->set |= was->set & ~l->set & plain;
		if (old && !l->kind == !old->kind)
			link_take(l, old, old->set & ~l->set);
	}
}

/**
 * engine_plan() - What must be done for a document
 * @e:		Engine
 * @conf:	Document
 * @flags:	enum engine_flags
 * @ret_work:	Result; the caller ends it by work_release()
 *
 * Return: 0; -EPERM where an object of somebody else is in the way, or a negative errno
 */
int engine_plan(struct engine *e, const struct conf *conf, unsigned int flags,
		struct work *ret_work)
{
	_cleanup_(work_release) struct work w = { 0 };
	_cleanup_(model_release) struct model keys;
	struct plan_input in = {
		.want = &w.want,
		.have = &w.have,
		.owned_keys = &e->owned_keys,
		.adopt = flags & PLAN_ADOPT,
	};
	struct scope scope = { .keys = &keys };
	int r;

	model_init(&keys, e->strings);
	model_init(&w.want, e->strings);
	model_init(&w.have, e->strings);
	r = copy_model(&conf->model, &w.want);
	release_links(e, &w.want);
	if (r == 0)
		r = files_want_folders(e, &w.want);
	if (r == 0)
		ra_yield(e, conf, &w.want);
	if (r == 0)
		r = keys_of(e, &w.want, &keys);
	/* Routes are looked up among those of the document itself. */
	keys.tables[KIND_ROUTE] = w.want.tables[KIND_ROUTE];
	if (r == 0)
		r = observe(e, &scope, &w.have);
	if (r == 0)
		r = restore_originals(e, &w);
	veth_mark(&w.want, &w.have);
	if (r == 0 && e->caps & CAP_NEXTHOP)
		lower_nexthops(&w.want, &w.have);
	keys.tables[KIND_ROUTE] = w.want.tables[KIND_ROUTE];
	if (r == 0)
		r = plan_again(e, &in, &scope, &w);
	keys.tables[KIND_ROUTE] = (struct table){ 0 };
	if (r < 0)
		return engine_fail(e, r, "plan: %s", strerror(-r));
	*ret_work = w;
	w = (struct work){ 0 };
	return 0;
}

/**
 * engine_plan_offline() - The same against a saved state
 * @e:		Engine
 * @conf:	Document
 * @have:	State; moved into @ret_work
 * @ret_work:	Result; the caller ends it by work_release()
 *
 * Return: 0; -EPERM, -ENOMEM
 */
int engine_plan_offline(struct engine *e, const struct conf *conf,
			const struct model *have, struct work *ret_work)
{
	_cleanup_(work_release) struct work w = { .have = *have };
	struct plan_input in = { .want = &w.want, .have = &w.have };
	struct conflict conflict;
	int r;

	model_init(&w.want, e->strings);
	r = copy_model(&conf->model, &w.want);
	if (r == 0) {
		veth_mark(&w.want, &w.have);
		lower_nexthops(&w.want, &w.have);
		r = plan_compute(&in, &conflict, &w.plan);
	}
	if (r < 0)
		return r == -EPERM ? conflict_error(e, &conflict) : r;
	*ret_work = w;
	w = (struct work){ 0 };
	return 0;
}

/**
 * engine_plan_images() - What must be done to put objects back
 * @e:		Engine
 * @images:	Objects as they were; sorted
 * @keys:	All objects that count, also those that were not there; sorted
 * @ret_work:	Result; the caller ends it by work_release()
 *
 * Return: 0 or a negative errno
 */
int engine_plan_images(struct engine *e, const struct model *images,
		       const struct model *keys, struct work *ret_work)
{
	_cleanup_(work_release) struct work w = { 0 };
	struct plan_input in = { .want = &w.want,
				 .have = &w.have,
				 .scope = keys };
	struct scope scope = { .keys = keys, .touched = keys, .foreign = true };
	struct conflict conflict;
	int r;

	model_init(&w.want, e->strings);
	model_init(&w.have, e->strings);
	r = copy_model(images, &w.want);
	if (r == 0)
		r = observe(e, &scope, &w.have);
	if (r == 0)
		w.n_gone = gone_drop(e, &w.want);
	veth_mark(&w.want, &w.have);
	if (r == 0)
		r = plan_compute(&in, &conflict, &w.plan);
	if (r < 0)
		return engine_fail(e, r, "plan: %s", strerror(-r));
	*ret_work = w;
	w = (struct work){ 0 };
	return 0;
}
