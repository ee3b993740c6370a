/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: engine - the node as netsetup sees it: observe, plan, apply
 *
 * One struct engine is all the state there is: sockets, names of interfaces, what the
 * kernel can do, where files go. `watch` and the one-shot verbs use the same calls:
 *
 *	engine_open(&e, &options);
 *	conf_read_file(&e, "node.yaml", &conf);	  document -> desired
 *	txn_begin(&e, "apply", &txn);		  lock, recover what was left
 *	engine_plan(&e, &conf, flags, &work);	  observe, lower, diff
 *	txn_apply(&txn, &work);			  journal, batch, verify, commit
 *
 * Functions return 0 or a negative errno and keep one line in e->why that names the
 * subject and the cause; the caller prints it. The owner ends it by engine_close().
 */

#include "lib/buf.h"
#include "lib/nl/nl.h"
#include "netsetup/kind.h"
#include "netsetup/model.h"
#include "netsetup/plan.h"

/* What the running kernel can do; SHOOT6_CAPS_MASK takes bits away for tests. */
enum cap {
	CAP_IFA_PROTO = 1 << 0, /* 5.18: owner's tag on addresses */
	CAP_FORCE_FORWARDING = 1 << 1, /* 6.17: sysctl */
	CAP_NEXTHOP = 1 << 2, /* 5.3: nexthop objects */
	CAP_ALL = (1 << 3) - 1,
};

struct device {
	uint32_t name; /* number of strings */
	int index;
	unsigned int flags; /* IFF_* */
	uint32_t mtu;
};

struct devices {
	struct device *items; /* by index of the interface */
	size_t n;
};

struct engine_options {
	const char *state; /* --state */
	const char *root; /* --root: put before the paths of files, or "" */
	bool offline; /* --from: no kernel is asked */
	bool hurry; /* do not wait for duplicate address detection */
	unsigned int crash_at; /* tests: die at this point, from 1; 0: never */
	unsigned int stop_at; /* tests: stop there, until SIGCONT */
};

struct engine {
	struct engine_options options;
	struct strings *strings;
	struct nl nl;
	bool is_open; /* .nl is */
	struct devices devices;
	unsigned int caps; /* enum cap */
	struct model owned; /* before images of untagged objects we changed */
	struct model owned_keys; /* all untagged objects that are ours */
	uint64_t n_writes; /* sysctls and files written */
	unsigned int point; /* points passed, see engine_point() */
	struct early *early; /* our routes, listed in advance; or NULL */
	struct buf why; /* the failure's one line */
};

must_check int engine_open(struct engine *e,
			   const struct engine_options *options);
void engine_close(struct engine *e);
int engine_fail(struct engine *e, int error, const char *format, ...)
	printf_like(3, 4);
uint64_t engine_mutations(const struct engine *e);
void engine_point(struct engine *e);

/* Interfaces: names in the model, numbers in messages. */
must_check int devices_load(struct engine *e);
int device_index(const struct engine *e, uint32_t name);
uint32_t device_name(const struct engine *e, int index);

must_check int observe(struct engine *e, const struct scope *scope,
		       struct model *ret_observed);
must_check int observe_kind(struct engine *e, enum kind_id kind,
			    const struct scope *scope, struct model *out);
must_check int observe_dump(struct engine *e, struct nlmsghdr *request,
			    nl_message_fn *fn, void *context,
			    struct table *table);
must_check int observe_list(struct engine *e, struct nlmsghdr *request,
			    kind_read_fn *read, struct model *out,
			    enum kind_id kind);

must_check int route_read(struct engine *e, const struct nlmsghdr *m,
			  struct model *out);

/* One piece of work: what should be, what is, and the steps between. */
struct work {
	struct model want;
	struct model have;
	struct plan plan;
	size_t n_gone; /* images left out: their interface is gone */
};

struct conf;
void lower_nexthops(struct model *want, const struct model *have);
enum engine_flags {
	PLAN_ADOPT = 1 << 0, /* take over foreign objects of the document */
};

must_check int engine_plan(struct engine *e, const struct conf *conf,
			   unsigned int flags, struct work *ret_work);
must_check int engine_plan_offline(struct engine *e, const struct conf *conf,
				   const struct model *have,
				   struct work *ret_work);
must_check int engine_plan_images(struct engine *e, const struct model *images,
				  const struct model *keys,
				  struct work *ret_work);
void work_release(struct work *w);
must_check int engine_execute(struct engine *e, const struct work *w);
