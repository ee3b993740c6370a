/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/ws.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *what, *data;
	size_t len;
	int r;
	enum ws_opcode opcode;
	bool last;
	const char *wanted; /* what the frame carries */
	size_t size;
} frames[] = {
	{ "binary", BYTES("\x82\x03\x01hi"), 0, WS_BINARY, true, "\x01hi", 5 },
	{ "text, and more behind", BYTES("\x81\x02okX"), 0, WS_TEXT, true, "ok",
	  4 },
	{ "first part",
	  BYTES("\x02\x01"
		"a"),
	  0, WS_BINARY, false, "a", 3 },
	{ "last part", BYTES("\x80\x01z"), 0, WS_CONTINUATION, true, "z", 3 },
	{ "empty", BYTES("\x82\0"), 0, WS_BINARY, true, "", 2 },
	{ "ping", BYTES("\x89\x01p"), 0, WS_PING, true, "p", 3 },
	{ "close with a status", BYTES("\x88\x02\x03\xe8"), 0, WS_CLOSE, true,
	  "\x03\xe8", 4 },

	{ "nothing", BYTES(""), -EAGAIN, 0, false, NULL, 0 },
	{ "one byte", BYTES("\x82"), -EAGAIN, 0, false, NULL, 0 },
	{ "half of what it carries", BYTES("\x82\x03\x01h"), -EAGAIN, 0, false,
	  NULL, 0 },
	{ "half of a long length", BYTES("\x82\x7e\x01"), -EAGAIN, 0, false,
	  NULL, 0 },
	{ "half of the longest length", BYTES("\x82\x7f\0\0\0\0"), -EAGAIN, 0,
	  false, NULL, 0 },

	{ "masked, by a server",
	  BYTES("\x82\x81"
		"abcdX"),
	  -EBADMSG, 0, false, NULL, 0 },
	{ "a reserved bit",
	  BYTES("\xc2\x01"
		"a"),
	  -EBADMSG, 0, false, NULL, 0 },
	{ "a reserved kind",
	  BYTES("\x83\x01"
		"a"),
	  -EBADMSG, 0, false, NULL, 0 },
	{ "a reserved kind of control",
	  BYTES("\x8b\x01"
		"a"),
	  -EBADMSG, 0, false, NULL, 0 },
	{ "a part of a ping", BYTES("\x09\x01p"), -EBADMSG, 0, false, NULL, 0 },
	{ "a long ping", BYTES("\x89\x7e\0\x7e"), -EBADMSG, 0, false, NULL, 0 },
	{ "a short length in two bytes", BYTES("\x82\x7e\0\x7d"), -EBADMSG, 0,
	  false, NULL, 0 },
	{ "a short length in eight bytes",
	  BYTES("\x82\x7f\0\0\0\0\0\0\xff\xff"), -EBADMSG, 0, false, NULL, 0 },
	{ "more than we take", BYTES("\x82\x7f\0\0\0\0\0\x10\0\1"), -EFBIG, 0,
	  false, NULL, 0 },
	{ "past 2^63", BYTES("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"),
	  -EFBIG, 0, false, NULL, 0 },
};

/**
 * test_frames() - Frames of a server
 */
static void test_frames(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		const char *what = frames[i].what;
		struct ws_frame f = { .size = 99 };

		if (!CHECK_INT(
			    what, frames[i].r,
			    ws_frame_read(frames[i].data, frames[i].len, &f)))
			continue;
		if (frames[i].r < 0) {
			CHECK_INT(what, 99, f.size);
			continue;
		}
		CHECK_INT(what, frames[i].opcode, f.opcode);
		CHECK_INT(what, frames[i].last, f.last);
		CHECK_INT(what, frames[i].size, f.size);
		if (CHECK_INT(what, strlen(frames[i].wanted), f.len))
			CHECK_MEM(what, frames[i].wanted, f.data, f.len);
	}
}

/**
 * test_own_frames() - Frames of ours, with a length of each form, and back
 */
static void test_own_frames(void)
{
	static const size_t lengths[] = { 0, 1, 125, 126, 65535, 65536 };
	static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t n = lengths[i], head = n > 65535 ? 10 : n > 125 ? 4 : 2;
		struct buf data = BUF_INIT, out = BUF_INIT;
		struct ws_frame f = { .size = 0 };

		for (size_t k = 0; k < n; k++)
			buf_putc(&data, (char)k);
		ws_frame_add(&out, WS_BINARY, buf_text(&data), n, mask);
		if (CHECK_INT("bytes", head + 4 + n, out.len)) {
			/* As a server would: the mask off, and out of the frame. */
			out.data[1] = (char)(out.data[1] & 0x7f);
			for (size_t k = 0; k < n; k++)
				out.data[head + k] =
					(char)(out.data[head + 4 + k] ^
					       mask[k % 4]);
			CHECK_INT("read", 0,
				  ws_frame_read(out.data, out.len, &f));
			if (CHECK_INT("length", n, f.len))
				CHECK_MEM("data", buf_text(&data), f.data, n);
		}
		buf_release(&data);
		buf_release(&out);
	}
}

static const struct {
	const char *what, *text;
	int r;
	unsigned int status;
	const char *protocol;
	int64_t length;
} heads[] = {
	{ "granted",
	  "HTTP/1.1 101 Switching Protocols\r\n"
	  "upgrade: websocket\r\n"
	  "sec-websocket-protocol:\tv5.channel.k8s.io \r\n\r\nX",
	  0, 101, "v5.channel.k8s.io", -1 },
	{ "refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 12\r\n\r\n", 0,
	  403, "", 12 },
	{ "no headers", "HTTP/1.1 200 OK\r\n\r\n", 0, 200, "", -1 },
	{ "not all of it", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n", -EAGAIN,
	  0, NULL, 0 },
	{ "another version", "HTTP/2 101 S\r\n\r\n", -EBADMSG, 0, NULL, 0 },
	{ "no status", "HTTP/1.1 1x1 S\r\n\r\n", -EBADMSG, 0, NULL, 0 },
	{ "a status that is none", "HTTP/1.1 001 S\r\n\r\n", -EBADMSG, 0, NULL,
	  0 },
	{ "a negative length", "HTTP/1.1 403 F\r\nContent-Length: -1\r\n\r\n",
	  -EBADMSG, 0, NULL, 0 },
	{ "a length past all",
	  "HTTP/1.1 403 F\r\nContent-Length: 9999999999"
	  "\r\n\r\n",
	  -EBADMSG, 0, NULL, 0 },
	{ "a long protocol",
	  "HTTP/1.1 101 S\r\nSec-WebSocket-Protocol: "
	  "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
	  "\r\n\r\n",
	  -EBADMSG, 0, NULL, 0 },
	{ "no HTTP", "\r\n\r\n", -EBADMSG, 0, NULL, 0 },
};

/**
 * test_heads() - Answers to the opening
 */
static void test_heads(void)
{
	static char endless[WS_HEAD_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		const char *what = heads[i].what;
		struct ws_head h = { .status = 0 };

		if (!CHECK_INT(what, heads[i].r,
			       ws_head_read(heads[i].text,
					    strlen(heads[i].text), &h)) ||
		    heads[i].r < 0)
			continue;
		CHECK_INT(what, heads[i].status, h.status);
		CHECK_STR(what, heads[i].protocol, h.protocol);
		CHECK_INT(what, heads[i].length, h.length);
	}
	struct ws_head h;

	memset(endless, 'a', sizeof(endless));
	CHECK_INT("no end", -EFBIG, ws_head_read(endless, sizeof(endless), &h));
}

/**
 * test_accept() - The example of RFC 6455 1.3
 */
static void test_accept(void)
{
	char key[WS_KEY_LEN], accept[32];

	ws_key((const unsigned char *)"the sample nonce", key);
	CHECK_STR("key", "dGhlIHNhbXBsZSBub25jZQ==", key);
	CHECK_INT("accept", 0, ws_accept(key, accept));
	CHECK_STR("accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", accept);
}

UNIT_SUITE(ws, { "frames", test_frames }, { "own frames", test_own_frames },
	   { "heads", test_heads }, { "accept", test_accept });
