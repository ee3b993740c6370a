/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/kube/pki.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

/* A PKI in a folder of its own. */
struct fixture {
	char dir[64];
	int fd;
	struct pki *pki;
};

/**
 * set_up() - Make a folder and a PKI in it
 * @f:		The fixture
 *
 * Return: true where it worked
 */
static bool set_up(struct fixture *f)
{
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/kube-pki-XXXXXX");
	f->pki = NULL;
	f->fd = -1;
	if (!CHECK_TRUE("folder", mkdtemp(f->dir)))
		return false;
	f->fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return CHECK_INT("authorities", 0, pki_new(f->fd, &f->pki));
}

/**
 * tear_down() - Remove the folder
 * @f:		The fixture
 */
static void tear_down(struct fixture *f)
{
	DIR *dir = opendir(f->dir);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		(void)unlinkat(f->fd, e->d_name, 0);
	if (dir)
		(void)closedir(dir);
	(void)rmdir(f->dir);
	pki_free(f->pki);
	(void)close(f->fd);
}

/**
 * load() - Read a certificate of the fixture
 * @f:		The fixture
 * @name:	File
 *
 * Return: the certificate; X509_free()
 */
static X509 *load(const struct fixture *f, const char *name)
{
	char path[128];
	X509 *cert;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	cert = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	return cert;
}

/**
 * test_names() - A server's certificate carries its names and addresses, no others
 */
static void test_names(void)
{
	static const struct {
		const char *text;
		int match;
	} ips[] = { { "::1", 1 },
		    { "2001:db8:96::1", 1 },
		    { "2001:db8:96::2", 0 },
		    { "127.0.0.1", 0 } };
	const struct pki_request want = {
		.file = "apiserver",
		.usage = PKI_SERVER,
		.name = "kube-apiserver",
		.dns = { "kubernetes.default" },
		.ip = { "::1", "2001:db8:96::1" },
	};
	struct fixture f;
	X509 *cert, *ca;

	if (set_up(&f) && CHECK_INT("issue", 0, pki_issue(f.pki, &want))) {
		cert = load(&f, "apiserver.crt");
		ca = load(&f, "ca.crt");
		for (size_t i = 0; i < ARRAY_SIZE(ips); i++)
			CHECK_INT(ips[i].text, ips[i].match,
				  X509_check_ip_asc(cert, ips[i].text, 0));
		CHECK_INT("name", 1,
			  X509_check_host(cert, "kubernetes.default", 0, 0,
					  NULL));
		CHECK_INT("signed by the cluster's authority", 1,
			  X509_verify(cert, X509_get0_pubkey(ca)));
		X509_free(cert);
		X509_free(ca);
	}
	tear_down(&f);
}

/**
 * test_secret() - Keys and kubeconfigs are readable by their owner alone
 */
static void test_secret(void)
{
	static const char *const files[] = { "ca.key", "admin.key", "sa.key",
					     "admin.conf" };
	const struct pki_request want = { .file = "admin",
					  .usage = PKI_CLIENT,
					  .name = "admin",
					  .group = "system:masters" };
	struct fixture f;
	struct stat st = { 0 };

	if (set_up(&f)) {
		CHECK_INT("issue", 0, pki_issue(f.pki, &want));
		CHECK_INT("tokens", 0, pki_service_account(f.pki));
		CHECK_INT("kubeconfig", 0,
			  pki_kubeconfig(f.pki, "admin.conf",
					 "https://[::1]:6443", "admin"));
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			CHECK_INT(files[i], 0, fstatat(f.fd, files[i], &st, 0));
			CHECK_INT(files[i], 0600, st.st_mode & 0777);
		}
	}
	tear_down(&f);
}

/**
 * test_refused() - What cannot be issued, and what was not issued
 */
static void test_refused(void)
{
	const struct pki_request address = {
		.file = "x", .usage = PKI_SERVER, .name = "x", .ip = { "::g" }
	};
	const struct pki_request usage = { .file = "x",
					   .name = "x",
					   .usage = 8 };
	struct fixture f;

	if (set_up(&f)) {
		CHECK_INT("address", -EINVAL, pki_issue(f.pki, &address));
		CHECK_INT("usage", -EINVAL, pki_issue(f.pki, &usage));
		CHECK_INT("nobody by that name", -ENOENT,
			  pki_kubeconfig(f.pki, "x.conf", "https://[::1]:1",
					 "x"));
	}
	tear_down(&f);
}

UNIT_SUITE(kube_pki, { "names of a server", test_names },
	   { "secrets", test_secret }, { "refused", test_refused });
