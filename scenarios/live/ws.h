/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: ws - frames and the opening of WebSocket (RFC 6455), the client's side
 *
 * What the API server's streams into a pod are carried in. Pure functions over bytes:
 * no socket. Parsers are cursors: they tell how far they got, change nothing on failure,
 * and take nothing from a server that the RFC forbids it (masked frames, reserved bits,
 * long control frames, lengths in more bytes than needed).
 *
 * Owns nothing; a frame's data points into the bytes given.
 */

#include "lib/buf.h"

#define WS_FRAME_MAX (1UL << 20) /* payload of one frame, bytes */
#define WS_HEAD_MAX  (16UL << 10) /* of the answer to the opening, bytes */

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

struct ws_frame {
	enum ws_opcode opcode;
	bool last; /* of its message */
	const char *data;
	size_t len; /* bytes of data */
	size_t size; /* bytes of the whole frame */
};

/* The answer to the opening. */
struct ws_head {
	unsigned int status; /* 101 where it was granted */
	char accept[32]; /* Sec-WebSocket-Accept, or "" */
	char protocol[48]; /* that was chosen, or "" */
	int64_t length; /* of its body; -1: it does not say */
	bool chunked; /* that is in chunks (RFC 9112 7.1) */
	size_t size; /* bytes of the head */
};

/* -EAGAIN: not all of it is here yet; -EBADMSG: it is none; -EFBIG: it is too long. */
must_check int ws_frame_read(const char *data, size_t len,
			     struct ws_frame *ret);
must_check int ws_head_read(const char *data, size_t len, struct ws_head *ret);

/* @mask: four random bytes (RFC 6455 5.3). */
void ws_frame_add(struct buf *out, enum ws_opcode opcode, const char *data,
		  size_t len, const unsigned char mask[static 4]);
/* The key of 16 random bytes, and what the server has to answer to it. */
#define WS_KEY_LEN 25
void ws_key(const unsigned char random[static 16], char ret[static WS_KEY_LEN]);
must_check int ws_accept(const char *key, char ret[static 32]);
