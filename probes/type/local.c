/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local: a look at the own network namespace, without a packet
 *
 * The judge does it all: addresses, sysctls, MTU and routes are in probe_state().
 */
#include "probes/type/types.h"

/**
 * start() - Judge
 * @p:		Probe
 */
static void start(struct probe *p)
{
	p->spec.judge(p);
}

const struct probe_type probe_local = {
	.proto = "",
	.start = start,
};
