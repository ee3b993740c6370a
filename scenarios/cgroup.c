/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/cgroup.h"

#include "lib/cleanup.h"
#include "lib/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

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
 * nobody: hence the tries, for two seconds at most.
 */
static void remove_from(const char *hierarchy, const char *name)
{
	char path[128];
	int64_t deadline = loop_now() + 2 * NSEC_PER_SEC;
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
