/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/buf.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * buf_release() - End a buffer; it is then empty and may be used again
 * @b:		Buffer
 */
void buf_release(struct buf *b)
{
	size_t max = b->max;

	free(b->data);
	*b = (struct buf){ .max = max };
}

/**
 * buf_clear() - Forget the content and the error, keep the memory
 * @b:		Buffer
 */
void buf_clear(struct buf *b)
{
	b->len = 0;
	b->error = 0;
	if (b->data)
		b->data[0] = '\0';
}

/**
 * buf_reserve() - Make room for more bytes and the NUL
 * @b:		Buffer
 * @more:	Bytes wanted behind .len
 *
 * Return: 0, or the error that is now sticky: -ENOMEM, -EFBIG past the cap
 */
static int buf_reserve(struct buf *b, size_t more)
{
	size_t max = b->max ? b->max : BUF_MAX;
	size_t size;
	char *data;

	if (b->error)
		return b->error;
	if (more > max - MIN(b->len, max))
		return b->error = -EFBIG;
	if (b->len + more + 1 <= b->size)
		return 0;

	size = MAX(b->size * 2, b->len + more + 1);
	size = MAX(size, (size_t)64);
	data = realloc(b->data, size);
	if (!data)
		return b->error = -ENOMEM;
	b->data = data;
	b->size = size;
	data[b->len] = '\0';
	return 0;
}

/**
 * buf_truncate() - Take back what was appended since
 * @b:		Buffer
 * @len:	Length it had then, bytes; nothing happens where it is shorter
 */
void buf_truncate(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

/**
 * buf_add() - Append bytes
 * @b:		Buffer
 * @data:	Bytes
 * @len:	Their number
 */
void buf_add(struct buf *b, const void *data, size_t len)
{
	if (buf_reserve(b, len) < 0)
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

/**
 * buf_puts() - Append a string
 * @b:		Buffer
 * @text:	NUL-terminated
 */
void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

/**
 * buf_putc() - Append one byte
 * @b:		Buffer
 * @c:		Byte
 */
void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

/**
 * buf_vprintf() - Append formatted text
 * @b:		Buffer
 * @format:	As for printf()
 * @args:	As for vprintf()
 */
void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0) {
		b->error = -EINVAL;
		return;
	}
	if (buf_reserve(b, (size_t)n) < 0)
		return;
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, format, args);
	b->len += (size_t)n;
}

/**
 * buf_printf() - Append formatted text
 * @b:		Buffer
 * @format:	As for printf()
 */
void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

/**
 * buf_error() - Whether any append failed
 * @b:		Buffer
 *
 * Return: 0, -ENOMEM, -EFBIG or -EINVAL
 */
int buf_error(const struct buf *b)
{
	return b->error;
}

/**
 * buf_text() - The content as a string
 * @b:		Buffer
 *
 * Return: never NULL; owned by the buffer, valid until its next change
 */
const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

/**
 * buf_take() - Hand the content over as an allocated string
 * @b:		Buffer; empty afterwards
 *
 * Return: string that the caller frees, or NULL after an error (the content is freed)
 */
char *buf_take(struct buf *b)
{
	char *data;

	buf_add(b, "", 0);
	if (b->error) {
		buf_release(b);
		return NULL;
	}
	data = b->data;
	b->data = NULL;
	buf_release(b);
	return data;
}

/**
 * buf_read_fd() - Append all that a file descriptor gives until its end
 * @b:		Buffer
 * @fd:		Readable, blocking
 *
 * Return: 0; -EFBIG past the cap, -ENOMEM, or what read() said
 */
int buf_read_fd(struct buf *b, int fd)
{
	for (;;) {
		ssize_t n;
		size_t max = b->max ? b->max : BUF_MAX;
		size_t room = MIN((size_t)65536, max - MIN(b->len, max));

		if (!room) {
			char c;

			/* At the cap: fine if this is the end as well. */
			n = read(fd, &c, 1);
			if (n > 0)
				return b->error = -EFBIG;
			return n < 0 ? -errno : 0;
		}
		if (buf_reserve(b, room) < 0)
			return b->error;
		n = read(fd, b->data + b->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		b->data[b->len + (size_t)n] = '\0';
		if (n == 0)
			return 0;
		b->len += (size_t)n;
	}
}

/**
 * buf_read_file() - Append a whole file
 * @b:		Buffer
 * @path:	File
 *
 * Return: 0; -EFBIG past the cap, -ENOMEM, or what open() or read() said
 */
int buf_read_file(struct buf *b, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return buf_read_fd(b, fd);
}
