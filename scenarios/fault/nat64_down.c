/* SPDX-License-Identifier: Apache-2.0 */

/*
 * nat64-down: the translator takes packets and does nothing with them
 */
#include "scenarios/fault/fault.h"

#include <errno.h>
#include <signal.h>

/**
 * signal_tayga() - Send the translator a signal
 * @lab:	Lab
 * @signal:	SIGSTOP, SIGCONT
 *
 * Return: 0, or an errno that was told to the user
 */
static int signal_tayga(struct lab *lab, int signal)
{
	struct member *m = lab_member(lab, "nat64");
	struct daemon *d = m ? member_daemon(m, "tayga") : NULL;
	int r = d ? proc_signal(&d->proc, signal) : -ENOENT;

	return r < 0 ? lab_fail(lab, r, "tayga") : 0;
}

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return signal_tayga(lab, SIGSTOP);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return signal_tayga(lab, SIGCONT);
}

const struct fault fault_nat64_down = {
	.name = "nat64-down",
	.summary = "the NAT64 translator stands still",
	.engine = "kubernetes",
	.needs = { "nat64:tayga" },
	.inject = inject,
	.heal = heal,
	.cause = "nat64-down",
	.red = { "N64-3" },
};
