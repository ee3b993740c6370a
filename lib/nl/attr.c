/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/nl/nl.h"

#include <libmnl/libmnl.h>
#include <string.h>

/**
 * nl_header() - Reserve the family's fixed header, zeroed
 * @m:		Message
 * @len:	Bytes, e.g. sizeof(struct rtmsg)
 *
 * Return: the header
 */
void *nl_header(struct nlmsghdr *m, size_t len)
{
	return mnl_nlmsg_put_extra_header(m, len);
}

/**
 * nl_put() - Add an attribute
 * @m:		Message
 * @type:	Attribute
 * @data:	Payload
 * @len:	Its bytes
 */
void nl_put(struct nlmsghdr *m, uint16_t type, const void *data, size_t len)
{
	mnl_attr_put(m, type, len, data);
}

/**
 * nl_put_u8() - Add an attribute of one byte
 * @m:		Message
 * @type:	Attribute
 * @value:	Value
 */
void nl_put_u8(struct nlmsghdr *m, uint16_t type, uint8_t value)
{
	mnl_attr_put(m, type, sizeof(value), &value);
}

/**
 * nl_put_u16() - Add an attribute of two bytes
 * @m:		Message
 * @type:	Attribute
 * @value:	Value, in the order the attribute wants
 */
void nl_put_u16(struct nlmsghdr *m, uint16_t type, uint16_t value)
{
	mnl_attr_put(m, type, sizeof(value), &value);
}

/**
 * nl_put_u32() - Add an attribute of four bytes
 * @m:		Message
 * @type:	Attribute
 * @value:	Value, in the order the attribute wants
 */
void nl_put_u32(struct nlmsghdr *m, uint16_t type, uint32_t value)
{
	mnl_attr_put(m, type, sizeof(value), &value);
}

/**
 * nl_put_text() - Add a text attribute with its NUL
 * @m:		Message
 * @type:	Attribute
 * @text:	Text
 */
void nl_put_text(struct nlmsghdr *m, uint16_t type, const char *text)
{
	mnl_attr_put(m, type, strlen(text) + 1, text);
}

/**
 * nl_put_in6() - Add an IPv6 address
 * @m:		Message
 * @type:	Attribute
 * @a:		Address
 */
void nl_put_in6(struct nlmsghdr *m, uint16_t type, const struct in6_addr *a)
{
	mnl_attr_put(m, type, sizeof(*a), a);
}

/**
 * nl_nest() - Begin a nested attribute
 * @m:		Message
 * @type:	Attribute; NLA_F_NESTED is added
 *
 * Return: for nl_nest_end()
 */
struct nlattr *nl_nest(struct nlmsghdr *m, uint16_t type)
{
	return mnl_attr_nest_start(m, type);
}

/**
 * nl_nest_end() - End a nested attribute
 * @m:		Message
 * @nest:	From nl_nest()
 */
void nl_nest_end(struct nlmsghdr *m, struct nlattr *nest)
{
	mnl_attr_nest_end(m, nest);
}

/**
 * nl_parse_range() - Attributes in a range of bytes, by type
 * @data:	First attribute
 * @len:	Bytes
 * @at:		Table of @max + 1 entries; absent ones become NULL
 * @max:	Largest type wanted
 */
void nl_parse_range(const void *data, size_t len, const struct nlattr **at,
		    uint16_t max)
{
	const struct nlattr *a = data;
	int left = (int)len;

	memset(at, 0, (max + 1U) * sizeof(*at));
	while (left >= (int)sizeof(*a) && a->nla_len >= sizeof(*a) &&
	       a->nla_len <= left) {
		uint16_t type = a->nla_type & NLA_TYPE_MASK;
		int step = NLA_ALIGN(a->nla_len);

		if (type <= max)
			at[type] = a;
		left -= step;
		a = (const struct nlattr *)((const char *)a + step);
	}
}

/**
 * nl_parse() - Attributes of a message, by type
 * @m:		Message, already checked for its length
 * @header:	Bytes of the family's fixed header
 * @at:		Table of @max + 1 entries; absent ones become NULL
 * @max:	Largest type wanted
 */
void nl_parse(const struct nlmsghdr *m, size_t header, const struct nlattr **at,
	      uint16_t max)
{
	size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(header);

	if (m->nlmsg_len < skip) {
		memset(at, 0, (max + 1U) * sizeof(*at));
		return;
	}
	nl_parse_range((const char *)m + skip, m->nlmsg_len - skip, at, max);
}

/**
 * nl_parse_nested() - Attributes within an attribute, by type
 * @nest:	Attribute, or NULL: none
 * @at:		Table of @max + 1 entries; absent ones become NULL
 * @max:	Largest type wanted
 */
void nl_parse_nested(const struct nlattr *nest, const struct nlattr **at,
		     uint16_t max)
{
	if (!nest) {
		memset(at, 0, (max + 1U) * sizeof(*at));
		return;
	}
	nl_parse_range(nl_data(nest), nl_len(nest), at, max);
}

/**
 * nl_data() - Payload of an attribute
 * @a:		Attribute
 *
 * Return: payload
 */
const void *nl_data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

/**
 * nl_len() - Length of an attribute's payload
 * @a:		Attribute
 *
 * Return: bytes
 */
size_t nl_len(const struct nlattr *a)
{
	return a->nla_len - (size_t)NLA_HDRLEN;
}

/**
 * nl_u8() - Value of one byte
 * @a:		Attribute, or NULL
 * @none:	For an absent or short one
 *
 * Return: value
 */
uint8_t nl_u8(const struct nlattr *a, uint8_t none)
{
	return a && nl_len(a) >= 1 ? *(const uint8_t *)nl_data(a) : none;
}

/**
 * nl_u16() - Value of two bytes
 * @a:		Attribute, or NULL
 * @none:	For an absent or short one
 *
 * Return: value, in the attribute's order
 */
uint16_t nl_u16(const struct nlattr *a, uint16_t none)
{
	uint16_t value;

	if (!a || nl_len(a) < sizeof(value))
		return none;
	memcpy(&value, nl_data(a), sizeof(value));
	return value;
}

/**
 * nl_u32() - Value of four bytes
 * @a:		Attribute, or NULL
 * @none:	For an absent or short one
 *
 * Return: value, in the attribute's order
 */
uint32_t nl_u32(const struct nlattr *a, uint32_t none)
{
	uint32_t value;

	if (!a || nl_len(a) < sizeof(value))
		return none;
	memcpy(&value, nl_data(a), sizeof(value));
	return value;
}

/**
 * nl_in6() - IPv6 address
 * @a:		Attribute, or NULL
 *
 * Return: address; :: for an absent or short one
 */
struct in6_addr nl_in6(const struct nlattr *a)
{
	struct in6_addr in6 = { 0 };

	if (a && nl_len(a) >= sizeof(in6))
		memcpy(&in6, nl_data(a), sizeof(in6));
	return in6;
}

/**
 * nl_text() - Text
 * @a:		Attribute, or NULL
 *
 * Return: text, or "" where it is absent or has no NUL
 */
const char *nl_text(const struct nlattr *a)
{
	if (!a || nl_len(a) == 0 || !memchr(nl_data(a), 0, nl_len(a)))
		return "";
	return nl_data(a);
}
