/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: early - our routes are read while the document is
 *
 * Where there are many routes the kernel needs as long to list them as we to read the
 * document, so that a thread has them listed meanwhile. It works on an engine of its
 * own, with a socket and strings of its own, and shares nothing with anybody until
 * early_take() has waited for its end. What fails is done again without it.
 *
 * A verb that changes something must hold the lock before it begins. The owner ends it
 * by early_end().
 */

#include "netsetup/engine.h"

#include <pthread.h>

struct early {
	struct engine e;
	struct model routes;
	pthread_t thread;
	int r; /* the thread's result */
	bool started;
};

void early_begin(struct early *a);
must_check int early_take(struct early *a, struct strings *s,
			  struct model *out);
void early_end(struct early *a);
