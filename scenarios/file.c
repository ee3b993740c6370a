/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/core.h"

#include "lib/cleanup.h"
#include "lib/netns.h"
#include "lib/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/**
 * open_root() - Open a member's root folder
 * @m:		Member
 *
 * Return: descriptor, or what open() said
 */
static int open_root(const struct member *m)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/root", m->init.pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * open_in() - Open a file below a root; no link leads out of it
 * @root:	Root folder
 * @path:	Path
 * @flags:	For open()
 * @mode:	For a new file
 *
 * Return: descriptor, or what openat2() said
 */
static int open_in(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_IN_ROOT,
	};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/**
 * make_parents() - Make the folders on the way to a file
 * @root:	Root folder
 * @path:	Path of the file, absolute
 *
 * Return: 0, or an errno
 */
static int make_parents(int root, const char *path)
{
	char part[512];

	for (const char *at = path; (at = strchr(at + 1, '/'));) {
		_cleanup_close_ int parent = -1;
		char *name;

		if (at - path >= (ptrdiff_t)sizeof(part))
			return -ENAMETOOLONG;
		(void)snprintf(part, sizeof(part), "%.*s", (int)(at - path),
			       path);
		name = strrchr(part, '/');
		*name++ = '\0';
		parent = open_in(root, part[0] ? part : "/",
				 O_PATH | O_DIRECTORY, 0);
		if (parent < 0)
			return parent;
		if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/**
 * member_write() - Write a file of a member; folders on the way are made
 * @m:		Member
 * @path:	As the member sees it, absolute
 * @text:	Content
 * @mode:	Permissions
 *
 * Return: 0, or an errno, told to the user
 */
int member_write(struct member *m, const char *path, const char *text,
		 mode_t mode)
{
	_cleanup_close_ int root = open_root(m), fd = -1;
	size_t len = strlen(text);
	int r = root;

	if (r >= 0)
		r = make_parents(root, path);
	if (r >= 0)
		r = fd = open_in(root, path, O_WRONLY | O_CREAT | O_TRUNC,
				 mode & 07777);
	if (r >= 0 && fchmod(fd, mode) < 0)
		r = -errno;
	for (ssize_t n; r >= 0 && len; len -= (size_t)n, text += n) {
		n = write(fd, text, len);
		if (n < 0) {
			r = -errno;
			break;
		}
	}
	return r < 0 ? lab_fail(m->lab, r, "cannot write '%s' of '%s'", path,
				m->name) :
		       0;
}

/**
 * member_read() - Read a file of a member
 * @m:		Member
 * @path:	As the member sees it, absolute
 * @b:		The content is appended
 *
 * Return: 0, or an errno
 */
int member_read(struct member *m, const char *path, struct buf *b)
{
	_cleanup_close_ int root = open_root(m), fd = -1;

	if (root < 0)
		return root;
	fd = open_in(root, path, O_RDONLY, 0);
	return fd < 0 ? fd : buf_read_fd(b, fd);
}

/**
 * member_in_netns() - Call a function whose sockets are to be a member's
 * @m:		Member
 * @fn:		Function
 * @arg:	For it
 *
 * Return: what @fn returned, or what setns() said
 */
int member_in_netns(struct member *m, int (*fn)(void *arg), void *arg)
{
	_cleanup_(netns_leave) int back = -1;
	int r;

	r = netns_enter(m->init.pidfd, &back);
	return r < 0 ? r : fn(arg);
}

/* One sysctl for member_in_netns(). */
struct setting {
	const char *key, *value;
};

/**
 * write_setting() - Write a sysctl
 * @arg:	struct setting
 *
 * Return: as sysctl_write()
 */
static int write_setting(void *arg)
{
	const struct setting *s = arg;

	return sysctl_write(s->key, s->value);
}

/**
 * member_sysctl() - Set a sysctl of a member's network namespace
 * @m:		Member
 * @key:	Slash form
 * @value:	Text
 *
 * Return: 0, or as sysctl_write(), told to the user
 */
int member_sysctl(struct member *m, const char *key, const char *value)
{
	struct setting s = { key, value };
	int r = member_in_netns(m, write_setting, &s);

	return r < 0 ? lab_fail(m->lab, r, "'%s' = '%s' in '%s'", key, value,
				m->name) :
		       0;
}
