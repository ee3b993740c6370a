/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: txn - all of a plan or nothing of it
 *
 * txn_reserve() may take the lock in advance, where nobody else holds it.
 * txn_open() takes the lock of this network namespace's state, waiting for whoever holds
 * it, and takes back what a killed transaction left. txn_apply() writes the journal,
 * does the steps, looks whether they took effect, and commits; on any failure it takes
 * all of it back. The owner ends it by txn_close().
 *
 * With .confirm_ns it is applied but stays open: the journal carries the deadline, and
 * whoever opens a transaction after it takes it back, the detached timer of confirm.h
 * at the latest, unless txn_confirm() comes before.
 *
 * State lies in DIR/BOOT-NETNS/: "lock", "journal" (a transaction is open), "last" (the
 * committed one: what undo needs, and which untagged objects are ours).
 */

#include "netsetup/journal.h"

struct txn {
	struct engine *e;
	int dir; /* folder of this boot and namespace; -1: none */
	int lock; /* descriptor; -1: none */
	bool recovered; /* something was taken back by txn_open() */
	bool unconfirmed; /* it had waited for a confirmation, in vain */
	bool stuck; /* taking back failed: e->why says what is left */
	int64_t awaits_s; /* seconds that one still waits for confirmation */

	/* Set before txn_apply() by those who want it. */
	int (*check)(struct engine *e, void *context); /* before the commit */
	void *check_context;
	int64_t confirm_ns; /* time for `netsetup confirm`; 0: commit at once */
	/* Afterwards, where it waits: */
	int64_t deadline; /* CLOCK_BOOTTIME ns */
	uint64_t id;
};

#define TXN_CLOSED ((struct txn){ .dir = -1, .lock = -1 })

/* What verbs that only read must say. */
struct txn_seen {
	bool is_open; /* waits for `netsetup recover` */
	int64_t awaits_s; /* waits for `netsetup confirm`, that many seconds */
};

bool txn_reserve(struct engine *e, const char *verb, struct txn *t);
must_check int txn_open(struct engine *e, const char *verb, struct txn *ret);
must_check int txn_apply(struct txn *t, struct work *w, unsigned int flags);
must_check int txn_undo(struct txn *t);
must_check int txn_confirm(struct txn *t);
must_check int txn_peek(struct engine *e, struct txn_seen *ret);
void txn_close(struct txn *t);
