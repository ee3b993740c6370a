/* SPDX-License-Identifier: Apache-2.0 */

/*
 * clat: tayga as the customer side of 464XLAT (RFC 6877), IPv4 for programs that know
 * nothing else
 *
 * The comment in the first lines says what belongs around it: tayga makes its interface,
 * but gives it neither address nor route. The IPv4 side is of 192.0.0.0/29 (RFC 7335).
 */
#include "netsetup/emit/emit.h"

#include "netsetup/clat.h"

#include <errno.h>

/**
 * emit() - Print tayga's configuration
 * @h:		Hints; the NAT64 prefix and the node's prefix are needed
 * @args:	.dir: where tayga keeps its data, /var/lib/tayga
 * @out:	Gets the text
 *
 * Return: 0, -ENODATA after saying what is missing, -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	const char *why = "";
	struct clat c;
	int r = clat_decide(h, &c, &why);

	if (r < 0) {
		buf_printf(args->errors, "emit clat: %s\n", why);
		return r;
	}
	buf_printf(out,
		   "# tayga --mktun; then, on device clat:\n"
		   "#   ip link set clat up%s",
		   c.mtu4 ? "" : "\n");
	if (c.mtu4)
		buf_printf(out, " mtu %u\n", c.mtu4);
	buf_printf(out,
		   "#   ip -6 route add %s/128 dev clat\n"
		   "#   ip -6 route add %s/128 dev clat\n"
		   "#   ip -4 address add %s/32 dev clat\n"
		   "#   ip -4 route add default dev clat%s",
		   ADDR_TEXT(&c.host6), ADDR_TEXT(&c.tayga6),
		   ADDR_TEXT(&c.host4), c.mtu4 ? "" : "\n");
	if (c.mtu4)
		buf_printf(out, " mtu %u\n", c.mtu4);
	buf_printf(out,
		   "tun-device clat\n"
		   "ipv4-addr %s\n"
		   "ipv6-addr %s\n"
		   "prefix %s\n"
		   "map %s %s\n"
		   "data-dir %s\n",
		   ADDR_TEXT(&c.tayga4), ADDR_TEXT(&c.tayga6),
		   PREFIX_TEXT(&c.nat64), ADDR_TEXT(&c.host4),
		   ADDR_TEXT(&c.host6),
		   args->dir ? args->dir : "/var/lib/tayga");
	return buf_error(out);
}

const struct emit_format emit_clat = {
	.name = "clat",
	.summary = "tayga as CLAT: IPv4 for programs that know nothing else",
	.path = "/etc/tayga-clat.conf",
	.emit = emit,
};
