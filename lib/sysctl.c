/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/sysctl.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/**
 * sysctl_check_key() - Whether a key stays below /proc/sys
 * @key:	Slash form
 *
 * Return: 0; -EINVAL for "..", ".", empty parts, or one too long for a path
 */
int sysctl_check_key(const char *key)
{
	const char *part = key;

	if (strlen(key) > PATH_MAX - 32)
		return -EINVAL;
	for (;;) {
		size_t len = strcspn(part, "/");

		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return -EINVAL;
		if (!part[len])
			return 0;
		part += len + 1;
	}
}

/**
 * sysctl_open() - Open the file of a key
 * @key:	Slash form
 * @flags:	For open()
 *
 * Return: descriptor; -EINVAL for a bad key, or what open() said: -ENOENT for a key this
 *	   kernel (or link) does not have
 */
static int sysctl_open(const char *key, int flags)
{
	char path[PATH_MAX];
	int r;

	r = sysctl_check_key(key);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/sys/%s", key);
	r = open(path, flags | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

/**
 * sysctl_read() - Value of a key, without the newline behind it
 * @key:	Slash form
 * @ret_value:	The text is appended
 *
 * Return: 0, or as sysctl_open() and buf_read_fd()
 */
int sysctl_read(const char *key, struct buf *ret_value)
{
	_cleanup_close_ int fd = sysctl_open(key, O_RDONLY);
	int r;

	if (fd < 0)
		return fd;
	r = buf_read_fd(ret_value, fd);
	if (r < 0)
		return r;
	while (ret_value->len && ret_value->data[ret_value->len - 1] == '\n')
		ret_value->data[--ret_value->len] = '\0';
	return 0;
}

/**
 * sysctl_write() - Set a key
 * @key:	Slash form
 * @value:	Text, without a newline
 *
 * Return: 0, as sysctl_open(), or what the kernel said to the value: -EINVAL
 */
int sysctl_write(const char *key, const char *value)
{
	_cleanup_close_ int fd = sysctl_open(key, O_WRONLY);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, value, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}
