/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: ra - who hears router advertisements on an uplink, and does it last
 *
 * Either the kernel does, and then accept_ra must be 2, or it stops as soon as somebody
 * writes all.forwarding=1, which CNI plugins do; or a program does (systemd-networkd,
 * NetworkManager, dhcpcd), which turns the kernel off for the link and is left alone. Two of
 * them at once fight over routes and addresses.
 *
 * All of it is read from state; toggle.h is what tries it.
 */

#include "netsetup/conf.h"
#include "lib/result.h"

enum ra_owner {
	RA_KERNEL = 1 << 0,
	RA_NETWORKD = 1 << 1,
	RA_NETWORKMANAGER = 1 << 2,
	RA_DHCPCD = 1 << 3,
	RA_PROGRAM = 1 << 4, /* one that we do not know */
};

long ra_conf(const char *dev, const char *name);
unsigned int ra_witnesses(const struct engine *e, const char *dev);
bool ra_lasts(const char *dev, unsigned int owners);
unsigned int ra_owners(const struct engine *e, const char *dev);
void ra_owners_text(unsigned int owners, struct buf *out);
void ra_yield(const struct engine *e, const struct conf *conf,
	      struct model *want);
void ra_fail(struct result *r, enum verdict verdict, const char *reason);
void ra_result(struct result *r, const char *id, const char *what,
	       const char *dev);
must_check int ra_verify(const struct engine *e, const struct conf *conf,
			 struct results *out);
