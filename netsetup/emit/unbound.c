/* SPDX-License-Identifier: Apache-2.0 */

/*
 * unbound: a resolver that synthesises AAAA by DNS64, for clusters without one
 */
#include "netsetup/emit/emit.h"

#include <errno.h>

/**
 * emit() - Print the snippet
 * @h:		Hints; the NAT64 prefix is needed
 * @args:	Nothing of it
 * @out:	Gets the text
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	size_t i;

	if (!addr_is_set(&h->nat64.prefix.addr))
		return emit_missing(args, "unbound", "nat64");
	buf_printf(out,
		   "server:\n"
		   "\tdo-ip4: no\n"
		   "\tdo-ip6: yes\n"
		   "\tmodule-config: \"dns64 iterator\"\n"
		   "\tdns64-prefix: %s\n",
		   PREFIX_TEXT(&h->nat64.prefix));
	if (h->n_dns)
		buf_puts(out, "forward-zone:\n\tname: \".\"\n");
	for (i = 0; i < h->n_dns; i++)
		buf_printf(out, "\tforward-addr: %s\n", ADDR_TEXT(&h->dns[i]));
	return buf_error(out);
}

const struct emit_format emit_unbound = {
	.name = "unbound",
	.summary = "DNS64 for unbound, with the prefix that was learnt",
	.path = "/etc/unbound/unbound.conf.d/netsetup.conf",
	.emit = emit,
};
