/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: journal - one transaction, written down before anything is changed
 *
 * A journal holds the before image and the key of each object that the transaction touches,
 * and which untagged objects are ours before and after it. It is written whole, with
 * a checksum, synced, and renamed into its place before the first change: if it is there,
 * a transaction is open. Renaming it to "last" commits; removing it ends a rollback.
 * Both are atomic, so that there is no instant at which it is half of anything.
 *
 * Taking back means bringing each touched object to its before image, whatever it is now:
 * the same for a kill at any instant, also during taking back.
 *
 * The owner ends a journal by journal_release().
 */

#include "netsetup/engine.h"

enum journal_set {
	JOURNAL_BEFORE, /* touched objects as they were */
	JOURNAL_KEYS, /* all touched objects */
	JOURNAL_OWNED, /* untagged objects of ours: originals, afterwards */
	JOURNAL_OWNED_KEYS,
	JOURNAL_PRIOR, /* the same before the transaction */
	JOURNAL_PRIOR_KEYS,
	JOURNAL_SETS,
};

struct journal_header {
	char magic[8];
	uint32_t version;
	uint32_t layout; /* of the objects: changes with their structs */
	char boot[40];
	uint64_t netns; /* state_netns() */
	uint32_t pid;
	uint32_t flags; /* enum journal_flags */
	uint64_t id; /* drawn by lot for one that awaits confirmation */
	int64_t deadline; /* CLOCK_BOOTTIME ns of --confirm; 0: none */
	uint32_t n_strings;
	uint32_t n[JOURNAL_SETS][KIND_MAX];
};

enum journal_flags {
	JOURNAL_UNDO = 1 << 0, /* it was an undo: nothing to undo after it */
	JOURNAL_CONFIRM = 1 << 1, /* applied, waits for `confirm` */
};

struct journal {
	struct journal_header header;
	struct model sets[JOURNAL_SETS];
};

void journal_init(struct journal *j, struct strings *s);
void journal_release(struct journal *j);
must_check int journal_write(const struct journal *j, int dir,
			     const char *name);
must_check int journal_read(struct journal *j, struct strings *s, int dir,
			    const char *name);
must_check int journal_read_sets(struct journal *j, struct strings *s, int dir,
				 const char *name, unsigned int sets);
