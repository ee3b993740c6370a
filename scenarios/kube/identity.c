/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who everybody is: certificates and kubeconfigs, and which node gets which.
 *
 * The tables say it all; a node gets no key but its own, and node 1 those of the control
 * plane as well.
 */
#include "scenarios/kube/cluster.h"

#include "lib/cleanup.h"
#include "scenarios/kube/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LOCAL_URL "https://[::1]:6443"
#define NODES_URL "https://[2001:db8:10:0:1::1]:6443"

#define VIP_URL "https://[" CLUSTER_API_VIP "]:443"

/* Of the control plane. */
static const struct pki_request requests[] = {
	{ .file = "apiserver",
	  .usage = PKI_SERVER,
	  .name = "kube-apiserver",
	  .dns = { "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		   "kubernetes.default.svc.cluster.local", "localhost",
		   "node1" },
	  .ip = { "::1", "2001:db8:10:0:1::1", CLUSTER_API_VIP } },
	/* The same without the service's address: fault/apiserver_cert_without_vip.c. */
	{ .file = CLUSTER_CERT_BARE,
	  .usage = PKI_SERVER,
	  .name = "kube-apiserver",
	  .dns = { "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		   "kubernetes.default.svc.cluster.local", "localhost",
		   "node1" },
	  .ip = { "::1", "2001:db8:10:0:1::1" } },
	{ .file = "apiserver-kubelet",
	  .usage = PKI_CLIENT,
	  .name = "kube-apiserver-kubelet-client" },
	{ .file = "apiserver-etcd",
	  .ca = PKI_ETCD,
	  .usage = PKI_CLIENT,
	  .name = "kube-apiserver" },
	{ .file = "etcd",
	  .ca = PKI_ETCD,
	  .usage = PKI_SERVER | PKI_CLIENT,
	  .name = "etcd",
	  .dns = { "localhost", "node1" },
	  .ip = { "::1", "2001:db8:10:0:1::1" } },
	{ .file = "front-proxy",
	  .ca = PKI_FRONT_PROXY,
	  .usage = PKI_CLIENT,
	  .name = "front-proxy-client" },
	{ .file = "kcm",
	  .usage = PKI_CLIENT,
	  .name = "system:kube-controller-manager" },
	{ .file = "scheduler",
	  .usage = PKI_CLIENT,
	  .name = "system:kube-scheduler" },
	{ .file = "proxy", .usage = PKI_CLIENT, .name = "system:kube-proxy" },
	{ .file = "admin",
	  .usage = PKI_CLIENT,
	  .name = "admin",
	  .group = "system:masters" },
};

static const struct {
	const char *file, *server, *identity;
} kubeconfigs[] = {
	{ "kcm.conf", LOCAL_URL, "kcm" },
	{ "scheduler.conf", LOCAL_URL, "scheduler" },
	{ "admin.conf", LOCAL_URL, "admin" },
	{ "proxy.conf", NODES_URL, "proxy" },
	{ CLUSTER_VIP_CONF, VIP_URL, "admin" }, /* of the holder alone */
};

/* What node 1 has below CLUSTER_ETC/pki. */
static const char *const control_files[] = {
	"ca.crt",
	"ca.key",
	"etcd-ca.crt",
	"front-proxy-ca.crt",
	"sa.pub",
	"sa.key",
	"apiserver.crt",
	"apiserver.key",
	"apiserver-etcd.crt",
	"apiserver-etcd.key",
	"etcd.crt",
	"etcd.key",
	"front-proxy.crt",
	"front-proxy.key",
	"kcm.conf",
	"scheduler.conf",
	"admin.conf",
	"apiserver-kubelet.crt",
	"apiserver-kubelet.key",
};

/**
 * issue_node() - Certificates and kubeconfig of one node's kubelet
 * @pki:	PKI
 * @n:		Number of the node
 *
 * Return: 0, or an errno
 */
static int issue_node(const struct pki *pki, unsigned int n)
{
	char client[32], server[32], conf[32], name[16], user[48];
	char address[ADDR_STRLEN];
	struct pki_request want = { .file = client,
				    .usage = PKI_CLIENT,
				    .name = user,
				    .group = "system:nodes" };
	int r;

	(void)snprintf(name, sizeof(name), "node%u", n);
	(void)snprintf(user, sizeof(user), "system:node:%s", name);
	(void)snprintf(client, sizeof(client), "%s-client", name);
	(void)snprintf(server, sizeof(server), "%s-server", name);
	(void)snprintf(conf, sizeof(conf), "%s.conf", name);
	(void)snprintf(address, sizeof(address), CLUSTER_ADDRESS, n);
	r = pki_issue(pki, &want);
	want = (struct pki_request){ .file = server,
				     .usage = PKI_SERVER,
				     .name = name,
				     .dns = { name },
				     .ip = { address } };
	if (r == 0)
		r = pki_issue(pki, &want);
	return r < 0 ? r : pki_kubeconfig(pki, conf, NODES_URL, client);
}

/**
 * issue_user() - The kubeconfig for the user, beside the lab's control socket
 * @c:		Cluster
 * @pki:	PKI
 *
 * Return: 0, or an errno
 */
static int issue_user(const struct cluster *c, const struct pki *pki)
{
	char url[48];

	(void)snprintf(url, sizeof(url), "https://[::1]:%u", c->outside->port);
	return pki_kubeconfig(pki, "../kubeconfig", url, "admin");
}

/**
 * cluster_identities() - Make all keys, certificates and kubeconfigs
 * @c:		Cluster; .pki_fd is set
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_identities(struct cluster *c)
{
	_cleanup_(pki_freep) struct pki *pki = NULL;
	char dir[64];
	int r = 0;

	(void)snprintf(dir, sizeof(dir), "%.50s/pki", c->lab->dir);
	if (mkdir(dir, 0700) < 0)
		r = -errno;
	c->pki_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0)
		r = c->pki_fd < 0 ? -errno : pki_new(c->pki_fd, &pki);
	if (r == 0)
		r = pki_service_account(pki);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(requests); i++)
		r = pki_issue(pki, &requests[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kubeconfigs); i++)
		r = pki_kubeconfig(pki, kubeconfigs[i].file,
				   kubeconfigs[i].server,
				   kubeconfigs[i].identity);
	for (unsigned int n = 1; r == 0 && n <= c->n_nodes; n++)
		r = issue_node(pki, n);
	if (r == 0)
		r = issue_user(c, pki);
	return r < 0 ? lab_fail(c->lab, r, "certificates") : 0;
}

/**
 * give() - Copy a file of the PKI into a node
 * @c:		Cluster
 * @m:		Node
 * @file:	Its name
 * @path:	Where to, in the node
 *
 * Return: 0, or an errno that was told to the user
 */
static int give(struct cluster *c, struct member *m, const char *file,
		const char *path)
{
	_cleanup_close_ int fd = openat(c->pki_fd, file, O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = fd < 0 ? -errno : buf_read_fd(&text, fd);

	if (r < 0)
		return lab_fail(c->lab, r, "'%s' for '%s'", file, m->name);
	return member_write(m, path, buf_text(&text), 0600);
}

/**
 * cluster_give_control() - Put the control plane's files into node 1
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_give_control(struct cluster *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(control_files); i++) {
		char path[96];

		(void)snprintf(path, sizeof(path), CLUSTER_ETC "/pki/%s",
			       control_files[i]);
		r = give(c, c->control, control_files[i], path);
	}
	return r;
}

/**
 * cluster_give_certificate() - Let the API server have another certificate
 * @c:		Cluster
 * @file:	CLUSTER_CERT, CLUSTER_CERT_BARE
 *
 * It sees for itself that its files have changed.
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_give_certificate(struct cluster *c, const char *file)
{
	static const char *const parts[] = { "key", "crt" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++) {
		char from[48], to[96];

		(void)snprintf(from, sizeof(from), "%.30s.%s", file, parts[i]);
		(void)snprintf(to, sizeof(to),
			       CLUSTER_ETC "/pki/" CLUSTER_CERT ".%s",
			       parts[i]);
		r = give(c, c->control, from, to);
	}
	return r;
}

/**
 * cluster_give_node() - Put a kubelet's and kube-proxy's files into a node
 * @c:		Cluster
 * @n:		Number of the node
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_give_node(struct cluster *c, unsigned int n)
{
	struct member *m = cluster_node(c, n);
	char conf[32], crt[32], key[32];
	const struct {
		const char *file, *path;
	} files[] = {
		{ "ca.crt", CLUSTER_ETC "/ca.crt" },
		{ "proxy.conf", CLUSTER_ETC "/proxy.conf" },
		{ conf, CLUSTER_ETC "/kubelet.conf" },
		{ crt, CLUSTER_ETC "/kubelet.crt" },
		{ key, CLUSTER_ETC "/kubelet.key" },
	};
	int r = 0;

	(void)snprintf(conf, sizeof(conf), "node%u.conf", n);
	(void)snprintf(crt, sizeof(crt), "node%u-server.crt", n);
	(void)snprintf(key, sizeof(key), "node%u-server.key", n);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = give(c, m, files[i].file, files[i].path);
	return r;
}
