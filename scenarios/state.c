/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/state.h"

#include "lib/cleanup.h"
#include "scenarios/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>

#define SPACE_MIN \
	(1024 * 1024) /* a demo writes a tenth of it, a second run more */
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

/**
 * state_check_name() - Whether a lab may have this name
 * @name:	As the user typed it; it becomes a folder and part of cgroups
 *
 * Return: 0; -EINVAL
 */
int state_check_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 40 || !isalnum((unsigned char)name[0]))
		return -EINVAL;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return -EINVAL;
	return 0;
}

/**
 * state_error() - What to say of a state folder that cannot be had
 * @error:	Negative errno of state_create(), state_connect(), state_each()
 *
 * Return: text
 */
const char *state_error(int error)
{
	return error == -EDESTADDRREQ ?
		       "neither XDG_STATE_HOME nor HOME is an absolute path" :
		       strerror(-error);
}

/**
 * base_path() - Folder of all labs of this user
 * @path:	PATH_MAX - 64 bytes
 *
 * Return: 0; -EDESTADDRREQ without either, or where neither is absolute (the XDG base
 *	   directory specification has such ones ignored), -ENAMETOOLONG
 */
static int base_path(char path[static PATH_MAX - 64])
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (xdg && xdg[0] == '/') {
		n = snprintf(path, PATH_MAX - 64, "%s/shoot6", xdg);
	} else {
		if (!home || home[0] != '/')
			return -EDESTADDRREQ;
		n = snprintf(path, PATH_MAX - 64, "%s/.local/state/shoot6",
			     home);
	}
	return n < PATH_MAX - 128 ? 0 : -ENAMETOOLONG;
}

/**
 * make_path() - mkdir -p
 * @path:	Absolute
 *
 * Return: 0, or what mkdir() said
 */
static int make_path(const char *path)
{
	char part[PATH_MAX];

	for (const char *at = path; (at = strchr(at + 1, '/'));) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(at - path),
			       path);
		if (mkdir(part, 0700) < 0 && errno != EEXIST &&
		    errno != EACCES && errno != EROFS)
			return -errno;
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/**
 * base_open() - Open the folder of all labs
 * @create:	Make it
 * @lock:	Wait for the lock that makes creating and sweeping one at a time
 *
 * Return: descriptor; -ENOENT where it is not there, or an errno
 */
static int base_open(bool create, bool lock)
{
	char path[PATH_MAX - 64];
	int r;

	r = base_path(path);
	if (r == 0 && create)
		r = make_path(path);
	if (r < 0)
		return r;
	for (;;) {
		_cleanup_close_ int fd = open(path, DIR_FLAGS & ~O_NOFOLLOW);
		struct stat st;

		if (fd < 0)
			return -errno;
		if (!lock)
			return TAKE_FD(fd);
		if (flock(fd, LOCK_EX) < 0)
			return -errno;
		/* The one before may have removed it when it was empty. */
		if (fstat(fd, &st) < 0 || st.st_nlink > 0)
			return TAKE_FD(fd);
		r = create ? make_path(path) : -ENOENT;
		if (r < 0)
			return r;
	}
}

/**
 * remove_tree() - Remove a folder with all in it, never leaving its file system
 * @parent:	Folder it is in
 * @name:	Its name
 * @dev:	Device number it must have
 *
 * What cannot be removed stays for the next sweep.
 */
static void remove_tree(int parent, const char *name, dev_t dev)
{
	int fd = openat(parent, name, DIR_FLAGS);
	struct stat st;
	struct dirent *e;
	DIR *dir;

	if (fd < 0) {
		(void)unlinkat(parent, name, 0);
		return;
	}
	dir = fstat(fd, &st) == 0 && st.st_dev == dev ? fdopendir(fd) : NULL;
	if (!dir) {
		(void)close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (e->d_type != DT_DIR && unlinkat(fd, e->d_name, 0) == 0)
			continue;
		remove_tree(fd, e->d_name, dev);
	}
	(void)closedir(dir);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

/**
 * remove_lab() - Remove a dead lab's cgroups and folder
 * @base:	Folder of all labs
 * @name:	Lab
 * @fd:		Its folder
 */
static void remove_lab(int base, const char *name, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	cgroup_remove(name, st.st_ino);
	remove_tree(base, name, st.st_dev);
}

/**
 * each_name() - Look at each lab's folder
 * @base:	Folder of all labs
 * @fn:		Called with the open folder and whether nobody holds it
 * @arg:	For @fn
 *
 * Return: 0, or what opendir() said
 */
static int each_name(int base,
		     void (*fn)(int base, const char *name, int fd, bool dead,
				void *arg),
		     void *arg)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(base, ".", DIR_FLAGS);
	struct dirent *e;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return -ENOMEM;
	}
	while ((e = readdir(dir))) {
		_cleanup_close_ int lab = -1;

		if (e->d_name[0] == '.')
			continue;
		lab = openat(base, e->d_name, DIR_FLAGS);
		if (lab >= 0)
			fn(base, e->d_name, lab,
			   flock(lab, LOCK_EX | LOCK_NB) == 0, arg);
	}
	return 0;
}

/**
 * sweep_one() - Remove a lab's folder if nobody holds it
 * @base:	Folder of all labs
 * @name:	Lab
 * @fd:		Its folder
 * @dead:	Nobody holds it
 * @arg:	Not used
 */
static void sweep_one(int base, const char *name, int fd, bool dead, void *arg)
{
	(void)arg;
	if (dead)
		remove_lab(base, name, fd);
}

/**
 * remove_base() - Remove the folder of all labs once it is empty
 */
static void remove_base(void)
{
	char path[PATH_MAX - 64];

	if (base_path(path) == 0)
		(void)rmdir(path);
}

/**
 * state_sweep() - Remove what labs that are no more have left
 *
 * Return: 0, or an errno
 */
int state_sweep(void)
{
	_cleanup_close_ int base = base_open(false, true);
	int r;

	if (base == -ENOENT)
		return 0;
	if (base < 0)
		return base;
	r = each_name(base, sweep_one, NULL);
	remove_base();
	return r;
}

/**
 * check_space() - Whether there is room for what daemons write into their logs
 * @base:	Folder of all labs
 *
 * A daemon that cannot write fails in ways of its own, one of which looks like a pod
 * that has gone.
 *
 * Return: 0, -ENOSPC, or what fstatvfs() said
 */
static int check_space(int base)
{
	struct statvfs fs;

	if (fstatvfs(base, &fs) < 0)
		return -errno;
	return (uint64_t)fs.f_bavail * fs.f_frsize < SPACE_MIN ? -ENOSPC : 0;
}

/**
 * state_create() - Make and lock the folder of a lab, after a sweep
 * @name:	Checked name
 * @ret:	End it by state_release(), or state_remove() with all in it
 *
 * Return: 0; -EEXIST where that lab is up, -ENOSPC on a disk that is full, or an errno
 */
int state_create(const char *name, struct state *ret)
{
	_cleanup_close_ int base = base_open(true, true);
	_cleanup_(state_release) struct state s = STATE_INIT;
	char path[PATH_MAX - 64];
	int r;

	if (base < 0)
		return base;
	r = each_name(base, sweep_one, NULL);
	if (r == 0)
		r = check_space(base);
	if (r == 0)
		r = base_path(path);
	if (r < 0) {
		remove_base();
		return r;
	}
	if (snprintf(s.path, sizeof(s.path), "%s/%s", path, name) >=
	    (int)sizeof(s.path))
		return -ENAMETOOLONG;
	if (mkdirat(base, name, 0700) < 0)
		return -errno;
	s.fd = openat(base, name, DIR_FLAGS);
	if (s.fd < 0 || flock(s.fd, LOCK_EX | LOCK_NB) < 0 ||
	    mkdirat(s.fd, "log", 0700) < 0)
		return -errno;
	*ret = s;
	s.fd = -1;
	return 0;
}

/**
 * state_release() - Let go of a lab's folder; the holder goes on holding it
 * @state:	Folder, then none
 */
void state_release(struct state *state)
{
	cleanup_close(&state->fd);
	state->fd = -1;
}

/**
 * state_remove() - Remove the folder of a lab that is dead
 * @state:	Folder, then none
 */
void state_remove(struct state *state)
{
	_cleanup_close_ int base = base_open(false, true);
	const char *name = strrchr(state->path, '/');

	if (base >= 0 && state->fd >= 0 && name)
		remove_lab(base, name + 1, state->fd);
	remove_base();
	state_release(state);
}

/**
 * control_address() - Address of the control socket, however long the path is
 * @dir:	The lab's folder
 *
 * Return: address by way of /proc/self/fd: sun_path takes 108 bytes only
 */
static struct sockaddr_un control_address(int dir)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path),
		       "/proc/self/fd/%d/control", dir);
	return sun;
}

/**
 * state_bind() - Make the control socket
 * @state:	The lab's folder
 * @ret_fd:	Not listening yet: who listens is the one SO_PEERCRED names
 *
 * Return: 0, or what socket() or bind() said
 */
int state_bind(const struct state *state, int *ret_fd)
{
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sun = control_address(state->fd);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/**
 * state_connect() - Connect to the holder of a lab
 * @name:	Lab
 * @ret_fd:	Socket; the caller closes it
 *
 * Return: 0; -ENOENT where there is no such lab, -ECONNREFUSED where its holder is dead
 */
int state_connect(const char *name, int *ret_fd)
{
	_cleanup_close_ int base = base_open(false, false), dir = -1, fd = -1;
	struct sockaddr_un sun;

	if (base < 0)
		return base;
	dir = openat(base, name, DIR_FLAGS);
	if (dir < 0)
		return -errno;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	sun = control_address(dir);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return errno == ENOENT ? -ECONNREFUSED : -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* What state_each() is to call. */
struct each {
	void (*fn)(const char *name, void *arg);
	void *arg;
};

/**
 * tell_live() - Pass on the name of a lab that is up
 * @base:	Not used
 * @name:	Lab
 * @fd:		Not used
 * @dead:	Nobody holds it
 * @arg:	struct each
 */
static void tell_live(int base, const char *name, int fd, bool dead, void *arg)
{
	const struct each *each = arg;

	(void)base;
	(void)fd;
	if (!dead)
		each->fn(name, each->arg);
}

/**
 * state_each() - Call a function for each lab that is up
 * @fn:		Function
 * @arg:	For it
 *
 * Return: 0, or an errno
 */
int state_each(void (*fn)(const char *name, void *arg), void *arg)
{
	_cleanup_close_ int base = base_open(false, true);
	struct each each = { fn, arg };

	if (base == -ENOENT)
		return 0;
	if (base < 0)
		return base;
	return each_name(base, tell_live, &each);
}
