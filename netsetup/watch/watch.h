/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: watch - stay, and keep what was applied
 *
 * A document is applied by a child, `netsetup apply`, so that a transaction is what it
 * always is and its memory goes with it. From then on struct watch knows what should be
 * (.want) and hears by netlink what becomes of it:
 *
 *	watch_event()	 an object of ours is gone or changed: put it back at once
 *	watch_audit()	 whatever else may differ: compare all of it, put it back
 *
 * Neither is a transaction: both lead to the state that the last one committed. Both
 * hold the lock of the state while they work, and look first whether somebody else has
 * committed since (struct generation): what was committed last is what is kept.
 *
 * One thread, one loop. Functions return 0 or a negative errno; what a user should know
 * is said by say.h.
 */

#include "netsetup/session.h"
#include "netsetup/watch/asker.h"
#include "netsetup/watch/filter.h"
#include "netsetup/watch/flap.h"
#include "netsetup/watch/pref64.h"
#include "netsetup/watch/translator.h"
#include "netsetup/watch/waiter.h"
#include "lib/loop.h"
#include "lib/proc.h"

#include <sys/stat.h>

/* Why an object was put back. */
enum drift { DRIFT_GONE, DRIFT_CHANGED, DRIFT_FOUND, DRIFT_MAX };

/* Which transaction was committed last: the files that say so. */
struct generation {
	struct {
		ino_t inode;
		struct timespec changed;
	} last, journal;
};

/* A message that was queued to put an object back. */
struct repair {
	enum kind_id kind;
	enum drift drift;
	size_t want; /* place in the table */
	bool refused;
};

struct counters {
	uint64_t repairs[KIND_MAX];
	uint64_t failures; /* to repair */
	uint64_t fights, resyncs, audits;
	uint64_t applies, rollbacks, broken; /* documents */
	uint64_t superseded, recovered;
	uint64_t pref64_changes;
	uint64_t answers; /* to neighbour solicitations */
	double repair_s; /* sum, from the event to the acknowledgement */
	double dad_s; /* the last detection of an address of ours */
	size_t drift; /* objects that are not as they should be, now */
};

enum child_kind { CHILD_NONE, CHILD_APPLY, CHILD_RECOVER };

/* The program that works for us, one at a time. */
struct child {
	enum child_kind kind;
	struct proc proc;
	struct loop_source ended;
	struct buf text; /* document that it applies */
	int made; /* memfd: document that it makes, or -1 */
	int said; /* memfd: its standard output */
};

struct watch {
	const struct config *config;
	const char *document; /* path; NULL: the provider's form, or stdin */
	char netsetup[512]; /* path of the program */
	struct loop loop;
	struct engine e;
	struct nl events;
	struct conf conf; /* as applied */
	struct model want; /* the same, lowered: what is kept */
	struct buf text; /* of .conf; empty: what somebody else applied */
	struct buf seen; /* the document's file when it was read last */
	int dir, guard; /* state, and the lock against a second watch */
	struct generation generation;
	struct flap flap;
	struct counters counters;
	struct child child;

	struct nl_batch batch; /* repairs under way */
	struct repair *repairs;
	size_t n_repairs, room;
	int lock; /* while repairs are queued, or -1 */
	int64_t began_ns; /* the first event of them */
	int64_t dad_began_ns; /* an address of ours is tentative since; 0: none */
	uint32_t *devs; /* names of interfaces that the document is about */
	size_t n_devs;

	struct loop_source on_events, on_signal, on_file;
	struct loop_timer audit, reread, watchdog, slow;
	int64_t audit_every_ns, backoff_ns;
	bool retry; /* the same document once more */
	struct buf lacks; /* IFNAMSIZ each: interfaces that it waits for */
	int64_t retry_ns; /* until a document that failed is applied again; 0: none */
	int notify_fd; /* inotify */
	struct follow *follow;
	struct metrics *metrics;
	struct pref64 pref64;
	struct asker asker;
	struct responder *responders;
	struct waiter waiter;
	struct translator translator;

	bool ready, stopping, again; /* again: the document changed meanwhile */
	bool locked_out; /* somebody holds the lock: look when it is free */
	int exit; /* enum exitcode */
};

/* How long to wait before one more try: 1 s, then twice as long each time, up to a minute. */
#define BACKOFF_NS     (1 * NSEC_PER_SEC)
#define BACKOFF_MAX_NS (60 * NSEC_PER_SEC)

/**
 * backoff_next() - The wait after another one that failed
 * @ns:		Wait before; 0 for none
 *
 * Return: ns
 */
static inline int64_t backoff_next(int64_t ns)
{
	return ns ? MIN(ns * 2, BACKOFF_MAX_NS) : BACKOFF_NS;
}

/* watch.c */
int watch_run(const struct config *config, int n, char **args);
void watch_stop(struct watch *w, int code);
void watch_soon(struct watch *w, int64_t ns);
void watch_devices(struct watch *w);
must_check int watch_state_lost(struct watch *w);
void watch_applied(struct watch *w, int code, struct buf *text);

/* generation.c */
void generation_read(int dir, struct generation *ret);
void generation_spoil(struct generation *g);
bool generation_same(const struct generation *a, const struct generation *b);
int watch_lock(struct watch *w);
must_check int snapshot_take(struct watch *w);

/* event.c */
void watch_events(struct watch *w);
must_check int watch_subscribe(struct watch *w);
must_check int watch_filter(struct watch *w);

/* repair.c */
bool repair_begin(struct watch *w);
void repair_one(struct watch *w, enum kind_id kind, size_t want,
		const void *have, const char *who);
void repair_end(struct watch *w);
bool watch_allows(struct watch *w, enum kind_id kind, const void *object,
		  const char *who);
void say_repaired(struct watch *w, enum kind_id kind, const void *object,
		  enum drift drift, int64_t took_ns);

/* audit.c */
void watch_audit(struct watch *w);

/* child.c */
must_check int child_apply(struct watch *w, struct buf *text);
must_check int child_recover(struct watch *w);

/* follow.c */
must_check int follow_open(struct watch *w);
void follow_state(struct watch *w);
void follow_close(struct watch *w);
void follow_objects(struct watch *w);
