/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: raw - sockets that need CAP_NET_RAW, which the program need not have in effect
 *
 * A file capability without its effective bit (cap_net_raw=p, as in the suite's image)
 * harms nobody: where the container's bounding set has it the program gets it permitted,
 * elsewhere it runs without. It is in effect for one socket() and no longer.
 */

#include "lib/base.h"

/* Non-blocking. Return: descriptor, or -1 with errno EPERM and the like. */
int raw_icmp6(void);
