/* SPDX-License-Identifier: Apache-2.0 */

/*
 * corefile: CoreDNS' configuration for a cluster, with DNS64 where it is to be done here
 *
 * With `type` dns64 (the first) CoreDNS itself makes AAAA of A for the NAT64 prefix; the
 * upstream must then do none, or answers are made twice. `forward` leaves it to the
 * upstream. Names of the cluster keep their own AAAA: the kubernetes plugin answers
 * before dns64 sees an empty one, and dns64 without translate_all changes no answer that
 * has AAAA.
 */
#include "netsetup/emit/emit.h"

#include <errno.h>
#include <string.h>

static const char *const types[] = { "dns64", "forward", NULL };

/**
 * emit() - Print the file
 * @h:		Hints; the NAT64 prefix is needed for `dns64`
 * @args:	.type: dns64 or forward; upstream="ADDRESS ..." (default /etc/resolv.conf)
 * @out:	Gets the text
 *
 * RFC 6147 section 5.1.
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	const char *domain =
		h->cluster_domain[0] ? h->cluster_domain : "cluster.local";
	bool dns64 = !args->type || strcmp(args->type, "dns64") == 0;

	if (dns64 && !h->nat64.prefix.len)
		return emit_missing(args, "corefile", "nat64.prefix");

	buf_printf(out,
		   ".:53 {\n"
		   "    errors\n"
		   "    health {\n"
		   "        lameduck 5s\n"
		   "    }\n"
		   "    ready\n"
		   "    kubernetes %s in-addr.arpa ip6.arpa {\n"
		   "        pods insecure\n"
		   "        fallthrough in-addr.arpa ip6.arpa\n"
		   "    }\n"
		   "    prometheus :9153\n",
		   domain);
	if (dns64)
		buf_printf(out, "    dns64 %s\n",
			   PREFIX_TEXT(&h->nat64.prefix));
	buf_printf(out,
		   "    forward . %s\n"
		   "    cache 30\n"
		   "    loop\n"
		   "    reload\n"
		   "    loadbalance\n"
		   "}\n",
		   emit_more(args, "upstream", "/etc/resolv.conf"));
	return buf_error(out);
}

const struct emit_format emit_corefile = {
	.name = "corefile",
	.summary = "CoreDNS' Corefile for the cluster, with DNS64",
	.path = NULL,
	.types = types,
	.emit = emit,
};
