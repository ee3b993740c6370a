/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/api-stream.h"

#include "lib/loop.h"
#include "scenarios/live/api-private.h"
#include "scenarios/live/ws.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>

#define REFUSAL_MAX (64UL << 10) /* bytes of an answer that grants nothing */

struct api_stream {
	struct api *api;
	CURL *easy;
	struct request req; /* the opening, as errors name it */
	char *path;
	curl_socket_t fd;
	struct buf in; /* received, and not handed out */
	size_t done; /* bytes of .in that were */
	unsigned int channel; /* of the message that is being received */
	bool within; /* one is */
};

/**
 * api_stream_free() - End a stream; the server learns of it by the connection's end
 * @s:		Stream or NULL
 */
void api_stream_free(struct api_stream *s)
{
	if (!s)
		return;
	if (s->easy) {
		(void)curl_multi_remove_handle(s->api->multi, s->easy);
		curl_easy_cleanup(s->easy);
	}
	buf_release(&s->in);
	buf_release(&s->req.answer);
	free(s->path);
	free(s);
}

/**
 * lost() - Say that a stream is no use any more
 * @s:		Stream
 * @why:	In words
 * @r:		A negative errno
 *
 * Return: @r
 */
static int lost(struct api_stream *s, const char *why, int r)
{
	buf_clear(&s->api->error);
	buf_printf(&s->api->error, "%s %s: %s", s->req.method, s->path, why);
	return r;
}

/**
 * wait_for_socket() - Wait until bytes can be sent or received
 * @s:		Stream
 * @events:	POLLIN or POLLOUT
 *
 * Return: 0, -ETIMEDOUT, -ECANCELED, or an errno
 */
static int wait_for_socket(struct api_stream *s, short events)
{
	struct pollfd fds[2] = { { .fd = s->fd, .events = events },
				 { .fd = s->api->cancel_fd,
				   .events = POLLIN } };
	int64_t rest = s->req.deadline_ns - loop_now();

	if (rest <= 0)
		return lost(s, "timed out", -ETIMEDOUT);
	/* Rounded up, or the last millisecond would be spent asking. */
	if (poll(fds, 2, (int)MIN(rest / NSEC_PER_MSEC + 1, (int64_t)60000)) <
		    0 &&
	    errno != EINTR)
		return lost(s, strerror(errno), -errno);
	return fds[1].revents ? lost(s, "interrupted", -ECANCELED) : 0;
}

/**
 * send_all() - Send bytes
 * @s:		Stream
 * @out:	Bytes
 *
 * Return: 0, or see api.h
 */
static int send_all(struct api_stream *s, const struct buf *out)
{
	size_t sent = 0;
	int r = buf_error(out);

	while (r == 0 && sent < out->len) {
		size_t n = 0;
		CURLcode code = curl_easy_send(s->easy, out->data + sent,
					       out->len - sent, &n);

		sent += n;
		if (code == CURLE_AGAIN)
			r = wait_for_socket(s, POLLOUT);
		else if (code != CURLE_OK)
			r = lost(s, curl_easy_strerror(code), -ECONNRESET);
	}
	return r;
}

/**
 * receive_more() - Receive bytes, at least one
 * @s:		Stream
 *
 * Return: 0, -ECONNRESET at the end, or see api.h
 */
static int receive_more(struct api_stream *s)
{
	char chunk[16384];
	CURLcode code;
	size_t n;
	int r;

	if (s->done) {
		s->in.len -= s->done;
		memmove(s->in.data, s->in.data + s->done, s->in.len);
		s->done = 0;
	}
	for (;;) {
		n = 0;
		code = curl_easy_recv(s->easy, chunk, sizeof(chunk), &n);
		if (code == CURLE_OK && n == 0)
			return lost(s, "closed by the server", -ECONNRESET);
		if (code == CURLE_OK) {
			buf_add(&s->in, chunk, n);
			return buf_error(&s->in);
		}
		if (code != CURLE_AGAIN)
			return lost(s, curl_easy_strerror(code), -ECONNRESET);
		r = wait_for_socket(s, POLLIN);
		if (r < 0)
			return r;
	}
}

/**
 * connect_stream() - Connect, with TLS
 * @s:		Stream
 * @url:	Its URL
 *
 * Return: 0, or see api.h
 */
static int connect_stream(struct api_stream *s, const char *url)
{
	struct api *api = s->api;
	CURLcode code = CURLE_OK;
	int r;

	api_set_up(api, s->easy, url);
	curl_easy_setopt(s->easy, CURLOPT_CONNECT_ONLY, 1L);
	/* It stays in there: or else its connection would not be its own. */
	if (curl_multi_add_handle(api->multi, s->easy))
		return -ENOMEM;
	r = api_drive(api, &s->req, &code);
	if (r == 0 && code != CURLE_OK)
		r = api_transfer_failed(api, code);
	if (r == 0 && curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &s->fd))
		r = lost(s, "no connection", -ECONNRESET);
	return r;
}

/**
 * ask() - Send the opening (RFC 6455 4.1)
 * @s:		Stream, connected
 * @protocols:	Subprotocols
 * @key:	Key
 *
 * Return: 0, or see api.h
 */
static int ask(struct api_stream *s, const char *protocols, const char *key)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_free_ char *authorization = NULL;
	const char *host = strstr(api_server(s->api), "://"), *prefix;
	int r = api_bearer(s->api, &authorization);

	if (r < 0)
		return r;
	host = host ? host + 3 : "";
	prefix = host + strcspn(host, "/"); /* of a server behind another one */
	buf_printf(&out,
		   "GET %s%s HTTP/1.1\r\n"
		   "Host: %.*s\r\n"
		   "Upgrade: websocket\r\n"
		   "Connection: Upgrade\r\n"
		   "Sec-WebSocket-Version: 13\r\n"
		   "Sec-WebSocket-Key: %s\r\n"
		   "Sec-WebSocket-Protocol: %s\r\n",
		   prefix, s->path, (int)(prefix - host), host, key, protocols);
	if (authorization)
		buf_printf(&out, "%s\r\n", authorization);
	buf_puts(&out, "\r\n");
	return send_all(s, &out);
}

/**
 * is_whole() - Whether all of an answer's body is here
 * @s:		Stream; .done is behind the head
 * @length:	Of the body; -1: it comes in chunks (RFC 9112 7.1), or ends with the stream
 *
 * Return: whether, also where it is longer than anybody wants to read
 */
static bool is_whole(const struct api_stream *s, int64_t length)
{
	static const char last[] = "\r\n0\r\n\r\n";
	size_t n = s->in.len - s->done, len = sizeof(last) - 1;

	if (length >= 0 || n >= REFUSAL_MAX)
		return n >= MIN((size_t)length, REFUSAL_MAX);
	return n >= len && memcmp(s->in.data + s->in.len - len, last, len) == 0;
}

/**
 * take_body() - Take what is here of an answer's body
 * @s:		Stream; .done is behind the head. Its request gets the body
 * @chunked:	It is in chunks: a line with the size in hexadecimal before each
 */
static void take_body(struct api_stream *s, bool chunked)
{
	const char *p = s->in.data + s->done, *end = s->in.data + s->in.len;
	const char *data;
	size_t n;

	if (!chunked)
		buf_add(&s->req.answer, p, (size_t)(end - p));
	while (chunked && (data = memmem(p, (size_t)(end - p), "\r\n", 2))) {
		data += 2;
		n = MIN(strtoul(p, NULL, 16), (size_t)(end - data));
		buf_add(&s->req.answer, data, n);
		p = data + n + MIN(2U, (size_t)(end - data) - n);
		if (n == 0)
			break;
	}
}

/**
 * refused() - Read why the server does not grant the stream
 * @s:		Stream; .done is behind the head
 * @head:	Of the answer
 *
 * Return: a negative errno
 */
static int refused(struct api_stream *s, const struct ws_head *head)
{
	int r = 0;

	while (r == 0 && !is_whole(s, head->length))
		r = receive_more(s);
	if (r == -ECANCELED)
		return r;
	buf_clear(&s->api->error);
	s->req.status = head->status;
	if (s->in.len > s->done)
		take_body(s, head->chunked);
	return api_answer_failed(s->api, &s->req);
}

/**
 * offers() - Whether a subprotocol is one that we asked for
 * @protocols:	Those, separated by ", "
 * @protocol:	What the server chose
 *
 * Return: whether
 */
static bool offers(const char *protocols, const char *protocol)
{
	size_t n = strlen(protocol);

	while (n && *protocols) {
		size_t len = strcspn(protocols, ",");

		if (len == n && strncmp(protocols, protocol, n) == 0)
			return true;
		protocols += len + strspn(protocols + len, ", ");
	}
	return false;
}

/**
 * granted() - Read the answer to the opening
 * @s:		Stream
 * @protocols:	Subprotocols that we know
 * @key:	Key that was sent
 *
 * Return: 0, or see api.h
 */
static int granted(struct api_stream *s, const char *protocols, const char *key)
{
	struct ws_head head;
	char wanted[32];
	int r = -EAGAIN;

	while (r == -EAGAIN) {
		r = receive_more(s);
		if (r == 0)
			r = ws_head_read(s->in.data, s->in.len, &head);
	}
	if (r == -EBADMSG || r == -EFBIG)
		return lost(s, "the answer is no HTTP/1.1", -EBADMSG);
	if (r < 0)
		return r;
	s->done = head.size;
	if (head.status != 101)
		return refused(s, &head);
	r = ws_accept(key, wanted);
	if (r == 0 && (strcmp(wanted, head.accept) != 0 ||
		       !offers(protocols, head.protocol)))
		return lost(s, "the answer is no WebSocket that was asked for",
			    -EBADMSG);
	return r;
}

/**
 * api_stream_open() - Open a stream into a pod
 * @api:	The client
 * @path:	Path with its query, ".../pods/NAME/exec?command=..."
 * @protocols:	Subprotocols, separated by ", ", the best first
 * @deadline_ns: When to give up, also of all that follows
 * @ret:	Gets it; end it by api_stream_free()
 *
 * Return: 0, -EBADMSG where the server does not speak WebSocket, or see api.h
 */
int api_stream_open(struct api *api, const char *path, const char *protocols,
		    int64_t deadline_ns, struct api_stream **ret)
{
	_cleanup_(api_stream_freep) struct api_stream *s =
		calloc(1, sizeof(*s));
	_cleanup_free_ char *url = NULL;
	unsigned char random[16];
	char key[WS_KEY_LEN];
	int r;

	if (!s)
		return -ENOMEM;
	buf_clear(&api->error);
	api->detail[0] = '\0';
	s->api = api;
	s->path = strdup(path);
	s->easy = curl_easy_init();
	s->in.max = 2 * WS_FRAME_MAX;
	s->req = (struct request){ .method = "GET",
				   .path = s->path,
				   .deadline_ns = deadline_ns };
	if (!s->path || !s->easy ||
	    asprintf(&url, "%s%s", api_server(api), path) < 0)
		return -ENOMEM;
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -errno;
	ws_key(random, key);
	r = connect_stream(s, url);
	if (r == 0)
		r = ask(s, protocols, key);
	if (r == 0)
		r = granted(s, protocols, key);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

/**
 * send_frame() - Send one frame
 * @s:		Stream
 * @opcode:	Its kind
 * @data:	What it carries
 * @len:	Bytes of that
 *
 * Return: 0, or see api.h
 */
static int send_frame(struct api_stream *s, enum ws_opcode opcode,
		      const char *data, size_t len)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	unsigned char mask[4];

	if (getrandom(mask, sizeof(mask), 0) != sizeof(mask))
		return -errno;
	ws_frame_add(&out, opcode, data, len, mask);
	return send_all(s, &out);
}

/**
 * api_stream_send() - Send bytes on a channel
 * @s:		Stream
 * @channel:	Its number
 * @data:	Bytes
 * @len:	How many
 *
 * Return: 0, or see api.h
 */
int api_stream_send(struct api_stream *s, unsigned int channel,
		    const char *data, size_t len)
{
	_cleanup_(buf_release) struct buf message = BUF_INIT;

	buf_putc(&message, (char)channel);
	buf_add(&message, data, len);
	if (buf_error(&message) < 0)
		return buf_error(&message);
	return send_frame(s, WS_BINARY, message.data, message.len);
}

/**
 * take_data() - Hand out what a data frame carries
 * @s:		Stream
 * @f:		Frame
 * @ret_channel: Gets the channel of its message
 * @ret_data:	Gets the bytes behind that
 *
 * Return: 1; 0 for an empty message, which is no use to anybody; -EBADMSG for a
 *	   message within another (RFC 6455 5.4), -ENOMEM, -EFBIG
 */
static int take_data(struct api_stream *s, const struct ws_frame *f,
		     unsigned int *ret_channel, struct buf *ret_data)
{
	bool first = f->opcode != WS_CONTINUATION;
	size_t skip = 0;
	int r;

	if (first == s->within)
		return lost(s, "a message within a message", -EBADMSG);
	s->within = !f->last;
	if (first && f->len == 0)
		return f->last ? 0 :
				 lost(s, "a message without channel", -EBADMSG);
	if (first) {
		s->channel = (unsigned char)f->data[0];
		skip = 1;
	}
	*ret_channel = s->channel;
	buf_clear(ret_data);
	buf_add(ret_data, f->data + skip, f->len - skip);
	r = buf_error(ret_data);
	return r < 0 ? r : 1;
}

/**
 * take_frame() - Do what a frame wants
 * @s:		Stream
 * @f:		Frame
 * @ret_channel: Gets a channel
 * @ret_data:	Gets bytes
 *
 * Return: 1 where there are bytes, 0 where not; -EPIPE at the end, or see api.h
 */
static int take_frame(struct api_stream *s, const struct ws_frame *f,
		      unsigned int *ret_channel, struct buf *ret_data)
{
	switch (f->opcode) {
	case WS_CONTINUATION:
	case WS_TEXT:
	case WS_BINARY:
		return take_data(s, f, ret_channel, ret_data);
	case WS_PING:
		return send_frame(s, WS_PONG, f->data, f->len);
	case WS_PONG:
		return 0;
	case WS_CLOSE:
		break;
	}
	return lost(s, "closed by the server", -EPIPE);
}

/**
 * api_stream_receive() - Receive what comes next, on whatever channel
 * @s:		Stream
 * @ret_channel: Gets its number
 * @ret_data:	Gets the bytes, what was in it before is gone
 *
 * Return: 0; -EPIPE where the server closes the stream as it should, -ECONNRESET where
 *	   it does not, -EBADMSG, or see api.h
 */
int api_stream_receive(struct api_stream *s, unsigned int *ret_channel,
		       struct buf *ret_data)
{
	struct ws_frame f;
	int r = 0;

	while (r == 0) {
		r = ws_frame_read(s->in.data + s->done, s->in.len - s->done,
				  &f);
		if (r == 0) {
			r = take_frame(s, &f, ret_channel, ret_data);
			s->done += f.size;
		} else if (r == -EAGAIN) {
			r = receive_more(s);
		} else {
			r = lost(s, "no frame of WebSocket", -EBADMSG);
		}
	}
	return r < 0 ? r : 0;
}
