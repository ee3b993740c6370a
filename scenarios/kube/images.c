/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/kube/images.h"

#include "lib/cleanup.h"
#include "scenarios/kube/oci.h"
#include "scenarios/kube/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define NOBODY    "65532:65532"
#define KEY_SIZE  17 /* sixteen digits */
#define CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

/* What the suite's image holds, if it was built: it lies beside this program. */
static const char *const suite[] = {
	"probe-pod",  "probe-service", "probe-egress", "probe-responder",
	"probe-mesh", "probe-suite",   "scenario",
};

/* What the control plane's holds, beside etcd. */
static const char *const control_plane[] = { "kube-apiserver",
					     "kube-controller-manager",
					     "kube-scheduler" };

/**
 * add_base() - Files that a C library and a person expect in any image
 * @image:	The image
 */
static void add_base(struct oci *image)
{
	oci_add_text(image, "etc/passwd", 0644,
		     "root:x:0:0:root:/:/\n"
		     "nobody:x:65532:65532:nobody:/:/\n");
	oci_add_text(image, "etc/group", 0644, "root:x:0:\nnobody:x:65532:\n");
	oci_add_text(image, "etc/nsswitch.conf", 0644,
		     "passwd: files\ngroup: files\nhosts: files dns\n");
	oci_add_folder(image, "tmp", 01777);
}

/**
 * write_image() - Write an image and say what went wrong
 * @image:	The image; ended here
 * @path:	Where to
 * @problem:	Gets one line
 *
 * Return: 0, or a negative errno after saying why
 */
static int write_image(struct oci *image, const char *path, struct buf *problem)
{
	int r = oci_write(image, path);

	if (r < 0)
		buf_puts(problem, buf_text(&image->problem));
	oci_release(image);
	return r;
}

/**
 * image_shoot6() - Write the suite's image
 * @path:	Where to
 * @reference:	Its name, "ghcr.io/shoot6/shoot6:0.1.0"
 * @problem:	Gets one line
 *
 * Return: 0, or a negative errno after saying why
 */
int image_shoot6(const char *path, const char *reference, struct buf *problem)
{
	struct oci image = { .reference = reference,
			     .user = NOBODY,
			     .compress = true };
	char source[PATH_MAX], target[64], dir[PATH_MAX - 64];
	int r;

	r = kube_exe_dir(dir);
	if (r < 0)
		return r;
	add_base(&image);
	for (size_t i = 0; i < ARRAY_SIZE(suite); i++) {
		(void)snprintf(source, sizeof(source), "%s/%s", dir, suite[i]);
		(void)snprintf(target, sizeof(target), "usr/bin/%s", suite[i]);
		if (access(source, X_OK) == 0)
			oci_add_program(&image, target, source);
	}
	/* Router solicitations; only the variant of a pod that has it gets it. */
	oci_permit(&image, "usr/bin/probe-pod", 1U << CAP_NET_RAW);
	if (access(CA_BUNDLE, R_OK) == 0)
		oci_add_file(&image, CA_BUNDLE, 0644, CA_BUNDLE);
	return write_image(&image, path, problem);
}

/* A store in the making. */
struct making {
	const struct kube_bin *bin;
	bool control; /* IMAGE_CONTROL is among it */
	struct buf *problem;
	char dir[PATH_MAX - 96]; /* folder of the store, not there yet */
	char key[KEY_SIZE]; /* digest of what is in every store */
};

/**
 * pause_program() - Where the program that holds a pod's namespaces is
 * @m:		The store
 * @path:	Gets it
 *
 * Return: 0, or -ENOENT after saying so
 */
static int pause_program(const struct making *m, char path[PATH_MAX])
{
	static const char *const places[] = { "../libexec/pause",
					      "../libexec/shoot6/pause" };
	char dir[PATH_MAX - 64];
	int r;

	r = kube_exe_dir(dir);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++) {
		(void)snprintf(path, PATH_MAX, "%s/%s", dir, places[i]);
		if (access(path, X_OK) == 0)
			return 0;
	}
	buf_puts(m->problem, "'libexec/pause' is missing beside this program: "
			     "run 'make'");
	return -ENOENT;
}

/**
 * add_identity() - Sum up what tells one version of a file from another
 * @sum:	Digest in the making
 * @path:	File; not there counts as well, where it lies does not
 *
 * Return: 0 or -ENOMEM
 */
static int add_identity(EVP_MD_CTX *sum, const char *path)
{
	struct stat st = { 0 };
	struct {
		int64_t size, seconds, nanoseconds;
		uint64_t inode;
	} id = { 0 };

	if (stat(path, &st) == 0) {
		id.size = st.st_size;
		id.seconds = st.st_mtim.tv_sec;
		id.nanoseconds = st.st_mtim.tv_nsec;
		id.inode = st.st_ino;
	}
	return EVP_DigestUpdate(sum, &id, sizeof(id)) ? 0 : -ENOMEM;
}

/**
 * find_etcd() - Where etcd is: among the programs, or the machine's
 * @m:		The store
 * @path:	Gets it
 *
 * Return: 0, or -ENOENT after saying so
 */
static int find_etcd(const struct making *m, char path[PATH_MAX])
{
	const char *const dirs[] = { m->bin->dir, "/usr/local/bin", "/usr/bin",
				     "/usr/sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, PATH_MAX, "%s/etcd", dirs[i]);
		if (access(path, X_OK) == 0)
			return 0;
	}
	buf_puts(m->problem, "no etcd: 'make deps' installs it");
	return -ENOENT;
}

/**
 * add_control() - Sum up what the image of the control plane is made of
 * @m:		The store
 * @sum:	Digest in the making
 *
 * Return: 0, -ENOMEM, -ENOENT without etcd after saying so
 */
static int add_control(const struct making *m, EVP_MD_CTX *sum)
{
	char path[PATH_MAX];
	int r = find_etcd(m, path);

	if (r == 0)
		r = add_identity(sum, path);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(control_plane); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", m->bin->dir,
			       control_plane[i]);
		r = add_identity(sum, path);
	}
	return r;
}

/**
 * add_pods() - Sum up what the images that every store holds are made of
 * @m:		The store
 * @sum:	Digest in the making
 *
 * Return: 0, -ENOMEM, or errno
 */
static int add_pods(const struct making *m, EVP_MD_CTX *sum)
{
	char path[PATH_MAX], dir[PATH_MAX - 64];
	int r = kube_exe_dir(dir);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(suite); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, suite[i]);
		r = add_identity(sum, path);
	}
	(void)snprintf(path, sizeof(path), "%s/coredns", m->bin->dir);
	if (r == 0)
		r = add_identity(sum, path);
	if (r == 0)
		r = pause_program(m, path);
	return r < 0 ? r : add_identity(sum, path);
}

/**
 * make_key() - A name for what goes into a store
 * @m:		The store
 * @add:	Sums it up
 * @ret:	Gets the name
 *
 * Return: 0, -ENOMEM, or errno
 */
static int make_key(const struct making *m,
		    int (*add)(const struct making *m, EVP_MD_CTX *sum),
		    char ret[KEY_SIZE])
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	int r = sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL) ? 0 : -ENOMEM;

	if (r == 0)
		r = add(m, sum);
	if (r == 0 && !EVP_DigestFinal_ex(sum, hash, &n))
		r = -ENOMEM;
	EVP_MD_CTX_free(sum);
	for (unsigned int i = 0; r == 0 && i < (KEY_SIZE - 1) / 2; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", hash[i]);
	return r;
}

/**
 * name_store() - Name a store after all that goes into it
 * @m:		The store; gets .key and .dir
 *
 * Return: 0, -ENAMETOOLONG, -ENOMEM, or errno
 */
static int name_store(struct making *m)
{
	char more[KEY_SIZE] = "";
	int r = make_key(m, add_pods, m->key);

	if (r == 0 && m->control)
		r = make_key(m, add_control, more);
	if (r < 0)
		return r;
	return (size_t)snprintf(m->dir, sizeof(m->dir), "%s/stores/%s%s%s",
				m->bin->cache, m->key, m->control ? "-" : "",
				more) < sizeof(m->dir) ?
		       0 :
		       -ENAMETOOLONG;
}

/**
 * write_control() - Write the image of the control plane
 * @m:		The store
 * @target:	Where to
 *
 * Programs that are one file under several names are one file in the image as well.
 *
 * Return: 0, or a negative errno after saying why
 */
static int write_control(struct making *m, const char *target)
{
	struct oci image = { .reference = IMAGE_CONTROL };
	char path[PATH_MAX], inside[128], whole[PATH_MAX], first[PATH_MAX] = "";
	int r;

	add_base(&image);
	for (size_t i = 0; i < ARRAY_SIZE(control_plane); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", m->bin->dir,
			       control_plane[i]);
		(void)snprintf(inside, sizeof(inside), "usr/local/bin/%s",
			       control_plane[i]);
		if (!realpath(path, whole))
			continue;
		if (strcmp(whole, first) == 0) {
			oci_add_link(&image, inside, control_plane[0]);
			continue;
		}
		oci_add_program(&image, inside, whole);
		if (i == 0)
			memcpy(first, whole, sizeof(first));
	}
	r = find_etcd(m, path);
	if (r == 0) {
		oci_add_program(&image, "usr/local/bin/etcd", path);
		return write_image(&image, target, m->problem);
	}
	oci_release(&image);
	return r;
}

/**
 * write_images() - Write the archives that a store is made of
 * @m:		The store
 * @paths:	Where to: pause, coredns, suite, control plane
 *
 * Return: 0, or a negative errno after saying why
 */
static int write_images(struct making *m, char paths[4][PATH_MAX])
{
	struct oci pause = { .reference = IMAGE_PAUSE,
			     .entrypoint = { "/pause" },
			     .user = NOBODY };
	struct oci dns = { .reference = IMAGE_COREDNS,
			   .entrypoint = { "/coredns" } };
	char source[PATH_MAX];
	int r;

	r = pause_program(m, source);
	if (r < 0)
		return r;
	oci_add_program(&pause, "pause", source);
	r = write_image(&pause, paths[0], m->problem);
	if (r < 0)
		return r;

	(void)snprintf(source, sizeof(source), "%s/coredns", m->bin->dir);
	add_base(&dns);
	oci_add_program(&dns, "coredns", source);
	r = write_image(&dns, paths[1], m->problem);
	if (r < 0)
		return r;
	r = image_shoot6(paths[2], IMAGE_SHOOT6, m->problem);
	return r < 0 || !m->control ? r : write_control(m, paths[3]);
}

/**
 * make_store() - Make the archives, import them, put the store in place
 * @m:		The store
 *
 * Return: 0, or a negative errno after saying why
 */
static int make_store(struct making *m)
{
	static const char *const names[] = { "pause", "coredns", "shoot6",
					     "control" };
	char work[PATH_MAX - 64], paths[4][PATH_MAX];
	const char *archives[] = { paths[0], paths[1], paths[2],
				   m->control ? paths[3] : NULL, NULL };
	int r;

	(void)snprintf(work, sizeof(work), "%s.new", m->dir);
	r = store_remove(work);
	if (r == 0 && mkdir(work, 0700) < 0)
		r = -errno;
	if (r < 0) {
		buf_printf(m->problem, "'%s': %s", work, strerror(-r));
		return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)snprintf(paths[i], sizeof(paths[i]), "%s.%s.tar", work,
			       names[i]);

	r = write_images(m, paths);
	if (r == 0)
		r = store_import(work, archives, m->problem);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlink(paths[i]);
	if (r == 0 && rename(work, m->dir) < 0)
		r = -errno;
	if (r < 0)
		(void)store_remove(work);
	return r;
}

/**
 * lock_stores() - Wait until nobody else makes, links or removes stores
 * @bin:	.cache is their place
 * @problem:	Gets one line
 *
 * Return: descriptor that holds the lock, or a negative errno after saying why
 */
static int lock_stores(const struct kube_bin *bin, struct buf *problem)
{
	_cleanup_close_ int lock = -1;
	char path[PATH_MAX];
	int r;

	(void)snprintf(path, sizeof(path), "%s/stores", bin->cache);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/stores/.lock", bin->cache);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (lock >= 0 && flock(lock, LOCK_EX) == 0)
		return TAKE_FD(lock);
	r = -errno;
	buf_printf(problem, "'%s': %s", path, strerror(-r));
	return r;
}

/**
 * image_store_open() - The store for these programs, made now if need be
 * @bin:	The programs
 * @control:	With the control plane's image, which is large
 * @ret:	Gets the store; the caller releases it when nodes have their links
 * @problem:	Gets one line
 *
 * Stores of other programs go, so that the cache holds two at most.
 *
 * Return: 0, or a negative errno after saying why
 */
int image_store_open(const struct kube_bin *bin, bool control,
		     struct image_store *ret, struct buf *problem)
{
	struct making m = { .bin = bin,
			    .control = control,
			    .problem = problem };
	_cleanup_close_ int lock = lock_stores(bin, problem);
	char path[PATH_MAX];
	int r;

	if (lock < 0)
		return lock;
	r = name_store(&m);
	if (r < 0) {
		if (!problem->len)
			buf_printf(problem, "image store: %s", strerror(-r));
		return r;
	}
	if (access(m.dir, F_OK) < 0) {
		(void)snprintf(path, sizeof(path), "%s/stores", bin->cache);
		(void)store_remove_others(path, m.key);
		r = make_store(&m);
		if (r < 0)
			return r;
	}
	ret->lock = TAKE_FD(lock);
	(void)snprintf(ret->dir, sizeof(ret->dir), "%s", m.dir);
	return 0;
}

/**
 * image_store_release() - Let others make and remove stores again
 * @store:	The store; never opened is fine
 */
void image_store_release(struct image_store *store)
{
	cleanup_close(&store->lock);
	store->lock = -1;
}

/**
 * image_store_link() - Give a node its own view of a store
 * @store:	The store
 * @folder:	Empty folder to fill, the node's /var/lib/containerd
 * @problem:	Gets one line
 *
 * Return: 0, or a negative errno after saying why
 */
int image_store_link(const struct image_store *store, const char *folder,
		     struct buf *problem)
{
	int r = store_link(store->dir, folder);

	if (r < 0)
		buf_printf(problem, "image store '%s' to '%s': %s", store->dir,
			   folder, strerror(-r));
	return r;
}
