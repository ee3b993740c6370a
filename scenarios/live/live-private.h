/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: live-private - what the files of a live run share
 *
 * For scenarios/live alone; everybody else sees live.h. A function that fails has told
 * the user why by log.
 */

#include "scenarios/live/live.h"

#include "scenarios/live/api.h"
#include "scenarios/live/manifest.h"
#include "scenarios/live/world.h"

#define CALL_S 30 /* for one request */
#define GONE_S 90 /* until what we made has gone */

/* One run. */
struct live {
	const struct live_options *options;
	struct report *report;
	struct ui *ui;
	struct api *api;
	struct world world;
	struct manifest m; /* of the pods' own network */
	char space[64], host_space[72];
	bool made, host_made; /* something may be in them */
	bool host_dropped; /* it is being deleted */
	char problem[640];
};

int64_t live_deadline(unsigned int seconds);
must_check int live_told(struct live *live, int r);
must_check int live_apply(struct live *live, const struct buf *text);
typedef void live_object_fn(const struct manifest *m, struct buf *out);
must_check int live_make(struct live *live, const struct manifest *m,
			 live_object_fn *const objects[], size_t n);

must_check int live_make_spaces(struct live *live);
must_check int live_drop_host_space(struct live *live);
must_check int live_clean_up(struct live *live);
must_check int live_look_inward(struct live *live);
void live_name_service(const struct world *w, struct result *result);
