/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: serve - what a holder does once its lab is up
 *
 * Requests on the control socket, one JSON object each:
 *   {"op":"status"}	-> {"lab":{...}}, {"member":{...}} + pidfd each, {"end":true}
 *   {"op":"enter","member":M}	-> {"member":{...}} + pidfd, or {"error":"..."}
 *   {"op":"inject","fault":F}	-> {"step"}, {"fail"}, then {"done":errno}
 *   {"op":"heal"}		-> the same
 * A fault lasts no longer than the connection that asked for it.
 */

#include "scenarios/core.h"

must_check int serve(struct holder *h);
