/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PREF64 options of a router advertisement, and addresses of ipv4only.arpa: what is taken
 * is a prefix that NAT64 can use.
 */
#include "netsetup/nat64.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * LLVMFuzzerTestOneInput() - Entry of libFuzzer
 * @data:	Option; its first 16 bytes are an address as well
 * @size:	Its bytes
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr a = { .family = AF_INET6 };
	struct nat64_hint h = { 0 };
	struct prefix p;

	if (nat64_read_option(data, size, &h) == 0 &&
	    (nat64_parse(PREFIX_TEXT(&h.prefix), &p) < 0 || h.lifetime_s < 0 ||
	     h.lifetime_s > 65528))
		abort();
	if (size < 16)
		return 0;
	memcpy(a.bytes, data, 16);
	if (nat64_read_answer(&a, &h.prefix) == 0 &&
	    !prefix_contains(&h.prefix, &a))
		abort();
	return 0;
}
