/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: txn - all of a plan or nothing of it
 *
 * txn_open() takes the lock of this network namespace's state, waiting for whoever holds
 * it, and takes back what a killed transaction left. txn_apply() writes the journal,
 * does the steps, looks whether they took effect, and commits; on any failure it takes
 * all of it back. The owner ends it by txn_close().
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
	bool stuck; /* taking back failed: e->why says what is left */
};

must_check int txn_open(struct engine *e, const char *verb, struct txn *ret);
must_check int txn_apply(struct txn *t, struct work *w, unsigned int flags);
must_check int txn_undo(struct txn *t);
must_check int txn_peek(struct engine *e, bool *ret_is_open);
void txn_close(struct txn *t);
