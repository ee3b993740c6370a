/* SPDX-License-Identifier: Apache-2.0 */
/* Results of probes as JSON lines, and the way back. */
#include "tests/fuzz/fuzz.h"

#include "lib/cleanup.h"
#include "lib/result.h"

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Bytes, not ended by NUL
 * @size:	Their number
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct results all = { 0 };

	if (results_read_lines(&all, (const char *)data, size) == 0)
		for (size_t i = 0; i < all.n; i++)
			json_free(result_to_json(&all.items[i]));
	results_release(&all);
	return 0;
}
