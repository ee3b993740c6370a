/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/root.h"

#include "lib/cleanup.h"
#include "scenarios/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEW_ROOT \
	"/sys" /* where the new root is made: exists on every machine */

#define ROOT_BINDS 16 /* at most, of one root */

/* Folders of the new root, each after the one it is in. */
static const struct {
	const char *path;
	mode_t mode;
} folders[] = {
	{ "proc", 0755 },
	{ "sys", 0755 },
	{ "dev", 0755 },
	{ "run", 0755 },
	{ "run/netns", 0755 },
	{ "run/lock", 0755 },
	{ "run/shoot6", 0755 },
	{ "run/shoot6/state", 0755 },
	{ "tmp", 01777 },
	{ "var", 0755 },
	{ "var/lib", 0755 },
	{ "var/log", 0755 },
	{ "var/cache", 0755 },
	{ "var/tmp", 01777 },
	{ "root", 0700 },
	{ "mnt", 0755 },
	{ "opt", 0755 },
	{ "opt/cni", 0755 },
	{ "opt/cni/bin", 0755 },
	{ "opt/shoot6", 0755 },
	{ "opt/shoot6/bin", 0755 },
	{ "etc", 0755 },
	{ "etc/shoot6", 0755 },
	{ "dev/net", 0755 },
	{ "dev/pts", 0755 },
	{ "dev/shm", 01777 },
};

/* What of the machine is seen, read-only; what is a link there is one here. */
static const char *const shown[] = {
	"usr",
	"bin",
	"sbin",
	"lib",
	"lib32",
	"lib64",
	"libx32",
	"nix",
	"etc/alternatives",
	"etc/ca-certificates",
	"etc/ca-certificates.conf",
	"etc/ethertypes",
	"etc/gai.conf",
	"etc/group",
	"etc/gss",
	"etc/host.conf",
	"etc/inputrc",
	"etc/iproute2",
	"etc/ld.so.cache",
	"etc/ld.so.conf",
	"etc/ld.so.conf.d",
	"etc/libnl-3",
	"etc/localtime",
	"etc/login.defs",
	"etc/netconfig",
	"etc/nsswitch.conf",
	"etc/os-release",
	"etc/passwd",
	"etc/pki",
	"etc/profile",
	"etc/protocols",
	"etc/rpc",
	"etc/services",
	"etc/ssl",
	"etc/terminfo",
	"etc/xattr.conf",
};

/* Devices, where the machine has them. */
static const char *const devices[] = {
	"dev/null", "dev/zero",    "dev/full", "dev/random", "dev/urandom",
	"dev/tty",  "dev/net/tun", "dev/kmsg", "dev/fuse",
};

static const struct {
	const char *target, *path;
} links[] = {
	{ "/run", "var/run" },
	{ "/run/lock", "var/lock" },
	{ "/proc/self/mounts", "etc/mtab" },
	{ "/proc/self/fd", "dev/fd" },
	{ "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" },
	{ "/proc/self/fd/2", "dev/stderr" },
	{ "pts/ptmx", "dev/ptmx" },
};

/**
 * failed() - Note what failed
 * @root:	Root; .what is set
 * @what:	What was done, e.g. "mount"
 * @path:	To what
 *
 * Return: -errno
 */
static int failed(struct root *root, const char *what, const char *path)
{
	int r = -errno;

	(void)snprintf(root->what, sizeof(root->what), "%s '%.90s'", what,
		       path);
	return r;
}

/**
 * clone_tree() - Take what is mounted at a path, with all below it
 * @root:	For the error
 * @source:	Path; relative to the working directory or absolute
 *
 * Return: descriptor of the detached copy, or an errno
 */
static int clone_tree(struct root *root, const char *source)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, source,
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
				      AT_RECURSIVE);

	return fd < 0 ? failed(root, "bind", source) : fd;
}

/**
 * mount_tree() - Put a detached copy into the new root
 * @root:	For the error
 * @fd:		From clone_tree()
 * @source:	Path it is of, for the error
 * @target:	Path below NEW_ROOT, exists
 * @read_only:	With all that is mounted below
 *
 * Return: 0, or an errno: -EPERM where the kernel does not let us
 */
static int mount_tree(struct root *root, int fd, const char *source,
		      const char *target, bool read_only)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	char path[PATH_MAX];

	if (read_only &&
	    syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE,
		    &attr, sizeof(attr)) < 0)
		return failed(root, "make read-only", source);
	(void)snprintf(path, sizeof(path), NEW_ROOT "/%s", target);
	if (syscall(SYS_move_mount, fd, "", AT_FDCWD, path,
		    MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return failed(root, "mount on", path);
	return 0;
}

/**
 * bind_mount() - Show a file or folder of the old root in the new one
 * @root:	For the error
 * @source:	Path; relative to the working directory or absolute
 * @target:	Path below NEW_ROOT, exists
 * @read_only:	With all that is mounted below
 *
 * Return: 0, or an errno: -EPERM where the kernel does not let us
 */
static int bind_mount(struct root *root, const char *source, const char *target,
		      bool read_only)
{
	_cleanup_close_ int fd = clone_tree(root, source);

	return fd < 0 ? fd : mount_tree(root, fd, source, target, read_only);
}

/**
 * touch() - Make an empty file to mount upon
 * @path:	File
 *
 * Return: 0, or what open() said
 */
static int touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

/**
 * show() - Show something of the old root at the same place, if it is there
 * @root:	For the error
 * @name:	Path without the leading slash
 * @read_only:	Whether it must not be written
 *
 * Return: 0, or an errno
 */
static int show(struct root *root, const char *name, bool read_only)
{
	char from[PATH_MAX], to[PATH_MAX], link[PATH_MAX];
	struct stat st;

	(void)snprintf(from, sizeof(from), "/%s", name);
	(void)snprintf(to, sizeof(to), NEW_ROOT "/%s", name);
	if (lstat(from, &st) < 0)
		return 0;
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlink(from, link, sizeof(link) - 1);

		if (n < 0)
			return failed(root, "read link", from);
		link[n] = '\0';
		return symlink(link, to) < 0 ? failed(root, "link", to) : 0;
	}
	if (S_ISDIR(st.st_mode) ? mkdir(to, 0755) < 0 : touch(to) < 0)
		return failed(root, "make", to);
	return bind_mount(root, from, name, read_only);
}

/**
 * make_folders() - The folders and links of the table
 * @root:	For the error
 *
 * Return: 0, or an errno
 */
static int make_folders(struct root *root)
{
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		(void)snprintf(path, sizeof(path), NEW_ROOT "/%s",
			       folders[i].path);
		if (mkdir(path, folders[i].mode) < 0 ||
		    chmod(path, folders[i].mode) < 0)
			return failed(root, "make", path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		(void)snprintf(path, sizeof(path), NEW_ROOT "/%s",
			       links[i].path);
		if (symlink(links[i].target, path) < 0)
			return failed(root, "link", path);
	}
	return 0;
}

/**
 * show_machine() - What is seen of the machine (or of the holder, or a pod's node)
 * @root:	Root
 *
 * Return: 0, or an errno
 */
static int show_machine(struct root *root)
{
	static const char *const cni[] = { "/opt/cni/bin", "/usr/lib/cni",
					   "/usr/libexec/cni" };
	int r = 0;

	/* The folder of our programs is known as working directory only: its path
	 * may lead through folders that are closed to us. */
	r = bind_mount(root, root->holder ? "." : ROOT_BIN, "opt/shoot6/bin",
		       true);
	for (size_t i = 0; i < ARRAY_SIZE(shown) && r == 0; i++)
		r = show(root, shown[i], true);
	for (size_t i = 0; i < ARRAY_SIZE(devices) && r == 0; i++)
		r = show(root, devices[i], false);
	for (size_t i = 0; i < ARRAY_SIZE(cni) && r == 0; i++) {
		if (access(cni[i], F_OK) == 0)
			return bind_mount(root, cni[i], "opt/cni/bin", true);
	}
	return r;
}

/**
 * mount_own() - File systems of the new namespaces themselves
 * @root:	Root
 *
 * Return: 0, or an errno
 */
static int mount_own(struct root *root)
{
	static const struct {
		const char *type, *path, *options;
	} own[] = {
		{ "proc", NEW_ROOT "/proc", NULL },
		{ "sysfs", NEW_ROOT "/sys", NULL },
		{ "devpts", NEW_ROOT "/dev/pts",
		  "newinstance,ptmxmode=0666,mode=0620" },
		{ "tmpfs", NEW_ROOT "/run/netns", "mode=0755" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (mount(own[i].type, own[i].path, own[i].type,
			  MS_NOSUID | MS_NOEXEC, own[i].options) < 0)
			return failed(root, "mount", own[i].path);
	return 0;
}

/**
 * take_asked() - Take hold of what is to be bound, before the new root hides it
 * @root:	Root
 * @trees:	Descriptors in the order of the binds; -1 before
 *
 * Return: 0, or an errno
 */
static int take_asked(struct root *root, int trees[static ROOT_BINDS])
{
	size_t n = 0;

	for (const struct member_bind *b = root->binds;
	     b && b->target && n < ROOT_BINDS; b++) {
		char source[PATH_MAX];

		(void)snprintf(source, sizeof(source), "%s%s%s",
			       b->source[0] == '/' ? "" : root->member_dir,
			       b->source[0] == '/' ? "" : "/", b->source);
		trees[n] = clone_tree(root, source);
		if (trees[n++] < 0)
			return trees[n - 1];
	}
	return 0;
}

/**
 * bind_asked() - Binds that were asked for
 * @root:	Root
 * @trees:	From take_asked(); closed
 *
 * Return: 0, or an errno
 */
static int bind_asked(struct root *root, int trees[static ROOT_BINDS])
{
	size_t n = 0;
	int r = 0;

	if (root->holder && root->state)
		r = bind_mount(root, root->state, &ROOT_STATE[1], false);
	for (const struct member_bind *b = root->binds;
	     r == 0 && b && b->target && n < ROOT_BINDS; b++) {
		char target[PATH_MAX];

		(void)snprintf(target, sizeof(target), NEW_ROOT "%s",
			       b->target);
		for (char *c = target + 1; (c = strchr(c + 1, '/'));) {
			*c = '\0';
			(void)mkdir(target, 0755);
			*c = '/';
		}
		(void)mkdir(target, 0755);
		r = mount_tree(root, trees[n], b->source, b->target + 1,
			       b->read_only);
		(void)close(trees[n++]);
	}
	return r;
}

/**
 * fix_files() - Files with a content that stays
 * @root:	Root
 *
 * What the machine's kernel does not have the member does not get.
 *
 * Return: 0, or an errno
 */
static int fix_files(struct root *root)
{
	char source[PATH_MAX], target[PATH_MAX];
	unsigned int n = 0;

	for (const struct member_fixed *f = root->fixed; f && f->path; f++) {
		int fd;

		(void)snprintf(target, sizeof(target), NEW_ROOT "/%s", f->path);
		if (access(target, F_OK) < 0)
			continue;
		(void)snprintf(source, sizeof(source),
			       NEW_ROOT "/run/shoot6/fixed-%u", n++);
		fd = open(source, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0 || dprintf(fd, "%s\n", f->text) < 0)
			return failed(root, "write", source);
		(void)close(fd);
		if (mount(source, target, NULL, MS_BIND, NULL) < 0)
			return failed(root, "mount on", target);
	}
	return 0;
}

/**
 * write_files() - Own files of /etc
 * @root:	Root
 *
 * Return: 0, or an errno
 */
static int write_files(struct root *root)
{
	const struct {
		const char *path, *text;
	} files[] = {
		{ "/etc/hostname", root->hostname },
		{ "/etc/hosts", "127.0.0.1 localhost\n"
				"::1 localhost ip6-localhost" },
		{ "/etc/resolv.conf", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = open(files[i].path,
			      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		if (fd < 0)
			return failed(root, "write", files[i].path);
		if (dprintf(fd, "%s\n", files[i].text) < 0) {
			(void)close(fd);
			return failed(root, "write", files[i].path);
		}
		(void)close(fd);
	}
	return 0;
}

/**
 * root_enter() - Make the root and move into it
 * @root:	What to make; .what is set after a failure
 *
 * Return: 0, or an errno
 */
int root_enter(struct root *root)
{
	int trees[ROOT_BINDS], r;

	(void)umask(022);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed(root, "make private", "/");
	r = take_asked(root, trees);
	if (r < 0)
		return r;
	if (mount("shoot6", NEW_ROOT, "tmpfs", 0, "mode=0755") < 0)
		return failed(root, "mount", NEW_ROOT);
	r = make_folders(root);
	if (r == 0)
		r = show_machine(root);
	if (r == 0)
		r = bind_asked(root, trees);
	if (r == 0)
		r = mount_own(root);
	if (r == 0)
		r = fix_files(root);
	if (r == 0 && root->cgroup) {
		r = cgroup_mount(NEW_ROOT "/sys/fs/cgroup");
		if (r < 0)
			(void)snprintf(root->what, sizeof(root->what),
				       "mount '/sys/fs/cgroup'");
	}
	if (r < 0)
		return r;
	if (chdir(NEW_ROOT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return failed(root, "pivot_root", NEW_ROOT);
	/* Both stand at "." now, the old one on top. */
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return failed(root, "unmount", "old root");
	if (root->shared &&
	    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return failed(root, "make shared", "/");
	if (sethostname(root->hostname, strlen(root->hostname)) < 0)
		return failed(root, "set name", root->hostname);
	return write_files(root);
}
