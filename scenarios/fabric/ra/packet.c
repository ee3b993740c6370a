/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/fabric/ra/packet.h"

#include "lib/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <string.h>

#define ND_OPT_ROUTE_INFO 24
#define ND_OPT_RDNSS_TYPE 25
#define ND_OPT_PREF64     38 /* RFC 8781 section 4 */

/* PREF64's prefix length codes, by index (RFC 8781 section 4). */
static const uint8_t pref64_lengths[] = { 96, 64, 56, 48, 40, 32 };

/**
 * preference_bits() - Router preference as the two bits of RFC 4191 section 2.1
 * @preference:	1 high, 0 medium, -1 low
 *
 * Return: the bits, in their place within the flags octet
 */
static uint8_t preference_bits(int preference)
{
	return (uint8_t)((preference & 3) << 3);
}

/**
 * add_lladdr() - Source Link-Layer Address option (RFC 4861 section 4.6.1)
 * @c:		Description
 * @b:		Packet
 */
static void add_lladdr(const struct ra_config *c, struct buf *b)
{
	uint8_t option[8] = { ND_OPT_SOURCE_LINKADDR, 1 };

	if (!c->has_lladdr)
		return;
	memcpy(option + 2, c->lladdr, sizeof(c->lladdr));
	buf_add(b, option, sizeof(option));
}

/**
 * add_mtu() - MTU option (RFC 4861 section 4.6.4)
 * @c:		Description
 * @b:		Packet
 */
static void add_mtu(const struct ra_config *c, struct buf *b)
{
	struct nd_opt_mtu option = {
		.nd_opt_mtu_type = ND_OPT_MTU,
		.nd_opt_mtu_len = 1,
		.nd_opt_mtu_mtu = htonl(c->mtu),
	};

	if (c->mtu)
		buf_add(b, &option, sizeof(option));
}

/**
 * add_prefixes() - Prefix Information options (RFC 4861 section 4.6.2)
 * @c:		Description
 * @b:		Packet
 */
static void add_prefixes(const struct ra_config *c, struct buf *b)
{
	for (size_t i = 0; i < c->n_prefixes; i++) {
		struct nd_opt_prefix_info option = {
			.nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION,
			.nd_opt_pi_len = 4,
			.nd_opt_pi_prefix_len = c->prefixes[i].len,
			.nd_opt_pi_flags_reserved =
				ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO,
			.nd_opt_pi_valid_time = htonl(c->valid),
			.nd_opt_pi_preferred_time = htonl(c->preferred),
			.nd_opt_pi_prefix = addr_to_in6(&c->prefixes[i].addr),
		};

		buf_add(b, &option, sizeof(option));
	}
}

/**
 * add_routes() - Route Information options (RFC 4191 section 2.3)
 * @c:		Description
 * @b:		Packet
 */
static void add_routes(const struct ra_config *c, struct buf *b)
{
	uint32_t lifetime = htonl(c->lifetime);

	for (size_t i = 0; i < c->n_routes; i++) {
		uint8_t option[24] = { ND_OPT_ROUTE_INFO, 3, c->routes[i].len,
				       preference_bits(c->preference) };

		memcpy(option + 4, &lifetime, sizeof(lifetime));
		memcpy(option + 8, c->routes[i].addr.bytes, 16);
		buf_add(b, option, sizeof(option));
	}
}

/**
 * add_rdnss() - Recursive DNS Server option (RFC 8106 section 5.1)
 * @c:		Description
 * @b:		Packet
 */
static void add_rdnss(const struct ra_config *c, struct buf *b)
{
	uint8_t head[8] = { ND_OPT_RDNSS_TYPE, (uint8_t)(1 + 2 * c->n_rdnss) };
	uint32_t lifetime = htonl(c->rdnss_lifetime);

	if (!c->n_rdnss)
		return;
	memcpy(head + 4, &lifetime, sizeof(lifetime));
	buf_add(b, head, sizeof(head));
	for (size_t i = 0; i < c->n_rdnss; i++)
		buf_add(b, c->rdnss[i].bytes, 16);
}

/**
 * add_nat64() - PREF64 option (RFC 8781 section 4)
 * @c:		Description
 * @b:		Packet
 *
 * Return: 0; -EINVAL for a prefix length or lifetime that the option cannot hold
 */
static int add_nat64(const struct ra_config *c, struct buf *b)
{
	uint8_t option[16] = { ND_OPT_PREF64, 2 };
	uint32_t scaled = (c->nat64_lifetime + 7) / 8;
	uint16_t field;
	size_t code = 0;

	if (!addr_is_set(&c->nat64.addr))
		return 0;
	while (code < ARRAY_SIZE(pref64_lengths) &&
	       pref64_lengths[code] != c->nat64.len)
		code++;
	if (code == ARRAY_SIZE(pref64_lengths) ||
	    c->nat64_lifetime > RA_NAT64_LIFETIME_MAX)
		return -EINVAL;

	field = htons((uint16_t)(scaled << 3 | code));
	memcpy(option + 2, &field, sizeof(field));
	memcpy(option + 4, c->nat64.addr.bytes, 12);
	buf_add(b, option, sizeof(option));
	return 0;
}

/**
 * ra_build() - Router Advertisement with all options that are set
 * @config:	What the router says
 * @ret_packet:	Message is put at the end of it; the caller releases it
 *
 * Return: 0; -EINVAL for a NAT64 prefix of no PREF64 length or too long a lifetime,
 *	   -ENOMEM
 */
int ra_build(const struct ra_config *config, struct buf *ret_packet)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct nd_router_advert head = { .nd_ra_type = ND_ROUTER_ADVERT };
	int r;

	/* These share a union: an initialiser would keep the last one alone. */
	head.nd_ra_curhoplimit = config->hop_limit;
	head.nd_ra_flags_reserved =
		(uint8_t)((config->managed ? ND_RA_FLAG_MANAGED : 0) |
			  (config->other ? ND_RA_FLAG_OTHER : 0) |
			  preference_bits(config->preference));
	head.nd_ra_router_lifetime = htons(config->lifetime);
	head.nd_ra_reachable = htonl(config->reachable_ms);
	head.nd_ra_retransmit = htonl(config->retrans_ms);
	buf_add(&b, &head, sizeof(head));
	add_lladdr(config, &b);
	add_mtu(config, &b);
	add_prefixes(config, &b);
	add_routes(config, &b);
	add_rdnss(config, &b);
	r = add_nat64(config, &b);
	if (r < 0)
		return r;
	r = buf_error(&b);
	if (r < 0)
		return r;
	buf_add(ret_packet, b.data, b.len);
	return buf_error(ret_packet);
}

/**
 * ra_is_solicitation() - Whether a message is a valid RS (RFC 4861 section 6.1.1)
 * @packet:	ICMPv6 message
 * @len:	Its bytes
 * @hop_limit:	It came in with; only 255 proves that nobody forwarded it
 *
 * Return: true if it is
 */
bool ra_is_solicitation(const void *packet, size_t len, int hop_limit)
{
	const struct nd_router_solicit *rs = packet;

	return hop_limit == 255 && len >= sizeof(*rs) &&
	       rs->nd_rs_type == ND_ROUTER_SOLICIT && rs->nd_rs_code == 0;
}
