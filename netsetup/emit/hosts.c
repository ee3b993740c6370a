/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hosts: a node's own names
 *
 * localhost is ::1, and 127.0.0.1 for programs that know nothing else; the node's own
 * name must be its IPv6 address alone, or the kubelet and etcd may take an IPv4 one.
 */
#include "netsetup/emit/emit.h"

#include <errno.h>

/**
 * emit() - Print the file
 * @h:		Hints; the node's name and address are needed
 * @args:	Not used
 * @out:	Gets the text
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	if (!addr_is_set(&h->node_ip))
		return emit_missing(args, "hosts", "node_ip");
	if (!h->node_name[0])
		return emit_missing(args, "hosts", "node_name");
	buf_printf(out,
		   "127.0.0.1 localhost\n"
		   "::1 localhost ip6-localhost ip6-loopback\n"
		   "%s %s\n",
		   ADDR_TEXT(&h->node_ip), h->node_name);
	return buf_error(out);
}

const struct emit_format emit_hosts = {
	.name = "hosts",
	.summary = "the node's own names, IPv6 alone",
	.path = "/etc/hosts",
	.emit = emit,
};
