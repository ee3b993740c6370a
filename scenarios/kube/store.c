/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/kube/store.h"

#include "lib/cleanup.h"
#include "lib/loop.h"
#include "lib/proc.h"
#include "scenarios/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define IMPORT_S 120
#define BOOTED   "containerd successfully booted"
#define ADDRESS  "/run/c.sock" /* in the mount namespace of the import */
#define CONFIG   "/run/c.toml"

/* What the child that imports works on. */
struct importing {
	const char *folder;
	const char *const *archives;
};

/**
 * wait_booted() - Read a containerd's log until it says that it serves
 * @fd:		Read end of its standard error
 * @deadline_ns: When to give up
 *
 * Return: 0, -ECHILD where it ended first, -ETIMEDOUT
 */
static int wait_booted(int fd, int64_t deadline_ns)
{
	_cleanup_(buf_release) struct buf log = BUF_INIT;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char chunk[4096];
	int64_t rest;
	ssize_t n;

	while (!log.data || !strstr(log.data, BOOTED)) {
		rest = (deadline_ns - loop_now()) / NSEC_PER_MSEC;
		if (rest <= 0 || poll(&p, 1, (int)rest) <= 0)
			return -ETIMEDOUT;
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0) {
			(void)fprintf(stdout, "containerd ended: %s",
				      buf_text(&log));
			return -ECHILD;
		}
		buf_add(&log, chunk, (size_t)n);
	}
	return 0;
}

/**
 * own_mounts() - A mount namespace with a /run that nobody else sees
 * @folder:	Where containerd's root is to be
 *
 * Return: 0 or errno
 */
static int own_mounts(const char *folder)
{
	FILE *f;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0)
		return -errno;
	f = fopen(CONFIG, "we");
	if (!f)
		return -errno;
	(void)fprintf(f,
		      "version = 2\nroot = \"%s\"\nstate = \"/run/c\"\n"
		      "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n"
		      "[grpc]\n  address = \"" ADDRESS "\"\n"
		      "[ttrpc]\n  address = \"" ADDRESS ".t\"\n",
		      folder);
	return fclose(f) == 0 ? 0 : -errno;
}

/**
 * import_all() - Import the archives, one after the other
 * @in:		What to import
 * @deadline_ns: When to give up
 *
 * Return: 0, or a negative errno after saying why on standard output
 */
static int import_all(const struct importing *in, int64_t deadline_ns)
{
	for (size_t i = 0; in->archives[i]; i++) {
		const char *argv[] = {
			"ctr",    "-a",     ADDRESS,         "-n", "k8s.io",
			"images", "import", in->archives[i], NULL
		};
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		_cleanup_(buf_release) struct buf err = BUF_INIT;
		struct proc_opts opts = PROC_OPTS_INIT;
		int status = 0, r;

		r = proc_run(argv, &opts, NULL, deadline_ns, &out, &err,
			     &status);
		if (r == 0 && status == 0)
			continue;
		(void)printf("ctr images import '%s': %s", in->archives[i],
			     r < 0 ? strerror(-r) : buf_text(&err));
		return r < 0 ? r : -EIO;
	}
	return 0;
}

/**
 * import_child() - What the child does: a containerd, the imports, the end
 * @arg:	What to import
 *
 * Return: exit status; the reason of a failure is on standard output
 */
static int import_child(void *arg)
{
	static const char *const argv[] = { "containerd", "--config", CONFIG,
					    NULL };
	int64_t deadline = lab_deadline(IMPORT_S);
	const struct importing *in = arg;
	struct proc_opts opts = PROC_OPTS_INIT;
	struct proc containerd = PROC_INIT;
	int log[2], r, status;

	r = own_mounts(in->folder);
	if (r == 0 && pipe2(log, O_CLOEXEC) < 0)
		r = -errno;
	if (r < 0) {
		(void)printf("namespace for the import: %s", strerror(-r));
		return 1;
	}
	opts.out = opts.err = log[1];
	opts.die_with_parent = true;
	r = proc_spawn(argv, &opts, &containerd);
	(void)close(log[1]);
	if (r < 0) {
		(void)printf("containerd: %s", strerror(-r));
		return 1;
	}
	r = wait_booted(log[0], deadline);
	if (r == -ETIMEDOUT)
		(void)printf("containerd: not ready after %d s", IMPORT_S);
	if (r == 0)
		r = import_all(in, deadline);
	(void)proc_signal(&containerd, SIGTERM);
	if (proc_wait(&containerd, deadline, &status) < 0)
		proc_release(&containerd);
	return r < 0;
}

/**
 * store_import() - Import archives into a store
 * @folder:	The store, an empty folder
 * @archives:	Their paths, ended by NULL
 * @problem:	Gets one line
 *
 * Return: 0, or a negative errno after saying why
 */
int store_import(const char *folder, const char *const archives[],
		 struct buf *problem)
{
	struct importing in = { folder, archives };
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct proc_opts opts = PROC_OPTS_INIT;
	int status = 0, r;

	opts.run = import_child;
	opts.arg = &in;
	r = proc_run(NULL, &opts, NULL, lab_deadline(IMPORT_S + 10), &out, NULL,
		     &status);
	if (r == 0 && status)
		r = -EIO;
	if (r < 0)
		buf_printf(problem, "image store: %s",
			   out.len ? out.data : strerror(-r));
	return r;
}

/**
 * copy_file() - Copy one file
 * @from:	Folder of the source
 * @to:		Folder of the copy
 * @name:	Its name in both
 * @st:		Whose it is, and its permission bits
 *
 * Return: 0 or errno
 */
static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	_cleanup_close_ int in = openat(from, name, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = -1;
	ssize_t n;

	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0 || fchown(out, st->st_uid, st->st_gid) < 0 ||
	    fchmod(out, st->st_mode & 07777) < 0)
		return -errno;
	/* copy_file_range() does not go from one kind of file system to another. */
	do
		n = sendfile(out, in, NULL, 1UL << 30);
	while (n > 0);
	return n < 0 ? -errno : 0;
}

/**
 * copy_entry() - Copy what is no folder to another file system
 * @from:	Folder of the source
 * @to:		Folder of the copy
 * @name:	Its name in both
 * @st:		What it is
 *
 * Return: 0 or errno
 */
static int copy_entry(int from, int to, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n;

	if (S_ISREG(st->st_mode))
		return copy_file(from, to, name, st);
	if (!S_ISLNK(st->st_mode))
		return mknodat(to, name, st->st_mode, st->st_rdev) < 0 ?
			       -errno :
			       0;
	n = readlinkat(from, name, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

/**
 * is_database() - Whether containerd writes to a file of its store
 * @name:	The file's name
 *
 * Return: true for "*.db"
 */
static bool is_database(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && strcmp(name + len - 3, ".db") == 0;
}

/**
 * link_name() - Link one entry of a folder, or what is below it
 * @from:	Folder of the source
 * @to:		Folder to fill
 * @name:	The entry
 *
 * Return: 0 or errno
 */
static int link_name(int from, int to, const char *name);

/**
 * link_folder() - Fill a folder with links to what another one has
 * @from:	Folder of the source; closed here
 * @to:		Folder to fill
 *
 * Return: 0 or errno
 */
static int link_folder(int from, int to)
{
	_cleanup_closedir_ DIR *dir = fdopendir(from);
	struct dirent *e;
	int r;

	if (!dir) {
		r = -errno;
		(void)close(from);
		return r;
	}
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		r = link_name(from, to, e->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

static int link_name(int from, int to, const char *name)
{
	_cleanup_close_ int below = -1;
	struct stat st;
	int source;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) && is_database(name))
		return copy_file(from, to, name, &st);
	if (!S_ISDIR(st.st_mode)) {
		if (linkat(from, name, to, name, 0) == 0)
			return 0;
		return errno == EXDEV ? copy_entry(from, to, name, &st) :
					-errno;
	}

	if (mkdirat(to, name, 0700) < 0)
		return -errno;
	below = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	source = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (below < 0 || source < 0 ||
	    fchown(below, st.st_uid, st.st_gid) < 0 ||
	    fchmod(below, st.st_mode & 07777) < 0)
		return -errno;
	return link_folder(source, below);
}

/**
 * store_link() - Fill an empty folder with links to a store
 * @from:	The store
 * @to:		The folder, there already
 *
 * Return: 0 or errno
 */
int store_link(const char *from, const char *to)
{
	_cleanup_close_ int target = -1;
	int source;

	target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	source = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target < 0 || source < 0)
		return -errno;
	return link_folder(source, target);
}

/**
 * remove_below() - Empty a folder
 * @fd:		The folder; closed here
 *
 * Return: 0 or errno
 */
static int remove_below(int fd)
{
	_cleanup_closedir_ DIR *dir = fdopendir(fd);
	struct dirent *e;
	int below, r;

	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0)
			continue;
		if (errno != EISDIR)
			return -errno;
		below = openat(fd, e->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			return -errno;
		r = remove_below(below);
		if (r < 0)
			return r;
		if (unlinkat(fd, e->d_name, AT_REMOVEDIR) < 0)
			return -errno;
	}
	return 0;
}

/**
 * store_remove() - Remove a folder and all below it
 * @folder:	The folder; not there is fine
 *
 * Return: 0 or errno
 */
int store_remove(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = remove_below(fd);
	if (r < 0)
		return r;
	return rmdir(folder) < 0 ? -errno : 0;
}

/**
 * store_remove_others() - Remove the folders beside one
 * @parent:	Where they are
 * @keep:	What the names of those that stay begin with
 *
 * Return: 0, or the last failure
 */
int store_remove_others(const char *parent, const char *keep)
{
	_cleanup_closedir_ DIR *dir = opendir(parent);
	char path[4096];
	struct dirent *e;
	int r = 0, last = 0;

	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.' ||
		    strncmp(e->d_name, keep, strlen(keep)) == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", parent, e->d_name);
		r = store_remove(path);
		last = r < 0 ? r : last;
	}
	return last;
}
