/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/cgroup.h"

#include "lib/cleanup.h"
#include "lib/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LEAF         "daemons" /* of version 2 */
#define TRIES        20 /* to make one, while other labs end */
#define CGROUP_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* What to do with one hierarchy: @name is NULL where all is one of version 2. */
typedef int hierarchy_fn(int fd, const char *name, bool v2, void *arg);

/**
 * is_v2() - Whether a folder is of version 2
 * @fd:		Folder
 *
 * Return: whether
 */
static bool is_v2(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC;
}

/**
 * each_hierarchy() - Visit every hierarchy below a folder
 * @root:	Where they are mounted
 * @fn:		Called with the open root of each
 * @arg:	For @fn
 *
 * Return: 0, what @fn returned below 0, or what open() said
 */
static int each_hierarchy(const char *root, hierarchy_fn *fn, void *arg)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (is_v2(fd)) {
		r = fn(fd, NULL, true, arg);
		(void)close(fd);
		return r;
	}
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (e = readdir(dir))) {
		_cleanup_close_ int h = -1;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		h = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = h < 0 ? -errno : fn(h, e->d_name, is_v2(h), arg);
	}
	return r;
}

/**
 * put() - Write a file of a cgroup
 * @dir:	Folder
 * @file:	Its name, or a path below
 * @text:	What
 *
 * Return: 0, or what open() or write() said
 */
static int put(int dir, const char *file, const char *text)
{
	_cleanup_close_ int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	ssize_t len = (ssize_t)strlen(text);

	if (fd < 0 || write(fd, text, (size_t)len) != len)
		return -errno;
	return 0;
}

/**
 * inherit() - Give a new cgroup of version 1 its parent's processors and memory
 * @parent:	Folder
 * @child:	Folder
 *
 * A cpuset is born empty, and nothing can be moved in before it has both.
 *
 * Return: 0, or an errno
 */
static int inherit(int parent, int child)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		_cleanup_close_ int fd =
			openat(parent, files[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return errno == ENOENT ? 0 : -errno;
		r = buf_read_fd(&text, fd);
		if (r == 0)
			r = put(child, files[i], buf_text(&text));
	}
	return r;
}

/* Controllers, and whether a kubelet does without. */
static const struct {
	const char *name;
	bool needed;
} controllers[] = {
	{ "cpu", true },  { "cpuset", true }, { "memory", true },
	{ "pids", true }, { "io", false },    { "hugetlb", false },
};

/**
 * hand_down() - Let the children of a cgroup of version 2 have all controllers
 * @fd:		Folder
 *
 * What is lacking was said before, see cgroup_check(); a kubelet does without the rest.
 */
static void hand_down(int fd)
{
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		(void)snprintf(text, sizeof(text), "+%s", controllers[i].name);
		(void)put(fd, "cgroup.subtree_control", text);
	}
}

/**
 * has_word() - Whether a file of a cgroup has a word in its first line
 * @dir:	Folder
 * @file:	Its name
 * @word:	Word
 *
 * Return: whether
 */
static bool has_word(int dir, const char *file, const char *word)
{
	_cleanup_close_ int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	size_t n = strlen(word);
	const char *at;

	if (fd < 0 || buf_read_fd(&text, fd) < 0)
		return false;
	for (at = buf_text(&text); (at = strstr(at, word)); at += n)
		if ((at == buf_text(&text) || at[-1] == ' ') &&
		    strchr(" \n", at[n]))
			return true;
	return false;
}

/**
 * has_processes() - Whether processes are in a cgroup itself
 * @dir:	Folder
 *
 * Return: whether
 */
static bool has_processes(int dir)
{
	_cleanup_close_ int fd =
		openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char c;

	return fd >= 0 && read(fd, &c, 1) == 1;
}

/**
 * cgroup_check_v2() - Whether nodes can have their cgroups below one of version 2
 * @fd:		Folder
 * @problem:	Gets one line where they cannot
 *
 * The root of the machine may hold processes and children; what a container sees as its
 * root may not (no internal processes), and only the former has no type.
 *
 * Return: 0; -ENOTSUP without a controller, -EBUSY where processes are in the way
 */
int cgroup_check_v2(int fd, struct buf *problem)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		const char *name = controllers[i].name;

		if (!controllers[i].needed ||
		    has_word(fd, "cgroup.subtree_control", name))
			continue;
		if (!has_word(fd, "cgroup.controllers", name)) {
			buf_printf(problem,
				   "cgroup version 2 at '" CGROUP_ROOT
				   "' has no controller '%s', a kubelet needs "
				   "it",
				   name);
			return -ENOTSUP;
		}
		if (faccessat(fd, "cgroup.type", F_OK, 0) < 0 ||
		    !has_processes(fd))
			continue;
		buf_printf(problem,
			   "processes are in '" CGROUP_ROOT "' itself, so its "
			   "controller '%s' cannot be handed down: move them "
			   "into a cgroup below it",
			   name);
		return -EBUSY;
	}
	return 0;
}

/**
 * cgroup_check() - Whether nodes can have their cgroups on this machine
 * @problem:	Gets one line where they cannot
 *
 * Return: 0, as cgroup_check_v2(), or what open() said
 */
int cgroup_check(struct buf *problem)
{
	_cleanup_close_ int fd =
		open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		buf_printf(problem, "'" CGROUP_ROOT "': %m");
		return -errno;
	}
	if (is_v2(fd))
		return cgroup_check_v2(fd, problem);
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		const char *name = controllers[i].name;

		if (!controllers[i].needed || faccessat(fd, name, F_OK, 0) == 0)
			continue;
		buf_printf(problem,
			   "no controller '%s' is mounted below '" CGROUP_ROOT
			   "', a kubelet needs it",
			   name);
		return -ENOTSUP;
	}
	return 0;
}

/* A member's place in all hierarchies. */
struct place {
	const char *path[3]; /* "shoot6", "NAME-INODE", MEMBER */
	char lab[80];
};

/**
 * place_init() - Fill a place in
 * @place:	Place; points into itself
 * @dir:	The lab's state folder
 * @lab:	Its name
 * @member:	Name
 *
 * Return: 0, or what stat() said
 */
static int place_init(struct place *place, const char *dir, const char *lab,
		      const char *member)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return -errno;
	(void)snprintf(place->lab, sizeof(place->lab), "%s-%ju", lab,
		       (uintmax_t)st.st_ino);
	place->path[0] = "shoot6";
	place->path[1] = place->lab;
	place->path[2] = member;
	return 0;
}

/**
 * make_path() - Make a member's cgroup in one hierarchy
 * @fd:		Its root
 * @v2:		Version 2
 * @place:	Place
 *
 * Return: 0, or an errno: -ENOENT or -ENODEV where "shoot6" was removed meanwhile
 */
static int make_path(int fd, bool v2, const struct place *place)
{
	_cleanup_close_ int at = dup(fd);
	int r = at < 0 ? -errno : 0;

	for (size_t i = 0; i < ARRAY_SIZE(place->path) && r == 0; i++) {
		int child;

		if (v2)
			hand_down(at);
		if (mkdirat(at, place->path[i], 0755) < 0 && errno != EEXIST)
			return -errno;
		child = openat(at, place->path[i],
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (child < 0)
			return -errno;
		r = v2 ? 0 : inherit(at, child);
		(void)close(at);
		at = child;
	}
	if (r == 0 && v2 && mkdirat(at, LEAF, 0755) < 0 && errno != EEXIST)
		r = -errno;
	return r;
}

/**
 * make_in() - Make a member's cgroup in one hierarchy, as each_hierarchy() calls it
 * @fd:		Its root
 * @name:	Not used
 * @v2:		Version 2
 * @arg:	struct place
 *
 * Another lab that ends takes "shoot6" away as long as nothing is in it.
 *
 * Return: 0, or an errno
 */
static int make_in(int fd, const char *name, bool v2, void *arg)
{
	int r = -ENOENT;

	(void)name;
	for (int i = 0; i < TRIES && (r == -ENOENT || r == -ENODEV); i++)
		r = make_path(fd, v2, arg);
	return r;
}

/**
 * cgroup_make() - Make the cgroups of a member; in the holder
 * @dir:	The lab's state folder
 * @lab:	Its name
 * @member:	Name
 *
 * Return: 0, or an errno
 */
int cgroup_make(const char *dir, const char *lab, const char *member)
{
	struct place place;
	int r = place_init(&place, dir, lab, member);

	return r < 0 ? r : each_hierarchy(CGROUP_HELD, make_in, &place);
}

/**
 * enter_in() - Move into a member's cgroup of one hierarchy
 * @fd:		Its root
 * @name:	Not used
 * @v2:		Not used
 * @arg:	struct place
 *
 * Return: 0, or an errno
 */
static int enter_in(int fd, const char *name, bool v2, void *arg)
{
	const struct place *place = arg;
	char path[256];

	(void)name;
	(void)v2;
	(void)snprintf(path, sizeof(path), "%s/%s/%s/cgroup.procs",
		       place->path[0], place->path[1], place->path[2]);
	return put(fd, path, "0");
}

/**
 * cgroup_enter() - Move into a member's cgroups, which become the roots of a namespace
 * @dir:	The lab's state folder
 * @lab:	Its name
 * @member:	Name
 *
 * Return: 0, or an errno
 */
int cgroup_enter(const char *dir, const char *lab, const char *member)
{
	struct place place;
	int r = place_init(&place, dir, lab, member);

	if (r == 0)
		r = each_hierarchy(CGROUP_HELD, enter_in, &place);
	/* What the process is in at this moment is the namespace's root. */
	if (r == 0 && unshare(CLONE_NEWCGROUP) < 0)
		r = -errno;
	return r;
}

/**
 * mount_one() - Mount one hierarchy as the new namespace sees it
 * @fd:		Not used
 * @name:	Name of its folder, the controllers of version 1
 * @v2:		Version 2
 * @arg:	Folder to mount on
 *
 * Return: 0, or an errno
 */
static int mount_one(int fd, const char *name, bool v2, void *arg)
{
	char path[256];

	(void)fd;
	(void)snprintf(path, sizeof(path), "%s%s%s", (const char *)arg,
		       name ? "/" : "", name ? name : "");
	if (name && mkdir(path, 0755) < 0)
		return -errno;
	if (v2)
		return mount("cgroup2", path, "cgroup2", CGROUP_FLAGS, NULL) <
				       0 ?
			       -errno :
			       0;
	if (strcmp(name, "systemd") == 0)
		name = "none,name=systemd";
	return mount("cgroup", path, "cgroup", CGROUP_FLAGS, name) < 0 ?
		       -errno :
		       0;
}

/**
 * cgroup_mount() - Mount the hierarchies of the machine in the new namespace
 * @at:		Folder to mount on, on a sysfs
 *
 * Return: 0, or an errno
 */
int cgroup_mount(const char *at)
{
	int root = open(CGROUP_HELD, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool v2 = is_v2(root);

	if (root < 0)
		return -errno;
	(void)close(root);
	if (!v2 && mount("cgroup", at, "tmpfs", CGROUP_FLAGS, "mode=0755") < 0)
		return -errno;
	return each_hierarchy(CGROUP_HELD, mount_one, (void *)at);
}

/**
 * join_in() - Move into the root of this namespace's part of one hierarchy
 * @fd:		Its root
 * @name:	Not used
 * @v2:		Version 2
 * @arg:	Not used
 *
 * Return: 0, or an errno
 */
static int join_in(int fd, const char *name, bool v2, void *arg)
{
	int r = v2 ? put(fd, LEAF "/cgroup.procs", "0") : -ENOENT;

	(void)name;
	(void)arg;
	return r == -ENOENT ? put(fd, "cgroup.procs", "0") : r;
}

/**
 * cgroup_leaf() - Move on into the leaf for daemons, where there is one
 *
 * Return: 0, or an errno
 */
int cgroup_leaf(void)
{
	return each_hierarchy(CGROUP_ROOT, join_in, NULL);
}

/**
 * cgroup_join() - Move into a member's cgroups, then into their namespace
 * @pidfd:	Of the member's init; the caller sees what that has mounted
 * @stays:	False: into the namespace alone, for what ends soon
 *
 * In this order: where version 2 is mounted with nsdelegate (systemd does), nobody moves
 * across the border of the namespace he is in (Documentation/admin-guide/cgroup-v2.rst,
 * Delegation Containment).
 *
 * Return: 0, or an errno
 */
int cgroup_join(int pidfd, bool stays)
{
	int r = stays ? cgroup_leaf() : 0;

	if (r == 0 && setns(pidfd, CLONE_NEWCGROUP) < 0)
		r = -errno;
	return r;
}

/**
 * remove_below() - Remove a cgroup and those below it
 * @parent:	Folder it is in
 * @name:	Its name
 *
 * Return: 0; -EBUSY where a process is still leaving it
 */
static int remove_below(int parent, const char *name)
{
	int fd = openat(parent, name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return -ENOMEM;
	}
	while ((e = readdir(dir))) {
		if (e->d_type == DT_DIR && e->d_name[0] != '.') {
			int r = remove_below(fd, e->d_name);

			if (r < 0)
				return r;
		}
	}
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ?
		       -errno :
		       0;
}

/**
 * remove_from() - Remove a lab's cgroups from one hierarchy
 * @hierarchy:	Path of its root
 * @name:	Of the lab's cgroup
 *
 * A dead process leaves its cgroup a moment after it was reaped, and version 1 tells
 * nobody: hence the tries, for ten seconds at most.
 */
static void remove_from(const char *hierarchy, const char *name)
{
	char path[128];
	int64_t deadline = loop_now() + 10 * NSEC_PER_SEC;
	_cleanup_close_ int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/shoot6", hierarchy);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (remove_below(fd, name) == -EBUSY && loop_now() < deadline)
		(void)poll(NULL, 0, 10);
	(void)rmdir(path);
}

/**
 * cgroup_remove() - Remove the cgroups of a lab that is dead
 * @lab:	Its name
 * @inode:	Of its state folder
 */
void cgroup_remove(const char *lab, ino_t inode)
{
	_cleanup_closedir_ DIR *dir = opendir(CGROUP_ROOT);
	struct dirent *e;
	char name[80], path[320];

	(void)snprintf(name, sizeof(name), "%s-%ju", lab, (uintmax_t)inode);
	remove_from(CGROUP_ROOT, name);
	while (dir && (e = readdir(dir))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%.64s", CGROUP_ROOT,
			       e->d_name);
		remove_from(path, name);
	}
}
