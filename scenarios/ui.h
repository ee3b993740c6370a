/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: ui - what is being done, on standard error
 *
 * On a terminal one line that is painted anew four times a second; each step that has
 * ended stays above it with its time. Elsewhere one plain line a step.
 */

#include "lib/loop.h"

struct ui {
	bool terminal;
	int64_t begin_ns; /* of all */
	int64_t step_ns; /* when the present step began */
	int64_t next_ns; /* when it is to be painted again */
	unsigned int tick;
	int signal; /* SIGINT and the like have come; 0: none */
	char step[256]; /* "": none */
};

#define UI_PERIOD_NS (NSEC_PER_SEC / 4)

void ui_init(struct ui *ui);
void ui_step(struct ui *ui, const char *text);
void ui_error(struct ui *ui, const char *text);
/* Paints if it is time to; for callers that wait no longer than UI_PERIOD_NS. */
void ui_tick(struct ui *ui);
void ui_end(struct ui *ui); /* the last step has ended */
/* From ui_init() on SIGINT, SIGTERM and SIGHUP wait to be asked for. */
bool ui_interrupted(struct ui *ui);
void ui_die(struct ui *ui); /* dies of the signal, if one has come */
