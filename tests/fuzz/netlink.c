/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the kernel, or of who sits between: every kind reads a dump of any bytes.
 *
 * Sequence numbers are put right on the way, so that messages are looked at at all.
 */
#include "tests/fuzz/fuzz.h"

#include "netsetup/engine.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

/* What is left to be received. The library's door has no room for a context. */
static struct {
	const uint8_t *data;
	size_t size;
} input;

/**
 * send_nothing() - Take a request and forget it
 * @nl:		Unused
 * @data:	Unused
 * @len:	Its length
 *
 * Return: @len
 */
static ssize_t send_nothing(struct nl *nl, const void *data, size_t len)
{
	(void)nl;
	(void)data;
	return (ssize_t)len;
}

/**
 * receive_input() - Hand over the input, once, and then an end of dump
 * @nl:		For the sequence number
 * @data:	Room
 * @size:	Of the room
 * @flags:	Unused
 *
 * Return: bytes put there
 */
static ssize_t receive_input(struct nl *nl, void *data, size_t size, int flags)
{
	struct nlmsghdr *m = data;
	size_t n = MIN(size, input.size);
	int left = (int)n;

	(void)flags;
	if (!n) {
		m = mnl_nlmsg_put_header(data);
		m->nlmsg_type = NLMSG_DONE;
		m->nlmsg_seq = nl->seq;
		return (ssize_t)m->nlmsg_len;
	}
	memcpy(data, input.data, n);
	input.size = 0;
	for (; mnl_nlmsg_ok(m, left) && m->nlmsg_len <= n;
	     m = mnl_nlmsg_next(m, &left))
		m->nlmsg_seq = nl->seq;
	return (ssize_t)n;
}

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Bytes, not ended by NUL
 * @size:	Their number
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct nl_io io = { send_nothing, receive_input };
	struct engine_options o = { .state = "/nonexistent", .offline = true };
	struct model keys = { 0 }, seen = { 0 };
	struct scope scope = { .keys = &keys, .all = true };
	struct engine e;

	if (engine_open(&e, &o) < 0)
		return 0;
	e.nl.io = &io;
	e.nl.rx = malloc(NL_RX_SIZE);
	model_init(&keys, e.strings);
	model_init(&seen, e.strings);
	for (enum kind_id k = 0; k < KIND_MAX && e.nl.rx; k++) {
		if (k == KIND_SYSCTL || k == KIND_FILE)
			continue;
		input.data = data;
		input.size = size;
		(void)!observe_kind(&e, k, &scope, &seen);
	}
	model_release(&keys);
	model_release(&seen);
	free(e.nl.rx);
	e.nl.rx = NULL;
	engine_close(&e);
	return 0;
}
