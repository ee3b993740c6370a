/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: intent - what a node should be, from profile, facts and shoot, as a document
 *
 * Pure: no socket, no file. intent_make() decides, intent_document() writes it down in
 * the form that users write (netsetup.conf(5)).
 */

#include "netsetup/hints.h"
#include "netsetup/metadata.h"
#include "netsetup/profile.h"
#include "netsetup/shoot.h"

must_check int intent_make(const struct profile *p, const struct facts *f,
			   const struct shoot *s, const char *uplink,
			   struct hints *ret_hints, struct buf *errors);
must_check int intent_document(const struct profile *p, const struct hints *h,
			       const char *dad, struct buf *ret_json);
