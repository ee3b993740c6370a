/* SPDX-License-Identifier: Apache-2.0 */
/* Neighbor Solicitations off the wire, and the answer to them. */
#include "tests/fuzz/fuzz.h"

#include "lib/ndp.h"

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Bytes, not ended by NUL
 * @size:	Their number
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t own[6] = { 2 };
	uint8_t frame[NDP_FRAME_MAX];
	struct ndp_solicitation ns;

	if (ndp_read_ns(data, size, &ns) == 0 &&
	    ndp_write_na(&ns, own, frame) > sizeof(frame))
		__builtin_trap();
	return 0;
}
