/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Streams into a pod, with a server of ours on [::1] that says what a table tells it.
 */
#include "scenarios/live/api-stream.h"

#include "lib/loop.h"
#include "scenarios/live/ws.h"
#include "tests/unit/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define OFFERS "v5.channel.k8s.io, v4.channel.k8s.io"
#define GRANTED(protocol)                      \
	"HTTP/1.1 101 Switching Protocols\r\n" \
	"Sec-WebSocket-Accept: %s\r\n"         \
	"Sec-WebSocket-Protocol: " protocol "\r\n\r\n"
#define V4          GRANTED("v4.channel.k8s.io")
#define ASKED       "GET /k8s/x HTTP/1.1\r\nHost: [::1]:"
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *what;
	const char *head; /* "%s": what proves that the key was read */
	const char *data; /* what comes behind it */
	size_t len;
	int opens; /* what api_stream_open() returns */
	const char *error; /* a part of api_error(), where it fails */
	const char *wanted; /* "channel:data " of each message */
	int ends; /* what the last api_stream_receive() returns */
	bool echo; /* send one message, it comes back */
} cases[] = {
	{ "a server before 1.30", V4,
	  BYTES("\x82\x04\x01"
		"abc\x88\x02\x03\xe8"),
	  0, "", "1:abc ", -EPIPE, false },
	{ "a server of today", GRANTED("v5.channel.k8s.io"),
	  BYTES("\x82\x03\x03{}\x82\x02\xff\x01\x88\0"), 0, "", "3:{} 255:\1 ",
	  -EPIPE, false },
	{ "a message in parts, a ping between", V4,
	  BYTES("\x02\x02\x02"
		"a\x89\x01p\0\x01"
		"b\x80\x01"
		"c\x88\0"),
	  0, "", "2:a 2:b 2:c ", -EPIPE, false },
	{ "empty messages", V4, BYTES("\x82\0\x82\x01\x01\x88\0"), 0, "",
	  "1: ", -EPIPE, false },
	{ "what we send comes back", V4, BYTES(""), 0, "", "7:hello ",
	  -ECONNRESET, true },
	{ "cut off in the middle", V4, BYTES("\x82\x04\x01"), 0, "", "",
	  -ECONNRESET, false },
	{ "a part of no message", V4, BYTES("\x80\x01x"), 0, "", "", -EBADMSG,
	  false },
	{ "a message within a message", V4,
	  BYTES("\x02\x02\x01"
		"a\x82\x02\x01"
		"b"),
	  0, "", "1:a ", -EBADMSG, false },
	{ "a frame that is masked", V4,
	  BYTES("\x82\x81"
		"abcdX"),
	  0, "", "", -EBADMSG, false },

	{ "a protocol that nobody asked for", GRANTED("v3.channel.k8s.io"),
	  BYTES(""), -EBADMSG, "no WebSocket that was asked for", "", 0,
	  false },
	{ "a part of one that we asked for", GRANTED("v4.channel"), BYTES(""),
	  -EBADMSG, "no WebSocket that was asked for", "", 0, false },
	{ "who has not read the key",
	  "HTTP/1.1 101 S\r\n"
	  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	  "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n",
	  BYTES(""), -EBADMSG, "no WebSocket that was asked for", "", 0,
	  false },
	{ "who may not", "HTTP/1.1 403 Forbidden\r\nContent-Length: 22\r\n\r\n",
	  BYTES("{\"message\":\"cannot it\"}"), -EPERM, "may not: cannot it",
	  "", 0, false },
	{ "a refusal in chunks",
	  "HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n",
	  BYTES("3\r\nno \r\n4\r\nway \r\n0\r\n\r\n"), -EIO,
	  "status 502: no way ", "", 0, false },
	{ "a chunk that is cut off",
	  "HTTP/1.1 502 Bad\r\ntransfer-encoding:chunked\r\n\r\n",
	  BYTES("ffffffffffffffff\r\nno"), -EIO, "status 502: no", "", 0,
	  false },
	{ "no HTTP", "SSH-2.0-x\r\n\r\n", BYTES(""), -EBADMSG, "no HTTP/1.1",
	  "", 0, false },
	{ "nothing", "", BYTES(""), -ECONNRESET, "closed by the server", "", 0,
	  false },
};

/**
 * send_back() - Send a frame back that a client has masked
 * @fd:		Connection
 */
static void send_back(int fd)
{
	unsigned char in[64], out[64] = { 0x82 };
	ssize_t n = recv(fd, in, sizeof(in), 0);

	if (n < 6 || !(in[1] & 0x80) || n != 6 + (in[1] & 0x7f))
		return;
	out[1] = in[1] & 0x7f;
	for (size_t i = 0; i < out[1]; i++)
		out[2 + i] = in[6 + i] ^ in[2 + i % 4];
	(void)send(fd, out, 2U + out[1], MSG_NOSIGNAL);
}

/**
 * serve() - Answer one client as the table says, then close
 * @listener:	Socket
 * @i:		Case
 */
static void serve(int listener, size_t i)
{
	char request[UNIT_REQUEST], head[512], accept_text[32] = "",
					       key[64] = "";
	int fd = accept(listener, NULL, NULL);

	if (!unit_request(fd, request))
		return;
	/* What is behind the server's host in the kubeconfig comes first. */
	if (strncmp(request, ASKED, sizeof(ASKED) - 1) != 0)
		return;
	if (strstr(request, "Sec-WebSocket-Key: "))
		(void)sscanf(strstr(request, "Sec-WebSocket-Key: "),
			     "Sec-WebSocket-Key: %63s", key);
	if (ws_accept(key, accept_text) < 0)
		return;
	head[0] = '\0';
	if (strstr(cases[i].head, "%s")) {
		const char *at = strstr(cases[i].head, "%s");

		(void)snprintf(head, sizeof(head), "%.*s%s%s",
			       (int)(at - cases[i].head), cases[i].head,
			       accept_text, at + 2);
	} else {
		(void)snprintf(head, sizeof(head), "%s", cases[i].head);
	}
	(void)send(fd, head, strlen(head), MSG_NOSIGNAL);
	(void)send(fd, cases[i].data, cases[i].len, MSG_NOSIGNAL);
	if (cases[i].echo)
		send_back(fd);
	(void)shutdown(fd, SHUT_WR);
	/* Until the client has gone, or what it has not read would be lost. */
	while (recv(fd, request, sizeof(request), 0) > 0)
		;
}

/**
 * exchange() - Receive all that comes
 * @s:		Stream
 * @i:		Case
 */
static void exchange(struct api_stream *s, size_t i)
{
	_cleanup_(buf_release) struct buf data = BUF_INIT;
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	unsigned int channel = 0;
	int r = 0;

	if (cases[i].echo)
		CHECK_INT(cases[i].what, 0, api_stream_send(s, 7, "hello", 5));
	while (r == 0) {
		r = api_stream_receive(s, &channel, &data);
		if (r == 0)
			buf_printf(&all, "%u:%s ", channel, buf_text(&data));
	}
	CHECK_STR(cases[i].what, cases[i].wanted, buf_text(&all));
	CHECK_INT(cases[i].what, cases[i].ends, r);
}

/**
 * test_streams() - What servers say
 */
static void test_streams(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(api_freep) struct api *api = NULL;
		struct api_stream *s = NULL;
		unsigned int port;
		pid_t pid = unit_server(serve, i, &port);
		int r;

		if (pid > 0)
			api = unit_client(port);
		if (!api)
			return;
		r = api_stream_open(api, "/x", OFFERS,
				    loop_now() + 20 * NSEC_PER_SEC, &s);
		CHECK_INT(cases[i].what, cases[i].opens, r);
		if (r < 0)
			CHECK_HAS(cases[i].what, cases[i].error,
				  api_error(api));
		else
			exchange(s, i);
		api_stream_free(s);
		/* Its connection ends, so the server does. */
		api_free(TAKE_PTR(api));
		(void)waitpid(pid, NULL, 0);
	}
}

UNIT_SUITE(api_stream, { "streams", test_streams });
