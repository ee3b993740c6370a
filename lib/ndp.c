/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ndp.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <string.h>

#define ETH_LEN sizeof(struct ether_header)
#define IP6_LEN sizeof(struct ip6_hdr)
#define NS_LEN  sizeof(struct nd_neighbor_solicit)

/**
 * add_words() - Add bytes to a ones' complement sum
 * @sum:	Sum so far
 * @data:	Bytes, of any alignment
 * @len:	Their number; an odd last byte counts as the high half of a word
 *
 * Return: the sum, not folded
 */
static uint32_t add_words(uint32_t sum, const uint8_t *data, size_t len)
{
	for (; len > 1; data += 2, len -= 2)
		sum += (uint32_t)data[0] << 8 | data[1];
	if (len)
		sum += (uint32_t)data[0] << 8;
	return sum;
}

/**
 * ndp_checksum() - Checksum of an ICMPv6 message, RFC 4443 section 2.3
 * @source:	Address of its sender
 * @destination: Address it goes to
 * @icmp:	Message
 * @len:	Its bytes, below 64 KiB
 *
 * Return: the sum in host order: 0 over a message whose own checksum is right, and what
 *	   belongs there over one whose checksum is 0
 */
uint16_t ndp_checksum(const uint8_t source[16], const uint8_t destination[16],
		      const uint8_t *icmp, size_t len)
{
	uint32_t sum = (uint32_t)len + IPPROTO_ICMPV6;

	sum = add_words(sum, source, 16);
	sum = add_words(sum, destination, 16);
	sum = add_words(sum, icmp, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/**
 * options_ok() - Whether the options of a message are well formed
 * @options:	First option
 * @len:	Bytes to the end of the message
 * @ret_source:	Whether there is a Source Link-Layer Address option
 *
 * Return: true unless one has length 0 or leaves the message, RFC 4861 section 4.6
 */
static bool options_ok(const uint8_t *options, size_t len, bool *ret_source)
{
	*ret_source = false;
	while (len) {
		size_t n = len < 2 ? 0 : options[1] * (size_t)8;

		if (n == 0 || n > len)
			return false;
		if (options[0] == ND_OPT_SOURCE_LINKADDR)
			*ret_source = true;
		options += n;
		len -= n;
	}
	return true;
}

/**
 * ndp_read_ns() - Read an Ethernet frame as a Neighbor Solicitation
 * @frame:	Frame, from its Ethernet header on
 * @len:	Its bytes
 * @ret:	Result
 *
 * All the checks of RFC 4861 section 7.1.1, since a packet socket sees frames before
 * the kernel has checked anything.
 *
 * Return: 0; -ENOMSG for anything else, -EBADMSG for a solicitation to be discarded
 */
int ndp_read_ns(const uint8_t *frame, size_t len, struct ndp_solicitation *ret)
{
	struct ndp_solicitation ns = { .source = { .family = AF_INET6 },
				       .target = { .family = AF_INET6 } };
	struct nd_neighbor_solicit head;
	struct ether_header eth;
	struct ip6_hdr ip6;
	const uint8_t *icmp;
	size_t icmp_len;
	bool source;

	if (len < ETH_LEN + IP6_LEN + NS_LEN)
		return -ENOMSG;
	memcpy(&eth, frame, sizeof(eth));
	memcpy(&ip6, frame + ETH_LEN, sizeof(ip6));
	icmp = frame + ETH_LEN + IP6_LEN;
	memcpy(&head, icmp, sizeof(head));
	if (eth.ether_type != htons(ETHERTYPE_IPV6) ||
	    ip6.ip6_nxt != IPPROTO_ICMPV6 ||
	    head.nd_ns_type != ND_NEIGHBOR_SOLICIT)
		return -ENOMSG;

	icmp_len = ntohs(ip6.ip6_plen);
	if (icmp_len < NS_LEN || icmp_len > len - ETH_LEN - IP6_LEN ||
	    (ip6.ip6_vfc >> 4) != 6 || ip6.ip6_hlim != 255 ||
	    head.nd_ns_code != 0)
		return -EBADMSG;
	if (ndp_checksum(ip6.ip6_src.s6_addr, ip6.ip6_dst.s6_addr, icmp,
			 icmp_len) != 0)
		return -EBADMSG;
	if (!options_ok(icmp + NS_LEN, icmp_len - NS_LEN, &source))
		return -EBADMSG;

	memcpy(ns.lladdr, eth.ether_shost, sizeof(ns.lladdr));
	ns.source = addr_from_in6(&ip6.ip6_src);
	ns.target = addr_from_in6(&head.nd_ns_target);
	if (addr_scope(&ns.target) == ADDR_MULTICAST ||
	    addr_scope(&ns.source) == ADDR_MULTICAST)
		return -EBADMSG;
	if (addr_scope(&ns.source) == ADDR_UNSPECIFIED) {
		/* Duplicate address detection: to the solicited-node group, bare. */
		static const uint8_t group[13] = { 0xff, 2, [11] = 1, 0xff };

		if (source ||
		    memcmp(ip6.ip6_dst.s6_addr, group, sizeof(group)) != 0)
			return -EBADMSG;
	}
	*ret = ns;
	return 0;
}

/**
 * ndp_write_na() - Write the frame that answers a solicitation
 * @ns:		What was asked
 * @lladdr:	Link-layer address to tell: our own
 * @frame:	Room for it
 *
 * RFC 4861 section 7.2.4; without the Override flag, as section 7.2.8 asks of proxies,
 * and to all nodes where the asker has no address yet.
 *
 * Return: bytes of the frame
 */
size_t ndp_write_na(const struct ndp_solicitation *ns, const uint8_t lladdr[6],
		    uint8_t frame[NDP_FRAME_MAX])
{
	bool dad = addr_scope(&ns->source) == ADDR_UNSPECIFIED;
	struct nd_neighbor_advert head = { .nd_na_type = ND_NEIGHBOR_ADVERT };
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
	struct ether_header eth = { .ether_type = htons(ETHERTYPE_IPV6) };
	uint8_t *icmp = frame + ETH_LEN + IP6_LEN;
	size_t icmp_len = sizeof(head) + 8;
	struct ip6_hdr ip6 = { 0 };
	uint16_t sum;

	memcpy(eth.ether_shost, lladdr, 6);
	memcpy(eth.ether_dhost,
	       dad ? (const uint8_t[]){ 0x33, 0x33, 0, 0, 0, 1 } : ns->lladdr,
	       6);

	ip6.ip6_flow = htonl(6U << 28);
	ip6.ip6_plen = htons((uint16_t)icmp_len);
	ip6.ip6_nxt = IPPROTO_ICMPV6;
	ip6.ip6_hlim = 255;
	ip6.ip6_src = addr_to_in6(&ns->target);
	memcpy(&ip6.ip6_dst, dad ? all_nodes : ns->source.bytes, 16);

	head.nd_na_flags_reserved =
		ND_NA_FLAG_ROUTER | (dad ? 0 : ND_NA_FLAG_SOLICITED);
	head.nd_na_target = addr_to_in6(&ns->target);

	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + ETH_LEN, &ip6, sizeof(ip6));
	memcpy(icmp, &head, sizeof(head));
	icmp[sizeof(head)] = ND_OPT_TARGET_LINKADDR;
	icmp[sizeof(head) + 1] = 1;
	memcpy(icmp + sizeof(head) + 2, lladdr, 6);
	sum = htons(ndp_checksum(ip6.ip6_src.s6_addr, ip6.ip6_dst.s6_addr, icmp,
				 icmp_len));
	memcpy(icmp + offsetof(struct nd_neighbor_advert, nd_na_cksum), &sum,
	       sizeof(sum));
	return ETH_LEN + IP6_LEN + icmp_len;
}
