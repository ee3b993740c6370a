/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sysctl.d: forwarding without the loss of the default route, for the next boot
 *
 * accept_ra stands before forwarding: the kernel drops the routes that it learnt by RA at
 * the instant that forwarding goes on with accept_ra=1.
 */
#include "netsetup/emit/emit.h"

#include <errno.h>

/**
 * emit() - Print the settings
 * @h:		Hints; the uplink is needed
 * @args:	Nothing of it
 * @out:	Gets the text
 *
 * Names of interfaces may hold dots, so slashes part the words (sysctl.d(5)).
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	if (!*h->uplink)
		return emit_missing(args, "sysctl.d", "uplink");
	buf_printf(out,
		   "net/ipv6/conf/%s/accept_ra = 2\n"
		   "net/ipv6/conf/%s/keep_addr_on_down = 1\n"
		   "net/ipv6/conf/default/forwarding = 1\n"
		   "net/ipv6/conf/all/forwarding = 1\n",
		   h->uplink, h->uplink);
	return buf_error(out);
}

const struct emit_format emit_sysctl = {
	.name = "sysctl.d",
	.summary = "kernel settings of a node, as systemd-sysctl reads them",
	.path = "/etc/sysctl.d/99-netsetup.conf",
	.emit = emit,
};
