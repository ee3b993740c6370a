/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: probe - a check of the catalogue, and one try of it at one destination
 *
 * A check is a row of a program's catalogue. Its expand() looks at the targets and adds
 * probes: one per destination and kind, each of a type (probes/type) that knows the
 * protocol. A probe gives exactly one result. The engine starts a probe when the checks
 * it rests on are done, hands its events on, and ends it at its deadline.
 *
 * A type never blocks and never logs. It ends its probe by probe_pass(), probe_fail(),
 * probe_error() or probe_skip(), once; the engine then calls .stop, which closes what
 * the type holds. Probes and what hangs on them are owned by the engine.
 */

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/loop.h"
#include "lib/reason.h"
#include "lib/result.h"
#include "probes/dnsmsg.h"
#include "probes/evidence.h"

#define PROBE_WATCHES 48
#define CHECK_NEEDS   6

enum vantage_bit { VANTAGE_POD = 1, VANTAGE_HOST = 2, VANTAGE_BOTH = 3 };

enum profile_bit {
	PROFILE_TRUE = 1, /* true-ipv6-only: not even NAT64 */
	PROFILE_NAT64 = 2, /* ipv6-only-nat64 */
	PROFILE_DUAL = 4, /* dual-stack */
	PROFILE_ONLY6 = PROFILE_TRUE | PROFILE_NAT64,
	PROFILE_ALL = 7,
};

struct engine;
struct node_state;
struct probe;
struct targets;

struct check {
	const char *id;
	enum check_level level;
	unsigned int vantages; /* of enum vantage_bit */
	unsigned int profiles; /* of enum profile_bit */
	const char *clause;
	const char *what; /* what must be true; lower case, no full stop */
	const char *why; /* what usually breaks it */
	const char *how; /* how it is measured */
	/* Checks that must not have failed, of this vantage; "host:ID": of the node's
	 * own network. */
	const char *needs[CHECK_NEEDS];
	/* Adds probes. Return: 0, or -ENOMEM. None added: skipped, no target. */
	int (*expand)(const struct check *check, struct engine *engine);
};

/* What a probe is to do. Types read what they need of it. */
struct spec {
	struct addr addr; /* destination, or the server that is asked */
	uint16_t port;
	const char *name; /* to look up, or to ask for; NULL: none */
	const char *
		lookup; /* looked up in its place, e.g. the full name; or NULL */
	struct addr resolver; /* to look up at; not set: the first nameserver */
	const char *path; /* of an URL */
	const char *ca; /* file of CA certificates */
	const char *
		token; /* file with a bearer token, read for each try; or NULL */
	const void *of; /* the target, for judge() */
	void (*judge)(struct probe *probe); /* last word where all went well */
	int64_t timeout_ns; /* 0: PROBE_TIMEOUT */
	size_t size; /* bytes: of a datagram, of a transfer */
	unsigned int count; /* of a series; 0: one */
	unsigned int mtu; /* bytes to start from */
	uint16_t qtype; /* of a DNS question */
	bool tcp; /* DNS over TCP */
	bool tls;
	bool echo; /* the peer must send back what it got */
	bool refused_ok; /* "port unreachable" of the peer is an answer too */
	bool ptb_ok; /* Packet Too Big is a fine answer */
	bool upload;
};

struct probe_type {
	const char *proto; /* for struct result */
	size_t size; /* bytes of .state, zeroed */
	void (*start)(struct probe *probe);
	void (*ready)(struct probe *probe, int fd, uint32_t events);
	void (*timer)(struct probe *probe);
	void (*expired)(
		struct probe *probe); /* words the failure; may be NULL */
	void (*stop)(struct probe *probe); /* may be NULL */
	void (*release)(struct probe *probe); /* after the run; may be NULL */
};

/* A descriptor that a probe waits for. */
struct watch {
	struct loop_source source;
	struct probe *probe; /* NULL: free */
};

enum probe_state { PROBE_WAITING, PROBE_RUNNING, PROBE_DONE };

struct probe {
	const struct check *check;
	const struct probe_type *type;
	struct engine *engine;
	struct spec spec;
	struct result result;
	enum probe_state state;
	int64_t started_ns;
	struct loop_timer deadline;
	struct loop_timer timer;
	struct watch watches[PROBE_WATCHES];
	void *own; /* the type's state */
	struct dns_answer dns; /* last answer */
	struct buf body; /* what HTTP or echo brought */
};

#define PROBE_TIMEOUT (2 * NSEC_PER_SEC)

/* For expand(): a new probe, waiting; NULL without memory. */
struct probe *probe_add(struct engine *engine, const struct check *check,
			const struct probe_type *type, const char *variant);
/* Its destination in the result: address with port, or name. */
void probe_set_dst(struct probe *p, const struct addr *addr, uint16_t port);

/* For types. */
must_check int probe_watch(struct probe *p, int fd, uint32_t events);
void probe_close(struct probe *p, int *fd);
void probe_unwatch(struct probe *p, int fd);
void probe_timer(struct probe *p, int64_t in_ns);
void probe_hurry(struct probe *p, int64_t in_ns);
struct loop *probe_loop(const struct probe *p);
const struct node_state *probe_state(const struct probe *p);
const struct targets *probe_targets(const struct probe *p);
int64_t probe_now(const struct probe *p);
int64_t probe_left(const struct probe *p);
void probe_src(struct probe *p, int fd);
void probe_sample(struct probe *p, int64_t rtt_ns);

void probe_pass(struct probe *p, const char *format, ...) printf_like(2, 3);
void probe_fail(struct probe *p, enum reason reason, const char *format, ...)
	printf_like(3, 4);
void probe_skip(struct probe *p, enum reason reason, const char *format, ...)
	printf_like(3, 4);
void probe_error(struct probe *p, const struct evidence *e, const char *what);
