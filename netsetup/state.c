/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/state.h"

#include "lib/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/**
 * state_boot_id() - Number of this boot
 * @id:		Gets it
 *
 * Return: 0 or a negative errno
 */
int state_boot_id(char id[BOOT_SIZE])
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	int r = buf_read_file(&b, "/proc/sys/kernel/random/boot_id");

	if (r == 0 && b.len < BOOT_SIZE - 1)
		r = -EBADMSG;
	if (r == 0)
		snprintf(id, BOOT_SIZE, "%.36s", b.data);
	return r;
}

/**
 * state_netns() - Number of this network namespace, never given to another one
 *
 * The inode is, once the namespace is gone: a new namespace would then find the state
 * of a dead one. The cookie is not, and the first namespace has the same in each boot.
 *
 * Return: cookie (Linux 5.14); the inode where the kernel has none
 */
uint64_t state_netns(void)
{
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct stat st;

	if (fd >= 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) == 0)
		return cookie;
	return stat("/proc/self/ns/net", &st) < 0 ? 0 : st.st_ino;
}

/**
 * state_open() - Folder of this boot and namespace
 * @e:		Engine
 * @make:	Make it where it is missing
 *
 * Return: descriptor, or a negative errno
 */
int state_open(struct engine *e, bool make)
{
	char id[BOOT_SIZE], path[512];
	int r = state_boot_id(id), fd;

	if (r < 0)
		return engine_fail(e, r, "boot id: %s", strerror(-r));
	snprintf(path, sizeof(path), "%s/%s-%llu", e->options.state, id,
		 (unsigned long long)state_netns());
	for (char *p = strchr(path + 1, '/'); make; p = strchr(p + 1, '/')) {
		if (p)
			*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return engine_fail(e, -errno, "state '%s': %s", path,
					   strerror(errno));
		if (!p)
			break;
		*p = '/';
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && make)
		return engine_fail(e, -errno, "state '%s': %s", path,
				   strerror(errno));
	return fd < 0 ? -errno : fd;
}

/**
 * state_lock() - Be the only writer of this state
 * @e:		Engine
 * @dir:	Folder of the state
 * @verb:	What we do, for whoever waits for us
 * @wait:	False: somebody else's lock is an error
 *
 * Return: descriptor that holds the lock until it is closed; -EWOULDBLOCK, or a
 *	   negative errno
 */
int state_lock(struct engine *e, int dir, const char *verb, bool wait)
{
	_cleanup_close_ int fd =
		openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char who[128] = "";

	if (fd < 0)
		return engine_fail(e, -errno, "lock: %s", strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ssize_t n = pread(fd, who, sizeof(who) - 1, 0);

		if (!wait)
			return -EWOULDBLOCK;
		who[n > 0 ? n : 0] = '\0';
		log_info("waiting for %s", who[0] ? who : "another netsetup");
		if (flock(fd, LOCK_EX) < 0)
			return engine_fail(e, -errno, "lock: held by %s", who);
	}
	snprintf(who, sizeof(who), "'netsetup %s', process %d", verb, getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, who, strlen(who), 0) < 0)
		return engine_fail(e, -errno, "lock: %s", strerror(errno));
	return TAKE_FD(fd);
}

/**
 * state_clock() - Time since boot, suspended or not
 *
 * Return: nanoseconds of CLOCK_BOOTTIME
 */
int64_t state_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/**
 * is_old() - Whether a folder is of another boot
 * @name:	Its name
 * @boot:	This boot
 *
 * Return: true if it is
 */
static bool is_old(const char *name, const char *boot)
{
	return strlen(name) > BOOT_SIZE && name[BOOT_SIZE - 1] == '-' &&
	       strncmp(name, boot, BOOT_SIZE - 1) != 0;
}

/**
 * state_each_old() - Visit the folders of former boots
 * @e:		Engine
 * @fn:		Called for each with its descriptor, whether it is of a namespace with
 *		our number, and @context; what it returns ends the visit unless it is 0
 * @context:	For @fn
 *
 * Return: 0, or what @fn or reading said
 */
int state_each_old(struct engine *e, state_old_fn *fn, void *context)
{
	_cleanup_closedir_ DIR *d = opendir(e->options.state);
	char boot[BOOT_SIZE], ours[32];
	const struct dirent *entry;
	int r = state_boot_id(boot);

	if (!d || r < 0)
		return d ? r : 0;
	snprintf(ours, sizeof(ours), "%llu", (unsigned long long)state_netns());
	while (r == 0 && (entry = readdir(d))) {
		_cleanup_close_ int fd = -1;

		if (!is_old(entry->d_name, boot))
			continue;
		fd = openat(dirfd(d), entry->d_name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		r = fn(e, fd, strcmp(entry->d_name + BOOT_SIZE, ours) == 0,
		       context);
	}
	return r;
}

/**
 * state_drop_old() - Remove the folders of former boots
 * @e:		Engine
 *
 * Those that still hold a journal stay.
 */
void state_drop_old(struct engine *e)
{
	static const char *const names[] = { "last", "lock", "last~",
					     "journal~" };
	_cleanup_closedir_ DIR *d = opendir(e->options.state);
	char boot[BOOT_SIZE];
	const struct dirent *entry;

	if (!d || state_boot_id(boot) < 0)
		return;
	while ((entry = readdir(d))) {
		_cleanup_close_ int fd = -1;

		if (!is_old(entry->d_name, boot))
			continue;
		fd = openat(dirfd(d), entry->d_name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || faccessat(fd, "journal", F_OK, 0) == 0)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			(void)unlinkat(fd, names[i], 0);
		(void)unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR);
	}
}
