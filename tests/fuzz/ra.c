/* SPDX-License-Identifier: Apache-2.0 */

/* Router Advertisements off the wire, as probe-pod hears them. */
#include "tests/fuzz/fuzz.h"

#include "probes/ramsg.h"

#include <stdlib.h>

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Message, from its ICMPv6 type on
 * @size:	Its bytes
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ra ra = { .mtu = 1 };

	if (ra_parse(data, size, &ra) < 0 ? ra.mtu != 1 : ra.pref64.len > 128)
		abort();
	return 0;
}
