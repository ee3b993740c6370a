/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ra-lifetime-zero: the router says that it is none any more
 *
 * A router that is taken out of service sends its last advertisements with lifetime 0
 * (RFC 4861 section 6.2.5); one that is misconfigured sends nothing else.
 */
#include "scenarios/cases/gcp.h"
#include "scenarios/fault/fault.h"

#include <errno.h>
#include <poll.h>

/**
 * advertise() - Start the advertisements anew
 * @lab:	Lab
 * @lifetime:	As a default router, seconds
 *
 * Return: 0, or an errno that was told to the user
 */
static int advertise(struct lab *lab, unsigned int lifetime)
{
	int r = gcp_advertise(lab, lifetime);

	return r < 0 ? r : gcp_await_default(lab, lifetime != 0);
}

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return advertise(lab, 0);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return advertise(lab, GCP_LIFETIME);
}

const struct fault fault_ra_lifetime_zero = {
	.name = "ra-lifetime-zero",
	.summary = "the router advertises a lifetime of 0",
	.engine = "netns",
	.needs = { "router:radvd" },
	.inject = inject,
	.heal = heal,
	.cause = "router-withdrew",
	.red = { "CFG-1", "RND-1", "RTE-1" },
	.blocked = { "RTE-2", "POD-2", "DNS-1", "EGR-1", "N64-2" },
};
