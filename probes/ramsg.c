/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/ramsg.h"

#include <errno.h>
#include <string.h>

#define HEADER 16

enum { OPTION_MTU = 5, OPTION_RDNSS = 25, OPTION_PREF64 = 38 };

/**
 * read_pref64() - Read a PREF64 option (RFC 8781 4)
 * @o:		Option, 16 bytes
 * @ra:		Where it goes; a length code that is not defined is left out
 */
static void read_pref64(const uint8_t *o, struct ra *ra)
{
	static const uint8_t lens[] = { 96, 64, 56, 48, 40, 32 };
	uint16_t scaled = (uint16_t)(o[2] << 8 | o[3]);
	struct addr a = { .family = AF_INET6 };

	if ((scaled & 7) >= ARRAY_SIZE(lens))
		return;
	memcpy(a.bytes, o + 4, 12);
	ra->pref64 = prefix_of(&a, lens[scaled & 7]);
	ra->pref64_lifetime = scaled & ~7;
}

/**
 * ra_parse() - Read a Router Advertisement
 * @message:	ICMPv6 message
 * @len:	Bytes
 * @ret:	What it says
 *
 * Return: 0; -EBADMSG where it must be ignored: too short, not one, or an option of
 *	   length 0 or past the end (RFC 4861 6.1.2)
 */
int ra_parse(const uint8_t *message, size_t len, struct ra *ret)
{
	struct ra ra = { 0 };
	size_t at = HEADER;

	if (len < HEADER || message[0] != 134 || message[1] != 0)
		return -EBADMSG;
	ra.hop_limit = message[4];
	ra.managed = message[5] & 0x80;
	ra.other = message[5] & 0x40;
	ra.lifetime = (uint16_t)(message[6] << 8 | message[7]);
	while (at < len) {
		const uint8_t *o = message + at;
		size_t n = len - at < 2 ? 0 : o[1] * 8UL;

		if (!n || n > len - at)
			return -EBADMSG;
		if (o[0] == OPTION_MTU && n == 8)
			ra.mtu = (unsigned int)o[4] << 24 | o[5] << 16 |
				 o[6] << 8 | o[7];
		if (o[0] == OPTION_PREF64 && n == 16)
			read_pref64(o, &ra);
		if (o[0] == OPTION_RDNSS && n >= 24 && !ra.rdnss.family) {
			ra.rdnss.family = AF_INET6;
			memcpy(ra.rdnss.bytes, o + 8, 16);
		}
		at += n;
	}
	*ret = ra;
	return 0;
}
