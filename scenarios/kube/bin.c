/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/kube/bin.h"

#include "lib/cleanup.h"
#include "lib/proc.h"
#include "scenarios/kube/unpack.h"
#include "scenarios/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The programs a cluster is made of; one folder has them all. */
static const char *const programs[] = {
	"kube-apiserver", "kube-controller-manager",
	"kube-scheduler", "kube-proxy",
	"kubelet",        "coredns",
};

/* What ../shared/kube packs, and the names one of them goes by. */
static const char *const packed[] = { "hyperkube", "coredns", "agnhost" };
static const char *const hyperkube_names[] = {
	"kube-apiserver", "kube-controller-manager",
	"kube-scheduler", "kube-proxy",
	"kubelet",        "kubectl",
};

/* Of Kubernetes 1.x: the oldest that was tried. No flag or field of a file that we give
 * differs from there to 1.35. */
#define OLDEST 32

/**
 * is_known() - Whether a version is one that clusters can be made of
 * @version:	"1.34.4"
 *
 * Newer ones are taken to be as the last that was tried.
 *
 * Return: true unless it is older, or no version
 */
static bool is_known(const char *version)
{
	unsigned int major = 0, minor = 0;

	return sscanf(version, "%u.%u", &major, &minor) == 2 && major == 1 &&
	       minor >= OLDEST;
}

/**
 * has_all() - The first program that a folder lacks
 * @dir:	The folder
 *
 * Return: its name, or NULL where all are there
 */
static const char *has_all(const char *dir)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, programs[i]);
		if (access(path, X_OK) < 0)
			return programs[i];
	}
	return NULL;
}

/**
 * kube_exe_dir() - The folder this program lies in
 * @path:	Gets it
 *
 * Return: 0 or errno
 */
int kube_exe_dir(char path[PATH_MAX - 64])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 65);
	char *slash;

	if (n < 0)
		return -errno;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return 0;
}

/**
 * above() - The nearest folder above this program that satisfies a test
 * @suffix:	What has to exist in it, e.g. "/shared/kube"; NULL: it is named "build"
 * @path:	Gets the folder, @suffix added
 *
 * Return: 0, -ENOENT
 */
static int above(const char *suffix, char path[PATH_MAX - 64])
{
	char dir[PATH_MAX - 64], probe[PATH_MAX];
	char *slash;
	int r;

	r = kube_exe_dir(dir);
	if (r < 0)
		return r;
	for (; (slash = strrchr(dir, '/')); *slash = '\0') {
		(void)snprintf(probe, sizeof(probe), "%s%s", dir,
			       suffix ? suffix : "/obj");
		if (access(probe, F_OK) == 0 && strlen(probe) < PATH_MAX - 64) {
			memcpy(path, suffix ? probe : dir,
			       strlen(suffix ? probe : dir) + 1);
			return 0;
		}
	}
	return -ENOENT;
}

/**
 * make_folders() - mkdir -p
 * @path:	The folder; changed and changed back
 *
 * Return: 0 or errno
 */
static int make_folders(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(path, 0755);
		*p = '/';
	}
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/**
 * kube_cache_dir() - Where programs, images and stores that can be made again lie
 * @path:	Gets the folder, made if need be
 *
 * Return: 0, -ENAMETOOLONG, -ENOENT without a home, or errno
 */
int kube_cache_dir(char path[PATH_MAX - 64])
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char build[PATH_MAX - 64];
	int n;

	if (above(NULL, build) == 0)
		n = snprintf(path, PATH_MAX - 64, "%s/kube", build);
	else if (base && *base == '/')
		n = snprintf(path, PATH_MAX - 64, "%s/shoot6/kube", base);
	else if (home)
		n = snprintf(path, PATH_MAX - 64, "%s/.cache/shoot6/kube",
			     home);
	else
		return -ENOENT;
	if (n >= PATH_MAX - 64)
		return -ENAMETOOLONG;
	return make_folders(path);
}

/**
 * unpack_all() - Fill the cache from packed programs
 * @from:	Folder of NAME.xz and SHA256SUMS
 * @to:		Folder to fill
 * @problem:	Gets one line
 *
 * Return: 0, or a negative errno after saying why
 */
static int unpack_all(const char *from, const char *to, struct buf *problem)
{
	char source[PATH_MAX], target[PATH_MAX];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(packed); i++) {
		(void)snprintf(source, sizeof(source), "%s/%s.xz", from,
			       packed[i]);
		(void)snprintf(target, sizeof(target), "%s/%s", to, packed[i]);
		if (access(target, X_OK) == 0)
			continue;
		r = unpack_checked(source, target, packed[i], from);
		if (r < 0) {
			buf_printf(problem, "'%s': %s", source,
				   r == -EBADMSG ?
					   "does not match its SHA256SUMS" :
					   strerror(-r));
			return r;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(hyperkube_names); i++) {
		(void)snprintf(target, sizeof(target), "%s/%s", to,
			       hyperkube_names[i]);
		if (symlink("hyperkube", target) < 0 && errno != EEXIST) {
			r = -errno;
			buf_printf(problem, "'%s': %s", target, strerror(-r));
			return r;
		}
	}
	return 0;
}

/**
 * from_cache() - The programs in the cache, unpacked now if they can be
 * @ret:	Its .cache is set; gets .dir
 * @problem:	Gets one line
 *
 * Programs fetched by `make kube-bin` lie in the same place.
 *
 * Return: 0, or a negative errno after saying why
 */
static int from_cache(struct kube_bin *ret, struct buf *problem)
{
	_cleanup_close_ int lock = -1;
	char from[PATH_MAX - 64];
	char path[PATH_MAX];
	int r;

	if ((size_t)snprintf(ret->dir, sizeof(ret->dir), "%s/bin",
			     ret->cache) >= sizeof(ret->dir))
		return -ENAMETOOLONG;
	r = make_folders(ret->dir);
	if (r < 0) {
		buf_printf(problem, "'%s': %s", ret->dir, strerror(-r));
		return r;
	}
	(void)snprintf(path, sizeof(path), "%s/.lock", ret->cache);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return -errno;

	if (!has_all(ret->dir))
		return 0;
	if (above("/shared/kube", from) == 0)
		return unpack_all(from, ret->dir, problem);
	buf_printf(problem,
		   "no Kubernetes programs: set KUBE_BIN to a folder "
		   "with %s and the others, or run 'make kube-bin'",
		   programs[0]);
	return -ENOENT;
}

/**
 * from_path() - A folder of PATH that has all programs
 * @ret:	Gets .dir
 *
 * Return: true where there is one
 */
static bool from_path(struct kube_bin *ret)
{
	const char *path = getenv("PATH");
	size_t len;

	for (; path && *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		if (len == 0 || len >= sizeof(ret->dir))
			continue;
		memcpy(ret->dir, path, len);
		ret->dir[len] = '\0';
		if (!has_all(ret->dir))
			return true;
	}
	return false;
}

/**
 * ask_version() - Run `kubelet --version`
 * @ret:	Its .dir is set; gets .version
 * @problem:	Gets one line
 *
 * Return: 0, or a negative errno after saying why
 */
static int ask_version(struct kube_bin *ret, struct buf *problem)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct proc_opts opts = PROC_OPTS_INIT;
	char path[PATH_MAX];
	const char *argv[] = { path, "--version", NULL };
	int status = 0, r;

	(void)snprintf(path, sizeof(path), "%s/kubelet", ret->dir);
	r = proc_run(argv, &opts, NULL, lab_deadline(60), &out, NULL, &status);
	if (r < 0 || status) {
		buf_printf(problem, "'%s --version': %s", path,
			   r < 0 ? strerror(-r) : "failed");
		return r < 0 ? r : -ENOEXEC;
	}
	if (sscanf(buf_text(&out), "Kubernetes v%31s", ret->version) == 1 &&
	    is_known(ret->version))
		return 0;
	buf_printf(problem, "'%s': version '%s' is not 1.%d or later", path,
		   ret->version, OLDEST);
	return -EPROTONOSUPPORT;
}

/**
 * kube_bin_find() - Find the programs and ask their version
 * @ret:	Gets all about them
 * @problem:	Gets one line where there are none
 *
 * Return: 0, or a negative errno after saying why
 */
int kube_bin_find(struct kube_bin *ret, struct buf *problem)
{
	const char *wanted = getenv("KUBE_BIN");
	struct kube_bin bin = { 0 };
	_cleanup_free_ char *whole = NULL;
	const char *lacks = "such folder";
	int r;

	r = kube_cache_dir(bin.cache);
	if (r < 0) {
		buf_printf(problem, "cache folder: %s", strerror(-r));
		return r;
	}
	if (wanted && *wanted) {
		whole = realpath(wanted, NULL);
		if (whole && strlen(whole) < sizeof(bin.dir)) {
			memcpy(bin.dir, whole, strlen(whole) + 1);
			lacks = has_all(bin.dir);
		}
		if (lacks) {
			buf_printf(problem, "KUBE_BIN '%s': no %s", wanted,
				   lacks);
			return -ENOENT;
		}
	} else if (!from_path(&bin)) {
		r = from_cache(&bin, problem);
		if (r < 0)
			return r;
	}
	r = ask_version(&bin, problem);
	if (r < 0)
		return r;
	*ret = bin;
	return 0;
}
