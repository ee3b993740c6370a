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

/**
 * put_program() - A program in a folder
 * @dir:	The folder
 * @name:	Its name; what is there already is written anew
 * @text:	A script
 */
static void put_program(const char *dir, const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
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
	  "version '1.31.1' is not 1.32 or later" },
	{ "kubelet", "#!/bin/sh\necho Kubernetes v2.40.0\n", -EPROTONOSUPPORT,
	  "version '2.40.0' is not 1.32 or later" },
	{ "kubelet", "#!/bin/sh\necho latest\n", -EPROTONOSUPPORT,
	  "version '' is not 1.32 or later" },
};

/**
 * test_versions() - Those that were tried, and newer ones
 */
static void test_versions(void)
{
	static const char *const versions[] = { "1.32.0", "1.34.4",
						"1.35.0-rc.1", "1.40.0" };
	static const char *const names[] = {
		"kube-apiserver", "kube-controller-manager",
		"kube-scheduler", "kube-proxy",
		"kubelet",        "coredns",
	};
	char dir[] = "/tmp/kube-bin-XXXXXX", text[64], path[64];

	CHECK_INT("folder", 1, mkdtemp(dir) != NULL);
	(void)setenv("KUBE_BIN", dir, 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put_program(dir, names[i], "");
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		_cleanup_(buf_release) struct buf problem = BUF_INIT;
		struct kube_bin bin = { 0 };

		(void)snprintf(text, sizeof(text),
			       "#!/bin/sh\necho Kubernetes v%s\n", versions[i]);
		put_program(dir, "kubelet", text);
		CHECK_INT(versions[i], 0, kube_bin_find(&bin, &problem));
		CHECK_STR(versions[i], versions[i], bin.version);
	}
	(void)unsetenv("KUBE_BIN");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

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

UNIT_SUITE(kube_bin, { "versions", test_versions },
	   { "missing", test_missing });
