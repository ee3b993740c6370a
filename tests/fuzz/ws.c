/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket as an API server sends it: the answer to the opening, then frames. */
#include "tests/fuzz/fuzz.h"

#include "scenarios/live/ws.h"

#include <stdlib.h>

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Bytes, not ended by NUL
 * @size:	Their number
 *
 * A frame must lie within the bytes, and go on behind the one before.
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct ws_head head;
	struct ws_frame f;

	if (ws_head_read(at, size, &head) == 0)
		at += head.size;
	while (ws_frame_read(at, (size_t)(end - at), &f) == 0) {
		if (f.size < 2 || f.size > (size_t)(end - at) ||
		    f.data + f.len != at + f.size)
			abort();
		at += f.size;
	}
	return 0;
}
