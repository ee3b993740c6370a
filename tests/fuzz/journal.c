/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal, with its checksum put right, so that what is behind it is reached.
 *
 * The source itself is included: parse() and checksum() are its own.
 */
#include "tests/fuzz/fuzz.h"

#include "netsetup/journal.c"

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
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct journal j = { 0 };
	struct journal_header h = { 0 };
	uint64_t sum;
	int r;

	if (!s || size > 1 << 20)
		return 0;
	memcpy(&h, data, MIN(size, sizeof(h)));
	memcpy(h.magic, MAGIC, sizeof(h.magic));
	h.version = VERSION;
	h.layout = layout();
	buf_add(&b, &h, sizeof(h));
	if (size > sizeof(h))
		buf_add(&b, data + sizeof(h), size - sizeof(h));
	sum = checksum(b.data, b.len);
	buf_add(&b, &sum, sizeof(sum));
	journal_init(&j, s);
	r = parse(&j, ~0U, &b);
	journal_release(&j);
	/* What can be read can be passed over, and ends at the same place. */
	journal_init(&j, s);
	if (r == 0 && parse(&j, 1U << JOURNAL_OWNED, &b) < 0)
		abort();
	journal_release(&j);
	return 0;
}
