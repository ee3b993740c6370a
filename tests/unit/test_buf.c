/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/buf.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/**
 * test_append() - All ways to append
 */
static void test_append(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	CHECK_STR("empty", "", buf_text(&b));
	buf_puts(&b, "ab");
	buf_putc(&b, 'c');
	buf_add(&b, "d\0e", 3);
	buf_printf(&b, "%d-%s", 42, "x");
	CHECK_INT("length", 10, b.len);
	CHECK_MEM("content", "abcd\0e42-x", b.data, 11);
	CHECK_INT("no error", 0, buf_error(&b));
	buf_clear(&b);
	CHECK_STR("cleared", "", buf_text(&b));
	CHECK_INT("cleared length", 0, b.len);
}

/**
 * test_growth() - Many small appends
 */
static void test_growth(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%04d", i);
	CHECK_INT("length", 40000, b.len);
	CHECK_MEM("last", "9999", b.data + b.len - 4, 5);
	CHECK_INT("no error", 0, buf_error(&b));
}

/**
 * test_cap() - The cap holds, its error stays, and what was there is kept
 */
static void test_cap(void)
{
	static const struct {
		const char *what;
		const char *add[3];
		int error;
		const char *text;
	} cases[] = {
		{ "just fits", { "1234", "5678" }, 0, "12345678" },
		{ "one too many", { "1234", "56789" }, -EFBIG, "1234" },
		{ "sticky", { "1234", "56789", "5" }, -EFBIG, "1234" },
		{ "at once", { "123456789" }, -EFBIG, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf b = { .max = 8 };

		for (size_t j = 0; j < 3 && cases[i].add[j]; j++)
			buf_puts(&b, cases[i].add[j]);
		CHECK_INT(cases[i].what, cases[i].error, buf_error(&b));
		CHECK_STR(cases[i].what, cases[i].text, buf_text(&b));
	}
}

/**
 * test_take() - The content is handed over, or nothing after an error
 */
static void test_take(void)
{
	_cleanup_(buf_release) struct buf b = { .max = 8 };
	_cleanup_free_ char *empty = NULL, *text = NULL;

	empty = buf_take(&b);
	CHECK_STR("of an empty one", "", empty);
	buf_puts(&b, "abc");
	text = buf_take(&b);
	CHECK_STR("of a full one", "abc", text);
	CHECK_STR("nothing left", "", buf_text(&b));
	buf_puts(&b, "123456789");
	CHECK_TRUE("nothing after an error", buf_take(&b) == NULL);
}

/**
 * test_read() - From a file, to the cap and past it
 */
static void test_read(void)
{
	static const struct {
		const char *what;
		size_t size;
		int r;
	} cases[] = {
		{ "empty file", 0, 0 },
		{ "small file", 100, 0 },
		{ "as large as the cap", 100000, 0 },
		{ "larger than the cap", 100001, -EFBIG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf b = { .max = 100000 };
		_cleanup_close_ int fd = memfd_create("test", MFD_CLOEXEC);
		static char block[100001];

		memset(block, 'x', sizeof(block));
		CHECK_INT(cases[i].what, cases[i].size,
			  write(fd, block, cases[i].size));
		CHECK_INT(cases[i].what, 0, lseek(fd, 0, SEEK_SET));
		CHECK_INT(cases[i].what, cases[i].r, buf_read_fd(&b, fd));
		if (cases[i].r == 0)
			CHECK_INT(cases[i].what, cases[i].size, b.len);
	}
}

/**
 * test_read_missing() - From files that cannot be read
 */
static void test_read_missing(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	CHECK_INT("missing", -ENOENT, buf_read_file(&b, "/nonexistent/x"));
	CHECK_INT("folder", -EISDIR, buf_read_file(&b, "/"));
	CHECK_STR("nothing was read", "", buf_text(&b));
}

UNIT_SUITE(buf, { "append", test_append }, { "growth", test_growth },
	   { "cap", test_cap }, { "take", test_take }, { "read", test_read },
	   { "read what is not there", test_read_missing });
