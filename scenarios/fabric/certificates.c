/* SPDX-License-Identifier: Apache-2.0 */

/*
 * certificates: an authority of the lab's own, and what the internet's hosts show
 *
 * Its certificate lies where the checks look for it, and nowhere else: no program of the
 * machine comes to trust it.
 */
#include "scenarios/fabric/fabric.h"

#include "lib/cleanup.h"
#include "scenarios/kube/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "internet" /* below the lab's */

/**
 * copy() - Copy a file of the authority into a member
 * @m:		Member
 * @name:	File there
 * @path:	Path in the member
 * @mode:	Permissions
 *
 * Return: 0, or an errno that was told to the user
 */
static int copy(struct member *m, const char *name, const char *path,
		mode_t mode)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char from[512];
	int r;

	(void)snprintf(from, sizeof(from), "%s/" FOLDER "/%s", m->lab->dir,
		       name);
	r = buf_read_file(&text, from);
	if (r < 0)
		return lab_fail(m->lab, r, "certificate '%s'", name);
	return member_write(m, path, buf_text(&text), mode);
}

/**
 * fabric_certificates() - Make the authority and the certificate of all sites
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
int fabric_certificates(struct lab *lab)
{
	static const struct pki_request sites = {
		.file = "sites",
		.ca = PKI_CLUSTER,
		.usage = PKI_SERVER,
		.name = "internet of the lab",
		.dns = { "v6only.example", "small.example", "v4only.example",
			 "dual.example", NULL },
		.ip = { "2001:db8:f00::10", "2001:db8:f01::10", NULL },
	};
	_cleanup_(pki_freep) struct pki *pki = NULL;
	_cleanup_close_ int fd = -1;
	char path[512];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" FOLDER, lab->dir);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return lab_fail(lab, -errno, "certificates");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : pki_new(fd, &pki);
	if (r == 0)
		r = pki_issue(pki, &sites);
	return r < 0 ? lab_fail(lab, r, "certificates") : 0;
}

/**
 * fabric_show_certificate() - Give a host the certificate of all sites, and its key
 * @m:		Host
 *
 * Return: 0, or an errno that was told to the user
 */
int fabric_show_certificate(struct member *m)
{
	int r = copy(m, "sites.crt", FABRIC_CERT, 0644);

	return r < 0 ? r : copy(m, "sites.key", FABRIC_KEY, 0600);
}

/**
 * fabric_trust() - Give a vantage the authority's certificate
 * @m:		Node or pod
 *
 * Return: 0, or an errno that was told to the user
 */
int fabric_trust(struct member *m)
{
	return copy(m, "ca.crt", FABRIC_CA, 0644);
}
