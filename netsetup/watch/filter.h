/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: filter - let the kernel drop the events that are none of ours
 *
 * A classic BPF program on the socket. An event passes if its key (the destination of a
 * route, the address of an address or neighbour, the number of a nexthop, the priority
 * of a rule) folds to one of a sorted list of 32-bit numbers, which the program holds as
 * a binary search. What it drops costs us nothing: the kernel neither queues it nor
 * wakes us. Two keys may fold to the same number, so that what passes is looked at still.
 *
 * Where there are more than FILTER_KEYS the program goes by the owner's tag and by what
 * replaces or is added to a route: less sharp, but never too sharp.
 */

#include "netsetup/model.h"

#include <linux/filter.h>

#define FILTER_KEYS 900
#define FILTER_SIZE 4096 /* instructions; BPF_MAXINSNS */

struct filter {
	struct sock_filter code[FILTER_SIZE];
	unsigned short n;
	uint32_t keys[FILTER_KEYS]; /* sorted, each once */
	size_t n_keys;
	bool wide; /* there are too many of them */
};

uint32_t filter_fold(const void *data, size_t len);
void filter_make(const struct model *want, struct filter *ret);
must_check int filter_attach(int fd, const struct filter *f);
