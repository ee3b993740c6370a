/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: lack - the interfaces that a document waits for which could not be applied
 *
 * Those that it names, does not make itself, and that are missing, down or without carrier
 * when it fails. As soon as one of them is there the document is worth another try. What a
 * failed try did to interfaces, and took back, is no reason for one: the present
 * state counts, not the event. The watch owns the names.
 */

#include "lib/buf.h"

struct watch;

void lack_note(struct watch *w, const struct buf *text);
void lack_look(struct watch *w);
