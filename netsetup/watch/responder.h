/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: responder - answer neighbour solicitations for whole prefixes
 *
 * For prefixes of pods that a provider puts on the link instead of routing them to the
 * node: somebody must answer for each address of them, and the kernel's proxy table takes
 * single addresses alone. One packet socket an interface, all-multicast (the groups of a
 * /64 cannot be joined), with a BPF program that lets nothing but solicitations for our
 * prefixes through.
 *
 * It answers for an address only while the kernel would take its packets elsewhere: the
 * route leads to another interface, or is local. An address that nobody routes is not
 * claimed, so that it does not attract packets that would go back and forth.
 */

#include "lib/base.h"

struct watch;

void responder_sync(struct watch *w);
void responder_close(struct watch *w);
