/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: flap - notice a fight over an object, and stop it
 *
 * Two programs that both own an object undo each other for ever. Each repair is
 * reported here; the table remembers the objects repaired lately, by a hash of their
 * name. One repaired more than .burst times within FLAP_WINDOW_NS is in a fight: it
 * is left alone for FLAP_REST_NS, which doubles up to FLAP_REST_MAX_NS as long as the
 * fight goes on each time it is taken up again.
 *
 * A plain value of fixed size; the time is passed in.
 */

#include "lib/base.h"

#define FLAP_SLOTS       256
#define FLAP_BURST       5
#define FLAP_WINDOW_NS   10000000000LL /* 10 s */
#define FLAP_REST_NS     60000000000LL /* 1 min */
#define FLAP_REST_MAX_NS 3600000000000LL /* 1 h */

struct flap_slot {
	uint64_t hash; /* 0: free */
	int64_t first_ns; /* start of the window */
	int64_t rest_until_ns; /* 0: not resting */
	int64_t rest_ns; /* length of the last rest */
	unsigned int count; /* repairs in the window */
};

struct flap {
	unsigned int burst; /* 0: FLAP_BURST */
	struct flap_slot slots[FLAP_SLOTS];
};

enum flap_answer {
	FLAP_REPAIR, /* go on */
	FLAP_FIGHT, /* a fight has just been noticed: say so, leave it alone */
	FLAP_REST, /* left alone still */
};

enum flap_answer flap_ask(struct flap *f, const char *object, int64_t now);
bool flap_rests(const struct flap *f, const char *object, int64_t now);
int64_t flap_next(const struct flap *f, int64_t now);
