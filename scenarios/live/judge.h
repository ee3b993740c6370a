/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: judge - what the API itself says is wrong, as results
 *
 * A node that is not ready, or whose pods cannot start, runs no check: it must not look
 * like success. What the kubelet reported becomes a result of vantage "host:NODE", so
 * that the diagnosis names it as any other. Pure functions; @results owns what is added.
 */

#include "lib/buf.h"
#include "lib/json.h"
#include "lib/reason.h"
#include "lib/result.h"

/* ADR-4: the family of its addresses; RUN-1 "node" where it is not ready. */
must_check int judge_node(const struct json *node, bool dual_stack,
			  struct results *results);
/* RUN-1 "pod" where it can never start: 1, or 0 where there is hope; or an errno. */
must_check int judge_pod(const struct json *pod, struct results *results);
/* API-3: why the API's way into a pod failed. @r: as of api.h, or -EREMOTEIO for what
 * the kubelet says of the pod; @some: bytes came.
 * REASON_NO_PERMISSION: our own identity may not. */
enum reason judge_way(int r, const char *words, bool some);
/* Whether words are of a connection to this address. */
bool judge_dialled(const char *words, const char *address);
/* Whether a prober's log is all that it printed; if so its last line, which says how many
 * results are before it, is taken off. */
bool judge_log(struct buf *log);
