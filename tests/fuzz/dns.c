/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DNS answers off the wire, to a question of each type that probes ask. What is taken
 * stays in its bounds, and a name of an answer can be asked for in turn.
 */
#include "tests/fuzz/fuzz.h"

#include "probes/dnsmsg.h"

#include <stdlib.h>
#include <string.h>

/* The question that the seeds answer; an input's number is taken as ours. */
#define NAME "_h._tcp.w.example."

/**
 * check_answer() - Whether what was read makes sense
 * @a:		Answer
 * @qtype:	Type asked for
 * @size:	Bytes of the message
 */
static void check_answer(const struct dns_answer *a, uint16_t qtype,
			 size_t size)
{
	uint8_t query[DNS_MESSAGE];

	if (a->size != size || a->n_addrs > DNS_ADDRS ||
	    !memchr(a->target, '\0', sizeof(a->target)) ||
	    a->n_addrs > a->n_answers)
		abort();
	for (size_t i = 0; i < a->n_addrs; i++)
		if (a->addrs[i].family !=
		    (qtype == DNS_AAAA ? AF_INET6 : AF_INET))
			abort();
	if (dns_build(query, sizeof(query), 1, a->target, qtype) >
	    (int)sizeof(query))
		abort();
}

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Message, as it comes by UDP
 * @size:	Its bytes
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { DNS_A,   DNS_SOA,  DNS_PTR,
					  DNS_TXT, DNS_AAAA, DNS_SRV };
	uint16_t id = size < 2 ? 0 : (uint16_t)(data[0] << 8 | data[1]);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct dns_answer a = { .size = SIZE_MAX };
		int r = dns_parse(data, size, id, NAME, types[i], &a);

		if (r == 0)
			check_answer(&a, types[i], size);
		else if (a.size != SIZE_MAX)
			abort(); /* untouched where it fails */
	}
	return 0;
}
