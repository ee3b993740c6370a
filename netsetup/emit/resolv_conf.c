/* SPDX-License-Identifier: Apache-2.0 */

/*
 * resolv.conf: the resolvers a node uses, IPv6 alone
 */
#include "netsetup/emit/emit.h"

#include <errno.h>

/**
 * emit() - Print the file
 * @h:		Hints; at least one resolver is needed
 * @args:	nameserver=ADDRESS instead of the hints' resolvers
 * @out:	Gets the text
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	const char *one = emit_more(args, "nameserver", NULL);

	if (one)
		buf_printf(out, "nameserver %s\n", one);
	else if (h->n_dns == 0)
		return emit_missing(args, "resolv.conf", "dns");
	for (size_t i = 0; !one && i < h->n_dns; i++)
		buf_printf(out, "nameserver %s\n", ADDR_TEXT(&h->dns[i]));
	return buf_error(out);
}

const struct emit_format emit_resolv_conf = {
	.name = "resolv.conf",
	.summary = "the node's resolvers, IPv6 alone",
	.path = "/etc/resolv.conf",
	.emit = emit,
};
