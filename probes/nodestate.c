/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/nodestate.h"

#include "lib/buf.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/ipv6_route.h>
#include <linux/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/**
 * hex_addr() - Read an address of 32 hexadecimal digits
 * @text:	Digits
 * @ret:	Result
 *
 * Return: 0; -EINVAL
 */
static int hex_addr(const char *text, struct addr *ret)
{
	struct addr a = { .family = AF_INET6 };

	for (size_t i = 0; i < 16; i++) {
		char byte[3] = { 0 };
		char *end;

		memcpy(byte, text + 2 * i, strnlen(text + 2 * i, 2));
		a.bytes[i] = (uint8_t)strtoul(byte, &end, 16);
		if (end != byte + 2)
			return -EINVAL;
	}
	*ret = a;
	return 0;
}

/**
 * next_line() - The start of the next line
 * @text:	Within a line
 *
 * Return: behind its newline, or at the end of the text
 */
static const char *next_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text ? text + 1 : text;
}

/**
 * state_parse_addrs() - Read /proc/net/if_inet6
 * @text:	Its content
 * @s:		State; lines that make no sense are left out
 */
void state_parse_addrs(const char *text, struct node_state *s)
{
	for (; *text; text = next_line(text)) {
		struct local_addr a = { 0 };
		unsigned int len, flags;
		char hex[33];

		if (s->n_addrs == STATE_ADDRS)
			return;
		if (sscanf(text, "%32s %*x %x %*x %x %15s", hex, &len, &flags,
			   a.dev) != 4 ||
		    len > 128 || hex_addr(hex, &a.addr) < 0)
			continue;
		a.len = (uint8_t)len;
		a.flags = (uint8_t)flags;
		s->addrs[s->n_addrs++] = a;
	}
}

/**
 * state_parse_routes() - Read the default routes of /proc/net/ipv6_route
 * @text:	Its content
 * @s:		State; keeps the kernel's order, so the first one counts
 *
 * Routes of lo are the kernel's own "unreachable", not a way out.
 */
void state_parse_routes(const char *text, struct node_state *s)
{
	for (; *text; text = next_line(text)) {
		struct default_route d = { 0 };
		unsigned int len;
		char dst[33], via[33];

		if (s->n_routes == STATE_ROUTES)
			return;
		if (sscanf(text, "%32s %x %*s %*x %32s %x %*x %*x %x %15s", dst,
			   &len, via, &d.metric, &d.flags, d.dev) != 6 ||
		    len || hex_addr(via, &d.via) < 0)
			continue;
		if (d.flags & RTF_REJECT || strcmp(d.dev, "lo") == 0)
			continue;
		s->routes[s->n_routes++] = d;
	}
}

/**
 * parse_search() - Read the domains of a line, where it is one that names some
 * @line:	Line of a resolv.conf
 * @s:		State; the last such line counts (resolv.conf(5))
 */
static void parse_search(const char *line, struct node_state *s)
{
	static const char word[] = "search";
	size_t n = sizeof(word) - 1;

	if (strncmp(line, word, n) != 0 || !strchr(" \t", line[n]))
		return;
	line += n + strspn(line + n, " \t");
	(void)snprintf(s->search, sizeof(s->search), "%.*s",
		       (int)strcspn(line, "\n"), line);
}

/**
 * state_parse_resolv() - Read nameservers and search domains of a resolv.conf
 * @text:	Its content
 * @s:		State
 */
void state_parse_resolv(const char *text, struct node_state *s)
{
	for (; *text; text = next_line(text)) {
		char word[ADDR_STRLEN];
		struct addr a;

		parse_search(text, s);
		if (s->n_servers == STATE_SERVERS ||
		    sscanf(text, " nameserver %63s", word) != 1)
			continue;
		word[strcspn(word, "%")] = '\0';
		if (addr_parse(word, &a) == 0)
			s->servers[s->n_servers++] = a;
	}
}

/**
 * state_cluster_domain() - The cluster's domain, as the kubelet tells its pods
 * @search:	Search domains, blanks between them
 * @ret:	Gets it, "cluster.local"; no dot at its end, as names in answers have none
 * @size:	Bytes there
 *
 * Return: 0; -ENOENT where none of them is of services, or it is longer than @size
 */
int state_cluster_domain(const char *search, char *ret, size_t size)
{
	static const char services[] = "svc.";
	const size_t skip = sizeof(services) - 1;

	while (*search) {
		size_t n = strcspn(search, " \t\n"), len = n;

		while (len > skip && search[len - 1] == '.')
			len--;
		if (len > skip && len - skip < size &&
		    strncmp(search, services, skip) == 0) {
			(void)snprintf(ret, size, "%.*s", (int)(len - skip),
				       search + skip);
			return 0;
		}
		search += n + strspn(search + n, " \t\n");
	}
	return -ENOENT;
}

/**
 * state_mtu() - MTU of a link
 * @dev:	Its name
 *
 * Return: bytes; 0 where there is no such link
 */
unsigned int state_mtu(const char *dev)
{
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	if (fd < 0 || ioctl(fd, SIOCGIFMTU, &ifr) < 0 || ifr.ifr_mtu < 0)
		return 0;
	return (unsigned int)ifr.ifr_mtu;
}

/**
 * state_sysctl() - A number below /proc/sys/net/ipv6/conf
 * @dev:	Link, "all" or "default"
 * @name:	Sysctl
 * @ret:	Result
 *
 * Return: 0; -EBADMSG where it is no number, or what open() said
 */
int state_sysctl(const char *dev, const char *name, int64_t *ret)
{
	_cleanup_(buf_release) struct buf b = { .max = 64 };
	char path[128], *end;
	int64_t value;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", dev,
		       name);
	r = buf_read_file(&b, path);
	if (r < 0)
		return r;
	value = strtoll(buf_text(&b), &end, 10);
	if (end == buf_text(&b) || (*end && *end != '\n'))
		return -EBADMSG;
	*ret = value;
	return 0;
}

/**
 * read_with() - Give a file's content to a parser
 * @path:	File; one that cannot be read is empty
 * @parse:	Parser
 * @s:		State
 */
static void read_with(const char *path,
		      void (*parse)(const char *, struct node_state *),
		      struct node_state *s)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	if (buf_read_file(&b, path) == 0)
		parse(buf_text(&b), s);
}

/**
 * state_read() - Look at the own network namespace
 * @uplink:	Link towards the world as the hints have it; NULL: that of the first
 *		default route, else eth0
 * @ret:	Result
 */
void state_read(const char *uplink, struct node_state *ret)
{
	struct node_state s = { 0 };

	read_with("/proc/net/if_inet6", state_parse_addrs, &s);
	read_with("/proc/net/ipv6_route", state_parse_routes, &s);
	read_with("/etc/resolv.conf", state_parse_resolv, &s);
	if (!uplink || !if_nametoindex(uplink))
		uplink = s.n_routes ? s.routes[0].dev : "eth0";
	(void)snprintf(s.uplink, sizeof(s.uplink), "%s", uplink);
	s.mtu = state_mtu(uplink);
	*ret = s;
}

/**
 * state_global() - The first usable address that is more than link-local
 * @s:		State
 * @dev:	Link; NULL: any
 *
 * Return: the address, or NULL
 */
const struct local_addr *state_global(const struct node_state *s,
				      const char *dev)
{
	for (size_t i = 0; i < s->n_addrs; i++) {
		const struct local_addr *a = &s->addrs[i];
		enum addr_scope scope = addr_scope(&a->addr);

		if (scope != ADDR_GLOBAL && scope != ADDR_ULA)
			continue;
		if (a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
			continue;
		if (!dev || strcmp(a->dev, dev) == 0)
			return a;
	}
	return NULL;
}
