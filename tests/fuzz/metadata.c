/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a metadata service: the first byte picks the provider; a NUL ends each. */
#include "tests/fuzz/fuzz.h"

#include "lib/cleanup.h"
#include "netsetup/metadata.h"

#include <string.h>

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Bytes, not ended by NUL
 * @size:	Their number
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	_cleanup_(profile_release) struct profile p = { 0 };
	const uint8_t *end = data + size;
	struct answers a = { 0 };
	struct facts facts = { 0 };
	const char *text;
	size_t len, n = 0;

	while (profile_builtin_name(n))
		n++;
	if (!size || !n)
		return 0;
	text = profile_builtin_text(data[0] % n, &len);
	data++;
	if (profile_parse(text, len, &p, &errors) < 0)
		return 0;
	for (size_t i = 0; i < PROFILE_MAX && data < end; i++) {
		const uint8_t *nul = memchr(data, 0, (size_t)(end - data));

		nul = nul ? nul : end;
		buf_add(&a.body[i], data, (size_t)(nul - data));
		data = nul < end ? nul + 1 : end;
	}
	(void)!metadata_read(&p, &a, &facts, &errors);
	answers_release(&a);
	return 0;
}
