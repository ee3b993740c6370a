/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cleanup.h"
#include "scenarios/cgroup.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALL "cpuset cpu io memory hugetlb pids rdma misc\n"

/* A cgroup of version 2 by its files, and what is said of it. NULL: no such file. */
static const struct {
	const char *what;
	const char *controllers, *handed_down, *type, *procs;
	int r;
	const char *problem; /* part of the line */
} cgroups[] = {
	{ "the machine's root, with processes", ALL, "memory pids\n", NULL,
	  "1\n2\n", 0, "" },
	{ "a container's root, empty", ALL, "\n", "domain\n", "", 0, "" },
	{ "a container's root, with processes", ALL, "\n", "domain\n", "1\n",
	  -EBUSY, "processes are in '/sys/fs/cgroup' itself" },
	{ "with processes, but all handed down before", ALL, ALL, "domain\n",
	  "1\n", 0, "" },
	{ "without cpuset", "cpu io memory pids\n", "\n", NULL, "", -ENOTSUP,
	  "has no controller 'cpuset'" },
	{ "cpuset is not cpu", "cpuset memory pids\n", "\n", NULL, "", -ENOTSUP,
	  "has no controller 'cpu'" },
	{ "version 1 has them", "\n", "\n", NULL, "1\n", -ENOTSUP,
	  "has no controller 'cpu'" },
};

/**
 * put_file() - A file in a folder, or none
 * @dir:	The folder
 * @name:	Its name
 * @text:	What is in it; NULL: there is none
 */
static void put_file(int dir, const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;

	(void)unlinkat(dir, name, 0);
	if (!text)
		return;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK_INT(name, strlen(text), write(fd, text, strlen(text)));
}

/**
 * test_check_v2() - What is in the way of nodes is named
 */
static void test_check_v2(void)
{
	static const char *const files[] = { "cgroup.controllers",
					     "cgroup.subtree_control",
					     "cgroup.type", "cgroup.procs" };
	char path[] = "/tmp/cgroup-XXXXXX";
	_cleanup_close_ int dir = -1;

	CHECK_INT("folder", 1, mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(cgroups); i++) {
		_cleanup_(buf_release) struct buf problem = BUF_INIT;

		put_file(dir, files[0], cgroups[i].controllers);
		put_file(dir, files[1], cgroups[i].handed_down);
		put_file(dir, files[2], cgroups[i].type);
		put_file(dir, files[3], cgroups[i].procs);
		CHECK_INT(cgroups[i].what, cgroups[i].r,
			  cgroup_check_v2(dir, &problem));
		CHECK_HAS(cgroups[i].what, cgroups[i].problem,
			  buf_text(&problem));
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlinkat(dir, files[i], 0);
	(void)rmdir(path);
}

UNIT_SUITE(cgroup, { "check of version 2", test_check_v2 });
