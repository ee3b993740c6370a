/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cleanup.h"
#include "scenarios/kube/bin.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *version;
	unsigned int minor; /* of the row wanted; 0: refused */
	bool cgroup_v1, service_cidrs, wide_services;
} releases[] = {
	{ "1.31.9", 0, false, false, false },
	{ "v1.32.0", 32, true, false, false },
	{ "1.33.4", 33, true, true, false },
	{ "1.34.4", 34, true, true, true },
	{ "v1.35.0-rc.1", 35, false, true, true },
	{ "1.40.0", 35, false, true, true }, /* newer: as the last row */
	{ "2.0.0", 0, false, false, false },
	{ "", 0, false, false, false },
	{ "latest", 0, false, false, false },
};

/**
 * test_release() - Which row a version is treated by
 */
static void test_release(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *version = releases[i].version;
		const struct kube_release *r = kube_release(version);

		CHECK_INT(version, releases[i].minor, r ? r->minor : 0);
		if (!r)
			continue;
		CHECK_INT(version, releases[i].cgroup_v1, r->cgroup_v1);
		CHECK_INT(version, releases[i].service_cidrs, r->service_cidrs);
		CHECK_INT(version, releases[i].wide_services, r->wide_services);
	}
}

/**
 * put_program() - A program in a folder
 * @dir:	The folder
 * @name:	Its name
 * @text:	A script
 */
static void put_program(const char *dir, const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	CHECK_INT(path, strlen(text), write(fd, text, strlen(text)));
}

/* A folder that is filled from step to step, and the line said of it. */
static const struct {
	const char *name, *text; /* what is put there first */
	int r;
	const char *problem; /* part of the line */
} steps[] = {
	{ NULL, NULL, -ENOENT, "no kube-apiserver" },
	{ "kube-apiserver", "", -ENOENT, "no kube-controller-manager" },
	{ "kube-controller-manager", "", -ENOENT, "no kube-scheduler" },
	{ "kube-scheduler", "", -ENOENT, "no kube-proxy" },
	{ "kube-proxy", "", -ENOENT, "no kubelet" },
	{ "kubelet", "#!/bin/sh\necho Kubernetes v1.31.1\n", -ENOENT,
	  "no coredns" },
	{ "coredns", "", -EPROTONOSUPPORT,
	  "version '1.31.1' is older than 1.32" },
};

/**
 * test_missing() - One line names what a folder lacks, or why it is no use
 */
static void test_missing(void)
{
	char dir[] = "/tmp/kube-bin-XXXXXX", path[64];

	CHECK_INT("folder", 1, mkdtemp(dir) != NULL);
	(void)setenv("KUBE_BIN", dir, 1);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_(buf_release) struct buf problem = BUF_INIT;
		struct kube_bin bin = { 0 };

		if (steps[i].name)
			put_program(dir, steps[i].name, steps[i].text);
		CHECK_INT(steps[i].problem, steps[i].r,
			  kube_bin_find(&bin, &problem));
		CHECK_HAS("line", steps[i].problem, buf_text(&problem));
		CHECK_HAS("folder named", dir, buf_text(&problem));
		CHECK_STR("untouched", "", bin.dir);
	}
	(void)unsetenv("KUBE_BIN");
	for (size_t i = 1; i < ARRAY_SIZE(steps); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, steps[i].name);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

UNIT_SUITE(kube_bin, { "release", test_release }, { "missing", test_missing });
