/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/dnsmsg.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define HEADER 12

/* Where a reader stands in a message. */
struct cursor {
	const uint8_t *data;
	size_t len;
	size_t at;
};

/**
 * put16() - Write a number in network order
 * @at:		Two bytes
 * @value:	Number
 */
static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/**
 * get16() - Read a number in network order
 * @at:		Two bytes
 *
 * Return: number
 */
static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/**
 * put_name() - Write a name as labels
 * @out:	Where
 * @size:	Bytes there
 * @name:	"a.example" or "a.example."; "." is the root
 *
 * Return: bytes written; -EINVAL for an empty or long label, -ENOSPC
 */
static int put_name(uint8_t *out, size_t size, const char *name)
{
	size_t at = 0;

	if (strcmp(name, ".") == 0)
		name = "";
	while (*name) {
		size_t n = strcspn(name, ".");

		if (!n || n > 63)
			return -EINVAL;
		if (at + n + 2 > MIN(size, (size_t)255))
			return -ENOSPC;
		out[at++] = (uint8_t)n;
		memcpy(out + at, name, n);
		at += n;
		name += n;
		if (*name == '.')
			name++;
	}
	if (at + 1 > size)
		return -ENOSPC;
	out[at++] = 0;
	return (int)at;
}

/**
 * dns_build() - Write a query for one name, recursion desired, EDNS offered
 * @ret_message: Where
 * @size:	Bytes there
 * @id:		Number that the answer must carry
 * @name:	Name, absolute
 * @qtype:	Type asked for
 *
 * Return: length; -EINVAL for a malformed name, -ENOSPC
 */
int dns_build(uint8_t *ret_message, size_t size, uint16_t id, const char *name,
	      uint16_t qtype)
{
	uint8_t m[HEADER + 255 + 4 + 11] = { 0 };
	size_t at = HEADER;
	int r;

	put16(m, id);
	put16(m + 2, 0x0100); /* RD */
	put16(m + 4, 1); /* QDCOUNT */
	put16(m + 10, 1); /* ARCOUNT: the OPT record */
	r = put_name(m + at, 255, name);
	if (r < 0)
		return r;
	at += (size_t)r;
	put16(m + at, qtype);
	put16(m + at + 2, 1); /* IN */
	at += 4;
	put16(m + at + 1, 41); /* OPT for the root name (RFC 6891 6.1.2) */
	put16(m + at + 3, DNS_MESSAGE);
	at += 11;
	if (at > size)
		return -ENOSPC;
	memcpy(ret_message, m, at);
	return (int)at;
}

/**
 * get_name() - Read a name, following compression pointers backwards only
 * @c:		Cursor; behind the name afterwards
 * @text:	Name with dots between labels and none at its end; bytes that are no
 *		printable ASCII become '?'
 *
 * Pointers must lead to before where the name started (RFC 1035 4.1.4 says "prior
 * occurrence"), so that there are no loops.
 *
 * Return: 0; -EBADMSG
 */
static int get_name(struct cursor *c, char text[DNS_NAME])
{
	size_t at = c->at, before = c->at, n = 0;
	bool jumped = false;

	for (;;) {
		uint8_t len;

		if (at >= c->len)
			return -EBADMSG;
		len = c->data[at++];
		if (!jumped)
			c->at = at;
		if (!len)
			break;
		if ((len & 0xc0) == 0xc0) {
			if (at >= c->len)
				return -EBADMSG;
			at = (size_t)((len & 0x3f) << 8 | c->data[at]);
			if (!jumped)
				c->at++;
			if (at >= before)
				return -EBADMSG;
			before = at;
			jumped = true;
			continue;
		}
		if (len & 0xc0 || len > c->len - at || n + len + 2 > DNS_NAME)
			return -EBADMSG;
		if (n)
			text[n++] = '.';
		for (; len; len--, at++)
			text[n++] = c->data[at] > ' ' && c->data[at] < 0x7f ?
					    (char)c->data[at] :
					    '?';
		if (!jumped)
			c->at = at;
	}
	text[n] = '\0';
	return 0;
}

/**
 * get_target() - Read the name that a PTR or SRV record (RFC 2782) leads to
 * @c:		Cursor at the record's data
 * @length:	Bytes of it, within the message
 * @srv:	Priority, weight and port come first
 * @a:		.target and .port are set
 *
 * Return: 0; -EBADMSG
 */
static int get_target(struct cursor c, uint16_t length, bool srv,
		      struct dns_answer *a)
{
	size_t end = c.at + length;
	char text[DNS_NAME];

	if (srv && length < 7)
		return -EBADMSG;
	if (srv)
		a->port = get16(c.data + c.at + 4);
	c.at += srv ? 6 : 0;
	if (get_name(&c, text) < 0 || c.at != end)
		return -EBADMSG;
	memcpy(a->target, text, sizeof(text));
	return 0;
}

/**
 * get_record() - Read one record of the answer section
 * @c:		Cursor; behind the record afterwards
 * @qtype:	Type asked for
 * @a:		What was gathered so far
 *
 * Return: 0; -EBADMSG
 */
static int get_record(struct cursor *c, uint16_t qtype, struct dns_answer *a)
{
	char name[DNS_NAME];
	const uint8_t *fixed;
	uint16_t type, length;
	uint32_t ttl;
	int r;

	r = get_name(c, name);
	if (r < 0)
		return r;
	if (c->len - c->at < 10)
		return -EBADMSG;
	fixed = c->data + c->at;
	type = get16(fixed);
	ttl = (uint32_t)get16(fixed + 4) << 16 | get16(fixed + 6);
	length = get16(fixed + 8);
	c->at += 10;
	if (length > c->len - c->at)
		return -EBADMSG;
	if (type == 5)
		a->cname = true;
	if (type == qtype && (type == DNS_PTR || type == DNS_SRV)) {
		r = get_target(*c, length, type == DNS_SRV, a);
		if (r < 0)
			return r;
	}
	if (type == qtype && (type == DNS_AAAA || type == DNS_A)) {
		struct addr addr = {
			.family = type == DNS_AAAA ? AF_INET6 : AF_INET,
		};
		size_t bytes = type == DNS_AAAA ? 16 : 4;

		if (length != bytes)
			return -EBADMSG;
		memcpy(addr.bytes, c->data + c->at, bytes);
		a->ttl = a->n_addrs ? MIN(a->ttl, ttl) : ttl;
		if (a->n_addrs < DNS_ADDRS)
			a->addrs[a->n_addrs++] = addr;
	}
	c->at += length;
	return 0;
}

/**
 * same_name() - Whether two names are equal
 * @a:		As get_name() wrote it
 * @b:		As a user wrote it, a dot may end it
 *
 * Return: true if they are, letters of both cases being the same
 */
static bool same_name(const char *a, const char *b)
{
	size_t n = strlen(b);

	if (n && b[n - 1] == '.')
		n--;
	return strlen(a) == n && strncasecmp(a, b, n) == 0;
}

/**
 * dns_parse() - Read an answer
 * @message:	Bytes, without the length that TCP puts before them
 * @len:	Their number
 * @id:		Number of our query
 * @name:	Name of our query
 * @qtype:	Type of our query
 * @ret:	What it says
 *
 * Return: 0; -ENOMSG where it answers another query, -EBADMSG where it is malformed
 */
int dns_parse(const uint8_t *message, size_t len, uint16_t id, const char *name,
	      uint16_t qtype, struct dns_answer *ret)
{
	struct cursor c = { message, len, HEADER };
	struct dns_answer a = { .size = len };
	char text[DNS_NAME];
	int r;

	if (len < HEADER)
		return -EBADMSG;
	if (get16(message) != id || !(message[2] & 0x80))
		return -ENOMSG;
	a.rcode = message[3] & 0x0f;
	a.truncated = message[2] & 0x02;
	a.authoritative = message[2] & 0x04;
	a.n_answers = get16(message + 6);
	/* Some servers refuse without repeating the question. */
	if (get16(message + 4) == 0) {
		if (a.rcode == DNS_NOERROR)
			return -EBADMSG;
		*ret = a;
		return 0;
	}
	r = get_name(&c, text);
	if (r < 0)
		return r;
	if (c.len - c.at < 4)
		return -EBADMSG;
	if (!same_name(text, name) || get16(message + c.at) != qtype)
		return -ENOMSG;
	c.at += 4;
	for (uint16_t i = 0; i < a.n_answers && !a.truncated; i++) {
		r = get_record(&c, qtype, &a);
		if (r < 0)
			return r;
	}
	*ret = a;
	return 0;
}
