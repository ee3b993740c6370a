/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/ws.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FINAL    0x80U
#define RESERVED 0x70U
#define OPCODE   0x0fU
#define CONTROL  0x08U
#define MASKED   0x80U
#define LEN_MAX  125U /* in the second byte itself */
#define LEN_16   126U
#define LEN_64   127U

/**
 * big_endian() - A number in network order
 * @p:		Bytes
 * @n:		How many, 8 at most
 *
 * Return: the number
 */
static uint64_t big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/**
 * is_opcode() - Whether a frame may be of this kind (RFC 6455 5.2)
 * @opcode:	Four bits
 * @last:	Whether it ends its message: control frames all do
 * @len:	Its length, 125 at most for control frames (5.5)
 *
 * Return: whether
 */
static bool is_opcode(unsigned int opcode, bool last, uint64_t len)
{
	if (opcode & CONTROL)
		return opcode <= WS_PONG && last && len <= LEN_MAX;
	return opcode <= WS_BINARY;
}

/**
 * ws_frame_read() - The frame that some bytes begin with
 * @data:	Bytes from a server
 * @len:	How many are here
 * @ret:	Gets it
 *
 * Return: 0; -EAGAIN, -EBADMSG, -EFBIG, see ws.h
 */
int ws_frame_read(const char *data, size_t len, struct ws_frame *ret)
{
	const unsigned char *p = (const unsigned char *)data;
	size_t head = 2;
	uint64_t n;

	if (len < head)
		return -EAGAIN;
	if (p[0] & RESERVED || p[1] & MASKED)
		return -EBADMSG;
	n = p[1];
	if (n > LEN_MAX) {
		size_t bytes = n == LEN_16 ? 2 : 8;

		head += bytes;
		if (len < head)
			return -EAGAIN;
		n = big_endian(p + 2, bytes);
		if (n <= (bytes == 2 ? LEN_MAX : UINT16_MAX))
			return -EBADMSG;
	}
	if (!is_opcode(p[0] & OPCODE, p[0] & FINAL, n))
		return -EBADMSG;
	if (n > WS_FRAME_MAX)
		return -EFBIG;
	if (len - head < n)
		return -EAGAIN;
	*ret = (struct ws_frame){ .opcode = (enum ws_opcode)(p[0] & OPCODE),
				  .last = p[0] & FINAL,
				  .data = data + head,
				  .len = (size_t)n,
				  .size = head + (size_t)n };
	return 0;
}

/**
 * ws_frame_add() - Append a frame of ours, which ends its message
 * @out:	Where to
 * @opcode:	Its kind
 * @data:	What it carries
 * @len:	Bytes of that
 * @mask:	Random bytes: a client masks what it sends
 */
void ws_frame_add(struct buf *out, enum ws_opcode opcode, const char *data,
		  size_t len, const unsigned char mask[static 4])
{
	size_t bytes = len <= LEN_MAX ? 0 : len <= UINT16_MAX ? 2 : 8;

	buf_putc(out, (char)(FINAL | opcode));
	buf_putc(out, (char)(MASKED | (bytes == 0 ? len :
				       bytes == 2 ? LEN_16 :
						    LEN_64)));
	while (bytes-- > 0)
		buf_putc(out, (char)(len >> 8 * bytes));
	buf_add(out, mask, 4);
	for (size_t i = 0; i < len; i++)
		buf_putc(out, (char)((unsigned char)data[i] ^ mask[i % 4]));
}

/**
 * header_is() - Whether a line is a header of this name
 * @line:	Line, not ended by NUL
 * @len:	Its bytes
 * @name:	Name with its colon
 * @ret:	Gets where the value begins
 * @ret_len:	Gets its bytes, without blanks around it
 *
 * Return: whether
 */
static bool header_is(const char *line, size_t len, const char *name,
		      const char **ret, size_t *ret_len)
{
	size_t n = strlen(name);

	if (len < n || strncasecmp(line, name, n) != 0)
		return false;
	while (n < len && (line[n] == ' ' || line[n] == '\t'))
		n++;
	while (len > n && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	*ret = line + n;
	*ret_len = len - n;
	return true;
}

/**
 * read_length() - The number of Content-Length
 * @text:	Digits, not ended by NUL
 * @len:	How many
 * @ret:	Gets it
 *
 * Return: 0, or -EBADMSG for what is no number below 2^31
 */
static int read_length(const char *text, size_t len, int64_t *ret)
{
	int64_t v = 0;

	if (len == 0 || len > 9)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EBADMSG;
		v = 10 * v + text[i] - '0';
	}
	*ret = v;
	return 0;
}

/**
 * read_header() - Take what is of use from one header
 * @line:	Line, not ended by NUL
 * @len:	Its bytes
 * @head:	Gets it
 *
 * Return: 0 or -EBADMSG
 */
static int read_header(const char *line, size_t len, struct ws_head *head)
{
	const char *value;
	size_t n;

	if (header_is(line, len, "Content-Length:", &value, &n))
		return read_length(value, n, &head->length);
	if (header_is(line, len, "Transfer-Encoding:", &value, &n))
		head->chunked = n == 7 && strncasecmp(value, "chunked", n) == 0;
	if (header_is(line, len, "Sec-WebSocket-Accept:", &value, &n)) {
		if (n >= sizeof(head->accept))
			return -EBADMSG;
		(void)snprintf(head->accept, sizeof(head->accept), "%.*s",
			       (int)n, value);
	}
	if (header_is(line, len, "Sec-WebSocket-Protocol:", &value, &n)) {
		if (n >= sizeof(head->protocol))
			return -EBADMSG;
		(void)snprintf(head->protocol, sizeof(head->protocol), "%.*s",
			       (int)n, value);
	}
	return 0;
}

/**
 * read_status() - The status of an answer's first line (RFC 9112 4)
 * @line:	Line, not ended by NUL
 * @len:	Its bytes
 * @head:	Gets it
 *
 * Return: 0 or -EBADMSG
 */
static int read_status(const char *line, size_t len, struct ws_head *head)
{
	static const char version[] = "HTTP/1.1 ";
	const char *p = line + sizeof(version) - 1;

	if (len < sizeof(version) + 2 ||
	    memcmp(line, version, sizeof(version) - 1) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < 3; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -EBADMSG;
		head->status = 10 * head->status + (unsigned int)(p[i] - '0');
	}
	return head->status < 100 ? -EBADMSG : 0;
}

/**
 * ws_head_read() - The head of the answer that some bytes begin with
 * @data:	Bytes from a server
 * @len:	How many are here
 * @ret:	Gets it
 *
 * Return: 0; -EAGAIN, -EBADMSG, -EFBIG, see ws.h
 */
int ws_head_read(const char *data, size_t len, struct ws_head *ret)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	struct ws_head head = { .length = -1 };
	const char *line = data, *eol;
	int r;

	if (!end)
		return len < WS_HEAD_MAX ? -EAGAIN : -EFBIG;
	head.size = (size_t)(end - data) + 4;
	if (head.size > WS_HEAD_MAX)
		return -EFBIG;
	while (line < end + 2) {
		eol = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
		r = line == data ?
			    read_status(line, (size_t)(eol - line), &head) :
			    read_header(line, (size_t)(eol - line), &head);
		if (r < 0)
			return r;
		line = eol + 2;
	}
	*ret = head;
	return 0;
}

/**
 * ws_key() - The text of a key
 * @random:	Random bytes
 * @ret:	Gets base64 of them
 */
void ws_key(const unsigned char random[static 16], char ret[static WS_KEY_LEN])
{
	(void)EVP_EncodeBlock((unsigned char *)ret, random, 16);
}

/**
 * ws_accept() - What proves that a server has read a key (RFC 6455 4.2.2)
 * @key:	Key as sent
 * @ret:	Gets the value of Sec-WebSocket-Accept
 *
 * Return: 0, or -ENOMEM where OpenSSL has no SHA-1
 */
int ws_accept(const char *key, char ret[static 32])
{
	char text[WS_KEY_LEN + 36];
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	(void)snprintf(text, sizeof(text),
		       "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	if (!EVP_Digest(text, strlen(text), sum, &n, EVP_sha1(), NULL) ||
	    n != 20)
		return -ENOMEM;
	(void)EVP_EncodeBlock((unsigned char *)ret, sum, 20);
	return 0;
}
