/* SPDX-License-Identifier: Apache-2.0 */
/* The document that people write, JSON or YAML, down to the desired model. */
#include "tests/fuzz/fuzz.h"

#include "netsetup/conf.h"

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Bytes, not ended by NUL
 * @size:	Their number
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strings_freep) struct strings *s = strings_new();
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	struct conf c = { 0 };

	if (s && conf_read(s, CAP_ALL, "fuzz", (const char *)data, size, &c,
			   &errors) == 0)
		conf_release(&c);
	return 0;
}
