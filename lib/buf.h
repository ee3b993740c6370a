/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: buf - a growing byte buffer with a hard cap
 *
 * The text is always followed by a NUL that is not counted in .len. Errors are sticky:
 * after a failed append .error is set and later appends do nothing, so that a series
 * of appends is checked once, by buf_error().
 *
 * The owner ends it by buf_release(). The default cap is BUF_MAX bytes.
 */

#include "lib/base.h"

#include <stdarg.h>

#define BUF_MAX (64UL << 20)

struct buf {
	char *data; /* NUL-terminated; NULL while empty */
	size_t len; /* bytes, without the NUL */
	size_t size; /* bytes allocated */
	size_t max; /* cap in bytes; 0 means BUF_MAX */
	int error; /* 0, -ENOMEM or -EFBIG; sticky */
};

#define BUF_INIT  \
	{         \
		0 \
	}

void buf_release(struct buf *b);
void buf_clear(struct buf *b);
void buf_truncate(struct buf *b, size_t len);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) printf_like(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args)
	printf_like(2, 0);
must_check int buf_error(const struct buf *b);
const char *buf_text(const struct buf *b);
char *buf_take(struct buf *b);
must_check int buf_read_fd(struct buf *b, int fd);
must_check int buf_read_file(struct buf *b, const char *path);
